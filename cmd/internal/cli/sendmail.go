package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/tacto-lint/tacto/cmd/internal/config"
	"github.com/tacto-lint/tacto/cmd/internal/output"
	"github.com/tacto-lint/tacto/cmd/internal/safe"
	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/presend"
)

// Exit statuses of sendmail, from sysexits.h: those that mail programs know.
const (
	exitHeld        = 65 // EX_DATAERR: not sent, for what is in it
	exitUnavailable = 69 // EX_UNAVAILABLE: there is nothing to hand mail to
	exitTryAgain    = 75 // EX_TEMPFAIL: not sent, could not be judged or handed on
)

// judgeBudget is how long a message may take to judge.
const judgeBudget = 5 * time.Second

// sendmailFlags are tacto's own: what stands behind them is the MTA's.
type sendmailFlags struct {
	configFlags
	failOn, onFailure, override, notify string
	budget                              time.Duration
	link                                bool // called by the name of a sendmail
}

// AsSendmail, in front of its arguments, says that sendmail was called by the name of
// a sendmail: all of them are such a program's, and none names the mail system.
const AsSendmail = "--as-sendmail"

func (c *Command) sendmailCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sendmail [flags] [-- MTA [ARG]...] [SENDMAIL-ARG]...",
		Short: "Check a message and hand it to the mail system",
		Long: `Stand in for sendmail: read a message from standard input, check it, and hand it
to the real thing byte for byte, or hold it and say why.

  set sendmail = "tacto sendmail -- msmtp"      (mutt, neomutt)

The command behind -- is what mail is handed to; without one it is sendmail: of
the configuration, or the first of msmtp and sendmail that is installed. All
arguments of sendmail are passed on.

A message with findings at or above --fail-on is not sent: the exit status is 65
and standard error says why, in the email's language. Its author gets it through
by sending the same text again within the hour, or with the header
X-Tacto-Override: reason, which is taken out; or not at all, with override: never.
If tacto itself can't judge, the message goes out, or is held with status 75 with
on-failure: hold. Else the exit status and the words are the mail system's
(2: tacto's own flags are wrong).

The configuration is --config FILE or $XDG_CONFIG_HOME/tacto/config.yaml, never one
of the current folder: that is wherever the mail program was started.

Flags: --config FILE, --no-config, --fail-on LEVEL, --override again|never,
--on-failure send|hold, --notify auto|always|never, --budget 5s, --lang, --ui-lang`,
		Example: `  tacto sendmail -- msmtp -a work -t < message.eml
  tacto sendmail --fail-on talk -oi -t < message.eml`,
		DisableFlagParsing: true,
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 && args[0] == "--help" {
			return cmd.Help()
		}
		f, mta, rest, err := c.sendmailArgs(args)
		if err != nil {
			return err
		}
		return c.sendmail(f, mta, rest)
	}
	return cmd
}

// ownFlags reads the flags in front that are tacto's, and gives what is behind.
func (f *sendmailFlags) ownFlags(args []string) ([]string, error) {
	if len(args) > 0 && args[0] == AsSendmail {
		f.link = true
		return args[1:], nil
	}
	texts := map[string]*string{"--config": &f.file, "--lang": &f.lang, "--ui-lang": &f.uiLang, "--fail-on": &f.failOn,
		"--on-failure": &f.onFailure, "--override": &f.override, "--notify": &f.notify}
	for len(args) > 0 {
		name, value, given := strings.Cut(args[0], "=")
		switch {
		case name == "--no-config" && !given:
			f.none = true
			args = args[1:]
			continue
		case texts[name] == nil && name != "--budget":
			if strings.HasPrefix(name, "--") && name != "--" {
				return nil, usagef("see 'tacto sendmail --help'; what is for the mail system stands behind --", "unknown flag %s", name)
			}
			return args, nil
		}
		args = args[1:]
		if !given {
			if len(args) == 0 {
				return nil, usagef("write "+name+"=VALUE", "%s needs a value", name)
			}
			value, args = args[0], args[1:]
		}
		if name == "--budget" {
			var err error
			if f.budget, err = time.ParseDuration(value); err != nil || f.budget <= 0 {
				return nil, usagef("a time such as 5s", "--budget can't be %q", value)
			}
			continue
		}
		*texts[name] = value
	}
	return nil, nil
}

// sendmailArgs parts the arguments: tacto's flags, the command to hand mail to (nil
// if none is named) and the arguments that mail programs give. Behind "--" stands
// the command; a mail program that has none to name may write a "--" of its own in
// front of recipients, so a word with @ is one of these.
func (c *Command) sendmailArgs(args []string) (f *sendmailFlags, mta, rest []string, err error) {
	f = &sendmailFlags{budget: judgeBudget}
	if rest, err = f.ownFlags(args); err != nil {
		return nil, nil, nil, err
	}
	if i := slices.Index(rest, "--"); !f.link && i >= 0 && i+1 < len(rest) && muttOptions(rest[:i]) &&
		!strings.Contains(rest[i+1], "@") && !strings.HasPrefix(rest[i+1], "-") {
		if _, err := exec.LookPath(rest[i+1]); i == 0 || err == nil {
			mta, rest = rest[i+1:i+2], slices.Concat(rest[:i], rest[i+2:])
		}
	}
	for _, v := range []struct {
		flag, value string
		values      []string
	}{{"--fail-on", f.failOn, lint.Levels}, {"--on-failure", f.onFailure, config.OnFailures}, {"--override", f.override, config.Overrides},
		{"--notify", f.notify, config.Notifies}} {
		if v.value != "" && !slices.Contains(v.values, v.value) {
			return nil, nil, nil, usagef(strings.Join(v.values, ", "), "%s can't be %q", v.flag, v.value)
		}
	}
	return f, mta, rest, nil
}

// muttOptions says whether arguments are what mutt puts in front of the "--" that
// stands in its setting: the sender, 8BITMIME, and notifications.
func muttOptions(args []string) bool {
	for len(args) > 0 {
		switch {
		case strings.HasPrefix(args[0], "-B"):
			args = args[1:]
		case len(args) > 1 && (args[0] == "-f" || args[0] == "-N" || args[0] == "-R"):
			args = args[2:]
		default:
			return false
		}
	}
	return true
}

// first gives the first text that is not empty.
func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// sendmail judges the message on standard input and hands it on, or does not. From
// here on every way out either has handed on the whole message or exits with
// another status than 0.
func (c *Command) sendmail(f *sendmailFlags, mta, args []string) error {
	if isNoMessage(args) {
		return c.passOn(f, mta, args)
	}
	message, err := io.ReadAll(c.Stdin)
	if err != nil {
		c.sayf("not sent: reading the message: %v", err)
		return status(exitTryAgain)
	}
	// A reader of standard error that has gone away is no reason to die with the
	// message in hand. Ignoring the signal would be passed on to the mail system.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	memory := c.memory()
	ctx, cancel := context.WithTimeout(context.Background(), f.budget)
	cfg, gate, d := c.decide(ctx, f, memory, message, args)
	cancel()
	if len(mta) == 0 {
		mta = cfg.Outgoing.Sendmail
	}
	switch d.Outcome {
	case presend.Held:
		return c.hold(f, cfg, gate, memory, &d)
	case presend.Unjudged:
		if first(f.onFailure, cfg.Outgoing.OnFailure, c.onFailure(&f.configFlags), "send") == "hold" {
			c.tell(f, cfg, memory, presend.Last{Outcome: d.Outcome.String(),
				Text: fmt.Sprintf("tacto: not sent: it could not be judged: %v\nhint: 'tacto doctor' finds what is wrong with the configuration\n", d.Err)})
			return status(exitTryAgain)
		}
		c.tell(f, cfg, memory, presend.Last{Outcome: d.Outcome.String(), Text: fmt.Sprintf("tacto: sent without a check: %v\n", d.Err)})
	case presend.Overridden:
		if memory == nil {
			break
		}
		if err := memory.LogOverride(&d); err != nil {
			c.sayf("%v", err)
		}
		full := output.Refusal(gate.Policy.Refusal(&d, cfg.Settings.UILang, len(d.Report.Findings)), refusalWidth, "")
		c.keep(memory, c.last(&d, fmt.Sprintf("tacto: sent all the same (%s). What had been found:\n%s", d.Reason, full)))
	}
	return c.handOn(mta, args, presend.WithoutOwn(message))
}

// decide makes the gate and asks it, both within the time that ctx gives: a rule
// file may be a pipe that nobody writes to. The configuration is never nil.
func (c *Command) decide(ctx context.Context, f *sendmailFlags, memory *presend.Memory, message []byte, args []string) (*config.Config, *presend.Gate, presend.Decision) {
	type made struct {
		cfg  *config.Config
		gate *presend.Gate
		err  error
	}
	done := make(chan made, 1)
	go func() {
		m := made{err: presend.ErrBroke}
		defer func() {
			if recover() != nil {
				m.err = presend.ErrBroke
			}
			done <- m
		}()
		m.cfg, m.gate, m.err = c.gate(f)
	}()
	m := made{err: presend.ErrBudget}
	select {
	case m = <-done:
	case <-ctx.Done():
	}
	if m.cfg == nil {
		m.cfg = &config.Config{}
	}
	if m.err != nil {
		return m.cfg, nil, presend.Decision{Outcome: presend.Unjudged, Err: m.err}
	}
	m.gate.Memory = memory
	return m.cfg, m.gate, m.gate.Decide(ctx, message, envelopeRecipients(args, message))
}

// sayf writes a line to standard error.
func (c *Command) sayf(format string, args ...any) {
	fmt.Fprintf(c.Stderr, "tacto: "+format+"\n", args...)
}

// gate makes the gate of the configuration and the flags. With an error the
// configuration may be there all the same.
func (c *Command) gate(f *sendmailFlags) (*config.Config, *presend.Gate, error) {
	cfg, err := c.loadOwn(&f.configFlags)
	if err != nil {
		return nil, nil, err
	}
	cfg.Settings.Now = time.Now()
	l, err := c.linter(cfg)
	if err != nil {
		return cfg, nil, err
	}
	return cfg, &presend.Gate{Linter: l, Policy: presend.Policy{
		Clients: cfg.Outgoing.Clients, Internal: cfg.Outgoing.Internal,
		FailOn: first(f.failOn, cfg.FailOn, "error"), Override: first(f.override, cfg.Outgoing.Override, presend.Again),
	}}, nil
}

// onFailure looks up on-failure in a configuration that may not be readable as a
// whole: just then it is needed.
func (c *Command) onFailure(f *configFlags) string {
	path := c.ownPath(f)
	if path == "" {
		return ""
	}
	return config.OnFailure(path)
}

// stateDir is where what outlives a process is kept: XDG_STATE_HOME/tacto. It is a
// folder of the person's own, "" if they have none: a shared one would be anybody's.
func (c *Command) stateDir() string {
	base := c.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(base) {
		home := c.Getenv("HOME")
		if u, err := user.Current(); home == "" && err == nil {
			home = u.HomeDir
		}
		if home == "" {
			return ""
		}
		base = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(base, "tacto")
}

// memory is nil where there is no place for it.
func (c *Command) memory() *presend.Memory {
	if dir := c.stateDir(); dir != "" {
		return &presend.Memory{Dir: dir}
	}
	return nil
}

// A refusal is read in a pager of 80 columns and some twenty lines.
const (
	refusalWidth   = 80
	namedInRevise  = 4
	namedInTalk    = 3 // the reasons to talk take their place
	refusalMoreEs  = ", todas en: tacto last"
	refusalMoreEng = ", all of them in: tacto last"
)

// hold refuses a message: says why, and remembers it.
func (c *Command) hold(f *sendmailFlags, cfg *config.Config, g *presend.Gate, memory *presend.Memory, d *presend.Decision) error {
	named, more := namedInRevise, refusalMoreEng
	if d.Report.Verdict == lint.Talk {
		named = namedInTalk
	}
	if first(cfg.Settings.UILang, d.Report.Lang) == "es" {
		more = refusalMoreEs
	}
	width := min(c.width(), refusalWidth)
	said := output.Refusal(g.Policy.Refusal(d, cfg.Settings.UILang, named), width, more)
	if g.Policy.Override != presend.Never && memory != nil {
		if err := memory.Hold(d.Key); err != nil {
			said += "tacto: " + err.Error() + "\n"
		}
	}
	c.keep(memory, c.last(d, output.Refusal(g.Policy.Refusal(d, cfg.Settings.UILang, len(d.Report.Findings)), width, "")))
	c.say(f, cfg, said)
	return status(exitHeld)
}

// last makes the record of a message that was judged.
func (c *Command) last(d *presend.Decision, text string) presend.Last {
	return presend.Last{Outcome: d.Outcome.String(), Verdict: d.Report.Verdict.String(), Score: d.Report.Score,
		Rules: presend.RuleIDs(d.Report), Text: text}
}

// keep keeps a record for 'tacto last'.
func (c *Command) keep(memory *presend.Memory, l presend.Last) {
	if memory == nil {
		return
	}
	l.Time = time.Now().Truncate(time.Second)
	if err := memory.WriteLast(l); err != nil {
		c.sayf("%v", err)
	}
}

// tell writes why a message was not sent to where its author may see it: standard
// error, the file that 'tacto last' shows, and, where the former is not a
// terminal, the desktop.
func (c *Command) tell(f *sendmailFlags, cfg *config.Config, memory *presend.Memory, l presend.Last) {
	c.keep(memory, l) // first: standard error may be nobody's
	c.say(f, cfg, l.Text)
}

// say writes to standard error and, where that is no terminal, to the desktop.
func (c *Command) say(f *sendmailFlags, cfg *config.Config, text string) {
	fmt.Fprint(c.Stderr, text)
	switch first(f.notify, cfg.Outgoing.Notify, "auto") {
	case "never":
		return
	case "auto":
		if c.StderrTTY {
			return
		}
	}
	if err := c.notify(text); err != nil && first(f.notify, cfg.Outgoing.Notify) == "always" {
		c.sayf("no desktop notification: %v", err)
	}
}

// The options of sendmail, msmtp and their like that take a value, attached or in the
// next argument.
const valued = "afFrBCdhLNOpRVX"

// longValued are the long options of msmtp whose value may stand in the next argument.
var longValued = []string{"--account", "--file", "--from", "--host", "--port", "--timeout", "--logfile", "--auth", "--user",
	"--passwordeval", "--tls-trust-file", "--proxy-host", "--proxy-port", "--domain", "--source-ip", "--socket"}

// envelopeRecipients gives the recipients among the arguments of sendmail, read letter
// by letter as it reads them, and with -t those of the header as well.
func envelopeRecipients(args []string, message []byte) []string {
	var all []string
	header := false
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch {
		case a == "--":
			all, i = append(all, args[i+1:]...), len(args)
		case strings.HasPrefix(a, "--"):
			header = header || a == "--read-recipients"
			if slices.Contains(longValued, a) {
				i++
			}
		case len(a) > 1 && a[0] == '-':
			for k := 1; k < len(a) && a[k] != 'o'; k++ { // what is behind o is its value
				header = header || a[k] == 't'
				if strings.IndexByte(valued, a[k]) >= 0 {
					if k == len(a)-1 {
						i++
					}
					break
				}
			}
		default:
			all = append(all, a)
		}
	}
	all = presend.Addresses(all...)
	if header {
		all = append(all, presend.HeaderRecipients(message)...)
	}
	return all
}

// findMTA gives the program that mail is handed to.
func (c *Command) findMTA(mta []string) (path string, args []string, err error) {
	if len(mta) > 0 {
		path, err = exec.LookPath(mta[0])
		if err != nil {
			return "", nil, fmt.Errorf("%s: %w", safe.Text(mta[0]), errors.Unwrap(err))
		}
		if c.isSelf(path) {
			return "", nil, fmt.Errorf("%s is tacto itself: mail would go round for ever", safe.Text(mta[0]))
		}
		return path, mta[1:], nil
	}
	for _, name := range []string{"msmtp", "sendmail", "/usr/sbin/sendmail", "/usr/lib/sendmail"} {
		if path, err = exec.LookPath(name); err == nil && !c.isSelf(path) {
			return path, nil, nil
		}
	}
	return "", nil, errors.New("neither msmtp nor sendmail is installed: name the command behind --, or as sendmail: in the configuration")
}

// isSelf says whether a program is this one, under another name: handing mail to
// it would go round for ever.
func (c *Command) isSelf(path string) bool {
	me, err := os.Executable()
	if err != nil {
		return false
	}
	a, errA := os.Stat(me)
	b, errB := os.Stat(path)
	return errA == nil && errB == nil && os.SameFile(a, b)
}
