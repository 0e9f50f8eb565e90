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
	// By is the groups' dimension; empty: no groups.
	By Dimension
	// MinEmails and MinAuthors are what a group needs to be shown by itself; 0: 5 and 3.
	MinEmails, MinAuthors int
	// Names shows people: ByAuthor needs it, and then MinAuthors says nothing of its groups.
	Names bool
}

// The names of groups that are none of the mapping's.
const (
	Other    = "other"    // groups that are too small to be shown by themselves
	Unmapped = "unmapped" // what the mapping does not name
)

// A Period is a span of days, both included.
type Period struct {
	Since Day `json:"-"`
	Until Day `json:"-"`
}

// Verdicts counts emails by verdict. Talk counts those that were sent although they
// should have been a talk first.
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
}

// A RuleFigure says how often a rule was met.
type RuleFigure struct {
	Rule     string
	Emails   int // in which it was met
	Findings int
	// Share is Emails among all, 0 to 1; Before the share in the period compared
	// with. Weekly has the share for each of Report.Weeks.
	Share, Before float64
	Weekly        []float64
}

// A Group is one value of the dimension.
type Group struct {
	// Name is that of the mapping, a day (of a week or month), a language, a rule;
	// Other or Unmapped.
	Name string
	Figure
	Before *Figure // the same in the period compared with; nil: nothing to compare
	Rules  []RuleFigure
	Folded int // how many small groups are in it, for Other
}

// A Report is what is told of a period.
type Report struct {
	Period Period
	Figure
	// Before is the period that this one is compared with: the one just before, of the
	// same length, or where there is no email in that, the first half of this one (Halves is
	// set then, and the shares Before and Share of rules are those of the halves).
	// Nil: there is nothing to compare.
	Before       *Figure
	BeforePeriod Period
	Halves       bool
	// Later is, with Halves, the figure of the second half.
	Later *Figure
	// Weeks are the Mondays of the period, without gaps, and Weekly their figures.
	Weeks  []Day
	Weekly []Figure
	// Rules are those that were met in either period, the most frequent first.
	Rules  []RuleFigure
	By     Dimension
	Groups []Group // the most emails first; weeks and months in their order
	// Judges are the rule sets that the emails were judged by, with their counts. Where
	// there is more than one, shares of rules may have moved for that alone.
	Judges map[string]int
	// Authors is how many there are. Unmapped counts emails whose author or client the
	// mapping does not name.
	Authors, UnmappedTeam, UnmappedClient int
}

// A Cube is a report that can be cut by team, client, language and week after it was
// made: for the page. Its cells hold no group that is too small to be shown.
type Cube struct {
	Weeks   []Day    // Mondays, without gaps
	Teams   []string // names; Other and Unmapped are among them where they are used
	Clients []string
	Langs   []string
	Rules   []string // all that were met, the most frequent first
	Cells   []Cell
	// Coarse says that clients were put together for the cube to stay small.
	Coarse bool
}

// A Cell is the emails of one week, team, client and language, as indexes into the
// Cube's slices.
type Cell struct {
	Week, Team, Client, Lang int
	Emails, Score, Words     int // Score is the sum
	Verdicts                 Verdicts
	Rules                    [][3]int // index of the rule, emails in which it was met, findings
}
