// Package config reads .tacto.yaml: how a team adapts the rules.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tacto-lint/tacto/cmd/internal/nearest"
	"github.com/tacto-lint/tacto/lint"
)

// A Config is the content of a configuration file.
type Config struct {
	// File is its path, empty if there is none.
	File     string
	Settings lint.Settings
	// RuleFiles are rule files of the team's own, as paths that can be opened.
	RuleFiles []string
	FailOn    string
}

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
	base := getenv("XDG_CONFIG_HOME")
	if base == "" {
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

// reserved are the keys of other tools that share the file.
var reserved = map[string]bool{"clients": true, "internal": true, "sendmail": true, "override": true, "on-failure": true, "watch": true, "audit": true}

var known = []string{"rules", "glossary", "audiences", "rule-files", "lang", "ui-lang", "fail-on"}

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
	for i := 0; i+1 < len(n.Content); i += 2 {
		fn(n.Content[i], n.Content[i+1])
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
			p.oneOf(v, &p.cfg.FailOn, "fail-on", FailOn)
		default:
			if !reserved[k.Value] {
				p.unknown(k, "the configuration", known)
			}
		}
	})
}

// FailOn are the values of fail-on.
var FailOn = []string{"talk", "error", "warning", "suggestion", "never"}

func (p *parser) oneOf(n *yaml.Node, dst *string, what string, values []string) {
	for _, v := range values {
		if n.Value == v {
			*dst = v
			return
		}
	}
	p.fail(n, strings.Join(values, ", "), "%s can't be %q", what, n.Value)
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
