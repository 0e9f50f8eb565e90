package imapsession

import (
	"bytes"
	"errors"
	"net"
	"strings"
	"sync"
)

// tapped gives conn to go-imap with an ear on it.
func (s *Session) tapped(conn net.Conn) net.Conn {
	s.tap = &tap{Conn: conn, notice: s.notice, room: maxSaid}
	return s.tap
}

// A tap hears what go-imap keeps to itself: the greeting, the text of a BYE, and a
// server that ends IDLE of its own accord. It also bounds what a server may say at once,
// which go-imap would keep, however long.
type tap struct {
	net.Conn
	notice func()

	mu       sync.Mutex
	line     []byte // the line being read, its first bytes
	greeting string
	goodbye  string
	idle     bool
	ownEnd   bool
	room     int64 // for what is said until the next command
}

const (
	tapLine = 160
	// maxFetched has room for the largest message, and for a line on each of a million;
	// maxSaid for that of every folder.
	maxFetched = 64 << 20
	maxSaid    = 8 << 20
)

var errEndless = errors.New("the server says too much")

// Read reads, and listens.
func (t *tap) Read(b []byte) (int, error) {
	n, err := t.Conn.Read(b)
	t.mu.Lock()
	if t.room -= int64(n); t.room < 0 {
		n, err = 0, errEndless
	}
	// Lines in literals would be taken for the server's: none come in IDLE, and
	// none before the greeting.
	if t.idle || t.greeting == "" {
		t.hear(b[:n])
	}
	t.mu.Unlock()
	return n, err
}

func (t *tap) hear(b []byte) {
	for len(b) > 0 {
		end := bytes.IndexByte(b, '\n')
		piece := b
		if end >= 0 {
			piece = b[:end]
		}
		if room := tapLine - len(t.line); room > 0 {
			t.line = append(t.line, piece[:min(room, len(piece))]...)
		}
		if end < 0 {
			return
		}
		t.heard(bytes.TrimRight(t.line, "\r"))
		t.line, b = nil, b[end+1:]
	}
}

func (t *tap) heard(line []byte) {
	rest, untagged := bytes.CutPrefix(line, []byte("* "))
	switch {
	case untagged && len(rest) > 4 && bytes.EqualFold(rest[:4], []byte("BYE ")):
		t.goodbye = string(rest[4:])
	case untagged && t.greeting == "":
		t.greeting = string(rest)
	case t.idle && len(line) > 1 && line[0] == 'T' && line[1] >= '0' && line[1] <= '9':
		t.ownEnd = true
		t.notice()
	}
}

// idling turns the listening for what comes in IDLE on and off.
func (t *tap) idling(on bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.idle, t.line, t.ownEnd = on, nil, false
}

// ended says whether the server ended IDLE unasked.
func (t *tap) ended() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ownEnd
}

// allow makes room for the answer to a command.
func (t *tap) allow(what string) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.room = maxSaid
	if strings.HasPrefix(what, "FETCH") {
		t.room = maxFetched
	}
}

func (t *tap) bye() string {
	if t == nil {
		return ""
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.goodbye
}
