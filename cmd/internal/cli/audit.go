package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/tacto-lint/tacto/audit"
	"github.com/tacto-lint/tacto/audit/store"
	"github.com/tacto-lint/tacto/cmd/internal/config"
	"github.com/tacto-lint/tacto/cmd/internal/safe"
	"github.com/tacto-lint/tacto/cmd/internal/secret"
)

// auditFlags are the flags of all of audit's commands.
type auditFlags struct {
	configFlags
	store, key, mapping string
}

func (c *Command) auditCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "See over months whether the mail that was sent gets better",
		Long: `Read the mail that was sent, keep what the rules said of it, and see how that changes:
fewer stock phrases than in spring? which clients get the worst mail? how many hot emails
went out that should have been a talk?

What is kept of an email is its day, its score, its verdict, which rules it met, and
keyed hashes in the place of addresses: no text, no subject, no address. docs/audit.md
says it in plain words, for those whose mail it is.`,
		Example: `  tacto audit collect ~/Maildir/.Sent imap:work
  tacto audit report --by team
  tacto audit report --html report.html`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("collect, report, serve, export or forget; see 'tacto audit --help'", "unknown command %q", "audit "+args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.auditCollectCommand(), c.auditReportCommand(), c.auditServeCommand(), c.auditExportCommand(), c.auditForgetCommand())
	return cmd
}

// addAudit adds them; mapping only where names are of use.
func (f *auditFlags) addAudit(cmd *cobra.Command, mapping bool) {
	f.addOwn(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.store, "store", "", "where judgements are kept: a `file`, or postgres://host/database\n(default $XDG_DATA_HOME/tacto/audit.db)")
	fl.StringVar(&f.key, "key", "", "the key's `file` (default $XDG_CONFIG_HOME/tacto/audit.key)")
	if mapping {
		fl.StringVar(&f.mapping, "mapping", "", "`file` that says which addresses are which team and client")
	}
}

// interruptible is a context that ends when the person says so. Who says it twice does
// not want to wait.
func interruptible() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// An auditing is what audit's commands work with.
type auditing struct {
	cfg   *config.Config
	key   audit.Key
	store audit.Store
	where string // the store, fit to be shown
}

// auditing opens the store. With create, store and key are made where there are none.
func (c *Command) auditing(ctx context.Context, f *auditFlags, create bool) (*auditing, error) {
	cfg, err := c.loadOwn(&f.configFlags)
	if err != nil {
		return nil, err
	}
	where := first(f.store, cfg.Audit.Store)
	if where == "" {
		dir := c.homeDir("XDG_DATA_HOME", ".local", "share")
		if dir == "" {
			return nil, usagef("give --store FILE", "without a home folder there is no place for the store")
		}
		where = filepath.Join(dir, "tacto", "audit.db")
	}
	a := &auditing{cfg: cfg, where: safe.Text(where)}
	server := config.IsPostgres(where)
	if server {
		a.where = "the server's database"
	}
	there := true
	if !server {
		_, err := os.Stat(where)
		there = err == nil
		switch {
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("the store %s: %w", a.where, reason(err))
		case !there && !create:
			return nil, usagef("'tacto audit collect SOURCE' makes one; or is it elsewhere? give --store", "there is no store %s", a.where)
		case !there:
			if err := os.MkdirAll(filepath.Dir(where), 0o700); err != nil {
				return nil, fmt.Errorf("making a place for the store: %w", err)
			}
		}
	}
	keyFile, made, err := c.auditKey(ctx, a, f, create && (server || !there))
	if err != nil {
		return nil, err
	}
	a.store, err = store.Open(ctx, where, a.key.ID())
	if err != nil {
		if made {
			_ = os.Remove(keyFile) // it has made nothing yet
		}
		return nil, explainStore(err)
	}
	if made {
		c.sayf("a new key: %s. Keep it, and keep it to yourself: without it nobody can tell whose mail the store speaks of, and nothing can be added", safe.Text(keyFile))
	}
	return a, nil
}

// explainStore adds to an error of a store what to do about it.
func explainStore(err error) error {
	hint := ""
	switch {
	case errors.Is(err, store.ErrKey):
		hint = "--key FILE names the one it was made with"
	case errors.Is(err, store.ErrNewer):
		hint = "update tacto here, too"
	case errors.Is(err, store.ErrFormat):
		hint = "is --store right?"
	case errors.Is(err, store.ErrLocked):
		hint = "wait until that is done and start again: it goes on from there"
	case errors.Is(err, store.ErrFull):
		hint = "make room and start again: what was judged is kept, and it goes on from there"
	case errors.Is(err, store.ErrDisk):
		hint = "is there room, and may you write there? what was judged is kept, and it goes on from there"
	case errors.Is(err, store.ErrLost):
		hint = "start again when it is back: what was judged is kept, and it goes on from there"
	default:
		return err
	}
	return &usageError{err, hint}
}

// auditKey reads the key, or makes one where there is none and that is allowed.
func (c *Command) auditKey(ctx context.Context, a *auditing, f *auditFlags, create bool) (path string, made bool, err error) {
	path = first(f.key, a.cfg.Audit.Key)
	if path == "" {
		dir := c.homeDir("XDG_CONFIG_HOME", ".config")
		if dir == "" {
			return "", false, usagef("give --key FILE", "without a home folder there is no place for the key")
		}
		path = filepath.Join(dir, "tacto", "audit.key")
	}
	_, err = os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && create:
		if a.key, err = makeKey(path); err != nil {
			return path, false, fmt.Errorf("making the key %s: %w", safe.Text(path), reason(err))
		}
		return path, true, nil
	case errors.Is(err, fs.ErrNotExist):
		return path, false, usagef("it lies where the store was made; give --key FILE", "the key %s is not there, and without it the store can't be used", safe.Text(path))
	}
	text, err := (&secret.Source{File: path}).Get(ctx)
	if err != nil {
		return path, false, err
	}
	if a.key, err = audit.ParseKey(text); err != nil {
		return path, false, fmt.Errorf("%s: %w", safe.Text(path), err)
	}
	return path, false, nil
}

// makeKey makes a key in a file that only its owner reads. Where two make it at the same
// time, the first one's stands.
func makeKey(path string) (audit.Key, error) {
	key := audit.NewKey()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return key, err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".audit.key-*") // mode 0600
	if err != nil {
		return key, err
	}
	defer os.Remove(file.Name())
	_, err = file.WriteString(key.String() + "\n")
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return key, err
	}
	// A link is made only where nothing is yet.
	err = os.Link(file.Name(), path)
	switch {
	case errors.Is(err, fs.ErrExist):
		data, err := os.ReadFile(path)
		if err != nil {
			return key, err
		}
		return audit.ParseKey(string(data))
	case err != nil: // a file system without links
		return key, os.Rename(file.Name(), path)
	}
	return key, nil
}

// reason is an error without the path that stands in front of it already.
func reason(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// homeDir gives an XDG base folder, "" if there is none.
func (c *Command) homeDir(variable string, below ...string) string {
	if base := c.Getenv(variable); filepath.IsAbs(base) { // relative ones are to be ignored
		return base
	}
	home := c.Getenv("HOME")
	if home == "" {
		return ""
	}
	return filepath.Join(append([]string{home}, below...)...)
}

// mappingOf reads the mapping of the flag or the configuration; an empty one if none is
// named.
func (a *auditing) mappingOf(flag string) (*audit.Mapping, error) {
	path := first(flag, a.cfg.Audit.Mapping)
	if path == "" {
		return &audit.Mapping{}, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the mapping %s: %w", safe.Text(path), reason(err))
	}
	return audit.ParseMapping(path, data)
}

// day reads the day of a flag; 0 for none. As people say "until March", a month or a
// year stands for its first day, or with last for its last.
func day(flag, text string, last bool) (audit.Day, error) {
	if text == "" {
		return 0, nil
	}
	for _, form := range []struct {
		layout        string
		years, months int
	}{{time.DateOnly, 0, 0}, {"2006-01", 0, 1}, {"2006", 1, 0}} {
		t, err := time.Parse(form.layout, text)
		if err != nil {
			continue
		}
		if last && form.years+form.months > 0 {
			t = t.AddDate(form.years, form.months, -1)
		}
		return audit.DayOf(t), nil
	}
	return 0, usagef("write a day 2026-03-31, a month 2026-03 or a year 2026", "%s can't be %q", flag, text)
}

// days reads the days of --since and --until.
func days(since, until string) (from, to audit.Day, err error) {
	if from, err = day("--since", since, false); err != nil {
		return 0, 0, err
	}
	if to, err = day("--until", until, true); err != nil {
		return 0, 0, err
	}
	if from != 0 && to != 0 && to < from {
		return 0, 0, usagef("--since comes first", "--until %s is before --since %s", until, since)
	}
	return from, to, nil
}
