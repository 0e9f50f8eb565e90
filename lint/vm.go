package lint

import "github.com/tacto-lint/tacto/lint/program"

// maxSteps bounds the work of one pattern at one place. Patterns are short and
// their gaps bounded: none comes near this but one that was written to.
const maxSteps = 2000

// vm runs patterns over the tokens [lo, hi) of one sentence by backtracking.
type vm struct {
	e              *engine
	prog           *program.Program
	sent           *sentence
	lo, hi         int32
	markLo, markHi int32
	start, end     int32
	want           int32 // where a look behind must end, -1 for anywhere
	steps          int
}

// run tries the code at pc on the tokens from i on, and says whether it
// matched; v.end is then where. Its one loop has a case for each operation.
func (v *vm) run(pc, i int32) bool {
	toks := v.e.scan.toks
	code := v.prog.Code
	for {
		if v.steps++; v.steps > maxSteps {
			return false
		}
		in := &code[pc]
		switch in.Op {
		case program.OpMatch:
			v.end = i
			return true
		case program.OpSubEnd:
			v.end = i
			return v.want < 0 || v.want == i
		case program.OpAtom:
			if i >= v.hi || !hasAtom(toks[i].atoms, in.A) {
				return false
			}
			i++
		case program.OpAtoms:
			if i >= v.hi || !v.hasAnyOf(&toks[i], in.A) {
				return false
			}
			i++
		case program.OpTest:
			if i >= v.hi || !hasAtom(toks[i].atoms, in.A) {
				return false
			}
		case program.OpAny:
			if i >= v.hi {
				return false
			}
			i++
		case program.OpFact:
			return v.fact(in.A, pc+1, i)
		case program.OpFactTest:
			if !v.begins(in.A, i) {
				return false
			}
		case program.OpGap:
			return v.gap(pc+1, i, int32(in.N))
		case program.OpSplit:
			if in.A != 0 && (i >= v.hi || v.prog.Guards[in.A-1]&toks[i].mask == 0) {
				pc = in.X
				continue
			}
			lo, hi := v.markLo, v.markHi
			if v.run(pc+1, i) {
				return true
			}
			v.markLo, v.markHi = lo, hi
			pc = in.X
			continue
		case program.OpJump:
			pc = in.X
			continue
		case program.OpBegin:
			if i != v.lo {
				return false
			}
		case program.OpEnd:
			if i != v.hi {
				return false
			}
		case program.OpEdge:
			if i != v.lo && i != v.hi && toks[i].edge == 0 {
				return false
			}
		case program.OpOpen:
			if i >= v.hi || toks[i].edge&edgeOpen == 0 {
				return false
			}
		case program.OpNotAhead:
			if v.ahead(pc+1, i, int32(in.N)) {
				return false
			}
			pc = in.X
			continue
		case program.OpNotBehind:
			if v.behind(pc+1, i, int32(in.N)) {
				return false
			}
			pc = in.X
			continue
		case program.OpMark:
			v.markLo = i
		case program.OpMarkEnd:
			v.markHi = i
		default:
			return false
		}
		pc++
	}
}

func hasAtom(atoms []uint16, a uint16) bool {
	for _, x := range atoms {
		if x == a {
			return true
		}
	}
	return false
}

func (v *vm) hasAnyOf(t *token, set uint16) bool {
	s := &v.prog.Sets[set]
	if s.Mask&t.mask == 0 {
		return false
	}
	for _, a := range t.atoms {
		if s.Has(a) {
			return true
		}
	}
	return false
}

// fact goes on behind any passage of fact f that begins at i.
func (v *vm) fact(f uint16, pc, i int32) bool {
	if i >= v.hi || !v.sent.facts.has(f) {
		return false
	}
	e := v.e
	if i == v.start && v.markLo < 0 && v.prog.Code[pc].Op == program.OpMatch {
		return v.only(f, i)
	}
	for k := e.scan.toks[i].matches; k != 0; {
		m := &e.matches[k-1]
		k = m.next
		if m.fact == f && !m.dead && m.hi <= v.hi {
			lo, hi := v.markLo, v.markHi
			if v.run(pc, m.hi) {
				return true
			}
			v.markLo, v.markHi = lo, hi
		}
	}
	return false
}

// only matches a pattern that is a signal and nothing else: it marks what the
// signal marks, the longest passage where there are several.
func (v *vm) only(f uint16, i int32) bool {
	var best *match
	for k := v.e.scan.toks[i].matches; k != 0; {
		m := &v.e.matches[k-1]
		k = m.next
		if m.fact == f && !m.dead && m.hi <= v.hi && (best == nil || m.markHi-m.markLo > best.markHi-best.markLo) {
			best = m
		}
	}
	if best == nil {
		return false
	}
	v.end, v.markLo, v.markHi = best.hi, best.markLo, best.markHi
	return true
}

func (v *vm) begins(f uint16, i int32) bool {
	if i >= v.hi || !v.sent.facts.has(f) {
		return false
	}
	for k := v.e.scan.toks[i].matches; k != 0; k = v.e.matches[k-1].next {
		if m := &v.e.matches[k-1]; m.fact == f && !m.dead {
			return true
		}
	}
	return false
}

// gap goes on at i or up to n tokens later, inside one clause.
func (v *vm) gap(pc, i, n int32) bool {
	toks := v.e.scan.toks
	for k := int32(0); ; k++ {
		lo, hi := v.markLo, v.markHi
		if v.run(pc, i) {
			return true
		}
		v.markLo, v.markHi = lo, hi
		if k == n || i >= v.hi || i > v.lo && toks[i].edge&edgeStrong != 0 {
			return false
		}
		i++
		if i < v.hi && toks[i].edge&edgeStrong != 0 {
			return false
		}
	}
}

// ahead says whether the code matches at i or within n tokens of the clause.
func (v *vm) ahead(pc, i, n int32) bool {
	want, end, lo, hi := v.want, v.end, v.markLo, v.markHi
	v.want = -1
	found := false
	for k := int32(0); k <= n && i+k < v.hi; k++ {
		if k > 0 && v.e.scan.toks[i+k].edge&edgeStrong != 0 {
			break
		}
		if v.run(pc, i+k) {
			found = true
			break
		}
	}
	v.want, v.end, v.markLo, v.markHi = want, end, lo, hi
	return found
}

// lookBehind is the longest passage, in tokens, that -x looks for.
const lookBehind = 6

// behind says whether the code matches just before i, or, with n over 0,
// anywhere within the n tokens of the clause before i.
func (v *vm) behind(pc, i, n int32) bool {
	want, end, lo, hi := v.want, v.end, v.markLo, v.markHi
	back := n
	v.want = -1
	if n == 0 {
		v.want, back = i, lookBehind
	}
	found := false
	for j := i - 1; j >= v.lo && j >= i-back; j-- {
		if n > 0 && v.edgeAt(j+1)&edgeStrong != 0 {
			break
		}
		if v.run(pc, j) && v.end <= i {
			found = true
			break
		}
	}
	v.want, v.end, v.markLo, v.markHi = want, end, lo, hi
	return found
}

// edgeAt gives the edge before token i, 0 at the end of the sentence.
func (v *vm) edgeAt(i int32) edge {
	if i >= v.hi {
		return 0
	}
	return v.e.scan.toks[i].edge
}
