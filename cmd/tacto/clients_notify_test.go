//go:build unix

package main

import (
	"bufio"
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:dir=@DIR@</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>
`

// A notification is a call of Notify.
type notification struct{ app, icon, summary, body string }

// A notifier is what shows notifications on a desktop; with hold, one that hangs.
type notifier struct {
	got  chan notification
	hold chan struct{}
}

// Notify is org.freedesktop.Notifications.Notify.
func (n *notifier) Notify(app string, _ uint32, icon, summary, body string, _ []string, _ map[string]dbus.Variant, _ int32) (uint32, *dbus.Error) {
	n.got <- notification{app, icon, summary, body}
	if n.hold != nil {
		<-n.hold
	}
	return 1, nil
}

// session starts a desktop's session bus, which the programs of the home then know,
// and connects to it.
func (c *client) session() *dbus.Conn {
	c.Helper()
	conf := c.write("bus.conf", strings.Replace(busConfig, "@DIR@", c.home, 1))
	// The session lasts until standard input is closed.
	cmd := exec.Command("dbus-run-session", "--config-file="+conf, "--", "sh", "-c", `echo "$DBUS_SESSION_BUS_ADDRESS"; exec cat`)
	cmd.Env, cmd.Dir = c.env, c.home
	in, err := cmd.StdinPipe()
	if err != nil {
		c.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		c.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		c.Fatal(err)
	}
	c.Cleanup(func() {
		in.Close()
		kill := time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
		if err := cmd.Wait(); err != nil {
			c.Errorf("dbus-run-session: %v", err)
		}
		kill.Stop()
	})
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		c.Fatal(err)
	}
	address = strings.TrimSpace(address)
	if !strings.Contains(address, filepath.Base(c.home)) {
		c.Fatalf("the bus is at %q", address)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	c.Cleanup(cancel)
	conn, err := dbus.Connect(address, dbus.WithContext(ctx))
	if err != nil {
		c.Fatal(err)
	}
	c.Cleanup(func() { conn.Close() })
	c.env = append(c.env, "DBUS_SESSION_BUS_ADDRESS="+address)
	return conn
}

func (c *client) notifier(conn *dbus.Conn, hold chan struct{}) *notifier {
	c.Helper()
	n := &notifier{got: make(chan notification, 10), hold: hold}
	if err := conn.Export(n, "/org/freedesktop/Notifications", "org.freedesktop.Notifications"); err != nil {
		c.Fatal(err)
	}
	if reply, err := conn.RequestName("org.freedesktop.Notifications", dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		c.Fatalf("%v %v", reply, err)
	}
	return n
}

// desktop: a held message is shown as a notification, with the reason; one that
// goes is not.
func (c *client) desktop() {
	n := c.notifier(c.session(), nil)
	if r := c.sendmail(clientMessage(badText), c.mta, "-t"); r.status != 65 {
		c.Errorf("%+v", r)
	}
	c.nothing()
	select {
	case got := <-n.got:
		if got.app != "tacto" || !strings.HasPrefix(got.summary, badReason) || !strings.Contains(got.body, badQuote) {
			c.Errorf("%+v", got)
		}
	default:
		c.Error("no notification")
	}
	if r := c.sendmail(clientMessage(goodText), c.mta, "-t"); r != (result{}) {
		c.Errorf("%+v", r)
	}
	c.once(goodText)
	if len(n.got) > 0 {
		c.Errorf("a notification of a message that went: %+v", <-n.got)
	}
}

// desktopSilent: a desktop that does not answer, or is not there, holds up nothing.
func (c *client) desktopSilent() {
	conn := c.session()
	hold := make(chan struct{})
	c.Cleanup(func() { close(hold) })
	for _, there := range []bool{false, true} {
		if there {
			c.notifier(conn, hold)
		}
		start := time.Now()
		r := c.sendmail(strings.Replace(clientMessage(badText), "Date: ", "Subject: again\nDate: ", map[bool]int{true: 1}[there]), c.mta, "-t")
		if took := time.Since(start); r.status != 65 || took > 5*time.Second {
			c.Errorf("a desktop: %v; after %v: %+v", there, took, r)
		}
		if !strings.HasPrefix(r.stderr, badReason) || strings.Contains(r.stderr, "notification") {
			c.Errorf("a desktop: %v; it said:\n%s", there, r.stderr)
		}
	}
	c.nothing()
}
