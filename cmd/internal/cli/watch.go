package cli

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/tacto-lint/tacto/cmd/internal/config"
	"github.com/tacto-lint/tacto/cmd/internal/output"
	"github.com/tacto-lint/tacto/cmd/internal/safe"
	"github.com/tacto-lint/tacto/cmd/internal/secret"
	"github.com/tacto-lint/tacto/imapwatch"
	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/mail/imapsession"
)

// watchFlags are the flags of watch.
type watchFlags struct {
	configFlags
	once, check                                           bool
	account, format, metrics, logFormat, logLevel, failOn string
}

var logLevels = []string{"debug", "info", "warn", "error"}

func (c *Command) watchCommand() *cobra.Command {
	var f watchFlags
	cmd := &cobra.Command{
		Use:   "watch [flags]",
		Short: "Check drafts as you save them, in any mail program",
		Long: `Watch the Drafts folders of IMAP accounts: save a draft, in whatever mail program on
whatever machine, and seconds later be told what to mend before you send it. The
accounts stand in the configuration, below watch.

Told on the desktop, on standard output (a line for each draft), to a command of yours
and to a webhook, as the configuration has it. Drafts are only read: never changed,
moved, deleted, marked as read or sent.

--check connects, says what it found and ends: with 1 if an account can't be watched.
--once looks once, for cron, and ends: with 0 if there was nothing to say, 1 if there
was, 3 if an account could not be looked at. Else it goes on until SIGTERM. Wrong usage
or configuration is 2, and so is that the server refuses every account's credentials.

docs/watch.md has the settings for Gmail, Outlook, iCloud, Fastmail and Dovecot.`,
		Example: `  tacto watch --check
  tacto watch --account work --format json
  tacto watch install --now`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("install or remove; or an account: --account "+args[0], "unknown command %q", "watch "+args[0])
			}
			return nil
		},
		RunE: func(*cobra.Command, []string) error { return c.watch(&f) },
	}
	f.addOwn(cmd)
	fl := cmd.Flags()
	fl.BoolVar(&f.once, "once", false, "look once and end")
	fl.BoolVar(&f.check, "check", false, "connect, say what is there, and end")
	fl.StringVar(&f.account, "account", "", "watch only the account of this `name`")
	fl.StringVarP(&f.format, "format", "f", "", "text or json, a line for each draft (default text)")
	fl.StringVar(&f.metrics, "metrics", "", "`address` of this machine for /metrics and /healthz, such as 127.0.0.1:9902")
	fl.StringVar(&f.logFormat, "log-format", "text", "text or json")
	fl.StringVar(&f.logLevel, "log-level", "info", "log from this `level` on: "+strings.Join(logLevels, ", "))
	fl.StringVar(&f.failOn, "fail-on", "", "tell from this `level` on: "+strings.Join(lint.Levels, ", ")+" (default warning)")
	for name, values := range map[string][]string{"format": config.WatchFormats, "log-format": logFormats, "log-level": logLevels, "fail-on": lint.Levels} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
	cmd.AddCommand(c.watchInstallCommand(false), c.watchInstallCommand(true))
	return cmd
}

// valid looks at the flags.
func (f *watchFlags) valid() error {
	for _, v := range []struct {
		flag, value string
		values      []string
	}{{"--format", f.format, config.WatchFormats}, {"--log-format", f.logFormat, logFormats}, {"--log-level", f.logLevel, logLevels},
		{"--fail-on", f.failOn, lint.Levels}} {
		if v.value != "" && !slices.Contains(v.values, v.value) {
			return usagef(strings.Join(v.values, ", "), "%s can't be %q", v.flag, v.value)
		}
	}
	switch {
	case f.metrics != "" && !config.Loopback(f.metrics):
		return usagef("a port of this machine: 127.0.0.1:9902", "--metrics can't be %q", f.metrics)
	case f.once && f.check:
		return usagef("one after the other", "--once and --check can't go together")
	case f.metrics != "" && (f.once || f.check):
		return usagef("leave --metrics away", "there are no metrics with --once and --check")
	}
	return nil
}

// watch watches until it is told to stop.
func (c *Command) watch(f *watchFlags) error {
	if err := f.valid(); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	context.AfterFunc(ctx, stop) // who asks twice does not want to wait
	cfg, err := c.loadOwn(&f.configFlags)
	if err != nil {
		return err
	}
	accounts, err := watchAccounts(cfg, f.account)
	if err != nil {
		return err
	}
	w := &cfg.Watch
	w.Format = first(f.format, w.Format, "text")
	if f.check {
		return c.watchCheck(ctx, accounts, w.Format)
	}
	logger := c.levelLogger(f.logFormat, f.logLevel)
	// For what a library may have to say.
	log.SetFlags(0)
	log.SetOutput(slog.NewLogLogger(logger.Handler(), slog.LevelDebug).Writer())

	// Settings.Now stays unset: a watch that began last month would go by it.
	linter, err := c.linter(cfg)
	if err != nil {
		return err
	}
	t := c.newTeller(cfg, logger)
	metrics := newWatchMetrics(accounts)
	metrics.refused = t.refused()
	o := imapwatch.Options{Accounts: accounts, Linter: linter, FailOn: first(f.failOn, cfg.FailOn, "warning"), Tell: t.tell,
		State: filepath.Join(c.stateDir(), "watch.json"), Since: w.Since, Settle: w.Settle, Poll: w.Poll,
		Keywords: w.Keywords, Notes: w.Notes, Log: logger, Metrics: metrics}
	watcher, err := imapwatch.New(o)
	if errors.Is(err, imapwatch.ErrInUse) {
		return usagef("let it do it, or end it first; where it was installed: systemctl --user stop "+unitName, "another tacto watch is at work: %w", err)
	}
	if err != nil {
		return err
	}
	if f.once {
		return c.watchOnce(ctx, watcher, t)
	}
	stopMetrics, err := serveWatchMetrics(f.metrics, metrics, logger)
	if err != nil {
		return err
	}
	defer stopMetrics()
	logger.Info("watching", "accounts", len(accounts), "state", o.State, "metrics", f.metrics, "version", c.version())
	err = watcher.Run(ctx)
	if ctx.Err() != nil {
		logger.Info("stopped")
		return nil
	}
	return err // all credentials were refused: 2, at which no supervisor is to start it again
}

// watchOnce looks once.
func (c *Command) watchOnce(ctx context.Context, w *imapwatch.Watcher, t *teller) error {
	err := w.Once(ctx)
	switch {
	case err != nil:
		for line := range strings.Lines(err.Error()) {
			c.sayf("%s", safe.Text(strings.TrimSuffix(line, "\n")))
		}
		return status(exitUnread)
	case t.found.Load():
		return status(exitFound)
	}
	return nil
}

// watchAccounts makes the accounts of the configuration, or the one that is named.
func watchAccounts(cfg *config.Config, name string) ([]imapwatch.Account, error) {
	if err := needAccounts(cfg); err != nil {
		return nil, err
	}
	from := cfg.Watch.Accounts
	if name != "" {
		a, err := cfg.Watch.Account(name)
		if err != nil {
			return nil, usagef("its name, or else its user, as the configuration has it", "%w", err)
		}
		from = []config.WatchAccount{*a}
	}
	var all []imapwatch.Account
	for i := range from {
		a, err := accountOf(&from[i], from[i].Drafts)
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

// accountOf gives an account as it is connected to, with the folder to be read.
func accountOf(a *config.WatchAccount, folder string) (imapsession.Account, error) {
	pool, err := caPool(a.CAFile)
	if err != nil {
		return imapsession.Account{}, fmt.Errorf("account %s: %w", safe.Text(a.Name), err)
	}
	return imapsession.Account{Name: a.Name, Host: a.Host, Port: a.Port, TLS: imapsession.TLSMode(a.TLS), RootCAs: pool, User: a.User,
		Auth: a.Auth, Password: secretOf(&a.Password), Token: secretOf(&a.Token), Folder: folder}, nil
}

// secretOf gives nil where there is no source.
func secretOf(s *secret.Source) imapsession.Secret {
	if s.IsZero() {
		return nil
	}
	return s.Get
}

// caPool reads the certificates of an authority of one's own; nil: the system's.
func caPool(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading ca_file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return nil, usagef("-----BEGIN CERTIFICATE----- and so on", "ca_file %s has no certificate in PEM form", safe.Text(file))
	}
	return pool, nil
}

// levelLogger writes to standard error from a level on.
func (c *Command) levelLogger(format, level string) *slog.Logger {
	var o slog.HandlerOptions
	var l slog.Level
	_ = l.UnmarshalText([]byte(level)) // it is one of logLevels
	o.Level = l
	if format == "json" {
		return slog.New(slog.NewJSONHandler(c.Stderr, &o))
	}
	return slog.New(slog.NewTextHandler(c.Stderr, &o))
}

// checkTime is how long an account may take to be looked at.
const checkTime = 90 * time.Second

// checkedAtOnce is how many accounts are looked at at a time.
const checkedAtOnce = 8

// A watchChecked is what --check has to say of an account.
type watchChecked struct {
	Account      string   `json:"account"`
	OK           bool     `json:"ok"`
	Error        string   `json:"error,omitempty"`
	Host         string   `json:"host"`
	Server       string   `json:"server,omitempty"`
	Auth         string   `json:"auth,omitempty"`
	Drafts       string   `json:"drafts,omitempty"`
	How          string   `json:"how,omitempty"`
	Messages     uint32   `json:"messages"`
	Idle         bool     `json:"idle"`
	Keywords     bool     `json:"keywords"`
	Capabilities []string `json:"capabilities,omitempty"`
	Folders      []string `json:"folders,omitempty"`
}

// watchCheck connects to the accounts and says what it found, in their order.
func (c *Command) watchCheck(ctx context.Context, accounts []imapwatch.Account, format string) error {
	results := make([]chan watchChecked, len(accounts))
	free := make(chan struct{}, checkedAtOnce)
	for i := range accounts {
		results[i] = make(chan watchChecked, 1)
		go func() {
			free <- struct{}{}
			defer func() { <-free }()
			results[i] <- checkAccount(ctx, accounts[i])
		}()
	}
	failed := false
	for _, r := range results {
		select {
		case <-ctx.Done():
			return status(exitFound)
		case k := <-r:
			failed = failed || !k.OK
			if err := c.writeChecked(&k, format); err != nil {
				return err
			}
		}
	}
	if failed {
		return status(exitFound)
	}
	return nil
}

func checkAccount(ctx context.Context, a imapwatch.Account) watchChecked {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	k := watchChecked{Account: a.Name, Host: a.Host}
	got, err := imapwatch.Check(ctx, a)
	if err != nil {
		k.Error = err.Error()
	}
	if got == nil {
		return k
	}
	k.OK, k.Server, k.Auth, k.Drafts, k.How, k.Messages = err == nil, got.Server, got.Auth, got.Drafts, got.How, got.Messages
	k.Idle, k.Keywords, k.Capabilities, k.Folders = got.Idle, got.Keywords, got.Capabilities, got.Folders
	return k
}

func (c *Command) writeChecked(k *watchChecked, format string) error {
	if format == "json" {
		return output.WriteJSONLine(c.Stdout, k)
	}
	name := safe.Text(k.Account)
	if !k.OK {
		_, err := fmt.Fprintf(c.Stdout, "%s: failed: %s\n", name, safe.Text(k.Error))
		return err
	}
	can := []string{"is told of new drafts at once (IDLE)", "drafts can be tagged (keywords)"}
	if !k.Idle {
		can[0] = "is asked for new drafts every now and then (no IDLE)"
	}
	if !k.Keywords {
		can[1] = "drafts can't be tagged (no keywords)"
	}
	_, err := fmt.Fprintf(c.Stdout, "%s: ok\n  server  %s (%s)\n  auth    %s\n  drafts  %s, %d messages (%s)\n  can     %s; %s\n",
		name, safe.Text(k.Host), safe.Text(first(k.Server, "it doesn't say which")), safe.Text(k.Auth),
		safe.Text(k.Drafts), k.Messages, safe.Text(k.How), can[0], can[1])
	return err
}
