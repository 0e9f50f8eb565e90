// Package milter asks a presend.Gate about the mail that a mail server takes in
// for sending, over the milter protocol of Sendmail and Postfix.
//
// It never is the reason why mail does not flow: what can't be judged (too big,
// too slow, broken, a fault of ours) is accepted, and a line in the log says so.
// Logs and metrics hold nothing of a mail but its queue id and its size.
//
// The protocol is spoken by github.com/emersion/go-milter, v0.5.0: the only
// version the Go proxy serves, and the one that bounds the size of a packet.
// Behind it stands a guard of our own (conn.go), because the library has no
// time-outs, logs by itself, and keeps the headers of a connection for ever.
package milter

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-milter"

	"github.com/tacto-lint/tacto/presend"
)

// A Mode is what the server does with what it finds.
type Mode string

const (
	// Observe accepts every message, and notes the verdict in its header.
	Observe Mode = "observe"
	// Reject refuses the messages that are held.
	Reject Mode = "reject"
)

// Modes are the modes there are.
var Modes = []string{string(Observe), string(Reject)}

// What is taken where Settings say nothing.
const (
	DefaultMaxSize        = 10 << 20
	DefaultMaxConnections = 100
	DefaultBudget         = 5 * time.Second
	// DefaultIdle is longer than mail servers wait for their clients: they
	// keep the connection open for as long as a client is there.
	DefaultIdle = 10 * time.Minute
)

// Settings are what can change while the server runs. For numbers the zero value
// is the default above.
type Settings struct {
	// Gate decides. Its Memory is to be nil: a refusal of a milter is repeated by
	// machines too, so here only the header gets a held message through.
	Gate *presend.Gate
	// Mode: the zero value is Observe.
	Mode Mode
	// All reads mail from senders who have not authenticated, too.
	All bool
	// UILang is the language of refusals; "": that of the email.
	UILang string
	// MaxSize is the size of the largest message read, in bytes, header included.
	MaxSize int
	// MaxConnections is how many mail servers' connections are served at once;
	// more are closed as they come.
	MaxConnections int
	// Budget is how long a message may take to judge, waiting for its turn included.
	Budget time.Duration
	// Idle is how long a connection may say nothing.
	Idle time.Duration
}

func (s Settings) withDefaults() *Settings {
	s.Mode = cmp.Or(s.Mode, Observe)
	s.MaxSize = cmp.Or(s.MaxSize, DefaultMaxSize)
	s.MaxConnections = cmp.Or(s.MaxConnections, DefaultMaxConnections)
	s.Budget = cmp.Or(s.Budget, DefaultBudget)
	s.Idle = cmp.Or(s.Idle, DefaultIdle)
	return &s
}

// A Server serves mail servers. All its methods are safe at once.
type Server struct {
	settings atomic.Pointer[Settings]
	log      *slog.Logger
	metrics  *Metrics
	// turns bounds how many messages are judged at a time. A turn is given back
	// when judging has really ended, not when its budget has: so a burst of
	// messages that take long can't pile up work.
	turns chan struct{}

	mu        sync.Mutex
	listeners map[*listener]bool
	conns     map[*conn]bool
	stopping  bool
	idle      chan struct{} // closed when stopping and no connection is left
}

// New makes a server. log may be nil: then nothing is logged; metrics may be nil.
func New(s Settings, log *slog.Logger, metrics *Metrics) *Server {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if metrics == nil {
		metrics = NewMetrics()
	}
	srv := &Server{log: log, metrics: metrics, turns: make(chan struct{}, runtime.GOMAXPROCS(0)),
		listeners: map[*listener]bool{}, conns: map[*conn]bool{}, idle: make(chan struct{})}
	srv.Set(s)
	return srv
}

// Set puts other settings in the place of those in force. A message on its way
// keeps those it began with; no connection is dropped.
func (s *Server) Set(n Settings) { s.settings.Store(n.withDefaults()) }

// ErrStopped is that of Serve after Stop.
var ErrStopped = errors.New("the milter was stopped")

// Serve serves the connections that come in on ln, which it closes in the end. It
// blocks until Stop, and then gives ErrStopped, or until ln fails for good: then
// the error is ln's.
func (s *Server) Serve(ln net.Listener) error {
	l := &listener{Listener: ln, srv: s}
	s.mu.Lock()
	if s.stopping {
		s.mu.Unlock()
		_ = ln.Close() // nobody has used it
		return ErrStopped
	}
	s.listeners[l] = true
	s.mu.Unlock()
	// The library's Close races with its Serve: closing the listener ends it as well.
	lib := &milter.Server{
		NewMilter: func() milter.Milter { return &session{srv: s} },
		Actions:   milter.OptAddHeader | milter.OptChangeHeader,
		Protocol:  milter.OptNoConnect | milter.OptNoHelo,
	}
	err := lib.Serve(l)
	if s.isStopping() {
		return ErrStopped
	}
	return err
}

func (s *Server) isStopping() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopping
}

// Stop takes no more connections, closes those with no message in hand, and waits
// for the others to end theirs. When ctx ends first, they are closed too, and the
// error is ctx's. A server that was stopped stays so.
func (s *Server) Stop(ctx context.Context) error {
	s.mu.Lock()
	if !s.stopping {
		s.stopping = true
		if len(s.conns) == 0 {
			close(s.idle)
		}
	}
	for l := range s.listeners {
		_ = l.Close() // twice, perhaps
	}
	for c := range s.conns {
		c.stop()
	}
	s.mu.Unlock()
	select {
	case <-s.idle:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		_ = c.Conn.Close() // it is given up
	}
	return ctx.Err()
}

// add takes a connection on, and says no where there are enough of them.
func (s *Server) add(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping || len(s.conns) >= s.settings.Load().MaxConnections {
		return false
	}
	s.conns[c] = true
	s.metrics.connections.Set(float64(len(s.conns)))
	return true
}

// remove lets go of a connection.
func (s *Server) remove(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.conns[c] {
		return
	}
	delete(s.conns, c)
	s.metrics.connections.Set(float64(len(s.conns)))
	if s.stopping && len(s.conns) == 0 {
		close(s.idle)
	}
}
