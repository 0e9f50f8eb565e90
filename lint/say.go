package lint

import (
	"strings"

	"github.com/tacto-lint/tacto/lint/program"
)

// vars are what a message may name.
type vars struct {
	text string
	term uint16
}

// say renders a message: in the language of the report, in the author's form
// of address («{le|te}»: usted, tú; a third alternative for vos), with {text},
// {term} and {plain} filled in.
func (e *engine) say(t program.Text, v *vars) string {
	lang := e.lang
	if n, ok := langNumber(e.l.settings.UILang); ok {
		lang = n
	}
	s := t[lang]
	if strings.IndexByte(s, '{') < 0 {
		return s
	}
	var b strings.Builder
	for {
		lo := strings.IndexByte(s, '{')
		if lo < 0 {
			break
		}
		hi := strings.IndexByte(s[lo:], '}')
		if hi < 0 {
			break
		}
		b.WriteString(s[:lo])
		b.WriteString(e.field(s[lo+1:lo+hi], lang, v))
		s = s[lo+hi+1:]
	}
	b.WriteString(s)
	return b.String()
}

func (e *engine) field(name string, lang uint8, v *vars) string {
	if strings.IndexByte(name, '|') >= 0 {
		alternatives := strings.Split(name, "|")
		return alternatives[min(e.address(), len(alternatives)-1)]
	}
	if v == nil {
		return ""
	}
	term, es, en := e.l.term(v.term)
	switch name {
	case "text":
		return strings.Join(strings.Fields(v.text), " ")
	case "term":
		return term
	case "plain":
		if lang == langEN {
			return en
		}
		return es
	}
	return "{" + name + "}"
}

// address gives the form in which the author addresses the reader: 0 usted, 1
// tú, 2 vos. Usted where there is nothing to go by: it offends nobody.
func (e *engine) address() int {
	c := condition{e: e, at: -1}
	best, n := 0, 0
	for i, f := range e.l.set.forms {
		if f == 0 {
			continue
		}
		if k := c.count(f, c.mail(), false); k > n {
			best, n = i, k
		}
	}
	return best
}
