package imapwatch_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"github.com/tacto-lint/tacto/imapwatch"
	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/mail/imapsession"
	"github.com/tacto-lint/tacto/rules"
)

// Words that must never be in a log or a state file: of addresses, subjects and
// texts below, and the secret.
var private = []string{"ana@", "carla", "aviso", "trabajando", "avisaron", "visita", "hunter2", "alice"}

const (
	bad  = "Estimada Carla:\r\n\r\nEstamos trabajando en el problema. Ustedes no nos avisaron del cambio.\r\n\r\nUn saludo,\r\nAna\r\n"
	good = "Estimada Carla:\r\n\r\nEl martes 25 a las 10 le cambio yo el disco y a las 12 le llamo.\r\n\r\nUn saludo,\r\nAna\r\n"
)

const password = "hunter2"

var saves int
var savesMu sync.Mutex

// draft writes a draft as mail programs do, with a new Message-ID each time.
func draft(subject, text string) []byte {
	savesMu.Lock()
	saves++
	n := saves
	savesMu.Unlock()
	return fmt.Appendf(nil, "From: Ana <ana@us.example>\r\nTo: Carla <carla@client.example>\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%d.%d@us.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s",
		subject, time.Now().Format(time.RFC1123Z), n, os.Getpid(), text)
}

func linter(t testing.TB) *lint.Linter {
	t.Helper()
	set, err := rules.Default()
	if err != nil {
		t.Fatal(err)
	}
	l, err := lint.New(set, lint.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func secret(s string) imapsession.Secret {
	return func(context.Context) (string, error) { return s, nil }
}

// A server is a real or an in-memory one, with an account nobody else uses.
type server interface {
	account(t testing.TB) imapwatch.Account
	// open logs in as another client of that account would.
	open(t testing.TB, a imapwatch.Account) *imapclient.Client
	// poll is the rhythm to watch it with.
	poll() time.Duration
}

// A memServer is go-imap's. It loses some wake-ups of IDLE: it is polled shortly.
type memServer struct {
	mem  *imapmemserver.Server
	port int
	n    atomic.Int32
}

func newMemServer(t testing.TB) *memServer {
	t.Helper()
	m := &memServer{mem: imapmemserver.New()}
	srv := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return m.mem.NewSession(), nil, nil
		},
		Caps:         imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapUIDPlus: {}, imap.CapIdle: {}},
		InsecureAuth: true,
		Logger:       log.New(io.Discard, "", 0),
	})
	l := listen(t)
	m.port = l.Addr().(*net.TCPAddr).Port
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	return m
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (m *memServer) poll() time.Duration { return 60 * time.Millisecond }

func (m *memServer) account(t testing.TB) imapwatch.Account {
	t.Helper()
	n := m.n.Add(1)
	u := imapmemserver.NewUser(fmt.Sprintf("alice%d", n), password)
	for _, f := range []string{"INBOX", "Borradores"} {
		if err := u.Create(f, nil); err != nil {
			t.Fatal(err)
		}
	}
	m.mem.AddUser(u)
	return imapwatch.Account{
		Name: fmt.Sprintf("a%d", n), Host: "127.0.0.1", Port: m.port, TLS: imapsession.TLSNone,
		User: fmt.Sprintf("alice%d", n), Password: secret(password),
	}
}

func (m *memServer) open(t testing.TB, a imapwatch.Account) *imapclient.Client {
	return openPlain(t, a, m.port)
}

func openPlain(t testing.TB, a imapwatch.Account, port int) *imapclient.Client {
	t.Helper()
	c, err := imapclient.DialInsecure(net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.Login(a.User, password).Wait(); err != nil {
		t.Fatal(err)
	}
	return c
}

// A box is the Drafts folder as the technician's own mail program has it.
type box struct {
	t      testing.TB
	c      *imapclient.Client
	folder string
}

func openBox(t testing.TB, srv server, a imapwatch.Account) *box {
	t.Helper()
	b := &box{t: t, c: srv.open(t, a)}
	all, err := b.c.List("", "*", nil).Collect()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		if d.Mailbox == "Borradores" || d.Mailbox == "Drafts" {
			b.folder = d.Mailbox
		}
	}
	if _, err := b.c.Select(b.folder, nil).Wait(); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *box) save(data []byte) imap.UID { return b.saveAt(data, time.Time{}) }

func (b *box) saveAt(data []byte, at time.Time) imap.UID {
	b.t.Helper()
	uid, err := appendTo(b.c, b.folder, data, at)
	if err != nil {
		b.t.Fatal(err)
	}
	return uid
}

func appendTo(c *imapclient.Client, folder string, data []byte, at time.Time) (imap.UID, error) {
	cmd := c.Append(folder, int64(len(data)), &imap.AppendOptions{Flags: []imap.Flag{imap.FlagDraft}, Time: at})
	if _, err := cmd.Write(data); err != nil {
		return 0, err
	}
	if err := cmd.Close(); err != nil {
		return 0, err
	}
	got, err := cmd.Wait()
	if err != nil {
		return 0, err
	}
	return got.UID, nil
}

func (b *box) remove(uid imap.UID) {
	b.t.Helper()
	if err := remove(b.c, uid); err != nil {
		b.t.Fatal(err)
	}
}

func remove(c *imapclient.Client, uid imap.UID) error {
	set := imap.UIDSetNum(uid)
	if err := c.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close(); err != nil {
		return err
	}
	return c.UIDExpunge(set).Close()
}

// replace saves anew, as an autosave does.
func (b *box) replace(old imap.UID, data []byte) imap.UID {
	b.t.Helper()
	uid := b.save(data)
	b.remove(old)
	return uid
}

// dump gives all of a folder: UIDs, flags and every byte.
func dump(t testing.TB, c *imapclient.Client, folder string, flags bool) string {
	t.Helper()
	if _, err := c.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		t.Fatal(err)
	}
	section := &imap.FetchItemBodySection{Peek: true}
	all, err := c.Fetch(imap.UIDSet{{Start: 1}}, &imap.FetchOptions{UID: true, Flags: true, BodySection: []*imap.FetchItemBodySection{section}}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	var s strings.Builder
	for _, m := range all {
		fmt.Fprintf(&s, "%d %q\n", m.UID, m.FindBodySection(section))
		if flags {
			for _, f := range m.Flags {
				if f != `\Recent` {
					fmt.Fprintf(&s, " %s", f)
				}
			}
		}
	}
	return s.String()
}

// A watch is a watcher at work, with what it told and logged.
type watch struct {
	t    testing.TB
	told chan *imapwatch.Judgement
	log  *lockedBuffer
	stop context.CancelFunc
	done chan error
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

const settle = 200 * time.Millisecond

func options(t testing.TB, poll time.Duration, accounts ...imapwatch.Account) imapwatch.Options {
	return imapwatch.Options{
		Accounts: accounts, Linter: linter(t), Settle: settle, Poll: poll,
		Timeout: 2 * time.Second, Backoff: 20 * time.Millisecond,
	}
}

// start runs a watcher until the test ends, and then looks for private words in its log.
func start(t testing.TB, opts imapwatch.Options) *watch {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w := &watch{t: t, told: make(chan *imapwatch.Judgement, 1000), log: &lockedBuffer{}, stop: cancel, done: make(chan error, 1)}
	if opts.Tell == nil {
		opts.Tell = func(_ context.Context, j *imapwatch.Judgement) error {
			w.told <- j
			return nil
		}
	}
	opts.Log = slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	watcher, err := imapwatch.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	go func() { w.done <- watcher.Run(ctx) }()
	t.Cleanup(func() {
		w.end()
		keepsPrivate(t, "the log", w.log.String())
		if opts.State != "" {
			data, err := os.ReadFile(opts.State)
			if err == nil {
				keepsPrivate(t, "the state file", string(data))
			}
		}
	})
	return w
}

func keepsPrivate(t testing.TB, what, text string) {
	t.Helper()
	for _, word := range private {
		if strings.Contains(strings.ToLower(text), word) {
			t.Errorf("%s holds %q:\n%s", what, word, text)
		}
	}
}

// end stops the watch and waits for it.
func (w *watch) end() {
	w.t.Helper()
	w.stop()
	select {
	case <-w.done:
		w.done <- nil
	case <-time.After(2 * time.Second):
		w.t.Error("the watch did not end within 2 s")
	}
}

// next gives the next judgement.
func (w *watch) next(kind imapwatch.Kind) *imapwatch.Judgement {
	w.t.Helper()
	select {
	case j := <-w.told:
		if j.Kind != kind {
			w.t.Fatalf("told %v of uid %d, want %v", j.Kind, j.UID, kind)
		}
		return j
	case <-time.After(10 * time.Second):
		w.t.Fatalf("nothing was told within 10 s, want %v; log:\n%s", kind, w.log)
		return nil
	}
}

// quiet fails if anything is told for a while.
func (w *watch) quiet() {
	w.t.Helper()
	select {
	case j := <-w.told:
		w.t.Fatalf("told %v of uid %d (%d findings), want silence", j.Kind, j.UID, len(j.Report.Findings))
	case <-time.After(5 * settle):
	}
}

func real(t testing.TB) {
	t.Helper()
	if os.Getenv("TACTO_REAL") == "" {
		t.Skip("set TACTO_REAL=1 to run against a real server")
	}
}
