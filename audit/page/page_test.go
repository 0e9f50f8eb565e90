package page

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tacto-lint/tacto/audit"
	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/rules"
)

// titles gives those of the rules that come with tacto.
func titles(t testing.TB, lang string) func(string) string {
	t.Helper()
	set, err := rules.Default()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, r := range set.Rules() {
		all[r.ID] = r.Title[lang]
		if all[r.ID] == "" {
			all[r.ID] = r.Title["en"] + r.Title["es"]
		}
	}
	return func(id string) string {
		if all[id] == "" {
			return id
		}
		return all[id]
	}
}

// shares are in how many emails rules are met at the beginning and at the end: a team
// that has begun to mind its jargon, and whose formulas never die.
var shares = []struct {
	rule        string
	first, last float64
}{
	{"jargon", 0.38, 0.12}, {"stock-phrase", 0.24, 0.23}, {"vague-time", 0.31, 0.19}, {"missing-next-step", 0.28, 0.17}, {"blame-others", 0.12, 0.10},
	{"weak-commitment", 0.15, 0.13}, {"condescending", 0.05, 0.03}, {"blame-reader", 0.04, 0.035}, {"talk-first", 0.05, 0.025}, {"missing-status", 0.10, 0.07},
	{"vague-subject", 0.09, 0.11}, {"send-time", 0.06, 0.05}, {"hard-to-read", 0.07, 0.04}, {"bare-refusal", 0.03, 0.02},
}

// synthetic makes the data of a page from emails of so many weeks, by seed.
func synthetic(t testing.TB, lang string, emails, weeks int) *Data {
	t.Helper()
	r := rand.New(rand.NewPCG(7, 9))
	key := audit.NewKey()
	m, err := audit.ParseMapping("m", []byte("teams:\n  Support: ['*@support.us.example']\n  Projects: ['*@projects.us.example']\n  Field service: ['*@field.us.example']\n"+
		"clients:\n  Acme: ['*@acme.example']\n  Clínica Sur: ['*@clinica.example']\n  Hotel Mar: ['*@hotel.example']\n  Brook & Co: ['*@brook.example']\n  Norte Logística: ['*@norte.example']\n"))
	if err != nil {
		t.Fatal(err)
	}
	first := audit.DayOf(time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC))
	domains := []string{"support.us.example", "projects.us.example", "field.us.example"}
	clients := []string{"acme.example", "clinica.example", "hotel.example", "brook.example", "norte.example", "elsewhere.example"}
	each := func(fn func(*audit.Email) error) error {
		for range emails {
			week := r.IntN(weeks)
			at := 0.0
			if weeks > 1 {
				at = float64(week) / float64(weeks-1)
			}
			team := r.IntN(3)
			domain, client := domains[team], clients[min(r.IntN(len(clients)), r.IntN(len(clients)))]
			author := fmt.Sprintf("p%d@%s", r.IntN(7), domain)
			e := audit.Email{Day: first + audit.Day(7*week+r.IntN(5)), Author: key.Address(author), AuthorDomain: key.Domain(author), Recipient: key.Address("x@" + client),
				RecipientDomain: key.Domain("x@" + client), Lang: []string{"es", "es", "en"}[r.IntN(3)], Score: 100, Words: 80 + r.IntN(120), Judge: "j"}
			for _, s := range shares {
				p := s.first + (s.last-s.first)*at
				if team == 2 {
					p *= 1.35
				}
				if r.Float64() < p {
					e.Rules = append(e.Rules, audit.RuleCount{Rule: s.rule, Count: 1 + r.IntN(2)})
					e.Score -= 8
					e.Verdict = max(e.Verdict, lint.Revise)
					if s.rule == "talk-first" {
						e.Verdict, e.Score = lint.Talk, min(e.Score, 40)
					}
				}
			}
			e.Score = max(0, e.Score)
			if err := fn(&e); err != nil {
				return err
			}
		}
		return nil
	}
	table, err := audit.Load(each, m.With(key))
	if err != nil {
		t.Fatal(err)
	}
	return &Data{Cube: table.Cube(audit.Query{}), Report: table.Report(audit.Query{}), Lang: lang, Title: titles(t, lang), MinEmails: 5, MinAuthors: 3}
}

func sample(t testing.TB, lang string) *Data { return synthetic(t, lang, 9000, 39) }

// TestSize: the page of as many cells as there can be stays below a megabyte.
func TestSize(t *testing.T) {
	d := sample(t, "en")
	c := *d.Cube
	for i := len(c.Rules); i < 40; i++ {
		c.Rules = append(c.Rules, fmt.Sprintf("a-rule-with-a-long-name-%d", i))
	}
	c.Cells = nil
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 8000 {
		x := audit.Cell{Week: i * 39 / 8000, Team: r.IntN(3), Client: r.IntN(6), Lang: r.IntN(2), Emails: 125, Score: 10_000 + r.IntN(2000), Verdicts: audit.Verdicts{Send: 60, Revise: 60, Talk: 5}}
		for id := range 40 { // a million emails: 125 a cell, in which most rules are met
			if r.IntN(4) > 0 {
				x.Rules = append(x.Rules, [3]int{id, 1 + r.IntN(40), 1 + r.IntN(60)})
			}
		}
		c.Cells = append(c.Cells, x)
	}
	d.Cube = &c
	var w bytes.Buffer
	if err := Write(&w, d); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d KB with %d cells and %d rules; script %d bytes, style %d", w.Len()>>10, len(c.Cells), len(c.Rules), len(script), len(style))
	if w.Len() > 1<<20 {
		t.Errorf("the page has %d bytes", w.Len())
	}
}

// The page brings all it needs, and names nothing outside.
func TestSelfContained(t *testing.T) {
	var w bytes.Buffer
	if err := Write(&w, sample(t, "en")); err != nil {
		t.Fatal(err)
	}
	text := w.String()
	if found := regexp.MustCompile(`(?i)\s(src|href|style|on[a-z]+)=`).FindAllString(strings.ReplaceAll(text, script, ""), 5); found != nil {
		t.Errorf("%q", found)
	}
	for _, u := range regexp.MustCompile(`https?://[^"' ]*`).FindAllString(text, -1) {
		if u != "http://www.w3.org/2000/svg" {
			t.Errorf("it names %s", u)
		}
	}
	if !strings.Contains(text, "Content-Security-Policy") || strings.Count(text, "<script") != 2 {
		t.Error("the policy or the scripts are not as they should be")
	}
}

func handler(t *testing.T, token string) (*Handler, *[]error) {
	d, failed := synthetic(t, "en", 50, 3), &[]error{}
	return &Handler{Token: token, Data: func(context.Context) (*Data, error) { return d, nil }, Failed: func(err error) { *failed = append(*failed, err) }}, failed
}

func ask(h http.Handler, method, target string, header map[string]string) *http.Response {
	r := httptest.NewRequest(method, target, nil)
	for k, v := range header {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func TestHandler(t *testing.T) {
	h, failed := handler(t, "")
	for _, x := range []struct {
		method, target string
		want           int
	}{
		{"GET", "http://127.0.0.1:8600/", 200}, {"HEAD", "http://localhost:8600/", 200}, {"GET", "http://[::1]:8600/", 200},
		{"GET", "http://evil.example/", 421}, {"GET", "http://127.0.0.1.evil.example/", 421}, {"GET", "http://localhost.evil.example:8600/", 421},
		{"POST", "http://127.0.0.1/", 405}, {"DELETE", "http://127.0.0.1/", 405}, {"GET", "http://127.0.0.1/audit.db", 404}, {"GET", "http://127.0.0.1/../etc/passwd", 404},
	} {
		res := ask(h, x.method, x.target, nil)
		if res.StatusCode != x.want {
			t.Errorf("%s %s: %d, want %d", x.method, x.target, res.StatusCode, x.want)
		}
		if !strings.Contains(res.Header.Get("Content-Security-Policy"), "default-src 'none'") || res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s %s: %v", x.method, x.target, res.Header)
		}
	}
	h.Data = func(context.Context) (*Data, error) { return nil, errors.New("a secret reason") }
	res := ask(h, "GET", "http://127.0.0.1/", nil)
	var b bytes.Buffer
	_, _ = b.ReadFrom(res.Body)
	if res.StatusCode != 503 || strings.Contains(b.String(), "secret") || len(*failed) != 1 {
		t.Errorf("%d %s %v", res.StatusCode, b.String(), *failed)
	}
}

func TestToken(t *testing.T) {
	h, _ := handler(t, "open-sesame")
	const at = "http://lead.us.example:8600/"
	for _, x := range []struct {
		target string
		header map[string]string
		want   int
	}{
		{at, nil, 401}, {at + "?token=wrong", nil, 403}, {at + "?token=", nil, 401}, {at, map[string]string{"Authorization": "Bearer wrong"}, 401},
		{at, map[string]string{"Authorization": "Bearer open-sesame"}, 200}, {at, map[string]string{"Cookie": "tacto-audit=open-sesame"}, 200},
		{at, map[string]string{"Cookie": "tacto-audit=x"}, 401}, {at + "?token=open-sesame", nil, 303},
	} {
		res := ask(h, "GET", x.target, x.header)
		if res.StatusCode != x.want {
			t.Errorf("%s %v: %d, want %d", x.target, x.header, res.StatusCode, x.want)
		}
		if x.want == 303 {
			c := res.Cookies()[0]
			if res.Header.Get("Location") != "/" || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode {
				t.Errorf("%v %v", res.Header, c)
			}
		}
	}
}
