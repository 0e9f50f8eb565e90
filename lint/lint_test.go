package lint_test

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/rules"
)

func find(r *lint.Report, rule string) []lint.Finding {
	var out []lint.Finding
	for _, f := range r.Findings {
		if f.Rule == rule {
			out = append(out, f)
		}
	}
	return out
}

// TestPositions checks line, column and offset of a passage behind accents and
// line ends of both kinds.
func TestPositions(t *testing.T) {
	l := defaultLinter(t)
	for _, nl := range []string{"\n", "\r\n"} {
		text := "Hola, María:" + nl + nl + "Ahora no, lo miramos" + nl + "lo antes posible." + nl
		r := l.Lint(lint.PlainMessage(text))
		fs := find(r, "vague-time")
		if len(fs) != 1 {
			t.Fatalf("findings %+v", r.Findings)
		}
		f := fs[0]
		if f.Text != "lo antes posible" || text[f.Start.Offset:f.End.Offset] != f.Text {
			t.Errorf("text %q at %+v", f.Text, f.Start)
		}
		if f.Start.Line != 4 || f.Start.Column != 1 || f.End.Line != 4 || f.End.Column != 17 {
			t.Errorf("from %+v to %+v, want 4:1 to 4:17", f.Start, f.End)
		}
	}
}

// TestBase adds the place of the text in its file to positions.
func TestBase(t *testing.T) {
	m := lint.PlainMessage("Lo miramos lo antes posible.")
	m.Body.Base = lint.Position{Line: 10, Column: 1, Offset: 300}
	f := find(defaultLinter(t).Lint(m), "vague-time")[0]
	if f.Start != (lint.Position{Line: 10, Column: 12, Offset: 311}) {
		t.Errorf("start %+v", f.Start)
	}
}

// TestOthersWords: what is not the author's is never marked.
func TestOthersWords(t *testing.T) {
	const own, quote = "Mañana a las 10 voy yo y lo cambio.\n", "> Es urgente!!! Lo quiero lo antes posible.\n"
	for _, kind := range []lint.SegmentKind{lint.SegmentQuote, lint.SegmentForward, lint.SegmentSignature, lint.SegmentDisclaimer, lint.SegmentCode} {
		m := lint.PlainMessage(own + quote)
		m.Segments = []lint.Segment{{Kind: lint.SegmentAuthor, Span: lint.Span{Start: 0, End: len(own)}}, {Kind: kind, Span: lint.Span{Start: len(own), End: len(own + quote)}}}
		for _, f := range defaultLinter(t).Lint(m).Findings {
			if f.Part == lint.PartBody {
				t.Errorf("segment kind %d: %s marks %q", kind, f.Rule, f.Text)
			}
		}
	}
}

func TestLanguage(t *testing.T) {
	l := defaultLinter(t)
	for text, want := range map[string]string{
		"Buenos días, le escribo por lo del servidor.":                "es",
		"Hi Ann, this is about the server in your office.":            "en",
		"Dear Sir, the message was «error de conexión».":              "en",
		"Hola Ana, el error dice 'connection refused'. Voy el lunes.": "es",
	} {
		if got := l.Lint(lint.PlainMessage(text)).Lang; got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
	// A mixed email: each paragraph by its own language.
	r := l.Lint(lint.PlainMessage("Hola Ana, esto es para que lo mires con tu jefe, que lo tenemos que cerrar el lunes a las 9.\n\nLo miramos lo antes posible.\n\nFor your colleague in London: we will look at this as soon as possible and they will have it.\n"))
	if n := len(find(r, "vague-time")); n != 2 {
		t.Errorf("%d vague times in a mixed email, want 2: %+v", n, r.Findings)
	}
}

// TestSettings switches rules off, changes severities, thresholds and the
// glossary, and refuses what it does not know.
func TestSettings(t *testing.T) {
	set, err := rules.Default()
	if err != nil {
		t.Fatal(err)
	}
	m := lint.PlainMessage("Le enviamos el informe lo antes posible, con la caché y el failover.")
	m.To = []string{"ana@acme.example"}
	lintWith := func(s lint.Settings) *lint.Report {
		l, err := lint.New(set, s)
		if err != nil {
			t.Fatal(err)
		}
		return l.Lint(m)
	}
	if r := lintWith(lint.Settings{Off: []string{"vague-time"}}); len(find(r, "vague-time")) != 0 {
		t.Error("a rule that is off fired")
	}
	if f := find(lintWith(lint.Settings{Severity: map[string]lint.Severity{"vague-time": lint.Error}}), "vague-time"); f[0].Severity != lint.Error {
		t.Errorf("severity %v", f[0].Severity)
	}
	if n := len(find(lintWith(lint.Settings{}), "jargon")); n != 2 {
		t.Errorf("%d terms, want 2", n)
	}
	if n := len(find(lintWith(lint.Settings{Thresholds: map[string]float64{"jargon.share": 0.9}}), "jargon")); n != 0 {
		t.Errorf("%d terms with a threshold of 90 %%", n)
	}
	knows := lint.Settings{Audiences: []lint.Audience{{Name: "acme", To: []string{"*@acme.example"}, Knows: []string{"cache"}}}}
	if n := len(find(lintWith(knows), "jargon")); n != 0 {
		t.Errorf("%d terms for an audience that knows one of two", n)
	}
	terms := lint.Settings{Terms: []lint.Term{{Name: "informe", Plain: map[string]string{"es": "un papel"}}}}
	if fs := find(lintWith(terms), "jargon"); len(fs) != 3 || !strings.Contains(fs[0].Suggestion, "un papel") {
		t.Errorf("with a term of the team's: %+v", fs)
	}
	for _, s := range []lint.Settings{
		{Off: []string{"nonsense"}}, {Severity: map[string]lint.Severity{"nonsense": lint.Error}}, {Thresholds: map[string]float64{"jargon.nonsense": 1}},
		{Lang: "fr"}, {UILang: "fr"}, {Audiences: []lint.Audience{{Name: "a", Knows: []string{"zzyzx"}}}},
	} {
		var se *lint.SettingError
		if _, err := lint.New(set, s); !errors.As(err, &se) || se.Hint == "" {
			t.Errorf("settings %+v: error %v", s, err)
		}
	}
}

func TestIgnoreHeader(t *testing.T) {
	m := lint.PlainMessage("Lo miramos lo antes posible.")
	m.Ignore = []string{"vague-time"}
	if fs := find(defaultLinter(t).Lint(m), "vague-time"); len(fs) != 0 {
		t.Errorf("ignored rule fired: %+v", fs)
	}
}

// TestScore: the steps add up to the score, and no score contradicts its verdict.
func TestScore(t *testing.T) {
	l := defaultLinter(t)
	for _, text := range append([]string{
		"Gracias por todo.", "Lo miramos lo antes posible.",
		"Ustedes no nos avisaron. No es para tanto. Obviamente es un mal uso. Lo miramos pronto, en breve y cuando podamos!!!",
		"Le informamos de que no fue posible recuperar la información del disco.",
	}, benchEmails...) {
		r := l.Lint(lint.PlainMessage(text))
		sum := 0.0
		for _, s := range r.Steps {
			sum += s.Points
		}
		if diff := sum - float64(r.Score); diff > 0.51 || diff < -0.51 {
			t.Errorf("%q: steps add up to %.1f, score is %d", text, sum, r.Score)
		}
		if r.Verdict == lint.Talk && (r.Score > 40 || len(r.Reasons) == 0) {
			t.Errorf("%q: talk with score %d and reasons %q", text, r.Score, r.Reasons)
		}
		if r.Verdict == lint.Send && r.Score < 90 {
			t.Errorf("%q: send with score %d", text, r.Score)
		}
	}
}

// TestSendTime goes by the Date header's own zone, and by Now without one.
func TestSendTime(t *testing.T) {
	set, err := rules.Default()
	if err != nil {
		t.Fatal(err)
	}
	madrid := time.FixedZone("CET", 3600)
	m := lint.PlainMessage("La entrega se retrasa dos semanas.")
	for hour, want := range map[int]int{10: 0, 21: 1} {
		l, err := lint.New(set, lint.Settings{Now: time.Date(2025, 11, 20, hour, 0, 0, 0, madrid)})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(find(l.Lint(m), "send-time")); n != want {
			t.Errorf("at %d: %d findings, want %d", hour, n, want)
		}
	}
}

// TestHostile: no input may crash or hang the engine.
func TestHostile(t *testing.T) {
	l := defaultLinter(t)
	for name, text := range map[string]string{
		"empty": "", "spaces": "  \n\n \t", "NULs": "a\x00b\x00", "marks": strings.Repeat("!", 20000), "one word": strings.Repeat("a", 1<<20),
		"no stop": strings.Repeat("lo antes posible ", 50000), "brackets": strings.Repeat("(", 20000), "accents": strings.Repeat("a\u0301", 20000), "emoji": strings.Repeat("😀", 20000),
	} {
		start := time.Now()
		l.Lint(lint.PlainMessage(text))
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%s took %v", name, d)
		}
	}
}

// FuzzLint holds the engine to its promises for any valid text.
func FuzzLint(f *testing.F) {
	for _, s := range append([]string{"¿Ya?!!! (sí) «no» — a.m. 3.5 10:30", "don't can't won't it's", "dámelo mándenoslo vámonos"}, benchEmails...) {
		f.Add(s)
	}
	l := defaultLinter(f)
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return
		}
		r := l.Lint(lint.PlainMessage(s))
		if r.Score < 0 || r.Score > 100 {
			t.Fatalf("score %d", r.Score)
		}
		for _, x := range r.Findings {
			if x.Part == lint.PartBody && (x.Text == "" || s[x.Start.Offset:x.End.Offset] != x.Text) {
				t.Fatalf("%s marks %q at %+v", x.Rule, x.Text, x.Start)
			}
		}
	})
}
