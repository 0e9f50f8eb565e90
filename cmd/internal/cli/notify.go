package cli

import (
	"errors"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

// notifyTime bounds how long the desktop is waited for.
const notifyTime = 500 * time.Millisecond

// notify shows a refusal on the desktop, over D-Bus. The interface is that of the
// Desktop Notifications Specification 1.2.
func (c *Command) notify(text string) error {
	address := c.Getenv("DBUS_SESSION_BUS_ADDRESS")
	if address == "" {
		return errors.New("no session bus: DBUS_SESSION_BUS_ADDRESS is not set")
	}
	done := make(chan error, 1)
	go func() { done <- notifyOver(address, text) }()
	select {
	case err := <-done:
		return err
	case <-time.After(notifyTime):
		return errors.New("the desktop does not answer")
	}
}

func notifyOver(address, text string) error {
	conn, err := dbus.Connect(address)
	if err != nil {
		return err
	}
	defer conn.Close()
	summary, body, _ := strings.Cut(strings.TrimSpace(text), "\n")
	// Servers may take the body for markup.
	body = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(body)
	return conn.Object("org.freedesktop.Notifications", "/org/freedesktop/Notifications").Call("org.freedesktop.Notifications.Notify", 0,
		"tacto", uint32(0), "mail-send", summary, body, []string{}, map[string]dbus.Variant{"urgency": dbus.MakeVariant(byte(1))}, int32(-1)).Err
}
