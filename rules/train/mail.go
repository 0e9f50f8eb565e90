package main

import (
	"errors"
	"math"
	"slices"
	"sync"

	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/lint/program"
	"github.com/tacto-lint/tacto/rules"
	"github.com/tacto-lint/tacto/rules/corpus"
)

// mailClasses are the rules that the mail model judges: those on an email as a
// whole, and the bare refusal, which is none where another way is offered anywhere.
var mailClasses = []string{"missing-next-step", "missing-status", "talk-first", "bare-refusal"}

// maxFolds is into how many parts the emails are divided, a file whole in one:
// its writer must not be known to the model that is measured on it.
const maxFolds = 5

func (t *trainer) fold(file string) int { return slices.Index(t.files, file) % maxFolds }

// folds measures each email with models that were trained without its part: what
// a model makes of an email it has learnt from says little.
func (t *trainer) folds() error {
	t.models = make([]*sentenceModel, min(maxFolds, len(t.files)))
	t.each(func(f int) error {
		t.models[f] = trainSentences(without(t.samples, func(s sample) bool { return s.email && t.fold(s.file) == f }))
		return nil
	})
	t.stretch, t.shift = calibrate(t.scores())
	return t.each(func(f int) error {
		m := t.models[f]
		m.stretch, m.shift = t.stretch, t.shift
		set, err := t.ruleSet(&program.Models{Sentences: *t.finished(m)})
		if err != nil {
			return err
		}
		l, err := lint.New(set, lint.Settings{})
		if err != nil {
			return err
		}
		for i := range t.mails {
			if t.fold(t.mails[i].file) == f {
				t.mails[i].inputs = l.Measure(t.mails[i].Message, t.inputs)
			}
		}
		return nil
	})
}

// each does something for all folds at once; the error joins theirs.
func (t *trainer) each(do func(fold int) error) error {
	errs := make([]error, len(t.models))
	var wait sync.WaitGroup
	for f := range t.models {
		wait.Go(func() { errs[f] = do(f) })
	}
	wait.Wait()
	return errors.Join(errs...)
}

// scores gives, a class each, what models that have not seen a sentence think of
// it: of those in emails, where all classes are marked.
func (t *trainer) scores() [][]scored {
	byClass := make([][]scored, len(classes))
	z := make([]float64, len(classes))
	for _, s := range t.samples {
		if !s.email {
			continue
		}
		t.models[t.fold(s.file)].logits(s.hashes, z)
		for c := range z {
			if s.is[c] != 0 {
				byClass[c] = append(byClass[c], scored{z[c], s.is[c] > 0})
			}
		}
	}
	return byClass
}

// foldMail trains, for each fold, a mail model that has not seen its emails.
func (t *trainer) foldMail() {
	t.mailModels = make([]*program.MailModel, len(t.models))
	for f := range t.mailModels {
		t.mailModels[f] = trainMail(without(t.mails, func(m mailSample) bool { return t.fold(m.file) == f }), t.inputs)
	}
}

// ruleSet compiles the rules with models. A mail model without weights stands
// in where there is none yet.
func (t *trainer) ruleSet(m *program.Models) (*lint.RuleSet, error) {
	if len(m.Mail.Classes) == 0 {
		m.Mail = program.MailModel{Classes: mailClasses, Inputs: t.inputs, Bias: make([]float32, len(mailClasses)),
			Weights: make([]float32, len(mailClasses)*len(t.inputs))}
	}
	data, err := rules.Encode(string(m.Encode()), t.sources...)
	if err != nil {
		return nil, err
	}
	return rules.Decode(string(data))
}

// mailFacts are the signals and rules that say something of an email as a whole,
// quotedFacts those that are looked for in the client's words. Others would only
// be what the few hundred emails happen to have in common.
var (
	mailFacts = []string{"conversation", "invitation", "incident", "solved", "cause", "status", "bad-delay", "bad-cost", "bad-loss",
		"bad-end", "bad-stop", "disagreement", "pending", "step", "complete-step", "received", "thanks-only", "date", "commitment",
		"request", "small-request", "reason", "refusal", "alternative", "agreed", "change", "apology", "vague-when", "hedged",
		"know-when", "tone-own-fault", "jargon", "phrase-stock-phrase", "phrase-unannounced-change", "phrase-blame-reader",
		"phrase-blame-others", "phrase-dismissive", "phrase-condescending", "phrase-overpromise", "phrase-non-apology",
		"phrase-over-apology", "phrase-unexplained-request"}
	quotedFacts = []string{"anger", "incident", "question", "request"}
)

// candidates are the inputs a mail model can have.
func candidates() []program.Input {
	var in []program.Input
	for _, c := range classes {
		in = append(in, program.Input{Op: program.InputPeak, Name: c}, program.Input{Op: program.InputSum, Name: c})
	}
	for _, f := range mailFacts {
		in = append(in, program.Input{Op: program.InputFact, Name: f})
	}
	for _, f := range quotedFacts {
		in = append(in, program.Input{Op: program.InputQuoted, Name: f})
	}
	return append(in, program.Input{Op: program.InputFlag, Name: "reply"}, program.Input{Op: program.InputWords})
}

const (
	mailEpochs = 400
	mailStep   = 0.05
	// mailPenalty is for the sum over all emails: with a few hundred of them
	// and as many inputs, weights must be kept small.
	mailPenalty = 3
	// minMails is in how many emails an input must be something.
	minMails = 8
)

// trainMail fits one logistic regression a class, by gradient descent over all
// emails with AdaGrad's step sizes and a quadratic penalty.
func trainMail(mails []mailSample, inputs []program.Input) *program.MailModel {
	var used []int
	for i := range inputs {
		n := 0
		for _, m := range mails {
			if m.inputs[i] > 0.02 {
				n++
			}
		}
		if n >= minMails {
			used = append(used, i)
		}
	}
	out := &program.MailModel{Classes: mailClasses}
	for _, i := range used {
		out.Inputs = append(out.Inputs, inputs[i])
	}
	for _, class := range mailClasses {
		w := make([]float64, len(used)+1) // the last is the bias
		sum := make([]float64, len(w))
		for range mailEpochs {
			grad := make([]float64, len(w))
			for _, m := range mails {
				if m.leaveOut(class) {
					continue
				}
				z := w[len(used)]
				for k, i := range used {
					z += w[k] * m.inputs[i]
				}
				g := 1 / (1 + math.Exp(-z))
				if breaks(m, class) {
					g--
				}
				for k, i := range used {
					grad[k] += g * m.inputs[i]
				}
				grad[len(used)] += g
			}
			for k := range w {
				if k < len(used) {
					grad[k] += mailPenalty * w[k]
				}
				sum[k] += grad[k] * grad[k]
				w[k] -= mailStep * grad[k] / (math.Sqrt(sum[k]) + 1e-9) * 4
			}
		}
		out.Bias = append(out.Bias, float32(w[len(used)]))
		for k := range used {
			out.Weights = append(out.Weights, float32(w[k]))
		}
	}
	return out
}

// breaks says whether an email is labelled as breaking a rule.
func breaks(m mailSample, rule string) bool {
	for _, f := range m.Findings {
		if f.Rule == rule {
			return true
		}
	}
	return false
}

// leaveOut says whether an email tells nothing of a class: where readers differ,
// and, for talk-first, where a conversation has taken place, since then nobody
// said whether there was a ground for one. Rules ask for conversations apart.
func (m *mailSample) leaveOut(class string) bool {
	talked := func(k corpus.Mark) bool { return k.Name == "+talked" }
	return slices.Contains(m.Disputed, class) || class == "talk-first" && slices.ContainsFunc(m.Marks, talked)
}

// marks counts the passages marked with a name.
func (m *mailSample) marks(name string) int {
	n := 0
	for _, k := range m.Marks {
		if k.Name == name {
			n++
		}
	}
	return n
}
