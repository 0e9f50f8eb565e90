package audit

import "github.com/tacto-lint/tacto/lint"

// A Dimension is what a report's groups are.
type Dimension string

// The dimensions.
const (
	ByWeek     Dimension = "week"
	ByMonth    Dimension = "month"
	ByTeam     Dimension = "team"
	ByClient   Dimension = "client"
	ByAuthor   Dimension = "author"
	ByLanguage Dimension = "language"
	ByRule     Dimension = "rule"
)

// Dimensions are all of them.
var Dimensions = []Dimension{ByWeek, ByMonth, ByTeam, ByClient, ByAuthor, ByLanguage, ByRule}

// A Query says what a report is of.
type Query struct {
	// Since and Until are the period, both included; 0: from the first email, up to the last.
	Since, Until Day
	// By is the groups' dimension; empty: no groups. ByAuthor shows people: whether it may
	// be asked for is the caller's affair.
	By Dimension
	// MinEmails and MinAuthors are what a group needs to be shown by itself; 0: 5 and 3.
	// Groups of authors go by MinEmails alone.
	MinEmails, MinAuthors int
}

// The defaults of Query.
const (
	DefaultMinEmails  = 5
	DefaultMinAuthors = 3
)

// Fill puts the defaults where nothing is given.
func (q *Query) Fill() {
	if q.MinEmails <= 0 {
		q.MinEmails = DefaultMinEmails
	}
	if q.MinAuthors <= 0 {
		q.MinAuthors = DefaultMinAuthors
	}
}

// The names of groups that are none of the mapping's.
const (
	Other    = "other"    // groups that are too small to be shown by themselves
	Unmapped = "unmapped" // what the mapping does not name
)

// A Period is a span of days, both included.
type Period struct{ Since, Until Day }

func (p Period) has(d Day) bool { return d >= p.Since && d <= p.Until }

// Verdicts counts emails by verdict. Talk counts those that were sent although they
// should have been a talk first: the verdict of a summary of a talk is another.
type Verdicts struct {
	Send   int `json:"send"`
	Revise int `json:"revise"`
	Talk   int `json:"talk"`
}

// Add counts one.
func (v *Verdicts) Add(x lint.Verdict) {
	switch x {
	case lint.Talk:
		v.Talk++
	case lint.Revise:
		v.Revise++
	default:
		v.Send++
	}
}

// A Figure is the same for any set of emails.
type Figure struct {
	Emails   int
	Words    int     // of all of them
	Score    float64 // the mean; 0 without emails
	Verdicts Verdicts
	spread   float64 // the sum of the squared distances from the mean
}

// A RuleFigure says how often a rule was met.
type RuleFigure struct {
	Rule     string
	Emails   int // in which it was met
	Findings int
	Share    float64 // Emails among all of the period, 0 to 1
	// Then and Now are the shares in the periods that are compared, and Sure whether the
	// difference is more than chance would make of it: see SureShare.
	Then, Now float64
	Sure      bool
	// Weekly has the share for each of Report.Weeks; of a report as a whole, not of groups.
	Weekly []float64
}

// A Comparison holds two periods against each other.
type Comparison struct {
	Then, Now             Figure
	ThenPeriod, NowPeriod Period
	// Halves: there was nothing before the period, so its halves are compared.
	Halves bool
	// Sure: the mean scores differ by more than chance would make of it: see sureScore.
	Sure bool
}

// A Group is one value of the dimension.
type Group struct {
	// Name is that of the mapping, a day (of a week or month), a language, a rule;
	// Other or Unmapped.
	Name string
	Figure
	Comparison *Comparison // nil: nothing to compare
	Rules      []RuleFigure
	Folded     int // how many groups are in it, for Other
}

// A Report is what is told of a period.
type Report struct {
	Period Period
	Figure
	// Comparison is with the period just before, of the same length; where there is no
	// email in that, of the halves of this one. Nil: there is nothing to compare.
	Comparison *Comparison
	// Weeks are the Mondays of the period, without gaps, and Weekly their figures.
	Weeks  []Day
	Weekly []Figure
	// Rules are those that were met, the most frequent first.
	Rules  []RuleFigure
	By     Dimension
	Groups []Group // the most emails first, Unmapped and Other last; weeks and months in their order
	// Judges are the rule sets that the emails were judged by, with their counts. Where
	// there is more than one, shares of rules may have moved for that alone.
	Judges map[string]int
	// Authors is how many there are. UnmappedTeam and UnmappedClient count emails that
	// the mapping does not name.
	Authors, UnmappedTeam, UnmappedClient int
}

// A Cube is a report that can be cut by team, client, language and week after it was
// made: for the page. Its cells, over all weeks, hold no group that is too small to be
// shown.
type Cube struct {
	Period  Period
	Weeks   []Day    // Mondays, without gaps; first days of months where Monthly
	Teams   []string // names; Other and Unmapped are among them where they are used
	Clients []string
	Langs   []string
	Rules   []string // all that were met, the most frequent first
	Cells   []Cell
	// Monthly says that weeks were put together for the cube to stay small; Coarse that
	// clients were, too.
	Monthly, Coarse bool
	Authors         int
	Judges          map[string]int

	places []place // while it is made: of the table's combos
	steps  []int32 // of the period's days: indexes of Weeks
}

// A Cell is the emails of one week, team, client and language, as indexes into the
// Cube's slices.
type Cell struct {
	Week, Team, Client, Lang int
	Emails, Score, Words     int // Score is the sum
	Verdicts                 Verdicts
	Rules                    [][3]int // index of the rule, emails in which it was met, findings
}
