package output

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/tacto-lint/tacto/cmd/internal/safe"
	"github.com/tacto-lint/tacto/lint"
)

// A Judgement is what the watcher has to say of one draft.
type Judgement struct {
	Account, Mailbox string
	UID              uint32
	// Kind is "found", "fine" or "mended": see package imapwatch.
	Kind   string
	Time   time.Time
	Report *lint.Report
}

// The kinds of judgements.
const (
	KindFound  = "found"
	KindFine   = "fine"
	KindMended = "mended"
)

// jsonJudgement is fixed as jsonFile is, and has the same for one email.
type jsonJudgement struct {
	Version   int           `json:"version"`
	Time      string        `json:"time"`
	Account   string        `json:"account"`
	Mailbox   string        `json:"mailbox"`
	UID       uint32        `json:"uid"`
	Kind      string        `json:"kind"`
	Lang      string        `json:"lang"`
	Subject   string        `json:"subject"`
	Words     int           `json:"words"`
	Score     int           `json:"score"`
	Verdict   string        `json:"verdict"`
	Reasons   []string      `json:"reasons"`
	Positions string        `json:"positions"`
	Findings  []jsonFinding `json:"findings"`
}

// JSON gives the judgement as one line of JSON, without the line's end, that is safe
// to print.
func (j *Judgement) JSON() ([]byte, error) {
	f := toJSON(Result{Report: j.Report}, false)
	return marshalLine(jsonJudgement{
		Version: 1, Time: j.Time.Format(time.RFC3339), Account: j.Account, Mailbox: j.Mailbox, UID: j.UID, Kind: j.Kind,
		Lang: f.Lang, Subject: f.Subject, Words: f.Words, Score: f.Score, Verdict: f.Verdict, Reasons: f.Reasons,
		Positions: f.Positions, Findings: f.Findings,
	})
}

// judgementWords are the words of judgements in one language.
type judgementWords struct {
	talk, revise, send, mended, none, more string
}

var judgementLangs = map[string]judgementWords{
	"en": {talk: "Talk first", revise: "Revise it before sending", send: "Fine as it is", mended: "Now fine", none: "(no subject)", more: "and %d more"},
	"es": {talk: "Háblelo antes", revise: "Conviene revisarlo antes de enviar", send: "Bien como está", mended: "Ya está bien", none: "(sin asunto)", more: "y %d más"},
}

func (j *Judgement) words(lang string) judgementWords {
	if w, ok := judgementLangs[cmp.Or(lang, j.Report.Lang)]; ok {
		return w
	}
	return judgementLangs["en"]
}

// head says in a few words what to do.
func (j *Judgement) head(w judgementWords) string {
	switch {
	case j.Kind == KindMended:
		return w.mended
	case j.Kind == KindFine:
		return w.send
	case j.Report.Verdict == lint.Talk:
		return w.talk
	}
	return w.revise
}

func (j *Judgement) subject(w judgementWords) string {
	return cmp.Or(strings.TrimSpace(safe.Text(j.Report.Subject)), w.none)
}

// why gives the reasons, then what the gravest findings say.
func (j *Judgement) why() []string {
	if j.Kind != KindFound {
		return nil
	}
	all := slices.Clone(j.Report.Reasons)
	findings := slices.Clone(j.Report.Findings)
	slices.SortStableFunc(findings, func(a, b lint.Finding) int { return cmp.Compare(b.Severity, a.Severity) })
	for _, f := range findings {
		if f.Rule != "talk-first" { // the head says it
			all = append(all, f.Message)
		}
	}
	for i := range all {
		all[i] = safe.Text(all[i])
	}
	return all
}

// Text gives the judgement on one line, for a person.
func (j *Judgement) Text(lang string) string {
	w := j.words(lang)
	line := fmt.Sprintf("%s  %s  %s %d  %s", j.Time.Local().Format("2006-01-02 15:04:05"), safe.Text(j.Account), j.Report.Verdict, j.Report.Score, j.subject(w))
	if why := j.why(); len(why) > 0 {
		return line + ": " + why[0]
	}
	return line + ": " + j.head(w)
}

// maxNotified is how many reasons a desktop notification has room for.
const maxNotified = 3

// Notification gives the judgement for the desktop: the first line is its heading.
func (j *Judgement) Notification(lang string) string {
	w := j.words(lang)
	lines := []string{j.head(w) + ": " + j.subject(w)}
	why := j.why()
	for i, reason := range why {
		if i == maxNotified {
			lines = append(lines, fmt.Sprintf(w.more, len(why)-maxNotified))
			break
		}
		lines = append(lines, "• "+reason)
	}
	return strings.Join(lines, "\n")
}

// WriteJSONLine writes one JSON document on one line that is safe to print.
func WriteJSONLine(w io.Writer, v any) error {
	text, err := marshalLine(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

func marshalLine(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return safe.JSON(bytes.TrimRight(b.Bytes(), "\n")), err
}
