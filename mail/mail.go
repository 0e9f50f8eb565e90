// Package mail reads email files of every sort (RFC 5322, Maildir, mbox, drafts,
// plain text and Markdown) into lint.Messages, in which the author's own words
// are told apart from quotes, signatures and notices.
package mail

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/tacto-lint/tacto/lint"
)

// Kind says how to take a text.
type Kind uint8

const (
	// Auto takes a text with header lines for a message, any other for plain text.
	Auto Kind = iota
	// MessageKind is an RFC 5322 message.
	MessageKind
	// TextKind is text without headers.
	TextKind
	// MarkdownKind is Markdown: fenced blocks and front matter are no prose.
	MarkdownKind
)

// Options adapt Parse. The zero value serves most.
type Options struct {
	Kind Kind
	// Base is where data stands in its file: for a message of an mbox. The
	// zero value is the file's beginning.
	Base lint.Position
	// Unescape takes one > from lines that begin with >From, as in an mbox.
	Unescape bool
}

// Errors that Parse wraps, each with a hint in its text.
var (
	ErrBinary  = errors.New("not an email or text: it holds binary data")
	ErrEmpty   = errors.New("nothing to read: the input is empty")
	ErrNested  = errors.New("too many parts inside parts: more than 50 levels")
	ErrTooLong = errors.New("message too large: more than 32 MiB")
)

// MaxMessage is the largest message that is read, in bytes.
const MaxMessage = 32 << 20

// Parse reads one message. The message keeps data: don't change it afterwards.
// It fails with ErrEmpty, ErrBinary, ErrTooLong or ErrNested; faults that leave
// something to judge (an unknown charset, a bad header line) are mended quietly.
func Parse(data []byte, opts Options) (*lint.Message, error) {
	if opts.Base == (lint.Position{}) {
		opts.Base = lint.Position{Line: 1, Column: 1}
	}
	if len(data) > MaxMessage {
		return nil, ErrTooLong
	}
	data, converted := fromUTF16(data)
	if bom := []byte("\xEF\xBB\xBF"); bytes.HasPrefix(data, bom) {
		data = data[len(bom):]
		opts.Base.Offset += len(bom)
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, ErrEmpty
	}
	// "From ana@example.org Mon Nov 3 …": the line that parts messages in an mbox.
	if opts.Kind != TextKind && opts.Kind != MarkdownKind && bytes.HasPrefix(data, []byte("From ")) {
		if nl := bytes.IndexByte(data, '\n'); nl >= 0 && hasHeader(data[nl+1:]) {
			data = data[nl+1:]
			opts.Base.Offset += nl + 1
			opts.Base.Line++
		}
	}
	if opts.Kind == MessageKind || opts.Kind == Auto && hasHeader(data) {
		return parseMessage(data, opts, converted)
	}
	if isBinary(data) {
		return nil, ErrBinary
	}
	m := &lint.Message{Body: source(string(data), opts.Base, converted)}
	m.Segments = segment(m.Body.Text, opts.Kind == MarkdownKind)
	m.Reply = hasQuote(m.Segments)
	return m, nil
}

// source makes a Source of text that stands at base in the file; encoded says
// that it does not stand there byte for byte.
func source(text string, base lint.Position, encoded bool) lint.Source {
	if !utf8.ValidString(text) {
		text = decodeBytes(text)
		encoded = true
	}
	if encoded {
		base = lint.Position{Line: 1, Column: 1}
	}
	return lint.Source{Text: text, Base: base, Encoded: encoded}
}

// hasHeader says whether data begins with header lines: a known field, or two
// fields with a blank line behind them.
func hasHeader(data []byte) bool {
	fields := 0
	for at := 0; at < len(data); {
		end := bytes.IndexByte(data[at:], '\n')
		if end < 0 {
			end = len(data)
		} else {
			end += at
		}
		l := bytes.TrimRight(data[at:end], "\r")
		if len(l) == 0 {
			return fields >= 2
		}
		if l[0] == ' ' || l[0] == '\t' {
			if fields == 0 {
				return false
			}
		} else {
			name, _, ok := bytes.Cut(l, []byte(":"))
			if !ok || len(name) == 0 || len(name) > 76 || !isFieldName(name) {
				return false
			}
			if knownFields[strings.ToLower(string(name))] {
				return true
			}
			fields++
		}
		at = end + 1
	}
	return false
}

func isFieldName(name []byte) bool {
	for _, c := range name {
		if c <= ' ' || c >= 0x7F {
			return false
		}
	}
	return true
}

// knownFields tell a message from a text that begins «Hola: …».
var knownFields = map[string]bool{
	"from": true, "to": true, "cc": true, "bcc": true, "subject": true, "date": true, "message-id": true, "received": true,
	"return-path": true, "mime-version": true, "content-type": true, "content-transfer-encoding": true, "reply-to": true,
	"in-reply-to": true, "references": true, "delivered-to": true, "x-tacto-ignore": true, "x-mailer": true, "user-agent": true, "dkim-signature": true,
}

// isBinary: a NUL in text that is not UTF-16, or many control characters.
func isBinary(data []byte) bool {
	sample := data
	if len(sample) > 64<<10 {
		sample = sample[:64<<10]
	}
	control := 0
	for _, c := range sample {
		if c == 0 {
			control += 8
		} else if c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != 0x1B && c != '\b' {
			control++
		}
	}
	return control*30 > len(sample)
}

func hasQuote(segs []lint.Segment) bool {
	for _, s := range segs {
		if s.Kind == lint.SegmentQuote {
			return true
		}
	}
	return false
}
