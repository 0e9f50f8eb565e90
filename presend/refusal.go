package presend

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tacto-lint/tacto/lint"
)

// A Line of a refusal. Those of findings are in two parts: what the client will
// hear, and what to write instead.
type Line struct {
	// Mark is what the line begins with: "" for a heading, "•", "→", or where the
	// passage stands.
	Mark, Text string
}

// More is the mark of the line that says how many findings are not named.
const More = "…"

// Refusal says why a message is held, and what to write instead, in the email's
// language or, where lang is not "", in that: the verdict, its reasons, at most so
// many findings, the gravest first, and how to get through where the policy has a
// way. Lines are counted in the body, as its author sees it.
func (p *Policy) Refusal(d *Decision, lang string, most int) []Line {
	r := d.Report
	if lang == "" {
		lang = r.Lang
	}
	say := english
	if lang == "es" {
		say = spanish
	}
	head := say.revise
	if r.Verdict == lint.Talk {
		head = say.talk
	}
	lines := []Line{{"", head}}
	for _, reason := range r.Reasons {
		lines = append(lines, Line{"•", reason})
	}
	for _, f := range r.Findings {
		if f.Rule == "talk-first" && f.Suggestion != "" { // the heading has said the rest
			lines = append(lines, Line{"→", f.Suggestion})
		}
	}
	shown := p.gravest(r)
	for i, f := range shown {
		if i == most {
			lines = append(lines, Line{More, fmt.Sprintf(say.more, len(shown)-most)})
			break
		}
		where := "•"
		switch f.Part {
		case lint.PartBody:
			where = fmt.Sprintf(say.line, f.Start.Line-d.Message.Body.Base.Line+1)
		case lint.PartSubject:
			where = say.subject
		}
		lines = append(lines, Line{where, f.Message})
		if f.Suggestion != "" {
			lines = append(lines, Line{"→", f.Suggestion})
		}
	}
	switch p.Override {
	case Never:
	case Header:
		lines = append(lines, Line{"", say.header})
	default:
		lines = append(lines, Line{"", say.again})
	}
	return lines
}

// gravest gives the findings to name, errors first; of several on the same words the
// first.
func (p *Policy) gravest(r *lint.Report) []lint.Finding {
	var shown []lint.Finding
	for _, f := range r.Findings {
		if f.Rule != "talk-first" && (f.Severity > lint.Suggestion || p.FailOn == "suggestion") {
			shown = append(shown, f)
		}
	}
	slices.SortStableFunc(shown, func(a, b lint.Finding) int { return cmp.Compare(b.Severity, a.Severity) })
	var out []lint.Finding
	for _, f := range shown {
		same := func(o lint.Finding) bool {
			return f.Part != lint.PartWhole && f.Part == o.Part && f.Span.Start < o.Span.End && o.Span.Start < f.Span.End
		}
		if !slices.ContainsFunc(out, same) {
			out = append(out, f)
		}
	}
	return out
}

// phrases are the words of a refusal in one language.
type phrases struct {
	talk, revise, more, line, subject, again, header string
}

var (
	english = phrases{
		talk:   "not sent: talk first, then send it as the summary of that talk.",
		revise: "not sent: revise it first.",
		more:   "and %d more",
		line:   "line %d:", subject: "subject:",
		again:  "To send it as it is: send it again within the hour, or with the header " + OverrideHeader + ": reason",
		header: "To send it as it is, add the header " + OverrideHeader + ": your reason",
	}
	spanish = phrases{
		talk:   "no enviado: háblelo antes y mándelo después como resumen de esa conversación.",
		revise: "no enviado: conviene revisarlo antes.",
		more:   "y %d más",
		line:   "línea %d:", subject: "asunto:",
		again:  "Para enviarlo tal cual: otra vez antes de una hora, o con la cabecera " + OverrideHeader + ": motivo",
		header: "Para enviarlo tal cual, añada la cabecera " + OverrideHeader + ": su motivo",
	}
)
