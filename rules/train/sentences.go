package main

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/lint/program"
)

// Training: one logistic regression a class over the same features, with a quadratic
// penalty, by dual coordinate descent (Yu, Huang, Lin: Dual coordinate descent methods
// for logistic regression and maximum entropy models, 2011). A feature weighs in by how
// seldom it is, its inverse document frequency squared: what tells a fault are seldom
// words, and the penalty would keep just theirs small.
const (
	epochs = 12
	pruned = 8 // once weights were left out
	cost   = 2
	// emailWeight is how much a sentence in an email counts beside one in a list.
	emailWeight = 6
	// minSeen is in how many sentences a feature must stand: one seen once
	// tells that sentence and nothing else.
	minSeen = 3
	// faultWeights and factWeights bound the model's size: of each class, those are
	// kept that weigh most. Faults are told by many seldom words.
	faultWeights, factWeights = 12000, 9200
)

type sentenceModel struct {
	kept    []uint32       // hashes of the features, in order
	row     map[uint32]int // index in kept
	weights []float32      // by row and class
	bias    []float32
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
	m, seen := newModel(samples)
	d := newDescent(m, samples, seen)
	for c := range classes {
		w := d.fit(c, nil, epochs)
		keep := factWeights
		if c < len(faults) {
			keep = faultWeights
		}
		// What is left learns to do without what was left out.
		if out := lightest(w[:len(m.kept)], keep); out != nil {
			w = d.fit(c, out, pruned)
		}
		for r := range m.kept {
			m.weights[r*len(classes)+c] = w[r]
		}
		m.bias[c] = w[len(m.kept)]
	}
	return m
}

// descent is what fitting the classes has in common: the samples as rows of
// features. Two features stand behind those of the model: the bias, and one of
// sentences from lists, of which more are of a class than of those in emails.
type descent struct {
	samples []sample
	rows    [][]int32 // by sample: features, with repeats
	norms   []float32 // by sample: lint.Norm
	scale   []float32 // by feature
}

func newDescent(m *sentenceModel, samples []sample, seen map[uint32]int) *descent {
	d := &descent{samples: samples}
	for _, h := range m.kept {
		// Above 1 from one in fifty-five on; what is commoner, signals mostly, counts
		// alike.
		idf := math.Log(float64(len(samples))/float64(seen[h])) / 4
		d.scale = append(d.scale, float32(max(idf*idf, 1)))
	}
	for _, s := range samples {
		var row []int32
		for _, h := range s.hashes {
			if r, ok := m.row[h]; ok {
				row = append(row, int32(r))
			}
		}
		d.rows = append(d.rows, row)
		d.norms = append(d.norms, lint.Norm(len(s.hashes)))
	}
	return d
}

// point is a sample's place in the dual problem of one class.
type point struct {
	sample       int
	alpha, bound float64
	square       float64 // of the sample's length
}

// points are the samples of which something is known of the class.
func (d *descent) points(class int, scale []float32) []point {
	var points []point
	for i, s := range d.samples {
		if s.is[class] == 0 {
			continue
		}
		p := point{sample: i, bound: cost, square: 1}
		if s.email {
			p.bound *= emailWeight
		} else {
			p.square = 2
		}
		for _, r := range d.rows[i] {
			x := float64(scale[r] * d.norms[i])
			p.square += x * x
		}
		p.alpha = 0.01 * p.bound
		points = append(points, p)
	}
	return points
}

// fit gives the weights of one class, then its bias. Features of out have none.
func (d *descent) fit(class int, out []bool, epochs int) []float32 {
	n := len(d.scale)
	w := make([]float32, n+2)
	scale := slices.Clone(d.scale)
	for r := range scale {
		if out != nil && out[r] {
			scale[r] = 0
		}
	}
	add := func(i int, by float32) {
		by *= float32(d.samples[i].is[class])
		for _, r := range d.rows[i] {
			w[r] += by * scale[r] * d.norms[i]
		}
		if w[n] += by; !d.samples[i].email {
			w[n+1] += by
		}
	}
	margin := func(i int) float64 {
		m, sum := w[n], float32(0)
		if !d.samples[i].email {
			m += w[n+1]
		}
		for _, r := range d.rows[i] {
			sum += w[r] * scale[r]
		}
		return float64(m+sum*d.norms[i]) * float64(d.samples[i].is[class])
	}
	points := d.points(class, scale)
	for _, p := range points {
		add(p.sample, float32(p.alpha))
	}
	rnd := rand.New(rand.NewPCG(1, uint64(class)))
	for range epochs {
		rnd.Shuffle(len(points), func(i, j int) { points[i], points[j] = points[j], points[i] })
		for k := range points {
			p := &points[k]
			to := dual(p.alpha, p.bound, p.square, margin(p.sample))
			if by := to - p.alpha; math.Abs(by) > 1e-6*p.bound {
				add(p.sample, float32(by))
				p.alpha = to
			}
		}
	}
	for r := range scale {
		w[r] *= scale[r]
	}
	return w
}

// dual gives the best value of one dual variable, between 0 and its bound, with the
// others as they are: where square·(z−alpha) + margin + log(z/(bound−z)) is 0. That
// grows with z; Newton's steps are kept inside of what is known to hold the place.
func dual(alpha, bound, square, margin float64) float64 {
	lo, hi, z := 0.0, bound, alpha
	for range 20 {
		g := square*(z-alpha) + margin + math.Log(z/(bound-z))
		if g > 0 {
			hi = z
		} else {
			lo = z
		}
		next := z - g/(square+bound/(z*(bound-z)))
		if next <= lo || next >= hi {
			next = (lo + hi) / 2
		}
		if math.Abs(next-z) < 1e-4*min(z, bound-z) {
			return next
		}
		z = next
	}
	return z
}

// lightest marks the weights beyond the keep that weigh most, nil if there are none.
func lightest(w []float32, keep int) []bool {
	if len(w) <= keep {
		return nil
	}
	size := make([]float32, len(w))
	for r := range w {
		size[r] = max(w[r], -w[r])
	}
	sorted := slices.Clone(size)
	slices.Sort(sorted)
	out := make([]bool, len(w))
	for r := range w {
		out[r] = size[r] < sorted[len(sorted)-keep]
	}
	return out
}

// newModel gives a model without weights, and in how many sentences each feature
// stands.
func newModel(samples []sample) (m *sentenceModel, seen map[uint32]int) {
	seen = map[uint32]int{}
	for _, s := range samples {
		hs := slices.Clone(s.hashes)
		slices.Sort(hs)
		for _, h := range slices.Compact(hs) {
			seen[h]++
		}
	}
	m = &sentenceModel{row: map[uint32]int{}, bias: make([]float32, len(classes)),
		stretch: make([]float64, len(classes)), shift: make([]float64, len(classes))}
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
	return m, seen
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
