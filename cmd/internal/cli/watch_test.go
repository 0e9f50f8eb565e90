//go:build unix

package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"github.com/tacto-lint/tacto/cmd/internal/tell"
)

const draft = "From: ana@us.example\r\nTo: carla@client.example\r\nSubject: Su aviso\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" +
	"Estimada Carla:\r\n\r\nUstedes no nos avisaron del cambio.\r\n\r\nUn saludo,\r\nAna\r\n"

const fineDraft = "From: ana@us.example\r\nTo: carla@client.example\r\nSubject: Copia de la carpeta Ventas\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" +
	"Hola, Carla:\r\n\r\nLa carpeta Ventas ya está restaurada y la puede abrir.\r\n\r\nUn saludo,\r\nAna\r\n"

// mailbox is a server with one account, ana with the password hunter2.
type mailbox struct {
	*testing.T
	user *imapmemserver.User
	port int
}

func newMailbox(t *testing.T, folders ...string) *mailbox {
	t.Helper()
	m := &mailbox{T: t, user: imapmemserver.NewUser("ana", "hunter2")}
	for _, f := range folders {
		if err := m.user.Create(f, nil); err != nil {
			t.Fatal(err)
		}
	}
	mem := imapmemserver.New()
	mem.AddUser(m.user)
	server := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return mem.NewSession(), nil, nil
		},
		Caps: imap.CapSet{imap.CapIMAP4rev1: {}}, InsecureAuth: true,
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.port = ln.Addr().(*net.TCPAddr).Port
	go func() { _ = server.Serve(ln) }() // until it is closed
	t.Cleanup(func() { _ = server.Close() })
	return m
}

// save saves a draft.
func (m *mailbox) save(text string) {
	m.Helper()
	if _, err := m.user.Append("Drafts", literal{strings.NewReader(text)}, &imap.AppendOptions{Time: time.Now()}); err != nil {
		m.Fatal(err)
	}
}

// replace saves a draft and takes the old one away, as mail programs do.
func (m *mailbox) replace(old imap.UID, text string) {
	m.Helper()
	c, err := imapclient.DialInsecure(fmt.Sprintf("127.0.0.1:%d", m.port), nil)
	if err != nil {
		m.Fatal(err)
	}
	defer c.Close()
	err = c.Login("ana", "hunter2").Wait()
	if err == nil {
		_, err = c.Select("Drafts", nil).Wait()
	}
	m.save(text)
	if err == nil {
		err = c.Store(imap.UIDSetNum(old), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}, Silent: true}, nil).Close()
	}
	if err == nil {
		err = c.Expunge().Close()
	}
	if err != nil {
		m.Fatal(err)
	}
}

type literal struct{ *strings.Reader }

func (l literal) Size() int64 { return l.Reader.Size() }

// account is the configuration of an account on the server.
func (m *mailbox) account(name, password string) string {
	return fmt.Sprintf("    - {name: %s, host: 127.0.0.1, port: %d, tls: none, user: ana, password: {command: %s}}\n", name, m.port, password)
}

// startWatch starts 'tacto watch' with a configuration, in a folder of its own.
func startWatch(t *testing.T, config, args string) *process {
	t.Helper()
	dir := t.TempDir()
	p := &process{Cmd: exec.Command(os.Args[0], "-test.run=^TestMilterProcess$"), dir: dir, log: filepath.Join(dir, "log"), done: make(chan error, 1)}
	stdout, err := os.Create(filepath.Join(dir, "stdout"))
	if err != nil {
		t.Fatal(err)
	}
	defer stdout.Close()
	logFile, err := os.Create(p.log)
	if err != nil {
		t.Fatal(err)
	}
	defer logFile.Close()
	own := filepath.Join(dir, ".config", "tacto", "config.yaml")
	if err := errors.Join(os.MkdirAll(filepath.Dir(own), 0o700), os.WriteFile(own, []byte(config), 0o600)); err != nil {
		t.Fatal(err)
	}
	p.Env = append(os.Environ(), "TACTO_MILTER_ARGS=watch "+args, "HOME="+dir, "XDG_STATE_HOME=", "XDG_CONFIG_HOME=", "DBUS_SESSION_BUS_ADDRESS=")
	p.Dir, p.Stdout, p.Stderr = dir, stdout, logFile
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.done <- p.Wait() }()
	t.Cleanup(func() { _ = p.Process.Kill() }) // it may have ended
	return p
}

// read gives a file of the process's folder, "" if it is not there.
func (p *process) read(name string) string {
	data, _ := os.ReadFile(filepath.Join(p.dir, name))
	return string(data)
}

// until waits for a condition.
func until(t *testing.T, p *process, what string, ok func() bool) {
	t.Helper()
	for range 1500 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("never: %s\nstdout: %s\nlog: %s", what, p.read("stdout"), p.logged())
}

// delivery is what a webhook got.
type delivery struct{ body, signature string }

func newReceiver(t *testing.T) (url string, got chan delivery) {
	got = make(chan delivery, 10)
	first := true
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if first { // it is tried again
			first = false
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		got <- delivery{string(body), r.Header.Get(tell.SignatureHeader)}
	}))
	t.Cleanup(s.Close)
	return s.URL, got
}

// TestWatch: a draft is saved, and its author told in every way there is; then it is
// mended, and that is said; a draft that is fine is not spoken of; SIGTERM ends it.
func TestWatch(t *testing.T) {
	m := newMailbox(t, "INBOX", "Drafts")
	hook, deliveries := newReceiver(t)
	metrics := freePort(t)
	p := startWatch(t, "watch:\n  accounts:\n"+m.account("work", "echo hunter2")+fmt.Sprintf(`  settle: 100ms
  poll: 1s
  format: json
  notify:
    command: [sh, -c, "cat >> $HOME/told; echo avisaron >&2"]
    webhook: {url: "%s/hook", secret: {command: echo key}}
`, hook), "--log-format json --log-level debug --metrics "+metrics)
	p.says(t, `"msg":"watching","account":"work"`, 1)
	m.save(draft)
	until(t, p, "a line", func() bool { return strings.Count(p.read("stdout"), "\n") == 1 })
	line := p.read("stdout")
	var got struct {
		Version                            int
		Account, Mailbox, Subject, Verdict string
		Kind, Lang                         string
		UID, Score                         int
		Findings                           []struct{ Rule, Text string }
	}
	if err := json.Unmarshal([]byte(line), &got); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	if got.Version != 1 || got.Account != "work" || got.Mailbox != "Drafts" || got.UID != 1 || got.Subject != "Su aviso" || got.Verdict != "talk" ||
		got.Kind != "found" || got.Lang != "es" || got.Score >= 100 || len(got.Findings) == 0 {
		t.Errorf("%+v of %s", got, line)
	}
	if want := findings(t, draft); !strings.Contains(line, want) {
		t.Errorf("%s\nhas other findings than lint: %s", line, want)
	}
	until(t, p, "the command", func() bool { return p.read("told") == line })
	select {
	case d := <-deliveries:
		if d.body+"\n" != line || d.signature != tell.Signature("key", []byte(d.body)) {
			t.Errorf("the webhook got %+v", d)
		}
	case <-time.After(10 * time.Second):
		t.Fatalf("the webhook got nothing: %s", p.logged())
	}

	m.save(fineDraft)
	m.replace(1, strings.Replace(draft, "Ustedes no nos avisaron del cambio.", "La carpeta Ventas ya está restaurada y la puede abrir.", 1))
	until(t, p, "it is mended", func() bool { return strings.Contains(p.read("stdout"), `"kind":"mended"`) })
	p.says(t, `"msg":"told"`, 3)
	until(t, p, "the webhook is told", func() bool { return len(deliveries) == 1 })
	if out := p.read("stdout"); strings.Count(out, "\n") != 2 || strings.Contains(out, "Copia de la carpeta") {
		t.Errorf("said: %s", out)
	}
	checkWatchMetrics(t, p, metrics)
	stopWatch(t, p)
	for _, word := range []string{"hunter2", "carla", "aviso", "avisaron", "carpeta", "key", "/hook"} {
		if strings.Contains(strings.ToLower(p.logged()), word) {
			t.Errorf("the log holds %q: %s", word, p.logged())
		}
		if state := p.read(".local/state/tacto/watch.json"); state == "" || word != "key" && strings.Contains(strings.ToLower(state), word) {
			t.Errorf("the state file holds %q: %s", word, state)
		}
	}
}

// findings gives what lint says of a draft, as it stands in a line of watch.
func findings(t *testing.T, text string) string {
	t.Helper()
	var stdout bytes.Buffer
	c := &Command{Stdin: strings.NewReader(text), Stdout: &stdout, Stderr: io.Discard, Getenv: func(string) string { return "" }, Dir: t.TempDir()}
	// A draft without a Date is of no hour to the watcher: of one at which anything can be sent.
	c.Main([]string{"lint", "--no-config", "--format", "json", "--now", "2026-11-24T11:00:00+01:00", "-"})
	var report struct {
		Files []struct{ Findings json.RawMessage }
	}
	if err := json.Unmarshal(stdout.Bytes(), &report); err != nil || len(report.Files) != 1 {
		t.Fatalf("%v in %s", err, stdout.String())
	}
	var b bytes.Buffer
	if err := json.Compact(&b, report.Files[0].Findings); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// stopWatch stops it, which takes less than two seconds.
func stopWatch(t *testing.T, p *process) {
	t.Helper()
	start := time.Now()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.ends(t); code != exitOK || time.Since(start) > 2*time.Second {
		t.Errorf("status %d after %v: %s", code, time.Since(start), p.logged())
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

func checkWatchMetrics(t *testing.T, p *process, address string) {
	t.Helper()
	get := func(path string) (int, string) {
		r, err := http.Get("http://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		data, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		return r.StatusCode, string(data)
	}
	if _, text := get("/metrics"); !strings.Contains(text, `tacto_watch_last_look_age_seconds{account="work"} `) {
		t.Errorf("no age of the last look in\n%s", text)
	}
	if code, text := get("/healthz"); code != http.StatusOK || text != "ok\n" {
		t.Errorf("/healthz: %d, %q", code, text)
	}
	_, text := get("/metrics")
	for _, want := range []string{`tacto_watch_connected{account="work"} 1`, `tacto_watch_judgements_total{verdict="talk"} 1`,
		`tacto_watch_judgements_total{verdict="send"} 2`, `tacto_watch_reconnects_total{account="work"} 0`} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no %s in\n%s\nlog: %s", want, text, p.logged())
		}
	}
}

// TestWatchStops: within two seconds, also where what it tells does not end.
func TestWatchStops(t *testing.T) {
	m := newMailbox(t, "Drafts")
	m.save(draft)
	release := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(func() { close(release); silent.Close() })
	p := startWatch(t, "watch:\n  accounts:\n"+m.account("work", "echo hunter2")+
		"  settle: 100ms\n  poll: 1s\n  notify: {command: [sh, -c, 'touch $HOME/began; sleep 20; true'], webhook: {url: '"+silent.URL+"'}}\n", "")
	until(t, p, "the command runs", func() bool { _, err := os.Stat(filepath.Join(p.dir, "began")); return err == nil })
	stopWatch(t, p)
}

// TestWatchOnce: the statuses that cron's user sees.
func TestWatchOnce(t *testing.T) {
	m := newMailbox(t, "Drafts")
	m.save(draft)
	closed := strings.TrimPrefix(freePort(t), "127.0.0.1:")
	good := m.account("work", "echo hunter2")
	for _, c := range []struct {
		accounts, args string
		code           int
		out, log       string
	}{
		{good, "--once", exitFound, "work  talk ", ""},
		{good, "--once --ui-lang en --fail-on never", exitOK, "", ""},
		{good, "--once --account home", exitUsage, "", `tacto: no account is called "home": there are work`},
		{m.account("work", "echo wrong"), "--once", exitUnread, "", "tacto: account work: "},
		{good + m.account("home", "false"), "--once --account work", exitFound, "Su aviso: ", ""},
		{good + strings.Replace(good, "work", "gone", 1) + "  settle: 100ms\n", "--once --account gone", exitFound, "gone  talk", ""},
		{"    - {host: 127.0.0.1, port: " + closed + ", tls: none, user: ana, password: {command: echo hunter2}}\n", "--once", exitUnread, "", "connection refused"},
	} {
		p := startWatch(t, "watch:\n  accounts:\n"+c.accounts, c.args)
		code := p.ends(t)
		if code != c.code || !strings.Contains(p.read("stdout"), c.out) || (c.out == "") != (p.read("stdout") == "") || !strings.Contains(p.logged(), c.log) {
			t.Errorf("%s with %s: status %d\n%s%s", c.args, c.accounts, code, p.read("stdout"), p.logged())
		}
	}
}

// TestWatchRefused: credentials that are refused end it, and are not tried on.
func TestWatchRefused(t *testing.T) {
	m := newMailbox(t, "Drafts")
	p := startWatch(t, "watch:\n  accounts:\n"+m.account("work", "echo wrong"), "")
	if code := p.ends(t); code != exitUsage || !strings.Contains(p.logged(), "tacto: account work: ") || strings.Contains(p.logged(), "wrong") {
		t.Errorf("status %d: %s", code, p.logged())
	}
}

// TestWatchCheck: what is there is shown, and what is wrong.
func TestWatchCheck(t *testing.T) {
	m, none := newMailbox(t, "INBOX", "Borradores"), newMailbox(t, "INBOX", "Trabajo")
	good := m.account("work", "echo hunter2")
	p := startWatch(t, "watch:\n  accounts:\n"+good, "--check")
	if code := p.ends(t); code != exitOK || !strings.HasPrefix(p.read("stdout"), "work: ok\n  server  127.0.0.1 (") ||
		!strings.Contains(p.read("stdout"), "\n  drafts  Borradores, 0 messages (a well-known name)\n") || !strings.Contains(p.read("stdout"), "\n  auth    ") {
		t.Errorf("status %d: %s%s", code, p.read("stdout"), p.logged())
	}
	open := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(open, []byte("hunter2"), 0o644); err != nil {
		t.Fatal(err)
	}
	p = startWatch(t, "watch:\n  accounts:\n"+good+none.account("home", "echo hunter2")+m.account("away", "sh -c false")+
		strings.Replace(m.account("open", "x"), "command: x", "file: "+open, 1), "--check")
	out := func() string { return p.read("stdout") }
	if code := p.ends(t); code != exitFound || !strings.Contains(out(), "work: ok\n") || !strings.Contains(out(), "\nhome: failed: no folder for drafts was found") ||
		!strings.Contains(out(), `"Trabajo"`) || !strings.Contains(out(), "\naway: failed: ") || !strings.Contains(out(), "the command sh failed: exit status 1") ||
		!strings.Contains(out(), "\nopen: failed: ") || !strings.Contains(out(), "(mode 0644): chmod 600 it") {
		t.Errorf("status %d: %s%s", code, out(), p.logged())
	}
	p = startWatch(t, "watch:\n  accounts:\n"+good+none.account("home", "echo hunter2"), "--check --format json")
	code := p.ends(t)
	dec := json.NewDecoder(strings.NewReader(out()))
	for _, want := range []bool{true, false} {
		var k watchChecked
		if err := dec.Decode(&k); err != nil || k.OK != want || (k.Error == "") != want || len(k.Folders) == 0 {
			t.Errorf("%v: %+v", err, k)
		}
	}
	if err := dec.Decode(new(watchChecked)); !errors.Is(err, io.EOF) || code != exitFound {
		t.Errorf("status %d: %s", code, out())
	}
}

// TestUnits: what is written for systemd and launchd.
func TestUnits(t *testing.T) {
	c := &Command{Getenv: func(name string) string { return map[string]string{"HOME": "/home/ana", "PATH": "/opt/x&y"}[name] }}
	u, err := c.unitFor("linux", `/opt/100% $tacto`, `/home/ana/$x "y".yaml`)
	if err != nil || u.path != "/home/ana/.config/systemd/user/tacto-watch.service" ||
		!strings.Contains(u.text, `ExecStart="/opt/100%% $tacto" watch --config "/home/ana/$$x \"y\".yaml"`+"\n") {
		t.Errorf("%v: %+v", err, u)
	}
	for _, exe := range []string{`/opt/"tacto"`, "/opt/ana's/tacto", `/opt/a\b`} { // which systemd refuses
		if _, err := c.unitFor("linux", exe, "/home/ana/x.yaml"); err == nil {
			t.Errorf("a unit for %s", exe)
		}
	}
	u, err = c.unitFor("darwin", "/opt/t<1>/tacto", "/home/ana/c.yaml")
	if err != nil || u.path != "/home/ana/Library/LaunchAgents/org.tacto-lint.watch.plist" ||
		!strings.Contains(u.text, "<string>/opt/t&lt;1&gt;/tacto</string>") || !strings.Contains(u.text, "/opt/x&amp;y") {
		t.Errorf("%v: %+v", err, u)
	}
	if _, err := c.unitFor("plan9", "", ""); err == nil {
		t.Error("a unit for plan9")
	}
}
