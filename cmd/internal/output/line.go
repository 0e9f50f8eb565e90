package output

import (
	"fmt"
	"io"

	"github.com/tacto-lint/tacto/cmd/internal/safe"
)

// lineWriter writes one finding a line, as compilers do, for editors and grep:
// path:line:column: severity rule: message. The path is the file's own, also of an
// email in an mbox, whose lines are the file's; where positions are those of
// decoded text, the line says so.
type lineWriter struct{ w io.Writer }

func (l *lineWriter) Write(r Result) error {
	if r.Err != nil {
		return nil
	}
	for _, f := range r.Report.Findings {
		decoded := ""
		if f.Encoded {
			decoded = " (" + wordsFor(r.Report.Lang).decoded + ")"
		}
		_, err := fmt.Fprintf(l.w, "%s:%d:%d: %s %s: %s%s\n", safe.Text(r.File),
			f.Start.Line, f.Start.Column, f.Severity, f.Rule, safe.Text(f.Message), decoded)
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *lineWriter) Close() error { return nil }
