package output

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/tacto-lint/tacto/cmd/internal/safe"
	"github.com/tacto-lint/tacto/lint"
)

// The JSON form is fixed: schema/report.schema.json describes it, and version
// goes up when a field changes its meaning or leaves.

type jsonFile struct {
	Path      string        `json:"path"`
	Lang      string        `json:"lang"`
	Subject   string        `json:"subject"`
	Words     int           `json:"words"`
	Score     int           `json:"score"`
	Verdict   string        `json:"verdict"`
	Reasons   []string      `json:"reasons"`
	Positions string        `json:"positions"`
	Findings  []jsonFinding `json:"findings"`
	Steps     *[]jsonStep   `json:"steps,omitempty"`
}

type jsonFinding struct {
	Rule       string        `json:"rule"`
	Severity   string        `json:"severity"`
	Message    string        `json:"message"`
	Text       string        `json:"text"`
	Part       string        `json:"part"`
	Positions  string        `json:"positions"`
	Start      lint.Position `json:"start"`
	End        lint.Position `json:"end"`
	Suggestion string        `json:"suggestion"`
}

type jsonStep struct {
	Label  string  `json:"label"`
	Count  int     `json:"count"`
	Points float64 `json:"points"`
	Note   string  `json:"note"`
}

type jsonError struct {
	Path    string `json:"path"`
	Message string `json:"message"`
}

// jsonWriter writes each file as it comes, so that a long run needs no memory
// for the whole of it. Inputs that could not be read are kept for the end.
type jsonWriter struct {
	w      io.Writer
	steps  bool
	files  int
	errors []jsonError
}

func (j *jsonWriter) Write(r Result) error {
	if r.Err != nil {
		j.errors = append(j.errors, jsonError{r.Path, r.Err.Error()})
		return nil
	}
	before := ",\n    "
	if j.files == 0 {
		before = jsonHead + "\n    "
	}
	j.files++
	return j.value(before, "    ", toJSON(r, j.steps), "")
}

const jsonHead = "{\n  \"version\": 1,\n  \"files\": ["

func (j *jsonWriter) Close() error {
	before := "\n  ],\n  \"errors\": "
	if j.files == 0 {
		before = jsonHead + "],\n  \"errors\": "
	}
	if j.errors == nil {
		j.errors = []jsonError{}
	}
	return j.value(before, "  ", j.errors, "\n}\n")
}

// value writes v between before and after.
func (j *jsonWriter) value(before, prefix string, v any, after string) error {
	text, err := marshal(prefix, v)
	if err != nil {
		return err
	}
	_, err = io.WriteString(j.w, before+string(text)+after)
	return err
}

// marshal gives indented JSON that can be printed as it is.
func marshal(prefix string, v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent(prefix, "  ")
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return safe.JSON(bytes.TrimRight(b.Bytes(), "\n")), nil
}

// WriteJSON writes one indented JSON document that is safe to print.
func WriteJSON(w io.Writer, v any) error {
	text, err := marshal("", v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

func toJSON(r Result, steps bool) jsonFile {
	rep := r.Report
	f := jsonFile{
		Path: r.Path, Lang: rep.Lang, Subject: rep.Subject, Words: rep.Words,
		Score: rep.Score, Verdict: rep.Verdict.String(),
		Reasons: append([]string{}, rep.Reasons...), Positions: positions(rep.Encoded),
		Findings: make([]jsonFinding, 0, len(rep.Findings)),
	}
	for _, x := range rep.Findings {
		f.Findings = append(f.Findings, jsonFinding{
			Rule: x.Rule, Severity: x.Severity.String(), Message: x.Message, Text: x.Text,
			Part: x.Part.String(), Positions: positions(x.Encoded),
			Start: x.Start, End: x.End, Suggestion: x.Suggestion,
		})
	}
	if steps {
		list := make([]jsonStep, 0, len(rep.Steps))
		for _, s := range rep.Steps {
			list = append(list, jsonStep(s))
		}
		f.Steps = &list
	}
	return f
}

// positions names the text that positions count in.
func positions(encoded bool) string {
	if encoded {
		return "decoded"
	}
	return "file"
}
