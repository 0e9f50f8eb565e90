package mailclient

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// For git send-email, sendemail.sendmailCmd is set, and no sendemail-validate hook
// is made. The command sees each message as it leaves, with its header and its
// recipients, in every repository, and comes before sendemail.smtpServer (git 2.33
// and later; tried with 2.39). A hook sees the patch file before there are
// recipients; it would have to be put into each repository, or into core.hooksPath,
// which takes all hooks of all repositories away. For those who send by SMTP the
// hook is all there is: the notes give it.
var git = &Client{
	Name: "git", Summary: "git send-email asks tacto before it sends", Program: "git", comment: "#",
	paths: func(e *Env) []string {
		if f := e.Getenv("GIT_CONFIG_GLOBAL"); f != "" {
			return []string{f}
		}
		return []string{e.home(".gitconfig"), e.xdg("git", "config")}
	},
	fresh: func(e *Env) string { return first(e.Getenv("GIT_CONFIG_GLOBAL"), e.home(".gitconfig")) },
	lines: gitLines, keep: gitKeep, named: gitNamed, own: []string{"[sendemail]", "\tsendmailCmd = *"}, check: gitCheck,
	Notes: []string{
		"When a message is held, it and those behind it are not sent.",
		"If you send by SMTP (sendemail.smtpServer is a host), use a hook in the repository instead. Put into the file",
		"sendemail-validate in the folder that 'git rev-parse --git-path hooks' names, and chmod +x it:",
		"    #!/bin/sh",
		`    exec tacto sendmail -- true -t < "$1"`,
	},
}

func gitNamed(line string) string {
	_, value, _ := strings.Cut(line, "=")
	_, mta, _ := strings.Cut(gitUnquote(strings.TrimSpace(value)), " sendmail -- ")
	return mta
}

// gitKeep: 'git config' writes a new key of the section into the last one of its
// name, and that is tacto's.
func gitKeep(lines []string) []string { return append([]string{"[sendemail]"}, lines...) }

// gitGet gives a value of the section sendemail: as git says, or as the file does.
func gitGet(e *Env, text, key string) string {
	if e.Look("git") != "" {
		if out, err := e.Run("git", "config", "--get", "sendemail."+key); err == nil {
			return strings.TrimSpace(out)
		}
	}
	return gitValue(text, key)
}

// gitValue gives what a file says of a key of the section sendemail.
func gitValue(text, key string) string {
	value, inside := "", false
	for _, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			inside = strings.EqualFold(line, "[sendemail]")
			continue
		}
		k, v, ok := strings.Cut(line, "=")
		if inside && ok && strings.EqualFold(strings.TrimSpace(k), key) {
			value = gitUnquote(strings.TrimSpace(v))
		}
	}
	return value
}

func gitUnquote(v string) string {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case c == '\\' && i+1 < len(v):
			i++
			b.WriteByte(v[i])
		case c == '"':
			quoted = !quoted
		case (c == '#' || c == ';') && !quoted:
			return strings.TrimSpace(b.String())
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func gitLines(e *Env, f *File, w With) ([]string, error) {
	if err := oneWord(w.Tacto, "git"); err != nil {
		return nil, err
	}
	if w.MTA == "" {
		w.MTA = gitValue(f.Text, "sendmailCmd")
		if e.isTacto(strings.Fields(w.MTA)) {
			return nil, fail("tacto is named already, outside of the markers, in "+e.tilde(f.Path), "take that line out, or leave it at that")
		}
	}
	if server := gitGet(e, f.Text, "smtpServer"); w.MTA == "" && server != "" {
		if !filepath.IsAbs(server) {
			return nil, fail("git sends by itself to "+server+" (sendemail.smtpServer), and would no more",
				"set up msmtp and name it: --mta msmtp; or use the hook of 'tacto hook show git'")
		}
		w.MTA = server
	}
	value := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(handOver(w))
	return []string{"[sendemail]", "\tsendmailCmd = \"" + value + "\""}, nil
}

func gitCheck(c *Client, e *Env, f *File) []Check {
	checks := gitHook(e)
	hooked := len(checks) > 0
	cmd, server := gitGet(e, f.Text, "sendmailCmd"), gitGet(e, f.Text, "smtpServer")
	b, _ := c.split(f)
	add := func(what, problem, mend string) {
		checks = append(checks, Check{"git: " + what, Trouble{problem, mend}})
	}
	switch {
	case e.isTacto(strings.Fields(cmd)):
		t := e.command(strings.Fields(cmd), nil)
		add("sendemail.sendmailCmd", t.Problem, t.Mend)
		if v := gitVersion(e); v != "" {
			add("version", "git "+v+" does not know sendemail.sendmailCmd: mail is sent without a check", "git 2.33 or later; or the hook of 'tacto hook show git'")
		}
	case b.found:
		add("sendemail.sendmailCmd", "another setting takes tacto out again: sendmailCmd is "+show(cmd),
			"see 'git config --show-origin --get-all sendemail.sendmailCmd', and take that out")
	case cmd != "" && !hooked:
		add("sendemail.sendmailCmd", "mail is sent without a check: sendmailCmd is "+show(cmd), "tacto hook install git")
	case server != "" && !hooked:
		add("sendemail.smtpServer", "mail goes to "+server+" (sendemail.smtpServer), and tacto is never asked", "tacto hook show git")
	}
	return append(checks, gitIdentities(e)...)
}

// gitVersion gives the version of a git that is too old, "" else.
func gitVersion(e *Env) string {
	out, err := e.Run("git", "version")
	major, minor := 0, 0
	if err != nil {
		return ""
	}
	if n, _ := fmt.Sscanf(out, "git version %d.%d", &major, &minor); n < 2 || major > 2 || major == 2 && minor >= 33 {
		return ""
	}
	return fmt.Sprintf("%d.%d", major, minor)
}

// gitIdentities finds identities with a command of their own.
func gitIdentities(e *Env) []Check {
	if e.Look("git") == "" {
		return nil
	}
	out, err := e.Run("git", "config", "--get-regexp", `^sendemail\..*\.sendmailcmd$`)
	if err != nil {
		return nil // there are none
	}
	var checks []Check
	for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
		key, value, _ := strings.Cut(line, " ")
		if words := strings.Fields(value); len(words) > 0 && !e.isTacto(words) {
			checks = append(checks, Check{"git: " + key, Trouble{"mail of this identity is sent without a check: sendmailCmd is " + show(value),
				"git config --global " + key + " 'tacto sendmail -- " + value + "'"}})
		}
	}
	return checks
}

// gitHook looks at the hook of the repository that this is run in.
func gitHook(e *Env) []Check {
	if e.Look("git") == "" {
		return nil
	}
	out, err := e.Run("git", "rev-parse", "--git-path", "hooks/sendemail-validate")
	if err != nil {
		return nil // it is no repository
	}
	path := strings.TrimSpace(out)
	if !filepath.IsAbs(path) {
		path = filepath.Join(e.Dir, path)
	}
	data, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(data), "tacto") {
		return nil
	}
	if st, err := os.Stat(path); err == nil && st.Mode()&0o111 == 0 {
		return []Check{{"git: sendemail-validate", Trouble{"git does not run the hook: it is not executable", "chmod +x " + path}}}
	}
	return []Check{{Name: "git: sendemail-validate"}}
}
