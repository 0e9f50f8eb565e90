package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tacto-lint/tacto/audit"
)

// A pgStore is a database that others use at the same time.
type pgStore struct {
	pool *pgxpool.Pool

	mu    sync.Mutex
	names *names
}

// Advisory locks: migrations wait for each other, and who forgets waits for those who
// add, or what is on its way would come back. The numbers are tacto's own.
const (
	lockMigrate = 0x7461637401
	lockForget  = 0x7461637402
)

// connectTime is how long a server may take to answer at first.
const connectTime = 10 * time.Second

func openPostgres(ctx context.Context, url string, key audit.Hash) (audit.Store, error) {
	conf, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("the store's URL can't be read: write postgres://user@host/database") // that error may have the URL
	}
	conf.ConnConfig.ConnectTimeout = connectTime
	conf.MaxConns = 4
	pool, err := pgxpool.NewWithConfig(ctx, conf)
	if err != nil {
		return nil, pgError("opening the store", err)
	}
	s := &pgStore{pool: pool, names: newNames()}
	if err := s.tx(ctx, "opening the store", func(tx pgx.Tx) error { return s.migrate(ctx, tx, key) }); err != nil {
		pool.Close()
		return nil, err
	}
	return s, nil
}

// pgError gives the errors that a person can do something about by their names.
func pgError(what string, err error) error {
	var answer *pgconn.PgError
	var connect *pgconn.ConnectError
	var network net.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled), errors.Is(err, ErrKey), errors.Is(err, ErrNewer), errors.Is(err, ErrFormat):
		return fmt.Errorf("%s: %w", what, err)
	case errors.As(err, &answer):
		switch {
		case answer.Code == "53100": // disk_full
			return fmt.Errorf("%s: %w", what, ErrFull)
		case answer.Code == "55P03": // lock_not_available: lock_timeout
			return fmt.Errorf("%s: %w", what, ErrLocked)
		case strings.HasPrefix(answer.Code, "57P") || strings.HasPrefix(answer.Code, "08"): // shut down, gone
			return fmt.Errorf("%s: %w: %s", what, ErrLost, answer.Message)
		}
		return fmt.Errorf("%s: the database server says: %s (%s)", what, answer.Message, answer.Code)
	case errors.As(err, &connect), errors.As(err, &network), errors.Is(err, pgconn.ErrConnClosed), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), pgconn.SafeToRetry(err),
		errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: %w: %w", what, ErrLost, last(err))
	}
	return fmt.Errorf("%s: %w", what, err)
}

// last gives the innermost of an error's one-line reasons: the outer ones repeat the
// address.
func last(err error) error {
	for {
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			if e.Unwrap() == nil {
				return err
			}
			err = e.Unwrap()
		case interface{ Unwrap() []error }:
			all := e.Unwrap()
			if len(all) == 0 {
				return err
			}
			err = all[len(all)-1]
		default:
			return err
		}
	}
}

// tx runs f in a transaction of its own, as a whole or not at all.
func (s *pgStore) tx(ctx context.Context, what string, f func(pgx.Tx) error) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, fmt.Sprintf("SET LOCAL lock_timeout = '%ds'", int(lockWait.Seconds()))); err != nil {
			return err
		}
		return f(tx)
	})
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("%s: %w", what, ctx.Err())
	}
	return pgError(what, err)
}

// migrate brings the tables up to date, and looks at the key. They stand in a schema of
// their own.
func (s *pgStore) migrate(ctx context.Context, tx pgx.Tx, key audit.Hash) error {
	if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(lockMigrate)); err != nil {
		return err
	}
	have, err := pgVersion(ctx, tx)
	if err != nil {
		return err
	}
	if have > version {
		return ErrNewer
	}
	for v := have + 1; v <= version; v++ {
		script, err := migration("postgres", v)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, script); err != nil {
			return err
		}
	}
	const put = "INSERT INTO meta VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
	if have < version {
		if _, err := tx.Exec(ctx, put, "version", []byte{version}); err != nil {
			return err
		}
	}
	if have == 0 {
		if _, err := tx.Exec(ctx, put, "key", key[:]); err != nil {
			return err
		}
	}
	var stored []byte
	if err := tx.QueryRow(ctx, "SELECT value FROM meta WHERE name = 'key'").Scan(&stored); err != nil {
		return err
	}
	if string(stored) != string(key[:]) {
		return ErrKey
	}
	return nil
}

// pgVersion gives that of the tables, 0 where there are none, and enters their schema.
// It may be there without tables: whoever runs the server can make it for a collector
// that may make none.
func pgVersion(ctx context.Context, tx pgx.Tx) (have int, err error) {
	var there, filled bool
	const look = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'tacto'), EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE nspname = 'tacto')"
	if err := tx.QueryRow(ctx, look).Scan(&there, &filled); err != nil {
		return 0, err
	}
	if !there {
		if _, err := tx.Exec(ctx, "CREATE SCHEMA tacto"); err != nil {
			return 0, err
		}
	}
	if err := enter(ctx, tx); err != nil || !filled {
		return 0, err
	}
	err = tx.QueryRow(ctx, "SELECT get_byte(value, 0) FROM tacto.meta WHERE name = 'version'").Scan(&have)
	var answer *pgconn.PgError
	refused := errors.As(err, &answer) && answer.Code != "42501" && (strings.HasPrefix(answer.Code, "42") || strings.HasPrefix(answer.Code, "22")) // 42501: it may be ours, but not for this user
	if refused || errors.Is(err, pgx.ErrNoRows) {
		err = fmt.Errorf("%w: the schema tacto is somebody else's", ErrFormat)
	}
	return have, err
}

// enter has the names of tables mean those of tacto. It is said in each transaction:
// what stands between may give connections to others.
func enter(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, "SET LOCAL search_path = tacto")
	return err
}

// in runs f in a transaction among tacto's tables.
func (s *pgStore) in(ctx context.Context, what string, f func(pgx.Tx) error) error {
	return s.tx(ctx, what, func(tx pgx.Tx) error {
		if err := enter(ctx, tx); err != nil {
			return err
		}
		return f(tx)
	})
}

func (s *pgStore) Close() error {
	s.pool.Close()
	return nil
}

func (s *pgStore) Missing(ctx context.Context, ids []audit.Hash) (missing []audit.Hash, err error) {
	err = s.in(ctx, "asking the store", func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, "SELECT id FROM emails WHERE id = ANY($1)", bytesOf(ids))
		if err != nil {
			return err
		}
		there := map[audit.Hash]bool{}
		var id []byte
		if _, err := pgx.ForEachRow(rows, []any{&id}, func() error { there[toHash(id)] = true; return nil }); err != nil {
			return err
		}
		missing = missing[:0]
		for _, id := range ids {
			if !there[id] {
				missing = append(missing, id)
			}
		}
		return nil
	})
	return missing, err
}

func bytesOf(hashes []audit.Hash) [][]byte {
	all := make([][]byte, len(hashes))
	for i := range hashes {
		all[i] = hashes[i][:]
	}
	return all
}

func toHash(b []byte) (h audit.Hash) {
	copy(h[:], b)
	return h
}

// orNull gives nil for the zero Hash.
func orNull(h *audit.Hash) []byte {
	if *h == (audit.Hash{}) {
		return nil
	}
	return h[:]
}

func pgNames(ctx context.Context, tx pgx.Tx) (*names, error) {
	n := newNames()
	rows, err := tx.Query(ctx, "SELECT id, name FROM names")
	if err != nil {
		return nil, err
	}
	var id int
	var name string
	_, err = pgx.ForEachRow(rows, []any{&id, &name}, func() error { n.add(id, name); return nil })
	return n, err
}

// addNames adds those of emails in a transaction that ends at once, so that collectors
// don't wait for each other's batches.
func (s *pgStore) addNames(ctx context.Context, emails []audit.Email) (*names, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	missing := s.names.missing(emails)
	if len(missing) == 0 {
		return s.names, nil
	}
	err := s.in(ctx, "writing to the store", func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "INSERT INTO names (name) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING", missing); err != nil {
			return err
		}
		n, err := pgNames(ctx, tx)
		if err == nil {
			s.names = n
		}
		return err
	})
	return s.names, err
}

const insertPG = `INSERT INTO emails (id, day, author, author_domain, recipient, recipient_domain, lang, verdict, score, words, judge, rules)
SELECT * FROM unnest($1::bytea[], $2::int[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bytea[], $7::int[], $8::int[], $9::int[], $10::int[], $11::int[], $12::bytea[])
ON CONFLICT (id) DO `

const replacePG = `UPDATE SET day = excluded.day, author = excluded.author, author_domain = excluded.author_domain,
recipient = excluded.recipient, recipient_domain = excluded.recipient_domain, lang = excluded.lang, verdict = excluded.verdict,
score = excluded.score, words = excluded.words, judge = excluded.judge, rules = excluded.rules`

func (s *pgStore) Add(ctx context.Context, b audit.Batch) (added int, err error) {
	n, err := s.addNames(ctx, b.Emails)
	if err != nil {
		return 0, err
	}
	err = s.in(ctx, "writing to the store", func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock_shared($1)", int64(lockForget)); err != nil {
			return err
		}
		gone, err := pgForgotten(ctx, tx)
		if err != nil {
			return err
		}
		if added, err = pgInsert(ctx, tx, n, gone.kept(b.Emails), b.Replace); err != nil || b.At == nil {
			return err
		}
		_, err = tx.Exec(ctx, "INSERT INTO checkpoints VALUES ($1, $2, $3) ON CONFLICT (source) DO UPDATE SET uidvalidity = excluded.uidvalidity, uid = excluded.uid",
			b.At.Source[:], int64(b.At.UIDValidity), int64(b.At.UID))
		return err
	})
	if err != nil {
		return 0, err
	}
	return added, nil
}

func pgForgotten(ctx context.Context, tx pgx.Tx) (forgotten, error) {
	gone := forgotten{}
	rows, err := tx.Query(ctx, "SELECT author, until FROM forgotten")
	if err != nil {
		return nil, err
	}
	var author []byte
	var until int32
	_, err = pgx.ForEachRow(rows, []any{&author, &until}, func() error { gone[toHash(author)] = audit.Day(until); return nil })
	return gone, err
}

// pgInsert writes emails, and counts those that are new.
func pgInsert(ctx context.Context, tx pgx.Tx, n *names, emails []audit.Email, replace bool) (added int, err error) {
	if len(emails) == 0 {
		return 0, nil
	}
	var hashes [5][][]byte
	var numbers [6][]int
	rules := make([][]byte, len(emails))
	for i := range emails {
		e := &emails[i]
		hashes[0] = append(hashes[0], e.ID[:])
		for k, h := range []*audit.Hash{&e.Author, &e.AuthorDomain, &e.Recipient, &e.RecipientDomain} {
			hashes[k+1] = append(hashes[k+1], orNull(h))
		}
		for k, v := range []int{int(e.Day), n.ids[e.Lang], int(e.Verdict), e.Score, e.Words, n.ids[e.Judge]} {
			numbers[k] = append(numbers[k], v)
		}
		rules[i] = n.encode(e.Rules)
	}
	do := "NOTHING RETURNING id, true"
	if replace {
		do = replacePG + " RETURNING id, xmax = 0" // a row that was there has been locked by this
	}
	rows, err := tx.Query(ctx, insertPG+do, hashes[0], numbers[0], hashes[1], hashes[2], hashes[3], hashes[4],
		numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], rules)
	if err != nil {
		return 0, err
	}
	written := map[audit.Hash]bool{}
	var id []byte
	var fresh bool
	if _, err := pgx.ForEachRow(rows, []any{&id, &fresh}, func() error {
		written[toHash(id)] = true
		if fresh {
			added++
		}
		return nil
	}); err != nil {
		return 0, err
	}
	return added, pgPassages(ctx, tx, n, emails, written, replace)
}

// pgPassages writes the marked words of the emails that were written.
func pgPassages(ctx context.Context, tx pgx.Tx, n *names, emails []audit.Email, written map[audit.Hash]bool, replace bool) error {
	var of [][]byte
	var rule []int
	var text []string
	var ids [][]byte
	for i := range emails {
		e := &emails[i]
		if !written[e.ID] {
			continue
		}
		ids = append(ids, e.ID[:])
		for _, p := range e.Passages {
			of, rule, text = append(of, e.ID[:]), append(rule, n.ids[p.Rule]), append(text, pgText(p.Text))
		}
	}
	if replace && len(ids) > 0 {
		if _, err := tx.Exec(ctx, "DELETE FROM passages WHERE email = ANY($1)", ids); err != nil {
			return err
		}
	}
	if len(of) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, "INSERT INTO passages SELECT * FROM unnest($1::bytea[], $2::int[], $3::text[])", of, rule, text)
	return err
}

// pgText leaves out what PostgreSQL refuses in a text, and the whole batch with it.
func pgText(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

func (s *pgStore) Checkpoint(ctx context.Context, source audit.Hash) (at audit.Checkpoint, err error) {
	err = s.in(ctx, "asking the store", func(tx pgx.Tx) error {
		var validity, uid int64
		err := tx.QueryRow(ctx, "SELECT uidvalidity, uid FROM checkpoints WHERE source = $1", source[:]).Scan(&validity, &uid)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		at = audit.Checkpoint{Source: source, UIDValidity: uint32(validity), UID: uint32(uid)}
		return err
	})
	return at, err
}

// pgWhere is where with PostgreSQL's parameters.
func pgWhere(f audit.Filter) (string, []any) {
	cond, args := where(f)
	for i := range args {
		cond = strings.Replace(cond, "?", fmt.Sprintf("$%d", i+1), 1)
	}
	return strings.Replace(cond, "1", "true", 1), args
}

func (s *pgStore) Each(ctx context.Context, f audit.Filter, fn func(*audit.Email) error) error {
	var own error
	err := s.in(ctx, "reading the store", func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"); err != nil {
			return err
		}
		n, err := pgNames(ctx, tx)
		if err != nil {
			return err
		}
		cond, args := pgWhere(f)
		rows, err := tx.Query(ctx, "SELECT id, day, author, author_domain, recipient, recipient_domain, lang, verdict, score, words, judge, rules FROM emails WHERE "+cond, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		var e audit.Email
		var id, author, authorDomain, recipient, recipientDomain, rules pgtype.DriverBytes
		var day, lang, verdict, score, words, judge int32
		for rows.Next() {
			if err := rows.Scan(&id, &day, &author, &authorDomain, &recipient, &recipientDomain, &lang, &verdict, &score, &words, &judge, &rules); err != nil {
				return err
			}
			e.ID, e.Day = toHash(id), audit.Day(day)
			e.Author, e.AuthorDomain, e.Recipient, e.RecipientDomain = toHash(author), toHash(authorDomain), toHash(recipient), toHash(recipientDomain)
			e.Lang, e.Score, e.Words, e.Judge = n.text[int(lang)], int(score), int(words), n.text[int(judge)]
			if e.Verdict, err = verdictOf(int(verdict)); err != nil {
				return err
			}
			if e.Rules, err = n.decode(e.Rules[:0], rules); err != nil {
				return err
			}
			if own = fn(&e); own != nil {
				return own
			}
		}
		return rows.Err()
	})
	if own != nil {
		return own
	}
	return err
}

func (s *pgStore) Passages(ctx context.Context, f audit.Filter) (map[audit.Passage]audit.Uses, error) {
	all := map[audit.Passage]audit.Uses{}
	err := s.in(ctx, "reading the store", func(tx pgx.Tx) error {
		cond, args := pgWhere(f)
		rows, err := tx.Query(ctx, "SELECT n.name, p.text, count(DISTINCT e.id), count(DISTINCT e.author) FROM passages p JOIN emails e ON e.id = p.email JOIN names n ON n.id = p.rule WHERE "+cond+" GROUP BY 1, 2", args...)
		if err != nil {
			return err
		}
		var p audit.Passage
		var uses audit.Uses
		_, err = pgx.ForEachRow(rows, []any{&p.Rule, &p.Text, &uses.Emails, &uses.Authors}, func() error { all[p] = uses; return nil })
		return err
	})
	return all, err
}

// Forget rewrites the tables afterwards, as SQLite's does: rows that are deleted stay in
// their files otherwise until enough of them are. Copies that the server's keeper makes,
// such as backups and the log for replicas, are out of reach.
func (s *pgStore) Forget(ctx context.Context, f audit.Filter) (deleted int, err error) {
	author, until, err := whom(f)
	if err != nil {
		return 0, err
	}
	err = s.in(ctx, "forgetting", func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(lockForget)); err != nil {
			return err
		}
		cond, args := pgWhere(f)
		tag, err := tx.Exec(ctx, "DELETE FROM emails WHERE "+cond, args...)
		if err != nil {
			return err
		}
		deleted = int(tag.RowsAffected())
		_, err = tx.Exec(ctx, "INSERT INTO forgotten VALUES ($1, $2) ON CONFLICT (author) DO UPDATE SET until = greatest(forgotten.until, excluded.until)", author[:], int32(until))
		return err
	})
	if err != nil {
		return 0, err
	}
	return deleted, s.rewrite(ctx)
}

// rewrite has the tables written anew, without what was deleted. Nobody else can use them
// meanwhile.
func (s *pgStore) rewrite(ctx context.Context) error {
	c, err := s.pool.Acquire(ctx)
	if err != nil {
		return pgError(rewriting, err)
	}
	defer c.Release()
	// VACUUM goes into no transaction, so its limit is the session's.
	if _, err := c.Exec(ctx, fmt.Sprintf("SET lock_timeout = '%ds'", int(lockWait.Seconds()))); err != nil {
		return pgError(rewriting, err)
	}
	defer func() { _, _ = c.Exec(context.WithoutCancel(ctx), "RESET lock_timeout") }() // a connection that is broken by now is not used again
	const files = "SELECT pg_relation_filenode('tacto.emails'), pg_relation_filenode('tacto.passages')"
	var before, after [2]uint32
	err = c.QueryRow(ctx, files).Scan(&before[0], &before[1])
	if err == nil {
		_, err = c.Exec(ctx, "VACUUM (FULL) tacto.emails, tacto.passages")
	}
	if err == nil {
		err = c.QueryRow(ctx, files).Scan(&after[0], &after[1])
	}
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("%s: %w", rewriting, ctx.Err())
	}
	if err == nil && (before[0] == after[0] || before[1] == after[1]) { // that is but a notice
		return fmt.Errorf("%s: only who owns the tables can: VACUUM (FULL) tacto.emails, tacto.passages", rewriting)
	}
	return pgError(rewriting, err)
}
