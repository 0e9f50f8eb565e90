package lint

import "slices"

// Severity ranks findings. The zero value is not a severity.
type Severity uint8

const (
	// Suggestion is advice: it never changes the verdict.
	Suggestion Severity = iota + 1
	// Warning is something the author should mend.
	Warning
	// Error is something that hurts the reader or leaves them with nothing.
	Error
)

// String gives "suggestion", "warning" or "error".
func (s Severity) String() string {
	switch s {
	case Suggestion:
		return "suggestion"
	case Warning:
		return "warning"
	case Error:
		return "error"
	}
	return "none"
}

// ParseSeverity is the inverse of Severity.String.
func ParseSeverity(s string) (Severity, bool) {
	for _, v := range []Severity{Suggestion, Warning, Error} {
		if v.String() == s {
			return v, true
		}
	}
	return 0, false
}

// Verdict is the answer to "may this go out?".
type Verdict uint8

const (
	// Send: nothing in it would hurt.
	Send Verdict = iota
	// Revise: the author can mend it in the text.
	Revise
	// Talk: say it in person or by phone first, then send the email as the
	// summary of that talk.
	Talk
)

// String gives "send", "revise" or "talk".
func (v Verdict) String() string { return [...]string{"send", "revise", "talk"}[v] }

// Part names the piece of the message that a finding's offsets count in.
type Part uint8

const (
	// PartBody is Message.Body.
	PartBody Part = iota
	// PartSubject is Message.Subject.
	PartSubject
	// PartWhole marks a finding on the email as a whole: it has no passage;
	// its span is empty and stands at the start of the author's text.
	PartWhole
)

// String gives "body", "subject" or "email".
func (p Part) String() string { return [...]string{"body", "subject", "email"}[p] }

// A Finding is one fault, at one place, with what to write instead.
type Finding struct {
	Rule     string
	Severity Severity
	// Message says in one line what the client will hear, and Suggestion what
	// to write instead, both in the report's language.
	Message, Suggestion string
	// Part says what Span counts in. Text is the passage, empty for PartWhole.
	Part Part
	Span Span
	Text string
	// Start and End are Span as line, column and offset: the file's own
	// unless Encoded is set, in which case they count in the decoded text.
	Start, End Position
	Encoded    bool
	// Likelihood is above 0 where the finding rests on a learnt class and the
	// settings ask to explain: how likely the model takes it to be. Weighed then names what weighed most,
	// the heaviest first: words of the passage, or signals found in the email.
	Likelihood float64
	Weighed    []string
}

// A Report is what the linter says of one message.
type Report struct {
	// Lang is the language of the author's text, "es" or "en".
	Lang string
	// Subject is the decoded subject, for lists.
	Subject string
	// Words counts the words of the author's own text.
	Words int
	// Encoded says that positions in the body count in the decoded text.
	Encoded bool
	// Score runs from 0 (do not send) to 100 (nothing to say); Steps is the
	// arithmetic that led to it.
	Score   int
	Steps   []ScoreStep
	Verdict Verdict
	// Reasons say, for Talk, why a conversation must come first: whole
	// sentences in the report's language.
	Reasons []string
	// Findings stand in the order of the text: subject, then whole-email
	// findings, then the body.
	Findings []Finding
}

// A ScoreStep is one line of the score's arithmetic.
type ScoreStep struct {
	// Label names the rule, or the limit applied ("talk-first").
	Label string
	// Count is the number of findings behind it.
	Count int
	// Points is what the step took away (negative) or the start (100).
	Points float64
	// Note explains the step in a few words ("3 × warning, each further one half").
	Note string
}

// Levels are those that Reaches knows, the highest first.
var Levels = []string{"talk", "error", "warning", "suggestion", "never"}

// Reaches says whether a report is at or above a level: it has a finding of that
// severity or a higher one, or the verdict talk, which is above all. None
// reaches "never".
func (r *Report) Reaches(level string) bool {
	if level == "never" {
		return false
	}
	if r.Verdict == Talk {
		return true
	}
	least, ok := ParseSeverity(level)
	return ok && slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Severity >= least })
}
