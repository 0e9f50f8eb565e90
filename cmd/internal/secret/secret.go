// Package secret gets passwords and tokens from where they are kept: a command that
// prints one, the system's keyring, a file that nobody else can read. What it got is
// in no error.
package secret

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/tacto-lint/tacto/cmd/internal/safe"
)

// Timeout is how long a secret may take to come: a command may ask a person to
// unlock something.
const Timeout = time.Minute

// maxSecret bounds what is read: tokens have some thousand bytes.
const maxSecret = 64 << 10

// A Source says where a secret is kept. One of Command, Keyring and File is set; the
// zero value is no source.
type Source struct {
	Command []string // prints it as the first line of its standard output
	Keyring bool
	File    string // holds it in its first line
	// Service and User are the names that the keyring knows it by.
	Service, User string
}

// IsZero says that there is no source.
func (s *Source) IsZero() bool { return len(s.Command) == 0 && !s.Keyring && s.File == "" }

// Get gets the secret, anew at each call.
func (s *Source) Get(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	switch {
	case len(s.Command) > 0:
		return fromCommand(ctx, s.Command)
	case s.Keyring:
		return fromKeyring(ctx, s.Service, s.User)
	case s.File != "":
		return fromFile(s.File)
	}
	return "", errors.New("no secret is named")
}

// firstLine gives the first line; an empty one is no secret.
func firstLine(data []byte) (string, bool) {
	line, _, _ := bytes.Cut(data, []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	return string(line), len(line) > 0
}

// fromCommand runs a command. Of its arguments nothing is ever repeated: they may
// hold what they print.
func fromCommand(ctx context.Context, command []string) (string, error) {
	name := safe.Text(command[0])
	var stdout, stderr capped
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = time.Second // what it started may hold on to the pipes
	err := cmd.Run()
	got, ok := firstLine(stdout.data)
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return "", fmt.Errorf("the command %s printed no secret in time", name)
	case ctx.Err() != nil:
		return "", fmt.Errorf("the command %s: %w", name, context.Cause(ctx))
	case errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("the command %s is not there", name)
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		return "", fmt.Errorf("the command %s failed: %w%s", name, err, said(stderr.data, stdout.data))
	case !ok:
		return "", fmt.Errorf("the command %s printed nothing%s", name, said(stderr.data, stdout.data))
	case len(stdout.data) == maxSecret && !bytes.ContainsRune(stdout.data, '\n'):
		return "", fmt.Errorf("the command %s printed no line of less than %d bytes", name, maxSecret)
	}
	return got, nil
}

// maxSaid is how much of a command's own words is repeated.
const maxSaid = 200

// said gives what a command had to say of its failure, without what it printed.
func said(stderr, stdout []byte) string {
	text := string(stderr)
	for line := range strings.Lines(string(stdout)) {
		if line = strings.TrimSpace(line); line != "" {
			text = strings.ReplaceAll(text, line, "***")
		}
	}
	text = strings.TrimSpace(text)
	if i := strings.LastIndexByte(text, '\n'); i >= 0 {
		text = text[i+1:]
	}
	if text == "" {
		return ""
	}
	if r := []rune(text); len(r) > maxSaid {
		text = string(r[:maxSaid]) + "…"
	}
	return ": " + safe.Text(text)
}

// capped keeps the first maxSecret bytes of what is written to it.
type capped struct{ data []byte }

func (c *capped) Write(p []byte) (int, error) {
	c.data = append(c.data, p[:min(len(p), maxSecret-len(c.data))]...)
	return len(p), nil
}

// A question is one that the keyring has not answered yet.
type question struct {
	done   chan struct{} // closed at the answer
	secret string
	err    error
}

var (
	questionsMu sync.Mutex
	questions   = map[[2]string]*question{}
	keyringGet  = keyring.Get
)

// ask asks the keyring. What it is at work on is not asked again: it may ask a person
// each time, who is away.
func ask(service, user string) *question {
	questionsMu.Lock()
	defer questionsMu.Unlock()
	key := [2]string{service, user}
	if q := questions[key]; q != nil {
		return q
	}
	q := &question{done: make(chan struct{})}
	questions[key] = q
	go func() {
		q.secret, q.err = keyringGet(service, user)
		questionsMu.Lock()
		delete(questions, key)
		questionsMu.Unlock()
		close(q.done)
	}()
	return q
}

// fromKeyring asks the keyring, which may ask a person and knows no time-out.
func fromKeyring(ctx context.Context, service, user string) (string, error) {
	a := ask(service, user)
	select {
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return "", errors.New("the keyring does not answer: is it locked?")
		}
		return "", fmt.Errorf("the keyring: %w", context.Cause(ctx))
	case <-a.done:
		switch {
		case errors.Is(a.err, keyring.ErrNotFound):
			return "", fmt.Errorf("the keyring has no secret for it; to store one: %s", StoreCommand(runtime.GOOS, service, user))
		case a.err != nil:
			return "", fmt.Errorf("the keyring: %w", a.err)
		case a.secret == "":
			return "", errors.New("the keyring has an empty secret for it")
		}
		return a.secret, nil
	}
}

// StoreCommand is the command by which a person puts a secret into the keyring.
func StoreCommand(goos, service, user string) string {
	if goos != "windows" {
		quote := strings.NewReplacer("'", `'\''`)
		service, user = quote.Replace(service), quote.Replace(user)
	}
	switch goos {
	case "darwin":
		return fmt.Sprintf("security add-generic-password -s '%s' -a '%s' -w", service, user)
	case "windows":
		return fmt.Sprintf("cmdkey /generic:%s:%s /user:%s /pass", service, user, user)
	}
	return fmt.Sprintf("secret-tool store --label=tacto service '%s' username '%s'", service, user)
}

// fromFile reads a file that only its owner may read.
func fromFile(path string) (string, error) {
	name := safe.Text(path)
	wrap := func(err error) error {
		var pe *fs.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		return fmt.Errorf("the secret's file %s: %w", name, err)
	}
	// Opening a pipe would wait for who writes to it.
	if st, err := os.Stat(path); err == nil && !st.Mode().IsRegular() {
		return "", fmt.Errorf("the secret's file %s is no regular file", name)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", wrap(err)
	}
	defer f.Close()
	st, err := f.Stat()
	switch {
	case err != nil:
		return "", wrap(err)
	case runtime.GOOS != "windows" && st.Mode().Perm()&0o077 != 0:
		return "", fmt.Errorf("the secret's file %s can be read or changed by others (mode %04o): chmod 600 it", name, st.Mode().Perm())
	}
	data, err := io.ReadAll(io.LimitReader(f, maxSecret))
	if err != nil {
		return "", wrap(err)
	}
	got, ok := firstLine(data)
	if !ok {
		return "", fmt.Errorf("the secret's file %s has an empty first line", name)
	}
	return got, nil
}
