package lint_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/rules"
	"github.com/tacto-lint/tacto/rules/corpus"
)

// writtenEmails reads the emails under testdata.
func writtenEmails(t *testing.T) []corpus.Email {
	t.Helper()
	files, err := filepath.Glob("../testdata/held-out/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no written emails", err)
	}
	var all []corpus.Email
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		emails, err := corpus.Written(f, data)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, emails...)
	}
	return all
}

// TestPooledEngines: an engine that has judged other emails, in other languages,
// says the same as a new one.
func TestPooledEngines(t *testing.T) {
	used := defaultLinter(t)
	for _, e := range writtenEmails(t) {
		got, want := used.Lint(e.Message), defaultLinter(t).Lint(e.Message)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%s: %+v, a new engine says %+v", e.File, got, want)
		}
	}
}

// TestPrefilters: what is passed over by what comes next, or by what a sentence
// lacks, would not have matched.
func TestPrefilters(t *testing.T) {
	set, err := rules.Default()
	if err != nil {
		t.Fatal(err)
	}
	all, err := rules.Default()
	if err != nil {
		t.Fatal(err)
	}
	lint.WithoutFilters(all)
	filtered, err := lint.New(set, lint.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := lint.New(all, lint.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, e := range writtenEmails(t) {
		got, want := filtered.Lint(e.Message), plain.Lint(e.Message)
		found += len(want.Findings)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%s: %+v, without filters %+v", e.File, got.Findings, want.Findings)
		}
	}
	if found < 100 {
		t.Errorf("only %d findings: this shows little", found)
	}
}

func explaining(t *testing.T) *lint.Linter {
	t.Helper()
	l, err := lint.New(defaultLinter(t).RuleSet(), lint.Settings{Explain: true})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestLearntExplains: a finding that rests on a learnt class says how likely and
// by which words; one that rests on a pattern says nothing of the kind.
func TestLearntExplains(t *testing.T) {
	const text = "I took the liberty of regrouping your catalogue by family instead of by brand."
	l := explaining(t)
	r := l.Lint(lint.PlainMessage(text))
	learnt := 0
	for _, f := range r.Findings {
		if f.Likelihood > 0 && f.Part == lint.PartBody {
			learnt++
		}
		if f.Likelihood < 0 || f.Likelihood > 1 || (f.Likelihood > 0) != (len(f.Weighed) > 0) {
			t.Errorf("%s: likelihood %v, weighed %q", f.Rule, f.Likelihood, f.Weighed)
		}
		for _, w := range f.Weighed {
			if f.Part == lint.PartBody && !strings.Contains(text, w) {
				t.Errorf("%s: %q is no word of the text", f.Rule, w)
			}
		}
	}
	if learnt == 0 {
		t.Errorf("no finding rests on a learnt class: %+v", r.Findings)
	}
	open := 0
	whole := l.Lint(lint.PlainMessage("We are looking into it and will get back to you soon."))
	for _, f := range whole.Findings {
		if f.Rule == "missing-next-step" {
			open++
		}
		if f.Rule == "missing-next-step" && (f.Likelihood < 0.4 || len(f.Weighed) == 0) {
			t.Errorf("likelihood %v, weighed %q", f.Likelihood, f.Weighed)
		}
	}
	if open != 1 {
		t.Errorf("missing-next-step found %d times", open)
	}
	for _, f := range defaultLinter(t).Lint(lint.PlainMessage(text)).Findings {
		if f.Likelihood != 0 || f.Weighed != nil {
			t.Errorf("%s explains itself unasked: %v %q", f.Rule, f.Likelihood, f.Weighed)
		}
	}
}

// TestLearntSkipsSubjects: classes are learnt from the sentences of bodies.
func TestLearntSkipsSubjects(t *testing.T) {
	m := lint.PlainMessage("Mañana a las 10 cambio el disco.")
	m.HasHeaders, m.SubjectOwn = true, true
	m.Subject = lint.Source{Text: "Debería haberlo leído antes", Base: lint.Position{Line: 1, Column: 1}}
	for _, f := range explaining(t).Lint(m).Findings {
		if f.Part == lint.PartSubject && f.Likelihood > 0 {
			t.Errorf("%s in the subject: %v", f.Rule, f.Likelihood)
		}
	}
}

// TestOddWords: marks without a letter of their own are words without a key.
func TestOddWords(t *testing.T) {
	l := defaultLinter(t)
	for _, s := range []string{"Hola \u0301 mundo, lo miramos pronto", "\u0345 \U000E0100", "a\u0301\u0301\u0301", "\u0301"} {
		l.Lint(lint.PlainMessage(s))
	}
}
