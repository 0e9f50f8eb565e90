// Package imapwatch watches the Drafts folders of IMAP accounts: a draft that was
// saved, and then left alone for a moment, is judged, and the judgement told.
//
// It only reads. It never changes, moves, deletes or marks as read a draft, and
// never sends; where Options.Keywords asks for it, it adds one of three keywords
// of its own to a draft, and where Options.Notes asks for it, it appends to a
// folder of its own. Text, subjects, addresses and secrets reach neither the log
// nor the state file.
package imapwatch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/mail/imapsession"
)

// What an account is, and how connecting to one can fail, is told by imapsession.
type (
	// An Account is a mailbox to watch. Its Folder is that for drafts.
	Account = imapsession.Account
	// A FolderError says that no folder for drafts was found, or not the one named.
	FolderError = imapsession.FolderError
	// A TimeoutError says that a server did not answer in time.
	TimeoutError = imapsession.TimeoutError
)

// ErrRefused is wrapped where a server refused the credentials.
var ErrRefused = imapsession.ErrRefused

// Kind says what a judgement comes to.
type Kind uint8

const (
	// Found: there are findings at the level or above.
	Found Kind = iota
	// Fine: nothing to say of a draft that was not judged before.
	Fine
	// Mended: the draft had findings, and they are gone.
	Mended
)

// String gives "found", "fine" or "mended".
func (k Kind) String() string { return [...]string{"found", "fine", "mended"}[k] }

// A Judgement is what is told of one draft.
type Judgement struct {
	Account, Mailbox string
	UID, UIDValidity uint32
	Kind             Kind
	Message          *lint.Message
	Report           *lint.Report
	Time             time.Time
}

// Metrics count. All methods are called from many goroutines, and must not block. A
// method Looked(account string), where there is one, is called each time a folder was
// looked at.
type Metrics interface {
	// Connected says that an account's folder is being watched, or no more.
	Connected(account string, up bool)
	// Judged says that a judgement was told: send, revise or talk.
	Judged(verdict string)
	// Failed counts what went wrong: connect, refused, folder, lost, timeout,
	// draft, tell, keyword, note, state. With refused, the account is given up.
	Failed(account, what string)
}

// Options are what New takes. Accounts, Linter and Tell are needed.
type Options struct {
	Accounts []Account
	Linter   *lint.Linter
	// FailOn is one of lint.Levels, below which a draft is fine; empty: warning.
	FailOn string
	// Tell is called once for each judgement, Fine ones too: from one goroutine
	// an account, so from many at once. Its context ends after two minutes, or when
	// the watch does. An error is logged, and the judgement isn't told again
	// unless the watch had been stopped.
	Tell func(context.Context, *Judgement) error
	// State is the path of the state file; empty: none is kept.
	State string
	// Since bounds what is caught up with: how old a draft may be; 0: a day.
	Since time.Duration
	// Settle is how long a draft must have been left alone; 0: 3 s.
	Settle time.Duration
	// Poll is the rhythm of looking without IDLE, and the safety net with it; 0: 2 min.
	Poll time.Duration
	// Renew is how often IDLE is renewed, give or take two sevenths; 0: 7 min.
	Renew time.Duration
	// Timeout is that of one command; 0: 30 s.
	Timeout time.Duration
	// Backoff is the first wait before connecting again, which doubles up to 60
	// times as much; 0: 1 s.
	Backoff time.Duration
	// Keywords asks for $TactoTalk, $TactoRevise or $TactoOK on judged drafts.
	Keywords bool
	// Notes is the folder that notes are appended to, made if missing; empty: none.
	Notes string
	// Log gets what happens to connections; nil: nothing.
	Log *slog.Logger
	// Metrics may be nil.
	Metrics Metrics
}

func (o *Options) fill() error {
	if o.Linter == nil || o.Tell == nil {
		return errors.New("imapwatch: Linter and Tell are needed")
	}
	if len(o.Accounts) == 0 {
		return errors.New("no account to watch")
	}
	set := func(d *time.Duration, to time.Duration) {
		if *d <= 0 {
			*d = to
		}
	}
	set(&o.Since, 24*time.Hour)
	set(&o.Settle, 3*time.Second)
	set(&o.Poll, 2*time.Minute)
	set(&o.Renew, 7*time.Minute)
	set(&o.Timeout, 30*time.Second)
	set(&o.Backoff, time.Second)
	if o.FailOn == "" {
		o.FailOn = "warning"
	}
	if !slices.Contains(lint.Levels, o.FailOn) {
		return fmt.Errorf("unknown level %q: use one of %v", o.FailOn, lint.Levels)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = noMetrics{}
	}
	names := map[string]bool{}
	for i := range o.Accounts {
		a := &o.Accounts[i]
		if err := a.Validate(); err != nil {
			return fmt.Errorf("account %q: %w", a.Name, err)
		}
		if names[a.Name] {
			return fmt.Errorf("two accounts are named %q", a.Name)
		}
		names[a.Name] = true
	}
	return nil
}

type noMetrics struct{}

func (noMetrics) Connected(string, bool) {}
func (noMetrics) Judged(string)          {}
func (noMetrics) Failed(string, string)  {}
