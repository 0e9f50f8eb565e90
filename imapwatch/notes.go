package imapwatch

import (
	"crypto/rand"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/mail/imapsession"
)

// note writes what is told of a draft as a message. It is no draft and has no
// recipient: it can't be sent by mistake.
func note(j *Judgement) []byte {
	var b strings.Builder
	subject := j.Report.Subject
	if subject == "" {
		subject = "-"
	}
	head := func(name, value string) { fmt.Fprintf(&b, "%s: %s\r\n", name, value) }

	head("From", "tacto <tacto@localhost>")
	head("Subject", mime.QEncoding.Encode("utf-8", fmt.Sprintf("[%s] %s", noteWord(j), subject)))
	head("Date", j.Time.Format(time.RFC1123Z))
	head("Message-ID", "<"+rand.Text()+"@tacto.localhost>")
	head("X-Tacto-Verdict", j.Report.Verdict.String())
	head("Auto-Submitted", "auto-generated")
	head("MIME-Version", "1.0")
	head("Content-Type", "text/plain; charset=utf-8")
	head("Content-Transfer-Encoding", "quoted-printable")
	b.WriteString("\r\n")
	w := quotedprintable.NewWriter(&b)
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\r\n", args...) } // a Builder takes all
	line("%s · %d/100", noteWord(j), j.Report.Score)
	for _, r := range j.Report.Reasons {
		line("%s", r)
	}
	for _, f := range j.Report.Findings {
		line("")
		line("- %s", f.Message)
		if f.Text != "" {
			line("  «%s»", f.Text)
		}
		if f.Suggestion != "" {
			line("  → %s", f.Suggestion)
		}
	}
	_ = w.Close() // as above
	return []byte(b.String())
}

func noteWord(j *Judgement) string {
	if j.Kind == Mended {
		return "ok"
	}
	if j.Report.Verdict == lint.Send {
		return "revise"
	}
	return j.Report.Verdict.String()
}

// appendNote puts a note into a folder, which is made if it is missing: before, where
// that is known, since go-imap does without the connection after a literal that is refused.
func appendNote(s *imapsession.Session, folder string, missing bool, data []byte) error {
	create := func() error {
		return s.Do("CREATE", s.Timeout(), func() error { return s.Client.Create(folder, nil).Wait() })
	}
	if missing {
		if err := create(); err != nil && !imapsession.IsAnswer(err) {
			return err
		}
	}
	put := func() error {
		return s.Do("APPEND", s.Timeout(), func() error {
			cmd := s.Client.Append(folder, int64(len(data)), &imap.AppendOptions{})
			_, err := cmd.Write(data)
			if e := cmd.Close(); err == nil {
				err = e
			}
			if _, e := cmd.Wait(); e != nil {
				err = e // it says more
			}
			return err
		})
	}
	err := put()
	if !imapsession.IsAnswer(err) {
		return err
	}
	if create() != nil {
		return err
	}
	return put()
}
