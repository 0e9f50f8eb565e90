package milter_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/smtp"
	"net/textproto"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/milter"
	"github.com/tacto-lint/tacto/presend"
	"github.com/tacto-lint/tacto/rules"
)

// The tests of this file drive Debian's Postfix, as root, with a configuration and a
// queue of their own, on ports of loopback:
//
//	apt-get install --no-install-recommends postfix sasl2-bin libsasl2-modules
//	TACTO_REAL=1 go test -run Postfix ./milter

const mainCF = `compatibility_level = 3.6
queue_directory = @DIR@/q
data_directory = @DIR@/d
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = localhost.test
mydestination = localhost.test
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_sasl_authenticated, permit_mynetworks, reject
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = cyrus
smtpd_sasl_path = smtpd
smtpd_sasl_local_domain = localhost.test
cyrus_sasl_config_path = @DIR@/sasl
default_transport = smtp:[127.0.0.1]:@SINK@
relay_transport = smtp:[127.0.0.1]:@SINK@
local_transport = smtp:[127.0.0.1]:@SINK@
alias_maps =
alias_database =
smtpd_milters = inet:127.0.0.1:@MILTER@
non_smtpd_milters = inet:127.0.0.1:@MILTER@
milter_default_action = accept
maillog_file = @DIR@/mail.log
maillog_file_prefixes = @DIR@
`

const masterCF = `127.0.0.1:@SMTPD@ inet n - n - - smtpd
pickup unix n - n 5 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`

// postfix is a running Postfix, and what it delivers to.
type postfix struct {
	dir, smtpd, milter string
	sink               *sink
}

func startPostfix(t *testing.T) *postfix {
	t.Helper()
	if os.Getenv("TACTO_REAL") != "1" {
		t.Skip("set TACTO_REAL=1 to run it with a real Postfix")
	}
	if os.Getuid() != 0 {
		t.Fatal("Postfix has to be started by root")
	}
	for _, name := range []string{"postfix", "postconf", "postqueue", "sendmail", "saslpasswd2"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Fatalf("%v: apt-get install --no-install-recommends postfix sasl2-bin libsasl2-modules", err)
		}
	}
	p := &postfix{dir: t.TempDir(), smtpd: freePort(t), milter: freePort(t), sink: newSink(t)}
	_, sinkPort, _ := net.SplitHostPort(p.sink.Addr().String())
	fill := strings.NewReplacer("@DIR@", p.dir, "@SINK@", sinkPort, "@MILTER@", p.milter, "@SMTPD@", p.smtpd).Replace
	for name, text := range map[string]string{"main.cf": fill(mainCF), "master.cf": fill(masterCF),
		"sasl/smtpd.conf": fill("pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: PLAIN\nsasldb_path: @DIR@/sasldb2\n")} {
		path := filepath.Join(p.dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	owner, err := user.Lookup("postfix")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(owner.Uid)
	p.run(t, "secret", "saslpasswd2", "-p", "-c", "-f", p.dir+"/sasldb2", "-u", "localhost.test", "ana")
	if err := errors.Join(os.Chown(p.dir+"/sasldb2", uid, -1), os.Mkdir(p.dir+"/q", 0o755), os.Mkdir(p.dir+"/d", 0o700), os.Chown(p.dir+"/d", uid, -1)); err != nil {
		t.Fatal(err)
	}
	// Temporary folders of tests are closed to others.
	for d := p.dir; d != "/" && d != os.TempDir(); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	p.run(t, "", "postfix", "-c", p.dir, "start")
	t.Cleanup(func() {
		p.run(t, "", "postfix", "-c", p.dir, "stop")
		if t.Failed() {
			data, _ := os.ReadFile(p.dir + "/mail.log")
			t.Logf("Postfix's log:\n%s", data)
		}
	})
	return p
}

func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	return port
}

func (p *postfix) run(t *testing.T, stdin, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// serve starts a milter where Postfix looks for it.
func (p *postfix) serve(t *testing.T, s milter.Settings) (stop func()) {
	t.Helper()
	ln, err := milter.Listen("inet:127.0.0.1:" + p.milter)
	if err != nil {
		t.Fatal(err)
	}
	if s.Gate == nil {
		s.Gate = gate(t, presend.Policy{})
	}
	logged := &logBuffer{}
	srv := milter.New(s, slog.New(slog.NewTextHandler(logged, nil)), nil)
	go func() { _ = srv.Serve(ln) }()
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := srv.Stop(ctx); err != nil {
			t.Errorf("stopping: %v", err)
		}
		if t.Failed() {
			t.Logf("the milter's log:\n%s", logged)
		}
	}
}

// submit sends a message as a mail program does, and gives the server's answer.
func (p *postfix) submit(login bool, message string, to ...string) error {
	var auth smtp.Auth
	if login {
		auth = smtp.PlainAuth("", "ana@localhost.test", "secret", "127.0.0.1")
	}
	return smtp.SendMail("127.0.0.1:"+p.smtpd, auth, "ana@us.example", to, []byte(message))
}

// sink is an SMTP server that keeps what it gets.
type sink struct {
	net.Listener
	mu  sync.Mutex
	got []string
}

func newSink(t *testing.T) *sink {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sink{Listener: ln}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go s.talk(c)
		}
	}()
	return s
}

// talk is one SMTP session.
func (s *sink) talk(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	fmt.Fprint(c, "220 sink ESMTP\r\n")
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		switch verb, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(line)), " "); verb {
		case "EHLO":
			fmt.Fprint(c, "250-sink\r\n250 8BITMIME\r\n")
		case "DATA":
			fmt.Fprint(c, "354 go on\r\n")
			var b strings.Builder
			for {
				line, err := r.ReadString('\n')
				if err != nil {
					return
				}
				if line == ".\r\n" {
					break
				}
				b.WriteString(strings.TrimPrefix(line, "."))
			}
			s.mu.Lock()
			s.got = append(s.got, b.String())
			s.mu.Unlock()
			fmt.Fprint(c, "250 kept\r\n")
		case "QUIT":
			fmt.Fprint(c, "221 bye\r\n")
			return
		default:
			fmt.Fprint(c, "250 ok\r\n")
		}
	}
}

// take waits for a message, and forgets all.
func (s *sink) take(t *testing.T) []string {
	t.Helper()
	for range 3000 {
		s.mu.Lock()
		got := s.got
		if len(got) > 0 {
			s.got = nil
		}
		s.mu.Unlock()
		if len(got) > 0 {
			return got
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("nothing arrived")
	return nil
}

// trace is the field that Postfix puts in front.
var trace = regexp.MustCompile(`^Received: .*\r\n(?:[ \t].*\r\n)*`)

// arrived gives the one message that arrived and nothing else, without its trace.
func (p *postfix) arrived(t *testing.T) string {
	t.Helper()
	got := p.sink.take(t)
	if len(got) != 1 {
		t.Fatalf("%d messages arrived: %q", len(got), got)
	}
	if !trace.MatchString(got[0]) {
		t.Errorf("not from Postfix: %q", got[0])
	}
	return trace.ReplaceAllString(got[0], "")
}

// nothing insists that nothing is on its way: what is sent now is all that arrives.
func (p *postfix) nothing(t *testing.T) {
	t.Helper()
	const marker = "From: ana@us.example\r\nTo: carla@client.example\r\nMessage-ID: <marker@us.example>\r\nDate: Thu, 20 Nov 2025 10:00:00 +0100\r\nSubject: marker\r\n\r\nx\r\n"
	if err := p.submit(false, marker, "carla@client.example"); err != nil {
		t.Fatal(err)
	}
	if got := p.arrived(t); got != marker {
		t.Errorf("something else arrived: %q", got)
	}
	for range 500 { // the marker's own file goes a moment after its delivery
		if p.run(t, "", "postqueue", "-c", p.dir, "-p") == "Mail queue is empty\n" {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("something is left in the queue")
}

// withID makes a message whole: Postfix adds nothing but its trace.
func withID(message string) string { return "Message-ID: <1@us.example>\r\n" + message }

const carla = "carla@client.example"

func TestPostfix(t *testing.T) {
	p := startPostfix(t)
	t.Run("observe", func(t *testing.T) { testPostfixObserve(t, p) })
	t.Run("reject", func(t *testing.T) { testPostfixReject(t, p) })
	t.Run("signs", func(t *testing.T) { testPostfixSigns(t, p) })
	t.Run("open", func(t *testing.T) { testPostfixOpen(t, p) })
	t.Run("local", func(t *testing.T) { testPostfixLocal(t, p) })
	t.Run("stripped", func(t *testing.T) { testPostfixStripped(t, p) })
}

func testPostfixObserve(t *testing.T, p *postfix) {
	defer p.serve(t, milter.Settings{})()
	const forged = "X-Tacto-Score: 100\r\nx-tacto-verdict: send\r\nX-Tacto-Score: 99\r\nX-Tacto-Rules: a,\r\n b\r\n"
	noted := func(message string) *regexp.Regexp {
		head, body, _ := strings.Cut(message, "\r\n\r\n")
		return regexp.MustCompile("^" + regexp.QuoteMeta(head) + `\r\nX-Tacto-Score: \d+\r\nX-Tacto-Verdict: (?:talk|send)\r\n(?:X-Tacto-Rules: [a-z, -]+(?:\r\n [a-z, -]+)*\r\n)?` +
			regexp.QuoteMeta("\r\n"+body) + "$")
	}
	for name, c := range map[string]struct {
		login   bool
		message string
		want    *regexp.Regexp
	}{
		"good":             {true, withID(good), noted(withID(good))},
		"bad":              {true, withID(bad), noted(withID(bad))},
		"forged":           {true, forged + withID(bad), noted(withID(bad))},
		"overridden":       {true, withID(override), noted(withID(bad))},
		"stranger":         {false, withID(bad), regexp.MustCompile("^" + regexp.QuoteMeta(withID(bad)) + "$")},
		"stranger, forged": {false, forged + withID(bad), regexp.MustCompile("^" + regexp.QuoteMeta(withID(bad)) + "$")},
	} {
		if err := p.submit(c.login, c.message, carla); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := p.arrived(t); !c.want.MatchString(got) {
			t.Errorf("%s: arrived\n%q\nwant\n%s", name, got, c.want)
		}
	}
	p.nothing(t)
}

func testPostfixReject(t *testing.T, p *postfix) {
	defer p.serve(t, milter.Settings{Mode: milter.Reject, Gate: gate(t, presend.Policy{Internal: []string{"*@us.example"}})})()
	// Refused: word for word, and nothing goes.
	err := p.submit(true, withID(bad), carla)
	var reply *textproto.Error
	if !errors.As(err, &reply) || reply.Code != 550 {
		t.Fatalf("%v", err)
	}
	lines := strings.Split(reply.Msg, "\n")
	if len(lines) < 4 || !strings.HasPrefix(lines[0], "5.7.1 tacto: no enviado: hablelo antes") || lines[len(lines)-1] != "5.7.1 Para enviarlo tal cual, anyada la cabecera X-Tacto-Override: su motivo" {
		t.Errorf("%s", reply.Msg)
	}
	for _, l := range lines {
		if !strings.HasPrefix(l, "5.7.1 ") {
			t.Errorf("line %q", l)
		}
	}
	p.nothing(t)
	attached := withID(strings.Replace(good, "\r\n\r\n", "\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\n", 1)) +
		"--x\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n" + strings.Repeat(strings.Repeat("iVBO", 18)+"\r\n", 20_000) + "--x--\r\n"
	for name, c := range map[string]struct {
		login         bool
		message, want string
		to            string
	}{
		"good":            {true, withID(good), withID(good), carla},
		"overridden":      {true, withID(override), withID(bad), carla},
		"overridden once": {true, withID("X-Tacto-Override: a\r\nX-Tacto-Override: b\r\n c\r\n" + bad), withID(bad), carla},
		"stranger":        {false, withID(override), withID(override), carla},
		"colleague":       {true, withID(bad), withID(bad), "bob@us.example"},
		"dots and 8 bits": {true, withID(strings.Replace(good, "\r\n\r\n", "\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n.\r\n..mañana\r\n", 1)),
			withID(strings.Replace(good, "\r\n\r\n", "\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n.\r\n..mañana\r\n", 1)), carla},
		"much": {true, attached, attached, carla},
	} {
		if err := p.submit(c.login, c.message, c.to); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := p.arrived(t); got != c.want {
			t.Errorf("%s: arrived\n%q\nwant\n%q", name, got, c.want)
		}
	}
	p.nothing(t)
}

// percentRule has signs in its message that the protocol or a log might stumble over.
const percentRule = `rules:
  - id: percent
    kind: said
    severity: error
    title: {es: Tanto por ciento}
    why: {es: "Nada."}
    message: {es: "«{text}»: un 100 % %s %% \"x\" <y>"}
    suggestion: {es: "Diga cuánto."}
    match:
      - es: [patata]
    examples:
      es:
        hits: ["Una {patata}."]
        passes: ["Con Marta."]
`

// testPostfixSigns: percent signs, which begin an escape in the protocol, arrive.
func testPostfixSigns(t *testing.T, p *postfix) {
	set, err := rules.DefaultWith(rules.Source{Name: "own.yaml", Data: []byte(percentRule)})
	if err != nil {
		t.Fatal(err)
	}
	l, err := lint.New(set, lint.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.serve(t, milter.Settings{Mode: milter.Reject, Gate: &presend.Gate{Linter: l, Policy: presend.Policy{FailOn: "error"}}})()
	err = p.submit(true, withID(strings.Replace(good, "el disco", "la patata", 1)), carla)
	var reply *textproto.Error
	if !errors.As(err, &reply) || !strings.Contains(reply.Msg, `5.7.1 - "patata": un 100 % %s %% "x" <y>`) {
		t.Errorf("%v", err)
	}
}

// testPostfixOpen: mail flows with no milter, and with one that goes in the middle.
func testPostfixOpen(t *testing.T, p *postfix) {
	if err := p.submit(true, withID(bad), carla); err != nil {
		t.Fatal(err)
	}
	if got := p.arrived(t); got != withID(bad) {
		t.Errorf("without a milter: %q", got)
	}
	stop := p.serve(t, milter.Settings{Mode: milter.Reject})
	c, err := smtp.Dial("127.0.0.1:" + p.smtpd)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Auth(smtp.PlainAuth("", "ana@localhost.test", "secret", "127.0.0.1")); err != nil {
		t.Fatal(err)
	}
	stop() // the connection was idle
	w, err := func() (interface {
		Write([]byte) (int, error)
		Close() error
	}, error) {
		if err := errors.Join(c.Mail("ana@us.example"), c.Rcpt(carla)); err != nil {
			return nil, err
		}
		return c.Data()
	}()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(withID(bad))); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Errorf("with a milter that was stopped in the middle: %v", err)
	}
	if got := p.arrived(t); got != withID(bad) {
		t.Errorf("with a milter that was stopped in the middle: %q", got)
	}
	// It could not be judged in time.
	defer p.serve(t, milter.Settings{Mode: milter.Reject, Budget: time.Nanosecond})()
	if err := p.submit(true, withID(bad), carla); err != nil {
		t.Error(err)
	}
	if got := p.arrived(t); got != withID(bad) {
		t.Errorf("out of time: %q", got)
	}
	p.nothing(t)
}

// testPostfixLocal: mail put in with sendmail(1) has no login; with All it is read,
// and what is refused comes back to its sender.
func testPostfixLocal(t *testing.T, p *postfix) {
	stop := p.serve(t, milter.Settings{Mode: milter.Reject})
	local := func() {
		p.run(t, strings.ReplaceAll(withID(bad), "\r\n", "\n"), "sendmail", "-C", p.dir, "-f", "ana@us.example", carla)
	}
	local()
	if got := p.arrived(t); !strings.HasSuffix(got, withID(bad)) {
		t.Errorf("%q", got)
	}
	stop()
	defer p.serve(t, milter.Settings{Mode: milter.Reject, All: true})()
	local()
	got := p.sink.take(t)
	if len(got) != 1 || !strings.Contains(got[0], "To: ana@us.example\r\n") || !strings.Contains(got[0], "tacto: no enviado: hablelo antes") {
		t.Errorf("it does not come back: %q", got)
	}
}

// testPostfixStripped: the lines of docs/milter.md that keep the headers from clients.
func testPostfixStripped(t *testing.T, p *postfix) {
	doc, err := os.ReadFile("../docs/milter.md")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^smtp_header_checks = .*$`).FindString(string(doc))
	if line == "" {
		t.Fatal("docs/milter.md has no smtp_header_checks")
	}
	p.run(t, "", "postconf", "-c", p.dir, "-e", line)
	p.run(t, "", "postfix", "-c", p.dir, "reload")
	defer p.serve(t, milter.Settings{})()
	if err := p.submit(true, withID(bad), carla); err != nil {
		t.Fatal(err)
	}
	if got := p.arrived(t); got != withID(bad) {
		t.Errorf("%q", got)
	}
}
