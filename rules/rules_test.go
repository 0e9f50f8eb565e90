package rules

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/tacto-lint/tacto/lint"
)

// TestExamples runs every example inside the built-in rules and signals.
func TestExamples(t *testing.T) {
	set, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	failures, run := Check(set)
	for _, f := range failures {
		t.Errorf("%s:%d: %s: %s\n\t%s", f.File, f.Example.Line, f.Rule, f.Problem, f.Example.Text)
	}
	if run < 300 {
		t.Errorf("only %d examples were run", run)
	}
}

// TestRuleBook holds the set to the rule book's list of rules.
func TestRuleBook(t *testing.T) {
	set, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]lint.RuleInfo{}
	for _, r := range set.Rules() {
		have[r.ID] = r
	}
	for id, kind := range map[string]string{
		"stock-phrase": "said", "vague-time": "said", "blame-reader": "said", "blame-others": "said", "dismissive": "said",
		"condescending": "said", "overpromise": "said", "weak-commitment": "said", "bare-refusal": "said", "non-apology": "said",
		"over-apology": "said", "shouting": "said", "register-mix": "said", "jargon": "said", "unannounced-change": "said",
		"unexplained-request": "said", "missing-next-step": "missing", "missing-status": "missing", "talk-first": "verdict",
		"hard-to-read": "advice", "send-time": "advice", "vague-subject": "advice", "missing-attachment": "advice", "secret-by-email": "advice",
	} {
		r, ok := have[id]
		if !ok {
			t.Errorf("rule %s is missing", id)
		} else if r.Kind != kind {
			t.Errorf("rule %s is of kind %s, want %s", id, r.Kind, kind)
		}
	}
}

// TestBuiltinIsCurrent compares what is embedded with the rule files.
func TestBuiltinIsCurrent(t *testing.T) {
	sources, err := Sources("..")
	if err != nil {
		t.Fatal(err)
	}
	models, err := os.ReadFile("learnt.model")
	if err != nil {
		t.Fatal(err)
	}
	pack, err := Encode(string(models), sources...)
	if err != nil {
		t.Fatal(err)
	}
	if string(pack) != builtin {
		t.Error("builtin.pack is not that of the rule files: run go generate ./rules")
	}
}

const goodRule = `
rules:
  - id: my-rule
    kind: said
    severity: warning
    title: {en: T}
    why: {en: W}
    message: {en: "M {text}"}
    suggestion: {en: S}
    match:
      - en: [leverage]
    examples:
      en:
        hits: ["We {leverage} it."]
        passes: ["We use it."]
`

// TestTeamRules compiles a rule of a team's own with the built-in ones.
func TestTeamRules(t *testing.T) {
	set, err := DefaultWith(Source{"team.yaml", []byte(goodRule)})
	if err != nil {
		t.Fatal(err)
	}
	l, err := lint.New(set, lint.Settings{Lang: "en"})
	if err != nil {
		t.Fatal(err)
	}
	r := l.Lint(lint.PlainMessage("On Monday at 9 we leverage the new one."))
	found := false
	for _, f := range r.Findings {
		if f.Rule == "my-rule" {
			found = true
			if f.Text != "leverage" || f.Start.Line != 1 || f.Start.Column != 19 || f.Start.Offset != 18 || f.Message != "M leverage" {
				t.Errorf("finding %+v", f)
			}
		}
	}
	if !found {
		t.Error("the team's rule did not fire")
	}
}

// TestFaults wants each fault of a rule file with its line and a hint.
func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		yaml, want string
		line       int
	}{
		"unknown field":   {strings.Replace(goodRule, "severity: warning", "severity: warning\n    colour: red", 1), `unknown field "colour"`, 6},
		"bad severity":    {strings.Replace(goodRule, "severity: warning", "severity: loud", 1), `unknown severity "loud"`, 3},
		"no hit":          {strings.Replace(goodRule, `hits: ["We {leverage} it."]`, `hits: []`, 1), "lacks examples", 3},
		"no near-miss":    {strings.Replace(goodRule, `passes: ["We use it."]`, `passes: []`, 1), "lacks examples", 3},
		"no reason":       {strings.Replace(goodRule, "why: {en: W}", "why: {}", 1), "has no why", 3},
		"open bracket":    {strings.Replace(goodRule, "[leverage]", `["(leverage"]`, 1), "( without )", 11},
		"begins with gap": {strings.Replace(goodRule, "[leverage]", `["..3 leverage"]`, 1), "begins with anything", 11},
		"unknown signal":  {strings.Replace(goodRule, "[leverage]", `["<dat> leverage"]`, 1), "unknown signal <dat>", 11},
		"unknown class":   {strings.Replace(goodRule, "[leverage]", `["@nothing leverage"]`, 1), "unknown class @nothing", 11},
		"bad condition":   {strings.Replace(goodRule, "      - en: [leverage]", "      - en: [leverage]\n        when: here(", 1), "bad condition", 12},
		"taken":           {strings.Replace(goodRule, "id: my-rule", "id: vague-time", 1), "defined already", 3},
		"not YAML":        {"rules: [", "not valid YAML", 1},
		"self":            {strings.Replace(goodRule, "      - en: [leverage]", "      - en: [leverage]\n        when: my-rule", 1), "circle", 3},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := DefaultWith(Source{"team.yaml", []byte(c.yaml)})
			if err == nil {
				t.Fatal("no error")
			}
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("error of type %T: %v", err, err)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %q, want %q in it", err, c.want)
			}
			if e.File != "team.yaml" || e.Line != c.line || e.Hint == "" {
				t.Errorf("file %q line %d hint %q, want team.yaml line %d and a hint", e.File, e.Line, e.Hint, c.line)
			}
		})
	}
}

// FuzzPattern wants an error or a pattern that can be run, never a panic.
func FuzzPattern(f *testing.F) {
	for _, s := range []string{"en ~intentar:fut.1 ..3 (a|b c) [d] {e} $", "-3(no|ni) @x&#num <date> !y", "((((", "desarroll* *mente =está", `\( , ^`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := parsePattern(s); err != nil {
			return
		}
		quoted := strings.ReplaceAll(s, "'", "''")
		if strings.ContainsAny(quoted, "\n\r\x00") {
			return
		}
		set, err := Compile(Source{"f.yaml", []byte(strings.Replace(goodRule, "[leverage]", "['"+quoted+"']", 1))})
		if err != nil {
			return
		}
		l, err := lint.New(set, lint.Settings{Lang: "en"})
		if err != nil {
			t.Fatal(err)
		}
		l.Lint(lint.PlainMessage(s + ". We leverage it (twice): on Monday 14 at 9:30, won't we?"))
	})
}
