package inflect

import (
	"strings"
	"unicode/utf8"
)

// Spanish vowels without and with accent, in the same order.
const (
	plainVowels    = "aeiou"
	accentedVowels = "áéíóú"
)

// accented gives a plain vowel its accent.
func accented(vowel byte) string {
	i := strings.IndexByte(plainVowels, vowel)
	return accentedVowels[2*i : 2*i+2]
}

func dropAccent(s string) string {
	return accentDropper.Replace(s)
}

var accentDropper = strings.NewReplacer("á", "a", "é", "e", "í", "i", "ó", "o", "ú", "u")

func hasAccent(s string) bool { return strings.ContainsAny(s, accentedVowels) }

func isVowel(r rune) bool { return strings.ContainsRune("aeiouáéíóúü", r) }

// accentLast sets an accent on the vowel at the end of s: «envia», «enviá».
func accentLast(s string) string {
	if s == "" || strings.IndexByte(plainVowels, s[len(s)-1]) < 0 {
		return s
	}
	return s[:len(s)-1] + accented(s[len(s)-1])
}

// compound puts a prefix before a form. What was one syllable may now need an
// accent: «ten», «detén»; «vio», «previó».
func compound(prefix, form string) string {
	if prefix == "" || form == "" || hasAccent(form) || len(syllables(form)) != 1 {
		return prefix + form
	}
	if last := form[len(form)-1]; !strings.ContainsRune("aeiouns", rune(last)) {
		return prefix + form
	}
	i := strings.LastIndexAny(form, "aeo")
	if i < 0 {
		i = strings.LastIndexAny(form, "iu")
	}
	return prefix + form[:i] + accented(form[i]) + form[i+1:]
}

// compounds does so with forms parted by spaces.
func compounds(prefix, forms string) string {
	if prefix == "" || forms == "" {
		return forms
	}
	out := strings.Fields(forms)
	for i := range out {
		out[i] = compound(prefix, out[i])
	}
	return strings.Join(out, " ")
}

// syllables gives the byte index of the vowel that carries each syllable.
// Two strong vowels, or an accented weak one beside another, part syllables.
func syllables(s string) []int {
	var at []int
	var before rune
	for i, r := range s {
		if !isVowel(r) || r == 'u' && silentU(s, i) {
			before = 0
			continue
		}
		switch {
		case before == 0 || hiatus(before, r):
			at = append(at, i)
		case !weakVowel(r):
			at[len(at)-1] = i
		}
		before = r
	}
	return at
}

func silentU(s string, i int) bool {
	if i == 0 || i+1 >= len(s) || s[i-1] != 'q' && s[i-1] != 'g' {
		return false
	}
	next, _ := utf8.DecodeRuneInString(s[i+1:])
	return strings.ContainsRune("eiéí", next)
}

func weakVowel(r rune) bool { return r == 'i' || r == 'u' || r == 'ü' }

func hiatus(a, b rune) bool { return !weakVowel(a) && !weakVowel(b) }
