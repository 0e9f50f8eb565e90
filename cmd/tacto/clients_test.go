//go:build unix

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tacto-lint/tacto/presend"
)

// patience bounds every wait of TestClients.
const patience = 15 * time.Second

const (
	clientAddress = "carla@client.example"
	// goodText and badText are what is composed. They have what mail programs and
	// mail systems like to change: letters beyond ASCII, a line of one dot, white
	// space at the end of a line, "From " at the start of one.
	goodText = "Estimada Carla:\n\nEl martes 25 a las 10 le cambio yo el disco y a las 12 le llamo.\n.\nFrom 12 on: ñ, €  \n\nUn saludo,\nAna\n"
	badText  = "Estimada Carla:\n\nUstedes no nos avisaron del cambio.\n.\nFrom 12 on: ñ, €  \n\nUn saludo,\nAna\n"
	// badReason is in the first line of what is said of badText; badQuote further down.
	badReason, badQuote = "tacto: no enviado", "«Ustedes no nos avisaron"
)

// TestClients drives real mail programs, which .ci/install-packages installs: what
// they show, and what arrives at a mail server of the test's own.
//
//	TACTO_REAL=1 go test -run 'TestClients/mutt$' ./cmd/tacto
func TestClients(t *testing.T) {
	if os.Getenv("TACTO_REAL") != "1" {
		t.Skip("set TACTO_REAL=1 to run it with real mail programs: .ci/install-packages installs them")
	}
	bin := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", filepath.Join(bin, "tacto"), ".").CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
	for _, test := range []struct {
		name     string
		programs []string
		run      func(*client)
	}{
		{"mutt", []string{"mutt", "tmux"}, func(c *client) { c.mutt("mutt") }},
		{"neomutt", []string{"neomutt", "tmux"}, func(c *client) { c.mutt("neomutt") }},
		{"mutt good", []string{"mutt", "tmux"}, func(c *client) { c.muttGood("mutt") }},
		{"neomutt good", []string{"neomutt", "tmux"}, func(c *client) { c.muttGood("neomutt") }},
		{"mutt picture", []string{"mutt", "tmux"}, (*client).muttPicture},
		{"aerc", []string{"aerc", "tmux"}, (*client).aerc},
		{"git", []string{"git"}, (*client).git},
		{"git hook", []string{"git"}, (*client).gitHook},
		{"msmtp", nil, (*client).msmtp},
		{"msmtp fails", nil, (*client).msmtpFails},
		{"emacs", []string{"emacs"}, (*client).emacs},
		{"emacs wrapper", []string{"emacs"}, (*client).emacsWrapper},
		{"desktop", []string{"dbus-run-session"}, (*client).desktop},
		{"desktop silent", []string{"dbus-run-session"}, (*client).desktopSilent},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, name := range append(test.programs, "msmtp") {
				if _, err := exec.LookPath(name); err != nil {
					t.Fatalf("%v: .ci/install-packages installs it", err)
				}
			}
			test.run(newClient(t, bin))
		})
	}
}

// A client is somebody's home, in which mail programs send with msmtp to a mail
// server of its own.
type client struct {
	*testing.T
	home string
	env  []string
	sink *sink
	// mta is the command that mail programs hand mail to.
	mta string
}

func newClient(t *testing.T, bin string) *client {
	c := &client{T: t, home: t.TempDir(), sink: listen(t)}
	c.env = []string{"HOME=" + c.home, "PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH"), "LANG=C.UTF-8", "LC_ALL=C.UTF-8",
		"USER=ana", "EMAIL=ana@us.example", "TERM=xterm-256color", "TMUX_TMPDIR=" + c.home, "TMPDIR=" + c.home,
		"XDG_CONFIG_HOME=", "XDG_STATE_HOME=", "XDG_RUNTIME_DIR=" + c.home, "GIT_CONFIG_NOSYSTEM=1", "DBUS_SESSION_BUS_ADDRESS="}
	c.write(".config/tacto/config.yaml", "clients: [\"*@client.example\"]\n")
	c.mta = "msmtp -C " + c.msmtprc("msmtprc", c.sink.port())
	return c
}

// msmtprc makes a configuration for msmtp.
func (c *client) msmtprc(name string, port int) string {
	return c.write(name, fmt.Sprintf("defaults\nauth off\ntls off\naccount default\nhost 127.0.0.1\nport %d\nfrom ana@us.example\n", port))
}

// write makes a file in the home, and gives its path.
func (c *client) write(name, text string) string {
	c.Helper()
	path := filepath.Join(c.home, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		c.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		c.Fatal(err)
	}
	return path
}

func (c *client) read(name string) string {
	data, err := os.ReadFile(filepath.Join(c.home, name))
	if err != nil && !os.IsNotExist(err) {
		c.Fatal(err)
	}
	return string(data)
}

// A result is how a program ended.
type result struct {
	status         int
	stdout, stderr string
}

// run runs a program to its end, which must come in time.
func (c *client) run(stdin string, argv ...string) result {
	c.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var stdout, stderr strings.Builder
	// env looks the program up in the PATH of the home.
	cmd := exec.CommandContext(ctx, "/usr/bin/env", argv...)
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = c.home, c.env, strings.NewReader(stdin), &stdout, &stderr
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	if cmd.ProcessState == nil || ctx.Err() != nil {
		c.Fatalf("%q: %v, %v", argv, err, ctx.Err())
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// must runs a program that has to end well, and gives what it wrote.
func (c *client) must(argv ...string) string {
	c.Helper()
	r := c.run("", argv...)
	if r.status != 0 {
		c.Fatalf("%q: status %d\n%s%s", argv, r.status, r.stdout, r.stderr)
	}
	return r.stdout
}

// doctor insists on that 'tacto doctor' finds nothing, and did look at a setting.
func (c *client) doctor(setting string) {
	c.Helper()
	if out := c.must("tacto", "doctor"); !strings.Contains(out, "ok     "+setting) {
		c.Errorf("doctor says nothing of %s:\n%s", setting, out)
	}
}

// last insists on what 'tacto last' shows.
func (c *client) last() {
	c.Helper()
	if out := c.must("tacto", "last"); !strings.Contains(out, badReason) || !strings.Contains(out, badQuote) {
		c.Errorf("tacto last:\n%s", out)
	}
}

// later lets the time go by in which a message sent again is taken for a key pressed
// twice.
func (c *client) later() { time.Sleep(presend.Pause + 10*time.Millisecond) }

// until polls.
func (c *client) until(what string, done func() bool) {
	c.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			c.Fatalf("waited in vain: %s", what)
		}
	}
}

// nothing insists on that nothing arrived.
func (c *client) nothing() {
	c.Helper()
	if got := c.sink.all(); len(got) > 0 {
		c.Fatalf("%d arrived, want none; the first:\n%s", len(got), got[0].data)
	}
}

// once waits for one message, to the client, whose body is text to the byte (as it
// came, or out of the quoted-printable that the mail program made), and gives it.
func (c *client) once(text string) letter {
	c.Helper()
	c.until("a message at the server", func() bool { return len(c.sink.all()) > 0 })
	got := c.sink.all()
	if len(got) != 1 {
		c.Fatalf("%d arrived, want 1", len(got))
	}
	head, body, _ := strings.Cut(got[0].data, "\r\n\r\n")
	if strings.Contains(strings.ToLower(head), "\r\ncontent-transfer-encoding: quoted-printable") {
		plain, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(body)))
		if err != nil {
			c.Errorf("%v in %q", err, body)
		}
		body = string(plain)
	}
	if body != strings.ReplaceAll(text, "\n", "\r\n") {
		c.Errorf("arrived:\n%q\nwant the text:\n%q\nits header:\n%s", body, text, head)
	}
	if len(got[0].to) != 1 || got[0].to[0] != clientAddress {
		c.Errorf("arrived for %q", got[0].to)
	}
	return got[0]
}

// A letter is what arrived: the envelope, and the bytes.
type letter struct {
	from string
	to   []string
	data string
}

// A sink is a mail server that keeps what it gets.
type sink struct {
	net.Listener
	// rcpt and end are what it says to each recipient, and to each message.
	rcpt, end string
	mu        sync.Mutex
	kept      []letter
	open      sync.WaitGroup
}

func listen(t *testing.T) *sink {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sink{Listener: l, rcpt: "250 ok", end: "250 kept"}
	s.open.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // closed
			}
			s.open.Go(func() {
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(2 * patience)) // TCP has deadlines
				s.serve(conn)
			})
		}
	})
	t.Cleanup(func() { l.Close(); s.open.Wait() })
	return s
}

func (s *sink) port() int { return s.Addr().(*net.TCPAddr).Port }

func (s *sink) all() []letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]letter(nil), s.kept...)
}

// forget makes it empty again.
func (s *sink) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = nil
}

// serve speaks as much SMTP as mail programs need, until one says QUIT or goes.
func (s *sink) serve(conn net.Conn) {
	in := bufio.NewReader(conn)
	say := func(line string) { fmt.Fprintf(conn, "%s\r\n", line) }
	var l letter
	say("220 sink ESMTP")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		switch verb, _, _ := strings.Cut(strings.ToUpper(line), " "); verb {
		case "EHLO":
			say("250-sink\r\n250-8BITMIME\r\n250 SIZE 0")
		case "MAIL":
			l = letter{from: address(line)}
			say("250 ok")
		case "RCPT":
			if s.rcpt[0] == '2' {
				l.to = append(l.to, address(line))
			}
			say(s.rcpt)
		case "DATA":
			say("354 go on")
			if l.data, err = dotted(in); err != nil {
				return
			}
			if s.end[0] == '2' {
				s.mu.Lock()
				s.kept = append(s.kept, l)
				s.mu.Unlock()
			}
			say(s.end)
		case "QUIT":
			say("221 bye")
			return
		case "HELO", "RSET", "NOOP":
			say("250 ok")
		default:
			say("502 what?")
		}
	}
}

func address(line string) string {
	_, rest, _ := strings.Cut(line, "<")
	addr, _, _ := strings.Cut(rest, ">")
	return addr
}

// dotted reads a message up to the line of one dot; every other byte stays.
func dotted(in *bufio.Reader) (string, error) {
	var b strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return "", err
		}
		if line == ".\r\n" {
			return b.String(), nil
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
}

// A terminal is one in which a program runs.
type terminal struct {
	*client
	name string
	pid  int
}

// terminal starts a program in a terminal of tmux, whose server is its own.
func (c *client) terminal(name string, width, height int, command string) *terminal {
	c.Helper()
	t := &terminal{client: c, name: name}
	c.Cleanup(t.close)
	c.must("tmux", "-L", name, "-f", "/dev/null", "new-session", "-d", "-x", strconv.Itoa(width), "-y", strconv.Itoa(height), "exec "+command,
		";", "set", "-g", "remain-on-exit", "on", ";", "set", "-g", "status", "off", ";", "set", "-sg", "escape-time", "0")
	pid, err := strconv.Atoi(strings.TrimSpace(c.must("tmux", "-L", name, "display", "-p", "#{pane_pid}")))
	if err != nil {
		c.Fatal(err)
	}
	t.pid = pid
	return t
}

// close ends the server, and waits for the program to go.
func (t *terminal) close() {
	if t.Failed() {
		t.Logf("the screen:\n%s", t.run("", "tmux", "-L", t.name, "capture-pane", "-p").stdout)
	}
	t.run("", "tmux", "-L", t.name, "kill-server")
	for end := time.Now().Add(5 * time.Second); t.pid > 0 && runs(t.pid); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			_ = syscall.Kill(t.pid, syscall.SIGKILL)
			t.Errorf("%s did not end with its terminal", t.name)
			return
		}
	}
}

// runs says whether there is a process that is not dead and only waits to be buried.
func runs(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, state, _ := strings.Cut(string(data), ") ")
	return err != nil || !strings.HasPrefix(state, "Z")
}

func (t *terminal) keys(keys ...string) {
	t.Helper()
	t.must(append([]string{"tmux", "-L", t.name, "send-keys"}, keys...)...)
}

func (t *terminal) screen() string {
	t.Helper()
	return t.must("tmux", "-L", t.name, "capture-pane", "-p")
}

// redrawn waits for texts as shows does, in a program that draws what became of
// something only when a key is pressed.
func (t *terminal) redrawn(key string, texts ...string) {
	t.Helper()
	t.until(fmt.Sprintf("%q on the screen", texts), func() bool {
		t.keys(key)
		time.Sleep(50 * time.Millisecond)
		return t.has(texts)
	})
}

// shows waits for texts to stand on the screen, all of them at once.
func (t *terminal) shows(texts ...string) {
	t.Helper()
	t.until(fmt.Sprintf("%q on the screen", texts), func() bool { return t.has(texts) })
}

func (t *terminal) has(texts []string) bool {
	t.Helper()
	screen := t.screen()
	return !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(screen, text) })
}

// ended waits for the program to end.
func (t *terminal) ended() {
	t.Helper()
	t.until("the end of the program", func() bool {
		return strings.TrimSpace(t.must("tmux", "-L", t.name, "display", "-p", "#{pane_dead}")) == "1"
	})
}
