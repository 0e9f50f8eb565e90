package imapsession

import (
	"fmt"
	"strings"

	"github.com/emersion/go-sasl"
)

// xoauth2 is the SASL mechanism of Google and Microsoft, which go-sasl lacks.
type xoauth2 struct{ user, token string }

// Start gives the initial response.
func (x *xoauth2) Start() (mech string, ir []byte, err error) {
	return "XOAUTH2", []byte("user=" + x.user + "\x01auth=Bearer " + x.token + "\x01\x01"), nil
}

// Next is only ever asked when the server refuses: the challenge says why. To
// answer it emptily, as the mechanism wants, go-imap would send "=": the
// connection is given up instead.
func (x *xoauth2) Next(challenge []byte) ([]byte, error) {
	why := strings.ToValidUTF8(string(challenge), "?")
	return nil, fmt.Errorf("%w: %.200s", ErrRefused, strings.ReplaceAll(why, x.token, "…"))
}

// loginMechanism is LOGIN for servers that ask for the user, too: go-sasl has it for
// those that take it unasked, and for one way of asking.
type loginMechanism struct{ next, last string }

// Start gives no initial response.
func (l *loginMechanism) Start() (mech string, ir []byte, err error) { return "LOGIN", nil, nil }

// Next gives the user, then the password, however they are asked for.
func (l *loginMechanism) Next([]byte) ([]byte, error) {
	answer := l.next
	l.next, l.last = l.last, ""
	if answer == "" {
		return nil, sasl.ErrUnexpectedServerChallenge
	}
	return []byte(answer), nil
}

// bearer is OAUTHBEARER with a refusal that says so.
type bearer struct {
	sasl.Client
	token string
}

func newBearer(user, token, host string, port int) sasl.Client {
	return &bearer{sasl.NewOAuthBearerClient(&sasl.OAuthBearerOptions{Username: user, Token: token, Host: host, Port: port}), token}
}

// Next gives the server's refusal as the error.
func (b *bearer) Next(challenge []byte) ([]byte, error) {
	return (&xoauth2{token: b.token}).Next(challenge)
}
