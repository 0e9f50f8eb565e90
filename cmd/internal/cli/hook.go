package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/tacto-lint/tacto/cmd/internal/mailclient"
	"github.com/tacto-lint/tacto/cmd/internal/nearest"
	"github.com/tacto-lint/tacto/cmd/internal/safe"
)

// hookFlags say what to write where.
type hookFlags struct {
	file, mta string
	dryRun    bool
}

func (c *Command) hookCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "hook",
		Short: "Make mail programs ask tacto before they send",
		Long: `Write the lines into the settings of a mail program that make it hand mail to
'tacto sendmail', or take them out again.

The lines stand between two markers at the end of the file, and the file as it was
is kept beside it: FILE.tacto-backup. What mail is handed to now, tacto hands it to: no account
changes. 'tacto doctor' finds what would get round them.`,
		Example: `  tacto hook list
  tacto hook show mutt
  tacto hook install mutt
  tacto hook install neomutt --mta "msmtp -a work"
  tacto hook remove mutt`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("list, show, install or remove", "unknown command %q", "hook "+args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	list := &cobra.Command{Use: "list", Short: "List the mail programs, and which ask tacto", Args: cobra.NoArgs,
		Example: "  tacto hook list",
		RunE:    func(*cobra.Command, []string) error { return c.hookList() }}
	cmd.AddCommand(list,
		c.hookVerb("show", "Show the lines to add, and where", c.hookShow),
		c.hookVerb("install", "Add the lines", c.hookInstall),
		c.hookVerb("remove", "Take the lines out", c.hookRemove))
	return cmd
}

// hookVerb makes a command that does something for one mail program.
func (c *Command) hookVerb(verb, short string, do func(*mailclient.Client, *mailclient.Env, *hookFlags) error) *cobra.Command {
	f := &hookFlags{}
	cmd := &cobra.Command{
		Use: verb + " CLIENT", Short: short, Example: "  tacto hook " + verb + " mutt",
		ValidArgs: mailclient.Names(),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef(strings.Join(mailclient.Names(), ", "), "name one mail program")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			client := mailclient.Find(args[0])
			if client == nil {
				hint := "known: " + strings.Join(mailclient.Names(), ", ")
				if near := nearest.Find(args[0], mailclient.Names()); near != "" {
					hint = "did you mean " + near + "?"
				}
				return usagef(hint, "unknown mail program %q", args[0])
			}
			if f.file != "" && !filepath.IsAbs(f.file) {
				f.file = filepath.Join(c.Dir, f.file)
			}
			return hint(do(client, c.clientEnv(), f))
		},
	}
	cmd.Flags().StringVar(&f.file, "file", "", "the `file` with the settings (default: the one that the program reads)")
	if verb != "remove" {
		cmd.Flags().StringVar(&f.mta, "mta", "", "the `command` to hand mail to (default: the one that is set now; else tacto finds it)")
	}
	if verb != "show" {
		cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "say what would be done, and do nothing")
	}
	return cmd
}

// hint gives an error its hint.
func hint(err error) error {
	var e *mailclient.Error
	if errors.As(err, &e) {
		return &usageError{errors.New(safe.Text(e.Msg)), safe.Text(e.Hint)}
	}
	return err
}

// clientTime is how long a mail program may take to tell its settings.
const clientTime = 5 * time.Second

func (c *Command) clientEnv() *mailclient.Env {
	return &mailclient.Env{
		Getenv: c.Getenv,
		Dir:    c.Dir,
		Look: func(program string) string {
			path, err := exec.LookPath(program)
			if err != nil {
				return ""
			}
			return path
		},
		Run: func(program string, args ...string) (string, error) {
			ctx, cancel := context.WithTimeout(context.Background(), clientTime)
			defer cancel()
			cmd := exec.CommandContext(ctx, program, args...)
			cmd.Dir, cmd.WaitDelay = c.Dir, time.Second
			out, err := cmd.Output()
			return string(out), err
		},
		Command: c.sendmailTrouble,
	}
}

// with gives the words to put into a setting. The path of tacto is written out only
// where its name would not find it.
func (f *hookFlags) with() (mailclient.With, error) {
	w := mailclient.With{Tacto: "tacto", MTA: strings.TrimSpace(f.mta)}
	if strings.ContainsAny(w.MTA, "\r\n") {
		return w, usagef("put it into a script, and name that", "--mta must be one line")
	}
	if _, err := exec.LookPath("tacto"); err == nil {
		return w, nil
	}
	me, err := os.Executable()
	if err != nil {
		return w, fmt.Errorf("finding tacto's own path: %w", err)
	}
	w.Tacto = me
	return w, nil
}

func (c *Command) hookList() error {
	env := c.clientEnv()
	w := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
	for _, client := range mailclient.All() {
		program, state := "not found", "-"
		if env.Look(client.Program) != "" {
			program = "found"
		}
		path, err := client.Path(env)
		if err != nil {
			return hint(err)
		}
		switch there, err := client.Installed(env, ""); {
		case err != nil:
			state = "damaged" // doctor says how
		case there:
			state = "installed"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", client.Name, state, program, safe.Text(path), client.Summary)
	}
	return w.Flush()
}

func (c *Command) hookShow(client *mailclient.Client, env *mailclient.Env, f *hookFlags) error {
	w, err := f.with()
	if err != nil {
		return err
	}
	ch, err := client.Install(env, f.file, w)
	if err != nil {
		var e *mailclient.Error
		if !errors.As(err, &e) || !e.Refused {
			return err
		}
		fmt.Fprintf(c.Stdout, "Nothing can be added yet: %s\n%s\n\n", safe.Text(e.Msg), safe.Text(e.Hint))
		c.printNotes(client)
		return nil
	}
	fmt.Fprintf(c.Stdout, "At the end of %s:\n\n", safe.Text(ch.File.Path))
	c.printLines(ch.Lines)
	fmt.Fprintln(c.Stdout)
	c.printNotes(client)
	return nil
}

func (c *Command) printLines(lines []string) {
	for _, l := range lines {
		indent := l[:len(l)-len(strings.TrimLeft(l, "\t"))]
		fmt.Fprintln(c.Stdout, indent+safe.Text(l[len(indent):]))
	}
}

func (c *Command) printNotes(client *mailclient.Client) {
	for _, n := range client.Notes {
		fmt.Fprintln(c.Stdout, n)
	}
}

func (c *Command) hookInstall(client *mailclient.Client, env *mailclient.Env, f *hookFlags) error {
	w, err := f.with()
	if err != nil {
		return err
	}
	ch, err := client.Install(env, f.file, w)
	if err != nil {
		return err
	}
	path := safe.Text(ch.File.Path)
	if ch.Nothing() {
		fmt.Fprintf(c.Stdout, "%s: the lines are there already\n", path)
		return nil
	}
	if f.dryRun {
		fmt.Fprintf(c.Stdout, "%s: would get these lines; nothing was written\n", path)
		c.printLines(ch.Lines)
		return nil
	}
	backup, err := ch.Apply()
	if err != nil {
		return err
	}
	if ch.File.Exists {
		fmt.Fprintf(c.Stdout, "%s: got these lines\n", path)
	} else {
		fmt.Fprintf(c.Stdout, "%s: made, with these lines\n", path)
	}
	c.printLines(ch.Lines)
	if backup != "" {
		fmt.Fprintf(c.Stdout, "%s: the file without them\n", safe.Text(backup))
	}
	fmt.Fprintf(c.Stdout, "To undo: %s\n", undo(client, f))
	c.printNotes(client)
	return nil
}

func undo(client *mailclient.Client, f *hookFlags) string {
	s := "tacto hook remove " + client.Name
	if f.file != "" {
		s += " --file " + safe.Text(f.file)
	}
	return s
}

func (c *Command) hookRemove(client *mailclient.Client, env *mailclient.Env, f *hookFlags) error {
	ch, err := client.Remove(env, f.file)
	if err != nil {
		return err
	}
	path, did := safe.Text(ch.File.Path), "the lines of tacto are out"
	switch {
	case !ch.File.Exists, ch.Nothing():
		fmt.Fprintf(c.Stdout, "%s: no lines of tacto are there\n", path)
		return nil
	case ch.Delete:
		did = "gone; it was made for tacto"
	}
	if f.dryRun {
		fmt.Fprintf(c.Stdout, "%s: the lines of tacto would go; nothing was written\n", path)
		return nil
	}
	if _, err := ch.Apply(); err != nil {
		return err
	}
	fmt.Fprintf(c.Stdout, "%s: %s\n", path, did)
	return nil
}
