package output

import (
	"fmt"
	"io"
	"strings"

	"github.com/tacto-lint/tacto/cmd/internal/safe"
	"github.com/tacto-lint/tacto/lint"
)

// githubWriter writes workflow commands, which GitHub shows beside the file.
type githubWriter struct{ w io.Writer }

func (g *githubWriter) Write(r Result) error {
	if r.Err != nil {
		return g.command("error", property("file", r.File), r.Path+": "+r.Err.Error())
	}
	for _, f := range r.Report.Findings {
		message := f.Message
		if f.Suggestion != "" {
			message += "\n" + f.Suggestion
		}
		if err := g.command(githubLevel(f.Severity), place(r, f), message); err != nil {
			return err
		}
	}
	if r.Report.Verdict != lint.Talk {
		return nil
	}
	words := wordsFor(r.Report.Lang)
	return g.command("error", property("file", r.File)+","+property("title", "tacto: talk"),
		words.verdict[lint.Talk]+"\n"+strings.Join(r.Report.Reasons, "\n"))
}

func (g *githubWriter) Close() error { return nil }

func (g *githubWriter) command(level, properties, message string) error {
	_, err := fmt.Fprintf(g.w, "::%s %s::%s\n", level, properties, escapeData(message))
	return err
}

// place gives the properties of a finding. Positions in decoded text name no
// line of the file, so such a finding stands on the file as a whole; a column
// at the end only means something on the line of the start.
func place(r Result, f lint.Finding) string {
	props := []string{property("file", r.File)}
	if !f.Encoded && f.Part != lint.PartWhole {
		props = append(props, fmt.Sprintf("line=%d,endLine=%d", f.Start.Line, f.End.Line))
		if f.Start.Line == f.End.Line {
			props = append(props, fmt.Sprintf("col=%d,endColumn=%d", f.Start.Column, f.End.Column))
		}
	}
	return strings.Join(append(props, property("title", "tacto: "+f.Rule)), ",")
}

func githubLevel(s lint.Severity) string {
	switch s {
	case lint.Error:
		return "error"
	case lint.Warning:
		return "warning"
	}
	return "notice"
}

// property escapes a value so that it ends neither the value nor the command.
func property(name, value string) string {
	value = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(value)
	return name + "=" + safe.Text(value)
}

func escapeData(s string) string {
	return safe.Text(strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s))
}
