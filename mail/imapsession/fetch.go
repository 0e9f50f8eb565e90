package imapsession

import (
	"io"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Fetch asks for a message once, without marking it as read. there says that the
// server spoke of it: it may do so without the text, and is to be asked again then.
// Of messages longer than most there is no text. It blocks for limit at the longest.
func (s *Session) Fetch(uid uint32, most int64, limit time.Duration) (data []byte, there bool, err error) {
	section := &imap.FetchItemBodySection{Peek: true}
	err = s.Do("FETCH BODY", limit, func() error {
		cmd := s.Client.Fetch(imap.UIDSetNum(imap.UID(uid)), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}})
		for m := cmd.Next(); m != nil; m = cmd.Next() {
			there = true
			for item := m.Next(); item != nil; item = m.Next() {
				if b, ok := item.(imapclient.FetchItemDataBodySection); ok && b.Literal != nil && b.Literal.Size() <= most {
					data = make([]byte, b.Literal.Size())
					if _, err := io.ReadFull(b.Literal, data); err != nil {
						_ = s.raw.Close() // the library's reader races with any further call
						return err
					}
				}
			}
		}
		return cmd.Close()
	})
	if err != nil {
		return nil, there, err
	}
	return data, there, nil
}
