// Package synthetic makes archives of sent mail by seed, with a trend that is known: for
// tests, benchmarks and whoever wants to see a report before there is mail to report of.
//
// Jargon falls from the first week to the last, as Archive.Jargon says; the empty formula
// stays; blame is rare and one team's more than others'. What an email is made of is in
// Email, so that what was found can be held against what was planted.
package synthetic

import (
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// An Archive is emails by number, each decided by it and the seed alone.
type Archive struct {
	Seed   uint64
	Emails int
	// First is the first day, a Monday is best; Weeks is over how many the emails spread.
	First time.Time
	Weeks int
	// Jargon is the share of emails with it in the first and in the last week.
	Jargon [2]float64
	// Formula is the share with an empty formula, Hot that with blame.
	Formula, Hot float64
}

// Default is an archive of half a year that falls from 40 to 10 per cent of jargon.
func Default(emails int) Archive {
	return Archive{Seed: 1, Emails: emails, First: time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC), Weeks: 26,
		Jargon: [2]float64{0.40, 0.10}, Formula: 0.20, Hot: 0.05}
}

// An Email is what one is made of.
type Email struct {
	Number, Week         int
	From, To             string
	Team, Client         string
	Lang                 string
	Date                 time.Time
	Jargon, Formula, Hot bool
	Data                 []byte
}

// Teams and clients, with as many people as the numbers say.
var (
	teams   = []struct{ name, domain string }{{"Support", "support.us.example"}, {"Projects", "projects.us.example"}, {"Field", "field.us.example"}}
	authors = []string{"ana", "marta", "luis", "pedro", "sara", "tom", "eva", "hugo"}
	clients = []struct{ name, domain string }{{"Acme", "acme.example"}, {"Clínica Sur", "clinicasur.example"}, {"Hotel Mar", "hotelmar.example"},
		{"Brook & Co", "brook.example"}, {"Norte Logística", "norte.example"}}
	readers = []string{"carla", "joan", "bruno", "dana"}
)

// Mapping is the archive's, as audit.ParseMapping takes it.
func Mapping() []byte {
	var b strings.Builder
	b.WriteString("teams:\n")
	for _, t := range teams {
		fmt.Fprintf(&b, "  %s: [\"*@%s\"]\n", t.name, t.domain)
	}
	b.WriteString("clients:\n")
	for _, c := range clients {
		fmt.Fprintf(&b, "  %s: [\"*@%s\"]\n", c.name, c.domain)
	}
	return []byte(b.String())
}

// share is that of jargon in a week.
func (a *Archive) share(week int) float64 {
	if a.Weeks < 2 {
		return a.Jargon[0]
	}
	return a.Jargon[0] + (a.Jargon[1]-a.Jargon[0])*float64(week)/float64(a.Weeks-1)
}

// Email makes one; n counts from 0. It is safe for many at once.
func (a *Archive) Email(n int) *Email {
	r := rand.New(rand.NewPCG(a.Seed, uint64(n)))
	e := &Email{Number: n, Week: n * a.Weeks / max(1, a.Emails)}
	team, client := teams[r.IntN(len(teams))], clients[r.IntN(len(clients))]
	author, reader := authors[r.IntN(len(authors))], readers[r.IntN(len(readers))]
	e.Team, e.Client = team.name, client.name
	e.From, e.To = author+"@"+team.domain, reader+"@"+client.domain
	e.Lang = "es"
	if r.IntN(3) == 0 {
		e.Lang = "en"
	}
	day := r.IntN(5)
	e.Date = a.First.AddDate(0, 0, 7*e.Week+day).Add(time.Duration(9*60+r.IntN(7*60)) * time.Minute)
	hot := a.Hot
	if team.name == "Field" {
		hot *= 2
	}
	e.Jargon, e.Formula, e.Hot = r.Float64() < a.share(e.Week), r.Float64() < a.Formula, r.Float64() < hot
	t := texts[e.Lang]
	name := strings.ToUpper(reader[:1]) + reader[1:]
	own := strings.ToUpper(author[:1]) + author[1:]
	lines := []string{fmt.Sprintf(t.hello, name), "", t.facts[r.IntN(len(t.facts))]}
	if e.Jargon {
		lines = append(lines, t.jargon[r.IntN(len(t.jargon))])
	}
	if e.Formula {
		lines = append(lines, t.formula[r.IntN(len(t.formula))])
	}
	if e.Hot {
		lines = append(lines, t.hot[r.IntN(len(t.hot))])
	}
	lines = append(lines, t.next[r.IntN(len(t.next))], "", t.bye, own)
	e.Data = fmt.Appendf(nil, "From: %s <%s>\r\nTo: %s <%s>\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%d.%d@%s>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n%s\r\n",
		own, e.From, name, e.To, t.subjects[r.IntN(len(t.subjects))], e.Date.Format(time.RFC1123Z), a.Seed, n, team.domain, strings.Join(lines, "\r\n"))
	return e
}

// Maildir writes a Maildir.
func (a *Archive) Maildir(dir string) error {
	for _, sub := range []string{"cur", "new", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return err
		}
	}
	return a.files(filepath.Join(dir, "cur"), "%d.M1P1.host:2,S")
}

// Folder writes a folder of .eml files.
func (a *Archive) Folder(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return a.files(dir, "%06d.eml")
}

func (a *Archive) files(dir, name string) error {
	for n := range a.Emails {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf(name, n)), a.Email(n).Data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Mbox writes an mbox.
func (a *Archive) Mbox(w io.Writer) error {
	for n := range a.Emails {
		e := a.Email(n)
		body := strings.ReplaceAll(string(e.Data), "\r\n", "\n")
		if _, err := fmt.Fprintf(w, "From %s %s\n%s\n", e.From, e.Date.Format(time.ANSIC), strings.ReplaceAll(body, "\nFrom ", "\n>From ")); err != nil {
			return err
		}
	}
	return nil
}

// MboxFile writes an mbox file, compressed where its name ends in .gz.
func (a *Archive) MboxFile(path string) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	if !strings.HasSuffix(path, ".gz") {
		return a.Mbox(f)
	}
	z := gzip.NewWriter(f)
	if err := a.Mbox(z); err != nil {
		return err
	}
	return z.Close()
}
