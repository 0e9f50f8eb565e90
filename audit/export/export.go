// Package export hands what an audit has kept to a warehouse: as Parquet, CSV or lines of
// JSON, a folder for each month, as DuckDB, ClickHouse and others read them.
//
// Parquet is written by github.com/parquet-go/parquet-go, the library for it in Go that
// is kept.
package export

import (
	"bufio"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/tacto-lint/tacto/audit"
)

// Formats are those that there are, the default first.
var Formats = []string{"parquet", "csv", "jsonl"}

// A Row is what is written of an email. Hashes are hex digits, empty where there is none.
type Row struct {
	ID              string `parquet:"id" json:"id"`
	Date            int32  `parquet:"date,date" json:"-"` // days since 1970-01-01
	Day             string `parquet:"-" json:"date"`
	Author          string `parquet:"author,dict" json:"author"`
	AuthorDomain    string `parquet:"author_domain,dict" json:"author_domain"`
	Recipient       string `parquet:"recipient,dict" json:"recipient"`
	RecipientDomain string `parquet:"recipient_domain,dict" json:"recipient_domain"`
	Team            string `parquet:"team,dict" json:"team"`     // of the mapping; "unmapped"
	Client          string `parquet:"client,dict" json:"client"` // of the mapping; "unmapped"
	Lang            string `parquet:"lang,dict" json:"lang"`
	Verdict         string `parquet:"verdict,dict" json:"verdict"`
	Score           int32  `parquet:"score" json:"score"`
	Words           int32  `parquet:"words" json:"words"`
	Judge           string `parquet:"judge,dict" json:"judge"`
	Rules           []Rule `parquet:"rules,list" json:"rules"`
}

// A Rule says how often a rule was met in the email.
type Rule struct {
	Rule  string `parquet:"rule,dict" json:"rule"`
	Count int32  `parquet:"count" json:"count"`
}

func hexOf(h audit.Hash) string {
	if h == (audit.Hash{}) {
		return ""
	}
	return hex.EncodeToString(h[:])
}

// rowOf fills a row, using its slice again.
func rowOf(r *Row, e *audit.Email, names *audit.Names) {
	rules := r.Rules[:0]
	for _, c := range e.Rules {
		rules = append(rules, Rule{c.Rule, int32(c.Count)})
	}
	*r = Row{
		ID: hexOf(e.ID), Date: int32(e.Day), Day: e.Day.String(), Author: hexOf(e.Author), AuthorDomain: hexOf(e.AuthorDomain),
		Recipient: hexOf(e.Recipient), RecipientDomain: hexOf(e.RecipientDomain), Team: names.Team(e), Client: names.Client(e),
		Lang: e.Lang, Verdict: e.Verdict.String(), Score: int32(e.Score), Words: int32(e.Words), Judge: e.Judge, Rules: rules,
	}
}

// A writer writes rows to a file.
type writer interface {
	write(*Row) error
	close() error
}

// rowGroup is how many rows of a month are in memory at most.
const rowGroup = 10_000

type parquetWriter struct {
	w *parquet.GenericWriter[Row]
	n int
}

func (p *parquetWriter) write(r *Row) error {
	if _, err := p.w.Write([]Row{*r}); err != nil {
		return err
	}
	if p.n++; p.n%rowGroup == 0 {
		return p.w.Flush()
	}
	return nil
}

func (p *parquetWriter) close() error { return p.w.Close() }

type csvWriter struct{ w *csv.Writer }

var csvHead = []string{"id", "date", "author", "author_domain", "recipient", "recipient_domain", "team", "client", "lang", "verdict", "score", "words", "judge", "rules"}

func (c csvWriter) write(r *Row) error {
	var rules []string
	for _, x := range r.Rules {
		rules = append(rules, fmt.Sprintf("%s:%d", x.Rule, x.Count))
	}
	return c.w.Write([]string{r.ID, r.Day, r.Author, r.AuthorDomain, r.Recipient, r.RecipientDomain, r.Team, r.Client, r.Lang, r.Verdict,
		strconv.Itoa(int(r.Score)), strconv.Itoa(int(r.Words)), r.Judge, strings.Join(rules, " ")})
}

func (c csvWriter) close() error {
	c.w.Flush()
	return c.w.Error()
}

type jsonWriter struct {
	enc *json.Encoder
}

func (j jsonWriter) write(r *Row) error {
	if r.Rules == nil {
		r.Rules = []Rule{}
	}
	return j.enc.Encode(r)
}

func (j jsonWriter) close() error { return nil }

func newWriter(format string, w io.Writer) (writer, error) {
	switch format {
	case "parquet":
		return &parquetWriter{w: parquet.NewGenericWriter[Row](w, parquet.Compression(&parquet.Zstd))}, nil
	case "csv":
		c := csv.NewWriter(w)
		return csvWriter{c}, c.Write(csvHead)
	case "jsonl":
		return jsonWriter{json.NewEncoder(w)}, nil
	}
	return nil, fmt.Errorf("unknown format %q", format)
}

// A part is a month's file on its way.
type part struct {
	temp, path string
	file       *os.File
	buf        *bufio.Writer
	w          writer
}

// An Export writes into a folder.
type Export struct {
	Dir, Format string
	Names       *audit.Names
	// Filter is what the emails were chosen by: months of it that have no email any more
	// are taken away.
	Filter audit.Filter
}

// Write writes the emails that each gives, as Store.Each does, into Dir/month=2026-03/part-0.
// and so on, and returns how many. Files that are there are replaced, all at the end: with
// an error none has been touched. Memory is bounded by the number of months.
func (x *Export) Write(each func(func(*audit.Email) error) error) (n int, err error) {
	parts := map[audit.Day]*part{}
	defer func() {
		for _, p := range parts {
			_ = p.file.Close()
			_ = os.Remove(p.temp) // renamed ones are not there any more
		}
	}()
	var row Row
	err = each(func(e *audit.Email) error {
		month := e.Day.Month()
		p := parts[month]
		if p == nil {
			var err error
			if p, err = x.open(month); err != nil {
				return err
			}
			parts[month] = p
		}
		rowOf(&row, e, x.Names)
		n++
		return p.w.write(&row)
	})
	for _, p := range parts {
		if err == nil {
			err = errors.Join(p.w.close(), p.buf.Flush(), p.file.Sync(), p.file.Close())
		}
	}
	for _, p := range parts {
		if err == nil {
			err = os.Rename(p.temp, p.path)
		}
	}
	if err == nil {
		err = x.stale(parts)
	}
	if err != nil {
		return 0, fmt.Errorf("exporting: %w", err)
	}
	return n, nil
}

func (x *Export) name(month audit.Day) string {
	return filepath.Join(x.Dir, "month="+month.String()[:len("2026-03")], "part-0."+x.Format)
}

func (x *Export) open(month audit.Day) (*part, error) {
	p := &part{path: x.name(month)}
	if err := os.MkdirAll(filepath.Dir(p.path), 0o700); err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(filepath.Dir(p.path), ".part-*") // mode 0600
	if err != nil {
		return nil, err
	}
	p.file, p.temp, p.buf = file, file.Name(), bufio.NewWriterSize(file, 64<<10)
	if p.w, err = newWriter(x.Format, p.buf); err != nil {
		_ = file.Close() // that error is the one to tell
		_ = os.Remove(p.temp)
		return nil, err
	}
	return p, nil
}

// stale takes away months that have been forgotten since an earlier export.
func (x *Export) stale(parts map[audit.Day]*part) error {
	found, err := filepath.Glob(filepath.Join(x.Dir, "month=*", "part-0."+x.Format))
	if err != nil {
		return err
	}
	for _, path := range found {
		t, err := time.Parse("2006-01", strings.TrimPrefix(filepath.Base(filepath.Dir(path)), "month="))
		if err != nil {
			continue // not ours
		}
		month := audit.DayOf(t)
		if parts[month] != nil || x.Filter.Since != 0 && month < x.Filter.Since.Month() || x.Filter.Until != 0 && month > x.Filter.Until {
			continue
		}
		if err := os.Remove(path); err != nil {
			return err
		}
		_ = os.Remove(filepath.Dir(path)) // where it is empty
	}
	return nil
}
