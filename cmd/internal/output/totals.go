package output

import (
	"strings"

	"github.com/tacto-lint/tacto/lint"
)

// totals adds up a run for its summary.
type totals struct {
	results  int
	unread   int
	verdicts [3]int
	findings map[lint.Severity]int
	langs    map[string]int
}

func (t *totals) add(r Result) {
	t.results++
	if r.Err != nil {
		t.unread++
		return
	}
	if t.findings == nil {
		t.findings, t.langs = map[lint.Severity]int{}, map[string]int{}
	}
	t.verdicts[r.Report.Verdict]++
	t.langs[r.Report.Lang]++
	for _, f := range r.Report.Findings {
		t.findings[f.Severity]++
	}
}

// lang is the language of most of the emails.
func (t *totals) lang() string {
	if t.langs["es"] > t.langs["en"] {
		return "es"
	}
	return "en"
}

// summary gives two lines: the verdicts, and the findings.
func (t *totals) summary(w *words, style Style) string {
	var verdicts []string
	for _, v := range []lint.Verdict{lint.Send, lint.Revise, lint.Talk} {
		if n := t.verdicts[v]; n > 0 {
			verdicts = append(verdicts, style.verdict(v, plural(n, [2]string{w.short[v], w.short[v]})))
		}
	}
	if t.unread > 0 {
		verdicts = append(verdicts, style.Bad(plural(t.unread, w.unread)))
	}
	var found []string
	for _, s := range []lint.Severity{lint.Error, lint.Warning, lint.Suggestion} {
		if n := t.findings[s]; n > 0 {
			found = append(found, plural(n, w.counts[s]))
		}
	}
	if found == nil {
		found = []string{w.nothing}
	}
	return style.Bold(plural(t.results, w.emails)) + ": " + strings.Join(verdicts, ", ") +
		"\n" + strings.Join(found, ", ") + "\n"
}
