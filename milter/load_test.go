package milter_test

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	client "github.com/emersion/go-milter"

	"github.com/tacto-lint/tacto/milter"
	"github.com/tacto-lint/tacto/presend"
	"github.com/tacto-lint/tacto/rules/corpus"
)

// written gives the emails of testdata/emails as they come from a mail program.
func written(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("../testdata/emails/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	var all []string
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		emails, err := corpus.Written(f, data)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range emails {
			m := e.Message
			all = append(all, fmt.Sprintf("From: Ana <ana@us.example>\r\nTo: Carla <carla@client.example>\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <1@us.example>\r\n"+
				"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n%s",
				m.Subject.Text, m.Date.Format(time.RFC1123Z), strings.ReplaceAll(m.Body.Text, "\n", "\r\n")))
		}
	}
	return all
}

// BenchmarkMilter is the load on a server: sessions like those of a mail server, each
// on a connection of its own, as fast as they can. Its metrics are messages a second,
// and the time from the end of a message to its verdict, and for the whole of it: the
// median, the 99th of a hundred and the worst.
//
//	go test -run '^$' -bench Milter -benchtime 20000x -cpu 2 ./milter
func BenchmarkMilter(b *testing.B) {
	emails := written(b)
	for _, sessions := range []int{1, 4, 16} {
		b.Run(fmt.Sprintf("sessions=%d", sessions), func(b *testing.B) { benchmark(b, emails, sessions) })
	}
}

func benchmark(b *testing.B, emails []string, sessions int) {
	address, done := benchServer(b)
	defer done()
	var next, held atomic.Int64
	whole, verdict := make([]time.Duration, b.N), make([]time.Duration, b.N)
	var wait sync.WaitGroup
	b.ResetTimer()
	for range sessions {
		wait.Go(func() {
			nc, err := net.Dial("tcp", address)
			if err != nil {
				b.Error(err)
				return
			}
			defer nc.Close()
			s := sessionOn(b, nc)
			for i := next.Add(1) - 1; i < int64(b.N); i = next.Add(1) - 1 {
				start := time.Now()
				a, took := put(b, s, emails[int(i)%len(emails)])
				whole[i], verdict[i] = time.Since(start), took
				if a == nil {
					return
				}
				if a.Code == client.ActReplyCode {
					held.Add(1)
				}
			}
		})
	}
	wait.Wait()
	b.StopTimer()
	if n := held.Load(); b.N > 100 && (n == 0 || n == int64(b.N)) {
		b.Errorf("%d of %d were held: the gate is not at work", n, b.N)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	b.ReportMetric(0, "ns/op")
	for name, times := range map[string][]time.Duration{"message": whole, "verdict": verdict} {
		slices.Sort(times)
		for q, at := range map[string]int{"p50": b.N / 2, "p99": b.N * 99 / 100, "max": b.N - 1} {
			b.ReportMetric(times[at].Seconds()*1000, q+"-"+name+"-ms")
		}
	}
}

// benchServer is a server that rejects, on as many cores as -cpu says.
func benchServer(b *testing.B) (address string, done func()) {
	b.Helper()
	ln, err := milter.Listen("inet:127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	srv := milter.New(milter.Settings{Mode: milter.Reject, Gate: gate(b, presend.Policy{}), Budget: time.Minute},
		slog.New(slog.NewJSONHandler(&logBuffer{}, nil)), nil)
	go func() { _ = srv.Serve(ln) }()
	return ln.Addr().String(), func() {
		if err := srv.Stop(b.Context()); err != nil {
			b.Error(err)
		}
		runtime.GC() // the next one starts afresh
	}
}

// put sends a message as Postfix does, and gives the answer and how long it took from
// the end of the message; nil after an error.
func put(b *testing.B, s *client.ClientSession, message string) (*client.Action, time.Duration) {
	err := s.Macros(client.CodeMail, authenticated.macros...)
	step := func(_ *client.Action, e error) {
		if err == nil {
			err = e
		}
	}
	step(s.Mail("ana@us.example", nil))
	step(s.Rcpt(carla, nil))
	head, body, _ := strings.Cut(message, "\r\n\r\n")
	for _, field := range strings.Split(head, "\r\n") {
		name, value, _ := strings.Cut(field, ": ")
		step(s.HeaderField(name, value))
	}
	step(s.HeaderEnd())
	step(s.BodyChunk([]byte(body)))
	start := time.Now()
	_, a, e := s.End()
	step(a, e)
	if err != nil {
		b.Error(err)
		return nil, 0
	}
	return a, time.Since(start)
}
