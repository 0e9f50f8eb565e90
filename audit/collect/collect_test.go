package collect_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tacto-lint/tacto/audit"
	"github.com/tacto-lint/tacto/audit/collect"
	"github.com/tacto-lint/tacto/audit/store"
	"github.com/tacto-lint/tacto/audit/synthetic"
	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/presend"
	"github.com/tacto-lint/tacto/rules"
)

var key = audit.NewKey()

var linter = sync.OnceValue(func() *lint.Linter {
	set, err := rules.Default()
	if err != nil {
		panic(err)
	}
	l, err := lint.New(set, lint.Settings{})
	if err != nil {
		panic(err)
	}
	return l
})

func newStore(t testing.TB) audit.Store {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "audit.db"), key.ID())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func options(s audit.Store) collect.Options {
	return collect.Options{Store: s, Key: key, Linter: linter(), Judge: "judge", Timeout: 2 * time.Second, Backoff: 10 * time.Millisecond}
}

func run(t testing.TB, o collect.Options, sources ...collect.Source) collect.Counts {
	t.Helper()
	if o.Unread == nil {
		o.Unread = func(where string, err error) { t.Errorf("unread: %s: %v", where, err) }
	}
	counts, err := collect.Collect(t.Context(), sources, o)
	if err != nil {
		t.Fatal(err)
	}
	return counts
}

// holds says that the store has exactly the emails of an archive that want chooses.
func holds(t testing.TB, s audit.Store, a *synthetic.Archive, want func(*synthetic.Email) bool) {
	t.Helper()
	type plant struct{ jargon, formula, hot bool }
	left := map[string]int{}
	for n := range a.Emails {
		if e := a.Email(n); want(e) {
			left[fmt.Sprint(key.Address(e.From), key.Address(e.To), key.Domain(e.To), audit.DayOf(e.Date), e.Lang, plant{e.Jargon, e.Formula, e.Hot})]++
		}
	}
	err := s.Each(t.Context(), audit.Filter{}, func(e *audit.Email) error {
		var p plant
		for _, r := range e.Rules {
			p.jargon = p.jargon || r.Rule == "jargon"
			p.formula = p.formula || r.Rule == "stock-phrase"
			p.hot = p.hot || r.Rule == "blame-reader"
		}
		left[fmt.Sprint(e.Author, e.Recipient, e.RecipientDomain, e.Day, e.Lang, p)]--
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	wrong := 0
	for _, n := range left {
		wrong += max(n, -n)
	}
	if wrong > 0 {
		t.Errorf("%d emails are not as they were written", wrong)
	}
}

func everything(*synthetic.Email) bool { return true }

func archive(n int) *synthetic.Archive {
	a := synthetic.Default(n)
	return &a
}

func TestSources(t *testing.T) {
	a := archive(700)
	for name, write := range map[string]func(string) error{
		"Maildir": a.Maildir, "folder": a.Folder,
		"sent.mbox": a.MboxFile, "Sent": a.MboxFile, "sent.mbox.gz": a.MboxFile,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			if err := write(path); err != nil {
				t.Fatal(err)
			}
			s := newStore(t)
			var last collect.Progress
			o := options(s)
			o.Progress = func(p collect.Progress) { last = p }
			if c := run(t, o, collect.Path(path)); c != (collect.Counts{New: 700}) {
				t.Errorf("%+v", c)
			}
			if !last.End || last.Total == 0 || last.Bytes != last.Total || last.New != 700 {
				t.Errorf("the last progress: %+v", last)
			}
			holds(t, s, a, everything)
			if c := run(t, o, collect.Path(path)); c != (collect.Counts{Known: 700}) {
				t.Errorf("the second time: %+v", c)
			}
		})
	}
}

// Copies in other places are one email, also within a run.
func TestCopies(t *testing.T) {
	a := archive(300)
	dir := t.TempDir()
	if err := errors.Join(a.Maildir(dir+"/Maildir"), a.MboxFile(dir+"/one.mbox"), a.MboxFile(dir+"/two.mbox.gz"), a.Folder(dir+"/folder")); err != nil {
		t.Fatal(err)
	}
	s := newStore(t)
	if c := run(t, options(s), collect.Path(dir+"/Maildir"), collect.Path(dir)); c.New != 300 || c.Known != 4*300 {
		t.Errorf("%+v", c)
	}
	holds(t, s, a, everything)
}

// An mbox that grows is read on.
func TestGrows(t *testing.T) {
	a := archive(400)
	path := filepath.Join(t.TempDir(), "sent.mbox")
	if err := a.MboxFile(path); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cut := strings.Index(string(whole[len(whole)/2:]), "\nFrom ") + len(whole)/2 + 1
	if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
		t.Fatal(err)
	}
	s := newStore(t)
	first := run(t, options(s), collect.Path(path))
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	second := run(t, options(s), collect.Path(path))
	if first.New < 100 || first.New+second.New != 400 || second.Known != first.New {
		t.Errorf("%+v, then %+v", first, second)
	}
	holds(t, s, a, everything)
}

func TestUnread(t *testing.T) {
	a := archive(50)
	dir := t.TempDir()
	if err := a.Maildir(dir); err != nil {
		t.Fatal(err)
	}
	bad := map[string]string{
		"empty":    "",
		"undated":  "From: ana@us.example\nTo: x@y.example\nMessage-ID: <1@x>\nSubject: Hola secreta\n\nHola.\n",
		"ancient":  "From: ana@us.example\nTo: x@y.example\nDate: Thu, 1 Jan 1970 00:10:00 +0000\nMessage-ID: <5@x>\n\nHola.\n",
		"future":   "From: ana@us.example\nTo: x@y.example\nDate: Mon, 5 Jan 2099 10:00:00 +0000\nMessage-ID: <2@x>\n\nHola.\n",
		"too-long": "From: ana@us.example\nTo: x@y.example\nDate: Mon, 5 Jan 2026 10:00:00 +0000\nMessage-ID: <4@x>\n\n" + strings.Repeat("Hola. ", 200_000),
		"too-deep": "From: ana@us.example\nDate: Mon, 5 Jan 2026 10:00:00 +0000\nMessage-ID: <3@x>\n" + nested(60),
	}
	for name, text := range bad {
		if err := os.WriteFile(filepath.Join(dir, "cur", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "cur", "link")); err != nil {
		t.Fatal(err)
	}
	s := newStore(t)
	o := options(s)
	o.Now = time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	found := map[string]string{}
	o.Unread = func(where string, err error) { found[filepath.Base(where)] = err.Error() }
	if c := run(t, o, collect.Path(dir)); c.New != 50 || c.Unread != len(bad) {
		t.Errorf("%+v, %v", c, found)
	}
	for name := range bad {
		if found[name] == "" || strings.Contains(found[name], "secreta") || strings.Contains(found[name], "\n") {
			t.Errorf("%s: %q", name, found[name])
		}
	}
	holds(t, s, a, everything)
	if _, err := collect.Collect(t.Context(), []collect.Source{collect.Path(dir + "/none")}, o); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("a folder that is not there: %v", err)
	}
}

// nested makes a body of n levels of multiparts.
func nested(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	return b.String() + "\nHola\n"
}

func TestFilters(t *testing.T) {
	a := archive(600)
	dir := t.TempDir()
	if err := a.Folder(dir); err != nil {
		t.Fatal(err)
	}
	day := func(s string) audit.Day {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return audit.DayOf(d)
	}
	for name, f := range map[string]struct {
		set  func(*collect.Options)
		want func(*synthetic.Email) bool
	}{
		"since": {func(o *collect.Options) { o.Since = day("2026-03-02") }, func(e *synthetic.Email) bool { return audit.DayOf(e.Date) >= day("2026-03-02") }},
		"until": {func(o *collect.Options) { o.Until = day("2026-03-02") }, func(e *synthetic.Email) bool { return audit.DayOf(e.Date) <= day("2026-03-02") }},
		"from":  {func(o *collect.Options) { o.From = []string{"ana@*"} }, func(e *synthetic.Email) bool { return strings.HasPrefix(e.From, "ana@") }},
		"to":    {func(o *collect.Options) { o.To = []string{"*@acme.example", "*@brook.example"} }, func(e *synthetic.Email) bool { return e.Client == "Acme" || e.Client == "Brook & Co" }},
		"clients": {func(o *collect.Options) { o.Policy = presend.Policy{Clients: []string{"*@acme.example"}} },
			func(e *synthetic.Email) bool { return e.Client == "Acme" }},
		"internal": {func(o *collect.Options) { o.Policy = presend.Policy{Internal: []string{"*@acme.example"}} },
			func(e *synthetic.Email) bool { return e.Client != "Acme" }},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			o := options(s)
			f.set(&o)
			n := 0
			for i := range a.Emails {
				if f.want(a.Email(i)) {
					n++
				}
			}
			if n == 0 || n == a.Emails {
				t.Fatal("no test")
			}
			if c := run(t, o, collect.Path(dir)); c != (collect.Counts{New: n, Skipped: a.Emails - n}) {
				t.Errorf("%+v, want %d", c, n)
			}
			holds(t, s, a, f.want)
			// What one filter left out comes with another.
			if c := run(t, options(s), collect.Path(dir)); c != (collect.Counts{New: a.Emails - n, Known: n}) {
				t.Errorf("without: %+v", c)
			}
			holds(t, s, a, everything)
		})
	}
}

func TestAgainAndPassages(t *testing.T) {
	a := archive(200)
	dir := t.TempDir()
	if err := a.Maildir(dir); err != nil {
		t.Fatal(err)
	}
	s := newStore(t)
	run(t, options(s), collect.Path(dir))
	if got, err := s.Passages(t.Context(), audit.Filter{}); err != nil || len(got) != 0 {
		t.Errorf("passages nobody asked for: %v, %v", got, err)
	}
	o := options(s)
	o.Again, o.KeepPassages, o.Judge = true, true, "another"
	if c := run(t, o, collect.Path(dir)); c != (collect.Counts{Again: 200}) {
		t.Errorf("%+v", c)
	}
	holds(t, s, a, everything)
	got, err := s.Passages(t.Context(), audit.Filter{})
	if err != nil || len(got) == 0 {
		t.Errorf("no passages, %v", err)
	}
	for p := range got {
		if len(p.Text) > 100 || strings.Contains(p.Text, "\n") || strings.Contains(p.Text, "Buenos") || strings.Contains(p.Text, "@") {
			t.Errorf("more than the marked words: %q", p.Text)
		}
	}
}

// A run that was stopped at any moment goes on where it was.
func TestStopped(t *testing.T) {
	a := archive(2500)
	dir := t.TempDir()
	if err := errors.Join(a.Maildir(dir+"/Maildir"), a.MboxFile(dir+"/sent.mbox")); err != nil {
		t.Fatal(err)
	}
	s := newStore(t)
	sum, stops := 0, 0
	for try := 0; ; try++ {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Duration(20+30*try)*time.Millisecond, cancel)
		c, err := collect.Collect(ctx, []collect.Source{collect.Path(dir)}, options(s))
		cancel()
		sum += c.New
		if err == nil {
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		stops++
	}
	if stops < 2 || sum != 2500 {
		t.Errorf("%d emails with %d stops", sum, stops)
	}
	holds(t, s, a, everything)
}

// A broken store fails after some batches.
type brokenStore struct {
	audit.Store
	left atomic.Int32
}

var errBroken = errors.New("broken")

func (s *brokenStore) Add(ctx context.Context, b audit.Batch) (int, error) {
	if s.left.Add(-1) < 0 {
		return 0, errBroken
	}
	return s.Store.Add(ctx, b)
}

func TestStoreFails(t *testing.T) {
	a := archive(2000)
	dir := t.TempDir()
	if err := a.Maildir(dir); err != nil {
		t.Fatal(err)
	}
	s := newStore(t)
	broken := &brokenStore{Store: s}
	broken.left.Store(3)
	first, err := collect.Collect(t.Context(), []collect.Source{collect.Path(dir)}, options(broken))
	if !errors.Is(err, errBroken) || first.New != 3*256 {
		t.Errorf("%+v, %v", first, err)
	}
	if second := run(t, options(s), collect.Path(dir)); second.New+first.New != 2000 {
		t.Errorf("%+v, then %+v", first, second)
	}
	holds(t, s, a, everything)
}

// The report shows the trend that was planted, and nothing of what was not.
func TestTrend(t *testing.T) {
	a := archive(6000)
	dir := t.TempDir()
	if err := a.MboxFile(dir + "/sent.mbox"); err != nil {
		t.Fatal(err)
	}
	s := newStore(t)
	run(t, options(s), collect.Path(dir))
	m, err := audit.ParseMapping("mapping.yaml", synthetic.Mapping())
	if err != nil {
		t.Fatal(err)
	}
	table, err := audit.Load(func(fn func(*audit.Email) error) error { return s.Each(t.Context(), audit.Filter{}, fn) }, m.With(key))
	if err != nil {
		t.Fatal(err)
	}
	r := table.Report(audit.Query{By: audit.ByTeam})
	if r.Emails != 6000 || len(r.Weeks) != 26 || r.UnmappedTeam != 0 || r.UnmappedClient != 0 || r.Authors != 24 {
		t.Errorf("%d emails, %d weeks, %d and %d unmapped, %d authors", r.Emails, len(r.Weeks), r.UnmappedTeam, r.UnmappedClient, r.Authors)
	}
	near := func(what string, got, want, by float64) {
		if got < want-by || got > want+by {
			t.Errorf("%s: %.3f, want %.3f within %.3f", what, got, want, by)
		}
	}
	rule := func(list []audit.RuleFigure, name string) audit.RuleFigure {
		for _, f := range list {
			if f.Rule == name {
				return f
			}
		}
		t.Fatalf("no %s", name)
		return audit.RuleFigure{}
	}
	if r.Comparison == nil || !r.Comparison.Halves || !r.Comparison.Sure || r.Comparison.Now.Score <= r.Comparison.Then.Score {
		t.Fatalf("%+v", r.Comparison)
	}
	// Over 26 weeks from 0.40 to 0.10 the halves' means are 0.328 and 0.172; the standard
	// error of a share of 3,000 is below 0.009, of a week's 230 below 0.033.
	jargon := rule(r.Rules, "jargon")
	near("jargon", jargon.Share, 0.25, 0.02)
	near("jargon then", jargon.Then, 0.328, 0.03)
	near("jargon now", jargon.Now, 0.172, 0.03)
	near("jargon in the first week", jargon.Weekly[0], 0.40, 0.11)
	near("jargon in the last week", jargon.Weekly[25], 0.10, 0.08)
	if formula := rule(r.Rules, "stock-phrase"); !jargon.Sure || formula.Sure {
		t.Errorf("jargon sure: %v; formula: %v", jargon.Sure, formula.Sure)
	} else {
		near("formula", formula.Share, 0.20, 0.02)
	}
	if len(r.Groups) != 3 {
		t.Fatalf("%d teams", len(r.Groups))
	}
	for _, g := range r.Groups {
		want := 0.05
		if g.Name == "Field" {
			want = 0.10
		}
		near("blame in "+g.Name, rule(g.Rules, "blame-reader").Share, want, 0.022)
	}
}

// Memory does not grow with the size of an mbox.
func TestMemoryIsFlat(t *testing.T) {
	if testing.Short() {
		t.Skip("it writes 120 MB")
	}
	peak := func(copies int) uint64 {
		path := filepath.Join(t.TempDir(), "sent.mbox")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		a := archive(1)
		for i := range copies {
			a.Seed = uint64(i)
			if err := a.Mbox(f); err != nil {
				t.Fatal(err)
			}
			// An attachment, as most of the bytes of mail are.
			fmt.Fprintf(f, "\n%s\n", strings.Repeat(strings.Repeat("QUJD", 18)+"\n", 400))
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		runtime.GC()
		var most atomic.Uint64
		stop := make(chan struct{})
		var sampler sync.WaitGroup
		sampler.Go(func() {
			var m runtime.MemStats
			for {
				runtime.ReadMemStats(&m)
				most.Store(max(most.Load(), m.HeapAlloc))
				select {
				case <-stop:
					return
				case <-time.After(5 * time.Millisecond):
				}
			}
		})
		run(t, options(newStore(t)), collect.Path(path))
		close(stop)
		sampler.Wait()
		return most.Load()
	}
	small, large := peak(300), peak(3000)
	t.Logf("at most %d MB with 9 MB of mail, %d MB with 90 MB", small>>20, large>>20)
	if large > 2*small+32<<20 {
		t.Errorf("at most %d MB with 9 MB of mail, %d MB with 90 MB", small>>20, large>>20)
	}
}

// From a Maildir into SQLite: mail that is new, and then the same again.
func BenchmarkMaildir(b *testing.B) {
	const emails = 20_000
	dir := b.TempDir()
	if err := archive(emails).Maildir(dir); err != nil {
		b.Fatal(err)
	}
	b.Run("new", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			s := newStore(b)
			b.StartTimer()
			if c := run(b, options(s), collect.Path(dir)); c.New != emails {
				b.Fatalf("%+v", c)
			}
		}
		b.ReportMetric(float64(emails)*float64(b.N)/b.Elapsed().Seconds(), "emails/s")
	})
	b.Run("known", func(b *testing.B) {
		s := newStore(b)
		run(b, options(s), collect.Path(dir))
		for b.Loop() {
			if c := run(b, options(s), collect.Path(dir)); c.Known != emails {
				b.Fatalf("%+v", c)
			}
		}
		b.ReportMetric(float64(emails)*float64(b.N)/b.Elapsed().Seconds(), "emails/s")
	})
}
