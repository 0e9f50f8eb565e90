package tell

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// Headers of a delivery.
const (
	SignatureHeader = "X-Tacto-Signature" // sha256=HEX, where there is a secret
	DeliveryHeader  = "X-Tacto-Delivery"  // the same at each try
)

const (
	// WebhookTimeout is how long one try may take.
	WebhookTimeout = 10 * time.Second
	tries          = 4
	firstWait      = time.Second // doubled at each try
)

// A Webhook is an address that judgements are posted to.
type Webhook struct {
	URL     string
	Agent   string                                // User-Agent
	Secret  func(context.Context) (string, error) // nil: not signed
	Timeout time.Duration                         // of one try; 0: WebhookTimeout
	Wait    time.Duration                         // before the second try; 0: a second
	Client  *http.Client                          // nil: one of its own

	mu     sync.Mutex
	secret string // once got
}

// errRetry marks what may go well at the next try.
type errRetry struct{ error }

func (e errRetry) Unwrap() error { return e.error }

// Tell posts a body, and tries again where that may help. The address is in no error:
// it may hold a secret.
func (w *Webhook) Tell(ctx context.Context, body []byte) error {
	u, err := url.Parse(w.URL)
	if err != nil {
		return errors.New("the webhook's address can't be read")
	}
	signature, err := w.sign(ctx, body)
	if err != nil {
		return fmt.Errorf("the webhook's secret: %w", err)
	}
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	wait := w.Wait
	if wait == 0 {
		wait = firstWait
	}
	for try := 1; ; try++ {
		err = w.once(ctx, body, signature, hex.EncodeToString(id[:]))
		if err == nil {
			return nil
		}
		err = fmt.Errorf("the webhook at %s: %w", u.Host, err)
		if ctx.Err() != nil || !errors.As(err, new(errRetry)) {
			return err
		}
		if try == tries {
			return fmt.Errorf("%w (after %d tries)", err, tries)
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait/2 + mathrand.N(wait)): // not all at the same moment
		}
		wait *= 2
	}
}

// sign gives the signature of a body, "" without a secret.
func (w *Webhook) sign(ctx context.Context, body []byte) (string, error) {
	if w.Secret == nil {
		return "", nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.secret == "" {
		var err error
		if w.secret, err = w.Secret(ctx); err != nil {
			return "", err
		}
	}
	return Signature(w.secret, body), nil
}

// Signature is the value of SignatureHeader: HMAC-SHA-256 of the body as it was sent.
func Signature(secret string, body []byte) string {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write(body)
	return "sha256=" + hex.EncodeToString(h.Sum(nil))
}

// client follows no redirection: it could lead to another machine, without TLS.
var client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// once is one try.
func (w *Webhook) once(ctx context.Context, body []byte, signature, id string) error {
	limit := w.Timeout
	if limit == 0 {
		limit = WebhookTimeout
	}
	try, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	req, err := http.NewRequestWithContext(try, http.MethodPost, w.URL, bytes.NewReader(body))
	if err != nil {
		return errors.New("its address can't be used")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", w.Agent)
	req.Header.Set(DeliveryHeader, id)
	if signature != "" {
		req.Header.Set(SignatureHeader, signature)
	}
	c := w.Client
	if c == nil {
		c = client
	}
	res, err := c.Do(req)
	if err != nil {
		return network(ctx, err, limit)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // the connection can be used again
	switch {
	case res.StatusCode/100 == 2:
		return nil
	case res.StatusCode/100 == 5, res.StatusCode == http.StatusTooManyRequests, res.StatusCode == http.StatusRequestTimeout:
		return errRetry{fmt.Errorf("status %d", res.StatusCode)}
	}
	return fmt.Errorf("status %d", res.StatusCode)
}

// network gives an error of the network without the address.
func network(ctx context.Context, err error, limit time.Duration) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var ne net.Error
	if errors.As(err, &ne) && ne.Timeout() {
		return errRetry{fmt.Errorf("no answer within %s", limit)}
	}
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	return errRetry{err}
}
