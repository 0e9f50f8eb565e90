package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tacto-lint/tacto/lint"
)

// A file is a rule file as read: everything with the line it stands on.
type file struct {
	name     string
	classes  []classDef
	signals  []*factDef
	rules    []*factDef
	glossary []termDef
}

// at is a place in a rule file.
type at struct {
	file string
	line int
}

type classDef struct {
	at
	lang    int // number of the language
	name    string
	entries []patternDef
}

type patternDef struct {
	at
	text string
}

// A factDef is a signal or a rule.
type factDef struct {
	at
	id, doc    string
	rule       bool
	kind       string
	severity   string
	title, why lint.Localized
	message    lint.Localized
	suggestion lint.Localized
	params     []lint.Param
	groups     []groupDef
	each       string
	terms      bool
	minority   []string
	when       patternDef
	unless     patternDef
	reasons    []reasonDef
	examples   []lint.Example
	likely     int // 1 + the class of the mail model that it asks for
}

type groupDef struct {
	at
	learnt     patternDef // a class of the model, instead of patterns
	over       float64
	langs      []string
	patterns   [2][]patternDef // by language
	when       patternDef
	unless     patternDef
	message    lint.Localized
	suggestion lint.Localized
}

type reasonDef struct {
	at
	when patternDef
	say  lint.Localized
}

type termDef struct {
	at
	name     string
	variants []string
	plain    lint.Localized
	topic    string
	caps     bool
	lang     string
}

// reader walks the YAML of one file and collects what is wrong with it.
type reader struct {
	file string
	errs []error
}

func (r *reader) fail(n *yaml.Node, hint, format string, args ...any) {
	line := 0
	if n != nil {
		line = n.Line
	}
	r.errs = append(r.errs, &Error{r.file, line, fmt.Sprintf(format, args...), hint})
}

func (r *reader) at(n *yaml.Node) at { return at{r.file, n.Line} }

// fields calls the handler of each key of a mapping; other keys are errors.
func (r *reader) fields(n *yaml.Node, what string, handlers map[string]func(*yaml.Node)) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.MappingNode {
		r.fail(n, "write key: value lines", "%s must be a mapping", what)
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		h, ok := handlers[k.Value]
		if !ok {
			keys := make([]string, 0, len(handlers))
			for key := range handlers {
				keys = append(keys, key)
			}
			slices.Sort(keys)
			r.fail(k, "known here: "+strings.Join(keys, ", "), "unknown field %q in %s", k.Value, what)
			continue
		}
		if seen[k.Value] {
			r.fail(k, "keep one of them", "field %q twice in %s", k.Value, what)
			continue
		}
		seen[k.Value] = true
		h(v)
	}
}

func (r *reader) list(n *yaml.Node, what string, item func(*yaml.Node)) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.SequenceNode {
		r.fail(n, "write a list: [a, b] or lines that begin with -", "%s must be a list", what)
		return
	}
	for _, c := range n.Content {
		item(c)
	}
}

func (r *reader) str(dst *string, what string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode {
			r.fail(n, "write it in one piece, in quotes if it holds : or #", "%s must be a text", what)
			return
		}
		*dst = n.Value
	}
}

func (r *reader) strs(dst *[]string, what string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		r.list(n, what, func(c *yaml.Node) {
			var s string
			r.str(&s, what)(c)
			*dst = append(*dst, s)
		})
	}
}

func (r *reader) boolean(dst *bool, what string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if err := n.Decode(dst); err != nil {
			r.fail(n, "write true or false", "%s must be true or false", what)
		}
	}
}

func (r *reader) number(dst *float64, what string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if err := n.Decode(dst); err != nil {
			r.fail(n, "write a number", "%s must be a number", what)
		}
	}
}

func (r *reader) pattern(dst *patternDef, what string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		dst.at = r.at(n)
		r.str(&dst.text, what)(n)
	}
}

func (r *reader) patterns(dst *[]patternDef, what string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		r.list(n, what, func(c *yaml.Node) {
			var p patternDef
			r.pattern(&p, what)(c)
			*dst = append(*dst, p)
		})
	}
}

// localized reads {es: …, en: …}.
func (r *reader) localized(dst *lint.Localized, what string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		m := lint.Localized{}
		r.fields(n, what, map[string]func(*yaml.Node){
			"es": func(v *yaml.Node) { s := ""; r.str(&s, what)(v); m["es"] = s },
			"en": func(v *yaml.Node) { s := ""; r.str(&s, what)(v); m["en"] = s },
		})
		*dst = m
	}
}

// readFile reads a rule file. It finds all the faults it can.
func readFile(src Source) (*file, []error) {
	r := &reader{file: src.Name}
	f := &file{name: src.Name}
	var doc yaml.Node
	if err := yaml.Unmarshal(src.Data, &doc); err != nil {
		return f, []error{yamlError(src.Name, err)}
	}
	if len(doc.Content) == 0 {
		return f, nil
	}
	r.fields(doc.Content[0], "a rule file", map[string]func(*yaml.Node){
		"classes": func(n *yaml.Node) { r.classes(n, f) },
		"signals": func(n *yaml.Node) {
			r.list(n, "signals", func(c *yaml.Node) { f.signals = append(f.signals, r.signal(c)) })
		},
		"rules": func(n *yaml.Node) {
			r.list(n, "rules", func(c *yaml.Node) { f.rules = append(f.rules, r.rule(c)) })
		},
		"glossary": func(n *yaml.Node) {
			r.list(n, "glossary", func(c *yaml.Node) { f.glossary = append(f.glossary, r.term(c)) })
		},
	})
	return f, r.errs
}

// yamlError gives a YAML syntax error the shape of the others. The library puts
// the line into its text, and offers it nowhere else.
func yamlError(name string, err error) error {
	msg := strings.TrimPrefix(err.Error(), "yaml: ")
	line := 0
	if _, scan := fmt.Sscanf(msg, "line %d:", &line); scan == nil {
		_, msg, _ = strings.Cut(msg, ": ")
	}
	return &Error{name, line, "not valid YAML: " + msg, "quote texts that begin with a sign or hold ': '"}
}

func (r *reader) classes(n *yaml.Node, f *file) {
	r.fields(n, "classes", map[string]func(*yaml.Node){
		"es": func(v *yaml.Node) { r.langClasses(v, f, 0) },
		"en": func(v *yaml.Node) { r.langClasses(v, f, 1) },
	})
}

func (r *reader) langClasses(n *yaml.Node, f *file, lang int) {
	if n.Kind != yaml.MappingNode {
		r.fail(n, "write name: [words]", "classes must be a mapping")
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		c := classDef{at: r.at(n.Content[i]), lang: lang, name: n.Content[i].Value}
		r.patterns(&c.entries, "class "+c.name)(n.Content[i+1])
		f.classes = append(f.classes, c)
	}
}

func (r *reader) signal(n *yaml.Node) *factDef {
	d := &factDef{at: r.at(n)}
	r.fields(n, "a signal", map[string]func(*yaml.Node){
		"id":       r.str(&d.id, "id"),
		"doc":      r.str(&d.doc, "doc"),
		"match":    func(v *yaml.Node) { r.groups(v, d) },
		"examples": func(v *yaml.Node) { r.examples(v, d) },
	})
	return d
}

func (r *reader) rule(n *yaml.Node) *factDef {
	d := &factDef{at: r.at(n), rule: true}
	r.fields(n, "a rule", map[string]func(*yaml.Node){
		"id":         r.str(&d.id, "id"),
		"kind":       r.str(&d.kind, "kind"),
		"severity":   r.str(&d.severity, "severity"),
		"title":      r.localized(&d.title, "title"),
		"why":        r.localized(&d.why, "why"),
		"message":    r.localized(&d.message, "message"),
		"suggestion": r.localized(&d.suggestion, "suggestion"),
		"params":     func(v *yaml.Node) { r.params(v, d) },
		"match":      func(v *yaml.Node) { r.groups(v, d) },
		"each":       r.str(&d.each, "each"),
		"terms":      r.boolean(&d.terms, "terms"),
		"minority":   r.strs(&d.minority, "minority"),
		"when":       r.pattern(&d.when, "when"),
		"unless":     r.pattern(&d.unless, "unless"),
		"reasons": func(v *yaml.Node) {
			r.list(v, "reasons", func(c *yaml.Node) {
				reason := reasonDef{at: r.at(c)}
				r.fields(c, "a reason", map[string]func(*yaml.Node){
					"when": r.pattern(&reason.when, "when"),
					"say":  r.localized(&reason.say, "say"),
				})
				d.reasons = append(d.reasons, reason)
			})
		},
		"examples": func(v *yaml.Node) { r.examples(v, d) },
	})
	return d
}

func (r *reader) params(n *yaml.Node, d *factDef) {
	if n.Kind != yaml.MappingNode {
		r.fail(n, "write {name: number}", "params must be a mapping")
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		p := lint.Param{Name: n.Content[i].Value}
		if v := n.Content[i+1]; v.Kind == yaml.MappingNode {
			r.fields(v, "parameter "+p.Name, map[string]func(*yaml.Node){
				"value": r.number(&p.Value, "parameter "+p.Name),
				"doc":   r.str(&p.Doc, "doc"),
			})
		} else {
			r.number(&p.Value, "parameter "+p.Name)(v)
		}
		d.params = append(d.params, p)
	}
}

func (r *reader) groups(n *yaml.Node, d *factDef) {
	r.list(n, "match", func(c *yaml.Node) {
		g := groupDef{at: r.at(c)}
		r.fields(c, "a group under match", map[string]func(*yaml.Node){
			"es":         r.patterns(&g.patterns[0], "es"),
			"en":         r.patterns(&g.patterns[1], "en"),
			"learnt":     r.pattern(&g.learnt, "learnt"),
			"over":       r.number(&g.over, "over"),
			"langs":      r.strs(&g.langs, "langs"),
			"when":       r.pattern(&g.when, "when"),
			"unless":     r.pattern(&g.unless, "unless"),
			"message":    r.localized(&g.message, "message"),
			"suggestion": r.localized(&g.suggestion, "suggestion"),
		})
		d.groups = append(d.groups, g)
	})
}

func (r *reader) term(n *yaml.Node) termDef {
	t := termDef{at: r.at(n), plain: lint.Localized{}}
	es, en := "", ""
	r.fields(n, "a term", map[string]func(*yaml.Node){
		"term":     r.str(&t.name, "term"),
		"variants": r.strs(&t.variants, "variants"),
		"topic":    r.str(&t.topic, "topic"),
		"es":       r.str(&es, "es"),
		"en":       r.str(&en, "en"),
		"case":     r.boolean(&t.caps, "case"),
		"lang":     r.str(&t.lang, "lang"),
	})
	t.plain["es"], t.plain["en"] = es, en
	if t.name == "" || es == "" || en == "" {
		r.fail(n, "each term needs term, es and en: the explanation becomes the suggestion", "incomplete term %q", t.name)
	}
	return t
}

func (r *reader) examples(n *yaml.Node, d *factDef) {
	side := func(lang string, hit bool) func(*yaml.Node) {
		return func(v *yaml.Node) {
			r.list(v, "examples", func(c *yaml.Node) {
				if ex, ok := r.example(c, lang, hit); ok {
					d.examples = append(d.examples, ex)
				}
			})
		}
	}
	lang := func(code string) func(*yaml.Node) {
		return func(v *yaml.Node) {
			r.fields(v, "examples", map[string]func(*yaml.Node){"hits": side(code, true), "passes": side(code, false)})
		}
	}
	r.fields(n, "examples", map[string]func(*yaml.Node){"es": lang("es"), "en": lang("en")})
}

// example reads a text, or a mapping with a text and what goes with it.
func (r *reader) example(n *yaml.Node, lang string, hit bool) (lint.Example, bool) {
	ex := lint.Example{Lang: lang, Hit: hit, Line: n.Line}
	text, date := "", ""
	if n.Kind == yaml.ScalarNode {
		text = n.Value
	} else {
		r.fields(n, "an example", map[string]func(*yaml.Node){
			"text":        r.str(&text, "text"),
			"subject":     r.str(&ex.Subject, "subject"),
			"quoted":      r.str(&ex.Quoted, "quoted"),
			"region":      r.str(&ex.Region, "region"),
			"date":        r.str(&date, "date"),
			"attachments": r.strs(&ex.Attachments, "attachments"),
		})
	}
	if date != "" {
		t, err := parseDate(date)
		if err != nil {
			r.fail(n, "write it as 2025-11-20T21:30:00+01:00", "bad date %q", date)
			return ex, false
		}
		ex.Date = t
	}
	var ok bool
	ex.Text, ex.Spans, ok = unmark(text)
	if !ok {
		r.fail(n, "each { needs its }, without another { inside", "unpaired brackets in an example")
	}
	if strings.TrimSpace(ex.Text) == "" {
		r.fail(n, "write the author's text", "example without a text")
		ok = false
	}
	return ex, ok
}

func parseDate(s string) (time.Time, error) {
	return time.Parse(time.RFC3339, s)
}

// unmark takes the braces out of an example and gives the passages they mark.
func unmark(s string) (string, []lint.Span, bool) {
	var b strings.Builder
	var spans []lint.Span
	open := -1
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '{':
			if open >= 0 {
				return s, nil, false
			}
			open = b.Len()
		case '}':
			if open < 0 {
				return s, nil, false
			}
			spans = append(spans, lint.Span{Start: open, End: b.Len()})
			open = -1
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), spans, open < 0
}

// joinErrors joins errors; nil for none.
func joinErrors(errs []error) error { return errors.Join(errs...) }
