// Package collect reads mail that was sent and puts what the linter says of it into an
// audit.Store: from Maildirs, mbox files, folders of messages and IMAP accounts. What is
// in the store already is not judged again.
package collect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tacto-lint/tacto/audit"
	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/mail"
	"github.com/tacto-lint/tacto/presend"
)

// Options are what Collect takes. Store, Key, Linter and Judge are needed.
type Options struct {
	Store  audit.Store
	Key    audit.Key
	Linter *lint.Linter
	Judge  string // tells the rule set: see audit.Email
	// Policy says whose mail counts: that to clients and not to the house alone.
	Policy presend.Policy
	// Since and Until bound the days, both included; 0: no bound.
	Since, Until audit.Day
	// From and To are address patterns, of which one must match; none: all do.
	From, To []string
	// KeepPassages keeps the marked words, too.
	KeepPassages bool
	// Again judges anew what is there already, and reads all of each account.
	Again bool
	// Jobs is how many batches are judged at once; 0: one a processor.
	Jobs int
	// Progress is called ten times a second at most, and at the end; it must not block.
	Progress func(Progress)
	// Unread is called for each email, file or folder that can't be read: where it is,
	// and why, without anything of its text. It is called from one goroutine at a time.
	Unread func(where string, err error)
	// Timeout is that of one IMAP command; 0: 30 s. Backoff is the first wait before
	// connecting again; 0: 1 s.
	Timeout, Backoff time.Duration
	// Now is the time at which no email can have been sent yet; zero: no check.
	Now time.Time
}

// Counts are what became of the emails.
type Counts struct {
	New     int // judged, and not in the store before
	Known   int // in the store already
	Again   int // judged anew
	Skipped int // left out by a filter, or forgotten
	Unread  int // could not be read
}

// All is how many there were.
func (c *Counts) All() int { return c.New + c.Known + c.Again + c.Skipped + c.Unread }

// A Progress says how far it has come. Total is 0 until it is known.
type Progress struct {
	Counts
	Bytes, Total int64
	End          bool
}

// A Source is where mail comes from: see Path and IMAP.
type Source interface {
	// survey looks how much there is, in bytes; it may keep what it finds.
	survey(ctx context.Context, c *collector) (int64, error)
	// read gives messages to the collector. An error ends all.
	read(ctx context.Context, c *collector) error
}

// An item is a message on its way: at the beginning either data, or a file to be read.
type item struct {
	where string
	file  string
	raw   mail.Raw
	size  int64
}

// A batch is judged by one goroutine; at is where its mailbox has been read to then.
type batch struct {
	n     int
	items []item
	bytes int64
	at    *audit.Checkpoint
}

// What a batch has at most. Of files only the names wait.
const (
	batchItems = 256
	batchBytes = 2 << 20
)

type collector struct {
	*Options
	batches chan *batch
	next    batch
	given   int // batches handed out

	mu       sync.Mutex
	turn     sync.Cond
	stored   int // batches in the store
	failed   error
	partial  bool // a batch was not judged to its end: no checkpoint may be behind it
	progress Progress
	shown    time.Time
	done     atomic.Int64
}

// Collect reads the sources, one after the other. It blocks until all is read, the context
// ends or the store fails; what was judged by then is in the store, and the next call goes
// on from there. The error is the context's, the store's or a source's: an account that
// can't be reached, a folder that is not there.
func Collect(ctx context.Context, sources []Source, o Options) (Counts, error) {
	if o.Jobs <= 0 {
		o.Jobs = runtime.GOMAXPROCS(0)
	}
	if o.Unread == nil {
		o.Unread = func(string, error) {}
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	c := &collector{Options: &o, batches: make(chan *batch, o.Jobs)}
	c.turn.L = &c.mu
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var judges sync.WaitGroup
	for range o.Jobs {
		judges.Go(func() {
			for b := range c.batches {
				if err := c.judge(ctx, b); err != nil {
					cancel(err)
				}
			}
		})
	}
	err := c.readAll(ctx, sources)
	close(c.batches)
	judges.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.progress.Bytes, c.progress.End = c.done.Load(), true
	o.Progress(c.progress)
	switch {
	case c.failed != nil:
		err = c.failed
	case err == nil && c.partial: // all had been read when it was told to stop
		err = ctx.Err()
	}
	return c.progress.Counts, err
}

func (c *collector) readAll(ctx context.Context, sources []Source) error {
	// One source that fails is no reason to leave the others out.
	var errs []error
	var total int64
	var open []Source
	for _, s := range sources {
		size, err := s.survey(ctx, c)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		open = append(open, s)
		total += size
	}
	c.mu.Lock()
	c.progress.Total = total
	c.mu.Unlock()
	for _, s := range open {
		err := s.read(ctx, c)
		if err == nil {
			err = c.flush(ctx, nil)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			c.next = batch{}
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// put adds an item to the batch that is being filled; at is where the mailbox has been
// read to with it.
func (c *collector) put(ctx context.Context, it item, at *audit.Checkpoint) error {
	c.next.items = append(c.next.items, it)
	c.next.at = at
	c.next.bytes += int64(len(it.raw.Data))
	if len(c.next.items) >= batchItems || c.next.bytes >= batchBytes {
		return c.flush(ctx, at)
	}
	return nil
}

// mark says that a mailbox has been read to at, without an item to judge.
func (c *collector) mark(at *audit.Checkpoint) { c.next.at = at }

// flush hands the batch out.
func (c *collector) flush(ctx context.Context, at *audit.Checkpoint) error {
	if at != nil {
		c.next.at = at
	}
	if len(c.next.items) == 0 && c.next.at == nil {
		return nil
	}
	b := c.next
	c.next = batch{}
	b.n = c.given
	select {
	case c.batches <- &b:
		c.given++
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// unread counts what can't be read.
func (c *collector) unread(where string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.progress.Unread++
	c.Unread(where, err)
}

// skipped counts what a filter leaves out without having been read.
func (c *collector) skipped(n int) {
	c.mu.Lock()
	c.progress.Skipped += n
	c.mu.Unlock()
}

// judge judges a batch and stores it when those before are stored, so that a
// checkpoint never says more than is there.
func (c *collector) judge(ctx context.Context, b *batch) error {
	counts, emails, whole, err := c.judged(ctx, b)
	c.mu.Lock()
	for c.stored != b.n {
		c.turn.Wait()
	}
	failed := c.failed
	c.partial = c.partial || !whole
	whole = !c.partial
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		c.stored++
		c.turn.Broadcast()
		c.mu.Unlock()
	}()
	if failed != nil {
		return nil // the first is the one to tell
	}
	if err == nil {
		ab := audit.Batch{Emails: emails, Replace: c.Again}
		if whole {
			ab.At = b.at
		}
		if len(emails) > 0 || ab.At != nil {
			// What was judged is not thrown away because somebody said stop.
			var added int
			added, err = c.Store.Add(context.WithoutCancel(ctx), ab)
			counts.New = added
			if c.Again {
				counts.Again = len(emails) - added
			} else {
				counts.Known += len(emails) - added // another collector was faster, or it is there twice
			}
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		if c.failed == nil && ctx.Err() == nil {
			c.failed = err
		}
		return err
	}
	p := &c.progress
	p.New += counts.New
	p.Known += counts.Known
	p.Again += counts.Again
	p.Skipped += counts.Skipped
	if now := time.Now(); now.Sub(c.shown) > 100*time.Millisecond {
		c.shown = now
		p.Bytes = c.done.Load()
		c.Progress(*p)
	}
	return nil
}

// judged judges those of a batch that are not in the store. whole says that it came to
// the end.
func (c *collector) judged(ctx context.Context, b *batch) (counts Counts, emails []audit.Email, whole bool, err error) {
	ids := make([]audit.Hash, 0, len(b.items))
	ready := b.items[:0]
	for i := range b.items {
		it := &b.items[i]
		id, err := c.identify(it)
		if err != nil {
			c.unread(it.where, err)
			c.done.Add(it.size)
			continue
		}
		ids = append(ids, id)
		ready = append(ready, *it)
	}
	missing := map[audit.Hash]bool{}
	if len(ids) > 0 && !c.Again {
		list, err := c.Store.Missing(ctx, ids)
		if err != nil {
			return counts, nil, false, err
		}
		for _, id := range list {
			missing[id] = true
		}
	}
	for i := range ready {
		if ctx.Err() != nil {
			return counts, emails, false, nil
		}
		it := &ready[i]
		if !c.Again && !missing[ids[i]] {
			counts.Known++
		} else if e, err := c.email(it, ids[i]); err != nil {
			c.unread(it.where, err)
		} else if e == nil {
			counts.Skipped++
		} else {
			emails = append(emails, *e)
			delete(missing, ids[i]) // once is enough
		}
		it.raw.Data = nil
		c.done.Add(it.size)
	}
	return counts, emails, true, nil
}

// firstDay is 1995-01-01: what is said to be older comes of a clock that was wrong, and one
// such email would stretch every report over decades.
const firstDay audit.Day = 9131

// Why an email can't be used.
var (
	errNoDate = errors.New("it has no date that can be")
	errBroke  = errors.New("judging it broke off")
	errLong   = fmt.Errorf("its text is longer than %d bytes", maxText)
)

// maxText is the longest text that is judged: nobody wrote it, and it would hold up all
// others for half a minute.
const maxText = 1 << 20

// email judges one; nil: it is left out.
func (c *collector) email(it *item, id audit.Hash) (e *audit.Email, err error) {
	defer func() {
		if p := recover(); p != nil {
			e, err = nil, fmt.Errorf("%w (%T)", errBroke, p) // the value may hold text
		}
	}()
	if it.raw.Data == nil {
		if err := it.load(); err != nil {
			return nil, err
		}
	}
	message := it.raw.Data
	m, err := it.raw.Parse()
	if err != nil {
		return nil, err
	}
	day := audit.DayOf(m.Date)
	if m.Date.IsZero() || day < firstDay || !c.Now.IsZero() && m.Date.After(c.Now.Add(48*time.Hour)) {
		return nil, errNoDate
	}
	recipients := presend.HeaderRecipients(message)
	if c.Since != 0 && day < c.Since || c.Until != 0 && day > c.Until || !c.Policy.Concerns(recipients) ||
		!anyMatch(c.From, m.From) || !anyMatch(c.To, recipients) {
		return nil, nil
	}
	if len(m.Body.Text) > maxText {
		return nil, errLong
	}
	r := c.Linter.Lint(m)
	e = &audit.Email{ID: id, Day: day, Lang: r.Lang, Verdict: r.Verdict, Score: r.Score, Words: r.Words, Judge: c.Judge, Rules: ruleCounts(r)}
	if len(m.From) > 0 {
		e.Author, e.AuthorDomain = c.Key.Address(m.From[0]), c.Key.Domain(m.From[0])
	}
	if client := c.client(m); client != "" {
		e.Recipient, e.RecipientDomain = c.Key.Address(client), c.Key.Domain(client)
	}
	if c.KeepPassages {
		for i := range r.Findings {
			if f := &r.Findings[i]; f.Text != "" {
				e.Passages = append(e.Passages, audit.Passage{Rule: f.Rule, Text: strings.ToLower(strings.Join(strings.Fields(f.Text), " "))})
			}
		}
	}
	return e, nil
}

func anyMatch(patterns, addresses []string) bool {
	if len(patterns) == 0 {
		return true
	}
	for _, a := range addresses {
		if lint.MatchAny(patterns, a) {
			return true
		}
	}
	return false
}

// ruleCounts says how often each rule was met.
func ruleCounts(r *lint.Report) (counts []audit.RuleCount) {
	for i := range r.Findings {
		rule := r.Findings[i].Rule
		at := slices.IndexFunc(counts, func(c audit.RuleCount) bool { return c.Rule == rule })
		if at < 0 {
			at = len(counts)
			counts = append(counts, audit.RuleCount{Rule: rule})
		}
		counts[at].Count++
	}
	slices.SortFunc(counts, func(a, b audit.RuleCount) int { return cmp.Compare(a.Rule, b.Rule) })
	return counts
}

// client gives the first recipient that is one.
func (c *collector) client(m *lint.Message) string {
	for _, list := range [][]string{m.To, m.Cc} {
		for _, a := range list {
			if !lint.MatchAny(c.Policy.Internal, a) && (len(c.Policy.Clients) == 0 || lint.MatchAny(c.Policy.Clients, a)) {
				return a
			}
		}
	}
	return ""
}
