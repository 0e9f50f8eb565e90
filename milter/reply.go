package milter

import (
	"strings"
	"unicode"

	"github.com/emersion/go-milter"
	"golang.org/x/text/unicode/norm"

	"github.com/tacto-lint/tacto/presend"
)

// maxText is the text of one line of a reply: RFC 5321 has 512 octets for all of
// it, "550-5.7.1 " and the line end included.
const maxText = 480

// maxNamed is how many findings a refusal names.
const maxNamed = 4

// refusal is the answer to a message that is held: 550 5.7.1 and why.
func refusal(p *presend.Policy, d *presend.Decision, lang string) milter.Response {
	// Nobody remembers here what was held.
	policy := *p
	if policy.Override != presend.Never {
		policy.Override = presend.Header
	}
	return milter.NewResponseStr(byte(milter.ActReplyCode), reply(policy.Refusal(d, lang, maxNamed)))
}

// reply writes lines as those of an SMTP reply.
func reply(lines []presend.Line) string {
	var texts []string
	for i, l := range lines {
		text := l.Text
		switch {
		case i == 0:
			text = "tacto: " + text
		case l.Mark == presend.More:
		case l.Mark == "•", strings.ContainsAny(l.Mark, "0123456789"):
			// Lines are counted from the first of the header, in what left the mail
			// program: its user sees others.
			text = "- " + text
		case l.Mark == "→":
			text = "  -> " + text
		case l.Mark != "":
			text = "- " + l.Mark + " " + text
		}
		texts = append(texts, cut(ascii(text), maxText)...)
	}
	// To mail servers % begins an escape, and %% is one sign.
	var b strings.Builder
	for i, t := range texts {
		sep := "-"
		if i == len(texts)-1 {
			sep = " "
		}
		if i > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString("550" + sep + "5.7.1 " + strings.ReplaceAll(t, "%", "%%"))
	}
	return b.String()
}

// cut parts a line at its blanks, where it is too long.
func cut(text string, width int) []string {
	var all []string
	for len(text) > width {
		at := strings.LastIndexByte(text[:width+1], ' ')
		if strings.TrimSpace(text[:max(at, 0)]) == "" {
			at = width
		}
		all = append(all, text[:at])
		text = strings.TrimLeft(text[at:], " ")
	}
	return append(all, text)
}

// signs stand for others in a reply. An ñ is written as on a machine without one:
// an n alone would make another word of it.
var signs = map[rune]string{
	'ñ': "ny", 'Ñ': "NY", 'ß': "ss", 'æ': "ae", 'Æ': "AE", 'ø': "o", 'Ø': "O", 'œ': "oe", 'Œ': "OE", 'ł': "l", 'Ł': "L",
	'«': `"`, '»': `"`, '“': `"`, '”': `"`, '„': `"`, '‘': "'", '’': "'", '‚': "'", '´': "'",
	'–': "-", '—': "-", '‑': "-", '−': "-", '…': "...", '→': "->", '•': "-", '·': "-", '×': "x", '€': "EUR",
	'¿': "", '¡': "", 'º': "o", 'ª': "a", '°': "o", '\t': " ", '\u00a0': " ", '\u202f': " ", '\u2009': " ",
}

// ascii writes a text in ASCII: SMTP allows nothing else in a reply to a client that
// has not asked for more, and mail programs show what they please. Accents go;
// signs that have no like become question marks.
func ascii(s string) string {
	var b strings.Builder
	for _, r := range norm.NFC.String(s) {
		if as, ok := signs[r]; ok {
			b.WriteString(as)
			continue
		}
		if r >= ' ' && r <= '~' {
			b.WriteRune(r)
			continue
		}
		// The letter of one with marks, if that is ASCII.
		base := '?'
		for i, d := range norm.NFD.String(string(r)) {
			if i == 0 && d >= ' ' && d <= '~' {
				base = d
			}
		}
		if unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Cf, r) {
			continue
		}
		b.WriteRune(base)
	}
	return b.String()
}
