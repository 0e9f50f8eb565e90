package milter_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	client "github.com/emersion/go-milter"

	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/milter"
	"github.com/tacto-lint/tacto/presend"
	"github.com/tacto-lint/tacto/rules"
)

// Words that must never be in a log: of addresses, subjects and texts below.
var secrets = []string{"ana", "carla", "aviso", "trabajando", "avisaron", "visita", "reason", "example"}

const bad = "From: Ana <ana@us.example>\r\nTo: Carla <carla@client.example>\r\nSubject: Su aviso\r\nDate: Thu, 20 Nov 2025 10:00:00 +0100\r\n\r\n" +
	"Estimada Carla:\r\n\r\nEstamos trabajando en el problema. Ustedes no nos avisaron del cambio.\r\n\r\nUn saludo,\r\nAna\r\n"

const good = "From: Ana <ana@us.example>\r\nTo: Carla <carla@client.example>\r\nSubject: Su visita\r\nDate: Thu, 20 Nov 2025 10:00:00 +0100\r\n\r\n" +
	"Estimada Carla:\r\n\r\nEl martes 25 a las 10 le cambio yo el disco y a las 12 le llamo.\r\n\r\nUn saludo,\r\nAna\r\n"

const override = "X-Tacto-Override: we spoke, reason enough\r\n" + bad

func gate(t testing.TB, p presend.Policy) *presend.Gate {
	t.Helper()
	set, err := rules.Default()
	if err != nil {
		t.Fatal(err)
	}
	l, err := lint.New(set, lint.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if p.FailOn == "" {
		p.FailOn = "error"
	}
	return &presend.Gate{Linter: l, Policy: p}
}

// logBuffer is a log that tests can read while it is written.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// waits for a text in the log.
func (b *logBuffer) wait(t *testing.T, want string) {
	t.Helper()
	for range 1000 {
		if strings.Contains(b.String(), want) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("never logged: %s\nbut: %s", want, b.String())
}

// fixture is a server on loopback.
type fixture struct {
	*milter.Server
	address string
	log     *logBuffer
	metrics *milter.Metrics
	served  chan error
}

func serve(t *testing.T, s milter.Settings) *fixture {
	t.Helper()
	if s.Gate == nil {
		s.Gate = gate(t, presend.Policy{})
	}
	return serveAsIs(t, s)
}

func serveAsIs(t *testing.T, s milter.Settings) *fixture {
	t.Helper()
	ln, err := milter.Listen("inet:127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{address: ln.Addr().String(), log: &logBuffer{}, metrics: milter.NewMetrics(), served: make(chan error, 1)}
	f.Server = milter.New(s, slog.New(slog.NewTextHandler(f.log, &slog.HandlerOptions{Level: slog.LevelDebug})), f.metrics)
	go func() { f.served <- f.Serve(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := f.Stop(ctx); err != nil {
			t.Errorf("stopping: %v", err)
		}
		logged := strings.ToLower(f.log.String())
		for _, secret := range secrets {
			if regexp.MustCompile(`\b` + secret + `\b`).MatchString(logged) {
				t.Errorf("the log holds %q: %s", secret, logged)
			}
		}
	})
	return f
}

// metric gives the line of a metric, "" if there is none.
func (f *fixture) metric(name string) string {
	w := httptest.NewRecorder()
	f.metrics.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for _, line := range strings.Split(w.Body.String(), "\n") {
		if v, ok := strings.CutPrefix(line, name+" "); ok {
			return v
		}
	}
	return ""
}

// connect opens a session; the second result is its raw connection.
func (f *fixture) connect(t testing.TB) (*client.ClientSession, net.Conn) {
	t.Helper()
	nc, err := net.Dial("tcp", f.address)
	if err != nil {
		t.Fatal(err)
	}
	s := sessionOn(t, nc)
	t.Cleanup(func() { nc.Close() })
	return s, nc
}

type dialer struct{ net.Conn }

func (d dialer) Dial(string, string) (net.Conn, error) { return d.Conn, nil }

func sessionOn(t testing.TB, nc net.Conn) *client.ClientSession {
	t.Helper()
	s, err := client.NewClientWithOptions("tcp", "", client.ClientOptions{Dialer: dialer{nc}, ReadTimeout: 20 * time.Second, WriteTimeout: 20 * time.Second,
		ActionMask: client.OptAddHeader | client.OptChangeHeader}).Session()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// envelope is how a message comes.
type envelope struct {
	macros []string // of MAIL
	to     []string
}

var authenticated = envelope{[]string{"{auth_authen}", "ana", "i", "4bXyZ1"}, []string{"carla@client.example"}}

// send puts a message through, in pieces of a chunk's size.
func send(t testing.TB, s *client.ClientSession, e envelope, message string, chunk int) ([]client.ModifyAction, *client.Action) {
	t.Helper()
	must := func(a *client.Action, err error) *client.Action {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	if err := s.Macros(client.CodeMail, e.macros...); err != nil {
		t.Fatal(err)
	}
	must(s.Mail("ana@us.example", nil))
	for _, to := range e.to {
		must(s.Rcpt(to, nil))
	}
	head, body, _ := strings.Cut(message, "\r\n\r\n")
	for _, field := range strings.Split(strings.ReplaceAll(head, "\r\n ", "\n "), "\r\n") {
		name, value, _ := strings.Cut(field, ":")
		if a := must(s.HeaderField(name, strings.TrimPrefix(value, " "))); a.Code != client.ActContinue {
			return nil, a
		}
	}
	if a := must(s.HeaderEnd()); a.Code != client.ActContinue {
		return nil, a
	}
	for len(body) > 0 {
		n := min(chunk, len(body))
		if a := must(s.BodyChunk([]byte(body[:n]))); a.Code != client.ActContinue {
			return nil, a
		}
		body = body[n:]
	}
	changes, a, err := s.End()
	if err != nil {
		t.Fatal(err)
	}
	return changes, a
}

// show writes changes as lines.
func show(changes []client.ModifyAction) string {
	var all []string
	for _, c := range changes {
		switch c.Code {
		case client.ActAddHeader:
			all = append(all, "+"+c.HeaderName+": "+c.HeaderValue)
		case client.ActChangeHeader:
			all = append(all, strings.Repeat("-", int(c.HeaderIndex))+c.HeaderName+c.HeaderValue)
		default:
			all = append(all, "?"+string(c.Code))
		}
	}
	return strings.Join(all, "\n")
}

// TestMessages: what becomes of messages, in both modes.
func TestMessages(t *testing.T) {
	clients := presend.Policy{Clients: []string{"*@client.example"}, Internal: []string{"*@us.example"}}
	noted := func(lines ...string) string { return strings.Join(lines, "\n") }
	const forged = "X-Tacto-Score: 100\r\nx-tacto-verdict: send\r\nX-Tacto-Score: 99\r\nX-Tacto-Rules: none\r\n"
	anonymous := envelope{[]string{"i", "4bXyZ1"}, authenticated.to}
	for _, c := range []struct {
		name     string
		settings milter.Settings
		policy   presend.Policy
		envelope envelope
		message  string
		outcome  string
		code     client.ActionCode
		changes  string // as a regular expression
	}{
		{"observe, fine", milter.Settings{}, presend.Policy{}, authenticated, good, "fine", client.ActAccept,
			noted(`\+X-Tacto-Score: \d+`, `\+X-Tacto-Verdict: send`) + `(\n\+X-Tacto-Rules: [a-z, -]+)?`},
		{"observe, bad", milter.Settings{}, presend.Policy{}, authenticated, bad, "would-hold", client.ActAccept,
			noted(`\+X-Tacto-Score: \d+`, `\+X-Tacto-Verdict: talk`, `\+X-Tacto-Rules: blame-reader, [a-z, \n-]*\btalk-first\b[a-z, \n-]*`)},
		{"observe, overridden", milter.Settings{}, presend.Policy{}, authenticated, override, "overridden", client.ActAccept,
			noted(`-X-Tacto-Override`, `\+X-Tacto-Score: \d+`, `\+X-Tacto-Verdict: talk`, `\+X-Tacto-Rules: (?s).*`)},
		{"observe, forged headers go, the last of a name first", milter.Settings{}, presend.Policy{}, authenticated, forged + bad, "would-hold", client.ActAccept,
			noted(`-X-Tacto-Rules`, `--X-Tacto-Score`, `-x-tacto-verdict`, `-X-Tacto-Score`, `\+X-Tacto-Score: \d+`) + `(?s).*`},
		{"forged headers go from mail of strangers too, with no new ones", milter.Settings{}, presend.Policy{}, anonymous, forged + override, "outside", client.ActAccept,
			noted(`-X-Tacto-Rules`, `--X-Tacto-Score`, `-x-tacto-verdict`, `-X-Tacto-Score`)},
		{"strangers' mail is not read", milter.Settings{Mode: milter.Reject}, presend.Policy{}, anonymous, override, "outside", client.ActAccept, ``},
		{"an empty login is none", milter.Settings{Mode: milter.Reject}, presend.Policy{}, envelope{[]string{"{auth_authen}", "", "i", "1"}, authenticated.to}, bad, "outside", client.ActAccept, ``},
		{"auth_type alone will do", milter.Settings{Mode: milter.Reject}, presend.Policy{}, envelope{[]string{"{auth_type}", "PLAIN"}, authenticated.to}, bad, "held", client.ActReplyCode, ``},
		{"all", milter.Settings{Mode: milter.Reject, All: true}, presend.Policy{}, anonymous, bad, "held", client.ActReplyCode, ``},
		{"reject, fine", milter.Settings{Mode: milter.Reject}, presend.Policy{}, authenticated, good, "fine", client.ActAccept, ``},
		{"reject, bad", milter.Settings{Mode: milter.Reject}, presend.Policy{}, authenticated, bad, "held", client.ActReplyCode, ``},
		{"reject, overridden", milter.Settings{Mode: milter.Reject}, presend.Policy{}, authenticated, override, "overridden", client.ActAccept, `-X-Tacto-Override`},
		{"reject, a folded override", milter.Settings{Mode: milter.Reject}, presend.Policy{}, authenticated, "X-Tacto-Override:\r\n we\r\n spoke\r\n" + bad, "overridden", client.ActAccept, `-X-Tacto-Override`},
		{"reject, override never", milter.Settings{Mode: milter.Reject}, presend.Policy{Override: presend.Never}, authenticated, override, "held", client.ActReplyCode, ``},
		{"reject, the level decides", milter.Settings{Mode: milter.Reject}, presend.Policy{FailOn: "never"}, authenticated, bad, "fine", client.ActAccept, ``},
		{"the override of a good message goes", milter.Settings{Mode: milter.Reject}, presend.Policy{}, authenticated, "X-Tacto-Override: just in case\r\n" + good, "fine", client.ActAccept, `-X-Tacto-Override`},
		{"only colleagues", milter.Settings{Mode: milter.Reject}, clients, envelope{authenticated.macros, []string{"bob@us.example"}}, bad, "unread", client.ActAccept, ``},
		{"only colleagues, observed", milter.Settings{}, clients, envelope{authenticated.macros, []string{"bob@us.example"}}, override, "unread", client.ActAccept, `-X-Tacto-Override`},
		{"a colleague and a client", milter.Settings{Mode: milter.Reject}, clients, envelope{authenticated.macros, []string{"bob@us.example", "carla@client.example"}}, bad, "held", client.ActReplyCode, ``},
		{"binary", milter.Settings{Mode: milter.Reject}, presend.Policy{}, authenticated, "Subject: x\r\n\r\n\x00\x01\x02\x00\x03", "unjudged", client.ActAccept, ``},
		{"out of time", milter.Settings{Mode: milter.Reject, Budget: time.Nanosecond}, presend.Policy{}, authenticated, bad, "unjudged", client.ActAccept, ``},
		{"too big", milter.Settings{Mode: milter.Reject, MaxSize: 200}, presend.Policy{}, authenticated, bad, "too-big", client.ActAccept, ``},
		{"too big in the header", milter.Settings{Mode: milter.Reject, MaxSize: 20}, presend.Policy{}, authenticated, bad, "too-big", client.ActAccept, ``},
		{"too big, with headers to go", milter.Settings{MaxSize: 200}, presend.Policy{}, authenticated, forged + override, "too-big", client.ActAccept,
			noted(`-X-Tacto-Override`, `-X-Tacto-Rules`, `--X-Tacto-Score`, `-x-tacto-verdict`, `-X-Tacto-Score`)},
		{"big enough", milter.Settings{Mode: milter.Reject, MaxSize: 2000}, presend.Policy{}, authenticated, bad, "held", client.ActReplyCode, ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.settings.Gate = gate(t, c.policy)
			f := serve(t, c.settings)
			s, _ := f.connect(t)
			for _, chunk := range []int{1000, 7} { // the second on the same connection
				changes, a := send(t, s, c.envelope, c.message, chunk)
				if a.Code != c.code {
					t.Errorf("answer %c, want %c", a.Code, c.code)
				}
				if got := show(changes); !regexp.MustCompile(`^(?:` + c.changes + `)$`).MatchString(got) {
					t.Errorf("changes:\n%s\nwant\n%s", got, c.changes)
				}
			}
			if n := strings.Count(f.log.String(), "outcome="+c.outcome+" "); n != 2 {
				t.Errorf("outcome %s is logged %d times, not 2: %s", c.outcome, n, f.log)
			}
		})
	}
}

// TestReply: what the sender gets to see is a reply as RFC 5321 has it.
func TestReply(t *testing.T) {
	f := serve(t, milter.Settings{Mode: milter.Reject})
	s, _ := f.connect(t)
	_, a := send(t, s, authenticated, bad, 1000)
	if a.SMTPCode != 550 {
		t.Fatalf("%d %s", a.SMTPCode, a.SMTPText)
	}
	lines := strings.Split("550-"+a.SMTPText, "\r\n")
	for i, line := range lines {
		want := "550-5.7.1 "
		if i == len(lines)-1 {
			want = "550 5.7.1 "
		}
		if !strings.HasPrefix(line, want) || len(line) > 510 || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("line %q", line)
		}
	}
	if len(lines) < 4 || len(lines) > 20 {
		t.Errorf("%d lines: %s", len(lines), a.SMTPText)
	}
	for _, want := range []string{"5.7.1 tacto: no enviado: hablelo antes", `5.7.1 - "Ustedes no nos avisaron"`, "5.7.1 Para enviarlo tal cual, anyada la cabecera X-Tacto-Override: su motivo"} {
		if !strings.Contains(a.SMTPText, want) {
			t.Errorf("no %q in\n%s", want, a.SMTPText)
		}
	}
	if strings.Contains(a.SMTPText, "linea 8") {
		t.Errorf("counts lines, header included, that nobody sees:\n%s", a.SMTPText)
	}
	if strings.Contains(a.SMTPText, "otra vez") {
		t.Errorf("says to send it again, which is of no use here:\n%s", a.SMTPText)
	}
	f.Set(milter.Settings{Mode: milter.Reject, Gate: gate(t, presend.Policy{Override: presend.Never}), UILang: "en"})
	_, a = send(t, s, authenticated, bad, 1000)
	if !strings.Contains(a.SMTPText, "tacto: not sent: talk first") || strings.Contains(a.SMTPText, "Override") {
		t.Errorf("in English, with no way through:\n%s", a.SMTPText)
	}
}

// TestLog: a line for each message, with what is needed and nothing of the mail.
func TestLog(t *testing.T) {
	f := serve(t, milter.Settings{Mode: milter.Reject})
	s, _ := f.connect(t)
	send(t, s, envelope{[]string{"{auth_authen}", "ana", "i", "4bX yZ1\nlevel=ERROR"}, authenticated.to}, bad, 1000)
	if !regexp.MustCompile(`level=INFO msg=message queue=4bXyZ1levelERROR outcome=held mode=reject size=2\d\d recipients=1 verdict=talk score=\d+ rules=[a-z,-]*talk-first[a-z,-]* ms=\d+\n`).MatchString(f.log.String()) {
		t.Error(f.log.String())
	}
}

// TestMetrics: what was done can be read off.
func TestMetrics(t *testing.T) {
	f := serve(t, milter.Settings{Mode: milter.Reject})
	s, _ := f.connect(t)
	send(t, s, authenticated, bad, 1000)
	send(t, s, authenticated, good, 1000)
	send(t, s, authenticated, bad, 1000)
	send(t, s, authenticated, "Subject: x\r\n\r\n\x00\x01\x02\x00\x03", 1000)
	for name, want := range map[string]string{
		`tacto_milter_messages_total{outcome="held",verdict="talk"}`:     "2",
		`tacto_milter_messages_total{outcome="fine",verdict="send"}`:     "1",
		`tacto_milter_messages_total{outcome="unjudged",verdict="none"}`: "1",
		`tacto_milter_findings_total{rule="talk-first"}`:                 "2",
		`tacto_milter_failures_total{kind="unreadable"}`:                 "1",
		`tacto_milter_judging_seconds_count`:                             "3",
		`tacto_milter_connections`:                                       "1",
		`tacto_milter_connections_total`:                                 "1",
	} {
		if got := f.metric(name); got != want {
			t.Errorf("%s %q, want %s", name, got, want)
		}
	}
	for _, want := range []int{200, 503} {
		w := httptest.NewRecorder()
		f.metrics.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/healthz", nil))
		if w.Code != want {
			t.Errorf("/healthz %d, want %d", w.Code, want)
		}
		f.metrics.Stopping()
	}
}

// TestPanic: a fault of ours lets the message through, and the server goes on.
func TestPanic(t *testing.T) {
	f := serveAsIs(t, milter.Settings{Mode: milter.Reject}) // no gate: a panic in the gate's code
	s, _ := f.connect(t)
	if _, a := send(t, s, authenticated, bad, 1000); a.Code != client.ActAccept {
		t.Errorf("%c", a.Code)
	}
	f.log.wait(t, "nil pointer dereference")
	f.Set(milter.Settings{Mode: milter.Reject, Gate: &presend.Gate{Policy: presend.Policy{FailOn: "error"}}}) // no linter: within it
	if _, a := send(t, s, authenticated, bad, 1000); a.Code != client.ActAccept {
		t.Errorf("%c", a.Code)
	}
	if got := f.metric(`tacto_milter_failures_total{kind="panic"}`); got != "2" {
		t.Errorf("%q panics, want 2", got)
	}
	f.Set(milter.Settings{Mode: milter.Reject, Gate: gate(t, presend.Policy{})})
	if _, a := send(t, s, authenticated, bad, 1000); a.Code != client.ActReplyCode {
		t.Errorf("afterwards, on the same connection: %c", a.Code)
	}
}

// TestReload: other settings hold for the next message of the same connection, not
// for the one on its way.
func TestReload(t *testing.T) {
	f := serve(t, milter.Settings{Mode: milter.Reject})
	s, _ := f.connect(t)
	if _, a := send(t, s, authenticated, bad, 1000); a.Code != client.ActReplyCode {
		t.Fatalf("%c", a.Code)
	}
	if err := s.Macros(client.CodeMail, authenticated.macros...); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Mail("ana@us.example", nil); err != nil {
		t.Fatal(err)
	}
	f.Set(milter.Settings{Gate: gate(t, presend.Policy{})})
	head, body, _ := strings.Cut(bad, "\r\n\r\n")
	for _, field := range strings.Split(head, "\r\n") {
		name, value, _ := strings.Cut(field, ": ")
		if _, err := s.HeaderField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.HeaderEnd(); err != nil {
		t.Fatal(err)
	}
	if _, a, err := s.BodyReadFrom(strings.NewReader(body)); err != nil || a.Code != client.ActReplyCode {
		t.Errorf("on its way: %v, %v", a, err)
	}
	if _, a := send(t, s, authenticated, bad, 1000); a.Code != client.ActAccept {
		t.Errorf("the next: %c", a.Code)
	}
}

// TestHangUp: a client may go at any point; the server is there for the next, and
// no connection is left behind.
func TestHangUp(t *testing.T) {
	f := serve(t, milter.Settings{Mode: milter.Reject})
	steps := []func(s *client.ClientSession) error{
		func(s *client.ClientSession) error { return s.Macros(client.CodeMail, authenticated.macros...) },
		func(s *client.ClientSession) error { _, err := s.Mail("ana@us.example", nil); return err },
		func(s *client.ClientSession) error { _, err := s.Rcpt("carla@client.example", nil); return err },
		func(s *client.ClientSession) error { _, err := s.HeaderField("Subject", "Su aviso"); return err },
		func(s *client.ClientSession) error { _, err := s.HeaderEnd(); return err },
		func(s *client.ClientSession) error {
			_, err := s.BodyChunk([]byte("Ustedes no nos avisaron.\r\n"))
			return err
		},
	}
	for n := range len(steps) + 1 {
		s, nc := f.connect(t)
		for _, step := range steps[:n] {
			if err := step(s); err != nil {
				t.Fatal(err)
			}
		}
		nc.Close()
	}
	// And at the end of the message, without waiting for the answer.
	s, nc := f.connect(t)
	for _, step := range steps {
		if err := step(s); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := nc.Write([]byte{0, 0, 0, 1, byte(client.CodeEOB)}); err != nil {
		t.Fatal(err)
	}
	nc.Close()
	f.log.wait(t, "msg=message")
	for range 1000 {
		if f.metric("tacto_milter_connections") == "0" {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if open := f.metric("tacto_milter_connections"); open != "0" {
		t.Errorf("%s connections are left", open)
	}
	if n := f.metric(`tacto_milter_failures_total{kind="hangup"}`); n != "5" && n != "6" { // the last may be noticed or not
		t.Errorf("%q were noticed within a message, want 5 or 6", n)
	}
	s, _ = f.connect(t)
	if _, a := send(t, s, authenticated, bad, 1000); a.Code != client.ActReplyCode {
		t.Errorf("afterwards: %c", a.Code)
	}
}

// TestGarbage: what is no milter protocol ends its own connection and nothing else;
// the library has nothing to print.
func TestGarbage(t *testing.T) {
	printed := &logBuffer{}
	log.SetOutput(printed)
	defer log.SetOutput(os.Stderr)
	f := serve(t, milter.Settings{})
	packet := func(code byte, data string) string {
		return string(binary.BigEndian.AppendUint32(nil, uint32(1+len(data)))) + string(code) + data
	}
	for name, c := range map[string]struct {
		bytes string
		kind  string // "": the end of the connection is no fault
	}{
		"http":                    {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "garbage"},
		"a packet of no bytes":    {"\x00\x00\x00\x00", "garbage"},
		"a packet of 4 GB":        {"\xff\xff\xff\xffO", "garbage"},
		"a packet over a MB":      {"\x00\x10\x00\x01B", "garbage"},
		"half a length":           {"\x00\x00", "hangup"},
		"half a packet":           {"\x00\x00\x00\x10M<a", "hangup"},
		"an unknown command":      {packet('Z', "x"), "garbage"},
		"macros of no stage":      {packet('D', ""), "garbage"},
		"macros with no value":    {packet('D', "Mi"), ""},
		"half a connect":          {packet('C', "host"), "garbage"},
		"connect, no family":      {packet('C', "host\x00"), "garbage"},
		"connect, no port":        {packet('C', "host\x004"), ""},
		"the end first":           {packet('E', ""), ""},
		"a body first":            {packet('B', "x"), ""},
		"a header of nothing":     {packet('L', ""), ""},
		"a header of three":       {packet('L', "a\x00b\x00c\x00"), ""},
		"mail from nobody":        {packet('M', ""), "hangup"},
		"recipients first":        {packet('R', ""), ""},
		"another client to come":  {packet('K', ""), ""},
		"abort, abort":            {packet('A', "") + packet('A', ""), ""},
		"negotiation cut short":   {packet('O', ""), ""},
		"nothing":                 {"", ""},
		"a quit with a long tail": {packet('Q', strings.Repeat("x", 1000)), ""},
	} {
		before := map[string]string{}
		for _, kind := range []string{"garbage", "hangup", "panic"} {
			before[kind] = f.metric(`tacto_milter_failures_total{kind="` + kind + `"}`)
		}
		nc, err := net.Dial("tcp", f.address)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(nc, c.bytes); err != nil {
			t.Fatal(err)
		}
		_ = nc.(*net.TCPConn).CloseWrite() // the server may have been quicker
		_ = nc.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := io.Copy(io.Discard, nc); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: the connection stays open", name)
		}
		nc.Close()
		for kind, was := range before {
			if now := f.metric(`tacto_milter_failures_total{kind="` + kind + `"}`); (now != was) != (kind == c.kind) {
				t.Errorf("%s: %s went from %q to %q", name, kind, was, now)
			}
		}
	}
	s, _ := f.connect(t)
	if _, a := send(t, s, authenticated, good, 1000); a.Code != client.ActAccept {
		t.Errorf("afterwards: %c", a.Code)
	}
	if printed.String() != "" {
		t.Errorf("the library printed: %s", printed)
	}
}

// TestLimits: connections beyond the limit and those that say nothing are closed.
func TestLimits(t *testing.T) {
	f := serve(t, milter.Settings{MaxConnections: 2})
	one, _ := f.connect(t)
	_, two := f.connect(t)
	refused, err := net.Dial("tcp", f.address)
	if err != nil {
		t.Fatal(err)
	}
	defer refused.Close()
	_ = refused.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := refused.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a third connection: %v", err)
	}
	f.log.wait(t, "connection refused: too many")
	if _, a := send(t, one, authenticated, good, 1000); a.Code != client.ActAccept {
		t.Errorf("one of two: %c", a.Code)
	}
	// When one goes, another may come; and who says nothing has to go.
	two.Close()
	f.Set(milter.Settings{MaxConnections: 2, Idle: 50 * time.Millisecond, Gate: gate(t, presend.Policy{})})
	for range 1000 {
		if f.metric("tacto_milter_connections") == "1" {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	_, silent := f.connect(t)
	_ = silent.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := silent.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("a silent connection: %v", err)
	}
	f.log.wait(t, "why=idle")
}

// TestStop: the message in hand is ended, idle connections are closed, new ones are
// not taken.
func TestStop(t *testing.T) {
	f := serve(t, milter.Settings{Mode: milter.Reject})
	_, idle := f.connect(t)
	busy, _ := f.connect(t)
	if err := busy.Macros(client.CodeMail, authenticated.macros...); err != nil {
		t.Fatal(err)
	}
	if _, err := busy.Mail("ana@us.example", nil); err != nil {
		t.Fatal(err)
	}
	stopped := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		stopped <- f.Stop(ctx)
	}()
	_ = idle.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := idle.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the idle connection: %v", err)
	}
	if err := <-f.served; !errors.Is(err, milter.ErrStopped) {
		t.Errorf("Serve: %v", err)
	}
	if nc, err := net.Dial("tcp", f.address); err == nil {
		nc.Close()
		t.Error("a new connection is taken")
	}
	select {
	case err := <-stopped:
		t.Fatalf("stopped with a message in hand: %v", err)
	default:
	}
	if _, err := busy.HeaderField("Subject", "Su aviso"); err != nil {
		t.Fatal(err)
	}
	if _, err := busy.HeaderEnd(); err != nil {
		t.Fatal(err)
	}
	if _, a, err := busy.BodyReadFrom(strings.NewReader("Ustedes no nos avisaron del cambio.\r\n")); err != nil || a.Code != client.ActReplyCode {
		t.Errorf("the message in hand: %v, %v", a, err)
	}
	if err := <-stopped; err != nil {
		t.Errorf("Stop: %v", err)
	}
	spare, err := milter.Listen("inet:127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Serve(spare); !errors.Is(err, milter.ErrStopped) {
		t.Errorf("Serve after Stop: %v", err)
	}
}

// TestStopBound: a message that does not end does not hold up stopping for ever.
func TestStopBound(t *testing.T) {
	f := serve(t, milter.Settings{})
	s, _ := f.connect(t)
	if _, err := s.Mail("ana@us.example", nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := f.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Stop: %v", err)
	}
	if _, err := s.Rcpt("carla@client.example", nil); err == nil {
		t.Error("the connection is still served")
	}
}

// TestTogether: many connections at once get the answers to their own messages.
func TestTogether(t *testing.T) {
	f := serve(t, milter.Settings{Mode: milter.Reject, Budget: time.Minute})
	var wait sync.WaitGroup
	for range 16 {
		wait.Go(func() {
			s, _ := f.connect(t)
			for i := range 6 {
				message, want := bad, client.ActReplyCode
				if i%2 == 1 {
					message, want = good, client.ActAccept
				}
				if _, a := send(t, s, authenticated, message, 100); a.Code != want {
					t.Errorf("%c, want %c", a.Code, want)
				}
				if i == 3 {
					f.Set(milter.Settings{Mode: milter.Reject, Budget: time.Minute, Gate: gate(t, presend.Policy{})})
				}
			}
		})
	}
	wait.Wait()
}

// TestListen: unix sockets are of mode 0660, a stale one is replaced, a live one and
// other files are left alone.
func TestListen(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "milter.sock")
	ln, err := milter.Listen("unix:" + path)
	if err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o660 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
	if _, err := milter.Listen("unix:" + path); !errors.Is(err, milter.ErrLive) {
		t.Errorf("a live socket: %v", err)
	}
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	// A process that died leaves its socket.
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	dead.Close()
	if ln, err = milter.Listen("unix:" + path); err != nil {
		t.Fatalf("a stale socket: %v", err)
	}
	// One that was replaced meanwhile is not removed.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	ln.Close()
	if _, err := milter.Listen("unix:" + path); err == nil || errors.Is(err, milter.ErrLive) {
		t.Errorf("a file: %v", err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "x" {
		t.Errorf("the file is gone: %v", err)
	}
	for _, address := range []string{"", "9900", "unix:milter.sock", "inet:9900", "tcp:127.0.0.1:1"} {
		if _, err := milter.Listen(address); !errors.Is(err, milter.ErrAddress) {
			t.Errorf("%q: %v", address, err)
		}
	}
}
