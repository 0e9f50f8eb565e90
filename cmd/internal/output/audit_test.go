package output

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rivo/uniseg"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/tacto-lint/tacto/audit"
	"github.com/tacto-lint/tacto/lint"
)

var auditKey = audit.NewKey()

// auditReport is of emails of four weeks: 40 in each half, of which jargon is in 30 and
// then in 10.
func auditReport(t testing.TB, by audit.Dimension, lang string) *AuditReport {
	t.Helper()
	m, err := audit.ParseMapping("m", []byte("teams: {'=Support': ['*@us.example']}\n"))
	if err != nil {
		t.Fatal(err)
	}
	table, err := audit.Load(func(fn func(*audit.Email) error) error {
		for i := range 80 {
			e := audit.Email{ID: auditKey.Content([]byte{byte(i)}), Day: audit.DayOf(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)) + audit.Day(i/20*7+i%5), Author: auditKey.Address(fmt.Sprint(i%4, "@us.example")),
				AuthorDomain: auditKey.Domain("x@us.example"), Lang: "es", Score: 100, Words: 50, Judge: "j"}
			if i < 30 || i >= 70 {
				e.Score, e.Verdict, e.Rules = 70, lint.Revise, []audit.RuleCount{{Rule: "jargon", Count: 2}}
			}
			if i == 79 {
				e.Verdict = lint.Talk
			}
			if err := fn(&e); err != nil {
				return err
			}
		}
		return nil
	}, m.With(auditKey))
	if err != nil {
		t.Fatal(err)
	}
	return &AuditReport{Report: table.Report(audit.Query{By: by}), Lang: lang, Width: 80, MinEmails: 5, MinAuthors: 3, Title: func(r string) string { return "Title of " + r }}
}

func write(t testing.TB, a *AuditReport, format string) string {
	t.Helper()
	var b bytes.Buffer
	if err := a.Write(&b, format); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAuditText(t *testing.T) {
	text := write(t, auditReport(t, audit.ByTeam, "en"), "text")
	for _, want := range []string{
		"Sent mail from 2026-03-02 to 2026-03-27: 80 emails, 4 people\n",
		"  emails                           40         40\n",
		"  mean score                     77.5       92.5  +15.0 ▲\n",
		"  send                         25.0 %     75.0 %  +50.0 ▲\n",
		"  revise                       75.0 %     22.5 %  −52.5 ▼\n",
		"  talk first                    0.0 %      2.5 %   +2.5\n",
		"  Title of jargon              75.0 %     25.0 %  −50.0 ▼   ",
		"  =Support                       80        85.0  +15.0 ▲         1.2 %\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	for _, lang := range []string{"en", "es"} {
		for _, width := range []int{60, 80, 100} {
			a := auditReport(t, audit.ByWeek, lang)
			a.Width = width
			for line := range strings.Lines(write(t, a, "text")) {
				if w := uniseg.StringWidth(strings.TrimSuffix(line, "\n")); w > max(width, 70) {
					t.Errorf("%d columns of %d: %s", w, width, line)
				}
			}
		}
	}
	if text := write(t, auditReport(t, "", "es"), "text"); !strings.Contains(text, "−50,0 ▼") || strings.Contains(text, "\x1b") {
		t.Errorf("in Spanish:\n%s", text)
	}
	a := auditReport(t, "", "en")
	a.Color = true
	if text := write(t, a, "text"); !strings.Contains(text, "\x1b[32m") {
		t.Error("no colours")
	}
	if text := write(t, &AuditReport{Report: &audit.Report{}, Lang: "en"}, "text"); text != "No emails in that time.\n" {
		t.Errorf("of nothing: %s", text)
	}
}

// TestAuditSchema: what is written keeps to the published schema.
func TestAuditSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../../../schema/audit.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, by := range append([]audit.Dimension{""}, audit.Dimensions...) {
		text := write(t, auditReport(t, by, "en"), "json")
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("by %q: %v", by, err)
		}
	}
	a := auditReport(t, "", "es")
	a.Passages = []AuditPassage{{"jargon", "el failover", 12}}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(write(t, a, "json")))
	if err == nil {
		err = schema.Validate(v)
	}
	if err != nil {
		t.Errorf("with words: %v", err)
	}
	if text := write(t, a, "text"); !strings.Contains(text, "  Title of jargon                12  el failover\n") {
		t.Errorf("with words:\n%s", text)
	}
	empty := write(t, &AuditReport{Report: &audit.Report{}}, "json")
	v, err = jsonschema.UnmarshalJSON(strings.NewReader(empty))
	if err == nil {
		err = schema.Validate(v)
	}
	if err != nil {
		t.Errorf("of nothing: %v\n%s", err, empty)
	}
	var got struct {
		Emails   int
		Score    float64
		Verdicts map[string]int
		Rules    []struct {
			Rule      string
			Then, Now float64
			Sure      bool
		}
	}
	if err := json.Unmarshal([]byte(write(t, auditReport(t, "", "en"), "json")), &got); err != nil {
		t.Fatal(err)
	}
	if got.Emails != 80 || got.Score != 85 || got.Verdicts["talk"] != 1 || len(got.Rules) != 1 || got.Rules[0].Then != 0.75 || got.Rules[0].Now != 0.25 || !got.Rules[0].Sure {
		t.Errorf("%+v", got)
	}
}

func TestAuditCSV(t *testing.T) {
	read := func(by audit.Dimension) [][]string {
		rows, err := csv.NewReader(strings.NewReader(write(t, auditReport(t, by, "es"), "csv"))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	if rows := read(""); len(rows) != 2 || strings.Join(rows[1], " ") != "jargon 40 80 0.5 0.75 0.25 true" {
		t.Errorf("%q", rows)
	}
	// A spreadsheet takes a name that begins with = for a formula.
	if rows := read(audit.ByTeam); len(rows) != 2 || rows[1][0] != "'=Support" || strings.Join(rows[1][1:], " ") != "80 85 40 39 1 77.5 92.5 true 0.5" {
		t.Errorf("%q", rows)
	}
}

func TestSpark(t *testing.T) {
	for _, x := range []struct {
		values  []float64
		weights []int
		width   int
		zero    bool
		want    string
	}{
		{[]float64{0, 1, 2, 3, 4, 5, 6, 7}, []int{1, 1, 1, 1, 1, 1, 1, 1}, 8, true, "▁▂▃▄▅▆▇█"},
		{[]float64{70, 80, 90}, []int{5, 0, 5}, 8, false, "▁ █"},
		{[]float64{0, 0, 10, 0}, []int{1, 1, 1, 3}, 2, true, "▁█"}, // weighed: 10/4 in the second half
		{[]float64{5, 5}, []int{1, 1}, 8, false, "▄▄"},
		{[]float64{0, 0}, []int{1, 1}, 8, true, "▁▁"},
	} {
		if got := spark(x.values, x.weights, x.width, x.zero); got != x.want {
			t.Errorf("%v in %d: %q, want %q", x.values, x.width, got, x.want)
		}
	}
}
