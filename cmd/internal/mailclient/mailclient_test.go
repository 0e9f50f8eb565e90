package mailclient

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// env is a home of its own, in which only the named programs are.
func env(t *testing.T, programs ...string) *Env {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("these mail programs, and their paths and modes, are those of Unix")
	}
	home := t.TempDir()
	return &Env{
		Getenv: func(name string) string {
			if name == "HOME" {
				return home
			}
			return ""
		},
		Dir: home,
		Look: func(p string) string {
			for _, q := range programs {
				if p == q {
					return "/bin/" + p
				}
			}
			return ""
		},
		Run:     func(string, ...string) (string, error) { return "", errors.New("no programs here") },
		Command: func([]string) *Trouble { return nil },
	}
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func install(t *testing.T, c *Client, e *Env, path string, w With) (backup string) {
	t.Helper()
	ch, err := c.Install(e, path, w)
	if err != nil {
		t.Fatal(err)
	}
	if backup, err = ch.Apply(); err != nil {
		t.Fatal(err)
	}
	return backup
}

const muttBlock = "# >>> tacto >>>\nset sendmail=\"tacto sendmail\"\nset sendmail_wait=0\n# <<< tacto <<<\n"

// TestText: what install makes of a text, and that remove gives it back.
func TestText(t *testing.T) {
	crlf := strings.ReplaceAll(muttBlock, "\n", "\r\n")
	noted := strings.Replace(muttBlock, "set", "# the line above had no newline\nset", 1)
	for name, x := range map[string]struct{ text, want string }{
		"plain":            {"set from=a@us.example\n", "set from=a@us.example\n" + muttBlock},
		"empty":            {"", noted},
		"no final newline": {"set beep", "set beep\n" + noted},
		"CRLF":             {"set beep\r\nset a=1\r\n", "set beep\r\nset a=1\r\n" + crlf},
		"CRLF, no newline at the end": {"set beep\r\nset a=1", "set beep\r\nset a=1\r\n" +
			strings.Replace(crlf, "set", "# the line above had no newline\r\nset", 1)},
		"bytes that are no UTF-8": {"# caf\xe9\n", "# caf\xe9\n" + muttBlock},
		"MTA of now":              {"set sendmail = 'msmtp -a work'\n", "set sendmail = 'msmtp -a work'\n" + strings.Replace(muttBlock, "sendmail\"\n", "sendmail -- msmtp -a work\"\n", 1)},
	} {
		t.Run(name, func(t *testing.T) {
			e := env(t)
			path := e.home(".muttrc")
			write(t, path, x.text, 0o640)
			backup := install(t, mutt, e, "", With{Tacto: "tacto"})
			if got := read(t, path); got != x.want {
				t.Errorf("installed:\n%q\nwant\n%q", got, x.want)
			}
			if backup != path+".tacto-backup" || read(t, backup) != x.text {
				t.Errorf("backup %q is %q", backup, read(t, backup))
			}
			if ch, err := mutt.Install(e, "", With{Tacto: "tacto"}); err != nil || !ch.Nothing() {
				t.Errorf("a second time: %v, %v", ch, err)
			}
			// Another MTA and back: the block stays where it is, the rest as it was.
			install(t, mutt, e, "", With{Tacto: "tacto", MTA: "other -x"})
			if got := read(t, path); !strings.Contains(got, "set sendmail=\"tacto sendmail -- other -x\"") || strings.Count(got, "tacto sendmail") != 1 {
				t.Errorf("with another MTA: %q", got)
			}
			if ch, err := mutt.Install(e, "", With{Tacto: "tacto"}); err != nil || !ch.Nothing() {
				t.Errorf("the MTA that is named is not kept: %v, %v", ch, err)
			}
			ch, err := mutt.Remove(e, "")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := ch.Apply(); err != nil {
				t.Fatal(err)
			}
			if files, _ := os.ReadDir(e.home()); len(files) != 2 {
				t.Errorf("more copies than one: %v", files)
			}
			if got := read(t, path); got != x.text {
				t.Errorf("removed: %q, want %q", got, x.text)
			}
			if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o640 {
				t.Errorf("mode %v, %v", st.Mode(), err)
			}
		})
	}
}

// TestGrown: what the user adds behind the block stays when it goes.
func TestGrown(t *testing.T) {
	e := env(t)
	path := e.home(".muttrc")
	write(t, path, "set beep", 0o600)
	install(t, mutt, e, "", With{Tacto: "tacto"})
	write(t, path, read(t, path)+"set more=1\n", 0o600)
	ch, err := mutt.Remove(e, "")
	if err != nil {
		t.Fatal(err)
	}
	if want := "set beep\nset more=1\n"; ch.Text != want || ch.Delete {
		t.Errorf("%q, delete %v; want %q", ch.Text, ch.Delete, want)
	}
}

// TestAgain: what the user has set behind the block counts, and tacto comes last
// again; what has nothing to do with it changes nothing.
func TestAgain(t *testing.T) {
	for after, mta := range map[string]string{"set beep\n": "old -x", "set sendmail=\"new -y\"\n": "new -y"} {
		e := env(t)
		write(t, e.home(".muttrc"), "set a=1\n"+strings.Replace(muttBlock, "sendmail\"", "sendmail -- old -x\"", 1)+after, 0o600)
		install(t, mutt, e, "", With{Tacto: "tacto"})
		want := "set a=1\n" + after + strings.Replace(muttBlock, "sendmail\"", "sendmail -- "+mta+"\"", 1)
		if got := read(t, e.home(".muttrc")); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	e := env(t) // a file made for tacto stays one
	install(t, mutt, e, "", With{Tacto: "tacto"})
	install(t, mutt, e, "", With{Tacto: "tacto", MTA: "x"})
	if ch, err := mutt.Remove(e, ""); err != nil || !ch.Delete {
		t.Errorf("%+v, %v", ch, err)
	}
}

// TestMade: a file that was made for tacto goes with it, one that was empty stays.
func TestMade(t *testing.T) {
	e := env(t, "msmtp")
	for _, c := range []*Client{mutt, neomutt, git, emacs, msmtp} {
		path := filepath.Join(e.home("new"), c.Name, "file")
		install(t, c, e, path, With{Tacto: "tacto"})
		if text := read(t, path); !strings.Contains(text, "\n"+c.comment+" <<< tacto <<<\n") {
			t.Errorf("%s: %q", c.Name, text)
		}
		ch, err := c.Remove(e, path)
		if err != nil || !ch.Delete {
			t.Fatalf("%s: %+v, %v", c.Name, ch, err)
		}
		if _, err := ch.Apply(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: still there: %v", c.Name, err)
		}
	}
	write(t, e.home(".muttrc"), "", 0o600)
	install(t, mutt, e, "", With{Tacto: "tacto"})
	if ch, err := mutt.Remove(e, ""); err != nil || ch.Delete || ch.Text != "" {
		t.Errorf("of an empty file: %+v, %v", ch, err)
	}
}

// TestKept: git writes new keys into tacto's section; they stay when that goes.
func TestKept(t *testing.T) {
	e := env(t)
	path := e.home(".gitconfig")
	write(t, path, "[user]\n\tname = x\n", 0o600)
	install(t, git, e, "", With{Tacto: "tacto"})
	write(t, path, strings.Replace(read(t, path), "# <<<", "\tconfirm = never\n# <<<", 1), 0o600)
	const kept = "[user]\n\tname = x\n[sendemail]\n\tconfirm = never\n"
	if ch, err := git.Remove(e, ""); err != nil || ch.Text != kept {
		t.Errorf("removed: %+v, %v", ch, err)
	}
	install(t, git, e, "", With{Tacto: "tacto", MTA: "msmtp"})
	want := kept + "# >>> tacto >>>\n[sendemail]\n\tsendmailCmd = \"tacto sendmail -- msmtp\"\n# <<< tacto <<<\n"
	if got := read(t, path); got != want {
		t.Errorf("installed anew: %q, want %q", got, want)
	}
	write(t, path, strings.Replace(want, "# <<<", "[core]\n# <<<", 1), 0o600)
	if _, err := git.Remove(e, ""); err == nil || !strings.HasSuffix(err.Error(), "is not tacto's: [core]") {
		t.Errorf("another section: %v", err)
	}
}

// TestDamaged: with markers that are no pair, or strange lines between them,
// nothing is done, and the error names the line.
func TestDamaged(t *testing.T) {
	for name, x := range map[string]struct{ text, want string }{
		"no end":       {"a\n# >>> tacto >>>\nset sendmail_wait=0\n", ".muttrc:2: # >>> tacto >>> without its end"},
		"no beginning": {"a\n\n# <<< tacto <<<\n", ".muttrc:3: # <<< tacto <<< without its beginning"},
		"twice":        {muttBlock + "# >>> tacto >>>\n# <<< tacto <<<\n", ".muttrc:5: a second # >>> tacto >>>"},
		"two ends":     {muttBlock + "# <<< tacto <<<\n", ".muttrc:5: # <<< tacto <<< without its beginning"},
		"turned round": {"# <<< tacto <<<\n# >>> tacto >>>\n", ".muttrc:1: # <<< tacto <<< without its beginning"},
		"nested":       {"# >>> tacto >>>\n" + muttBlock, ".muttrc:2: a second # >>> tacto >>>"},
		"a line of the user's": {strings.Replace(muttBlock, "set", "set from=me\nset", 1),
			".muttrc:2: a line between the markers is not tacto's: set from=me"},
	} {
		t.Run(name, func(t *testing.T) {
			e := env(t)
			write(t, e.home(".muttrc"), x.text, 0o600)
			_, errInstall := mutt.Install(e, "", With{Tacto: "tacto"})
			_, errRemove := mutt.Remove(e, "")
			for _, err := range []error{errInstall, errRemove} {
				var h *Error
				if !errors.As(err, &h) || !strings.HasSuffix(h.Msg, x.want) || h.Hint == "" {
					t.Errorf("%v, want %s", err, x.want)
				}
			}
			if files, _ := os.ReadDir(e.home()); len(files) != 1 || read(t, e.home(".muttrc")) != x.text {
				t.Errorf("something was written: %v", files)
			}
			if checks := mutt.Check(e); len(checks) != 1 || !strings.HasSuffix(checks[0].Problem, x.want) {
				t.Errorf("checks %v", checks)
			}
		})
	}
}

// TestLinks: what a link leads to is written, and the link stays.
func TestLinks(t *testing.T) {
	e := env(t)
	write(t, e.home("dotfiles", "muttrc"), "set beep\n", 0o604)
	if err := os.Symlink("dotfiles/muttrc", e.home(".muttrc")); err != nil {
		t.Skip(err)
	}
	install(t, mutt, e, "", With{Tacto: "tacto"})
	if to, err := os.Readlink(e.home(".muttrc")); err != nil || to != "dotfiles/muttrc" {
		t.Errorf("the link: %q, %v", to, err)
	}
	if got := read(t, e.home("dotfiles", "muttrc")); got != "set beep\n"+muttBlock {
		t.Errorf("%q", got)
	}
	if st, _ := os.Stat(e.home("dotfiles", "muttrc")); st.Mode().Perm() != 0o604 {
		t.Errorf("mode %v", st.Mode())
	}
	if err := os.Symlink("none/rc", e.home("dangling")); err != nil {
		t.Fatal(err)
	}
	install(t, mutt, e, e.home("dangling"), With{Tacto: "tacto"})
	if got := read(t, e.home("none", "rc")); got != muttBlock {
		t.Errorf("%q", got)
	}
	if err := os.Symlink("loop", e.home("loop")); err != nil {
		t.Fatal(err)
	}
	if _, err := mutt.Install(e, e.home("loop"), With{Tacto: "tacto"}); err == nil || !strings.Contains(err.Error(), "leads to itself") {
		t.Errorf("loop: %v", err)
	}
}

// TestBackups: an older copy with other content stays as it is.
func TestBackups(t *testing.T) {
	e := env(t)
	path := e.home(".muttrc")
	write(t, path, "now\n", 0o600)
	write(t, path+".tacto-backup", "older\n", 0o600)
	if got := install(t, mutt, e, "", With{Tacto: "tacto"}); got != path+".tacto-backup.2" {
		t.Errorf("kept as %s", got)
	}
	if old, now := read(t, path+".tacto-backup"), read(t, path+".tacto-backup.2"); old != "older\n" || now != "now\n" {
		t.Errorf("copies %q, %q", old, now)
	}
	// The same content needs no second copy; nor has it to be the same with tacto's lines.
	install(t, mutt, e, "", With{Tacto: "tacto", MTA: "other"})
	write(t, path, "older\n", 0o600)
	if got := install(t, mutt, e, "", With{Tacto: "tacto"}); got != path+".tacto-backup" {
		t.Errorf("kept as %s", got)
	}
	if files, _ := os.ReadDir(e.home()); len(files) != 3 {
		t.Errorf("files %v", files)
	}
}

func TestNotWritten(t *testing.T) {
	e := env(t)
	path := e.home(".muttrc")
	write(t, path, "set beep\n", 0o400)
	ch, err := mutt.Install(e, "", With{Tacto: "tacto"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ch.Apply(); err == nil || !strings.HasSuffix(err.Error(), "is read-only") {
		t.Errorf("read-only: %v", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if ch, err = mutt.Install(e, "", With{Tacto: "tacto"}); err != nil {
		t.Fatal(err)
	}
	write(t, path, "set beep\nset other\n", 0o600)
	if _, err := ch.Apply(); err == nil || !strings.HasSuffix(err.Error(), "was changed meanwhile") {
		t.Errorf("changed meanwhile: %v", err)
	}
	if files, _ := os.ReadDir(e.home()); len(files) != 1 {
		t.Errorf("something was written: %v", files)
	}
	if _, err := mutt.Install(e, e.home(), With{Tacto: "tacto"}); err == nil || !strings.HasSuffix(err.Error(), "is no regular file") {
		t.Errorf("a folder: %v", err)
	}
}

// TestPaths: of several files the one that the program reads; a list holds those
// that are there, and what is taken of them.
func TestPaths(t *testing.T) {
	for _, x := range []struct {
		client *Client
		there  string
		want   string
	}{
		{mutt, "", ".muttrc"},
		{mutt, ".muttrc .mutt/muttrc .config/mutt/muttrc", ".muttrc"},
		{mutt, ".mutt/muttrc .config/mutt/muttrc", ".mutt/muttrc"},
		{mutt, ".config/mutt/muttrc .neomuttrc", ".config/mutt/muttrc"},
		{neomutt, "", ".config/neomutt/neomuttrc"},
		{neomutt, ".muttrc .neomuttrc .config/neomutt/neomuttrc", ".config/neomutt/neomuttrc"},
		{neomutt, ".config/mutt/muttrc .neomuttrc", ".config/mutt/muttrc"},
		{neomutt, ".neomutt/neomuttrc .mutt/muttrc .neomuttrc", ".neomutt/neomuttrc"},
		{neomutt, ".muttrc .neomuttrc", ".neomuttrc"},
		{neomutt, ".muttrc", ".muttrc"},
		{aerc, "", ".config/aerc/accounts.conf"},
		{git, "", ".gitconfig"},
		{git, ".config/git/config", ".config/git/config"},
		{git, ".config/git/config .gitconfig", ".gitconfig"},
		{emacs, "", ".emacs.d/init.el"},
		{emacs, ".emacs .emacs.el .emacs.d/init.el", ".emacs.el"},
		{emacs, ".emacs .emacs.d/init.el", ".emacs"},
		{emacs, ".config/emacs/init.el", ".config/emacs/init.el"},
		{emacs, ".config/emacs/init.el .emacs.d/other", ".emacs.d/init.el"},
		{emacs, ".config/emacs/early-init.el", ".config/emacs/init.el"},
		{msmtp, "", ".local/bin/tacto-msmtp"},
	} {
		e := env(t)
		for _, p := range strings.Fields(x.there) {
			write(t, e.home(p), "", 0o600)
		}
		if got, err := x.client.Path(e); err != nil || got != e.home(x.want) {
			t.Errorf("%s with %s: %s, %v; want %s", x.client.Name, x.there, got, err, x.want)
		}
	}
}

// TestLines: what each program gets, or why it gets nothing.
func TestLines(t *testing.T) {
	const accounts = "[Work]\nsource = imaps://x\noutgoing = msmtp -a work # mine\ncopy-to = Sent\n\n[Home]\noutgoing=\"/usr/sbin/sendmail\"\n[Smtp]\noutgoing = smtps+plain://me%40x:secret#word@mail.example\n[None]\nsource = x\n"
	for _, x := range []struct {
		client    *Client
		text      string
		w         With
		want, err string
	}{
		{client: mutt, text: "set smtp_url=\"smtp://mail.example\"\n", err: "smtp_url is set in ~/file:1"},
		{client: mutt, text: "set smtp_url=x\nunset smtp_url\n", want: "set sendmail=\"tacto sendmail\"|set sendmail_wait=0"},
		{client: mutt, text: "# set smtp_url=x\n", want: "set sendmail=\"tacto sendmail\"|set sendmail_wait=0"},
		{client: mutt, text: "set sendmail=\"tacto sendmail -- msmtp\"\n", err: "outside of the markers, in ~/file:1"},
		{client: mutt, text: "set sendmail=first\nset sendmail=second ; set beep\nfolder-hook . 'set sendmail=third'\n",
			want: "set sendmail=\"tacto sendmail -- second\"|set sendmail_wait=0"},
		{client: mutt, w: With{MTA: "my $mta"}, want: "set sendmail='tacto sendmail -- my $mta'|set sendmail_wait=0"},
		{client: mutt, w: With{MTA: "a 'b' $c"}, err: "can't stand in a setting of mutt"},
		{client: mutt, w: With{Tacto: "/home/my own/tacto"}, err: "the path of tacto can't stand"},
		{client: aerc, text: accounts, want: "[Work]|outgoing = tacto sendmail -- msmtp -a work|[Home]|outgoing = tacto sendmail -- /usr/sbin/sendmail"},
		{client: aerc, text: accounts, w: With{MTA: "other"}, want: "[Work]|outgoing = tacto sendmail -- other|[Home]|outgoing = tacto sendmail -- other"},
		{client: aerc, text: "[a]\noutgoing = smtp://x\n", err: "no account of aerc sends with a command"},
		{client: aerc, text: "[a]\noutgoing = tacto sendmail\n", err: "tacto is named already"},
		{client: aerc, text: "# nothing\n", err: "aerc has no accounts"},
		{client: git, want: "[sendemail]|\tsendmailCmd = \"tacto sendmail\""},
		{client: git, text: "[sendemail]\n\tsmtpServer = mail.example\n", err: "git sends by itself to mail.example"},
		{client: git, text: "[sendemail]\n\tsmtpserver = mail.example\n", w: With{MTA: "msmtp"}, want: "[sendemail]|\tsendmailCmd = \"tacto sendmail -- msmtp\""},
		{client: git, text: "[SendEmail]\n\tsmtpServer = /usr/bin/msmtp ; it\n", want: "[sendemail]|\tsendmailCmd = \"tacto sendmail -- /usr/bin/msmtp\""},
		{client: git, text: "[sendemail]\n\tsendmailcmd = \"msmtp -a \\\"x y\\\"\"\n", want: "[sendemail]|\tsendmailCmd = \"tacto sendmail -- msmtp -a \\\"x y\\\"\""},
		{client: git, text: "[sendemail \"work\"]\n\tsmtpServer = mail.example\n", want: "[sendemail]|\tsendmailCmd = \"tacto sendmail\""},
		{client: emacs, w: With{MTA: "msmtp"}, err: "emacs sends by itself"},
		{client: msmtp, text: "#!/bin/sh\necho mine\n", err: "is not tacto's"},
		{client: msmtp, text: "", want: "exec tacto sendmail -- /bin/msmtp \"$@\""},
	} {
		e := env(t, "msmtp")
		path := e.home("file")
		write(t, path, x.text, 0o600)
		x.w.Tacto = first(x.w.Tacto, "tacto")
		ch, err := x.client.Install(e, path, x.w)
		if x.err != "" {
			var h *Error
			if !errors.As(err, &h) || !strings.Contains(h.Msg, x.err) || h.Hint == "" {
				t.Errorf("%s %q: error %v, want %s", x.client.Name, x.text, err, x.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s %q: %v", x.client.Name, x.text, err)
			continue
		}
		if got := strings.Join(ch.Lines[1:len(ch.Lines)-1], "|"); got != x.want {
			t.Errorf("%s %q:\n%s\nwant\n%s", x.client.Name, x.text, got, x.want)
		}
		// What is written can be read again, is not written twice, and can be taken out.
		write(t, path, ch.Text, 0o600)
		if twice, err := x.client.Install(e, path, With{Tacto: x.w.Tacto}); x.client != aerc && (err != nil || !twice.Nothing()) {
			t.Errorf("%s: a second time %+v, %v", x.client.Name, twice, err)
		}
		if back, err := x.client.Remove(e, path); err != nil || back.Text != x.text {
			t.Errorf("%s: back to %+v, %v; want %q", x.client.Name, back, err, x.text)
		}
	}
}

// TestChecks: what is found in settings, without the programs. want has a piece of
// each problem.
func TestChecks(t *testing.T) {
	const git1 = "[sendemail]\n\tsendmailCmd = tacto sendmail -- msmtp\n"
	for _, x := range []struct {
		client     *Client
		file, text string
		want       []string
	}{
		{mutt, ".muttrc", muttBlock, nil},
		{mutt, ".muttrc", "set beep\n", []string{"sent without a check: sendmail is not set"}},
		{mutt, ".muttrc", muttBlock + "set sendmail=msmtp\n", []string{`another setting takes tacto out again: sendmail is "msmtp" (~/.muttrc:5)`}},
		{mutt, ".muttrc", muttBlock + "set sendmail_wait=-1\n", []string{"sendmail_wait is -1 (~/.muttrc:5)"}},
		{mutt, ".muttrc", muttBlock + "set smtp_url = \"smtps://x\"\n", []string{"smtp_url is set (~/.muttrc:5)"}},
		{mutt, ".muttrc", muttBlock + "account-hook imap://x 'set sendmail=\"msmtp -a x\"'\n", []string{`a hook or macro in ~/.muttrc:5 sets sendmail to "msmtp -a x"`}},
		{mutt, ".muttrc", muttBlock + "macro index <f2> \":set sendmail=\\\"msmtp -a x\\\"<enter>\"\n", []string{`a hook or macro in ~/.muttrc:5 sets sendmail to "msmtp -a x"`}},
		{mutt, ".muttrc", muttBlock + "folder-hook x 'set sendmail=\"tacto sendmail -- msmtp -a x\"; set sendmail_wait=1'\n", []string{`sets sendmail_wait to "1"`}},
		{mutt, ".muttrc", muttBlock + "folder-hook x 'source ~/more'\n", []string{"a hook or macro in ~/more:2 sets smtp_url"}},
		{mutt, ".muttrc", muttBlock + "source ~/more\n", []string{"smtp_url is set (~/more:2)"}},
		{mutt, ".muttrc", strings.Replace(muttBlock, "\"tacto", "\"/gone/tacto", 1), []string{"/gone/tacto is not there"}},
		{aerc, ".config/aerc/accounts.conf", "[a]\noutgoing = msmtp\n[b]\noutgoing = smtp://x\n[a]\noutgoing = tacto sendmail -- msmtp\n[c]\nsource = x\n", []string{"sends by smtp,"}},
		{aerc, ".config/aerc/accounts.conf", "[a]\noutgoing = msmtp -a x\n", []string{`outgoing is "msmtp -a x"`}},
		{git, ".gitconfig", "[user]\n\tname = x\n", nil},
		{git, ".gitconfig", git1, nil},
		{git, ".gitconfig", "[sendemail]\n\tsmtpServer = mail.example\n", []string{"mail goes to mail.example"}},
		{git, ".gitconfig", "# >>> tacto >>>\n[sendemail]\n\tsendmailCmd = \"tacto sendmail\"\n# <<< tacto <<<\n[sendemail]\nsendmailcmd=msmtp\n", []string{"another setting takes tacto out again"}},
		{emacs, ".emacs", "(setq inhibit-startup-screen t)\n", nil},
		{emacs, ".emacs", ";; smtpmail\n", nil},
		{emacs, ".emacs", "(require 'smtpmail)\n", []string{"mail is sent without a check"}},
		{emacs, ".emacs", ";; >>> tacto >>>\n" + emacsCode + "\n;; <<< tacto <<<\n(setq message-send-mail-hook nil)\n", []string{"a later setq"}},
		{emacs, ".emacs", ";; >>> tacto >>>\n" + emacsCode + "\n;; <<< tacto <<<\n", []string{"TACTO is not there"}},
		{msmtp, ".local/bin/tacto-msmtp", "#!/bin/sh\n# >>> tacto >>>\nexec tacto sendmail -- /bin/msmtp \"$@\"\n# <<< tacto <<<\n", []string{"not executable"}},
		{msmtp, ".local/bin/tacto-msmtp", "#!/bin/sh\necho mine\n", nil},
	} {
		e := env(t, "tacto")
		write(t, e.home(x.file), x.text, 0o600)
		write(t, e.home("more"), "set beep\nset smtp_url=smtp://x\n", 0o600)
		var got []string
		for _, k := range x.client.Check(e) {
			if k.Problem != "" {
				got = append(got, k.Problem)
				if k.Mend == "" {
					t.Errorf("%s: no mend for %s", x.client.Name, k.Problem)
				}
			}
		}
		ok := len(got) == len(x.want)
		for i := 0; ok && i < len(got); i++ {
			ok = strings.Contains(got[i], x.want[i])
		}
		if !ok {
			t.Errorf("%s %q:\n%q\nwant\n%q", x.client.Name, x.text, got, x.want)
		}
	}
}

func TestNotHere(t *testing.T) {
	e := env(t) // mutt's file is none of neomutt's, as long as there is no neomutt
	write(t, e.home(".muttrc"), "set beep\n", 0o600)
	if got := neomutt.Check(e); got != nil {
		t.Errorf("neomutt with mutt's file: %v", got)
	}
	for _, c := range All() {
		if got := c.Check(env(t)); got != nil {
			t.Errorf("%s, which is not here: %v", c.Name, got)
		}
	}
}

// TestMuttBetween: what mutt writes in front of the -- is seen by who reads it.
func TestMuttBetween(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "-- msmtp -a x",
		"set use_envelope_from=yes\n": "-f me@us.example -- msmtp -a x",
		"set use_envelope_from\n":     "-f me@us.example -- msmtp -a x",
		"set nouse_envelope_from\n":   "-- msmtp -a x",
	} {
		e, got := env(t, "tacto"), ""
		e.Command = func(args []string) *Trouble { got = strings.Join(args, " "); return nil }
		write(t, e.home(".muttrc"), text+"set sendmail=\"tacto sendmail -- msmtp -a x\"\n", 0o600)
		mutt.Check(e)
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
