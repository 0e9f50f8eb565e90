//go:build unix

package secret

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/zalando/go-keyring"
)

func sh(script string) *Source { return &Source{Command: []string{"sh", "-c", script}} }

// TestCommand: the first line is the secret.
func TestCommand(t *testing.T) {
	for script, want := range map[string]string{
		"echo hunter2":                            "hunter2",
		"printf 'hunter2\\r\\nuser: ana\\n'":      "hunter2",
		"printf ' hunter 2 '":                     " hunter 2 ",
		"echo warning >&2; echo hunter2":          "hunter2",
		"echo hunter2; sleep 5 >/dev/null 2>&1 &": "hunter2",
	} {
		start := time.Now()
		if got, err := sh(script).Get(t.Context()); got != want || err != nil {
			t.Errorf("%s: %q, %v", script, got, err)
		}
		if d := time.Since(start); d > 3*time.Second {
			t.Errorf("%s: took %v", script, d)
		}
	}
}

// TestCommandFails: why is said, the secret is not.
func TestCommandFails(t *testing.T) {
	for script, want := range map[string]string{
		"echo hunter2; echo locked >&2; exit 3":                     "the command sh failed: exit status 3: locked",
		"echo hunter2; echo first >&2; echo no hunter2 >&2; exit 3": "the command sh failed: exit status 3: no ***",
		"set -x; echo hunter2; false":                               "the command sh failed: exit status 1: + false",
		"printf 'a\\033[31m' >&2; exit 1":                           "the command sh failed: exit status 1: a␛[31m",
		"true":                                                      "the command sh printed nothing",
		"echo; echo hunter2":                                        "the command sh printed nothing",
		"head -c 100000 /dev/zero | tr '\\0' x":                     "the command sh printed no line of less than 65536 bytes",
	} {
		got, err := sh(script).Get(t.Context())
		if got != "" || err == nil || err.Error() != want {
			t.Errorf("%s: %q, %v, want %s", script, got, err, want)
		}
	}
	if _, err := (&Source{Command: []string{"/none/such", "hunter2"}}).Get(t.Context()); err == nil || err.Error() != "the command /none/such is not there" {
		t.Error(err)
	}
	if _, err := new(Source).Get(t.Context()); err == nil {
		t.Error("no source, and a secret")
	}
}

// TestCommandHangs: a command that does not end is ended, and so is what waits for it
// when the watch stops.
func TestCommandHangs(t *testing.T) {
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	stopped, stop := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, stop)
	for _, ctx := range []context.Context{short, stopped} {
		start := time.Now()
		_, err := sh("echo hunter2; sleep 60; true").Get(ctx)
		if err == nil || strings.Contains(err.Error(), "hunter2") || time.Since(start) > 5*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if errors.Is(ctx.Err(), context.Canceled) != errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}

// TestFile: only a file that nobody else can read.
func TestFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "secret")
	for text, want := range map[string]string{"hunter2": "hunter2", "hunter2\nmore\n": "hunter2", "": "", "\nhunter2": ""} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := (&Source{File: file}).Get(t.Context()); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	if err := os.WriteFile(file, []byte("hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, good := range map[os.FileMode]bool{0o600: true, 0o400: true, 0o640: false, 0o604: false, 0o620: false, 0o644: false, 0o601: false} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		got, err := (&Source{File: file}).Get(t.Context())
		if good != (err == nil && got == "hunter2") {
			t.Errorf("%04o: %q, %v", mode, got, err)
		}
		if !good && !strings.Contains(err.Error(), "chmod 600 it") {
			t.Error(err)
		}
	}
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{pipe: "is no regular file", dir: "is no regular file", file + "2": "no such file or directory"} {
		if _, err := (&Source{File: path}).Get(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestKeyring: found by service and user; else how to store it is said.
func TestKeyring(t *testing.T) {
	keyring.MockInit()
	s := &Source{Keyring: true, Service: "tacto:imap.example.org", User: "ana"}
	if _, err := s.Get(t.Context()); err == nil || !strings.Contains(err.Error(), StoreCommand(runtime.GOOS, "tacto:imap.example.org", "ana")) {
		t.Error(err)
	}
	if err := keyring.Set("tacto:imap.example.org", "ana", "hunter2"); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Get(t.Context()); got != "hunter2" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if want, got := `security add-generic-password -s 'tacto:h' -a 'o'\''hara' -w`, StoreCommand("darwin", "tacto:h", "o'hara"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	keyring.MockInitWithError(errors.New("no bus"))
	if _, err := s.Get(t.Context()); err == nil || err.Error() != "the keyring: no bus" {
		t.Error(err)
	}
}

// TestKeyringWaits: a keyring that waits for a person is not asked again and again.
func TestKeyringWaits(t *testing.T) {
	var asked atomic.Int32
	open := make(chan struct{})
	keyringGet = func(string, string) (string, error) {
		asked.Add(1)
		<-open
		return "hunter2", nil
	}
	defer func() { keyringGet = keyring.Get }()
	s := &Source{Keyring: true, Service: "tacto:imap.example.org", User: "waits"}
	for range 5 {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if _, err := s.Get(ctx); err == nil || !strings.Contains(err.Error(), "is it locked?") {
			t.Error(err)
		}
		cancel()
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
	close(open)
	for range 2 {
		if got, err := s.Get(t.Context()); got != "hunter2" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
}
