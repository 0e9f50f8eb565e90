package output

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/tacto-lint/tacto/cmd/internal/safe"
	"github.com/tacto-lint/tacto/lint"
)

// textWriter writes for a person: each passage in its line, why it hurts and
// what to write instead, then the score and the verdict.
type textWriter struct {
	w     io.Writer
	o     Options
	style Style
	total totals
}

func newText(w io.Writer, o Options) *textWriter {
	if o.Width <= 0 {
		o.Width = 80
	}
	o.Width = min(o.Width, 120) // longer lines are hard to follow
	return &textWriter{w: w, o: o, style: Style(o.Color)}
}

func (t *textWriter) Write(r Result) error {
	t.total.add(r)
	if r.Err != nil {
		return nil
	}
	var b strings.Builder
	if t.total.results > 1 {
		b.WriteByte('\n')
	}
	words := t.words(r.Report.Lang)
	t.head(&b, r, words)
	for _, f := range r.Report.Findings {
		b.WriteByte('\n')
		t.finding(&b, r.Message, f, words)
	}
	if len(r.Report.Findings) > 0 {
		b.WriteByte('\n')
	}
	t.foot(&b, r.Report, words)
	_, err := io.WriteString(t.w, b.String())
	return err
}

// Close writes a summary, unless there was only one email.
func (t *textWriter) Close() error {
	if t.total.results < 2 {
		return nil
	}
	words := wordsFor(t.o.UILang)
	if t.o.UILang == "" {
		words = wordsFor(t.total.lang())
	}
	_, err := io.WriteString(t.w, "\n"+t.total.summary(words, t.style))
	return err
}

func (t *textWriter) words(lang string) *words {
	if t.o.UILang != "" {
		lang = t.o.UILang
	}
	return wordsFor(lang)
}

// head writes the path and the subject.
func (t *textWriter) head(b *strings.Builder, r Result, w *words) {
	b.WriteString(t.style.Bold(safe.Text(r.Path)))
	if r.Report.Subject != "" {
		b.WriteString(" — " + safe.Text(r.Report.Subject))
	}
	if r.Report.Encoded && len(r.Report.Findings) > 0 {
		b.WriteString(t.style.Dim(" (" + w.decoded + ")"))
	}
	b.WriteByte('\n')
}

const indent = "  "

// finding writes one finding: where and what, the passage, why, what instead.
func (t *textWriter) finding(b *strings.Builder, m *lint.Message, f lint.Finding, w *words) {
	where := strconv.Itoa(f.Start.Line) + ":" + strconv.Itoa(f.Start.Column)
	switch f.Part {
	case lint.PartWhole:
		where = w.whole
	case lint.PartSubject:
		where += " (" + w.subject + ")"
	}
	fmt.Fprintf(b, "%s%s  %s  %s\n", indent, t.style.Bold(where),
		t.style.severity(f.Severity, w.severity[f.Severity]), t.style.Dim(f.Rule))
	switch {
	case m == nil || f.Part == lint.PartWhole:
	case f.Part == lint.PartSubject:
		t.passage(b, m.Subject.Text, f)
	default:
		t.passage(b, m.Body.Text, f)
	}
	room := indent + indent
	b.WriteString(wrap(f.Message, room, room, t.o.Width))
	if f.Suggestion != "" {
		b.WriteString(wrap(f.Suggestion, room+"→ ", room+"  ", t.o.Width))
	}
	if t.o.ExplainScore && f.Likelihood > 0 {
		learnt := fmt.Sprintf("%s %.2f: %s", w.learnt, f.Likelihood, safe.Text(strings.Join(f.Weighed, ", ")))
		b.WriteString(wrap(learnt, room, room, t.o.Width))
	}
}

// passage writes the lines of the text that a finding marks.
func (t *textWriter) passage(b *strings.Builder, text string, f lint.Finding) {
	digits := len(strconv.Itoa(f.Start.Line + maxLines))
	lines, more := passage(text, f.Span, t.o.Width-len(indent)*2-digits-3)
	for i, l := range lines {
		fmt.Fprintf(b, "%s%s %s %s\n", indent+indent,
			t.style.Dim(fmt.Sprintf("%*d", digits, f.Start.Line+i)), t.style.Dim("│"),
			l.before+t.style.severity(f.Severity, l.marked)+l.after)
		fmt.Fprintf(b, "%s%*s %s %s%s\n", indent+indent, digits, "", t.style.Dim("│"),
			strings.Repeat(" ", l.skip), t.style.severity(f.Severity, strings.Repeat("^", l.under)))
	}
	if more {
		fmt.Fprintf(b, "%s%*s %s …\n", indent+indent, digits, "", t.style.Dim("│"))
	}
}

// foot writes the score, the verdict and the reasons for it.
func (t *textWriter) foot(b *strings.Builder, r *lint.Report, w *words) {
	fmt.Fprintf(b, "%s%s: %s %s 100\n", indent, w.score, t.style.Bold(strconv.Itoa(r.Score)), w.of)
	if t.o.ExplainScore {
		t.steps(b, r.Steps, w)
	}
	fmt.Fprintf(b, "%s%s: %s\n", indent, w.verdictLabel, t.style.verdict(r.Verdict, w.verdict[r.Verdict]))
	for _, reason := range r.Reasons {
		b.WriteString(wrap(reason, indent+indent+"• ", indent+indent+"  ", t.o.Width))
	}
}

// steps writes the arithmetic of the score, one step a line.
func (t *textWriter) steps(b *strings.Builder, steps []lint.ScoreStep, w *words) {
	for i, s := range steps {
		label := s.Label
		if i == 0 && (label == "" || label == "start") {
			label = w.start
		}
		if s.Count > 0 {
			label += " × " + strconv.Itoa(s.Count)
		}
		line := fmt.Sprintf("%s%6s  %s", indent, points(s.Points, i > 0), safe.Text(label))
		if s.Note != "" {
			line += t.style.Dim("  " + safe.Text(s.Note))
		}
		b.WriteString(line + "\n")
	}
}

// points writes a number as it is said, with a real minus sign.
func points(p float64, signed bool) string {
	text := strconv.FormatFloat(p, 'f', -1, 64)
	if rest, ok := strings.CutPrefix(text, "-"); ok {
		return "−" + rest
	}
	if signed && p > 0 {
		return "+" + text
	}
	return text
}
