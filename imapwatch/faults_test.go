package imapwatch_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/tacto-lint/tacto/imapwatch"
	"github.com/tacto-lint/tacto/mail/imapsession"
)

// TestMain makes a watcher of the test program where the fault run starts it as one.
func TestMain(m *testing.M) {
	if os.Getenv("TACTO_FAULT_ACCOUNT") != "" {
		watchAsChild()
		return
	}
	os.Exit(m.Run())
}

type childAccount struct {
	User, Log, State string
	Port             int
}

// watchAsChild prints a line for each judgement, until it is killed.
func watchAsChild() {
	var c childAccount
	if err := json.Unmarshal([]byte(os.Getenv("TACTO_FAULT_ACCOUNT")), &c); err != nil {
		panic(err)
	}
	var b testing.B // for its Fatal alone
	opts := options(&b, 2*time.Second, imapwatch.Account{
		Name: "a", Host: "127.0.0.1", Port: c.Port, TLS: imapsession.TLSNone, User: c.User, Password: secret(password),
	})
	opts.State, opts.Backoff, opts.Timeout = c.State, 100*time.Millisecond, time.Second
	opts.Tell = func(_ context.Context, j *imapwatch.Judgement) error {
		// What was told of a half-written text while the server was away, and then of
		// the whole, is no repeat: the text tells them apart.
		_, err := fmt.Printf("%s %s %d\n", j.Kind, strings.ReplaceAll(j.Message.Subject.Text, " ", "_"), len(j.Message.Body.Text))
		return err
	}
	opts.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w, err := imapwatch.New(opts)
	if err != nil {
		panic(err)
	}
	panic(w.Run(context.Background()))
}

// toldWhole is the length of a text from which on all there is to say of bad can be
// said: nothing more is told of what is longer.
var toldWhole = strings.Index(strings.ReplaceAll(bad, "\r\n", "\n"), "cambio.")

// A faultRun has what is told by the children, one after the other.
type faultRun struct {
	t     *testing.T
	d     *dovecot
	a     imapwatch.Account
	state string

	log   *lockedBuffer
	mu    sync.Mutex
	told  map[string]int // by draft
	texts map[string]int // by draft and text
	kills int
	child *exec.Cmd
}

func (f *faultRun) spawn() {
	env, err := json.Marshal(childAccount{User: f.a.User, State: f.state, Port: f.d.Plain})
	if err != nil {
		f.t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "TACTO_FAULT_ACCOUNT="+string(env))
	// A pipe of exec's own is closed when the child ends, and what it told last is lost.
	out, in, err := os.Pipe()
	if err != nil {
		f.t.Fatal(err)
	}
	cmd.Stderr, cmd.Stdout = f.log, in
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	_ = in.Close() // the child has it
	f.child = cmd
	go func() {
		defer out.Close()
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if fields := strings.Fields(lines.Text()); len(fields) == 3 && fields[0] != "mended" {
				f.mu.Lock()
				if n, _ := strconv.Atoi(fields[2]); n >= toldWhole {
					f.told[fields[1]]++
				}
				f.texts[fields[1]+" "+fields[2]]++
				f.mu.Unlock()
			}
		}
	}()
}

func (f *faultRun) killWatcher() {
	_ = f.child.Process.Kill()
	_ = f.child.Wait()
	f.kills++
	f.spawn()
}

// hand is the technician's mail program: it saves again and again, and connects
// anew when the server is away.
type hand struct {
	d *dovecot
	a imapwatch.Account
	c *imapclient.Client
}

// save makes sure that exactly data is in the folder in the place of old.
func (h *hand) save(old imap.UID, data []byte) imap.UID {
	var uid imap.UID
	for {
		if h.c == nil && !h.dial() {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		timer := time.AfterFunc(3*time.Second, func() { _ = h.c.Close() })
		var err error
		if uid == 0 { // after a lost connection it may be saved already
			if uid = h.search(data); uid == 0 {
				uid, err = appendTo(h.c, "Drafts", data, time.Time{})
			}
		}
		if err == nil && old != 0 {
			err = remove(h.c, old)
		}
		timer.Stop()
		if err == nil {
			return uid
		}
		_ = h.c.Close()
		h.c = nil
	}
}

func (h *hand) search(data []byte) imap.UID {
	text := string(data)
	id := text[strings.Index(text, "Message-ID: ")+12:]
	id = id[:strings.Index(id, "\r\n")]
	got, err := h.c.UIDSearch(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: id}}}, nil).Wait()
	if err != nil || len(got.AllUIDs()) == 0 {
		return 0
	}
	return got.AllUIDs()[0]
}

func (h *hand) dial() bool {
	conn, err := net.DialTimeout("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(h.d.Plain)), time.Second)
	if err != nil {
		return false
	}
	c := imapclient.New(conn, nil)
	timer := time.AfterFunc(3*time.Second, func() { _ = conn.Close() })
	defer timer.Stop()
	if err := c.Login(h.a.User, password).Wait(); err == nil {
		if _, err = c.Select("Drafts", nil).Wait(); err == nil {
			h.c = c
			return true
		}
	}
	_ = conn.Close()
	return false
}

// Drafts are saved while the server is killed, frozen and restarted and the
// watcher is killed: every one is told, and but for those in hand at a kill, once.
func TestFaults(t *testing.T) {
	d := newDovecot(t)
	drafts := 200
	if n, err := strconv.Atoi(os.Getenv("TACTO_FAULT_DRAFTS")); err == nil {
		drafts = n
	}
	f := &faultRun{t: t, d: d, a: d.account(t), state: t.TempDir() + "/state.json", told: map[string]int{}, texts: map[string]int{}, log: &lockedBuffer{}}
	f.spawn()
	t.Cleanup(func() {
		_ = f.child.Process.Kill()
		_ = f.child.Wait()
	})
	begun := time.Now()
	last := map[imap.UID]string{}
	saves, done := 0, make(chan struct{})
	go func() {
		defer close(done)
		saves = f.write(drafts, last)
	}()
	faults := f.disturb(done)
	settled := time.Now()
	for time.Since(settled) < 20*time.Second {
		f.mu.Lock()
		n := len(f.told)
		f.mu.Unlock()
		if n >= drafts {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	after := time.Since(settled)
	time.Sleep(2 * time.Second) // for what is told twice
	f.mu.Lock()
	defer f.mu.Unlock()
	never, twice := drafts-len(f.told), 0
	for _, n := range f.texts {
		twice += n - 1
	}
	t.Logf("%d drafts in %d saves over %v; %s, %d watchers killed: never told %d, told again %d; all told %v after the last",
		drafts, saves, time.Since(begun).Round(time.Second), faults, f.kills, never, twice, after.Round(100*time.Millisecond))
	for i := range drafts {
		name := fmt.Sprintf("Su_aviso_%d", i)
		if f.told[name] > 0 {
			continue
		}
		t.Logf("%s was never told as a whole; what was told of it:", name)
		for text, n := range f.texts {
			if strings.HasPrefix(text, name+" ") {
				t.Logf("%s characters, %d times", strings.TrimPrefix(text, name+" "), n)
			}
		}
	}
	if never != 0 || twice > f.kills {
		log := f.log.String()
		t.Errorf("never told: %d; told again: %d, with %d kills; the watchers' log ends:\n%s", never, twice, f.kills, log[max(0, len(log)-8000):])
	}
	f.compare(last)
}

// write saves drafts, three at a time, in many small saves each; last gets what
// the folder must hold.
func (f *faultRun) write(drafts int, last map[imap.UID]string) (saves int) {
	var mu sync.Mutex
	var all sync.WaitGroup
	next := make(chan int)
	for range 3 {
		all.Go(func() {
			h := &hand{d: f.d, a: f.a}
			for i := range next {
				words := strings.SplitAfter(bad, " ")
				var uid imap.UID
				var data []byte
				n := 0
				for at := 3; at < len(words)+3; at += 3 {
					data = draft(fmt.Sprintf("Su aviso %d", i), strings.Join(words[:min(at, len(words))], ""))
					uid = h.save(uid, data)
					n++
					time.Sleep(settle / 4)
				}
				mu.Lock()
				last[uid] = string(data)
				saves += n
				mu.Unlock()
			}
			if h.c != nil {
				_ = h.c.Close()
			}
		})
	}
	for i := range drafts {
		next <- i
	}
	close(next)
	all.Wait()
	return saves
}

// disturb does one thing after the other until done, and leaves all running.
func (f *faultRun) disturb(done chan struct{}) string {
	var killed, frozen, stopped int
	for i := 0; ; i++ {
		select {
		case <-done:
			return fmt.Sprintf("server killed %d, frozen %d, stopped %d times", killed, frozen, stopped)
		case <-time.After(300*time.Millisecond + rand.N(900*time.Millisecond)):
		}
		switch i % 5 {
		case 0, 3:
			f.killWatcher()
		case 1:
			f.d.Signal(syscall.SIGKILL)
			time.Sleep(200 * time.Millisecond)
			f.d.Start()
			killed++
		case 2:
			f.d.Signal(syscall.SIGSTOP)
			time.Sleep(1500 * time.Millisecond)
			f.d.Signal(syscall.SIGCONT)
			frozen++
		case 4:
			f.d.Signal(syscall.SIGTERM)
			time.Sleep(300 * time.Millisecond)
			f.d.Signal(syscall.SIGKILL)
			f.d.Start()
			stopped++
		}
	}
}

// compare holds the folder to what was saved last.
func (f *faultRun) compare(last map[imap.UID]string) {
	c := f.d.open(f.t, f.a)
	if _, err := c.Select("Drafts", &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		f.t.Fatal(err)
	}
	section := &imap.FetchItemBodySection{Peek: true}
	all, err := c.Fetch(imap.UIDSet{{Start: 1}}, &imap.FetchOptions{UID: true, Flags: true, BodySection: []*imap.FetchItemBodySection{section}}).Collect()
	if err != nil {
		f.t.Fatal(err)
	}
	for _, m := range all {
		if last[m.UID] != string(m.FindBodySection(section)) {
			f.t.Errorf("uid %d is not what was saved", m.UID)
		}
		for _, flag := range m.Flags {
			if flag != imap.FlagDraft && flag != `\Recent` {
				f.t.Errorf("uid %d has the flag %s", m.UID, flag)
			}
		}
	}
	if len(all) != len(last) {
		f.t.Errorf("%d drafts, want %d", len(all), len(last))
	}
}
