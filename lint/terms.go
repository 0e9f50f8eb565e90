package lint

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tacto-lint/tacto/lint/program"
)

// A termUse is a technical term of the author's that is neither known to the
// reader nor explained: its first occurrence.
type termUse struct {
	match int32 // index in engine.matches
	words int
}

// phrase is a term of the settings, as folded words.
type phrase struct {
	words []string
	term  uint16 // as in match.term
}

// settleTerms turns the raw finds of glossary terms into those that count: of
// overlapping ones the longest, and of these the ones that the reader is not
// known to know, by audience or by having used the term themselves.
func (e *engine) settleTerms() {
	e.findOwnTerms()
	var found []int32
	for i := range e.matches {
		if e.matches[i].fact == program.FactAnyTerm {
			found = append(found, int32(i))
		}
	}
	if len(found) == 0 {
		return
	}
	slices.SortFunc(found, func(a, b int32) int {
		x, y := &e.matches[a], &e.matches[b]
		return cmp.Or(cmp.Compare(x.sent, y.sent), cmp.Compare(x.lo, y.lo), cmp.Compare(y.hi, x.hi), cmp.Compare(b, a))
	})
	kept := found[:0]
	for _, i := range found {
		m := &e.matches[i]
		if n := len(kept); n > 0 {
			last := &e.matches[kept[n-1]]
			if last.sent == m.sent && m.lo < last.hi {
				if m.hi-m.lo <= last.hi-last.lo {
					m.dead = true
					continue
				}
				last.dead = true
				kept = kept[:n-1]
			}
		}
		kept = append(kept, i)
	}
	known := e.knownTerms(kept)
	for _, i := range kept {
		m := e.matches[i]
		if int(m.sent) < e.author && !known[m.term] {
			m.fact = program.FactTerm
			e.record(m, -1)
		}
	}
}

// knownTerms gives the terms that the reader knows.
func (e *engine) knownTerms(found []int32) map[uint16]bool {
	known := map[uint16]bool{}
	for _, i := range found {
		if m := &e.matches[i]; int(m.sent) >= e.author {
			known[m.term] = true
		}
	}
	if len(e.l.audiences) == 0 || len(e.m.To) == 0 {
		return known
	}
	// A term is known only if everyone it is addressed to knows it.
	counts := map[uint16]int{}
	for _, to := range e.m.To {
		mine := map[uint16]bool{}
		for i := range e.l.audiences {
			a := &e.l.audiences[i]
			if !MatchAny(a.to, to) {
				continue
			}
			for t := range a.knows {
				mine[t] = true
			}
		}
		for t := range mine {
			counts[t]++
		}
	}
	for t, n := range counts {
		if n == len(e.m.To) {
			known[t] = true
		}
	}
	return known
}

// MatchAny says whether an address fits one of the patterns, in which * stands for
// any characters, without regard to case: *@acme.example.
func MatchAny(patterns []string, addr string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matchAddress(p, addr) })
}

// matchAddress matches an address against a pattern in which * stands for any
// characters, without regard to case.
func matchAddress(pattern, addr string) bool {
	pattern, addr = strings.ToLower(pattern), strings.ToLower(addr)
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == addr
	}
	if !strings.HasPrefix(addr, parts[0]) {
		return false
	}
	addr = addr[len(parts[0]):]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(addr, p)
		if i < 0 {
			return false
		}
		addr = addr[i+len(p):]
	}
	return strings.HasSuffix(addr, parts[len(parts)-1])
}

// findOwnTerms looks for the terms of the settings.
func (e *engine) findOwnTerms() {
	if len(e.l.phrases) == 0 {
		return
	}
	for si := range e.sents {
		s := &e.sents[si]
		for i := s.lo; i < s.hi; i++ {
			for _, p := range e.l.phrases[string(e.scan.key(&e.scan.toks[i]))] {
				hi := i + int32(len(p.words))
				if hi > s.hi {
					continue
				}
				same := true
				for k, w := range p.words {
					same = same && string(e.scan.key(&e.scan.toks[i+int32(k)])) == w
				}
				if same {
					e.record(match{fact: program.FactAnyTerm, term: p.term, sent: int32(si), lo: i, hi: hi, markLo: i, markHi: hi}, -1)
				}
			}
		}
	}
}

// unexplained gives the terms that count as jargon, in the order of the text.
func (e *engine) unexplained() []termUse {
	if e.termsDone {
		return e.terms
	}
	e.termsDone = true
	explained := map[uint16]bool{}
	first := map[uint16]int{}
	c := condition{e: e, at: -1}
	c.each(program.FactTerm, c.mail(), func(m *match) bool {
		if f := e.l.set.explained; f != 0 && !explained[m.term] {
			within := condition{e: e, match: m}
			if within.touches(f, true) {
				explained[m.term] = true
			}
		}
		if _, ok := first[m.term]; !ok {
			first[m.term] = len(e.terms)
			e.terms = append(e.terms, termUse{match: e.indexOf(m), words: int(m.hi - m.lo)})
		}
		return true
	})
	e.terms = slices.DeleteFunc(e.terms, func(u termUse) bool { return explained[e.matches[u.match].term] })
	return e.terms
}

func (e *engine) indexOf(m *match) int32 {
	for k := e.scan.toks[m.lo].matches; k != 0; k = e.matches[k-1].next {
		if &e.matches[k-1] == m {
			return k - 1
		}
	}
	return -1
}

func (e *engine) countTerms(words bool) int {
	n := 0
	for _, u := range e.unexplained() {
		if words {
			n += u.words
		} else {
			n++
		}
	}
	return n
}

// term gives the glossary entry of a match.
func (l *Linter) term(n uint16) (name, plainES, plainEN string) {
	if n == 0 {
		return
	}
	i := int(n) - 1
	if i < len(l.set.pack.Terms) {
		t := l.set.pack.Terms[i]
		name, plainES, plainEN = t.Name, t.Plain[langES], t.Plain[langEN]
		if own, ok := l.replaced[uint16(i)]; ok {
			t := l.settings.Terms[own]
			return t.Name, t.Plain["es"], t.Plain["en"]
		}
		return
	}
	t := l.settings.Terms[i-len(l.set.pack.Terms)]
	return t.Name, t.Plain["es"], t.Plain["en"]
}
