package milter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/textproto"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-milter"

	"github.com/tacto-lint/tacto/mail"
	"github.com/tacto-lint/tacto/presend"
)

// The headers in which Observe notes what was found. Such headers that were there
// before are taken out of every message: they are not ours.
const (
	ScoreHeader   = "X-Tacto-Score"
	VerdictHeader = "X-Tacto-Verdict"
	RulesHeader   = "X-Tacto-Rules"
)

// Outcomes of a message beside those of presend.
const (
	wouldHold = "would-hold" // held, but for Observe
	outside   = "outside"    // its sender has not authenticated
	tooBig    = "too-big"
)

// session is the library's backend: one message after the other of a connection.
// Its methods give no errors: the library would close the connection.
type session struct {
	srv *Server
	message
}

// message is one on its way in.
type message struct {
	set        *Settings // those it began with; nil: none has begun
	ours       bool      // it is to be read
	queue      string
	recipients []string
	head, body bytes.Buffer
	dated      bool
	size       int
	seen       map[string]int // how many headers of a name to take out there are
	foreign    []header
}

// header is one to be taken out: the index counts those of its name, from 1.
type header struct {
	name  string
	index int
}

// guard runs a step of the protocol: a panic in it accepts the message.
func (s *session) guard(m *milter.Modifier, step func() milter.Response) (r milter.Response, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.srv.metrics.failures.WithLabelValues("panic").Inc()
			s.srv.log.Error("a fault of tacto's: accepted unread", "queue", s.queue, "error", panicText(p))
			r, err = milter.RespAccept, nil
		}
	}()
	if s.set == nil {
		s.message = message{set: s.srv.settings.Load(), seen: map[string]int{}}
		s.ours = s.set.All || m.Macros["{auth_authen}"] != "" || m.Macros["{auth_type}"] != ""
	}
	if id := m.Macros["i"]; id != "" {
		s.queue = queueID(id)
	}
	return step(), nil
}

// panicText says what can be said of a panic without a word of the mail: errors of
// the runtime hold numbers and types.
func panicText(p any) string {
	if e, ok := p.(runtime.Error); ok {
		return e.Error()
	}
	return fmt.Sprintf("panic with a %T", p)
}

// queueID makes sure that an id is one.
func queueID(id string) string {
	id = strings.Map(func(r rune) rune {
		if r < '0' || r > 'z' || r > '9' && r < 'A' || r > 'Z' && r < 'a' {
			return -1
		}
		return r
	}, id)
	return id[:min(len(id), 40)]
}

// Connect is not asked for.
func (s *session) Connect(string, string, uint16, net.IP, *milter.Modifier) (milter.Response, error) {
	return milter.RespContinue, nil
}

// Helo is not asked for.
func (s *session) Helo(string, *milter.Modifier) (milter.Response, error) {
	return milter.RespContinue, nil
}

// MailFrom begins a message.
func (s *session) MailFrom(_ string, m *milter.Modifier) (milter.Response, error) {
	s.message = message{}
	return s.guard(m, func() milter.Response { return milter.RespContinue })
}

// RcptTo notes a recipient.
func (s *session) RcptTo(to string, m *milter.Modifier) (milter.Response, error) {
	return s.guard(m, func() milter.Response {
		if s.ours && to != "" {
			s.recipients = append(s.recipients, to)
		}
		return milter.RespContinue
	})
}

// Header notes a field of the header.
func (s *session) Header(name, value string, m *milter.Modifier) (milter.Response, error) {
	return s.guard(m, func() milter.Response {
		plain := strings.TrimSpace(name)
		for _, h := range []string{ScoreHeader, VerdictHeader, RulesHeader, presend.OverrideHeader, presend.IgnoreHeader} {
			// What others tell their own tacto is not for us to take out.
			if strings.EqualFold(plain, h) && (s.ours || h != presend.OverrideHeader && h != presend.IgnoreHeader) {
				s.seen[h]++
				s.foreign = append(s.foreign, header{name, s.seen[h]})
			}
		}
		s.dated = s.dated || strings.EqualFold(plain, "Date")
		if s.grow(len(plain) + len(value) + 4) {
			// Postfix gives folded lines with bare line feeds.
			value = strings.ReplaceAll(value, "\r\n", "\n")
			s.head.WriteString(plain + ": " + strings.ReplaceAll(value, "\n", "\r\n") + "\r\n")
		}
		return milter.RespContinue
	})
}

// grow says whether n more bytes are to be kept.
func (s *session) grow(n int) bool {
	s.size += n
	if s.ours && s.size <= s.set.MaxSize {
		return true
	}
	s.head, s.body = bytes.Buffer{}, bytes.Buffer{}
	return false
}

// Headers is the end of the header.
func (s *session) Headers(_ textproto.MIMEHeader, m *milter.Modifier) (milter.Response, error) {
	return s.guard(m, func() milter.Response {
		if s.ours {
			return milter.RespContinue
		}
		return s.enough(outside)
	})
}

// BodyChunk notes a piece of the body.
func (s *session) BodyChunk(chunk []byte, m *milter.Modifier) (milter.Response, error) {
	return s.guard(m, func() milter.Response {
		if s.grow(len(chunk)) {
			s.body.Write(chunk)
		} else if s.ours {
			return s.enough(tooBig)
		}
		return milter.RespContinue
	})
}

// enough accepts a message whose rest is of no interest, at once if nothing is to
// be taken out: that can only be done at its end.
func (s *session) enough(outcome string) milter.Response {
	if len(s.foreign) > 0 {
		return milter.RespContinue
	}
	s.note(outcome, &presend.Decision{}, 0)
	s.message = message{}
	return milter.RespAccept
}

// Body is the end of a message: what is to become of it.
func (s *session) Body(m *milter.Modifier) (milter.Response, error) {
	defer func() { s.message = message{} }()
	return s.guard(m, func() milter.Response {
		start := time.Now()
		d := presend.Decision{Outcome: presend.Unread}
		outcome := ""
		switch {
		case !s.ours:
			outcome = outside
		case s.size > s.set.MaxSize:
			outcome = tooBig
		default:
			d = s.srv.judge(s.set, s.whole(start), s.recipients)
			outcome = d.Outcome.String()
			if d.Outcome == presend.Held && s.set.Mode != Reject {
				outcome = wouldHold
			}
		}
		s.note(outcome, &d, time.Since(start))
		if outcome == presend.Held.String() {
			return refusal(&s.set.Gate.Policy, &d, s.set.UILang)
		}
		s.change(m, &d)
		return milter.RespAccept
	})
}

// whole gives the message as it will leave. A mail server adds the date that is
// missing behind us.
func (s *session) whole(now time.Time) []byte {
	if !s.dated {
		s.head.WriteString("Date: " + now.Format(time.RFC1123Z) + "\r\n")
	}
	s.head.WriteString("\r\n")
	return append(s.head.Bytes(), s.body.Bytes()...)
}

// change takes out the headers that are not to travel, and notes what was found.
func (s *session) change(m *milter.Modifier, d *presend.Decision) {
	// From the last on: Postfix counts anew after each, Sendmail does not. The
	// guard of the connection gives no errors for writes.
	for _, h := range slices.Backward(s.foreign) {
		_ = m.ChangeHeader(h.index, h.name, "")
	}
	if s.set.Mode != Observe || d.Report == nil {
		return
	}
	_ = m.AddHeader(ScoreHeader, strconv.Itoa(d.Report.Score))
	_ = m.AddHeader(VerdictHeader, d.Report.Verdict.String())
	if ids := presend.RuleIDs(d.Report); len(ids) > 0 {
		_ = m.AddHeader(RulesHeader, fold(ids))
	}
}

// fold joins words with commas, in lines that a header may have.
func fold(words []string) string {
	var b strings.Builder
	line := len(RulesHeader) + 2
	for i, w := range words {
		if i > 0 {
			b.WriteString(",")
			if line+len(w) > 72 {
				b.WriteString("\n")
				line = 0
			}
			b.WriteString(" ")
		}
		b.WriteString(w)
		line += len(w) + 2
	}
	return b.String()
}

// note logs and counts a message.
func (s *session) note(outcome string, d *presend.Decision, took time.Duration) {
	attrs := []slog.Attr{slog.String("queue", s.queue), slog.String("outcome", outcome), slog.String("mode", string(s.set.Mode)),
		slog.Int("size", s.size), slog.Int("recipients", len(s.recipients))}
	level, verdict := slog.LevelInfo, "none"
	if r := d.Report; r != nil {
		verdict = r.Verdict.String()
		attrs = append(attrs, slog.String("verdict", verdict), slog.Int("score", r.Score), slog.String("rules", strings.Join(presend.RuleIDs(r), ",")),
			slog.Int64("ms", took.Milliseconds()))
		for _, f := range r.Findings {
			s.srv.metrics.findings.WithLabelValues(f.Rule).Inc()
		}
		s.srv.metrics.judging.Observe(took.Seconds())
	}
	switch outcome {
	case outside:
		level = slog.LevelDebug
	case presend.Unjudged.String():
		level = slog.LevelWarn
		kind, text := fault(d.Err)
		s.srv.metrics.failures.WithLabelValues(kind).Inc()
		attrs = append(attrs, slog.String("why", text))
	}
	s.srv.metrics.messages.WithLabelValues(outcome, verdict).Inc()
	s.srv.log.LogAttrs(context.Background(), level, "message", attrs...)
}

// fault gives a word for why a message could not be judged, and a text without
// anything of the message in it.
func fault(err error) (kind, text string) {
	var re runtime.Error
	switch {
	case errors.Is(err, presend.ErrBudget):
		return "budget", presend.ErrBudget.Error()
	case errors.As(err, &re):
		return "panic", re.Error()
	case errors.Is(err, presend.ErrBroke):
		return "panic", presend.ErrBroke.Error()
	}
	for _, e := range []error{mail.ErrBinary, mail.ErrEmpty, mail.ErrNested, mail.ErrTooLong} {
		if errors.Is(err, e) {
			return "unreadable", e.Error()
		}
	}
	return "unreadable", fmt.Sprintf("an error of type %T", err)
}

// Abort forgets the message in hand.
func (s *session) Abort(*milter.Modifier) error {
	s.message = message{}
	return nil
}

// judge asks the gate, within the budget.
func (s *Server) judge(set *Settings, message []byte, recipients []string) presend.Decision {
	late := presend.Decision{Outcome: presend.Unjudged, Err: presend.ErrBudget}
	ctx, cancel := context.WithTimeout(context.Background(), set.Budget)
	defer cancel()
	select {
	case s.turns <- struct{}{}:
	case <-ctx.Done():
		return late
	}
	done := make(chan presend.Decision, 1)
	go func() {
		defer func() { <-s.turns }()
		// The gate recovers from panics. It gets no deadline, so that the turn is
		// held for as long as it really works.
		done <- set.Gate.Decide(context.Background(), message, recipients)
	}()
	select {
	case d := <-done:
		return d
	case <-ctx.Done():
		return late
	}
}
