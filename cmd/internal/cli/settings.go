package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tacto-lint/tacto/cmd/internal/config"
	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/rules"
)

// configFlags are the flags by which commands find their configuration.
type configFlags struct {
	file         string
	none         bool
	lang, uiLang string
}

func (f *configFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.file, "config", "", "configuration `file` (default: .tacto.yaml here or above, then the XDG one)")
	cmd.Flags().BoolVar(&f.none, "no-config", false, "read no configuration")
	cmd.Flags().StringVar(&f.lang, "lang", "", "take emails to be in this language: es or en (default: found by itself)")
	cmd.Flags().StringVar(&f.uiLang, "ui-lang", "", "language of messages: es or en (default: the email's own)")
	for _, name := range []string{"lang", "ui-lang"} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(lint.Langs[:], cobra.ShellCompDirectiveNoFileComp))
	}
}

// addOwn adds them for commands that go by the person's own configuration.
func (f *configFlags) addOwn(cmd *cobra.Command) {
	f.add(cmd)
	cmd.Flags().Lookup("config").Usage = "configuration `file` (default: the XDG one, never that of the current folder)"
}

// load reads the configuration; flags come before it.
func (c *Command) load(f *configFlags) (*config.Config, error) {
	path := f.file
	if path == "" && !f.none && c.Dir != "" {
		path = config.Find(c.Dir, c.Getenv)
	}
	return c.read(f, path)
}

// ownPath is the configuration of the person, not of the folder at hand: for
// commands that mail programs start, wherever they happen to be.
func (c *Command) ownPath(f *configFlags) string {
	if f.file != "" || f.none {
		return f.file
	}
	return config.Own(c.Getenv)
}

// loadOwn reads that of ownPath; flags come before it.
func (c *Command) loadOwn(f *configFlags) (*config.Config, error) { return c.read(f, c.ownPath(f)) }

// read reads a configuration, none with "".
func (c *Command) read(f *configFlags, path string) (*config.Config, error) {
	cfg := &config.Config{}
	if path != "" {
		var err error
		if cfg, err = config.Load(path); err != nil {
			return nil, err
		}
	}
	for flag, v := range map[string]string{"--lang": f.lang, "--ui-lang": f.uiLang} {
		if v != "" && !slices.Contains(lint.Langs[:], v) {
			return nil, usagef("es or en", "%s can't be %q", flag, v)
		}
	}
	if f.lang != "" {
		cfg.Settings.Lang = f.lang
	}
	if f.uiLang != "" {
		cfg.Settings.UILang = f.uiLang
	}
	return cfg, nil
}

// ruleSet gives the built-in rules, with a team's own where there are any.
func (c *Command) ruleSet(files []string) (*lint.RuleSet, error) {
	if len(files) == 0 {
		return rules.Default()
	}
	var extra []rules.Source
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			var pe *fs.PathError
			if errors.As(err, &pe) {
				err = pe.Err
			}
			return nil, fmt.Errorf("reading the rule file %s: %w", f, err)
		}
		extra = append(extra, rules.Source{Name: f, Data: data})
	}
	return rules.DefaultWith(extra...)
}

// linter makes the linter of a configuration.
func (c *Command) linter(cfg *config.Config) (*lint.Linter, error) {
	set, err := c.ruleSet(cfg.RuleFiles)
	if err != nil {
		return nil, err
	}
	cfg.Settings.Terms = rules.ExpandTerms(cfg.Settings.Terms)
	l, err := lint.New(set, cfg.Settings)
	var se *lint.SettingError
	if errors.As(err, &se) && cfg.File != "" {
		return nil, fmt.Errorf("%s: %w", cfg.File, err)
	}
	return l, err
}

// local picks a text in the wanted language, or in the one there is.
func local(t lint.Localized, lang string) string {
	if s := t[lang]; s != "" {
		return s
	}
	for _, l := range []string{"en", "es"} {
		if s := t[l]; s != "" {
			return s
		}
	}
	return ""
}

// uiLang is the language of pages that belong to no email: --ui-lang, or that
// of the surroundings.
func (c *Command) uiLang(flag string) string {
	if flag != "" {
		return flag
	}
	for _, v := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if s := c.Getenv(v); s != "" {
			if strings.HasPrefix(s, "es") {
				return "es"
			}
			return "en"
		}
	}
	return "en"
}
