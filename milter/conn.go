package milter

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/emersion/go-milter"
)

// listener hands guarded connections to the library.
type listener struct {
	net.Listener
	srv *Server
}

// Accept gives the next connection, waiting for it. Errors that pass (too many
// files are open) are waited out.
func (l *listener) Accept() (net.Conn, error) {
	wait := 5 * time.Millisecond
	for {
		nc, err := l.Listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil, err
		}
		if err != nil {
			if l.srv.isStopping() {
				return nil, err
			}
			l.srv.metrics.failures.WithLabelValues("accept").Inc()
			l.srv.log.Error("no connection could be accepted", "error", err, "again_in", wait)
			time.Sleep(wait)
			wait = min(2*wait, time.Second)
			continue
		}
		l.srv.metrics.connected.Inc()
		c := &conn{Conn: nc, srv: l.srv}
		if l.srv.add(c) {
			return c, nil
		}
		_ = nc.Close() // it is refused
		if !l.srv.isStopping() {
			l.srv.metrics.failures.WithLabelValues("too-many-connections").Inc()
			l.srv.log.Warn("connection refused: too many", "max_connections", l.srv.settings.Load().MaxConnections)
		}
	}
}

// Limits of a packet on the wire: its size, and how long its bytes may be on the
// way once the first is there.
const (
	maxPacket     = 1 << 20
	packetTimeout = 30 * time.Second
)

// conn is a connection as the library sees it: whole packets that it can read, or
// the end. Whatever goes wrong, with bytes or clocks, is counted and logged here,
// and is the end of the connection for the library.
type conn struct {
	net.Conn
	srv *Server

	packet  []byte // what the library has not read yet
	ended   bool   // a message has ended: the library is told to forget it
	broken  bool   // writing has failed
	writing int    // what is left of the packet being written

	mu       sync.Mutex
	inHand   bool // a message is on its way
	stopping bool
}

// hangUp is what the library gets for every end: it logs no io.EOF.
var hangUp = io.EOF

// Read gives the library a packet, piece by piece.
func (c *conn) Read(p []byte) (int, error) {
	if len(c.packet) == 0 {
		if err := c.next(); err != nil {
			c.fail(err)
			return 0, hangUp
		}
	}
	n := copy(p, c.packet)
	c.packet = c.packet[n:]
	return n, nil
}

// Faults of a connection, by the names they have in logs and metrics.
var (
	errGarbage = errors.New("garbage")
	errIdle    = errors.New("idle")
	errHangup  = errors.New("hangup")
	errDone    = errors.New("done") // no fault
)

// next reads a packet and looks at it before the library does.
func (c *conn) next() error {
	if c.broken || !c.mayWait() {
		return errDone
	}
	var head [4]byte
	if _, err := io.ReadFull(c.Conn, head[:1]); err != nil {
		return c.readFault(err, false)
	}
	_ = c.SetReadDeadline(time.Now().Add(packetTimeout)) // as above
	if _, err := io.ReadFull(c.Conn, head[1:]); err != nil {
		return c.readFault(err, true)
	}
	size := binary.BigEndian.Uint32(head[:])
	if size == 0 || size > maxPacket {
		return fmt.Errorf("%w: a packet of %d bytes", errGarbage, size)
	}
	packet := make([]byte, 4+size)
	copy(packet, head[:])
	if _, err := io.ReadFull(c.Conn, packet[4:]); err != nil {
		return c.readFault(err, true)
	}
	if err := c.look(packet[4:]); err != nil {
		return err
	}
	if c.ended {
		// The library keeps a message's headers until the MTA aborts it.
		c.ended = false
		c.packet = append([]byte{0, 0, 0, 1, byte(milter.CodeAbort)}, packet...)
		return nil
	}
	c.packet = packet
	return nil
}

// look refuses what the library would stumble over, and follows where a message
// begins and ends.
func (c *conn) look(packet []byte) error {
	switch code := milter.Code(packet[0]); code {
	case milter.CodeOptNeg, milter.CodeHelo, milter.CodeRcpt, milter.CodeHeader, milter.CodeEOH,
		milter.CodeBody, milter.CodeEOB, milter.CodeData, milter.CodeQuit:
	case milter.CodeMail:
		c.setInHand(true)
	case milter.CodeAbort:
		c.setInHand(false)
	case milter.CodeQuitNewConn: // another client would come on the same connection
		return errDone
	case milter.CodeMacro:
		if len(packet) < 2 {
			return fmt.Errorf("%w: macros of no stage", errGarbage)
		}
	case milter.CodeConn: // not asked for, but harmless where it is whole
		if at := bytes.IndexByte(packet, 0); at < 0 || at+1 >= len(packet) {
			return fmt.Errorf("%w: half a connect command", errGarbage)
		}
	default:
		return fmt.Errorf("%w: unknown command 0x%02x", errGarbage, packet[0])
	}
	return nil
}

// readFault names the error of a read.
func (c *conn) readFault(err error, within bool) error {
	switch {
	case c.isStopping():
		return errDone
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errIdle
	case within || c.hasMessage():
		return errHangup
	}
	return errDone // between messages anyone may go
}

// fail notes why a connection ends.
func (c *conn) fail(err error) {
	for _, kind := range []error{errGarbage, errIdle, errHangup} {
		if errors.Is(err, kind) {
			c.srv.metrics.failures.WithLabelValues(kind.Error()).Inc()
			c.srv.log.Warn("connection ended", "why", err.Error())
		}
	}
}

// Write sends what the library has to say. It gives no error: the library would
// log it. The next Read is the end.
func (c *conn) Write(p []byte) (int, error) {
	if c.writing == 0 && len(p) >= 5 {
		c.writing = 4 + int(binary.BigEndian.Uint32(p))
		switch milter.ActionCode(p[4]) {
		case milter.ActAccept, milter.ActReplyCode, milter.ActReject, milter.ActTempFail, milter.ActDiscard:
			c.ended = true
		}
	}
	c.writing = max(0, c.writing-len(p))
	if !c.broken {
		_ = c.SetWriteDeadline(time.Now().Add(packetTimeout)) // fails on closed connections, as the write will
		if _, err := c.Conn.Write(p); err != nil {
			c.broken = true
			c.fail(errHangup)
		}
	}
	if c.ended && c.writing == 0 {
		c.setInHand(false)
	}
	return len(p), nil
}

// Close ends the connection.
func (c *conn) Close() error {
	c.srv.remove(c)
	return c.Conn.Close()
}

func (c *conn) setInHand(v bool) {
	c.mu.Lock()
	c.inHand = v
	c.mu.Unlock()
}

func (c *conn) hasMessage() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.inHand
}

func (c *conn) isStopping() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stopping
}

// mayWait says whether there is a next packet to wait for, and sets the clock.
func (c *conn) mayWait() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopping && !c.inHand {
		return false
	}
	// In here, or it would undo what stop does. It fails on closed connections, as
	// the read will.
	_ = c.SetReadDeadline(time.Now().Add(c.srv.settings.Load().Idle))
	return true
}

// stop ends the connection as soon as no message is in hand.
func (c *conn) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopping = true
	if !c.inHand {
		// What is being written gets out: only reading ends.
		_ = c.SetReadDeadline(time.Unix(1, 0)) // fails if it has ended already
	}
}
