package inflect

import (
	"strings"
	"unicode/utf8"
)

// spanishNoun adds singular and plural. Gender is not known of nouns.
func (l *list) spanishNoun(lemma string) {
	l.add(lemma, Noun|Sg)
	for _, p := range plurals(lemma) {
		l.add(p, Noun|Pl)
	}
}

// spanishAdjective adds genders and numbers, and shortened forms.
func (l *list) spanishAdjective(lemma string) {
	masc, fem := lemma, feminine(lemma)
	both := Features(Noun)
	if masc == fem {
		both |= Masc | Fem
		l.add(masc, both|Sg)
		for _, p := range plurals(masc) {
			l.add(p, both|Pl)
		}
	} else {
		l.add(masc, Noun|Masc|Sg)
		l.add(fem, Noun|Fem|Sg)
		for _, p := range plurals(masc) {
			l.add(p, Noun|Masc|Pl)
		}
		l.add(fem+"s", Noun|Fem|Pl)
	}
	switch lemma {
	case "bueno", "malo", "alguno", "ninguno", "primero", "tercero", "postrero", "uno":
		short := lemma[:len(lemma)-1]
		if strings.HasSuffix(lemma, "guno") {
			short = accentUn(short)
		}
		l.add(short, Noun|Masc|Sg)
	case "grande":
		l.add("gran", both|Sg)
	case "santo":
		l.add("san", Noun|Masc|Sg)
	}
}

func accentUn(s string) string { return strings.TrimSuffix(s, "un") + "ún" }

// feminine gives the feminine of an adjective, or the adjective itself.
func feminine(adj string) string {
	switch adj {
	case "cortés", "descortés", "montés", "marrón", "afín", "ruin", "mejor", "peor", "mayor", "menor", "común":
		return adj
	}
	if stem, ok := strings.CutSuffix(adj, "o"); ok {
		return stem + "a"
	}
	// «Superior», «anterior», «exterior» have one form for both genders.
	if strings.HasSuffix(adj, "or") && !strings.HasSuffix(adj, "ior") && !strings.HasSuffix(adj, "color") {
		return adj + "a"
	}
	for _, e := range [...]string{"és", "ón", "án", "ín"} {
		if strings.HasSuffix(adj, e) && len(adj) > len(e)+1 {
			return dropAccent(adj) + "a"
		}
	}
	return adj
}

// plurals gives the plural of a noun or adjective; two where both are in use.
func plurals(word string) []string {
	switch word {
	case "régimen":
		return []string{"regímenes"}
	case "espécimen":
		return []string{"especímenes"}
	case "carácter":
		return []string{"caracteres"}
	case "club":
		return []string{"clubs", "clubes"}
	case "álbum":
		return []string{"álbumes"}
	case "no":
		return []string{"noes"}
	case "sí":
		return []string{"síes"}
	case "análisis", "software", "hardware":
		return []string{word}
	}
	last, size := utf8.DecodeLastRuneInString(word)
	head := word[:len(word)-size]
	switch last {
	case 'a', 'e', 'i', 'o', 'u', 'á', 'é', 'ó':
		return []string{word + "s"}
	case 'í', 'ú':
		return []string{word + "es", word + "s"}
	case 'z':
		return []string{moveAccent(head + "ces")}
	case 's', 'x':
		if !stressedEnd(word) {
			return []string{word}
		}
		return []string{moveAccent(word + "es")}
	case 'l', 'r', 'n', 'd', 'j', 'y':
		if takesS(word) {
			return []string{word + "s"}
		}
		if last == 'y' && (head == "" || !isVowel(lastRune(head))) {
			return []string{word + "s"}
		}
		return []string{nounEs(word)}
	}
	return []string{word + "s"}
}

// nounEs adds -es, which adds a syllable: «avión» loses its accent, «joven»
// and «orden» gain one.
func nounEs(word string) string {
	if !hasAccent(word) && strings.HasSuffix(word, "n") {
		if at := syllables(word); len(at) > 1 {
			i := at[len(at)-2]
			if strings.IndexByte(plainVowels, word[i]) >= 0 {
				return word[:i] + accented(word[i]) + word[i+1:] + "es"
			}
		}
	}
	return moveAccent(word + "es")
}

// moveAccent drops the accent of a plural in -es if the stress is on the
// syllable before, where words in -s have it anyway. «Países», «raíces» keep
// theirs: it parts two vowels.
func moveAccent(plural string) string {
	at := syllables(plural)
	if len(at) < 2 {
		return plural
	}
	i := at[len(at)-2]
	r, size := utf8.DecodeRuneInString(plural[i:])
	if !strings.ContainsRune(accentedVowels, r) {
		return plural
	}
	if (r == 'í' || r == 'ú') && i > 0 && isVowel(lastRune(plural[:i])) {
		return plural
	}
	return plural[:i] + dropAccent(plural[i:i+size]) + plural[i+size:]
}

// stressedEnd says whether a word in -s or -x has its stress on the last
// syllable and so a plural of its own: «interés», «mes», but not «crisis».
func stressedEnd(word string) bool {
	at := syllables(word)
	if len(at) == 0 {
		return false
	}
	if len(at) == 1 {
		return true
	}
	r, _ := utf8.DecodeRuneInString(word[at[len(at)-1]:])
	return strings.ContainsRune(accentedVowels, r)
}

func lastRune(s string) rune {
	r, _ := utf8.DecodeLastRuneInString(s)
	return r
}

// takesS tells loanwords with a plural in -s after a consonant that otherwise
// takes -es.
func takesS(word string) bool {
	switch word {
	case "mail", "email", "e-mail", "login", "plugin", "token", "pin", "password", "cloud", "firewall", "feed",
		"thread", "dashboard", "keyboard", "board", "download", "upload", "payload", "add-on", "addon", "pixel",
		"workload", "span", "scan", "admin", "domain", "kernel", "shell", "card",
		"display", "array", "delay", "relay", "proxy", "gateway", "pull", "url", "html", "call", "skill", "pen",
		"sprint", "backend", "frontend", "trial", "channel", "tunnel", "spool", "deploy", "overlay", "play":
		return true
	}
	// Almost all in -er without an accent come from English: «routers».
	return notVerb(word) && loanEr(word)
}

// loanEr excludes the Spanish words among those that notVerb knows.
func loanEr(word string) bool {
	switch word {
	case "alquiler", "ayer", "canciller", "chofer", "cualquier", "menester", "mercader", "mujer", "placer", "taller", "primer", "tercer":
		return false
	}
	return strings.HasSuffix(word, "er")
}
