// Package tell carries a judgement to where its author has asked for it: a command of
// theirs, a webhook.
package tell

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"time"

	"github.com/tacto-lint/tacto/cmd/internal/safe"
)

// CommandTimeout is how long a command may take.
const CommandTimeout = 30 * time.Second

// A Command is run for each judgement, with its JSON on standard input. What it
// prints is dropped: it may be the text of a draft, which is for no log.
type Command struct {
	Words   []string
	Dir     string
	Timeout time.Duration // 0: CommandTimeout
}

// Tell runs the command.
func (c *Command) Tell(ctx context.Context, body []byte) error {
	limit := c.Timeout
	if limit == 0 {
		limit = CommandTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.Words[0], c.Words[1:]...)
	cmd.Stdin, cmd.Dir = bytes.NewReader(append(body[:len(body):len(body)], '\n')), c.Dir
	cmd.WaitDelay = 500 * time.Millisecond
	err := cmd.Run()
	name := safe.Text(c.Words[0])
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay):
		return nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("the command %s took longer than %s", name, limit)
	case ctx.Err() != nil:
		return fmt.Errorf("the command %s: %w", name, ctx.Err())
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the command %s is not there", name)
	}
	return fmt.Errorf("the command %s: %w", name, err)
}
