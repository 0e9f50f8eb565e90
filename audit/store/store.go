// Package store keeps what an audit collects: in a file, by SQLite, or in a PostgreSQL
// database that several collectors and leads share.
//
// SQLite is zombiezen.com/go/sqlite: without cgo, the fastest of its kind that was
// measured. PostgreSQL is spoken to by pgx.
package store

import (
	"context"
	"embed"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/tacto-lint/tacto/audit"
	"github.com/tacto-lint/tacto/lint"
)

// What can be wrong with a store. The errors of Open and of the methods wrap them.
var (
	ErrKey    = errors.New("the store was made with another key")
	ErrNewer  = errors.New("the store was made by a newer tacto")
	ErrFormat = errors.New("that is no store of tacto's")
	ErrLocked = errors.New("another program has the store locked")
	ErrFull   = errors.New("there is no room left for the store")
	ErrDisk   = errors.New("the store's file can't be written or read")
	ErrLost   = errors.New("the database server can't be reached")
)

// rewriting is what Forget does last.
const rewriting = "taking what was forgotten out of the store's files, too"

// version is that of the tables: the number of the last migration.
const version = 1

//go:embed migrations/*.sql
var migrations embed.FS

// migration gives the statements that lead to a version.
func migration(kind string, to int) (string, error) {
	data, err := migrations.ReadFile(fmt.Sprintf("migrations/%s-%d.sql", kind, to))
	return string(data), err
}

// Open opens the store at a path, or at a URL that begins with postgres:// or
// postgresql://, and makes it where there is none. key is the ID of the key that its
// hashes are made with. It blocks no longer than the context, and ten seconds for a
// store that is locked. No error has the URL, which may hold a password.
func Open(ctx context.Context, where string, key audit.Hash) (audit.Store, error) {
	if strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://") {
		return openPostgres(ctx, where, key)
	}
	return openSQLite(ctx, where, key)
}

// names are the texts that are the same in many emails, by number and back.
type names struct {
	ids  map[string]int
	text map[int]string
}

func newNames() *names { return &names{map[string]int{}, map[int]string{}} }

func (n *names) add(id int, name string) { n.ids[name], n.text[id] = id, name }

// missing gives the names that emails have and n lacks, sorted: so that two that add
// them at the same time don't wait for each other.
func (n *names) missing(emails []audit.Email) []string {
	var all []string
	need := func(s string) {
		if _, ok := n.ids[s]; !ok {
			all = append(all, s)
		}
	}
	for i := range emails {
		e := &emails[i]
		need(e.Lang)
		need(e.Judge)
		for _, r := range e.Rules {
			need(r.Rule)
		}
		for _, p := range e.Passages {
			need(p.Rule)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// encode writes the rules of an email, whose names are all known.
func (n *names) encode(rules []audit.RuleCount) []byte {
	b := make([]byte, 0, 3*len(rules))
	for _, r := range rules {
		b = binary.AppendUvarint(b, uint64(n.ids[r.Rule]))
		b = binary.AppendUvarint(b, uint64(max(0, r.Count)))
	}
	return b
}

// decode appends what encode wrote.
func (n *names) decode(to []audit.RuleCount, b []byte) ([]audit.RuleCount, error) {
	for len(b) > 0 {
		id, k := binary.Uvarint(b)
		if k <= 0 {
			return to, fmt.Errorf("%w: rules that make no sense", ErrFormat)
		}
		count, m := binary.Uvarint(b[k:])
		name, ok := n.text[int(min(id, math.MaxInt32))]
		if m <= 0 || !ok || count > math.MaxInt32 {
			return to, fmt.Errorf("%w: rules that make no sense", ErrFormat)
		}
		to = append(to, audit.RuleCount{Rule: name, Count: int(count)})
		b = b[k+m:]
	}
	return to, nil
}

// verdictOf is checked, so that a store somebody has written to breaks nothing.
func verdictOf(n int) (lint.Verdict, error) {
	v := lint.Verdict(n)
	if n < 0 || n > 2 {
		return 0, fmt.Errorf("%w: an unknown verdict", ErrFormat)
	}
	return v, nil
}

// forgotten are those whose mail is not to come back, up to a day.
type forgotten map[audit.Hash]audit.Day

// forever is the day up to which somebody is forgotten who is so altogether.
const forever = math.MaxInt32

func (f forgotten) has(e *audit.Email) bool {
	everybody, ok := f[audit.Hash{}]
	if ok && e.Day <= everybody {
		return true
	}
	until, ok := f[e.Author]
	return ok && e.Author != (audit.Hash{}) && e.Day <= until
}

// kept gives the emails of a batch that were not forgotten, each once, by ID: two
// batches with the same emails then never wait for each other.
func (f forgotten) kept(emails []audit.Email) []audit.Email {
	all := slices.DeleteFunc(slices.Clone(emails), func(e audit.Email) bool { return f.has(&e) })
	slices.SortStableFunc(all, func(a, b audit.Email) int { return slices.Compare(a.ID[:], b.ID[:]) })
	return slices.CompactFunc(all, func(a, b audit.Email) bool { return a.ID == b.ID })
}

// whom gives what Forget keeps of a filter.
func whom(f audit.Filter) (audit.Hash, audit.Day, error) {
	switch {
	case f.Since != 0:
		return audit.Hash{}, 0, errors.New("what is forgotten has no first day")
	case f.Until == 0 && f.Author == audit.Hash{}:
		return audit.Hash{}, 0, errors.New("not everything can be forgotten: remove the store")
	case f.Until == 0:
		return f.Author, forever, nil
	}
	return f.Author, f.Until, nil
}
