package imapwatch_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tacto-lint/tacto/imapwatch"
)

// BenchmarkAccounts watches 1,000 accounts, over TLS, on a server in another
// process, and measures memory and processor time at rest: with -benchtime=1x, over
// two minutes, in which each account looks once, as by default.
func BenchmarkAccounts(b *testing.B) {
	if port := os.Getenv("TACTO_SOAK_SERVER"); port != "" {
		b.Skip("this is the server")
	}
	const accounts = 1000
	server := exec.Command(os.Args[0], "-test.run=^TestSoakServer$", "-test.timeout=10m")
	server.Env = append(os.Environ(), "TACTO_SOAK_SERVER=1")
	out, err := server.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := server.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	}()
	var port int
	var cert []byte
	if _, err := fmt.Fscanf(out, "port %d certificate %x\n", &port, &cert); err != nil {
		b.Fatal(err)
	}
	authority, err := x509.ParseCertificate(cert)
	if err != nil {
		b.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(authority)
	var all []imapwatch.Account
	for i := range accounts {
		all = append(all, imapwatch.Account{
			Name: fmt.Sprintf("a%d", i), Host: "localhost", Port: port, RootCAs: pool,
			User: "alice", Password: secret(password), Auth: "login",
		})
	}
	for b.Loop() {
		soak(b, all)
	}
}

func soak(b *testing.B, accounts []imapwatch.Account) {
	up := &counter{up: make(chan struct{}, len(accounts))}
	opts := imapwatch.Options{
		Accounts: accounts, Linter: linter(b), Metrics: up, State: b.TempDir() + "/state.json",
		Tell: func(context.Context, *imapwatch.Judgement) error { return nil },
	}
	w, err := imapwatch.New(opts)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error)
	begun := time.Now()
	go func() { done <- w.Run(ctx) }()
	for range accounts {
		select {
		case <-up.up:
		case <-time.After(time.Minute):
			b.Fatal("not all connected")
		}
	}
	b.ReportMetric(time.Since(begun).Seconds(), "s-to-connect")
	time.Sleep(15 * time.Second) // until what was there has been judged
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before, at := processor(b), time.Now()
	time.Sleep(130 * time.Second) // every account looks once
	b.ReportMetric(100*(processor(b)-before).Seconds()/time.Since(at).Seconds(), "%core")
	b.ReportMetric(float64(m.HeapInuse+m.StackInuse)/1024/float64(len(accounts)), "KiB/account")
	b.ReportMetric(float64(resident(b))/1024, "MiB-resident")
	b.ReportMetric(float64(runtime.NumGoroutine())/float64(len(accounts)), "goroutines/account")
	cancel()
	if err := <-done; err != nil {
		b.Error(err)
	}
}

type counter struct{ up chan struct{} }

func (c *counter) Connected(_ string, up bool) {
	if up {
		c.up <- struct{}{}
	}
}
func (c *counter) Judged(string)         {}
func (c *counter) Failed(string, string) {}

// processor gives the time that this process has used.
func processor(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// resident gives the memory of this process, in KiB.
func resident(b *testing.B) int {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Skip("no /proc here")
	}
	_, rest, _ := strings.Cut(string(data), "VmRSS:")
	fields := strings.Fields(rest)
	n, err := strconv.Atoi(fields[0])
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// TestSoakServer is the server of BenchmarkAccounts, and no test.
func TestSoakServer(t *testing.T) {
	if os.Getenv("TACTO_SOAK_SERVER") == "" {
		t.Skip("it is started by BenchmarkAccounts")
	}
	s := newScript(t)
	for range 20 {
		s.save(string(draft("Su aviso", bad)))
	}
	cert, _ := certificate(t, "localhost", time.Now().Add(time.Hour))
	l := tls.NewListener(listen(t), &tls.Config{Certificates: []tls.Certificate{cert}})
	go s.accept(l)
	fmt.Printf("port %d certificate %x\n", l.Addr().(*net.TCPAddr).Port, cert.Certificate[0])
	time.Sleep(10 * time.Minute)
}
