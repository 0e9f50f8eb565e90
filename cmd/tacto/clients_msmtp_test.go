//go:build unix

package main

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/tacto-lint/tacto/presend"
)

// clientMessage is a message as mail programs without an opinion write it.
func clientMessage(text string) string {
	return "From: ana@us.example\nTo: " + clientAddress + "\nSubject: =?utf-8?q?Su_avis=C3=B3?=\n\t=?utf-8?q?_otra_vez?=\nDate: Thu, 20 Nov 2025 10:00:00 +0100\n" +
		"Message-ID: <1@us.example>\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\nX-Odd:   spaces \t\n\n" + text
}

// sendmail runs 'tacto sendmail' in front of a mail system, as mailx would.
func (c *client) sendmail(message, mta string, args ...string) result {
	c.Helper()
	return c.run(message, append(append([]string{"tacto", "sendmail", "--"}, strings.Fields(mta)...), args...)...)
}

// msmtp: what arrives through tacto is, envelope and bytes, what arrives without it;
// a bad message is held and, sent again, arrives the same way.
func (c *client) msmtp() {
	direct := func(message string, args ...string) letter {
		c.Helper()
		if r := c.run(message, append(strings.Fields(c.mta), args...)...); r.status != 0 {
			c.Fatalf("msmtp: %+v", r)
		}
		defer c.sink.forget()
		return c.sink.all()[0]
	}
	same := func(want letter, text string) {
		c.Helper()
		got := c.once(text)
		c.sink.forget()
		if got.data != want.data || got.from != want.from {
			c.Errorf("arrived from %s:\n%q\nwithout tacto, from %s:\n%q", got.from, got.data, want.from, want.data)
		}
	}
	ways := [][]string{{"-t"}, {"-oi", "-t"}, {"-i", clientAddress}, {"-f", "boss@us.example", "--", clientAddress}}
	// other gives each way a text of its own, so that none is sent again.
	other := func(i int) string { return strings.Replace(badText, "cambio", fmt.Sprint("cambio ", i), 1) }
	for _, args := range ways {
		want := direct(clientMessage(goodText), args...)
		if r := c.sendmail(clientMessage(goodText), c.mta, args...); r != (result{}) {
			c.Errorf("%q: %+v", args, r)
		}
		same(want, goodText)
	}
	for i, args := range ways {
		start := time.Now()
		for range 2 { // as with a key pressed twice
			if r := c.sendmail(clientMessage(other(i)), c.mta, args...); time.Since(start) < presend.Pause && (r.status != 65 || !strings.HasPrefix(r.stderr, badReason) || r.stdout != "") {
				c.Errorf("%q: %+v", args, r)
			}
		}
	}
	c.nothing()
	c.later()
	for i, args := range ways {
		want := direct(clientMessage(other(i)), args...)
		if r := c.sendmail(clientMessage(other(i)), c.mta, args...); r != (result{}) {
			c.Errorf("%q, again: %+v", args, r)
		}
		same(want, other(i))
	}
}

// msmtpFails: where the mail system fails, its status and its words are all there is.
func (c *client) msmtpFails() {
	c.sink.rcpt = "550 5.1.1 nobody of that name"
	full := listen(c.T)
	full.end = "554 5.7.1 not that message"
	closed := listen(c.T)
	gone := "msmtp -C " + c.msmtprc("gone", closed.port())
	if err := closed.Close(); err != nil {
		c.Fatal(err)
	}
	for _, test := range []struct {
		name, mta, words string
		status           int
	}{
		// The status of a recipient refused is that of a message held: EX_DATAERR.
		{"refuses the recipient", c.mta, "nobody of that name", 65},
		{"refuses the message", "msmtp -C " + c.msmtprc("full", full.port()), "not that message", 69},
		{"is not there", gone, "cannot connect", 75},
		{"has no configuration", "msmtp -C /nonexistent", "", 74},
	} {
		c.Run(test.name, func(t *testing.T) {
			want := c.run(clientMessage(goodText), append(strings.Fields(test.mta), "-t")...)
			got := c.sendmail(clientMessage(goodText), test.mta, "-t")
			if got != want || got.status != test.status || !strings.Contains(got.stderr, test.words) {
				t.Errorf("%+v, want status %d and %q; without tacto %+v", got, test.status, test.words, want)
			}
		})
	}
	c.nothing()
	if _, err := net.Dial("tcp", closed.Addr().String()); err == nil {
		c.Error("the port was taken meanwhile")
	}
}
