package output

import (
	"strings"
	"testing"

	"github.com/tacto-lint/tacto/lint"
)

func TestPassage(t *testing.T) {
	long := strings.Repeat("uno dos ", 4000)
	for _, c := range []struct {
		name, text, mark string
		want             []shownLine
		more             bool
	}{
		{"a line", "Hola: lo miramos pronto.\nAdiós", "pronto", []shownLine{{"Hola: lo miramos ", "pronto", ".", 17, 6}}, false},
		{"two lines", "lo antes\nposible, sí", "antes\nposible", []shownLine{{"lo ", "antes", "", 3, 5}, {"", "posible", ", sí", 0, 7}}, false},
		{"CRLF", "uno\r\ndos\r\n", "dos", []shownLine{{"", "dos", "", 0, 3}}, false},
		{"too many lines", "a\nb\nc\nd\ne", "a\nb\nc\nd\ne", []shownLine{{"", "a", "", 0, 1}, {"", "b", "", 0, 1}, {"", "c", "", 0, 1}}, true},
		{"wide", "日本 x", "x", []shownLine{{"日本 ", "x", "", 5, 1}}, false},
	} {
		at := strings.Index(c.text, c.mark)
		lines, more := passage(c.text, lint.Span{Start: at, End: at + len(c.mark)}, 60)
		if more != c.more || len(lines) != len(c.want) {
			t.Errorf("%s: %+v, more %v", c.name, lines, more)
			continue
		}
		for i := range lines {
			if lines[i] != c.want[i] {
				t.Errorf("%s: line %d is %+v, want %+v", c.name, i, lines[i], c.want[i])
			}
		}
	}
	text := long + "pronto é " + long
	at := len(long)
	lines, more := passage(text, lint.Span{Start: at, End: at + 6}, 40)
	if more || len(lines) != 1 || lines[0].marked != "pronto" || !strings.HasPrefix(lines[0].before, "…") || !strings.HasSuffix(lines[0].after, "…") {
		t.Errorf("in a long line: %+v, more %v", lines, more)
	}
	if got := passageWidth(lines[0]); got > 40 {
		t.Errorf("%d columns wide", got)
	}
}

func passageWidth(l shownLine) int { return len([]rune(l.before + l.marked + l.after)) }

// BenchmarkPassages shows the cost of a finding in a short line, and in one of
// 400 kB: of that some thousand bytes are looked at, however long it is.
func BenchmarkPassages(b *testing.B) {
	for name, n := range map[string]int{"short": 1, "long": 20000} {
		text := strings.Repeat("lo miramos pronto y ", n)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				at := len(text) / 20 / 2 * 20
				passage(text, lint.Span{Start: at + 11, End: at + 17}, 76)
			}
		})
	}
}
