package postag

// Placeholder until the real tagger stands: delete this file then.
type Tag uint8

const Count = 1

func (t Tag) String() string { return "NN" }

func Tags(dst []Tag, tokens []string) []Tag {
	for range tokens {
		dst = append(dst, 0)
	}
	return dst
}
