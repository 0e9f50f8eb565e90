package imapsession

import (
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"golang.org/x/text/unicode/norm"
)

// fold makes names comparable: case aside, accents composed.
func fold(s string) string { return strings.ToLower(norm.NFC.String(strings.TrimSpace(s))) }

// Folders lists what can be opened, in the server's order.
func (s *Session) Folders() ([]*imap.ListData, error) {
	var opts *imap.ListOptions
	if s.caps.Has(imap.CapSpecialUse) && s.caps.Has(imap.CapListExtended) {
		opts = &imap.ListOptions{ReturnSpecialUse: true}
	}
	list := func() (all []*imap.ListData, err error) {
		err = s.Do("LIST", s.timeout, func() error {
			all, err = s.Client.List("", "*", opts).Collect()
			return err
		})
		return all, err
	}
	all, err := list()
	if IsAnswer(err) && opts != nil { // it says it can, and can't
		opts = nil
		all, err = list()
	}
	return slices.DeleteFunc(all, func(d *imap.ListData) bool {
		return hasAttr(d, imap.MailboxAttrNoSelect) || hasAttr(d, imap.MailboxAttrNonExistent)
	}), err
}

func hasAttr(d *imap.ListData, attr imap.MailboxAttr) bool {
	return slices.ContainsFunc(d.Attrs, func(a imap.MailboxAttr) bool { return strings.EqualFold(string(a), string(attr)) })
}

// How a folder was found.
const (
	HowConfigured = "configured"
	HowSpecialUse = "marked by the server"
	HowName       = "a well-known name"
)

// FindFolder picks the folder with a role: the one named, else the one the server
// marks, else one with a well-known name, nearest to the top. how is one of the
// constants above, the error a *FolderError.
func FindFolder(all []*imap.ListData, role Role, name string) (folder, how string, err error) {
	fail := &FolderError{Role: role, Name: name}
	for _, d := range all {
		fail.Folders = append(fail.Folders, d.Mailbox)
	}
	if name != "" {
		if slices.Contains(fail.Folders, name) {
			return name, HowConfigured, nil
		}
		for _, f := range fail.Folders {
			if fold(f) == fold(name) {
				return f, HowConfigured, nil
			}
		}
		return "", "", fail
	}
	for _, d := range all {
		if hasAttr(d, roles[role].attr) {
			return d.Mailbox, HowSpecialUse, nil
		}
	}
	best := -1
	for _, d := range all {
		last, depth := d.Mailbox, 0
		if d.Delim != 0 {
			path := strings.Split(d.Mailbox, string(d.Delim))
			last, depth = path[len(path)-1], len(path)-1
		}
		rank := slices.Index(roles[role].names, fold(last))
		if rank >= 0 && (best < 0 || depth*len(roles[role].names)+rank < best) {
			best, folder = depth*len(roles[role].names)+rank, d.Mailbox
		}
	}
	if best < 0 {
		return "", "", fail
	}
	return folder, HowName, nil
}
