// Package page makes the audit's report as one HTML page that needs no network, and
// serves it live.
//
// The charts are inline SVG drawn by a small script of our own. uPlot (51 KB) and Chart.js
// (210 KB) draw on a canvas, which has no elements for the keyboard, a screen reader or
// print, and neither has a heat map; each chart here is an SVG whose points can be
// reached, with the same figures in a table behind it.
//
// The page's policy lets nothing run or load but what stands in it: the hashes of its one
// script and its one style. Whatever came out of an email or a mapping gets into the
// page as JSON and from there as text, never as HTML.
package page

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"

	"github.com/tacto-lint/tacto/audit"
)

//go:embed page.js
var script string

//go:embed page.css
var style string

//go:embed page.html
var source string

var page = template.Must(template.New("page").Parse(source))

// Data is what a page shows.
type Data struct {
	Cube   *audit.Cube
	Report *audit.Report // of the same emails: what is shown without a script
	Lang   string        // "es" or "en"
	Title  func(rule string) string
	// MinEmails and MinAuthors are what groups needed to be shown by themselves.
	MinEmails, MinAuthors int
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// Policy is the Content-Security-Policy of every page.
var Policy = "default-src 'none'; script-src " + hashOf(script) + "; style-src " + hashOf(style) + "; base-uri 'none'; form-action 'none'"

// The form the script reads.
type payload struct {
	Lang    string            `json:"lang"`
	Weeks   []string          `json:"weeks"`
	Monthly bool              `json:"monthly"`
	Since   string            `json:"since"`
	Until   string            `json:"until"`
	Teams   []string          `json:"teams"`
	Clients []string          `json:"clients"`
	Langs   []string          `json:"langs"`
	Rules   []payloadRule     `json:"rules"`
	Cells   string            `json:"cells"` // see pack
	Words   map[string]string `json:"words"`
}

type payloadRule struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

func toPayload(d *Data) payload {
	c := d.Cube
	p := payload{Lang: d.Lang, Monthly: c.Monthly, Since: c.Period.Since.String(), Until: c.Period.Until.String(),
		Teams: named(c.Teams, d.Lang), Clients: named(c.Clients, d.Lang), Langs: c.Langs, Words: scriptWords[d.Lang],
		Weeks: []string{}, Rules: []payloadRule{}, Cells: pack(c.Cells)}
	for _, w := range c.Weeks {
		p.Weeks = append(p.Weeks, w.String())
	}
	for _, r := range c.Rules {
		p.Rules = append(p.Rules, payloadRule{r, d.Title(r)})
	}
	return p
}

// digits write five bits each, and that there are more to come in the sixth.
const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

func appendNumber(b []byte, n int) []byte {
	for ; n >= 32; n >>= 5 {
		b = append(b, digits[32+n&31])
	}
	return append(b, digits[n])
}

// pack writes cells, which are in the order of their weeks, as short as a page of a million
// emails needs it. Of each: the weeks since the one before, team, client, language, emails,
// sum of scores, how many were to be revised and to be a talk, how many rules follow;
// of each rule how far it is behind the one before, and in how many emails it was met.
func pack(cells []audit.Cell) string {
	var b []byte
	week := 0
	for i := range cells {
		c := &cells[i]
		for _, n := range []int{c.Week - week, c.Team, c.Client, c.Lang, c.Emails, c.Score, c.Verdicts.Revise, c.Verdicts.Talk, len(c.Rules)} {
			b = appendNumber(b, n)
		}
		week = c.Week
		before := 0
		for _, r := range c.Rules {
			b = appendNumber(b, r[0]-before)
			b = appendNumber(b, r[1])
			before = r[0]
		}
	}
	return string(b)
}

// named gives the groups without a name of their own one in the page's language.
func named(names []string, lang string) []string {
	all := []string{}
	for _, n := range names {
		switch n {
		case audit.Other:
			n = words[lang].Other
		case audit.Unmapped:
			n = words[lang].Unmapped
		}
		all = append(all, n)
	}
	return all
}

// A view is what the template shows: the figures as a whole, for readers without a script.
type view struct {
	W                                    pageWords
	Lang                                 string
	Policy, Period                       string
	Style                                template.CSS
	Script                               template.JS
	Data                                 template.JS
	Emails, Authors                      string
	Score                                string
	Rows                                 [][3]string
	Notes                                []string
	Empty, HasTeams, HasClients, HasLang bool
}

// Write writes the page. An error is that of w.
func Write(w io.Writer, d *Data) error {
	if words[d.Lang].Title == "" {
		c := *d
		c.Lang = "en"
		d = &c
	}
	// encoding/json writes <, > and & as \u003c and so on: no name can end the script.
	data, err := json.Marshal(toPayload(d))
	if err != nil {
		return err
	}
	r, t := d.Report, words[d.Lang]
	v := view{W: t, Lang: d.Lang, Policy: Policy, Style: template.CSS(style), Script: template.JS(script), Data: template.JS(data),
		Empty: r.Emails == 0, HasTeams: len(d.Cube.Teams) > 1, HasClients: len(d.Cube.Clients) > 1, HasLang: len(d.Cube.Langs) > 1,
		Period: fmt.Sprintf(t.Span, r.Period.Since, r.Period.Until), Emails: strconv.Itoa(r.Emails), Authors: strconv.Itoa(r.Authors), Score: decimal(r.Score, d.Lang)}
	for _, f := range r.Rules {
		v.Rows = append(v.Rows, [3]string{d.Title(f.Rule), strconv.Itoa(f.Emails), decimal(100*f.Share, d.Lang) + " %"})
	}
	v.Notes = notes(d)
	var b bytes.Buffer
	if err := page.Execute(&b, v); err != nil {
		return err
	}
	_, err = w.Write(b.Bytes())
	return err
}

func decimal(x float64, lang string) string {
	s := strconv.FormatFloat(x, 'f', 1, 64)
	if lang == "es" {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s
}

// notes say what may mislead.
func notes(d *Data) (all []string) {
	t := words[d.Lang]
	if d.Report.Emails == 0 {
		return nil
	}
	all = append(all, fmt.Sprintf(t.Folded, d.MinEmails, d.MinAuthors))
	if n := len(d.Report.Judges); n > 1 {
		all = append(all, fmt.Sprintf(t.Judges, n))
	}
	if d.Cube.Monthly {
		all = append(all, t.Monthly)
	}
	if d.Cube.Coarse {
		all = append(all, t.Coarse)
	}
	return append(all, t.Kept)
}
