// Command rulepages writes docs/rules.md from the built-in rules.
package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/rules"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: rulepages FILE")
		os.Exit(2)
	}
	set, err := rules.Default()
	if err == nil {
		err = os.WriteFile(os.Args[1], []byte(page(set.Rules())), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func page(infos []lint.RuleInfo) string {
	var b strings.Builder
	b.WriteString("# The rules\n\n<!-- Written by cmd/internal/rulepages from rules.yaml. Don't edit. -->\n\n| rule | kind | severity | |\n|---|---|---|---|\n")
	for _, r := range infos {
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s | %s |\n", r.ID, r.ID, r.Kind, r.Severity, first(r.Title))
	}
	for _, r := range infos {
		fmt.Fprintf(&b, "\n## %s\n\n", r.ID)
		for _, lang := range lint.Langs {
			if r.Title[lang] == "" {
				continue
			}
			fmt.Fprintf(&b, "**%s.** %s\n→ %s\n\n", r.Title[lang], r.Why[lang], forms.ReplaceAllString(r.Suggestion[lang], "$1"))
		}
		for _, p := range r.Params {
			fmt.Fprintf(&b, "- threshold `%s.%s`: %g", r.ID, p.Name, p.Value)
			if p.Doc != "" {
				b.WriteString(", " + p.Doc)
			}
			b.WriteByte('\n')
		}
		for i, head := range []string{"Marked", "Not marked"} {
			fmt.Fprintf(&b, "\n%s:\n\n", head)
			for _, ex := range r.Examples {
				if ex.Hit == (i == 0) {
					fmt.Fprintf(&b, "- %s%s\n", marked(ex), context(ex))
				}
			}
		}
	}
	return b.String()
}

// forms finds «{le|te}»: the page shows the first form.
var forms = regexp.MustCompile(`\{([^|{}]*)\|[^{}]*\}`)

func first(t lint.Localized) string {
	if t["en"] != "" {
		return t["en"]
	}
	return t["es"]
}

func marked(ex lint.Example) string {
	var b strings.Builder
	at := 0
	for _, s := range ex.Spans {
		b.WriteString(ex.Text[at:s.Start] + "**" + ex.Text[s.Start:s.End] + "**")
		at = s.End
	}
	b.WriteString(ex.Text[at:])
	return strings.Join(strings.Fields(b.String()), " ")
}

func context(ex lint.Example) string {
	if c := rules.Context(ex); c != "" {
		return " (" + c + ")"
	}
	return ""
}
