package output

import "github.com/tacto-lint/tacto/lint"

// A Style colours text, or leaves it alone when it is off.
type Style bool

func (s Style) paint(code, text string) string {
	if !s || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Bold makes text stand out.
func (s Style) Bold(text string) string { return s.paint("1", text) }

// Dim takes text back.
func (s Style) Dim(text string) string { return s.paint("2", text) }

// Good is for what is as it should be, Bad for what is not.
func (s Style) Good(text string) string { return s.paint("32", text) }

// Bad is for what is not as it should be.
func (s Style) Bad(text string) string { return s.paint("1;31", text) }

// Mark is for a passage pointed out in a text.
func (s Style) Mark(text string) string { return s.paint("4", text) }

// severity paints text in the colour of a severity.
func (s Style) severity(v lint.Severity, text string) string {
	switch v {
	case lint.Error:
		return s.Bad(text)
	case lint.Warning:
		return s.paint("33", text)
	}
	return s.paint("36", text)
}

// verdict paints text in the colour of a verdict.
func (s Style) verdict(v lint.Verdict, text string) string {
	switch v {
	case lint.Talk:
		return s.Bad(text)
	case lint.Revise:
		return s.paint("1;33", text)
	}
	return s.paint("1;32", text)
}
