package imapwatch_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"github.com/tacto-lint/tacto/imapwatch"
	"github.com/tacto-lint/tacto/mail/imapsession"
)

// always does what it is told at each command that begins so.
func always(begins string, do func(tag string, c net.Conn)) func(int, string, string, net.Conn) bool {
	return func(_ int, tag, command string, c net.Conn) bool {
		if !strings.HasPrefix(command, begins) {
			return false
		}
		do(tag, c)
		return true
	}
}

// waitLog waits for words in the log.
func (w *watch) waitLog(words string) {
	w.t.Helper()
	for begun := time.Now(); !strings.Contains(w.log.String(), words); time.Sleep(10 * time.Millisecond) {
		if time.Since(begun) > 10*time.Second {
			w.t.Fatalf("the log lacks %q:\n%s", words, w.log)
		}
	}
}

// A connection that is lost in the very middle of the answer to STARTTLS leaves nothing
// that waits for ever.
func TestStartTLSBroken(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"TAG OK", "TAG OK go\r", "TAG OK go\rx\r\n"} {
		s := newScript(t)
		s.behave(always("STARTTLS", func(tag string, c net.Conn) {
			say(answer)(tag, c)
			_ = c.Close()
		}), nil)
		a := s.account()
		a.TLS = imapsession.TLSStart
		done := make(chan error, 1)
		go func() {
			_, err := imapsession.Dial(t.Context(), &a, 500*time.Millisecond)
			done <- err
		}()
		select {
		case err := <-done:
			if err == nil {
				t.Errorf("after %q: no error", answer)
			}
		case <-time.After(3 * time.Second):
			t.Errorf("after %q it hangs", answer)
		}
	}
}

// A server that passes over a draft that is there is asked for it again.
func TestPassedOver(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"nothing": "TAG OK done\r\n", "flags alone": "* 1 FETCH (UID 1 FLAGS (\\Draft))\r\nTAG OK done\r\n",
		"nil": "* 1 FETCH (UID 1 BODY[] NIL)\r\nTAG OK done\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScript(t)
			var n atomic.Int32
			s.behave(func(_ int, tag, command string, c net.Conn) bool {
				if !strings.HasPrefix(command, "UID FETCH 1 (UID BODY") || n.Add(1) > 4 {
					return false
				}
				say(answer)(tag, c)
				return true
			}, nil)
			s.save(string(draft("Su aviso", bad)))
			opts := options(t, 400*time.Millisecond, s.account())
			opts.Settle = 30 * time.Millisecond
			w := start(t, opts)
			w.next(imapwatch.Found)
			w.quiet()
		})
	}
}

// Where a server gets the length of a literal wrong, what follows is read as its words.
func TestLengthWrong(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"Subject: aviso\r\n\r\ntrabajando\r\n", "Subject:\r\n\r\n* visita avisaron\r\nhunter2 OK x\r\n",
	} {
		for n := range len(text) {
			s := newScript(t)
			s.behave(always("UID FETCH 1 (UID BODY", func(tag string, c net.Conn) {
				fmt.Fprintf(c, "* 1 FETCH (UID 1 BODY[] {%d}\r\n%s)\r\n%s OK done\r\n", n, text, tag)
			}), nil)
			s.save(string(draft("Su aviso", bad)))
			opts := options(t, 400*time.Millisecond, s.account())
			opts.Settle, opts.Timeout = 10*time.Millisecond, 300*time.Millisecond
			w := start(t, opts)
			time.Sleep(60 * time.Millisecond)
			w.end()
			keepsPrivate(t, "the log", w.log.String())
			s.close()
		}
	}
}

// A server that repeats the secret as it refuses it does not get it into the log.
func TestSecretRepeated(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{
		"TAG NO [AUTHENTICATIONFAILED] no: LOGIN alice " + password + "\r\n", "TAG BAD what is LOGIN alice " + password + "?\r\n",
		"TAG BAD what is AGFsaWNlAGh1bnRlcjI=?\r\n",
		"* BYE bad " + password + "\r\n",
	} {
		for _, auth := range []string{"login", "plain"} {
			s := newScript(t)
			s.caps += " SASL-IR AUTH=PLAIN"
			s.behave(func(_ int, tag, command string, c net.Conn) bool {
				if !strings.HasPrefix(command, "LOGIN") && !strings.HasPrefix(command, "AUTHENTICATE") {
					return false
				}
				say(answer)(tag, c)
				if strings.Contains(answer, "BYE") {
					_ = c.Close()
				}
				return true
			}, nil)
			a := s.account()
			a.Auth = auth
			_, err := imapwatch.Check(t.Context(), a)
			if err == nil || strings.Contains(err.Error(), password) || strings.Contains(err.Error(), "AGFsaWNlAGh1bnRlcjI") {
				t.Errorf("%s, after %q: %v", auth, answer, err)
			}
			if want := strings.HasPrefix(answer, "TAG NO"); errors.Is(err, imapwatch.ErrRefused) != want {
				t.Errorf("%s, after %q: refused is %v", auth, answer, !want)
			}
		}
	}
}

// What passes is no refusal of the credentials, however it is said.
func TestBusyIsNoRefusal(t *testing.T) {
	t.Parallel()
	for answer, refused := range map[string]bool{
		"[ALERT] Too many simultaneous connections. (Failure)":                                         false, // Gmail
		"[ALERT] Account exceeded command or bandwidth limits. (Failure)":                              false,
		"[ALERT] Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)": false, // Dovecot
		"Server Unavailable. 15":                                                                 false, // Exchange
		"[UNAVAILABLE] Temporary authentication failure.":                                        false,
		"[unavailable] later":                                                                    false,
		"[LIMIT] LOGIN Rate limit hit":                                                           false, // Yahoo
		"[SERVERBUG] LOGIN Server error - Please try again":                                      false,
		"[AUTHENTICATIONFAILED] Invalid credentials (Failure)":                                   true,
		"[AUTHENTICATIONFAILED] Too many connections with that password":                         true,
		"[ALERT] Application-specific password required: https://support.google.com/x (Failure)": true,
		"[ALERT] Please log in via your web browser: https://support.google.com/y (Failure)":     true,
		"LOGIN failed.":        true,
		"Login failed for you": true,
		"":                     true,
	} {
		s := newScript(t)
		s.behave(always("LOGIN", say("TAG NO "+answer+"\r\n")), nil)
		_, err := imapwatch.Check(t.Context(), s.account())
		if err == nil || errors.Is(err, imapwatch.ErrRefused) != refused {
			t.Errorf("%q is refused: %v, want %v (%v)", answer, !refused, refused, err)
		}
	}
}

// What a server can do may change with the login, and is asked for anew.
func TestCapabilitiesAfterLogin(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.caps = "IMAP4rev1 AUTH=PLAIN"
	s.behave(func(_ int, tag, command string, c net.Conn) bool {
		switch {
		case strings.HasPrefix(command, "LOGIN"):
			say("TAG OK hello\r\n")(tag, c)
		case command == "CAPABILITY":
			say("* CAPABILITY IMAP4rev1 IDLE SPECIAL-USE\r\nTAG OK done\r\n")(tag, c)
		default:
			return false
		}
		return true
	}, nil)
	stale := 0
	for range 300 {
		a := s.account()
		session, err := imapsession.Dial(t.Context(), &a, 2*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if !session.Idle() {
			stale++
		}
		session.Close()
	}
	if stale > 0 {
		t.Errorf("%d of 300 times it went by what held before", stale)
	}
}

// A server that lets in and hangs up at once is not run down.
func TestHangsUpAtOnce(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.behave(always("IDLE", func(_ string, c net.Conn) { _ = c.Close() }), nil)
	start(t, options(t, 10*time.Second, s.account()))
	time.Sleep(2 * time.Second)
	if n := s.connections(); n > 12 { // 20 ms, 40 ms … 1.2 s
		t.Errorf("%d connections in 2 s, with a backoff of 20 ms", n)
	}
}

// Servers that tell folders apart without their case would put notes among the drafts.
func TestNotesAmongDrafts(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Entwürfe", "entwürfe", "ENTWÜRFE"} {
		s := newScript(t)
		opts := options(t, 400*time.Millisecond, s.account())
		opts.Notes = name
		w := start(t, opts)
		s.save(string(draft("Su aviso", bad)))
		w.next(imapwatch.Found)
		w.quiet()
		if strings.Contains(s.commands(), "APPEND") {
			t.Errorf("a note went to %q", name)
		}
	}
}

// A folder for notes that is missing is made, with servers that know plain literals alone, too.
func TestNotesFolderMissing(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	var made, got atomic.Bool
	s.behave(func(_ int, tag, command string, c net.Conn) bool {
		switch {
		case strings.HasPrefix(command, "CREATE"):
			made.Store(true)
			say("TAG OK made\r\n")(tag, c)
		case strings.HasPrefix(command, "APPEND") && !made.Load():
			say("TAG NO [TRYCREATE] no such folder\r\n")(tag, c)
		case strings.HasPrefix(command, "APPEND"):
			size := 0
			_, _ = fmt.Sscanf(command[strings.LastIndexByte(command, '{'):], "{%d}", &size)
			say("+ go\r\n")(tag, c)
			return true // what follows is taken for commands
		case strings.HasPrefix(command, "X-Tacto") || strings.Contains(tag, "X-Tacto-Verdict"):
			got.Store(true)
			return true
		default:
			return false
		}
		return true
	}, nil)
	opts := options(t, 400*time.Millisecond, s.account())
	opts.Notes = "Tacto"
	w := start(t, opts)
	s.save(string(draft("Su aviso", bad)))
	w.next(imapwatch.Found)
	for begun := time.Now(); !got.Load(); time.Sleep(20 * time.Millisecond) {
		if time.Since(begun) > 3*time.Second {
			t.Fatalf("no note came:\n%s\n%s", s.commands(), w.log)
		}
	}
}

// Once tells of what is behind a draft that breaks each connection.
func TestOncePoison(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.behave(always("UID FETCH 1 (UID BODY", reset), nil)
	s.save(string(draft("Su aviso malo", bad)))
	s.save(string(draft("Su aviso bueno", bad)))
	opts := options(t, 400*time.Millisecond, s.account())
	opts.Settle = 20 * time.Millisecond
	var told atomic.Uint32
	opts.Tell = func(_ context.Context, j *imapwatch.Judgement) error { told.Store(j.UID); return nil }
	w, err := imapwatch.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Once(t.Context()); err == nil {
		t.Error("no error, with a draft that could not be read")
	}
	if told.Load() != 2 {
		t.Errorf("told of uid %d", told.Load())
	}
}

// A state file with holes in it is no reason to fall over.
func TestStateWithHoles(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.save(string(draft("Su aviso", bad)))
	opts := options(t, 400*time.Millisecond, s.account())
	opts.State = filepath.Join(t.TempDir(), "state.json")
	w := start(t, opts)
	w.next(imapwatch.Found)
	w.end()
	data, err := os.ReadFile(opts.State)
	if err != nil {
		t.Fatal(err)
	}
	data = []byte(strings.Replace(string(data), `"told":[{`, `"told":[null,{`, 1))
	if err := os.WriteFile(opts.State, data, 0o600); err != nil {
		t.Fatal(err)
	}
	w = start(t, opts)
	s.save(string(draft("Su aviso nuevo", bad)))
	w.next(imapwatch.Found)
}

// A folder whose numbers have gone back is another, whatever its UIDVALIDITY says.
func TestNumbersGoBack(t *testing.T) {
	t.Parallel()
	for name, last := range map[string]uint32{"restored": 500, "the last there is": 1<<32 - 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScript(t)
			s.save(string(draft("Su aviso", bad)))
			s.behave(func(n int, tag, command string, c net.Conn) bool {
				switch {
				case strings.HasPrefix(command, "EXAMINE"):
					next := uint64(s.next)
					if n == 1 {
						next = uint64(last) + 1
					}
					fmt.Fprintf(c, "* 1 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT %d] x\r\n%s OK done\r\n", min(next, 1<<32-1), tag)
				case n == 1 && strings.HasPrefix(command, "UID FETCH 1:* "):
					fmt.Fprintf(c, "* 1 FETCH (UID %d FLAGS () RFC822.SIZE 9 INTERNALDATE \" 1-Jan-2020 00:00:00 +0000\")\r\n%s OK done\r\n", last, tag)
				case n == 1 && command == "IDLE":
					_ = c.Close()
				default:
					return false
				}
				return true
			}, nil)
			w := start(t, options(t, 400*time.Millisecond, s.account()))
			w.next(imapwatch.Found)
			w.quiet()
		})
	}
}

// A server that never ends what it says fills no memory.
func TestEndless(t *testing.T) {
	for name, begin := range map[string]string{"a line in IDLE": "* OK ", "a string": "* LIST () \"/\" \""} {
		t.Run(name, func(t *testing.T) {
			s := newScript(t)
			var sent atomic.Int64
			s.behave(func(n int, tag, command string, c net.Conn) bool {
				if command != "IDLE" || n > 1 {
					return false
				}
				_, _ = io.WriteString(c, "+ go\r\n"+begin)
				piece := strings.Repeat("x", 1<<20)
				for range 1000 {
					k, err := io.WriteString(c, piece)
					if sent.Add(int64(k)); err != nil {
						break
					}
				}
				_ = c.Close()
				return true
			}, nil)
			w := start(t, options(t, 20*time.Second, s.account()))
			w.waitLog("not connected")
			if n := sent.Load() >> 20; n > 60 { // what is on its way counts, too
				t.Errorf("it took %d MB", n)
			}
			s.save(string(draft("Su aviso", bad)))
			w.next(imapwatch.Found)
		})
	}
}

// Flags that come first leave out how old a draft is: old ones are not taken for new.
func TestOldWithFlagsFirst(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.save(string(draft("Su aviso", bad)))
	var n atomic.Int32
	s.behave(func(_ int, tag, command string, c net.Conn) bool {
		if !strings.HasPrefix(command, "UID FETCH 1:*") && !strings.HasPrefix(command, "UID FETCH 2:*") {
			return false
		}
		if n.Add(1) == 1 {
			say("* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n")(tag, c)
		}
		say("* 1 FETCH (UID 1 FLAGS () RFC822.SIZE 9 INTERNALDATE \" 1-Jan-2020 00:00:00 +0000\")\r\nTAG OK done\r\n")(tag, c)
		return true
	}, nil)
	w := start(t, options(t, 100*time.Millisecond, s.account()))
	w.quiet()
}

// failures are what goes wrong, in order.
type failures struct {
	mu  sync.Mutex
	all []string
}

func (f *failures) Connected(string, bool) {}
func (f *failures) Judged(string)          {}
func (f *failures) Failed(_, what string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = append(f.all, what)
}

// A token that has run out is no refusal, however often: the next is asked for.
func TestTokensRunOut(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.caps = "IMAP4rev1 IDLE AUTH=XOAUTH2 SASL-IR"
	s.behave(func(n int, tag, command string, c net.Conn) bool {
		switch {
		case strings.HasPrefix(command, "AUTHENTICATE") && (n == 1 || n == 3 || n > 4):
			say("TAG NO [AUTHENTICATIONFAILED] run out\r\n")(tag, c)
		case command == "IDLE":
			_ = c.Close()
		default:
			return false
		}
		return true
	}, nil)
	a := s.account()
	a.Auth, a.Password, a.Token = "", nil, secret("t0ken")
	f := &failures{}
	opts := options(t, 10*time.Second, a)
	opts.Metrics = f
	w := start(t, opts)
	w.waitLog("watched no more")
	f.mu.Lock()
	defer f.mu.Unlock()
	if want := "[connect lost connect lost connect refused]"; fmt.Sprint(f.all) != want {
		t.Errorf("failures %v, want %s", f.all, want)
	}
}

// The LOGIN mechanism as servers without SASL-IR ask for it.
func TestAuthLogin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ caps, user, pass string }{
		{"IMAP4rev1 AUTH=LOGIN LOGINDISABLED", "VXNlcm5hbWU6", "UGFzc3dvcmQ6"},     // Username:, Password:
		{"IMAP4rev1 AUTH=LOGIN LOGINDISABLED", "VXNlciBOYW1lAA==", "UGFzc3dvcmQA"}, // User Name\0, Password\0
		{"IMAP4rev1 AUTH=LOGIN LOGINDISABLED SASL-IR", "VXNlcm5hbWU6", "UGFzc3dvcmQ6"},
	} {
		s := newScript(t)
		s.caps = c.caps
		step := ""
		s.behave(func(_ int, tag, command string, conn net.Conn) bool {
			switch {
			case strings.HasPrefix(command, "AUTHENTICATE LOGIN "):
				step = tag
				fmt.Fprintf(conn, "+ %s\r\n", c.pass)
			case command == "AUTHENTICATE LOGIN":
				step = tag
				fmt.Fprintf(conn, "+ %s\r\n", c.user)
			case command == "" && tag == "YWxpY2U=":
				fmt.Fprintf(conn, "+ %s\r\n", c.pass)
			case command == "" && tag == "aHVudGVyMg==":
				fmt.Fprintf(conn, "%s OK in\r\n", step)
			case command == "":
				fmt.Fprintf(conn, "%s NO what?\r\n", step)
			default:
				return false
			}
			return true
		}, nil)
		if got, err := imapwatch.Check(t.Context(), s.account()); err != nil || got.Auth != "login" {
			t.Errorf("%+v: %v\n%s", c, err, s.commands())
		}
	}
}

// Users and passwords of all kinds come through as they are.
func TestOddPasswords(t *testing.T) {
	t.Parallel()
	m := newMemServer(t)
	for i, p := range []string{`a"b\c`, ` x `, `ñandú€`, "%s{3}", "tab\there", strings.Repeat("x", 2000), `\`, `"`} {
		name := fmt.Sprintf(`od"d\%d ñ`, i)
		u := imapmemserver.NewUser(name, p)
		for _, f := range []string{"INBOX", "Entwürfe & más"} {
			if err := u.Create(f, nil); err != nil {
				t.Fatal(err)
			}
		}
		m.mem.AddUser(u)
		for _, auth := range []string{"login", "plain"} {
			a := imapwatch.Account{Name: "a", Host: "127.0.0.1", Port: m.port, TLS: imapsession.TLSNone, User: name, Password: secret(p), Auth: auth, Folder: "entwürfe & MÁS"}
			if c, err := imapwatch.Check(t.Context(), a); err != nil || c.Drafts != "Entwürfe & más" {
				t.Errorf("%s, %q: %v", auth, p[:min(20, len(p))], err)
			}
			a.Password = secret("x" + p)
			if _, err := imapwatch.Check(t.Context(), a); !errors.Is(err, imapwatch.ErrRefused) {
				t.Errorf("%s, x%q: %v", auth, p[:min(20, len(p))], err)
			}
		}
	}
}

// A folder that has no right name keeps nobody from the one that is configured.
func TestFolderNameBroken(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"R&D", `"Publicit\351"`, `"caf` + "\xe9" + `"`} {
		s := newScript(t)
		s.behave(always("LIST", say("* LIST () \"/\" "+name+"\r\n* LIST () \"/\" Entw&APw-rfe\r\nTAG OK done\r\n")), nil)
		s.save(string(draft("Su aviso", bad)))
		a := s.account()
		a.Folder = "Entwürfe"
		if c, err := imapwatch.Check(t.Context(), a); err != nil || c.Drafts != a.Folder || c.Messages != 1 {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
		w := start(t, options(t, 400*time.Millisecond, a))
		w.next(imapwatch.Found)
		w.end()
	}
}

// A server that says that something is new whenever it is asked to say so is not asked without end.
func TestAlwaysNews(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.behave(func(_ int, tag, command string, c net.Conn) bool {
		if command == "IDLE" {
			s.answer(tag, command, c)
			say("* 0 EXISTS\r\n")(tag, c)
		}
		return command == "IDLE"
	}, nil)
	w := start(t, options(t, 10*time.Second, s.account()))
	w.waitLog("watching")
	time.Sleep(time.Second)
	if n := strings.Count(s.commands(), "NOOP"); n > 50 {
		t.Errorf("looked %d times in a second", n)
	}
}

// Nothing stays behind of connections that are lost in the middle of things.
func TestNothingLeftOfReconnects(t *testing.T) {
	for name, turn := range map[string]func(int, string, string, net.Conn) bool{
		"half a literal and the end": always("UID FETCH 1 (UID BODY", func(tag string, c net.Conn) {
			say("* 1 FETCH (UID 1 BODY[] {5000}\r\nFrom: a")(tag, c)
			_ = c.Close()
		}),
		"half a literal": always("UID FETCH 1 (UID BODY", say("* 1 FETCH (UID 1 BODY[] {5000}\r\nFrom: a")),
		"a huge literal": always("UID FETCH 1 (UID BODY", say("* 1 FETCH (UID 1 BODY[] {9000000000000000000}\r\nFrom: a")),
		"negative":       always("UID FETCH 1 (UID BODY", say("* 1 FETCH (UID 1 BODY[] {-1}\r\nFrom: a")),
		"negative size":  always("UID FETCH 1:*", say("* 1 FETCH (UID 1 RFC822.SIZE -1)\r\nTAG OK done\r\n")),
		"a flood of folders": always("LIST", func(tag string, c net.Conn) {
			for range 5000 {
				say("* LIST () \"/\" x\r\n")(tag, c)
			}
			_ = c.Close()
		}),
		"IDLE": always("IDLE", func(_ string, c net.Conn) { say("+ go\r\n")("", c); _ = c.Close() }),
		"a flood of messages": always("UID FETCH 1:*", func(tag string, c net.Conn) {
			for i := range 5000 {
				fmt.Fprintf(c, "* %d FETCH (UID %d FLAGS ())\r\n", i+1, i+1)
			}
			_, _ = io.WriteString(c, "* 1 FETCH (UID 6000 FLAGS ")
			_ = c.Close()
		}),
		"unknown in a list": always("UID FETCH 1:*", func(tag string, c net.Conn) {
			for i := range 500 {
				fmt.Fprintf(c, "* %d FETCH (UID %d FLAGS ())\r\n", i+1, i+1)
			}
			say("* 1 XYZZY\r\n")(tag, c)
		}),
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript(t)
			s.behave(turn, nil)
			s.save(string(draft("Su aviso", bad)))
			before := runtime.NumGoroutine()
			a := s.account()
			opts := options(t, 50*time.Millisecond, a)
			opts.Settle, opts.Timeout, opts.Backoff = 10*time.Millisecond, 100*time.Millisecond, time.Millisecond
			opts.Tell = func(context.Context, *imapwatch.Judgement) error { return nil }
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			for ctx.Err() == nil { // a new watch has no memory of what broke the last
				one, stop := context.WithTimeout(ctx, 120*time.Millisecond)
				w, err := imapwatch.New(opts)
				if err != nil {
					t.Fatal(err)
				}
				_ = w.Run(one)
				stop()
			}
			n := s.connections()
			s.close()
			deadline := time.Now().Add(3 * time.Second)
			for runtime.NumGoroutine() > before && time.Now().Before(deadline) {
				time.Sleep(20 * time.Millisecond)
			}
			if k := runtime.NumGoroutine(); k > before {
				b := make([]byte, 1<<16)
				t.Errorf("%d goroutines, %d before, after %d connections:\n%s", k, before, n, b[:runtime.Stack(b, true)])
			}
		})
	}
}

// A connection that lasts longer than the state is kept does not cost the state.
func TestLongConnection(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.save(string(draft("Su aviso", bad)))
	opts := options(t, 50*time.Millisecond, s.account())
	opts.State = filepath.Join(t.TempDir(), "state.json")
	told := make(chan struct{}, 10)
	opts.Tell = func(context.Context, *imapwatch.Judgement) error { told <- struct{}{}; return nil }
	w, err := imapwatch.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- w.Run(ctx) }()
	<-told
	w.Backdate(100 * 24 * time.Hour)
	s.save(string(draft("Su aviso 2", bad)))
	<-told
	cancel()
	<-done
	opts.Tell = nil
	start(t, opts).quiet()
}

// A state file that can't be written is said once, and nothing is told twice for it.
func TestStateUnwritable(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	opts := options(t, 50*time.Millisecond, s.account())
	opts.State = filepath.Join(t.TempDir(), "state", "state.json")
	w := start(t, opts)
	w.waitLog("watching")
	if err := os.RemoveAll(filepath.Dir(opts.State)); err != nil {
		t.Fatal(err)
	}
	s.save(string(draft("Su aviso", bad)))
	w.next(imapwatch.Found)
	w.quiet()
	if n := strings.Count(w.log.String(), "level=ERROR"); n != 1 {
		t.Errorf("said %d times:\n%s", n, w.log)
	}
	if err := os.MkdirAll(filepath.Dir(opts.State), 0o700); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	w.end()
	w = start(t, opts)
	w.quiet() // what could be written in the end
	w.end()
}

// A text that nobody wrote, or a large attachment, is in nobody's way.
func TestLargeDrafts(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.save(string(draft("Su aviso", strings.Repeat(bad, (3<<20)/len(bad)))))
	s.save(string(draft("Su aviso", bad)))
	opts := options(t, 400*time.Millisecond, s.account())
	opts.Timeout = 10 * time.Second
	w := start(t, opts)
	if j := w.next(imapwatch.Found); j.UID != 2 {
		t.Errorf("told of uid %d", j.UID)
	}
	s.save("Subject: aviso\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\n" + bad + "\r\n--x\r\nContent-Type: application/pdf\r\n" +
		"Content-Transfer-Encoding: base64\r\n\r\n" + strings.Repeat("QUJDREVGQUJDREVGQUJDREVGQUJDREVG\r\n", (30<<20)/34) + "--x--\r\n")
	if j := w.next(imapwatch.Found); j.UID != 3 {
		t.Errorf("told of uid %d", j.UID)
	}
}

// STARTTLS as it should be, and as somebody in between would have it: nothing that was
// said in clear counts, and no password follows it.
func TestStartTLS(t *testing.T) {
	t.Parallel()
	cert, pool := certificate(t, "localhost", time.Now().Add(time.Hour))
	for name, c := range map[string]struct {
		greeting, answer string
		good             bool
	}{
		"as it should be":       {"", "* OK wait\r\nTAG OK go\r\n", true},
		"lower case":            {"* ok [capability IMAP4rev1] hello\r\n", "TAG ok\r\n", true},
		"no words":              {"* OK\r\n", "TAG OK\r\n", true},
		"more than the answer":  {"", "TAG OK go\r\nT1 OK in\r\n", false},
		"refused":               {"", "TAG NO not here\r\n", false},
		"logged in already":     {"* PREAUTH welcome\r\n", "TAG OK go\r\n", false},
		"goodbye":               {"* BYE too many\r\n", "TAG OK go\r\n", false},
		"another's answer":      {"", "X9 OK go\r\n", false},
		"a line without end":    {"* OK " + strings.Repeat("x", 9000) + "\r\n", "TAG OK go\r\n", false},
		"lines without end":     {"", strings.Repeat("* OK x\r\n", 500), false},
		"other powers in clear": {"* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] x\r\n", "TAG OK [CAPABILITY IMAP4rev1 LOGINDISABLED] go\r\n", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScript(t)
			s.behave(func(n int, tag, command string, conn net.Conn) bool {
				if command != "STARTTLS" {
					return false
				}
				say(c.answer)(tag, conn)
				s.serve(n, tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{cert}}))
				return true
			}, func(n int, conn net.Conn) bool {
				if _, safe := conn.(*tls.Conn); !safe && c.greeting != "" {
					_, _ = io.WriteString(conn, c.greeting)
					s.converse(n, conn)
					return true
				}
				return false
			})
			a := s.account()
			a.Host, a.TLS, a.RootCAs = "localhost", imapsession.TLSStart, pool
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			got, err := imapwatch.Check(ctx, a)
			if c.good != (err == nil && got.Idle) || !c.good && strings.Contains(s.commands(), "LOGIN") {
				t.Errorf("%+v, %v\n%s", got, err, s.commands())
			}
		})
	}
}

// A watch stops within two seconds, whatever it waits for.
func TestStops(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*script, *imapwatch.Options){
		"the greeting": func(s *script, _ *imapwatch.Options) {
			s.behave(nil, func(int, net.Conn) bool { return true })
		},
		"the TLS handshake": func(s *script, o *imapwatch.Options) {
			s.behave(nil, func(int, net.Conn) bool { return true })
			o.Accounts[0].TLS = imapsession.TLSImplicit
		},
		"the answer to STARTTLS": func(s *script, o *imapwatch.Options) {
			s.behave(always("STARTTLS", hang), nil)
			o.Accounts[0].TLS = imapsession.TLSStart
		},
		"the handshake after STARTTLS": func(s *script, o *imapwatch.Options) {
			s.behave(always("STARTTLS", say("TAG OK go\r\n")), nil)
			o.Accounts[0].TLS = imapsession.TLSStart
		},
		"the secret": func(_ *script, o *imapwatch.Options) {
			o.Accounts[0].Password = func(ctx context.Context) (string, error) { <-ctx.Done(); return "", ctx.Err() }
		},
		"the login": func(s *script, _ *imapwatch.Options) { s.behave(always("LOGIN", hang), nil) },
		"half a literal": func(s *script, _ *imapwatch.Options) {
			s.behave(always("UID FETCH 1 (UID BODY", say("* 1 FETCH (UID 1 BODY[] {50}\r\nx")), nil)
		},
		"IDLE": func(*script, *imapwatch.Options) {},
		"the end of IDLE": func(s *script, o *imapwatch.Options) {
			s.behave(func(_ int, tag, _ string, _ net.Conn) bool { return tag == "DONE" }, nil)
			o.Poll = 60 * time.Millisecond
		},
		"who is told": func(_ *script, o *imapwatch.Options) {
			o.Tell = func(ctx context.Context, _ *imapwatch.Judgement) error { <-ctx.Done(); return ctx.Err() }
		},
		"who is told and does not mind": func(_ *script, o *imapwatch.Options) {
			o.Tell = func(context.Context, *imapwatch.Judgement) error { time.Sleep(10 * time.Second); return nil }
		},
		"the next try": func(s *script, o *imapwatch.Options) {
			s.close()
			o.Backoff = time.Minute
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScript(t)
			s.save(string(draft("Su aviso", bad)))
			opts := options(t, 10*time.Second, s.account())
			opts.Timeout, opts.Settle, opts.State = time.Minute, 20*time.Millisecond, filepath.Join(t.TempDir(), "state.json")
			set(s, &opts)
			w := start(t, opts)
			time.Sleep(400 * time.Millisecond)
			w.end()
		})
	}
}
