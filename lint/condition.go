package lint

import (
	"math"

	"github.com/tacto-lint/tacto/lint/program"
)

// scope is a stretch of text: sentences [lo, hi), of which the first begins at
// token from and the last ends before token to.
type scope struct {
	lo, hi   int
	from, to int32
}

// condition evaluates conditions, for a match or (match nil) for the email.
type condition struct {
	e     *engine
	match *match
	rule  *program.Rule
	// at is the sentence a sentence or paragraph rule is looking at, -1 else.
	at int
}

const (
	noFrom = int32(-1)
	noTo   = int32(math.MaxInt32)
)

func sentences(lo, hi int) scope { return scope{lo, hi, noFrom, noTo} }

func (c *condition) sentence(i int) scope { return sentences(i, i+1) }

// mail is the author's text with the subject where it is theirs.
func (c *condition) mail() scope { return sentences(0, c.e.author) }

// zone gives the sentences of the zone that sentence i is in.
func (c *condition) zone(i int) (lo, hi int) {
	e := c.e
	if i < e.author {
		if e.sents[i].zone == zoneSubject {
			return e.subject[0], e.subject[1]
		}
		if e.m.SubjectOwn {
			lo = e.subject[1]
		}
		return lo, e.author
	}
	if e.sents[i].zone == zoneContextSubject {
		return e.subject[0], e.subject[1]
	}
	return max(e.author, e.subject[1]), len(e.sents)
}

// holds evaluates the node n in scope s.
func (c *condition) holds(n int32, s scope) bool {
	if n < 0 {
		return true
	}
	node := &c.e.l.set.pack.Conds[n]
	switch node.Op {
	case program.CondAnd:
		return c.holds(node.A, s) && c.holds(node.B, s)
	case program.CondOr:
		return c.holds(node.A, s) || c.holds(node.B, s)
	case program.CondNot:
		return !c.holds(node.A, s)
	case program.CondFact:
		return c.has(node.Fact, s)
	case program.CondFlag:
		return c.flag(int(node.Fact), s)
	case program.CondInside, program.CondOverlaps:
		return c.touches(node.Fact, node.Op == program.CondInside)
	case program.CondSentence, program.CondParagraph, program.CondPair:
		return c.some(node, s)
	case program.CondLess, program.CondLessEq, program.CondEq, program.CondNotEq, program.CondMoreEq, program.CondMore:
		return compare(node.Op, c.number(node.A, s), c.number(node.B, s))
	}
	if c.global(node.Op) {
		return c.once(n, node)
	}
	inner, ok := c.scope(node.Op, s)
	return ok && c.holds(node.A, inner)
}

// global says whether a scope is the same wherever the question comes from.
func (c *condition) global(op program.CondOp) bool {
	return op == program.CondMail || op == program.CondSubject || op == program.CondQuoted
}

// once answers a question about a global scope, and remembers the answer:
// conditions ask for facts of earlier layers only, so that it stays the same.
func (c *condition) once(n int32, node *program.Cond) bool {
	memo := c.e.memo
	if memo[n] == 0 {
		memo[n] = 1
		whole := condition{e: c.e, rule: c.rule, at: -1}
		if inner, ok := whole.scope(node.Op, scope{}); ok && whole.holds(node.A, inner) {
			memo[n] = 2
		}
	}
	return memo[n] == 2
}

func compare(op program.CondOp, a, b float64) bool {
	switch op {
	case program.CondLess:
		return a < b
	case program.CondLessEq:
		return a <= b
	case program.CondEq:
		return a == b
	case program.CondNotEq:
		return a != b
	case program.CondMoreEq:
		return a >= b
	}
	return a > b
}

// scope gives the stretch that a scope word names. It is missing where there
// is no such place: no next sentence, no subject.
func (c *condition) scope(op program.CondOp, s scope) (scope, bool) {
	switch op {
	case program.CondMail:
		return c.mail(), true
	case program.CondSubject:
		sub := c.e.subject
		return sentences(sub[0], sub[1]), sub[1] > sub[0]
	case program.CondQuoted:
		return sentences(c.e.author, len(c.e.sents)), len(c.e.sents) > c.e.author
	}
	at := c.at
	if c.match != nil {
		at = int(c.match.sent)
	} else if at < 0 {
		at = s.lo
	}
	if at >= len(c.e.sents) {
		return scope{}, false
	}
	lo, hi := c.zone(at)
	switch op {
	case program.CondHere:
		return c.sentence(at), true
	case program.CondPrev:
		return c.sentence(at - 1), at > lo
	case program.CondNext:
		return c.sentence(at + 1), at+1 < hi
	case program.CondNear:
		return sentences(max(at-1, lo), min(at+2, hi)), true
	case program.CondPara:
		return c.paragraph(at), true
	}
	if c.match == nil {
		return scope{}, false
	}
	switch op {
	case program.CondBefore:
		return scope{at, at + 1, noFrom, c.match.lo}, true
	case program.CondAfter:
		return scope{at, at + 1, c.match.hi, noTo}, true
	case program.CondRest:
		return scope{at, min(hi, at+maxRest), c.match.hi, noTo}, true
	}
	return scope{}, false
}

// maxRest and maxPara bound, in sentences, how far conditions look: a text
// without paragraphs must not cost more than another.
const (
	maxRest = 100
	maxPara = 100
)

func (c *condition) paragraph(i int) scope {
	s := c.e.sents
	lo, hi := i, i+1
	for ; lo > 0 && lo > i-maxPara && s[lo-1].para == s[i].para; lo-- {
	}
	for ; hi < len(s) && hi < i+maxPara && s[hi].para == s[i].para; hi++ {
	}
	return sentences(lo, hi)
}

// has says whether the fact is found in the scope.
func (c *condition) has(f uint16, s scope) bool {
	e := c.e
	if s.from == noFrom && s.to == noTo {
		if s.lo == 0 && s.hi == e.author {
			return e.all.has(f)
		}
		for i := s.lo; i < s.hi; i++ {
			if e.sents[i].facts.has(f) {
				return true
			}
		}
		return false
	}
	found := false
	c.each(f, s, func(*match) bool { found = true; return false })
	return found
}

// each calls yield for the matches of a fact in the scope, in order, until it
// says false.
func (c *condition) each(f uint16, s scope, yield func(*match) bool) {
	e := c.e
	for i := s.lo; i < s.hi; i++ {
		sent := &e.sents[i]
		if !sent.facts.has(f) {
			continue
		}
		for t := sent.lo; t < sent.hi; t++ {
			for k := e.scan.toks[t].matches; k != 0; k = e.matches[k-1].next {
				m := &e.matches[k-1]
				if m.fact != f || m.dead || i == s.lo && m.lo < s.from || i == s.hi-1 && m.hi > s.to {
					continue
				}
				if !yield(m) {
					return
				}
			}
		}
	}
}

func (c *condition) touches(f uint16, inside bool) bool {
	m := c.match
	if m == nil {
		return false
	}
	found := false
	c.each(f, c.sentence(int(m.sent)), func(o *match) bool {
		if inside {
			found = o.lo <= m.lo && m.hi <= o.hi
		} else {
			found = o.lo < m.hi && m.lo < o.hi
		}
		return !found
	})
	return found
}

// some looks for a sentence, paragraph or pair of sentences in the scope that
// meets the inner condition.
func (c *condition) some(node *program.Cond, s scope) bool {
	if s.from != noFrom || s.to != noTo {
		s = sentences(s.lo, s.hi)
	}
	for i := s.lo; i < s.hi; i++ {
		inner := c.sentence(i)
		switch node.Op {
		case program.CondParagraph:
			inner = c.paragraph(i)
			i = inner.hi - 1
		case program.CondPair:
			if i+1 < s.hi && c.e.sents[i+1].zone == c.e.sents[i].zone {
				inner.hi++
			}
		}
		// Scope words inside count from the sentence looked at.
		at := *c
		at.match, at.at = nil, i
		if at.holds(node.A, inner) {
			return true
		}
	}
	return false
}

func (c *condition) flag(n int, s scope) bool {
	e := c.e
	switch n {
	case program.FlagReply:
		return e.m.Reply
	case program.FlagForward:
		return e.m.Forward
	case program.FlagOwnSubject:
		return e.m.SubjectOwn
	case program.FlagHasSubject:
		return e.subject[1] > e.subject[0]
	case program.FlagHasHeaders:
		return e.m.HasHeaders
	case program.FlagES:
		return e.lang == langES
	case program.FlagEN:
		return e.lang == langEN
	}
	for i := s.lo; i < s.hi; i++ {
		t := &e.sents[i]
		switch n {
		case program.FlagQuestion:
			if t.question {
				return true
			}
		case program.FlagExclaim:
			if t.exclaim {
				return true
			}
		case program.FlagItem:
			if t.item {
				return true
			}
		case program.FlagHeading:
			if t.heading {
				return true
			}
		case program.FlagGreeting:
			if t.greeting {
				return true
			}
		}
	}
	return false
}

// number evaluates a node that stands for a number.
func (c *condition) number(n int32, s scope) float64 {
	node := &c.e.l.set.pack.Conds[n]
	switch node.Op {
	case program.CondNum:
		return node.Num
	case program.CondCount:
		return float64(c.count(node.Fact, s, false))
	case program.CondDistinct:
		return float64(c.count(node.Fact, s, true))
	case program.CondVar:
		return c.variable(int(node.Fact), s)
	case program.CondLikely:
		return c.e.likelihood(int(node.Fact))
	case program.CondParam:
		return c.e.l.param(int(node.A), int(node.Fact))
	case program.CondAdd:
		return c.number(node.A, s) + c.number(node.B, s)
	case program.CondSub:
		return c.number(node.A, s) - c.number(node.B, s)
	case program.CondMul:
		return c.number(node.A, s) * c.number(node.B, s)
	case program.CondDiv:
		if d := c.number(node.B, s); d != 0 {
			return c.number(node.A, s) / d
		}
		return 0
	case program.CondMail, program.CondSubject, program.CondQuoted, program.CondHere, program.CondBefore, program.CondAfter,
		program.CondPrev, program.CondNext, program.CondNear, program.CondPara, program.CondRest:
		if inner, ok := c.scope(node.Op, s); ok {
			return c.number(node.A, inner)
		}
		return 0
	}
	if c.holds(n, s) {
		return 1
	}
	return 0
}

// count counts passages that don't overlap, or their different wordings.
func (c *condition) count(f uint16, s scope, distinct bool) int {
	n := 0
	last, lastSent := int32(-1), int32(-1)
	var wordings map[string]bool
	c.each(f, s, func(m *match) bool {
		if m.sent == lastSent && m.markLo < last {
			last = max(last, m.markHi)
			return true
		}
		last, lastSent = m.markHi, m.sent
		if distinct {
			if wordings == nil {
				wordings = map[string]bool{}
			}
			key := ""
			for i := m.markLo; i < m.markHi; i++ {
				key += string(c.e.scan.key(&c.e.scan.toks[i])) + " "
			}
			if wordings[key] {
				return true
			}
			wordings[key] = true
		}
		n++
		return true
	})
	return n
}

func (c *condition) variable(n int, s scope) float64 {
	e := c.e
	switch n {
	case program.VarWords:
		if s.lo == 0 && s.hi == e.author {
			return float64(e.words) // the subject's words don't count
		}
		words := int32(0)
		for i := s.lo; i < s.hi; i++ {
			lo, hi := max(e.sents[i].lo, s.from), e.sents[i].hi
			if i == s.hi-1 {
				hi = min(hi, s.to)
			}
			words += max(hi-lo, 0)
		}
		return float64(words)
	case program.VarSentences:
		return float64(s.hi - s.lo)
	case program.VarParagraphs:
		paras, last := 0, int32(-1)
		for i := s.lo; i < s.hi; i++ {
			if e.sents[i].para != last {
				paras++
				last = e.sents[i].para
			}
		}
		return float64(paras)
	case program.VarTerms, program.VarTermWords:
		return float64(e.countTerms(n == program.VarTermWords))
	case program.VarReadingEase:
		return e.readingEase()
	case program.VarHour, program.VarWeekday:
		return e.clock(n == program.VarHour)
	case program.VarAttachments:
		return float64(len(e.m.Attachments))
	case program.VarRecipients:
		return float64(len(e.m.To) + len(e.m.Cc))
	}
	return 0
}
