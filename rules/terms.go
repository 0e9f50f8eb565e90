package rules

import (
	"strings"

	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/rules/inflect"
)

// ExpandTerms writes out the forms of variants that begin with ~ («~deployar»),
// in both languages. Others, and lemmas that have no forms, stay as they are.
func ExpandTerms(terms []lint.Term) []lint.Term {
	out := make([]lint.Term, len(terms))
	for i, t := range terms {
		var variants []string
		for _, v := range t.Variants {
			lemma, ok := strings.CutPrefix(v, "~")
			if !ok || strings.Contains(lemma, " ") {
				variants = append(variants, v)
				continue
			}
			variants = append(variants, lemma)
			for _, lang := range lint.Langs {
				forms, err := inflect.Forms(lang, strings.ToLower(lemma), "")
				if err != nil {
					continue
				}
				for _, f := range forms {
					variants = append(variants, f.Text)
				}
			}
		}
		t.Variants = variants
		out[i] = t
	}
	return out
}
