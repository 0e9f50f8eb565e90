package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tacto-lint/tacto/cmd/internal/secret"
)

// Watch is what concerns the drafts watcher: see package imapwatch. Zero values: not
// given.
type Watch struct {
	// Line is where it stands in the file; 0: nowhere.
	Line                int
	Accounts            []WatchAccount
	Since, Settle, Poll time.Duration
	Format              string // one of WatchFormats
	Notify              WatchNotify
	Keywords, TellFine  bool
	Notes               string
}

// A WatchAccount is one mailbox to watch.
type WatchAccount struct {
	Name, Host      string
	Port            int
	TLS             string // one of WatchTLS, "" if not given
	CAFile          string // a path that can be opened
	User            string
	Auth            string // one of WatchAuths
	Password, Token secret.Source
	Drafts, Sent    string // names of folders
}

// WatchNotify says how a person is told.
type WatchNotify struct {
	Desktop *bool // nil: not given
	Command []string
	Webhook *Webhook
}

// A Webhook is an address that judgements are sent to.
type Webhook struct {
	URL     string
	Secret  secret.Source // signs; none: not signed
	Timeout time.Duration
}

// The values that keys of Watch can have.
var (
	WatchFormats = []string{"text", "json"}
	WatchTLS     = []string{"implicit", "starttls", "none"}
	WatchAuths   = []string{"plain", "login", "oauthbearer", "xoauth2"}
)

// The forms of what stands below watch: the schema has the same.
var (
	sinceForm   = regexp.MustCompile(`^[1-9][0-9]{0,3}(m|h|d)$`)
	settleForm  = regexp.MustCompile(`^[1-9][0-9]{0,4}(ms|s|m)$`)
	pollForm    = regexp.MustCompile(`^[1-9][0-9]{0,4}(s|m|h)$`)
	timeoutForm = regexp.MustCompile(`^([1-9][0-9]{0,3}ms|[1-5]?[1-9]s|[1-5]0s|60s|1m)$`)
	hostForm    = regexp.MustCompile(`^([^\s/:@\[\]]+|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+)$`)
	localForm   = regexp.MustCompile(`^(localhost|127\.[0-9]+\.[0-9]+\.[0-9]+|::1)$`)
	webhookForm = regexp.MustCompile(`^(https://[^\s/?#@]+|http://(localhost|127\.[0-9]+\.[0-9]+\.[0-9]+|\[::1\])(:[0-9]{1,5})?)([/?]\S*)?$`)
	// A command as a text is cut at its blanks and goes to no shell.
	plainCommand = regexp.MustCompile("^[^'\"|&;<>()$`\\\\*?~]*$")
)

func (p *parser) watch(n *yaml.Node) {
	w := &p.cfg.Watch
	w.Line = n.Line
	p.each(n, "watch", func(k, v *yaml.Node) {
		switch k.Value {
		case "accounts":
			p.watchAccounts(v)
		case "since":
			w.Since = p.duration(v, "since", "a time such as 24h or 3d", sinceForm)
		case "settle":
			w.Settle = p.duration(v, "settle", "a time such as 3s or 800ms", settleForm)
		case "poll":
			w.Poll = p.duration(v, "poll", "a time such as 2m or 30s", pollForm)
		case "format":
			p.oneOf(v, &w.Format, "format", WatchFormats)
		case "notify":
			p.watchNotify(v)
		case "keywords":
			w.Keywords = p.boolean(v, "keywords")
		case "notes":
			p.text(v, &w.Notes, "notes", "the name of a folder: Tacto")
		case "tell-fine":
			w.TellFine = p.boolean(v, "tell-fine")
		default:
			p.unknown(k, "watch", []string{"accounts", "since", "settle", "poll", "format", "notify", "keywords", "notes", "tell-fine"})
		}
	})
}

func (p *parser) watchAccounts(n *yaml.Node) {
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		p.fail(n, "write a list of {host, user, password}", "accounts must be a list with one account at least")
		return
	}
	names := map[string]bool{}
	for _, c := range n.Content {
		a := p.watchAccount(c)
		if names[a.Name] && a.Name != "" {
			p.fail(c, "give one of them another name:", "two accounts are called %q", a.Name)
		}
		names[a.Name] = true
		p.cfg.Watch.Accounts = append(p.cfg.Watch.Accounts, a)
	}
}

var accountKeys = []string{"name", "host", "port", "tls", "ca_file", "user", "auth", "password", "token", "drafts", "sent"}

func (p *parser) watchAccount(n *yaml.Node) WatchAccount {
	var a WatchAccount
	before := len(p.errs)
	p.each(n, "an account", func(k, v *yaml.Node) {
		switch k.Value {
		case "name":
			p.text(v, &a.Name, "name", "a word of your own: work")
		case "host":
			p.formed(v, &a.Host, "host", "a name such as imap.example.org; a port stands in port:", hostForm)
		case "port":
			if err := v.Decode(&a.Port); err != nil || a.Port < 1 || a.Port > 65535 {
				p.fail(v, "a number such as 993", "port can't be %q", v.Value)
			}
		case "tls":
			p.oneOf(v, &a.TLS, "tls", WatchTLS)
		case "ca_file":
			p.text(v, &a.CAFile, "ca_file", "a file with certificates in PEM form")
			a.CAFile = p.path(a.CAFile)
		case "user":
			p.text(v, &a.User, "user", "the name you log in with")
		case "auth":
			p.oneOf(v, &a.Auth, "auth", WatchAuths)
		case "password":
			p.secret(v, &a.Password, "password")
		case "token":
			p.secret(v, &a.Token, "token")
		case "drafts":
			p.text(v, &a.Drafts, "drafts", "the name of a folder: Drafts")
		case "sent":
			p.text(v, &a.Sent, "sent", "the name of a folder: Sent")
		default:
			p.unknown(k, "an account", accountKeys)
		}
	})
	if len(p.errs) == before {
		p.wholeAccount(n, &a)
	}
	if a.Name == "" {
		a.Name = a.User
	}
	for _, s := range []*secret.Source{&a.Password, &a.Token} {
		s.Service, s.User = "tacto:"+a.Host, a.User
	}
	return a
}

// wholeAccount looks at what an account needs and at what goes together.
func (p *parser) wholeAccount(n *yaml.Node, a *WatchAccount) {
	oauth := a.Auth == "oauthbearer" || a.Auth == "xoauth2"
	switch {
	case a.Host == "":
		p.fail(n, "add host: imap.example.org", "an account without a host")
	case a.User == "":
		p.fail(n, "add user: NAME", "an account without a user")
	case a.Password.IsZero() && a.Token.IsZero():
		p.fail(n, secretHint("password"), "an account without a password or a token")
	case !a.Password.IsZero() && !a.Token.IsZero():
		p.fail(n, "keep one of them", "an account with a password and a token")
	case oauth && a.Token.IsZero():
		p.fail(n, "write token: {command: …}", "auth: %s needs a token", a.Auth)
	case a.Auth != "" && !oauth && a.Password.IsZero():
		p.fail(n, "auth: oauthbearer or xoauth2", "a token can't be used with auth: %s", a.Auth)
	case a.TLS == "none" && !localForm.MatchString(a.Host):
		p.fail(n, "tls: implicit, or starttls", "tls: none is for a server on this machine only, not for %q", a.Host)
	}
}

func secretHint(what string) string {
	return "write " + what + ": {command: pass show mail/work}, {keyring: true} or {file: PATH}"
}

// secret reads where a secret is kept. What stands there is never repeated: it may be
// the secret itself.
func (p *parser) secret(n *yaml.Node, dst *secret.Source, what string) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.MappingNode {
		p.fail(n, secretHint(what), "%s says where it is kept, and is not written here itself", what)
		return
	}
	if len(n.Content) != 2 {
		p.fail(n, secretHint(what), "%s needs one of command, keyring and file", what)
		return
	}
	k, v := n.Content[0], n.Content[1]
	switch k.Value {
	case "command":
		p.plainCommand(v, &dst.Command, what+".command", "pass show mail/work")
	case "keyring":
		if dst.Keyring = v.Tag == "!!bool" && v.Value == "true"; !dst.Keyring {
			p.fail(v, "keyring: true", "%s.keyring can only be true", what)
		}
	case "file":
		p.text(v, &dst.File, what+".file", "a file that only you can read")
		dst.File = p.path(dst.File)
	default:
		p.fail(k, secretHint(what), "%s has a key that is not known", what)
	}
}

// plainCommand reads a command, and refuses one that only a shell would understand.
// It is not repeated in errors.
func (p *parser) plainCommand(n *yaml.Node, dst *[]string, what, example string) {
	switch {
	case n.Kind == yaml.ScalarNode && !plainCommand.MatchString(n.Value):
		p.fail(n, "no shell reads it; with one: [sh, -c, '…']", "%s has signs that are for a shell", what)
		return
	case n.Kind == yaml.ScalarNode && n.Tag != "!!null":
		*dst = strings.Fields(n.Value)
	case n.Kind == yaml.SequenceNode:
		p.decode(n, dst, what, "a command, or a list of its words")
	}
	if len(*dst) == 0 || (*dst)[0] == "" {
		*dst = nil
		p.fail(n, example+", or a list of its words", "%s names no command", what)
	}
}

func (p *parser) watchNotify(n *yaml.Node) {
	d := &p.cfg.Watch.Notify
	p.each(n, "notify", func(k, v *yaml.Node) {
		switch k.Value {
		case "desktop":
			on := p.boolean(v, "desktop")
			d.Desktop = &on
		case "command":
			p.plainCommand(v, &d.Command, "notify.command", "my-notifier --json")
		case "webhook":
			p.webhook(v)
		default:
			p.unknown(k, "notify", []string{"desktop", "command", "webhook"})
		}
	})
}

func (p *parser) webhook(n *yaml.Node) {
	h := &Webhook{}
	before := len(p.errs)
	p.each(n, "webhook", func(k, v *yaml.Node) {
		switch k.Value {
		case "url":
			// An address may hold a secret: it is not repeated.
			if v.Kind != yaml.ScalarNode || !webhookForm.MatchString(v.Value) || !isURL(v.Value) {
				p.fail(v, "https://…, or http:// to this machine", "the webhook's url can't be used")
				return
			}
			h.URL = v.Value
		case "secret":
			p.secret(v, &h.Secret, "secret")
		case "timeout":
			h.Timeout = p.duration(v, "timeout", "a time such as 10s, a minute at most", timeoutForm)
		default:
			p.unknown(k, "webhook", []string{"url", "secret", "timeout"})
		}
	})
	if h.URL == "" {
		if len(p.errs) == before {
			p.fail(n, "add url: https://…", "a webhook without a url")
		}
		return
	}
	u, _ := url.Parse(h.URL) // isURL has
	h.Secret.Service, h.Secret.User = "tacto:webhook", u.Host
	p.cfg.Watch.Notify.Webhook = h
}

// isURL says whether a text that has the form of an address is one.
func isURL(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" {
		return false
	}
	if u.Scheme == "https" || u.Hostname() == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return err == nil && ip.IsLoopback()
}

// duration reads a time; "d" is a day.
func (p *parser) duration(n *yaml.Node, what, hint string, form *regexp.Regexp) time.Duration {
	text := ""
	if p.formed(n, &text, what, hint, form); text == "" {
		return 0
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		d, _ := strconv.Atoi(days) // its form is right
		return time.Duration(d) * 24 * time.Hour
	}
	d, _ := time.ParseDuration(text) // its form is right
	return d
}

func (p *parser) boolean(n *yaml.Node, what string) bool {
	if n.Tag != "!!bool" {
		p.fail(n, "true or false", "%s can't be %q", what, n.Value)
	}
	return slices.Contains([]string{"true", "True", "TRUE"}, n.Value)
}

// text reads a text that is not empty.
func (p *parser) text(n *yaml.Node, dst *string, what, hint string) {
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" || strings.TrimSpace(n.Value) == "" {
		p.fail(n, hint, "%s can't be %q", what, n.Value)
		return
	}
	*dst = n.Value
}

// path gives a path as it can be opened: ~ is the home folder, and what is relative
// stands beside the configuration.
func (p *parser) path(file string) string {
	if rest, ok := strings.CutPrefix(file, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	if file == "" || filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(filepath.Dir(p.file), file)
}

// Account finds an account by its name.
func (w *Watch) Account(name string) (*WatchAccount, error) {
	var names []string
	for i := range w.Accounts {
		if w.Accounts[i].Name == name {
			return &w.Accounts[i], nil
		}
		names = append(names, w.Accounts[i].Name)
	}
	return nil, fmt.Errorf("no account is called %q: there are %s", name, strings.Join(names, ", "))
}
