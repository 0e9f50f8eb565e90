package lint

import (
	"unicode"
	"unicode/utf8"
)

// zone says whose words a sentence holds and where they stand.
type zone uint8

const (
	zoneSubject zone = iota // the author's own subject
	zoneBody                // the author's text
	zoneContextSubject
	zoneQuoted
)

// A sentence is a run of tokens of one zone.
type sentence struct {
	lo, hi   int32 // tokens
	para     int32
	zone     zone
	lang     uint8
	question bool
	exclaim  bool
	item     bool
	heading  bool
	greeting bool
	facts    factSet // what was found in it
}

// wrapWidth is the length from which a line is taken to be hard-wrapped: mail
// programs wrap at 66 to 78 columns, and a line shorter than this that is
// followed by a capital is a line of its own (a greeting, a list).
const wrapWidth = 54

// maxSentence bounds a sentence in tokens, so that text without any full stop
// costs no more than other text.
const maxSentence = 240

// split appends the sentences of tokens[first:], which stem from one piece of
// text that ends at hi.
func (e *engine) split(text string, first int, hi int, z zone) {
	toks := e.scan.toks
	if first == len(toks) {
		return
	}
	lo := first
	for k := first + 1; k <= len(toks); k++ {
		if k < len(toks) && k-lo < maxSentence && !e.boundary(text, lo, k) {
			continue
		}
		limit := hi
		if k < len(toks) {
			limit = int(toks[k].start)
		}
		e.addSentence(text, lo, k, limit, z)
		lo = k
	}
}

func (e *engine) addSentence(text string, lo, hi, limit int, z zone) {
	t := &e.scan.toks[lo]
	if t.para || len(e.sents) == 0 || e.sents[len(e.sents)-1].zone != z {
		e.paras++
	}
	s := sentence{lo: int32(lo), hi: int32(hi), zone: z, para: int32(e.paras), item: t.item}
	stop, newline := false, limit >= len(text)
	last := e.scan.toks[hi-1]
	colon, comma := false, false
	for j := int(last.end); j < limit; j++ {
		switch text[j] {
		case '?':
			s.question, stop = true, true
		case '!':
			s.exclaim, stop = true, true
		case '.':
			stop = true
		case '\n':
			newline = true
		case ':':
			colon = colon || !newline
		case ',':
			comma = comma || !newline
		}
	}
	n := hi - lo
	if t.line && newline && !stop {
		s.heading = n <= 8 && !comma && !s.item
		s.greeting = n <= 6 && (comma || colon)
	}
	if t.line && n <= 4 && s.exclaim {
		s.greeting = true
	}
	e.sents = append(e.sents, s)
}

// boundary decides whether a sentence ends before token k; lo is where the
// present one began.
func (e *engine) boundary(text string, lo, k int) bool {
	prev, next := &e.scan.toks[k-1], &e.scan.toks[k]
	if next.para {
		return true
	}
	if next.line && next.item {
		return true
	}
	capital := startsUpper(text, next)
	if next.line {
		if e.lineBreak(text, lo, k, capital) {
			return true
		}
	}
	if next.edge&edgeStop == 0 {
		return false
	}
	if prev.end == next.start {
		return false
	}
	if next.edge&edgeAsk != 0 {
		return true
	}
	if next.edge&edgeBang != 0 {
		return capital || next.line
	}
	if text[prev.end] == '.' || text[prev.end] == 0xE2 { // "." or "…"
		if !capital && !next.line && next.shape&(1<<shapeNum|1<<shapeTime|1<<shapeMoney|1<<shapeDate) == 0 && next.edge&edgeQuote == 0 {
			return false
		}
		if isEllipsis(text, int(prev.end)) {
			return capital
		}
		return !e.abbreviation(text, lo, k, prev, next)
	}
	// The stop stands behind a bracket or quotation mark: "(see below). Then".
	return capital || next.line
}

func isEllipsis(text string, at int) bool {
	return text[at] == 0xE2 || at+1 < len(text) && text[at+1] == '.'
}

// lineBreak decides about a line end without a blank line: a hard wrap inside
// a sentence, or the end of one.
func (e *engine) lineBreak(text string, lo, k int, capital bool) bool {
	toks := e.scan.toks
	prev := &toks[k-1]
	c := byte(0)
	for j := int(prev.end); j < int(toks[k].start); j++ {
		if text[j] == '\n' {
			break
		}
		if !isSpace(text[j]) {
			c = text[j]
		}
	}
	if c == ':' || c == ';' {
		return true
	}
	// How long was the line that ended?
	start := k - 1
	for start > lo && !toks[start].line {
		start--
	}
	width := utf8.RuneCountInString(text[toks[start].start:prev.end])
	if !capital {
		return false
	}
	if c == ',' && k-lo <= 6 && toks[lo].line {
		return true // "Hola Ana," on a line of its own
	}
	return width < wrapWidth
}

func startsUpper(text string, t *token) bool {
	r, _ := utf8.DecodeRuneInString(text[t.start:])
	return unicode.IsUpper(r) || t.edge&edgeComma != 0 && t.start > 1 && (text[t.start-1] == 0xBF || text[t.start-1] == 0xA1) // ¿ ¡
}

// Abbreviations after which a full stop ends no sentence. Those that may end
// one ("etc.", "p. m.") are in closing: after them a capital decides.
var abbreviations = map[string]bool{
	// Spanish: titles and forms of address, references, units, firms.
	"sr": true, "sra": true, "sres": true, "srta": true, "sras": true, "ud": true, "uds": true, "vd": true, "vds": true,
	"dr": true, "dra": true, "dres": true, "ing": true, "lic": true, "arq": true, "prof": true, "profa": true, "mtro": true,
	"mtra": true, "cp": true, "abg": true, "gral": true, "hno": true, "hnos": true, "dn": true, "dna": true, "fdo": true,
	"p": true, "pag": true, "pags": true, "ej": true, "num": true, "nums": true, "nro": true, "no": true, "art": true,
	"arts": true, "cap": true, "vol": true, "fig": true, "ref": true, "exp": true, "tel": true, "tfno": true, "telf": true,
	"cel": true, "ext": true, "av": true, "avda": true, "ctra": true, "dpto": true, "depto": true, "dcha": true, "izq": true,
	"esq": true, "urb": true, "pza": true, "cta": true, "cte": true, "aprox": true, "max": true, "min": true, "vto": true,
	"ee": true, "rr": true, "ff": true, "atn": true, "att": true, "resp": true, "admon": true,
	// English.
	"mr": true, "mrs": true, "ms": true, "messrs": true, "jr": true, "st": true, "dept": true, "approx": true, "vs": true,
	"eg": true, "ie": true, "nos": true, "fig.": true, "rev": true, "gen": true, "capt": true, "col": true, "sgt": true,
	"mon": true, "tue": true, "tues": true, "wed": true, "thu": true, "thurs": true, "fri": true, "jan": true, "feb": true,
	"mar": true, "apr": true, "jun": true, "jul": true, "aug": true, "sep": true, "sept": true, "oct": true, "nov": true, "dec": true,
}

// closing abbreviations may stand at the end of a sentence.
var closingAbbreviations = map[string]bool{
	"etc": true, "am": true, "pm": true, "m": true, "uu": true, "hh": true, "sa": true, "sl": true, "cv": true, "sas": true,
	"ltda": true, "cia": true, "inc": true, "ltd": true, "co": true, "corp": true, "hs": true, "hrs": true, "h": true, "us": true, "uk": true,
}

// abbreviation says whether the full stop between prev and next belongs to an
// abbreviation, an initial or a number, and so ends nothing.
func (e *engine) abbreviation(text string, lo, k int, prev, next *token) bool {
	key := e.scan.key(prev)
	if closingAbbreviations[string(key)] {
		return !startsUpper(text, next)
	}
	if abbreviations[string(key)] {
		if string(key) == "no" || string(key) == "mar" || string(key) == "min" || string(key) == "max" || string(key) == "st" {
			// Words in their own right: an abbreviation only before a number.
			return next.shape&(1<<shapeNum) != 0
		}
		return true
	}
	if len(key) == 1 && prev.shape&(1<<shapeNum) == 0 {
		// An initial ("J. Ashworth"), unless it is a word: «y», «a», "I".
		r := text[prev.start]
		return r >= 'A' && r <= 'Z' && r != 'I'
	}
	return prev.item && k-1 == lo // the "1." of a list
}
