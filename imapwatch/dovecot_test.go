package imapwatch_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/tacto-lint/tacto/imapwatch"
	"github.com/tacto-lint/tacto/mail/imapsession"
	"github.com/tacto-lint/tacto/mail/imapsession/dovecottest"
)

// A dovecot is a real one.
type dovecot struct {
	*dovecottest.Server
	n atomic.Int32
}

func newDovecot(t testing.TB) *dovecot { return &dovecot{Server: dovecottest.New(t)} }

// poll: its IDLE is to be relied on, and this is to show it.
func (d *dovecot) poll() time.Duration { return time.Minute }

func (d *dovecot) account(testing.TB) imapwatch.Account {
	n := d.n.Add(1)
	return imapwatch.Account{
		Name: fmt.Sprintf("a%d", n), Host: "localhost", Port: d.TLS, RootCAs: d.CA,
		User: fmt.Sprintf("alice%d", n), Password: secret(password),
	}
}

func (d *dovecot) open(t testing.TB, a imapwatch.Account) *imapclient.Client {
	return openPlain(t, a, d.Plain)
}

func TestDovecot(t *testing.T) {
	d := newDovecot(t)
	suite(t, d)
	t.Run("Auth", func(t *testing.T) { ways(t, d) })
}

// token makes one that Dovecot verifies by itself.
func token(t testing.TB, name string, life time.Duration) imapsession.Secret {
	enc := base64.RawURLEncoding.EncodeToString
	claims, err := json.Marshal(map[string]any{"sub": name, "iat": time.Now().Add(-time.Minute).Unix(), "exp": time.Now().Add(life).Unix()})
	if err != nil {
		t.Fatal(err)
	}
	signed := enc([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + enc(claims)
	mac := hmac.New(sha256.New, []byte(dovecottest.TokenKey))
	mac.Write([]byte(signed))
	return secret(signed + "." + enc(mac.Sum(nil)))
}

// ways are those of logging in and of making the connection safe.
func ways(t *testing.T, d *dovecot) {
	for _, mode := range []imapsession.TLSMode{imapsession.TLSImplicit, imapsession.TLSStart, imapsession.TLSNone} {
		for _, auth := range []string{"", "plain", "login", "oauthbearer", "xoauth2", "token"} {
			for _, ok := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s/%s/%v", mode, auth, ok), func(t *testing.T) {
					t.Parallel()
					a := d.account(t)
					a.TLS, a.Auth = mode, auth
					if mode != imapsession.TLSImplicit {
						a.Port = d.Plain
					}
					switch {
					case auth == "token":
						a.Auth = ""
						fallthrough
					case auth == "oauthbearer", auth == "xoauth2":
						a.Password, a.Token = nil, token(t, a.User, time.Hour)
						if !ok {
							a.Token = token(t, a.User, -time.Hour)
						}
					case !ok:
						a.Password = secret("wrong")
					}
					c, err := imapwatch.Check(t.Context(), a)
					if ok && (err != nil || c.Drafts != "Drafts" || auth != "" && auth != "token" && c.Auth != auth) {
						t.Errorf("%+v, %v", c, err)
					}
					if !ok && !errors.Is(err, imapwatch.ErrRefused) {
						t.Errorf("error %v, want ErrRefused", err)
					}
				})
			}
		}
	}
	t.Run("TokenAskedAnew", func(t *testing.T) { tokenAnew(t, d) })
}

// A token that has run out is asked for once more, then no more.
func tokenAnew(t *testing.T, d *dovecot) {
	t.Parallel()
	a := d.account(t)
	a.Password = nil
	var asked atomic.Int32
	a.Token = func(ctx context.Context) (string, error) {
		if asked.Add(1) == 1 {
			return token(t, a.User, -time.Hour)(ctx)
		}
		return token(t, a.User, time.Hour)(ctx)
	}
	b := openBox(t, d, a)
	w := start(t, options(t, d.poll(), a))
	b.save(draft("Su aviso", bad))
	w.next(imapwatch.Found)
	if asked.Load() != 2 {
		t.Errorf("asked %d times, want twice", asked.Load())
	}
}
