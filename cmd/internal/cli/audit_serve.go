package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/tacto-lint/tacto/audit"
	"github.com/tacto-lint/tacto/audit/page"
	"github.com/tacto-lint/tacto/cmd/internal/config"
	"github.com/tacto-lint/tacto/cmd/internal/safe"
)

type serveFlags struct {
	auditFlags
	listen, since, until string
}

func (c *Command) auditServeCommand() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Show the report's page live, from the store",
		Long: `Serve the page of 'report --html' as the store is now. It only reads. On this machine
alone nobody is asked who they are; elsewhere a token is needed, which is in the
address that is printed, new at each start. Put TLS in front of it there.`,
		Example: "  tacto audit serve\n  tacto audit serve --listen 10.0.0.5:8600",
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return c.auditServe(&f) },
	}
	f.addAudit(cmd, true)
	fl := cmd.Flags()
	fl.StringVar(&f.listen, "listen", "127.0.0.1:8600", "`address` to listen on")
	fl.StringVar(&f.since, "since", "", "from this `day` on: 2026-03-31, 2026-03 or 2026 (default: the first)")
	fl.StringVar(&f.until, "until", "", "up to this `day` (default: the last)")
	return cmd
}

// freshFor is how long a page may be old: a store that is large is not read at each look.
const freshFor = 10 * time.Second

// fresh makes a page anew where the last one is too old, one at a time.
func fresh(draw func(context.Context) (*page.Data, error)) func(context.Context) (*page.Data, error) {
	turn := make(chan struct{}, 1)
	var last *page.Data
	var at time.Time
	return func(ctx context.Context) (*page.Data, error) {
		select {
		case turn <- struct{}{}:
			defer func() { <-turn }()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if last != nil && time.Since(at) < freshFor {
			return last, nil
		}
		d, err := draw(ctx)
		if err == nil {
			last, at = d, time.Now()
		}
		return d, err
	}
}

func (c *Command) auditServe(f *serveFlags) error {
	since, until, err := days(f.since, f.until)
	if err != nil {
		return err
	}
	if _, _, err := net.SplitHostPort(f.listen); err != nil {
		return usagef("such as 127.0.0.1:8600", "--listen can't be %q", f.listen)
	}
	ctx, stop := interruptible()
	defer stop()
	a, err := c.auditing(ctx, &f.auditFlags, false)
	if err != nil {
		return err
	}
	defer a.store.Close()
	lang := c.uiLang(f.uiLang)
	titles, err := c.ruleTitles(a, lang)
	if err != nil {
		return err
	}
	q := audit.Query{Since: since, Until: until, MinEmails: a.cfg.Audit.MinEmails, MinAuthors: a.cfg.Audit.MinAuthors}
	if _, err := a.mappingOf(f.mapping); err != nil { // now, and not when somebody looks
		return err
	}
	h := &page.Handler{
		Data: fresh(func(ctx context.Context) (*page.Data, error) {
			t, err := a.table(ctx, &f.auditFlags, q)
			if err != nil {
				return nil, err
			}
			return a.page(t, q, lang, titles), nil
		}),
		Failed: func(err error) { c.sayf("%s", safe.Text(err.Error())) },
	}
	ln, err := net.Listen("tcp", f.listen)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	url := "http://" + ln.Addr().String() + "/"
	if !config.Loopback(ln.Addr().String()) {
		h.Token = rand.Text()
		url += "?token=" + h.Token
	}
	c.sayf("the report is at %s (Ctrl+C ends it)", url)
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute, IdleTimeout: time.Minute}
	context.AfterFunc(ctx, func() {
		soon, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if server.Shutdown(soon) != nil {
			_ = server.Close() // somebody did not let go
		}
	})
	if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving: %w", err)
	}
	return nil
}
