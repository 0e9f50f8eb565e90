package collect

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/tacto-lint/tacto/audit"
	"github.com/tacto-lint/tacto/mail"
	"github.com/tacto-lint/tacto/mail/imapsession"
)

// IMAP is the folder for sent mail of an account: its Folder, or that which is found. It
// is only read, and nothing in it is marked as read.
func IMAP(a imapsession.Account) Source { return &imapSource{account: a} }

type imapSource struct {
	account imapsession.Account
	session *imapsession.Session
	folder  string
	hash    audit.Hash
	left    []message // to be read, in the order of their UIDs
	last    uint32    // what has been put into batches
	known   uint32    // the folder's UIDVALIDITY
}

type message struct {
	uid  uint32
	size int64
}

// slack is for clocks and time zones: so many days a message may be in the folder before
// the day it says it was sent on.
const slack = 2

// How often a lost connection is made anew, and what a command may take.
const (
	retries        = 5
	defaultTimeout = 30 * time.Second
	defaultBackoff = time.Second
)

// survey connects, and lists what is new.
func (s *imapSource) survey(ctx context.Context, c *collector) (int64, error) {
	if err := s.again(ctx, c, func() error { return s.list(ctx, c) }); err != nil {
		return 0, s.wrap(err)
	}
	var total int64
	for _, m := range s.left {
		total += m.size
	}
	return total, nil
}

func (s *imapSource) wrap(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("account %s: %w", s.account.Name, err)
}

// again does what needs the connection, and does it again where that is lost: not where
// the server gave an answer that it will give again.
func (s *imapSource) again(ctx context.Context, c *collector, f func() error) error {
	wait := c.Backoff
	if wait <= 0 {
		wait = defaultBackoff
	}
	for try := 0; ; try++ {
		before := s.last
		err := s.connected(ctx, c)
		if err == nil {
			err = f()
		}
		var folder *imapsession.FolderError
		if err == nil || ctx.Err() != nil || errors.Is(err, imapsession.ErrRefused) || errors.Is(err, errRenumbered) || errors.As(err, &folder) {
			return err
		}
		s.close()
		if s.last > before {
			try = 0 // it gets on
		}
		if try >= retries {
			return err
		}
		select {
		case <-time.After(wait << try):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *imapSource) close() {
	if s.session != nil {
		s.session.Close()
		s.session = nil
	}
}

// connected makes sure of a session with the folder open.
func (s *imapSource) connected(ctx context.Context, c *collector) error {
	if s.session != nil {
		return nil
	}
	timeout := c.Timeout
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	session, err := imapsession.Dial(ctx, &s.account, timeout)
	if err != nil {
		return err
	}
	all, err := session.Folders()
	if err == nil {
		s.folder, _, err = imapsession.FindFolder(all, imapsession.Sent, s.account.Folder)
	}
	if err == nil {
		err = session.Open(s.folder, true)
	}
	if err != nil {
		session.Close()
		return err
	}
	if len(s.left) > 0 && session.Mailbox().UIDValidity != s.known {
		session.Close()
		return errRenumbered
	}
	s.session = session
	s.known = session.Mailbox().UIDValidity
	return nil
}

var errRenumbered = errors.New("the server numbered the folder anew while it was read: collect once more")

// source tells the mailbox from others, and other filters too: what one has left out,
// another may want.
func (s *imapSource) source(c *collector) audit.Hash {
	a := &s.account
	return c.Key.Mailbox(fmt.Sprintf("%q %d %q", a.Host, a.PortNumber(), a.User),
		fmt.Sprintf("%q %d %d %q %q %q %q", s.folder, c.Since, c.Until, c.From, c.To, c.Policy.Clients, c.Policy.Internal))
}

// list asks for what is behind the checkpoint.
func (s *imapSource) list(ctx context.Context, c *collector) error {
	s.hash = s.source(c)
	from := uint32(1)
	if !c.Again {
		at, err := c.Store.Checkpoint(ctx, s.hash)
		if err != nil {
			return err
		}
		if at.UIDValidity == s.session.Mailbox().UIDValidity {
			from = at.UID + 1
		}
	}
	s.left = s.left[:0]
	if s.session.Mailbox().Messages == 0 {
		return nil // some servers refuse to look into an empty folder
	}
	set := imap.UIDSet{{Start: imap.UID(from)}} // "n:*", which gives the last message too
	old := 0
	err := s.session.Do("FETCH", 10*s.session.Timeout(), func() error {
		cmd := s.session.Client.Fetch(set, &imap.FetchOptions{UID: true, RFC822Size: true, InternalDate: c.Since != 0})
		for m := cmd.Next(); m != nil; m = cmd.Next() {
			got, err := m.Collect()
			if err != nil {
				_ = cmd.Close() // that error is the one to tell
				return err
			}
			switch {
			case uint32(got.UID) < from:
			case c.Since != 0 && !got.InternalDate.IsZero() && audit.DayOf(got.InternalDate) < c.Since-slack:
				old++ // it was there before: it was sent before
			default:
				s.left = append(s.left, message{uint32(got.UID), got.RFC822Size})
			}
		}
		slices.SortFunc(s.left, func(a, b message) int { return int(int64(a.uid) - int64(b.uid)) })
		return cmd.Close()
	})
	if err == nil {
		c.skipped(old)
	}
	return err
}

// read fetches what list has found.
func (s *imapSource) read(ctx context.Context, c *collector) error {
	defer s.close()
	err := s.again(ctx, c, func() error {
		for len(s.left) > 0 {
			if err := s.some(ctx, c); err != nil {
				return err
			}
		}
		return nil
	})
	return s.wrap(err)
}

// What is asked for at once, so that a server far away is not waited for at each message.
const (
	someMessages = 100
	someBytes    = 8 << 20
)

// some fetches the next few messages and puts them into batches, in their order.
func (s *imapSource) some(ctx context.Context, c *collector) error {
	var uids []uint32
	var size int64
	for _, m := range s.left {
		if m.size > mail.MaxMessage {
			continue
		}
		if len(uids) > 0 && (len(uids) == someMessages || size+m.size > someBytes) {
			break
		}
		uids = append(uids, m.uid)
		size += m.size
	}
	got := map[uint32][]byte{}
	if len(uids) > 0 {
		err := s.session.FetchEach(uids, mail.MaxMessage, s.limit(size), func(uid uint32, data []byte) { got[uid] = data })
		if err != nil && !imapsession.IsAnswer(err) {
			return err
		}
	}
	for len(s.left) > 0 {
		m := s.left[0]
		if m.size <= mail.MaxMessage && !slices.Contains(uids, m.uid) {
			break
		}
		if err := s.one(ctx, c, m, got[m.uid]); err != nil {
			return err
		}
		s.last, s.left = m.uid, s.left[1:]
	}
	return nil
}

// limit is how long messages of a size may take.
func (s *imapSource) limit(size int64) time.Duration {
	return s.session.Timeout() + time.Duration(size>>16)*time.Second
}

// one puts a message into the batch; without its text it is asked for by itself. What the
// server won't give is counted as unread.
func (s *imapSource) one(ctx context.Context, c *collector, m message, data []byte) error {
	where := fmt.Sprintf("%s %s UID %d", s.account.Name, s.folder, m.uid)
	at := &audit.Checkpoint{Source: s.hash, UIDValidity: s.known, UID: m.uid}
	skip := func(err error) error {
		c.unread(where, err)
		c.done.Add(m.size)
		c.mark(at)
		return nil
	}
	if m.size > mail.MaxMessage {
		return skip(mail.ErrTooLong)
	}
	for try := 0; data == nil && try < 3; try++ { // flags that come before the text leave it out
		var there bool
		var err error
		data, there, err = s.session.Fetch(m.uid, mail.MaxMessage, s.limit(m.size))
		if imapsession.IsAnswer(err) {
			return skip(errors.New("the server won't give it"))
		}
		if err != nil {
			return err
		}
		if !there { // deleted meanwhile
			c.mark(at)
			return nil
		}
	}
	if data == nil {
		return skip(errors.New("the server gives it without its text"))
	}
	return c.put(ctx, item{where: where, raw: mail.Raw{Path: where, Data: data}, size: m.size}, at)
}
