package imapwatch_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/tacto-lint/tacto/imapwatch"
	"github.com/tacto-lint/tacto/mail/imapsession"
)

// A dovecot is a real one, on loopback, with accounts alice1 … alice99.
type dovecot struct {
	t          testing.TB
	dir        string
	tls, plain int
	ca         *x509.CertPool
	cmd        *exec.Cmd
	n          atomic.Int32
}

const tokenKey = "a-key-of-this-test-1234567890abcd"

const dovecotConf = `base_dir = @DIR@/run
state_dir = @DIR@/state
log_path = @DIR@/log
protocols = imap
listen = 127.0.0.1
default_internal_user = @INTERNAL@
default_internal_group = @GROUP@
default_login_user = @LOGIN@
mail_uid = @MAIL@
mail_gid = @MAILGROUP@
first_valid_uid = 1
first_valid_gid = 1
mail_home = @DIR@/mail/%u
mail_location = maildir:~/Maildir
ssl = yes
ssl_cert = <@DIR@/cert.pem
ssl_key = <@DIR@/key.pem
ssl_dh =
disable_plaintext_auth = no
auth_mechanisms = plain login oauthbearer xoauth2
auth_failure_delay = 0
mail_max_userip_connections = 100
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = @DIR@/oauth2.conf.ext
}
passdb {
  driver = passwd-file
  mechanisms = plain login
  args = scheme=PLAIN username_format=%u @DIR@/passwd
}
userdb {
  driver = static
  args = uid=@MAIL@ gid=@MAILGROUP@ home=@DIR@/mail/%u
}
namespace inbox {
  inbox = yes
  separator = /
  mailbox Drafts {
    auto = subscribe
    special_use = \Drafts
  }
}
imap_idle_notify_interval = 2 mins
mailbox_idle_check_interval = 1 secs
service imap-login {
  chroot =
  inet_listener imap {
    address = 127.0.0.1
    port = @PLAIN@
  }
  inet_listener imaps {
    address = 127.0.0.1
    port = @TLS@
    ssl = yes
  }
}
service anvil {
  chroot =
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  chroot =
}
`

// newDovecot starts one; a program that is missing is a failure.
func newDovecot(t testing.TB) *dovecot {
	t.Helper()
	real(t)
	dir, err := os.MkdirTemp("", "tacto-dovecot")
	if err != nil {
		t.Fatal(err)
	}
	d := &dovecot{t: t, dir: dir, tls: freePort(t), plain: freePort(t), ca: x509.NewCertPool()}
	t.Cleanup(func() {
		d.signal(syscall.SIGKILL)
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Logf("dovecot's log, its end:\n%s", log[max(0, len(log)-2000):])
		}
		_ = os.RemoveAll(dir)
	})
	d.configure()
	d.start()
	return d
}

func freePort(t testing.TB) int {
	l := listen(t)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (d *dovecot) configure() {
	t := d.t
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{"INTERNAL": me.Username, "LOGIN": me.Username, "MAIL": me.Username}
	if os.Getuid() == 0 {
		names = map[string]string{"INTERNAL": "dovecot", "LOGIN": "dovenull", "MAIL": "nobody"}
	}
	for who, key := range map[string]string{"INTERNAL": "GROUP", "MAIL": "MAILGROUP"} {
		u, err := user.Lookup(names[who])
		if err != nil {
			t.Fatalf("%v: apt-get install dovecot-imapd", err)
		}
		g, err := user.LookupGroupId(u.Gid)
		if err != nil {
			t.Fatal(err)
		}
		names[key] = g.Name
	}
	names["DIR"], names["PLAIN"], names["TLS"] = d.dir, strconv.Itoa(d.plain), strconv.Itoa(d.tls)
	conf := dovecotConf
	for key, value := range names {
		conf = strings.ReplaceAll(conf, "@"+key+"@", value)
	}
	passwd := ""
	for i := range 100 {
		passwd += fmt.Sprintf("alice%d:{PLAIN}%s::::::\n", i, password)
	}
	keys := filepath.Join(d.dir, "keys/default/HS256")
	mail := filepath.Join(d.dir, "mail")
	for _, p := range []string{keys, mail, filepath.Join(d.dir, "run"), filepath.Join(d.dir, "state")} {
		if err := os.MkdirAll(p, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range []string{d.dir, mail} {
		if err := os.Chmod(p, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if os.Getuid() == 0 {
		run(t, "chown", names["MAIL"], mail)
	}
	for name, text := range map[string]string{
		"dovecot.conf": conf, "passwd": passwd,
		"keys/default/HS256/default": base64.StdEncoding.EncodeToString([]byte(tokenKey)),
		"oauth2.conf.ext":            "introspection_mode = local\nlocal_validation_key_dict = fs:posix:prefix=" + d.dir + "/keys/\nusername_attribute = sub\n",
	} {
		if err := os.WriteFile(filepath.Join(d.dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	certificates(t, d.dir, d.ca)
}

// certificates makes an authority of the test's own, whom ca then trusts, and a
// certificate of localhost, in cert.pem and key.pem of a folder.
func certificates(t testing.TB, dir string, ca *x509.CertPool) {
	t.Helper()
	run(t, "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=An authority of our own",
		"-keyout", dir+"/ca.key", "-out", dir+"/ca.pem")
	run(t, "openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
		"-keyout", dir+"/key.pem", "-out", dir+"/csr.pem")
	run(t, "openssl", "x509", "-req", "-days", "2", "-in", dir+"/csr.pem", "-CA", dir+"/ca.pem", "-CAkey", dir+"/ca.key",
		"-CAcreateserial", "-copy_extensions", "copy", "-out", dir+"/cert.pem")
	pem, err := os.ReadFile(dir + "/ca.pem")
	if err != nil || !ca.AppendCertsFromPEM(pem) {
		t.Fatal("no authority", err)
	}
}

func run(t testing.TB, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// start starts it in a process group of its own, and waits until it answers.
func (d *dovecot) start() {
	d.t.Helper()
	d.cmd = exec.Command("dovecot", "-F", "-c", d.dir+"/dovecot.conf")
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := d.cmd.Start(); err != nil {
		d.t.Fatalf("%v: apt-get install dovecot-imapd", err)
	}
	deadline := time.Now().Add(15 * time.Second)
	for time.Now().Before(deadline) {
		if c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", d.plain)); err == nil {
			b := make([]byte, 4)
			_ = c.SetDeadline(time.Now().Add(2 * time.Second))
			_, err = c.Read(b)
			_ = c.Close()
			if err == nil {
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	d.t.Fatal("dovecot does not answer")
}

// signal sends one to dovecot and all its children, which outlive it otherwise.
func (d *dovecot) signal(sig syscall.Signal) {
	if d.cmd == nil || d.cmd.Process == nil {
		return
	}
	_ = syscall.Kill(-d.cmd.Process.Pid, sig) // it may have ended
	if sig == syscall.SIGKILL {
		_ = d.cmd.Wait()
		d.cmd = nil
		_ = os.Remove(d.dir + "/run/master.pid")
	}
}

// poll: its IDLE is to be relied on, and this is to show it.
func (d *dovecot) poll() time.Duration { return time.Minute }

func (d *dovecot) account(testing.TB) imapwatch.Account {
	n := d.n.Add(1)
	return imapwatch.Account{
		Name: fmt.Sprintf("a%d", n), Host: "localhost", Port: d.tls, RootCAs: d.ca,
		User: fmt.Sprintf("alice%d", n), Password: secret(password),
	}
}

func (d *dovecot) open(t testing.TB, a imapwatch.Account) *imapclient.Client {
	return openPlain(t, a, d.plain)
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
	mac := hmac.New(sha256.New, []byte(tokenKey))
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
						a.Port = d.plain
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
