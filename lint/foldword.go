package lint

import (
	"unicode"
	"unicode/utf8"

	"github.com/tacto-lint/tacto/lint/fold"
)

// appendFold appends word in lower case without accents, and says whether it
// had letters outside ASCII. Dots are dropped from abbreviations: "p.m." is
// "pm".
func appendFold(dst []byte, word string, dropDots bool) ([]byte, bool) {
	for i := 0; i < len(word); i++ {
		c := word[i]
		if c >= utf8.RuneSelf {
			return fold.Append(dst, word[i:]), true
		}
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c == '.' && dropDots {
			continue
		}
		dst = append(dst, c)
	}
	return dst, false
}

// appendLower appends word in lower case with its accents, but ñ as n.
func appendLower(dst []byte, word string) []byte {
	for _, r := range word {
		if r < utf8.RuneSelf {
			if r >= 'A' && r <= 'Z' {
				r += 'a' - 'A'
			}
			dst = append(dst, byte(r))
			continue
		}
		if r = unicode.ToLower(r); r == 'ñ' {
			dst = append(dst, 'n') // see lexiconBuilder.accented in package rules
			continue
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

// Words parts a text into the words that patterns are matched against: folded,
// contractions taken apart.
func Words(text string) []string { return foldWords(text) }
