//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/tacto-lint/tacto/audit"
	"github.com/tacto-lint/tacto/audit/store"
	"github.com/tacto-lint/tacto/audit/store/storetest"
	"github.com/tacto-lint/tacto/audit/synthetic"
	"github.com/tacto-lint/tacto/lint"
)

// An auditRun has the real binary, and a home of its own.
type auditRun struct {
	t           *testing.T
	tacto, home string
	archive     synthetic.Archive
}

func newAuditRun(t *testing.T, emails int) *auditRun {
	t.Helper()
	r := &auditRun{t: t, tacto: filepath.Join(t.TempDir(), "tacto"), home: t.TempDir(), archive: synthetic.Default(emails)}
	if out, err := exec.Command("go", "build", "-o", r.tacto, ".").CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
	return r
}

func (r *auditRun) command(args ...string) (*exec.Cmd, *bytes.Buffer, *bytes.Buffer) {
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(r.tacto, append([]string{"audit"}, args...)...)
	cmd.Env = []string{"HOME=" + r.home, "PATH=" + os.Getenv("PATH")}
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	return cmd, &stdout, &stderr
}

// do runs it to its end, and gives the exit status.
func (r *auditRun) do(args ...string) (status int, stdout, stderr string) {
	r.t.Helper()
	cmd, out, said := r.command(args...)
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		r.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), said.String()
}

// exact says that a store has each email of the archive once, judged as it was planted.
func (r *auditRun) exact(args ...string) {
	r.t.Helper()
	status, out, said := r.do(append([]string{"report", "--format", "json"}, args...)...)
	if status != 0 {
		r.t.Fatalf("status %d: %s", status, said)
	}
	var got struct {
		Emails int
		Rules  []struct {
			Rule   string
			Emails int
		}
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		r.t.Fatal(err)
	}
	jargon, formula := 0, 0
	for n := range r.archive.Emails {
		e := r.archive.Email(n)
		if e.Jargon {
			jargon++
		}
		if e.Formula {
			formula++
		}
	}
	found := map[string]int{}
	for _, x := range got.Rules {
		found[x.Rule] = x.Emails
	}
	if got.Emails != r.archive.Emails || found["jargon"] != jargon || found["stock-phrase"] != formula {
		r.t.Errorf("%d emails, %d with jargon, %d with a formula; want %d, %d, %d", got.Emails, found["jargon"], found["stock-phrase"], r.archive.Emails, jargon, formula)
	}
}

// TestAuditKilled: killed with -9 twenty times during a collect over 20,000 emails, the
// store is whole and the counts are exact.
func TestAuditKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("it writes 20,000 files")
	}
	r := newAuditRun(t, 20_000)
	maildir := filepath.Join(t.TempDir(), "Sent")
	if err := r.archive.Maildir(maildir); err != nil {
		t.Fatal(err)
	}
	db := filepath.Join(r.home, ".local", "share", "tacto", "audit.db")
	kills, ends := 0, 0
	for kills < 20 {
		cmd, _, _ := r.command("collect", maildir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- cmd.Wait() }()
		select {
		case <-time.After(20*time.Millisecond + rand.N(220*time.Millisecond)):
			_ = cmd.Process.Kill()
			<-done
			kills++
		case <-done: // it has come to the end: from the beginning, in a new store
			r.exact()
			if ends++; ends > 50 {
				t.Fatalf("only %d kills", kills)
			}
			for _, f := range []string{db, db + "-wal", db + "-shm"} {
				_ = os.Remove(f)
			}
		}
	}
	if status, _, said := r.do("collect", maildir); status != 0 {
		t.Fatalf("status %d: %s", status, said)
	}
	r.exact()
	c, err := sqlite.OpenConn(db, sqlite.OpenReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	whole := ""
	if err := sqlitex.ExecuteTransient(c, "PRAGMA integrity_check", &sqlitex.ExecOptions{ResultFunc: func(st *sqlite.Stmt) error {
		whole += st.ColumnText(0)
		return nil
	}}); err != nil || whole != "ok" {
		t.Errorf("integrity_check: %q, %v", whole, err)
	}
	t.Logf("killed %d times, came to the end %d times before the last", kills, ends)
}

// TestAuditStopped: at SIGINT it keeps what it has judged, says so, and goes on.
func TestAuditStopped(t *testing.T) {
	r := newAuditRun(t, 12_000)
	mbox := filepath.Join(t.TempDir(), "sent.mbox.gz")
	if err := r.archive.MboxFile(mbox); err != nil {
		t.Fatal(err)
	}
	cmd, _, stderr := r.command("collect", mbox)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(250 * time.Millisecond)
	_ = cmd.Process.Signal(syscall.SIGINT)
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code == 0 {
		t.Log("it was done before it could be stopped")
	} else if code != 130 || !strings.Contains(stderr.String(), "the next time it goes on from here") {
		t.Errorf("status %d: %s", code, stderr)
	}
	if status, _, said := r.do("collect", mbox); status != 0 {
		t.Errorf("status %d: %s", status, said)
	}
	r.exact()
}

// TestAuditTwoCollectors: two at the same time, on the same mail, count each email once.
func TestAuditTwoCollectors(t *testing.T) {
	r := newAuditRun(t, 4000)
	mbox := filepath.Join(t.TempDir(), "sent.mbox")
	if err := r.archive.MboxFile(mbox); err != nil {
		t.Fatal(err)
	}
	var running []*exec.Cmd
	for range 3 {
		cmd, _, stderr := r.command("collect", mbox)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		running = append(running, cmd)
		t.Cleanup(func() {
			if t.Failed() {
				t.Log(stderr.String())
			}
		})
	}
	for _, cmd := range running {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	r.exact()
}

// TestAuditLocked: a store that another program holds is a clear error.
func TestAuditLocked(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for a lock")
	}
	r := newAuditRun(t, 500)
	mbox := filepath.Join(t.TempDir(), "sent.mbox")
	if err := r.archive.MboxFile(mbox); err != nil {
		t.Fatal(err)
	}
	db := filepath.Join(t.TempDir(), "audit.db")
	if status, _, said := r.do("collect", "--store", db, "--until", "2026-02", mbox); status != 0 {
		t.Fatalf("status %d: %s", status, said)
	}
	c, err := sqlite.OpenConn(db, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	end, err := sqlitex.ExclusiveTransaction(c)
	if err != nil {
		t.Fatal(err)
	}
	status, _, said := r.do("collect", "--store", db, mbox)
	if status != 2 && status != 3 || !strings.Contains(said, "another program has the store locked\nhint: ") {
		t.Errorf("status %d: %s", status, said)
	}
	var none error
	end(&none)
	_ = c.Close()
	if status, _, said := r.do("collect", "--store", db, mbox); status != 0 {
		t.Errorf("status %d: %s", status, said)
	}
	r.exact("--store", db)
}

// TestAuditFullDisk: no room left is a clear error, and with room it goes on.
func TestAuditFullDisk(t *testing.T) {
	if os.Getuid() != 0 || os.Getenv("TACTO_REAL") == "" {
		t.Skip("it mounts a small disk: only as root, with TACTO_REAL=1")
	}
	r := newAuditRun(t, 8000)
	mbox := filepath.Join(t.TempDir(), "sent.mbox")
	if err := r.archive.MboxFile(mbox); err != nil {
		t.Fatal(err)
	}
	disk := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=900k", "tmpfs", disk).CombinedOutput(); err != nil {
		t.Skipf("no small disk: %v\n%s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", disk).Run() })
	db := filepath.Join(disk, "audit.db")
	status, _, said := r.do("collect", "--store", db, mbox)
	if status != 3 || !strings.Contains(said, "there is no room left for the store\nhint: make room") {
		t.Errorf("status %d: %s", status, said)
	}
	if out, err := exec.Command("mount", "-o", "remount,size=30m", disk).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	status, _, said = r.do("collect", "--store", db, mbox)
	if status != 0 || strings.Contains(said, " 8000 new") {
		t.Errorf("status %d: %s", status, said)
	}
	r.exact("--store", db)
}

// TestAuditFileLimit: a file that may grow no more is a clear error, and nothing is lost.
func TestAuditFileLimit(t *testing.T) {
	r := newAuditRun(t, 8000)
	mbox := filepath.Join(t.TempDir(), "sent.mbox")
	if err := r.archive.MboxFile(mbox); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", `trap "" XFSZ; ulimit -f 600; exec "$0" audit collect "$1"`, r.tacto, mbox)
	cmd.Env = []string{"HOME=" + r.home, "PATH=" + os.Getenv("PATH")}
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != 3 || !strings.Contains(string(out), "the store's file can't be written or read") || !strings.Contains(string(out), "hint: is there room") {
		t.Errorf("status %d: %s", code, out)
	}
	status, _, said := r.do("collect", mbox)
	if status != 0 || strings.Contains(said, " 8000 new") {
		t.Errorf("status %d: %s", status, said)
	}
	r.exact()
}

// TestAuditVanishedServer: PostgreSQL is killed in the midst of a collect, and comes back.
func TestAuditVanishedServer(t *testing.T) {
	p := storetest.Postgres(t)
	r := newAuditRun(t, 20_000)
	mbox := filepath.Join(t.TempDir(), "sent.mbox")
	if err := r.archive.MboxFile(mbox); err != nil {
		t.Fatal(err)
	}
	url := p.New()
	cmd, _, stderr := r.command("collect", "--store", url, mbox)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(500 * time.Millisecond)
	p.Kill()
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 3 && code != 2 || !strings.Contains(stderr.String(), "the database server can't be reached") || !strings.Contains(stderr.String(), "hint: start again when it is back") {
		t.Errorf("status %d: %s", code, stderr)
	}
	p.Start()
	// Two leads' collectors go on, at the same time.
	other, _, said2 := r.command("collect", "--store", url, mbox)
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	if status, _, said := r.do("collect", "--store", url, mbox); status != 0 {
		t.Errorf("status %d: %s", status, said)
	}
	if err := other.Wait(); err != nil {
		t.Errorf("%v: %s", err, said2)
	}
	r.exact("--store", url)
}

// TestAuditServe: the page is there, for who may see it, and ends with the program.
func TestAuditServe(t *testing.T) {
	r := newAuditRun(t, 300)
	mbox := filepath.Join(t.TempDir(), "sent.mbox")
	if err := r.archive.MboxFile(mbox); err != nil {
		t.Fatal(err)
	}
	if status, _, said := r.do("collect", mbox); status != 0 {
		t.Fatal(said)
	}
	for _, listen := range []string{"127.0.0.1:0", "0.0.0.0:0"} {
		cmd, _, _ := r.command("serve", "--listen", listen)
		cmd.Stderr = nil
		pipe, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		line := make([]byte, 1000)
		n, err := pipe.Read(line)
		if err != nil {
			t.Fatal(err)
		}
		address := regexp.MustCompile(`http://\S+`).FindString(string(line[:n]))
		token := strings.Contains(address, "?token=")
		if token != (listen == "0.0.0.0:0") {
			t.Errorf("%s: %q", listen, line[:n])
		}
		address = strings.NewReplacer("0.0.0.0", "127.0.0.1", "[::]", "127.0.0.1").Replace(address)
		jar, _ := cookiejar.New(nil)
		client := &http.Client{Jar: jar, Timeout: 10 * time.Second}
		bare, _, _ := strings.Cut(address, "?")
		if token {
			if res, err := http.Get(bare); err != nil || res.StatusCode != 401 {
				t.Errorf("without the token: %v %v", res, err)
			}
		}
		res, err := client.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		var page bytes.Buffer
		_, _ = page.ReadFrom(res.Body)
		if res.StatusCode != 200 || !strings.Contains(page.String(), "How clients hear our mail") || strings.Contains(page.String(), "@") && strings.Contains(page.String(), "us.example") {
			t.Errorf("%d, %d bytes", res.StatusCode, page.Len())
		}
		if token && res.Request.URL.RawQuery != "" {
			t.Errorf("the token stays in the address: %s", res.Request.URL)
		}
		begun := time.Now()
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil || time.Since(begun) > 3*time.Second {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
	}
}

// fillMillion makes a store of a million emails of two years: 40 authors, 60 clients, 25 rules.
func fillMillion(b *testing.B, dir string) {
	b.Helper()
	key := audit.NewKey()
	var mapping strings.Builder
	mapping.WriteString("teams:\n  A: ['*@a.example']\n  B: ['*@b.example']\nclients:\n")
	for i := range 60 {
		fmt.Fprintf(&mapping, "  C%d: ['*@c%d.example']\n", i, i)
	}
	for name, text := range map[string]string{"audit.key": key.String(), "mapping.yaml": mapping.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	s, err := store.Open(b.Context(), filepath.Join(dir, "audit.db"), key.ID())
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	r := rand.New(rand.NewPCG(1, 2))
	first := audit.DayOf(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))
	for n := 0; n < 1_000_000; n += 10_000 {
		var batch audit.Batch
		for i := range 10_000 {
			author, client := fmt.Sprintf("p%d@%c.example", r.IntN(40), 'a'+rune(r.IntN(2))), fmt.Sprintf("x@c%d.example", r.IntN(60))
			e := audit.Email{ID: key.Content(fmt.Append(nil, n+i)), Day: first + audit.Day(r.IntN(728)), Author: key.Address(author), AuthorDomain: key.Domain(author),
				Recipient: key.Address(client), RecipientDomain: key.Domain(client), Lang: []string{"es", "en"}[r.IntN(2)], Verdict: lint.Verdict(r.IntN(3)), Score: r.IntN(101), Words: 100, Judge: "j"}
			for rule := range 25 {
				if r.IntN(12) == 0 {
					e.Rules = append(e.Rules, audit.RuleCount{Rule: fmt.Sprintf("rule-%d", rule), Count: 1 + r.IntN(3)})
				}
			}
			batch.Emails = append(batch.Emails, e)
		}
		if _, err := s.Add(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAuditMillion is a report and a page over a million emails, whole processes.
func BenchmarkAuditMillion(b *testing.B) {
	dir := b.TempDir()
	tacto := filepath.Join(dir, "tacto")
	if out, err := exec.Command("go", "build", "-o", tacto, ".").CombinedOutput(); err != nil {
		b.Fatalf("building: %v\n%s", err, out)
	}
	fillMillion(b, dir)
	for name, args := range map[string][]string{"report": {"report"}, "by-client": {"report", "--by", "client", "--mapping", dir + "/mapping.yaml"}, "page": {"report", "--html", dir + "/page.html", "--mapping", dir + "/mapping.yaml"}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				cmd := exec.Command(tacto, append(append([]string{"audit"}, args...), "--store", dir+"/audit.db", "--key", dir+"/audit.key")...)
				cmd.Env = []string{"HOME=" + dir}
				if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "1,000,000 emails") && name != "page" {
					b.Fatalf("%v\n%s", err, out)
				}
			}
			if st, err := os.Stat(dir + "/page.html"); err == nil && name == "page" {
				b.ReportMetric(float64(st.Size())/1024, "KB")
			}
		})
	}
}

// BenchmarkAuditMbox reads an mbox of 200 MB and one of 2 GB: memory is the most that the
// process ever had.
func BenchmarkAuditMbox(b *testing.B) {
	dir := b.TempDir()
	tacto := filepath.Join(dir, "tacto")
	if out, err := exec.Command("go", "build", "-o", tacto, ".").CombinedOutput(); err != nil {
		b.Fatalf("building: %v\n%s", err, out)
	}
	for _, mb := range []int64{200, 2000} {
		b.Run(fmt.Sprintf("%dMB", mb), func(b *testing.B) {
			path := filepath.Join(dir, "sent.mbox")
			emails := writeMbox(b, path, mb<<20)
			for b.Loop() {
				home := b.TempDir()
				cmd := exec.Command(tacto, "audit", "collect", path)
				cmd.Env = []string{"HOME=" + home}
				if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), fmt.Sprintf("%d new", emails)) {
					b.Fatalf("%v\n%s", err, out)
				}
				b.ReportMetric(float64(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)/1024, "MB-memory")
			}
			b.ReportMetric(float64(emails)*float64(b.N)/b.Elapsed().Seconds(), "emails/s")
		})
	}
}

// writeMbox writes so many bytes of mail, every tenth with an attachment of 300 KB.
func writeMbox(b *testing.B, path string, size int64) (emails int) {
	b.Helper()
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	attachment := strings.Repeat(strings.Repeat("QUJD", 18)+"\n", 4200)
	a := synthetic.Default(1)
	for written := int64(0); written < size; emails++ {
		a.Seed = uint64(emails)
		var mbox bytes.Buffer
		if err := a.Mbox(&mbox); err != nil {
			b.Fatal(err)
		}
		text := mbox.String()
		if emails%10 == 0 {
			const plain = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n"
			text = strings.Replace(text, plain, "Content-Type: multipart/mixed; boundary=b\n\n--b\n"+plain, 1) +
				"--b\nContent-Type: application/pdf; name=a.pdf\nContent-Disposition: attachment; filename=a.pdf\nContent-Transfer-Encoding: base64\n\n" + attachment + "--b--\n\n"
		}
		if _, err := f.WriteString(text); err != nil {
			b.Fatal(err)
		}
		st, err := f.Seek(0, 1)
		if err != nil {
			b.Fatal(err)
		}
		written = st
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	return emails
}
