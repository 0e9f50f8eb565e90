package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tacto-lint/tacto/audit"
	"github.com/tacto-lint/tacto/audit/page"
	"github.com/tacto-lint/tacto/cmd/internal/output"
	"github.com/tacto-lint/tacto/cmd/internal/safe"
)

type reportFlags struct {
	auditFlags
	since, until, by, format, html, color string
	names                                 bool
}

func dimensions() (all []string) {
	for _, d := range audit.Dimensions {
		all = append(all, string(d))
	}
	return all
}

func (c *Command) auditReportCommand() *cobra.Command {
	var f reportFlags
	cmd := &cobra.Command{
		Use:   "report",
		Short: "See what changed: this period beside the last one",
		Long: `Show the emails of a period beside those of the period before it, of the same length:
the mean score, the verdicts, each rule with its change. Without a period, or with
nothing before it, its halves are compared.

Teams and clients are told by a mapping file, people only with --names. Groups with
fewer than 5 emails or 3 people (min-group in the configuration) are shown together.

--html writes a page that opens from disk and needs no network.`,
		Example: `  tacto audit report --since 2026-07 --until 2026-09 --by team
  tacto audit report --by client --format csv > clients.csv
  tacto audit report --html report.html`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return c.auditReport(&f) },
	}
	f.addAudit(cmd, true)
	fl := cmd.Flags()
	fl.StringVar(&f.since, "since", "", "from this `day` on: 2026-03-31, 2026-03 or 2026 (default: the first)")
	fl.StringVar(&f.until, "until", "", "up to this `day` (default: the last)")
	fl.StringVar(&f.by, "by", "", "groups by "+strings.Join(dimensions(), ", "))
	fl.StringVarP(&f.format, "format", "f", "text", "output `format`: "+strings.Join(output.AuditFormats(), ", "))
	fl.StringVar(&f.html, "html", "", "write a page to this `file` instead")
	fl.BoolVar(&f.names, "names", false, "show people, with --by author: those the mapping names")
	fl.StringVar(&f.color, "color", "auto", "colours: auto, always, never")
	_ = cmd.RegisterFlagCompletionFunc("by", cobra.FixedCompletions(dimensions(), cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(output.AuditFormats(), cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("color", cobra.FixedCompletions([]string{"auto", "always", "never"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (f *reportFlags) valid() error {
	switch {
	case f.by != "" && !slices.Contains(dimensions(), f.by):
		return usagef(strings.Join(dimensions(), ", "), "--by can't be %q", f.by)
	case f.by == string(audit.ByAuthor) && !f.names:
		return usagef("--names, if everybody concerned has agreed to that", "--by author shows people")
	case !slices.Contains(output.AuditFormats(), f.format):
		return usagef(strings.Join(output.AuditFormats(), ", "), "--format can't be %q", f.format)
	case f.html != "" && (f.by != "" || f.format != "text"):
		return usagef("leave --by and --format away: the page has all of it", "--html is a format of its own")
	}
	return nil
}

func (c *Command) auditReport(f *reportFlags) error {
	if err := f.valid(); err != nil {
		return err
	}
	since, until, err := days(f.since, f.until)
	if err != nil {
		return err
	}
	color, err := c.useColor(f.color)
	if err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	a, err := c.auditing(ctx, &f.auditFlags, false)
	if err != nil {
		return err
	}
	defer a.store.Close()
	q := audit.Query{Since: since, Until: until, By: audit.Dimension(f.by), MinEmails: a.cfg.Audit.MinEmails, MinAuthors: a.cfg.Audit.MinAuthors}
	table, err := a.table(ctx, &f.auditFlags, q)
	if err != nil {
		return err
	}
	titles, err := c.ruleTitles(a, c.uiLang(f.uiLang))
	if err != nil {
		return err
	}
	if f.html != "" {
		var b bytes.Buffer
		if err := page.Write(&b, a.page(table, q, c.uiLang(f.uiLang), titles)); err != nil {
			return err
		}
		if err := writeBeside(f.html, b.Bytes()); err != nil {
			return fmt.Errorf("writing %s: %w", safe.Text(f.html), reason(err))
		}
		return nil
	}
	q.Fill()
	r := &output.AuditReport{Report: table.Report(q), Lang: c.uiLang(f.uiLang), Color: color, Width: c.width(), Title: titles,
		MinEmails: q.MinEmails, MinAuthors: q.MinAuthors}
	if r.Passages, err = a.passages(ctx, q, r.Period); err != nil {
		return err
	}
	return r.Write(c.Stdout, f.format)
}

// passages gives the marked words of a period that are used most. What is a few people's
// alone would tell who they are, and is left out.
func (a *auditing) passages(ctx context.Context, q audit.Query, p audit.Period) (all []output.AuditPassage, err error) {
	found, err := a.store.Passages(ctx, audit.Filter{Since: p.Since, Until: p.Until})
	if err != nil {
		return nil, explainStore(err)
	}
	for words, uses := range found {
		if uses.Emails >= q.MinEmails && uses.Authors >= q.MinAuthors {
			all = append(all, output.AuditPassage{Rule: words.Rule, Text: words.Text, Emails: uses.Emails})
		}
	}
	slices.SortFunc(all, func(a, b output.AuditPassage) int {
		return cmp.Or(cmp.Compare(b.Emails, a.Emails), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Text, b.Text))
	})
	return all[:min(len(all), 50)], nil
}

// writeBeside writes a file beside the one to be, and puts it in its place: half a page
// is none.
func writeBeside(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".tacto-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // it is of no use
	}
	return err
}

// table reads the emails of a query's period and, to compare with, those before it.
func (a *auditing) table(ctx context.Context, f *auditFlags, q audit.Query) (*audit.Table, error) {
	m, err := a.mappingOf(f.mapping)
	if err != nil {
		return nil, err
	}
	filter := audit.Filter{Until: q.Until}
	if q.Since != 0 && q.Until != 0 {
		filter.Since = q.Since - (q.Until - q.Since + 1)
	}
	table, err := audit.Load(func(fn func(*audit.Email) error) error { return a.store.Each(ctx, filter, fn) }, m.With(a.key))
	if err != nil {
		return nil, explainStore(err)
	}
	return table, nil
}

// ruleTitles gives the titles of the rules in a language; of one that is no more, its
// name.
func (c *Command) ruleTitles(a *auditing, lang string) (func(string) string, error) {
	set, err := c.ruleSet(a.cfg.RuleFiles)
	if err != nil {
		return nil, err
	}
	titles := map[string]string{}
	for _, r := range set.Rules() {
		titles[r.ID] = local(r.Title, lang)
	}
	return func(id string) string { return first(titles[id], id) }, nil
}

// page gives what the page shows.
func (a *auditing) page(t *audit.Table, q audit.Query, lang string, title func(string) string) *page.Data {
	q.Fill()
	return &page.Data{Cube: t.Cube(q), Report: t.Report(audit.Query{Since: q.Since, Until: q.Until, MinEmails: q.MinEmails, MinAuthors: q.MinAuthors}),
		Lang: lang, Title: title, MinEmails: q.MinEmails, MinAuthors: q.MinAuthors}
}
