package imapwatch

import "time"

// Backdate makes the state of all accounts older, as a connection does that lasts.
func (w *Watcher) Backdate(d time.Duration) {
	w.store.change(func() {
		for _, a := range w.accounts {
			a.state.Seen = a.state.Seen.Add(-d)
		}
	})
}
