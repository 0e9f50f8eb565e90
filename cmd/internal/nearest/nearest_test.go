package nearest

import "testing"

func TestFind(t *testing.T) {
	names := []string{"jargon", "blame", "vague-time", "vague-subject", "lint", "es", "en"}
	for _, c := range []struct{ word, want string }{
		{"jargn", "jargon"},
		{"jragon", "jargon"},
		{"vaguetime", "vague-time"},
		{"vague-subjct", "vague-subject"},
		{"lnt", "lint"},
		{"ex", "es"}, // equally near to "en": the first
		{"xyz", ""},
		{"", ""},
		{"temperature", ""},
	} {
		if got := Find(c.word, names); got != c.want {
			t.Errorf("Find(%q) = %q, want %q", c.word, got, c.want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"abc", "abc", 0}, {"abc", "acb", 1},
		{"kitten", "sitting", 3}, {"señal", "senal", 1},
	} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
