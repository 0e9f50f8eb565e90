package program

import "fmt"

// Check holds the parts of a pack that are indices into others to their bounds:
// packs are read in place, and a damaged one must end in an error, not later in
// a crash. One that comes with the program needs no check at every start. It looks at everything that is small; of the lexicons and patterns,
// which are written and read by the same code, it takes the bytes as they are.
func (p *Pack) Check() (err error) {
	defer func() {
		if x := recover(); x != nil { // a program cut short: see reader
			err = damaged("program")
		}
	}()
	if p.Layers < 1 || p.Layers > 256 {
		return damaged("layers")
	}
	for _, g := range p.Groups {
		if int(g.Fact) >= len(p.Facts) || int(g.When) >= len(p.Conds) {
			return damaged("groups")
		}
	}
	for _, f := range p.Facts {
		if int(f.Layer) >= p.Layers {
			return damaged("facts")
		}
	}
	for _, l := range p.Learnt {
		if int(l.Group) >= len(p.Groups) || int(l.Class) >= len(p.Models.Sentences.Classes) {
			return damaged("learnt groups")
		}
	}
	for _, r := range p.Rules {
		if int(r.Fact) >= len(p.Facts) || int(r.Likely) > len(p.Models.Mail.Classes) {
			return damaged("rules")
		}
	}
	for i := range p.Programs {
		if err := p.Lang(i).check(p); err != nil {
			return err
		}
	}
	if err := p.Models.Mail.check(p); err != nil {
		return err
	}
	return p.Models.Sentences.check()
}

func (p *Program) check(pack *Pack) error {
	if len(p.Index) != pack.Layers || p.AtomLayers.Len() != p.Atoms {
		return damaged("index")
	}
	for _, x := range p.Index {
		if x.AtomStart.Len() != p.Atoms+1 || x.FactStart.Len() != len(pack.Facts)+1 {
			return damaged("index")
		}
	}
	for _, x := range p.Patterns {
		if int(x.Group) >= len(pack.Groups) || int(x.Code) >= len(p.Code) || int(x.Need)+int(x.NeedLen) > p.Needs.Len() {
			return damaged("patterns")
		}
	}
	for i := range p.Needs.Len() {
		n := p.Needs.At(i) &^ (NeedFact | NeedLast)
		if limit := p.Atoms; p.Needs.At(i)&NeedFact == 0 && int(n) >= limit || p.Needs.At(i)&NeedFact != 0 && int(n) >= len(pack.Facts) {
			return damaged("needs")
		}
	}
	for _, in := range p.Code {
		if in.X < 0 || int(in.X) > len(p.Code) || in.Op == OpAtoms && int(in.A) >= len(p.Sets) || in.Op == OpSplit && int(in.A) > len(p.Guards) {
			return damaged("code")
		}
	}
	return nil
}

// check makes sure that looking up a feature stays within the tables.
func (m *Model) check() error {
	n := m.Tags.Len()
	if len(m.Counts) != n || len(m.Facts) != len(m.Of) {
		return damaged("model")
	}
	if n > 0 && (m.First.Len() != 1<<bucketBits+1 || m.Starts.Len() != m.First.Len() || len(m.Seen) != 1<<seenBits/8) {
		return damaged("model")
	}
	at, next := 0, 0
	for bucket := range m.First.Len() {
		for ; next < n && next < int(m.First.At(bucket)); next++ {
			at += 2 * int(m.Counts[next])
		}
		if int(m.First.At(bucket)) != next || int(m.Starts.At(bucket)) != at {
			return damaged("model")
		}
	}
	if next != n || at != len(m.Weights) {
		return damaged("model")
	}
	for i := 0; i < len(m.Weights); i += 2 {
		if int(m.Weights[i]) >= len(m.Classes) {
			return damaged("model")
		}
	}
	return nil
}

func (m *MailModel) check(p *Pack) error {
	for _, in := range m.Inputs {
		limit := len(p.Models.Sentences.Classes)
		switch in.Op {
		case InputFact, InputQuoted:
			limit = len(p.Facts)
		case InputFlag:
			limit = len(Flags)
		case InputWords:
			continue
		}
		if int(in.Of) >= limit {
			return damaged("mail model")
		}
	}
	return nil
}

func damaged(what string) error { return fmt.Errorf("%w: damaged %s", ErrFormat, what) }
