package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/lint/program"
	"github.com/tacto-lint/tacto/rules/corpus"
)

// scored is what a model that has not seen a thing thinks of it.
type scored struct {
	logit float64
	is    bool
}

// measure says how well each class is found in emails that were left out, and
// what the rules then make of them.
func (t *trainer) measure(w io.Writer, errors string) error {
	byClass := t.scores()
	byMail := make([][]scored, len(mailClasses))
	total := corpus.New()
	parts := map[string]*corpus.Measure{}
	linters := make([]*lint.Linter, len(t.models))
	counted := map[string]bool{}
	err := t.each(func(f int) error {
		set, err := t.ruleSet(&program.Models{Sentences: *t.finished(t.models[f]), Mail: *t.mailModels[f]})
		if err == nil {
			linters[f], err = lint.New(set, lint.Settings{})
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, r := range linters[0].RuleSet().Rules() {
		counted[r.ID] = r.Kind != "advice"
	}
	for _, e := range t.mails {
		l := linters[t.fold(e.file)]
		for c, class := range mailClasses {
			if e.leaveOut(class) {
				continue
			}
			byMail[c] = append(byMail[c], scored{lint.Logit(l.Likelihood(e.Message, class)), breaks(e, class)})
		}
		r := l.Lint(e.Message)
		if parts[e.file] == nil {
			parts[e.file] = corpus.New()
		}
		parts[e.file].Add(e.Label, r, counted)
		total.Add(e.Label, r, counted)
	}
	for _, f := range t.files {
		fmt.Fprintf(w, "%s: ", f)
		summary(w, parts[f])
	}
	t.print(w, byClass, byMail, total, errors)
	return nil
}

// print writes the tables: classes, rules, and the emails on which a rule errs.
func (t *trainer) print(w io.Writer, byClass, byMail [][]scored, total *corpus.Measure, errors string) {
	fmt.Fprintf(w, "\n%-20s %5s   %-18s   %-12s %-24s\n", "class", "n", "at 0.5: P, R, F1", "average P", "P>=0.9 from, recall")
	for c, class := range classes {
		row(w, class, byClass[c])
	}
	for c, class := range mailClasses {
		row(w, "mail:"+class, byMail[c])
	}
	fmt.Fprintf(w, "\n%-20s %8s %6s %7s %5s %5s %5s\n", "rule", "labelled", "found", "correct", "P", "R", "F1")
	var ids []string
	for id := range total.Rules {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		n := total.Rules[id]
		fmt.Fprintf(w, "%-20s %8d %6d %7d %5.2f %5.2f %5.2f\n", id, n.Labelled, n.Found, n.Correct, n.Precision(), n.Recall(), n.F1())
	}
	summary(w, total)
	for _, e := range total.Errors {
		if e.Rule == errors || errors == "all" {
			fmt.Fprintf(w, "%s %s missed=%v want %q got %q\n", e.File, e.Rule, e.Missed, e.Want, e.Got)
		}
	}
}

func summary(w io.Writer, m *corpus.Measure) {
	right, all := m.VerdictAccuracy()
	alarms, good := m.Alarms()
	fmt.Fprintf(w, "%d emails: P %.2f R %.2f F1 %.2f, verdict right %d of %d, good emails judged otherwise %d of %d\n", m.Emails,
		m.Micro.Precision(), m.Micro.Recall(), m.Micro.F1(), right, all, alarms, good)
}

func row(w io.Writer, class string, list []scored) {
	slices.SortStableFunc(list, func(a, b scored) int { return cmp.Compare(b.logit, a.logit) })
	n := 0
	for _, s := range list {
		if s.is {
			n++
		}
	}
	found, correct, half := 0, 0, [2]int{}
	average, from, recall := 0.0, math.Inf(1), 0.0
	for _, s := range list {
		found++
		if s.is {
			correct++
			average += float64(correct) / float64(found)
		}
		if s.logit > 0 {
			half = [2]int{found, correct}
		}
		if float64(correct) >= 0.9*float64(found) && s.is {
			from, recall = s.logit, float64(correct)/float64(max(n, 1))
		}
	}
	p, r := ratio(half[1], half[0]), ratio(half[1], n)
	fmt.Fprintf(w, "%-20s %5d   %.2f %.2f %.2f       %.2f         %.2f  %.2f\n", class, n, p, r, 2*p*r/math.Max(p+r, 1e-9),
		average/float64(max(n, 1)), 1/(1+math.Exp(-from)), recall)
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}
