// Package safe makes text from strangers harmless to show. An email can hold
// escape sequences that would recolour, retitle or rewrite a terminal, and
// marks that reverse the order of what is read; none of them may reach the
// screen as anything but a visible sign.
package safe

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// Text gives s on one line with every control character, line end and
// invisible direction mark replaced by a visible sign. A tab becomes a space.
func Text(s string) string {
	if !dirty(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if r == '\t' {
			b.WriteByte(' ')
		} else {
			b.WriteRune(Rune(r))
		}
	}
	return b.String()
}

// Rune gives the visible sign for a rune that must not reach a terminal, and
// any other rune as it is.
func Rune(r rune) rune {
	switch {
	case r < 0x20:
		return 0x2400 + r // the control pictures: ␛ for escape, ␊ for line feed
	case r == 0x7f:
		return '␡'
	case Unsafe(r), r == utf8.RuneError:
		return utf8.RuneError
	}
	return r
}

// Unsafe says that a rune acts on the terminal or on the order of the text
// instead of showing.
func Unsafe(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r <= 0x9f: // C0, delete, C1
		return true
	case r == 0x061c, r == 0x200e, r == 0x200f: // direction marks
		return true
	case r >= 0x2028 && r <= 0x202e: // line and paragraph ends, embeddings and overrides
		return true
	case r >= 0x2066 && r <= 0x206f: // isolates
		return true
	case r == 0xfeff, r >= 0xfff9 && r <= 0xfffb: // byte-order mark, annotations
		return true
	case r >= 0xe0000 && r <= 0xe007f: // tags: text nobody sees
		return true
	}
	return false
}

// JSON writes unsafe runes in a JSON text as \u escapes, which mean the same
// and can be printed. They can only stand inside strings there.
func JSON(text []byte) []byte {
	clean := true
	for i := 0; i < len(text) && clean; i++ {
		clean = text[i] < 0x7f
	}
	if clean {
		return text
	}
	var b bytes.Buffer
	for _, r := range string(text) {
		switch {
		case r < 0x20 || !Unsafe(r):
			b.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			escape(&b, 0xd800+r>>10)
			escape(&b, 0xdc00+r&0x3ff)
		default:
			escape(&b, r)
		}
	}
	return b.Bytes()
}

// escape writes \uXXXX.
func escape(b *bytes.Buffer, r rune) {
	const hex = "0123456789abcdef"
	b.Write([]byte{'\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15]})
}

// dirty says whether s holds anything that Text would change.
func dirty(s string) bool {
	for _, r := range s {
		if r == utf8.RuneError || Unsafe(r) {
			return true
		}
	}
	return false
}
