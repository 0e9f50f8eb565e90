package config

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tacto-lint/tacto/cmd/internal/secret"
)

// TestWatch: what is below watch is read as it is meant.
func TestWatch(t *testing.T) {
	t.Setenv("HOME", "/home/ana")
	file := filepath.FromSlash("/etc/tacto/c.yaml")
	c, err := Parse(file, []byte(`watch:
  accounts:
    - name: work
      host: imap.example.org
      port: 1993
      tls: starttls
      ca_file: own-ca.pem
      user: ana@example.org
      auth: plain
      password: {command: pass show mail/work}
      drafts: Borradores
    - {host: imap.example.net, user: bea, token: {file: ~/token}}
  since: 3d
  settle: 800ms
  poll: 90s
  format: json
  keywords: true
  notes: Tacto
  tell-fine: true
  notify:
    desktop: false
    command: [sh, -c, "cat"]
    webhook: {url: "https://hooks.example.org:8443/x", secret: {keyring: true}, timeout: 5s}
`))
	if err != nil {
		t.Fatal(err)
	}
	off := false
	want := Watch{
		Line: 2, Since: 72 * time.Hour, Settle: 800 * time.Millisecond, Poll: 90 * time.Second, Format: "json", Keywords: true, TellFine: true, Notes: "Tacto",
		Accounts: []WatchAccount{
			{Name: "work", Host: "imap.example.org", Port: 1993, TLS: "starttls", CAFile: filepath.FromSlash("/etc/tacto/own-ca.pem"), User: "ana@example.org",
				Auth: "plain", Drafts: "Borradores",
				Password: secret.Source{Command: []string{"pass", "show", "mail/work"}, Service: "tacto:imap.example.org", User: "ana@example.org"},
				Token:    secret.Source{Service: "tacto:imap.example.org", User: "ana@example.org"}},
			{Name: "bea", Host: "imap.example.net", User: "bea",
				Password: secret.Source{Service: "tacto:imap.example.net", User: "bea"},
				Token:    secret.Source{File: filepath.FromSlash("/home/ana/token"), Service: "tacto:imap.example.net", User: "bea"}},
		},
		Notify: WatchNotify{Desktop: &off, Command: []string{"sh", "-c", "cat"}, Webhook: &Webhook{URL: "https://hooks.example.org:8443/x",
			Secret: secret.Source{Keyring: true, Service: "tacto:webhook", User: "hooks.example.org:8443"}, Timeout: 5 * time.Second}},
	}
	if !reflect.DeepEqual(c.Watch, want) {
		t.Errorf("%+v\nwant %+v", c.Watch, want)
	}
	if a, err := c.Watch.Account("bea"); err != nil || a.Host != "imap.example.net" {
		t.Errorf("%v, %v", a, err)
	}
	if _, err := c.Watch.Account("home"); err == nil || err.Error() != `no account is called "home": there are work, bea` {
		t.Error(err)
	}
}

// TestWatchFaults: faults name their line and what to write; a secret that stands
// where it should not is not repeated.
func TestWatchFaults(t *testing.T) {
	const where = "{command: pass show mail/work}, {keyring: true} or {file: PATH}"
	for text, want := range map[string]string{
		"    - {host: h, user: u, password: hunter2}\n":                                                                 `c.yaml:3: password says where it is kept, and is not written here itself (write password: ` + where + `)`,
		"    - host: h\n      user: u\n\n      password: {hunter2: hunter2}\n":                                          `c.yaml:6: password has a key that is not known (write password: ` + where + `)`,
		"    - {host: h, user: u, password: {command: echo hunter2 | cat}}\n":                                           `c.yaml:3: password.command has signs that are for a shell (no shell reads it; with one: [sh, -c, '…'])`,
		"    - {host: h, user: u, token: [hunter2]}\n":                                                                  `c.yaml:3: token says where it is kept, and is not written here itself (write token: ` + where + `)`,
		"    - {host: h, user: u, password: {command: {hunter2: x}}}\n":                                                 `c.yaml:3: password.command names no command (pass show mail/work, or a list of its words)`,
		"    - {host: h, user: u}\n":                                                                                    `c.yaml:3: an account without a password or a token (write password: ` + where + `)`,
		"    - {host: h, usr: u}\n":                                                                                     `c.yaml:3: unknown key "usr" in an account (did you mean user?)`,
		"    - {host: h, user: u, ca-file: u}\n":                                                                        `c.yaml:3: unknown key "ca-file" in an account (did you mean ca_file?)`,
		"    - {host: h, user: u, tls: none, password: {keyring: true}}\n":                                              `c.yaml:3: tls: none is for a server on this machine only, not for "h" (tls: implicit, or starttls)`,
		"    - {host: h, user: u, auth: xoauth2, password: {keyring: true}}\n":                                          `c.yaml:3: auth: xoauth2 needs a token (write token: {command: …})`,
		"    - {host: 'h:993', user: u, password: {keyring: true}}\n":                                                   `c.yaml:3: host can't be "h:993" (a name such as imap.example.org; a port stands in port:)`,
		"    - {host: h, user: u, password: {keyring: true}}\n  setle: 3s\n":                                            `c.yaml:4: unknown key "setle" in watch (did you mean settle?)`,
		"    - {host: h, host: g, user: u, password: {keyring: true}}\n":                                                `c.yaml:3: host is there twice (keep one of them)`,
		"    - {host: h, user: u, password: {keyring: true}, password: {file: x}}\n":                                    `c.yaml:3: password is there twice (keep one of them)`,
		"    - &a {host: h, user: u, password: {keyring: true}}\n    - *a\n":                                            `c.yaml:4: two accounts are called "u" (give one of them another name:)`,
		"    - {host: h, user: u, port: 70000, password: {keyring: true}}\n":                                            `c.yaml:3: port can't be "70000" (a number such as 993)`,
		"    - {host: h, user: u, password: {keyring: true}}\n  since: soon\n":                                          `c.yaml:4: since can't be "soon" (a time such as 24h or 3d)`,
		"    - {host: h, user: u, password: {keyring: true}}\n  notify: loud\n":                                         `c.yaml:4: notify must be a mapping (write key: value lines)`,
		"    - {host: h, user: u, password: {file: ''}}\n":                                                              `c.yaml:3: password.file can't be "" (a file that only you can read)`,
		"    - {host: h, user: u, password: {keyring: true}}\n  notify: {webhook: {url: 'http://x.example/hunter2'}}\n": `c.yaml:4: the webhook's url can't be used (https://…, or http:// to this machine)`,
	} {
		_, err := Parse("c.yaml", []byte("watch:\n  accounts:\n"+text))
		if err == nil || err.Error() != want {
			t.Errorf("%q: %v\nwant %s", text, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: the secret is in %v", text, err)
		}
	}
}

// TestWatchDoc: every configuration in docs/watch.md is one, and fits the schema.
func TestWatchDoc(t *testing.T) {
	doc, err := os.ReadFile(root + "docs/watch.md")
	if err != nil {
		t.Fatal(err)
	}
	s, n := schema(t, "config"), 0
	for _, part := range bytes.Split(doc, []byte("```yaml\n"))[1:] {
		text, _, _ := bytes.Cut(part, []byte("```"))
		c, err := Parse("docs/watch.md", text)
		if err != nil {
			t.Errorf("%s\n%v", text, err)
			continue
		}
		if err := s.Validate(value(t, text)); err != nil {
			t.Errorf("%s\n%v", text, err)
		}
		n += len(c.Watch.Accounts)
	}
	if n < 7 {
		t.Errorf("%d accounts in docs/watch.md: were they read?", n)
	}
}
