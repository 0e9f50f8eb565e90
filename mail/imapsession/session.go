package imapsession

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// A Session is one connection. One goroutine owns it: no two commands are ever on
// their way at once, since go-imap hangs on a command sent during IDLE. Every
// command runs under a timer that closes the connection, which frees whatever
// waits for it; so does the end of the context.
type Session struct {
	Client *imapclient.Client // for commands, each to be run by Do

	ctx     context.Context
	raw     net.Conn
	timeout time.Duration
	tap     *tap
	stop    func() bool
	caps    imap.CapSet
	auth    string
	wake    chan struct{} // the server said that something is new
	noIdle  bool          // it has none, or refuses it
	mailbox Mailbox
}

// A Mailbox is the folder that is open, as it was when it was opened.
type Mailbox struct {
	Name                           string
	UIDValidity, UIDNext, Messages uint32
	PermanentFlags                 []imap.Flag
}

// Mailbox gives the folder that is open.
func (s *Session) Mailbox() *Mailbox { return &s.mailbox }

// Auth gives the way of logging in that was used.
func (s *Session) Auth() string { return s.auth }

// Caps gives what the server says it can do.
func (s *Session) Caps() imap.CapSet { return s.caps }

// Idle says whether the server tells of news in IDLE; one that refuses it does not.
func (s *Session) Idle() bool { return !s.noIdle }

// Context is that of Dial, with which the connection ends.
func (s *Session) Context() context.Context { return s.ctx }

// Timeout is that of Dial.
func (s *Session) Timeout() time.Duration { return s.timeout }

func newSession(ctx context.Context, raw net.Conn, timeout time.Duration) *Session {
	s := &Session{ctx: ctx, raw: raw, timeout: timeout, wake: make(chan struct{}, 1)}
	s.stop = context.AfterFunc(ctx, func() { _ = raw.Close() }) // frees what waits
	return s
}

// Close ends the connection; it may be called again.
func (s *Session) Close() {
	s.stop()
	_ = s.raw.Close() // it is given up
}

// notice wakes the owner. It never blocks.
func (s *Session) notice() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Do runs a command under a timer. The error is a *TimeoutError where that ran
// out, and the context's where that ended.
func (s *Session) Do(what string, limit time.Duration, command func() error) error {
	var late atomic.Bool
	timer := time.AfterFunc(limit, func() {
		late.Store(true)
		_ = s.raw.Close() // frees the command
	})
	s.tap.allow(what)
	err := command()
	timer.Stop()
	switch {
	case err == nil:
		return nil
	case s.ctx.Err() != nil:
		return s.ctx.Err()
	case late.Load():
		return &TimeoutError{what, limit}
	}
	if bye := s.tap.bye(); bye != "" && !IsAnswer(err) {
		return fmt.Errorf("%s: the server said goodbye: %s", what, bye)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// IsAnswer says whether err is a NO or BAD of a server, after which the
// connection is as good as before.
func IsAnswer(err error) bool {
	var no *imap.Error
	return errors.As(err, &no)
}

func (s *Session) readCaps() error {
	return s.Do("CAPABILITY", s.timeout, func() error { return s.can(s.Client.Caps(), nil) })
}

// can keeps what the server says it can do.
func (s *Session) can(caps imap.CapSet, err error) error {
	if err == nil && caps == nil {
		err = errors.New("the server did not say what it can do")
	}
	s.caps, s.noIdle = caps, !caps.Has(imap.CapIdle)
	return err
}

// Open selects a folder: to be read only, unless flags will be set.
func (s *Session) Open(mailbox string, readOnly bool) error {
	return s.Do("SELECT", s.timeout, func() error {
		data, err := s.Client.Select(mailbox, &imap.SelectOptions{ReadOnly: readOnly}).Wait()
		if err != nil {
			return err
		}
		s.mailbox = Mailbox{mailbox, data.UIDValidity, uint32(data.UIDNext), data.NumMessages, data.PermanentFlags}
		return nil
	})
}

// Looking forgets what the server said of news: whoever looks now will see it.
func (s *Session) Looking() {
	select {
	case <-s.wake:
	default:
	}
}

// Wait blocks until the server says that something is new, until d is over, or
// jumped has something, which says that the clock did; in IDLE where the server has
// it. The error is that of a connection that is lost.
func (s *Session) Wait(d time.Duration, jumped <-chan struct{}) error {
	if s.noIdle || d < 50*time.Millisecond {
		return s.sleep(d, jumped)
	}
	var idle *imapclient.IdleCommand
	s.tap.idling(true)
	defer s.tap.idling(false)
	err := s.Do("IDLE", s.timeout, func() (err error) {
		idle, err = s.Client.Idle()
		return err
	})
	if IsAnswer(err) { // "too many idles": look now and then, then
		s.noIdle = true
		return s.sleep(d, jumped)
	}
	if err != nil {
		return err
	}
	if err := s.sleep(d, jumped); err != nil {
		return err
	}
	if s.tap.ended() {
		return errors.New("the server ended IDLE")
	}
	s.tap.idling(false) // the answer to DONE is none of that
	err = s.Do("the end of IDLE", s.timeout, func() error {
		if err := idle.Close(); err != nil {
			return err
		}
		return idle.Wait()
	})
	if IsAnswer(err) {
		return nil
	}
	return err
}

var errJumped = errors.New("the clock jumped: this computer was asleep")

func (s *Session) sleep(d time.Duration, jumped <-chan struct{}) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.wake:
	case <-s.ctx.Done():
		return s.ctx.Err()
	case <-jumped:
		return errJumped
	case <-s.Client.Closed():
		if bye := s.tap.bye(); bye != "" {
			return fmt.Errorf("the server said goodbye: %s", bye)
		}
		return fmt.Errorf("the connection was lost: %w", io.ErrUnexpectedEOF)
	}
	return nil
}
