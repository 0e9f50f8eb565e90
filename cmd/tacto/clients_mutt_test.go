//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
)

// muttStarts starts mutt or neomutt with a message that is composed already: the
// editor leaves the text as it is given.
func (c *client) muttStarts(program, more, text string, width, height int) *terminal {
	c.Helper()
	body := c.write("body", text)
	rc := c.write("rc", strings.Join([]string{
		"set from=ana@us.example realname=Ana charset=utf-8 folder=" + c.home + "/Mail spoolfile=/dev/null postponed=" + c.home + "/postponed",
		"set record=" + c.home + "/sent copy=yes mail_check=60 header_cache= abort_unmodified=no",
		"set tmpdir=" + c.home + " editor=\"cp " + body + "\" text_flowed=no send_charset=us-ascii:utf-8 allow_8bit=yes use_domain=no hostname=us.example",
		more}, "\n")+"\n")
	if err := os.Mkdir(filepath.Join(c.home, "Mail"), 0o700); err != nil {
		c.Fatal(err)
	}
	if program == "neomutt" {
		c.must("tacto", "hook", "install", "neomutt", "--file", rc)
	}
	t := c.terminal(program, width, height, program+" -n -F "+rc+" -s 'Su aviso' "+clientAddress)
	t.shows("To: " + clientAddress)
	t.keys("Enter")
	t.shows("Subject: Su aviso")
	t.keys("Enter")
	t.shows("y:Send", "Su aviso")
	return t
}

// muttSends gives the setting that hands mail to tacto: for mutt by hand, for
// neomutt its hook adds it.
func (c *client) muttSends(program string) string {
	if program == "mutt" {
		return `set sendmail="tacto sendmail -- ` + c.mta + `" sendmail_wait=0`
	}
	return `set sendmail="` + c.mta + `" sendmail_wait=-1`
}

// mutt: a bad message is held: the reason is on the screen, nothing is sent or filed
// as sent, the draft is still there; sent again it arrives, once, as it was composed.
func (c *client) mutt(program string) {
	t := c.muttStarts(program, c.muttSends(program), badText, 100, 40)
	t.keys("y")
	t.shows(badReason, badQuote)
	c.nothing()
	c.last()
	t.keys("q")
	t.shows("y:Send", clientAddress, "Su aviso")
	c.nothing()
	if sent := c.read("sent"); sent != "" {
		c.Errorf("filed as sent:\n%s", sent)
	}
	c.later()
	t.keys("y")
	t.ended()
	c.once(badText)
	if sent := c.read("sent"); strings.Count(sent, "Ustedes no nos avisaron") != 1 {
		c.Errorf("filed as sent:\n%s", sent)
	}
}

// muttGood: a good message goes at once, and nothing is said of it.
func (c *client) muttGood(program string) {
	t := c.muttStarts(program, c.muttSends(program), goodText, 100, 40)
	t.keys("y")
	t.ended()
	c.once(goodText)
	if screen := t.screen(); strings.Contains(screen, "tacto") {
		c.Errorf("tacto says something:\n%s", screen)
	}
}

// muttPicture: on a screen of the usual size all of the reason is there, down to the
// way through. If TACTO_PICTURE names a file the screen is kept there, and
// docs/blocked.svg is made from it:
//
//	TACTO_REAL=1 TACTO_PICTURE=/tmp/screen go test -run 'TestClients/mutt_picture' ./cmd/tacto
//	go run ./cmd/internal/termsvg 'mutt, after tacto held a message' < /tmp/screen > docs/blocked.svg
func (c *client) muttPicture() {
	text := "Dear Tom,\n\nYou failed to tell us about the change. We are looking into it.\n\nKind regards,\nAna\n"
	more := "color status black white\ncolor error brightred default\n"
	t := c.muttStarts("mutt", c.muttSends("mutt")+"\n"+more, text, 80, 24)
	t.keys("y")
	t.shows("tacto: not sent", "“You failed to", "X-Tacto-Override", "child exited 65")
	if path := os.Getenv("TACTO_PICTURE"); path != "" {
		screen := c.must("tmux", "-L", "mutt", "capture-pane", "-p", "-e")
		if err := os.WriteFile(path, []byte(screen), 0o600); err != nil {
			c.Fatal(err)
		}
	}
}
