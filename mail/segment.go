package mail

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/lint/fold"
)

// A line of the body, with what it shows of itself.
type line struct {
	start, end int    // without the line end
	next       int    // where the next line starts
	text       string // trimmed
	key        string // trimmed and folded: see fold.Fold
	kind       lint.SegmentKind
}

// segment parts a body into the author's words and what travels with them.
func segment(text string, markdown bool) []lint.Segment {
	lines := splitLines(text)
	if markdown {
		markFences(lines)
	}
	markQuotes(lines)
	markDisclaimers(lines)
	markSignature(lines)
	return join(text, lines)
}

// maxKeyLine bounds the part of a line that is compared with the shapes of
// headers, closings and notices: none is longer.
const maxKeyLine = 400

func splitLines(text string) []line {
	lines := make([]line, 0, 32)
	for at := 0; at < len(text); {
		l := line{start: at}
		if nl := strings.IndexByte(text[at:], '\n'); nl >= 0 {
			l.end, l.next = at+nl, at+nl+1
			if l.end > at && text[l.end-1] == '\r' {
				l.end--
			}
		} else {
			l.end, l.next = len(text), len(text)
		}
		l.text = strings.TrimSpace(text[l.start:l.end])
		key := l.text
		if len(key) > maxKeyLine {
			cut := maxKeyLine
			for cut > 0 && !utf8.RuneStart(key[cut]) {
				cut--
			}
			key = key[:cut]
		}
		l.key = fold.Fold(key)
		lines = append(lines, l)
		at = l.next
	}
	return lines
}

// join makes segments of lines: neighbours of one kind are one segment.
func join(text string, lines []line) []lint.Segment {
	var segs []lint.Segment
	for i := range lines {
		l := &lines[i]
		if n := len(segs); n > 0 && segs[n-1].Kind == l.kind {
			segs[n-1].End = l.next
			continue
		}
		segs = append(segs, lint.Segment{Kind: l.kind, Span: lint.Span{Start: l.start, End: l.next}})
	}
	if len(segs) == 0 {
		segs = append(segs, lint.Segment{Kind: lint.SegmentAuthor, Span: lint.Span{Start: 0, End: len(text)}})
	}
	return segs
}

// markFences marks fenced blocks and front matter of Markdown.
func markFences(lines []line) {
	fence := ""
	if len(lines) > 0 && lines[0].text == "---" {
		for i := 1; i < len(lines); i++ {
			if lines[i].text == "---" {
				for k := 0; k <= i; k++ {
					lines[k].kind = lint.SegmentCode
				}
				break
			}
		}
	}
	for i := range lines {
		t := lines[i].text
		switch {
		case fence == "" && (strings.HasPrefix(t, "```") || strings.HasPrefix(t, "~~~")):
			fence = t[:3]
			lines[i].kind = lint.SegmentCode
		case fence != "":
			lines[i].kind = lint.SegmentCode
			if strings.HasPrefix(t, fence) {
				fence = ""
			}
		}
	}
}

// markQuotes marks what others wrote: lines with ">", and everything below a
// header block of an earlier message.
func markQuotes(lines []line) {
	for i := 0; i < len(lines); i++ {
		l := &lines[i]
		if l.kind != lint.SegmentAuthor {
			continue
		}
		switch {
		case strings.HasPrefix(l.text, ">"):
			l.kind = lint.SegmentQuote
			markAttribution(lines, i)
		case isForwardMark(l.key):
			markRest(lines, i, lint.SegmentForward)
			return
		case isOriginalMark(l.key), isHeaderBlock(lines, i):
			markRest(lines, underscores(lines, i), lint.SegmentQuote)
			return
		case strings.Contains(l.key, "type your reply above this line") || strings.Contains(l.key, "escriba su respuesta por encima de esta linea"):
			l.kind = lint.SegmentDisclaimer
		default:
			if n := attribution(lines, i, false); n > 0 && !quotedBelow(lines, i+n) {
				// An attribution without ">" below it: Outlook on the web and
				// some phones quote by nothing but that line.
				markRest(lines, i, lint.SegmentQuote)
				return
			}
		}
	}
	fillBlank(lines, lint.SegmentQuote)
}

func markRest(lines []line, from int, kind lint.SegmentKind) {
	for k := from; k < len(lines); k++ {
		lines[k].kind = kind
	}
}

// fillBlank lets blank lines between quoted lines be quoted too.
func fillBlank(lines []line, kind lint.SegmentKind) {
	for i := 1; i+1 < len(lines); i++ {
		if lines[i].text == "" && lines[i-1].kind == kind && lines[i+1].kind == kind {
			lines[i].kind = kind
		}
	}
}

// underscores takes in the rule that Outlook draws above its header block.
func underscores(lines []line, i int) int {
	for k := i - 1; k >= 0 && k >= i-2; k-- {
		t := lines[k].text
		if t == "" {
			continue
		}
		if len(t) >= 5 && (strings.Trim(t, "_") == "" || strings.Trim(t, "-") == "") {
			return k
		}
		break
	}
	return i
}

// markAttribution marks the line or two above a quoted line that say whose
// words follow.
func markAttribution(lines []line, quoted int) {
	end := quoted - 1
	for end >= 0 && lines[end].text == "" {
		end--
	}
	for n := 3; n >= 1; n-- {
		i := end - n + 1
		if i < 0 || lines[i].kind != lint.SegmentAuthor {
			continue
		}
		if attribution(lines, i, true) == n {
			for k := i; k < quoted; k++ {
				lines[k].kind = lint.SegmentQuote
			}
			return
		}
	}
}

func quotedBelow(lines []line, i int) bool {
	for ; i < len(lines); i++ {
		if lines[i].text != "" {
			return strings.HasPrefix(lines[i].text, ">")
		}
	}
	return true // nothing follows: it quotes nothing
}

// attribution gives the number of lines, 1 to 3, of an attribution that starts
// at line i («El lun, 3 nov 2025 a las 10:12, Ana escribió:»), 0 if there is none.
// Above a quoted line a name is enough («Ana escribió:»).
func attribution(lines []line, i int, quoted bool) int {
	joined := ""
	for n := 1; n <= 3 && i+n-1 < len(lines); n++ {
		l := &lines[i+n-1]
		if l.text == "" || strings.HasPrefix(l.text, ">") {
			return 0
		}
		if joined != "" {
			joined += " "
		}
		joined += l.key
		if len(joined) > 300 {
			return 0
		}
		if isAttribution(joined, quoted) {
			return n
		}
		if !startsAttribution(joined) {
			return 0
		}
	}
	return 0
}

var wroteWords = []string{"escribio:", "escribio lo siguiente:", "wrote:", "a ecrit :", "schrieb:", "ha escrito:", "escribiu:", "va escriure:"}

func endsWrote(key string) bool {
	for _, w := range wroteWords {
		if strings.HasSuffix(key, w) {
			return true
		}
	}
	return false
}

func startsAttribution(key string) bool {
	return strings.HasPrefix(key, "el ") || strings.HasPrefix(key, "on ") || strings.HasPrefix(key, "em ") || strings.HasPrefix(key, "le ") || strings.HasPrefix(key, "am ")
}

// isAttribution wants a date or an address before the verb, so that a sentence
// such as «Ayer el cliente escribió:» stays the author's.
func isAttribution(key string, quoted bool) bool {
	if !strings.HasSuffix(key, ":") {
		return false
	}
	if endsWrote(key) {
		if strings.ContainsRune(key, '@') || startsAttribution(key) && strings.ContainsAny(key, "0123456789") {
			return true
		}
		words := strings.Count(key, " ") + 1
		return quoted && words <= 4
	}
	return strings.Contains(key, " escribio el ") && strings.ContainsAny(key, "0123456789")
}

func isForwardMark(key string) bool {
	key = strings.Trim(key, "-_ *")
	switch key {
	case "forwarded message", "mensaje reenviado", "begin forwarded message:", "inicio del mensaje reenviado:", "mensaje reenviado:", "forwarded by":
		return true
	}
	return false
}

func isOriginalMark(key string) bool {
	if !strings.HasPrefix(key, "--") {
		return false
	}
	switch strings.Trim(key, "- ") {
	case "mensaje original", "original message", "original appointment", "mensaje origina", "correo original":
		return true
	}
	return false
}

// headerNames are the fields of the header block that mail programs put above
// a quoted message.
var headerNames = map[string]string{
	"de": "from", "from": "from", "enviado": "date", "enviado el": "date", "fecha": "date", "sent": "date", "date": "date",
	"para": "to", "to": "to", "a": "to", "cc": "cc", "asunto": "subject", "subject": "subject", "tema": "subject",
}

// isHeaderBlock says whether three of the header lines From, Date, To, Subject
// stand together from line i on, the first of them being From or Date.
func isHeaderBlock(lines []line, i int) bool {
	first := headerName(lines[i].key)
	if first != "from" && first != "date" {
		return false
	}
	seen := map[string]bool{first: true}
	for k := i + 1; k < len(lines) && k < i+8; k++ {
		name := headerName(lines[k].key)
		if name == "" {
			if lines[k].text == "" && len(seen) > 1 {
				break
			}
			continue // a folded address list
		}
		seen[name] = true
	}
	return seen["from"] && (seen["subject"] || seen["to"]) && len(seen) >= 3
}

func headerName(key string) string {
	key = strings.TrimLeft(key, "* ")
	name, _, ok := strings.Cut(key, ":")
	if !ok || len(name) > 12 {
		return ""
	}
	return headerNames[strings.Trim(name, "* ")]
}

// isUpperWord and friends below tell names and titles from prose.
func startsUpper(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsUpper(r)
}
