package output

import (
	"strconv"

	"github.com/tacto-lint/tacto/lint"
)

// words are the tool's own words around what the rules say, in one language.
type words struct {
	score, of, verdictLabel string
	verdict                 map[lint.Verdict]string
	severity                map[lint.Severity]string
	// where a finding stands that has no passage, or one elsewhere
	whole, subject, decoded string
	start                   string // of the score's arithmetic
	learnt                  string // before a likelihood and what weighed for it
	// for the summary of many emails
	emails, unread [2]string
	short          map[lint.Verdict]string
	counts         map[lint.Severity][2]string
	nothing        string
}

// wordsFor gives the words of a language; English where there are none.
func wordsFor(lang string) *words {
	if lang == "es" {
		return spanish()
	}
	return english()
}

func english() *words {
	return &words{
		score: "Score", of: "of", verdictLabel: "Verdict",
		verdict: map[lint.Verdict]string{
			lint.Send:   "send",
			lint.Revise: "revise before sending",
			lint.Talk:   "talk first, then send it as the summary of the talk",
		},
		severity: map[lint.Severity]string{
			lint.Error: "error", lint.Warning: "warning", lint.Suggestion: "suggestion",
		},
		whole: "whole email", subject: "subject", decoded: "positions count in the decoded text",
		start: "start", learnt: "learnt, likelihood", nothing: "nothing found",
		emails: [2]string{"email", "emails"}, unread: [2]string{"not read", "not read"},
		short: map[lint.Verdict]string{lint.Send: "send", lint.Revise: "revise", lint.Talk: "talk"},
		counts: map[lint.Severity][2]string{
			lint.Error: {"error", "errors"}, lint.Warning: {"warning", "warnings"},
			lint.Suggestion: {"suggestion", "suggestions"},
		},
	}
}

func spanish() *words {
	return &words{
		score: "Puntuación", of: "de", verdictLabel: "Veredicto",
		verdict: map[lint.Verdict]string{
			lint.Send:   "enviar",
			lint.Revise: "revisar antes de enviar",
			lint.Talk:   "hablar antes; después, enviarlo como resumen de la conversación",
		},
		severity: map[lint.Severity]string{
			lint.Error: "error", lint.Warning: "aviso", lint.Suggestion: "sugerencia",
		},
		whole: "todo el correo", subject: "asunto", decoded: "las posiciones cuentan en el texto decodificado",
		start: "inicio", learnt: "aprendido, verosimilitud", nothing: "sin observaciones",
		emails: [2]string{"correo", "correos"}, unread: [2]string{"sin leer", "sin leer"},
		short: map[lint.Verdict]string{lint.Send: "enviar", lint.Revise: "revisar", lint.Talk: "hablar"},
		counts: map[lint.Severity][2]string{
			lint.Error: {"error", "errores"}, lint.Warning: {"aviso", "avisos"},
			lint.Suggestion: {"sugerencia", "sugerencias"},
		},
	}
}

// plural picks the form for a number, with the number before it.
func plural(n int, forms [2]string) string {
	if n == 1 {
		return "1 " + forms[0]
	}
	return strconv.Itoa(n) + " " + forms[1]
}
