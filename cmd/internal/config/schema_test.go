package config

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/tacto-lint/tacto/cmd/internal/output"
	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/mail"
	"github.com/tacto-lint/tacto/rules"
)

const root = "../../../"

func schema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile(root + "schema/" + name + ".schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// value turns YAML into what the validator takes.
func value(t *testing.T, data []byte) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	out, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestConfigSchema: the schema and the loader agree.
func TestConfigSchema(t *testing.T) {
	s := schema(t, "config")
	for text, good := range map[string]bool{
		"lang: es\nfail-on: warning\n":                                   true,
		"rules:\n  jargon: {terms: 4}\n  vague-time: off\n":              true,
		"rules:\n  vague-time: {severity: error}\n":                      true,
		"audiences:\n  acme: {to: ['*@a.b'], knows: [API]}\n":            true,
		"glossary:\n  - {term: IDoc, variants: [IDocs], es: x, en: y}\n": true,
		"rule-files: [a.yaml]\nclients: ['*@x.y']\n":                     true,
		"audit:\n": true,
		"audit: {store: a.db, key: k, mapping: m.yaml, min-group: {emails: 8, authors: 4}}\n": true,
		"audit: {store: 'postgres://lead@db.example/audit', min-group: {}}\n":                 true,
		"audit: {store: ''}\n":                                    false,
		"audit: {store: [a]}\n":                                   false,
		"audit: {stores: a}\n":                                    false,
		"audit: {min-group: 5}\n":                                 false,
		"audit: {min-group: {emails: 0}}\n":                       false,
		"audit: {min-group: {authors: '3'}}\n":                    false,
		"audit: {min-group: {authors: 1000001}}\n":                false,
		"audit: {min-group: {people: 3}}\n":                       false,
		"lang: fr\n":                                              false,
		"clients: ['*@x.y', z@x.y]\ninternal: ['*@us.example']\n": true,
		"clients: '*@x.y'\n":                                      false,
		"internal: {a: b}\n":                                      false,
		"sendmail: msmtp -a work\n":                               true,
		"sendmail: [/usr/sbin/sendmail, -i]\n":                    true,
		"sendmail: []\n":                                          false,
		"sendmail: ' '\n":                                         false,
		"sendmail: {a: b}\n":                                      false,
		"override: again\non-failure: hold\nnotify: never\n":      true,
		"override: sometimes\n":                                   false,
		"on-failure: cry\n":                                       false,
		"notify: loudly\n":                                        false,
		"milter: {listen: 'inet:127.0.0.1:9900', mode: reject, all: true, metrics: '127.0.0.1:9901', max-size: 10M, max-connections: 50, budget: 5s}\n": true,
		"milter: {listen: 'unix:/run/tacto/milter.sock', metrics: '[::1]:9901', max-size: 1048576, budget: 800ms}\n":                                    true,
		"milter:\n":                             true,
		"milter: [a]\n":                         false,
		"milter: {listen: '9900'}\n":            false,
		"milter: {listen: [a]}\n":               false,
		"milter: {listen: 'unix:tacto.sock'}\n": false,
		"milter: {mode: enforce}\n":             false,
		"milter: {all: 'yes'}\n":                false,
		"milter: {metrics: '0.0.0.0:9901'}\n":   false,
		"milter: {metrics: ':9901'}\n":          false,
		"milter: {max-size: 10G}\n":             false,
		"milter: {max-size: 0}\n":               false,
		"milter: {max-size: 33554433}\n":        false,
		"milter: {max-connections: 0}\n":        false,
		"milter: {max-connections: many}\n":     false,
		"milter: {max-connections: 10001}\n":    false,
		"milter: {budget: 0s}\n":                false,
		"milter: {budget: 5}\n":                 false,
		"milter: {max_size: 1M}\n":              false,
		"watch:\n":                              true,
		"watch: {}\n":                           true,
		"watch: [a]\n":                          false,
		"watch: {a: 1}\n":                       false,
		"watch: {accounts: []}\n":               false,
		"watch: {accounts: {host: h}}\n":        false,
		"watch: {accounts: [{host: h, user: u, password: {command: pass show mail/work}}]}\n":                                                               true,
		"watch: {accounts: [{host: h, user: u, password: {command: [sh, -c, 'pass show x | head -1']}}]}\n":                                                 true,
		"watch: {accounts: [{host: h, user: u, password: {command: pass show x | head -1}}]}\n":                                                             false,
		"watch: {accounts: [{host: h, user: u, password: {command: ''}}]}\n":                                                                                false,
		"watch: {accounts: [{host: h, user: u, password: {command: []}}]}\n":                                                                                false,
		"watch: {accounts: [{host: h, user: u, password: {command: ['']}}]}\n":                                                                              false,
		"watch: {accounts: [{host: h, user: u, password: {command: [pass, '']}}]}\n":                                                                        true,
		"watch: {accounts: [{host: h, user: u, password: {command: }}]}\n":                                                                                  false,
		"watch: {accounts: [{host: h, user: u, password: {command: ~/bin/pw}}]}\n":                                                                          false,
		"watch: {accounts: [{host: h, user: u, password: {keyring: true}}]}\n":                                                                              true,
		"watch: {accounts: [{host: h, user: u, password: {keyring: false}}]}\n":                                                                             false,
		"watch: {accounts: [{host: h, user: u, password: {keyring: 'true'}}]}\n":                                                                            false,
		"watch: {accounts: [{host: h, user: u, password: {file: ~/.secret}}]}\n":                                                                            true,
		"watch: {accounts: [{host: h, user: u, password: {file: ''}}]}\n":                                                                                   false,
		"watch: {accounts: [{host: h, user: u, password: {file: a, keyring: true}}]}\n":                                                                     false,
		"watch: {accounts: [{host: h, user: u, password: {}}]}\n":                                                                                           false,
		"watch: {accounts: [{host: h, user: u, password: hunter2}]}\n":                                                                                      false,
		"watch: {accounts: [{host: h, user: u, password: [hunter2]}]}\n":                                                                                    false,
		"watch: {accounts: [{host: h, user: u, password: {plain: hunter2}}]}\n":                                                                             false,
		"watch: {accounts: [{host: h, user: u, token: {command: oauth2-token}}]}\n":                                                                         true,
		"watch: {accounts: [{host: h, user: u, token: {command: a}, password: {command: a}}]}\n":                                                            false,
		"watch: {accounts: [{host: h, user: u, password: {keyring: true}, sent: Enviados}]}\n":                                                              true,
		"watch: {accounts: [{host: h, user: u, password: {keyring: true}, sent: ''}]}\n":                                                                    false,
		"watch: {accounts: [{host: h, user: u, drafts: x}]}\n":                                                                                              false,
		"watch: {accounts: [{host: h, user: u, token: {command: a}, auth: xoauth2}]}\n":                                                                     true,
		"watch: {accounts: [{host: h, user: u, token: {command: a}, auth: plain}]}\n":                                                                       false,
		"watch: {accounts: [{host: h, user: u, password: {command: a}, auth: oauthbearer}]}\n":                                                              false,
		"watch: {accounts: [{host: h, user: u, password: {command: a}, auth: login}]}\n":                                                                    true,
		"watch: {accounts: [{host: h, user: u, password: {command: a}, auth: cram-md5}]}\n":                                                                 false,
		"watch: {accounts: [{host: h, user: u, password: {command: a}, port: 993, tls: implicit, ca_file: /etc/ca.pem, drafts: Borradores, name: work}]}\n": true,
		"watch: {accounts: [{host: h, user: u, password: {command: a}, port: 0}]}\n":                                                                        false,
		"watch: {accounts: [{host: h, user: u, password: {command: a}, port: 65536}]}\n":                                                                    false,
		"watch: {accounts: [{host: h, user: u, password: {command: a}, port: imaps}]}\n":                                                                    false,
		"watch: {accounts: [{host: h, user: u, password: {command: a}, tls: none}]}\n":                                                                      false,
		"watch: {accounts: [{host: h, user: u, password: {command: a}, tls: ssl}]}\n":                                                                       false,
		"watch: {accounts: [{host: h, user: u, password: {command: a}, ca-file: x}]}\n":                                                                     false,
		"watch: {accounts: [{host: 127.0.0.1, tls: none, user: u, password: {keyring: true}}]}\n":                                                           true,
		"watch: {accounts: [{host: '::1', tls: none, user: u, password: {keyring: true}}]}\n":                                                               true,
		"watch: {accounts: [{host: 127.0.0.1.example.org, tls: none, user: u, password: {keyring: true}}]}\n":                                               false,
		"watch: {accounts: [{host: 'imap.example.org:993', user: u, password: {keyring: true}}]}\n":                                                         false,
		"watch: {accounts: [{host: 'imaps://h', user: u, password: {keyring: true}}]}\n":                                                                    false,
		"watch: {accounts: [{host: h, password: {keyring: true}}]}\n":                                                                                       false,
		"watch: {accounts: [{user: u, password: {keyring: true}}]}\n":                                                                                       false,
		"watch: {accounts: [{host: h, user: '', password: {keyring: true}}]}\n":                                                                             false,
		"watch: {since: 3d, settle: 800ms, poll: 30s, format: json, keywords: true, notes: Tacto, tell-fine: true}\n":                                       true,
		"watch: {since: 10s}\n":      false,
		"watch: {settle: 3}\n":       false,
		"watch: {poll: 10ms}\n":      false,
		"watch: {poll: 0s}\n":        false,
		"watch: {format: sarif}\n":   false,
		"watch: {keywords: 'yes'}\n": false,
		"watch: {notes: ''}\n":       false,
		"watch: {notes: true}\n":     false,
		"watch: {tell-fine: 1}\n":    false,
		"watch: {notify: }\n":        true,
		"watch: {notify: never}\n":   false,
		"watch: {notify: {desktop: false, command: my-notifier --json}}\n":                                             true,
		"watch: {notify: {desktop: auto}}\n":                                                                           false,
		"watch: {notify: {command: [sh, -c, 'cat > $HOME/x | cat']}}\n":                                                true,
		"watch: {notify: {command: cat > x}}\n":                                                                        false,
		"watch: {notify: {webhook: {url: 'https://hooks.example.org/x?y=z', secret: {keyring: true}, timeout: 5s}}}\n": true,
		"watch: {notify: {webhook: {url: 'http://127.0.0.1:8080/x'}}}\n":                                               true,
		"watch: {notify: {webhook: {url: 'http://[::1]:8080'}}}\n":                                                     true,
		"watch: {notify: {webhook: {url: 'http://hooks.example.org/x'}}}\n":                                            false,
		"watch: {notify: {webhook: {url: 'http://127.0.0.1@evil.example/'}}}\n":                                        false,
		"watch: {notify: {webhook: {url: 'http://localhost.example.org/'}}}\n":                                         false,
		"watch: {notify: {webhook: {url: 'ftp://x/'}}}\n":                                                              false,
		"watch: {notify: {webhook: {url: 'https://user:pass@x/'}}}\n":                                                  false,
		"watch: {notify: {webhook: {secret: {keyring: true}}}}\n":                                                      false,
		"watch: {notify: {webhook: {url: 'https://x/', secret: hunter2}}}\n":                                           false,
		"watch: {notify: {webhook: {url: 'https://x/', timeout: 2m}}}\n":                                               false,
		"watch: {notify: {webhook: {url: 'https://x/', timeout: 0s}}}\n":                                               false,
		"watch: {notify: {webhook: {url: 'https://x/', timeout: 60s}}}\n":                                              true,
		"watch: {notify: {webhook: }}\n":                                                                               false,
		"watch: {notify: {mail: x}}\n":                                                                                 false,
		"glosary: []\n":                                                                                                false,
		"rules: [a]\n":                                                                                                 false,
		"rules:\n  jargon: {terms: many}\n":                                                                            false,
		"glossary:\n  - {es: x}\n":                                                                                     false,
		"audiences:\n  acme: {too: []}\n":                                                                              false,
	} {
		_, err := Parse("c.yaml", []byte(text))
		if (err == nil) != good {
			t.Errorf("loader on %q: %v", text, err)
		}
		if err := s.Validate(value(t, []byte(text))); (err == nil) != good {
			t.Errorf("schema on %q: %v", text, err)
		}
	}
}

// TestMilter: what is below milter is read as it is meant, and faults name their
// line and what to write.
func TestMilter(t *testing.T) {
	c, err := Parse("c.yaml", []byte("milter:\n  listen: unix:/run/t.sock\n  mode: reject\n  all: true\n  metrics: localhost:9901\n"+
		"  max-size: 512K\n  max-connections: 7\n  budget: 800ms\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := Milter{Listen: "unix:/run/t.sock", Mode: "reject", All: true, Metrics: "localhost:9901", MaxSize: 512 << 10, MaxConnections: 7, Budget: 800 * time.Millisecond}
	if c.Milter != want {
		t.Errorf("%+v, want %+v", c.Milter, want)
	}
	for text, want := range map[string]string{
		"milter:\n  mode: enforce\n":       `c.yaml:2: mode can't be "enforce" (observe, reject)`,
		"milter:\n  max_size: 3\n":         `c.yaml:2: unknown key "max_size" in milter (did you mean max-size?)`,
		"milter:\n\n  max-size: 33M\n":     `c.yaml:3: max-size can't be "33M" (at most 32M: no larger message is read)`,
		"milter:\n  listen: port 9900\n":   `c.yaml:2: listen can't be "port 9900" (inet:127.0.0.1:9900 or unix:/run/tacto/milter.sock)`,
		"milter:\n  metrics: :9901\n":      `c.yaml:2: metrics can't be ":9901" (a port of this machine: 127.0.0.1:9901)`,
		"milter:\n  budget: a while\n":     `c.yaml:2: budget can't be "a while" (a time such as 5s or 800ms)`,
		"milter:\n  all: maybe\n":          `c.yaml:2: all can't be "maybe" (true or false)`,
		"milter:\n  max-connections: -1\n": `c.yaml:2: max-connections can't be "-1" (a number from 1 to 10000)`,
	} {
		if _, err := Parse("c.yaml", []byte(text)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// TestMilterDoc: the configuration in docs/milter.md is one.
func TestMilterDoc(t *testing.T) {
	doc, err := os.ReadFile(root + "docs/milter.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := bytes.Cut(doc, []byte("```yaml\n"))
	text, _, _ = bytes.Cut(text, []byte("```"))
	c, err := Parse("c.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	if c.Milter.Listen == "" || c.Milter.MaxSize != 10<<20 || c.Milter.Budget != 5*time.Second || len(c.Outgoing.Clients) != 1 {
		t.Errorf("%+v", c)
	}
	if err := schema(t, "config").Validate(value(t, text)); err != nil {
		t.Error(err)
	}
}

// TestRuleSchema: the rule files that come with tacto fit their schema.
func TestRuleSchema(t *testing.T) {
	s := schema(t, "rules")
	signals, err := filepath.Glob(root + "rules/signals/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(signals, root+"rules.yaml", root+"rules/glossary.yaml") {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(value(t, data)); err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
	if s.Validate(value(t, []byte("rules: [{id: X}]"))) == nil {
		t.Error("the schema takes a rule without anything")
	}
}

// TestReportSchema: the JSON output fits its schema.
func TestReportSchema(t *testing.T) {
	set, err := rules.Default()
	if err != nil {
		t.Fatal(err)
	}
	l, err := lint.New(set, lint.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w, err := output.New("json", &b, output.Options{ExplainScore: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{"testdata/draft.eml", "testdata/draft.en.txt", "testdata/none"} {
		err := mail.ReadFile(root+f, func(it mail.Item) error {
			r := output.Result{Path: it.Path, File: it.Path, Message: it.Message, Err: it.Err}
			if it.Err == nil {
				r.Report = l.Lint(it.Message)
			}
			return w.Write(r)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatalf("%v in %s", err, b.String())
	}
	if err := schema(t, "report").Validate(v); err != nil {
		t.Error(err)
	}
}
