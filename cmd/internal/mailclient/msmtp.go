package mailclient

import (
	"strings"
)

// msmtp is no mail program: mail programs hand mail to it. What is made is a program
// that can be named wherever one asks for the path of sendmail and takes no
// arguments. It is not called msmtp, though that would catch programs unasked: tacto
// itself, called by another hook, would find it in PATH as the msmtp to hand mail
// to, judge twice, and hold the second time what its author let through.
var msmtp = &Client{
	Name: "msmtp", Summary: "a program tacto-msmtp, for settings that take the path of a sendmail", Program: "msmtp", comment: "#",
	head: "#!/bin/sh\n", mode: 0o755,
	paths: func(*Env) []string { return nil },
	fresh: func(e *Env) string { return e.home(".local", "bin", "tacto-msmtp") },
	lines: msmtpLines, own: []string{`exec *"$@"`}, check: msmtpCheck, named: namedIn(`^exec .* sendmail -- (.*) "\$@"$`),
	Notes: []string{
		"msmtp itself is not changed, and nothing asks tacto yet: name this program as sendmail in the settings of",
		"each program that sends (himalaya: sendmail.cmd, s-nail: mta, mail-mode in Emacs: sendmail-program).",
		"Where a setting takes arguments, it is not needed: tacto sendmail -- msmtp",
	},
}

func msmtpLines(e *Env, f *File, w With) ([]string, error) {
	if err := oneWord(w.Tacto, "a script"); err != nil {
		return nil, err
	}
	if f.Exists && strings.TrimSpace(strings.TrimPrefix(f.Text, "#!/bin/sh")) != "" {
		return nil, fail(f.Path+" is there already, and is not tacto's", "name another: --file FILE")
	}
	if w.MTA == "" {
		if w.MTA = e.Look("msmtp"); w.MTA == "" {
			return nil, fail("msmtp is not installed", "install it, or name what takes mail: --mta COMMAND")
		}
	}
	return []string{"exec " + handOver(w) + ` "$@"`}, nil
}

func msmtpCheck(c *Client, e *Env, f *File) []Check {
	b, err := c.split(f)
	if err != nil || !b.found {
		return nil
	}
	name := "msmtp: " + e.tilde(f.Path)
	if f.mode&0o111 == 0 {
		return []Check{{name, Trouble{"it can't be run: it is not executable", "chmod +x " + f.Path}}}
	}
	for _, l := range b.inside {
		if rest, ok := strings.CutPrefix(l, "exec "); ok {
			return []Check{{name, e.command(strings.Fields(strings.TrimSuffix(rest, ` "$@"`)), nil)}}
		}
	}
	return []Check{{name, Trouble{"the line that hands mail to tacto is gone", "tacto hook install msmtp"}}}
}
