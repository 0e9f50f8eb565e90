package page

import (
	"context"
	"crypto/subtle"
	"net"
	"net/http"
	"strings"
)

// A Handler serves the page as it is now. It only reads.
type Handler struct {
	// Data gives what is to be shown. Its error is told to nobody but Failed.
	Data func(context.Context) (*Data, error)
	// Token must be given by whoever asks, once: as ?token=… or as a bearer's. Empty: nobody
	// is asked; for loopback only, where Host is looked at instead.
	Token  string
	Failed func(error)
}

const cookie = "tacto-audit"

// ServeHTTP answers GET and HEAD of /.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	for name, value := range map[string]string{
		"Content-Security-Policy": Policy + "; frame-ancestors 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
		"Cache-Control": "no-store", "X-Frame-Options": "DENY", "Cross-Origin-Resource-Policy": "same-origin",
	} {
		head.Set(name, value)
	}
	switch {
	case h.Token == "" && !loopbackHost(r.Host):
		// A name of somebody else's that leads here would let their pages read this one.
		http.Error(w, "ask for this machine by 127.0.0.1 or localhost", http.StatusMisdirectedRequest)
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		head.Set("Allow", "GET, HEAD")
		http.Error(w, "this page is only read", http.StatusMethodNotAllowed)
		return
	case r.URL.Path != "/":
		http.NotFound(w, r)
		return
	case h.Token != "" && !h.allowed(w, r):
		return
	}
	d, err := h.Data(r.Context())
	if err != nil {
		if h.Failed != nil {
			h.Failed(err)
		}
		http.Error(w, "the store can't be read just now; the reason stands where this was started", http.StatusServiceUnavailable)
		return
	}
	head.Set("Content-Type", "text/html; charset=utf-8")
	if r.Method == http.MethodHead {
		return
	}
	_ = Write(w, d) // whoever asked may have gone
}

// allowed looks for the token. That of an address is put into a cookie and out of the
// address, which would be kept in histories.
func (h *Handler) allowed(w http.ResponseWriter, r *http.Request) bool {
	same := func(given string) bool { return subtle.ConstantTimeCompare([]byte(given), []byte(h.Token)) == 1 }
	if given := r.URL.Query().Get("token"); given != "" {
		if !same(given) {
			http.Error(w, "that token is not the right one", http.StatusForbidden)
			return false
		}
		http.SetCookie(w, &http.Cookie{Name: cookie, Value: h.Token, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil})
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return false
	}
	if given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok && same(given) {
		return true
	}
	if c, err := r.Cookie(cookie); err == nil && same(c.Value) {
		return true
	}
	w.Header().Set("WWW-Authenticate", "Bearer")
	http.Error(w, "a token is needed: the address with it was printed where this was started", http.StatusUnauthorized)
	return false
}

// loopbackHost says whether a Host header names this machine as only it can be named.
func loopbackHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
