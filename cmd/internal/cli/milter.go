package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/tacto-lint/tacto/cmd/internal/config"
	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/milter"
)

// stopTimeout is how long a milter that was told to stop waits for the messages in
// hand: less than systemd's patience.
const stopTimeout = 30 * time.Second

// milterFlags are the flags of milter.
type milterFlags struct {
	configFlags
	listen, mode, metrics, logFormat, failOn string
	all                                      bool
}

func (c *Command) milterCommand() *cobra.Command {
	var f milterFlags
	cmd := &cobra.Command{
		Use:   "milter [flags]",
		Short: "Check the mail of a whole team in its mail server",
		Long: `Serve a mail server (Postfix, Sendmail) as a milter: read what a team's people send
through it, and note the verdict in the header, or refuse what is held and say why.

With --mode observe, the default, every message goes, with X-Tacto-Score,
X-Tacto-Verdict and X-Tacto-Rules in its header. With --mode reject a message with
findings at or above --fail-on is refused with 550 5.7.1 and the reasons, unless it
has the header X-Tacto-Override: reason, which is taken out.

Only mail of senders who have authenticated is read, or with --all everybody's; with
clients and internal in the configuration, only mail to clients. What can't be
judged is accepted. SIGHUP reads the configuration anew, SIGTERM stops. Logs hold
its queue id, size, verdict and rules, and nothing of text, subject or addresses.

docs/milter.md has the lines for Postfix and systemd.`,
		Example: `  tacto milter --listen inet:127.0.0.1:9900
  tacto milter --listen unix:/run/tacto/milter.sock --mode reject --metrics 127.0.0.1:9901`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.milter(&f, cmd.Flags().Changed("all")) },
	}
	f.addOwn(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.listen, "listen", "", "`address` to listen on: inet:HOST:PORT or unix:/PATH")
	fl.StringVar(&f.mode, "mode", "", "observe or reject (default observe)")
	fl.BoolVar(&f.all, "all", false, "read mail of senders who have not authenticated, too")
	fl.StringVar(&f.metrics, "metrics", "", "`address` of this machine for /metrics and /healthz, such as 127.0.0.1:9901")
	fl.StringVar(&f.logFormat, "log-format", "text", "text or json")
	fl.StringVar(&f.failOn, "fail-on", "", "hold a message from this `level` on: "+strings.Join(lint.Levels, ", ")+" (default error)")
	for name, values := range map[string][]string{"mode": milter.Modes, "log-format": logFormats, "fail-on": lint.Levels} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
	return cmd
}

var logFormats = []string{"text", "json"}

// check looks at the flags.
func (f *milterFlags) check() error {
	for _, v := range []struct {
		flag, value string
		values      []string
	}{{"--mode", f.mode, milter.Modes}, {"--log-format", f.logFormat, logFormats}, {"--fail-on", f.failOn, lint.Levels}} {
		if v.value != "" && !slices.Contains(v.values, v.value) {
			return usagef(strings.Join(v.values, ", "), "%s can't be %q", v.flag, v.value)
		}
	}
	if f.listen != "" && !config.Listen(f.listen) {
		return usagef("inet:127.0.0.1:9900 or unix:/run/tacto/milter.sock", "--listen can't be %q", f.listen)
	}
	if f.metrics != "" && !config.Loopback(f.metrics) {
		return usagef("a port of this machine: 127.0.0.1:9901", "--metrics can't be %q", f.metrics)
	}
	return nil
}

// milterSettings reads the configuration; flags come before it.
func (c *Command) milterSettings(f *milterFlags, allSet bool) (milter.Settings, *config.Milter, error) {
	cfg, gate, err := c.gate(&sendmailFlags{configFlags: f.configFlags, failOn: f.failOn})
	if err != nil {
		return milter.Settings{}, nil, err
	}
	m := &cfg.Milter
	m.Listen, m.Metrics = first(f.listen, m.Listen), first(f.metrics, m.Metrics)
	if allSet {
		m.All = f.all
	}
	return milter.Settings{Gate: gate, Mode: milter.Mode(first(f.mode, m.Mode)), All: m.All, UILang: cfg.Settings.UILang,
		MaxSize: m.MaxSize, MaxConnections: m.MaxConnections, Budget: m.Budget}, m, nil
}

// milter serves until it is told to stop.
func (c *Command) milter(f *milterFlags, allSet bool) error {
	if err := f.check(); err != nil {
		return err
	}
	// Before anything else: a signal that comes early is not to kill it half-way.
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGTERM, os.Interrupt)
	defer signal.Stop(signals)
	settings, m, err := c.milterSettings(f, allSet)
	if err != nil {
		return err
	}
	if m.Listen == "" {
		return usagef("tacto milter --listen inet:127.0.0.1:9900, or milter: {listen: …} in the configuration", "no address to listen on")
	}
	logger := c.logger(f.logFormat)
	// For what a library may have to say.
	log.SetFlags(0)
	log.SetOutput(slog.NewLogLogger(logger.Handler(), slog.LevelError).Writer())

	metrics := milter.NewMetrics()
	ln, err := milter.Listen(m.Listen)
	if errors.Is(err, milter.ErrLive) {
		return &usageError{err, "stop it, or listen elsewhere"}
	}
	if err != nil {
		return err
	}
	stopMetrics, err := serveMetrics(m.Metrics, metrics, logger)
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	defer stopMetrics()
	server := milter.New(settings, logger, metrics)
	if host, _, err := net.SplitHostPort(strings.TrimPrefix(m.Listen, "inet:")); err == nil && !config.Loopback(net.JoinHostPort(host, "0")) {
		logger.Warn("listening where other machines may reach it: whoever does can send it mail to read", "listen", m.Listen)
	}
	logger.Info("ready", "listen", m.Listen, "mode", cmp.Or(settings.Mode, milter.Observe), "all", settings.All, "metrics", m.Metrics, "version", c.version())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ln) }()
	r := &milterRun{c: c, f: f, allSet: allSet, server: server, metrics: metrics, log: logger, listen: m.Listen, metricsAt: m.Metrics}
	return r.wait(signals, ended)
}

// milterRun is a milter that serves.
type milterRun struct {
	c                 *Command
	f                 *milterFlags
	allSet            bool
	server            *milter.Server
	metrics           *milter.Metrics
	log               *slog.Logger
	listen, metricsAt string
}

// wait obeys signals until the end.
func (r *milterRun) wait(signals <-chan os.Signal, ended <-chan error) error {
	for {
		select {
		case err := <-ended:
			return fmt.Errorf("the milter ended: %w", err)
		case s := <-signals:
			if s == syscall.SIGHUP {
				r.reload()
				continue
			}
			r.log.Info("stopping: messages in hand are ended first", "at_most", stopTimeout)
			r.metrics.Stopping()
			ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
			defer cancel()
			go func() { // who asks twice does not want to wait
				for s := range signals {
					if s != syscall.SIGHUP {
						cancel()
					}
				}
			}()
			if err := r.server.Stop(ctx); err != nil {
				r.log.Warn("stopped with messages in hand: the mail server goes on without a verdict", "why", err.Error())
			} else {
				r.log.Info("stopped")
			}
			return nil
		}
	}
}

// reload reads the configuration anew. One that is broken is not taken.
func (r *milterRun) reload() {
	settings, m, err := r.c.milterSettings(r.f, r.allSet)
	r.metrics.Reloaded(err == nil)
	if err != nil {
		r.log.Error("the new configuration is not taken, the old one stays", "error", err.Error())
		return
	}
	r.server.Set(settings)
	r.log.Info("the configuration was read anew", "mode", cmp.Or(settings.Mode, milter.Observe), "all", settings.All)
	if m.Listen != r.listen || m.Metrics != r.metricsAt {
		r.log.Warn("new addresses need a restart", "listen", r.listen, "metrics", r.metricsAt)
	}
}

// logger writes to standard error.
func (c *Command) logger(format string) *slog.Logger {
	if format == "json" {
		return slog.New(slog.NewJSONHandler(c.Stderr, nil))
	}
	return slog.New(slog.NewTextHandler(c.Stderr, nil))
}

// serveMetrics serves /metrics and /healthz where there is an address for them, until
// stop is called.
func serveMetrics(address string, m *milter.Metrics, logger *slog.Logger) (stop func(), err error) {
	if address == "" {
		return func() {}, nil
	}
	ln, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("serving metrics: %w", err)
	}
	server := &http.Server{Handler: m.Handler(), ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute,
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelWarn)}
	go func() {
		if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			logger.Error("metrics are served no more", "error", err.Error())
		}
	}()
	return func() { _ = server.Close() }, nil
}
