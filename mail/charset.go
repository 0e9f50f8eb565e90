package mail

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/emersion/go-message/charset"
	"golang.org/x/text/encoding/charmap"
)

// fromUTF16 decodes a file that begins with the byte order mark of UTF-16.
func fromUTF16(data []byte) ([]byte, bool) {
	if len(data) < 2 || len(data)%2 != 0 {
		return data, false
	}
	big := data[0] == 0xFE && data[1] == 0xFF
	if !big && !(data[0] == 0xFF && data[1] == 0xFE) {
		return data, false
	}
	units := make([]uint16, 0, len(data)/2)
	for i := 2; i+1 < len(data); i += 2 {
		if big {
			units = append(units, uint16(data[i])<<8|uint16(data[i+1]))
		} else {
			units = append(units, uint16(data[i+1])<<8|uint16(data[i]))
		}
	}
	return []byte(string(utf16.Decode(units))), true
}

// decodeBytes makes valid UTF-8 of text of an unknown charset: windows-1252 if
// hardly any of it is UTF-8, else with the bad bytes replaced.
func decodeBytes(s string) string {
	bad, good := 0, 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			bad++
		} else if size > 1 {
			good++
		}
		i += size
	}
	if bad > good {
		if t, err := charmap.Windows1252.NewDecoder().String(s); err == nil {
			return t
		}
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// toUTF8 decodes a body or header of a named charset. Mail that says
// iso-8859-1 is windows-1252 in practice, as on the web.
func toUTF8(data []byte, name string) string {
	switch strings.ToLower(strings.Trim(name, ` "'`)) {
	case "", "utf-8", "utf8", "us-ascii", "ascii", "unknown-8bit", "x-unknown":
		if utf8.Valid(data) {
			return string(data)
		}
		return decodeBytes(string(data))
	case "iso-8859-1", "latin1", "iso8859-1", "iso_8859-1", "windows-1252", "cp1252":
		t, err := charmap.Windows1252.NewDecoder().Bytes(data)
		if err == nil {
			return string(t)
		}
	}
	if r, err := charset.Reader(name, bytes.NewReader(data)); err == nil {
		if t, err := io.ReadAll(r); err == nil {
			return strings.ToValidUTF8(string(t), "\uFFFD")
		}
	}
	return decodeBytes(string(data))
}
