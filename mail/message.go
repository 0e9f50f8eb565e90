package mail

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/emersion/go-message"

	"github.com/tacto-lint/tacto/lint"
)

// maxDepth bounds parts inside parts. No mail program nests deeper than ten.
const maxDepth = 50

// maxParts bounds the parts of one message.
const maxParts = 2000

// parseMessage reads an RFC 5322 message.
func parseMessage(data []byte, opts Options, converted bool) (*lint.Message, error) {
	h, body, at := readHeader(data, opts.Base)
	m := &lint.Message{HasHeaders: true, Subject: h.subject(converted), Date: h.date(),
		From: h.addresses("from"), To: h.addresses("to"), Cc: h.addresses("cc")}
	prefix := replyPrefix(m.Subject.Text)
	m.SubjectOwn = m.Subject.Text != "" && prefix == ""
	m.Reply = prefix == "re" || len(h.get("in-reply-to")) > 0 || len(h.get("references")) > 0
	m.Forward = prefix == "fwd"
	for i := range h {
		if h[i].name == "x-tacto-ignore" {
			// Names are parted by commas; people also write blanks.
			for _, id := range strings.FieldsFunc(unfold(h[i].value), func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
				m.Ignore = append(m.Ignore, strings.ToLower(id))
			}
		}
	}
	w := &walker{m: m, converted: converted, unescape: opts.Unescape}
	if err := w.part(h, body, at, 0, false); err != nil {
		return nil, err
	}
	if err := w.finish(); err != nil {
		return nil, err
	}
	for _, s := range m.Segments {
		switch s.Kind {
		case lint.SegmentQuote:
			m.Reply = m.Reply || !m.Forward
		case lint.SegmentForward:
			m.Forward = true
		}
	}
	return m, nil
}

// replyPrefix tells a subject that came back ("re") or was passed on ("fwd")
// from one of the author's own ("").
func replyPrefix(s string) string {
	name, _, ok := strings.Cut(s, ":")
	if !ok {
		return ""
	}
	name, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(name)), "[") // "Re[2]:"
	switch name {
	case "re", "aw", "sv", "res", "rif", "ref", "antw", "rép":
		return "re"
	case "fw", "fwd", "rv", "enc", "wg", "tr", "i", "rm":
		return "fwd"
	}
	return ""
}

// walker collects the text parts of a message.
type walker struct {
	m         *lint.Message
	converted bool
	unescape  bool
	parts     int
	texts     []lint.Source
	html      []bool
	binary    bool
}

// part reads one part and those inside it. alt says that the part is one of
// several versions of the same text.
func (w *walker) part(h header, body []byte, at lint.Position, depth int, alt bool) error {
	if depth > maxDepth {
		return ErrNested
	}
	if w.parts++; w.parts > maxParts {
		return nil
	}
	ct, params := mediaType(h.get("content-type"))
	_, dparams := mediaType(h.get("content-disposition"))
	disp, _, _ := strings.Cut(strings.ToLower(unfold(h.get("content-disposition"))), ";")
	name := firstOf(decodeName(dparams["filename"]), decodeName(params["name"]))
	switch {
	case strings.HasPrefix(ct, "multipart/") && params["boundary"] != "":
		return w.multipart(ct, params["boundary"], body, at, depth)
	case strings.TrimSpace(disp) == "attachment" || name != "" && disp != "inline" && !strings.HasPrefix(ct, "text/") || !strings.HasPrefix(ct, "text/"):
		if depth == 0 && disp == "" && !strings.HasPrefix(ct, "text/") && !strings.Contains(ct, "multipart") {
			w.binary = true
		}
		if !alt { // an image among alternatives is no attachment
			w.m.Attachments = append(w.m.Attachments, firstOf(name, ct))
		}
		return nil
	case ct != "text/plain" && ct != "text/html" && name != "":
		w.m.Attachments = append(w.m.Attachments, name)
		return nil
	}
	src := w.decode(h, body, at, params["charset"])
	if ct == "text/html" {
		src = lint.Source{Text: src.Text, Base: lint.Position{Line: 1, Column: 1}, Encoded: true}
	}
	w.texts = append(w.texts, src)
	w.html = append(w.html, ct == "text/html")
	return nil
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func decodeName(s string) string {
	if strings.Contains(s, "=?") {
		if d, err := words.DecodeHeader(s); err == nil {
			return d
		}
	}
	return s
}

// decode undoes the transfer encoding and the charset.
func (w *walker) decode(h header, body []byte, at lint.Position, charset string) lint.Source {
	encoding := strings.ToLower(strings.TrimSpace(unfold(h.get("content-transfer-encoding"))))
	switch encoding {
	case "base64", "quoted-printable":
		var mh message.Header
		mh.Set("Content-Transfer-Encoding", encoding)
		mh.Set("Content-Type", "application/octet-stream") // charsets are our own affair: see toUTF8
		e, err := message.New(mh, bytes.NewReader(body))
		if err == nil {
			// Truncated base64 gives what came before the fault.
			data, _ := io.ReadAll(e.Body)
			if len(data) > 0 || len(bytes.TrimSpace(body)) == 0 {
				return lint.Source{Text: toUTF8(data, charset), Base: lint.Position{Line: 1, Column: 1}, Encoded: true}
			}
		}
	}
	text := toUTF8(body, charset)
	plain := !w.converted && text == string(body)
	if w.unescape && strings.Contains(text, "\n>From ") {
		text = strings.ReplaceAll(text, "\n>From ", "\nFrom ")
		plain = false
	}
	return source(text, at, !plain)
}

// multipart reads the parts between the boundaries. It keeps count of the
// places in the file, which is why no library does it: findings point there.
func (w *walker) multipart(ct, boundary string, body []byte, at lint.Position, depth int) error {
	texts := len(w.texts)
	delimiter := []byte("--" + boundary)
	start, pos := -1, at
	var from lint.Position
	for n := 0; n <= len(body); {
		end, next := len(body), len(body)
		if n < len(body) {
			end, next = lineEnd(body, n)
		}
		l := body[n:end]
		last := n == len(body)
		if last || bytes.HasPrefix(l, delimiter) {
			rest := bytes.TrimSpace(l[min(len(l), len(delimiter)):])
			if last || len(rest) == 0 || bytes.Equal(rest, []byte("--")) {
				if start >= 0 {
					if err := w.bodyPart(trimLineEnd(body[start:n]), from, depth, ct == "multipart/alternative"); err != nil {
						return err
					}
				}
				start, from = next, lint.Position{Line: pos.Line + 1, Column: 1, Offset: at.Offset + next}
				if len(rest) > 0 {
					break
				}
			}
		}
		if last {
			break
		}
		pos.Line++
		n = next
	}
	if ct == "multipart/alternative" {
		w.choose(texts)
	}
	return nil
}

// trimLineEnd takes away the line end that belongs to the boundary.
func trimLineEnd(b []byte) []byte {
	b = bytes.TrimSuffix(b, []byte("\n"))
	return bytes.TrimSuffix(b, []byte("\r"))
}

func (w *walker) bodyPart(data []byte, at lint.Position, depth int, alt bool) error {
	h, body, bodyAt := readHeader(data, at)
	return w.part(h, body, bodyAt, depth+1, alt)
}

// choose keeps one of the alternatives from number first on: the plain text,
// unless it is empty or a stub beside a longer HTML version.
func (w *walker) choose(first int) {
	if len(w.texts)-first < 2 {
		return
	}
	plain, html := -1, -1
	for i := first; i < len(w.texts); i++ {
		if w.html[i] && html < 0 {
			html = i
		} else if !w.html[i] && plain < 0 {
			plain = i
		}
	}
	keep := plain
	if plain < 0 || html >= 0 && isStub(w.texts[plain].Text, w.texts[html].Text) {
		keep = html
	}
	if keep < 0 {
		keep = first
	}
	w.texts[first], w.html[first] = w.texts[keep], w.html[keep]
	w.texts, w.html = w.texts[:first+1], w.html[:first+1]
}

// isStub: a plain part that says "see the HTML", or next to nothing.
func isStub(plain, html string) bool {
	words := len(strings.Fields(plain))
	if words == 0 {
		return true
	}
	if words > 40 {
		return false
	}
	text, _ := htmlText(html)
	rich := len(strings.Fields(text))
	return rich > 15 && rich > 4*words
}

// finish joins the text parts into the body and parts it into segments.
func (w *walker) finish() error {
	m := w.m
	if len(w.texts) == 0 {
		if w.binary && len(m.Attachments) == 1 {
			m.Body = lint.Source{Base: lint.Position{Line: 1, Column: 1}}
		}
		m.Segments = []lint.Segment{{Kind: lint.SegmentAuthor}}
		return nil
	}
	if len(w.texts) == 1 && !w.html[0] {
		m.Body = w.texts[0]
		if isBinary([]byte(m.Body.Text[:min(len(m.Body.Text), 4096)])) {
			return fmt.Errorf("the text part: %w", ErrBinary)
		}
		m.Segments = segment(m.Body.Text, false)
		return nil
	}
	var b strings.Builder
	var quotes []lint.Segment
	for i, t := range w.texts {
		text := t.Text
		var own []lint.Segment
		if w.html[i] {
			text, own = htmlText(t.Text)
		}
		if b.Len() > 0 {
			b.WriteString("\n\n")
		}
		for _, s := range own {
			quotes = append(quotes, lint.Segment{Kind: s.Kind, Span: lint.Span{Start: s.Start + b.Len(), End: s.End + b.Len()}})
		}
		b.WriteString(text)
	}
	m.Body = lint.Source{Text: b.String(), Base: lint.Position{Line: 1, Column: 1}, Encoded: true}
	m.Segments = segmentMarked(m.Body.Text, quotes)
	return nil
}
