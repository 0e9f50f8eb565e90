package milter

import (
	"strings"
	"testing"

	"github.com/tacto-lint/tacto/presend"
)

func TestASCII(t *testing.T) {
	for in, want := range map[string]string{
		"no enviado: háblelo «antes» y mándelo después…": `no enviado: hablelo "antes" y mandelo despues...`,
		"mañana, el año que viene; ESPAÑA":               "manyana, el anyo que viene; ESPANYA",
		"man\u0303ana de\u0301l":                         "manyana del",
		"¿Le llamo? ¡Sí! — 5 € → 3 º":                    "Le llamo? Si! - 5 EUR -> 3 o",
		"naïve pingüino façade Ærø":                      "naive pinguino facade AEro",
		"日本 \U0001f600 Москва":                           "?? ? ??????",
		"a\r\n550 2.0.0 forged\tx\x00\x1b[31m\u202e":     "a??550 2.0.0 forged x??[31m",
		"\xff\xfe": "??",
		"":         "",
	} {
		if got := ascii(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestReplyLines(t *testing.T) {
	long := strings.Repeat("word ", 200) + strings.Repeat("x", 1000) + " 100 %"
	got := reply([]presend.Line{{Text: "head"}, {Mark: "•", Text: "reason"}, {Mark: "línea 3:", Text: "found"}, {Mark: "asunto:", Text: "found"}, {Mark: "→", Text: long}, {Text: "end"}})
	lines := strings.Split(got, "\r\n")
	if want := "550-5.7.1 tacto: head\n550-5.7.1 - reason\n550-5.7.1 - found\n550-5.7.1 - asunto: found\n550-5.7.1   -> word word"; !strings.HasPrefix(strings.Join(lines, "\n"), want) {
		t.Errorf("%q", lines[:5])
	}
	if lines[len(lines)-1] != "550 5.7.1 end" || !strings.HasSuffix(lines[len(lines)-2], " 100 %%") {
		t.Errorf("%q", lines[len(lines)-2:])
	}
	kept := 0
	for i, line := range lines {
		if len(line) > 510 {
			t.Errorf("%d octets: %q", len(line), line)
		}
		if last := i == len(lines)-1; strings.HasPrefix(line, "550 ") != last {
			t.Errorf("line %d: %q", i, line)
		}
		kept += strings.Count(line, "word") + strings.Count(line, "x")
	}
	if kept != 1200 {
		t.Errorf("%d of 1200 words and signs are left", kept)
	}
}

func TestFold(t *testing.T) {
	var ids []string
	for range 60 {
		ids = append(ids, "a-rule-of-some-length")
	}
	got := fold(ids)
	for _, line := range strings.Split(RulesHeader+": "+got, "\n") {
		if len(line) > 78 {
			t.Errorf("%d octets: %q", len(line), line)
		}
	}
	if strings.Join(strings.Fields(got), " ") != strings.Join(ids, ", ") {
		t.Errorf("%q", got)
	}
	if fold([]string{"one"}) != "one" {
		t.Error(fold([]string{"one"}))
	}
}
