package rules

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/lint/program"
)

// compiler turns rule files into a pack.
type compiler struct {
	files   []*file
	pack    *program.Pack
	defs    []*factDef     // by fact number; nil for the engine's own
	facts   map[string]int // fact number by name
	deps    [][]int        // by fact number
	conds   []factConds    // by fact number
	classes [2]map[string]*class
	words   [2]*lexiconBuilder
	// unmet are the signals that the learnt classes, and the mail model, ask for
	// and no rule file has.
	unmet struct{ sentences, mail []string }
	errs  []error
}

// factConds are the compiled conditions of a fact's groups, in their order, and
// of its rule.
type factConds struct {
	groups       []int32
	when, unless int32
	reasons      []int32
}

// class is a word class: entries of one word share an atom, longer ones are
// tried as alternatives.
type class struct {
	def    classDef
	words  []*node
	longer []*node
	atom   uint16
	state  uint8 // 0 untouched, 1 being built, 2 done
}

// compile compiles rule files. The error joins all faults found.
func compile(models *program.Models, sources []Source) (*program.Pack, []lint.RuleInfo, error) {
	c := &compiler{pack: &program.Pack{Models: *models}, facts: map[string]int{}}
	for _, s := range sources {
		f, errs := readFile(s)
		c.files = append(c.files, f)
		c.errs = append(c.errs, errs...)
	}
	c.declare()
	c.inputs()
	c.resolveConditions()
	c.check()
	c.layers()
	if len(c.errs) == 0 {
		c.programs()
	}
	if len(c.errs) > 0 {
		return nil, nil, c.joined()
	}
	c.rules()
	return c.pack, c.infos(), nil
}

// inputs finds the facts, classes and flags that the mail model asks for. A set
// without them can't use it: see condParser.likelihood.
func (c *compiler) inputs() {
	sm := &c.pack.Models.Sentences
	sm.Of = make([]uint16, len(sm.Facts))
	for i, name := range sm.Facts {
		if f, ok := c.facts[name]; ok {
			sm.Of[i] = uint16(f)
		} else {
			c.unmet.sentences = append(c.unmet.sentences, name)
		}
	}
	m := &c.pack.Models.Mail
	m.Inputs = slices.Clone(m.Inputs)
	for i := range m.Inputs {
		in := &m.Inputs[i]
		of, ok := -1, false
		switch in.Op {
		case program.InputFact, program.InputQuoted:
			if of, ok = c.facts[in.Name]; ok && in.Op == program.InputQuoted {
				c.markQuoted(of)
			}
		case program.InputFlag:
			of = slices.Index(program.Flags, in.Name)
		case program.InputWords:
			of = 0
		default:
			of = slices.Index(c.pack.Models.Sentences.Classes, in.Name)
		}
		if ok = ok || of >= 0; !ok {
			c.unmet.mail = append(c.unmet.mail, in.Name)
			in.Of = 0
			continue
		}
		in.Of = uint16(of)
	}
}

// joined gives the faults in the order of files and lines.
func (c *compiler) joined() error {
	slices.SortStableFunc(c.errs, func(a, b error) int {
		var x, y *Error
		if !errors.As(a, &x) || !errors.As(b, &y) || x.File != y.File {
			return 0
		}
		return cmp.Compare(x.Line, y.Line)
	})
	return joinErrors(c.errs)
}

func (c *compiler) fail(p at, hint, format string, args ...any) {
	c.errs = append(c.errs, &Error{p.file, p.line, fmt.Sprintf(format, args...), hint})
}

func (c *compiler) failWith(p at, what string, err error) {
	hint := ""
	var pe *patternError
	if errors.As(err, &pe) {
		hint = pe.hint
	}
	c.fail(p, hint, "%s: %s", what, err)
}

// declare numbers the facts and collects the classes.
func (c *compiler) declare() {
	for _, name := range program.BuiltinNames {
		c.addFact(name, nil)
	}
	for l := range c.classes {
		c.classes[l] = map[string]*class{}
		c.words[l] = newLexiconBuilder(lint.Langs[l])
	}
	for _, f := range c.files {
		for _, cd := range f.classes {
			if old, ok := c.classes[cd.lang][cd.name]; ok {
				c.fail(cd.at, "merge them, or rename one", "class %q is defined twice (also at %s:%d)", cd.name, old.def.file, old.def.line)
				continue
			}
			c.classes[cd.lang][cd.name] = &class{def: cd}
		}
	}
	for _, rule := range []bool{false, true} {
		for _, f := range c.files {
			list := f.signals
			if rule {
				list = f.rules
			}
			for _, d := range list {
				c.addFact(d.id, d)
			}
		}
	}
}

func (c *compiler) addFact(name string, d *factDef) {
	if d != nil {
		if name == "" {
			c.fail(d.at, "give it an id", "signal or rule without an id")
			return
		}
		if !isID(name) {
			c.fail(d.at, "lower-case letters, digits and -, beginning with a letter", "bad id %q", name)
		}
		if slices.Contains(program.Vars, name) || slices.Contains(program.Flags, name) {
			c.fail(d.at, "choose another", "the name %q is taken by a number or flag", name)
		}
		if i, ok := c.facts[name]; ok {
			where := "by the engine"
			if old := c.defs[i]; old != nil {
				where = fmt.Sprintf("at %s:%d", old.file, old.line)
			}
			c.fail(d.at, "signals and rules share their names: rename one", "%q is defined already %s", name, where)
			return
		}
	}
	c.facts[name] = len(c.defs)
	c.defs = append(c.defs, d)
	c.pack.Facts = append(c.pack.Facts, program.Fact{Name: name, Rule: -1, Builtin: d == nil, Quoted: d == nil})
	c.deps = append(c.deps, nil)
	c.conds = append(c.conds, factConds{when: -1, unless: -1})
}

func isID(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || i > 0 && (c >= '0' && c <= '9' || c == '-')) {
			return false
		}
	}
	return s != ""
}

// suggestFact names the fact whose name is nearest to a mistyped one.
func (c *compiler) suggestFact(name string) string {
	best, dist := "", 4
	for f := range c.facts {
		if d := distance(name, f); d < dist || d == dist && f < best {
			best, dist = f, d
		}
	}
	if best == "" {
		return "define it under signals"
	}
	return "did you mean " + best + "?"
}

// distance is the Levenshtein distance.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		prev := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := prev
			if a[i-1] != b[j-1] {
				cost = 1 + min(prev, row[j], row[j-1])
			}
			prev, row[j] = row[j], cost
		}
	}
	return row[len(b)]
}

// resolveConditions compiles all conditions and collects what facts depend on.
func (c *compiler) resolveConditions() {
	rule := 0
	for i, d := range c.defs {
		if d == nil {
			continue
		}
		number := -1
		if d.rule {
			number = rule
			rule++
		}
		fc := &c.conds[i]
		compileOne := func(p patternDef, unless bool) int32 {
			n, err := c.condition(p, d, number, &c.deps[i])
			if err != nil {
				c.failWith(p.at, "bad condition", err)
				return -1
			}
			return n
		}
		for _, g := range d.groups {
			if g.learnt.text != "" {
				c.learntDeps(i, g)
			}
			when, unless := compileOne(g.when, false), compileOne(g.unless, true)
			fc.groups = append(fc.groups, c.both(when, unless))
		}
		fc.when, fc.unless = compileOne(d.when, false), compileOne(d.unless, true)
		for _, r := range d.reasons {
			fc.reasons = append(fc.reasons, compileOne(r.when, false))
		}
		for _, m := range d.minority {
			if f, ok := c.facts[m]; ok {
				c.deps[i] = append(c.deps[i], f)
			} else {
				c.fail(d.at, c.suggestFact(m), "minority names the unknown signal %q", m)
			}
		}
		if f, ok := c.facts["explained"]; ok && d.terms {
			c.deps[i] = append(c.deps[i], f)
		}
	}
}

// learntDeps notes that a learnt class looks at signals too.
func (c *compiler) learntDeps(fact int, g groupDef) {
	if unmet := c.unmet.sentences; len(unmet) > 0 {
		c.fail(g.learnt.at, unmetHint, "learnt classes ask for signals that are not there: %s", someOf(unmet))
	}
	for _, f := range c.pack.Models.Sentences.Of {
		c.deps[fact] = append(c.deps[fact], int(f))
	}
}

// unmetHint says what to do where signals are missing that models were trained
// with: a user's rule file alone, or a signal that was renamed.
const unmetHint = "compile it together with the built-in rules; after renaming a signal, go run ./rules/train"

// someOf names the first few of a list.
func someOf(names []string) string {
	if len(names) > 3 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:3], ", "), len(names)-3)
	}
	return strings.Join(names, ", ")
}

// both joins when and not unless.
func (c *compiler) both(when, unless int32) int32 {
	add := func(n program.Cond) int32 {
		c.pack.Conds = append(c.pack.Conds, n)
		return int32(len(c.pack.Conds) - 1)
	}
	if unless >= 0 {
		unless = add(program.Cond{Op: program.CondNot, A: unless})
	}
	if when < 0 {
		return unless
	}
	if unless < 0 {
		return when
	}
	return add(program.Cond{Op: program.CondAnd, A: when, B: unless})
}

// markQuoted notes that a fact, and what it is made of, is looked for in quoted
// text too. What it is made of is known once all patterns are read: see layers.
func (c *compiler) markQuoted(f int) { c.pack.Facts[f].Quoted = true }

// layers orders the facts so that each comes after those it asks for.
func (c *compiler) layers() {
	c.patternDeps()
	state := make([]uint8, len(c.defs))
	var path []string
	var visit func(f int) int
	visit = func(f int) int {
		fact := &c.pack.Facts[f]
		if state[f] == 2 || c.defs[f] == nil {
			return int(fact.Layer)
		}
		path = append(path, fact.Name)
		defer func() { path = path[:len(path)-1] }()
		if state[f] == 1 {
			c.fail(c.defs[f].at, "take one of them out of the other's patterns or conditions", "circle: %s", strings.Join(path, " → "))
			return 0
		}
		state[f] = 1
		layer := 0
		for _, d := range c.deps[f] {
			layer = max(layer, visit(d)+1)
		}
		fact.Layer = uint8(min(layer, 255))
		state[f] = 2
		c.pack.Layers = max(c.pack.Layers, layer+1)
		return layer
	}
	c.pack.Layers = 1
	for f := range c.defs {
		visit(f)
	}
	// Quoted is inherited by what a quoted fact is made of.
	for changed := true; changed; {
		changed = false
		for f := range c.defs {
			if !c.pack.Facts[f].Quoted {
				continue
			}
			for _, d := range c.deps[f] {
				if !c.pack.Facts[d].Quoted {
					c.pack.Facts[d].Quoted, changed = true, true
				}
			}
		}
	}
}

// patternDeps adds the signals that patterns name, through classes too.
func (c *compiler) patternDeps() {
	for f, d := range c.defs {
		if d == nil {
			continue
		}
		for _, g := range d.groups {
			for lang := range g.patterns {
				for _, p := range g.patterns[lang] {
					n, err := parsePattern(p.text)
					if err != nil {
						c.failWith(p.at, fmt.Sprintf("bad pattern %q", p.text), err)
						continue
					}
					c.nodeDeps(n, lang, f, p.at, map[string]bool{})
				}
			}
		}
	}
}

func (c *compiler) nodeDeps(n *node, lang, f int, p at, seen map[string]bool) {
	switch n.kind {
	case nodeFact:
		i, ok := c.facts[n.text]
		if !ok {
			c.fail(p, c.suggestFact(n.text), "unknown signal <%s>", n.text)
			return
		}
		if d := c.defs[i]; d != nil && d.rule && len(d.groups) == 0 {
			c.fail(p, "patterns can name signals and said rules", "<%s> has no passages", n.text)
		}
		c.deps[f] = append(c.deps[f], i)
	case nodeClass:
		cl, ok := c.classes[lang][n.text]
		if !ok || seen[n.text] {
			return // reported when the pattern is compiled
		}
		seen[n.text] = true
		for _, e := range cl.def.entries {
			if inner, err := parsePattern(e.text); err == nil {
				c.nodeDeps(inner, lang, f, p, seen)
			}
		}
	}
	for _, k := range n.kids {
		c.nodeDeps(k, lang, f, p, seen)
	}
}
