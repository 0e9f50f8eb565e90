package mailclient

import (
	"os"
	"regexp"
	"strings"
)

// Emacs is given a function in message-send-mail-hook: message-mode runs it in the
// finished message, whatever sends it then (sendmail, smtpmail, msmtp), for Gnus,
// mu4e and notmuch as well, and an error in it leaves the draft as it is. Setting
// sendmail-program would not do: Emacs puts -oi in front of all arguments, and those
// who use smtpmail never call it.
var emacs = &Client{
	Name: "emacs", Summary: "message-mode (Gnus, mu4e, notmuch) asks tacto before it sends", Program: "emacs", comment: ";;",
	paths: emacsPaths,
	fresh: func(e *Env) string {
		if isDir(e.xdg("emacs")) && !isDir(e.home(".emacs.d")) {
			return e.xdg("emacs", "init.el")
		}
		return e.home(".emacs.d", "init.el")
	},
	lines: emacsLines, check: emacsCheck,
	own: strings.Split(strings.ReplaceAll(emacsCode, "TACTO", "*"), "\n"),
	Notes: []string{
		"A held message stays in its buffer; what was found shows in the buffer *tacto*.",
		"Emacs sends it then as ever: tacto hands nothing on, so --mta has no use here.",
		"mail-mode (M-x mail with another mail-user-agent) does not ask. Doom: --file ~/.doom.d/config.el",
	},
}

// emacsPaths: the XDG folder counts only where there is neither of the old ones.
func emacsPaths(e *Env) []string {
	paths := []string{e.home(".emacs.el"), e.home(".emacs"), e.home(".emacs.d", "init.el")}
	if !isDir(e.home(".emacs.d")) {
		paths = append(paths, e.xdg("emacs", "init.el"))
	}
	return paths
}

func isDir(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}

// emacsCode: true stands for an MTA that takes the message and does nothing. The
// line that parts header and body is still Emacs's own with some ways to send, and
// is made empty for tacto.
const emacsCode = `(defun tacto-check-message ()
  "Have tacto read the message that is about to be sent; stop if it holds it."
  (let ((text (buffer-string))
        (separator mail-header-separator)
        (coding-system-for-write 'binary)
        (coding-system-for-read 'utf-8))
    (with-current-buffer (get-buffer-create "*tacto*")
      (let ((inhibit-read-only t))
        (erase-buffer)
        (insert text)
        (goto-char (point-min))
        (when (re-search-forward (concat "^\\(?:" (regexp-quote separator) "\\)?$") nil t)
          (replace-match ""))
        (unless (eq 0 (call-process-region (point-min) (point-max) "TACTO" t t nil "sendmail" "--" "true" "-t"))
          (display-buffer (current-buffer))
          (error "Not sent: see the buffer *tacto*"))
        (unless (= (point-min) (point-max))
          (message "%s" (buffer-string)))))
    (save-restriction
      (message-narrow-to-headers-or-head)
      (message-remove-header "X-Tacto-Override"))))
(add-hook 'message-send-mail-hook #'tacto-check-message)`

func emacsLines(e *Env, f *File, w With) ([]string, error) {
	if w.MTA != "" {
		return nil, fail("emacs sends by itself: --mta has no use here", "leave it out")
	}
	if strings.ContainsAny(w.Tacto, "\"\\") {
		return nil, oneWord(w.Tacto, "emacs")
	}
	return strings.Split(strings.Replace(emacsCode, "TACTO", w.Tacto, 1), "\n"), nil
}

var (
	emacsSends = regexp.MustCompile(`(?m)^[^;\n]*\b(smtpmail|message-send-mail-function|send-mail-function|sendmail-program|mu4e|notmuch)\b`)
	emacsCall  = regexp.MustCompile(`call-process-region \(point-min\) \(point-max\) "([^"]*)"`)
	emacsOver  = regexp.MustCompile(`(?m)^[^;\n]*\((?:setq|setopt|setq-default) message-send-mail-hook\b`)
)

func emacsCheck(c *Client, e *Env, f *File) []Check {
	b, err := c.split(f)
	switch name := "emacs: message-send-mail-hook"; {
	case err != nil:
		return nil
	case !b.found && strings.Contains(f.Text, "tacto"), !b.found && !emacsSends.MatchString(f.Text):
		return nil // hooked by hand, or no mail is sent
	case !b.found:
		return []Check{{name, Trouble{"mail is sent without a check", "tacto hook install emacs"}}}
	case emacsOver.MatchString(b.after):
		return []Check{{name, Trouble{"a later setq of message-send-mail-hook in " + e.tilde(f.Path) + " takes tacto out again", "use add-hook there"}}}
	default:
		call := emacsCall.FindStringSubmatch(strings.Join(b.inside, "\n"))
		if call == nil {
			return []Check{{name, Trouble{"the call of tacto is gone", "tacto hook install emacs"}}}
		}
		return []Check{{name, e.command([]string{call[1], "sendmail", "--", "true", "-t"}, nil)}}
	}
}
