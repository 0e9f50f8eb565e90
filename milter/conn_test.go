package milter

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/tacto-lint/tacto/presend"
)

// TestForgets: after each message the library is told to forget it, or it would
// keep the headers of all messages of a connection.
func TestForgets(t *testing.T) {
	near, far := net.Pipe()
	defer near.Close()
	c := &conn{Conn: far, srv: New(Settings{}, nil, nil)}
	go func() {
		_, _ = near.Write([]byte("\x00\x00\x00\x01M"))
		_, _ = io.ReadFull(near, make([]byte, 5))
		_, _ = near.Write([]byte("\x00\x00\x00\x02Dx"))
		near.Close()
	}()
	read := make([]byte, 5)
	if _, err := io.ReadFull(c, read); err != nil || string(read) != "\x00\x00\x00\x01M" || !c.hasMessage() {
		t.Fatalf("%q, %v", read, err)
	}
	if _, err := c.Write([]byte("\x00\x00\x00\x01a")); err != nil || c.hasMessage() {
		t.Fatalf("%v", err)
	}
	got, err := io.ReadAll(c)
	if want := "\x00\x00\x00\x01A\x00\x00\x00\x02Dx"; err != nil || string(got) != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
}

// TestLongAnswer: an answer that comes in pieces is one: what its later pieces begin
// with ends no message.
func TestLongAnswer(t *testing.T) {
	near, far := net.Pipe()
	c := &conn{Conn: far, srv: New(Settings{}, nil, nil)}
	c.setInHand(true)
	go func() { _, _ = io.Copy(io.Discard, near) }()
	for _, piece := range []string{"\x00\x00\x00\x0amab", "abcdaabc"[:7]} {
		if _, err := c.Write([]byte(piece)); err != nil || c.ended {
			t.Fatalf("%v, %v", err, c.ended)
		}
	}
	if _, err := c.Write([]byte("\x00\x00\x00\x03y")); err != nil || !c.ended || !c.hasMessage() {
		t.Errorf("half an answer: %v, %v", err, c.ended)
	}
	if _, err := c.Write([]byte("55")); err != nil || c.hasMessage() {
		t.Errorf("a whole answer: %v", err)
	}
	// Nobody is there any more: no error for the library, and then the end.
	far.Close()
	if _, err := c.Write([]byte("\x00\x00\x00\x01a")); err != nil || !c.broken {
		t.Errorf("%v, %v", err, c.broken)
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("%v", err)
	}
}

// TestTurns: when all turns are taken, a message waits for no longer than its budget,
// and turns come back.
func TestTurns(t *testing.T) {
	s := New(Settings{}, nil, nil)
	for range cap(s.turns) {
		s.turns <- struct{}{}
	}
	set := &Settings{Gate: &presend.Gate{}, Budget: 20 * time.Millisecond}
	if d := s.judge(set, []byte("Subject: x\r\n\r\nx"), nil); !errors.Is(d.Err, presend.ErrBudget) {
		t.Errorf("with no turn: %v", d.Err)
	}
	for range cap(s.turns) {
		<-s.turns
	}
	set.Budget = time.Minute
	for range 3 * cap(s.turns) { // a gate without a linter breaks off; its turn comes back all the same
		if d := s.judge(set, []byte("Subject: x\r\n\r\nx"), nil); !errors.Is(d.Err, presend.ErrBroke) {
			t.Errorf("with turns: %v", d.Err)
		}
	}
}

// flaky is a listener that fails twice.
type flaky struct {
	net.Listener
	fails int
}

func (f *flaky) Accept() (net.Conn, error) {
	if f.fails--; f.fails >= 0 {
		return nil, errors.New("too many open files")
	}
	return f.Listener.Accept()
}

// TestFlaky: errors that pass do not end the server.
func TestFlaky(t *testing.T) {
	ln, err := Listen("inet:127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := New(Settings{}, nil, nil)
	served := make(chan error, 1)
	go func() { served <- s.Serve(&flaky{ln, 2}) }()
	nc, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := nc.Write([]byte("\x00\x00\x00\x0dO\x00\x00\x00\x06\x00\x00\x01\xff\x00\x1f\xff\xff")); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 17)
	if _, err := io.ReadFull(nc, answer); err != nil || answer[4] != 'O' {
		t.Errorf("%q, %v", answer, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		t.Error(err)
	}
	if err := <-served; !errors.Is(err, ErrStopped) {
		t.Error(err)
	}
}
