package mailclient

import (
	"strings"
)

// aerc reads its accounts with a reader of INI files that takes a section that
// comes again for the same, and its last value of a key for the one that holds: so
// what stands at the end wins, and no line of an account need be touched (aerc
// 0.14, tried). An account that speaks SMTP runs no command; it is left alone.
var aerc = &Client{
	Name: "aerc", Summary: "the accounts of aerc that send with a command ask tacto first", Program: "aerc", comment: "#", mode: 0o600,
	paths: func(*Env) []string { return nil },
	fresh: func(e *Env) string { return e.xdg("aerc", "accounts.conf") },
	lines: aercLines, own: []string{"[*]", "outgoing = *"}, check: aercCheck,
	Notes: []string{
		"A held message comes back into review. aerc does not show why (only \"exit status 65\"): tacto last does,",
		"and so does the desktop, unless notify: never is in tacto's configuration.",
		"An account with outgoing = smtp://… or smtps://… runs no command, so tacto can't be asked: set up msmtp for",
		"it, write outgoing = msmtp -a NAME there, and install again. So too after an account is added.",
	},
}

// An aercAccount is an account, with what holds of all that is said of it.
type aercAccount struct{ name, outgoing string }

// command says whether the account sends with one.
func (a *aercAccount) command() bool {
	return a.outgoing != "" && !strings.Contains(strings.Fields(a.outgoing)[0], "://")
}

func aercAccounts(text string) []aercAccount {
	var all []aercAccount
	at := -1
	for _, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") && strings.Contains(line, "]") {
			name := line[1:strings.LastIndex(line, "]")]
			for at = range all {
				if all[at].name == name {
					break
				}
			}
			if at < 0 || all[at].name != name {
				all, at = append(all, aercAccount{name: name}), len(all)
			}
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok || at < 0 || strings.TrimSpace(key) != "outgoing" {
			continue
		}
		value = strings.TrimSpace(value)
		if q := strings.IndexAny(value, "\"'`"); q == 0 && len(value) > 1 && value[len(value)-1] == value[0] {
			value = value[1 : len(value)-1]
		} else if !strings.Contains(value, "://") { // a command; there, a comment may follow
			if i := strings.IndexAny(value, "#;"); i >= 0 {
				value = strings.TrimSpace(value[:i])
			}
		}
		all[at].outgoing = value
	}
	return all
}

func aercLines(e *Env, f *File, w With) ([]string, error) {
	if err := oneWord(w.Tacto, "aerc"); err != nil {
		return nil, err
	}
	accounts := aercAccounts(f.Text)
	if len(accounts) == 0 {
		return nil, fail("aerc has no accounts in "+e.tilde(f.Path), "let aerc make one first")
	}
	var lines []string
	already := false
	for _, a := range accounts {
		if !a.command() {
			continue
		}
		if e.isTacto(strings.Fields(a.outgoing)) {
			already = true
			continue
		}
		own := w
		if own.MTA == "" {
			own.MTA = a.outgoing
		}
		lines = append(lines, "["+a.name+"]", "outgoing = "+handOver(own))
	}
	switch {
	case len(lines) > 0:
		return lines, nil
	case already:
		return nil, fail("tacto is named already, outside of the markers, in "+e.tilde(f.Path), "leave it at that")
	}
	return nil, fail("no account of aerc sends with a command: tacto can't be asked by one that speaks SMTP",
		"set up msmtp, write outgoing = msmtp -a NAME in "+e.tilde(f.Path)+", and try again")
}

func aercCheck(_ *Client, e *Env, f *File) []Check {
	var checks []Check
	for _, a := range aercAccounts(f.Text) {
		if a.outgoing == "" {
			continue
		}
		words := strings.Fields(a.outgoing)
		var t Trouble
		switch {
		case !a.command():
			scheme, _, _ := strings.Cut(a.outgoing, "://")
			t = Trouble{"the account sends by " + scheme + ", and tacto is never asked",
				"set up msmtp, write outgoing = msmtp -a NAME in " + e.tilde(f.Path) + ", then tacto hook install aerc"}
		case !e.isTacto(words):
			t = Trouble{"mail is sent without a check: outgoing is " + show(a.outgoing), "tacto hook install aerc"}
		default:
			t = e.command(words, nil)
		}
		checks = append(checks, Check{"aerc: account " + a.name, t})
	}
	return checks
}
