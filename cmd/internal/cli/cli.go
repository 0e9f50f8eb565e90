// Package cli is tacto's command line: one file a command.
package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// Exit statuses.
const (
	exitOK     = 0
	exitFound  = 1 // something at or above --fail-on
	exitUsage  = 2 // wrong usage or configuration
	exitUnread = 3 // an input could not be read
)

// A Command is one run of the program: what it reads, writes and sees of its
// surroundings.
type Command struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	Dir            string // the working folder
	Version        string
	// StdinTTY and StdoutTTY say what is a terminal, Width is its width.
	StdinTTY, StdoutTTY, StderrTTY bool
	Width                          int
}

// FromOS gives the Command of this process.
func FromOS(version string) *Command {
	c := &Command{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Version: version,
		StdinTTY: term.IsTerminal(int(os.Stdin.Fd())), StdoutTTY: term.IsTerminal(int(os.Stdout.Fd())), StderrTTY: term.IsTerminal(int(os.Stderr.Fd()))}
	c.Dir, _ = os.Getwd() // without one, no configuration is looked for
	if c.StdoutTTY {
		if w, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil {
			c.Width = w
		}
	}
	return c
}

// status is the error of a command that has said all there is to say.
type status int

func (s status) Error() string { return "exit status " + strconv.Itoa(int(s)) }

// usageError is wrong usage, with what to do.
type usageError struct {
	err  error
	hint string
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(hint, format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...), hint}
}

// Main runs the command line and gives the exit status.
func (c *Command) Main(args []string) int {
	root := c.root()
	root.SetArgs(args)
	root.SetIn(c.Stdin)
	root.SetOut(c.Stdout)
	root.SetErr(c.Stderr)
	err := root.Execute()
	var st status
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &st):
		return int(st)
	case errors.Is(err, syscall.EPIPE):
		return exitOK // the reader has seen enough: | head
	}
	c.complain(err)
	return exitUsage
}

// complain writes an error, a line for each of joined errors, and a hint.
func (c *Command) complain(err error) {
	for _, line := range strings.Split(err.Error(), "\n") {
		fmt.Fprintf(c.Stderr, "tacto: %s\n", line)
	}
	var u *usageError
	if errors.As(err, &u) && u.hint != "" {
		fmt.Fprintf(c.Stderr, "hint: %s\n", u.hint)
	}
}

// root makes the command tree.
func (c *Command) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "tacto",
		Short: "How a client will hear the email you are about to send",
		Long: `tacto reads the email you are about to send to a client and says how the client
will hear it: the jargon, the empty formula, the blame, the promise without a
date, the next step that is missing. And when the matter is too hot or too hard
for email, it says so: talk first, then send the email as the summary.

Spanish and English. Nothing leaves your machine.`,
		Example: `  tacto lint draft.eml
  tacto lint < draft.txt
  tacto explain talk-first`,
		Version:       c.version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("see 'tacto --help'; to check a file: tacto lint "+args[0], "unknown command %q", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetVersionTemplate("tacto {{.Version}}\n")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &usageError{err, "see '" + cmd.CommandPath() + " --help'"}
	})
	root.AddCommand(c.lintCommand(), c.rulesCommand(), c.explainCommand(), c.testCommand(), c.sendmailCommand(), c.lastCommand(), c.milterCommand(), c.watchCommand(), c.auditCommand(), c.hookCommand(), c.doctorCommand(), c.manCommand(root))
	return root
}

// version is what the linker set, or what the build knows of itself.
func (c *Command) version() string {
	if c.Version != "" {
		return c.Version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}

// useColor decides about colours: --color, then NO_COLOR, CLICOLOR_FORCE and
// TERM, then whether stdout is a terminal.
func (c *Command) useColor(flag string) (bool, error) {
	switch flag {
	case "always":
		return true, nil
	case "never":
		return false, nil
	case "auto":
	default:
		return false, usagef("auto, always or never", "--color can't be %q", flag)
	}
	if c.Getenv("NO_COLOR") != "" {
		return false, nil
	}
	if f := c.Getenv("CLICOLOR_FORCE"); f != "" && f != "0" {
		return true, nil
	}
	return c.StdoutTTY && c.Getenv("TERM") != "dumb", nil
}

func (c *Command) width() int {
	if c.Width > 0 {
		return min(c.Width, 100)
	}
	if n, err := strconv.Atoi(c.Getenv("COLUMNS")); err == nil && n > 20 {
		return min(n, 200)
	}
	return 80
}
