package collect

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/tacto-lint/tacto/audit"
	"github.com/tacto-lint/tacto/mail"
)

// headSize is what is read of a file at first: whole messages, mostly.
const headSize = 32 << 10

// load reads an item's file, which is no larger than a message may be.
func (it *item) load() error {
	f, err := os.Open(it.file)
	if err != nil {
		return pathless(err)
	}
	defer f.Close() // read only: nothing is lost
	data, err := io.ReadAll(io.LimitReader(f, mail.MaxMessage+1))
	if err != nil {
		return pathless(err)
	}
	it.raw = mail.Raw{Path: it.where, Data: data}
	return nil
}

// pathless takes the path from an error: the item has it.
func pathless(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// identify gives the ID of a message. Of a file no more than its header is read; where
// that is all of it, it stays in the item.
func (c *collector) identify(it *item) (audit.Hash, error) {
	if it.raw.Err != nil {
		return audit.Hash{}, it.raw.Err
	}
	if it.raw.Data != nil {
		return c.idOf(it.raw.Data), nil
	}
	f, err := os.Open(it.file)
	if err != nil {
		return audit.Hash{}, pathless(err)
	}
	defer f.Close() // read only: nothing is lost
	head := make([]byte, headSize)
	n, err := io.ReadFull(f, head)
	switch {
	case errors.Is(err, io.EOF):
		return audit.Hash{}, mail.ErrEmpty
	case errors.Is(err, io.ErrUnexpectedEOF): // that is all
		it.raw = mail.Raw{Path: it.where, Data: head[:n:n]}
		return c.idOf(it.raw.Data), nil
	case err != nil:
		return audit.Hash{}, pathless(err)
	}
	if h := readHead(head); h.whole && h.id != "" {
		return c.Key.MessageID(h.id, h.date, h.from), nil
	}
	if err := it.load(); err != nil {
		return audit.Hash{}, err
	}
	return c.idOf(it.raw.Data), nil
}

func (c *collector) idOf(message []byte) audit.Hash {
	if h := readHead(message); h.id != "" {
		return c.Key.MessageID(h.id, h.date, h.from)
	}
	return c.Key.Content(message)
}

// A head has the fields that tell a message from others.
type head struct {
	id, date, from string
	whole          bool // the end of the header was seen
}

// readHead reads the header as far as it goes. The first field of a name counts.
func readHead(message []byte) (h head) {
	message = bytes.TrimPrefix(message, []byte("\xEF\xBB\xBF"))
	var to *string
	for first := true; len(message) > 0; first = false {
		line := message
		end := bytes.IndexByte(message, '\n')
		if end >= 0 {
			line, message = message[:end], message[end+1:]
		} else {
			message = nil
		}
		line = bytes.TrimRight(line, "\r")
		switch {
		case len(line) == 0:
			h.whole = true
			return h
		case line[0] == ' ' || line[0] == '\t':
			if to != nil {
				*to += " " + strings.TrimSpace(string(line))
			}
			continue
		case first && bytes.HasPrefix(line, []byte("From ")):
			continue
		}
		to = nil
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			continue
		}
		switch name = bytes.TrimSpace(name); {
		case bytes.EqualFold(name, []byte("Message-ID")) && h.id == "":
			to = &h.id
		case bytes.EqualFold(name, []byte("Date")) && h.date == "":
			to = &h.date
		case bytes.EqualFold(name, []byte("From")) && h.from == "":
			to = &h.from
		default:
			continue
		}
		*to = strings.TrimSpace(string(value))
	}
	return h
}
