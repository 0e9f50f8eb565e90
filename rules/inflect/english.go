package inflect

import (
	"fmt"
	"strings"
)

// Readings of English verb forms. The base form and the past tense stand for
// several persons.
const (
	enNotThird = Pres | P1 | P2 | Sg | Pl
	enTheyPres = Pres | P3 | Pl
	enThird    = Pres | P3 | Sg
	enPast     = Pret | P1 | P2 | P3 | Sg | Pl
	enAll      = P1 | P2 | P3 | Sg | Pl
)

// english adds the forms of an English lemma in all its spellings, British and
// American.
func (l *list) english(lemma, kind string) error {
	for _, w := range spellings(lemma) {
		switch kind {
		case "v":
			l.englishVerb(w)
		case "n":
			l.englishNoun(w)
		case "a":
			l.englishAdjective(w)
		case "":
			l.englishVerb(w)
			l.englishNoun(w)
		default:
			return fmt.Errorf("inflect: no kind of word %q", kind)
		}
	}
	return nil
}

func (l *list) englishVerb(lemma string) {
	if lemma == "be" {
		l.be()
		return
	}
	if past, mood, ok := modal(lemma); ok {
		l.add(lemma, Pres|enAll|mood)
		if past != "" {
			l.add(past, enPast)
			l.add(past, Cond|enAll)
		}
		return
	}
	l.add(lemma, Inf)
	l.add(lemma, enNotThird)
	l.add(lemma, enTheyPres)
	l.add(lemma, Imp|P2)
	l.add(thirdPerson(lemma), enThird)
	for _, g := range gerunds(lemma) {
		l.add(g, Ger)
	}
	pasts, parts := pastForms(lemma)
	for _, p := range pasts {
		l.add(p, enPast)
	}
	for _, p := range parts {
		l.add(p, Part)
	}
}

func (l *list) be() {
	l.add("be", Inf)
	l.add("be", Imp|P2)
	l.add("am", Pres|P1|Sg)
	l.add("are", Pres|P2|Sg|Pl)
	l.add("are", Pres|P1|P3|Pl)
	l.add("is", enThird)
	l.add("was", Pret|P1|P3|Sg)
	l.add("were", Pret|P2|Sg|Pl)
	l.add("were", Pret|P1|P3|Pl)
	l.add("were", SubjPast|enAll)
	l.add("being", Ger)
	l.add("been", Part)
}

// modal gives the past of a modal verb, and Fut for those that make a future.
func modal(lemma string) (past string, mood Features, ok bool) {
	switch lemma {
	case "can":
		return "could", 0, true
	case "may":
		return "might", 0, true
	case "will":
		return "would", Fut, true
	case "shall":
		return "should", Fut, true
	case "must", "might", "ought", "cannot":
		return "", 0, true
	case "could", "would", "should":
		return "", Cond, true
	}
	return "", 0, false
}

func thirdPerson(lemma string) string {
	switch lemma {
	case "have":
		return "has"
	case "do", "go", "echo", "veto", "redo", "undo", "outdo", "overdo", "undergo", "forgo", "torpedo", "embargo":
		return lemma + "es"
	case "quiz", "whiz":
		return lemma + "zes"
	}
	return withS(lemma)
}

// withS adds -s as verbs and nouns have it in common.
func withS(w string) string {
	if stem, ok := consonantY(w); ok {
		return stem + "ies"
	}
	for _, e := range [...]string{"s", "x", "z", "ch", "sh"} {
		if strings.HasSuffix(w, e) {
			return w + "es"
		}
	}
	return w + "s"
}

// consonantY cuts the y that becomes i: «try», not «delay», nor «buy».
func consonantY(w string) (string, bool) {
	stem, ok := strings.CutSuffix(w, "y")
	if !ok || stem == "" || enVowel(stem[len(stem)-1]) && !strings.HasSuffix(stem, "qu") {
		return w, false
	}
	return stem, true
}

func enVowel(c byte) bool { return strings.IndexByte("aeiou", c) >= 0 }

func gerunds(lemma string) []string {
	switch lemma {
	case "singe", "tinge", "dye", "eye":
		return []string{lemma + "ing"}
	case "queue", "cue", "age", "whinge", "binge", "route":
		return []string{lemma[:len(lemma)-1] + "ing", lemma + "ing"}
	}
	if stem, ok := strings.CutSuffix(lemma, "ie"); ok {
		return []string{stem + "ying"}
	}
	if stem, ok := strings.CutSuffix(lemma, "e"); ok && stem != "" && !strings.HasSuffix(stem, "e") && !strings.HasSuffix(stem, "o") && stem != "b" {
		return []string{stem + "ing"}
	}
	return stemsBefore(lemma, "ing")
}

// stemsBefore adds a suffix that begins with a vowel to a stem without final
// e: «stopping», «canceling» and «cancelling», «panicking».
func stemsBefore(lemma, suffix string) []string {
	plain := lemma + suffix
	if strings.HasSuffix(lemma, "ic") {
		return []string{lemma + "k" + suffix}
	}
	double := lemma + lemma[len(lemma)-1:] + suffix
	switch doubling(lemma) {
	case doubles:
		return []string{double}
	case mayDouble:
		return []string{plain, double}
	}
	return []string{plain}
}

// regularPast gives the forms in -ed.
func regularPast(lemma string) []string {
	if stem, ok := consonantY(lemma); ok {
		return []string{stem + "ied"}
	}
	if strings.HasSuffix(lemma, "e") {
		return []string{lemma + "d"}
	}
	return stemsBefore(lemma, "ed")
}

// pastForms gives simple pasts and participles.
func pastForms(lemma string) (pasts, parts []string) {
	prefix, base := enPrefix(lemma)
	past, part, ok := irregularVerb(base)
	if !ok {
		pasts = regularPast(lemma)
		return pasts, pasts
	}
	split := func(s string) (out []string) {
		for f := range strings.SplitSeq(s, "/") {
			out = append(out, prefix+f)
		}
		return out
	}
	return split(past), split(part)
}

type double uint8

const (
	single double = iota
	doubles
	mayDouble // British English doubles, American does not, or usage varies
)

// doubling says whether the last consonant is doubled before -ed and -ing. A
// word of one syllable that ends in one vowel and one consonant doubles it;
// for longer ones it depends on stress, which lists tell.
func doubling(lemma string) double {
	_, w := enPrefix(lemma)
	n := len(w)
	if n < 2 || strings.IndexByte("aeiouwxyh", w[n-1]) >= 0 || !vowelAt(w, n-2) {
		return single
	}
	if n > 2 && vowelAt(w, n-3) {
		return doubleAfterTwo(w)
	}
	if enSyllables(w) == 1 || doublesStressed(w) {
		return doubles
	}
	switch w {
	case "format", "reformat", "program", "input", "output":
		return doubles
	case "benefit", "focus", "refocus", "bias", "worship", "combat", "instal", "reinstal":
		return mayDouble
	case "parallel":
		return single
	}
	if w[n-1] == 'l' {
		return mayDouble
	}
	return single
}

// doubleAfterTwo handles words whose last consonant has two vowels before it.
// They double where the first is no vowel of that syllable.
func doubleAfterTwo(w string) double {
	switch w {
	case "dial", "redial", "trial", "initial", "fuel", "refuel", "duel", "total", "vial", "equal":
		return mayDouble
	}
	return single
}

// vowelAt says whether there is a vowel; u after q is none.
func vowelAt(w string, i int) bool {
	return enVowel(w[i]) && (w[i] != 'u' || i == 0 || w[i-1] != 'q') || w[i] == 'y' && i > 0 && i == len(w)-2 && !enVowel(w[i-1])
}

// enSyllables counts runs of vowels.
func enSyllables(w string) int {
	n, in := 0, false
	for i := range len(w) {
		v := vowelAt(w, i) || w[i] == 'y' && i > 0
		if v && !in {
			n++
		}
		in = v
	}
	return n
}

func (l *list) englishNoun(lemma string) {
	l.add(lemma, Noun|Sg)
	for _, p := range enPlurals(lemma) {
		l.add(p, Noun|Pl)
	}
}

func enPlurals(lemma string) []string {
	if p := irregularPlural(lemma); p != "" {
		return strings.Split(p, "/")
	}
	for _, e := range [...][2]string{{"woman", "women"}, {"person", "people/persons"}, {"child", "children"}, {"wife", "wives"}, {"shelf", "shelves"}} {
		stem, ok := strings.CutSuffix(lemma, e[0])
		if !ok {
			continue
		}
		var out []string
		for f := range strings.SplitSeq(e[1], "/") {
			out = append(out, stem+f)
		}
		return out
	}
	if stem, ok := strings.CutSuffix(lemma, "man"); ok && !regularMan(lemma) {
		return []string{stem + "men"}
	}
	if stem, ok := strings.CutSuffix(lemma, "sis"); ok && len(stem) > 1 {
		return []string{stem + "ses"}
	}
	return []string{withS(lemma)}
}

// englishAdjective adds comparative and superlative where they are made with
// -er, -est: one syllable, or two ending in -y, -le, -ow.
func (l *list) englishAdjective(lemma string) {
	l.add(lemma, Noun)
	switch lemma {
	case "good", "well":
		l.addAll(Noun, "better", "best")
		return
	case "bad", "ill":
		l.addAll(Noun, "worse", "worst")
		return
	case "far":
		l.addAll(Noun, "farther", "further", "farthest", "furthest")
		return
	case "little":
		l.addAll(Noun, "less", "lesser", "least")
		return
	case "many", "much":
		l.addAll(Noun, "more", "most")
		return
	}
	if !gradable(lemma) {
		return
	}
	for _, suffix := range [...]string{"er", "est"} {
		if stem, ok := consonantY(lemma); ok {
			l.add(stem+"i"+suffix, Noun)
			continue
		}
		if strings.HasSuffix(lemma, "e") {
			l.add(lemma+suffix[1:], Noun)
			continue
		}
		l.addAll(Noun, stemsBefore(lemma, suffix)...)
	}
}

func (l *list) addAll(f Features, forms ...string) {
	for _, t := range forms {
		l.add(t, f)
	}
}

func gradable(adj string) bool {
	if strings.Contains(adj, "-") || strings.HasSuffix(adj, "ed") || strings.HasSuffix(adj, "ing") {
		return adj == "red"
	}
	switch adj {
	case "quiet", "clever", "common", "polite", "severe", "sincere", "remote", "secure":
		return true
	case "real", "right", "wrong", "like", "worth", "own", "same", "due", "last", "first", "next", "past":
		return false
	}
	n := enSyllables(strings.TrimSuffix(adj, "e"))
	return n == 1 || n == 2 && (strings.HasSuffix(adj, "y") || strings.HasSuffix(adj, "ow"))
}
