//go:build unix

package imapwatch

import (
	"errors"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// A lock that was given back is free at once, also while programs are being started: each
// holds copies of all open files until it runs, and a lock with them.
func TestLockIsFreeAtOnce(t *testing.T) {
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				_ = exec.Command("true").Run() // whether it runs is no matter
			}
		}
	}()
	path := filepath.Join(t.TempDir(), "state.json")
	refused, rounds := 0, 0
	for end := time.Now().Add(time.Second); time.Now().Before(end); rounds++ {
		st, _, err := openStore(path)
		if err != nil {
			refused++
			continue
		}
		if _, _, err := openStore(path); !errors.Is(err, ErrInUse) {
			t.Fatalf("a second one: %v", err)
		}
		st.release()
	}
	close(stop)
	<-done
	if refused > 0 {
		t.Errorf("%d of %d were refused", refused, rounds)
	}
}
