// Package inflect lists the forms of a Spanish or English word: the tenses of
// a verb, the plural of a noun, the genders of an adjective. Rules name lemmas
// («~enviar:imp»); they are expanded here when rules are compiled, so that
// nothing has to be analysed while an email is read.
//
// The word lists are an own compilation. Spanish verbs follow the conjugation
// models of the RAE's Nueva gramática, with the forms of vos as they are used
// in the River Plate; accents follow the Ortografía of 2010.
package inflect

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tacto-lint/tacto/lint/fold"
)

// Features is a set of what a form is in one reading. A form with several
// readings is listed several times; where readings differ in person or number
// only (English past tenses), one reading may have more than one of these.
type Features uint32

// The features.
const (
	Inf      Features = 1 << iota // infinitive; in English the base form
	Ger                           // gerund, -ing
	Part                          // past participle
	Pres                          // present indicative
	Pret                          // Spanish preterite, English simple past
	Impf                          // imperfect
	Fut                           // future
	Cond                          // conditional
	Subj                          // present subjunctive
	SubjPast                      // imperfect subjunctive, in -ra and -se
	Imp                           // affirmative imperative
	P1                            // first person
	P2                            // second person
	P3                            // third person
	Sg                            // singular
	Pl                            // plural
	Vos                           // form of vos
	Tu                            // form of tú
	Vosotros                      // form of vosotros
	Usted                         // imperative of usted and ustedes
	Masc                          // masculine
	Fem                           // feminine
	Noun                          // noun or adjective
)

// Features that exclude one another belong to one category.
const (
	moods   = Inf | Ger | Part | Pres | Pret | Impf | Fut | Cond | Subj | SubjPast | Imp
	persons = P1 | P2 | P3
	numbers = Sg | Pl
	address = Vos | Tu | Vosotros | Usted
	genders = Masc | Fem
)

// Host says whether a Spanish form can carry pronouns at its end.
func (f Features) Host() bool { return f&(Inf|Ger|Imp) != 0 }

// Form is a form of a lemma in one reading, in lower case with its accents.
type Form struct {
	Text     string
	Features Features
}

// Forms lists the forms of a lemma in lang, "es" or "en". Kind is "v" for a
// verb, "n" for a noun, "a" for an adjective. With kind "" a Spanish lemma in
// -ar, -er, -ir or one of these with -se is a verb and any other a noun; an
// English one is both verb and noun. Unaccented spellings of Spanish verbs in
// -ír are accepted. The order is always the same, and no form comes twice with
// the same features.
func Forms(lang, lemma, kind string) ([]Form, error) {
	lemma = strings.ToLower(strings.TrimSpace(lemma))
	if err := checkLemma(lemma); err != nil {
		return nil, err
	}
	l := list{forms: make([]Form, 0, 128)}
	var err error
	switch lang {
	case "es":
		err = l.spanish(lemma, kind)
	case "en":
		err = l.english(strings.ReplaceAll(lemma, "’", "'"), kind)
	default:
		err = fmt.Errorf("inflect: no language %q", lang)
	}
	if err != nil {
		return nil, err
	}
	return l.forms, nil
}

// checkLemma refuses what cannot be a word.
func checkLemma(lemma string) error {
	if utf8.RuneCountInString(lemma) < 2 {
		return fmt.Errorf("inflect: %q is too short for a lemma", lemma)
	}
	for i, r := range lemma {
		inner := (r == '-' || r == '\'' || r == '’') && i > 0 && i < len(lemma)-1
		if !unicode.IsLetter(r) && !inner {
			return fmt.Errorf("inflect: %q is not a lemma: %q is no letter", lemma, r)
		}
	}
	return nil
}

// list collects forms.
type list struct{ forms []Form }

// add appends a form unless it is there already. The scan is short: no lemma
// has more than some 130 readings, and features differ for most.
func (l *list) add(text string, f Features) {
	if text == "" {
		return
	}
	for i := range l.forms {
		if l.forms[i].Features == f && l.forms[i].Text == text {
			return
		}
	}
	l.forms = append(l.forms, Form{text, f})
}

// spanish adds the forms of a Spanish lemma.
func (l *list) spanish(lemma, kind string) error {
	switch kind {
	case "v":
		return l.spanishVerb(lemma)
	case "n":
		l.spanishNoun(lemma)
	case "a":
		l.spanishAdjective(lemma)
	case "":
		if looksLikeVerb(lemma) {
			return l.spanishVerb(lemma)
		}
		l.spanishNoun(lemma)
	default:
		return fmt.Errorf("inflect: no kind of word %q", kind)
	}
	return nil
}

// looksLikeVerb guesses from the ending. A written accent before the ending
// («dólar», «líder») tells a noun.
func looksLikeVerb(lemma string) bool {
	base := strings.TrimSuffix(lemma, "se")
	if base != lemma && !strings.HasSuffix(base, "r") {
		return false
	}
	if notVerb(base) {
		return false
	}
	base = strings.TrimSuffix(base, "ír")
	plain := fold.Fold(strings.ReplaceAll(base, "ñ", "n"))
	if plain != strings.NewReplacer("ñ", "n", "ü", "u").Replace(base) {
		return false
	}
	return base != strings.TrimSuffix(lemma, "se") || hasVerbEnding(base)
}

func hasVerbEnding(s string) bool {
	return strings.HasSuffix(s, "ar") || strings.HasSuffix(s, "er") || strings.HasSuffix(s, "ir")
}
