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
emails (a labels.jsonl beside them) or .txt files of marked ones, or such a file,
print precision, recall and F1 a rule, how often the verdict is right, and the
alarms on good emails.

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
			return usagef("name a rule file, a .txt file of marked emails, or a folder of labelled ones", "can't open %s", a)
		case st.IsDir() || strings.HasSuffix(a, ".txt"):
			l, err := c.linter(cfg)
			if err != nil {
				return err
			}
			if err := c.corpus(f, l, a); err != nil {
				return err
			}
		default:
			files := slices.Clone(cfg.RuleFiles)
			if !slices.ContainsFunc(files, func(f string) bool { return sameFile(f, a) }) {
				files = append(files, a)
			}
			set, err := c.ruleSet(files)
			if err != nil {
				return err
			}
			for _, f := range files {
				if sameFile(f, a) {
					a = f
				}
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

// sameFile says whether two names are of one file.
func sameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
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

// corpus measures on labelled emails: a folder with labels.jsonl, a file of
// written emails, or a folder of such files.
func (c *Command) corpus(f *testFlags, l *lint.Linter, path string) error {
	counted := map[string]bool{}
	for _, r := range l.RuleSet().Rules() {
		counted[r.ID] = r.Kind != "advice"
	}
	m := corpus.New()
	read := c.labelled
	if _, err := os.Stat(filepath.Join(path, "labels.jsonl")); err != nil {
		read = c.written
	}
	unread, err := read(path, func(lb corpus.Label, msg func() (*lint.Message, error)) error {
		if !corpus.InHalf(lb.File, f.half) {
			return nil
		}
		message, err := msg()
		if err == nil {
			m.Add(lb, l.Lint(message), counted)
		}
		return err
	})
	if err != nil {
		return err
	}
	if m.Emails == 0 {
		return usagef("an email begins with === number | variety | verdict; see docs/writing-rules.md", "no labelled emails in %s", path)
	}
	if err := c.writeMeasure(f, path, m); err != nil {
		return err
	}
	if unread > 0 {
		return status(exitUnread)
	}
	return nil
}

// labelled yields the emails of a folder that labels.jsonl names, each to be
// read only when asked for, and counts those that can't be read.
func (c *Command) labelled(dir string, yield func(corpus.Label, func() (*lint.Message, error)) error) (unread int, err error) {
	data, err := os.ReadFile(filepath.Join(dir, "labels.jsonl"))
	if err != nil {
		return 0, usagef("is it readable?", "can't open %s/labels.jsonl", dir)
	}
	labels, err := corpus.Parse(data)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", dir, err)
	}
	for _, lb := range labels {
		err := yield(lb, func() (m *lint.Message, err error) {
			readErr := mail.ReadFile(filepath.Join(dir, lb.File), func(it mail.Item) error {
				m, err = it.Message, it.Err
				return mail.ErrStop
			})
			return m, errors.Join(err, readErr)
		})
		if err != nil {
			unread++
			fmt.Fprintf(c.Stderr, "tacto: %s: %v\n", safe.Text(lb.File), err)
		}
	}
	return unread, nil
}

// written yields the emails of a file in the form of corpus.Written, or of all
// such files in a folder.
func (c *Command) written(path string, yield func(corpus.Label, func() (*lint.Message, error)) error) (unread int, err error) {
	files := []string{path}
	if st, err := os.Stat(path); err == nil && st.IsDir() {
		if files, err = filepath.Glob(filepath.Join(path, "*.txt")); err != nil || len(files) == 0 {
			return 0, usagef("a corpus is a folder with a labels.jsonl, or with .txt files of written emails", "no labelled emails in %s", path)
		}
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			return 0, usagef("is it readable?", "can't open %s", name)
		}
		emails, err := corpus.Written(filepath.Base(name), data)
		if err != nil {
			return 0, usagef("each begins with === number | variety | verdict", "%v", err)
		}
		for _, e := range emails {
			if err := yield(e.Label, func() (*lint.Message, error) { return e.Message, nil }); err != nil {
				return 0, err
			}
		}
	}
	return 0, nil
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
	fmt.Fprintf(w, "passages marked where a reader marked one: %d of %d (%.2f)\n", m.Passages.Right, m.Passages.Marked, m.Passages.Precision())
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
