package mail

import (
	"bytes"
	"io"
	"mime"
	netmail "net/mail"
	"strings"
	"time"

	"github.com/tacto-lint/tacto/lint"
)

// A field is a header field: its name in lower case, its raw value, folded
// lines and all, and where that value stands.
type field struct {
	name  string
	value []byte
	at    lint.Position
}

type header []field

// maxFields bounds a header: what comes behind is left out.
const maxFields = 2000

// readHeader reads the fields at the start of data, and gives the place of the
// body. Lines that are no fields are passed over: a broken header is no reason
// not to read an email.
func readHeader(data []byte, base lint.Position) (h header, body []byte, at lint.Position) {
	pos, n := base, 0
	for n < len(data) {
		end, next := lineEnd(data, n)
		l := data[n:end]
		if len(l) == 0 {
			pos.Line++
			pos.Offset += next - n
			return h, data[next:], pos
		}
		name, value, ok := bytes.Cut(l, []byte(":"))
		switch {
		case l[0] == ' ' || l[0] == '\t':
			if len(h) > 0 { // a folded line: the value goes on
				last := &h[len(h)-1]
				from := last.at.Offset - base.Offset
				last.value = data[from:end]
			}
		case ok && len(h) < maxFields && isFieldName(bytes.TrimRight(name, " \t")):
			trimmed := bytes.TrimLeft(value, " \t")
			skip := len(l) - len(trimmed)
			h = append(h, field{
				name: strings.ToLower(strings.TrimRight(string(name), " \t")), value: trimmed,
				at: lint.Position{Line: pos.Line, Column: skip + 1, Offset: base.Offset + n + skip},
			})
		case !ok && len(h) == 0:
			// Not a header at all.
			return h, data[n:], pos
		}
		pos.Line++
		pos.Offset += next - n
		n = next
	}
	return h, nil, pos
}

// lineEnd gives the end of the line at n, without its CR LF, and where the next
// one begins.
func lineEnd(data []byte, n int) (end, next int) {
	nl := bytes.IndexByte(data[n:], '\n')
	if nl < 0 {
		return len(data), len(data)
	}
	end = n + nl
	if end > n && data[end-1] == '\r' {
		return end - 1, n + nl + 1
	}
	return end, n + nl + 1
}

func (h header) get(name string) []byte {
	for i := range h {
		if h[i].name == name {
			return h[i].value
		}
	}
	return nil
}

// unfold joins the lines of a value.
func unfold(v []byte) string {
	if bytes.IndexByte(v, '\n') < 0 {
		return strings.TrimSpace(string(v))
	}
	s := strings.ReplaceAll(strings.ReplaceAll(string(v), "\r", ""), "\n", "")
	return strings.TrimSpace(strings.ReplaceAll(s, "\t", " "))
}

// words decodes encoded words (RFC 2047) of any charset that is known.
var words = &mime.WordDecoder{CharsetReader: func(name string, r io.Reader) (io.Reader, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return strings.NewReader(toUTF8(data, name)), nil
}}

// text decodes an unstructured value.
func text(v []byte) string {
	s := unfold(v)
	if strings.Contains(s, "=?") {
		if d, err := words.DecodeHeader(s); err == nil {
			s = d
		}
	}
	return toUTF8([]byte(s), "")
}

// subject gives the Subject: in place where it stands plainly in the file.
func (h header) subject(converted bool) lint.Source {
	for i := range h {
		if h[i].name != "subject" {
			continue
		}
		raw := h[i].value
		decoded := text(raw)
		plain := !converted && decoded == string(bytes.TrimRight(raw, " \t"))
		return source(decoded, h[i].at, !plain)
	}
	return lint.Source{Base: lint.Position{Line: 1, Column: 1}}
}

// addresses gives the bare addresses of a field.
func (h header) addresses(name string) []string {
	var out []string
	for i := range h {
		if h[i].name != name {
			continue
		}
		s := unfold(h[i].value)
		if s == "" {
			continue
		}
		p := netmail.AddressParser{WordDecoder: words}
		if list, err := p.ParseList(s); err == nil {
			for _, a := range list {
				out = append(out, a.Address)
			}
			continue
		}
		// A draft's address list may be half typed: take what has an @.
		for _, w := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" ,;<>\"'()", r) }) {
			if strings.Contains(w, "@") {
				out = append(out, w)
			}
		}
	}
	return out
}

// date gives the Date field in its own zone, the zero time if there is none
// that can be read.
func (h header) date() time.Time {
	s := unfold(h.get("date"))
	if s == "" {
		return time.Time{}
	}
	if t, err := netmail.ParseDate(s); err == nil {
		return t
	}
	for _, layout := range []string{time.RFC3339, "Mon Jan _2 15:04:05 2006", "2006-01-02 15:04:05 -0700", time.RFC850} {
		if t, err := time.Parse(layout, s); err == nil {
			return t
		}
	}
	return time.Time{}
}

// mediaType gives the type of a part and its parameters, decoded (RFC 2231).
func mediaType(v []byte) (string, map[string]string) {
	if len(v) == 0 {
		return "text/plain", nil
	}
	s := unfold(v)
	t, params, err := mime.ParseMediaType(s)
	if err != nil {
		// "text/plain; charset=utf-8;;": what stands before the fault counts.
		t, _, _ = strings.Cut(s, ";")
		t = strings.ToLower(strings.TrimSpace(t))
		if params == nil {
			params = map[string]string{}
		}
		for _, p := range strings.Split(s, ";") {
			if k, val, ok := strings.Cut(p, "="); ok {
				params[strings.ToLower(strings.TrimSpace(k))] = strings.Trim(strings.TrimSpace(val), `"`)
			}
		}
	}
	if !strings.Contains(t, "/") {
		t = "text/plain"
	}
	return t, params
}
