// Package presend decides, in the moment before a message leaves, whether it may
// go: whom it goes to, what the linter says of it, and whether the author has
// said to send it all the same. It is what sendmail wrappers and milters ask; how
// a message comes in and goes on is theirs.
package presend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/mail"
)

// A Policy is what a team has settled on.
type Policy struct {
	// Clients are address patterns (*@acme.example) of those whose mail is read;
	// none: everybody's. Mail that goes to Internal addresses alone is not read.
	Clients, Internal []string
	// FailOn is the level from which a message is held: see lint.Levels.
	FailOn string
	// Override says how an author gets a held message through: Again, Header or Never.
	Override string
}

// How an author gets a held message through.
const (
	Again  = "again"  // by sending it again, or by the header
	Header = "header" // by the header alone
	Never  = "never"  // not at all
)

// An Outcome is what is to happen with a message, and why.
type Outcome uint8

const (
	// Unread: it concerns no client, and nobody looked at it.
	Unread Outcome = iota
	// Fine: it was read, and nothing is at or above the level.
	Fine
	// Overridden: it would have been held, but its author has said to send it.
	Overridden
	// Held: it is not to go.
	Held
	// Unjudged: it could not be judged; see Decision.Err.
	Unjudged
)

// String gives the outcome in a word, for logs.
func (o Outcome) String() string {
	return [...]string{"unread", "fine", "overridden", "held", "unjudged"}[o]
}

// A Decision is what Decide says of one message.
type Decision struct {
	Outcome Outcome
	// Message and Report are there for messages that were judged.
	Message *lint.Message
	Report  *lint.Report
	// Reason is the author's, for Overridden: that of the header, or "sent again".
	Reason string
	// Key tells the text with its recipients from any other, for Memory.
	Key string
	// Err says, for Unjudged, why.
	Err error
}

// ErrBudget is that of a message which took too long to judge.
var ErrBudget = errors.New("judging took too long")

// ErrBroke is that of a message at which judging ended in a panic. Where the panic
// was an error, that is wrapped too; a text may hold words of the message.
var ErrBroke = errors.New("judging broke off")

func broke(p any) error {
	if err, ok := p.(error); ok {
		return fmt.Errorf("%w: %w", ErrBroke, err)
	}
	return fmt.Errorf("%w: %v", ErrBroke, p)
}

// A Gate decides about messages. It is safe for many at once.
type Gate struct {
	Linter *lint.Linter
	Policy Policy
	// Memory remembers what was held, so that sending it again gets through. With
	// nil only the header does.
	Memory *Memory
}

// Decide reads a message as it is to go out, and the addresses it goes to; with
// none, those of its header are taken. It returns when ctx ends, at the latest:
// with Unjudged, and ctx's error or ErrBudget for a deadline. It writes nothing.
func (g *Gate) Decide(ctx context.Context, message []byte, recipients []string) Decision {
	done := make(chan Decision, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- Decision{Outcome: Unjudged, Err: broke(p)}
			}
		}()
		done <- g.decide(message, recipients)
	}()
	select {
	case d := <-done:
		return d
	case <-ctx.Done():
		err := ctx.Err()
		if errors.Is(err, context.DeadlineExceeded) {
			err = ErrBudget
		}
		return Decision{Outcome: Unjudged, Err: err}
	}
}

func (g *Gate) decide(message []byte, recipients []string) Decision {
	if len(recipients) == 0 {
		recipients = HeaderRecipients(message)
	}
	if !g.Policy.Concerns(recipients) {
		return Decision{Outcome: Unread}
	}
	m, err := mail.Parse(message, mail.Options{})
	if err != nil {
		return Decision{Outcome: Unjudged, Err: err}
	}
	if g.Policy.Override == Never {
		m.Ignore = nil // no way round by silencing rules, either
	}
	d := Decision{Outcome: Fine, Message: m, Report: g.Linter.Lint(m), Key: key(m, recipients)}
	if !d.Report.Reaches(g.Policy.FailOn) {
		return d
	}
	d.Outcome = Held
	if g.Policy.Override == Never {
		return d
	}
	if reason := OverrideReason(message); reason != "" {
		d.Outcome, d.Reason = Overridden, reason
	} else if g.Policy.Override != Header && g.Memory != nil && g.Memory.Holds(d.Key) {
		d.Outcome, d.Reason = Overridden, "sent again"
	}
	return d
}

// Concerns says whether mail to these addresses is to be read. Mail to nobody
// known is: better once too often.
func (p *Policy) Concerns(recipients []string) bool {
	if len(recipients) == 0 {
		return true
	}
	// A name without a domain is somebody on this machine: cron's root.
	named := len(p.Internal) > 0 || len(p.Clients) > 0
	outside := slices.DeleteFunc(slices.Clone(recipients), func(a string) bool {
		return lint.MatchAny(p.Internal, a) || named && !strings.Contains(a, "@")
	})
	if len(outside) == 0 {
		return false
	}
	return len(p.Clients) == 0 || slices.ContainsFunc(outside, func(a string) bool { return lint.MatchAny(p.Clients, a) })
}

// A held message may be sent again to get through from Pause on, since a key is soon
// pressed twice, and for Lifetime.
const (
	Pause    = 2 * time.Second
	Lifetime = time.Hour
)
