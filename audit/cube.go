package audit

import (
	"cmp"
	"maps"
	"slices"
)

// maxCells bounds a Cube: with them and forty rules the page stays well below a megabyte.
const maxCells = 8000

// A combo is a team, a client and a language, as names.
type combo struct{ team, client, lang string }

// wider gives what a combo that is too small is shown as: without its client, then
// without its language, then without its team.
func (c combo) wider() combo {
	switch {
	case c.client != Other:
		c.client = Other
	case c.lang != Other:
		c.lang = Other
	default:
		c.team = Other
	}
	return c
}

var widest = combo{Other, Other, Other}

// Cube makes the cells of a query's period; its By is of no meaning here.
func (t *Table) Cube(q Query) *Cube {
	q.Fill()
	period, _, _, _, _ := t.spans(q)
	c := &Cube{Period: period, Judges: map[string]int{}}
	if len(t.day) == 0 {
		return c
	}
	sizes := t.sizes(period)
	keep := len(t.clients.names)
	for {
		t.layOut(c, period, combos(q, sizes, t.largestClients(period, keep)))
		fits := t.cells(c, period) <= maxCells
		switch {
		case !fits && !c.Monthly:
			c.Monthly = true
		case !fits && keep > 1:
			c.Coarse = true
			keep /= 2
		default: // or so many teams that nothing helps: the page is larger, then
			t.fill(c, period)
			return c
		}
	}
}

// largestClients gives those with the most emails, Unmapped among them in any case.
func (t *Table) largestClients(period Period, keep int) map[string]bool {
	counts := make([]int, len(t.clients.names))
	for i, d := range t.day {
		if period.has(d) {
			counts[t.client[i]]++
		}
	}
	order := make([]int, len(counts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(counts[b], counts[a]) })
	largest := map[string]bool{Unmapped: true}
	for _, i := range order[:min(keep, len(order))] {
		largest[t.clients.names[i]] = true
	}
	return largest
}

// A size is what decides whether a combo is shown.
type size struct {
	emails  int
	authors map[uint32]bool
}

func (s *size) add(o *size) {
	s.emails += o.emails
	for a := range o.authors {
		s.authors[a] = true
	}
}

// comboKey numbers the combos of the table.
func (t *Table) comboKey(i int) [3]int {
	return [3]int{int(t.team[i]), int(t.client[i]), int(t.lang[i])}
}

func (t *Table) comboOf(k [3]int) combo {
	return combo{t.teams.names[k[0]], t.clients.names[k[1]], t.langs.names[k[2]]}
}

func (t *Table) sizes(period Period) map[combo]*size {
	byKey := map[[3]int]*size{}
	for i, d := range t.day {
		if period.has(d) {
			k := t.comboKey(i)
			if byKey[k] == nil {
				byKey[k] = &size{authors: map[uint32]bool{}}
			}
			byKey[k].emails++
			byKey[k].authors[t.author[i]] = true
		}
	}
	all := make(map[combo]*size, len(byKey))
	for k, s := range byKey {
		all[t.comboOf(k)] = s
	}
	return all
}

// combos says as which each combo is shown, so that none of those is too small.
func combos(q Query, sizes map[combo]*size, clients map[string]bool) map[combo]combo {
	shown := map[combo]combo{}
	for one := range sizes {
		shown[one] = one
		if !clients[one.client] {
			shown[one] = one.wider()
		}
	}
	small := func(s *size) bool { return s.emails < q.MinEmails || len(s.authors) < q.MinAuthors }
	grown := func() map[combo]*size {
		all := map[combo]*size{}
		for one, as := range shown {
			if all[as] == nil {
				all[as] = &size{authors: map[uint32]bool{}}
			}
			all[as].add(sizes[one])
		}
		return all
	}
	for range 3 { // client, language, team
		now := grown()
		for one, as := range shown {
			if as != widest && small(now[as]) {
				shown[one] = as.wider()
			}
		}
	}
	// What nothing could be done for takes the smallest of the others in, until it is
	// large enough to hide in.
	for now := grown(); now[widest] != nil && small(now[widest]) && len(now) > 1; now = grown() {
		delete(now, widest)
		victim := slices.MinFunc(slices.Collect(maps.Keys(now)), func(a, b combo) int {
			return cmp.Or(cmp.Compare(now[a].emails, now[b].emails), cmp.Compare(a.team, b.team), cmp.Compare(a.client, b.client), cmp.Compare(a.lang, b.lang))
		})
		for one, as := range shown {
			if as == victim {
				shown[one] = widest
			}
		}
	}
	return shown
}

// A place is where a combo's cells stand in the cube, apart from the week.
type place struct{ team, client, lang int32 }

// layOut makes the cube's axes, and says where the table's combos stand on them.
func (t *Table) layOut(c *Cube, period Period, shown map[combo]combo) {
	c.Weeks = mondays(period)
	if c.Monthly {
		c.Weeks = nil
		for m := period.Since.Month(); m <= period.Until; m = (m + 31).Month() {
			c.Weeks = append(c.Weeks, m)
		}
	}
	c.Teams, c.Clients, c.Langs = namesShown(shown)
	c.places = make([]place, len(t.teams.names)*len(t.clients.names)*len(t.langs.names))
	for team := range t.teams.names {
		for client := range t.clients.names {
			for lang := range t.langs.names {
				if as, ok := shown[t.comboOf([3]int{team, client, lang})]; ok {
					c.places[t.comboAt(team, client, lang)] = place{int32(slices.Index(c.Teams, as.team)), int32(slices.Index(c.Clients, as.client)), int32(slices.Index(c.Langs, as.lang))}
				}
			}
		}
	}
	// The step of a day is looked up: there are few days and many emails.
	c.steps = make([]int32, period.Until-period.Since+1)
	for i := range c.steps {
		d := period.Since + Day(i)
		if c.Monthly {
			d = d.Month()
		} else {
			d = d.Week()
		}
		at, _ := slices.BinarySearch(c.Weeks, d)
		c.steps[i] = int32(at)
	}
}

func (t *Table) comboAt(team, client, lang int) int {
	return (team*len(t.clients.names)+client)*len(t.langs.names) + lang
}

// cellAt numbers the cells that there can be, in their order.
func (t *Table) cellAt(c *Cube, period Period, i int) int {
	p := c.places[t.comboAt(int(t.team[i]), int(t.client[i]), int(t.lang[i]))]
	week := int(c.steps[t.day[i]-period.Since])
	return ((week*len(c.Teams)+int(p.team))*len(c.Clients)+int(p.client))*len(c.Langs) + int(p.lang)
}

// cells counts those that there are.
func (t *Table) cells(c *Cube, period Period) int {
	most := len(c.Weeks) * len(c.Teams) * len(c.Clients) * len(c.Langs)
	if most > 1<<24 {
		return most // it would not be small, and need not be counted
	}
	seen := make([]bool, most)
	n := 0
	for i, d := range t.day {
		if !period.has(d) {
			continue
		}
		if at := t.cellAt(c, period, i); !seen[at] {
			seen[at] = true
			n++
		}
	}
	return n
}

// fill makes the cells.
func (t *Table) fill(c *Cube, period Period) {
	ruleAt := t.rulesByShare(c, period)
	sums := make([]*Cell, len(c.Weeks)*len(c.Teams)*len(c.Clients)*len(c.Langs))
	authors := make([]bool, t.authors)
	judges := make([]int, len(t.judges.names))
	for i, d := range t.day {
		if !period.has(d) {
			continue
		}
		authors[t.author[i]] = true
		judges[t.judge[i]]++
		at := t.cellAt(c, period, i)
		cell := sums[at]
		if cell == nil {
			cell = &Cell{Rules: make([][3]int, len(c.Rules))}
			sums[at] = cell
		}
		cell.Emails++
		cell.Score += int(t.score[i])
		cell.Words += int(t.words[i])
		cell.Verdicts.Add(t.verdict[i])
		for k := t.off[i]; k < t.off[i+1]; k++ {
			r := &cell.Rules[ruleAt[t.rule[k]]]
			r[1]++
			r[2] += int(t.count[k])
		}
	}
	for at, cell := range sums {
		if cell == nil {
			continue
		}
		cell.Lang, at = at%len(c.Langs), at/len(c.Langs)
		cell.Client, at = at%len(c.Clients), at/len(c.Clients)
		cell.Team, cell.Week = at%len(c.Teams), at/len(c.Teams)
		met := cell.Rules[:0]
		for id, r := range cell.Rules {
			if r[1] > 0 {
				met = append(met, [3]int{id, r[1], r[2]})
			}
		}
		cell.Rules = met
		c.Cells = append(c.Cells, *cell)
	}
	for _, there := range authors {
		if there {
			c.Authors++
		}
	}
	for i, n := range judges {
		if n > 0 {
			c.Judges[t.judges.names[i]] = n
		}
	}
	c.places, c.steps = nil, nil // of no use any more
}

// namesShown gives the names that are shown, sorted, with Unmapped and Other last.
func namesShown(shown map[combo]combo) (teams, clients, langs []string) {
	var sets [3]map[string]bool
	for i := range sets {
		sets[i] = map[string]bool{}
	}
	for _, as := range shown {
		sets[0][as.team], sets[1][as.client], sets[2][as.lang] = true, true, true
	}
	sorted := func(set map[string]bool) []string {
		return slices.SortedFunc(maps.Keys(set), func(a, b string) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b)) })
	}
	return sorted(sets[0]), sorted(sets[1]), sorted(sets[2])
}

// rank puts what has no name of its own last.
func rank(name string) int {
	switch name {
	case Unmapped:
		return 1
	case Other:
		return 2
	}
	return 0
}

// rulesByShare sets the cube's rules, and gives for each of the table's its index there.
func (t *Table) rulesByShare(c *Cube, period Period) []int {
	counts := make([]int, len(t.rules.names))
	for i, d := range t.day {
		if period.has(d) {
			for k := t.off[i]; k < t.off[i+1]; k++ {
				counts[t.rule[k]]++
			}
		}
	}
	order := make([]int, len(counts))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(t.rules.names[a], t.rules.names[b]))
	})
	at := make([]int, len(counts))
	c.Rules = nil
	for place, i := range order {
		at[i] = place
		if counts[i] > 0 {
			c.Rules = append(c.Rules, t.rules.names[i])
		}
	}
	return at
}
