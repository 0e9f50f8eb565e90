package cli

import (
	"os"

	"golang.org/x/sys/unix"
)

// namelessFile makes a file in memory, so that a full disk holds up no mail; on
// kernels without it, in the temporary folder.
func namelessFile() (*os.File, error) {
	fd, err := unix.MemfdCreate("tacto", unix.MFD_CLOEXEC)
	if err != nil {
		return temporaryFile()
	}
	return os.NewFile(uintptr(fd), "message"), nil
}
