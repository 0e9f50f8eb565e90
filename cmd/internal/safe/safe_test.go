package safe

import (
	"encoding/json"
	"testing"
)

func TestText(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"Señora, ¿llegó? 👍🏽", "Señora, ¿llegó? 👍🏽"},
		{"a\x1b[31mb", "a␛[31mb"},
		{"a\tb\r\nc\x7f", "a b␍␊c␡"},
		{"a\u009b31mb", "a\ufffd31mb"},
		{"a\u202eb\u2066c", "a\ufffdb\ufffdc"},
		{"a\xffb", "a\ufffdb"},
		{"x\U000e0041", "x\ufffd"},
	} {
		if got := Text(c.in); got != c.want {
			t.Errorf("Text(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestJSON(t *testing.T) {
	for _, in := range []string{"plain", "ñ\u009b\u202e\x7f", "x\U000e0041y", "a\nb"} {
		raw, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		text := JSON(raw)
		for _, r := range string(text) {
			if Unsafe(r) {
				t.Errorf("JSON(%q) keeps %U", raw, r)
			}
		}
		var back string
		if err := json.Unmarshal(text, &back); err != nil || back != in {
			t.Errorf("JSON(%q) reads back as %q, %v", raw, back, err)
		}
	}
}
