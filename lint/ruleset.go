package lint

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/tacto-lint/tacto/lint/program"
)

// A RuleSet is a compiled set of rules, ready to run. It is immutable and may
// be shared. Package rules compiles rule files into RuleSets.
type RuleSet struct {
	pack      *program.Pack
	explained uint16             // the signal "explained", 0 if there is none
	forms     [3]uint16          // the signals usted, tu, vos
	learnt    [][]program.Learnt // by layer
	factHash  []uint32           // the features that signals are, by the model's Facts and place
	infos     func() []RuleInfo
}

// ErrTooMany is the error of NewRuleSet for a pack with more signals and rules
// than the engine has room for.
var ErrTooMany = errors.New("too many signals and rules in one set")

// NewRuleSet makes a rule set of a compiled pack. infos describes its rules; it
// is called when somebody asks, and once.
func NewRuleSet(pack *program.Pack, infos func() []RuleInfo) (*RuleSet, error) {
	if len(pack.Facts) > maxFacts {
		return nil, fmt.Errorf("%w: %d, at most %d", ErrTooMany, len(pack.Facts), maxFacts)
	}
	s := &RuleSet{pack: pack, infos: sync.OnceValue(infos)}
	for _, name := range pack.Models.Sentences.Facts {
		for place := range factPlaces {
			s.factHash = append(s.factHash, factHash(name, place))
		}
	}
	s.learnt = make([][]program.Learnt, pack.Layers)
	for _, l := range pack.Learnt {
		layer := pack.Facts[pack.Groups[l.Group].Fact].Layer
		s.learnt[layer] = append(s.learnt[layer], l)
	}
	for i := range pack.Facts {
		switch pack.Facts[i].Name {
		case "explained":
			s.explained = uint16(i)
		case "usted":
			s.forms[0] = uint16(i)
		case "tu":
			s.forms[1] = uint16(i)
		case "vos":
			s.forms[2] = uint16(i)
		}
	}
	return s, nil
}

// Infos describes the signals (Kind "signal") and rules of the set, in the
// order of their files.
func (s *RuleSet) Infos() []RuleInfo { return s.infos() }

// Rules describes the rules of the set, in the order of their files.
func (s *RuleSet) Rules() []RuleInfo {
	var rules []RuleInfo
	for _, r := range s.infos() {
		if r.Kind != "signal" {
			rules = append(rules, r)
		}
	}
	return rules
}

// IDs gives the ids of the rules of the set, in the order of their files.
func (s *RuleSet) IDs() []string {
	ids := make([]string, len(s.pack.Rules))
	for i := range s.pack.Rules {
		ids[i] = s.pack.Rules[i].ID
	}
	return ids
}

func (s *RuleSet) index(id string) (int, bool) {
	for i := range s.pack.Rules {
		if s.pack.Rules[i].ID == id {
			return i, true
		}
	}
	return 0, false
}

// inputNumber looks up what an input of a mail model is named after.
func (s *RuleSet) inputNumber(in program.Input) (uint16, bool) {
	find := func(names []string) (uint16, bool) {
		i := slices.Index(names, in.Name)
		return uint16(max(i, 0)), i >= 0
	}
	switch in.Op {
	case program.InputFact, program.InputQuoted:
		i := slices.IndexFunc(s.pack.Facts, func(f program.Fact) bool { return f.Name == in.Name })
		return uint16(max(i, 0)), i >= 0
	case program.InputFlag:
		return find(program.Flags)
	case program.InputWords:
		return 0, true
	}
	return find(s.pack.Models.Sentences.Classes)
}

// Localized is a text in each language a rule speaks, by language code.
type Localized map[string]string

// A RuleInfo is what a rule says of itself.
type RuleInfo struct {
	ID       string
	Kind     string // "said", "missing", "advice" or "verdict"
	Severity Severity
	// Title names the rule in a few words, Why says what it does to a
	// client, Message is what a finding says and Suggestion what to write
	// instead.
	Title, Why, Message, Suggestion Localized
	// Params are the rule's named numbers with their defaults.
	Params []Param
	// Examples are the passages the rule must hit and must let pass.
	Examples []Example
	// File and Line say where the rule is defined.
	File string
	Line int
}

// A Param is a named number of a rule that Settings.Thresholds can override.
type Param struct {
	Name  string
	Value float64
	// Doc says in a few words what the number bounds.
	Doc string
}

// An Example is a text inside a rule file, with what the rule must say of it.
type Example struct {
	Lang   string
	Region string // "es-AR", "en-GB"; empty where it does not matter
	// Text is the author's text, Subject and Quoted what goes with it.
	Text, Subject, Quoted string
	// Hit says whether the rule must fire; Spans are the passages to be
	// marked, as offsets into Text (none for rules on the whole email).
	Hit   bool
	Spans []Span
	// Attachments and Date stand for those of the email.
	Attachments []string
	Date        time.Time
	Line        int
}
