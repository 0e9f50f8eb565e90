package mailclient

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// mutt takes the first of its files that is there (mutt 2.2.12, tried).
var mutt = &Client{
	Name: "mutt", Summary: "mutt asks tacto before it sends", Program: "mutt", comment: "#",
	paths: func(e *Env) []string {
		return []string{e.home(".muttrc"), e.home(".mutt", "muttrc"), e.xdg("mutt", "muttrc")}
	},
	fresh: func(e *Env) string { return e.home(".muttrc") },
	lines: muttLines, own: muttOwn, named: muttNamed, check: muttCheck, Notes: muttNotes,
}

// neomutt looks for its own file and then mutt's, in each folder in turn (neomutt
// 20220429, tried).
var neomutt = &Client{
	Name: "neomutt", Summary: "neomutt asks tacto before it sends", Program: "neomutt", comment: "#",
	paths: func(e *Env) []string {
		return []string{e.xdg("neomutt", "neomuttrc"), e.xdg("mutt", "muttrc"), e.home(".neomutt", "neomuttrc"),
			e.home(".mutt", "muttrc"), e.home(".neomuttrc"), e.home(".muttrc")}
	},
	fresh: func(e *Env) string { return e.xdg("neomutt", "neomuttrc") },
	shared: func(path string) bool {
		return filepath.Base(path) != "neomuttrc" && filepath.Base(path) != ".neomuttrc"
	},
	lines: muttLines, own: muttOwn, named: muttNamed, check: muttCheck, Notes: muttNotes,
}

var (
	muttOwn   = []string{`set sendmail="*"`, `set sendmail='*'`, "set sendmail_wait=0"}
	muttNamed = namedIn(`^set sendmail=["'].* sendmail -- (.*)["']$`)
	muttNotes = []string{
		"A held message stays in the compose menu; what was found shows on the screen, and mutt adds \"Data format error\".",
		"To send it all the same: y again, or E there to add the header X-Tacto-Override: reason.",
		"With sendmail_wait other than 0 mutt would file it as sent, and it would be lost.",
		"A setting of sendmail further down, or in a hook, takes tacto out again: see 'tacto doctor'.",
	}
)

// muttLines: mutt cuts the command at blanks and knows no quotes.
func muttLines(e *Env, f *File, w With) ([]string, error) {
	if err := oneWord(w.Tacto, "mutt"); err != nil {
		return nil, err
	}
	now := map[string]muttSet{} // what holds after start
	for _, s := range e.muttSets(f.target, f.Text) {
		if !s.later {
			now[s.name] = s
		}
	}
	if s := now["smtp_url"]; s.value != "" {
		return nil, fail("mutt sends by itself, and never asks: smtp_url is set in "+s.where(e),
			"set up msmtp for that account, take smtp_url out, and try again")
	}
	if s := now["sendmail"]; e.isTacto(strings.Fields(s.value)) {
		return nil, fail("tacto is named already, outside of the markers, in "+s.where(e), "take that line out, or leave it at that")
	}
	w.MTA = first(w.MTA, now["sendmail"].value)
	if now["use_envelope_from"].value == "yes" {
		if t := e.Command(slices.Concat(muttFrom, []string{"--"}, strings.Fields(w.MTA))); t != nil && w.MTA != "" {
			return nil, fail(t.Problem+" (use_envelope_from, "+now["use_envelope_from"].where(e)+")", t.Mend)
		}
	}
	quote := `"`
	if strings.ContainsAny(w.MTA, "\"\\$`") {
		quote = "'"
	}
	if strings.Contains(w.MTA, quote) {
		return nil, fail("the MTA can't stand in a setting of mutt: "+w.MTA, "put it into a script, and name that with --mta")
	}
	return []string{"set sendmail=" + quote + handOver(w) + quote, "set sendmail_wait=0"}, nil
}

// muttValue is one line of mutt -Q and of neomutt -Q.
var muttValue = regexp.MustCompile(`(?m)^(?:set )?(\w+) ?= ?(.*?)\r?$`)

// muttNow gives the value of a variable after start: as mutt says, or as its files
// do.
func muttNow(c *Client, e *Env, sets []muttSet, name string) string {
	if e.Look(c.Program) != "" {
		if out, err := e.Run(c.Program, "-Q", name); err == nil {
			if strings.Contains(out, name+" is set") {
				return "yes"
			}
			if strings.Contains(out, name+" is unset") {
				return "no"
			}
			if m := muttValue.FindStringSubmatch(out); m != nil && m[1] == name {
				return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(strings.Trim(m[2], `"`))
			}
		}
	}
	value := ""
	for _, s := range sets {
		if s.name == name && !s.later {
			value = s.value
		}
	}
	return value
}

func muttCheck(c *Client, e *Env, f *File) []Check {
	sets := e.muttSets(f.target, f.Text)
	sendmail, url := muttNow(c, e, sets, "sendmail"), muttNow(c, e, sets, "smtp_url")
	words := strings.Fields(sendmail)
	install := "tacto hook install " + c.Name
	var checks []Check
	add := func(what, problem, mend string) {
		checks = append(checks, Check{c.Name + ": " + what, Trouble{problem, mend}})
	}
	if url != "" {
		add("smtp_url", "smtp_url is set"+lastSet(e, sets, "smtp_url")+": mail goes to that server, and tacto is never asked",
			"set up msmtp for the account, take smtp_url out, then "+install)
	}
	if !e.isTacto(words) {
		if b, err := c.split(f); err == nil && b.found {
			add("sendmail", "another setting takes tacto out again: sendmail is "+show(sendmail)+lastSet(e, sets, "sendmail"),
				"take that setting out; or "+install+", which puts tacto last")
		} else if f.Exists {
			add("sendmail", "mail is sent without a check: sendmail is "+show(sendmail)+lastSet(e, sets, "sendmail"), install)
		}
		return append(checks, muttLater(c, e, sets)...)
	}
	t := e.command(words, muttBetween(c, e, sets))
	add("sendmail", t.Problem, t.Mend)
	if wait := first(muttNow(c, e, sets, "sendmail_wait"), "0"); wait != "0" {
		add("sendmail_wait", "sendmail_wait is "+wait+lastSet(e, sets, "sendmail_wait")+": a held message would be filed as sent, and lost",
			"set sendmail_wait=0, as the last setting of it")
	} else {
		add("sendmail_wait", "", "")
	}
	return append(checks, muttLater(c, e, sets)...)
}

// muttFrom is what use_envelope_from makes mutt write, in front of a "--" (tried).
var muttFrom = []string{"-f", "me@us.example"}

// muttBetween gives what mutt adds to the command, in front of a "--" in it.
func muttBetween(c *Client, e *Env, sets []muttSet) []string {
	if v := muttNow(c, e, sets, "use_envelope_from"); v == "yes" {
		return muttFrom
	}
	return nil
}

// muttLater finds hooks and macros that would take tacto out while mutt runs.
func muttLater(c *Client, e *Env, sets []muttSet) []Check {
	var checks []Check
	for _, s := range sets {
		problem := ""
		switch {
		case !s.later:
		case s.name == "sendmail" && !e.isTacto(strings.Fields(s.value)):
			problem = fmt.Sprintf("a hook or macro in %s sets sendmail to %s: from then on tacto is not asked", s.where(e), show(s.value))
		case s.name == "smtp_url" && s.value != "":
			problem = fmt.Sprintf("a hook or macro in %s sets smtp_url: from then on tacto is not asked", s.where(e))
		case s.name == "sendmail_wait" && s.value != "0":
			problem = fmt.Sprintf("a hook or macro in %s sets sendmail_wait to %s: a held message would be filed as sent, and lost", s.where(e), show(s.value))
		}
		if problem != "" {
			mend := "write tacto sendmail -- in front of the command there"
			if s.name != "sendmail" {
				mend = "take it out there"
			}
			checks = append(checks, Check{c.Name + ": " + s.name, Trouble{problem, mend}})
		}
	}
	return checks
}

// lastSet says where a variable is set last at start, in brackets.
func lastSet(e *Env, sets []muttSet, name string) string {
	at := ""
	for _, s := range sets {
		if s.name == name && !s.later {
			at = " (" + s.where(e) + ")"
		}
	}
	return at
}

func show(value string) string {
	if value == "" {
		return "not set"
	}
	return "\"" + value + "\""
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
