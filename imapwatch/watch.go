package imapwatch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/tacto-lint/tacto/mail/imapsession"
)

// A Watcher watches accounts, in one Run or Once. Make it with New.
type Watcher struct {
	opts     Options
	store    *store
	accounts []*account
	dials    chan struct{} // so many connect at once
	big      chan struct{} // so many large drafts are in memory at once

	// clock gives wall clock and monotonic time; tests make it jump.
	clock func() (wall, mono time.Duration)
	tick  time.Duration
}

// An account is one that is being watched. Its own goroutine has all of it; what
// store guards is state.
type account struct {
	*Account
	w       *Watcher
	log     *slog.Logger
	state   *accountState
	jumped  chan struct{}
	waiting map[uint32]*waiting
	top     uint32 // no UID up to here is new
	newest  time.Time
	dirty   bool
	unkept  bool // the state could not be saved

	keywords map[uint32]string // to be set
	notes    [][]byte          // to be appended
	noNotes  bool
	// makeNotes says that the folder for notes was not there when it connected.
	makeNotes bool
	unlisted  bool // the list of folders is of no use
	tokens    int  // refused in a row
}

// Connections that are opened, and large drafts that are fetched, at the same time.
const (
	maxDials = 32
	maxBig   = 8
	bigDraft = 256 << 10
)

// New checks the options, and reads and locks the state file, until Run or Once returns;
// ErrInUse is that of a file which another has locked. It connects nowhere.
func New(opts Options) (*Watcher, error) {
	if err := opts.fill(); err != nil {
		return nil, err
	}
	st, broken, err := openStore(opts.State)
	if err != nil {
		return nil, err
	}
	if broken {
		opts.Log.Error("the state file made no sense: it was put aside, and the watch begins anew", "file", opts.State+".broken")
		opts.Metrics.Failed("", "state")
	}
	w := &Watcher{opts: opts, store: st, dials: make(chan struct{}, maxDials), big: make(chan struct{}, maxBig), tick: 5 * time.Second}
	start := time.Now()
	w.clock = func() (wall, mono time.Duration) {
		now := time.Now()
		return now.Round(0).Sub(start.Round(0)), now.Sub(start)
	}
	for i := range opts.Accounts {
		a := &opts.Accounts[i]
		w.accounts = append(w.accounts, &account{
			Account: a, w: w, log: opts.Log.With("account", a.Name), state: st.account(a),
			jumped: make(chan struct{}, 1), waiting: map[uint32]*waiting{}, keywords: map[uint32]string{},
		})
	}
	return w, nil
}

// Run watches until ctx ends, and returns nil within two seconds of that. An
// account whose credentials are refused is given up, with one error in the log;
// when all are, Run returns their errors. Nothing else ends it.
func (w *Watcher) Run(ctx context.Context) error {
	defer w.store.release()
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	go w.watchClock(inner)
	err := w.each(ctx, len(w.accounts), (*account).run)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// each runs f for all accounts, so many at once, and joins their errors. When ctx
// ends it waits for them no longer than that takes.
func (w *Watcher) each(ctx context.Context, atOnce int, f func(*account, context.Context) error) error {
	errs := make([]error, len(w.accounts))
	slots := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for i, a := range w.accounts {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if err := f(a, ctx); err != nil {
				errs[i] = fmt.Errorf("account %s: %w", a.Name, err)
			}
		})
	}
	done := make(chan struct{})
	go func() {
		all.Wait()
		close(done)
	}()
	select {
	case <-done:
		return errors.Join(errs...)
	case <-ctx.Done():
	}
	select {
	case <-done: // errs are at rest
		return errors.Join(errs...)
	case <-time.After(1500 * time.Millisecond): // somebody's Tell does not end
		return ctx.Err()
	}
}

// watchClock looks for jumps of the wall clock against the monotonic one, which
// stands still while a computer sleeps: connections are dead then.
func (w *Watcher) watchClock(ctx context.Context) {
	ticker := time.NewTicker(w.tick)
	defer ticker.Stop()
	wall, mono := w.clock()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		nw, nm := w.clock()
		if jump := (nw - wall) - (nm - mono); jump.Abs() > 2*w.tick {
			w.opts.Log.Info("the clock jumped: connecting anew", "by", jump.Round(time.Second))
			for _, a := range w.accounts {
				select {
				case a.jumped <- struct{}{}:
				default:
				}
			}
		}
		wall, mono = nw, nm
	}
}

// run watches one account until ctx ends or its credentials are refused.
func (a *account) run(ctx context.Context) error {
	tries, last := 0, ""
	for {
		begun := time.Now()
		worked, err := a.serve(ctx, false)
		if ctx.Err() != nil {
			return a.save()
		}
		what, over := class(err), a.refused(err)
		if what == "refused" && !over {
			what = "connect" // a token that has run out
		}
		a.w.opts.Metrics.Failed(a.Name, what)
		if over {
			a.log.Error("the server refuses the credentials: this account is watched no more", "error", a.clean(err))
			return err
		}
		// Servers that let in and hang up at once lock out who comes back at once.
		if worked && time.Since(begun) > 10*a.w.opts.Backoff {
			tries, last = 0, ""
		}
		wait := a.backoff(tries)
		tries++
		level := slog.LevelWarn
		if text := a.clean(err); text == last { // once is enough
			level = slog.LevelDebug
		} else {
			last = text
		}
		a.log.Log(ctx, level, "not connected", "error", last, "again_in", wait.Round(time.Millisecond))
		select {
		case <-ctx.Done():
		case <-a.jumped:
		case <-time.After(wait):
		}
	}
}

// backoff gives 1 s, 2 s, 4 s … 60 s, each up to half as much longer.
func (a *account) backoff(tries int) time.Duration {
	least := a.w.opts.Backoff
	d := min(least<<min(tries, 10), 60*least)
	return min(d+rand.N(d/2+1), 60*least)
}

// refused says whether to give up. A token may have run out on its way: one more
// is asked for before.
func (a *account) refused(err error) bool {
	if !errors.Is(err, ErrRefused) {
		return false
	}
	a.tokens++
	return a.Token == nil || a.tokens > 1
}

// class names an error in metrics.
func class(err error) string {
	var late *TimeoutError
	var folder *FolderError
	switch {
	case errors.Is(err, ErrRefused):
		return "refused"
	case errors.As(err, &late):
		return "timeout"
	case errors.As(err, &folder):
		return "folder"
	case errors.Is(err, errConnect):
		return "connect"
	}
	return "lost"
}

// errConnect is wrapped where no connection came about.
var errConnect = errors.New("connecting")

var address = regexp.MustCompile(`[^\s<>"'(\[:=]+@[^\s<>"')\],;]+`)

// clean gives an error for the log: one line, of bounded length, without the user
// and without addresses, which servers like to repeat.
func (a *account) clean(err error) string {
	var folder *FolderError
	if errors.As(err, &folder) { // its names are of the person's own making
		return fmt.Sprintf("no folder for drafts among %d: see tacto watch --check", len(folder.Folders))
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	if len(a.User) > 2 {
		text = strings.ReplaceAll(text, a.User, "…")
	}
	text = address.ReplaceAllString(text, "…")
	if len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "") + "…"
	}
	return text
}

// serve connects and watches until the connection is lost, or, with once, until
// what there is has been judged. worked says that the folder was looked at.
func (a *account) serve(ctx context.Context, once bool) (worked bool, err error) {
	s, err := a.connect(ctx)
	if err != nil {
		return false, err
	}
	defer s.Close()
	a.meet(s)
	up := false
	defer func() {
		if up {
			a.w.opts.Metrics.Connected(a.Name, false)
		}
	}()
	for {
		looked := time.Now()
		if err := a.look(s); err != nil {
			return up, err
		}
		if !up {
			up, a.tokens = true, 0
			a.w.opts.Metrics.Connected(a.Name, true)
			a.log.Info("watching", "auth", s.Auth(), "idle", s.Idle(), "drafts", s.Mailbox().Messages)
		}
		if err := a.work(s); err != nil {
			return true, err
		}
		a.forget()
		a.keep()
		if once && len(a.waiting) == 0 {
			return true, nil
		}
		if err := s.Wait(a.next(), a.jumped); err != nil {
			return true, err
		}
		select { // some servers have news without end
		case <-time.After(min(a.w.opts.Settle, time.Second)/4 - time.Since(looked)):
		case <-ctx.Done():
		}
	}
}

// connect gives a session with the folder for drafts open.
func (a *account) connect(ctx context.Context) (*imapsession.Session, error) {
	select {
	case a.w.dials <- struct{}{}:
		defer func() { <-a.w.dials }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case <-a.jumped: // the connection will be new in any case
	default:
	}
	s, err := imapsession.Dial(ctx, a.Account, a.w.opts.Timeout)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errConnect, err)
	}
	folder, err := a.folder(s)
	if err == nil {
		if strings.EqualFold(folder, a.w.opts.Notes) && !a.noNotes { // to some servers case is nothing
			a.noNotes = true
			a.log.Error("notes can't go to the folder for drafts, where they would be sent one day: none are written")
		}
		err = s.Open(folder, !a.w.opts.Keywords)
		a.unlisted = a.unlisted && err == nil
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	if a.w.opts.Keywords && !takesKeywords(s) {
		a.log.Info("the server keeps no keywords in this folder: none are set")
	}
	return s, nil
}

// folder finds the folder for drafts. A list that go-imap won't have, since one name in it
// is none, costs the connection: the next goes without, where the folder is configured.
func (a *account) folder(s *imapsession.Session) (string, error) {
	if a.unlisted {
		return a.Folder, nil
	}
	all, err := s.Folders()
	if err != nil {
		a.unlisted = a.Folder != "" && !imapsession.IsAnswer(err)
		return "", err
	}
	a.makeNotes = !slices.ContainsFunc(all, func(d *imap.ListData) bool { return strings.EqualFold(d.Mailbox, a.w.opts.Notes) })
	folder, _, err := imapsession.FindFolder(all, imapsession.Drafts, a.Folder)
	return folder, err
}

// meet begins anew where the folder is not the one that the state is about.
func (a *account) meet(s *imapsession.Session) {
	a.w.store.change(func() {
		st := a.state
		// A folder whose numbers have gone back was put back, or they were wrong.
		next := s.Mailbox().UIDNext
		if st.UIDValidity != s.Mailbox().UIDValidity || next != 0 && next <= max(st.Last, a.top) {
			if st.UIDValidity != 0 {
				a.log.Info("the folder was made anew: all of it is looked at again")
			}
			st.UIDValidity, st.Last, a.top = s.Mailbox().UIDValidity, 0, 0
			clear(a.waiting)
			clear(a.keywords)
			for _, r := range st.Records {
				r.UID = 0
			}
		}
		a.top = max(a.top, st.Last)
		st.Seen = time.Now().UTC().Truncate(time.Hour)
	})
	a.dirty = true
}

// next gives how long to wait for news before looking all the same.
func (a *account) next() time.Duration {
	o := &a.w.opts
	d := min(jitter(o.Renew, 2.0/7), jitter(o.Poll, 0.1))
	for _, d2 := range a.waiting {
		d = min(d, max(0, time.Until(a.due(d2))))
	}
	return d
}

func jitter(d time.Duration, share float64) time.Duration {
	return time.Duration(float64(d) * (1 + share*(2*rand.Float64()-1)))
}

// keep saves the state. That it can't is said once, until it can.
func (a *account) keep() {
	err := a.save()
	if err != nil {
		level := slog.LevelError
		if a.unkept {
			level = slog.LevelDebug
		}
		a.log.Log(context.Background(), level, "the state can't be kept", "error", a.clean(err))
		a.w.opts.Metrics.Failed(a.Name, "state")
	}
	a.unkept = err != nil
}

// save writes the state if it has changed.
func (a *account) save() error {
	if !a.dirty {
		return nil
	}
	err := a.w.store.save()
	a.dirty = err != nil
	return err
}
