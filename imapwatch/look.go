package imapwatch

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/mail"
	"github.com/tacto-lint/tacto/mail/imapsession"
)

// look finds what is new in the folder, and what of it is gone. It asks for what
// is really there: a notice is never more than a reason to.
func (a *account) look(s *imapsession.Session) error {
	if err := s.Do("NOOP", s.Timeout(), func() error { return s.Client.Noop().Wait() }); err != nil {
		return err
	}
	s.Looking()
	there, err := a.list(s)
	for range 2 { // flags that come first leave out how old a message is: ask again
		if err != nil || !a.undated(there) {
			break
		}
		there, err = a.list(s)
	}
	if err != nil {
		return err
	}
	now := time.Now()
	for uid := range a.waiting {
		if _, ok := there[uid]; !ok {
			delete(a.waiting, uid) // saved anew, sent or thrown away
		}
	}
	a.w.store.change(func() {
		if now.Sub(a.state.Seen) > 24*time.Hour { // connections may last for months
			a.state.Seen, a.dirty = now.UTC().Truncate(time.Hour), true
		}
		for _, r := range a.state.Records {
			if _, ok := there[r.UID]; ok {
				r.gone = time.Time{}
			} else if r.gone.IsZero() {
				r.gone = now
			}
		}
	})
	for _, uid := range slices.Sorted(maps.Keys(there)) {
		if uid > a.top {
			a.top = uid
			a.seen(there[uid], now)
		}
	}
	a.advance()
	if m, ok := a.w.opts.Metrics.(interface{ Looked(account string) }); ok {
		m.Looked(a.Name)
	}
	return nil
}

// undated says whether the age of a new message is not known.
func (a *account) undated(there map[uint32]found) bool {
	for uid, f := range there {
		if uid > a.top && f.date.IsZero() {
			return true
		}
	}
	return false
}

// seen puts a new draft among those that wait, unless it is too old.
func (a *account) seen(d found, now time.Time) {
	age := now.Sub(d.date)
	if !d.date.IsZero() && age > a.w.opts.Since {
		return
	}
	w := &waiting{uid: d.uid, size: d.size, first: now}
	if !d.date.IsZero() && age > a.w.opts.Settle+time.Second { // dates have no fractions
		w.first = now.Add(-3 * a.w.opts.Settle) // it has settled long ago
	} else {
		a.newest = now
	}
	a.waiting[d.uid] = w
}

// due is when a draft has been left alone for long enough. Any save puts it off,
// since it may be the next of the same draft; not for ever.
func (a *account) due(d *waiting) time.Time {
	settle := a.w.opts.Settle
	t := d.first.Add(settle)
	if n := a.newest.Add(settle); n.After(t) {
		t = n
	}
	if limit := d.first.Add(3 * settle); t.After(limit) {
		t = limit
	}
	if d.due.After(t) {
		t = d.due
	}
	return t
}

// found is what list says of a message.
type found struct {
	uid  uint32
	size int64
	date time.Time // zero: unknown
}

// list asks for the messages of interest: new ones, those that wait and those
// that were judged. Messages marked as deleted are gone.
func (a *account) list(s *imapsession.Session) (map[uint32]found, error) {
	var set imap.UIDSet
	a.w.store.mu.Lock()
	for _, r := range a.state.Records {
		if r.UID != 0 && r.UID <= a.top {
			set.AddNum(imap.UID(r.UID))
		}
	}
	a.w.store.mu.Unlock()
	for uid := range a.waiting {
		set.AddNum(imap.UID(uid))
	}
	set.AddRange(imap.UID(a.top+1), 0) // "n:*", which gives the last message too
	there := map[uint32]found{}
	opts := &imap.FetchOptions{UID: true, Flags: true, InternalDate: true, RFC822Size: true}
	err := s.Do("FETCH", s.Timeout(), func() error {
		cmd := s.Client.Fetch(set, opts)
		for m := cmd.Next(); m != nil; m = cmd.Next() {
			got, err := m.Collect()
			if err != nil {
				_ = cmd.Close() // that error is the one to tell
				return err
			}
			if got.UID != 0 && !slices.Contains(got.Flags, imap.FlagDeleted) {
				there[uint32(got.UID)] = found{uint32(got.UID), got.RFC822Size, got.InternalDate}
			}
		}
		return cmd.Close()
	})
	if imapsession.IsAnswer(err) {
		if m := s.Client.Mailbox(); m != nil && m.NumMessages == 0 {
			return there, nil // some servers refuse to look into an empty folder
		}
	}
	return there, err
}

// advance moves Last up to the first draft that waits.
func (a *account) advance() {
	last := a.top
	for uid := range a.waiting {
		last = min(last, uid-1)
	}
	if last == a.state.Last { // this goroutine alone writes it
		return
	}
	a.w.store.change(func() { a.state.Last = last })
	a.dirty = true
}

// work judges what is due, the oldest first.
func (a *account) work(s *imapsession.Session) error {
	for _, uid := range slices.Sorted(maps.Keys(a.waiting)) {
		d := a.waiting[uid]
		if time.Now().Before(a.due(d)) {
			continue
		}
		if err := a.handle(s, d); err != nil {
			return err
		}
	}
	return a.leftovers(s)
}

// handle fetches, judges and tells one draft. The error is that of a connection
// which is lost, or of a stop; a draft that can't be judged is none.
func (a *account) handle(s *imapsession.Session, d *waiting) error {
	data, err := a.body(s, d)
	if imapsession.IsAnswer(err) || errors.Is(err, errNoText) {
		a.unwilling(d, err)
		return nil
	}
	if err != nil {
		// It stays, for the next connection; but what breaks connections must
		// not keep others from being judged.
		d.tries++
		d.due = time.Now().Add(min(time.Duration(d.tries-1)*time.Duration(d.tries)*5*a.w.opts.Settle, time.Hour))
		return err
	}
	done := func() {
		delete(a.waiting, d.uid)
		a.advance()
	}
	if data == nil { // it is too large
		done()
		return nil
	}
	m, r, id, err := a.judge(data)
	if errors.Is(err, mail.ErrEmpty) {
		done()
		return nil
	}
	if err != nil {
		a.log.Warn("a draft can't be judged", "uid", d.uid, "error", a.clean(err))
		a.w.opts.Metrics.Failed(a.Name, "draft")
		done()
		return nil
	}
	return a.settle(s, d, m, r, id)
}

// unwilling puts off a draft that the server won't give: it may be busy, or at work on
// the folder. One that is gone won't be there at the next look; in the end it is let go.
func (a *account) unwilling(d *waiting, err error) {
	d.tries++
	if d.tries < maxUnwilling {
		d.due = time.Now().Add(time.Duration(d.tries*d.tries) * a.w.opts.Settle)
		return
	}
	a.log.Warn("the server won't give a draft", "uid", d.uid, "tries", d.tries, "error", a.clean(err))
	a.w.opts.Metrics.Failed(a.Name, "draft")
	delete(a.waiting, d.uid)
	a.advance()
}

// maxUnwilling is how often a server is asked for a draft that it won't give.
const maxUnwilling = 5

// settle tells a judgement if it is news, and keeps that it did.
func (a *account) settle(s *imapsession.Session, d *waiting, m *lint.Message, r *lint.Report, id identity) error {
	now := &record{
		UID: d.uid, Content: id.content, Head: id.head, sketch: id.sketch, start: id.start, Verdict: r.Verdict.String(),
		Found: r.Reaches(a.w.opts.FailOn), Told: findings(r, a.w.opts.FailOn),
	}
	a.w.store.mu.Lock()
	before, same := a.state.known(id), true
	if before == nil {
		before, same = a.state.predecessor(id, d.uid), false
	}
	a.w.store.mu.Unlock()
	kind, news := decide(before, now.Found, now.Verdict, now.Told)
	if same { // the very same text: whatever was said of it holds
		news, now.Found, now.Verdict, now.Told = false, before.Found, before.Verdict, before.Told
	}
	j := &Judgement{
		Account: a.Name, Mailbox: s.Mailbox().Name, UID: d.uid, UIDValidity: s.Mailbox().UIDValidity,
		Kind: kind, Message: m, Report: r, Time: time.Now(),
	}
	if news {
		if err := a.tell(s.Context(), j); err != nil {
			return err
		}
	}
	delete(a.waiting, d.uid)
	a.w.store.change(func() {
		a.state.Records = slices.DeleteFunc(a.state.Records, func(r *record) bool { return r == before || r.UID == d.uid })
		a.state.Records = append(a.state.Records, now)
		if extra := len(a.state.Records) - maxRecords; extra > 0 {
			a.state.Records = slices.Delete(a.state.Records, 0, extra)
		}
	})
	a.dirty = true
	a.advance()
	a.keep()
	if a.w.opts.Keywords {
		a.keywords[d.uid] = keywordOf(now.Found, now.Verdict)
	}
	if news && kind != Fine && a.w.opts.Notes != "" && !a.noNotes {
		a.notes = append(a.notes, note(j))
	}
	return a.leftovers(s)
}

// The records kept of one account: more drafts than that are in nobody's head.
const maxRecords = 2000

const tellLimit = 2 * time.Minute

// tell calls Tell. The error is that of a stop, which leaves the judgement untold.
func (a *account) tell(ctx context.Context, j *Judgement) (err error) {
	limited, cancel := context.WithTimeout(ctx, tellLimit)
	defer cancel()
	func() {
		defer catch(&err)
		err = a.w.opts.Tell(limited, j)
	}()
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		a.log.Error("a judgement could not be told", "uid", j.UID, "error", a.clean(err))
		a.w.opts.Metrics.Failed(a.Name, "tell")
		return nil
	}
	a.log.Info("told", "uid", j.UID, "kind", j.Kind.String(), "verdict", j.Report.Verdict.String(), "score", j.Report.Score)
	a.w.opts.Metrics.Judged(j.Report.Verdict.String())
	return nil
}

// catch makes an error of a panic.
func catch(err *error) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("it panicked (%T)", v) // the value may hold text
	}
}

// maxText is the longest text that is judged: nobody wrote it, and it would take half a
// minute, and half a gigabyte, for each few megabytes.
const maxText = 1 << 20

// judge reads and lints a draft.
func (a *account) judge(data []byte) (m *lint.Message, r *lint.Report, id identity, err error) {
	defer catch(&err)
	m, err = mail.Parse(data, mail.Options{Kind: mail.MessageKind})
	if err != nil {
		return nil, nil, id, err
	}
	if len(m.Body.Text) > maxText {
		return nil, nil, id, fmt.Errorf("its text is longer than %d bytes", maxText)
	}
	return m, a.w.opts.Linter.Lint(m), identify(m, inReplyTo(data)), nil
}

// errNoText says that a server has nothing to say of a draft, or not its text.
var errNoText = errors.New("it is not given, or without its text")

// body fetches a draft without marking it as read. It gives nil where the draft
// is too large; the error is that of the connection, the server's refusal, or errNoText.
func (a *account) body(s *imapsession.Session, d *waiting) ([]byte, error) {
	if d.size > mail.MaxMessage {
		a.log.Warn("a draft is too large to be judged", "uid", d.uid, "bytes", d.size)
		a.w.opts.Metrics.Failed(a.Name, "draft")
		return nil, nil
	}
	if d.size > bigDraft {
		select {
		case a.w.big <- struct{}{}:
			defer func() { <-a.w.big }()
		case <-s.Context().Done():
			return nil, s.Context().Err()
		}
	}
	// Flags that come before the text leave it out: ask again.
	for range 3 {
		data, there, err := s.Fetch(d.uid, mail.MaxMessage, s.Timeout()+time.Duration(d.size>>16)*time.Second)
		if err != nil || data != nil {
			return data, err
		}
		if !there {
			break
		}
	}
	return nil, errNoText
}

// leftovers sets the keywords and appends the notes that are owed.
func (a *account) leftovers(s *imapsession.Session) error {
	for uid, keyword := range a.keywords {
		if !takesKeywords(s) {
			clear(a.keywords)
			break
		}
		err := setKeyword(s, uid, keyword)
		if err != nil && !imapsession.IsAnswer(err) {
			return err
		}
		if err != nil {
			a.log.Warn("a keyword was refused", "uid", uid, "error", a.clean(err))
			a.w.opts.Metrics.Failed(a.Name, "keyword")
		}
		delete(a.keywords, uid)
	}
	for len(a.notes) > 0 {
		err := appendNote(s, a.w.opts.Notes, a.makeNotes, a.notes[0])
		if err == nil {
			a.makeNotes = false
		}
		if err != nil && !imapsession.IsAnswer(err) {
			return err
		}
		if err != nil {
			a.log.Warn("a note was refused", "error", a.clean(err))
			a.w.opts.Metrics.Failed(a.Name, "note")
		}
		a.notes = a.notes[1:]
	}
	return nil
}

// forget drops the records of drafts that were sent or deleted: those gone for
// so long that no save can follow. While drafts wait, one may be the next of what is gone.
func (a *account) forget() {
	if len(a.waiting) > 0 {
		return
	}
	before := time.Now().Add(-10 * a.w.opts.Settle)
	a.w.store.change(func() {
		n := len(a.state.Records)
		a.state.Records = slices.DeleteFunc(a.state.Records, func(r *record) bool {
			return !r.gone.IsZero() && r.gone.Before(before)
		})
		a.dirty = a.dirty || len(a.state.Records) != n
	})
}
