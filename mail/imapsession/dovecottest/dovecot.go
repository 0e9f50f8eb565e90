//go:build unix

// Package dovecottest starts a Dovecot of a test's own, from Debian's packages.
package dovecottest

import (
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A Server is a Dovecot on loopback, with accounts alice0 … alice99.
type Server struct {
	Dir        string
	TLS, Plain int // ports
	CA         *x509.CertPool

	t   testing.TB
	cmd *exec.Cmd
}

// Password is everybody's, TokenKey what tokens are signed with, by HS256.
const (
	Password = "hunter2"
	TokenKey = "a-key-of-this-test-1234567890abcd"
)

const conf = `base_dir = @DIR@/run
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
  mailbox Gesendet {
    auto = subscribe
    special_use = \Sent
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

// New starts one, which ends with the test. Without TACTO_REAL=1 it skips the test; with it
// a program that is missing is a failure.
func New(t testing.TB) *Server {
	t.Helper()
	if os.Getenv("TACTO_REAL") == "" {
		t.Skip("set TACTO_REAL=1 to run against a real server")
	}
	dir, err := os.MkdirTemp("", "tacto-dovecot")
	if err != nil {
		t.Fatal(err)
	}
	d := &Server{t: t, Dir: dir, TLS: FreePort(t), Plain: FreePort(t), CA: x509.NewCertPool()}
	t.Cleanup(func() {
		d.Signal(syscall.SIGKILL)
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Logf("dovecot's log, its end:\n%s", log[max(0, len(log)-2000):])
		}
		_ = os.RemoveAll(dir)
	})
	d.configure()
	d.Start()
	return d
}

// FreePort gives one that was free just now.
func FreePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (d *Server) configure() {
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
	names["DIR"], names["PLAIN"], names["TLS"] = d.Dir, strconv.Itoa(d.Plain), strconv.Itoa(d.TLS)
	text := conf
	for key, value := range names {
		text = strings.ReplaceAll(text, "@"+key+"@", value)
	}
	passwd := ""
	for i := range 100 {
		passwd += fmt.Sprintf("alice%d:{PLAIN}%s::::::\n", i, Password)
	}
	keys := filepath.Join(d.Dir, "keys/default/HS256")
	mail := filepath.Join(d.Dir, "mail")
	for _, p := range []string{keys, mail, filepath.Join(d.Dir, "run"), filepath.Join(d.Dir, "state")} {
		if err := os.MkdirAll(p, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range []string{d.Dir, mail} {
		if err := os.Chmod(p, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if os.Getuid() == 0 {
		run(t, "chown", names["MAIL"], mail)
	}
	for name, text := range map[string]string{
		"dovecot.conf": text, "passwd": passwd,
		"keys/default/HS256/default": base64.StdEncoding.EncodeToString([]byte(TokenKey)),
		"oauth2.conf.ext":            "introspection_mode = local\nlocal_validation_key_dict = fs:posix:prefix=" + d.Dir + "/keys/\nusername_attribute = sub\n",
	} {
		if err := os.WriteFile(filepath.Join(d.Dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	Certificates(t, d.Dir, d.CA)
}

// Certificates makes an authority of the test's own, whom ca then trusts, and a
// certificate of localhost, in cert.pem and key.pem of a folder.
func Certificates(t testing.TB, dir string, ca *x509.CertPool) {
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

// Start starts it in a process group of its own, and waits until it answers.
func (d *Server) Start() {
	d.t.Helper()
	d.cmd = exec.Command("dovecot", "-F", "-c", d.Dir+"/dovecot.conf")
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := d.cmd.Start(); err != nil {
		d.t.Fatalf("%v: apt-get install dovecot-imapd", err)
	}
	deadline := time.Now().Add(15 * time.Second)
	for time.Now().Before(deadline) {
		if c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", d.Plain)); err == nil {
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

// Signal sends one to dovecot and all its children, which outlive it otherwise.
func (d *Server) Signal(sig syscall.Signal) {
	if d.cmd == nil || d.cmd.Process == nil {
		return
	}
	_ = syscall.Kill(-d.cmd.Process.Pid, sig) // it may have ended
	if sig == syscall.SIGKILL {
		_ = d.cmd.Wait()
		d.cmd = nil
		_ = os.Remove(d.Dir + "/run/master.pid")
	}
}
