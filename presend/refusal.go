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

// maxShown is how many findings a refusal names: it is read in a pager of some
// twenty lines, by someone in a hurry.
const maxShown = 4

// Refusal says why a message is held, and what to write instead, in the email's
// language or, where lang is not "", in that: the verdict, its reasons, the
// gravest findings, and how to get through where the policy has a way.
func (p *Policy) Refusal(r *lint.Report, lang string) []Line {
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
	var shown []lint.Finding
	for _, f := range r.Findings {
		switch {
		case f.Rule == "talk-first": // the heading has said it
			if f.Suggestion != "" {
				lines = append(lines, Line{"→", f.Suggestion})
			}
		case f.Severity > lint.Suggestion || p.FailOn == "suggestion":
			shown = append(shown, f)
		}
	}
	slices.SortStableFunc(shown, func(a, b lint.Finding) int { return cmp.Compare(b.Severity, a.Severity) })
	for i, f := range shown {
		if i == maxShown {
			lines = append(lines, Line{"", fmt.Sprintf(say.more, len(shown)-maxShown)})
			break
		}
		where := "•"
		switch f.Part {
		case lint.PartBody:
			where = fmt.Sprintf(say.line, f.Start.Line)
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

// phrases are the words of a refusal in one language.
type phrases struct {
	talk, revise, more, line, subject, again, header string
}

var (
	english = phrases{
		talk:   "not sent: talk first, then send it as the summary of that talk.",
		revise: "not sent: revise it first.",
		more:   "and %d more: tacto lint shows all.",
		line:   "line %d:", subject: "subject:",
		again:  "To send it as it is: send it again within the hour, or add the header " + OverrideHeader + ": your reason",
		header: "To send it as it is, add the header " + OverrideHeader + ": your reason",
	}
	spanish = phrases{
		talk:   "no enviado: háblelo antes y mándelo después como resumen de esa conversación.",
		revise: "no enviado: conviene revisarlo antes.",
		more:   "y %d más: tacto lint las muestra todas.",
		line:   "línea %d:", subject: "asunto:",
		again:  "Para enviarlo tal cual: envíelo otra vez antes de una hora, o añada la cabecera " + OverrideHeader + ": su motivo",
		header: "Para enviarlo tal cual, añada la cabecera " + OverrideHeader + ": su motivo",
	}
)
