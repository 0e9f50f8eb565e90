package milter

import (
	"net/http"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics count what a Server does, in a registry of their own.
type Metrics struct {
	registry    *prometheus.Registry
	messages    *prometheus.CounterVec
	findings    *prometheus.CounterVec
	failures    *prometheus.CounterVec
	reloads     *prometheus.CounterVec
	judging     prometheus.Histogram
	connections prometheus.Gauge
	connected   prometheus.Counter
	stopping    atomic.Bool
}

// NewMetrics makes metrics that stand at nought.
func NewMetrics() *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "tacto", Subsystem: "milter", Name: name, Help: help}, labels)
	}
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		messages: counter("messages_total", "Messages, by what became of them and by verdict.", "outcome", "verdict"),
		findings: counter("findings_total", "Findings in messages that were judged, by rule.", "rule"),
		failures: counter("failures_total", "What went wrong; the mail concerned was accepted.", "kind"),
		reloads:  counter("reloads_total", "Times the configuration was read anew, by result.", "result"),
		judging: prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "tacto", Subsystem: "milter", Name: "judging_seconds",
			Help: "How long judging a message took, waiting for its turn included.", Buckets: prometheus.ExponentialBuckets(0.001, 2, 14)}),
		connections: prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "tacto", Subsystem: "milter", Name: "connections", Help: "Connections that are open."}),
		connected: prometheus.NewCounter(prometheus.CounterOpts{Namespace: "tacto", Subsystem: "milter", Name: "connections_total",
			Help: "Connections that came in."}),
	}
	m.registry.MustRegister(m.messages, m.findings, m.failures, m.reloads, m.judging, m.connections, m.connected,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Reloaded counts that the configuration was read anew, and whether it was taken.
func (m *Metrics) Reloaded(ok bool) {
	result := "taken"
	if !ok {
		result = "refused"
	}
	m.reloads.WithLabelValues(result).Inc()
}

// Stopping makes /healthz say so.
func (m *Metrics) Stopping() { m.stopping.Store(true) }

// Handler answers /metrics, and /healthz: 200, or 503 from Stopping on.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		text := "ok\n"
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		if m.stopping.Load() {
			text = "stopping\n"
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = w.Write([]byte(text)) // whoever asked may have gone
	})
	return mux
}
