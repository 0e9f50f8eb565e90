package imapsession

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
)

// Dial connects, makes the connection safe and logs in. Each step has the
// timeout, and blocks no longer; the errors are those of the network, TLS ones with a hint, *TimeoutError
// and ErrRefused.
func Dial(ctx context.Context, a *Account, timeout time.Duration) (*Session, error) {
	dialer := net.Dialer{Timeout: timeout}
	raw, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(a.Host, strconv.Itoa(a.PortNumber())))
	if err != nil {
		return nil, err
	}
	if at, ok := raw.RemoteAddr().(*net.TCPAddr); a.TLS == TLSNone && (!ok || !at.IP.IsLoopback()) {
		_ = raw.Close() // nothing was written
		return nil, fmt.Errorf("tls none is for this computer alone, and %s is another", a.Host)
	}
	s := newSession(ctx, raw, timeout)
	if err := s.open(a); err != nil {
		s.Close()
		return nil, err
	}
	if err := s.login(a); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// open speaks TLS as the account asks for it, and waits for the greeting.
func (s *Session) open(a *Account) error {
	conf := &tls.Config{ServerName: a.Host, RootCAs: a.RootCAs, MinVersion: tls.VersionTLS12}
	opts := &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		// They run in the reader: one that blocks would block everything.
		Mailbox: func(*imapclient.UnilateralDataMailbox) { s.notice() },
		Expunge: func(uint32) { s.notice() },
	}}
	switch a.TLS {
	case TLSNone:
		s.Client = imapclient.New(s.tapped(s.raw), opts)
	case TLSStart:
		var c net.Conn
		if err := s.Do("STARTTLS", s.timeout, func() (err error) {
			c, err = startTLS(s.ctx, s.raw, conf)
			return explainTLS(err)
		}); err != nil {
			return err
		}
		s.Client = imapclient.New(s.tapped(c), opts)
	default:
		conf.NextProtos = []string{"imap"}
		c := tls.Client(s.raw, conf)
		if err := s.Do("the TLS handshake", s.timeout, func() error { return explainTLS(c.HandshakeContext(s.ctx)) }); err != nil {
			return err
		}
		s.Client = imapclient.New(s.tapped(c), opts)
	}
	return s.Do("the connection", s.timeout, s.Client.WaitGreeting)
}

// explainTLS adds to an error what to do about it.
func explainTLS(err error) error {
	var (
		unknown x509.UnknownAuthorityError
		host    x509.HostnameError
		invalid x509.CertificateInvalidError
		record  tls.RecordHeaderError
		hint    string
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &unknown):
		hint = "if the server's certificate is of an authority of your own, name it in ca_file"
	case errors.As(err, &host):
		hint = "use the host name that the certificate is for"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		hint = "the certificate has run out, or this computer's clock is wrong"
	case errors.As(err, &record):
		hint = "that port does not begin with TLS: use tls starttls, or another port"
	default:
		return err
	}
	return fmt.Errorf("%w: %s", err, hint)
}

// login asks for the secret and gives it to the server.
func (s *Session) login(a *Account) error {
	if s.Client.State() == imap.ConnStateAuthenticated { // PREAUTH
		s.auth = "none (the server asks for none)"
		return s.readCaps()
	}
	if err := s.readCaps(); err != nil {
		return err
	}
	how, err := chooseAuth(a, s.caps)
	if err != nil {
		return err
	}
	s.auth = how
	ask := a.Password
	if a.Token != nil {
		ask = a.Token
	}
	secret, err := ask(s.ctx)
	if err != nil {
		return fmt.Errorf("getting the secret: %w", err)
	}
	if secret == "" {
		return errors.New("getting the secret: it is empty")
	}
	err = s.Do("the login", s.timeout, func() error { return hushed(s.authenticate(a, how, secret), secret) })
	if err != nil {
		return refusal(err)
	}
	// Client.Caps may still give what held before.
	return s.Do("CAPABILITY", s.timeout, func() error {
		caps, err := s.Client.Capability().Wait()
		return s.can(caps, err)
	})
}

func (s *Session) authenticate(a *Account, how, secret string) error {
	switch how {
	case "plain":
		return s.Client.Authenticate(sasl.NewPlainClient("", a.User, secret))
	case "xoauth2":
		return s.Client.Authenticate(&xoauth2{a.User, secret})
	case "oauthbearer":
		return s.Client.Authenticate(newBearer(a.User, secret, a.Host, a.PortNumber()))
	}
	if s.caps.Has(imap.CapLoginDisabled) {
		return s.Client.Authenticate(&loginMechanism{a.User, secret})
	}
	return s.Client.Login(a.User, secret).Wait()
}

// chooseAuth gives the way of logging in: the account's, else the server's best.
func chooseAuth(a *Account, caps imap.CapSet) (string, error) {
	if a.Auth != "" {
		return a.Auth, nil
	}
	offered := caps.AuthMechanisms()
	has := func(m string) bool {
		return slices.ContainsFunc(offered, func(o string) bool { return strings.EqualFold(o, m) })
	}
	switch {
	case a.Token != nil && has("OAUTHBEARER"):
		return "oauthbearer", nil
	case a.Token != nil && has("XOAUTH2"):
		return "xoauth2", nil
	case a.Token != nil:
		return "", fmt.Errorf("the server takes no tokens: it offers %v", offered)
	case has("PLAIN"):
		return "plain", nil
	case !caps.Has(imap.CapLoginDisabled) || has("LOGIN"):
		return "login", nil
	}
	return "", fmt.Errorf("the server takes no passwords here: it offers %v", offered)
}

// busy is what servers say of what passes where they have no code for it: Gmail and
// Dovecot of too many connections, Exchange of itself.
var busy = regexp.MustCompile(`(?i)connections|bandwidth|unavailable|temporary|try again later`)

// refusal makes ErrRefused of the errors of a login that say so, not of those that
// pass: a server that is busy, or has too many connections.
func refusal(err error) error {
	var no *imap.Error
	if !errors.As(err, &no) || no.Type != imap.StatusResponseTypeNo {
		return err
	}
	switch imap.ResponseCode(strings.ToUpper(string(no.Code))) {
	case imap.ResponseCodeUnavailable, imap.ResponseCodeInUse, imap.ResponseCodeLimit, imap.ResponseCodeServerBug, imap.ResponseCodeOverQuota:
		return err
	case "", imap.ResponseCodeAlert:
		if busy.MatchString(no.Text) {
			return err
		}
	}
	return fmt.Errorf("%w: %w", ErrRefused, err)
}

var base64Word = regexp.MustCompile(`[A-Za-z0-9+/]{4,}=*`)

// hushed takes a secret out of a server's answer, as it is and as it was sent: some
// repeat the line that they don't like.
func hushed(err error, secret string) error {
	var no *imap.Error
	if !errors.As(err, &no) {
		return err
	}
	for _, s := range []string{secret, strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(secret)} {
		no.Text = strings.ReplaceAll(no.Text, s, "…")
	}
	no.Text = base64Word.ReplaceAllStringFunc(no.Text, func(word string) string {
		if sent, err := base64.StdEncoding.DecodeString(word); err == nil && bytes.Contains(sent, []byte(secret)) {
			return "…"
		}
		return word
	})
	return err
}
