//go:build unix

package mailclient

import (
	"os"
	"syscall"
)

// keepOwner gives a new file the owner of the old one: root may edit for others.
func keepOwner(old, now string) error {
	st, err := os.Stat(old)
	if err != nil {
		return nil // there is none yet
	}
	if s, ok := st.Sys().(*syscall.Stat_t); ok && int(s.Uid) != os.Geteuid() {
		return os.Chown(now, int(s.Uid), int(s.Gid))
	}
	return nil
}
