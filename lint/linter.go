package lint

import (
	"fmt"
	"sync"
	"time"

	"github.com/tacto-lint/tacto/lint/program"
)

// Settings adapt a rule set to a team without touching the rules.
type Settings struct {
	// Off lists rules not to run.
	Off []string
	// Severity overrides the severity of rules, by id.
	Severity map[string]Severity
	// Thresholds override the named numbers of rules: "jargon.terms" is the
	// parameter terms of the rule jargon.
	Thresholds map[string]float64
	// Terms are added to the glossary; a term already there is replaced.
	Terms []Term
	// Audiences say who knows which terms.
	Audiences []Audience
	// Lang forces the language of every email ("es", "en"); empty: detect.
	Lang string
	// UILang is the language of messages; empty: the email's own.
	UILang string
	// Now stands in for the Date header of an email that has none; the zero
	// time leaves rules about the hour of sending out.
	Now time.Time
	// Explain asks for the Likelihood and the Weighed words of learnt findings.
	Explain bool
}

// A Term is a technical term of the glossary.
type Term struct {
	// Name is the term as it is shown; Variants are other spellings and
	// forms, all matched without regard to case and accents.
	Name     string
	Variants []string
	// Plain explains the term in plain words, by language.
	Plain map[string]string
}

// An Audience is a group of recipients and the terms they know.
type Audience struct {
	Name string
	// To holds address patterns: "*@acme.example", "ana@acme.example".
	To []string
	// Knows holds glossary terms, by name or variant.
	Knows []string
}

// A Linter judges messages by a rule set as adapted by settings. It is safe
// for concurrent use.
type Linter struct {
	set       *RuleSet
	settings  Settings
	off       []bool
	severity  []Severity
	params    [][]float64
	audiences []audience
	phrases   map[string][]phrase
	replaced  map[uint16]int // glossary terms replaced by one of the settings
	engines   sync.Pool
}

type audience struct {
	to    []string
	knows map[uint16]bool
}

// A SettingError says which setting New can't follow.
type SettingError struct {
	Setting string // "rule", "threshold", "language", "audience"
	Value   string
	Hint    string
}

// Error gives one line: what is wrong and what to do.
func (e *SettingError) Error() string {
	s := fmt.Sprintf("unknown %s %q", e.Setting, e.Value)
	if e.Hint != "" {
		s += ": " + e.Hint
	}
	return s
}

// New prepares a Linter. The error is a *SettingError when the settings name
// rules, thresholds, languages or terms that the set does not have.
func New(set *RuleSet, settings Settings) (*Linter, error) {
	l := &Linter{set: set, settings: settings}
	rules := set.pack.Rules
	l.off = make([]bool, len(rules))
	l.severity = make([]Severity, len(rules))
	l.params = make([][]float64, len(rules))
	for i := range rules {
		l.severity[i] = Severity(rules[i].Severity)
		l.params[i] = make([]float64, len(rules[i].Params))
		for k, p := range rules[i].Params {
			l.params[i][k] = p.Value
		}
	}
	for _, lang := range []string{settings.Lang, settings.UILang} {
		if _, ok := langNumber(lang); lang != "" && !ok {
			return nil, &SettingError{"language", lang, "use es or en"}
		}
	}
	for _, id := range settings.Off {
		i, ok := set.index(id)
		if !ok {
			return nil, &SettingError{"rule", id, "see 'tacto rules'"}
		}
		l.off[i] = true
	}
	for id, s := range settings.Severity {
		i, ok := set.index(id)
		if !ok {
			return nil, &SettingError{"rule", id, "see 'tacto rules'"}
		}
		l.severity[i] = s
	}
	for name, v := range settings.Thresholds {
		if !l.setParam(name, v) {
			return nil, &SettingError{"threshold", name, "write it as rule.name; see 'tacto explain'"}
		}
	}
	l.engines.New = func() any { return &engine{l: l} }
	return l, l.prepareTerms()
}

func (l *Linter) setParam(name string, v float64) bool {
	for i := range l.set.pack.Rules {
		r := &l.set.pack.Rules[i]
		for k, p := range r.Params {
			if name == r.ID+"."+p.Name {
				l.params[i][k] = v
				return true
			}
		}
	}
	return false
}

func (l *Linter) param(rule, n int) float64 { return l.params[rule][n] }

// prepareTerms indexes the terms of the settings and what audiences know.
func (l *Linter) prepareTerms() error {
	l.replaced = map[uint16]int{}
	byName := map[string]int{}
	if len(l.settings.Terms) > 0 {
		for i, t := range l.set.pack.Terms {
			byName[foldPhrase(t.Name)] = i
		}
		l.phrases = map[string][]phrase{}
	}
	for i, t := range l.settings.Terms {
		number := uint16(len(l.set.pack.Terms) + i + 1)
		if k, ok := byName[foldPhrase(t.Name)]; ok {
			l.replaced[uint16(k)] = i
			number = uint16(k + 1)
		}
		for _, v := range append([]string{t.Name}, t.Variants...) {
			words := foldWords(v)
			if len(words) > 0 {
				l.phrases[words[0]] = append(l.phrases[words[0]], phrase{words, number})
			}
		}
	}
	for _, a := range l.settings.Audiences {
		known := audience{to: a.To, knows: map[uint16]bool{}}
		for _, word := range a.Knows {
			terms := l.termsIn(word)
			if len(terms) == 0 {
				return &SettingError{"term", word, "audience " + a.Name + " knows a word that is not in the glossary: add it under glossary, or leave it out"}
			}
			for _, t := range terms {
				known.knows[t] = true
			}
		}
		l.audiences = append(l.audiences, known)
	}
	return nil
}

// termsIn gives the glossary terms that a word of a configuration names, in
// any language, by looking for them as in an email.
func (l *Linter) termsIn(word string) []uint16 {
	var terms []uint16
	for lang := range Langs {
		m := PlainMessage(word)
		e := &engine{l: l}
		e.reset(m)
		e.read()
		for i := range e.sents {
			e.sents[i].lang = uint8(lang)
		}
		e.resolve()
		e.match(0)
		e.findOwnTerms()
		for i := range e.matches {
			if e.matches[i].fact == program.FactAnyTerm {
				terms = append(terms, e.matches[i].term)
			}
		}
	}
	return terms
}

func foldWords(s string) []string {
	var sc scanner
	sc.scan(s, 0, len(s))
	words := make([]string, len(sc.toks))
	for i := range sc.toks {
		words[i] = string(sc.key(&sc.toks[i]))
	}
	return words
}

func foldPhrase(s string) string {
	out := ""
	for _, w := range foldWords(s) {
		out += w + " "
	}
	return out
}

// Lint judges one message. It does not block and keeps nothing of the message.
func (l *Linter) Lint(m *Message) *Report {
	e := l.engines.Get().(*engine)
	e.reset(m)
	r := e.run()
	e.m, e.report = nil, nil
	// A huge message must not pin its buffers for good.
	if cap(e.scan.toks) < 1<<16 {
		l.engines.Put(e)
	}
	return r
}

// RuleSet gives the rules that the Linter was made with.
func (l *Linter) RuleSet() *RuleSet { return l.set }

// Signal gives the passages of a signal in the author's text of a message, in
// order and without overlaps; nil if there is no such signal. It is for tests
// of rule files.
func (l *Linter) Signal(m *Message, name string) []Span {
	for f := range l.set.pack.Facts {
		if l.set.pack.Facts[f].Name != name {
			continue
		}
		e := &engine{l: l}
		e.reset(m)
		e.run()
		var spans []Span
		e.longest(uint16(f), func(m *match) {
			spans = append(spans, Span{int(e.scan.toks[m.markLo].start), int(e.scan.toks[m.markHi-1].end)})
		})
		return spans
	}
	return nil
}
