package rules

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A node of a parsed pattern.
type node struct {
	kind nodeKind
	text string  // word, lemma, class, signal, shape, clitic
	sel  string  // a lemma's selector
	pos  string  // a lemma's kind: "n", "v", "a"
	n    int     // a gap's or a window's length
	kids []*node // parts of a sequence, alternatives, operands
	// atoms are those of nodeAtoms.
	atoms []uint16
}

type nodeKind uint8

const (
	nodeSeq nodeKind = iota
	nodeAlt
	nodeOpt
	nodeWord
	nodeExact  // =está
	nodePrefix // desarroll*
	nodeSuffix // *mente
	nodeLemma
	nodeClass
	nodeFact
	nodeShape
	nodeClitic
	nodeAnd // a&b
	nodeAny
	nodeGap
	nodeBegin
	nodeEnd
	nodeEdge
	nodeOpen
	nodeNotAhead
	nodeNotBehind
	nodeMark
	nodeAtoms // made by the coder: one of some words
)

// A patternError says what is wrong with a pattern, and what to write.
type patternError struct{ msg, hint string }

func (e *patternError) Error() string { return e.msg }

func bad(hint, format string, args ...any) error {
	return &patternError{fmt.Sprintf(format, args...), hint}
}

// maxGap bounds gaps and windows: what stands further apart says something else.
const maxGap = 12

// patternParser reads one pattern.
type patternParser struct {
	s     string
	at    int
	depth int
	marks int
}

// maxDepth bounds brackets in brackets.
const maxDepth = 20

// parsePattern parses a pattern into its syntax tree.
func parsePattern(s string) (*node, error) {
	p := &patternParser{s: s}
	n, err := p.sequence("")
	if err != nil {
		return nil, err
	}
	if p.at < len(p.s) {
		return nil, bad("every closing bracket needs its opening one", "unexpected %q", p.s[p.at:p.at+1])
	}
	if len(n.kids) == 0 {
		return nil, bad("write at least one word", "empty pattern")
	}
	if p.marks > 1 && !strings.Contains(s, "|") {
		return nil, bad("one { } a pattern", "more than one marked passage")
	}
	return n, nil
}

func (p *patternParser) spaces() {
	for p.at < len(p.s) && (p.s[p.at] == ' ' || p.s[p.at] == '\n' || p.s[p.at] == '\t') {
		p.at++
	}
}

// sequence reads elements up to one of the characters in stop.
func (p *patternParser) sequence(stop string) (*node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, bad("make classes of the inner parts", "brackets nested more than %d deep", maxDepth)
	}
	defer func() { p.depth-- }()
	seq := &node{kind: nodeSeq}
	for {
		p.spaces()
		if p.at == len(p.s) || strings.IndexByte(stop, p.s[p.at]) >= 0 {
			return seq, nil
		}
		n, err := p.element()
		if err != nil {
			return nil, err
		}
		seq.kids = append(seq.kids, n)
	}
}

// element reads one element: the switch is the language's list of them.
func (p *patternParser) element() (*node, error) {
	c := p.s[p.at]
	switch c {
	case '(':
		return p.alternatives()
	case '[':
		return p.bracket('[', ']', nodeOpt)
	case '{':
		p.marks++
		return p.bracket('{', '}', nodeMark)
	case ')', ']', '}', '|':
		return nil, bad("every closing bracket needs its opening one; | stands inside ( )", "unexpected %q", string(c))
	case '^':
		p.at++
		return &node{kind: nodeBegin}, nil
	case '$':
		p.at++
		return &node{kind: nodeEnd}, nil
	case ',':
		p.at++
		return &node{kind: nodeEdge}, nil
	case '\\':
		if strings.HasPrefix(p.s[p.at:], `\(`) {
			p.at += 2
			return &node{kind: nodeOpen}, nil
		}
		return nil, bad(`\( is the only escape`, `unexpected \`)
	case '!', '-':
		return p.negative(c)
	case '.':
		return p.gap()
	}
	return p.conjunction()
}

func (p *patternParser) bracket(open, shut byte, kind nodeKind) (*node, error) {
	p.at++
	n := &node{kind: kind}
	inner, err := p.choices(shut)
	if err != nil {
		return nil, err
	}
	if p.at == len(p.s) {
		return nil, bad("close it", "%q without %q", string(open), string(shut))
	}
	p.at++
	n.kids = []*node{inner}
	return n, nil
}

func (p *patternParser) alternatives() (*node, error) {
	p.at++
	inner, err := p.choices(')')
	if err != nil {
		return nil, err
	}
	if p.at == len(p.s) {
		return nil, bad("close it", "( without )")
	}
	p.at++
	return inner, nil
}

// choices reads sequences parted by |.
func (p *patternParser) choices(shut byte) (*node, error) {
	alt := &node{kind: nodeAlt}
	for {
		seq, err := p.sequence("|" + string(shut))
		if err != nil {
			return nil, err
		}
		if len(seq.kids) == 0 {
			return nil, bad("write something between the brackets and bars; an optional part is [ ]", "empty alternative")
		}
		alt.kids = append(alt.kids, seq)
		if p.at == len(p.s) || p.s[p.at] == shut {
			if len(alt.kids) == 1 {
				return alt.kids[0], nil
			}
			return alt, nil
		}
		p.at++
	}
}

func (p *patternParser) negative(c byte) (*node, error) {
	p.at++
	n := &node{kind: nodeNotAhead}
	if c == '-' {
		n.kind = nodeNotBehind
	}
	num := p.digits()
	if num > maxGap {
		return nil, bad(fmt.Sprintf("at most %d", maxGap), "window of %d words", num)
	}
	n.n = max(num, 0)
	p.spaces()
	if p.at == len(p.s) {
		return nil, bad("say what must not stand there", "%q at the end", string(c))
	}
	inner, err := p.element()
	if err != nil {
		return nil, err
	}
	n.kids = []*node{inner}
	return n, nil
}

// digits reads a number, -1 if there is none.
func (p *patternParser) digits() int {
	start := p.at
	for p.at < len(p.s) && p.s[p.at] >= '0' && p.s[p.at] <= '9' {
		p.at++
	}
	if start == p.at {
		return -1
	}
	n, err := strconv.Atoi(p.s[start:p.at])
	if err != nil {
		return maxGap + 1
	}
	return n
}

func (p *patternParser) gap() (*node, error) {
	if !strings.HasPrefix(p.s[p.at:], "..") {
		return nil, bad("a gap is written ..3", "unexpected .")
	}
	p.at += 2
	n := p.digits()
	if n < 1 || n > maxGap {
		return nil, bad(fmt.Sprintf("write ..1 to ..%d", maxGap), "a gap without a length, or too long")
	}
	return &node{kind: nodeGap, n: n}, nil
}

// conjunction reads a&b&c.
func (p *patternParser) conjunction() (*node, error) {
	first, err := p.atom()
	if err != nil {
		return nil, err
	}
	if p.at == len(p.s) || p.s[p.at] != '&' {
		return first, nil
	}
	n := &node{kind: nodeAnd, kids: []*node{first}}
	for p.at < len(p.s) && p.s[p.at] == '&' {
		p.at++
		if p.at == len(p.s) {
			return nil, bad("name what else the word must be", "& at the end")
		}
		next, err := p.atom()
		if err != nil {
			return nil, err
		}
		n.kids = append(n.kids, next)
	}
	for _, k := range n.kids {
		switch k.kind {
		case nodeSeq, nodeAny, nodeFact:
			return nil, bad("& joins single words, lemmas, classes, shapes and +me", "& with something that is no single word")
		}
	}
	return n, nil
}

// atom reads an element that stands for one word (or, for a signal or class,
// for a passage).
func (p *patternParser) atom() (*node, error) {
	c := p.s[p.at]
	if c == '<' {
		end := strings.IndexByte(p.s[p.at:], '>')
		if end < 0 {
			return nil, bad("a signal is written <name>", "< without >")
		}
		name := p.s[p.at+1 : p.at+end]
		p.at += end + 1
		return &node{kind: nodeFact, text: name}, nil
	}
	word := p.token()
	if word == "" {
		r, size := utf8.DecodeRuneInString(p.s[p.at:])
		p.at += size
		return nil, bad("see 'Patterns' in docs/writing-rules.md", "unexpected %q", string(r))
	}
	switch {
	case word == "_":
		return &node{kind: nodeAny}, nil
	case c == '~':
		return lemmaNode(word[1:])
	case c == '@':
		return named(nodeClass, word[1:], "class")
	case c == '#':
		return named(nodeShape, word[1:], "shape")
	case c == '+':
		return named(nodeClitic, word[1:], "pronoun")
	case c == '=':
		return named(nodeExact, word[1:], "word")
	case strings.HasSuffix(word, "*"):
		return affix(nodePrefix, strings.TrimSuffix(word, "*"))
	case strings.HasPrefix(word, "*"):
		return affix(nodeSuffix, word[1:])
	}
	return &node{kind: nodeWord, text: word}, nil
}

// token reads up to a space or a character with a meaning of its own.
func (p *patternParser) token() string {
	start := p.at
	for p.at < len(p.s) {
		// A comma inside a lemma's selector joins alternatives: ~poder:cond,pres.1
		selector := p.s[p.at] == ',' && p.s[start] == '~' && p.at+1 < len(p.s) && p.s[p.at+1] > ' ' && strings.IndexByte(p.s[start:p.at], ':') > 0
		if strings.IndexByte(" \t\n()[]{}|&,<>$^!", p.s[p.at]) >= 0 && !selector {
			break
		}
		p.at++
	}
	return p.s[start:p.at]
}

func named(kind nodeKind, name, what string) (*node, error) {
	if name == "" {
		return nil, bad("write its name right behind the sign", "a %s without a name", what)
	}
	return &node{kind: kind, text: name}, nil
}

func affix(kind nodeKind, text string) (*node, error) {
	if n := utf8.RuneCountInString(text); n < 2 || strings.Contains(text, "*") {
		return nil, bad("at least two letters and one * at the beginning or the end", "%q fits too many words", text+"*")
	}
	return &node{kind: kind, text: text}, nil
}

// lemmaNode reads lemma[/kind][:selector].
func lemmaNode(s string) (*node, error) {
	n := &node{kind: nodeLemma}
	s, n.sel, _ = strings.Cut(s, ":")
	n.text, n.pos, _ = strings.Cut(s, "/")
	if n.text == "" {
		return nil, bad("write the lemma right behind the ~", "~ without a word")
	}
	switch n.pos {
	case "", "n", "v", "a":
	default:
		return nil, bad("/n noun, /v verb, /a adjective", "unknown kind of word %q", n.pos)
	}
	return n, nil
}
