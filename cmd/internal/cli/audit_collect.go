package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tacto-lint/tacto/audit/collect"
	"github.com/tacto-lint/tacto/cmd/internal/config"
	"github.com/tacto-lint/tacto/cmd/internal/safe"
	"github.com/tacto-lint/tacto/mail/imapsession"
	"github.com/tacto-lint/tacto/presend"
	"github.com/tacto-lint/tacto/rules"
)

type collectFlags struct {
	auditFlags
	since, until           string
	from, to               []string
	passages, again, quiet bool
	jobs                   int
}

func (c *Command) auditCollectCommand() *cobra.Command {
	var f collectFlags
	cmd := &cobra.Command{
		Use:   "collect [flags] SOURCE...",
		Short: "Judge mail that was sent, and keep the judgements",
		Long: `Read mail that was sent, judge what is new, and keep the judgements in the store. A
source is a Maildir, an mbox file (also compressed by gzip), a folder with either or with
.eml files, or imap:NAME: the folder for sent mail of an account that the configuration
has below watch. Start it as often as you like, by cron too: what is known is not judged
again, and stopped at any moment it goes on where it was.

Only mail to clients counts, where the configuration names clients or internal addresses.

Exit status: 0 all was read, 2 wrong usage or configuration, 3 something could not be
read (the rest is kept), 130 it was told to stop.`,
		Example: `  tacto audit collect ~/Maildir/.Sent
  tacto audit collect imap:work sent-2025.mbox.gz
  tacto audit collect --since 2026-01 --from '*@us.example' /var/mail/archive`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("a Maildir, an mbox, a folder, or imap:NAME for an account of the configuration", "name where the mail is")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return c.auditCollect(&f, args) },
	}
	f.addAudit(cmd, false)
	fl := cmd.Flags()
	fl.StringVar(&f.since, "since", "", "only mail from this `day` on: 2026-03-31, or 2026-03")
	fl.StringVar(&f.until, "until", "", "only mail up to this `day`")
	fl.StringSliceVar(&f.from, "from", nil, "only mail from these `addresses`: ana@us.example, '*@us.example'")
	fl.StringSliceVar(&f.to, "to", nil, "only mail to these `addresses`")
	fl.BoolVar(&f.passages, "keep-passages", false, "keep the marked words, too: see docs/audit.md before you do")
	fl.BoolVar(&f.again, "again", false, "judge anew what is there already, with the rules of today")
	fl.BoolVarP(&f.quiet, "quiet", "q", false, "say nothing of what is done")
	fl.IntVarP(&f.jobs, "jobs", "j", runtime.GOMAXPROCS(0), "batches judged at a time")
	return cmd
}

// exitStopped is what shells give for SIGINT.
const exitStopped = 130

func (c *Command) auditCollect(f *collectFlags, args []string) error {
	since, until, err := days(f.since, f.until)
	if err != nil {
		return err
	}
	if f.jobs < 1 {
		return usagef("at least 1", "--jobs can't be %d", f.jobs)
	}
	ctx, stop := interruptible()
	defer stop()
	cfg, err := c.loadOwn(&f.configFlags)
	if err != nil {
		return err
	}
	sources, err := auditSources(cfg, args)
	if err != nil {
		return err
	}
	// Settings.Now stays unset: an email is judged by its own date.
	linter, err := c.linter(cfg)
	if err != nil {
		return err
	}
	judge, err := c.judgeID(cfg)
	if err != nil {
		return err
	}
	a, err := c.auditing(ctx, &f.auditFlags, true)
	if err != nil {
		return err
	}
	defer a.store.Close()
	bar := &collectBar{c: c, on: c.StderrTTY && !f.quiet, begun: time.Now()}
	counts, err := collect.Collect(ctx, sources, collect.Options{
		Store: a.store, Key: a.key, Linter: linter, Judge: judge,
		Policy: presend.Policy{Clients: cfg.Outgoing.Clients, Internal: cfg.Outgoing.Internal},
		Since:  since, Until: until, From: f.from, To: f.to, KeepPassages: f.passages, Again: f.again, Jobs: f.jobs,
		Progress: bar.show, Unread: bar.unread, Now: time.Now(),
	})
	bar.clear()
	if !f.quiet {
		c.sayf("%s", collected(counts, time.Since(bar.begun), a.where))
	}
	if ctx.Err() != nil {
		if !f.quiet {
			c.sayf("stopped; the next time it goes on from here")
		}
		return status(exitStopped)
	}
	return c.collectEnd(err, counts)
}

// collectEnd says what went wrong, and gives the exit status.
func (c *Command) collectEnd(err error, counts collect.Counts) error {
	switch {
	case err != nil:
		for _, line := range strings.Split(err.Error(), "\n") {
			c.sayf("%s", safe.Text(line))
		}
		var u *usageError
		if errors.As(explainStore(err), &u) {
			fmt.Fprintf(c.Stderr, "hint: %s\n", u.hint)
		}
		return status(exitUnread)
	case counts.Unread > 0:
		return status(exitUnread)
	}
	return nil
}

// auditSources makes the sources of the arguments.
func auditSources(cfg *config.Config, args []string) (sources []collect.Source, err error) {
	for _, arg := range args {
		name, ok := strings.CutPrefix(arg, "imap:")
		if !ok {
			sources = append(sources, collect.Path(arg))
			continue
		}
		if err := needAccounts(cfg); err != nil {
			return nil, err
		}
		account, err := cfg.Watch.Account(name)
		if err != nil {
			return nil, usagef("its name, or else its user, as the configuration has it below watch", "%w", err)
		}
		var s imapsession.Account
		if s, err = accountOf(account, account.Sent); err != nil {
			return nil, err
		}
		sources = append(sources, collect.IMAP(s))
	}
	return sources, nil
}

// collected says in a line what was done.
func collected(n collect.Counts, took time.Duration, where string) string {
	parts := []string{fmt.Sprintf("%d new", n.New)}
	for _, p := range []struct {
		n    int
		what string
	}{{n.Again, "judged anew"}, {n.Known, "known already"}, {n.Skipped, "left out"}, {n.Unread, "could not be read"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.what))
		}
	}
	return fmt.Sprintf("%s in %s: %s; kept in %s", emailCount(n.All()), took.Round(100*time.Millisecond), strings.Join(parts, ", "), where)
}

// emailCount counts emails in words.
func emailCount(n int) string {
	if n == 1 {
		return "1 email"
	}
	return fmt.Sprintf("%d emails", n)
}

// A collectBar shows on a terminal how far a collect has come, and what can't be read.
type collectBar struct {
	c     *Command
	on    bool
	shown bool
	begun time.Time
	lines int
}

const (
	barWidth = 24
	// unreadLines is how many emails that can't be read are told by name.
	unreadLines = 20
)

func (b *collectBar) show(p collect.Progress) {
	if !b.on || p.End {
		return
	}
	b.shown = true
	took := time.Since(b.begun)
	text := fmt.Sprintf("%d emails, %.0f/s", p.All(), float64(p.All())/max(took.Seconds(), 0.001))
	if p.Total > 0 && p.Bytes <= p.Total {
		share := float64(p.Bytes) / float64(p.Total)
		full := int(share * barWidth)
		text = fmt.Sprintf("[%s%s] %3.0f %%  %s", strings.Repeat("█", full), strings.Repeat("·", barWidth-full), 100*share, text)
		if share > 0.02 {
			left := time.Duration(float64(took) * (1 - share) / share)
			text += ", " + left.Round(time.Second).String() + " left"
		}
	}
	fmt.Fprint(b.c.Stderr, "\r\x1b[K"+text)
}

func (b *collectBar) clear() {
	if b.shown {
		fmt.Fprint(b.c.Stderr, "\r\x1b[K")
		b.shown = false
	}
	if b.lines > unreadLines {
		b.c.sayf("and %d more that could not be read", b.lines-unreadLines)
	}
}

func (b *collectBar) unread(where string, err error) {
	if b.lines++; b.lines > unreadLines {
		return
	}
	if b.shown {
		fmt.Fprint(b.c.Stderr, "\r\x1b[K")
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	b.c.sayf("%s: %s", safe.Text(where), safe.Text(line))
}

// judgeID tells the rules, with what the configuration changes of them, from others.
func (c *Command) judgeID(cfg *config.Config) (string, error) {
	var extra []rules.Source
	for _, f := range cfg.RuleFiles {
		data, err := os.ReadFile(f)
		if err != nil {
			return "", fmt.Errorf("reading the rule file %s: %w", safe.Text(f), reason(err))
		}
		extra = append(extra, rules.Source{Data: data})
	}
	s := cfg.Settings
	// JSON has maps in order. The language of messages changes no judgement.
	settings, err := json.Marshal([]any{s.Off, s.Severity, s.Thresholds, s.Terms, s.Audiences, s.Lang})
	if err != nil {
		return "", err
	}
	if string(settings) != "[null,null,null,null,null,\"\"]" {
		extra = append(extra, rules.Source{Data: settings})
	}
	return rules.Fingerprint(extra...), nil
}
