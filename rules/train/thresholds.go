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

// thresholds helps to choose what a rule may rest on: for each, what it finds in
// emails that the models have not seen where the words of the fault, or a sentence
// over a likelihood of its class, count in an email over a likelihood of its own.
func (t *trainer) thresholds(w io.Writer) {
	fmt.Fprintf(w, "%-20s %5s  %-18s  %-18s  %s\n", "rule", "n", "words: P, R, F1", "class at 0.5", "sentence from, email from: P, R, F1")
	for _, rule := range slices.Concat(without(mailClasses, func(c string) bool { return slices.Contains(faults, c) }), faults) {
		email := func(int) float64 { return 1 }
		if c := slices.Index(mailClasses, rule); c >= 0 {
			likely := t.mailLikelihoods(c)
			email = func(i int) float64 { return likely[i] }
		}
		if !slices.Contains(faults, rule) {
			t.grid(w, rule, func(i int) (float64, float64, bool) { return 1, email(i), false })
			continue
		}
		peak, words := t.input(program.InputPeak, rule), t.words(rule)
		t.grid(w, rule, func(i int) (float64, float64, bool) { return peaked(t.mails[i].inputs[peak]), email(i), words[i] })
	}
}

// mailLikelihoods gives what a model that has not seen an email thinks of it; where a
// conversation has taken place talk-first is none.
func (t *trainer) mailLikelihoods(class int) []float64 {
	talked, conversation := t.input(program.InputPeak, "talked"), t.input(program.InputFact, "conversation")
	out := make([]float64, len(t.mails))
	for i, m := range t.mails {
		if mailClasses[class] == "talk-first" && (peaked(m.inputs[talked]) > 0.6 || m.inputs[conversation] > 0) {
			continue
		}
		model := t.mailModels[t.fold(m.file)]
		z := float64(model.Bias[class])
		for k, in := range model.Inputs {
			z += m.inputs[t.input(in.Op, in.Name)] * float64(model.Weights[class*len(model.Inputs)+k])
		}
		out[i] = 1 / (1 + math.Exp(-z))
	}
	return out
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

// grid tries likelihoods for one rule: of a sentence, and of the email.
func (t *trainer) grid(w io.Writer, rule string, of func(i int) (sentence, email float64, words bool)) {
	sentence, email, words := make([]float64, len(t.mails)), make([]float64, len(t.mails)), make([]bool, len(t.mails))
	for i := range sentence {
		sentence[i], email[i], words[i] = of(i)
	}
	try := func(found func(i int) bool) corpus.Count {
		var count corpus.Count
		for i, m := range t.mails {
			is, x := breaks(m, rule), found(i)
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
		return count
	}
	by := try(func(i int) bool { return words[i] })
	alone := try(func(i int) bool { return sentence[i] >= 0.5 })
	fmt.Fprintf(w, "%-20s %5d  %.2f %.2f %.2f      %.2f %.2f %.2f    ", rule, by.Labelled, by.Precision(), by.Recall(), by.F1(),
		alone.Precision(), alone.Recall(), alone.F1())
	for _, least := range []float64{0.85, 0.9, 0.95} {
		best := [5]float64{}
		for _, over := range []float64{0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9} {
			for sure := 0.0; sure < 1; sure += 0.05 {
				c := try(func(i int) bool { return (words[i] || sentence[i] >= over) && email[i] >= sure })
				if c.Precision() >= least && c.F1() > best[4]+0.001 {
					best = [5]float64{over, sure, c.Precision(), c.Recall(), c.F1()}
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
