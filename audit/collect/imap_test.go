package collect_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"github.com/tacto-lint/tacto/audit"
	"github.com/tacto-lint/tacto/audit/collect"
	"github.com/tacto-lint/tacto/audit/synthetic"
	"github.com/tacto-lint/tacto/mail/imapsession"
)

// A server is go-imap's, behind a line that can be cut.
type server struct {
	t    *testing.T
	user *imapmemserver.User
	back string
	l    net.Listener
	cut  atomic.Int64 // after so many bytes a connection ends; 0: never
	ends atomic.Int32
	sent atomic.Int64 // bytes the server has sent
}

func newServer(t *testing.T, folder string) *server {
	t.Helper()
	s := &server{t: t, user: imapmemserver.NewUser("ana", "hunter2")}
	for _, f := range []string{"INBOX", folder} {
		if err := s.user.Create(f, nil); err != nil {
			t.Fatal(err)
		}
	}
	mem := imapmemserver.New()
	mem.AddUser(s.user)
	srv := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return mem.NewSession(), nil, nil
		},
		Caps: imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapUIDPlus: {}}, InsecureAuth: true, Logger: log.New(io.Discard, "", 0),
	})
	back, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.back = back.Addr().String()
	go func() { _ = srv.Serve(back) }()
	if s.l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Close(); _ = s.l.Close() })
	go s.line()
	return s
}

// line passes on what comes, until it is cut.
func (s *server) line() {
	for {
		front, err := s.l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer front.Close()
			back, err := net.Dial("tcp", s.back)
			if err != nil {
				return
			}
			defer back.Close()
			go func() { _, _ = io.Copy(back, front); _ = back.Close() }()
			if n := s.cut.Load(); n > 0 {
				_, _ = io.CopyN(front, back, n)
				s.ends.Add(1)
				return
			}
			n, _ := io.Copy(front, back)
			s.sent.Add(n)
		}()
	}
}

func (s *server) account() imapsession.Account {
	return imapsession.Account{Name: "work", Host: "127.0.0.1", Port: s.l.Addr().(*net.TCPAddr).Port, TLS: imapsession.TLSNone, User: "ana",
		Password: func(context.Context) (string, error) { return "hunter2", nil }}
}

// A literal is what the server's Append takes.
type literal struct{ *strings.Reader }

func (s *server) append(folder string, a *synthetic.Archive, from, to int) {
	s.t.Helper()
	for n := from; n < to; n++ {
		text := string(a.Email(n).Data)
		if _, err := s.user.Append(folder, literal{strings.NewReader(text)}, &imap.AppendOptions{Time: a.Email(n).Date.Add(time.Hour)}); err != nil {
			s.t.Fatal(err)
		}
	}
}

func TestIMAP(t *testing.T) {
	a := archive(500)
	srv := newServer(t, "Elementos enviados")
	srv.append("Elementos enviados", a, 0, 300)
	s := newStore(t)
	if c := run(t, options(s), collect.IMAP(srv.account())); c != (collect.Counts{New: 300}) {
		t.Errorf("%+v", c)
	}
	// Only what is new is read: of what is known nothing comes over the line.
	if c := run(t, options(s), collect.IMAP(srv.account())); c != (collect.Counts{}) {
		t.Errorf("the second time: %+v", c)
	}
	srv.append("Elementos enviados", a, 300, 500)
	if c := run(t, options(s), collect.IMAP(srv.account())); c != (collect.Counts{New: 200}) {
		t.Errorf("what is new: %+v", c)
	}
	holds(t, s, a, everything)
	// Another filter reads all of it again, and counts nothing twice.
	o := options(s)
	o.To = []string{"*@acme.example"}
	if c := run(t, o, collect.IMAP(srv.account())); c.New != 0 || c.Known != 500 {
		t.Errorf("with a filter: %+v", c)
	}
	o = options(s)
	o.Again = true
	if c := run(t, o, collect.IMAP(srv.account())); c != (collect.Counts{Again: 500}) {
		t.Errorf("again: %+v", c)
	}
	// The folder is made anew: all of it is looked at, and known.
	if err := errors.Join(srv.user.Delete("Elementos enviados"), srv.user.Create("Elementos enviados", nil)); err != nil {
		t.Fatal(err)
	}
	srv.append("Elementos enviados", a, 100, 500)
	if c := run(t, options(s), collect.IMAP(srv.account())); c != (collect.Counts{Known: 400}) {
		t.Errorf("made anew: %+v", c)
	}
	holds(t, s, a, everything)
}

// What was there before a day was sent before it: it is not fetched.
func TestIMAPSince(t *testing.T) {
	a := archive(500)
	srv := newServer(t, "Sent")
	srv.append("Sent", a, 0, 500)
	s := newStore(t)
	o := options(s)
	since := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	o.Since = audit.DayOf(since)
	want := func(e *synthetic.Email) bool { return !e.Date.Before(since) }
	n := 0
	for i := range a.Emails {
		if want(a.Email(i)) {
			n++
		}
	}
	if c := run(t, o, collect.IMAP(srv.account())); c != (collect.Counts{New: n, Skipped: 500 - n}) || n == 0 || n == 500 {
		t.Errorf("%+v, want %d", c, n)
	}
	holds(t, s, a, want)
	for begun := time.Now(); srv.sent.Load() == 0 && time.Since(begun) < 5*time.Second; time.Sleep(10 * time.Millisecond) {
	}
	if sent, all := srv.sent.Load(), int64(500*len(a.Email(0).Data)); sent == 0 || sent > all/2 {
		t.Errorf("%d bytes came, of %d", sent, all)
	}
}

func TestIMAPNotTouched(t *testing.T) {
	a := archive(20)
	srv := newServer(t, "Sent")
	srv.append("Sent", a, 0, 20)
	run(t, options(newStore(t)), collect.IMAP(srv.account()))
	st, err := srv.user.Status("Sent", &imap.StatusOptions{NumUnseen: true, NumMessages: true})
	if err != nil || *st.NumUnseen != 20 || *st.NumMessages != 20 {
		t.Errorf("%+v, %v", st, err)
	}
}

// A line that is cut again and again is no reason to begin anew, and nothing is lost.
func TestIMAPCut(t *testing.T) {
	a := archive(600)
	srv := newServer(t, "Sent")
	srv.append("Sent", a, 0, 600)
	srv.cut.Store(90_000)
	s := newStore(t)
	if c := run(t, options(s), collect.IMAP(srv.account())); c != (collect.Counts{New: 600}) {
		t.Errorf("%+v", c)
	}
	if srv.ends.Load() < 2 {
		t.Errorf("it was cut %d times: no test", srv.ends.Load())
	}
	holds(t, s, a, everything)
	// Cut so early that it gets nowhere: an error after some tries.
	srv.cut.Store(300)
	begun := time.Now()
	_, err := collect.Collect(t.Context(), []collect.Source{collect.IMAP(srv.account())}, options(s))
	if err == nil || !strings.Contains(err.Error(), "account work") || strings.Contains(err.Error(), "hunter2") || time.Since(begun) > 20*time.Second {
		t.Errorf("%v after %v", err, time.Since(begun))
	}
}

func TestIMAPRefused(t *testing.T) {
	srv := newServer(t, "Sent")
	a := srv.account()
	asked := 0
	a.Password = func(context.Context) (string, error) { asked++; return "wrong", nil }
	_, err := collect.Collect(t.Context(), []collect.Source{collect.IMAP(a)}, options(newStore(t)))
	if !errors.Is(err, imapsession.ErrRefused) || asked != 1 {
		t.Errorf("%v, asked %d times", err, asked)
	}
	srv = newServer(t, "Verschicktes")
	_, err = collect.Collect(t.Context(), []collect.Source{collect.IMAP(srv.account())}, options(newStore(t)))
	// The others are read all the same.
	a2, dir := archive(30), t.TempDir()
	if err := a2.Folder(dir); err != nil {
		t.Fatal(err)
	}
	if c, err := collect.Collect(t.Context(), []collect.Source{collect.IMAP(a), collect.Path(dir)}, options(newStore(t))); !errors.Is(err, imapsession.ErrRefused) || c.New != 30 {
		t.Errorf("%+v, %v", c, err)
	}
	asked = 1
	var folder *imapsession.FolderError
	if !errors.As(err, &folder) || !strings.Contains(fmt.Sprint(err), "Verschicktes") {
		t.Errorf("%v", err)
	}
}

// Stopped between batches, the checkpoint says no more than is in the store.
func TestIMAPStopped(t *testing.T) {
	a := archive(1500)
	srv := newServer(t, "Sent")
	srv.append("Sent", a, 0, 1500)
	s := newStore(t)
	sum, stops := 0, 0
	for try := 0; try < 100; try++ {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Duration(20+25*try)*time.Millisecond, cancel)
		c, err := collect.Collect(ctx, []collect.Source{collect.IMAP(srv.account())}, options(s))
		cancel()
		sum += c.New
		if err == nil {
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		stops++
	}
	if stops < 2 || sum != 1500 {
		t.Errorf("%d emails with %d stops", sum, stops)
	}
	holds(t, s, a, everything)
}
