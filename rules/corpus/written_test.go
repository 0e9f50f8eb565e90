package corpus

import (
	"testing"

	"github.com/tacto-lint/tacto/lint"
)

const sample = `=== 07 | es-MX | revise
Subject: RE: Impresora
Date: 2025-11-13 18:20 -0600
Client: > Sigue sin jalar, ya es
> {{+angry: la tercera vez}}.
Missing: missing-next-step
Note: Vague time.

Hola Lupita:

{{vague-time,weak-commitment: En cuanto llegue la pieza}} vamos.

Saludos,
Beto
`

func TestWritten(t *testing.T) {
	emails, err := Written("a.txt", []byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	if len(emails) != 1 {
		t.Fatalf("%d emails", len(emails))
	}
	e := emails[0]
	if e.File != "a.txt#07" || e.Lang != "es" || e.Verdict != "revise" || e.Note != "Vague time." {
		t.Errorf("label %+v", e.Label)
	}
	if len(e.Findings) != 3 || e.Findings[0] != (Finding{Rule: "missing-next-step"}) ||
		e.Findings[2] != (Finding{"weak-commitment", "En cuanto llegue la pieza"}) {
		t.Errorf("findings %+v", e.Findings)
	}
	text := e.Message.Body.Text
	for _, m := range e.Marks {
		want := map[string]string{"+angry": "la tercera vez", "vague-time": "En cuanto llegue la pieza", "weak-commitment": "En cuanto llegue la pieza"}[m.Name]
		if got := text[m.Start:m.End]; got != want {
			t.Errorf("mark %s: %q, want %q", m.Name, got, want)
		}
		if m.Quoted != (m.Name == "+angry") {
			t.Errorf("mark %s: quoted %v", m.Name, m.Quoted)
		}
	}
	kinds := map[lint.SegmentKind]string{}
	for _, s := range e.Message.Segments {
		kinds[s.Kind] += text[s.Start:s.End]
	}
	if len(e.Marks) != 3 || kinds[lint.SegmentQuote] == "" || kinds[lint.SegmentSignature] == "" || !e.Message.Reply {
		t.Errorf("marks %+v, segments %q", e.Marks, kinds)
	}
}

func TestWrittenErrors(t *testing.T) {
	for _, text := range []string{
		"=== 1 | es-ES\n\nHola", "=== 1 | es-ES | maybe\n\nHola", "=== 1 | es-ES | send\nSubjet: x\n\nHola",
		"=== 1 | es-ES | send\nDate: today\n\nHola", "=== 1 | es-ES | send\n\nHola {{+step: mañana", "=== 1 | es-ES | send\n\nHola {{mañana}}",
	} {
		if _, err := Written("a.txt", []byte(text)); err == nil {
			t.Errorf("no error for %q", text)
		}
	}
}

func TestInHalf(t *testing.T) {
	for file, odd := range map[string]bool{"007.eml": true, "a.txt#08": false, "part2.txt#13": true} {
		if InHalf(file, "odd") != odd || InHalf(file, "even") == odd || !InHalf(file, "all") {
			t.Error(file)
		}
	}
}

func TestShare(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"pronto", "lo miramos pronto", true}, {"en cuanto llegue la pieza", "cuanto llegue", true},
		{"le llamo pronto", "pronto le escribo", true}, {"pronto", "en breve", false}, {"lo antes posible", "se lo mando", false},
	} {
		if got := share(c.a, c.b); got != c.want {
			t.Errorf("share(%q, %q) = %v", c.a, c.b, got)
		}
	}
}
