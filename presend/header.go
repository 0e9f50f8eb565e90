package presend

import (
	"bytes"
	netmail "net/mail"
	"strings"
)

// OverrideHeader is the header by which an author says that a message is to be
// sent all the same, and why. It is taken out before the message goes on.
const OverrideHeader = "X-Tacto-Override"

// IgnoreHeader silences rules in one message (see package mail). It is no more
// the client's business than the other.
const IgnoreHeader = "X-Tacto-Ignore"

// fields calls fn for each field of a message's header, with its name, and the
// bytes of the whole field, folded lines and line end included, until fn says no.
func fields(message []byte, fn func(name string, start, end int) bool) {
	for at := 0; at < len(message); {
		end := lineEnd(message, at)
		line := bytes.TrimRight(message[at:end], "\r\n")
		if len(line) == 0 {
			return // the header ends here
		}
		for end < len(message) && (message[end] == ' ' || message[end] == '\t') {
			end = lineEnd(message, end)
		}
		name, _, ok := bytes.Cut(line, []byte(":"))
		switch {
		case ok && !bytes.ContainsAny(bytes.TrimRight(name, " \t"), " \t"):
			if !fn(string(bytes.TrimRight(name, " \t")), at, end) {
				return
			}
		case at > 0 || !bytes.HasPrefix(line, []byte("From ")):
			return // no field: what follows is text
		}
		at = end
	}
}

// lineEnd gives the offset behind the line that at lies in.
func lineEnd(message []byte, at int) int {
	if n := bytes.IndexByte(message[at:], '\n'); n >= 0 {
		return at + n + 1
	}
	return len(message)
}

// OverrideReason gives the text of the override header, "" if there is none or
// it says nothing.
func OverrideReason(message []byte) string {
	reason := ""
	fields(message, func(name string, start, end int) bool {
		if strings.EqualFold(name, OverrideHeader) {
			_, text, _ := bytes.Cut(message[start:end], []byte(":"))
			reason = strings.Join(strings.Fields(string(text)), " ")
		}
		return reason == ""
	})
	return reason
}

// WithoutOwn gives a message without the headers that are for tacto alone; all other
// bytes are as they were. Without such a header it is the message itself.
func WithoutOwn(message []byte) []byte {
	out, at := []byte(nil), 0
	fields(message, func(name string, start, end int) bool {
		if strings.EqualFold(name, OverrideHeader) || strings.EqualFold(name, IgnoreHeader) {
			out, at = append(out, message[at:start]...), end
		}
		return true
	})
	if at == 0 {
		return message
	}
	return append(out, message[at:]...)
}

// HeaderRecipients gives the addresses in To, Cc and Bcc, and in those of a message
// sent on.
func HeaderRecipients(message []byte) []string {
	var all []string
	fields(message, func(name string, start, end int) bool {
		switch strings.ToLower(name) {
		case "to", "cc", "bcc", "resent-to", "resent-cc", "resent-bcc":
			_, text, _ := bytes.Cut(message[start:end], []byte(":"))
			all = append(all, Addresses(strings.Join(strings.Fields(string(text)), " "))...)
		}
		return true
	})
	return all
}

// Addresses gives the bare addresses of lists as they stand in a header or among
// arguments. What is no address but a word, such as root, is given as it is.
func Addresses(lists ...string) []string {
	var all []string
	for _, text := range lists {
		list, err := netmail.ParseAddressList(text)
		switch {
		case err == nil:
			for _, a := range list {
				all = append(all, a.Address)
			}
		case strings.Contains(text, "@"):
			all = append(all, looseAddresses(text)...)
		case text != "":
			all = append(all, text)
		}
	}
	return all
}

// looseAddresses finds what looks like an address in a field that breaks the rules.
func looseAddresses(text string) []string {
	var all []string
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" ,;<>()\"", r) }) {
		if at := strings.IndexByte(w, '@'); at > 0 && at < len(w)-1 {
			all = append(all, w)
		}
	}
	return all
}
