package lint

// isContractions are the words after which 's is "is"; after others it is a
// possessive and stays a word of its own.
var isContractions = map[string]bool{
	"it": true, "that": true, "what": true, "he": true, "she": true, "there": true,
	"here": true, "who": true, "where": true, "how": true, "everything": true,
	"something": true, "nothing": true, "when": true, "this": true,
}

// contraction appends the two words of text[start:end], which has an
// apostrophe, and says whether it was a contraction or possessive.
func (s *scanner) contraction(text string, start, end int, w *wordInfo) bool {
	apos := w.apos
	tail := apos + 1
	if text[apos] >= 0x80 {
		tail = apos + 3 // ’ and ʼ: the latter has two bytes
		if text[apos] == 0xCA {
			tail = apos + 2
		}
	}
	if tail >= end {
		return false
	}
	cut := apos // where the second word starts
	second := ""
	switch foldASCII(text[tail:end]) {
	case "t":
		if apos-1 <= start || (text[apos-1] != 'n' && text[apos-1] != 'N') {
			return false
		}
		cut, second = apos-1, "not"
	case "ll":
		second = "will"
	case "ve":
		second = "have"
	case "re":
		second = "are"
	case "m":
		second = "am"
	case "d":
		second = "would"
	case "s":
		second = "'s"
		first := foldASCII(text[start:apos])
		if isContractions[first] {
			second = "is"
		} else if first == "let" {
			second = "us"
		}
	default:
		return false
	}
	head := text[start:cut]
	if second == "not" {
		switch foldASCII(head) {
		case "wo":
			head = "will"
		case "ca":
			head = "can"
		case "sha":
			head = "shall"
		}
	}
	s.pair(start, cut, end, head, second, shapeHead(text[start]))
	return true
}

func shapeHead(c byte) uint32 {
	if c >= 'A' && c <= 'Z' {
		return 1 << shapeName
	}
	return 0
}

// pair appends two tokens that share one written word.
func (s *scanner) pair(start, cut, end int, head, second string, shape uint32) {
	a := token{start: int32(start), end: int32(cut), shape: shape}
	s.setKey(&a, head, false)
	b := token{start: int32(cut), end: int32(end)}
	s.setKey(&b, second, false)
	s.toks = append(s.toks, a, b)
}

// bare are contractions written without their apostrophe, or as one word,
// with the length of the first part. None is a Spanish word.
var bare = map[string]struct {
	cut          int
	head, second string
}{
	"cannot": {3, "can", "not"}, "dont": {2, "do", "not"}, "didnt": {3, "did", "not"},
	"doesnt": {4, "does", "not"}, "isnt": {2, "is", "not"}, "wasnt": {3, "was", "not"},
	"arent": {3, "are", "not"}, "werent": {4, "were", "not"}, "havent": {4, "have", "not"},
	"hasnt": {3, "has", "not"}, "hadnt": {3, "had", "not"}, "couldnt": {5, "could", "not"},
	"wouldnt": {5, "would", "not"}, "wont": {2, "will", "not"}, "cant": {2, "can", "not"},
	"im": {1, "i", "am"}, "ive": {1, "i", "have"}, "youre": {3, "you", "are"},
	"youve": {3, "you", "have"}, "theyre": {4, "they", "are"}, "weve": {2, "we", "have"},
	"thats": {4, "that", "is"}, "whats": {4, "what", "is"}, "gonna": {3, "going", "to"},
	"wanna": {3, "want", "to"}, "gotta": {3, "got", "to"}, "shouldnt": {6, "should", "not"},
}

// bareContraction replaces the token by two where its key is such a word.
func (s *scanner) bareContraction(t *token) bool {
	b, ok := bare[string(s.key(t))]
	if !ok || b.cut >= int(t.end-t.start) {
		return false
	}
	s.pair(int(t.start), int(t.start)+b.cut, int(t.end), b.head, b.second, t.shape&(1<<shapeName))
	return true
}
