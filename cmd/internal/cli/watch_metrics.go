package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/tacto-lint/tacto/imapwatch"
)

// watchMetrics count what a watch does, in a registry of their own.
type watchMetrics struct {
	registry   *prometheus.Registry
	judgements *prometheus.CounterVec
	failures   *prometheus.CounterVec
	reconnects *prometheus.CounterVec
	connected  *prometheus.GaugeVec

	mu   sync.Mutex
	up   map[string]bool
	seen map[string]bool // was connected before
	live int
	// looked is when an account was last looked at.
	looked map[string]time.Time

	refused func(account string) // called where credentials are refused
}

// newWatchMetrics makes metrics that stand at nought.
func newWatchMetrics(accounts []imapwatch.Account) *watchMetrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "tacto", Subsystem: "watch", Name: name, Help: help}, labels)
	}
	m := &watchMetrics{
		registry:   prometheus.NewRegistry(),
		judgements: counter("judgements_total", "Drafts judged, by verdict.", "verdict"),
		failures:   counter("failures_total", "What went wrong, by account.", "account", "what"),
		reconnects: counter("reconnects_total", "Times an account was connected again.", "account"),
		connected: prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "tacto", Subsystem: "watch", Name: "connected",
			Help: "Whether the account's drafts are being watched: 1 or 0."}, []string{"account"}),
		up: map[string]bool{}, seen: map[string]bool{}, looked: map[string]time.Time{},
	}
	for i := range accounts {
		m.connected.WithLabelValues(accounts[i].Name).Set(0)
		m.reconnects.WithLabelValues(accounts[i].Name)
	}
	m.registry.MustRegister(m.judgements, m.failures, m.reconnects, m.connected, m,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Connected notes that an account is being watched, or no more.
func (m *watchMetrics) Connected(account string, up bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.up[account] == up {
		return
	}
	m.up[account] = up
	if !up {
		m.live--
		m.connected.WithLabelValues(account).Set(0)
		return
	}
	m.live++
	m.connected.WithLabelValues(account).Set(1)
	if m.seen[account] {
		m.reconnects.WithLabelValues(account).Inc()
	}
	m.seen[account] = true
}

// Judged counts a judgement.
func (m *watchMetrics) Judged(verdict string) { m.judgements.WithLabelValues(verdict).Inc() }

// Failed counts what went wrong.
func (m *watchMetrics) Failed(account, what string) {
	m.failures.WithLabelValues(account, what).Inc()
	if what == "refused" && m.refused != nil {
		m.refused(account)
	}
}

// Looked notes that an account's folder was looked at.
func (m *watchMetrics) Looked(account string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.looked[account] = time.Now()
}

var lookAge = prometheus.NewDesc("tacto_watch_last_look_age_seconds", "Seconds since the account's drafts were last looked at.", []string{"account"}, nil)

// Describe and Collect give the seconds since the last look.
func (m *watchMetrics) Describe(to chan<- *prometheus.Desc) { to <- lookAge }

// Collect is as Describe says.
func (m *watchMetrics) Collect(to chan<- prometheus.Metric) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for account, at := range m.looked {
		to <- prometheus.MustNewConstMetric(lookAge, prometheus.GaugeValue, time.Since(at).Seconds(), account)
	}
}

// health is what /healthz says.
func (m *watchMetrics) health() (int, string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.live == 0 {
		return http.StatusServiceUnavailable, "no account is connected\n"
	}
	return http.StatusOK, "ok\n"
}

// Handler answers /metrics, and /healthz: 200, or 503 as long as no account is
// connected.
func (m *watchMetrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		code, text := m.health()
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(code)
		_, _ = w.Write([]byte(text)) // whoever asked may have gone
	})
	return mux
}

// serveWatchMetrics serves /metrics and /healthz where there is an address for them,
// until stop is called.
func serveWatchMetrics(address string, m *watchMetrics, logger *slog.Logger) (stop func(), err error) {
	if address == "" {
		return func() {}, nil
	}
	ln, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("serving metrics: %w", err)
	}
	server := &http.Server{Handler: m.Handler(), ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute,
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelWarn)}
	go func() {
		if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			logger.Error("metrics are served no more", "error", err.Error())
		}
	}()
	return func() { _ = server.Close() }, nil
}
