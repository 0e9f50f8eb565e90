//go:build !unix

package cli

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// spool writes the message to a temporary file.
func spool(message []byte) (*os.File, error) {
	f, err := os.CreateTemp("", "tacto-*")
	if err == nil {
		if _, err = f.Write(message); err == nil {
			_, err = f.Seek(0, 0)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("making room for the message: %w", err)
	}
	return f, nil
}

func discard(f *os.File) {
	f.Close()
	_ = os.Remove(f.Name()) // the system clears its temporary folder
}

// runMTA runs the mail system and gives its exit status.
func (c *Command) runMTA(path string, args []string, message *os.File) error {
	cmd := &exec.Cmd{Path: path, Args: append([]string{filepath.Base(path)}, args...), Stdout: c.Stdout, Stderr: c.Stderr, Dir: c.Dir, Env: c.environment()}
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
