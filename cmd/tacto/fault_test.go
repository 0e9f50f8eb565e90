//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestSendmailFaults: whatever breaks, a message is handed on whole or refused with
// a status other than 0; never both, never neither. The real binary is run, and a
// script that keeps each message it gets stands for the mail system.
func TestSendmailFaults(t *testing.T) {
	dir := t.TempDir()
	tacto := filepath.Join(dir, "tacto")
	if out, err := exec.Command("go", "build", "-o", tacto, ".").CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
	f := &faults{t: t, dir: dir, tacto: tacto, mta: filepath.Join(dir, "mta"), kept: filepath.Join(dir, "kept")}
	if err := os.Mkdir(f.kept, 0o700); err != nil {
		t.Fatal(err)
	}
	// It first reads all, slowly, and only then keeps what it read, under a name of its own.
	script := "#!/bin/sh\nsleep ${MTA_WAIT:-0}\ncat > " + dir + "/$$.part && mv " + dir + "/$$.part " + f.kept + "/$$\n"
	if err := os.WriteFile(f.mta, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Run("many at once", f.many)
	t.Run("killed while it reads", f.killedReading)
	t.Run("killed at any moment", f.killedAnywhere)
	t.Run("no room for the message", f.noRoom)
	t.Run("no state, no home", f.noState)
	t.Run("a large message", f.large)
	t.Run("standard error is closed", f.noStderr)
	t.Run("under the name sendmail", f.byName)
	t.Run("nobody reads standard error", f.brokenStderr)
	t.Run("a rule file that never ends", f.endlessRules)
	t.Run("round and round", f.loop)
}

type faults struct {
	t                     *testing.T
	dir, tacto, mta, kept string
}

// good and bad give messages of which no two are alike.
func good(n int) string {
	return fmt.Sprintf("From: ana@us.example\nTo: c%d@client.example\nSubject: Visita %d\n\nEstimada Carla:\n\nEl martes 25 a las 10 le cambio yo el disco %d y a las 12 le llamo.\n\nUn saludo,\nAna\n", n, n, n)
}

func bad(n int) string {
	return strings.Replace(good(n), "El martes", "Ustedes no nos avisaron del cambio. El martes", 1)
}

func (f *faults) command(args ...string) *exec.Cmd {
	cmd := exec.Command(f.tacto, append([]string{"sendmail", "--no-config", "--", f.mta}, args...)...)
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+filepath.Join(f.dir, "state"), "HOME="+f.dir, "DBUS_SESSION_BUS_ADDRESS=")
	return cmd
}

// arrived gives what the mail system got, and forgets it.
func (f *faults) arrived() map[string]int {
	got := map[string]int{}
	files, err := os.ReadDir(f.kept)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, e := range files {
		path := filepath.Join(f.kept, e.Name())
		data, err := os.ReadFile(path)
		if err != nil {
			f.t.Fatal(err)
		}
		got[string(data)]++
		if err := os.Remove(path); err != nil {
			f.t.Fatal(err)
		}
	}
	return got
}

func (f *faults) many(t *testing.T) {
	const n = 60
	status := make([]error, n)
	var wait sync.WaitGroup
	running := make(chan struct{}, 20)
	for i := range n {
		wait.Go(func() {
			running <- struct{}{}
			defer func() { <-running }()
			cmd := f.command("-t")
			cmd.Stdin = strings.NewReader(good(i))
			if i%3 == 0 {
				cmd.Stdin = strings.NewReader(bad(i))
			}
			status[i] = cmd.Run()
		})
	}
	wait.Wait()
	got := f.arrived()
	for i := range n {
		want := 1
		if i%3 == 0 {
			want = 0
		}
		if got[good(i)]+got[bad(i)] != want || (status[i] == nil) != (want == 1) {
			t.Errorf("message %d: arrived %d times, want %d; %v", i, got[good(i)]+got[bad(i)], want, status[i])
		}
	}
}

// killedReading: half a message on its standard input, then SIGKILL.
func (f *faults) killedReading(t *testing.T) {
	cmd := f.command("-t")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Write([]byte(good(1)[:80])); err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if cmd.Wait() == nil {
		t.Error("status 0")
	}
	time.Sleep(100 * time.Millisecond)
	if got := f.arrived(); len(got) != 0 {
		t.Errorf("arrived: %v", got)
	}
}

// killedAnywhere: a process killed after ever longer times has handed on the whole
// message, or nothing of it; with status 0 it has handed it on.
func (f *faults) killedAnywhere(t *testing.T) {
	const tries = 40
	whole := 0
	for i := range tries {
		cmd := f.command("-t")
		cmd.Stdin = strings.NewReader(good(i))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(i) * 400 * time.Microsecond)
		_ = cmd.Process.Kill() // it may be through already
		err := cmd.Wait()
		time.Sleep(10 * time.Millisecond)
		got := f.arrived()
		switch n := got[good(i)]; {
		case len(got) > 1 || len(got) == 1 && n != 1:
			t.Errorf("after %d: arrived %v", i, got)
		case err == nil && n != 1:
			t.Errorf("after %d: status 0, and nothing arrived", i)
		case n == 1:
			whole++
		}
	}
	t.Logf("%d of %d were through", whole, tries)
}

// noRoom: no file can be written, as on a full disk.
func (f *faults) noRoom(t *testing.T) {
	cmd := exec.Command("sh", "-c", "ulimit -f 0; exec \"$0\" \"$@\"", f.tacto, "sendmail", "--no-config", "--", f.mta, "-t")
	cmd.Env = append(f.command().Env, "TMPDIR="+filepath.Join(f.dir, "none"))
	cmd.Stdin = strings.NewReader(good(1))
	out, err := cmd.CombinedOutput()
	if got := f.arrived(); err == nil || len(got) != 0 {
		t.Errorf("%v, arrived %v: %s", err, got, out)
	}
}

// noState: nothing can be remembered; the good goes on, the bad is held.
func (f *faults) noState(t *testing.T) {
	for text, want := range map[string]int{good(1): 1, bad(1): 0} {
		cmd := f.command("-t")
		cmd.Env = []string{"XDG_STATE_HOME=/dev/null", "PATH=" + os.Getenv("PATH")}
		cmd.Stdin = strings.NewReader(text)
		err := cmd.Run()
		if got := f.arrived(); got[text] != want || (err == nil) != (want == 1) {
			t.Errorf("arrived %d times, want %d; %v", got[text], want, err)
		}
	}
}

// large: 20 MB with an attachment, through a mail system that is slow to read.
func (f *faults) large(t *testing.T) {
	line := strings.Repeat("QUJD", 19) + "\r\n"
	text := strings.ReplaceAll(strings.Replace(good(1), "\n\n", "\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n", 1), "\n", "\r\n") +
		"\r\n--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n" + strings.Repeat(line, 20_000_000/len(line)) + "--b--\r\n"
	cmd := f.command("-t")
	cmd.Env = append(cmd.Env, "MTA_WAIT=0.3")
	cmd.Stdin = strings.NewReader(text)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	err := cmd.Run()
	if got := f.arrived(); err != nil || len(got) != 1 || got[text] != 1 || stderr.Len() > 0 {
		t.Errorf("%v, %d arrived, whole: %v, said %q", err, len(got), got[text] == 1, stderr.String())
	}
}

// noStderr: a mail program that closed standard error still gets the status.
func (f *faults) noStderr(t *testing.T) {
	for text, want := range map[string]int{good(2): 1, bad(2): 0} {
		cmd := exec.Command("sh", append([]string{"-c", "exec \"$0\" \"$@\" 2>&-", f.tacto}, f.command("-t").Args[1:]...)...)
		cmd.Env = f.command().Env
		cmd.Stdin = strings.NewReader(text)
		err := cmd.Run()
		if got := f.arrived(); got[text] != want || (err == nil) != (want == 1) {
			t.Errorf("arrived %d times, want %d; %v", got[text], want, err)
		}
	}
}

// byName: a link named sendmail is the wrapper, and never hands mail to itself.
func (f *faults) byName(t *testing.T) {
	bin := filepath.Join(f.dir, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(bin, "sendmail")
	if err := os.Symlink(f.tacto, link); err != nil {
		t.Fatal(err)
	}
	run := func(text string) error {
		cmd := exec.Command(link, "-oi", "-t")
		cmd.Env = []string{"PATH=" + bin + ":/bin:/usr/bin", "HOME=" + f.dir}
		cmd.Dir = f.dir
		cmd.Stdin = strings.NewReader(text)
		return cmd.Run()
	}
	if err := os.Symlink(f.mta, filepath.Join(bin, "msmtp")); err != nil {
		t.Fatal(err)
	}
	if err := run(good(3)); err != nil || f.arrived()[good(3)] != 1 {
		t.Errorf("the good: %v", err)
	}
	if err := run(bad(3)); err == nil || len(f.arrived()) != 0 {
		t.Errorf("the bad: %v", err)
	}
	// What stands behind "--" is a recipient there, also where a program has that name.
	cmd := exec.Command(link, "-i", "-h", "2", "--", "true")
	cmd.Env = []string{"PATH=" + bin + ":/bin:/usr/bin", "HOME=" + f.dir}
	cmd.Stdin = strings.NewReader(good(4))
	if err := cmd.Run(); err != nil || f.arrived()[good(4)] != 1 {
		t.Errorf("to a user named true: %v", err)
	}
}

// brokenStderr: the reader of standard error is gone.
func (f *faults) brokenStderr(t *testing.T) {
	for text, want := range map[string]int{good(5): 1, bad(5): 0} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		cmd := f.command("-t")
		cmd.Args = append([]string{f.tacto, "sendmail", "--config", "none.yaml"}, cmd.Args[3:]...)
		if want == 0 {
			cmd = f.command("-t")
		}
		cmd.Stdin, cmd.Stderr = strings.NewReader(text), w
		err = cmd.Run()
		w.Close()
		if got := f.arrived(); got[text] != want || (err == nil) != (want == 1) || want == 0 && cmd.ProcessState.ExitCode() != 65 {
			t.Errorf("arrived %d times, want %d; %v", got[text], want, err)
		}
	}
}

// endlessRules: a rule file is a pipe that nobody writes to.
func (f *faults) endlessRules(t *testing.T) {
	if err := exec.Command("mkfifo", filepath.Join(f.dir, "pipe")).Run(); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(f.dir, "pipe.yaml")
	if err := os.WriteFile(config, []byte("rule-files: [pipe]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(f.tacto, "sendmail", "--budget", "300ms", "--config", config, "--", f.mta, "-t")
	cmd.Env = f.command().Env
	cmd.Stdin = strings.NewReader(good(6))
	if err := cmd.Run(); err != nil || f.arrived()[good(6)] != 1 {
		t.Errorf("%v", err)
	}
}

// loop: a script in the name of the mail system calls tacto again.
func (f *faults) loop(t *testing.T) {
	bin := filepath.Join(f.dir, "round")
	if err := os.Mkdir(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\nexec " + f.tacto + " sendmail \"$@\"\n"
	for _, name := range []string{"msmtp", "sendmail"} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(f.tacto, "sendmail", "-t")
	cmd.Env = []string{"PATH=" + bin + ":/bin:/usr/bin", "HOME=" + f.dir}
	cmd.Stdin = strings.NewReader(good(7))
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != 69 || !strings.Contains(string(out), "round and round") {
		t.Errorf("%v: %s", err, out)
	}
	cmd = exec.Command(f.tacto, "sendmail", "--", f.tacto, "-t")
	cmd.Stdin = strings.NewReader(good(7))
	if out, err := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != 69 {
		t.Errorf("handed to itself: %v: %s", err, out)
	}
}
