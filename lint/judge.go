package lint

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/tacto-lint/tacto/lint/program"
)

// judge evaluates a rule that works on more than a passage, and notes for the
// rules that build on it whether it holds.
func (e *engine) judge(r *program.Rule) {
	if e.author == 0 || r.Langs&(1<<e.lang) == 0 {
		return
	}
	c := condition{e: e, rule: r, at: -1}
	mail := c.mail()
	holds := false
	switch r.Method {
	case program.ByMail, program.ByTerms:
		holds = c.holds(r.When, mail) && !(r.Unless >= 0 && c.holds(r.Unless, mail))
	case program.ByReasons:
		if r.Unless >= 0 && c.holds(r.Unless, mail) {
			return
		}
		for _, reason := range r.Reasons {
			holds = holds || c.holds(reason.When, mail)
		}
	case program.BySentence, program.ByParagraph:
		e.eachPassage(r, func(scope) { holds = true })
	case program.ByMinority:
		_, holds = e.minority(r)
	}
	if holds {
		e.all.add(r.Fact)
	}
}

// eachPassage calls yield for the sentences (paragraphs) that a rule marks.
func (e *engine) eachPassage(r *program.Rule, yield func(scope)) {
	for i := 0; i < e.author; i++ {
		c := condition{e: e, rule: r, at: i}
		s := c.sentence(i)
		if r.Method == program.ByParagraph {
			s = c.paragraph(i)
			i = s.hi - 1
		}
		if e.sents[s.lo].zone == zoneBody && c.holds(r.When, s) && !(r.Unless >= 0 && c.holds(r.Unless, s)) {
			yield(s)
		}
	}
}

// minority gives the signal of the two that occurs less; ok is false where not
// both do.
func (e *engine) minority(r *program.Rule) (fact uint16, ok bool) {
	c := condition{e: e, at: -1}
	a, b := c.count(r.Minority[0], c.mail(), false), c.count(r.Minority[1], c.mail(), false)
	if a == 0 || b == 0 || r.When >= 0 && !c.holds(r.When, c.mail()) {
		return 0, false
	}
	if a < b {
		return r.Minority[0], true
	}
	return r.Minority[1], true
}

// conclude writes the findings, the verdict and the score.
func (e *engine) conclude() {
	pack := e.l.set.pack
	for i := range pack.Rules {
		r := &pack.Rules[i]
		if e.l.off[i] || slices.Contains(e.m.Ignore, r.ID) {
			continue
		}
		e.collect(i, r)
	}
	if e.author == 0 {
		e.report.Score = 100
		e.report.Steps = []ScoreStep{{Label: "start", Points: 100}}
		return
	}
	e.place()
	e.score()
}

// collect adds the findings of one rule.
func (e *engine) collect(i int, r *program.Rule) {
	if r.Method == program.ByMatch {
		e.collectMatches(i, r, r.Fact)
		return
	}
	if !e.all.has(r.Fact) {
		return
	}
	switch r.Method {
	case program.ByMail:
		e.whole(i, r)
	case program.ByReasons:
		e.whole(i, r)
		c := condition{e: e, rule: r, at: -1}
		for _, reason := range r.Reasons {
			if c.holds(reason.When, c.mail()) {
				e.report.Reasons = append(e.report.Reasons, e.say(reason.Say, nil))
			}
		}
		e.report.Verdict = Talk
	case program.ByTerms:
		for _, u := range e.unexplained() {
			e.passage(i, r, &e.matches[u.match])
		}
	case program.ByMinority:
		if f, ok := e.minority(r); ok {
			e.collectMatches(i, r, f)
		}
	default:
		e.eachPassage(r, func(s scope) {
			m := match{sent: int32(s.lo), markLo: e.sents[s.lo].lo, markHi: e.sents[s.hi-1].hi, group: noGroup}
			e.passage(i, r, &m)
		})
	}
}

const noGroup = ^uint16(0)

// collectMatches adds the passages of a fact in the author's text.
func (e *engine) collectMatches(i int, r *program.Rule, f uint16) {
	if e.all.has(f) {
		e.longest(f, func(m *match) { e.passage(i, r, m) })
	}
}

// longest calls yield for the matches of a fact in the author's text, in order;
// of those that overlap, for the longest, and for what a pattern marks rather
// than for a learnt class: a pattern knows the words.
func (e *engine) longest(f uint16, yield func(*match)) {
	var found []*match
	c := condition{e: e, at: -1}
	c.each(f, c.mail(), func(m *match) bool { found = append(found, m); return true })
	slices.SortStableFunc(found, func(a, b *match) int {
		return cmp.Or(cmp.Compare(a.sent, b.sent), cmp.Compare(a.markLo, b.markLo), cmp.Compare(b.markHi, a.markHi))
	})
	var best *match
	for _, m := range found {
		if best != nil && m.sent == best.sent && m.markLo < best.markHi {
			if learnt := m.class > 0; learnt != (best.class > 0) {
				if !learnt {
					best = m
				}
			} else if m.markHi-m.markLo > best.markHi-best.markLo {
				best = m
			}
			continue
		}
		if best != nil {
			yield(best)
		}
		best = m
	}
	if best != nil {
		yield(best)
	}
}

// whole adds a finding on the email as a whole.
func (e *engine) whole(i int, r *program.Rule) {
	f := Finding{Rule: r.ID, Severity: e.l.severity[i], Part: PartWhole, Encoded: e.m.Body.Encoded}
	for _, s := range e.sents[:e.author] {
		if s.zone == zoneBody {
			at := int(e.scan.toks[s.lo].start)
			f.Span = Span{at, at}
			break
		}
	}
	if r.Likely > 0 && e.l.settings.Explain {
		f.Likelihood, f.Weighed = e.explainMail(int(r.Likely) - 1)
	}
	f.Message, f.Suggestion = e.say(r.Message, nil), e.say(r.Suggestion, nil)
	e.report.Findings = append(e.report.Findings, f)
}

// passage adds a finding on the marked tokens of a match.
func (e *engine) passage(i int, r *program.Rule, m *match) {
	s := &e.sents[m.sent]
	f := Finding{Rule: r.ID, Severity: e.l.severity[i], Part: PartBody}
	src := &e.m.Body
	if s.zone == zoneSubject {
		f.Part, src = PartSubject, &e.m.Subject
	}
	f.Encoded = src.Encoded
	f.Span = Span{int(e.scan.toks[m.markLo].start), int(e.scan.toks[m.markHi-1].end)}
	f.Span.End = e.trailingMarks(src.Text, m.markHi-1, f.Span.End)
	f.Text = src.Text[f.Span.Start:f.Span.End]
	message, suggestion := r.Message, r.Suggestion
	if m.group != noGroup && int(m.group) < len(e.l.set.pack.Groups) && r.Method == program.ByMatch {
		g := &e.l.set.pack.Groups[m.group]
		if g.Message != (program.Text{}) {
			message = g.Message
		}
		if g.Suggestion != (program.Text{}) {
			suggestion = g.Suggestion
		}
	}
	if m.class > 0 && e.l.settings.Explain {
		f.Likelihood, f.Weighed = e.explain(int(m.sent), int(m.class)-1, src.Text)
	}
	v := &vars{text: f.Text, term: m.term}
	f.Message, f.Suggestion = e.say(message, v), e.say(suggestion, v)
	e.report.Findings = append(e.report.Findings, f)
}

// trailingMarks takes the repeated marks that a shouting word ends in.
func (e *engine) trailingMarks(text string, tok int32, end int) int {
	if e.scan.toks[tok].shape&(1<<shapeShout) == 0 {
		return end
	}
	for end < len(text) && (text[end] == '!' || text[end] == '?') {
		end++
	}
	return end
}

// place sorts the findings and gives them lines and columns, in one pass over
// the text.
func (e *engine) place() {
	fs := e.report.Findings
	order := func(p Part) int { return [...]int{PartSubject: 0, PartWhole: 1, PartBody: 2}[p] }
	slices.SortStableFunc(fs, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(order(a.Part), order(b.Part)), cmp.Compare(a.Span.Start, b.Span.Start), cmp.Compare(b.Span.End, a.Span.End))
	})
	subject, body := newRuler(&e.m.Subject), newRuler(&e.m.Body)
	for i := range fs {
		r := body
		if fs[i].Part == PartSubject {
			r = subject
		}
		fs[i].Start = r.position(fs[i].Span.Start)
		end := *r // findings may overlap: the next one starts before this ends
		fs[i].End = end.position(fs[i].Span.End)
	}
}

// ruler turns ascending offsets of a source into positions.
type ruler struct {
	src  *Source
	at   int
	line int
	col  int
}

func newRuler(s *Source) *ruler { return &ruler{src: s, line: s.Base.Line, col: s.Base.Column} }

func (r *ruler) position(offset int) Position {
	if offset < r.at {
		r.at, r.line, r.col = 0, r.src.Base.Line, r.src.Base.Column
	}
	for text := r.src.Text; r.at < offset; {
		if text[r.at] == '\n' {
			r.line++
			r.col = 1
			r.at++
			continue
		}
		_, size := utf8.DecodeRuneInString(text[r.at:])
		r.at += size
		r.col++
	}
	return Position{Line: r.line, Column: r.col, Offset: r.src.Base.Offset + offset}
}
