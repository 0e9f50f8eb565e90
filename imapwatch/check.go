package imapwatch

import (
	"context"
	"slices"
	"time"

	"github.com/tacto-lint/tacto/mail/imapsession"
)

// Checked is what Check saw of an account.
type Checked struct {
	// Server is its name and version, or its greeting.
	Server       string
	Capabilities []string
	// Auth is the way of logging in.
	Auth string
	// Drafts is the folder, and How how it was found: "configured", "marked by the
	// server" or "a well-known name".
	Drafts, How string
	// Folders are all that can be opened.
	Folders []string
	// Idle says that news come at once, Keywords that drafts can be given them.
	Idle, Keywords bool
	// Messages is how many drafts there are.
	Messages uint32
}

const checkTimeout = 15 * time.Second

// Check connects to an account, looks, and hangs up. It changes nothing. The
// errors are those of connecting, ErrRefused and *FolderError; with the last one,
// Checked holds what was seen so far.
func Check(ctx context.Context, a Account) (*Checked, error) {
	if err := a.Validate(); err != nil {
		return nil, err
	}
	s, err := imapsession.Dial(ctx, &a, checkTimeout)
	if err != nil {
		return nil, err
	}
	defer func() { s.Close() }()
	c := &Checked{Auth: s.Auth(), Idle: s.Idle(), Server: s.ServerName()}
	for k := range s.Caps() {
		c.Capabilities = append(c.Capabilities, string(k))
	}
	slices.Sort(c.Capabilities)
	all, err := s.Folders()
	switch {
	case err == nil:
		for _, f := range all {
			c.Folders = append(c.Folders, f.Mailbox)
		}
		if c.Drafts, c.How, err = imapsession.FindFolder(all, imapsession.Drafts, a.Folder); err != nil {
			return c, err
		}
	case a.Folder == "" || imapsession.IsAnswer(err):
		return c, err
	default: // see account.folder
		again, e := imapsession.Dial(ctx, &a, checkTimeout)
		if e != nil {
			return c, err
		}
		s.Close()
		s, c.Drafts, c.How = again, a.Folder, imapsession.HowConfigured
	}
	if err := s.Open(c.Drafts, false); err != nil { // read-only, no flag would be permanent
		return c, err
	}
	c.Keywords, c.Messages = takesKeywords(s), s.Mailbox().Messages
	return c, nil
}
