// Package corpus measures a rule set on labelled emails: precision, recall and
// F1 a rule, the verdicts, and the alarms on good emails.
package corpus

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tacto-lint/tacto/lint"
)

// A Label is what a careful reader marked in one email: a line of labels.jsonl.
type Label struct {
	File     string    `json:"file"`
	Lang     string    `json:"lang"`
	Variety  string    `json:"variety"`
	Verdict  string    `json:"verdict"`
	Findings []Finding `json:"findings"`
	// JargonBroken says whether the email breaks the rule jargon: single terms
	// are labelled also where it does not.
	JargonBroken bool `json:"jargon_broken"`
	// Disputed rules are those that two readers saw differently: not counted.
	Disputed []string `json:"disputed"`
	Note     string   `json:"note"`
}

// A Finding is one marked passage, or a rule on the whole email (no Text).
type Finding struct {
	Rule string `json:"rule"`
	Text string `json:"text"`
}

// Parse reads the lines of a labels.jsonl.
func Parse(data []byte) ([]Label, error) {
	var labels []Label
	for i, line := range bytes.Split(data, []byte("\n")) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var l Label
		if err := json.Unmarshal(line, &l); err != nil {
			return nil, fmt.Errorf("labels.jsonl line %d: %w", i+1, err)
		}
		if l.File == "" {
			return nil, fmt.Errorf("labels.jsonl line %d: no file named", i+1)
		}
		labels = append(labels, l)
	}
	return labels, nil
}

// InHalf says whether a file belongs to the "odd" or "even" half, by the number
// in its name; every file belongs to "all".
func InHalf(file, half string) bool {
	if half == "all" {
		return true
	}
	if i := strings.LastIndexByte(file, '#'); i >= 0 {
		file = file[i:]
	}
	digits := strings.TrimFunc(file, func(r rune) bool { return r < '0' || r > '9' })
	n, err := strconv.Atoi(digits)
	return err == nil && (n%2 == 1) == (half == "odd")
}

// A Count adds up one rule over the emails, each counted once.
type Count struct {
	Labelled int `json:"labelled"`
	Found    int `json:"found"`
	Correct  int `json:"correct"`
}

// Precision is the share of finds that are labelled.
func (c Count) Precision() float64 { return ratio(c.Correct, c.Found) }

// Recall is the share of labels that were found.
func (c Count) Recall() float64 { return ratio(c.Correct, c.Labelled) }

// F1 is the harmonic mean of both.
func (c Count) F1() float64 { return ratio(2*c.Correct, c.Found+c.Labelled) }

func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// An Error is an email on which a rule and the label differ.
type Error struct {
	File   string   `json:"file"`
	Rule   string   `json:"rule"`
	Missed bool     `json:"missed"` // else a false alarm
	Want   []string `json:"want"`
	Got    []string `json:"got"`
}

// A Measure is the outcome over a corpus.
type Measure struct {
	Emails int              `json:"emails"`
	Rules  map[string]Count `json:"rules"`
	Micro  Count            `json:"micro"`
	// Verdicts[label][found] counts emails; disputed ones are left out.
	Verdicts map[string]map[string]int `json:"verdicts"`
	// Passages counts, in emails where a rule is both labelled and found, the
	// passages it marked, and those of them that a labelled one has a part of.
	Passages Passages `json:"passages"`
	Errors   []Error  `json:"-"`
}

// Passages says how well what is marked is what readers marked.
type Passages struct {
	Marked int `json:"marked"`
	Right  int `json:"right"`
}

// Precision is the share of marked passages that are right.
func (p Passages) Precision() float64 { return ratio(p.Right, p.Marked) }

// VerdictAccuracy gives the right verdicts and all that were counted.
func (m *Measure) VerdictAccuracy() (right, all int) {
	for want, row := range m.Verdicts {
		for got, n := range row {
			all += n
			if want == got {
				right += n
			}
		}
	}
	return right, all
}

// Alarms gives the good emails (label send) judged otherwise, and all of them.
func (m *Measure) Alarms() (alarms, good int) {
	for got, n := range m.Verdicts["send"] {
		good += n
		if got != "send" {
			alarms += n
		}
	}
	return alarms, good
}

// New makes an empty Measure.
func New() *Measure {
	return &Measure{Rules: map[string]Count{}, Verdicts: map[string]map[string]int{}}
}

// Add compares a report with its label. counted says which rules count: said,
// missing and verdict rules, not advice.
func (m *Measure) Add(l Label, r *lint.Report, counted map[string]bool) {
	m.Emails++
	want, got := map[string][]string{}, map[string][]string{}
	for _, f := range l.Findings {
		if f.Rule != "jargon" {
			want[f.Rule] = append(want[f.Rule], f.Text)
		}
	}
	if l.JargonBroken {
		want["jargon"] = []string{""}
	}
	for _, f := range r.Findings {
		if counted[f.Rule] {
			got[f.Rule] = append(got[f.Rule], f.Text)
		}
	}
	rules := make([]string, 0, len(want)+len(got))
	for id := range want {
		rules = append(rules, id)
	}
	for id := range got {
		if _, ok := want[id]; !ok {
			rules = append(rules, id)
		}
	}
	slices.Sort(rules)
	for _, id := range rules {
		if !slices.Contains(l.Disputed, id) {
			m.count(l.File, id, want, got)
		}
	}
	if !slices.Contains(l.Disputed, "talk-first") {
		if m.Verdicts[l.Verdict] == nil {
			m.Verdicts[l.Verdict] = map[string]int{}
		}
		m.Verdicts[l.Verdict][r.Verdict.String()]++
	}
}

// passages holds the passages that a rule marked against the labelled ones.
func (m *Measure) passages(want, got []string) {
	for _, g := range got {
		if g == "" || slices.Contains(want, "") {
			continue // a rule on the whole email
		}
		m.Passages.Marked++
		if slices.ContainsFunc(want, func(w string) bool { return share(w, g) }) {
			m.Passages.Right++
		}
	}
}

// share says whether one text is part of the other, or half of the words of the
// shorter one stand in the longer: labels hold texts, not places.
func share(a, b string) bool {
	x, y := strings.Fields(strings.ToLower(a)), strings.Fields(strings.ToLower(b))
	if len(x) > len(y) {
		x, y = y, x
	}
	if strings.Contains(strings.Join(y, " "), strings.Join(x, " ")) {
		return true
	}
	common := 0
	for _, w := range x {
		if slices.Contains(y, w) {
			common++
		}
	}
	return 2*common >= len(x) && len(x) > 1
}

func (m *Measure) count(file, id string, want, got map[string][]string) {
	_, labelled := want[id]
	_, found := got[id]
	c := m.Rules[id]
	if labelled {
		c.Labelled++
		m.Micro.Labelled++
	}
	if found {
		c.Found++
		m.Micro.Found++
	}
	if labelled && found {
		c.Correct++
		m.Micro.Correct++
		m.passages(want[id], got[id])
	} else {
		m.Errors = append(m.Errors, Error{File: file, Rule: id, Missed: labelled, Want: want[id], Got: got[id]})
	}
	m.Rules[id] = c
}
