package lint

import "time"

// readingEase gives INFLESZ for Spanish (Barrio-Cantalejo 2007: the scale on
// Szigriszt Pazos' formula) and Flesch's reading ease for English (1948), over
// the author's text. Higher is easier; 100 where there is nothing to measure.
func (e *engine) readingEase() float64 {
	words, sents, syllables := 0, 0, 0
	for i := 0; i < e.author; i++ {
		s := &e.sents[i]
		if s.zone != zoneBody || s.greeting {
			continue
		}
		sents++
		text := e.text(s)
		for t := s.lo; t < s.hi; t++ {
			tok := &e.scan.toks[t]
			words++
			if tok.shape&(1<<shapeURL|1<<shapeEmail|1<<shapeNum|1<<shapeTime|1<<shapeDate|1<<shapeCode|1<<shapeMoney) != 0 {
				syllables++
				continue
			}
			if s.lang == langES {
				syllables += syllablesES(text[tok.start:tok.end])
			} else {
				syllables += syllablesEN(e.scan.key(tok))
			}
		}
	}
	if words == 0 || sents == 0 {
		return 100
	}
	perWord, perSentence := float64(syllables)/float64(words), float64(words)/float64(sents)
	if e.lang == langES {
		return 206.835 - 62.3*perWord - perSentence
	}
	return 206.835 - 84.6*perWord - 1.015*perSentence
}

// syllablesES counts vowel groups: two strong vowels, or a weak one with an
// accent, part; the u of que and gui is silent.
func syllablesES(word string) int {
	n := 0
	var prev rune
	last := rune(0)
	for _, r := range word {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		if !isVowelES(r) {
			prev, last = 0, r
			continue
		}
		if r == 'u' && (last == 'q' || last == 'g') {
			last = r
			continue
		}
		if prev == 0 || isStrongES(prev) && isStrongES(r) {
			n++
		}
		prev, last = r, r
	}
	return max(n, 1)
}

func isVowelES(r rune) bool {
	switch r {
	case 'a', 'e', 'i', 'o', 'u', 'á', 'é', 'í', 'ó', 'ú', 'ü', 'Á', 'É', 'Í', 'Ó', 'Ú':
		return true
	}
	return false
}

func isStrongES(r rune) bool { return r != 'i' && r != 'u' && r != 'ü' }

// syllablesEN counts vowel groups, less a silent e at the end.
func syllablesEN(key []byte) int {
	n := 0
	vowel := false
	for i, c := range key {
		v := c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u' || c == 'y' && i > 0
		if v && !vowel {
			n++
		}
		vowel = v
	}
	if l := len(key); l > 2 && key[l-1] == 'e' && !(key[l-2] == 'l' && l > 3) && n > 1 {
		n--
	}
	if l := len(key); l > 3 && key[l-1] == 'd' && key[l-2] == 'e' && key[l-3] != 't' && key[l-3] != 'd' && n > 1 {
		n--
	}
	return max(n, 1)
}

// clock gives the hour (0 to 23, with the minutes as a fraction) or the weekday
// (1 Monday to 7 Sunday) of the Date header in its own zone, or of Now. Without
// either it is noon, and day 0.
func (e *engine) clock(hour bool) float64 {
	t := e.m.Date
	if t.IsZero() {
		t = e.l.settings.Now
	}
	if t.IsZero() {
		if hour {
			return 12
		}
		return 0
	}
	if hour {
		return float64(t.Hour()) + float64(t.Minute())/60
	}
	if t.Weekday() == time.Sunday {
		return 7
	}
	return float64(t.Weekday())
}
