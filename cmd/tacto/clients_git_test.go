//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// gitSeries makes a repository with one commit, and the mails of a series: a cover
// letter, and the patch.
func (c *client) gitSeries(cover string) (files []string) {
	c.Helper()
	git := func(args ...string) { c.must(append([]string{"git", "-C", c.home}, args...)...) }
	if c.read("disk.conf") == "" {
		git("init", "-q", "-b", "main")
		git("config", "--global", "user.name", "Ana")
		git("config", "--global", "user.email", "ana@us.example")
		git("commit", "-q", "--allow-empty", "-m", "Start")
		c.write("disk.conf", "spare = 2\n")
		git("add", "disk.conf")
		git("commit", "-q", "-m", "Keep two spare disks")
	}
	git("format-patch", "-q", "--cover-letter", "-o", "out", "-1")
	letter := c.read("out/0000-cover-letter.patch")
	letter = strings.Replace(letter, "*** SUBJECT HERE ***", "Spare disks", 1)
	c.write("out/0000-cover-letter.patch", strings.Replace(letter, "*** BLURB HERE ***", cover, 1))
	return []string{filepath.Join(c.home, "out/0000-cover-letter.patch"), filepath.Join(c.home, "out/0001-Keep-two-spare-disks.patch")}
}

const (
	gitGood = "Dear Tom,\n\nHere is the change for the two spare disks. I'll put it in on Tuesday at 10 and ring you at noon."
	gitBad  = "Dear Tom,\n\nYou failed to tell us about the change. We are looking into it."
)

func (c *client) gitSends(files []string) result {
	c.Helper()
	return c.run("", append([]string{"git", "-C", c.home, "send-email", "--quiet", "--confirm=never", "--to=" + clientAddress, "--from=Ana <ana@us.example>",
		"--suppress-cc=all"}, files...)...)
}

// held insists on that git said why, and that nothing was sent, of the patch neither.
func (c *client) gitHeld(r result) {
	c.Helper()
	if r.status == 0 || !strings.Contains(r.stderr, "tacto: not sent") || !strings.Contains(r.stderr, "“You failed to”") {
		c.Errorf("status %d, standard error:\n%s", r.status, r.stderr)
	}
	c.nothing()
}

// gitSent insists on that both mails arrived, once each, with their text.
func (c *client) gitSent(r result, files []string) {
	c.Helper()
	if r.status != 0 || strings.Contains(r.stdout+r.stderr, "tacto") {
		c.Errorf("status %d\n%s%s", r.status, r.stdout, r.stderr)
	}
	got := c.sink.all()
	if len(got) != len(files) {
		c.Fatalf("%d arrived, want %d", len(got), len(files))
	}
	for i, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			c.Fatal(err)
		}
		_, want, _ := strings.Cut(string(data), "\n\n")
		_, body, _ := strings.Cut(got[i].data, "\r\n\r\n")
		if body != strings.ReplaceAll(want, "\n", "\r\n") {
			c.Errorf("arrived:\n%q\nwant:\n%q", body, want)
		}
		if len(got[i].to) != 1 || got[i].to[0] != clientAddress {
			c.Errorf("arrived for %q", got[i].to)
		}
	}
}

// git send-email, with the setting that tacto's hook writes: a bad cover letter
// stops all of the series, with the reason on standard error; a good one goes; and a
// bad one sent again.
func (c *client) git() {
	c.must("git", "config", "--global", "sendemail.sendmailCmd", c.mta)
	c.must("tacto", "hook", "install", "git")
	c.doctor("git: sendemail.sendmailCmd")
	if cmd := strings.TrimSpace(c.must("git", "config", "sendemail.sendmailCmd")); cmd != "tacto sendmail -- "+c.mta {
		c.Errorf("the hook set %q", cmd)
	}
	files := c.gitSeries(gitBad)
	c.gitHeld(c.gitSends(files))
	c.later()
	c.gitSent(c.gitSends(files), files)
	c.sink.forget()
	files = c.gitSeries(gitGood)
	c.gitSent(c.gitSends(files), files)
}

// gitHook: git speaks SMTP by itself, and the hook that 'tacto hook show git' gives
// holds the series before a connection is made.
func (c *client) gitHook() {
	c.must("git", "config", "--global", "sendemail.smtpServer", "127.0.0.1")
	c.must("git", "config", "--global", "sendemail.smtpServerPort", strconv.Itoa(c.sink.port()))
	files := c.gitSeries(gitBad)
	var hook strings.Builder
	for _, line := range strings.Split(c.must("tacto", "hook", "show", "git"), "\n") {
		if line, ok := strings.CutPrefix(line, "    "); ok {
			hook.WriteString(line + "\n")
		}
	}
	path := filepath.Join(c.home, strings.TrimSpace(c.must("git", "-C", c.home, "rev-parse", "--git-path", "hooks")), "sendemail-validate")
	if err := os.WriteFile(path, []byte(hook.String()), 0o755); err != nil {
		c.Fatal(err)
	}
	c.doctor("git: sendemail-validate")
	r := c.gitSends(files)
	c.gitHeld(r)
	if !strings.Contains(r.stderr, "rejected by sendemail-validate hook") {
		c.Errorf("standard error:\n%s", r.stderr)
	}
	files = c.gitSeries(gitGood)
	c.gitSent(c.gitSends(files), files)
}
