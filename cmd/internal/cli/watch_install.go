package cli

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tacto-lint/tacto/cmd/internal/config"
	"github.com/tacto-lint/tacto/cmd/internal/safe"
)

// installFlags are the flags of watch install and remove.
type installFlags struct {
	configFlags
	now bool
}

func (c *Command) watchInstallCommand(remove bool) *cobra.Command {
	f := &installFlags{}
	cmd := &cobra.Command{
		Use: "install", Short: "Have tacto watch start when you log in",
		Long: `Write a unit for systemd (~/.config/systemd/user/` + unitName + `), or on macOS
one for launchd (~/Library/LaunchAgents/` + agentName + `), and say which commands
start it; with --now, run them. Nothing is written over that isn't tacto's own.`,
		Example: "  tacto watch install --now",
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return c.watchInstall(f) },
	}
	if remove {
		cmd = &cobra.Command{
			Use: "remove", Short: "Undo watch install",
			Long:    "Remove the unit that 'tacto watch install' has written, and say which commands\nstop what still runs; with --now, run them.",
			Example: "  tacto watch remove --now",
			Args:    cobra.NoArgs,
			RunE:    func(*cobra.Command, []string) error { return c.watchRemove(f) },
		}
	}
	cmd.Flags().BoolVar(&f.now, "now", false, "run the commands, too")
	if !remove {
		f.add(cmd)
		for _, name := range []string{"lang", "ui-lang", "no-config"} {
			_ = cmd.Flags().MarkHidden(name)
		}
	}
	return cmd
}

const (
	unitName  = "tacto-watch.service"
	agentName = "org.tacto-lint.watch.plist"
	// unitMark stands in what is tacto's own.
	unitMark = "Written by 'tacto watch install'"
)

// A unit is what starts the watcher at login.
type unit struct {
	path        string
	text        string
	links       []string // what enabling has made of it
	start, stop [][]string
	hint        string
}

// unitFor gives the unit of an operating system.
func (c *Command) unitFor(goos, exe, file string) (*unit, error) {
	home := c.Getenv("HOME")
	if home == "" {
		return nil, usagef("set it", "HOME is not set")
	}
	switch goos {
	case "linux":
		if strings.ContainsAny(exe, "\"'\\") {
			return nil, usagef("move it", "systemd starts no program with quotes or backslashes in its path: %s", safe.Text(exe))
		}
		base := first(c.Getenv("XDG_CONFIG_HOME"), filepath.Join(home, ".config"))
		dir := filepath.Join(base, "systemd", "user")
		return &unit{
			path: filepath.Join(dir, unitName), text: systemdUnit(exe, file),
			links: []string{filepath.Join(dir, "default.target.wants", unitName)},
			start: [][]string{{"systemctl", "--user", "daemon-reload"}, {"systemctl", "--user", "enable", unitName}, {"systemctl", "--user", "restart", unitName}},
			stop:  [][]string{{"systemctl", "--user", "stop", unitName}, {"systemctl", "--user", "daemon-reload"}},
			hint:  "what it has to say beside notifications: journalctl --user -u " + unitName,
		}, nil
	case "darwin":
		path := filepath.Join(home, "Library", "LaunchAgents", agentName)
		domain := fmt.Sprintf("gui/%d", os.Getuid())
		log := filepath.Join(home, "Library", "Logs", "tacto-watch.log")
		return &unit{
			path: path, text: launchdPlist(exe, file, c.Getenv("PATH"), log),
			start: [][]string{{"launchctl", "bootstrap", domain, path}},
			stop:  [][]string{{"launchctl", "bootout", domain + "/" + strings.TrimSuffix(agentName, ".plist")}},
			hint:  "what it has to say: " + log,
		}, nil
	}
	return nil, usagef("start 'tacto watch' by other means", "there is no systemd and no launchd on %s", goos)
}

// systemdUnit is hardened only with what works in the units of users, and with nothing
// that the commands for passwords would fail of: gpg-agent's socket, node's compiler.
func systemdUnit(exe, file string) string {
	return `# ` + unitMark + `; 'tacto watch remove' takes it away.
[Unit]
Description=tacto: how a client will hear the drafts you save
Documentation=https://github.com/tacto-lint/tacto/blob/main/docs/watch.md

[Service]
ExecStart="` + strings.ReplaceAll(exe, "%", "%%") + `" watch --config ` + systemdWord(file) + `
# Its lines quote drafts: they are for no journal. The log, without any, goes there.
StandardOutput=null
Restart=on-failure
RestartSec=10
# Wrong usage, configuration or credentials don't mend themselves.
RestartPreventExitStatus=2
TimeoutStopSec=5

NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
UMask=0077

[Install]
WantedBy=default.target
`
}

// systemdWord quotes a word of a command line, but for the first, in which $ stands for itself.
func systemdWord(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `%`, `%%`, `$`, `$$`).Replace(s) + `"`
}

func launchdPlist(exe, file, path, log string) string {
	esc := func(s string) string {
		var b bytes.Buffer
		_ = xml.EscapeText(&b, []byte(s)) // a buffer takes all
		return b.String()
	}
	return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- ` + unitMark + `; 'tacto watch remove' takes it away. -->
<plist version="1.0">
<dict>
  <key>Label</key><string>` + strings.TrimSuffix(agentName, ".plist") + `</string>
  <key>ProgramArguments</key>
  <array>
    <string>` + esc(exe) + `</string>
    <string>watch</string>
    <string>--config</string>
    <string>` + esc(file) + `</string>
  </array>
  <key>EnvironmentVariables</key>
  <dict><key>PATH</key><string>` + esc(path) + `</string></dict>
  <key>RunAtLoad</key><true/>
  <!-- Not after an error: with credentials that are refused it would be locked out. -->
  <key>KeepAlive</key><dict><key>Crashed</key><true/></dict>
  <key>ThrottleInterval</key><integer>10</integer>
  <key>ProcessType</key><string>Background</string>
  <key>Umask</key><integer>63</integer>
  <key>StandardOutPath</key><string>/dev/null</string>
  <key>StandardErrorPath</key><string>` + esc(log) + `</string>
</dict>
</plist>
`
}

// readUnit reads a unit that is there; one that is not tacto's own is an error.
func readUnit(path string) (string, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(path); err == nil { // a link to nowhere, or to /dev/null
			return "", usagef("remove it", "%s is a link that leads to no unit of tacto's", safe.Text(path))
		}
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading the unit: %w", err)
	}
	if !bytes.Contains(data, []byte(unitMark)) {
		return "", usagef("move it out of the way", "%s is not tacto's own: it stays as it is", safe.Text(path))
	}
	return string(data), nil
}

// watchInstall writes the unit.
func (c *Command) watchInstall(f *installFlags) error {
	cfg, err := c.loadOwn(&f.configFlags)
	if err != nil {
		return err
	}
	if err := needAccounts(cfg); err != nil {
		return err
	}
	file := cfg.File
	if !filepath.IsAbs(file) {
		file = filepath.Join(c.Dir, file)
	}
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	if strings.Contains(exe, string(filepath.Separator)+"go-build") {
		return usagef("go build, or go install, and call that", "this program is a passing one of 'go run'")
	}
	for _, s := range []string{exe, file} {
		if strings.ContainsAny(s, "\n\r") {
			return usagef("rename it", "a unit can't name %q", s)
		}
	}
	u, err := c.unitFor(runtime.GOOS, exe, file)
	if err != nil {
		return err
	}
	old, err := readUnit(u.path)
	if err != nil {
		return err
	}
	switch {
	case old == u.text:
		fmt.Fprintf(c.Stdout, "%s is there already\n", safe.Text(u.path))
	default:
		if err := writeUnit(u.path, u.text); err != nil {
			return fmt.Errorf("writing the unit: %w", err)
		}
		fmt.Fprintf(c.Stdout, "written: %s\n", safe.Text(u.path))
	}
	if err := c.runOrSay(u.start, "to start it, now and at each login:", f.now); err != nil {
		return err
	}
	fmt.Fprintln(c.Stdout, u.hint)
	return nil
}

// writeUnit writes a file whole or not at all.
func writeUnit(path, text string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, ".tacto-watch-*")
	if err != nil {
		return err
	}
	_, err = tmp.WriteString(text)
	err = errors.Join(err, tmp.Chmod(0o644), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(tmp.Name()) // the error that counts is there
	}
	return err
}

// watchRemove removes the unit, and what enabling it has left.
func (c *Command) watchRemove(f *installFlags) error {
	u, err := c.unitFor(runtime.GOOS, "", "")
	if err != nil {
		return err
	}
	old, err := readUnit(u.path)
	if err != nil {
		return err
	}
	if old == "" {
		fmt.Fprintf(c.Stdout, "%s is not there\n", safe.Text(u.path))
		return nil
	}
	for _, l := range u.links {
		if to, err := os.Readlink(l); err == nil && filepath.Base(to) == unitName {
			if err := os.Remove(l); err != nil {
				return fmt.Errorf("removing what enabled the unit: %w", err)
			}
		}
	}
	if err := os.Remove(u.path); err != nil {
		return fmt.Errorf("removing the unit: %w", err)
	}
	fmt.Fprintf(c.Stdout, "removed: %s\n", safe.Text(u.path))
	return c.runOrSay(u.stop, "to stop what still runs:", f.now)
}

// runOrSay runs commands, or names them.
func (c *Command) runOrSay(commands [][]string, what string, run bool) error {
	if !run {
		fmt.Fprintln(c.Stdout, what)
	}
	for _, words := range commands {
		line := safe.Text(strings.Join(words, " "))
		if !run {
			fmt.Fprintf(c.Stdout, "  %s\n", line)
			continue
		}
		cmd := exec.Command(words[0], words[1:]...)
		cmd.Stdout, cmd.Stderr = c.Stdout, c.Stderr
		if err := cmd.Run(); err != nil {
			return usagef("the unit is as it should be: run it by hand where it can work", "%s: %w", line, err)
		}
		fmt.Fprintf(c.Stdout, "done: %s\n", line)
	}
	return nil
}

// needAccounts says what to write where there is nothing to watch.
func needAccounts(cfg *config.Config) error {
	if len(cfg.Watch.Accounts) > 0 {
		return nil
	}
	where := "in ~/.config/tacto/config.yaml"
	if cfg.File != "" {
		where = "in " + safe.Text(cfg.File)
	}
	return usagef("watch: {accounts: [{host: imap.example.org, user: ana@example.org, password: {command: pass show mail/work}}]}",
		"no account to watch: name one below watch: %s", where)
}
