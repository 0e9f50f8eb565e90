package milter

import (
	"strings"
	"testing"
	"time"

	lib "github.com/emersion/go-milter"
)

// TestWhole: a message is judged as it will leave: a date that is missing is added,
// or rules about the hour would go by nothing; one that is there stays alone.
func TestWhole(t *testing.T) {
	now := time.Date(2025, 11, 20, 21, 30, 0, 0, time.FixedZone("", 3600))
	for _, c := range []struct{ name, value, want string }{
		{"Subject", "x", "Subject: x\r\nDate: Thu, 20 Nov 2025 21:30:00 +0100\r\n\r\nbody"},
		{"DATE", "Wed, 19 Nov 2025 10:00:00 +0100", "DATE: Wed, 19 Nov 2025 10:00:00 +0100\r\n\r\nbody"},
		{"Subject", "a\n b\r\n c", "Subject: a\r\n b\r\n c\r\nDate: Thu, 20 Nov 2025 21:30:00 +0100\r\n\r\nbody"},
	} {
		s := &session{srv: New(Settings{All: true}, nil, nil)}
		m := &lib.Modifier{Macros: map[string]string{}}
		if _, err := s.MailFrom("", m); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Header(c.name, c.value, m); err != nil {
			t.Fatal(err)
		}
		if _, err := s.BodyChunk([]byte("body"), m); err != nil {
			t.Fatal(err)
		}
		if got := string(s.whole(now)); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestQueueID(t *testing.T) {
	for in, want := range map[string]string{
		"4bXyZ1": "4bXyZ1", "a b\n[`{c": "abc", "": "", "ñ<x@y>": "xy", strings.Repeat("a", 41): strings.Repeat("a", 40),
	} {
		if got := queueID(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
