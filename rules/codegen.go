package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/lint/program"
)

// coder writes the code of one language's patterns.
type coder struct {
	c    *compiler
	lang int
	prog *program.Program
	lex  *lexiconBuilder
	// first holds, by pattern, what it can begin with.
	first []firstSet
	// guards finds a program's Guards by mask.
	guards map[uint64]int
	// needs becomes the program's Needs.
	needs []uint16
}

// firstSet is what a pattern can begin with.
type firstSet struct {
	atoms []uint16
	facts []uint16
	any   bool // anything: not allowed
}

func (f *firstSet) union(o firstSet) {
	for _, a := range o.atoms {
		f.atoms = add(f.atoms, a)
	}
	for _, a := range o.facts {
		f.facts = add(f.facts, a)
	}
	f.any = f.any || o.any
}

// programs compiles all patterns, language by language.
func (c *compiler) programs() {
	c.numberGroups()
	c.learnt()
	for lang := range lint.Langs {
		g := &coder{c: c, lang: lang, prog: &program.Program{}, lex: c.words[lang], guards: map[uint64]int{}}
		g.patterns()
		g.glossary()
		if len(c.errs) > 0 {
			continue
		}
		g.prog.Lex = g.lex.build()
		g.prog.Atoms = int(g.lex.next)
		g.prog.Needs = program.MakeU16(g.needs)
		g.index()
		c.pack.Programs = append(c.pack.Programs, *g.prog)
	}
}

// numberGroups enters the groups into the pack; group 0 is that of the glossary.
func (c *compiler) numberGroups() {
	c.pack.Groups = []program.Group{{Fact: program.FactAnyTerm, When: -1}}
	for f, d := range c.defs {
		if d == nil {
			continue
		}
		for i, g := range d.groups {
			c.pack.Groups = append(c.pack.Groups, program.Group{Fact: uint16(f), When: c.conds[f].groups[i],
				Message: text(g.message), Suggestion: text(g.suggestion)})
		}
	}
}

// learnt enters the groups that ask for a class of the model.
func (c *compiler) learnt() {
	number := 0
	for _, d := range c.defs {
		if d == nil {
			continue
		}
		for _, g := range d.groups {
			number++
			if g.learnt.text == "" {
				continue
			}
			class := slices.Index(c.pack.Models.Sentences.Classes, g.learnt.text)
			if class < 0 {
				c.fail(g.learnt.at, "there are "+strings.Join(c.pack.Models.Sentences.Classes, ", "), "unknown learnt class %q", g.learnt.text)
				continue
			}
			l := program.Learnt{Group: uint16(number), Class: uint16(class), Over: float32(lint.Logit(g.over))}
			for i, code := range lint.Langs {
				if len(g.langs) == 0 || slices.Contains(g.langs, code) {
					l.Langs |= 1 << i
				}
			}
			c.pack.Learnt = append(c.pack.Learnt, l)
		}
	}
}

func text(l lint.Localized) program.Text {
	var t program.Text
	for i, code := range lint.Langs {
		t[i] = l[code]
	}
	return t
}

func (g *coder) patterns() {
	group := 1
	for _, d := range g.c.defs {
		if d == nil {
			continue
		}
		for _, gr := range d.groups {
			for _, p := range gr.patterns[g.lang] {
				g.pattern(p, uint16(group), 0, program.AnyCase)
			}
			group++
		}
	}
}

// pattern compiles one pattern.
func (g *coder) pattern(p patternDef, group, term uint16, written program.Case) {
	n, err := parsePattern(p.text)
	if err != nil {
		if term > 0 { // others were reported by patternDeps
			g.c.failWith(p.at, fmt.Sprintf("bad term %q", p.text), err)
		}
		return
	}
	for _, alt := range g.parted(n) {
		if err := g.write(alt, group, term, written); err != nil {
			g.c.failWith(p.at, fmt.Sprintf("bad pattern %q", p.text), err)
			return
		}
	}
}

// minParted is from how many alternatives on a pattern is parted.
const minParted = 4

// parted gives the alternatives of a pattern that is nothing else: each for
// itself is tried only at words it can begin with, instead of all in turn.
func (g *coder) parted(n *node) []*node {
	if n.kind != nodeSeq || len(n.kids) != 1 || n.kids[0].kind != nodeAlt {
		return []*node{n}
	}
	alts := g.joinWords(n.kids[0].kids)
	if len(alts) < minParted {
		return []*node{n}
	}
	return alts
}

// write compiles one pattern, or an alternative of one.
func (g *coder) write(n *node, group, term uint16, written program.Case) error {
	start := len(g.prog.Code)
	err := g.emit(n)
	if err == nil {
		g.op(program.OpMatch, 0, 0)
		var first firstSet
		var empty bool
		first, empty, err = g.firstOf(n)
		switch {
		case err != nil:
		case empty:
			err = bad("make something in it obligatory", "it can match nothing at all")
		case first.any:
			err = bad("begin it with a word, a class, a shape or a signal", "it begins with anything")
		default:
			g.guard(start)
			need, n := g.need(n, first)
			g.prog.Patterns = append(g.prog.Patterns, program.Pattern{Group: group, Code: uint32(start), Term: term, Case: written,
				Next: nextMask(g.prog, start), Need: need, NeedLen: n})
			g.first = append(g.first, first)
			return nil
		}
	}
	g.prog.Code = g.prog.Code[:start]
	return err
}

// glossary compiles the terms.
func (g *coder) glossary() {
	number := uint16(0)
	for _, f := range g.c.files {
		for _, t := range f.glossary {
			number++
			if g.lang == 0 {
				g.c.pack.Terms = append(g.c.pack.Terms, program.Term{Name: t.name, Plain: text(t.plain)})
			}
			if t.lang != "" && t.lang != lint.Langs[g.lang] {
				continue
			}
			for _, v := range append([]string{t.name}, t.variants...) {
				p := patternDef{at: t.at, text: g.termPattern(v)}
				if p.text != "" {
					g.pattern(p, 0, number, caseOf(t, v))
				}
			}
		}
	}
}

// caseOf says how a form of a term must be written. Terms that are words of every
// day in lower case ("mos", "react") have case: true; a form of several words
// needs no such mark to be told from those.
func caseOf(t termDef, form string) program.Case {
	switch {
	case !t.caps:
		return program.AnyCase
	case form == strings.ToUpper(form):
		return program.Capitals
	case strings.Contains(form, " ") || form == strings.ToLower(form):
		return program.AnyCase
	}
	return program.Capitalised
}

// codeName is a form that texts keep as one word while it is in capitals.
var codeName = regexp.MustCompile(`^[A-Z]+-[0-9]+$`)

// termPattern turns a term as people write it ("N+1 query", "~deployar", "404")
// into a pattern: its words, or lemmas for those with ~.
func (g *coder) termPattern(v string) string {
	var parts []string
	for _, w := range strings.Fields(v) {
		if lemma, ok := strings.CutPrefix(w, "~"); ok {
			parts = append(parts, "~"+lemma)
			continue
		}
		if codeName.MatchString(w) {
			parts = append(parts, w)
			continue
		}
		parts = append(parts, lint.Words(w)...)
	}
	return strings.Join(parts, " ")
}

func (g *coder) op(op program.Op, a uint16, n uint8) int {
	g.prog.Code = append(g.prog.Code, program.Inst{Op: op, A: a, N: n})
	return len(g.prog.Code) - 1
}

func (g *coder) here() int32 { return int32(len(g.prog.Code)) }

// emit writes the code of a node: a case for each kind.
func (g *coder) emit(n *node) error {
	switch n.kind {
	case nodeSeq:
		for _, k := range n.kids {
			if err := g.emit(k); err != nil {
				return err
			}
		}
		return nil
	case nodeAlt:
		return g.alternatives(n.kids)
	case nodeOpt:
		split := g.op(program.OpSplit, 0, 0)
		err := g.emit(n.kids[0])
		g.prog.Code[split].X = g.here()
		return err
	case nodeMark:
		g.op(program.OpMark, 0, 0)
		err := g.emit(n.kids[0])
		g.op(program.OpMarkEnd, 0, 0)
		return err
	case nodeNotAhead, nodeNotBehind:
		op := program.OpNotAhead
		if n.kind == nodeNotBehind {
			op = program.OpNotBehind
		}
		at := g.op(op, 0, uint8(n.n))
		err := g.emit(n.kids[0])
		g.op(program.OpSubEnd, 0, 0)
		g.prog.Code[at].X = g.here()
		return err
	case nodeGap:
		g.op(program.OpGap, 0, uint8(n.n))
	case nodeAny:
		g.op(program.OpAny, 0, 0)
	case nodeBegin:
		g.op(program.OpBegin, 0, 0)
	case nodeEnd:
		g.op(program.OpEnd, 0, 0)
	case nodeEdge:
		g.op(program.OpEdge, 0, 0)
	case nodeOpen:
		g.op(program.OpOpen, 0, 0)
	case nodeFact:
		f, ok := g.c.facts[n.text]
		if !ok {
			return bad(g.c.suggestFact(n.text), "unknown signal <%s>", n.text)
		}
		g.op(program.OpFact, uint16(f), 0)
	case nodeAtoms:
		g.set(n.atoms)
	case nodeAnd:
		return g.conjunction(n)
	case nodeClass:
		return g.class(n)
	default:
		return g.word(n)
	}
	return nil
}

func (g *coder) alternatives(kids []*node) error {
	kids = g.joinWords(kids)
	if len(kids) == 1 {
		return g.emit(kids[0])
	}
	var ends []int
	for i, k := range kids {
		split := -1
		if i < len(kids)-1 {
			split = g.op(program.OpSplit, 0, 0)
		}
		if err := g.emit(k); err != nil {
			return err
		}
		if split >= 0 {
			ends = append(ends, g.op(program.OpJump, 0, 0))
			g.prog.Code[split].X = g.here()
		}
	}
	for _, e := range ends {
		g.prog.Code[e].X = g.here()
	}
	return nil
}

// joinWords makes one node of alternatives in a row that are one word each: in
// which order those are tried makes no difference.
func (g *coder) joinWords(kids []*node) []*node {
	var out []*node
	for _, k := range kids {
		one := k
		if k.kind == nodeSeq && len(k.kids) == 1 {
			one = k.kids[0]
		}
		a, ok := g.oneAtom(one)
		switch last := len(out) - 1; {
		case !ok:
			out = append(out, k)
		case last >= 0 && out[last].kind == nodeAtoms:
			out[last].atoms = add(out[last].atoms, a)
		default:
			out = append(out, &node{kind: nodeAtoms, atoms: []uint16{a}})
		}
	}
	return out
}

// oneAtom gives the atom of a node that always stands for one word.
func (g *coder) oneAtom(n *node) (uint16, bool) {
	switch n.kind {
	case nodeWord:
		if len(patternWords(n.text)) != 1 {
			return 0, false
		}
	case nodeClass:
		if cl, err := g.buildClass(n.text); err != nil || n.sel != "atom" && len(cl.longer) > 0 || len(cl.words) == 0 {
			return 0, false
		}
	case nodeExact, nodePrefix, nodeSuffix, nodeLemma, nodeShape, nodeClitic:
	default:
		return 0, false
	}
	a, err := g.atomOf(n) // an error comes again, and is reported, where the word is written
	return a, err == nil
}

// set enters a set of atoms and writes the code for it.
func (g *coder) set(atoms []uint16) {
	if len(atoms) == 1 {
		g.op(program.OpAtom, atoms[0], 0)
		return
	}
	atoms = slices.Sorted(slices.Values(atoms))
	set := program.Set{Atoms: program.MakeU16(atoms)}
	for _, a := range atoms {
		set.Mask |= 1 << (a % 64)
	}
	i := slices.Index(g.prog.Sets, set)
	if i < 0 {
		i = len(g.prog.Sets)
		g.prog.Sets = append(g.prog.Sets, set)
	}
	g.op(program.OpAtoms, uint16(i), 0)
}

// word writes the code of a node that names words.
func (g *coder) word(n *node) error {
	if n.kind == nodeWord {
		words := patternWords(n.text)
		if len(words) == 0 {
			return bad("see 'Patterns' in docs/writing-rules.md", "%q is no word", n.text)
		}
		for _, w := range words {
			a, err := g.lex.word(w)
			if err != nil {
				return err
			}
			g.op(program.OpAtom, a, 0)
		}
		return nil
	}
	a, err := g.atomOf(n)
	if err == nil {
		g.op(program.OpAtom, a, 0)
	}
	return err
}

// patternWords parts a literal of a pattern into words, as texts are. On its own
// 's is the possessive, which in texts is a word behind another.
func patternWords(text string) []string {
	if text == "'s" || text == "’s" {
		return []string{"'s"}
	}
	return lint.Words(text)
}

// atomOf gives the atom of a node that stands for one word.
func (g *coder) atomOf(n *node) (uint16, error) {
	switch n.kind {
	case nodeShape:
		i := slices.Index(lint.ShapeNames[:], n.text)
		if i < 0 {
			return 0, bad("shapes are "+strings.Join(lint.ShapeNames[:], " "), "unknown shape #%s", n.text)
		}
		return uint16(i), nil
	case nodeClitic:
		i := slices.Index(program.Clitics, n.text)
		if i < 0 || g.lang != 0 {
			return 0, bad("pronouns are "+strings.Join(program.Clitics, " ")+", in Spanish", "unknown pronoun +%s", n.text)
		}
		return uint16(program.FirstClitic + i), nil
	case nodeClass:
		cl, err := g.buildClass(n.text)
		if err != nil {
			return 0, err
		}
		if len(cl.words) == 0 {
			return 0, bad("give it entries of one word", "class @%s has none", n.text)
		}
		return cl.atom, nil
	case nodeWord:
		words := patternWords(n.text)
		if len(words) != 1 {
			return 0, bad("write a sequence", "%q is not one word", n.text)
		}
		return g.lex.word(words[0])
	}
	key := fmt.Sprintf("%d:%s/%s:%s", n.kind, n.text, n.pos, n.sel)
	a, fresh, err := g.lex.atom(key)
	if err == nil && fresh {
		err = g.lex.define(a, n)
	}
	return a, err
}

// conjunction writes a&b: all tests on one token, then one step.
func (g *coder) conjunction(n *node) error {
	for _, k := range n.kids {
		a, err := g.atomOf(k)
		if err != nil {
			return err
		}
		g.op(program.OpTest, a, 0)
	}
	g.op(program.OpAny, 0, 0)
	return nil
}

// class writes the code of a class: its atom, or one of its longer entries.
func (g *coder) class(n *node) error {
	cl, err := g.buildClass(n.text)
	if err != nil {
		return err
	}
	kids := slices.Clone(cl.longer) // the longer first: they say more
	if len(cl.words) > 0 {
		kids = append(kids, &node{kind: nodeClass, text: n.text, sel: "atom"})
	}
	if n.sel == "atom" {
		g.op(program.OpAtom, cl.atom, 0)
		return nil
	}
	return g.alternatives(kids)
}

// buildClass parses a class and gives its words their atom.
func (g *coder) buildClass(name string) (*class, error) {
	cl, ok := g.c.classes[g.lang][name]
	if !ok {
		return nil, bad("define it under classes: "+lint.Langs[g.lang]+", or mend its name", "unknown class @%s", name)
	}
	switch cl.state {
	case 2:
		return cl, nil
	case 1:
		return nil, bad("take one out of the other", "class @%s contains itself", name)
	}
	cl.state = 1
	defer func() { cl.state = 2 }()
	var err error
	if cl.atom, _, err = g.lex.atom("class:" + name); err != nil {
		return nil, err
	}
	for _, e := range cl.def.entries {
		n, err := parsePattern(e.text)
		if err == nil {
			err = g.classEntry(cl, n)
		}
		if err != nil {
			g.c.failWith(e.at, fmt.Sprintf("bad entry %q of class @%s", e.text, name), err)
		}
	}
	return cl, nil
}

// classEntry sorts one entry of a class: one word, or more.
func (g *coder) classEntry(cl *class, n *node) error {
	if len(n.kids) == 1 && n.kind == nodeSeq {
		k := n.kids[0]
		switch k.kind {
		case nodeWord:
			if len(patternWords(k.text)) == 1 {
				cl.words = append(cl.words, k)
				return g.lex.define(cl.atom, k)
			}
		case nodeExact, nodePrefix, nodeSuffix, nodeLemma:
			cl.words = append(cl.words, k)
			return g.lex.define(cl.atom, k)
		case nodeClass:
			inner, err := g.buildClass(k.text)
			if err != nil {
				return err
			}
			cl.longer = append(cl.longer, inner.longer...)
			cl.words = append(cl.words, inner.words...)
			for _, w := range inner.words {
				if err := g.lex.define(cl.atom, w); err != nil {
					return err
				}
			}
			return nil
		case nodeAlt:
			for _, seq := range k.kids {
				if err := g.classEntry(cl, seq); err != nil {
					return err
				}
			}
			return nil
		}
	}
	cl.longer = append(cl.longer, n)
	return nil
}

// firstOf gives what a node can begin with, and whether it can be empty.
func (g *coder) firstOf(n *node) (firstSet, bool, error) {
	switch n.kind {
	case nodeSeq:
		var set firstSet
		for _, k := range n.kids {
			f, empty, err := g.firstOf(k)
			if err != nil {
				return set, false, err
			}
			set.union(f)
			if !empty {
				return set, false, nil
			}
		}
		return set, true, nil
	case nodeAlt:
		return g.firstOfAny(n.kids)
	case nodeOpt:
		f, _, err := g.firstOf(n.kids[0])
		return f, true, err
	case nodeMark:
		return g.firstOf(n.kids[0])
	case nodeNotAhead, nodeNotBehind, nodeBegin, nodeEnd, nodeEdge, nodeOpen:
		return firstSet{}, true, nil
	case nodeGap:
		return firstSet{any: true}, true, nil
	case nodeAny:
		return firstSet{any: true}, false, nil
	case nodeFact:
		return firstSet{facts: []uint16{uint16(g.c.facts[n.text])}}, false, nil
	case nodeClass:
		cl, err := g.buildClass(n.text)
		if err != nil {
			return firstSet{}, false, err
		}
		f, empty, err := g.firstOfAny(cl.longer)
		if len(cl.words) > 0 {
			f.atoms = add(f.atoms, cl.atom)
		}
		return f, empty && len(cl.longer) > 0, err
	case nodeAtoms:
		return firstSet{atoms: n.atoms}, false, nil
	case nodeAnd:
		for _, k := range n.kids {
			if k.kind != nodeShape && k.kind != nodeClitic {
				return g.firstOf(k)
			}
		}
		return g.firstOf(n.kids[0])
	case nodeWord:
		a, err := g.lex.word(patternWords(n.text)[0])
		return firstSet{atoms: []uint16{a}}, false, err
	}
	a, err := g.atomOf(n)
	return firstSet{atoms: []uint16{a}}, false, err
}

func (g *coder) firstOfAny(kids []*node) (firstSet, bool, error) {
	var set firstSet
	some := false
	for _, k := range kids {
		f, empty, err := g.firstOf(k)
		if err != nil {
			return set, false, err
		}
		set.union(f)
		some = some || empty
	}
	return set, some, nil
}

// index lays out, for each layer, which patterns a word or a signal can begin.
func (g *coder) index() {
	facts := len(g.c.pack.Facts)
	layers := make([]uint32, g.prog.Atoms)
	defer func() { g.prog.AtomLayers = program.MakeU32(layers) }()
	for layer := 0; layer < g.c.pack.Layers; layer++ {
		byAtom := make([][]uint32, g.prog.Atoms)
		byFact := make([][]uint32, facts)
		anything := false
		for i, p := range g.prog.Patterns {
			if int(g.c.pack.Facts[g.c.pack.Groups[p.Group].Fact].Layer) != layer {
				continue
			}
			anything = true
			for _, a := range g.first[i].atoms {
				byAtom[a] = append(byAtom[a], uint32(i))
				layers[a] |= program.LayerBit(layer)
			}
			for _, f := range g.first[i].facts {
				byFact[f] = append(byFact[f], uint32(i))
			}
		}
		var idx program.LayerIndex
		idx.AtomStart, idx.AtomPats = lists(byAtom)
		idx.FactStart, idx.FactPats = lists(byFact)
		idx.Anything = anything
		g.prog.Index = append(g.prog.Index, idx)
	}
}

func lists(by [][]uint32) (start, all program.U32) {
	var s, flat []uint32
	for _, l := range by {
		s = append(s, uint32(len(flat)))
		flat = append(flat, l...)
	}
	s = append(s, uint32(len(flat)))
	return program.MakeU32(s), program.MakeU32(flat)
}
