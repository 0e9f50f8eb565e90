package audit

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tacto-lint/tacto/lint"
)

var testKey = NewKey()

const testMapping = `teams:
  Support: ["*@support.us.example", boss@us.example]
  Field: [tom@us.example, eva@us.example, luis@us.example]
clients:
  Acme: ["*@acme.example"]
  Tiny: [one@tiny.example]
people:
  Ana Ruiz: [ana@support.us.example, ana.ruiz@support.us.example]
`

func names(t testing.TB) *Names {
	t.Helper()
	m, err := ParseMapping("m.yaml", []byte(testMapping))
	if err != nil {
		t.Fatal(err)
	}
	return m.With(testKey)
}

func day(s string) Day {
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return DayOf(d)
}

// mk makes an email in a few words.
func mk(date, from, to string, verdict lint.Verdict, score int, rules ...string) Email {
	e := Email{ID: testKey.Content(fmt.Append(nil, date, from, to, score, rules)), Day: day(date), Author: testKey.Address(from), AuthorDomain: testKey.Domain(from),
		Recipient: testKey.Address(to), RecipientDomain: testKey.Domain(to), Lang: "es", Verdict: verdict, Score: score, Words: 10, Judge: "j1"}
	for _, r := range rules {
		e.Rules = append(e.Rules, RuleCount{r, 2})
	}
	return e
}

func load(t testing.TB, emails []Email) *Table {
	t.Helper()
	table, err := Load(func(fn func(*Email) error) error {
		for i := range emails {
			if err := fn(&emails[i]); err != nil {
				return err
			}
		}
		return nil
	}, names(t))
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestReport(t *testing.T) {
	table := load(t, []Email{
		mk("2026-02-27", "ana@support.us.example", "x@acme.example", lint.Talk, 20, "jargon"),
		mk("2026-02-28", "joe@support.us.example", "x@acme.example", lint.Revise, 60, "jargon", "vague-time"),
		mk("2026-03-02", "ana@support.us.example", "x@acme.example", lint.Send, 100),
		mk("2026-03-03", "ana.ruiz@support.us.example", "x@acme.example", lint.Revise, 70, "jargon"),
		mk("2026-03-09", "tom@us.example", "y@nobody.example", lint.Talk, 40, "blame-reader"),
		mk("2026-03-31", "zoe@elsewhere.example", "y@nobody.example", lint.Send, 90),
	})
	r := table.Report(Query{Since: day("2026-03-01"), Until: day("2026-03-31")})
	if r.Emails != 4 || r.Score != 75 || r.Words != 40 || r.Verdicts != (Verdicts{Send: 2, Revise: 1, Talk: 1}) {
		t.Errorf("%+v", r.Figure)
	}
	if r.Authors != 3 { // Ana has two addresses
		t.Errorf("%d authors", r.Authors)
	}
	if r.UnmappedTeam != 1 || r.UnmappedClient != 2 {
		t.Errorf("unmapped: %d, %d", r.UnmappedTeam, r.UnmappedClient)
	}
	c := r.Comparison
	if c == nil || c.Halves || c.Then.Emails != 2 || c.Then.Score != 40 || c.ThenPeriod != (Period{day("2026-01-29"), day("2026-02-28")}) || c.Now.Emails != 4 || c.Sure {
		t.Errorf("%+v", c)
	}
	if len(r.Rules) != 3 || r.Rules[0].Rule != "blame-reader" || r.Rules[1].Rule != "jargon" || r.Rules[2].Rule != "vague-time" {
		t.Fatalf("%+v", r.Rules)
	}
	if j := r.Rules[1]; j.Emails != 1 || j.Findings != 2 || j.Share != 0.25 || j.Then != 1 || j.Now != 0.25 || j.Sure {
		t.Errorf("%+v", j)
	}
	// 2026-03-01 is a Sunday: its week begins in February.
	if len(r.Weeks) != 6 || r.Weeks[0] != day("2026-02-23") || r.Weeks[5] != day("2026-03-30") {
		t.Errorf("%v", r.Weeks)
	}
	if r.Weekly[1].Emails != 2 || r.Weekly[1].Score != 85 || r.Weekly[0].Emails != 0 || r.Rules[1].Weekly[1] != 0.5 {
		t.Errorf("%+v", r.Weekly)
	}
	if !reflect.DeepEqual(r.Judges, map[string]int{"j1": 4}) {
		t.Errorf("%v", r.Judges)
	}
	// Without a period: all of it, its halves compared.
	r = table.Report(Query{})
	if r.Emails != 6 || r.Comparison == nil || !r.Comparison.Halves || r.Comparison.Then.Emails != 5 || r.Comparison.Now.Emails != 1 {
		t.Errorf("%d emails, %+v", r.Emails, r.Comparison)
	}
	if r := load(t, nil).Report(Query{Since: day("2026-03-01")}); r.Emails != 0 || r.Comparison != nil || r.Groups != nil {
		t.Errorf("of nothing: %+v", r)
	}
}

func TestGroupsByTime(t *testing.T) {
	table := load(t, []Email{
		mk("2026-03-01", "ana@support.us.example", "x@acme.example", lint.Send, 100), // a Sunday
		mk("2026-03-02", "ana@support.us.example", "x@acme.example", lint.Send, 90),
		mk("2026-04-01", "ana@support.us.example", "x@acme.example", lint.Send, 80, "jargon"),
	})
	for by, want := range map[Dimension]string{
		ByWeek: "2026-02-23 1, 2026-03-02 1, 2026-03-30 1", ByMonth: "2026-03-01 2, 2026-04-01 1", ByRule: "jargon 1", ByLanguage: "other 3",
	} {
		if got := groupsText(table.Report(Query{By: by}).Groups); got != want {
			t.Errorf("by %s: %s, want %s", by, got, want)
		}
	}
}

func groupsText(groups []Group) string {
	var all []string
	for _, g := range groups {
		all = append(all, fmt.Sprintf("%s %d", g.Name, g.Emails))
	}
	return strings.Join(all, ", ")
}

// many makes n emails of the people named, in turn.
func many(n int, to string, people ...string) (all []Email) {
	for i := range n {
		e := mk("2026-03-02", people[i%len(people)], to, lint.Send, 50+i%50)
		all = append(all, e)
	}
	return all
}

var (
	support = []string{"a@support.us.example", "b@support.us.example", "c@support.us.example"}
	field   = []string{"tom@us.example", "eva@us.example", "luis@us.example"}
	others  = []string{"p@x.example", "q@x.example", "r@x.example"}
)

func TestSmallGroupsAreFolded(t *testing.T) {
	for name, test := range map[string]struct {
		emails []Email
		by     Dimension
		want   string
	}{
		"all large enough": {slices.Concat(many(5, "x@acme.example", support...), many(6, "x@acme.example", field...)), ByTeam, "Field 6, Support 5"},
		"too few emails hide with the smallest of the others": {slices.Concat(many(4, "x@acme.example", support...), many(6, "x@acme.example", field...), many(7, "x@acme.example", others...)),
			ByTeam, "unmapped 7, other 10"},
		"too few authors": {slices.Concat(many(50, "x@acme.example", support[:2]...), many(6, "x@acme.example", field...), many(7, "x@acme.example", others...)),
			ByTeam, "unmapped 7, other 56"},
		"two small ones that are large together": {slices.Concat(many(4, "x@acme.example", support...), many(4, "x@acme.example", field...), many(7, "x@acme.example", others...)),
			ByTeam, "unmapped 7, other 8"},
		"nothing is left to show": {many(3, "x@acme.example", support...), ByTeam, "other 3"},
		"clients":                 {slices.Concat(many(9, "x@acme.example", support...), many(9, "z@none.example", support...), many(2, "one@tiny.example", support...)), ByClient, "unmapped 9, other 11"},
		"people go by emails alone": {slices.Concat(many(5, "x@acme.example", "ana@support.us.example"), many(9, "x@acme.example", others...)),
			ByAuthor, "Ana Ruiz 5, unmapped 9"},
	} {
		r := load(t, test.emails).Report(Query{By: test.by})
		if got := groupsText(r.Groups); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
	// The limits are the caller's.
	emails := slices.Concat(many(5, "x@acme.example", support...), many(19, "x@acme.example", field...), many(20, "x@acme.example", others...))
	if got := groupsText(load(t, emails).Report(Query{By: ByTeam, MinEmails: 10, MinAuthors: 3}).Groups); got != "unmapped 20, other 24" {
		t.Error(got)
	}
}

// random makes emails of all sorts.
func random(r *rand.Rand, n int) (all []Email) {
	people := slices.Concat(support, field, others, []string{"boss@us.example", "ana@support.us.example"})
	clients := []string{"x@acme.example", "y@acme.example", "one@tiny.example", "z@none.example", "w@other.example"}
	for range n {
		d := day("2025-06-02") + Day(r.IntN(400))
		e := mk(d.String(), people[r.IntN(1+r.IntN(len(people)))], clients[r.IntN(1+r.IntN(len(clients)))], lint.Verdict(r.IntN(3)), r.IntN(101))
		e.Lang = []string{"es", "es", "es", "en"}[r.IntN(4)]
		for _, rule := range []string{"jargon", "stock-phrase", "vague-time", "blame-reader"} {
			if r.IntN(3) == 0 {
				e.Rules = append(e.Rules, RuleCount{rule, 1 + r.IntN(4)})
			}
		}
		all = append(all, e)
	}
	return all
}

// Whatever the emails: groups and cells add up to the whole, and none is too small while
// others are there to hide in.
func TestSums(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 150 {
		emails := random(r, 1+r.IntN(300))
		table := load(t, emails)
		q := Query{MinEmails: 1 + r.IntN(8), MinAuthors: 1 + r.IntN(4)}
		if r.IntN(2) == 0 {
			q.Since, q.Until = day("2025-09-01"), day("2026-01-31")
		}
		for _, by := range Dimensions {
			q.By = by
			rep := table.Report(q)
			sum, score, talk := 0, 0.0, 0
			for _, g := range rep.Groups {
				sum += g.Emails
				score += g.Score * float64(g.Emails)
				talk += g.Verdicts.Talk
				if by == ByTeam && g.Emails < q.MinEmails && len(rep.Groups) > 1 {
					t.Errorf("%s has %d emails beside %s", g.Name, g.Emails, groupsText(rep.Groups))
				}
			}
			if by != ByRule && (sum != rep.Emails || math.Abs(score-rep.Score*float64(rep.Emails)) > 1e-6 || talk != rep.Verdicts.Talk) {
				t.Errorf("by %s: %d emails, want %d", by, sum, rep.Emails)
			}
		}
		checkCube(t, table, q, emails)
	}
}

func checkCube(t *testing.T, table *Table, q Query, emails []Email) {
	t.Helper()
	rep, c := table.Report(q), table.Cube(q)
	var sum, score int
	var verdicts Verdicts
	rules := map[string][2]int{}
	combos := map[[3]int]int{}
	for _, cell := range c.Cells {
		sum += cell.Emails
		score += cell.Score
		verdicts.Send += cell.Verdicts.Send
		verdicts.Revise += cell.Verdicts.Revise
		verdicts.Talk += cell.Verdicts.Talk
		combos[[3]int{cell.Team, cell.Client, cell.Lang}] += cell.Emails
		for _, r := range cell.Rules {
			n := rules[c.Rules[r[0]]]
			rules[c.Rules[r[0]]] = [2]int{n[0] + r[1], n[1] + r[2]}
		}
	}
	if sum != rep.Emails || verdicts != rep.Verdicts || rep.Emails > 0 && math.Abs(float64(score)/float64(sum)-rep.Score) > 1e-9 {
		t.Errorf("the cube has %d emails, %+v; the report %d, %+v", sum, verdicts, rep.Emails, rep.Verdicts)
	}
	for _, f := range rep.Rules {
		if f.Emails > 0 && rules[f.Rule] != [2]int{f.Emails, f.Findings} {
			t.Errorf("%s: the cube has %v, the report %d and %d", f.Rule, rules[f.Rule], f.Emails, f.Findings)
		}
	}
	for k, n := range combos {
		if n < q.MinEmails && len(combos) > 1 {
			t.Errorf("%s, %s, %s has %d emails", c.Teams[k[0]], c.Clients[k[1]], c.Langs[k[2]], n)
		}
	}
	_ = emails
}

func TestCubeStaysSmall(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var b strings.Builder
	b.WriteString("clients:\n")
	for i := range 300 {
		fmt.Fprintf(&b, "  C%d: [\"*@c%d.example\"]\n", i, i)
	}
	m, err := ParseMapping("m.yaml", []byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	n := m.With(testKey)
	table, err := Load(func(fn func(*Email) error) error {
		for range 100_000 {
			e := mk((day("2024-01-01") + Day(r.IntN(1000))).String(), fmt.Sprintf("p%d@us.example", r.IntN(40)), fmt.Sprintf("x@c%d.example", r.IntN(300)), lint.Send, 80)
			if err := fn(&e); err != nil {
				return err
			}
		}
		return nil
	}, n)
	if err != nil {
		t.Fatal(err)
	}
	c := table.Cube(Query{})
	sum := 0
	for _, cell := range c.Cells {
		sum += cell.Emails
	}
	if len(c.Cells) > maxCells || !c.Monthly || !c.Coarse || sum != 100_000 || len(c.Clients) < 50 {
		t.Errorf("%d cells, monthly %v, coarse %v, %d emails, %d clients", len(c.Cells), c.Monthly, c.Coarse, sum, len(c.Clients))
	}
}

func TestSure(t *testing.T) {
	for _, x := range []struct {
		k1, n1, k2, n2 int
		want           bool
	}{
		{400, 1000, 100, 1000, true},
		{40, 100, 39, 100, false},
		{4, 10, 1, 10, false},       // so few
		{0, 1000, 30, 1000, true},   // from nothing
		{50, 100, 65, 100, false},   // z = 2.15
		{50, 100, 69, 100, true},    // z = 2.74
		{0, 0, 5, 10, false},        // nothing to compare with
		{100, 100, 100, 100, false}, // always
	} {
		if got := SureShare(x.k1, x.n1, x.k2, x.n2); got != x.want {
			t.Errorf("%+v: %v", x, got)
		}
	}
}

func TestMappingFaults(t *testing.T) {
	for text, want := range map[string]string{
		"teams: [a]\n":                                            `m.yaml:1: each team is a name with its addresses (Name: [address, …])`,
		"team: {}\n":                                              `m.yaml:1: unknown key "team" (teams, clients, people)`,
		"teams:\n  A: ana@x.example\n":                            `m.yaml:2: team "A" needs a list of addresses ([ana@us.example])`,
		"teams:\n  other: [ana@x.example]\n":                      `m.yaml:2: no team can be called "other" (another name)`,
		"clients:\n  A: ['*@*.x.example']\n":                      `m.yaml:2: "*@*.x.example" is no address (ana@us.example, or *@us.example for all of a domain)`,
		"clients:\n  A: [x.example]\n":                            `m.yaml:2: "x.example" is no address (ana@us.example, or *@us.example for all of a domain)`,
		"teams:\n  A: [ana@x.example]\n  B: ['ANA@x.example ']\n": `m.yaml:3: ana@x.example is A's and B's`,
		"people:\n  Ana: ['*@x.example']\n":                       `m.yaml:2: a person has no whole domain (write each address)`,
		"teams: {}\nteams: {}\n":                                  `m.yaml:2: teams is there twice (keep one of them)`,
		"- a\n":                                                   `m.yaml:1: a mapping has teams, clients and people (teams: {Support: [ana@us.example]})`,
	} {
		if _, err := ParseMapping("m.yaml", []byte(text)); err == nil || err.Error() != want {
			t.Errorf("%q: %v\nwant %s", text, err, want)
		}
	}
	for _, text := range []string{"", "# nothing\n", "teams:\n", "teams: {}\nclients:\n  A: []\n"} {
		if _, err := ParseMapping("m.yaml", []byte(text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestKey(t *testing.T) {
	again, err := ParseKey(testKey.String() + "\n")
	if err != nil || again.Address("Ana@x.example") != testKey.Address("ana@X.example") || again.ID() != testKey.ID() {
		t.Errorf("%v", err)
	}
	if NewKey().Address("ana@x.example") == testKey.Address("ana@x.example") {
		t.Error("two keys give one hash")
	}
	if testKey.Domain(`"ana@home"@us.example`) != testKey.Domain("x@US.example") || testKey.Domain("root") != (Hash{}) || testKey.Domain("ana@") != (Hash{}) {
		t.Error("the domain is not what stands behind the last @")
	}
	for _, bad := range []string{"", "hunter2", "tacto-audit-key-1 00", strings.ToUpper(testKey.String())} {
		if _, err := ParseKey(bad); err != ErrKey {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// A million emails, in memory: what a report and a page of them take.
func BenchmarkMillion(b *testing.B) {
	r := rand.New(rand.NewPCG(5, 6))
	some := random(r, 20_000)
	each := func(fn func(*Email) error) error {
		for i := range 1_000_000 {
			if err := fn(&some[i%len(some)]); err != nil {
				return err
			}
		}
		return nil
	}
	n := names(b)
	table, err := Load(each, n)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("load", func(b *testing.B) {
		for b.Loop() {
			_, _ = Load(each, n)
		}
	})
	b.Run("report", func(b *testing.B) {
		for b.Loop() {
			table.Report(Query{By: ByClient})
		}
	})
	b.Run("cube", func(b *testing.B) {
		for b.Loop() {
			table.Cube(Query{})
		}
	})
}
