//go:build unix

package main

import (
	"strings"
)

// emacsSend sends with message-mode, and prints what became of it: an error keeps
// the buffer.
const emacsSend = `(require 'message)
(setq user-full-name "Ana" user-mail-address "ana@us.example" mail-host-address "us.example"
      mail-specify-envelope-from nil message-interactive t message-auto-save-directory nil
      mm-body-charset-encoding-alist '((utf-8 . 8bit))
      message-send-mail-function 'message-send-mail-with-sendmail)
(defun compose ()
  (message-mail "` + clientAddress + `" "Su aviso")
  (message-goto-body)
  (insert-file-contents "body"))
(defun try ()
  (condition-case problem
      (progn (message-send) (princ "SENT\n"))
    (error (princ (format "ERROR %s\nMODIFIED %s\n" (error-message-string problem) (buffer-modified-p))))))
`

// emacsRuns runs emacs without a terminal, with the init file of the home.
func (c *client) emacsRuns(text, program string) result {
	c.Helper()
	c.write("body", text)
	c.write("send.el", emacsSend+program)
	r := c.run("", "emacs", "--batch", "-l", "init.el", "-l", "send.el")
	if r.status != 0 {
		c.Fatalf("emacs: %+v", r)
	}
	return r
}

// script makes a program of a command, for settings that take no arguments.
func (c *client) script(name, command string) string {
	path := c.write(name, "#!/bin/sh\nexec "+command+" \"$@\"\n")
	c.must("chmod", "755", path)
	return path
}

// emacs, with the function that tacto's hook adds: sending is an error, the draft
// is left as it was, the reason is in a buffer, nothing is sent; then it goes.
func (c *client) emacs() {
	c.write("init.el", "(setq sendmail-program \""+c.script("msmtp-sink", c.mta)+"\")\n")
	c.must("tacto", "hook", "install", "emacs", "--file", "init.el")
	r := c.emacsRuns(badText, `(compose) (try) (princ (with-current-buffer "*tacto*" (buffer-string)))`)
	if !strings.HasPrefix(r.stdout, "ERROR Not sent: see the buffer *tacto*\nMODIFIED t\n") || !strings.Contains(r.stdout, badReason) || !strings.Contains(r.stdout, badQuote) {
		c.Errorf("%+v", r)
	}
	c.nothing()
	c.last()
	c.later()
	if r := c.emacsRuns(badText, "(compose) (try)"); r.stdout != "SENT\n" {
		c.Errorf("again: %+v", r)
	}
	c.once(badText)
	c.sink.forget()
	if r := c.emacsRuns(goodText, "(compose) (try)"); r.stdout != "SENT\n" {
		c.Errorf("good: %+v", r)
	}
	c.once(goodText)
}

// emacsWrapper: sendmail-program is the program that the hook for msmtp makes.
func (c *client) emacsWrapper() {
	c.must("tacto", "hook", "install", "msmtp", "--mta", c.mta)
	c.write("init.el", "(setq sendmail-program (expand-file-name \"~/.local/bin/tacto-msmtp\"))\n")
	r := c.emacsRuns(badText, "(compose) (try) (princ (with-current-buffer (get-buffer-create \" sendmail errors\") (buffer-string)))")
	if !strings.HasPrefix(r.stdout, "ERROR Sending...failed") || !strings.Contains(r.stdout, "MODIFIED t") || !strings.Contains(r.stdout, badReason) {
		c.Errorf("%+v", r)
	}
	c.nothing()
	c.last()
	c.later()
	if r := c.emacsRuns(badText, "(compose) (try)"); r.stdout != "SENT\n" {
		c.Errorf("again: %+v", r)
	}
	c.once(badText)
	c.sink.forget()
	if r := c.emacsRuns(goodText, "(compose) (try)"); r.stdout != "SENT\n" {
		c.Errorf("good: %+v", r)
	}
	c.once(goodText)
}
