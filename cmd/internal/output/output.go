// Package output writes what the linter found in the forms people and
// programs read: text, JSON, one line a finding, SARIF and GitHub annotations.
package output

import (
	"fmt"
	"io"

	"github.com/tacto-lint/tacto/lint"
)

// Formats are the names New knows, the default first.
func Formats() []string { return []string{"text", "json", "line", "sarif", "github"} }

// A Result is one email and what was found in it, or an input that could not
// be read.
type Result struct {
	// Path is the input as it was given; an email inside a mailbox file has
	// #n behind it.
	Path string
	// File is Path without the #n.
	File string
	// Message and Report are nil when Err is set.
	Message *lint.Message
	Report  *lint.Report
	Err     error
}

// Options say how results are to be written. Each format takes what it needs.
type Options struct {
	// Color asks for colours, Width is the room on a line.
	Color bool
	Width int
	// UILang is the language of the frame around findings; empty: the
	// language of each email.
	UILang string
	// ExplainScore asks for the arithmetic behind each score.
	ExplainScore bool
	// Rules describes the rules that ran, Version the program (SARIF).
	Rules   []lint.RuleInfo
	Version string
}

// A Writer writes results one after the other. Close writes what comes after
// the last one.
type Writer interface {
	Write(Result) error
	Close() error
}

// New makes a Writer for a format of Formats.
func New(format string, w io.Writer, o Options) (Writer, error) {
	switch format {
	case "text":
		return newText(w, o), nil
	case "json":
		return &jsonWriter{w: w, steps: o.ExplainScore}, nil
	case "line":
		return &lineWriter{w: w}, nil
	case "sarif":
		return newSARIF(w, o), nil
	case "github":
		return &githubWriter{w: w}, nil
	}
	return nil, fmt.Errorf("unknown format %q", format)
}
