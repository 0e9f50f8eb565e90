package rules

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tacto-lint/tacto/lint/program"
)

// condParser compiles a condition into nodes of the pack.
type condParser struct {
	c      *compiler
	toks   []string
	at     int
	quoted int // inside quoted( ) or subject( )
	owner  *factDef
	rule   int
	deps   *[]int // facts it depends on
}

var scopeOps = map[string]program.CondOp{
	"here": program.CondHere, "before": program.CondBefore, "after": program.CondAfter, "prev": program.CondPrev,
	"next": program.CondNext, "near": program.CondNear, "para": program.CondPara, "rest": program.CondRest,
	"mail": program.CondMail, "subject": program.CondSubject, "quoted": program.CondQuoted,
	"sentence": program.CondSentence, "paragraph": program.CondParagraph, "pair": program.CondPair,
}

var compareOps = map[string]program.CondOp{
	"<": program.CondLess, "<=": program.CondLessEq, "=": program.CondEq, "!=": program.CondNotEq,
	">=": program.CondMoreEq, ">": program.CondMore,
}

var mathOps = map[string]program.CondOp{
	"+": program.CondAdd, "-": program.CondSub, "*": program.CondMul, "/": program.CondDiv,
}

// condition compiles a condition; -1 for an empty one. Facts it asks for are
// appended to deps.
func (c *compiler) condition(p patternDef, owner *factDef, rule int, deps *[]int) (int32, error) {
	if strings.TrimSpace(p.text) == "" {
		return -1, nil
	}
	cp := &condParser{c: c, toks: condTokens(p.text), owner: owner, rule: rule, deps: deps}
	n, err := cp.or()
	if err == nil && cp.at < len(cp.toks) {
		err = bad("join conditions with and, or", "unexpected %q", cp.toks[cp.at])
	}
	return n, err
}

// condTokens parts a condition into words, numbers and signs.
func condTokens(s string) []string {
	var toks []string
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == ' ' || c == '\n' || c == '\t':
			i++
		case strings.HasPrefix(s[i:], "<=") || strings.HasPrefix(s[i:], ">=") || strings.HasPrefix(s[i:], "!="):
			toks = append(toks, s[i:i+2])
			i += 2
		case strings.IndexByte("()<>=+*/", c) >= 0:
			toks = append(toks, string(c))
			i++
		default:
			j := i + 1
			for j < len(s) && strings.IndexByte(" \n\t()<>=!+*/", s[j]) < 0 {
				j++
			}
			toks = append(toks, s[i:j])
			i = j
		}
	}
	return toks
}

func (p *condParser) peek() string {
	if p.at < len(p.toks) {
		return p.toks[p.at]
	}
	return ""
}

func (p *condParser) add(n program.Cond) int32 {
	p.c.pack.Conds = append(p.c.pack.Conds, n)
	return int32(len(p.c.pack.Conds) - 1)
}

func (p *condParser) or() (int32, error) {
	return p.chain("or", program.CondOr, p.and)
}

func (p *condParser) and() (int32, error) {
	return p.chain("and", program.CondAnd, p.not)
}

func (p *condParser) chain(word string, op program.CondOp, next func() (int32, error)) (int32, error) {
	a, err := next()
	for err == nil && p.peek() == word {
		p.at++
		var b int32
		if b, err = next(); err == nil {
			a = p.add(program.Cond{Op: op, A: a, B: b})
		}
	}
	return a, err
}

func (p *condParser) not() (int32, error) {
	if p.peek() == "not" {
		p.at++
		a, err := p.not()
		return p.add(program.Cond{Op: program.CondNot, A: a}), err
	}
	return p.comparison()
}

func (p *condParser) comparison() (int32, error) {
	a, err := p.sum()
	if err != nil {
		return a, err
	}
	op, ok := compareOps[p.peek()]
	if !ok {
		return a, nil
	}
	p.at++
	b, err := p.sum()
	return p.add(program.Cond{Op: op, A: a, B: b}), err
}

func (p *condParser) sum() (int32, error) {
	return p.arithmetic([]string{"+", "-"}, func() (int32, error) {
		return p.arithmetic([]string{"*", "/"}, p.primary)
	})
}

func (p *condParser) arithmetic(signs []string, next func() (int32, error)) (int32, error) {
	a, err := next()
	for err == nil && slices.Contains(signs, p.peek()) {
		op := mathOps[p.peek()]
		p.at++
		var b int32
		if b, err = next(); err == nil {
			a = p.add(program.Cond{Op: op, A: a, B: b})
		}
	}
	return a, err
}

func (p *condParser) expect(tok string) error {
	if p.peek() != tok {
		return bad("see 'Conditions' in docs/writing-rules.md", "expected %q, found %q", tok, p.peek())
	}
	p.at++
	return nil
}

func (p *condParser) primary() (int32, error) {
	tok := p.peek()
	if tok == "" {
		return -1, bad("finish the condition", "condition ends too early")
	}
	p.at++
	if tok == "(" {
		a, err := p.or()
		if err == nil {
			err = p.expect(")")
		}
		return a, err
	}
	if p.peek() == "(" {
		p.at++
		a, err := p.call(tok)
		if err == nil {
			err = p.expect(")")
		}
		return a, err
	}
	if v, err := strconv.ParseFloat(tok, 64); err == nil {
		return p.add(program.Cond{Op: program.CondNum, Num: v}), nil
	}
	if strings.HasPrefix(tok, "$") {
		return p.param(tok[1:])
	}
	if i := slices.Index(program.Vars, tok); i >= 0 {
		return p.add(program.Cond{Op: program.CondVar, Fact: uint16(i)}), nil
	}
	if i := slices.Index(program.Flags, tok); i >= 0 {
		return p.add(program.Cond{Op: program.CondFlag, Fact: uint16(i)}), nil
	}
	f, err := p.fact(tok)
	return p.add(program.Cond{Op: program.CondFact, Fact: f}), err
}

func (p *condParser) param(name string) (int32, error) {
	for i, d := range p.owner.params {
		if d.Name == name {
			return p.add(program.Cond{Op: program.CondParam, A: int32(p.rule), Fact: uint16(i)}), nil
		}
	}
	return -1, bad("name it under params", "unknown parameter $%s", name)
}

func (p *condParser) fact(name string) (uint16, error) {
	i, ok := p.c.facts[name]
	if !ok {
		return 0, bad(p.c.suggestFact(name), "unknown signal, rule, number or flag %q", name)
	}
	*p.deps = append(*p.deps, i)
	if p.quoted > 0 {
		p.c.markQuoted(i)
	}
	return uint16(i), nil
}

// call compiles name(…).
func (p *condParser) call(name string) (int32, error) {
	switch name {
	case "likelihood":
		return p.likelihood()
	case "count", "distinct", "inside", "overlaps", "rule":
		f, err := p.fact(p.peek())
		p.at++
		op := map[string]program.CondOp{"count": program.CondCount, "distinct": program.CondDistinct, "inside": program.CondInside,
			"overlaps": program.CondOverlaps, "rule": program.CondFact}[name]
		n := p.add(program.Cond{Op: op, Fact: f})
		if name == "rule" {
			n = p.add(program.Cond{Op: program.CondMail, A: n})
		}
		return n, err
	}
	op, ok := scopeOps[name]
	if !ok {
		return -1, bad("scopes are here before after prev next near para rest mail subject quoted sentence paragraph pair; also count distinct inside overlaps likelihood", "unknown scope %q", name)
	}
	if op == program.CondQuoted || op == program.CondSubject {
		p.quoted++
		defer func() { p.quoted-- }()
	}
	a, err := p.or()
	return p.add(program.Cond{Op: op, A: a}), err
}

// likelihood compiles likelihood(class): a number that depends on all that the
// mail model asks for.
func (p *condParser) likelihood() (int32, error) {
	m := &p.c.pack.Models.Mail
	i := slices.Index(m.Classes, p.peek())
	switch {
	case i < 0:
		return -1, bad("there are "+strings.Join(m.Classes, ", "), "unknown class %q of emails", p.peek())
	case len(p.c.unmet.mail)+len(p.c.unmet.sentences) > 0:
		return -1, bad(unmetHint, "likelihood asks for signals that are not there: %s", someOf(append(p.c.unmet.mail, p.c.unmet.sentences...)))
	}
	p.at++
	for _, f := range p.c.pack.Models.Sentences.Of {
		*p.deps = append(*p.deps, int(f))
	}
	for _, in := range m.Inputs {
		if in.Op == program.InputFact || in.Op == program.InputQuoted {
			*p.deps = append(*p.deps, int(in.Of))
		}
	}
	p.owner.likely = i + 1
	return p.add(program.Cond{Op: program.CondLikely, Fact: uint16(i)}), nil
}
