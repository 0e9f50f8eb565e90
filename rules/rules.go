// Package rules turns rule files (YAML) into a rule set that package lint can
// run, and holds the rule set that comes with tacto.
//
// Rule files are read by file.go, their patterns parsed by pattern.go and their
// conditions by cond.go; compile.go, codegen.go and lexicon.go write the
// compiled form that package lint/program defines.
package rules

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"

	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/lint/program"
)

//go:generate go run ./gen

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

// builtin is the compiled form of the rules that come with tacto, and
// builtinSources their files: written by gen, compared with them by a test.
var (
	//go:embed builtin.pack
	builtin string
	//go:embed builtin.sources
	builtinSources string
)

// Default gives the rule set that comes with tacto, without compiling anything.
func Default() (*lint.RuleSet, error) {
	pack, err := program.Decode(builtin)
	return ruleSet(pack, err)
}

// Decode gives the rule set that Encode wrote.
func Decode(data string) (*lint.RuleSet, error) {
	pack, err := program.Decode(data)
	if err == nil {
		err = pack.Check()
	}
	return ruleSet(pack, err)
}

func ruleSet(pack *program.Pack, err error) (*lint.RuleSet, error) {
	if err != nil {
		return nil, fmt.Errorf("reading compiled rules: %w", err)
	}
	return lint.NewRuleSet(pack, func() []lint.RuleInfo { return decodeInfos(pack.Docs) })
}

// DefaultWith compiles the rules that come with tacto together with rule files
// of a team's own. All faults found are joined (errors.Join of *Error).
func DefaultWith(extra ...Source) (*lint.RuleSet, error) {
	sources, err := decodeSources(builtinSources)
	if err != nil {
		return nil, err
	}
	return Compile(append(sources, extra...)...)
}

// Compile compiles rule files, with the learnt classes that come with tacto. All
// faults found are joined (errors.Join of *Error), in the order of files and
// lines.
func Compile(sources ...Source) (*lint.RuleSet, error) {
	own, err := program.Decode(builtin)
	if err != nil {
		return nil, fmt.Errorf("reading compiled rules: %w", err)
	}
	pack, infos, err := compile(&own.Models, sources)
	if err != nil {
		return nil, err
	}
	return lint.NewRuleSet(pack, func() []lint.RuleInfo { return infos })
}

// Encode compiles rule files and the models of learnt signals, as
// program.Models.Encode wrote them, into the form that Decode reads.
func Encode(models string, sources ...Source) ([]byte, error) {
	m, err := program.DecodeModels(models)
	if err != nil {
		return nil, fmt.Errorf("reading the models: %w", err)
	}
	pack, infos, err := compile(m, sources)
	if err != nil {
		return nil, err
	}
	if pack.Docs, err = encodeInfos(infos); err != nil {
		return nil, fmt.Errorf("encoding the rules' documentation: %w", err)
	}
	return pack.Encode(), nil
}

// Fingerprint tells the rules that come with tacto, with rule files of a team's own, from
// others: sixteen hex digits. It says nothing of what they are.
func Fingerprint(extra ...Source) string {
	h := sha256.New()
	h.Write([]byte(builtin))
	for _, s := range extra {
		fmt.Fprintf(h, "\x00%d\x00%s", len(s.Data), s.Data)
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}
