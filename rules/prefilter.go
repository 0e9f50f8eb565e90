package rules

import (
	"cmp"
	"slices"

	"github.com/tacto-lint/tacto/lint/program"
)

// maxNeeds bounds the sets of a pattern that are checked before it is run,
// maxNeedSet the entries of one: checking must stay cheaper than running.
const (
	maxNeeds   = 3
	maxNeedSet = 24
)

// need enters what a sentence must hold for a pattern to match, and gives where:
// the smallest sets, besides what the pattern begins with.
func (g *coder) need(n *node, first firstSet) (start uint32, length uint8) {
	begin := slices.Clone(first.atoms)
	for _, f := range first.facts {
		begin = append(begin, f|program.NeedFact)
	}
	sets := slices.DeleteFunc(g.needsOf(n), func(set []uint16) bool {
		return !slices.ContainsFunc(begin, func(a uint16) bool { return !slices.Contains(set, a) })
	})
	slices.SortStableFunc(sets, func(a, b []uint16) int { return cmp.Compare(len(a), len(b)) })
	start = uint32(len(g.needs))
	for _, set := range sets[:min(len(sets), maxNeeds)] {
		for i, a := range set {
			if i == len(set)-1 {
				a |= program.NeedLast
			}
			g.needs = append(g.needs, a)
		}
	}
	return start, uint8(len(g.needs) - int(start))
}

// needsOf gives sets of which a match of the node has one entry each. Errors in
// a node were found when its code was written.
func (g *coder) needsOf(n *node) [][]uint16 {
	switch n.kind {
	case nodeSeq, nodeMark, nodeAnd:
		var sets [][]uint16
		for _, k := range n.kids {
			sets = append(sets, g.needsOf(k)...)
		}
		return sets
	case nodeAlt:
		return g.needOfAny(n.kids)
	case nodeAtoms:
		return [][]uint16{n.atoms}
	case nodeFact:
		return [][]uint16{{uint16(g.c.facts[n.text]) | program.NeedFact}}
	case nodeClass:
		cl, err := g.buildClass(n.text)
		if err != nil {
			return nil
		}
		kids := slices.Clone(cl.longer)
		if len(cl.words) == 0 {
			return g.needOfAny(kids)
		}
		if len(kids) == 0 {
			return [][]uint16{{cl.atom}}
		}
		sets := g.needOfAny(kids)
		if len(sets) == 0 || len(sets[0]) >= maxNeedSet {
			return nil
		}
		return [][]uint16{add(sets[0], cl.atom)}
	case nodeWord:
		var sets [][]uint16
		for _, w := range patternWords(n.text) {
			if a, err := g.lex.word(w); err == nil {
				sets = append(sets, []uint16{a})
			}
		}
		return sets
	case nodeExact, nodePrefix, nodeSuffix, nodeLemma, nodeShape, nodeClitic:
		if a, err := g.atomOf(n); err == nil {
			return [][]uint16{{a}}
		}
	}
	return nil
}

// needOfAny joins the smallest set of each alternative.
func (g *coder) needOfAny(kids []*node) [][]uint16 {
	var union []uint16
	for _, k := range kids {
		sets := g.needsOf(k)
		if len(sets) == 0 {
			return nil
		}
		least := slices.MinFunc(sets, func(a, b []uint16) int { return cmp.Compare(len(a), len(b)) })
		for _, a := range least {
			union = add(union, a)
		}
	}
	if len(union) == 0 || len(union) > maxNeedSet {
		return nil
	}
	return [][]uint16{union}
}

// nextMask gives the filter by which the engine passes over most patterns
// without running them: a bit for each atom (by its number modulo 64) that the
// second word of a match can have, 0 where it can be anything.
func nextMask(p *program.Program, start int) uint64 {
	code := p.Code
	after, open := step(code, []int{start}, map[int]bool{})
	if open || len(after) == 0 {
		return 0
	}
	mask := uint64(0)
	seen := map[int]bool{}
	for _, pc := range after {
		atoms, ok := wants(p, pc, seen)
		if !ok {
			return 0
		}
		mask |= atoms
	}
	return mask
}

// guard writes into the splits of a pattern's code what the next word must have
// for their first way to be worth trying: most alternatives are passed over so.
func (g *coder) guard(start int) {
	for pc := start; pc < len(g.prog.Code); pc++ {
		in := &g.prog.Code[pc]
		if in.Op != program.OpSplit {
			continue
		}
		mask, ok := wants(g.prog, pc+1, map[int]bool{})
		if !ok || mask == 0 {
			continue
		}
		i, known := g.guards[mask]
		if !known {
			i = len(g.prog.Guards)
			if i >= 1<<16-1 {
				continue
			}
			g.guards[mask] = i
			g.prog.Guards = append(g.prog.Guards, mask)
		}
		in.A = uint16(i + 1)
	}
}

// step gives where matching goes on after one word; open says that this can't
// be told, because a passage or a gap comes first.
func step(code []program.Inst, pcs []int, seen map[int]bool) (after []int, open bool) {
	for len(pcs) > 0 {
		pc := pcs[len(pcs)-1]
		pcs = pcs[:len(pcs)-1]
		if seen[pc] {
			continue
		}
		seen[pc] = true
		in := code[pc]
		switch in.Op {
		case program.OpAtom, program.OpAny, program.OpAtoms:
			after = append(after, pc+1)
		case program.OpSplit:
			pcs = append(pcs, pc+1, int(in.X))
		case program.OpJump, program.OpNotAhead, program.OpNotBehind:
			pcs = append(pcs, int(in.X))
		case program.OpFact, program.OpGap, program.OpMatch, program.OpSubEnd:
			return nil, true
		default:
			pcs = append(pcs, pc+1)
		}
	}
	return after, false
}

// wants gives the mask of the atoms that the next word must have one of; not ok
// if it can be anything, or if there need be no next word.
func wants(p *program.Program, pc int, seen map[int]bool) (uint64, bool) {
	code := p.Code
	if seen[pc] {
		return 0, true
	}
	seen[pc] = true
	in := code[pc]
	switch in.Op {
	case program.OpAtom, program.OpTest:
		return 1 << (in.A % 64), true
	case program.OpAtoms:
		return p.Sets[in.A].Mask, true
	case program.OpSplit:
		a, ok := wants(p, pc+1, seen)
		if !ok {
			return 0, false
		}
		b, ok := wants(p, int(in.X), seen)
		return a | b, ok
	case program.OpJump, program.OpNotAhead, program.OpNotBehind:
		return wants(p, int(in.X), seen)
	case program.OpMark, program.OpMarkEnd, program.OpEdge, program.OpOpen:
		return wants(p, pc+1, seen)
	}
	return 0, false
}
