package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/tacto-lint/tacto/audit"
)

// lockWait is how long another program's lock is waited for.
const lockWait = 10 * time.Second

// applicationID stands in the file's header, for who wonders what it is: "tact".
const applicationID = 0x74616374

// A liteStore is a file. Writers wait for each other, in this process and in others;
// readers wait for nobody.
type liteStore struct {
	pool   *sqlitex.Pool
	closed sync.Once

	mu    sync.Mutex // of who writes
	names *names
}

// The statements each connection begins with. In WAL mode a process that is killed
// leaves the file whole; what is deleted is overwritten with zeros.
var pragmas = []string{"PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL", "PRAGMA secure_delete = ON", "PRAGMA foreign_keys = OFF"}

func openSQLite(ctx context.Context, path string, key audit.Hash) (audit.Store, error) {
	// SQLite would make it readable for whoever the umask lets.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		var pe *os.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		return nil, fmt.Errorf("opening the store %s: %w", filepath.Base(path), err)
	}
	_ = f.Close() // nothing was written
	s := &liteStore{names: newNames()}
	s.pool, err = sqlitex.NewPool(path, sqlitex.PoolOptions{
		Flags: sqlite.OpenReadWrite | sqlite.OpenCreate, PoolSize: 4,
		PrepareConn: func(c *sqlite.Conn) error {
			return patiently(c, func() error {
				for _, p := range pragmas {
					if err := sqlitex.ExecuteTransient(c, p, nil); err != nil {
						return err
					}
				}
				return nil
			})
		},
	})
	if err != nil {
		return nil, liteError("opening the store", err)
	}
	if err := s.prepare(ctx, key); err != nil {
		_ = s.pool.Close() // that error is the one to tell
		return nil, err
	}
	return s, nil
}

// patiently tries again while another has the file locked. SQLite's own way of waiting
// hears of no context, and it gives up at once, whatever its timeout, on the change to a
// write-ahead log while another opens the file at the same time. A connection whose
// context has ended gives another error, which ends this.
func patiently(c *sqlite.Conn, f func() error) error {
	c.SetBusyTimeout(0)
	defer c.SetBusyTimeout(lockWait) // for what comes after
	for begun := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		err := f()
		if sqlite.ErrCode(err).ToPrimary() != sqlite.ResultBusy || time.Since(begun) > lockWait {
			return err
		}
	}
}

// liteError gives the errors that a person can do something about by their names.
func liteError(what string, err error) error {
	switch code := sqlite.ErrCode(err).ToPrimary(); {
	case err == nil:
		return nil
	case code == sqlite.ResultBusy || code == sqlite.ResultLocked:
		return fmt.Errorf("%s: %w", what, ErrLocked)
	case code == sqlite.ResultFull || sqlite.ErrCode(err) == sqlite.ResultIOErrSHMSize:
		return fmt.Errorf("%s: %w", what, ErrFull)
	case code == sqlite.ResultNotADB:
		return fmt.Errorf("%s: %w", what, ErrFormat)
	case code == sqlite.ResultCorrupt:
		return fmt.Errorf("%s: %w, or it is damaged", what, ErrFormat)
	case code == sqlite.ResultIOErr || code == sqlite.ResultReadOnly || code == sqlite.ResultCantOpen:
		return fmt.Errorf("%s: %w: %s", what, ErrDisk, sqlite.ErrCode(err))
	case code == sqlite.ResultInterrupt:
		return fmt.Errorf("%s: %w", what, context.Canceled)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// write runs f in a transaction of its own, as a whole or not at all.
func (s *liteStore) write(ctx context.Context, what string, f func(*sqlite.Conn) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.with(ctx, what, func(c *sqlite.Conn) error {
		if err := patiently(c, func() error { return sqlitex.Execute(c, "BEGIN IMMEDIATE", nil) }); err != nil {
			return err
		}
		return end(c, f)
	})
}

// read runs f on the store as it is at one moment, whatever others write meanwhile.
func (s *liteStore) read(ctx context.Context, what string, f func(*sqlite.Conn) error) error {
	return s.with(ctx, what, func(c *sqlite.Conn) error {
		if err := sqlitex.Execute(c, "BEGIN", nil); err != nil {
			return err
		}
		return end(c, f)
	})
}

// end runs f in the transaction that has begun, and ends it. The library's own way
// panics where a file is so damaged that it can't be rolled back.
func end(c *sqlite.Conn, f func(*sqlite.Conn) error) error {
	done := false
	defer func() {
		if done || c.AutocommitEnabled() { // SQLite may have rolled it back itself
			return
		}
		old := c.SetInterrupt(nil) // the context may be what ended it
		defer c.SetInterrupt(old)
		_ = sqlitex.Execute(c, "ROLLBACK", nil) // what led here is the error to tell
	}()
	if err := f(c); err != nil {
		return err
	}
	err := sqlitex.Execute(c, "COMMIT", nil)
	done = err == nil
	return err
}

// with lends f a connection.
func (s *liteStore) with(ctx context.Context, what string, f func(*sqlite.Conn) error) error {
	c, err := s.pool.Take(ctx)
	if err == nil {
		defer s.pool.Put(c)
		err = f(c)
	}
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("%s: %w", what, ctx.Err())
	}
	return liteError(what, err)
}

// prepare makes sure of the tables and the key. Who only reads waits for no writer: it writes only where there is
// something to be brought up to date.
func (s *liteStore) prepare(ctx context.Context, key audit.Hash) error {
	ready := false
	err := s.with(ctx, "opening the store", func(c *sqlite.Conn) error {
		have, err := number(c, "PRAGMA user_version")
		if err != nil || have != version {
			return err
		}
		ready = true
		return checkKey(c, key)
	})
	if err != nil || ready {
		return err
	}
	return s.write(ctx, "opening the store", func(c *sqlite.Conn) error { return s.migrate(c, key) })
}

// checkKey holds the key against the one that the store was made with.
func checkKey(c *sqlite.Conn, key audit.Hash) error {
	var stored audit.Hash
	err := sqlitex.Execute(c, "SELECT value FROM meta WHERE name = 'key'", &sqlitex.ExecOptions{ResultFunc: func(st *sqlite.Stmt) error {
		stored = hashOf(st, 0)
		return nil
	}})
	if err == nil && stored != key {
		err = ErrKey
	}
	return err
}

// migrate brings the tables up to date, and looks at the key.
func (s *liteStore) migrate(c *sqlite.Conn, key audit.Hash) error {
	have, err := number(c, "PRAGMA user_version")
	if err != nil {
		return err
	}
	if have > version {
		return ErrNewer
	}
	if have == 0 {
		tables, err := number(c, "SELECT count(*) FROM sqlite_schema")
		if err != nil {
			return err
		}
		if tables > 0 {
			return ErrFormat
		}
	}
	for v := have + 1; v <= version; v++ {
		script, err := migration("sqlite", v)
		if err != nil {
			return err
		}
		if err := sqlitex.ExecuteScript(c, script, nil); err != nil { // within the transaction that is open already
			return err
		}
	}
	if have == 0 {
		if err := sqlitex.Execute(c, "INSERT INTO meta VALUES ('key', ?)", &sqlitex.ExecOptions{Args: []any{key[:]}}); err != nil {
			return err
		}
	}
	if have < version {
		for _, p := range []string{fmt.Sprintf("PRAGMA user_version = %d", version), fmt.Sprintf("PRAGMA application_id = %d", applicationID)} {
			if err := sqlitex.ExecuteTransient(c, p, nil); err != nil {
				return err
			}
		}
	}
	return checkKey(c, key)
}

func number(c *sqlite.Conn, query string, args ...any) (n int, err error) {
	err = sqlitex.Execute(c, query, &sqlitex.ExecOptions{Args: args, ResultFunc: func(st *sqlite.Stmt) error {
		n = st.ColumnInt(0)
		return nil
	}})
	return n, err
}

func hashOf(st *sqlite.Stmt, column int) (h audit.Hash) {
	st.ColumnBytes(column, h[:])
	return h
}

func bindHash(st *sqlite.Stmt, param int, h audit.Hash) {
	if h == (audit.Hash{}) {
		st.BindNull(param)
		return
	}
	st.BindBytes(param, h[:])
}

// Close may be called again.
func (s *liteStore) Close() (err error) {
	s.closed.Do(func() { err = liteError("closing the store", s.pool.Close()) })
	return err
}

func (s *liteStore) Missing(ctx context.Context, ids []audit.Hash) (missing []audit.Hash, err error) {
	// In one transaction, so that not each question looks anew at what others wrote.
	err = s.read(ctx, "asking the store", func(c *sqlite.Conn) error {
		st, err := c.Prepare("SELECT 1 FROM emails WHERE id = ?")
		if err != nil {
			return err
		}
		for _, id := range ids {
			st.BindBytes(1, id[:])
			there, err := st.Step()
			if err == nil {
				err = st.Reset()
			}
			if err != nil {
				return err
			}
			if !there {
				missing = append(missing, id)
			}
		}
		return nil
	})
	return missing, err
}

// readNames gives those that are there.
func readNames(c *sqlite.Conn) (*names, error) {
	n := newNames()
	return n, sqlitex.Execute(c, "SELECT id, name FROM names", &sqlitex.ExecOptions{ResultFunc: func(st *sqlite.Stmt) error {
		n.add(st.ColumnInt(0), st.ColumnText(1))
		return nil
	}})
}

func readForgotten(c *sqlite.Conn) (forgotten, error) {
	f := forgotten{}
	return f, sqlitex.Execute(c, "SELECT author, until FROM forgotten", &sqlitex.ExecOptions{ResultFunc: func(st *sqlite.Stmt) error {
		f[hashOf(st, 0)] = audit.Day(st.ColumnInt(1))
		return nil
	}})
}

const insertLite = `INSERT INTO emails (id, day, author, author_domain, recipient, recipient_domain, lang, verdict, score, words, judge, rules)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO `

const replaceLite = `UPDATE SET day = excluded.day, author = excluded.author, author_domain = excluded.author_domain,
recipient = excluded.recipient, recipient_domain = excluded.recipient_domain, lang = excluded.lang, verdict = excluded.verdict,
score = excluded.score, words = excluded.words, judge = excluded.judge, rules = excluded.rules`

func (s *liteStore) Add(ctx context.Context, b audit.Batch) (added int, err error) {
	var known *names
	err = s.write(ctx, "writing to the store", func(c *sqlite.Conn) error {
		gone, err := readForgotten(c)
		if err != nil {
			return err
		}
		emails := gone.kept(b.Emails)
		if known, err = s.addNames(c, emails); err != nil {
			return err
		}
		if added, err = insertEmails(c, known, emails, b.Replace); err != nil {
			return err
		}
		if b.At == nil {
			return nil
		}
		return sqlitex.Execute(c, "INSERT INTO checkpoints VALUES (?, ?, ?) ON CONFLICT (source) DO UPDATE SET uidvalidity = excluded.uidvalidity, uid = excluded.uid",
			&sqlitex.ExecOptions{Args: []any{b.At.Source[:], int64(b.At.UIDValidity), int64(b.At.UID)}})
	})
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	s.names = known // only now: a transaction that failed has added none
	s.mu.Unlock()
	return added, nil
}

// addNames gives the names with those of emails. Other processes may have added some.
func (s *liteStore) addNames(c *sqlite.Conn, emails []audit.Email) (*names, error) {
	missing := s.names.missing(emails)
	if len(missing) == 0 {
		return s.names, nil
	}
	for _, name := range missing {
		if err := sqlitex.Execute(c, "INSERT INTO names (name) VALUES (?) ON CONFLICT DO NOTHING", &sqlitex.ExecOptions{Args: []any{name}}); err != nil {
			return nil, err
		}
	}
	return readNames(c)
}

// insertEmails writes emails in the order of their IDs, and counts those that are new.
func insertEmails(c *sqlite.Conn, n *names, emails []audit.Email, replace bool) (added int, err error) {
	there, err := c.Prepare("SELECT 1 FROM emails WHERE id = ?")
	if err != nil {
		return 0, err
	}
	do := "NOTHING"
	if replace {
		do = replaceLite
	}
	insert, err := c.Prepare(insertLite + do)
	if err != nil {
		return 0, err
	}
	for i := range emails {
		e := &emails[i]
		there.BindBytes(1, e.ID[:])
		old, err := there.Step()
		if err == nil {
			err = there.Reset()
		}
		if err != nil {
			return 0, err
		}
		if old && !replace {
			continue
		}
		if err := insertEmail(insert, n, e); err != nil {
			return 0, err
		}
		if !old {
			added++
		}
		if err := insertPassages(c, n, e, old); err != nil {
			return 0, err
		}
	}
	return added, nil
}

func insertEmail(st *sqlite.Stmt, n *names, e *audit.Email) error {
	st.BindBytes(1, e.ID[:])
	st.BindInt64(2, int64(e.Day))
	for i, h := range []audit.Hash{e.Author, e.AuthorDomain, e.Recipient, e.RecipientDomain} {
		bindHash(st, 3+i, h)
	}
	for i, v := range []int{n.ids[e.Lang], int(e.Verdict), e.Score, e.Words, n.ids[e.Judge]} {
		st.BindInt64(7+i, int64(v))
	}
	st.BindBytes(12, n.encode(e.Rules))
	_, err := st.Step()
	if err == nil {
		err = st.Reset()
	}
	return err
}

func insertPassages(c *sqlite.Conn, n *names, e *audit.Email, old bool) error {
	if old {
		if err := sqlitex.Execute(c, "DELETE FROM passages WHERE email = ?", &sqlitex.ExecOptions{Args: []any{e.ID[:]}}); err != nil {
			return err
		}
	}
	for _, p := range e.Passages {
		if err := sqlitex.Execute(c, "INSERT INTO passages VALUES (?, ?, ?)", &sqlitex.ExecOptions{Args: []any{e.ID[:], n.ids[p.Rule], p.Text}}); err != nil {
			return err
		}
	}
	return nil
}

func (s *liteStore) Checkpoint(ctx context.Context, source audit.Hash) (at audit.Checkpoint, err error) {
	err = s.with(ctx, "asking the store", func(c *sqlite.Conn) error {
		return sqlitex.Execute(c, "SELECT uidvalidity, uid FROM checkpoints WHERE source = ?", &sqlitex.ExecOptions{
			Args: []any{source[:]}, ResultFunc: func(st *sqlite.Stmt) error {
				at = audit.Checkpoint{Source: source, UIDValidity: uint32(st.ColumnInt64(0)), UID: uint32(st.ColumnInt64(1))}
				return nil
			},
		})
	})
	return at, err
}

// where gives the condition of a filter, and its arguments.
func where(f audit.Filter) (string, []any) {
	terms, args := []string{"1"}, []any(nil)
	if f.Since != 0 {
		terms, args = append(terms, "day >= ?"), append(args, int64(f.Since))
	}
	if f.Until != 0 {
		terms, args = append(terms, "day <= ?"), append(args, int64(f.Until))
	}
	if f.Author != (audit.Hash{}) {
		terms, args = append(terms, "author = ?"), append(args, f.Author[:])
	}
	return strings.Join(terms, " AND "), args
}

func (s *liteStore) Each(ctx context.Context, f audit.Filter, fn func(*audit.Email) error) error {
	var own error
	err := s.read(ctx, "reading the store", func(c *sqlite.Conn) error {
		n, err := readNames(c)
		if err != nil {
			return err
		}
		var e audit.Email
		var rules []byte
		cond, args := where(f)
		return sqlitex.Execute(c, "SELECT id, day, author, author_domain, recipient, recipient_domain, lang, verdict, score, words, judge, rules FROM emails WHERE "+cond,
			&sqlitex.ExecOptions{Args: args, ResultFunc: func(st *sqlite.Stmt) (err error) {
				e.ID, e.Day = hashOf(st, 0), audit.Day(st.ColumnInt(1))
				e.Author, e.AuthorDomain, e.Recipient, e.RecipientDomain = hashOf(st, 2), hashOf(st, 3), hashOf(st, 4), hashOf(st, 5)
				e.Lang, e.Score, e.Words, e.Judge = n.text[st.ColumnInt(6)], st.ColumnInt(8), st.ColumnInt(9), n.text[st.ColumnInt(10)]
				if e.Verdict, err = verdictOf(st.ColumnInt(7)); err != nil {
					return err
				}
				size := st.ColumnLen(11)
				if size > cap(rules) {
					rules = make([]byte, 2*size)
				}
				rules = rules[:size]
				st.ColumnBytes(11, rules)
				if e.Rules, err = n.decode(e.Rules[:0], rules); err != nil {
					return err
				}
				own = fn(&e)
				return own
			}})
	})
	if own != nil {
		return own
	}
	return err
}

func (s *liteStore) Passages(ctx context.Context, f audit.Filter) (map[audit.Passage]audit.Uses, error) {
	all := map[audit.Passage]audit.Uses{}
	cond, args := where(f)
	err := s.with(ctx, "reading the store", func(c *sqlite.Conn) error {
		return sqlitex.Execute(c, "SELECT n.name, p.text, count(DISTINCT e.id), count(DISTINCT e.author) FROM passages p JOIN emails e ON e.id = p.email JOIN names n ON n.id = p.rule WHERE "+cond+" GROUP BY 1, 2",
			&sqlitex.ExecOptions{Args: args, ResultFunc: func(st *sqlite.Stmt) error {
				all[audit.Passage{Rule: st.ColumnText(0), Text: st.ColumnText(1)}] = audit.Uses{Emails: st.ColumnInt(2), Authors: st.ColumnInt(3)}
				return nil
			}})
	})
	return all, err
}

// Forget rewrites the file afterwards: what was in it is in no free page. Where that
// fails, what is deleted is out of sight but may be in the file still, and the error says
// so; forgetting the same again rewrites it.
func (s *liteStore) Forget(ctx context.Context, f audit.Filter) (deleted int, err error) {
	author, until, err := whom(f)
	if err != nil {
		return 0, err
	}
	cond, args := where(f)
	err = s.write(ctx, "forgetting", func(c *sqlite.Conn) error {
		if err := sqlitex.Execute(c, "DELETE FROM passages WHERE email IN (SELECT id FROM emails WHERE "+cond+")", &sqlitex.ExecOptions{Args: args}); err != nil {
			return err
		}
		if err := sqlitex.Execute(c, "DELETE FROM emails WHERE "+cond, &sqlitex.ExecOptions{Args: args}); err != nil {
			return err
		}
		deleted = c.Changes()
		return sqlitex.Execute(c, "INSERT INTO forgotten VALUES (?, ?) ON CONFLICT (author) DO UPDATE SET until = max(until, excluded.until)",
			&sqlitex.ExecOptions{Args: []any{author[:], int64(until)}})
	})
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return deleted, s.with(ctx, rewriting, func(c *sqlite.Conn) error {
		if err := patiently(c, func() error { return sqlitex.ExecuteTransient(c, "VACUUM", nil) }); err != nil {
			return err
		}
		// Until then the new pages are in the log alone. Who reads an older state holds it
		// up; SQLite tells that in a row, as no error.
		return patiently(c, func() error {
			held, err := number(c, "PRAGMA wal_checkpoint(TRUNCATE)")
			if err == nil && held != 0 {
				err = sqlite.ResultBusy.ToError()
			}
			return err
		})
	})
}
