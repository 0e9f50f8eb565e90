package main

import (
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/lint/program"
	"github.com/tacto-lint/tacto/rules/corpus"
)

// thresholds helps to choose from which likelihood on a rule may rest on its
// learnt class, and below which the words of a said rule are not to be trusted:
// for each rule, what the two find together in emails that the model has not seen.
func (t *trainer) thresholds(w io.Writer) {
	fmt.Fprintf(w, "%-20s %5s  %-22s  %s\n", "rule", "n", "words: P, R, F1", "learnt from, words from: P, R, F1 together")
	for _, rule := range faults {
		peak, words := t.input(program.InputPeak, rule), t.words(rule)
		t.grid(w, rule, func(i int) (float64, bool) { return peaked(t.mails[i].inputs[peak]), words[i] })
	}
	talked, conversation := t.input(program.InputPeak, "talked"), t.input(program.InputFact, "conversation")
	for c, rule := range mailClasses {
		t.grid(w, rule, func(i int) (float64, bool) {
			m := t.mails[i]
			if rule == "talk-first" && (peaked(m.inputs[talked]) > 0.6 || m.inputs[conversation] > 0) {
				return 0, false
			}
			model := t.mailModels[t.fold(m.file)]
			z := float64(model.Bias[c])
			for k, in := range model.Inputs {
				z += m.inputs[t.input(in.Op, in.Name)] * float64(model.Weights[c*len(model.Inputs)+k])
			}
			return 1 / (1 + math.Exp(-z)), false
		})
	}
}

// words says of each email whether the signal that holds the words of a fault is
// found in it.
func (t *trainer) words(rule string) []bool {
	found := make([]bool, len(t.mails))
	for i, m := range t.mails {
		for _, lang := range lint.Langs {
			found[i] = found[i] || m.Lang == lang && len(t.linters[lang].Signal(m.Message, phrases[rule])) > 0
		}
	}
	return found
}

// input gives the index of an input.
func (t *trainer) input(op program.InputOp, name string) int {
	return slices.IndexFunc(t.inputs, func(in program.Input) bool { return in.Op == op && in.Name == name })
}

// phrases are the signals that hold the words of faults.
var phrases = map[string]string{"stock-phrase": "phrase-stock-phrase", "vague-time": "vague-when", "blame-reader": "phrase-blame-reader",
	"blame-others": "phrase-blame-others", "dismissive": "phrase-dismissive", "condescending": "phrase-condescending",
	"overpromise": "phrase-overpromise", "weak-commitment": "hedged", "bare-refusal": "refusal", "non-apology": "phrase-non-apology",
	"over-apology": "phrase-over-apology", "unannounced-change": "phrase-unannounced-change", "unexplained-request": "phrase-unexplained-request"}

// grid tries likelihoods for one rule: from which on the learnt class alone is a
// ground, and from which on its words, where found, are one.
func (t *trainer) grid(w io.Writer, rule string, of func(i int) (likelihood float64, words bool)) {
	p, words := make([]float64, len(t.mails)), make([]bool, len(t.mails))
	for i := range p {
		p[i], words[i] = of(i)
	}
	try := func(over, trust float64) (n, precision, recall, f1 float64) {
		var count corpus.Count
		for i, m := range t.mails {
			is, x := breaks(m, rule), p[i] >= over || words[i] && p[i] >= trust
			if is {
				count.Labelled++
			}
			if x {
				count.Found++
			}
			if is && x {
				count.Correct++
			}
		}
		return float64(count.Labelled), count.Precision(), count.Recall(), count.F1()
	}
	n, precision, recall, f1 := try(2, 0)
	fmt.Fprintf(w, "%-20s %5.0f  %.2f %.2f %.2f       ", rule, n, precision, recall, f1)
	for _, least := range []float64{0.85, 0.9, 0.95} {
		best := [5]float64{}
		for over := 0.2; over < 1; over += 0.05 {
			for _, trust := range []float64{0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5} {
				if _, p, r, f1 := try(over, trust); trust <= over && p >= least && f1 > best[4]+0.001 {
					best = [5]float64{over, trust, p, r, f1}
				}
			}
		}
		fmt.Fprintf(w, "  %.2f %.2f: %.2f %.2f %.2f", best[0], best[1], best[2], best[3], best[4])
	}
	fmt.Fprintln(w)
}

// mute is a model by which no sentence is of any class.
func (t *trainer) mute() *program.Model {
	m := t.finished(trainSentences(nil))
	for c := range m.Bias {
		m.Bias[c] = -100
	}
	return m
}

// finished gives a model as the rules use it.
func (t *trainer) finished(m *sentenceModel) *program.Model {
	out := m.model()
	out.Facts, out.Of = t.facts, make([]uint16, len(t.facts))
	for c, class := range classes {
		out.Client[c] = slices.Contains(quotedClasses, class)
	}
	return out
}

// peaked gives the likelihood that an InputPeak stands for.
func peaked(x float64) float64 { return 1 / (1 + math.Exp(-program.PeakFloor*(x-1))) }
