package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tacto-lint/tacto/audit"
	"github.com/tacto-lint/tacto/audit/export"
	"github.com/tacto-lint/tacto/cmd/internal/safe"
)

type exportFlags struct {
	auditFlags
	since, until, format string
}

func (c *Command) auditExportCommand() *cobra.Command {
	var f exportFlags
	cmd := &cobra.Command{
		Use:   "export [flags] DIR",
		Short: "Hand the judgements to a warehouse",
		Long: `Write a row for each email into DIR/month=2026-03/part-0.parquet and so on, as DuckDB,
ClickHouse and others read them; docs/audit.md has queries. Addresses stay keyed hashes;
teams and clients are named where there is a mapping. Files of an earlier export are
replaced, and months that have been forgotten since are taken away.`,
		Example: "  tacto audit export warehouse/\n  tacto audit export --format csv --since 2026-01 out/",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("tacto audit export DIR", "name one folder to write to")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return c.auditExport(&f, args[0]) },
	}
	f.addAudit(cmd, true)
	fl := cmd.Flags()
	fl.StringVar(&f.since, "since", "", "from this `day` on: 2026-03-31, 2026-03 or 2026")
	fl.StringVar(&f.until, "until", "", "up to this `day`")
	fl.StringVarP(&f.format, "format", "f", export.Formats[0], "output `format`: "+strings.Join(export.Formats, ", "))
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(export.Formats, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (c *Command) auditExport(f *exportFlags, dir string) error {
	if !slices.Contains(export.Formats, f.format) {
		return usagef(strings.Join(export.Formats, ", "), "--format can't be %q", f.format)
	}
	since, until, err := days(f.since, f.until)
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
	m, err := a.mappingOf(f.mapping)
	if err != nil {
		return err
	}
	filter := audit.Filter{Since: since, Until: until}
	x := &export.Export{Dir: dir, Format: f.format, Names: m.With(a.key), Filter: filter}
	n, err := x.Write(func(fn func(*audit.Email) error) error { return a.store.Each(ctx, filter, fn) })
	if err != nil {
		return explainStore(err)
	}
	c.sayf("%s written to %s", emailCount(n), safe.Text(dir))
	return nil
}
