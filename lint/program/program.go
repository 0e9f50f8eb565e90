// Package program defines the compiled form of rules: what package rules
// writes and package lint runs. Its tables are little-endian arrays inside one
// string, read in place, so that a process which judges a single email pays
// for the entries it touches and for nothing else.
package program

// Version changes whenever the meaning of a pack's bytes does.
const Version = 6

// U32 and U16 are arrays of little-endian numbers in place.
type (
	U32 string
	U16 string
)

// At gives element i.
func (a U32) At(i int) uint32 {
	s := a[4*i : 4*i+4]
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

// Len gives the number of elements.
func (a U32) Len() int { return len(a) / 4 }

// At gives element i.
func (a U16) At(i int) uint16 {
	s := a[2*i : 2*i+2]
	return uint16(s[0]) | uint16(s[1])<<8
}

// Len gives the number of elements.
func (a U16) Len() int { return len(a) / 2 }

// MakeU32 and MakeU16 build such arrays.
func MakeU32(v []uint32) U32 {
	b := make([]byte, 0, 4*len(v))
	for _, x := range v {
		b = append(b, byte(x), byte(x>>8), byte(x>>16), byte(x>>24))
	}
	return U32(b)
}

// MakeU16 builds a U16.
func MakeU16(v []uint16) U16 {
	b := make([]byte, 0, 2*len(v))
	for _, x := range v {
		b = append(b, byte(x), byte(x>>8))
	}
	return U16(b)
}

// A Pack is a compiled rule set.
type Pack struct {
	Facts  []Fact
	Groups []Group
	// Programs are one a language, in the order of lint.Langs: see Lang.
	Programs []Program
	unread   []func() // by language: decodes its program, once
	Conds    []Cond
	Rules    []Rule
	Terms    []Term
	Layers   int
	Models   Models
	Learnt   []Learnt
	// Docs is the encoded documentation of the rules (see Docs), decoded only
	// by who wants to show it.
	Docs string
}

// Lang gives the program of a language. That of a pack which was decoded is read
// when it is first asked for: an email in one language pays for that alone. Lang
// is safe for concurrent use. It panics on damage that Check would have found.
func (p *Pack) Lang(i int) *Program {
	if p.unread != nil {
		p.unread[i]()
	}
	return &p.Programs[i]
}

// A Fact is a signal, or a rule with passages: something found at a place.
type Fact struct {
	Name  string
	Layer uint8
	// Rule is the index of the rule it belongs to, -1 for a signal.
	Rule int16
	// Quoted says that it is looked for in quoted text too.
	Quoted bool
	// Builtin facts are found by the engine itself.
	Builtin bool
}

// A Group is a set of patterns of a fact that share a condition.
type Group struct {
	Fact uint16
	// When is the condition under which a match counts, -1 for none.
	When int32
	// Message and Suggestion replace the rule's own where they are not empty.
	Message, Suggestion Text
}

// Text is a text in each language, by number.
type Text [2]string

// A Rule is what the engine needs to know of a rule to run it and to report
// its findings.
type Rule struct {
	ID                  string
	Kind                Kind
	Method              Method
	Severity            uint8
	Fact                uint16 // the fact that stands for it
	When                int32  // condition on the email, sentence, paragraph; -1 for none
	Unless              int32
	Minority            [2]uint16
	Reasons             []Reason
	Message, Suggestion Text
	Params              []Param
	Langs               uint8 // bit set of the languages it speaks
	// Likely is 1 + the class of the mail model that its condition asks for, 0
	// for none.
	Likely uint16
}

// A Reason is one ground for a verdict.
type Reason struct {
	When int32
	Say  Text
}

// A Param is a named number of a rule.
type Param struct {
	Name  string
	Value float64
}

// Kind is the kind of a rule.
type Kind uint8

// The kinds of rule.
const (
	Said Kind = iota
	Missing
	Advice
	Verdict
)

var kindNames = []string{"said", "missing", "advice", "verdict"}

// String gives the name used in rule files.
func (k Kind) String() string { return kindNames[k] }

// ParseKind is the inverse of Kind.String.
func ParseKind(s string) (Kind, bool) {
	for i, n := range kindNames {
		if n == s {
			return Kind(i), true
		}
	}
	return 0, false
}

// Method is how a rule finds its faults.
type Method uint8

// The methods.
const (
	ByMatch     Method = iota // patterns
	ByMail                    // a condition on the whole email
	BySentence                // a condition on each sentence
	ByParagraph               // a condition on each paragraph
	ByTerms                   // technical terms
	ByMinority                // the rarer of two signals
	ByReasons                 // a verdict's reasons
)

// A Term is a term of the glossary.
type Term struct {
	Name  string
	Plain Text
}

// A Program holds the patterns of one language.
type Program struct {
	Lex      Lexicon
	Code     []Inst
	Patterns []Pattern
	Needs    U16
	Sets     []Set
	// Guards are masks as of Set, for OpSplit: what the next word must have
	// for the first of two ways to be worth trying.
	Guards []uint64
	// Atoms counts the atoms; Index[l] gives for each of them the patterns of
	// layer l that can begin with a word which has that atom.
	Atoms int
	Index []LayerIndex
	// AtomLayers gives, by atom, a bit for each layer in which patterns begin
	// with it; layers from 31 on share a bit.
	AtomLayers U32
}

// A LayerIndex finds the patterns of one layer by what they begin with.
type LayerIndex struct {
	// AtomStart[a]:AtomStart[a+1] is the range in AtomPats for atom a.
	AtomStart, AtomPats U32
	// FactStart[f]:FactStart[f+1] is the range in FactPats for fact f.
	FactStart, FactPats U32
	// Anything says that the layer has patterns at all.
	Anything bool
}

// A Pattern is one compiled pattern.
type Pattern struct {
	Group uint16
	Code  uint32 // where its code begins
	Term  uint16 // glossary term + 1, 0 for none
	Case  Case   // how it must be written
	// Next is the filter for the second word: the bits (atom modulo 64) of
	// which it must have one, 0 for anything.
	Next uint64
	// Needs[Need:Need+NeedLen] of the program lists what the sentence must
	// hold for this pattern to match at all.
	Need    uint32
	NeedLen uint8
}

// NeedFact marks an entry of Needs that is a fact's number, not an atom's;
// NeedLast ends a set: a sentence must hold one entry of each set.
const (
	NeedFact = 1 << 14
	NeedLast = 1 << 15
)

// Case says how the words of a match must be written.
type Case uint8

// The cases: any, all in capitals ("MOS"), with a capital first ("React").
const (
	AnyCase Case = iota
	Capitals
	Capitalised
)

// LayerBit is the bit of a layer in AtomLayers.
func LayerBit(layer int) uint32 { return 1 << min(layer, 31) }

// A Set is a set of atoms: alternatives of one word each.
type Set struct {
	Mask  uint64 // a bit for each, by its number modulo 64
	Atoms U16    // ascending
}

// Has says whether the set has an atom.
func (s *Set) Has(a uint16) bool {
	if s.Mask&(1<<(a%64)) == 0 {
		return false
	}
	lo, hi := 0, s.Atoms.Len()
	for lo < hi {
		mid := (lo + hi) / 2
		switch x := s.Atoms.At(mid); {
		case x == a:
			return true
		case x < a:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return false
}

// An Inst is an instruction of a pattern.
type Inst struct {
	Op Op
	N  uint8
	A  uint16
	X  int32
}

// Op is an operation of a pattern.
type Op uint8

// The operations. "Advance" means to go on to the next token.
const (
	OpMatch     Op = iota // the pattern has matched
	OpAtom                // the token has atom A; advance
	OpTest                // the token has atom A
	OpFact                // fact A stands here; advance past it
	OpAny                 // advance
	OpGap                 // advance 0 to N tokens within the clause, as few as can be
	OpSplit               // try the next instruction, if the token has what guard A-1 asks for (A 0: in any case); if that fails, go to X
	OpJump                // go to X
	OpBegin               // start of the sentence
	OpEnd                 // end of the sentence
	OpEdge                // edge of a clause
	OpOpen                // an opening bracket
	OpNotAhead            // the code up to X does not match here, or within N tokens
	OpNotBehind           // the code up to X does not match just before, or within N tokens before
	OpSubEnd              // end of the code of the two above
	OpMark                // the passage to report begins
	OpMarkEnd             // it ends
	OpFactTest            // fact A begins here; no advance
	OpAtoms               // the token has an atom of set A; advance
)

// A Cond is a node of a condition.
type Cond struct {
	Op   CondOp
	Fact uint16
	A, B int32 // operands: nodes
	Num  float64
}

// CondOp is an operation of a condition.
type CondOp uint8

// The operations. Scopes have their inner condition in A.
const (
	CondAnd CondOp = iota
	CondOr
	CondNot
	CondFact // the fact is there in the scope at hand
	CondHere
	CondBefore
	CondAfter
	CondPrev
	CondNext
	CondNear
	CondPara
	CondRest
	CondMail
	CondSubject
	CondQuoted
	CondSentence
	CondParagraph
	CondPair
	CondInside   // the match lies within a passage of the fact
	CondOverlaps // the match overlaps a passage of the fact
	CondLess
	CondLessEq
	CondEq
	CondNotEq
	CondMoreEq
	CondMore
	// Numbers.
	CondNum      // the literal Num
	CondCount    // passages of the fact in the scope at hand
	CondDistinct // the same, counting different wordings
	CondVar      // the variable Fact (see Var)
	CondParam    // parameter Fact of the rule A
	CondAdd
	CondSub
	CondMul
	CondDiv
	CondLikely // likelihood of class Fact of the mail model
	// Flags of the email or of the sentence: Fact is a Flag.
	CondFlag
)

// Vars are the numbers a condition can ask for, Flags the facts about the
// email or sentence that are no passages. Their order is their number.
var (
	Vars  = []string{"words", "sentences", "paragraphs", "terms", "term_words", "reading_ease", "hour", "weekday", "attachments", "recipients"}
	Flags = []string{"reply", "forward", "own-subject", "has-subject", "has-headers", "lang-es", "lang-en", "question", "exclaim", "item", "heading", "greeting-line"}
)

// Variables and flags by number, in the order of Vars and Flags.
const (
	VarWords = iota
	VarSentences
	VarParagraphs
	VarTerms
	VarTermWords
	VarReadingEase
	VarHour
	VarWeekday
	VarAttachments
	VarRecipients
)

// Flags by number.
const (
	FlagReply = iota
	FlagForward
	FlagOwnSubject
	FlagHasSubject
	FlagHasHeaders
	FlagES
	FlagEN
	FlagQuestion
	FlagExclaim
	FlagItem
	FlagHeading
	FlagGreeting
)

// The facts that the engine finds itself come first in every pack.
const (
	FactAnyTerm = iota // a glossary term
	FactTerm           // one that the reader is not known to know
	BuiltinFacts
)

// BuiltinNames are their names in patterns and conditions.
var BuiltinNames = [BuiltinFacts]string{"any-term", "term"}

// Enclitic atoms, after the shapes: a Spanish pronoun attached to the word.
const (
	FirstClitic = 32
	FirstWord   = 48 // atoms from here on stand for words
)

// Clitics are the names of enclitic atoms, in order from FirstClitic.
var Clitics = []string{"me", "te", "se", "nos", "os", "lo", "le"}
