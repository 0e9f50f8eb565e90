package cli

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tacto-lint/tacto/cmd/internal/output"
	"github.com/tacto-lint/tacto/cmd/internal/safe"
	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/mail"
	"github.com/tacto-lint/tacto/rules"
	"github.com/tacto-lint/tacto/rules/corpus"
)

type testFlags struct {
	configFlags
	half, errors, format, compare string
}

func (c *Command) testCommand() *cobra.Command {
	var f testFlags
	cmd := &cobra.Command{
		Use:   "test [flags] [RULEFILE|CORPUS]...",
		Short: "Run the examples in rule files, or measure on labelled emails",
		Long: `Without an argument, run the examples inside the built-in rules. With a rule
file, compile it with them and run its own. With a folder that holds labelled
emails (a labels.jsonl beside them), print precision, recall and F1 a rule, how
often the verdict is right, and the alarms on good emails.

Exit status: 0 all examples pass, 1 some do not, 2 wrong usage or a rule file
with faults, 3 an email or folder could not be read.`,
		Example: `  tacto test team.yaml
  tacto test --half odd --errors vague-time corpus/`,
		RunE: func(_ *cobra.Command, args []string) error { return c.test(&f, args) },
	}
	f.add(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.half, "half", "all", "of a corpus, the emails with odd or even numbers: odd, even, all")
	fl.StringVar(&f.errors, "errors", "", "list the emails on which this `rule` errs")
	fl.StringVarP(&f.format, "format", "f", "text", "output `format`: text, json")
	fl.StringVar(&f.compare, "compare", "", "show the change against a former --format json output in this `file`")
	return cmd
}

func (c *Command) test(f *testFlags, args []string) error {
	if !slices.Contains([]string{"odd", "even", "all"}, f.half) {
		return usagef("odd, even or all", "--half can't be %q", f.half)
	}
	if f.format != "text" && f.format != "json" {
		return usagef("text or json", "--format can't be %q", f.format)
	}
	cfg, err := c.load(&f.configFlags)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		set, err := c.ruleSet(cfg.RuleFiles)
		if err != nil {
			return err
		}
		return c.examples(set, "")
	}
	failed := false
	for _, a := range args {
		st, err := os.Stat(a)
		switch {
		case err != nil:
			return usagef("name a rule file, or a folder with labels.jsonl", "can't open %s", a)
		case st.IsDir():
			l, err := c.linter(cfg)
			if err != nil {
				return err
			}
			if err := c.corpus(f, l, a); err != nil {
				return err
			}
		default:
			set, err := c.ruleSet(append(slices.Clone(cfg.RuleFiles), a))
			if err != nil {
				return err
			}
			err = c.examples(set, a)
			var st status
			if errors.As(err, &st) {
				failed = true
			} else if err != nil {
				return err
			}
		}
	}
	if failed {
		return status(exitFound)
	}
	return nil
}

// examples runs the examples of the rules in one file, or of all.
func (c *Command) examples(set *lint.RuleSet, file string) error {
	var only []string
	for _, info := range set.Infos() {
		if file == "" || info.File == file {
			only = append(only, info.ID)
		}
	}
	if len(only) == 0 {
		fmt.Fprintf(c.Stdout, "no rules in %s\n", safe.Text(file))
		return nil
	}
	failures, run := rules.Check(set, only...)
	w := bufio.NewWriter(c.Stdout)
	for _, x := range failures {
		fmt.Fprintf(w, "%s:%d: %s: %s\n    %s\n", safe.Text(x.File), x.Example.Line, x.Rule, safe.Text(x.Problem), safe.Text(strings.Join(strings.Fields(x.Example.Text), " ")))
	}
	fmt.Fprintf(w, "%d examples, %d failed\n", run, len(failures))
	if err := w.Flush(); err != nil {
		return err
	}
	if len(failures) > 0 {
		return status(exitFound)
	}
	return nil
}

// corpus measures on the labelled emails of a folder.
func (c *Command) corpus(f *testFlags, l *lint.Linter, dir string) error {
	data, err := os.ReadFile(filepath.Join(dir, "labels.jsonl"))
	if err != nil {
		return usagef("a corpus is a folder of emails with a labels.jsonl", "%s has no labels.jsonl", dir)
	}
	labels, err := corpus.Parse(data)
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	counted := map[string]bool{}
	for _, r := range l.RuleSet().Rules() {
		counted[r.ID] = r.Kind != "advice"
	}
	m := corpus.New()
	unread := 0
	for _, lb := range labels {
		if !corpus.InHalf(lb.File, f.half) {
			continue
		}
		err := mail.ReadFile(filepath.Join(dir, lb.File), func(it mail.Item) error {
			if it.Err != nil {
				unread++
				fmt.Fprintf(c.Stderr, "tacto: %s: %v\n", it.Path, it.Err)
				return nil
			}
			m.Add(lb, l.Lint(it.Message), counted)
			return mail.ErrStop
		})
		if err != nil {
			return err
		}
	}
	if err := c.writeMeasure(f, dir, m); err != nil {
		return err
	}
	if unread > 0 {
		return status(exitUnread)
	}
	return nil
}

func (c *Command) writeMeasure(f *testFlags, dir string, m *corpus.Measure) error {
	if f.format == "json" {
		return output.WriteJSON(c.Stdout, m)
	}
	var former *corpus.Measure
	if f.compare != "" {
		data, err := os.ReadFile(f.compare)
		if err != nil {
			return usagef("write one with --format json", "can't read %s", f.compare)
		}
		former = corpus.New()
		if err := json.Unmarshal(data, former); err != nil {
			return usagef("write one with --format json", "%s is no former output", f.compare)
		}
	}
	w := bufio.NewWriter(c.Stdout)
	fmt.Fprintf(w, "%s (%s): %d emails\n\n%-22s %8s %6s %7s %9s %6s %5s\n", safe.Text(dir), f.half, m.Emails, "rule", "labelled", "found", "correct", "precision", "recall", "F1")
	ids := make([]string, 0, len(m.Rules))
	for id := range m.Rules {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	row := func(name string, n corpus.Count, old *corpus.Count) {
		fmt.Fprintf(w, "%-22s %8d %6d %7d %9.2f %6.2f %5.2f", name, n.Labelled, n.Found, n.Correct, n.Precision(), n.Recall(), n.F1())
		if old != nil {
			fmt.Fprintf(w, "  %+.2f", n.F1()-old.F1())
		}
		fmt.Fprintln(w)
	}
	for _, id := range ids {
		var old *corpus.Count
		if former != nil {
			o := former.Rules[id]
			old = &o
		}
		row(id, m.Rules[id], old)
	}
	var old *corpus.Count
	if former != nil {
		old = &former.Micro
	}
	row("all", m.Micro, old)
	right, all := m.VerdictAccuracy()
	alarms, good := m.Alarms()
	fmt.Fprintf(w, "\nverdict right: %d of %d; good emails judged otherwise: %d of %d\n", right, all, alarms, good)
	fmt.Fprintf(w, "%-10s %6s %6s %6s\n", "label", "send", "revise", "talk")
	for _, want := range []string{"send", "revise", "talk"} {
		r := m.Verdicts[want]
		fmt.Fprintf(w, "%-10s %6d %6d %6d\n", want, r["send"], r["revise"], r["talk"])
	}
	for _, e := range m.Errors {
		if e.Rule == f.errors {
			kind := "false alarm"
			if e.Missed {
				kind = "missed"
			}
			fmt.Fprintf(w, "%s: %s: %s: labelled %q, found %q\n", safe.Text(e.File), e.Rule, kind, e.Want, e.Got)
		}
	}
	return w.Flush()
}
