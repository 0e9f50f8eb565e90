package lint

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A token is one word of a text. English contractions become two ("don't" is
// "do" and "not"), so that rules need to know one shape only.
type token struct {
	start, end int32 // bytes in the text
	keyAt      int32 // its key, folded to lower case without accents, in scanner.keys
	keyLen     uint16
	edge       edge // what stands between the word before and this one
	shape      uint32
	accented   bool // has letters outside ASCII
	para       bool // a paragraph starts here
	line       bool // a line starts here
	item       bool // a list item starts here (its marker is no token)
	atoms      []uint16
	layers     uint32 // a bit for each layer that has patterns which begin with it
	mask       uint64 // a bit for each atom, by its number modulo 64
	matches    int32  // 1 + the index of the newest match that begins here, 0 for none
}

// edge says what punctuation stands before a token.
type edge uint8

const (
	edgeComma  edge = 1 << iota // , or a quotation mark or a line break: the weakest clause edge
	edgeStrong                  // ; : ( ) [ ] – — … or a bullet: a gap does not cross it
	edgeOpen                    // an opening bracket
	edgeStop                    // . ? ! or a blank line
	edgeAsk                     // ?
	edgeBang                    // !
	edgeQuote                   // a quotation mark
	edgeClose                   // a closing bracket
)

// Shapes: what can be seen from a token's characters. They are the first
// atoms, so that patterns may ask for them like for words.
const (
	shapeNum = iota
	shapeTime
	shapeDate
	shapeMoney
	shapePercent
	shapeOrdinal
	shapeCode
	shapeURL
	shapeEmail
	shapeCaps
	shapeName
	shapeShout
	shapeUpper
	shapeLongcaps
	shapeCount
)

// ShapeNames are the names of shape atoms in patterns, by atom number.
var ShapeNames = [shapeCount]string{"num", "time", "date", "money", "percent", "ordinal", "code", "url", "email", "caps", "name", "shout", "upper", "longcaps"}

// maxKey bounds the part of a word that is looked up: no word of a rule is
// longer, and a line of 50 MB without spaces is no word.
const maxKey = 64

// scanner cuts texts into tokens. Its buffers live as long as one message.
type scanner struct {
	toks []token
	keys []byte
}

func (s *scanner) key(t *token) []byte { return s.keys[t.keyAt : t.keyAt+int32(t.keyLen)] }

// scan appends the tokens of text[lo:hi].
func (s *scanner) scan(text string, lo, hi int) {
	first := len(s.toks)
	var e edge
	newlines := 2 // a piece starts a paragraph
	item := false
	lineHasWord := false
	i := lo
	for i < hi {
		c := text[i]
		size := 1
		r := rune(c)
		if c >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[i:hi])
		}
		if isWordRune(r) || (isMoneySign(r) && i+size < hi && isDigit(text[i+size])) {
			at := len(s.toks)
			i = s.word(text, i, hi)
			s.toks[at].follow(text, e, newlines, item)
			e, newlines, item, lineHasWord = 0, 0, false, true
			continue
		}
		switch r {
		case '\n':
			newlines++
			lineHasWord = false
			e |= edgeComma
		case ' ', '\t', '\r', 0xA0:
		case ',':
			e |= edgeComma
		case '"', '«', '»', '“', '”', '‘':
			e |= edgeComma | edgeQuote
		case '(', '[', '{':
			e |= edgeStrong | edgeOpen | edgeComma
		case ')', ']', '}':
			e |= edgeStrong | edgeComma | edgeClose
		case ';', ':', '–', '—', '…', '|':
			e |= edgeStrong | edgeComma
			if r == '…' && len(s.toks) > first {
				e |= edgeStop
			}
		case '-', '*', '•', '·', '‣', '◦', '+', '>', '▪', '✓', '✔', '→':
			if !lineHasWord && (i+size >= hi || isSpace(text[i+size])) {
				item = true
				e |= edgeStrong | edgeComma
			} else if r == '-' && i > lo && isSpace(text[i-1]) && i+1 < hi && (isSpace(text[i+1]) || text[i+1] == '-') {
				e |= edgeStrong | edgeComma
			}
		case '.':
			e |= edgeStop | edgeComma
		case '?', '¿':
			if r == '?' {
				e |= edgeStop | edgeAsk | edgeComma
			} else {
				e |= edgeComma
			}
		case '!', '¡':
			if r == '!' {
				e |= edgeStop | edgeBang | edgeComma
			} else {
				e |= edgeComma
			}
		}
		i += size
	}
	s.markShouts(first, text, hi)
}

// follow fills in what came before the token.
func (t *token) follow(text string, e edge, newlines int, item bool) {
	t.edge = e
	t.line = newlines > 0
	t.para = newlines > 1
	t.item = item
	if !item && t.line && t.shape&(1<<shapeNum) != 0 {
		after := int(t.end)
		if after+1 < len(text) && (text[after] == '.' || text[after] == ')') && isSpace(text[after+1]) {
			t.item = true // "1. First"
		}
	}
}

// markShouts gives shapeShout to words with three or more marks behind them,
// or with "?!" twice.
func (s *scanner) markShouts(first int, text string, hi int) {
	for k := first; k < len(s.toks); k++ {
		t := &s.toks[k]
		n := 0
		for j := int(t.end); j < hi && (text[j] == '!' || text[j] == '?'); j++ {
			n++
		}
		if n >= 3 {
			t.shape |= 1 << shapeShout
		}
	}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
func isMoneySign(r rune) bool {
	return r == '$' || r == '€' || r == '£' || r == '¥' || r == '₹'
}

func isWordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r)
}

// wordInfo is what one pass over a word's characters finds.
type wordInfo struct {
	letters, digits, upper, lower int
	dots, colons, slashes, dashes int
	commas, ats, unders           int
	singles                       bool // letters stand alone between dots: a.m.
	apos                          int  // where the last apostrophe stands, -1 if nowhere
	url                           bool
}

// word reads the word that starts at i, appends its token (or two for a
// contraction), and gives its end. One loop over the characters that may
// continue a word: its cases are the list of those characters.
func (s *scanner) word(text string, i, hi int) int {
	info := wordInfo{apos: -1, singles: true}
	start := i
	run := 0 // letters since the last dot
	var r rune
	var size int
loop:
	for i < hi {
		c := text[i]
		r, size = rune(c), 1
		if c >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[i:hi])
		}
		switch {
		case c >= '0' && c <= '9':
			info.digits++
			run = 0
		case isWordRune(r):
			info.letters++
			run++
			if run > 1 {
				info.singles = false
			}
			if r < utf8.RuneSelf && c >= 'A' && c <= 'Z' || r >= utf8.RuneSelf && unicode.IsUpper(r) {
				info.upper++
			} else {
				info.lower++
			}
		case isMoneySign(r) && i == start:
			// "$640": the sign is part of the word
		case i+size >= hi:
			break loop
		default:
			if !info.continues(text, start, i, size, hi, r) {
				break loop
			}
			if c == '.' {
				run = 0
			}
			if info.url {
				i = chunkEnd(text, i, hi)
				break loop
			}
		}
		i += size
	}
	// "sent it.)" and "e.g." : a final dot belongs to an abbreviation of
	// single letters ("a.m.") and to nothing else.
	if i < hi && text[i] == '.' && info.dots > 0 && info.singles && info.digits == 0 {
		i++
	}
	s.emit(text, start, i, hi, &info)
	return i
}

// continues says whether the character r at i, which is neither letter nor
// digit, belongs to the word, by what stands on both sides of it.
func (w *wordInfo) continues(text string, start, i, size, hi int, r rune) bool {
	next := text[i+size]
	prevDigit := i > start && isDigit(text[i-1])
	nextWord := isWordByte(next)
	switch r {
	case '\'', '’', 'ʼ', '`':
		if w.letters > 0 && nextWord && !isDigit(next) {
			w.apos = i
			return true
		}
	case '.':
		if !nextWord {
			return false
		}
		if prevDigit && isDigit(next) {
			w.dots++
			return true
		}
		lower := next >= 'a' && next <= 'z'
		if w.letters > 0 && !isDigit(next) && (lower || w.singles) {
			w.dots++
			return true
		}
		if w.letters > 0 && isDigit(next) {
			w.dots++
			return true
		}
	case ':':
		if prevDigit && isDigit(next) {
			w.colons++
			return true
		}
		if next == '/' && i+2 < hi && text[i+2] == '/' {
			w.url = true
			return true
		}
	case ',':
		if prevDigit && isDigit(next) {
			w.commas++
			return true
		}
	case '/':
		if prevDigit && isDigit(next) {
			w.slashes++
			return true
		}
		if w.dots > 0 && w.letters > 0 && nextWord { // example.org/page
			w.url = true
			return true
		}
	case '-':
		if prevDigit && isDigit(next) || w.letters > 0 && w.lower == 0 && isDigit(next) || prevDigit && w.letters > 0 && nextWord {
			w.dashes++
			return true
		}
	case '@':
		if nextWord {
			w.ats++
			w.url = true
			return true
		}
	case '_':
		if nextWord {
			w.unders++
			return true
		}
	}
	return false
}

func isWordByte(c byte) bool {
	return c >= utf8.RuneSelf || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || isDigit(c)
}

// chunkEnd gives the end of a URL or address: white space or a closing mark,
// less trailing punctuation.
func chunkEnd(text string, i, hi int) int {
	end := i
	for end < hi {
		c := text[end]
		if c <= ' ' || c == '<' || c == '>' || c == '"' || c == ')' || c == ']' {
			break
		}
		if c == 0xC2 && end+1 < hi && (text[end+1] == 0xBB || text[end+1] == 0xA0) { // » and no-break space
			break
		}
		end++
	}
	for end > i && strings.IndexByte(".,;:!?'", text[end-1]) >= 0 {
		end--
	}
	return end
}

// emit appends the token for text[start:end].
func (s *scanner) emit(text string, start, end, hi int, w *wordInfo) {
	if w.apos >= 0 && !w.url && s.contraction(text, start, end, w) {
		return
	}
	t := token{start: int32(start), end: int32(end)}
	s.setKey(&t, text[start:end], w.dots > 0 && w.singles && w.digits == 0)
	t.shape = shapeOf(text, start, end, hi, w)
	if w.apos < 0 && w.digits == 0 && w.dots == 0 && int(t.keyLen) <= 8 && s.bareContraction(&t) {
		return
	}
	s.toks = append(s.toks, t)
}

// setKey folds a word into the key buffer.
func (s *scanner) setKey(t *token, word string, dropDots bool) {
	if len(word) > maxKey {
		cut := maxKey
		for cut > 0 && !utf8.RuneStart(word[cut]) {
			cut--
		}
		word = word[:cut]
	}
	at := len(s.keys)
	s.keys, t.accented = appendFold(s.keys, word, dropDots)
	t.keyAt, t.keyLen = int32(at), uint16(len(s.keys)-at)
}

// shapeOf names the shapes of text[start:end].
func shapeOf(text string, start, end, hi int, w *wordInfo) uint32 {
	var sh uint32
	set := func(n int) { sh |= 1 << n }
	first, _ := utf8.DecodeRuneInString(text[start:end])
	switch {
	case w.ats > 0:
		set(shapeEmail)
	case w.url:
		set(shapeURL)
	case w.letters == 0 && w.digits > 0:
		switch {
		case isMoneySign(first):
			set(shapeMoney)
		case w.colons > 0:
			set(shapeTime)
		case w.slashes > 0 || w.dashes == 2 || isDottedDate(text[start:end], w):
			set(shapeDate)
		case w.dashes == 1:
			set(shapeNum) // 2-3 days
		default:
			set(shapeNum)
			if end < hi {
				shapeAfterNumber(text, end, hi, set)
			}
		}
	case w.digits > 0:
		shapeMixed(text, start, end, set)
	case w.dots > 0 && !w.singles && w.apos < 0:
		set(shapeURL)
	}
	if strings.IndexByte(text[start:end], '_') >= 0 {
		set(shapeCode) // ERR_CERT_EXPIRED
		return sh
	}
	if w.letters >= 2 && w.upper == w.letters && w.digits == 0 && w.dots == 0 {
		set(shapeUpper)
	}
	if w.letters >= 4 && w.upper == w.letters && w.digits == 0 && w.dots == 0 {
		set(shapeCaps)
		if w.letters >= 8 {
			set(shapeLongcaps)
		}
	}
	if w.upper > 0 && w.digits == 0 && unicode.IsUpper(first) {
		set(shapeName)
	}
	if w.letters > 1 && w.upper >= 1 && w.lower > 0 && !unicode.IsUpper(first) {
		set(shapeCode) // iPhone, camelCase
	}
	return sh
}

// isDottedDate tells 14.11.2025 from 1.234.567 and 1.2.3.
func isDottedDate(word string, w *wordInfo) bool {
	if w.dots != 2 || w.digits < 4 || len(word) > 10 {
		return false
	}
	tail := len(word) - 1 - strings.LastIndexByte(word, '.')
	return tail == 2 || tail == 4
}

// shapeAfterNumber looks behind a plain number for %, a currency, º.
func shapeAfterNumber(text string, end, hi int, set func(int)) {
	j := end
	if j+1 < hi && text[j] == ' ' {
		j++
	} else if j+2 < hi && text[j] == 0xC2 && text[j+1] == 0xA0 {
		j += 2
	}
	r, _ := utf8.DecodeRuneInString(text[j:hi])
	switch {
	case r == '%':
		set(shapePercent)
	case isMoneySign(r):
		set(shapeMoney)
	case r == 'º' || r == 'ª' || r == '°':
		if j == end {
			set(shapeOrdinal)
		}
	}
}

// shapeMixed tells 9am, 18h, 9:30pm and 14th from codes such as X-204.
func shapeMixed(text string, start, end int, set func(int)) {
	j := start
	for j < end && (isDigit(text[j]) || text[j] == ':' || text[j] == '.' || text[j] == ',') {
		j++
	}
	if j == start {
		set(shapeCode)
		return
	}
	switch tail := foldASCII(text[j:end]); tail {
	case "am", "pm", "h", "hs", "hrs", "a.m", "p.m", "a.m.", "p.m.", "noon":
		set(shapeTime)
	case "st", "nd", "rd", "th", "ro", "do", "er", "º", "ª":
		set(shapeOrdinal)
	case "k", "eur", "usd", "mxn":
		set(shapeMoney)
	case "gb", "mb", "tb", "kb", "km", "m", "min", "cm", "mm", "kg", "s", "ms", "ghz", "mhz", "w", "v":
		set(shapeNum)
	default:
		if isHourMinute(tail) {
			set(shapeTime)
		} else {
			set(shapeCode)
		}
	}
}

// isHourMinute knows the tail of 18h30.
func isHourMinute(tail string) bool {
	return len(tail) == 3 && tail[0] == 'h' && isDigit(tail[1]) && isDigit(tail[2])
}

func foldASCII(s string) string {
	b := make([]byte, 0, 8)
	if len(s) > 8 {
		return ""
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		b = append(b, c)
	}
	return string(b)
}
