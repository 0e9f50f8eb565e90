package imapwatch

import (
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"

	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/mail/imapsession"
)

// The keywords that judged drafts get where Options.Keywords asks for it.
const (
	KeywordTalk   = "$TactoTalk"
	KeywordRevise = "$TactoRevise"
	KeywordOK     = "$TactoOK"
)

var keywords = []string{KeywordTalk, KeywordRevise, KeywordOK}

func keywordOf(found bool, verdict string) string {
	switch {
	case !found:
		return KeywordOK
	case verdict == lint.Talk.String():
		return KeywordTalk
	}
	return KeywordRevise
}

// takesKeywords says whether the folder lets keywords be set for good.
func takesKeywords(s *imapsession.Session) bool {
	has := func(name string) bool {
		return slices.ContainsFunc(s.Mailbox().PermanentFlags, func(f imap.Flag) bool { return strings.EqualFold(string(f), name) })
	}
	return has(string(imap.FlagWildcard)) || !slices.ContainsFunc(keywords, func(k string) bool { return !has(k) })
}

// setKeyword adds one to a message and takes the other two away; it touches no
// other flag.
func setKeyword(s *imapsession.Session, uid uint32, keyword string) error {
	set := imap.UIDSetNum(imap.UID(uid))
	others := []imap.Flag{}
	for _, k := range keywords {
		if k != keyword {
			others = append(others, imap.Flag(k))
		}
	}
	for _, store := range []*imap.StoreFlags{
		{Op: imap.StoreFlagsDel, Silent: true, Flags: others},
		{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.Flag(keyword)}},
	} {
		if err := s.Do("STORE", s.Timeout(), func() error { return s.Client.Store(set, store, nil).Close() }); err != nil {
			return err
		}
	}
	return nil
}
