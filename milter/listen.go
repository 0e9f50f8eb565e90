package milter

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Errors of Listen.
var (
	// ErrAddress: the address has the wrong form.
	ErrAddress = errors.New("not an address: write inet:HOST:PORT or unix:/PATH")
	// ErrLive: another process listens on the socket.
	ErrLive = errors.New("another process listens there")
)

// Listen opens the socket that Postfix names in the same way: inet:HOST:PORT or
// unix:/PATH. A unix socket has the mode 0660 from the first moment, takes the place
// of one that nobody listens on, and goes when the listener is closed. The error is
// ErrAddress, ErrLive, or that of the system.
func Listen(address string) (net.Listener, error) {
	kind, rest, _ := strings.Cut(address, ":")
	switch {
	case kind == "inet":
		if _, _, err := net.SplitHostPort(rest); err != nil {
			return nil, fmt.Errorf("listening on %s: %w", address, ErrAddress)
		}
		ln, err := net.Listen("tcp", rest)
		if err != nil {
			return nil, fmt.Errorf("listening on %s: %w", address, err)
		}
		return ln, nil
	case kind == "unix" && filepath.IsAbs(rest):
		ln, err := listenUnix(rest)
		if err != nil {
			return nil, fmt.Errorf("listening on %s: %w", address, err)
		}
		return ln, nil
	}
	return nil, fmt.Errorf("listening on %q: %w", address, ErrAddress)
}

// listenUnix makes the socket under another name, and moves it to its place when it
// has its mode.
func listenUnix(path string) (net.Listener, error) {
	st, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case st.Mode()&fs.ModeSocket == 0:
		return nil, errors.New("there is a file that is no socket")
	default:
		if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
			_ = c.Close() // it was only knocked on
			return nil, ErrLive
		}
	}
	temp := fmt.Sprintf("%s.%d", path, os.Getpid())
	_ = os.Remove(temp) // left by a process of the same number
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: temp, Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false)
	if err := errors.Join(os.Chmod(temp, 0o660), os.Rename(temp, path)); err != nil {
		_ = l.Close() // it was never used
		_ = os.Remove(temp)
		return nil, err
	}
	mine, err := os.Lstat(path)
	if err != nil {
		_ = l.Close() // as above
		return nil, err
	}
	return &unixListener{l, path, mine}, nil
}

// unixListener removes its socket, if it still is its own.
type unixListener struct {
	*net.UnixListener
	path string
	mine fs.FileInfo
}

// Close closes the listener.
func (l *unixListener) Close() error {
	if st, err := os.Lstat(l.path); err == nil && os.SameFile(st, l.mine) {
		_ = os.Remove(l.path) // the next one replaces it
	}
	return l.UnixListener.Close()
}
