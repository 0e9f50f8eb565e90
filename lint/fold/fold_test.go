package fold

import (
	"slices"
	"strings"
	"testing"
)

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "hola": "hola", "HOLA": "hola", "Próximas": "proximas", "pingüino": "pinguino", "AÑO": "ano",
		"man\u0303ana": "manana", "pro\u0301ximo": "proximo", "don’t": "don't", "Ça": "ca", "eﬁcaz": "eficaz",
		"Œuvre": "oeuvre", "naïve": "naive", "¿qué?": "¿que?", "1.º": "1.o", "\xff": "\uFFFD",
	} {
		if got := Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
	if n := testing.AllocsPerRun(10, func() { Fold("sin cambios") }); n != 0 {
		t.Errorf("plain text allocates %v times", n)
	}
}

// cliticNames are in the order in which pronouns follow one another.
var cliticNames = []struct {
	set  Clitics
	name string
}{
	{Se, "se"}, {Te, "te"}, {Os, "os"}, {Me, "me"}, {Nos, "nos"}, {Lo, "lo"}, {La, "la"},
	{Los, "los"}, {Las, "las"}, {Le, "le"}, {Les, "les"},
}

func splits(word string) (out []string) {
	StripClitics(word, func(host string, c Clitics) bool {
		s := host
		for _, n := range cliticNames {
			if c&n.set != 0 {
				s += " " + n.name
			}
		}
		out = append(out, s)
		return true
	})
	return out
}

func TestStripClitics(t *testing.T) {
	for word, want := range map[string]string{
		"enviarmelo":    "enviar me lo",
		"enviarlo":      "enviar lo",
		"mandame":       "manda me",
		"fijate":        "fija te",
		"digannos":      "digan nos",
		"diganos":       "diga nos",
		"vamonos":       "vamos nos",
		"sentemonos":    "sentemos nos",
		"digamoselo":    "digamos se lo",
		"deciros":       "decir os",
		"daoslo":        "dad os lo",
		"sentaos":       "sentad os",
		"mandenoslo":    "mande nos lo",
		"mandennoslo":   "manden nos lo",
		"equivocarse":   "equivocar se",
		"enviandoselas": "enviando se las",
		"dile":          "di le",
		"dinos":         "di nos",
		"idos":          "id os",
		"avisennos":     "avisen nos",
		"escribirle":    "escribir le",
		"dejarmelos":    "dejar me los",
		"llevartela":    "llevar te la",
		"olvidarseme":   "olvidar se me",
	} {
		if got := splits(word); !slices.Contains(got, want) {
			t.Errorf("%s: %q, want %q", word, got, want)
		}
	}
	for _, word := range []string{"", "me", "lo", "ame", "servidor", "enviar", "hablan"} {
		if got := splits(word); len(got) != 0 {
			t.Errorf("%s: %q", word, got)
		}
	}
	if got := splits("enviarmelo"); !strings.HasSuffix(got[0], "me lo") {
		t.Errorf("two pronouns come before one: %q", got)
	}
}

func TestStripCliticsStops(t *testing.T) {
	n := 0
	StripClitics("enviarnoslos", func(string, Clitics) bool { n++; return false })
	if n != 1 {
		t.Errorf("yield was called %d times", n)
	}
	if n := testing.AllocsPerRun(10, func() {
		StripClitics("mandennoslo", func(string, Clitics) bool { return true })
	}); n != 0 {
		t.Errorf("allocates %v times", n)
	}
}

func BenchmarkStripClitics(b *testing.B) {
	for b.Loop() {
		StripClitics("mandenoslo", func(string, Clitics) bool { return true })
		StripClitics("configuracion", func(string, Clitics) bool { return true })
	}
}
