//go:build unix

package cli

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// spool writes the message to a file that goes with its last reader: it has no name.
func spool(message []byte) (*os.File, error) {
	f, err := namelessFile()
	if err != nil {
		return nil, fmt.Errorf("making room for the message: %w", err)
	}
	if _, err = f.Write(message); err == nil {
		_, err = f.Seek(0, 0)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("making room for the message: %w", err)
	}
	return f, nil
}

func discard(f *os.File) { f.Close() }

func temporaryFile() (*os.File, error) {
	f, err := os.CreateTemp("", "tacto-*")
	if err == nil {
		err = os.Remove(f.Name())
	}
	return f, err
}

// runMTA becomes the mail system: its exit status and its words are its own, and
// a signal reaches it and nobody else. Where this run is not a process's own (in
// tests), it is run beside.
func (c *Command) runMTA(path string, args []string, message *os.File) error {
	argv := append([]string{filepath.Base(path)}, args...)
	if c.Stdout != os.Stdout || c.Stderr != os.Stderr {
		cmd := &exec.Cmd{Path: path, Args: argv, Stdout: c.Stdout, Stderr: c.Stderr, Dir: c.Dir, Env: c.environment()}
		if message != nil {
			cmd.Stdin = message
		}
		err := cmd.Run()
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return status(max(exit.ExitCode(), 1))
		}
		if err != nil {
			return c.refused(path, err)
		}
		return nil
	}
	if message != nil && message.Fd() != 0 {
		if err := unix.Dup2(int(message.Fd()), 0); err != nil {
			return c.refused(path, err)
		}
	}
	return c.refused(path, syscall.Exec(path, argv, c.environment()))
}
