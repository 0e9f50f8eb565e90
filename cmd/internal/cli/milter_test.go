//go:build unix

package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	client "github.com/emersion/go-milter"
)

// TestMilterProcess is no test: it is the process that the others start.
func TestMilterProcess(*testing.T) {
	if os.Getenv("TACTO_MILTER_ARGS") != "" {
		os.Exit(FromOS("test").Main(strings.Fields(os.Getenv("TACTO_MILTER_ARGS"))))
	}
}

// process is 'tacto milter' on its own.
type process struct {
	*exec.Cmd
	dir, log string
	done     chan error
}

func startMilter(t *testing.T, args string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(os.Args[0], "-test.run=^TestMilterProcess$"), dir: t.TempDir(), done: make(chan error, 1)}
	p.log = filepath.Join(p.dir, "log")
	logFile, err := os.Create(p.log)
	if err != nil {
		t.Fatal(err)
	}
	defer logFile.Close()
	p.Env = append(os.Environ(), "TACTO_MILTER_ARGS=milter "+args)
	p.Dir, p.Stderr = p.dir, logFile
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.done <- p.Wait() }()
	t.Cleanup(func() { _ = p.Process.Kill() }) // it may have ended
	return p
}

func (p *process) logged() string {
	data, _ := os.ReadFile(p.log)
	return string(data)
}

// says waits until the log has a text n times.
func (p *process) says(t *testing.T, text string, n int) {
	t.Helper()
	for range 2000 {
		if strings.Count(p.logged(), text) >= n {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("never said %d times: %s\nbut: %s", n, text, p.logged())
}

// ends waits for the end, and gives the status.
func (p *process) ends(t *testing.T) int {
	t.Helper()
	select {
	case err := <-p.done:
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return p.ProcessState.ExitCode()
	case <-time.After(30 * time.Second):
		t.Fatalf("does not end: %s", p.logged())
		return -1
	}
}

// session opens a session on a socket.
func session(t *testing.T, socket string) *client.ClientSession {
	t.Helper()
	s, err := client.NewClientWithOptions("unix", socket, client.ClientOptions{ReadTimeout: 20 * time.Second, WriteTimeout: 20 * time.Second,
		ActionMask: client.OptAddHeader | client.OptChangeHeader}).Session()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// verdict puts a bad message through.
func verdict(t *testing.T, s *client.ClientSession) client.ActionCode {
	t.Helper()
	err := s.Macros(client.CodeMail, "{auth_authen}", "ana")
	step := func(_ *client.Action, e error) { err = errors.Join(err, e) }
	step(s.Mail("ana@us.example", nil))
	step(s.Rcpt("carla@client.example", nil))
	step(s.HeaderField("Subject", "Su aviso"))
	step(s.HeaderEnd())
	_, a, e := s.BodyReadFrom(strings.NewReader("Estimada Carla:\r\n\r\nUstedes no nos avisaron del cambio.\r\n"))
	if err = errors.Join(err, e); err != nil {
		t.Fatal(err)
	}
	return a.Code
}

// TestMilter: the life of a milter, from the configuration to SIGTERM, on one
// connection throughout.
func TestMilter(t *testing.T) {
	dir := t.TempDir()
	file, socket := filepath.Join(dir, "tacto.yaml"), filepath.Join(dir, "milter.sock")
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	metrics := ln.Addr().String()
	ln.Close()
	base := fmt.Sprintf("milter:\n  listen: unix:%s\n  metrics: %s\n", socket, metrics)
	if err := os.WriteFile(file, []byte(base+"  mode: reject\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	// One that died has left its socket.
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	dead.Close()

	p := startMilter(t, "--log-format json --config "+file)
	p.says(t, `"msg":"ready"`, 1)
	if st, err := os.Stat(socket); err != nil || st.Mode().Perm() != 0o660 {
		t.Errorf("the socket: %v, %v", st, err)
	}
	s := session(t, socket)
	if code := verdict(t, s); code != client.ActReplyCode {
		t.Errorf("to reject: %c", code)
	}
	other := startMilter(t, "--no-config --listen unix:"+socket)
	if code := other.ends(t); code != exitUsage || !strings.Contains(other.logged(), "another process listens there") || !strings.Contains(other.logged(), "hint: ") {
		t.Errorf("a second one: %d, %s", code, other.logged())
	}

	reloads(t, p, s, file, base)
	checkMetrics(t, metrics)

	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.ends(t); code != exitOK {
		t.Errorf("status %d: %s", code, p.logged())
	}
	if _, err := os.Stat(socket); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is left: %v", err)
	}
	for _, line := range strings.Split(strings.TrimSpace(p.logged()), "\n") {
		if !strings.HasPrefix(line, `{"time":`) {
			t.Errorf("not JSON: %s", line)
		}
		for _, secret := range []string{"carla", "aviso", "avisaron", "client.example"} {
			if strings.Contains(strings.ToLower(line), secret) {
				t.Errorf("the log holds %q: %s", secret, line)
			}
		}
	}
}

// reloads changes the configuration under a milter that rejects.
func reloads(t *testing.T, p *process, s *client.ClientSession, file, base string) {
	t.Helper()
	reload := func(text string) {
		t.Helper()
		if err := errors.Join(os.WriteFile(file, []byte(text), 0o600), p.Process.Signal(syscall.SIGHUP)); err != nil {
			t.Fatal(err)
		}
	}
	reload(base + "  mode: observe\n")
	p.says(t, "was read anew", 1)
	if code := verdict(t, s); code != client.ActAccept {
		t.Errorf("to observe: %c", code)
	}
	reload(base + "  mode: refuse\n")
	p.says(t, `the new configuration is not taken, the old one stays","error":"`+file+`:4: mode can't be`, 1)
	if code := verdict(t, s); code != client.ActAccept {
		t.Errorf("after a broken configuration: %c", code)
	}
	reload("fail-on: talk\nmilter: {mode: reject, listen: 'inet:127.0.0.1:1'}\n")
	p.says(t, "new addresses need a restart", 1)
	if code := verdict(t, s); code != client.ActReplyCode {
		t.Errorf("to reject again: %c", code)
	}
}

func checkMetrics(t *testing.T, address string) {
	t.Helper()
	get := func(path string) string {
		t.Helper()
		r, err := http.Get("http://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		data, err := io.ReadAll(r.Body)
		if err != nil || r.StatusCode != http.StatusOK {
			t.Errorf("%s: %v, %v", path, r.Status, err)
		}
		return string(data)
	}
	if got := get("/healthz"); got != "ok\n" {
		t.Errorf("/healthz: %q", got)
	}
	text := get("/metrics")
	for _, want := range []string{
		`tacto_milter_messages_total{outcome="held",verdict="talk"} 2`, `tacto_milter_messages_total{outcome="would-hold",verdict="talk"} 2`,
		`tacto_milter_reloads_total{result="refused"} 1`, `tacto_milter_reloads_total{result="taken"} 2`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

// TestMilterStopInHand: SIGTERM waits for the message in hand; the second does not.
func TestMilterStopInHand(t *testing.T) {
	for _, twice := range []bool{false, true} {
		socket := filepath.Join(t.TempDir(), "milter.sock")
		p := startMilter(t, "--no-config --mode reject --listen unix:"+socket)
		p.says(t, "msg=ready", 1)
		s := session(t, socket)
		if _, err := s.Mail("ana@us.example", nil); err != nil {
			t.Fatal(err)
		}
		if err := p.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		p.says(t, "messages in hand are ended first", 1)
		want := "msg=stopped\n"
		if twice {
			want = "stopped with messages in hand"
			if err := p.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
		} else if _, _, err := s.BodyReadFrom(strings.NewReader("x")); err != nil {
			t.Errorf("the message in hand: %v", err)
		}
		if code := p.ends(t); code != exitOK || !strings.Contains(p.logged(), want) {
			t.Errorf("status %d: %s", code, p.logged())
		}
	}
}

// TestMilterUsage: wrong usage is said at once, with what to write.
func TestMilterUsage(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	dir := t.TempDir()
	for args, want := range map[string]string{
		"":                                       "tacto: no address to listen on\nhint: tacto milter --listen",
		"--listen 9900":                          "tacto: --listen can't be \"9900\"\nhint: inet:127.0.0.1:9900",
		"--listen unix:milter.sock":              "tacto: --listen can't be \"unix:milter.sock\"\nhint: ",
		"--mode enforce":                         "tacto: --mode can't be \"enforce\"\nhint: observe, reject\n",
		"--log-format xml":                       "tacto: --log-format can't be \"xml\"\nhint: text, json\n",
		"--fail-on often":                        "tacto: --fail-on can't be \"often\"\nhint: talk, error",
		"--metrics 0.0.0.0:9901":                 "tacto: --metrics can't be \"0.0.0.0:9901\"\nhint: a port of this machine",
		"--listen inet:127.0.0.1:0 extra":        "unknown command \"extra\"",
		"--listen unix:" + dir + "/no/m.sock":    "tacto: listening on unix:" + dir + "/no/m.sock: ",
		"--listen inet:" + taken.Addr().String(): "address already in use",
		"--listen inet:127.0.0.1:0 --metrics " + taken.Addr().String():            "tacto: serving metrics: ",
		"--listen inet:127.0.0.1:0 --config " + filepath.Join(dir, "absent.yaml"): "tacto: reading the configuration ",
	} {
		if !strings.Contains(args, "--config") {
			args += " --no-config"
		}
		var stderr bytes.Buffer
		c := &Command{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: &stderr, Getenv: func(string) string { return "" }, Dir: dir}
		if code := c.Main(append([]string{"milter"}, strings.Fields(args)...)); code != exitUsage || !strings.Contains(stderr.String(), want) {
			t.Errorf("%s: %d, %q, want %q", args, code, stderr.String(), want)
		}
	}
}
