package lint

import (
	"slices"

	"github.com/tacto-lint/tacto/lint/program"
)

// maxFacts bounds the signals and rules of a set: a factSet has a bit for each.
const maxFacts = 512

type factSet [maxFacts / 64]uint64

func (s *factSet) add(f uint16)      { s[f/64] |= 1 << (f % 64) }
func (s *factSet) has(f uint16) bool { return s[f/64]&(1<<(f%64)) != 0 }

// A match is one passage where a fact was found: tokens [lo, hi), of which
// [markLo, markHi) are to be reported.
type match struct {
	fact, group    uint16
	term           uint16 // glossary term + 1
	class          uint16 // 1 + the learnt class it rests on, 0 for a pattern
	dead           bool
	sent           int32
	lo, hi         int32
	markLo, markHi int32
	next           int32 // 1 + the index of the next match that begins at the same token
}

// engine judges one message. Engines are pooled: reset makes one ready for the
// next message without giving up its buffers.
type engine struct {
	l       *Linter
	m       *Message
	scan    scanner
	sents   []sentence
	paras   int
	author  int // sentences [0, author) are the author's
	subject [2]int
	lang    uint8
	accents bool // the author writes accents
	words   int

	atoms   []uint16
	lower   []byte
	matches []match
	all     factSet // found in the author's text
	quoted  factSet // found in quoted text
	vm      vm

	present  []uint64 // the atoms of the sentence at hand, a bit each
	gathered bool     // present is up to date
	memo     []uint8  // by condition: what is known of it: 0 nothing, 1 false, 2 true

	feats   []feature
	sums    []int32
	weighed []bool    // by sentence: scores are there
	scores  []float32 // by sentence and class, logits
	inputs  []float64 // of the mail model
	peaks   []peak    // by class

	terms     []termUse
	termsDone bool
	report    *Report
}

func (e *engine) reset(m *Message) {
	e.m = m
	e.scan.toks = e.scan.toks[:0]
	e.scan.keys = e.scan.keys[:0]
	e.sents = e.sents[:0]
	e.paras, e.author, e.words = 0, 0, 0
	e.subject = [2]int{}
	e.accents = false
	e.atoms = e.atoms[:0]
	e.matches = e.matches[:0]
	e.all, e.quoted = factSet{}, factSet{}
	e.weighed, e.scores = e.weighed[:0], e.scores[:0]
	e.inputs, e.peaks = e.inputs[:0], e.peaks[:0]
	e.terms = e.terms[:0]
	e.termsDone = false
	e.report = nil
	if n := len(e.l.set.pack.Conds); len(e.memo) != n {
		e.memo = make([]uint8, n)
	} else {
		clear(e.memo)
	}
}

// run judges the message that reset was given.
func (e *engine) run() *Report {
	e.read()
	e.detect()
	e.resolve()
	e.report = &Report{Lang: Langs[e.lang], Subject: e.m.Subject.Text, Words: e.words, Encoded: e.m.Body.Encoded}
	pack := e.l.set.pack
	for layer := 0; layer < pack.Layers; layer++ {
		e.match(layer)
		if layer == 0 {
			e.settleTerms()
		}
		for i := range pack.Rules {
			r := &pack.Rules[i]
			if r.Method != program.ByMatch && int(pack.Facts[r.Fact].Layer) == layer {
				e.judge(r)
			}
		}
	}
	e.conclude()
	return e.report
}

// read cuts the message into tokens and sentences: the author's text first,
// then what it answers to.
func (e *engine) read() {
	m := e.m
	if m.SubjectOwn {
		e.readSubject(zoneSubject)
	}
	for _, seg := range m.Segments {
		if seg.Kind == SegmentAuthor {
			e.readPiece(m.Body.Text, seg.Start, seg.End, zoneBody)
		}
	}
	e.author = len(e.sents)
	for i := range e.sents {
		if e.sents[i].zone == zoneBody {
			e.words += int(e.sents[i].hi - e.sents[i].lo)
		}
	}
	if !m.SubjectOwn {
		e.readSubject(zoneContextSubject)
	}
	for _, seg := range m.Segments {
		if seg.Kind == SegmentQuote || seg.Kind == SegmentForward {
			e.readPiece(m.Body.Text, seg.Start, seg.End, zoneQuoted)
		}
	}
}

func (e *engine) readSubject(z zone) {
	lo := len(e.sents)
	e.readPiece(e.m.Subject.Text, 0, len(e.m.Subject.Text), z)
	e.subject = [2]int{lo, len(e.sents)}
}

func (e *engine) readPiece(text string, lo, hi int, z zone) {
	first := len(e.scan.toks)
	e.scan.scan(text, lo, hi)
	e.split(text, first, hi, z)
}

// text gives the text that a sentence's offsets count in.
func (e *engine) text(s *sentence) string {
	if s.zone == zoneSubject || s.zone == zoneContextSubject {
		return e.m.Subject.Text
	}
	return e.m.Body.Text
}

// resolve looks up the atoms of every token.
func (e *engine) resolve() {
	accented := 0
	for i := range e.scan.toks {
		if e.scan.toks[i].accented {
			accented++
		}
	}
	// An author who leaves out accents does so throughout. A text too short to
	// tell is taken at its word.
	e.accents = accented > 0 || len(e.scan.toks) < 25
	for si := range e.sents {
		s := &e.sents[si]
		p := e.l.set.pack.Lang(int(s.lang))
		text := e.text(s)
		for i := s.lo; i < s.hi; i++ {
			e.resolveToken(p, text, &e.scan.toks[i], i == s.lo, s.lang)
		}
	}
}

func (e *engine) resolveToken(p *program.Program, text string, t *token, first bool, lang uint8) {
	at := len(e.atoms)
	key := e.scan.key(t)
	lex := &p.Lex
	if ref, ok := lex.Find("", key); ok {
		e.atoms = e.appendList(e.atoms, lex, ref, text, t)
	} else if lang == langES && t.shape&^(1<<shapeName|1<<shapeShout|1<<shapeCaps|1<<shapeUpper|1<<shapeLongcaps) == 0 {
		e.stripClitics(lex, key)
	}
	e.affixes(lex, key)
	shape := t.shape
	if first {
		shape &^= 1 << shapeName
	}
	for n := 0; shape != 0; n++ {
		if shape&1 != 0 {
			e.atoms = append(e.atoms, uint16(n))
		}
		shape >>= 1
	}
	t.atoms = e.atoms[at:len(e.atoms):len(e.atoms)]
	t.mask, t.layers = 0, 0
	for _, a := range t.atoms {
		t.mask |= 1 << (a % 64)
		t.layers |= p.AtomLayers.At(int(a))
	}
}

func (e *engine) appendList(dst []uint16, lex *program.Lexicon, ref uint32, text string, t *token) []uint16 {
	if ref&program.VariantBit != 0 {
		word := text[t.start:t.end]
		e.lower = appendLower(e.lower[:0], word)
		ref = lex.Pick(ref, string(e.lower), e.accents)
	}
	return lex.Append(dst, ref)
}

// affixes adds the atoms of word beginnings and ends that rules name.
func (e *engine) affixes(lex *program.Lexicon, key []byte) {
	for lens, n := lex.PrefixLens, 0; lens != 0; lens, n = lens>>1, n+1 {
		if lens&1 != 0 && n < len(key) {
			if ref, ok := lex.Find(program.PrefixMark, key[:n]); ok {
				e.atoms = lex.Append(e.atoms, ref)
			}
		}
	}
	for lens, n := lex.SuffixLens, 0; lens != 0; lens, n = lens>>1, n+1 {
		if lens&1 != 0 && n < len(key) {
			if ref, ok := lex.Find(program.SuffixMark, key[len(key)-n:]); ok {
				e.atoms = lex.Append(e.atoms, ref)
			}
		}
	}
}

// match looks for the facts of one layer in all sentences.
func (e *engine) match(layer int) {
	pack, learnt := e.l.set.pack, e.l.set.learnt[layer]
	for si := range e.sents {
		if p := pack.Lang(int(e.sents[si].lang)); p.Index[layer].Anything {
			e.matchSentence(p, layer, si)
		}
		// After the patterns: where both mark the same words, they did it.
		if len(learnt) > 0 {
			e.matchLearnt(si, learnt)
		}
	}
}

// matchSentence tries, at each word, the patterns that can begin with it.
func (e *engine) matchSentence(p *program.Program, layer, si int) {
	s := &e.sents[si]
	idx := &p.Index[layer]
	inQuote := si >= e.author
	v := &e.vm
	v.e, v.prog, v.sent, v.lo, v.hi = e, p, s, s.lo, s.hi
	e.gathered = false
	bit := program.LayerBit(layer)
	for i := s.lo; i < s.hi; i++ {
		t := &e.scan.toks[i]
		var next uint64 // what the word after this one is
		if i+1 < s.hi {
			next = e.scan.toks[i+1].mask
		}
		atoms := t.atoms
		if t.layers&bit == 0 {
			atoms = nil
		}
		for _, a := range atoms {
			if p.AtomLayers.At(int(a))&bit == 0 {
				continue
			}
			lo, hi := idx.AtomStart.At(int(a)), idx.AtomStart.At(int(a)+1)
			for ; lo < hi; lo++ {
				pat := int(idx.AtomPats.At(int(lo)))
				if want := p.Patterns[pat].Next; want != 0 && want&next == 0 {
					continue
				}
				e.try(p, pat, si, i, inQuote)
			}
		}
		var seen uint16 = maxFacts
		for m := t.matches; m != 0; m = e.matches[m-1].next {
			f := e.matches[m-1].fact
			if f == seen || e.matches[m-1].dead {
				continue
			}
			seen = f
			lo, hi := idx.FactStart.At(int(f)), idx.FactStart.At(int(f)+1)
			for ; lo < hi; lo++ {
				e.try(p, int(idx.FactPats.At(int(lo))), si, i, inQuote)
			}
		}
	}
}

// gather notes which atoms the words of a sentence have.
func (e *engine) gather(p *program.Program, s *sentence) {
	e.present = slices.Grow(e.present[:0], p.Atoms/64+1)[:p.Atoms/64+1]
	clear(e.present)
	for i := s.lo; i < s.hi; i++ {
		for _, a := range e.scan.toks[i].atoms {
			e.present[a/64] |= 1 << (a % 64)
		}
	}
}

// meets says whether the sentence at hand has what a pattern can't match
// without. Most patterns are done with here.
func (e *engine) meets(p *program.Program, pt *program.Pattern, s *sentence) bool {
	if !e.gathered {
		e.gather(p, s)
		e.gathered = true
	}
	found := false
	for i, end := int(pt.Need), int(pt.Need)+int(pt.NeedLen); i < end; i++ {
		a := p.Needs.At(i)
		n := a &^ (program.NeedFact | program.NeedLast)
		if a&program.NeedFact != 0 {
			found = found || s.facts.has(n)
		} else {
			found = found || e.present[n/64]&(1<<(n%64)) != 0
		}
		if a&program.NeedLast != 0 {
			if !found {
				return false
			}
			found = false
		}
	}
	return true
}

// try runs one pattern at one token and records what it finds.
func (e *engine) try(p *program.Program, pat, si int, i int32, inQuote bool) {
	pack := e.l.set.pack
	pt := &p.Patterns[pat]
	g := &pack.Groups[pt.Group]
	if inQuote && !pack.Facts[g.Fact].Quoted {
		return
	}
	if pt.NeedLen > 0 && !e.meets(p, pt, &e.sents[si]) {
		return
	}
	v := &e.vm
	v.steps = 0
	v.start, v.markLo, v.markHi = i, -1, -1
	v.want = -1
	if !v.run(int32(pt.Code), i) || v.end <= i {
		return
	}
	m := match{fact: g.Fact, group: pt.Group, term: pt.Term, sent: int32(si), lo: i, hi: v.end, markLo: i, markHi: v.end}
	if v.markLo >= 0 && v.markHi > v.markLo {
		m.markLo, m.markHi = v.markLo, v.markHi
	}
	if pt.Case != program.AnyCase && !e.isCased(v.sent, i, v.end, pt.Case) {
		return
	}
	e.record(m, g.When)
}

// isCased says whether a passage is written as a term wants it.
func (e *engine) isCased(s *sentence, lo, hi int32, want program.Case) bool {
	text := e.text(s)
	if want == program.Capitalised {
		c := text[e.scan.toks[lo].start]
		return c < 'a' || c > 'z'
	}
	for _, c := range []byte(text[e.scan.toks[lo].start:e.scan.toks[hi-1].end]) {
		if c >= 'a' && c <= 'z' {
			return false
		}
	}
	return true
}

// record keeps a match if its condition holds and it is not there already.
func (e *engine) record(m match, when int32) {
	t := &e.scan.toks[m.lo]
	for k := t.matches; k != 0; k = e.matches[k-1].next {
		o := &e.matches[k-1]
		if o.fact == m.fact && o.hi == m.hi && o.term == m.term && o.markLo == m.markLo && o.markHi == m.markHi {
			return
		}
	}
	if when >= 0 {
		c := condition{e: e, match: &m}
		if !c.holds(when, c.sentence(int(m.sent))) {
			return
		}
	}
	m.next = t.matches
	e.matches = append(e.matches, m)
	t.matches = int32(len(e.matches))
	e.sents[m.sent].facts.add(m.fact)
	if int(m.sent) < e.author {
		e.all.add(m.fact)
	} else {
		e.quoted.add(m.fact)
	}
}
