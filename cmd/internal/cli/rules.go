package cli

import (
	"bufio"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/tacto-lint/tacto/cmd/internal/nearest"
	"github.com/tacto-lint/tacto/cmd/internal/output"
	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/rules"
)

func (c *Command) rulesCommand() *cobra.Command {
	var f configFlags
	var format string
	cmd := &cobra.Command{
		Use:     "rules",
		Short:   "List the rules",
		Args:    cobra.NoArgs,
		Example: "  tacto rules\n  tacto rules --format json",
		RunE: func(*cobra.Command, []string) error {
			cfg, err := c.load(&f)
			if err != nil {
				return err
			}
			set, err := c.ruleSet(cfg.RuleFiles)
			if err != nil {
				return err
			}
			infos := adapted(set.Rules(), &cfg.Settings)
			switch format {
			case "text":
				return c.rulesTable(infos, c.uiLang(f.uiLang))
			case "json":
				return output.WriteJSON(c.Stdout, rulesJSON(infos))
			}
			return usagef("text or json", "--format can't be %q", format)
		},
	}
	f.add(cmd)
	cmd.Flags().StringVarP(&format, "format", "f", "text", "output `format`: text, json")
	return cmd
}

// adapted gives the rules as a configuration changes them; those it switches off
// are left out.
func adapted(infos []lint.RuleInfo, s *lint.Settings) []lint.RuleInfo {
	var out []lint.RuleInfo
	for _, r := range infos {
		if slices.Contains(s.Off, r.ID) {
			continue
		}
		if sev, ok := s.Severity[r.ID]; ok {
			r.Severity = sev
		}
		r.Params = slices.Clone(r.Params)
		for i, p := range r.Params {
			if v, ok := s.Thresholds[r.ID+"."+p.Name]; ok {
				r.Params[i].Value = v
			}
		}
		out = append(out, r)
	}
	return out
}

func (c *Command) rulesTable(infos []lint.RuleInfo, lang string) error {
	w := tabwriter.NewWriter(c.Stdout, 0, 4, 2, ' ', 0)
	for _, r := range infos {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.ID, r.Kind, r.Severity, local(r.Title, lang))
	}
	return w.Flush()
}

// ruleJSON is a rule in the output of rules --format json.
type ruleJSON struct {
	ID         string             `json:"id"`
	Kind       string             `json:"kind"`
	Severity   string             `json:"severity"`
	Title      lint.Localized     `json:"title"`
	Why        lint.Localized     `json:"why"`
	Suggestion lint.Localized     `json:"suggestion"`
	Thresholds map[string]float64 `json:"thresholds,omitempty"`
}

func rulesJSON(infos []lint.RuleInfo) []ruleJSON {
	out := make([]ruleJSON, len(infos))
	for i, r := range infos {
		out[i] = ruleJSON{ID: r.ID, Kind: r.Kind, Severity: r.Severity.String(), Title: r.Title, Why: r.Why, Suggestion: r.Suggestion}
		for _, p := range r.Params {
			if out[i].Thresholds == nil {
				out[i].Thresholds = map[string]float64{}
			}
			out[i].Thresholds[p.Name] = p.Value
		}
	}
	return out
}

func (c *Command) explainCommand() *cobra.Command {
	var f configFlags
	cmd := &cobra.Command{
		Use:     "explain RULE",
		Short:   "Say why a rule matters, and what to write instead",
		Example: "  tacto explain vague-time",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("see 'tacto rules' for their names", "name one rule")
			}
			return nil
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			set, err := c.ruleSet(nil)
			if err != nil {
				return nil, cobra.ShellCompDirectiveError
			}
			return set.IDs(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			cfg, err := c.load(&f)
			if err != nil {
				return err
			}
			set, err := c.ruleSet(cfg.RuleFiles)
			if err != nil {
				return err
			}
			for _, r := range adapted(set.Rules(), &cfg.Settings) {
				if r.ID == args[0] {
					return c.explain(r, c.uiLang(f.uiLang), cfg.Settings.Lang)
				}
			}
			hint := "see 'tacto rules'"
			if near := nearest.Find(args[0], set.IDs()); near != "" {
				hint = "did you mean " + near + "?"
			}
			return usagef(hint, "unknown rule %q", args[0])
		},
	}
	f.add(cmd)
	return cmd
}

// frame are the headings of an explanation.
var frame = map[string][]string{
	"en": {"Why it matters", "What to write instead", "Thresholds", "It marks", "It lets pass"},
	"es": {"Por qué importa", "Qué escribir", "Umbrales", "Marca", "Deja pasar"},
}

// explain writes the page of a rule; only limits the examples to a language.
func (c *Command) explain(r lint.RuleInfo, lang, only string) error {
	style := output.Style(c.StdoutTTY && c.Getenv("NO_COLOR") == "" && c.Getenv("TERM") != "dumb")
	head := frame[lang]
	w := bufio.NewWriter(c.Stdout)
	fmt.Fprintf(w, "%s: %s (%s, %s)\n", style.Bold(r.ID), local(r.Title, lang), r.Kind, r.Severity)
	fmt.Fprintf(w, "\n%s\n%s\n", style.Bold(head[0]), local(r.Why, lang))
	fmt.Fprintf(w, "\n%s\n%s\n", style.Bold(head[1]), plainForms(local(r.Suggestion, lang)))
	if len(r.Params) > 0 {
		fmt.Fprintf(w, "\n%s\n", style.Bold(head[2]))
		for _, p := range r.Params {
			fmt.Fprintf(w, "  %s.%s = %g  %s\n", r.ID, p.Name, p.Value, p.Doc)
		}
	}
	for i, hit := range []bool{true, false} {
		fmt.Fprintf(w, "\n%s\n", style.Bold(head[3+i]))
		for _, ex := range r.Examples {
			if ex.Hit == hit && (only == "" || ex.Lang == only) {
				fmt.Fprintf(w, "  %s  %s\n", ex.Lang, marked(ex, style))
			}
		}
	}
	return w.Flush()
}

// plainForms shows «{le|te}» as its first form.
func plainForms(s string) string {
	for {
		lo := strings.IndexByte(s, '{')
		if lo < 0 {
			return s
		}
		hi := strings.IndexByte(s[lo:], '}')
		if hi < 0 {
			return s
		}
		inner, _, found := strings.Cut(s[lo+1:lo+hi], "|")
		if !found {
			inner = "…"
		}
		s = s[:lo] + inner + s[lo+hi+1:]
	}
}

// marked shows an example on one line, its passages underlined or in brackets.
func marked(ex lint.Example, style output.Style) string {
	var b strings.Builder
	at := 0
	for _, s := range ex.Spans {
		b.WriteString(ex.Text[at:s.Start])
		if style {
			b.WriteString(style.Mark(ex.Text[s.Start:s.End]))
		} else {
			b.WriteString("[" + ex.Text[s.Start:s.End] + "]")
		}
		at = s.End
	}
	b.WriteString(ex.Text[at:])
	out := strings.Join(strings.Fields(b.String()), " ")
	if c := rules.Context(ex); c != "" {
		out += "  (" + c + ")"
	}
	return out
}
