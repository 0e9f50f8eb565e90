//go:build unix

package tell

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestCommand: it gets the JSON, a line, on standard input.
func TestCommand(t *testing.T) {
	dir := t.TempDir()
	c := &Command{Words: []string{"sh", "-c", "echo noise; cat > got"}, Dir: dir}
	if err := c.Tell(t.Context(), []byte(`{"a":1}`)); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "got")); string(got) != "{\"a\":1}\n" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	// One that doesn't read it all is no failure.
	if err := (&Command{Words: []string{"true"}}).Tell(t.Context(), make([]byte, 1<<20)); err != nil {
		t.Error(err)
	}
}

// TestCommandFails: what it printed, which may be a draft, is in no error.
func TestCommandFails(t *testing.T) {
	for script, want := range map[string]string{
		"cat; cat >&2; exit 3": "the command sh: exit status 3",
		"sleep 60; true":       "the command sh took longer than 200ms",
	} {
		start := time.Now()
		err := (&Command{Words: []string{"sh", "-c", script}, Timeout: 200 * time.Millisecond}).Tell(t.Context(), []byte("draft"))
		if err == nil || err.Error() != want || time.Since(start) > 5*time.Second {
			t.Errorf("%s: %v after %v", script, err, time.Since(start))
		}
	}
	if err := (&Command{Words: []string{"none-such"}}).Tell(t.Context(), nil); err == nil || err.Error() != "the command none-such is not there" {
		t.Error(err)
	}
}

// hook is a server that answers with statuses in turn, the last for good.
type hook struct {
	*httptest.Server
	mu       sync.Mutex
	statuses []int
	bodies   []string
	headers  []http.Header
}

func newHook(t *testing.T, statuses ...int) *hook {
	h := &hook{statuses: statuses}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h.mu.Lock()
		defer h.mu.Unlock()
		h.bodies, h.headers = append(h.bodies, r.Method+" "+r.URL.Path+" "+string(body)), append(h.headers, r.Header)
		if h.statuses[0] == http.StatusFound {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(h.statuses[0])
		if len(h.statuses) > 1 {
			h.statuses = h.statuses[1:]
		}
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *hook) webhook() *Webhook {
	return &Webhook{URL: h.URL + "/secret-path", Agent: "tacto/test", Wait: time.Millisecond,
		Secret: func(context.Context) (string, error) { return "hunter2", nil }}
}

// TestWebhook: posted once, and signed. The signature is openssl's:
// printf '{"a":1}' | openssl dgst -sha256 -hmac hunter2
func TestWebhook(t *testing.T) {
	h := newHook(t, 204)
	if err := h.webhook().Tell(t.Context(), []byte(`{"a":1}`)); err != nil {
		t.Fatal(err)
	}
	if len(h.bodies) != 1 || h.bodies[0] != `POST /secret-path {"a":1}` {
		t.Errorf("%q", h.bodies)
	}
	for name, want := range map[string]string{"Content-Type": "application/json", "User-Agent": "tacto/test",
		SignatureHeader: "sha256=6e73a1a57a6e6edb9dff174d2a53bc61a27cfc639a2964743ed35fd59c8bc82d"} {
		if got := h.headers[0].Get(name); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	plain := h.webhook()
	plain.Secret = nil
	if err := plain.Tell(t.Context(), []byte("{}")); err != nil || h.headers[1].Get(SignatureHeader) != "" {
		t.Errorf("without a secret: %v, %v", err, h.headers[1])
	}
}

// TestWebhookRetries: tried again where that may help, no more often than it is worth,
// as the same delivery.
func TestWebhookRetries(t *testing.T) {
	for _, c := range []struct {
		statuses []int
		tries    int
		want     string // of the error
	}{
		{[]int{500, 503, 200}, 3, ""},
		{[]int{429, 201}, 2, ""},
		{[]int{502}, tries, "status 502 (after 4 tries)"},
		{[]int{400, 200}, 1, "status 400"},
		{[]int{401, 200}, 1, "status 401"},
		{[]int{302, 200}, 1, "status 302"}, // not followed
	} {
		h := newHook(t, c.statuses...)
		err := h.webhook().Tell(t.Context(), []byte("{}"))
		if len(h.bodies) != c.tries || (err == nil) != (c.want == "") || err != nil && !strings.HasSuffix(err.Error(), ": "+c.want) {
			t.Errorf("%v: %d tries, %v", c.statuses, len(h.bodies), err)
		}
		if err != nil && strings.Contains(err.Error(), "secret-path") {
			t.Errorf("the address is in %v", err)
		}
		for _, head := range h.headers {
			if id := head.Get(DeliveryHeader); len(id) != 32 || id != h.headers[0].Get(DeliveryHeader) {
				t.Errorf("delivery %q, first %q", id, h.headers[0].Get(DeliveryHeader))
			}
		}
	}
}

// TestWebhookGone: no server, one that is silent, a watch that stops, no secret.
func TestWebhookGone(t *testing.T) {
	h := newHook(t, 200)
	w := h.webhook()
	h.Close()
	if err := w.Tell(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "refused (after 4 tries)") || strings.Contains(err.Error(), "secret-path") {
		t.Error(err)
	}
	release := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(func() { close(release); silent.Close() })
	w = &Webhook{URL: silent.URL, Timeout: 50 * time.Millisecond, Wait: time.Millisecond}
	if err := w.Tell(t.Context(), nil); err == nil || !strings.HasSuffix(err.Error(), "no answer within 50ms (after 4 tries)") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	start := time.Now()
	if err := (&Webhook{URL: silent.URL}).Tell(ctx, nil); !errors.Is(err, context.Canceled) || time.Since(start) > 2*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
	h = newHook(t, 200)
	w = h.webhook()
	w.Secret = func(context.Context) (string, error) { return "", errors.New("locked") }
	if err := w.Tell(t.Context(), nil); err == nil || err.Error() != "the webhook's secret: locked" || len(h.bodies) != 0 {
		t.Errorf("%v, %q", err, h.bodies)
	}
}
