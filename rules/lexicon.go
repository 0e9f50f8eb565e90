package rules

import (
	"slices"
	"strings"

	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/lint/fold"
	"github.com/tacto-lint/tacto/lint/program"
	"github.com/tacto-lint/tacto/rules/inflect"
)

// lexiconBuilder collects which words stand for which atoms.
type lexiconBuilder struct {
	lang  string
	atoms map[string]uint16 // atom by what it stands for
	next  uint16
	forms map[string][]inflect.Form // by lemma and kind

	literal map[string][]uint16            // folded word → atoms, whatever its accents
	accents map[string]map[string][]uint16 // folded word → word with accents → atoms
	host    map[string][]uint16            // folded verb form that can carry pronouns
	prefix  map[string][]uint16
	suffix  map[string][]uint16
}

func newLexiconBuilder(lang string) *lexiconBuilder {
	return &lexiconBuilder{lang: lang, atoms: map[string]uint16{}, next: program.FirstWord, forms: map[string][]inflect.Form{},
		literal: map[string][]uint16{}, accents: map[string]map[string][]uint16{}, host: map[string][]uint16{},
		prefix: map[string][]uint16{}, suffix: map[string][]uint16{}}
}

// maxAtoms bounds the atoms of a language: their numbers share 16 bits with the
// marks of a program's Needs.
const maxAtoms = program.NeedFact

// atom gives the atom for a key, and whether it is new.
func (b *lexiconBuilder) atom(key string) (uint16, bool, error) {
	if a, ok := b.atoms[key]; ok {
		return a, false, nil
	}
	if b.next >= maxAtoms {
		return 0, false, bad("use classes", "too many different words")
	}
	a := b.next
	b.next++
	b.atoms[key] = a
	return a, true, nil
}

// word gives the atom of a single folded word.
func (b *lexiconBuilder) word(folded string) (uint16, error) {
	a, fresh, err := b.atom("w:" + folded)
	if fresh {
		b.literal[folded] = append(b.literal[folded], a)
	}
	return a, err
}

// define makes the atom stand for a node of one word, beside what it stands for
// already.
func (b *lexiconBuilder) define(a uint16, n *node) error {
	switch n.kind {
	case nodeWord:
		w := patternWords(n.text)
		if len(w) != 1 {
			return bad("write a sequence", "%q is more than one word", n.text)
		}
		b.literal[w[0]] = add(b.literal[w[0]], a)
	case nodeExact:
		b.exact(strings.ToLower(n.text), a)
	case nodePrefix:
		b.prefix[fold.Fold(n.text)] = add(b.prefix[fold.Fold(n.text)], a)
	case nodeSuffix:
		b.suffix[fold.Fold(n.text)] = add(b.suffix[fold.Fold(n.text)], a)
	case nodeLemma:
		return b.lemma(a, n)
	}
	return nil
}

func add(list []uint16, a uint16) []uint16 {
	if slices.Contains(list, a) {
		return list
	}
	return append(list, a)
}

// accented enters a word with its accents; ñ is n here, as it tells no forms of
// a verb apart.
func (b *lexiconBuilder) accented(folded, word string, a uint16) {
	word = strings.ReplaceAll(word, "ñ", "n")
	m := b.accents[folded]
	if m == nil {
		m = map[string][]uint16{}
		b.accents[folded] = m
	}
	m[word] = add(m[word], a)
}

// exact adds a word with just its accents. The spellings it must be told from
// («si» from «sí») are entered too, without the atom.
func (b *lexiconBuilder) exact(word string, a uint16) {
	folded := fold.Fold(word)
	b.accented(folded, word, a)
	others := []string{folded}
	acute := strings.NewReplacer("a", "á", "e", "é", "i", "í", "o", "ó", "u", "ú")
	for i, c := range folded {
		if strings.ContainsRune("aeiou", c) {
			others = append(others, folded[:i]+acute.Replace(string(c))+folded[i+1:])
		}
	}
	for _, o := range others {
		if m := b.accents[folded]; m[o] == nil {
			m[o] = []uint16{}
		}
	}
}

// lemma adds the forms of a lemma that its selector picks.
func (b *lexiconBuilder) lemma(a uint16, n *node) error {
	key := n.text + "/" + n.pos
	forms, ok := b.forms[key]
	if !ok {
		var err error
		if forms, err = inflect.Forms(b.lang, strings.ToLower(n.text), n.pos); err != nil {
			return bad("check its spelling, or write its forms out in a class", "%v", err)
		}
		b.forms[key] = forms
	}
	sel, err := inflect.ParseSelector(n.sel)
	if err != nil {
		return bad("inf ger part pres pret impf fut cond subj subjpast imp, 1 2 3, sg pl, tu vos vosotros usted; joined by . and ,", "%v", err)
	}
	any := false
	for _, f := range forms {
		if n.sel != "" && !sel.Match(f.Features) {
			continue
		}
		any = true
		folded := fold.Fold(f.Text)
		if strings.ContainsAny(folded, " -'") {
			continue
		}
		if f.Features&inflect.Noun != 0 {
			// Only forms of verbs differ by an accent alone; a rule may spell
			// «averia» without.
			b.literal[folded] = add(b.literal[folded], a)
			continue
		}
		b.accented(folded, f.Text, a)
		if f.Features.Host() {
			b.host[folded] = add(b.host[folded], a)
		}
	}
	if !any {
		return bad("drop a part of the selector", "no form of %q is %q", n.text, n.sel)
	}
	// The forms not picked that differ by an accent alone («llevó» from «llevo») are
	// entered too, without the atom.
	for _, f := range forms {
		if m := b.accents[fold.Fold(f.Text)]; m != nil && f.Features&inflect.Noun == 0 {
			if word := strings.ReplaceAll(f.Text, "ñ", "n"); m[word] == nil {
				m[word] = []uint16{}
			}
		}
	}
	return nil
}

// tableWriter lays out a Lexicon.
type tableWriter struct {
	keys     strings.Builder
	keyAt    []uint32
	ref      []uint32
	entries  []string
	lists    []uint16
	listAt   map[string]uint32
	accent   strings.Builder
	variants []uint32
}

func (t *tableWriter) list(atoms []uint16) uint32 {
	slices.Sort(atoms)
	atoms = slices.Compact(atoms)
	key := string(program.MakeU16(atoms))
	if at, ok := t.listAt[key]; ok {
		return at
	}
	at := uint32(len(t.lists))
	t.lists = append(append(t.lists, uint16(len(atoms))), atoms...)
	t.listAt[key] = at
	return at
}

func (t *tableWriter) entry(key string, ref uint32) {
	t.keyAt = append(t.keyAt, uint32(t.keys.Len()))
	t.keys.WriteString(key)
	t.entries = append(t.entries, key)
	t.ref = append(t.ref, ref)
}

// build lays out the lexicon. Its order is that of the words: the same rules
// always give the same bytes.
func (b *lexiconBuilder) build() program.Lexicon {
	t := &tableWriter{listAt: map[string]uint32{}}
	b.mergeHosts()
	words := map[string]bool{}
	for w := range b.literal {
		words[w] = true
	}
	for w := range b.accents {
		words[w] = true
	}
	for _, w := range sortedKeys(words) {
		t.entry(w, b.wordRef(t, w))
	}
	for _, w := range sortedKeys(b.host) {
		t.entry(program.HostMark+w, t.list(b.host[w]))
	}
	var lex program.Lexicon
	for _, w := range sortedKeys(b.prefix) {
		t.entry(program.PrefixMark+w, t.list(b.prefix[w]))
		lex.PrefixLens |= 1 << len(w)
	}
	for _, w := range sortedKeys(b.suffix) {
		t.entry(program.SuffixMark+w, t.list(b.suffix[w]))
		lex.SuffixLens |= 1 << len(w)
	}
	t.keyAt = append(t.keyAt, uint32(t.keys.Len()))
	size := 4
	for size < 2*len(t.entries) {
		size *= 2
	}
	slots := make([]uint32, size)
	for i, key := range t.entries {
		h := program.Hash("", []byte(key)) & uint32(size-1)
		for slots[h] != 0 {
			h = (h + 1) & uint32(size-1)
		}
		slots[h] = uint32(i + 1)
	}
	lex.Keys, lex.KeyAt, lex.Ref = t.keys.String(), program.MakeU32(t.keyAt), program.MakeU32(t.ref)
	lex.Slots, lex.Lists = program.MakeU32(slots), program.MakeU16(t.lists)
	lex.Accent, lex.Variants = t.accent.String(), program.MakeU32(t.variants)
	return lex
}

// wordRef gives the reference of a word: a list, or variants by accent where
// these differ.
func (b *lexiconBuilder) wordRef(t *tableWriter, w string) uint32 {
	variants := b.accents[w]
	union := slices.Clone(b.literal[w])
	for _, v := range sortedKeys(variants) {
		union = append(union, variants[v]...)
	}
	unionList := t.list(slices.Clone(union))
	if len(variants) < 2 {
		return unionList
	}
	at := uint32(len(t.variants))
	t.variants = append(t.variants, uint32(len(variants)), unionList)
	for _, v := range sortedKeys(variants) {
		lo := uint32(t.accent.Len())
		t.accent.WriteString(v)
		own := append(slices.Clone(b.literal[w]), variants[v]...)
		t.variants = append(t.variants, lo, uint32(t.accent.Len()), t.list(own))
	}
	return at | program.VariantBit
}

// mergeHosts gives words that are listed themselves and are also a verb with
// pronouns («dime») the atoms of that verb: the engine looks for pronouns only
// in words it does not find.
func (b *lexiconBuilder) mergeHosts() {
	if b.lang != "es" {
		return
	}
	words := sortedKeys(b.literal)
	for w := range b.accents {
		if _, ok := b.literal[w]; !ok {
			words = append(words, w)
		}
	}
	for _, w := range words {
		fold.StripClitics(w, func(host string, c fold.Clitics) bool {
			atoms, ok := b.host[host]
			if !ok {
				return true
			}
			for _, a := range append(slices.Clone(atoms), lint.CliticAtoms(c)...) {
				b.literal[w] = add(b.literal[w], a)
			}
			return false
		})
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
