package collect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/tacto-lint/tacto/mail"
)

// Path is a Maildir, a folder with messages and mbox files, one such file, also
// compressed by gzip.
func Path(path string) Source { return &pathSource{path: path} }

type pathSource struct {
	path  string
	files []file
}

type file struct {
	path string
	size int64
}

// texts are files that lint reads and that are no mail that was sent.
var texts = map[string]bool{".txt": true, ".text": true, ".md": true, ".markdown": true}

func (s *pathSource) survey(ctx context.Context, c *collector) (total int64, err error) {
	st, err := os.Stat(s.path)
	if err != nil {
		return 0, fmt.Errorf("reading %s: %w", s.path, pathless(err))
	}
	if !st.IsDir() {
		s.files = []file{{s.path, st.Size()}}
		return st.Size(), nil
	}
	err = mail.Walk(s.path, func(path string, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			c.unread(path, pathless(err))
			return nil
		}
		if texts[strings.ToLower(filepath.Ext(path))] {
			return nil
		}
		var size int64
		if st, err := os.Stat(path); err == nil { // else it is told when it is read
			size = st.Size()
		}
		s.files = append(s.files, file{path, size})
		total += size
		return nil
	})
	return total, err
}

func (s *pathSource) read(ctx context.Context, c *collector) error {
	for _, f := range s.files {
		if f.size <= mail.MaxMessage && isMessage(f.path) {
			if err := c.put(ctx, item{where: f.path, file: f.path, size: f.size}, nil); err != nil {
				return err
			}
			continue
		}
		if err := split(ctx, c, f); err != nil {
			return err
		}
	}
	return nil
}

// isMessage says by its name alone that a file is one message: it is opened where it is
// judged, then, and not here.
func isMessage(path string) bool {
	if strings.EqualFold(filepath.Ext(path), ".eml") {
		return true
	}
	parent := filepath.Base(filepath.Dir(path))
	return (parent == "cur" || parent == "new") && filepath.Ext(path) != ".gz" && filepath.Ext(path) != ".mbox"
}

// split reads a file that may have many messages.
func split(ctx context.Context, c *collector, f file) error {
	in, err := os.Open(f.path)
	if err != nil {
		c.unread(f.path, pathless(err))
		c.done.Add(f.size)
		return nil
	}
	defer in.Close() // read only: nothing is lost
	counted := &counter{r: in}
	var told int64
	err = mail.Split(counted, f.path, func(raw mail.Raw) error {
		if errors.Is(raw.Err, os.ErrClosed) {
			return raw.Err
		}
		read := counted.n.Load() // of the compressed file, where it is one
		it := item{where: raw.Path, raw: raw, size: read - told}
		told = read
		return c.put(ctx, it, nil)
	})
	c.done.Add(f.size - told)
	return err
}

// A counter counts what is read.
type counter struct {
	r io.Reader
	n atomic.Int64
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n.Add(int64(n))
	return n, err
}
