package lint

import (
	"cmp"
	"math"
	"slices"

	"github.com/tacto-lint/tacto/lint/program"
)

// Learnt signals: a linear model over a sentence's words says how likely it is
// that the sentence belongs to a class ("blame-reader", "step"). The weights
// come from sentences marked by hand (see rules/train); a rule asks for a class
// as for any other signal, above a likelihood of its own.

// A feature of a sentence is a hash of what was seen and where: one word, two
// words in a row, the beginning or the end of a word. Inflected forms share
// beginnings; what makes a verb a past, a conditional or a second person is in its
// end. And it is the signals: those of the sentence, of the ones beside it, of the
// email and of what it answers to. Whether a no is a bare one, or a sentence a sneer,
// is told by what stands around it.
type feature struct {
	hash uint32
	tok  int32 // the token it was seen at
}

const (
	fnvOffset = 2166136261
	fnvPrime  = 16777619
)

func hashBytes(h uint32, b []byte) uint32 {
	for _, c := range b {
		h = (h ^ uint32(c)) * fnvPrime
	}
	return (h ^ 0xff) * fnvPrime
}

// Kinds of feature, hashed in front.
const (
	featWord = iota + 1
	featPair
	featBegin
	featEnd
	featSentence
)

// Where a signal stands, seen from the sentence.
const (
	factHere = iota
	factBefore
	factAfter
	factMail
	factQuoted
	factPlaces
)

// factHash is the hash of the feature that a signal stands somewhere.
func factHash(name string, place int) uint32 {
	return hashBytes(fnvOffset^uint32(place+1)<<8, []byte(name))
}

// classOf gives the bytes by which the model knows a token: shapes stand for
// numbers, times and the like, of which each is another word.
func (e *engine) classOf(t *token) []byte {
	for _, s := range [...]int{shapeTime, shapeDate, shapeMoney, shapePercent, shapeOrdinal, shapeURL, shapeEmail, shapeCode, shapeNum} {
		if t.shape&(1<<s) != 0 {
			return shapeKeys[s]
		}
	}
	return e.scan.key(t)
}

var shapeKeys = func() (keys [shapeCount][]byte) {
	for i, n := range ShapeNames {
		keys[i] = []byte("#" + n)
	}
	return keys
}()

// The lengths of the beginnings and ends looked at; of words that stand in a pair
// only the stem counts, so that their forms make the same pair.
const (
	beginLen = 4
	endLen   = 3
	stemLen  = 5
)

var edgeKey = []byte("^")

// features appends the features of sentence si to dst.
func (e *engine) features(si int, dst []feature) []feature {
	s := &e.sents[si]
	seed := uint32(fnvOffset) ^ uint32(s.lang+1)*fnvPrime
	kind := func(k byte) uint32 { return (seed ^ uint32(k)) * fnvPrime }
	prev := edgeKey
	for i := s.lo; i < s.hi; i++ {
		t := &e.scan.toks[i]
		key := e.classOf(t)
		stem := key[:min(len(key), stemLen)]
		dst = append(dst, feature{hashBytes(kind(featWord), key), i},
			feature{hashBytes(hashBytes(kind(featPair), prev), stem), i})
		if len(key) > beginLen && key[0] != '#' {
			dst = append(dst, feature{hashBytes(kind(featBegin), key[:beginLen]), i},
				feature{hashBytes(kind(featEnd), key[len(key)-endLen:]), i})
		}
		prev = stem
	}
	dst = append(dst, feature{hashBytes(hashBytes(kind(featPair), prev), edgeKey), s.hi - 1})
	mark := func(name string) {
		dst = append(dst, feature{hashBytes(kind(featSentence), []byte(name)), -1})
	}
	if s.question {
		mark("question")
	}
	if s.exclaim {
		mark("exclaim")
	}
	if s.hi-s.lo <= 6 {
		mark("short")
	} else if s.hi-s.lo > 25 {
		mark("long")
	}
	if si == 0 || e.sents[si-1].greeting {
		mark("first")
	}
	if si == e.author-1 {
		mark("last")
	}
	if e.author < len(e.sents) {
		mark("reply")
	}
	return e.factFeatures(si, dst)
}

// factFeatures appends the features that are signals. A signal is the same in every
// language: what it says of a class, too. The client's sentences are judged by
// themselves and those beside them.
func (e *engine) factFeatures(si int, dst []feature) []feature {
	author := si < e.author
	var none factSet
	places := [factPlaces]*factSet{factHere: &e.sents[si].facts, factBefore: &none, factAfter: &none, factMail: &none, factQuoted: &none}
	if si > 0 && (si-1 < e.author) == author {
		places[factBefore] = &e.sents[si-1].facts
	}
	if si+1 < len(e.sents) && (si+1 < e.author) == author {
		places[factAfter] = &e.sents[si+1].facts
	}
	if author {
		places[factMail], places[factQuoted] = &e.all, &e.quoted
	}
	hashes := e.l.set.factHash
	for i, f := range e.l.set.pack.Models.Sentences.Of {
		word, bit := f/64, uint64(1)<<(f%64)
		for p, set := range places {
			if set[word]&bit != 0 {
				dst = append(dst, feature{hashes[i*factPlaces+p], -1})
			}
		}
	}
	return dst
}

// weigh gives the logits of sentence si, one a class.
func (e *engine) weigh(si int, dst []float32) {
	m := &e.l.set.pack.Models.Sentences
	copy(dst, m.Bias)
	sums := e.sums[:0]
	for range m.Classes {
		sums = append(sums, 0)
	}
	e.sums = sums
	e.feats = e.features(si, e.feats[:0])
	for _, f := range e.feats {
		for row := m.Row(f.hash); len(row) > 1; row = row[2:] {
			sums[row[0]] += int32(int8(row[1]))
		}
	}
	// Long sentences have more features than short ones: what counts is their
	// weight together, damped by the root of their number, as in training.
	norm := Norm(len(e.feats))
	for c := range sums {
		dst[c] += float32(sums[c]) * m.Scale[c] * norm
	}
}

// Norm is the factor on the sum of n features' weights.
func Norm(n int) float32 { return float32(1 / math.Sqrt(float64(max(n, 1)))) }

// logits gives the logits of sentence si, computed once.
func (e *engine) logits(si int) []float32 {
	n := len(e.l.set.pack.Models.Sentences.Classes)
	if len(e.weighed) != len(e.sents) {
		e.weighed = slices.Grow(e.weighed, len(e.sents))[:len(e.sents)]
		clear(e.weighed)
		e.scores = slices.Grow(e.scores, n*len(e.sents))[:n*len(e.sents)]
	}
	out := e.scores[si*n : (si+1)*n]
	if !e.weighed[si] {
		e.weighed[si] = true
		e.weigh(si, out)
	}
	return out
}

// minLearnt is the least number of words that a class is told by: a heading of one
// word, a name below the text say nothing.
const minLearnt = 3

// weighable says whether a sentence is of those that learnt classes are for:
// neither a greeting nor a subject, and not too short.
func (e *engine) weighable(s *sentence) bool {
	return !s.greeting && s.hi-s.lo >= minLearnt && (s.zone == zoneBody || s.zone == zoneQuoted)
}

// matchLearnt records which of the learnt facts are found in sentence si.
func (e *engine) matchLearnt(si int, learnt []program.Learnt) {
	pack := e.l.set.pack
	s := &e.sents[si]
	if !e.weighable(s) {
		return
	}
	client := pack.Models.Sentences.Client
	for _, l := range learnt {
		f := pack.Groups[l.Group].Fact
		if s.zone == zoneQuoted && !client[l.Class] || l.Langs&(1<<s.lang) == 0 || e.logits(si)[l.Class] < l.Over {
			continue
		}
		m := match{fact: f, group: l.Group, class: l.Class + 1, sent: int32(si), lo: s.lo, hi: s.hi, markLo: s.lo, markHi: s.hi}
		if pack.Facts[f].Rule >= 0 { // only a rule's passage is shown
			m.markLo, m.markHi = e.heaviest(si, int(l.Class))
		}
		e.record(m, pack.Groups[l.Group].When)
	}
}

// minMark is the least number of words that a learnt passage is narrowed to.
const minMark = 4

// heaviest gives the clauses of a sentence that weigh most for a class: the
// passage to mark. The sentence as a whole was over the mark; clauses at its
// ends that speak against the class, or hardly for it, are left out.
func (e *engine) heaviest(si, class int) (lo, hi int32) {
	s := &e.sents[si]
	type clause struct {
		lo, hi int32
		weight int32
	}
	var clauses []clause
	for i := s.lo; i < s.hi; i++ {
		if i == s.lo || e.scan.toks[i].edge != 0 && i-clauses[len(clauses)-1].lo >= minMark {
			clauses = append(clauses, clause{lo: i})
		}
		clauses[len(clauses)-1].hi = i + 1
	}
	if n := len(clauses); n > 1 && clauses[n-1].hi-clauses[n-1].lo < minMark {
		clauses[n-2].hi = clauses[n-1].hi
		clauses = clauses[:n-1]
	}
	if len(clauses) == 1 {
		return s.lo, s.hi
	}
	m := &e.l.set.pack.Models.Sentences
	k := 0
	e.feats = e.features(si, e.feats[:0])
	for _, f := range e.feats {
		if f.tok >= 0 {
			for f.tok >= clauses[k].hi {
				k++
			}
			clauses[k].weight += m.Weight(f.hash, class)
		}
	}
	best := 0
	for i := range clauses {
		if clauses[i].weight > clauses[best].weight {
			best = i
		}
	}
	lo, hi = clauses[best].lo, clauses[best].hi
	for i := best - 1; i >= 0 && clauses[i].weight*3 > clauses[best].weight; i-- {
		lo = clauses[i].lo
	}
	for i := best + 1; i < len(clauses) && clauses[i].weight*3 > clauses[best].weight; i++ {
		hi = clauses[i].hi
	}
	return lo, hi
}

// maxWeighed is how many words or signals an explanation names.
const maxWeighed = 4

// explain gives the likelihood of a class for a sentence, and the words that
// weighed most for it.
func (e *engine) explain(si, class int, text string) (float64, []string) {
	m, s := &e.l.set.pack.Models.Sentences, &e.sents[si]
	likelihood := 1 / (1 + math.Exp(-float64(e.logits(si)[class])))
	weights := make([]int32, s.hi-s.lo)
	for _, f := range e.features(si, e.feats[:0]) {
		if f.tok >= 0 {
			weights[f.tok-s.lo] += m.Weight(f.hash, class)
		}
	}
	heaviest := heaviestFirst(len(weights), func(i int) float64 { return float64(weights[i]) })
	words := make([]string, len(heaviest))
	for k, i := range heaviest {
		t := &e.scan.toks[s.lo+int32(i)]
		words[k] = text[t.start:t.end]
	}
	return likelihood, words
}

// explainMail does so for a class of the mail model; what weighed are signals
// and classes.
func (e *engine) explainMail(class int) (float64, []string) {
	m := &e.l.set.pack.Models.Mail
	p := e.likelihood(class)
	heaviest := heaviestFirst(len(e.inputs), func(i int) float64 {
		return e.inputs[i] * float64(m.Weights[class*len(m.Inputs)+i])
	})
	var names []string
	for _, i := range heaviest {
		if n := m.Inputs[i].Name; n != "" && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return p, names
}

// heaviestFirst gives the indices of the few greatest positive weights.
func heaviestFirst(n int, weight func(int) float64) []int {
	var all []int
	for i := range n {
		if weight(i) > 0 {
			all = append(all, i)
		}
	}
	slices.SortStableFunc(all, func(a, b int) int { return cmp.Compare(weight(b), weight(a)) })
	return all[:min(len(all), maxWeighed)]
}

// input measures one input of the mail model.
func (e *engine) input(in *program.Input) float64 {
	switch in.Op {
	case program.InputFact:
		return truth(e.all.has(in.Of))
	case program.InputQuoted:
		return truth(e.quoted.has(in.Of))
	case program.InputFlag:
		c := condition{e: e, at: -1}
		return truth(c.flag(int(in.Of), c.mail()))
	case program.InputWords:
		return min(float64(e.words)/100, 3)
	}
	if len(e.peaks) == 0 {
		e.measurePeaks()
	}
	p := e.peaks[in.Of]
	if in.Op == program.InputPeak {
		return min(p.peak, 2)
	}
	return min(p.sum, 3)
}

// peak is how well a class fits the sentences of an email.
type peak struct{ peak, sum float64 }

// measurePeaks goes over the sentences once for all classes: the author's, or the
// client's for the classes that are of their words.
func (e *engine) measurePeaks() {
	client := e.l.set.pack.Models.Sentences.Client
	e.peaks = slices.Grow(e.peaks, len(client))[:len(client)]
	clear(e.peaks)
	for i := range e.sents {
		s := &e.sents[i]
		if !e.weighable(s) {
			continue
		}
		for c, z := range e.logits(i) {
			if p := &e.peaks[c]; client[c] == (s.zone == zoneQuoted) {
				p.peak, p.sum = max(p.peak, float64(z)/program.PeakFloor+1), p.sum+1/(1+math.Exp(-float64(z)))
			}
		}
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// measured gives the inputs of the mail model, each measured once.
func (e *engine) measured() []float64 {
	if len(e.inputs) == 0 {
		inputs := e.l.set.pack.Models.Mail.Inputs
		for i := range inputs {
			e.inputs = append(e.inputs, e.input(&inputs[i]))
		}
	}
	return e.inputs
}

// likelihood gives that of a class of the mail model.
func (e *engine) likelihood(class int) float64 {
	m := &e.l.set.pack.Models.Mail
	z := float64(m.Bias[class])
	for i, x := range e.measured() {
		z += x * float64(m.Weights[class*len(m.Inputs)+i])
	}
	return 1 / (1 + math.Exp(-z))
}

// Measure gives the inputs of a mail model for a message, in order: for training
// it. Names are looked up in the rule set; those it does not have measure 0.
func (l *Linter) Measure(m *Message, inputs []program.Input) []float64 {
	e := &engine{l: l}
	e.reset(m)
	e.run()
	out := make([]float64, len(inputs))
	for i, in := range inputs {
		if n, ok := l.set.inputNumber(in); ok {
			in.Of = n
			out[i] = e.input(&in)
		}
	}
	return out
}

// Likelihood gives the likelihood of a class of the mail model for a message, 0 if
// there is no such class.
func (l *Linter) Likelihood(m *Message, class string) float64 {
	i := slices.Index(l.set.pack.Models.Mail.Classes, class)
	if i < 0 {
		return 0
	}
	e := &engine{l: l}
	e.reset(m)
	e.run()
	return e.likelihood(i)
}

// SentenceFeatures is what a model sees of one sentence: for training it.
type SentenceFeatures struct {
	Span   Span // in Body.Text, or in Subject.Text
	Part   Part
	Quoted bool // in text that the author answers to or forwards
	Lang   string
	// Hashes are the features, as numbers.
	Hashes []uint32
}

// Features gives the features of each sentence of a message, greetings left
// out. It is for training and measuring models.
func (l *Linter) Features(m *Message) []SentenceFeatures {
	e := &engine{l: l}
	e.reset(m)
	e.run()
	var out []SentenceFeatures
	for i := range e.sents {
		s := &e.sents[i]
		if s.greeting {
			continue
		}
		f := SentenceFeatures{Quoted: i >= e.author, Lang: Langs[s.lang], Part: PartBody,
			Span: Span{int(e.scan.toks[s.lo].start), int(e.scan.toks[s.hi-1].end)}}
		if s.zone == zoneSubject || s.zone == zoneContextSubject {
			f.Part = PartSubject
		}
		e.feats = e.features(i, e.feats[:0])
		for _, x := range e.feats {
			f.Hashes = append(f.Hashes, x.hash)
		}
		out = append(out, f)
	}
	return out
}

// Logit is the inverse of the logistic function: the score that stands for a
// likelihood p, 0 < p < 1.
func Logit(p float64) float64 { return math.Log(p / (1 - p)) }
