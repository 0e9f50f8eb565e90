package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tacto-lint/tacto/cmd/internal/config"
	"github.com/tacto-lint/tacto/cmd/internal/mailclient"
	"github.com/tacto-lint/tacto/cmd/internal/output"
	"github.com/tacto-lint/tacto/cmd/internal/safe"
)

// jsonCheck is a check as --json gives it.
type jsonCheck struct {
	Check   string `json:"check"`
	OK      bool   `json:"ok"`
	Problem string `json:"problem"`
	Mend    string `json:"mend"`
}

func (c *Command) doctorCommand() *cobra.Command {
	f, asJSON := &configFlags{}, false
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Find what would let mail slip by, or get lost",
		Long: `Look at tacto's configuration and at the settings of the mail programs that are
here, for what would let mail out without a check, or lose it; and say what mends
it. Nothing is changed, and nothing is sent.

Exit status: 0 if all is well, 1 if something is wrong.`,
		Example: `  tacto doctor
  tacto doctor --json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			checks := c.ownChecks(f)
			own := len(checks)
			for _, client := range mailclient.All() {
				checks = append(checks, client.Check(c.clientEnv())...)
			}
			err := c.writeChecks(checks, asJSON)
			if len(checks) == own && !asJSON {
				fmt.Fprintln(c.Stdout, "no mail program here has settings that could ask tacto: see 'tacto hook list'")
			}
			return err
		},
	}
	cmd.Flags().StringVar(&f.file, "config", "", "configuration `file` (default: the XDG one, never that of the current folder)")
	cmd.Flags().BoolVar(&f.none, "no-config", false, "read no configuration")
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

func (c *Command) writeChecks(checks []mailclient.Check, asJSON bool) error {
	list, wrong := make([]jsonCheck, 0, len(checks)), 0
	for _, k := range checks {
		list = append(list, jsonCheck{k.Name, k.Problem == "", k.Problem, k.Mend})
		if k.Problem != "" {
			wrong++
		}
	}
	if asJSON {
		if err := output.WriteJSON(c.Stdout, list); err != nil {
			return err
		}
	} else if err := c.printChecks(list, wrong); err != nil {
		return err
	}
	if wrong > 0 {
		return status(exitFound)
	}
	return nil
}

// printChecks writes what is wrong first.
func (c *Command) printChecks(list []jsonCheck, wrong int) error {
	var b strings.Builder
	for _, k := range list {
		if !k.OK {
			fmt.Fprintf(&b, "wrong  %s: %s\n", safe.Text(k.Check), safe.Text(k.Problem))
			if k.Mend != "" {
				fmt.Fprintf(&b, "       mend: %s\n", safe.Text(k.Mend))
			}
		}
	}
	for _, k := range list {
		if k.OK {
			fmt.Fprintf(&b, "ok     %s\n", safe.Text(k.Check))
		}
	}
	if wrong == 0 {
		b.WriteString("all is well\n")
	}
	_, err := fmt.Fprint(c.Stdout, b.String())
	return err
}

// ownChecks looks at what is tacto's own.
func (c *Command) ownChecks(f *configFlags) []mailclient.Check {
	var checks []mailclient.Check
	add := func(name, problem, mend string) {
		checks = append(checks, mailclient.Check{Name: name, Trouble: mailclient.Trouble{Problem: problem, Mend: mend}})
	}
	cfg, err := c.loadOwn(f)
	if err == nil {
		_, err = c.linter(cfg)
	}
	switch {
	case err != nil:
		what := "mail goes out without a check"
		if c.onFailure(f) == "hold" {
			what = "no mail goes out"
		}
		add("configuration", strings.ReplaceAll(err.Error(), "\n", "; ")+": until that is mended, "+what, "mend the file at the line named, and run tacto doctor again")
	case cfg.FailOn == "never":
		add("configuration", cfg.File+": with fail-on: never nothing is ever held", "fail-on: error")
	case cfg.File == "":
		add("configuration (none, so what is built in)", "", "")
	default:
		add("configuration "+cfg.File, "", "")
	}
	if cfg != nil && len(cfg.Outgoing.Sendmail) > 0 {
		t := c.mtaTrouble(cfg.Outgoing.Sendmail)
		add("sendmail: in the configuration", t.Problem, t.Mend)
	}
	if c.Getenv("HOME") == "" {
		add("mail programs", "HOME is not set, so their settings can't be found", "set it")
	}
	if dir := c.stateDir(); dir == "" {
		add("state", "there is no folder of yours: a held message can't be sent again, and 'tacto last' shows nothing", "set HOME or XDG_STATE_HOME")
	} else if err := writable(dir); err != nil {
		add("state", fmt.Sprintf("%s can't be written: %v: a held message can't be sent again, and 'tacto last' shows nothing", c.stateDir(), err),
			"make it a folder of yours, or set XDG_STATE_HOME")
	} else {
		add("state "+c.stateDir(), "", "")
	}
	return checks
}

// writable says whether files can be made in a folder, or it can be made itself.
func writable(dir string) error {
	for {
		st, err := os.Stat(dir)
		if err == nil && !st.IsDir() {
			return errors.New("not a directory")
		}
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			return unpath(err)
		}
		dir = filepath.Dir(dir)
	}
	tmp, err := os.MkdirTemp(dir, ".tacto-doctor-*")
	if err != nil {
		return unpath(err)
	}
	return os.Remove(tmp)
}

func unpath(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// sendmailTrouble says what is wrong with the arguments of 'tacto sendmail' in a
// setting: nil, if nothing is. It reads them as sendmail itself does.
func (c *Command) sendmailTrouble(args []string) *mailclient.Trouble {
	f, mta, _, err := c.sendmailArgs(args)
	if err != nil {
		return &mailclient.Trouble{Problem: "tacto does not take the setting: " + err.Error(), Mend: "write it anew: tacto hook install"}
	}
	if f.failOn == "never" {
		return &mailclient.Trouble{Problem: "with --fail-on never nothing is ever held", Mend: "take it out of the setting"}
	}
	if f.file != "" {
		if _, err := config.Load(f.file); err != nil {
			return &mailclient.Trouble{Problem: err.Error(), Mend: "mend it there"}
		}
	}
	if i := slices.Index(args, "--"); i > 0 && i+1 < len(args) && len(mta) == 0 {
		return &mailclient.Trouble{Problem: args[i+1] + " would be taken for a recipient: the mail program writes other arguments in front of the --",
			Mend: "unset use_envelope_from; or name it as sendmail: in tacto's configuration, and take -- " + args[i+1] + " out"}
	}
	if len(mta) == 0 {
		if cfg, err := c.loadOwn(&f.configFlags); err == nil {
			mta = cfg.Outgoing.Sendmail
		}
	}
	t := c.mtaTrouble(mta)
	if t.Problem == "" {
		return nil
	}
	return &t
}

// mtaTrouble says what is wrong with the command that mail is handed to; without
// one, with what is installed.
func (c *Command) mtaTrouble(mta []string) mailclient.Trouble {
	path, _, err := c.findMTA(mta)
	if err != nil {
		return mailclient.Trouble{Problem: err.Error() + ": mail can't be sent", Mend: "install it, or name another: tacto hook install CLIENT --mta COMMAND"}
	}
	if c.isSelf(path) || strings.TrimSuffix(filepath.Base(path), ".exe") == "tacto" {
		return mailclient.Trouble{Problem: path + " is tacto itself: mail would go round for ever", Mend: "name the mail system, such as msmtp, in its place"}
	}
	if callsTacto(path) {
		return mailclient.Trouble{Problem: path + " hands mail to tacto once more: what its author lets through the first time is held the second",
			Mend: "name what that script hands mail to, such as msmtp, in its place"}
	}
	return mailclient.Trouble{}
}

// callsTacto says whether a program is a short script that runs 'tacto sendmail'.
func callsTacto(path string) bool {
	if path, err := exec.LookPath(path); err == nil {
		if st, err := os.Stat(path); err == nil && st.Mode().IsRegular() && st.Size() <= 4096 {
			data, err := os.ReadFile(path)
			return err == nil && strings.HasPrefix(string(data), "#!") && strings.Contains(string(data), "tacto sendmail")
		}
	}
	return false
}
