//go:build unix

package main

import (
	"os"
	"path/filepath"
)

// aerc, with the lines that tacto's hook adds: a held message is back in review, and
// only 'tacto last' says why; sent again it arrives, once. A good one goes at once.
// aerc 0.14 says "Sending..." until the next key is pressed, whatever became of it.
func (c *client) aerc() {
	for _, name := range []string{"cur", "new", "tmp"} {
		if err := os.MkdirAll(filepath.Join(c.home, "Maildir", name), 0o700); err != nil {
			c.Fatal(err)
		}
	}
	c.write(".config/aerc/accounts.conf", "[work]\nsource = maildir://"+c.home+"/Maildir\nfrom = Ana <ana@us.example>\noutgoing = "+c.mta+"\n")
	body := filepath.Join(c.home, "body")
	c.write(".config/aerc/aerc.conf", "[compose]\neditor = cp "+body+"\n")
	c.must("tacto", "hook", "install", "aerc")
	c.doctor("aerc: account work")

	c.write("body", badText)
	t := c.terminal("aerc", 100, 40, "aerc 'mailto:"+clientAddress+"?subject=Su%20aviso'")
	t.shows("Send this email?", "Su aviso")
	t.keys("y")
	t.redrawn("C-l", "Send this email?", "Su aviso")
	c.nothing()
	c.last()
	c.later()
	t.keys("y")
	c.once(badText)

	c.sink.forget()
	c.write("body", goodText)
	t.redrawn("C-l", "(no messages)")
	t.keys(":compose -H Subject:Visita -H To:"+clientAddress, "Enter")
	t.shows("Send this email?", "Visita")
	t.keys("y")
	c.once(goodText)
}
