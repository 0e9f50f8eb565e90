package inflect

func (l *list) english(lemma, kind string) error { l.add(lemma, Inf); return nil }
