package mail

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tacto-lint/tacto/lint"
)

// An Item is one message of an input, or the reason why it could not be read.
type Item struct {
	// Path is the input's name as given; for a message of an mbox, Path#n.
	Path    string
	Message *lint.Message
	Err     error
}

// ErrStop may be returned by a callback of Read, ReadFile or Walk to end early
// without an error.
var ErrStop = errors.New("stop")

// A Raw is one message of an input as it came, or the reason why it could not be read.
type Raw struct {
	// Path is as an Item's.
	Path string
	// Data is the message; it is the receiver's.
	Data []byte
	Err  error

	opts Options
}

// Parse reads the message.
func (r *Raw) Parse() (*lint.Message, error) {
	if r.Err != nil {
		return nil, r.Err
	}
	return Parse(r.Data, r.opts)
}

// Read reads the messages of r, which is named path, and calls fn for each: one
// for a message or text, one for each message of an mbox, with at most one
// message in memory. What is compressed by gzip is taken for what is in it. What can't be
// read comes as an Item with Err; reading goes on where it can. Read returns fn's error,
// nil for ErrStop.
func Read(r io.Reader, path string, fn func(Item) error) error {
	err := read(r, path, fn)
	if errors.Is(err, ErrStop) {
		return nil
	}
	return err
}

func read(r io.Reader, path string, fn func(Item) error) error {
	return split(r, path, func(raw Raw) error {
		m, err := raw.Parse()
		return fn(Item{Path: raw.Path, Message: m, Err: err})
	})
}

// Split gives the messages of r as Read does, not parsed: for who does that elsewhere.
func Split(r io.Reader, path string, fn func(Raw) error) error {
	err := split(r, path, fn)
	if errors.Is(err, ErrStop) {
		return nil
	}
	return err
}

func split(r io.Reader, path string, fn func(Raw) error) error {
	br := bufio.NewReaderSize(r, 64<<10)
	head, _ := br.Peek(4 << 10)
	inner := path
	if bytes.HasPrefix(head, []byte("\x1f\x8b")) {
		z, err := gzip.NewReader(br)
		if err != nil {
			return fn(Raw{Path: path, Err: fmt.Errorf("reading: %w", err)})
		}
		br = bufio.NewReaderSize(z, 64<<10)
		head, _ = br.Peek(4 << 10)
		inner = strings.TrimSuffix(path, ".gz")
	}
	if isMbox(head, inner) {
		return readMbox(br, path, fn)
	}
	data, err := io.ReadAll(io.LimitReader(br, MaxMessage+1))
	if err != nil {
		return fn(Raw{Path: path, Err: fmt.Errorf("reading: %w", err)})
	}
	return fn(Raw{Path: path, Data: data, opts: Options{Kind: kindOf(inner)}})
}

// kindOf takes a hint from a file's name.
func kindOf(path string) Kind {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".md", ".markdown":
		return MarkdownKind
	}
	return Auto
}

// isMbox: it begins with a "From " line and a header. One message with such a
// line in front is an mbox of one.
func isMbox(head []byte, path string) bool {
	head = bytes.TrimPrefix(head, []byte("\xEF\xBB\xBF"))
	if !bytes.HasPrefix(head, []byte("From ")) {
		return false
	}
	if strings.EqualFold(filepath.Ext(path), ".eml") {
		return false
	}
	nl := bytes.IndexByte(head, '\n')
	return nl > 0 && hasHeader(head[nl+1:])
}

// readMbox reads the messages of an mbox: each begins with a line "From …" at
// the start or below a blank line.
func readMbox(br *bufio.Reader, path string, fn func(Raw) error) error {
	var buf []byte
	var tooLong bool
	pos := lint.Position{Line: 1, Column: 1} // of the next line
	base := pos                              // of the present message
	n := 0
	blank := true
	flush := func() error {
		if n == 0 {
			return nil
		}
		raw := Raw{Path: fmt.Sprintf("%s#%d", path, n), opts: Options{Kind: MessageKind, Base: base, Unescape: true}}
		if tooLong {
			raw.Err = ErrTooLong
		} else {
			raw.Data = bytes.Clone(buf)
		}
		if cap(buf) > 1<<20 {
			buf = nil // one large message is no reason to keep its room
		}
		buf, tooLong = buf[:0], false
		return fn(raw)
	}
	for {
		chunk, err := br.ReadSlice('\n')
		whole := err == nil // else a part of a long line, or the end
		if blank && bytes.HasPrefix(chunk, []byte("From ")) {
			if ferr := flush(); ferr != nil {
				return ferr
			}
			n++
			pos.Line++
			pos.Offset += len(chunk)
			base = pos
			blank = false
		} else {
			if len(buf)+len(chunk) > MaxMessage {
				tooLong = true
			} else if !tooLong {
				buf = append(buf, chunk...)
			}
			pos.Offset += len(chunk)
			if whole {
				pos.Line++
				blank = len(bytes.TrimRight(chunk, "\r\n")) == 0
			} else {
				blank = false
			}
		}
		switch {
		case err == nil || errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			return flush()
		default: // half a message is none
			if n > 0 {
				path = fmt.Sprintf("%s#%d", path, n)
			}
			return fn(Raw{Path: path, Err: fmt.Errorf("reading: %w", err)})
		}
	}
}

// ReadFile reads the messages of a file, as Read does. A file that can't be
// opened comes as an Item with Err.
func ReadFile(path string, fn func(Item) error) error {
	f, err := os.Open(path)
	if err != nil {
		var pe *fs.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		err = fn(Item{Path: path, Err: err})
	} else {
		err = read(f, path, fn)
		f.Close() // read only: nothing is lost
	}
	if errors.Is(err, ErrStop) {
		return nil
	}
	return err
}

// Walk calls fn with the path of each mail file below dir, in lexical order:
// messages, mbox files, texts, Markdown, and the messages of Maildirs. Hidden
// files, a Maildir's tmp and other files are passed over. Errors of folders go
// to fn too.
func Walk(dir string, fn func(path string, err error) error) error {
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			if d != nil && d.IsDir() {
				if ferr := fn(path, err); ferr != nil {
					return ferr
				}
				return fs.SkipDir
			}
			return fn(path, err)
		}
		name := d.Name()
		if d.IsDir() {
			// A Maildir++ folder is hidden by its name: .Sent/cur.
			if path != dir && (name == "tmp" && isMaildir(filepath.Dir(path)) || strings.HasPrefix(name, ".") && !isMaildir(path)) {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() || !isMailFile(path, name) {
			return nil
		}
		return fn(path, nil)
	})
	if errors.Is(err, ErrStop) {
		return nil
	}
	return err
}

func isMaildir(dir string) bool {
	for _, sub := range []string{"cur", "new"} {
		if st, err := os.Stat(filepath.Join(dir, sub)); err != nil || !st.IsDir() {
			return false
		}
	}
	return true
}

func isMailFile(path, name string) bool {
	if parent := filepath.Base(filepath.Dir(path)); (parent == "cur" || parent == "new") && isMaildir(filepath.Dir(filepath.Dir(path))) {
		return true
	}
	if strings.HasPrefix(name, ".") {
		return false
	}
	name, _ = strings.CutSuffix(name, ".gz")
	switch strings.ToLower(filepath.Ext(name)) {
	case ".eml", ".mbox", ".mbx", ".txt", ".md", ".markdown", ".text":
		return true
	case "":
		return looksLikeMail(path)
	}
	return false
}

// looksLikeMail reads the beginning of a file without an extension.
func looksLikeMail(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 2<<10)
	n, _ := io.ReadFull(f, head)
	head = head[:n]
	return isMbox(head, path) || hasHeader(head)
}
