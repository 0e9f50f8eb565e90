package imapsession

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
)

// startTLS asks for TLS before go-imap has a say: that would wait for ever on an answer
// that breaks off, and keep what it was told in clear. The connection it gives begins
// with the greeting, since the server does not greet twice.
func startTLS(ctx context.Context, raw net.Conn, conf *tls.Config) (net.Conn, error) {
	r := bufio.NewReader(raw)
	line := func() (string, error) {
		b, err := r.ReadSlice('\n') // one that fills the buffer is an error
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return strings.TrimRight(string(b), "\r\n"), err
	}
	greeting, err := line()
	if err != nil {
		return nil, err
	}
	text, ok := cutFold(greeting, "* OK")
	if !ok {
		return nil, fmt.Errorf("the server does not let in: %.100q", greeting)
	}
	if _, err := io.WriteString(raw, "S1 STARTTLS\r\n"); err != nil {
		return nil, err
	}
	for range maxBefore {
		answer, err := line()
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(answer, "* ") {
			continue
		}
		if _, ok := cutFold(answer, "S1 OK"); !ok {
			return nil, fmt.Errorf("the server does not speak TLS: %.100q", answer)
		}
		if r.Buffered() > 0 {
			return nil, errors.New("the server, or somebody in between, goes on in clear after it agreed to TLS")
		}
		c := tls.Client(raw, conf)
		if err := c.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		if _, rest, ok := strings.Cut(text, "]"); ok { // what was said of it in clear does not count
			text = rest
		}
		return &greeted{c, io.MultiReader(strings.NewReader("* OK "+strings.TrimSpace(text)+"\r\n"), c)}, nil
	}
	return nil, errors.New("the server does not answer STARTTLS, and says other things")
}

// maxBefore is how many other lines may come before the answer.
const maxBefore = 50

// cutFold cuts a prefix, whatever its case.
func cutFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// A greeted connection has the greeting before what comes.
type greeted struct {
	net.Conn
	r io.Reader
}

// Read reads.
func (g *greeted) Read(b []byte) (int, error) { return g.r.Read(b) }
