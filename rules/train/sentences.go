package main

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/lint/program"
)

// Training: one logistic regression a class over the same features, by
// stochastic gradient descent with AdaGrad's step sizes (Duchi, Hazan, Singer
// 2011) and a quadratic penalty.
const (
	epochs  = 16
	pruned  = 8
	step    = 0.35
	penalty = 3e-3
	// emailWeight is how much a sentence in an email counts beside one in a list.
	emailWeight = 3
	// minSeen is in how many sentences a feature must stand: one seen once
	// tells that sentence and nothing else.
	minSeen = 3
	// maxWeights bounds the model's size: of each class, those are kept that
	// weigh most.
	maxWeights = 8000
)

type sentenceModel struct {
	kept    []uint32       // hashes of the features, in order
	row     map[uint32]int // index in kept
	weights []float32      // by row and class
	bias    []float32
	out     []bool // weights that were left out
	// listBias is added for sentences from lists: of those, more are of the
	// class than of the sentences in emails.
	listBias []float32
	// stretch and shift make of a logit one that is true to life: see calibrate.
	stretch, shift []float64
}

func (m *sentenceModel) logits(hashes []uint32, out []float64) {
	for c := range out {
		out[c] = 0
	}
	for _, h := range hashes {
		if r, ok := m.row[h]; ok {
			w := m.weights[r*len(classes) : (r+1)*len(classes)]
			for c := range out {
				out[c] += float64(w[c])
			}
		}
	}
	norm := float64(lint.Norm(len(hashes)))
	for c := range out {
		out[c] = (out[c]*norm+float64(m.bias[c]))*m.stretch[c] + m.shift[c]
	}
}

func trainSentences(samples []sample) *sentenceModel {
	m := newModel(samples)
	d := &descent{m: m, samples: samples, grad: make([]float32, len(m.weights)), biasGrad: make([]float32, len(classes)),
		rnd: rand.New(rand.NewPCG(1, 2))}
	for range epochs {
		d.epoch()
	}
	// What is left learns to do without what was left out.
	if m.prune() {
		for range pruned {
			d.epoch()
		}
	}
	return m
}

// descent is the state of stochastic gradient descent.
type descent struct {
	m              *sentenceModel
	samples        []sample
	grad, biasGrad []float32
	order          []int
	rnd            *rand.Rand
}

// epoch goes over all samples once, in a new order.
func (d *descent) epoch() {
	m, n := d.m, len(classes)
	for i := len(d.order); i < len(d.samples); i++ {
		d.order = append(d.order, i)
	}
	d.rnd.Shuffle(len(d.order), func(i, j int) { d.order[i], d.order[j] = d.order[j], d.order[i] })
	z := make([]float64, n)
	slope := make([]float32, n)
	for _, i := range d.order {
		s := &d.samples[i]
		m.logits(s.hashes, z)
		for c := range z {
			if !s.email {
				z[c] += float64(m.listBias[c])
			}
			p := 1 / (1 + math.Exp(-z[c]))
			slope[c] = 0
			switch s.is[c] {
			case 1:
				slope[c] = float32(p - 1)
			case -1:
				slope[c] = float32(p)
			}
			if slope[c] != 0 {
				if s.email {
					slope[c] *= emailWeight
				}
				d.biasGrad[c] += slope[c] * slope[c]
				by := step * slope[c] / float32(math.Sqrt(float64(d.biasGrad[c]))+1e-6)
				if m.bias[c] -= by; !s.email {
					m.listBias[c] -= by
				}
			}
		}
		norm := lint.Norm(len(s.hashes))
		for _, h := range s.hashes {
			r, ok := m.row[h]
			if !ok {
				continue
			}
			for c := range slope {
				k := r*n + c
				if slope[c] == 0 || m.out != nil && m.out[k] {
					continue
				}
				g := slope[c]*norm + penalty*m.weights[k]
				d.grad[k] += g * g
				m.weights[k] -= step * g / (float32(math.Sqrt(float64(d.grad[k]))) + 1e-4)
			}
		}
	}
}

// prune leaves out the weights of each class that weigh least, if they are too
// many.
func (m *sentenceModel) prune() bool {
	n := len(classes)
	if len(m.kept) <= maxWeights {
		return false
	}
	m.out = make([]bool, len(m.weights))
	column := make([]float32, len(m.kept))
	for c := range n {
		for r := range column {
			column[r] = max(m.weights[r*n+c], -m.weights[r*n+c])
		}
		slices.Sort(column)
		least := column[len(column)-maxWeights]
		for r := range column {
			if w := m.weights[r*n+c]; max(w, -w) < least {
				m.weights[r*n+c], m.out[r*n+c] = 0, true
			}
		}
	}
	return true
}

func newModel(samples []sample) *sentenceModel {
	seen := map[uint32]int{}
	for _, s := range samples {
		hs := slices.Clone(s.hashes)
		slices.Sort(hs)
		for _, h := range slices.Compact(hs) {
			seen[h]++
		}
	}
	m := &sentenceModel{row: map[uint32]int{}, bias: make([]float32, len(classes)),
		listBias: make([]float32, len(classes)), stretch: make([]float64, len(classes)), shift: make([]float64, len(classes))}
	for c := range m.stretch {
		m.stretch[c] = 1
	}
	for h, k := range seen {
		if k >= minSeen && h != 0 {
			m.kept = append(m.kept, h)
		}
	}
	slices.Sort(m.kept)
	for i, h := range m.kept {
		m.row[h] = i
	}
	m.weights = make([]float32, len(m.kept)*len(classes))
	return m
}

// calibrate fits, a class each, the line that turns the logits of sentences which
// a model has not seen into those of how often they really are of the class
// (Platt 1999). The penalty keeps weights, and so logits, too near to nothing.
func calibrate(byClass [][]scored) (stretch, shift []float64) {
	for _, list := range byClass {
		a, b := 1.0, 0.0
		var sumA, sumB float64
		for range 300 {
			gradA, gradB := 0.1*(a-1), 0.01*b
			for _, s := range list {
				g := 1 / (1 + math.Exp(-a*s.logit-b))
				if s.is {
					g--
				}
				gradA += g * s.logit
				gradB += g
			}
			sumA += gradA * gradA
			sumB += gradB * gradB
			a -= 0.3 * gradA / (math.Sqrt(sumA) + 1e-9)
			b -= 0.3 * gradB / (math.Sqrt(sumB) + 1e-9)
		}
		stretch, shift = append(stretch, max(a, 0.1)), append(shift, b)
	}
	return stretch, shift
}

// model rounds the weights to a byte each, a scale a class, and leaves out the
// features that then say nothing.
func (m *sentenceModel) model() *program.Model {
	n := len(classes)
	scale := make([]float32, n)
	for k, w := range m.weights {
		scale[k%n] = max(scale[k%n], float32(math.Abs(float64(w)))/127)
	}
	var hashes []uint32
	var rows [][]int8
	for r, h := range m.kept {
		row := make([]int8, n)
		says := false
		for c := range row {
			if scale[c] > 0 {
				row[c] = int8(math.RoundToEven(float64(m.weights[r*n+c] / scale[c])))
			}
			says = says || row[c] != 0
		}
		if says {
			hashes = append(hashes, h)
			rows = append(rows, row)
		}
	}
	bias := make([]float32, n)
	for c := range bias {
		bias[c] = m.bias[c]*float32(m.stretch[c]) + float32(m.shift[c])
		scale[c] *= float32(m.stretch[c])
	}
	return program.NewModel(classes, bias, scale, hashes, rows)
}
