// Package audit keeps what the linter said of mail that was sent, and tells how it
// changes: which rules are met less than in spring, whose clients get the worst.
//
// It is made to be of no use for reading anybody's mail. What is kept of an email is
// an Email: its day, its score and verdict, which rules were met how often, and keyed
// hashes in the place of addresses. No text, no subject, no address, no time of day.
// Whoever holds the key and a Mapping can tell teams and clients; people are shown
// only where Query.Names asks for it, and groups that are too small to hide in are
// shown together.
//
// This package has the model and the arithmetic, without files, network or clock.
// Its folders do the rest: collect reads mail, store keeps what was judged, export
// hands it on, page shows it.
package audit

import (
	"context"
	"time"

	"github.com/tacto-lint/tacto/lint"
)

// A Hash stands for an email, an address or a domain: see Key.
type Hash [16]byte

// A Day counts days from 1970-01-01, in the sender's own zone.
type Day int32

// An Email is what is kept of one that was sent.
type Email struct {
	// ID is the hash of its Message-ID, date and author; without a Message-ID, of its
	// bytes. Copies of an email in several places have one ID.
	ID  Hash
	Day Day
	// Author and AuthorDomain are hashes of the first address in From and of what
	// stands behind its @; Recipient and RecipientDomain of the first address in To or
	// Cc that is a client's. The zero Hash: there was none.
	Author, AuthorDomain       Hash
	Recipient, RecipientDomain Hash
	Lang                       string // "es" or "en"
	Verdict                    lint.Verdict
	Score                      int // 0 to 100
	Words                      int
	// Rules says which rules were met and how often, by rule name, in order.
	Rules []RuleCount
	// Judge tells the rule set it was judged by: the first 16 hex digits of its hash.
	Judge string
	// Passages are the marked words; kept only where that was asked for.
	Passages []Passage
}

// A RuleCount says how often a rule was met in an email.
type RuleCount struct {
	Rule  string
	Count int
}

// A Passage is what a rule marked.
type Passage struct{ Rule, Text string }

// Uses says in how many emails, and by how many authors, words were used.
type Uses struct{ Emails, Authors int }

// A Checkpoint says up to where a mailbox was read.
type Checkpoint struct {
	Source           Hash // of account and mailbox
	UIDValidity, UID uint32
}

// A Filter chooses emails. The zero value chooses all.
type Filter struct {
	// Since and Until bound the days, both included; 0: no bound.
	Since, Until Day
	Author       Hash // the zero Hash: everybody
}

// Matches says whether an email is chosen.
func (f Filter) Matches(e *Email) bool {
	return (f.Since == 0 || e.Day >= f.Since) && (f.Until == 0 || e.Day <= f.Until) && (f.Author == Hash{} || f.Author == e.Author)
}

// A Batch is what Store.Add takes, as a whole or not at all.
type Batch struct {
	Emails []Email
	// Replace has emails that are there already be judged anew; else they stay.
	Replace bool
	// At, where not nil, is kept with them.
	At *Checkpoint
}

// A Store keeps Emails. Several processes may use one at the same time. All methods
// block until they are done or the context ends, and can be called from many goroutines.
type Store interface {
	// Missing gives those of ids that are not there, in their order. Nothing is kept of an
	// email that was forgotten: it is among them, and Add leaves it out.
	Missing(ctx context.Context, ids []Hash) ([]Hash, error)
	// Add keeps a batch, and returns how many of its emails were not there before:
	// an ID is never counted twice. Those that were forgotten are left out.
	Add(ctx context.Context, b Batch) (added int, err error)
	// Checkpoint gives that of a mailbox, the zero value if there is none.
	Checkpoint(ctx context.Context, source Hash) (Checkpoint, error)
	// Each calls fn with each email that f chooses, in no order, without Passages. The
	// Email is used again after fn returns, and so is its Rules slice. An error of fn
	// ends it and is returned.
	Each(ctx context.Context, f Filter, fn func(*Email) error) error
	// Passages counts the marked words, by rule, over the emails that f chooses.
	Passages(ctx context.Context, f Filter) (map[Passage]Uses, error)
	// Forget deletes what f chooses, which must not be all, and keeps that it did:
	// neither an author that was forgotten nor what is older than Until comes back
	// with the next collect.
	Forget(ctx context.Context, f Filter) (deleted int, err error)
	Close() error
}

// DayOf gives the day of a time in its own zone.
func DayOf(t time.Time) Day {
	y, m, d := t.Date()
	return Day(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60))
}

// Time gives the beginning of the day, in UTC.
func (d Day) Time() time.Time { return time.Unix(int64(d)*24*60*60, 0).UTC() }

// Week gives the Monday of the day's week, as ISO 8601 has it.
func (d Day) Week() Day { return d - Day((int(d.Time().Weekday())+6)%7) }

// Month gives the first day of the day's month.
func (d Day) Month() Day {
	y, m, _ := d.Time().Date()
	return DayOf(time.Date(y, m, 1, 0, 0, 0, 0, time.UTC))
}

// String gives the day as 2026-11-25.
func (d Day) String() string { return d.Time().Format(time.DateOnly) }
