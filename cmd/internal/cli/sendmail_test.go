package cli

import (
	"strings"
	"testing"
)

// TestEnvelopeRecipients: arguments as mail programs give them.
func TestEnvelopeRecipients(t *testing.T) {
	const message = "To: h@h.example\nBcc: b@h.example\n\n"
	for args, want := range map[string]string{
		"-oi -f ana@us.example -- a@c.example b@c.example": "a@c.example b@c.example",
		"-i a@c.example":                          "a@c.example",
		"-fana@us.example a@c.example":            "a@c.example",
		"-t":                                      "h@h.example b@h.example",
		"-t a@c.example":                          "a@c.example h@h.example b@h.example",
		"-ti -f ana@us.example":                   "h@h.example b@h.example",
		"-tf ana@us.example":                      "h@h.example b@h.example",
		"-oit a@c.example":                        "a@c.example",
		"--from ana@us.example -it":               "h@h.example b@h.example",
		"--from=ana@us.example --read-recipients": "h@h.example b@h.example",
		"-a work -C file a@c.example":             "a@c.example",
		"-FCronDaemon -i -oem root":               "root",
		"-i a@c.example,root@us.example":          "a@c.example root@us.example",
		"-B8BITMIME -h 2 -- -odd@c.example":       "-odd@c.example",
		"-f":                                      "",
	} {
		if got := strings.Join(envelopeRecipients(strings.Fields(args), []byte(message)), " "); got != want {
			t.Errorf("%s: %s, want %s", args, got, want)
		}
	}
}
