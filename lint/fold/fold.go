// Package fold brings words to the form in which rules compare them: lower
// case, without accents; and it finds the pronouns attached to Spanish verbs.
package fold

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fold gives s in lower case and without accents: «Próximas» is "proximas", ñ
// is "n", ’ is "'". Combining marks are dropped, so that composed and
// decomposed spellings fold alike. ASCII text in lower case comes back as it is.
func Fold(s string) string {
	i := 0
	for i < len(s) && s[i] < utf8.RuneSelf && (s[i] < 'A' || s[i] > 'Z') {
		i++
	}
	if i == len(s) {
		return s
	}
	return string(Append(make([]byte, 0, len(s)), s))
}

// Append appends Fold(s) to dst.
func Append(dst []byte, s string) []byte {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= 'A' && c <= 'Z' {
				c += 'a' - 'A'
			}
			dst = append(dst, c)
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		dst = appendRune(dst, r)
	}
	return dst
}

// appendRune folds one letter outside ASCII: those of Latin-1 and of Latin
// Extended-A, which are those of the languages of Western Europe.
func appendRune(dst []byte, r rune) []byte {
	switch {
	case r == '’' || r == 'ʼ' || r == '‘':
		return append(dst, '\'')
	case unicode.Is(unicode.Mn, r):
		return dst
	case r == 'º' || r == '°':
		return append(dst, 'o')
	case r == 'ª':
		return append(dst, 'a')
	}
	r = unicode.ToLower(r)
	if r >= 'à' && r <= 'ÿ' {
		const plain = "aaaaaaaceeeeiiiidnooooo\x00ouuuuyty"
		if c := plain[r-'à']; c != 0 {
			return append(dst, c)
		}
	}
	switch r {
	case 'ß':
		return append(dst, "ss"...)
	case 'œ':
		return append(dst, "oe"...)
	case 'ﬁ':
		return append(dst, "fi"...)
	case 'ﬂ':
		return append(dst, "fl"...)
	case 'ā', 'ă', 'ą':
		return append(dst, 'a')
	case 'ć', 'č':
		return append(dst, 'c')
	case 'ē', 'ę', 'ě':
		return append(dst, 'e')
	case 'ł':
		return append(dst, 'l')
	case 'ń', 'ň':
		return append(dst, 'n')
	case 'ō', 'ő':
		return append(dst, 'o')
	case 'ś', 'š', 'ş':
		return append(dst, 's')
	case 'ū', 'ű':
		return append(dst, 'u')
	case 'ź', 'ż', 'ž':
		return append(dst, 'z')
	}
	return utf8.AppendRune(dst, r)
}

// Clitics is a set of Spanish pronouns attached to a verb.
type Clitics uint16

// The pronouns.
const (
	Me Clitics = 1 << iota
	Te
	Se
	Nos
	Os
	Lo
	La
	Los
	Las
	Le
	Les
)

var cliticForms = []struct {
	text string
	set  Clitics
}{
	{"nos", Nos}, {"los", Los}, {"las", Las}, {"les", Les},
	{"me", Me}, {"te", Te}, {"se", Se}, {"os", Os}, {"lo", Lo}, {"la", La}, {"le", Le},
}

// minHost is the shortest verb form that carries a pronoun: «da», «ve», «di».
const minHost = 2

// StripClitics calls yield for each way to part a folded Spanish word into a
// verb form and the pronouns attached to it, two before one: "enviarmelo" is
// "enviar" with Me and Lo, "vamonos" is "vamos" with Nos. Whether the host is a
// verb form is for the caller to say. It stops when yield says false.
func StripClitics(word string, yield func(host string, c Clitics) bool) {
	for _, last := range cliticForms {
		rest, ok := strings.CutSuffix(word, last.text)
		if !ok || len(rest) < minHost {
			continue
		}
		for _, first := range cliticForms {
			if !mayPrecede(first.set, last.set) {
				continue
			}
			host, ok := strings.CutSuffix(rest, first.text)
			if ok && len(host) >= minHost && !hosts(host, first.set|last.set, yield) {
				return
			}
		}
		if !hosts(rest, last.set, yield) {
			return
		}
	}
}

// mayPrecede says which pronoun may stand before which: se, te, os, nos, me
// before lo, la, los, las, le, les; se before me, te, nos, os, le, les.
func mayPrecede(a, b Clitics) bool {
	const third = Lo | La | Los | Las | Le | Les
	if a&third != 0 || a == b {
		return false
	}
	if b&third != 0 {
		return true
	}
	return a == Se && b&(Me|Te|Nos|Os) != 0 || a == Te && b&(Me|Nos) != 0
}

// hosts yields the host and, before nos and os, the form that lost a letter
// there: «vámonos» for vamos, «sentaos» for sentad, «démonos» for demos.
func hosts(host string, c Clitics, yield func(string, Clitics) bool) bool {
	if !yield(host, c) {
		return false
	}
	if c&(Nos|Se) != 0 && strings.HasSuffix(host, "mo") {
		return yield(host+"s", c)
	}
	if c&Os != 0 && (strings.HasSuffix(host, "a") || strings.HasSuffix(host, "e") || strings.HasSuffix(host, "i")) {
		return yield(host+"d", c)
	}
	return true
}
