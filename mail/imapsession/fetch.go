package imapsession

import (
	"errors"
	"io"
	"regexp"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Fetch asks for a message once, without marking it as read. there says that the
// server spoke of it: it may do so without the text, and is to be asked again then.
// Of messages longer than most there is no text. It blocks for limit at the longest.
func (s *Session) Fetch(uid uint32, most int64, limit time.Duration) (data []byte, there bool, err error) {
	err = s.FetchEach([]uint32{uid}, most, limit, func(_ uint32, got []byte) {
		there = true
		if got != nil {
			data = got
		}
	})
	if err != nil {
		return nil, there, err
	}
	return data, there, nil
}

// FetchEach is Fetch for several: fn is called for each message that the server speaks
// of, in whatever order, with nil where it came without its text.
func (s *Session) FetchEach(uids []uint32, most int64, limit time.Duration, fn func(uid uint32, data []byte)) error {
	var set imap.UIDSet
	for _, uid := range uids {
		set.AddNum(imap.UID(uid))
	}
	section := &imap.FetchItemBodySection{Peek: true}
	return s.Do("FETCH BODY", limit, func() (err error) {
		defer func() { err = textless(err) }()
		cmd := s.Client.Fetch(set, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}})
		for m := cmd.Next(); m != nil; m = cmd.Next() {
			var uid uint32
			var data []byte
			for item := m.Next(); item != nil; item = m.Next() {
				switch item := item.(type) {
				case imapclient.FetchItemDataUID:
					uid = uint32(item.UID)
				case imapclient.FetchItemDataBodySection:
					if item.Literal == nil || item.Literal.Size() > most {
						continue
					}
					data = make([]byte, item.Literal.Size())
					if _, err := io.ReadFull(item.Literal, data); err != nil {
						_ = s.raw.Close() // the library's reader races with any further call
						return err
					}
				}
			}
			if len(uids) == 1 { // a notice of its flags may come without a UID
				uid = uids[0]
			}
			if uid != 0 {
				fn(uid, data)
			}
		}
		return cmd.Close()
	})
}

var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"?`)

// textless takes out of an error what it quotes: where a server gets the length of a
// message wrong, its words are read as the server's.
func textless(err error) error {
	if err == nil || IsAnswer(err) {
		return err
	}
	if text := quoted.ReplaceAllString(err.Error(), "…"); text != err.Error() {
		return errors.New(text)
	}
	return err
}
