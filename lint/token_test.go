package lint

import (
	"strings"
	"testing"
)

func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		"Próximas, MAÑANA":         "proximas manana",
		"don't can't won't we'll":  "do not can not will not we will",
		"it's Ann's let's dont":    "it is ann 's let us do not",
		"follow-up e-mail":         "follow up e mail",
		"a las 9:30 p.m. (2,5 h)":  "a las 9:30 pm 2,5 h",
		"ana@example.org www.x.es": "ana@example.org www.x.es",
		"3.5 y 14/11 y X-204":      "3.5 y 14/11 y x-204",
	} {
		if got := strings.Join(Words(text), " "); got != want {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
	}
}

func TestSentences(t *testing.T) {
	for text, want := range map[string]int{
		"Sr. Pérez, p. ej. la núm. 3 de EE. UU. va bien.":                                           1,
		"Voy a las 9.30 a. m. con el Dr. Ruiz. Luego llamo.":                                        2,
		"¿Va bien? Sí. Perfecto":                                                                    3,
		"Hola Ana,\nTe llamo mañana.":                                                               2,
		"Una línea larga que el programa de correo parte por donde\nquiere sin que acabe la frase.": 1,
		"- Uno\n- Dos\n- Tres":                                                                      3,
		"1. Abra Ajustes\n2. Pulse Guardar":                                                         2,
		"It costs 3.5 million, e.g. for Mr. Smith. Fine.":                                           2,
		"Wait... what? No.":                                                                         2,
	} {
		e := &engine{l: &Linter{}, m: PlainMessage(text)}
		e.read()
		if got := len(e.sents); got != want {
			var parts []string
			for _, s := range e.sents {
				parts = append(parts, text[e.scan.toks[s.lo].start:e.scan.toks[s.hi-1].end])
			}
			t.Errorf("%q has %d sentences, want %d: %q", text, got, want, parts)
		}
	}
}
