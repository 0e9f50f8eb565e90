package imapsession

import (
	"strings"

	"github.com/emersion/go-imap/v2"
)

// ServerName gives what the server says it is.
func (s *Session) ServerName() string {
	if s.caps.Has(imap.CapID) {
		var name string
		err := s.Do("ID", s.timeout, func() error {
			id, err := s.Client.ID(nil).Wait()
			if err == nil && id != nil {
				name = strings.TrimSpace(id.Name + " " + id.Version)
			}
			return err
		})
		if err == nil && name != "" {
			return name
		}
	}
	s.tap.mu.Lock()
	defer s.tap.mu.Unlock()
	_, text, _ := strings.Cut(s.tap.greeting, " ")
	if i := strings.Index(text, "] "); strings.HasPrefix(text, "[") && i > 0 {
		text = text[i+2:]
	}
	return text
}
