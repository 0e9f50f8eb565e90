package cli

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/tacto-lint/tacto/cmd/internal/config"
	"github.com/tacto-lint/tacto/cmd/internal/output"
	"github.com/tacto-lint/tacto/cmd/internal/safe"
	"github.com/tacto-lint/tacto/cmd/internal/tell"
	"github.com/tacto-lint/tacto/imapwatch"
)

// A teller tells judgements in all the ways that the configuration asks for.
type teller struct {
	c            *Command
	format, lang string
	fine         bool
	desktop      bool
	asked        bool // for the desktop, in so many words
	command      *tell.Command
	webhook      *tell.Webhook
	log          *slog.Logger

	found  atomic.Bool // there was something to say
	mu     sync.Mutex  // of standard output
	warned sync.Once
}

func (c *Command) newTeller(cfg *config.Config, log *slog.Logger) *teller {
	w := &cfg.Watch
	t := &teller{c: c, format: w.Format, lang: cfg.Settings.UILang, fine: w.TellFine, log: log, desktop: true}
	if d := w.Notify.Desktop; d != nil {
		t.desktop, t.asked = *d, *d
	}
	if len(w.Notify.Command) > 0 {
		t.command = &tell.Command{Words: w.Notify.Command, Dir: filepath.Dir(cfg.File)}
	}
	if h := w.Notify.Webhook; h != nil {
		t.webhook = &tell.Webhook{URL: h.URL, Agent: "tacto/" + c.version(), Timeout: h.Timeout}
		if !h.Secret.IsZero() {
			t.webhook.Secret = h.Secret.Get
		}
	}
	return t
}

// tell is called from many goroutines. Where one way fails the others are gone all
// the same.
func (t *teller) tell(ctx context.Context, j *imapwatch.Judgement) error {
	if j.Kind == imapwatch.Found {
		t.found.Store(true)
	}
	if j.Kind == imapwatch.Fine && !t.fine {
		return nil
	}
	o := &output.Judgement{Account: j.Account, Mailbox: j.Mailbox, UID: j.UID, Kind: j.Kind.String(), Time: j.Time, Report: j.Report}
	body, err := o.JSON()
	if err != nil {
		return err
	}
	var ways []func() error
	if t.desktop {
		ways = append(ways, func() error { t.notify(o); return nil })
	}
	if t.command != nil {
		ways = append(ways, func() error { return t.command.Tell(ctx, body) })
	}
	if t.webhook != nil {
		ways = append(ways, func() error { return t.webhook.Tell(ctx, body) })
	}
	errs := make([]error, len(ways)+1)
	var all sync.WaitGroup
	for i, way := range ways {
		all.Go(func() { errs[i] = way() })
	}
	errs[len(ways)] = t.print(o, body)
	all.Wait()
	return oneLine(errs)
}

// oneLine joins errors as the log takes them.
func oneLine(errs []error) (all error) {
	for _, err := range errs {
		switch {
		case all == nil:
			all = err
		case err != nil:
			all = fmt.Errorf("%w; %w", all, err)
		}
	}
	return all
}

// print writes the line on standard output.
func (t *teller) print(o *output.Judgement, body []byte) error {
	line := string(body)
	if t.format != "json" {
		line = o.Text(t.lang)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, err := fmt.Fprintln(t.c.Stdout, line); err != nil {
		return fmt.Errorf("writing the judgement: %w", err)
	}
	return nil
}

// notify shows it on the desktop. That there is none is said once, and only to who
// asked for it.
func (t *teller) notify(o *output.Judgement) {
	err := t.c.notify(o.Notification(t.lang))
	switch {
	case err == nil:
	case t.asked:
		t.warned.Do(func() { t.log.Warn("no desktop notification; said once", "why", err.Error()) })
	default:
		t.log.Debug("no desktop notification", "why", err.Error())
	}
}

// refused gives what to do when an account's credentials are refused: the log of a
// service is read by nobody, so it is said on the desktop, once.
func (t *teller) refused() func(account string) {
	text := "tacto: the server refuses your credentials\nThe account %s is watched no more: see tacto watch --check"
	if t.c.uiLang(t.lang) == "es" {
		text = "tacto: el servidor rechaza sus credenciales\nLa cuenta %s ya no se vigila: vea tacto watch --check"
	}
	return func(account string) {
		if t.desktop {
			go func() { _ = t.c.notify(fmt.Sprintf(text, safe.Text(account))) }() // the log has it
		}
	}
}
