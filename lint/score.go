package lint

import (
	"fmt"
	"math"
)

// The arithmetic of the score. It starts at 100. A rule takes away its weight
// for its first finding, half of it for the second, a quarter for the third and
// so on: the tenth vague word tells the reader little that the third did not.
// The verdict then sets a ceiling, so that no score contradicts it.
const (
	startScore      = 100.0
	errorWeight     = 18.0
	warningWeight   = 8.0
	suggestWeight   = 2.0
	talkCeiling     = 40.0
	reviseCeiling   = 95.0
	furtherFraction = 0.5
)

func weight(s Severity) float64 {
	switch s {
	case Error:
		return errorWeight
	case Warning:
		return warningWeight
	}
	return suggestWeight
}

// score fills in the score, its steps and the verdict.
func (e *engine) score() {
	r := e.report
	total := startScore
	r.Steps = append(r.Steps[:0], ScoreStep{Label: "start", Points: startScore})
	for i := range e.l.set.pack.Rules {
		rule := &e.l.set.pack.Rules[i]
		n := 0
		for k := range r.Findings {
			if r.Findings[k].Rule == rule.ID {
				n++
			}
		}
		if n == 0 {
			continue
		}
		sev := e.l.severity[i]
		w := weight(sev)
		points := w * (1 - math.Pow(furtherFraction, float64(n))) / (1 - furtherFraction)
		points = math.Round(points*10) / 10
		step := ScoreStep{Label: rule.ID, Count: n, Points: -points, Note: fmt.Sprintf("%s %g", sev, w)}
		if n > 1 {
			step.Note += fmt.Sprintf(" × %d, each further one half", n)
		}
		r.Steps = append(r.Steps, step)
		total -= points
		if sev > Suggestion && r.Verdict == Send {
			r.Verdict = Revise
		}
	}
	ceiling := startScore
	switch r.Verdict {
	case Talk:
		ceiling = talkCeiling
	case Revise:
		ceiling = reviseCeiling
	}
	if total > ceiling {
		r.Steps = append(r.Steps, ScoreStep{Label: r.Verdict.String(), Points: ceiling - total, Note: fmt.Sprintf("verdict %s: at most %g", r.Verdict, ceiling)})
		total = ceiling
	}
	if total < 0 {
		r.Steps = append(r.Steps, ScoreStep{Label: "floor", Points: -total, Note: "never below 0"})
		total = 0
	}
	r.Score = int(math.Round(total))
}
