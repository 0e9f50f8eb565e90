package lint_test

import (
	"strings"
	"testing"

	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/rules"
)

// benchmark emails of some 150 words, one a language.
var benchEmails = []string{
	`Buenos días, Marta:

Le escribo por lo del programa de facturación. Desde ayer por la tarde no se pueden emitir facturas en la oficina de Valencia porque el disco del servidor se quedó sin sitio. Esta mañana hemos movido las copias antiguas a otro equipo y desde las 10:20 vuelve a funcionar; lo he comprobado con dos facturas de prueba que ya están anuladas.

Queda una cosa pendiente: las treinta facturas que se hicieron a mano hay que pasarlas al programa. Lo hacemos nosotros entre hoy y mañana a mediodía. Para no equivocarnos necesitamos la carpeta con las copias en papel; ¿podría dejarla en recepción antes de las 17:00? El jueves 14 a las 9:00 le llamo para confirmarle que todo cuadra y le explico cómo vamos a evitar que se repita. Hemos puesto un aviso que nos llega cuando el disco pasa del ochenta por ciento.

Lamento que ayer tuvieran que facturar a mano toda la tarde.

Un saludo,
Julián`,
	`Hi Karen,

Following your call this morning I looked at the order page. Since Friday night the shop has been taking payments twice for orders with a voucher, and nine customers were affected. The cause was a setting that came back when we moved the shop to the new server. I changed it at 10:40, placed three test orders and all of them went through once.

What happens next: we refund the nine customers today before 5 pm, and you get the list with names and amounts as soon as the last one is done, hopefully by six. Tomorrow at 9 I check the bank statement against the orders and call you with the result. If you would rather tell the customers yourself, let me know by 3 and I will send you a short text you can use.

I'm sorry you had to find out from your customers. We will add a daily check so that we notice within the hour.

Best regards
Tom`,
}

func defaultLinter(tb testing.TB) *lint.Linter {
	set, err := rules.Default()
	if err != nil {
		tb.Fatal(err)
	}
	l, err := lint.New(set, lint.Settings{})
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

// BenchmarkLint judges emails of some 150 words with all rules, on one core.
func BenchmarkLint(b *testing.B) {
	l := defaultLinter(b)
	msgs := []*lint.Message{lint.PlainMessage(benchEmails[0]), lint.PlainMessage(benchEmails[1])}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		l.Lint(msgs[i%2])
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "emails/s")
}

// BenchmarkLintParallel does so on all cores.
func BenchmarkLintParallel(b *testing.B) {
	l := defaultLinter(b)
	msgs := []*lint.Message{lint.PlainMessage(benchEmails[0]), lint.PlainMessage(benchEmails[1])}
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			l.Lint(msgs[i%2])
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "emails/s")
}

// BenchmarkLintLong judges one text of 1 MB and one of 10 MB: the time a
// megabyte must be the same.
func BenchmarkLintLong(b *testing.B) {
	l := defaultLinter(b)
	for _, mb := range []int{1, 10} {
		text := strings.Repeat(benchEmails[0]+"\n\n", mb<<20/len(benchEmails[0]))
		b.Run(map[int]string{1: "1MB", 10: "10MB"}[mb], func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				l.Lint(lint.PlainMessage(text))
			}
		})
	}
}

// BenchmarkDefault loads the built-in rules, as a cold process does.
func BenchmarkDefault(b *testing.B) {
	for b.Loop() {
		if _, err := rules.Default(); err != nil {
			b.Fatal(err)
		}
	}
}
