// Package rules turns rule files (YAML) into a rule set that package lint can run,
// and holds the rule set that comes with tacto.
package rules

import (
	"fmt"

	"github.com/tacto-lint/tacto/lint"
)

// A Source is the text of a rule file.
type Source struct {
	Name string // shown in errors
	Data []byte
}

// An Error is a fault in a rule file: where, what, and what to do about it.
type Error struct {
	File string
	Line int
	Msg  string
	Hint string
}

// Error gives "file:line: message (hint)".
func (e *Error) Error() string {
	s := fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg)
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Default gives the rule set that comes with tacto, without compiling anything.
func Default() (*lint.RuleSet, error) { return &lint.RuleSet{}, nil }

// DefaultWith compiles the rules that come with tacto together with rule files
// of a team's own. All faults found are joined (errors.Join of *Error).
func DefaultWith(extra ...Source) (*lint.RuleSet, error) { return &lint.RuleSet{}, nil }

// A Failure is an example that a rule does not live up to.
type Failure struct {
	Rule    string
	Example lint.Example
	File    string
	Problem string // "not hit", "marked «…» instead", "should pass, but «…» is marked"
}

// Check runs the examples inside the given rules (all rules of the set when
// none are named) and returns the ones that fail, and how many were run.
func Check(set *lint.RuleSet, only ...string) (failures []Failure, run int) { return nil, 0 }
