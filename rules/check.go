package rules

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/lint/program"
)

// check holds every signal and rule to what the format asks of it.
func (c *compiler) check() {
	for f, d := range c.defs {
		if d == nil {
			continue
		}
		if d.rule {
			c.checkRule(f, d)
		} else if len(d.groups) == 0 {
			c.fail(d.at, "write match: with patterns", "signal %q has no patterns", d.id)
		}
		for _, g := range d.groups {
			c.checkLearnt(g)
		}
		c.checkExamples(d)
	}
}

// checkLearnt holds a group to be either patterns or a learnt class.
func (c *compiler) checkLearnt(g groupDef) {
	patterns := len(g.patterns[0])+len(g.patterns[1]) > 0
	switch {
	case g.learnt.text == "" && (g.over != 0 || len(g.langs) > 0):
		c.fail(g.at, "they go with learnt: CLASS", "over and langs without learnt")
	case g.learnt.text == "":
	case patterns:
		c.fail(g.at, "write two groups", "a group with both patterns and a learnt class")
	case !(g.over > 0 && g.over < 1):
		c.fail(g.at, "write over: 0.9, the likelihood from which it counts", "learnt %q without a likelihood between 0 and 1", g.learnt.text)
	}
	for _, l := range g.langs {
		if !slices.Contains(lint.Langs[:], l) {
			c.fail(g.at, "languages are "+strings.Join(lint.Langs[:], ", "), "unknown language %q", l)
		}
	}
}

// methodOf says how a rule finds its faults; the error names what is missing or
// too much.
func methodOf(d *factDef) (program.Method, error) {
	var found []program.Method
	has := func(ok bool, m program.Method) {
		if ok {
			found = append(found, m)
		}
	}
	has(len(d.groups) > 0, program.ByMatch)
	has(d.each == "sentence", program.BySentence)
	has(d.each == "paragraph", program.ByParagraph)
	has(d.terms, program.ByTerms)
	has(len(d.minority) > 0, program.ByMinority)
	has(len(d.reasons) > 0, program.ByReasons)
	if len(found) == 0 && d.when.text != "" {
		return program.ByMail, nil
	}
	switch {
	case len(found) == 0:
		return 0, fmt.Errorf("rule %q says nothing about when it fires", d.id)
	case len(found) > 1:
		return 0, fmt.Errorf("rule %q mixes two ways of firing", d.id)
	case d.each != "" && d.each != "sentence" && d.each != "paragraph":
		return 0, fmt.Errorf("rule %q: each is sentence or paragraph", d.id)
	case len(d.minority) != 0 && len(d.minority) != 2:
		return 0, fmt.Errorf("rule %q: minority names two signals", d.id)
	case d.each != "" && d.when.text == "", d.terms && d.when.text == "":
		return 0, fmt.Errorf("rule %q needs when", d.id)
	}
	return found[0], nil
}

func (c *compiler) checkRule(f int, d *factDef) {
	if _, ok := program.ParseKind(d.kind); !ok {
		c.fail(d.at, "said, missing, advice or verdict", "rule %q: unknown kind %q", d.id, d.kind)
	}
	if _, ok := lint.ParseSeverity(d.severity); !ok {
		c.fail(d.at, "error, warning or suggestion", "rule %q: unknown severity %q", d.id, d.severity)
	}
	if d.kind == "advice" && d.severity != "suggestion" {
		c.fail(d.at, "advice never changes the verdict: severity: suggestion", "rule %q is advice of severity %q", d.id, d.severity)
	}
	if _, err := methodOf(d); err != nil {
		c.fail(d.at, "one of match, when, each + when, terms + when, minority, reasons", "%s", err)
	}
	for _, t := range []struct {
		name string
		text lint.Localized
	}{{"title", d.title}, {"why", d.why}, {"message", d.message}, {"suggestion", d.suggestion}} {
		for _, lang := range d.langs() {
			if hole := unknownField(t.text[lang]); hole != "" && t.name != "title" && t.name != "why" {
				c.fail(d.at, "there are {text}, {term}, {plain} and, for the form of address, {le|te}", "rule %q: unknown {%s} in its %s", d.id, hole, t.name)
			}
			if strings.TrimSpace(t.text[lang]) == "" {
				c.fail(d.at, "say it in every language of the rule", "rule %q has no %s in %q", d.id, t.name, lang)
			}
		}
	}
}

// unknownField gives the first {name} in a message that stands for nothing.
func unknownField(s string) string {
	for {
		_, rest, ok := strings.Cut(s, "{")
		name, after, closed := strings.Cut(rest, "}")
		if !ok || !closed {
			return ""
		}
		if !strings.Contains(name, "|") && !slices.Contains([]string{"text", "term", "plain"}, name) {
			return name
		}
		s = after
	}
}

// langs are the languages a rule speaks: those it has a title in.
func (d *factDef) langs() []string {
	var langs []string
	for _, l := range lint.Langs {
		if d.title[l] != "" {
			langs = append(langs, l)
		}
	}
	if len(langs) == 0 {
		return lint.Langs[:]
	}
	return langs
}

// checkExamples wants a hit and a near-miss for each language.
func (c *compiler) checkExamples(d *factDef) {
	count := map[string][2]int{}
	for _, ex := range d.examples {
		n := count[ex.Lang]
		if ex.Hit {
			n[0]++
		} else {
			n[1]++
			if len(ex.Spans) > 0 {
				c.fail(at{d.file, ex.Line}, "take the { } out, or move it under hits", "%q: a near-miss with a marked passage", d.id)
			}
		}
		count[ex.Lang] = n
	}
	langs := d.langs()
	if !d.rule {
		langs = nil
		for i, l := range lint.Langs {
			for _, g := range d.groups {
				if len(g.patterns[i]) > 0 || g.learnt.text != "" && (len(g.langs) == 0 || slices.Contains(g.langs, l)) {
					langs = append(langs, l)
					break
				}
			}
		}
	}
	for _, l := range langs {
		if n := count[l]; n[0] == 0 || n[1] == 0 {
			c.fail(d.at, "write a passage it must hit and one it must let pass under examples", "%q lacks examples in %q: %d hits, %d passes", d.id, l, n[0], n[1])
		}
	}
}

// rules enters the rules into the pack.
func (c *compiler) rules() {
	for f, d := range c.defs {
		if d == nil || !d.rule {
			continue
		}
		method, err := methodOf(d)
		if err != nil {
			continue
		}
		kind, _ := program.ParseKind(d.kind)
		sev, _ := lint.ParseSeverity(d.severity)
		r := program.Rule{ID: d.id, Kind: kind, Method: method, Severity: uint8(sev), Fact: uint16(f),
			When: c.conds[f].when, Unless: c.conds[f].unless, Likely: uint16(d.likely), Message: text(d.message), Suggestion: text(d.suggestion)}
		for i, m := range d.minority {
			r.Minority[i] = uint16(c.facts[m])
		}
		for i, reason := range d.reasons {
			r.Reasons = append(r.Reasons, program.Reason{When: c.conds[f].reasons[i], Say: text(reason.say)})
		}
		for _, p := range d.params {
			r.Params = append(r.Params, program.Param{Name: p.Name, Value: p.Value})
		}
		for _, l := range d.langs() {
			for i, code := range lint.Langs {
				if l == code {
					r.Langs |= 1 << i
				}
			}
		}
		c.pack.Facts[f].Rule = int16(len(c.pack.Rules))
		c.pack.Rules = append(c.pack.Rules, r)
	}
}

// infos gives the documentation of rules and of signals: the latter with Kind
// "signal", so that their examples can be run too.
func (c *compiler) infos() []lint.RuleInfo {
	var infos []lint.RuleInfo
	for _, d := range c.defs {
		if d == nil {
			continue
		}
		info := lint.RuleInfo{ID: d.id, Kind: d.kind, Title: d.title, Why: d.why, Message: d.message, Suggestion: d.suggestion,
			Params: d.params, Examples: d.examples, File: d.file, Line: d.line}
		info.Severity, _ = lint.ParseSeverity(d.severity)
		if !d.rule {
			info.Kind = "signal"
			info.Why = lint.Localized{"en": d.doc}
		}
		infos = append(infos, info)
	}
	return infos
}

func encodeInfos(infos []lint.RuleInfo) (string, error) {
	b, err := json.Marshal(infos)
	return string(b), err
}

func decodeInfos(s string) []lint.RuleInfo {
	var infos []lint.RuleInfo
	if err := json.Unmarshal([]byte(s), &infos); err != nil {
		return nil
	}
	return infos
}
