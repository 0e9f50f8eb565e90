package synthetic

import (
	"testing"

	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/mail"
	"github.com/tacto-lint/tacto/rules"
)

// The engine finds what was planted, and where nothing was planted, nothing.
func TestPlanted(t *testing.T) {
	set, err := rules.Default()
	if err != nil {
		t.Fatal(err)
	}
	l, err := lint.New(set, lint.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	a := Default(3000)
	type tally struct{ planted, found, alarms, clean int }
	tallies := map[string]*tally{"jargon": {}, "stock-phrase": {}, "blame-reader": {}}
	other := map[string]int{}
	pure := 0
	for n := range a.Emails {
		e := a.Email(n)
		m, err := mail.Parse(e.Data, mail.Options{})
		if err != nil {
			t.Fatal(err)
		}
		r := l.Lint(m)
		if r.Lang != e.Lang {
			t.Errorf("%s was taken for %s:\n%s", e.Lang, r.Lang, e.Data)
		}
		met := map[string]bool{}
		for _, f := range r.Findings {
			met[f.Rule] = true
		}
		for rule, planted := range map[string]bool{"jargon": e.Jargon, "stock-phrase": e.Formula, "blame-reader": e.Hot} {
			y := tallies[rule]
			switch {
			case planted:
				y.planted++
				if met[rule] {
					y.found++
				} else if y.planted-y.found < 3 {
					t.Logf("%s not found:\n%s", rule, e.Data)
				}
			default:
				y.clean++
				if met[rule] {
					y.alarms++
				}
			}
		}
		if !e.Jargon && !e.Formula && !e.Hot {
			pure++
			for rule := range met {
				if other[rule]++; other[rule] == 1 {
					t.Logf("%s, where nothing was planted:\n%s", rule, e.Data)
				}
			}
		}
	}
	for rule, y := range tallies {
		if y.planted < 100 || float64(y.found) < 0.99*float64(y.planted) || float64(y.alarms) > 0.01*float64(y.clean) {
			t.Errorf("%s: found %d of %d, and %d times in %d where it was not", rule, y.found, y.planted, y.alarms, y.clean)
		}
	}
	for rule, n := range other {
		if float64(n) > 0.01*float64(pure) {
			t.Errorf("%s: %d times in %d emails with nothing planted", rule, n, pure)
		}
	}
}
