package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/tacto-lint/tacto/cmd/internal/output"
	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/mail"
)

// lintFlags are the flags of lint.
type lintFlags struct {
	configFlags
	format, failOn, color, stdinName, now string
	explain, quiet                        bool
	jobs                                  int
}

func (c *Command) lintCommand() *cobra.Command {
	var f lintFlags
	cmd := &cobra.Command{
		Use:   "lint [flags] [FILE|DIR|-]...",
		Short: "Check emails before they are sent",
		Long: `Check emails and drafts: RFC 5322 files (.eml, Maildir, drafts as mail programs
hand them to an editor), mbox files, plain text and Markdown. A folder is walked,
- is standard input.

Exit status: 0 nothing at or above --fail-on, 1 something is, 2 wrong usage or
configuration, 3 an input could not be read (the others are still reported).

To silence a rule in one email, give it a header: X-Tacto-Ignore: jargon`,
		Example: `  tacto lint draft.eml
  tacto lint --format json ~/Maildir/.Drafts
  pbpaste | tacto lint -`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				if c.StdinTTY {
					return usagef("name a file or folder, or pipe a draft in: tacto lint draft.eml", "nothing to check")
				}
				args = []string{"-"}
			}
			return c.lint(&f, args, cmd.Flags().Changed("fail-on"))
		},
	}
	f.add(cmd)
	fl := cmd.Flags()
	fl.StringVarP(&f.format, "format", "f", "text", "output `format`: "+strings.Join(output.Formats(), ", "))
	fl.StringVar(&f.failOn, "fail-on", "error", "exit with 1 from this `level` on: "+strings.Join(lint.Levels, ", ")+" (the verdict talk counts as an error)")
	fl.StringVar(&f.color, "color", "auto", "colours: auto, always, never")
	fl.BoolVar(&f.explain, "explain-score", false, "show the arithmetic of the score")
	fl.BoolVarP(&f.quiet, "quiet", "q", false, "print nothing, only give the exit status")
	fl.StringVar(&f.stdinName, "stdin-filename", "", "the `name` that standard input goes by")
	fl.IntVarP(&f.jobs, "jobs", "j", runtime.GOMAXPROCS(0), "emails judged at a time")
	fl.StringVar(&f.now, "now", "", "the time to go by, for an email without a Date (RFC 3339)")
	_ = fl.MarkHidden("now")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(output.Formats(), cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("fail-on", cobra.FixedCompletions(lint.Levels, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("color", cobra.FixedCompletions([]string{"auto", "always", "never"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// lint checks the inputs and writes what was found.
func (c *Command) lint(f *lintFlags, args []string, failOnSet bool) error {
	if !slices.Contains(output.Formats(), f.format) {
		return usagef(strings.Join(output.Formats(), ", "), "--format can't be %q", f.format)
	}
	if f.jobs < 1 {
		return usagef("at least 1", "--jobs can't be %d", f.jobs)
	}
	color, err := c.useColor(f.color)
	if err != nil {
		return err
	}
	cfg, err := c.load(&f.configFlags)
	if err != nil {
		return err
	}
	if !failOnSet && cfg.FailOn != "" {
		f.failOn = cfg.FailOn
	}
	if !slices.Contains(lint.Levels, f.failOn) {
		return usagef(strings.Join(lint.Levels, ", "), "--fail-on can't be %q", f.failOn)
	}
	cfg.Settings.Now = time.Now()
	if f.now != "" {
		if cfg.Settings.Now, err = time.Parse(time.RFC3339, f.now); err != nil {
			return usagef("write it as 2025-11-20T21:30:00+01:00", "--now can't be %q", f.now)
		}
	}
	cfg.Settings.Explain = f.explain
	l, err := c.linter(cfg)
	if err != nil {
		return err
	}
	o := output.Options{Color: color, Width: c.width(), UILang: cfg.Settings.UILang, ExplainScore: f.explain, Version: c.version()}
	if f.format == "sarif" {
		o.Rules = l.RuleSet().Rules()
	}
	out := c.Stdout
	if f.quiet {
		out = io.Discard
	}
	w, err := output.New(f.format, out, o)
	if err != nil {
		return err
	}
	r := &run{c: c, f: f, l: l, w: w, progress: c.StderrTTY && !f.quiet}
	if err := r.all(args); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	switch {
	case r.unread > 0:
		return status(exitUnread)
	case r.failed:
		return status(exitFound)
	}
	return nil
}

// run is one run of lint: inputs are read in order, judged in parallel and
// written in order again.
type run struct {
	c        *Command
	f        *lintFlags
	l        *lint.Linter
	w        output.Writer
	failed   bool
	unread   int
	done     int
	progress bool
	shown    time.Time
}

// job is an email on its way through the workers.
type job struct {
	item   mail.Item
	file   string
	report *lint.Report
	ready  chan struct{}
}

func (r *run) all(args []string) error {
	work := make(chan *job, r.f.jobs)
	order := make(chan *job, 4*r.f.jobs)
	stop := make(chan struct{})
	var workers sync.WaitGroup
	for range r.f.jobs {
		workers.Go(func() {
			for j := range work {
				if j.item.Err == nil {
					j.report = r.l.Lint(j.item.Message)
				}
				close(j.ready)
			}
		})
	}
	go func() {
		defer close(order)
		defer close(work)
		for _, a := range args {
			if r.read(a, work, order, stop) != nil {
				return
			}
		}
	}()
	var err error
	for j := range order {
		<-j.ready
		if err == nil {
			if err = r.write(j); err != nil {
				close(stop)
			}
		}
	}
	workers.Wait()
	r.clearProgress()
	return err
}

// read sends the emails of one argument on their way.
func (r *run) read(arg string, work, order chan<- *job, stop <-chan struct{}) error {
	send := func(file string) func(mail.Item) error {
		return func(it mail.Item) error {
			j := &job{item: it, file: file, ready: make(chan struct{})}
			select {
			case <-stop:
				return errStopped
			case work <- j:
			}
			order <- j
			return nil
		}
	}
	if arg == "-" {
		name := r.f.stdinName
		if name == "" {
			name = "-"
		}
		return mail.Read(r.c.Stdin, name, send(name))
	}
	if st, err := os.Stat(arg); err == nil && st.IsDir() {
		return mail.Walk(arg, func(path string, err error) error {
			if err != nil {
				return send(path)(mail.Item{Path: path, Err: err})
			}
			return mail.ReadFile(path, send(path))
		})
	}
	return mail.ReadFile(arg, send(arg))
}

var errStopped = errors.New("stopped")

func (r *run) write(j *job) error {
	r.clearProgress()
	if j.item.Err != nil {
		r.unread++
		fmt.Fprintf(r.c.Stderr, "tacto: %s: %v\n", j.item.Path, j.item.Err)
	} else {
		r.failed = r.failed || j.report.Reaches(r.f.failOn)
		for _, id := range j.item.Message.Ignore {
			if !slices.Contains(r.l.RuleSet().IDs(), id) {
				fmt.Fprintf(r.c.Stderr, "tacto: %s: X-Tacto-Ignore names the unknown rule %q: see 'tacto rules'\n", j.item.Path, id)
			}
		}
	}
	err := r.w.Write(output.Result{Path: j.item.Path, File: j.file, Message: j.item.Message, Report: j.report, Err: j.item.Err})
	r.done++
	r.showProgress()
	return err
}

// showProgress says on a terminal how far a long run has come.
func (r *run) showProgress() {
	if !r.progress || r.c.StdoutTTY && r.f.format == "text" {
		return
	}
	if now := time.Now(); r.done >= 50 && now.Sub(r.shown) > 200*time.Millisecond {
		r.shown = now
		fmt.Fprintf(r.c.Stderr, "\r\x1b[K%d emails", r.done)
	}
}

func (r *run) clearProgress() {
	if !r.shown.IsZero() {
		fmt.Fprint(r.c.Stderr, "\r\x1b[K")
		r.shown = time.Time{}
	}
}
