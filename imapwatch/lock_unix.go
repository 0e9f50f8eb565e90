//go:build unix

package imapwatch

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// lockFile takes a lock that ends with the process, however that ends. Where the file
// system knows no locks it goes without.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking the state file: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); errors.Is(err, unix.EWOULDBLOCK) {
		_ = f.Close() // nothing was written
		return nil, ErrInUse
	}
	return f, nil
}

// unlockFile ends the lock for all who have the file open: closed alone it would last
// until a program that is being started at that moment has let go of its copy.
func unlockFile(f *os.File) {
	_ = unix.Flock(int(f.Fd()), unix.LOCK_UN) // where the file system knows no locks there is none
	_ = f.Close()                             // nothing was written
}
