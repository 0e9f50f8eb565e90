package lint

import (
	"github.com/tacto-lint/tacto/lint/fold"
	"github.com/tacto-lint/tacto/lint/program"
)

// stripClitics finds the verb form inside a word with enclitic pronouns
// («mándenoslo») and appends its atoms and those of its pronouns.
func (e *engine) stripClitics(lex *program.Lexicon, key []byte) {
	if len(key) < 4 {
		return
	}
	fold.StripClitics(string(key), func(host string, c fold.Clitics) bool {
		ref, ok := lex.Find(program.HostMark, []byte(host))
		if !ok {
			return true
		}
		e.atoms = lex.Append(e.atoms, ref)
		e.atoms = appendClitics(e.atoms, c)
		return false
	})
}

// appendClitics appends the atoms of pronouns: la, los and las go with lo, les
// with le.
func appendClitics(dst []uint16, c fold.Clitics) []uint16 {
	for i, set := range [...]fold.Clitics{fold.Me, fold.Te, fold.Se, fold.Nos, fold.Os, fold.Lo | fold.La | fold.Los | fold.Las, fold.Le | fold.Les} {
		if c&set != 0 {
			dst = append(dst, uint16(program.FirstClitic+i))
		}
	}
	return dst
}

// CliticAtoms gives the atoms of attached pronouns, for the compiler of rules.
func CliticAtoms(c fold.Clitics) []uint16 { return appendClitics(nil, c) }
