package imapwatch_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/tacto-lint/tacto/imapwatch"
)

// behaviours are what a watch does, whatever the server.
var behaviours = []struct {
	name string
	test func(*testing.T, server)
}{
	{"ToldOnce", toldOnce},
	{"ManySavesAreOneDraft", manySaves},
	{"MendedOnce", mendedOnce},
	{"ToldAgainWhenWorse", toldAgainWhenWorse},
	{"SameSubjectTwoDrafts", sameSubject},
	{"CopiesOfOne", copiesOfOne},
	{"SubjectComesLater", subjectComesLater},
	{"ForgetsDeleted", forgetsDeleted},
	{"GoneBeforeSettled", goneBeforeSettled},
	{"CatchesUp", catchesUp},
	{"RemembersAcrossRestarts", remembers},
	{"TellThatFails", tellThatFails},
	{"TouchesNothing", touchesNothing},
	{"Keywords", keywords},
	{"Notes", notes},
	{"BadDraft", badDraft},
	{"Once", once},
	{"Check", check},
	{"RefusedBesideOthers", refused},
	{"StateFileBroken", stateBroken},
}

func suite(t *testing.T, srv server) {
	for _, b := range behaviours {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			b.test(t, srv)
		})
	}
}

func TestMemory(t *testing.T) { suite(t, newMemServer(t)) }

func toldOnce(t *testing.T, srv server) {
	a := srv.account(t)
	b := openBox(t, srv, a)
	w := start(t, options(t, srv.poll(), a))
	before := time.Now()
	uid := b.save(draft("Su aviso", bad))
	j := w.next(imapwatch.Found)
	t.Logf("told %v after the save, of which %v to settle", time.Since(before).Round(time.Millisecond), settle)
	if j.UID != uint32(uid) || j.Account != a.Name || j.Mailbox != b.folder || j.UIDValidity == 0 || len(j.Report.Findings) == 0 || j.Message.Subject.Text != "Su aviso" {
		t.Errorf("told %+v", j)
	}
	for range 3 { // the same text, saved anew
		uid = b.replace(uid, draft("Su aviso", bad))
		w.quiet()
	}
	uid = b.replace(uid, draft("Su visita", good))
	w.next(imapwatch.Fine) // another draft in all but time
	b.replace(uid, draft("Su visita", good+"P. D.: el disco es de 2 TB.\r\n"))
	w.quiet()
}

func manySaves(t *testing.T, srv server) {
	a := srv.account(t)
	b := openBox(t, srv, a)
	w := start(t, options(t, srv.poll(), a))
	words := strings.SplitAfter(bad, " ")
	var uid imap.UID
	for i := range words {
		data := draft("Su aviso", strings.Join(words[:i+1], ""))
		if uid == 0 {
			uid = b.save(data)
		} else {
			uid = b.replace(uid, data)
		}
		time.Sleep(settle / 4)
	}
	if j := w.next(imapwatch.Found); j.UID != uint32(uid) {
		t.Errorf("told of uid %d, want the last save, %d", j.UID, uid)
	}
	w.quiet()
}

func mendedOnce(t *testing.T, srv server) {
	a := srv.account(t)
	b := openBox(t, srv, a)
	w := start(t, options(t, srv.poll(), a))
	uid := b.save(draft("Su aviso", bad))
	w.next(imapwatch.Found)
	uid = b.replace(uid, draft("Su aviso", good))
	w.next(imapwatch.Mended)
	uid = b.replace(uid, draft("Su aviso", good+"\r\nP. D.: el disco es de 2 TB.\r\n"))
	w.quiet()
	b.replace(uid, draft("Su aviso", bad))
	w.next(imapwatch.Found) // bad again is news
}

func toldAgainWhenWorse(t *testing.T, srv server) {
	a := srv.account(t)
	b := openBox(t, srv, a)
	w := start(t, options(t, srv.poll(), a))
	half := strings.Replace(bad, " Ustedes no nos avisaron del cambio.", "", 1)
	uid := b.save(draft("Su aviso", half))
	first := w.next(imapwatch.Found)
	uid = b.replace(uid, draft("Su aviso", half+"\r\nP. D.: el disco es de 2 TB.\r\n"))
	w.quiet() // more text, nothing more to say
	b.replace(uid, draft("Su aviso", bad))
	if j := w.next(imapwatch.Found); len(j.Report.Findings) <= len(first.Report.Findings) {
		t.Errorf("%d findings, then %d: the texts are no test of this", len(first.Report.Findings), len(j.Report.Findings))
	}
}

func sameSubject(t *testing.T, srv server) {
	a := srv.account(t)
	b := openBox(t, srv, a)
	w := start(t, options(t, srv.poll(), a))
	b.save(draft("Su aviso", bad))
	w.next(imapwatch.Found)
	b.save(draft("Su aviso", good))
	w.next(imapwatch.Fine) // not mended: the first is still there
}

// Drafts that begin as copies of one are not the same: each is told.
func copiesOfOne(t *testing.T, srv server) {
	a := srv.account(t)
	b := openBox(t, srv, a)
	w := start(t, options(t, srv.poll(), a))
	uid := b.save(draft("Su aviso 1", bad))
	w.next(imapwatch.Found)
	b.replace(uid, draft("Su aviso 2", bad))
	w.next(imapwatch.Found)
}

// A draft whose blanks are filled in later is the same.
func subjectComesLater(t *testing.T, srv server) {
	a := srv.account(t)
	b := openBox(t, srv, a)
	w := start(t, options(t, srv.poll(), a))
	blank := bytes.Replace(draft("", bad), []byte("To: Carla <carla@client.example>\r\n"), nil, 1)
	uid := b.save(blank)
	first := w.next(imapwatch.Found)
	uid = b.replace(uid, draft("", bad))
	// The subject is judged, too: what is missing is no more than it was.
	b.replace(uid, draft("Su aviso del cambio", bad))
	w.quiet()
	if first.Report.Subject != "" {
		t.Errorf("the blank draft has the subject %q", first.Report.Subject)
	}
}

func forgetsDeleted(t *testing.T, srv server) {
	a := srv.account(t)
	b := openBox(t, srv, a)
	w := start(t, options(t, min(srv.poll(), time.Second), a))
	uid := b.save(draft("Su aviso", bad))
	w.next(imapwatch.Found)
	b.remove(uid)
	time.Sleep(10*settle + 2*time.Second)
	b.save(draft("Su aviso", bad))
	w.next(imapwatch.Found)
}

func goneBeforeSettled(t *testing.T, srv server) {
	a := srv.account(t)
	b := openBox(t, srv, a)
	w := start(t, options(t, srv.poll(), a))
	uid := b.save(draft("Su aviso", bad))
	time.Sleep(settle / 4)
	b.remove(uid)
	w.quiet()
}

func catchesUp(t *testing.T, srv server) {
	a := srv.account(t)
	b := openBox(t, srv, a)
	b.saveAt(draft("Su aviso viejo", bad), time.Now().Add(-50*time.Hour))
	want := []imap.UID{
		b.saveAt(draft("Su aviso 1", bad), time.Now().Add(-20*time.Hour)),
		b.save(draft("Su aviso 2", bad)),
	}
	w := start(t, options(t, srv.poll(), a))
	for _, uid := range want {
		if j := w.next(imapwatch.Found); j.UID != uint32(uid) {
			t.Errorf("told of uid %d, want %d", j.UID, uid)
		}
	}
	w.quiet()
}

func remembers(t *testing.T, srv server) {
	a := srv.account(t)
	b := openBox(t, srv, a)
	opts := options(t, srv.poll(), a)
	opts.State = filepath.Join(t.TempDir(), "sub", "state.json")
	w := start(t, opts)
	first := b.save(draft("Su aviso 1", bad))
	w.next(imapwatch.Found)
	second := b.save(draft("Su aviso 2", bad))
	w.next(imapwatch.Found)
	w.end()

	w = start(t, opts)
	w.quiet()
	w.end()

	b.replace(first, draft("Su aviso 1", bad)) // autosaved
	b.replace(second, draft("Su aviso 2", good))
	third := b.save(draft("Su aviso 3", bad))
	w = start(t, opts)
	w.next(imapwatch.Mended)
	if j := w.next(imapwatch.Found); j.UID != uint32(third) {
		t.Errorf("told of uid %d, want %d", j.UID, third)
	}
	w.quiet()
}

func tellThatFails(t *testing.T, srv server) {
	a := srv.account(t)
	b := openBox(t, srv, a)
	opts := options(t, srv.poll(), a)
	calls := make(chan int, 10)
	opts.Tell = func(context.Context, *imapwatch.Judgement) error {
		calls <- 1
		if len(calls) == 1 {
			panic("carla")
		}
		return errors.New("no bus for ana@us.example")
	}
	w := start(t, opts)
	b.save(draft("Su aviso 1", bad))
	wait := func(n int) {
		for deadline := time.Now().Add(10 * time.Second); len(calls) < n && time.Now().Before(deadline); {
			time.Sleep(10 * time.Millisecond)
		}
	}
	wait(1)
	b.save(draft("Su aviso 2", bad))
	wait(2)
	time.Sleep(3 * settle)
	if len(calls) != 2 || strings.Count(w.log.String(), "could not be told") != 2 {
		t.Errorf("told %d times, want 2; log:\n%s", len(calls), w.log)
	}
}

func touchesNothing(t *testing.T, srv server) {
	a := srv.account(t)
	b := openBox(t, srv, a)
	for i, text := range []string{bad, good, bad + "x"} {
		b.save(draft("Su aviso "+string(rune('1'+i)), text))
	}
	look := srv.open(t, a)
	before := dump(t, look, b.folder, true)
	w := start(t, options(t, srv.poll(), a))
	for range 3 {
		select {
		case <-w.told:
		case <-time.After(10 * time.Second):
			t.Fatal("nothing was told")
		}
	}
	w.end()
	if after := dump(t, look, b.folder, true); after != before || before == "" {
		t.Errorf("the folder was\n%s\nand is\n%s", before, after)
	}
}

func keywords(t *testing.T, srv server) {
	a := srv.account(t)
	b := openBox(t, srv, a)
	look := srv.open(t, a)
	opts := options(t, srv.poll(), a)
	opts.Keywords = true
	w := start(t, opts)
	b.save(draft("Su aviso", bad))
	j := w.next(imapwatch.Found)
	b.save(draft("Su visita", good))
	w.next(imapwatch.Fine)
	want := map[string]bool{imapwatch.KeywordOK: true, imapwatch.KeywordRevise: true}
	if j.Report.Verdict.String() == "talk" {
		want = map[string]bool{imapwatch.KeywordOK: true, imapwatch.KeywordTalk: true}
	}
	deadline := time.Now().Add(5 * time.Second)
	for {
		all := strings.ToLower(dump(t, look, b.folder, true))
		ok := !strings.Contains(all, "seen")
		for k := range want {
			ok = ok && strings.Count(all, strings.ToLower(k)) == 1
		}
		if ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("want %v, the folder has\n%s", want, all)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func notes(t *testing.T, srv server) {
	a := srv.account(t)
	b := openBox(t, srv, a)
	look := srv.open(t, a)
	opts := options(t, srv.poll(), a)
	opts.Notes = "Tacto"
	w := start(t, opts)
	uid := b.save(draft("Su aviso", bad))
	w.next(imapwatch.Found)
	b.replace(uid, draft("Su aviso", good))
	w.next(imapwatch.Mended)
	deadline := time.Now().Add(5 * time.Second)
	for {
		all, err := look.List("", "Tacto", nil).Collect()
		if err != nil {
			t.Fatal(err)
		}
		if len(all) == 1 {
			text := dump(t, look, "Tacto", false)
			if strings.Count(text, "X-Tacto-Verdict: ") == 2 {
				if strings.Contains(text, "\nTo:") {
					t.Errorf("a note has a recipient: %s", text)
				}
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("no two notes came: %v; log:\n%s", all, w.log)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func badDraft(t *testing.T, srv server) {
	a := srv.account(t)
	b := openBox(t, srv, a)
	opts := options(t, srv.poll(), a)
	w := start(t, opts)
	b.save([]byte("\r\n"))
	b.save([]byte("Content-Type: multipart/mixed; boundary=x\r\nSubject: =?x?q?\r\n\r\n--x\r\nContent-Type: multipart/mixed; boundary=\"\r\n\r\n--x"))
	nested := ""
	for range 60 {
		nested += "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
	}
	b.save([]byte(nested))
	last := b.save(draft("Su aviso", bad))
	deadline := time.After(10 * time.Second)
	for {
		select {
		case j := <-w.told:
			if j.UID == uint32(last) {
				return
			}
		case <-deadline:
			t.Fatalf("the good one after bad ones was not told; log:\n%s", w.log)
		}
	}
}

func once(t *testing.T, srv server) {
	a := srv.account(t)
	b := openBox(t, srv, a)
	b.save(draft("Su aviso", bad))
	opts := options(t, srv.poll(), a)
	opts.State = filepath.Join(t.TempDir(), "state.json")
	told := 0
	opts.Tell = func(context.Context, *imapwatch.Judgement) error { told++; return nil }
	for range 2 {
		w, err := imapwatch.New(opts)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Once(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if told != 1 {
		t.Errorf("told %d times, want once", told)
	}
	opts.Accounts[0].Password = secret("wrong")
	w, err := imapwatch.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Once(t.Context()); !errors.Is(err, imapwatch.ErrRefused) {
		t.Errorf("error %v, want ErrRefused", err)
	}
}

func check(t *testing.T, srv server) {
	a := srv.account(t)
	b := openBox(t, srv, a)
	b.save(draft("Su aviso", bad))
	c, err := imapwatch.Check(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if c.Drafts != b.folder || c.How == "" || !c.Idle || !c.Keywords || c.Messages != 1 || !slices.Contains(c.Folders, b.folder) || len(c.Capabilities) < 2 || c.Server == "" || c.Auth == "" {
		t.Errorf("checked: %+v", c)
	}
	t.Logf("%s, %s, %s (%s)", c.Server, c.Auth, c.Drafts, c.How)
	a.Folder = "Nowhere"
	var folder *imapwatch.FolderError
	if _, err := imapwatch.Check(t.Context(), a); !errors.As(err, &folder) || !slices.Contains(folder.Folders, b.folder) {
		t.Errorf("error %v, want one with the folders", err)
	}
	a.Folder, a.Password = "", secret("wrong")
	if _, err := imapwatch.Check(t.Context(), a); !errors.Is(err, imapwatch.ErrRefused) {
		t.Errorf("error %v, want ErrRefused", err)
	}
}

func refused(t *testing.T, srv server) {
	wrong, right := srv.account(t), srv.account(t)
	asked := 0
	wrong.Password = func(context.Context) (string, error) { asked++; return "wrong", nil }
	b := openBox(t, srv, right)
	w := start(t, options(t, srv.poll(), wrong, right))
	b.save(draft("Su aviso", bad))
	w.next(imapwatch.Found)
	deadline := time.Now().Add(10 * time.Second) // Dovecot answers after two seconds
	for !strings.Contains(w.log.String(), "watched no more") && time.Now().Before(deadline) {
		time.Sleep(20 * time.Millisecond)
	}
	time.Sleep(500 * time.Millisecond)
	w.end()
	if n := strings.Count(w.log.String(), "level=ERROR"); n != 1 || asked != 1 {
		t.Errorf("said %d times, tried %d times, want once each:\n%s", n, asked, w.log)
	}

	w = start(t, options(t, srv.poll(), wrong))
	select {
	case err := <-w.done:
		w.done <- nil
		if !errors.Is(err, imapwatch.ErrRefused) {
			t.Errorf("error %v, want ErrRefused", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("a watch of nothing goes on")
	}
}

func stateBroken(t *testing.T, srv server) {
	a := srv.account(t)
	b := openBox(t, srv, a)
	opts := options(t, srv.poll(), a)
	opts.State = filepath.Join(t.TempDir(), "state.json")
	if err := os.WriteFile(opts.State, []byte(`{"version":1,"acc`), 0o600); err != nil {
		t.Fatal(err)
	}
	b.save(draft("Su aviso", bad))
	w := start(t, opts)
	w.next(imapwatch.Found)
	w.end()
	if _, err := os.Stat(opts.State + ".broken"); err != nil {
		t.Error(err)
	}
	st, err := os.Stat(opts.State)
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("the state file: %v %v", st, err)
	}
}
