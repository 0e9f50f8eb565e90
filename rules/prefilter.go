package rules

import "github.com/tacto-lint/tacto/lint/program"

// nextMask gives the filter by which the engine passes over most patterns
// without running them: a bit for each atom (by its number modulo 64) that the
// second word of a match can have, 0 where it can be anything.
func nextMask(code []program.Inst, start int) uint64 {
	after, open := step(code, []int{start}, map[int]bool{})
	if open || len(after) == 0 {
		return 0
	}
	mask := uint64(0)
	seen := map[int]bool{}
	for _, pc := range after {
		atoms, ok := wants(code, pc, seen)
		if !ok {
			return 0
		}
		mask |= atoms
	}
	return mask
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
		case program.OpAtom, program.OpAny:
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
func wants(code []program.Inst, pc int, seen map[int]bool) (uint64, bool) {
	if seen[pc] {
		return 0, true
	}
	seen[pc] = true
	in := code[pc]
	switch in.Op {
	case program.OpAtom, program.OpTest:
		return 1 << (in.A % 64), true
	case program.OpSplit:
		a, ok := wants(code, pc+1, seen)
		if !ok {
			return 0, false
		}
		b, ok := wants(code, int(in.X), seen)
		return a | b, ok
	case program.OpJump, program.OpNotAhead, program.OpNotBehind:
		return wants(code, int(in.X), seen)
	case program.OpMark, program.OpMarkEnd, program.OpEdge, program.OpOpen:
		return wants(code, pc+1, seen)
	}
	return 0, false
}
