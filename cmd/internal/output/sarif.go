package output

import (
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/tacto-lint/tacto/lint"
)

// SARIF 2.1.0, as far as it is used here. Fields stand in the standard's
// order of importance; empty ones are left out.

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool        sarifTool         `json:"tool"`
	ColumnKind  string            `json:"columnKind"`
	Invocations []sarifInvocation `json:"invocations"`
	Artifacts   []sarifArtifact   `json:"artifacts"`
	Results     []sarifResult     `json:"results"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name    string      `json:"name"`
	Version string      `json:"version,omitempty"`
	URI     string      `json:"informationUri"`
	Rules   []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID      string         `json:"id"`
	Short   sarifText      `json:"shortDescription"`
	Full    sarifText      `json:"fullDescription"`
	Help    sarifText      `json:"help"`
	Default sarifLevel     `json:"defaultConfiguration"`
	Props   map[string]any `json:"properties"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifLevel struct {
	Level string `json:"level"`
}

type sarifInvocation struct {
	Successful bool                `json:"executionSuccessful"`
	Notes      []sarifNotification `json:"toolExecutionNotifications,omitempty"`
}

type sarifNotification struct {
	Level     string          `json:"level"`
	Message   sarifText       `json:"message"`
	Locations []sarifLocation `json:"locations"`
}

type sarifArtifact struct {
	Location sarifURI       `json:"location"`
	Props    map[string]any `json:"properties"`
}

type sarifURI struct {
	URI string `json:"uri"`
}

type sarifResult struct {
	RuleID    string          `json:"ruleId"`
	RuleIndex *int            `json:"ruleIndex,omitempty"`
	Level     string          `json:"level"`
	Message   sarifText       `json:"message"`
	Locations []sarifLocation `json:"locations"`
	Props     map[string]any  `json:"properties,omitempty"`
}

type sarifLocation struct {
	Physical sarifPhysical `json:"physicalLocation"`
}

type sarifPhysical struct {
	Artifact sarifURI     `json:"artifactLocation"`
	Region   *sarifRegion `json:"region,omitempty"`
}

type sarifRegion struct {
	StartLine   int        `json:"startLine"`
	StartColumn int        `json:"startColumn"`
	EndLine     int        `json:"endLine"`
	EndColumn   int        `json:"endColumn"`
	ByteOffset  int        `json:"byteOffset"`
	ByteLength  int        `json:"byteLength"`
	Snippet     *sarifText `json:"snippet,omitempty"`
}

// sarifWriter gathers a run; SARIF puts what is known last first.
type sarifWriter struct {
	w     io.Writer
	index map[string]int
	run   sarifRun
}

const (
	sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	projectURL  = "https://github.com/tacto-lint/tacto"
)

func newSARIF(w io.Writer, o Options) *sarifWriter {
	s := &sarifWriter{w: w, index: map[string]int{}}
	driver := sarifDriver{Name: "tacto", Version: o.Version, URI: projectURL, Rules: []sarifRule{}}
	for i, r := range o.Rules {
		s.index[r.ID] = i
		driver.Rules = append(driver.Rules, sarifRule{
			ID:      r.ID,
			Short:   sarifText{Local(r.Title, o.UILang)},
			Full:    sarifText{Local(r.Why, o.UILang)},
			Help:    sarifText{Local(r.Suggestion, o.UILang)},
			Default: sarifLevel{sarifSeverity(r.Severity)},
			Props:   map[string]any{"kind": r.Kind},
		})
	}
	s.run = sarifRun{
		Tool:        sarifTool{driver},
		ColumnKind:  "unicodeCodePoints",
		Invocations: []sarifInvocation{{Successful: true}},
		Artifacts:   []sarifArtifact{},
		Results:     []sarifResult{},
	}
	return s
}

func (s *sarifWriter) Write(r Result) error {
	place := sarifURI{toURI(r.File)}
	if r.Err != nil {
		invocation := &s.run.Invocations[0]
		invocation.Successful = false
		invocation.Notes = append(invocation.Notes, sarifNotification{
			Level: "error", Message: sarifText{r.Path + ": " + r.Err.Error()},
			Locations: []sarifLocation{{sarifPhysical{Artifact: place}}},
		})
		return nil
	}
	s.run.Artifacts = append(s.run.Artifacts, sarifArtifact{place, map[string]any{
		"path": r.Path, "lang": r.Report.Lang, "words": r.Report.Words,
		"score": r.Report.Score, "verdict": r.Report.Verdict.String(),
		"reasons": append([]string{}, r.Report.Reasons...),
	}})
	for _, f := range r.Report.Findings {
		s.run.Results = append(s.run.Results, s.result(r, f))
	}
	return nil
}

func (s *sarifWriter) Close() error {
	return WriteJSON(s.w, sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{s.run}})
}

// result turns a finding into a SARIF result. Positions in decoded text are
// none of the file, so they go into the properties and the region is left out.
func (s *sarifWriter) result(r Result, f lint.Finding) sarifResult {
	message := f.Message
	if f.Suggestion != "" {
		message += "\n" + f.Suggestion
	}
	region := &sarifRegion{
		StartLine: f.Start.Line, StartColumn: f.Start.Column,
		EndLine: f.End.Line, EndColumn: f.End.Column,
		ByteOffset: f.Start.Offset, ByteLength: f.End.Offset - f.Start.Offset,
	}
	if f.Text != "" {
		region.Snippet = &sarifText{f.Text}
	}
	out := sarifResult{RuleID: f.Rule, Level: sarifSeverity(f.Severity), Message: sarifText{message}}
	if i, ok := s.index[f.Rule]; ok {
		out.RuleIndex = &i
	}
	place := sarifPhysical{Artifact: sarifURI{toURI(r.File)}}
	props := map[string]any{"part": f.Part.String()}
	switch {
	case f.Encoded:
		props["decodedRegion"] = region
	case f.Part != lint.PartWhole:
		place.Region = region
	}
	if r.Path != r.File {
		props["path"] = r.Path
	}
	out.Locations, out.Props = []sarifLocation{{place}}, props
	return out
}

func sarifSeverity(s lint.Severity) string {
	switch s {
	case lint.Error:
		return "error"
	case lint.Warning:
		return "warning"
	}
	return "note"
}

// toURI writes a path as a URI: relative ones stay so.
func toURI(path string) string {
	slashed := filepath.ToSlash(path)
	u := url.URL{Path: slashed}
	if filepath.IsAbs(path) {
		u.Scheme = "file"
		if !strings.HasPrefix(slashed, "/") {
			u.Path = "/" + slashed // a drive letter
		}
	}
	return u.String()
}

// Local gives a text in a language, or else in English, or in any.
func Local(text lint.Localized, lang string) string {
	for _, l := range []string{lang, "en", "es"} {
		if s := text[l]; s != "" {
			return s
		}
	}
	return ""
}
