package imapwatch

import "context"

// Once catches up with all accounts, a few at a time, and returns when what
// settled drafts there are have been judged and told. The error joins those of
// the accounts that could not be caught up with; each is tried once, and a connection
// that breaks off in the middle made again, for what is behind the draft that breaks it.
func (w *Watcher) Once(ctx context.Context) error {
	defer w.store.release()
	err := w.each(ctx, min(maxDials, len(w.accounts)), func(a *account, ctx context.Context) error {
		worked, err := a.serve(ctx, true)
		for tries := 1; tries < 3 && worked && err != nil && ctx.Err() == nil; tries++ {
			worked, err = a.serve(ctx, true)
		}
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
