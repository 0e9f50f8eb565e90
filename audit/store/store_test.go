//go:build unix

package store_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/tacto-lint/tacto/audit"
	"github.com/tacto-lint/tacto/audit/store"
	"github.com/tacto-lint/tacto/audit/store/storetest"
	"github.com/tacto-lint/tacto/lint"
)

func TestMain(m *testing.M) {
	if path := os.Getenv("TACTO_STORE_CHILD"); path != "" {
		fill(path)
		return
	}
	os.Exit(m.Run())
}

// kinds runs f with a file, and with TACTO_REAL=1 with a server: fresh gives the place of
// a new store.
func kinds(t *testing.T, f func(t *testing.T, fresh func() string)) {
	t.Run("sqlite", func(t *testing.T) {
		f(t, func() string { return filepath.Join(t.TempDir(), "audit.db") })
	})
	t.Run("postgres", func(t *testing.T) { f(t, storetest.Postgres(t).New) })
}

func open(t testing.TB, where string) audit.Store {
	t.Helper()
	s, err := store.Open(t.Context(), where, id("key", 0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func id(what string, n int) (h audit.Hash) {
	copy(h[:], what)
	binary.BigEndian.PutUint64(h[8:], uint64(n)+1)
	return h
}

// email makes one that n alone decides of.
func email(n int) audit.Email {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	e := audit.Email{
		ID: id("mail", n), Day: audit.Day(20000 + n%100), Author: id("author", n%7), AuthorDomain: id("domain", n%2),
		Lang: []string{"es", "en"}[n%2], Verdict: lint.Verdict(n % 3), Score: r.IntN(101), Words: 20 + r.IntN(200), Judge: "0123456789abcdef",
	}
	if n%5 > 0 {
		e.Recipient, e.RecipientDomain = id("client", n%11), id("clients", n%3)
	}
	for i, rule := range []string{"jargon", "stock-phrase", "vague-time"} {
		if n>>i&1 == 1 {
			e.Rules = append(e.Rules, audit.RuleCount{Rule: rule, Count: 1 + r.IntN(300)})
		}
	}
	return e
}

func emails(from, to int) (all []audit.Email) {
	for n := from; n < to; n++ {
		all = append(all, email(n))
	}
	return all
}

func add(t testing.TB, s audit.Store, b audit.Batch) int {
	t.Helper()
	n, err := s.Add(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func all(t testing.TB, s audit.Store, f audit.Filter) map[audit.Hash]audit.Email {
	t.Helper()
	got := map[audit.Hash]audit.Email{}
	if err := s.Each(t.Context(), f, func(e *audit.Email) error {
		c := *e
		c.Rules = slices.Clone(e.Rules)
		if _, ok := got[c.ID]; ok {
			t.Errorf("%x twice", c.ID)
		}
		got[c.ID] = c
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return got
}

func same(t testing.TB, got map[audit.Hash]audit.Email, want []audit.Email) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d emails, want %d", len(got), len(want))
	}
	for i := range want {
		w := want[i]
		w.Passages = nil
		if g := got[w.ID]; fmt.Sprintf("%+v", g) != fmt.Sprintf("%+v", w) {
			t.Errorf("got  %+v\nwant %+v", g, w)
			return
		}
	}
}

func TestAddAndEach(t *testing.T) {
	kinds(t, func(t *testing.T, fresh func() string) {
		where := fresh()
		s := open(t, where)
		if n := add(t, s, audit.Batch{Emails: emails(0, 60)}); n != 60 {
			t.Errorf("%d added, want 60", n)
		}
		twice := append(emails(50, 70), emails(60, 65)...) // some there, some twice in the batch
		if n := add(t, s, audit.Batch{Emails: twice}); n != 10 {
			t.Errorf("%d added, want 10", n)
		}
		same(t, all(t, s, audit.Filter{}), emails(0, 70))
		for _, f := range []audit.Filter{{Since: 20010}, {Until: 20010}, {Since: 20010, Until: 20019}, {Author: id("author", 3)}, {Author: id("author", 3), Since: 20030}} {
			want := slices.DeleteFunc(emails(0, 70), func(e audit.Email) bool { return !f.Matches(&e) })
			if len(want) == 0 || len(want) == 70 {
				t.Fatalf("%+v is no test", f)
			}
			same(t, all(t, s, f), want)
		}
		missing, err := s.Missing(t.Context(), []audit.Hash{id("mail", 99), id("mail", 3), id("mail", 98)})
		if err != nil || !slices.Equal(missing, []audit.Hash{id("mail", 99), id("mail", 98)}) {
			t.Errorf("missing %x, %v", missing, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		same(t, all(t, open(t, where), audit.Filter{}), emails(0, 70))
	})
}

func TestReplace(t *testing.T) {
	kinds(t, func(t *testing.T, fresh func() string) {
		s := open(t, fresh())
		old := emails(0, 10)
		for i := range old {
			old[i].Passages = []audit.Passage{{Rule: "jargon", Text: "the failover"}}
		}
		add(t, s, audit.Batch{Emails: old})
		anew := emails(0, 12)
		for i := range anew {
			anew[i].Score, anew[i].Judge = 7, "fedcba9876543210"
			anew[i].Rules = []audit.RuleCount{{Rule: "a-new-rule", Count: 2}}
		}
		if n := add(t, s, audit.Batch{Emails: anew}); n != 2 {
			t.Errorf("%d added, want the 2 that are new", n)
		}
		if got := all(t, s, audit.Filter{})[id("mail", 3)]; got.Score == 7 || got.Judge == "fedcba9876543210" {
			t.Errorf("judged anew without being asked to: %+v", got)
		}
		if n := add(t, s, audit.Batch{Emails: anew, Replace: true}); n != 0 {
			t.Errorf("%d added, want 0", n)
		}
		same(t, all(t, s, audit.Filter{}), anew)
		got, err := s.Passages(t.Context(), audit.Filter{})
		if err != nil || len(got) != 0 {
			t.Errorf("passages of before: %v, %v", got, err)
		}
	})
}

func TestPassages(t *testing.T) {
	kinds(t, func(t *testing.T, fresh func() string) {
		s := open(t, fresh())
		a, b := email(1), email(2)
		a.Passages = []audit.Passage{{Rule: "jargon", Text: "failover"}, {Rule: "jargon", Text: "failover"}, {Rule: "vague-time", Text: "en br\xe9ve\x00"}}
		b.Passages = []audit.Passage{{Rule: "jargon", Text: "failover"}}
		add(t, s, audit.Batch{Emails: []audit.Email{a, b}})
		add(t, s, audit.Batch{Emails: []audit.Email{a, b}}) // once is enough
		got, err := s.Passages(t.Context(), audit.Filter{})
		if err != nil || got[audit.Passage{Rule: "jargon", Text: "failover"}] != (audit.Uses{Emails: 2, Authors: 2}) || len(got) != 2 {
			t.Errorf("%v, %v", got, err)
		}
		got, err = s.Passages(t.Context(), audit.Filter{Author: b.Author})
		if err != nil || !maps.Equal(got, map[audit.Passage]audit.Uses{{Rule: "jargon", Text: "failover"}: {Emails: 1, Authors: 1}}) {
			t.Errorf("%v, %v", got, err)
		}
		if _, err := s.Forget(t.Context(), audit.Filter{Author: b.Author}); err != nil {
			t.Fatal(err)
		}
		if got, err = s.Passages(t.Context(), audit.Filter{}); err != nil || got[audit.Passage{Rule: "jargon", Text: "failover"}] != (audit.Uses{Emails: 1, Authors: 1}) {
			t.Errorf("%v, %v", got, err)
		}
	})
}

func TestCheckpoint(t *testing.T) {
	kinds(t, func(t *testing.T, fresh func() string) {
		s := open(t, fresh())
		at := audit.Checkpoint{Source: id("box", 1), UIDValidity: 4_000_000_000, UID: 4_100_000_000}
		if got, err := s.Checkpoint(t.Context(), at.Source); err != nil || got != (audit.Checkpoint{}) {
			t.Errorf("%+v, %v", got, err)
		}
		for _, uid := range []uint32{7, at.UID} {
			at.UID = uid
			add(t, s, audit.Batch{Emails: emails(0, 3), At: &at})
		}
		if got, err := s.Checkpoint(t.Context(), at.Source); err != nil || got != at {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestForget(t *testing.T) {
	kinds(t, func(t *testing.T, fresh func() string) {
		where := fresh()
		s := open(t, where)
		add(t, s, audit.Batch{Emails: emails(0, 70)})
		n, err := s.Forget(t.Context(), audit.Filter{Author: id("author", 3)})
		if err != nil || n != 10 {
			t.Errorf("%d forgotten, %v, want 10", n, err)
		}
		if n, err = s.Forget(t.Context(), audit.Filter{Until: 20006}); err != nil || n != 6 { // 0 to 6 without 3
			t.Errorf("%d forgotten, %v, want 6", n, err)
		}
		if n, err = s.Forget(t.Context(), audit.Filter{Until: 20001}); err != nil || n != 0 { // the later day stays
			t.Errorf("%d forgotten, %v, want none", n, err)
		}
		gone := func(e audit.Email) bool { return e.Author == id("author", 3) || e.Day <= 20006 }
		left := slices.DeleteFunc(emails(0, 70), gone)
		same(t, all(t, s, audit.Filter{}), left)
		// The next collect brings none of it back, in another process either.
		if n := add(t, open(t, where), audit.Batch{Emails: emails(0, 80)}); n != 9 { // 70 to 79 without 73
			t.Errorf("%d added, want 9", n)
		}
		same(t, all(t, s, audit.Filter{}), slices.DeleteFunc(emails(0, 80), gone))
		for _, f := range []audit.Filter{{}, {Since: 20001}} {
			if _, err := s.Forget(t.Context(), f); err == nil {
				t.Errorf("%+v was forgotten", f)
			}
		}
		add(t, s, audit.Batch{Emails: []audit.Email{{ID: id("mail", 500), Day: 20050, Lang: "es", Judge: "x"}}}) // without an author
		if _, ok := all(t, s, audit.Filter{})[id("mail", 500)]; !ok {
			t.Error("an email without an author was taken for one of who was forgotten")
		}
	})
}

// Two collectors with the same emails, in another order: each email counts once.
func TestTwoCollectors(t *testing.T) {
	kinds(t, func(t *testing.T, fresh func() string) {
		where := fresh()
		open(t, where) // both may be the first to make it, too: see below
		const emailsEach, collectors = 1500, 4
		var mu sync.Mutex
		var wg sync.WaitGroup
		sum := 0
		for c := range collectors {
			wg.Go(func() {
				s, err := store.Open(t.Context(), where, id("key", 0))
				if err != nil {
					t.Error(err)
					return
				}
				defer s.Close()
				list := emails(0, emailsEach)
				rand.New(rand.NewPCG(uint64(c), 2)).Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
				for batch := range slices.Chunk(list, 100) {
					n, err := s.Add(t.Context(), audit.Batch{Emails: batch})
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					sum += n
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if sum != emailsEach {
			t.Errorf("%d were counted, want %d", sum, emailsEach)
		}
		same(t, all(t, open(t, where), audit.Filter{}), emails(0, emailsEach))
	})
}

func TestOpenedByManyAtFirst(t *testing.T) {
	kinds(t, func(t *testing.T, fresh func() string) {
		where := fresh()
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				s, err := store.Open(t.Context(), where, id("key", 0))
				if err != nil {
					t.Error(err)
					return
				}
				_ = s.Close()
			})
		}
		wg.Wait()
	})
}

func TestOtherKey(t *testing.T) {
	kinds(t, func(t *testing.T, fresh func() string) {
		where := fresh()
		add(t, open(t, where), audit.Batch{Emails: emails(0, 3)})
		if _, err := store.Open(t.Context(), where, id("other", 0)); !errors.Is(err, store.ErrKey) {
			t.Errorf("%v", err)
		}
	})
}

func TestFileIsPrivate(t *testing.T) {
	where := filepath.Join(t.TempDir(), "audit.db")
	add(t, open(t, where), audit.Batch{Emails: emails(0, 3)})
	found, _ := filepath.Glob(where + "*")
	if len(found) < 2 {
		t.Errorf("%v: where is the write-ahead log?", found)
	}
	for _, f := range found {
		if st, err := os.Stat(f); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", f, st.Mode(), err)
		}
	}
}

// What was forgotten is in no free page of the file.
func TestForgottenBytes(t *testing.T) {
	where := filepath.Join(t.TempDir(), "audit.db")
	s := open(t, where)
	e := email(1)
	e.Passages = []audit.Passage{{Rule: "jargon", Text: "a-passage-to-be-looked-for"}}
	add(t, s, audit.Batch{Emails: append(emails(2, 500), e)})
	there := func() bool {
		files, _ := filepath.Glob(where + "*")
		return slices.ContainsFunc(files, func(f string) bool {
			data, err := os.ReadFile(f)
			return err == nil && strings.Contains(string(data), e.Passages[0].Text)
		})
	}
	if !there() {
		t.Fatal("it was never there: this is no test")
	}
	if _, err := s.Forget(t.Context(), audit.Filter{Author: e.Author}); err != nil {
		t.Fatal(err)
	}
	if there() {
		t.Error("it is there still")
	}
}

// Who reads an older state of the file keeps it from being rewritten: that is told, and
// forgetting again does it.
func TestForgottenWhileRead(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for a lock")
	}
	t.Parallel()
	where := filepath.Join(t.TempDir(), "audit.db")
	s := open(t, where)
	e := email(1)
	e.Passages = []audit.Passage{{Rule: "jargon", Text: "a-passage-to-be-looked-for"}}
	add(t, s, audit.Batch{Emails: append(emails(2, 8), e)})
	_ = s.Close() // out of the log, into the file
	there := func() bool {
		data, err := os.ReadFile(where)
		return err != nil || strings.Contains(string(data), e.Passages[0].Text)
	}
	if !there() {
		t.Fatal("it was never there: this is no test")
	}
	s = open(t, where)
	reading, done := make(chan bool), make(chan bool)
	var wg sync.WaitGroup
	wg.Go(func() {
		first := true
		_ = s.Each(t.Context(), audit.Filter{}, func(*audit.Email) error {
			if first {
				first = false
				close(reading)
				<-done
			}
			return nil
		})
	})
	<-reading
	begun := time.Now()
	_, err := s.Forget(t.Context(), audit.Filter{Author: e.Author})
	if took := time.Since(begun); !errors.Is(err, store.ErrLocked) || took > 15*time.Second {
		t.Errorf("%v after %v", err, took)
	}
	close(done)
	wg.Wait()
	if got := all(t, s, audit.Filter{Author: e.Author}); len(got) != 0 { // out of sight at once
		t.Errorf("%d are left", len(got))
	}
	if _, err := s.Forget(t.Context(), audit.Filter{Author: e.Author}); err != nil {
		t.Fatal(err)
	}
	if there() {
		t.Error("it is there still")
	}
}

// The same of a server's files, and of a user who may not rewrite them.
func TestForgottenBytesOfServer(t *testing.T) {
	p := storetest.Postgres(t)
	where := p.New()
	s := open(t, where)
	one, two := email(900), email(2) // the last of its page: tidying up in place would leave it there
	one.Passages = []audit.Passage{{Rule: "jargon", Text: "a-passage-to-be-looked-for"}}
	two.Passages = []audit.Passage{{Rule: "jargon", Text: "another-to-be-looked-for"}}
	add(t, s, audit.Batch{Emails: append(emails(3, 500), one, two)})
	there := func(text string) bool {
		p.SQL(where, "CHECKPOINT")
		return p.Holds(text)
	}
	if !there(one.Passages[0].Text) || !there(two.Passages[0].Text) {
		t.Fatal("they were never there: this is no test")
	}
	if _, err := s.Forget(t.Context(), audit.Filter{Author: one.Author}); err != nil {
		t.Fatal(err)
	}
	if there(one.Passages[0].Text) {
		t.Error("it is there still")
	}
	p.SQL(where, "CREATE ROLE lead LOGIN; GRANT USAGE ON SCHEMA tacto TO lead; GRANT SELECT, DELETE ON ALL TABLES IN SCHEMA tacto TO lead; GRANT INSERT, UPDATE ON tacto.forgotten TO lead")
	lead := open(t, strings.Replace(where, "tacto@", "lead@", 1))
	n, err := lead.Forget(t.Context(), audit.Filter{Author: two.Author})
	if n != 72 || err == nil || !strings.Contains(err.Error(), "only who owns the tables") { // of 3 to 499, 71 have that author
		t.Errorf("%d forgotten, %v", n, err)
	}
}

// A lead's user may be one that only reads.
func TestServerRights(t *testing.T) {
	p := storetest.Postgres(t)
	where := p.New()
	// The schema was made for a collector that may make none.
	p.SQL(where, "CREATE ROLE collector LOGIN; CREATE ROLE reader LOGIN; CREATE ROLE stranger LOGIN; CREATE SCHEMA tacto AUTHORIZATION collector")
	as := func(user string) string { return strings.Replace(where, "tacto@", user+"@", 1) }
	add(t, open(t, as("collector")), audit.Batch{Emails: emails(0, 10)})
	p.SQL(where, "GRANT USAGE ON SCHEMA tacto TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA tacto TO reader")
	s := open(t, as("reader"))
	same(t, all(t, s, audit.Filter{}), emails(0, 10))
	if _, err := s.Add(t.Context(), audit.Batch{Emails: emails(10, 11)}); err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("%v", err)
	}
	// To a user without rights it is not said that the store is none.
	if _, err := store.Open(t.Context(), as("stranger"), id("key", 0)); err == nil || errors.Is(err, store.ErrFormat) || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("%v", err)
	}
	where = p.New()
	p.SQL(where, "CREATE SCHEMA tacto; CREATE TABLE tacto.meta (song text)")
	if _, err := store.Open(t.Context(), where, id("key", 0)); !errors.Is(err, store.ErrFormat) {
		t.Errorf("%v", err)
	}
}

// whole has SQLite check the file.
func whole(t *testing.T, where string) {
	t.Helper()
	c, err := sqlite.OpenConn(where, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	said, err := sqlitex.ResultText(c.Prep("PRAGMA integrity_check"))
	if err != nil || said != "ok" {
		t.Errorf("the file is damaged: %s %v", said, err)
	}
}

func lite(t *testing.T, where, statement string) {
	t.Helper()
	c, err := sqlite.OpenConn(where, sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := sqlitex.ExecuteTransient(c, statement, nil); err != nil {
		t.Fatal(err)
	}
}

func TestNewer(t *testing.T) {
	where := filepath.Join(t.TempDir(), "audit.db")
	_ = open(t, where).Close()
	lite(t, where, "PRAGMA user_version = 99")
	if _, err := store.Open(t.Context(), where, id("key", 0)); !errors.Is(err, store.ErrNewer) {
		t.Errorf("sqlite: %v", err)
	}
	p := storetest.Postgres(t)
	where = p.New()
	_ = open(t, where).Close()
	p.SQL(where, `UPDATE tacto.meta SET value = '\x63' WHERE name = 'version'`)
	if _, err := store.Open(t.Context(), where, id("key", 0)); !errors.Is(err, store.ErrNewer) {
		t.Errorf("postgres: %v", err)
	}
}

func TestSomebodyElses(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("A letter to a friend.\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(dir, "other.db")
	lite(t, other, "CREATE TABLE songs (name TEXT)")
	for _, where := range []string{text, other} {
		before, _ := os.ReadFile(where)
		if _, err := store.Open(t.Context(), where, id("key", 0)); !errors.Is(err, store.ErrFormat) {
			t.Errorf("%s: %v", where, err)
		}
		if after, _ := os.ReadFile(where); filepath.Base(where) == "text" && string(after) != string(before) {
			t.Errorf("%s was changed", where)
		}
	}
	if _, err := store.Open(t.Context(), dir, id("key", 0)); err == nil {
		t.Error("a folder was opened as a store")
	}
}

// A store that is locked says so within its time, and is whole afterwards.
func TestLocked(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for a lock")
	}
	t.Parallel()
	where := filepath.Join(t.TempDir(), "audit.db")
	s := open(t, where)
	c, err := sqlite.OpenConn(where, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	end, err := sqlitex.ExclusiveTransaction(c)
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	_, err = s.Add(t.Context(), audit.Batch{Emails: emails(0, 3)})
	if took := time.Since(begun); !errors.Is(err, store.ErrLocked) || took > 15*time.Second {
		t.Errorf("%v after %v", err, took)
	}
	var none error
	end(&none)
	if n := add(t, s, audit.Batch{Emails: emails(0, 3)}); n != 3 {
		t.Errorf("%d added", n)
	}
}

// Nor does it take longer to open one, or as long where the context ends before.
func TestLockedAtFirst(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for a lock")
	}
	t.Parallel()
	where := filepath.Join(t.TempDir(), "audit.db")
	_ = open(t, where).Close()
	c, err := sqlite.OpenConn(where, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, statement := range []string{"PRAGMA locking_mode = EXCLUSIVE", "BEGIN EXCLUSIVE", "INSERT INTO names (name) VALUES ('x')"} { // no reader gets in, either
		if err := sqlitex.ExecuteTransient(c, statement, nil); err != nil {
			t.Fatal(err)
		}
	}
	begun := time.Now()
	_, err = store.Open(t.Context(), where, id("key", 0))
	if took := time.Since(begun); !errors.Is(err, store.ErrLocked) || took > 15*time.Second {
		t.Errorf("%v after %v", err, took)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	begun = time.Now()
	_, err = store.Open(ctx, where, id("key", 0))
	if took := time.Since(begun); !errors.Is(err, context.DeadlineExceeded) || took > 5*time.Second {
		t.Errorf("%v after %v", err, took)
	}
}

// Who waits to write hears of the end of the context.
func TestLockedAndCanceled(t *testing.T) {
	where := filepath.Join(t.TempDir(), "audit.db")
	s := open(t, where)
	c, err := sqlite.OpenConn(where, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	end, err := sqlitex.ImmediateTransaction(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	begun := time.Now()
	_, err = s.Add(ctx, audit.Batch{Emails: emails(0, 3)})
	if took := time.Since(begun); !errors.Is(err, context.DeadlineExceeded) || took > 5*time.Second {
		t.Errorf("%v after %v", err, took)
	}
	var none error
	end(&none)
	if n := add(t, s, audit.Batch{Emails: emails(0, 3)}); n != 3 {
		t.Errorf("%d added", n)
	}
}

func TestLockedServer(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for a lock")
	}
	t.Parallel()
	p := storetest.Postgres(t)
	where := p.New()
	s := open(t, where)
	c, err := pgx.Connect(t.Context(), where)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	if _, err := c.Exec(t.Context(), "BEGIN; LOCK TABLE tacto.emails IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	_, err = s.Add(t.Context(), audit.Batch{Emails: emails(0, 3)})
	if took := time.Since(begun); !errors.Is(err, store.ErrLocked) || took > 15*time.Second {
		t.Errorf("%v after %v", err, took)
	}
	if _, err := c.Exec(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if n := add(t, s, audit.Batch{Emails: emails(0, 3)}); n != 3 {
		t.Errorf("%d added", n)
	}
}

// A file with pages that make no sense is an error, and no crash.
func TestDamaged(t *testing.T) {
	where := filepath.Join(t.TempDir(), "audit.db")
	s := open(t, where)
	add(t, s, audit.Batch{Emails: emails(0, 2000)})
	_ = s.Close()
	data, err := os.ReadFile(where)
	if err != nil {
		t.Fatal(err)
	}
	for i := 10 * 4096; i < len(data); i++ {
		data[i] = byte(i * 7)
	}
	if err := os.WriteFile(where, data, 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, where)
	if err := s.Each(t.Context(), audit.Filter{}, func(*audit.Email) error { return nil }); !errors.Is(err, store.ErrFormat) {
		t.Errorf("%v", err)
	}
}

// Who reads waits for nobody that writes.
func TestReadWhileWritten(t *testing.T) {
	where := filepath.Join(t.TempDir(), "audit.db")
	add(t, open(t, where), audit.Batch{Emails: emails(0, 10)})
	c, err := sqlite.OpenConn(where, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	end, err := sqlitex.ImmediateTransaction(c)
	if err != nil {
		t.Fatal(err)
	}
	var none error
	defer end(&none)
	begun := time.Now()
	same(t, all(t, open(t, where), audit.Filter{}), emails(0, 10))
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("it waited for %v", took)
	}
}

// smallDisk mounts one.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	if os.Getuid() != 0 || os.Getenv("TACTO_REAL") == "" {
		t.Skip("it mounts a small disk: only as root, with TACTO_REAL=1")
	}
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size="+size, "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("no small disk: %v\n%s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", dir).Run() })
	return dir
}

// A disk that is full is told, what was written before stays, and it goes on when there
// is room again.
func TestFull(t *testing.T) {
	dir := smallDisk(t, "600k")
	where := filepath.Join(dir, "audit.db")
	s := open(t, where)
	written, err := 0, error(nil)
	for n := 0; n < 100_000 && err == nil; n += 200 {
		var k int
		k, err = s.Add(t.Context(), audit.Batch{Emails: emails(n, n+200)})
		written += k
	}
	if !errors.Is(err, store.ErrFull) {
		t.Fatalf("%d written, %v", written, err)
	}
	same(t, all(t, s, audit.Filter{}), emails(0, written))
	_ = s.Close()
	whole(t, where)
	if out, err := exec.Command("mount", "-o", "remount,size=20m", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s = open(t, where)
	defer s.Close()
	add(t, s, audit.Batch{Emails: emails(0, 5000)})
	same(t, all(t, s, audit.Filter{}), emails(0, 5000))
}

// The same of a server, whose tables alone are on the small disk.
func TestFullServer(t *testing.T) {
	dir := smallDisk(t, "4m")
	p := storetest.Postgres(t)
	where := p.New()
	open(t, where)
	p.Own(dir)
	p.SQL(where, "CREATE TABLESPACE small LOCATION '"+dir+"'")
	for _, table := range []string{"emails", "passages"} {
		p.SQL(where, "ALTER TABLE tacto."+table+" SET TABLESPACE small")
	}
	s := open(t, where)
	written, err := 0, error(nil)
	for n := 0; n < 200_000 && err == nil; n += 2000 {
		var k int
		k, err = s.Add(t.Context(), audit.Batch{Emails: emails(n, n+2000), At: &audit.Checkpoint{Source: id("box", 1), UIDValidity: 1, UID: uint32(n + 2000)}})
		written += k
	}
	if !errors.Is(err, store.ErrFull) {
		t.Fatalf("%d written, %v", written, err)
	}
	same(t, all(t, s, audit.Filter{}), emails(0, written))
	if at, err := s.Checkpoint(t.Context(), id("box", 1)); err != nil || int(at.UID) != written {
		t.Errorf("the checkpoint says %d of %d, %v", at.UID, written, err)
	}
	if out, err := exec.Command("mount", "-o", "remount,size=60m", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if n := add(t, s, audit.Batch{Emails: emails(0, written+2000)}); n != 2000 { // the same Store goes on
		t.Errorf("%d added, want 2000", n)
	}
}

// fill adds emails until it is killed.
func fill(where string) {
	s, err := store.Open(context.Background(), where, id("key", 0))
	if err != nil {
		panic(err)
	}
	for n := 0; ; n += 50 {
		if _, err := s.Add(context.Background(), audit.Batch{Emails: emails(n%20_000, n%20_000+50), At: &audit.Checkpoint{Source: id("box", 1), UIDValidity: 1, UID: uint32(n%20_000 + 50)}}); err != nil {
			panic(err)
		}
	}
}

// A writer that is killed leaves whole batches, each with its checkpoint.
func TestKilled(t *testing.T) {
	kinds(t, func(t *testing.T, fresh func() string) {
		where := fresh()
		open(t, where)
		for i := range 8 {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), "TACTO_STORE_CHILD="+where)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(60+37*i) * time.Millisecond)
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			s := open(t, where)
			got := all(t, s, audit.Filter{})
			at, err := s.Checkpoint(t.Context(), id("box", 1))
			if err != nil {
				t.Fatal(err)
			}
			if len(got)%50 != 0 || len(got) < int(at.UID) {
				t.Errorf("%d emails, the checkpoint says %d", len(got), at.UID)
			}
			same(t, got, emails(0, len(got)))
			_ = s.Close()
		}
		if !strings.HasPrefix(where, "postgres") {
			whole(t, where)
		}
	})
}

func TestVanishedServer(t *testing.T) {
	p := storetest.Postgres(t)
	where := p.New()
	s := open(t, where)
	add(t, s, audit.Batch{Emails: emails(0, 10)})
	p.Kill()
	_, err := s.Add(t.Context(), audit.Batch{Emails: emails(0, 20)})
	if !errors.Is(err, store.ErrLost) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%v", err)
	}
	_, err = store.Open(t.Context(), strings.Replace(where, "tacto@", "tacto:hunter2@", 1), id("key", 0))
	if !errors.Is(err, store.ErrLost) || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
	p.Start()
	if n := add(t, s, audit.Batch{Emails: emails(0, 20)}); n != 10 { // the same Store goes on
		t.Errorf("%d added, want 10", n)
	}
	if _, err := store.Open(t.Context(), "postgres://tacto:hunter2@%zz/x", id("key", 0)); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
}

func TestCanceled(t *testing.T) {
	kinds(t, func(t *testing.T, fresh func() string) {
		s := open(t, fresh())
		add(t, s, audit.Batch{Emails: emails(0, 1000)})
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		err := s.Each(ctx, audit.Filter{}, func(*audit.Email) error {
			if n++; n == 10 {
				cancel()
			}
			return nil
		})
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("%v after %d", err, n)
		}
		if _, err := s.Add(ctx, audit.Batch{Emails: emails(0, 3)}); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		mine := errors.New("mine")
		if err := s.Each(t.Context(), audit.Filter{}, func(*audit.Email) error { return mine }); err != mine {
			t.Errorf("%v", err)
		}
		same(t, all(t, s, audit.Filter{}), emails(0, 1000))
	})
}

// benchmark runs f with a file, and with TACTO_REAL=1 with a server. size gives that of
// what is there by now, in bytes.
func benchmark(b *testing.B, f func(b *testing.B, s audit.Store, size func() int64)) {
	b.Run("sqlite", func(b *testing.B) {
		where := filepath.Join(b.TempDir(), "audit.db")
		f(b, open(b, where), func() (sum int64) {
			files, _ := filepath.Glob(where + "*") // with the log
			for _, file := range files {
				if st, err := os.Stat(file); err == nil {
					sum += st.Size()
				}
			}
			return sum
		})
	})
	b.Run("postgres", func(b *testing.B) {
		where := storetest.Postgres(b).New()
		f(b, open(b, where), func() (sum int64) {
			c, err := pgx.Connect(b.Context(), where)
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close(context.Background())
			if err := c.QueryRow(b.Context(), "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'tacto'::regnamespace").Scan(&sum); err != nil {
				b.Fatal(err)
			}
			return sum
		})
	})
}

// BenchmarkAdd adds batches of 500; -benchtime=200x are 100,000 emails.
func BenchmarkAdd(b *testing.B) {
	benchmark(b, func(b *testing.B, s audit.Store, size func() int64) {
		n := 0
		for b.Loop() {
			b.StopTimer()
			batch := emails(n, n+500)
			b.StartTimer()
			if _, err := s.Add(b.Context(), audit.Batch{Emails: batch}); err != nil {
				b.Fatal(err)
			}
			n += 500
		}
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "emails/s")
		b.ReportMetric(float64(size())/float64(n), "bytes/email")
	})
}

// A million emails, read as a report does.
func BenchmarkEach(b *testing.B) {
	benchmark(b, func(b *testing.B, s audit.Store, size func() int64) {
		const total = 1_000_000
		for n := 0; n < total; n += 10_000 {
			if _, err := s.Add(b.Context(), audit.Batch{Emails: emails(n, n+10_000)}); err != nil {
				b.Fatal(err)
			}
		}
		for b.Loop() {
			n := 0
			if err := s.Each(b.Context(), audit.Filter{}, func(*audit.Email) error { n++; return nil }); err != nil || n != total {
				b.Fatal(n, err)
			}
		}
		b.ReportMetric(float64(size())/total, "bytes/email")
	})
}
