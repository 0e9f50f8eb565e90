package audit

import (
	"cmp"
	"math"
	"slices"

	"github.com/tacto-lint/tacto/lint"
)

// A Table is emails in columns, in memory: some forty bytes each, and a million are cut
// in any way within a moment. It is safe for many readers.
type Table struct {
	day                  []Day
	author               []uint32 // of people, where the mapping knows them, else of hashes
	team, client, person []uint16 // indexes of names
	lang                 []uint8
	score                []uint8
	verdict              []lint.Verdict
	words                []uint32
	judge                []uint16
	off                  []uint32 // where an email's rules begin
	rule, count          []uint16

	teams, clients, people, langs, judges, rules index
	authors                                      int
}

// An index numbers names in the order they come.
type index struct {
	names []string
	ids   map[string]int
}

func (x *index) id(name string) int {
	if i, ok := x.ids[name]; ok {
		return i
	}
	if x.ids == nil {
		x.ids = map[string]int{}
	}
	i := len(x.names)
	x.ids[name] = i
	x.names = append(x.names, name)
	return i
}

// Load makes a table of the emails that each gives, as Store.Each does. The error is
// that of each.
func Load(each func(func(*Email) error) error, names *Names) (*Table, error) {
	t := &Table{off: []uint32{0}}
	authors := map[Hash]uint32{}
	people := map[string]uint32{}
	err := each(func(e *Email) error {
		author, ok := authors[e.Author]
		if !ok {
			author = uint32(len(authors))
			if name := names.people[e.Author]; name != "" {
				// Two addresses of one person are one author.
				if first, ok := people[name]; ok {
					author = first
				} else {
					people[name] = author
				}
			}
			authors[e.Author] = author
		}
		t.day = append(t.day, e.Day)
		t.author = append(t.author, author)
		t.team = append(t.team, uint16(t.teams.id(names.Team(e))))
		t.client = append(t.client, uint16(t.clients.id(names.Client(e))))
		t.person = append(t.person, uint16(t.people.id(find(names.people, e.Author))))
		t.lang = append(t.lang, uint8(t.langs.id(e.Lang)))
		t.score = append(t.score, uint8(min(max(e.Score, 0), 100)))
		t.verdict = append(t.verdict, e.Verdict)
		t.words = append(t.words, uint32(e.Words))
		t.judge = append(t.judge, uint16(t.judges.id(e.Judge)))
		for _, r := range e.Rules {
			t.rule = append(t.rule, uint16(t.rules.id(r.Rule)))
			t.count = append(t.count, uint16(min(r.Count, math.MaxUint16)))
		}
		t.off = append(t.off, uint32(len(t.rule)))
		return nil
	})
	t.authors = len(authors)
	return t, err
}

// sums are what is added up over emails.
type sums struct {
	emails, words   int
	score, squares  int
	verdicts        Verdicts
	rules, findings []int // by rule
}

func (t *Table) newSums() *sums {
	return &sums{rules: make([]int, len(t.rules.names)), findings: make([]int, len(t.rules.names))}
}

// add adds one email, its rules only where they are wanted.
func (s *sums) add(t *Table, i int) {
	s.emails++
	s.words += int(t.words[i])
	score := int(t.score[i])
	s.score += score
	s.squares += score * score
	s.verdicts.Add(t.verdict[i])
	if s.rules == nil {
		return
	}
	for k := t.off[i]; k < t.off[i+1]; k++ {
		s.rules[t.rule[k]]++
		s.findings[t.rule[k]] += int(t.count[k])
	}
}

func (s *sums) figure() Figure {
	f := Figure{Emails: s.emails, Words: s.words, Verdicts: s.verdicts}
	if s.emails > 0 {
		f.Score = float64(s.score) / float64(s.emails)
		f.spread = float64(s.squares) - f.Score*float64(s.score)
	}
	return f
}

func (s *sums) share(rule int) float64 {
	if s.emails == 0 {
		return 0
	}
	return float64(s.rules[rule]) / float64(s.emails)
}

// sure is how far apart two figures must be, in standard errors, to be called a change:
// chance alone goes that far once in a hundred times.
const sure = 2.576

// SureShare is the two-proportion z-test with a pooled estimate: whether shares of
// k1 in n1 and k2 in n2 differ by more than chance makes of it. Below five of
// either kind that test says little, and so does this.
func SureShare(k1, n1, k2, n2 int) bool {
	k, n := k1+k2, n1+n2
	if n1 == 0 || n2 == 0 || k < 5 || n-k < 5 {
		return false
	}
	p := float64(k) / float64(n)
	se := math.Sqrt(p * (1 - p) * (1/float64(n1) + 1/float64(n2)))
	return math.Abs(float64(k1)/float64(n1)-float64(k2)/float64(n2)) > sure*se
}

// sureScore is Welch's test for two means, with the normal distribution in the place of
// Student's, so from thirty emails on.
func sureScore(a, b Figure) bool {
	if a.Emails < 30 || b.Emails < 30 {
		return false
	}
	variance := func(f Figure) float64 { return f.spread / float64(f.Emails-1) / float64(f.Emails) }
	return math.Abs(a.Score-b.Score) > sure*math.Sqrt(variance(a)+variance(b))
}

// spans gives the period of a query, and the two that are compared; ok: there are any.
func (t *Table) spans(q Query) (period, then, now Period, halves, ok bool) {
	if len(t.day) == 0 {
		return Period{q.Since, q.Until}, then, now, false, false
	}
	first, last := slices.Min(t.day), slices.Max(t.day)
	period = Period{cmp.Or(q.Since, first), cmp.Or(q.Until, last)}
	if period.Until < period.Since {
		period.Until = period.Since
	}
	length := period.Until - period.Since + 1
	then, now = Period{period.Since - length, period.Since - 1}, period
	if slices.ContainsFunc(t.day, then.has) {
		return period, then, now, false, true
	}
	if length < 2 {
		return period, then, now, false, false
	}
	middle := period.Since + length/2
	then, now = Period{period.Since, middle - 1}, Period{middle, period.Until}
	ok = slices.ContainsFunc(t.day, then.has) && slices.ContainsFunc(t.day, now.has)
	return period, then, now, true, ok
}

// mondays gives the weeks of a period.
func mondays(p Period) (all []Day) {
	for w := p.Since.Week(); w <= p.Until; w += 7 {
		all = append(all, w)
	}
	return all
}

// Report tells of the period of a query.
func (t *Table) Report(q Query) *Report {
	q.Fill()
	period, then, now, halves, compared := t.spans(q)
	r := &Report{Period: period, By: q.By, Judges: map[string]int{}}
	if len(t.day) == 0 {
		return r
	}
	r.Weeks = mondays(period)
	weekly := make([]*sums, len(r.Weeks))
	for i := range weekly {
		weekly[i] = t.newSums()
	}
	all, before, after := t.newSums(), t.newSums(), t.newSums()
	authors := make([]bool, t.authors)
	judges := make([]int, len(t.judges.names))
	for i, d := range t.day {
		if compared && then.has(d) {
			before.add(t, i)
		}
		if compared && now.has(d) {
			after.add(t, i)
		}
		if !period.has(d) {
			continue
		}
		all.add(t, i)
		weekly[(d.Week()-r.Weeks[0])/7].add(t, i)
		judges[t.judge[i]]++
		if !authors[t.author[i]] {
			authors[t.author[i]] = true
			r.Authors++
		}
		if t.teams.names[t.team[i]] == Unmapped {
			r.UnmappedTeam++
		}
		if t.clients.names[t.client[i]] == Unmapped {
			r.UnmappedClient++
		}
	}
	r.Figure = all.figure()
	for i, n := range judges {
		if n > 0 {
			r.Judges[t.judges.names[i]] = n
		}
	}
	if compared {
		r.Comparison = compare(before, after, then, now, halves)
	}
	for _, w := range weekly {
		r.Weekly = append(r.Weekly, w.figure())
	}
	r.Rules = t.ruleFigures(all, before, after, weekly)
	if q.By != "" {
		r.Groups = t.groups(q, period, then, now, halves, compared)
	}
	return r
}

func compare(before, after *sums, then, now Period, halves bool) *Comparison {
	c := &Comparison{Then: before.figure(), Now: after.figure(), ThenPeriod: then, NowPeriod: now, Halves: halves}
	c.Sure = sureScore(c.Then, c.Now)
	return c
}

// ruleFigures gives the rules that were met, the most frequent first.
func (t *Table) ruleFigures(all, before, after *sums, weekly []*sums) (figures []RuleFigure) {
	for i, name := range t.rules.names {
		if all.rules[i] == 0 && before.rules[i] == 0 {
			continue
		}
		f := RuleFigure{Rule: name, Emails: all.rules[i], Findings: all.findings[i], Share: all.share(i), Then: before.share(i), Now: after.share(i),
			Sure: SureShare(before.rules[i], before.emails, after.rules[i], after.emails)}
		for _, w := range weekly {
			f.Weekly = append(f.Weekly, w.share(i))
		}
		figures = append(figures, f)
	}
	slices.SortFunc(figures, func(a, b RuleFigure) int { return cmp.Or(cmp.Compare(b.Emails, a.Emails), cmp.Compare(a.Rule, b.Rule)) })
	return figures
}

// A bucket is a group on its way.
type bucket struct {
	name               string
	all, before, after *sums
	authors            map[uint32]bool
	folded             int
}

func (t *Table) newBucket(name string) *bucket {
	return &bucket{name: name, all: t.newSums(), before: t.newSums(), after: t.newSums(), authors: map[uint32]bool{}}
}

func (s *sums) merge(o *sums) {
	s.emails += o.emails
	s.words += o.words
	s.score += o.score
	s.squares += o.squares
	s.verdicts.Send += o.verdicts.Send
	s.verdicts.Revise += o.verdicts.Revise
	s.verdicts.Talk += o.verdicts.Talk
	for i := range o.rules {
		s.rules[i] += o.rules[i]
		s.findings[i] += o.findings[i]
	}
}

func (b *bucket) merge(o *bucket) {
	b.all.merge(o.all)
	b.before.merge(o.before)
	b.after.merge(o.after)
	for a := range o.authors {
		b.authors[a] = true
	}
	b.folded++
}

// groups gives the groups of a dimension.
func (t *Table) groups(q Query, period, then, now Period, halves, compared bool) (groups []Group) {
	var buckets []*bucket
	at := map[int]*bucket{}
	get := func(id int, name func() string) *bucket {
		b := at[id]
		if b == nil {
			b = t.newBucket(name())
			at[id] = b
			buckets = append(buckets, b)
		}
		return b
	}
	put := func(b *bucket, i int, d Day) {
		if period.has(d) {
			b.all.add(t, i)
			b.authors[t.author[i]] = true
		}
		if compared && then.has(d) {
			b.before.add(t, i)
		}
		if compared && now.has(d) {
			b.after.add(t, i)
		}
	}
	for i, d := range t.day {
		if !period.has(d) && !(compared && then.has(d)) {
			continue
		}
		if q.By == ByRule {
			for k := t.off[i]; k < t.off[i+1]; k++ {
				id := int(t.rule[k])
				put(get(id, func() string { return t.rules.names[id] }), i, d)
			}
			continue
		}
		id, name := t.groupOf(q.By, i)
		put(get(id, name), i, d)
	}
	if q.By == ByTeam || q.By == ByClient || q.By == ByLanguage || q.By == ByAuthor {
		least := q.MinAuthors
		if q.By == ByAuthor {
			least = 1
		}
		buckets = t.fold(buckets, q.MinEmails, least)
	}
	for _, b := range buckets {
		if b.all.emails == 0 {
			continue
		}
		g := Group{Name: b.name, Figure: b.all.figure(), Rules: t.ruleFigures(b.all, b.before, b.after, nil), Folded: b.folded}
		if compared && q.By != ByWeek && q.By != ByMonth {
			g.Comparison = compare(b.before, b.after, then, now, halves)
		}
		groups = append(groups, g)
	}
	sortGroups(groups, q.By)
	return groups
}

// groupOf gives the group of an email: a number for it, and how it is called.
func (t *Table) groupOf(by Dimension, i int) (int, func() string) {
	switch by {
	case ByWeek:
		w := t.day[i].Week()
		return int(w), w.String
	case ByMonth:
		m := t.day[i].Month()
		return int(m), m.String
	case ByClient:
		return int(t.client[i]), func() string { return t.clients.names[t.client[i]] }
	case ByAuthor:
		return int(t.person[i]), func() string { return t.people.names[t.person[i]] }
	case ByLanguage:
		return int(t.lang[i]), func() string { return t.langs.names[t.lang[i]] }
	}
	return int(t.team[i]), func() string { return t.teams.names[t.team[i]] }
}

// fold puts the groups that are too small into one. Where that is too small itself it
// would give away what it hides: the smallest of the others goes there too.
func (t *Table) fold(buckets []*bucket, emails, authors int) []*bucket {
	small := func(b *bucket) bool { return b.all.emails < emails || len(b.authors) < authors }
	slices.SortFunc(buckets, func(a, b *bucket) int {
		return cmp.Or(cmp.Compare(a.all.emails, b.all.emails), cmp.Compare(a.name, b.name))
	})
	other := t.newBucket(Other)
	var kept []*bucket
	for _, b := range buckets {
		if small(b) {
			other.merge(b)
		} else {
			kept = append(kept, b)
		}
	}
	for other.folded > 0 && small(other) && len(kept) > 0 {
		other.merge(kept[0])
		kept = kept[1:]
	}
	if other.folded > 0 {
		kept = append(kept, other)
	}
	return kept
}

func sortGroups(groups []Group, by Dimension) {
	slices.SortFunc(groups, func(a, b Group) int {
		if by == ByWeek || by == ByMonth {
			return cmp.Compare(a.Name, b.Name)
		}
		return cmp.Or(cmp.Compare(rank(a.Name), rank(b.Name)), cmp.Compare(b.Emails, a.Emails), cmp.Compare(a.Name, b.Name))
	})
}
