package inflect

import (
	"fmt"
	"strings"
)

// Selector chooses among the forms of a lemma. The zero Selector takes all.
type Selector struct{ alternatives []Features }

var selectorNames = []struct {
	name string
	set  Features
}{
	// A name that begins with another one comes before it.
	{"subjpast", SubjPast}, {"subj", Subj},
	{"inf", Inf}, {"ger", Ger}, {"part", Part}, {"pres", Pres}, {"pret", Pret},
	{"impf", Impf}, {"imp", Imp}, {"fut", Fut}, {"cond", Cond},
	{"p1", P1}, {"p2", P2}, {"p3", P3}, {"1", P1}, {"2", P2}, {"3", P3},
	{"sg", Sg}, {"pl", Pl},
	{"vosotros", Vosotros}, {"vos", Vos}, {"usted", Usted}, {"tu", Tu},
	{"masc", Masc}, {"fem", Fem}, {"noun", Noun},
}

// ParseSelector reads a selector:
//
//	selector    = alternative { "," alternative }
//	alternative = name { [ "." | "+" ] name }
//	name        = "inf" | "ger" | "part" | "pres" | "pret" | "impf" | "fut" | "cond"
//	            | "subj" | "subjpast" | "imp"
//	            | "1" | "2" | "3" | "p1" | "p2" | "p3" | "sg" | "pl"
//	            | "tu" | "vos" | "vosotros" | "usted" | "masc" | "fem" | "noun"
//
// One alternative must hold. All names of an alternative must, except that
// those which exclude one another (two tenses, two persons, two numbers, two
// forms of address, two genders) are a choice: "pres.1.3" is the first or third
// person of the present, "inf+ger" the infinitive and the gerund. So
// "fut.1", "1pl", "cond,pres1" and "imp.usted,imp.vos" are selectors. The empty
// string selects all forms.
func ParseSelector(s string) (Selector, error) {
	var sel Selector
	if strings.TrimSpace(s) == "" {
		return sel, nil
	}
	for _, alt := range strings.Split(s, ",") {
		f, err := parseAlternative(strings.TrimSpace(alt))
		if err != nil {
			return Selector{}, fmt.Errorf("inflect: selector %q: %w", s, err)
		}
		sel.alternatives = append(sel.alternatives, f)
	}
	return sel, nil
}

func parseAlternative(alt string) (Features, error) {
	if alt == "" {
		return 0, fmt.Errorf("nothing beside a comma")
	}
	var f Features
	for _, part := range strings.FieldsFunc(alt+"\x00", func(r rune) bool { return r == '.' || r == '+' }) {
		part = strings.TrimSuffix(part, "\x00")
		if part == "" {
			return 0, fmt.Errorf("nothing beside a dot")
		}
		for part != "" {
			name, set := leadingName(part)
			if name == "" {
				return 0, fmt.Errorf("unknown %q", part)
			}
			f |= set
			part = part[len(name):]
		}
	}
	return f, nil
}

func leadingName(s string) (string, Features) {
	for _, n := range selectorNames {
		if strings.HasPrefix(s, n.name) {
			return n.name, n.set
		}
	}
	return "", 0
}

// Match says whether a form with these features is selected.
func (s Selector) Match(f Features) bool {
	for _, want := range s.alternatives {
		if holds(want, f) {
			return true
		}
	}
	return len(s.alternatives) == 0
}

// holds says whether f has a wanted feature of each category in which there
// are any.
func holds(want, f Features) bool {
	for _, category := range [...]Features{moods, persons, numbers, address, genders, Noun} {
		if w := want & category; w != 0 && w&f == 0 {
			return false
		}
	}
	return true
}
