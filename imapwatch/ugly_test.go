package imapwatch_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tacto-lint/tacto/imapwatch"
	"github.com/tacto-lint/tacto/mail/imapsession"
)

// A script is a server of the test's own: well-behaved, but for what its turns do.
type script struct {
	t    testing.TB
	l    net.Listener
	caps string

	mu          sync.Mutex
	messages    map[uint32]string
	next        uint32
	uidValidity uint32
	conns       []net.Conn
	permanent   string
	// turn is asked before each command, with the number of the connection, from
	// 1: true is that it has answered, or won't.
	turn func(n int, tag, command string, c net.Conn) bool
	// greet is asked before the greeting.
	greet  func(n int, c net.Conn) bool
	noted  []string // commands, without tags
	idlers map[net.Conn]bool
}

func newScript(t testing.TB) *script {
	s := &script{
		t: t, l: listen(t), caps: "IMAP4rev1 IDLE SPECIAL-USE", messages: map[uint32]string{}, next: 1, uidValidity: 7,
		permanent: ` \*`, idlers: map[net.Conn]bool{},
	}
	t.Cleanup(s.close)
	go s.accept(s.l)
	return s
}

// behave sets how it misbehaves.
func (s *script) behave(turn func(int, string, string, net.Conn) bool, greet func(int, net.Conn) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn, s.greet = turn, greet
}

func (s *script) close() {
	_ = s.l.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		_ = c.Close()
	}
}

func (s *script) accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns = append(s.conns, c)
		n := len(s.conns)
		s.mu.Unlock()
		go s.serve(n, c)
	}
}

func (s *script) account() imapwatch.Account {
	return imapwatch.Account{
		Name: "scripted", Host: "127.0.0.1", Port: s.l.Addr().(*net.TCPAddr).Port, TLS: imapsession.TLSNone,
		User: "alice", Password: secret(password), Auth: "login",
	}
}

// save adds a draft and tells those in IDLE.
func (s *script) save(text string) uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	uid := s.next
	s.next++
	s.messages[uid] = text
	for c := range s.idlers {
		fmt.Fprintf(c, "* %d EXISTS\r\n", len(s.messages))
	}
	return uid
}

func (s *script) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

func (s *script) commands() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.noted, "\n")
}

func (s *script) serve(n int, c net.Conn) {
	s.mu.Lock()
	greet := s.greet
	s.mu.Unlock()
	if greet != nil && greet(n, c) {
		return
	}
	fmt.Fprintf(c, "* OK [CAPABILITY %s] hello\r\n", s.caps)
	s.converse(n, c)
}

// converse goes on after the greeting.
func (s *script) converse(n int, c net.Conn) {
	s.mu.Lock()
	turn := s.turn
	s.mu.Unlock()
	r := bufio.NewReader(c)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		tag, command, _ := strings.Cut(strings.TrimSpace(line), " ")
		s.mu.Lock()
		s.noted = append(s.noted, command)
		s.mu.Unlock()
		if turn != nil && turn(n, tag, command, c) {
			continue
		}
		s.answer(tag, command, c)
	}
}

func (s *script) answer(tag, command string, c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	say := func(format string, args ...any) { fmt.Fprintf(c, format+"\r\n", args...) }
	word, rest, _ := strings.Cut(command, " ")
	switch {
	case tag == "DONE":
		delete(s.idlers, c)
		say("T%s OK done", s.idleTag(c))
		return
	case word == "CAPABILITY":
		say("* CAPABILITY %s", s.caps)
	case word == "LIST":
		say(`* LIST (\HasNoChildren) "/" INBOX`)
		say(`* LIST (\HasNoChildren \drafts) "/" Entw&APw-rfe`)
	case word == "SELECT" || word == "EXAMINE":
		say("* %d EXISTS", len(s.messages))
		say("* OK [PERMANENTFLAGS (\\Draft%s)] x", s.permanent)
		say("* OK [UIDVALIDITY %d] x", s.uidValidity)
	case word == "IDLE":
		idleTags.Store(c, tag[1:])
		s.idlers[c] = true
		say("+ go")
		return
	case word == "UID" && strings.HasPrefix(rest, "FETCH "):
		s.fetch(rest[6:], say)
	}
	say("%s OK done", tag)
}

var idleTags sync.Map

func (s *script) idleTag(c net.Conn) string {
	tag, _ := idleTags.Load(c)
	return tag.(string)
}

func (s *script) fetch(what string, say func(string, ...any)) {
	set, _, _ := strings.Cut(what, " ")
	seq := 0
	for uid := uint32(1); uid < s.next; uid++ {
		text, ok := s.messages[uid]
		if !ok {
			continue
		}
		seq++
		switch {
		case !inSet(set, uid, s.next-1):
		case strings.Contains(what, "BODY"):
			say("* %d FETCH (UID %d BODY[] {%d}\r\n%s)", seq, uid, len(text), text)
		default:
			say("* %d FETCH (UID %d FLAGS (\\Draft) RFC822.SIZE %d INTERNALDATE \"%s\")", seq, uid, len(text), time.Now().Format("_2-Jan-2006 15:04:05 -0700"))
		}
	}
}

func inSet(set string, uid, last uint32) bool {
	for _, part := range strings.Split(set, ",") {
		var from, to uint32
		switch {
		case strings.HasSuffix(part, ":*"):
			fmt.Sscanf(part, "%d:*", &from)
			to = last
			if from > last {
				from, to = last, from
			}
		case strings.Contains(part, ":"):
			fmt.Sscanf(part, "%d:%d", &from, &to)
		default:
			fmt.Sscanf(part, "%d", &from)
			to = from
		}
		if uid >= from && uid <= to {
			return true
		}
	}
	return false
}

// first does what it is told on the first connection, at the first command that
// begins so; hung leaves the command without an answer.
func first(begins string, do func(tag string, c net.Conn)) func(int, string, string, net.Conn) bool {
	var done atomic.Bool
	return func(n int, tag, command string, c net.Conn) bool {
		if n != 1 || !strings.HasPrefix(command, begins) || done.Swap(true) {
			return false
		}
		do(tag, c)
		return true
	}
}

func hang(string, net.Conn) {}

func say(lines string) func(string, net.Conn) {
	return func(tag string, c net.Conn) { _, _ = io.WriteString(c, strings.ReplaceAll(lines, "TAG", tag)) }
}

func reset(_ string, c net.Conn) {
	_ = c.(*net.TCPConn).SetLinger(0)
	_ = c.Close()
}

// An ugly thing is what servers and networks do. After each, a draft that is saved is
// told, once.
type ugly struct {
	name string
	// turn and greet misbehave; within is the time that recovery may take.
	turn   func(int, string, string, net.Conn) bool
	greet  func(int, net.Conn) bool
	within time.Duration
	log    string // what the log must hold
	late   bool   // the draft is saved after the fault, in IDLE
}

func uglies() []ugly {
	return []ugly{
		{name: "silent after login", turn: first("LIST", hang), within: 2 * time.Second, log: "no answer to LIST"},
		{name: "silent at login", turn: first("LOGIN", hang), within: 2 * time.Second, log: "no answer to the login"},
		{name: "silent at IDLE", turn: first("IDLE", hang), within: 2 * time.Second, log: "no answer to IDLE", late: true},
		{name: "silent at DONE", turn: func() func(int, string, string, net.Conn) bool {
			return func(n int, tag, _ string, _ net.Conn) bool { return n == 1 && tag == "DONE" }
		}(), within: 2 * time.Second, log: "no answer to the end of IDLE", late: true},
		{name: "BYE in IDLE", turn: first("IDLE", func(_ string, c net.Conn) {
			say("+ go\r\n* BYE Session expired, dear alice.\r\n")("", c)
			_ = c.Close()
		}), within: 2 * time.Second, log: "said goodbye: Session expired", late: true},
		{name: "BYE as greeting", greet: func(n int, c net.Conn) bool {
			if n == 1 {
				say("* BYE too many connections\r\n")("", c)
				_ = c.Close()
			}
			return n == 1
		}, within: 2 * time.Second, log: "not connected"},
		{name: "reset in IDLE", turn: first("IDLE", func(_ string, c net.Conn) { say("+ go\r\n")("", c); reset("", c) }), within: 2 * time.Second, log: "not connected", late: true},
		{name: "reset at FETCH", turn: first("UID FETCH", reset), within: 2 * time.Second, log: "not connected"},
		{name: "IDLE ended by the server", turn: first("IDLE", say("+ go\r\nTAG OK enough\r\n")), within: 2 * time.Second, log: "ended IDLE", late: true},
		{name: "IDLE refused", turn: func(_ int, tag, command string, c net.Conn) bool {
			if command == "IDLE" {
				say("TAG NO too many idles\r\n")(tag, c)
			}
			return command == "IDLE"
		}, within: 2 * time.Second, late: true},
		{name: "VANISHED", turn: first("NOOP", say("* VANISHED (EARLIER) 1:3\r\nTAG OK done\r\n")), within: 2 * time.Second, log: "VANISHED"},
		{name: "X-GM-MSGID", turn: first("NOOP", say("* 1 FETCH (X-GM-MSGID 12)\r\nTAG OK done\r\n")), within: 2 * time.Second, log: "X-GM-MSGID"},
		{name: "garbage", turn: first("NOOP", say("\x00\xff\xfe)(\r\n\r\n")), within: 2 * time.Second, log: "not connected"},
		{name: "flags before the body", turn: first("UID FETCH 1 (UID BODY", say("* 1 FETCH (UID 1 FLAGS (\\Seen))\r\nTAG OK done\r\n")), within: 2 * time.Second},
		{name: "a draft that is busy", turn: first("UID FETCH 1 (UID BODY", say("TAG NO [UNAVAILABLE] come back later\r\n")), within: 2 * time.Second},
		{name: "half a literal", turn: first("UID FETCH 1 (UID BODY", say("* 1 FETCH (UID 1 BODY[] {5000}\r\nFrom: a")), within: 2 * time.Second, log: "no answer to FETCH BODY"},
		{name: "half a literal and the end", turn: first("UID FETCH 1 (UID BODY", func(tag string, c net.Conn) {
			say("* 1 FETCH (UID 1 BODY[] {5000}\r\nFrom: a")(tag, c)
			_ = c.Close()
		}), within: 2 * time.Second, log: "not connected"},
		{name: "a greeting that never comes", greet: func(n int, _ net.Conn) bool { return n == 1 }, within: 2 * time.Second, log: "no answer to the connection"},
		{name: "login that is busy", turn: first("LOGIN", say("TAG NO [UNAVAILABLE] come back later\r\n")), within: 2 * time.Second, log: "UNAVAILABLE"},
		{name: "NO to SELECT", turn: first("EXAMINE", say("TAG NO [SERVERBUG] oops\r\n")), within: 2 * time.Second, log: "SERVERBUG"},
		{name: "no folder yet", turn: first("LIST", say("* LIST () \"/\" INBOX\r\nTAG OK done\r\n")), within: 2 * time.Second, log: "no folder for drafts"},
	}
}

func TestUgly(t *testing.T) {
	for _, u := range uglies() {
		t.Run(u.name, func(t *testing.T) {
			t.Parallel()
			s := newScript(t)
			s.behave(u.turn, u.greet)
			opts := options(t, 400*time.Millisecond, s.account())
			opts.Timeout = 500 * time.Millisecond
			if !u.late {
				s.save(string(draft("Su aviso", bad)))
			}
			begun := time.Now()
			w := start(t, opts)
			if u.late {
				time.Sleep(100 * time.Millisecond)
				s.save(string(draft("Su aviso", bad)))
			}
			w.next(imapwatch.Found)
			took := time.Since(begun) - settle
			t.Logf("recovered after %v, with a timeout of 500ms, a poll of 400ms and a backoff of 20ms", took.Round(time.Millisecond))
			if took > u.within {
				t.Errorf("it took %v, want %v at the most", took, u.within)
			}
			if !strings.Contains(w.log.String(), u.log) {
				t.Errorf("the log lacks %q:\n%s", u.log, w.log)
			}
			w.quiet()
			if strings.Contains(s.commands(), "STORE") || strings.Contains(s.commands(), "BODY[") {
				t.Errorf("drafts were touched:\n%s", s.commands())
			}
		})
	}
}

// A draft that breaks each connection does not keep others from being told.
func TestPoison(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.behave(func(_ int, _, command string, c net.Conn) bool {
		if strings.HasPrefix(command, "UID FETCH 1 (UID BODY") {
			reset("", c)
			return true
		}
		return false
	}, nil)
	s.save(string(draft("Su aviso malo", bad)))
	s.save(string(draft("Su aviso bueno", bad)))
	w := start(t, options(t, 400*time.Millisecond, s.account()))
	if j := w.next(imapwatch.Found); j.UID != 2 {
		t.Errorf("told of uid %d", j.UID)
	}
}

// A draft that the server never gives is let go in the end, and counted.
func TestNeverGiven(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.behave(func(_ int, tag, command string, c net.Conn) bool {
		if strings.HasPrefix(command, "UID FETCH 1 (UID BODY") {
			say("TAG NO [CANNOT] not this one\r\n")(tag, c)
			return true
		}
		return false
	}, nil)
	s.save(string(draft("Su aviso malo", bad)))
	s.save(string(draft("Su aviso bueno", bad)))
	opts := options(t, 400*time.Millisecond, s.account())
	opts.Settle = 10 * time.Millisecond
	w := start(t, opts)
	if j := w.next(imapwatch.Found); j.UID != 2 {
		t.Errorf("told of uid %d", j.UID)
	}
	for begun := time.Now(); !strings.Contains(w.log.String(), "won't give a draft"); time.Sleep(20 * time.Millisecond) {
		if time.Since(begun) > 10*time.Second {
			t.Fatalf("it is asked for without end:\n%s", s.commands())
		}
	}
	if n := strings.Count(s.commands(), "UID FETCH 1 (UID BODY"); n != 5 {
		t.Errorf("asked for %d times", n)
	}
}

// Two watches with one state file would both tell each draft: the second is refused, as
// long as the first goes on.
func TestStateInUse(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	opts := options(t, 400*time.Millisecond, s.account())
	opts.State = filepath.Join(t.TempDir(), "state.json")
	w := start(t, opts)
	opts.Tell = func(context.Context, *imapwatch.Judgement) error { return nil }
	if _, err := imapwatch.New(opts); runtime.GOOS == "linux" && !errors.Is(err, imapwatch.ErrInUse) {
		t.Errorf("a second one: %v", err)
	}
	w.end()
	second, err := imapwatch.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Once(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestUIDValidityChanges(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.save(string(draft("Su aviso", bad)))
	w := start(t, options(t, 400*time.Millisecond, s.account()))
	w.next(imapwatch.Found)
	s.mu.Lock()
	s.uidValidity++
	s.messages = map[uint32]string{1: string(draft("Su aviso", bad)), 2: string(draft("Su aviso 2", bad))}
	s.next = 3
	for _, c := range s.conns {
		_ = c.Close()
	}
	s.mu.Unlock()
	if j := w.next(imapwatch.Found); j.UID != 2 || j.UIDValidity != 8 {
		t.Errorf("told of uid %d of %d", j.UID, j.UIDValidity)
	}
	w.quiet() // what has the same text is known
}

func TestKeywordsRefused(t *testing.T) {
	t.Parallel()
	for _, permanent := range []string{``, ` \*`} { // not offered; offered and refused
		s := newScript(t)
		s.behave(func(_ int, tag, command string, c net.Conn) bool {
			if strings.HasPrefix(command, "UID STORE") {
				say("TAG NO [CANNOT] no keywords\r\n")(tag, c)
				return true
			}
			return false
		}, nil)
		s.mu.Lock()
		s.permanent = permanent
		s.mu.Unlock()
		opts := options(t, 400*time.Millisecond, s.account())
		opts.Keywords = true
		w := start(t, opts)
		s.save(string(draft("Su aviso", bad)))
		w.next(imapwatch.Found)
		s.save(string(draft("Su aviso 2", bad)))
		w.next(imapwatch.Found)
		w.quiet()
		if s.connections() != 1 || strings.Contains(s.commands(), "STORE") != (permanent != "") {
			t.Errorf("with %q: %d connections and\n%s", permanent, s.connections(), s.commands())
		}
		w.end()
	}
}

// A refused password is not tried again; nothing is left behind when a watch ends.
func TestNothingLeftBehind(t *testing.T) {
	s := newScript(t)
	s.behave(first("LIST", hang), nil)
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(t.Context())
	opts := options(t, time.Second, s.account())
	opts.Tell = func(context.Context, *imapwatch.Judgement) error { return nil }
	w, err := imapwatch.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- w.Run(ctx) }()
	time.Sleep(300 * time.Millisecond)
	begun := time.Now()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if took := time.Since(begun); took > time.Second {
		t.Errorf("a hanging command took %v to stop", took)
	}
	s.close()
	deadline := time.Now().Add(3 * time.Second)
	for runtime.NumGoroutine() > before && time.Now().Before(deadline) {
		time.Sleep(20 * time.Millisecond)
	}
	if n := runtime.NumGoroutine(); n > before {
		b := make([]byte, 1<<16)
		t.Errorf("%d goroutines, %d before:\n%s", n, before, b[:runtime.Stack(b, true)])
	}
}

// certificate makes one of an authority of the test's own.
func certificate(t testing.TB, name string, until time.Time) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: until, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func TestTLS(t *testing.T) {
	day := time.Now().Add(24 * time.Hour)
	cases := []struct {
		name, host string
		until      time.Time
		own, plain bool
		want       string
	}{
		{"own authority", "localhost", day, true, false, ""},
		{"unknown authority", "localhost", day, false, false, "ca_file"},
		{"another name", "other.example", day, true, false, "host name"},
		{"run out", "localhost", time.Now().Add(-time.Hour), true, false, "run out"},
		{"no TLS there", "localhost", day, true, true, "starttls"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := newScript(t)
			cert, pool := certificate(t, c.host, c.until)
			a := s.account()
			a.Host, a.TLS = "localhost", imapsession.TLSImplicit
			if c.own {
				a.RootCAs = pool
			}
			if !c.plain {
				l := tls.NewListener(listen(t), &tls.Config{Certificates: []tls.Certificate{cert}})
				defer l.Close()
				a.Port = l.Addr().(*net.TCPAddr).Port
				go s.accept(l)
			}
			got, err := imapwatch.Check(t.Context(), a)
			switch {
			case c.want == "" && (err != nil || got.Drafts != "Entwürfe"):
				t.Errorf("%+v, %v", got, err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("error %v, want one with %q", err, c.want)
			}
			if c.want != "" && strings.Contains(s.commands(), "LOGIN") {
				t.Error("the password went over a connection that is not to be trusted")
			}
		})
	}
	for _, line := range []string{"TAG NO no TLS here\r\n", "TAG OK go\r\nnot TLS at all, never was, never will be\r\n"} {
		s := newScript(t)
		s.behave(first("STARTTLS", say(line)), nil)
		a := s.account()
		a.TLS = imapsession.TLSStart
		if _, err := imapwatch.Check(t.Context(), a); err == nil || strings.Contains(s.commands(), "LOGIN") {
			t.Errorf("after %q: error %v and %s", line, err, s.commands())
		}
	}
}

func TestOptions(t *testing.T) {
	ok := imapwatch.Account{Name: "a", Host: "imap.example.org", User: "ana@us.example", Password: secret("x")}
	for want, change := range map[string]func(*imapwatch.Options){
		"":              func(*imapwatch.Options) {},
		"no account":    func(o *imapwatch.Options) { o.Accounts = nil },
		"no host":       func(o *imapwatch.Options) { o.Accounts[0].Host = "" },
		"this computer": func(o *imapwatch.Options) { o.Accounts[0].TLS = imapsession.TLSNone },
		"unknown tls":   func(o *imapwatch.Options) { o.Accounts[0].TLS = "ssl" },
		"neither":       func(o *imapwatch.Options) { o.Accounts[0].Password = nil },
		"takes a token": func(o *imapwatch.Options) { o.Accounts[0].Auth = "xoauth2" },
		"unknown auth":  func(o *imapwatch.Options) { o.Accounts[0].Auth = "ntlm" },
		"two accounts":  func(o *imapwatch.Options) { o.Accounts = append(o.Accounts, o.Accounts[0]) },
		"unknown level": func(o *imapwatch.Options) { o.FailOn = "bad" },
	} {
		o := options(t, time.Second, ok)
		o.Tell = func(context.Context, *imapwatch.Judgement) error { return nil }
		change(&o)
		if _, err := imapwatch.New(o); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
