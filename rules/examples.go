package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tacto-lint/tacto/lint"
)

// A Failure is an example that a rule does not live up to.
type Failure struct {
	Rule    string
	Example lint.Example
	File    string
	Problem string // "not hit", "marked «…» instead", "should pass, but «…» is marked"
}

// Check runs the examples inside the given rules and signals (all of the set
// when none are named) and returns the ones that fail, and how many were run.
func Check(set *lint.RuleSet, only ...string) (failures []Failure, run int) {
	for _, info := range set.Infos() {
		if len(only) > 0 && !slices.Contains(only, info.ID) {
			continue
		}
		for _, ex := range info.Examples {
			run++
			if problem := checkExample(set, info, ex); problem != "" {
				failures = append(failures, Failure{info.ID, ex, info.File, problem})
			}
		}
	}
	return failures, run
}

// Message gives the message that an example stands for: the text is the
// author's, the quoted text what the client wrote.
func Message(ex lint.Example) *lint.Message {
	m := lint.PlainMessage(ex.Text)
	m.Subject = lint.Source{Text: ex.Subject, Base: lint.Position{Line: 1, Column: 1}}
	m.HasHeaders = ex.Subject != ""
	m.SubjectOwn = ex.Subject != "" && !strings.HasPrefix(strings.ToLower(ex.Subject), "re:")
	m.Attachments, m.Date = ex.Attachments, ex.Date
	if ex.Quoted != "" {
		m.Reply = true
		m.Body.Text = ex.Text + "\n\n" + ex.Quoted
		m.Segments = append(m.Segments, lint.Segment{Kind: lint.SegmentQuote, Span: lint.Span{Start: len(ex.Text), End: len(m.Body.Text)}})
	}
	return m
}

// Context says, in a line, what goes with an example's text: the subject, the
// date, attachments, what the client wrote; "" if nothing does.
func Context(ex lint.Example) string {
	var parts []string
	if ex.Subject != "" {
		parts = append(parts, "Subject: "+ex.Subject)
	}
	if !ex.Date.IsZero() {
		parts = append(parts, ex.Date.Format("Monday 15:04"))
	}
	if len(ex.Attachments) > 0 {
		parts = append(parts, "attached: "+strings.Join(ex.Attachments, ", "))
	}
	if ex.Quoted != "" {
		parts = append(parts, "in answer to: "+strings.Join(strings.Fields(ex.Quoted), " "))
	}
	return strings.Join(parts, "; ")
}

// checkExample says what is wrong, "" if nothing is.
func checkExample(set *lint.RuleSet, info lint.RuleInfo, ex lint.Example) string {
	l, err := lint.New(set, lint.Settings{Lang: ex.Lang})
	if err != nil {
		return err.Error()
	}
	var got []lint.Span
	whole := false
	if info.Kind == "signal" {
		got = l.Signal(Message(ex), info.ID)
	} else {
		for _, f := range l.Lint(Message(ex)).Findings {
			switch {
			case f.Rule != info.ID:
			case f.Part == lint.PartBody:
				got = append(got, f.Span)
			default:
				whole = true
			}
		}
	}
	return compareSpans(ex, got, whole, info.Kind == "signal")
}

// compareSpans holds what was found against an example. A rule must mark just
// the passage; of a signal it is enough that it is found there.
func compareSpans(ex lint.Example, got []lint.Span, whole, signal bool) string {
	quote := func(spans []lint.Span) string {
		var parts []string
		for _, s := range spans {
			parts = append(parts, "«"+ex.Text[min(s.Start, len(ex.Text)):min(s.End, len(ex.Text))]+"»")
		}
		if whole {
			parts = append(parts, "the email")
		}
		return strings.Join(parts, ", ")
	}
	fired := whole || len(got) > 0
	switch {
	case !ex.Hit && fired:
		return fmt.Sprintf("should pass, but %s is marked", quote(got))
	case ex.Hit && !fired:
		return "not hit"
	case ex.Hit && signal && touchesAll(ex.Spans, got):
		return ""
	case ex.Hit && len(ex.Spans) > 0 && !slices.Equal(ex.Spans, got):
		return fmt.Sprintf("marked %s instead", quote(got))
	}
	return ""
}

// touchesAll says whether each marked passage is touched by one that was found.
func touchesAll(marked, found []lint.Span) bool {
	for _, m := range marked {
		if !slices.ContainsFunc(found, func(f lint.Span) bool { return f.Start < m.End && m.Start < f.End }) {
			return false
		}
	}
	return true
}
