//go:build unix

package collect_test

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/tacto-lint/tacto/audit/collect"
	"github.com/tacto-lint/tacto/mail/imapsession"
	"github.com/tacto-lint/tacto/mail/imapsession/dovecottest"
)

// A real server marks its folder for sent mail, whatever it is called; it is read over TLS,
// only what is new, and stays as it was.
func TestDovecot(t *testing.T) {
	d := dovecottest.New(t)
	account := imapsession.Account{Name: "work", Host: "localhost", Port: d.TLS, RootCAs: d.CA, User: "alice1",
		Password: func(context.Context) (string, error) { return dovecottest.Password, nil }}
	c, err := imapclient.DialInsecure(net.JoinHostPort("127.0.0.1", strconv.Itoa(d.Plain)), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Login("alice1", dovecottest.Password).Wait(); err != nil {
		t.Fatal(err)
	}
	a := archive(700)
	save := func(from, to int) {
		for n := from; n < to; n++ {
			data := a.Email(n).Data
			cmd := c.Append("Gesendet", int64(len(data)), &imap.AppendOptions{Time: a.Email(n).Date})
			if _, err := cmd.Write(data); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := cmd.Wait(); err != nil {
				t.Fatal(err)
			}
		}
	}
	save(0, 500)
	s := newStore(t)
	if got := run(t, options(s), collect.IMAP(account)); got != (collect.Counts{New: 500}) {
		t.Errorf("%+v", got)
	}
	save(500, 700)
	if got := run(t, options(s), collect.IMAP(account)); got != (collect.Counts{New: 200}) {
		t.Errorf("what is new: %+v", got)
	}
	if got := run(t, options(s), collect.IMAP(account)); got != (collect.Counts{}) {
		t.Errorf("the third time: %+v", got)
	}
	holds(t, s, a, everything)
	st, err := c.Status("Gesendet", &imap.StatusOptions{NumMessages: true, NumUnseen: true}).Wait()
	if err != nil || fmt.Sprint(*st.NumMessages, *st.NumUnseen) != "700 700" {
		t.Errorf("%+v, %v", st, err)
	}
}
