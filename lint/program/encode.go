package program

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"
)

const magic = "tacto-pack"

// Encode gives the bytes of a pack.
func (p *Pack) Encode() []byte {
	w := &writer{}
	w.b = append(w.b, magic...)
	w.uint(Version)
	w.uint(p.Layers)
	w.uint(len(p.Facts))
	for _, f := range p.Facts {
		w.str(f.Name)
		w.uint(int(f.Layer))
		w.int(int(f.Rule))
		w.bool(f.Quoted)
		w.bool(f.Builtin)
	}
	w.uint(len(p.Groups))
	for _, g := range p.Groups {
		w.uint(int(g.Fact))
		w.int(int(g.When))
		w.text(g.Message)
		w.text(g.Suggestion)
	}
	w.uint(len(p.Conds))
	for _, c := range p.Conds {
		w.uint(int(c.Op))
		w.uint(int(c.Fact))
		w.int(int(c.A))
		w.int(int(c.B))
		w.float(c.Num)
	}
	w.uint(len(p.Rules))
	for i := range p.Rules {
		w.rule(&p.Rules[i])
	}
	w.uint(len(p.Terms))
	for _, t := range p.Terms {
		w.str(t.Name)
		w.text(t.Plain)
	}
	w.uint(len(p.Programs))
	for i := range p.Programs {
		one := &writer{}
		one.program(p.Lang(i))
		w.str(string(one.b))
	}
	w.models(&p.Models)
	w.uint(len(p.Learnt))
	for _, l := range p.Learnt {
		w.uint(int(l.Group))
		w.uint(int(l.Class))
		w.uint(int(l.Langs))
		w.float(float64(l.Over))
	}
	w.str(p.Docs)
	return w.b
}

type writer struct{ b []byte }

func (w *writer) uint(v int) { w.b = binary.AppendUvarint(w.b, uint64(v)) }
func (w *writer) int(v int)  { w.b = binary.AppendVarint(w.b, int64(v)) }
func (w *writer) bool(v bool) {
	if v {
		w.b = append(w.b, 1)
	} else {
		w.b = append(w.b, 0)
	}
}
func (w *writer) str(s string)    { w.uint(len(s)); w.b = append(w.b, s...) }
func (w *writer) text(t Text)     { w.str(t[0]); w.str(t[1]) }
func (w *writer) float(f float64) { w.b = binary.LittleEndian.AppendUint64(w.b, math.Float64bits(f)) }

func (w *writer) rule(r *Rule) {
	w.str(r.ID)
	w.uint(int(r.Kind))
	w.uint(int(r.Method))
	w.uint(int(r.Severity))
	w.uint(int(r.Fact))
	w.int(int(r.When))
	w.int(int(r.Unless))
	w.uint(int(r.Minority[0]))
	w.uint(int(r.Minority[1]))
	w.uint(len(r.Reasons))
	for _, x := range r.Reasons {
		w.int(int(x.When))
		w.text(x.Say)
	}
	w.text(r.Message)
	w.text(r.Suggestion)
	w.uint(len(r.Params))
	for _, x := range r.Params {
		w.str(x.Name)
		w.float(x.Value)
	}
	w.uint(int(r.Langs))
	w.uint(int(r.Likely))
}

func (w *writer) program(p *Program) {
	l := &p.Lex
	w.str(l.Keys)
	w.str(string(l.Slots))
	w.str(string(l.KeyAt))
	w.str(string(l.Ref))
	w.str(string(l.Lists))
	w.str(l.Accent)
	w.str(string(l.Variants))
	w.uint(int(l.PrefixLens))
	w.uint(int(l.SuffixLens))
	w.uint(len(p.Code))
	for _, c := range p.Code {
		w.b = append(w.b, byte(c.Op), c.N, byte(c.A), byte(c.A>>8))
		w.b = binary.LittleEndian.AppendUint32(w.b, uint32(c.X))
	}
	w.uint(len(p.Patterns))
	for _, x := range p.Patterns {
		w.uint(int(x.Group))
		w.uint(int(x.Code))
		w.uint(int(x.Term))
		w.uint(int(x.Case))
		w.b = binary.LittleEndian.AppendUint64(w.b, x.Next)
		w.uint(int(x.Need))
		w.uint(int(x.NeedLen))
	}
	w.str(string(p.Needs))
	w.uint(len(p.Guards))
	for _, g := range p.Guards {
		w.b = binary.LittleEndian.AppendUint64(w.b, g)
	}
	w.uint(len(p.Sets))
	for _, x := range p.Sets {
		w.b = binary.LittleEndian.AppendUint64(w.b, x.Mask)
		w.str(string(x.Atoms))
	}
	w.uint(p.Atoms)
	w.str(string(p.AtomLayers))
	w.uint(len(p.Index))
	for _, x := range p.Index {
		w.str(string(x.AtomStart))
		w.str(string(x.AtomPats))
		w.str(string(x.FactStart))
		w.str(string(x.FactPats))
		w.bool(x.Anything)
	}
}

// ErrFormat is the error of Decode for data that is not a pack of this version.
var ErrFormat = errors.New("not a compiled rule set of this version")

// Decode reads a pack without looking whether what is in it fits together: see
// Check. The big tables stay where they are in data.
func Decode(data string) (p *Pack, err error) {
	r := &reader{s: data}
	if len(data) < len(magic) || data[:len(magic)] != magic {
		return nil, ErrFormat
	}
	r.at = len(magic)
	defer func() {
		if err != nil {
			p = nil
		}
	}()
	defer recoverDamage(r, &err)
	if r.uint() != Version {
		return nil, ErrFormat
	}
	p = &Pack{Layers: r.uint()}
	p.Facts = make([]Fact, r.count())
	for i := range p.Facts {
		p.Facts[i] = Fact{r.str(), uint8(r.uint()), int16(r.int()), r.bool(), r.bool()}
	}
	p.Groups = make([]Group, r.count())
	for i := range p.Groups {
		p.Groups[i] = Group{uint16(r.uint()), int32(r.int()), r.text(), r.text()}
	}
	p.Conds = make([]Cond, r.count())
	for i := range p.Conds {
		p.Conds[i] = Cond{CondOp(r.uint()), uint16(r.uint()), int32(r.int()), int32(r.int()), r.float()}
	}
	p.Rules = make([]Rule, r.count())
	for i := range p.Rules {
		p.Rules[i] = r.rule()
	}
	p.Terms = make([]Term, r.count())
	for i := range p.Terms {
		p.Terms[i] = Term{r.str(), r.text()}
	}
	p.Programs = make([]Program, r.count())
	p.unread = make([]func(), len(p.Programs))
	for i := range p.Programs {
		data, into := r.str(), &p.Programs[i]
		p.unread[i] = sync.OnceFunc(func() { (&reader{s: data}).program(into) })
	}
	r.models(&p.Models)
	p.Learnt = make([]Learnt, r.count())
	for i := range p.Learnt {
		p.Learnt[i] = Learnt{uint16(r.uint()), uint16(r.uint()), uint8(r.uint()), float32(r.float())}
	}
	p.Docs = r.str()
	return p, nil
}

// recoverDamage turns the panic of a read beyond the end into an error: data cut
// short runs into slice bounds, and one recover does for a check at every read.
func recoverDamage(r *reader, err *error) {
	if x := recover(); x != nil {
		*err = fmt.Errorf("%w: damaged at byte %d", ErrFormat, r.at)
	}
}

type reader struct {
	s  string
	at int
}

func (r *reader) uint() int {
	var v uint64
	for shift := 0; ; shift += 7 {
		c := r.s[r.at]
		r.at++
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return int(v)
		}
	}
}

func (r *reader) int() int {
	u := uint64(r.uint())
	v := int64(u >> 1)
	if u&1 != 0 {
		v = ^v
	}
	return int(v)
}

// count reads a length, which can't be more than the bytes that are left.
func (r *reader) count() int {
	n := r.uint()
	if n > len(r.s)-r.at {
		panic("length")
	}
	return n
}

func (r *reader) bool() bool {
	r.at++
	return r.s[r.at-1] != 0
}

func (r *reader) str() string {
	n := r.uint()
	s := r.s[r.at : r.at+n]
	r.at += n
	return s
}

func (r *reader) text() Text { return Text{r.str(), r.str()} }

func (r *reader) fixed() uint64 {
	var v uint64
	for i := 0; i < 8; i++ {
		v |= uint64(r.s[r.at+i]) << (8 * i)
	}
	r.at += 8
	return v
}

func (r *reader) float() float64 { return math.Float64frombits(r.fixed()) }

func (r *reader) rule() Rule {
	x := Rule{ID: r.str(), Kind: Kind(r.uint()), Method: Method(r.uint()), Severity: uint8(r.uint()),
		Fact: uint16(r.uint()), When: int32(r.int()), Unless: int32(r.int())}
	x.Minority = [2]uint16{uint16(r.uint()), uint16(r.uint())}
	x.Reasons = make([]Reason, r.count())
	for i := range x.Reasons {
		x.Reasons[i] = Reason{int32(r.int()), r.text()}
	}
	x.Message, x.Suggestion = r.text(), r.text()
	x.Params = make([]Param, r.count())
	for i := range x.Params {
		x.Params[i] = Param{r.str(), r.float()}
	}
	x.Langs = uint8(r.uint())
	x.Likely = uint16(r.uint())
	return x
}

func (r *reader) program(p *Program) {
	p.Lex = Lexicon{Keys: r.str(), Slots: U32(r.str()), KeyAt: U32(r.str()), Ref: U32(r.str()), Lists: U16(r.str()),
		Accent: r.str(), Variants: U32(r.str()), PrefixLens: uint64(r.uint()), SuffixLens: uint64(r.uint())}
	p.Code = make([]Inst, r.count())
	for i := range p.Code {
		s := r.s[r.at : r.at+8]
		p.Code[i] = Inst{Op(s[0]), s[1], uint16(s[2]) | uint16(s[3])<<8,
			int32(uint32(s[4]) | uint32(s[5])<<8 | uint32(s[6])<<16 | uint32(s[7])<<24)}
		r.at += 8
	}
	p.Patterns = make([]Pattern, r.count())
	for i := range p.Patterns {
		p.Patterns[i] = Pattern{uint16(r.uint()), uint32(r.uint()), uint16(r.uint()), Case(r.uint()), r.fixed(), uint32(r.uint()), uint8(r.uint())}
	}
	p.Needs = U16(r.str())
	p.Guards = make([]uint64, r.count())
	for i := range p.Guards {
		p.Guards[i] = r.fixed()
	}
	p.Sets = make([]Set, r.count())
	for i := range p.Sets {
		p.Sets[i] = Set{r.fixed(), U16(r.str())}
	}
	p.Atoms = r.uint()
	p.AtomLayers = U32(r.str())
	p.Index = make([]LayerIndex, r.count())
	for i := range p.Index {
		p.Index[i] = LayerIndex{U32(r.str()), U32(r.str()), U32(r.str()), U32(r.str()), r.bool()}
	}
}
