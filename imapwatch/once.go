package imapwatch

import "context"

// Once catches up with all accounts, a few at a time, and returns when what
// settled drafts there are have been judged and told. The error joins those of
// the accounts that could not be caught up with; each is tried once.
func (w *Watcher) Once(ctx context.Context) error {
	defer w.store.release()
	err := w.each(ctx, min(maxDials, len(w.accounts)), func(a *account, ctx context.Context) error {
		_, err := a.serve(ctx, true)
		if e := a.save(); err == nil {
			err = e
		}
		if err != nil {
			a.w.opts.Metrics.Failed(a.Name, class(err))
		}
		return err
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
