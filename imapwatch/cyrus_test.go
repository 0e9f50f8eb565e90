package imapwatch_test

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/tacto-lint/tacto/imapwatch"
	"github.com/tacto-lint/tacto/mail/imapsession/dovecottest"
)

// A cyrus is a real one, on loopback, unpacked beside other servers by .ci/install-cyrus.
type cyrus struct {
	t          testing.TB
	dir, root  string // its own folder; where it is unpacked
	owner      string // whom it runs as
	tls, plain int
	ca         *x509.CertPool
	cmd        *exec.Cmd
	n          atomic.Int32
	passwords  sync.Mutex
}

const cyrusServices = `START {
  recover cmd="@BIN@/ctl_cyrusdb -C @DIR@/imapd.conf -r"
  idled cmd="@BIN@/idled -C @DIR@/imapd.conf"
}
SERVICES {
  imap cmd="@BIN@/imapd -C @DIR@/imapd.conf -U 30" listen="127.0.0.1:@PLAIN@" prefork=0 maxchild=50
  imaps cmd="@BIN@/imapd -C @DIR@/imapd.conf -s -U 30" listen="127.0.0.1:@TLS@" prefork=0 maxchild=50
}
EVENTS {
}
`

const cyrusConf = `configdirectory: @DIR@/conf
defaultpartition: default
partition-default: @DIR@/spool
sievedir: @DIR@/sieve
proc_path: @DIR@/run/proc
mboxname_lockpath: @DIR@/run/lock
idlesocket: @DIR@/conf/socket/idle
lmtpsocket: @DIR@/run/lmtp
notifysocket: @DIR@/run/notify
cyrus_user: @OWNER@
allowplaintext: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: @DIR@/sasldb2
sasl_mech_list: PLAIN LOGIN
tls_server_cert: @DIR@/cert.pem
tls_server_key: @DIR@/key.pem
unixhierarchysep: yes
altnamespace: yes
virtdomains: off
autocreate_quota: 0
failedloginpause: 0
autocreate_post: yes
autocreate_inbox_folders: Drafts | Sent
autocreate_subscribe_folders: Drafts | Sent
xlist-drafts: Drafts
xlist-sent: Sent
imapidlepoll: 60
syslog_prefix: tacto
servername: localhost
`

// newCyrus starts one; where it is not unpacked that is a failure.
func newCyrus(t testing.TB) *cyrus {
	t.Helper()
	real(t)
	c := &cyrus{t: t, root: os.Getenv("TACTO_CYRUS"), tls: dovecottest.FreePort(t), plain: dovecottest.FreePort(t), ca: x509.NewCertPool(), owner: "nobody"}
	if c.root == "" {
		c.root = "/opt/tacto-cyrus"
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	if me.Uid != "0" {
		c.owner = me.Username
	}
	if c.dir, err = os.MkdirTemp("", "tacto-cyrus"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.kill()
		_ = os.RemoveAll(c.dir)
	})
	for _, folder := range []string{"conf/socket", "conf/db", "conf/log", "conf/msg", "spool", "sieve", "run/proc", "run/lock"} {
		if err := os.MkdirAll(filepath.Join(c.dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"cyrus.conf": cyrusServices, "imapd.conf": cyrusConf} {
		text = strings.NewReplacer("@DIR@", c.dir, "@BIN@", c.root+"/usr/lib/cyrus/bin", "@OWNER@", c.owner,
			"@PLAIN@", fmt.Sprint(c.plain), "@TLS@", fmt.Sprint(c.tls)).Replace(text)
		if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	dovecottest.Certificates(t, c.dir, c.ca)
	c.addUser("first") // the password's file must be there when the server starts
	if me.Uid == "0" {
		if out, err := exec.Command("chown", "-R", c.owner, c.dir).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	c.start()
	return c
}

// addUser gives a user the password.
func (c *cyrus) addUser(name string) {
	c.t.Helper()
	c.passwords.Lock()
	defer c.passwords.Unlock()
	cmd := exec.Command("saslpasswd2", "-p", "-c", "-f", c.dir+"/sasldb2", "-u", "localhost", name)
	cmd.Stdin = strings.NewReader(password)
	if out, err := cmd.CombinedOutput(); err != nil {
		c.t.Fatalf("saslpasswd2: %v: .ci/install-cyrus installs it\n%s", err, out)
	}
}

// start starts it in a process group of its own, and waits until it answers.
func (c *cyrus) start() {
	c.t.Helper()
	libraries, _ := filepath.Glob(c.root + "/usr/lib/*/libcyrus.so.0")
	if len(libraries) == 0 {
		c.t.Fatalf("there is no Cyrus in %s: .ci/install-cyrus unpacks it", c.root)
	}
	c.cmd = exec.Command(c.root+"/usr/lib/cyrus/bin/master", "-D", "-C", c.dir+"/imapd.conf", "-M", c.dir+"/cyrus.conf", "-p", c.dir+"/run/master.pid")
	c.cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+filepath.Dir(libraries[0]), "CYRUS_USER="+c.owner)
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var said lockedBuffer
	c.cmd.Stdout, c.cmd.Stderr = &said, &said
	if err := c.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	deadline := time.Now().Add(20 * time.Second)
	for time.Now().Before(deadline) {
		if conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", c.plain)); err == nil {
			b := make([]byte, 4)
			_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
			_, err = conn.Read(b)
			_ = conn.Close()
			if err == nil {
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	c.t.Fatalf("Cyrus does not answer\n%s", said.String())
}

// stop asks its master to end, which closes connections without a BYE, and then ends what
// is left.
func (c *cyrus) stop() {
	c.t.Helper()
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		c.t.Fatal(err)
	}
	time.Sleep(time.Second)
	c.kill()
}

// kill ends it and all its children.
func (c *cyrus) kill() {
	if c.cmd == nil || c.cmd.Process == nil {
		return
	}
	if err := syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		c.t.Error(err)
	}
	_ = c.cmd.Wait()
	c.cmd = nil
	_ = os.Remove(c.dir + "/run/master.pid")
}

// poll: its IDLE is to be relied on, and this is to show it.
func (c *cyrus) poll() time.Duration { return time.Minute }

func (c *cyrus) account(testing.TB) imapwatch.Account {
	n := c.n.Add(1)
	name := fmt.Sprintf("alice%d", n)
	c.addUser(name)
	return imapwatch.Account{Name: fmt.Sprintf("a%d", n), Host: "localhost", Port: c.tls, RootCAs: c.ca, User: name, Password: secret(password)}
}

func (c *cyrus) open(t testing.TB, a imapwatch.Account) *imapclient.Client {
	return openPlain(t, a, c.plain)
}

// TestCyrus: the same behaviours as with Dovecot, and a server that is killed, or stopped,
// and comes back.
func TestCyrus(t *testing.T) {
	c := newCyrus(t)
	suite(t, c)
	for _, ended := range []struct {
		name string
		end  func()
	}{{"Killed", c.kill}, {"Stopped", c.stop}} {
		t.Run(ended.name, func(t *testing.T) {
			a := c.account(t)
			b := openBox(t, c, a)
			w := start(t, options(t, c.poll(), a))
			b.save(draft("Su aviso", bad))
			w.next(imapwatch.Found)
			ended.end()
			c.start()
			openBox(t, c, a).save(draft("Su visita", bad))
			w.next(imapwatch.Found)
			w.quiet()
		})
	}
}
