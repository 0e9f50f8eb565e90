package export

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/tacto-lint/tacto/audit"
	"github.com/tacto-lint/tacto/lint"
)

var key = audit.NewKey()

func emails() (all []audit.Email) {
	for i := range 50 {
		e := audit.Email{ID: key.Content([]byte{byte(i)}), Day: audit.DayOf(time.Date(2026, 1, 20, 0, 0, 0, 0, time.UTC)) + audit.Day(i), Author: key.Address("ana@us.example"),
			AuthorDomain: key.Domain("ana@us.example"), Lang: "es", Verdict: lint.Verdict(i % 3), Score: i, Words: 2 * i, Judge: "j"}
		if i%2 == 0 {
			e.Recipient, e.RecipientDomain = key.Address("x@acme.example"), key.Domain("x@acme.example")
			e.Rules = []audit.RuleCount{{Rule: "jargon", Count: i}, {Rule: "vague-time", Count: 1}}
		}
		all = append(all, e)
	}
	return all
}

func names(t *testing.T) *audit.Names {
	t.Helper()
	m, err := audit.ParseMapping("m", []byte("teams: {Support: ['*@us.example']}\nclients: {'=Acme, \"the\" client': ['*@acme.example']}\n"))
	if err != nil {
		t.Fatal(err)
	}
	return m.With(key)
}

func eachOf(list []audit.Email) func(func(*audit.Email) error) error {
	return func(fn func(*audit.Email) error) error {
		for i := range list {
			if err := fn(&list[i]); err != nil {
				return err
			}
		}
		return nil
	}
}

func want(t *testing.T) (rows []Row) {
	for _, e := range emails() {
		var r Row
		rowOf(&r, &e, names(t))
		rows = append(rows, r)
	}
	return rows
}

// read reads the rows of a file back.
func read(t *testing.T, path string) (rows []Row) {
	t.Helper()
	switch filepath.Ext(path) {
	case ".parquet":
		rows, err := parquet.ReadFile[Row](path)
		if err != nil {
			t.Fatal(err)
		}
		for i := range rows {
			rows[i].Day = audit.Day(rows[i].Date).String()
		}
		return rows
	case ".csv":
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		all, err := csv.NewReader(f).ReadAll()
		if err != nil || !slices.Equal(all[0], csvHead) {
			t.Fatal(err, all[0])
		}
		for _, r := range all[1:] {
			row := Row{ID: r[0], Day: r[1], Author: r[2], AuthorDomain: r[3], Recipient: r[4], RecipientDomain: r[5], Team: r[6], Client: r[7], Lang: r[8], Verdict: r[9], Judge: r[12]}
			if _, err := fmt.Sscan(r[10], &row.Score); err != nil {
				t.Fatal(err)
			}
			if _, err := fmt.Sscan(r[11], &row.Words); err != nil {
				t.Fatal(err)
			}
			for _, x := range strings.Fields(r[13]) {
				name, count, _ := strings.Cut(x, ":")
				rule := Rule{Rule: name}
				if _, err := fmt.Sscan(count, &rule.Count); err != nil {
					t.Fatal(err)
				}
				row.Rules = append(row.Rules, rule)
			}
			rows = append(rows, row)
		}
	case ".jsonl":
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			var row Row
			if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
				t.Fatal(err)
			}
			rows = append(rows, row)
		}
	}
	return rows
}

func TestExport(t *testing.T) {
	for _, format := range Formats {
		t.Run(format, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "out")
			x := &Export{Dir: dir, Format: format, Names: names(t)}
			if n, err := x.Write(eachOf(emails())); n != 50 || err != nil {
				t.Fatal(n, err)
			}
			var got []Row
			for _, month := range []string{"2026-01", "2026-02", "2026-03"} {
				rows := read(t, filepath.Join(dir, "month="+month, "part-0."+format))
				for _, r := range rows {
					if !strings.HasPrefix(r.Day, month) {
						t.Errorf("%s in %s", r.Day, month)
					}
				}
				got = append(got, rows...)
			}
			for i, w := range want(t) {
				g := got[i]
				w.Date, g.Date = 0, 0
				if len(w.Rules) == 0 {
					w.Rules, g.Rules = nil, nil
				}
				if !reflect.DeepEqual(g, w) {
					t.Fatalf("got  %+v\nwant %+v", g, w)
				}
			}
			if len(got) != 50 {
				t.Errorf("%d rows", len(got))
			}
			// What was forgotten since is taken away, what is outside of the filter stays.
			later := slices.DeleteFunc(emails(), func(e audit.Email) bool { return e.Day.Time().Month() == time.February })
			x.Filter = audit.Filter{Since: emails()[0].Day + 30}
			if _, err := x.Write(eachOf(later[12:])); err != nil {
				t.Fatal(err)
			}
			found, _ := filepath.Glob(dir + "/*/*")
			if len(found) != 2 || !strings.Contains(found[0], "2026-01") || !strings.Contains(found[1], "2026-03") {
				t.Errorf("%v", found)
			}
		})
	}
}

// With an error nothing has been touched, and nothing is left lying about.
func TestExportFails(t *testing.T) {
	dir := t.TempDir()
	x := &Export{Dir: dir, Format: "csv", Names: names(t)}
	if _, err := x.Write(eachOf(emails()[:3])); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(x.name(emails()[0].Day.Month()))
	broken := errors.New("broken")
	n := 0
	_, err := x.Write(func(fn func(*audit.Email) error) error {
		return eachOf(emails())(func(e *audit.Email) error {
			if n++; n == 20 {
				return broken
			}
			return fn(e)
		})
	})
	if !errors.Is(err, broken) {
		t.Error(err)
	}
	after, _ := os.ReadFile(x.name(emails()[0].Day.Month()))
	if string(before) != string(after) || len(before) == 0 {
		t.Error("the file of before was touched")
	}
	found, _ := filepath.Glob(dir + "/*/.*")
	if len(found) > 0 {
		t.Errorf("left: %v", found)
	}
}
