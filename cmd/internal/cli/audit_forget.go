package cli

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tacto-lint/tacto/audit"
	"github.com/tacto-lint/tacto/cmd/internal/safe"
)

type forgetFlags struct {
	auditFlags
	author, before string
	yes            bool
}

func (c *Command) auditForgetCommand() *cobra.Command {
	var f forgetFlags
	cmd := &cobra.Command{
		Use:   "forget",
		Short: "Forget a person's mail, or what is old, for good",
		Long: `Delete what the store has of a person, or what is older than a day, or what of a person
is older. It stays forgotten: no later collect brings it back.`,
		Example: `  tacto audit forget --author ana@us.example
  tacto audit forget --before 2025-01-01 --yes`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return c.auditForget(&f) },
	}
	f.addAudit(cmd, false)
	fl := cmd.Flags()
	fl.StringVar(&f.author, "author", "", "the person's `address`; of several, one after the other")
	fl.StringVar(&f.before, "before", "", "what was sent before this `day`")
	fl.BoolVarP(&f.yes, "yes", "y", false, "don't ask")
	return cmd
}

func (c *Command) auditForget(f *forgetFlags) error {
	before, err := day("--before", f.before, false)
	switch {
	case err != nil:
		return err
	case f.author == "" && f.before == "":
		return usagef("--author ADDRESS, --before DAY, or both", "say what is to be forgotten")
	case f.author != "" && !strings.Contains(f.author, "@"):
		return usagef("ana@us.example", "--author %q is no address", f.author)
	}
	ctx, stop := interruptible()
	defer stop()
	a, err := c.auditing(ctx, &f.auditFlags, false)
	if err != nil {
		return err
	}
	defer a.store.Close()
	var filter audit.Filter
	if f.before != "" {
		filter.Until = before - 1
	}
	if f.author != "" {
		filter.Author = a.key.Address(f.author)
	}
	if !f.yes {
		ok, err := c.confirmForget(ctx, a, filter)
		if err != nil || !ok {
			return err
		}
	}
	n, err := a.store.Forget(ctx, filter)
	if err != nil {
		return explainStore(err)
	}
	c.sayf("%s forgotten in %s, for good", emailCount(n), a.where)
	return nil
}

// confirmForget says how many it is about, and asks.
func (c *Command) confirmForget(ctx context.Context, a *auditing, filter audit.Filter) (bool, error) {
	n := 0
	if err := a.store.Each(ctx, filter, func(*audit.Email) error { n++; return nil }); err != nil {
		return false, explainStore(err)
	}
	if !c.StdinTTY {
		return false, usagef("--yes", "nobody is there to be asked whether %s are to be forgotten", emailCount(n))
	}
	fmt.Fprintf(c.Stderr, "Forget %s for good, here and in every later collect? [y/N] ", emailCount(n))
	answer, _ := bufio.NewReader(c.Stdin).ReadString('\n') // at its end: no
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes", "s", "sí", "si":
		return true, nil
	}
	c.sayf("nothing was forgotten in %s", safe.Text(a.where))
	return false, nil
}
