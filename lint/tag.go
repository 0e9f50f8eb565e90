package lint

import "github.com/tacto-lint/tacto/lint/postag"

// tag gives the part-of-speech tag of an English token. A sentence is tagged
// when a rule first asks.
func (e *engine) tag(s *sentence, i int32) postag.Tag {
	if !s.tagged {
		s.tagged = true
		s.tagsAt = int32(len(e.tags))
		e.tagged = e.tagged[:0]
		text := e.text(s)
		for t := s.lo; t < s.hi; t++ {
			tok := &e.scan.toks[t]
			e.tagged = append(e.tagged, text[tok.start:tok.end])
		}
		e.tags = postag.Tags(e.tags, e.tagged)
	}
	return e.tags[s.tagsAt+i-s.lo]
}
