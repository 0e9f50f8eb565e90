// Package config reads .tacto.yaml: how a team adapts the rules.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tacto-lint/tacto/cmd/internal/nearest"
	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/mail"
)

// A Config is the content of a configuration file.
type Config struct {
	// File is its path, empty if there is none.
	File     string
	Settings lint.Settings
	// RuleFiles are rule files of the team's own, as paths that can be opened.
	RuleFiles []string
	FailOn    string
	Outgoing  Outgoing
	Milter    Milter
	Watch     Watch
	Audit     Audit
}

// Milter is what concerns the milter: see package milter. Zero values: not given.
type Milter struct {
	Listen, Mode, Metrics   string
	All                     bool
	MaxSize, MaxConnections int
	Budget                  time.Duration
}

// Outgoing is what concerns mail on its way out: see package presend.
type Outgoing struct {
	Clients, Internal []string // address patterns
	Sendmail          []string // the command that mail is handed to, with its arguments
	Override          string   // one of Overrides, "" if not given
	OnFailure         string   // one of OnFailures
	Notify            string   // one of Notifies
}

// The values that keys of Outgoing can have.
var (
	Overrides  = []string{"again", "never"}
	OnFailures = []string{"send", "hold"}
	Notifies   = []string{"auto", "always", "never"}
)

// MilterModes are the modes of the milter.
var MilterModes = []string{"observe", "reject"}

// An Error is a fault in a configuration file.
type Error struct {
	File string
	Line int
	Msg  string
	Hint string
}

// Error gives "file:line: message (hint)".
func (e *Error) Error() string {
	s := e.File
	if e.Line > 0 {
		s += fmt.Sprintf(":%d", e.Line)
	}
	s += ": " + e.Msg
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Find looks for .tacto.yaml in dir and above it, then for
// tacto/config.yaml in the XDG configuration folder. It gives "" if there is none.
func Find(dir string, getenv func(string) string) string {
	for d := dir; ; d = filepath.Dir(d) {
		p := filepath.Join(d, ".tacto.yaml")
		if isFile(p) {
			return p
		}
		if filepath.Dir(d) == d {
			break
		}
	}
	return Own(getenv)
}

// Own gives the XDG configuration file, "" if there is none. It is the only one
// for what runs commands or stands in the way of mail: a folder somebody else has
// filled must have no say in that.
func Own(getenv func(string) string) string {
	base := getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(base) { // the XDG specification has relative ones ignored
		home := getenv("HOME")
		if home == "" {
			return ""
		}
		base = filepath.Join(home, ".config")
	}
	if p := filepath.Join(base, "tacto", "config.yaml"); isFile(p) {
		return p
	}
	return ""
}

func isFile(p string) bool {
	st, err := os.Stat(p)
	return err == nil && st.Mode().IsRegular()
}

// Load reads a configuration file. The error joins *Errors for all faults found.
func Load(path string) (*Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		var pe *fs.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		return nil, fmt.Errorf("reading the configuration %s: %w", path, err)
	}
	return Parse(path, data)
}

var known = []string{"rules", "glossary", "audiences", "rule-files", "lang", "ui-lang", "fail-on", "clients", "internal", "sendmail", "override",
	"on-failure", "notify", "milter", "watch", "audit"}

type parser struct {
	file string
	cfg  *Config
	errs []error
}

func (p *parser) fail(n *yaml.Node, hint, format string, args ...any) {
	p.errs = append(p.errs, &Error{p.file, n.Line, fmt.Sprintf(format, args...), hint})
}

// Parse reads the text of a configuration file.
func Parse(file string, data []byte) (*Config, error) {
	p := &parser{file: file, cfg: &Config{File: file}}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, &Error{file, 0, "not valid YAML: " + strings.TrimPrefix(err.Error(), "yaml: "), "quote texts that begin with a sign"}
	}
	if len(doc.Content) > 0 {
		p.top(doc.Content[0])
	}
	if len(p.errs) > 0 {
		return nil, errors.Join(p.errs...)
	}
	return p.cfg, nil
}

// each calls fn for the keys of a mapping.
func (p *parser) each(n *yaml.Node, what string, fn func(k, v *yaml.Node)) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return
	}
	if n.Kind != yaml.MappingNode {
		p.fail(n, "write key: value lines", "%s must be a mapping", what)
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if seen[k.Value] { // YAML has it so, its parser does not look
			p.fail(k, "keep one of them", "%s is there twice", k.Value)
			continue
		}
		seen[k.Value] = true
		fn(k, n.Content[i+1])
	}
}

func (p *parser) unknown(k *yaml.Node, what string, names []string) {
	hint := "known: " + strings.Join(names, ", ")
	if near := nearest.Find(k.Value, names); near != "" {
		hint = "did you mean " + near + "?"
	}
	p.fail(k, hint, "unknown key %q in %s", k.Value, what)
}

func (p *parser) decode(n *yaml.Node, dst any, what, hint string) {
	if err := n.Decode(dst); err != nil {
		p.fail(n, hint, "%s has the wrong form", what)
	}
}

func (p *parser) top(n *yaml.Node) {
	p.each(n, "the configuration", func(k, v *yaml.Node) {
		switch k.Value {
		case "rules":
			p.rules(v)
		case "glossary":
			p.glossary(v)
		case "audiences":
			p.audiences(v)
		case "rule-files":
			var files []string
			p.decode(v, &files, "rule-files", "a list of files")
			for _, f := range files {
				if !filepath.IsAbs(f) {
					f = filepath.Join(filepath.Dir(p.file), f)
				}
				p.cfg.RuleFiles = append(p.cfg.RuleFiles, f)
			}
		case "lang":
			p.oneOf(v, &p.cfg.Settings.Lang, "lang", lint.Langs[:])
		case "ui-lang":
			p.oneOf(v, &p.cfg.Settings.UILang, "ui-lang", lint.Langs[:])
		case "fail-on":
			p.oneOf(v, &p.cfg.FailOn, "fail-on", lint.Levels)
		case "clients":
			p.addresses(v, &p.cfg.Outgoing.Clients, "clients")
		case "internal":
			p.addresses(v, &p.cfg.Outgoing.Internal, "internal")
		case "sendmail":
			p.command(v, &p.cfg.Outgoing.Sendmail, "sendmail")
		case "override":
			p.oneOf(v, &p.cfg.Outgoing.Override, "override", Overrides)
		case "on-failure":
			p.oneOf(v, &p.cfg.Outgoing.OnFailure, "on-failure", OnFailures)
		case "notify":
			p.oneOf(v, &p.cfg.Outgoing.Notify, "notify", Notifies)
		case "milter":
			p.milter(v)
		case "watch":
			p.watch(v)
		case "audit":
			p.audit(v)
		default:
			p.unknown(k, "the configuration", known)
		}
	})
}

func (p *parser) oneOf(n *yaml.Node, dst *string, what string, values []string) {
	for _, v := range values {
		if n.Value == v {
			*dst = v
			return
		}
	}
	p.fail(n, strings.Join(values, ", "), "%s can't be %q", what, n.Value)
}

// addresses reads address patterns. A domain alone stands for all its addresses.
func (p *parser) addresses(n *yaml.Node, dst *[]string, what string) {
	p.decode(n, dst, what, `a list of address patterns: ["*@acme.example"]`)
	for i, a := range *dst {
		if at := strings.IndexByte(a, '@'); !strings.Contains(a, "*") && at <= 0 {
			(*dst)[i] = "*@" + strings.TrimPrefix(a, "@")
		}
	}
}

// command reads a command: a text that is cut at its blanks, or a list of words.
func (p *parser) command(n *yaml.Node, dst *[]string, what string) {
	if n.Kind == yaml.ScalarNode {
		*dst = strings.Fields(n.Value)
	} else {
		p.decode(n, dst, what, "a command, or a list of its words")
	}
	if len(*dst) == 0 {
		p.fail(n, "msmtp, or [/usr/sbin/sendmail, -i]", "%s names no command", what)
	}
}

// The forms of what stands below milter: the schema has the same.
var (
	listenForm  = regexp.MustCompile(`^(inet:.+:[0-9]{1,5}|unix:/.+)$`)
	metricsForm = regexp.MustCompile(`^(127\.[0-9]+\.[0-9]+\.[0-9]+|localhost|\[::1\]):[0-9]{1,5}$`)
	sizeForm    = regexp.MustCompile(`^[1-9][0-9]{0,8}[KM]?$`)
	budgetForm  = regexp.MustCompile(`^[1-9][0-9]{0,5}(ms|s|m)$`)
)

// Listen says whether an address is one that a milter can listen on.
func Listen(address string) bool { return listenForm.MatchString(address) }

// Loopback says whether an address is a port that only this machine reaches.
func Loopback(address string) bool { return metricsForm.MatchString(address) }

func (p *parser) milter(n *yaml.Node) {
	m := &p.cfg.Milter
	p.each(n, "milter", func(k, v *yaml.Node) {
		switch k.Value {
		case "listen":
			p.formed(v, &m.Listen, "listen", "inet:127.0.0.1:9900 or unix:/run/tacto/milter.sock", listenForm)
		case "mode":
			p.oneOf(v, &m.Mode, "mode", MilterModes)
		case "all":
			if v.Tag != "!!bool" {
				p.fail(v, "true or false", "all can't be %q", v.Value)
			}
			m.All = v.Value == "true"
		case "metrics":
			p.formed(v, &m.Metrics, "metrics", "a port of this machine: 127.0.0.1:9901", metricsForm)
		case "max-size":
			m.MaxSize = p.size(v)
		case "max-connections":
			if err := v.Decode(&m.MaxConnections); err != nil || m.MaxConnections < 1 || m.MaxConnections > maxConnections {
				p.fail(v, fmt.Sprintf("a number from 1 to %d", maxConnections), "max-connections can't be %q", v.Value)
			}
		case "budget":
			text := ""
			p.formed(v, &text, "budget", "a time such as 5s or 800ms", budgetForm)
			m.Budget, _ = time.ParseDuration(text) // its form is right, or it is empty
		default:
			p.unknown(k, "milter", []string{"listen", "mode", "all", "metrics", "max-size", "max-connections", "budget"})
		}
	})
}

// maxConnections bounds the bound.
const maxConnections = 10000

// formed reads a text that must have a form.
func (p *parser) formed(n *yaml.Node, dst *string, what, hint string, form *regexp.Regexp) {
	if n.Kind != yaml.ScalarNode || !form.MatchString(n.Value) {
		p.fail(n, hint, "%s can't be %q", what, n.Value)
		return
	}
	*dst = n.Value
}

// size reads a size in bytes: 10485760, 512K or 10M.
func (p *parser) size(n *yaml.Node) int {
	text := ""
	p.formed(n, &text, "max-size", "bytes, or such as 512K or 10M", sizeForm)
	if text == "" {
		return 0
	}
	digits := strings.TrimRight(text, "KM")
	size, _ := strconv.ParseInt(digits, 10, 64) // its form is right
	switch text[len(digits):] {
	case "K":
		size <<= 10
	case "M":
		size <<= 20
	}
	if size > mail.MaxMessage {
		p.fail(n, fmt.Sprintf("at most %dM: no larger message is read", mail.MaxMessage>>20), "max-size can't be %q", n.Value)
	}
	return int(size)
}

func (p *parser) rules(n *yaml.Node) {
	s := &p.cfg.Settings
	p.each(n, "rules", func(id, v *yaml.Node) {
		if v.Kind == yaml.ScalarNode {
			switch strings.ToLower(v.Value) {
			case "off", "false", "no":
				s.Off = append(s.Off, id.Value)
			case "on", "true", "yes":
			default:
				p.fail(v, "off, on, or {severity: …, threshold: …}", "rule %s can't be %q", id.Value, v.Value)
			}
			return
		}
		p.each(v, "rule "+id.Value, func(k, v *yaml.Node) {
			if k.Value == "severity" {
				sev, ok := lint.ParseSeverity(v.Value)
				if !ok {
					p.fail(v, "error, warning or suggestion", "unknown severity %q", v.Value)
					return
				}
				if s.Severity == nil {
					s.Severity = map[string]lint.Severity{}
				}
				s.Severity[id.Value] = sev
				return
			}
			var num float64
			p.decode(v, &num, "threshold "+k.Value, "a number")
			if s.Thresholds == nil {
				s.Thresholds = map[string]float64{}
			}
			s.Thresholds[id.Value+"."+k.Value] = num
		})
	})
}

func (p *parser) glossary(n *yaml.Node) {
	if n.Kind != yaml.SequenceNode {
		p.fail(n, "write a list of {term, variants, es, en}", "glossary must be a list")
		return
	}
	for _, c := range n.Content {
		t := lint.Term{Plain: map[string]string{}}
		p.each(c, "a glossary term", func(k, v *yaml.Node) {
			switch k.Value {
			case "term":
				t.Name = v.Value
			case "variants":
				p.decode(v, &t.Variants, "variants", "a list of words")
			case "es", "en":
				t.Plain[k.Value] = v.Value
			default:
				p.unknown(k, "a glossary term", []string{"term", "variants", "es", "en"})
			}
		})
		if t.Name == "" {
			p.fail(c, "add term: NAME", "a glossary term without a name")
		}
		p.cfg.Settings.Terms = append(p.cfg.Settings.Terms, t)
	}
}

func (p *parser) audiences(n *yaml.Node) {
	p.each(n, "audiences", func(name, v *yaml.Node) {
		a := lint.Audience{Name: name.Value}
		p.each(v, "audience "+name.Value, func(k, v *yaml.Node) {
			switch k.Value {
			case "to":
				p.decode(v, &a.To, "to", "a list of address patterns")
			case "knows":
				p.decode(v, &a.Knows, "knows", "a list of terms")
			default:
				p.unknown(k, "audience "+name.Value, []string{"to", "knows"})
			}
		})
		p.cfg.Settings.Audiences = append(p.cfg.Settings.Audiences, a)
	})
}

// OnFailure looks up on-failure in a configuration file that may be faulty
// elsewhere; "" if it is not there to be found.
func OnFailure(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	var doc struct {
		OnFailure yaml.Node `yaml:"on-failure"`
	}
	if yaml.Unmarshal(data, &doc) == nil {
		return doc.OnFailure.Value
	}
	for _, line := range strings.Split(strings.TrimPrefix(string(data), "\uFEFF"), "\n") {
		if key, v, ok := strings.Cut(line, ":"); ok && strings.Trim(strings.TrimSpace(key), `"'`) == "on-failure" {
			v, _, _ = strings.Cut(v, "#")
			return strings.Trim(strings.TrimSpace(v), `"'`)
		}
	}
	return ""
}
