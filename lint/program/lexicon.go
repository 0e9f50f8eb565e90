package program

// A Lexicon maps words to the atoms of the patterns that name them.
//
// Words are keyed by their folded form: lower case, no accents. Where forms of
// a verb differ by an accent alone («envíe», «envié») and stand for different
// atoms, the entry has variants. The prefixes HostMark, PrefixMark and
// SuffixMark keep three other kinds of keys in the same table: verb forms that
// can carry enclitic pronouns, and beginnings and ends of words.
type Lexicon struct {
	Keys   string // all keys, one after the other
	Slots  U32    // hash table of entries + 1; its length is a power of two
	KeyAt  U32    // by entry: where its key begins in Keys; one more at the end
	Ref    U32    // by entry: into Lists; with VariantBit set, into Variants
	Lists  U16    // lists of atoms, each led by its length
	Accent string // accented variants, one after the other
	// Variants holds, at a Ref, the number of variants n, the union's list,
	// then n triples: start and end in Accent, and the list.
	Variants U32
	// PrefixLens and SuffixLens are bit sets of the lengths in use.
	PrefixLens, SuffixLens uint64
}

// Key marks.
const (
	HostMark   = "\x01"
	PrefixMark = "\x02"
	SuffixMark = "\x03"
)

// VariantBit in a Ref says that the entry has accented variants.
const VariantBit = 1 << 31

// Hash is FNV-1a over the mark and the key.
func Hash(mark string, key []byte) uint32 {
	h := uint32(2166136261)
	for i := 0; i < len(mark); i++ {
		h = (h ^ uint32(mark[i])) * 16777619
	}
	for _, c := range key {
		h = (h ^ uint32(c)) * 16777619
	}
	return h
}

// Find gives the Ref of a key.
func (l *Lexicon) Find(mark string, key []byte) (ref uint32, ok bool) {
	n := l.Slots.Len()
	if n == 0 {
		return 0, false
	}
	mask := uint32(n - 1)
	for i := Hash(mark, key) & mask; ; i = (i + 1) & mask {
		e := l.Slots.At(int(i))
		if e == 0 {
			return 0, false
		}
		lo, hi := int(l.KeyAt.At(int(e-1))), int(l.KeyAt.At(int(e)))
		if hi-lo == len(mark)+len(key) && l.Keys[lo:lo+len(mark)] == mark && l.Keys[lo+len(mark):hi] == string(key) {
			return l.Ref.At(int(e - 1)), true
		}
	}
}

// Append appends the atoms of a list to dst.
func (l *Lexicon) Append(dst []uint16, list uint32) []uint16 {
	n := int(l.Lists.At(int(list)))
	for i := 0; i < n; i++ {
		dst = append(dst, l.Lists.At(int(list)+1+i))
	}
	return dst
}

// Pick chooses the list of an entry with variants for a word as it was typed:
// lower is the word in lower case with its accents. The variant with just
// those accents wins; a word without accents, by an author who writes none,
// may be any of them, and so may a word whose accents fit no variant.
func (l *Lexicon) Pick(ref uint32, lower string, writesAccents bool) uint32 {
	at := int(ref &^ VariantBit)
	n := int(l.Variants.At(at))
	union := l.Variants.At(at + 1)
	plain := true
	for i := 0; i < len(lower); i++ {
		if lower[i] >= 0x80 {
			plain = false
			break
		}
	}
	if plain && !writesAccents {
		return union
	}
	for i := 0; i < n; i++ {
		p := at + 2 + 3*i
		if l.Accent[l.Variants.At(p):l.Variants.At(p+1)] == lower {
			return l.Variants.At(p + 2)
		}
	}
	return union
}
