package presend_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/presend"
	"github.com/tacto-lint/tacto/rules"
)

const bad = "From: ana@us.example\nTo: Carla <carla@client.example>\nSubject: Su aviso\nDate: Thu, 20 Nov 2025 10:00:00 +0100\n\n" +
	"Estimada Carla:\n\nEstamos trabajando en el problema. Ustedes no nos avisaron del cambio.\n\nUn saludo,\nAna\n"

const good = "From: ana@us.example\nTo: carla@client.example\nSubject: Su visita\n\nEstimada Carla:\n\n" +
	"El martes 25 a las 10 le cambio yo el disco y a las 12 le llamo.\n\nUn saludo,\nAna\n"

// allFound are the rules that bad breaks.
const allFound = "blame-reader, stock-phrase, missing-next-step, missing-status, talk-first"

func gate(t *testing.T, p presend.Policy) *presend.Gate {
	t.Helper()
	set, err := rules.Default()
	if err != nil {
		t.Fatal(err)
	}
	l, err := lint.New(set, lint.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if p.FailOn == "" {
		p.FailOn = "error"
	}
	return &presend.Gate{Linter: l, Policy: p}
}

func TestOutcomes(t *testing.T) {
	clients := presend.Policy{Clients: []string{"*@client.example"}, Internal: []string{"*@us.example"}}
	for _, c := range []struct {
		name    string
		policy  presend.Policy
		message string
		to      []string
		want    presend.Outcome
	}{
		{"fine", presend.Policy{}, good, nil, presend.Fine},
		{"held", presend.Policy{}, bad, nil, presend.Held},
		{"the level decides", presend.Policy{FailOn: "never"}, bad, nil, presend.Fine},
		{"a client in the header", clients, bad, nil, presend.Held},
		{"a client in the envelope", clients, bad, []string{"Carla@CLIENT.example"}, presend.Held},
		{"the envelope counts, not the header", clients, bad, []string{"bob@us.example"}, presend.Unread},
		{"colleagues and a client", clients, bad, []string{"bob@us.example", "carla@client.example"}, presend.Held},
		{"neither client nor colleague", clients, bad, []string{"list@other.example"}, presend.Unread},
		{"only colleagues named: all others are read", presend.Policy{Internal: []string{"*@us.example"}}, bad, []string{"list@other.example"}, presend.Held},
		{"somebody on this machine", clients, bad, []string{"root"}, presend.Unread},
		{"nobody is named, so all are read", presend.Policy{}, bad, []string{"root"}, presend.Held},
		{"nobody known", clients, "Subject: x\n\n" + strings.SplitN(bad, "\n\n", 2)[1], nil, presend.Held},
		{"header", presend.Policy{Override: presend.Again}, presend.OverrideHeader + ": we spoke\n" + bad, nil, presend.Overridden},
		{"header without a reason", presend.Policy{}, presend.OverrideHeader + ":  \n" + bad, nil, presend.Held},
		{"header, but never", presend.Policy{Override: presend.Never}, presend.OverrideHeader + ": we spoke\n" + bad, nil, presend.Held},
		{"rules silenced", presend.Policy{}, "X-Tacto-Ignore: " + allFound + "\n" + bad, nil, presend.Fine},
		{"rules silenced, but never", presend.Policy{Override: presend.Never}, "X-Tacto-Ignore: " + allFound + "\n" + bad, nil, presend.Held},
		{"empty", presend.Policy{}, "", nil, presend.Unjudged},
		{"binary", presend.Policy{}, "\x00\x01\x02\x00", nil, presend.Unjudged},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := gate(t, c.policy).Decide(context.Background(), []byte(c.message), c.to)
			if d.Outcome != c.want {
				t.Errorf("%v (%v), want %v", d.Outcome, d.Err, c.want)
			}
			if (d.Outcome == presend.Unjudged) != (d.Err != nil) {
				t.Errorf("%v with error %v", d.Outcome, d.Err)
			}
		})
	}
}

// TestBudget: a deadline that is over ends in Unjudged, at once.
func TestBudget(t *testing.T) {
	ctx, cancel := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	defer cancel()
	long := bad + strings.Repeat("Estamos trabajando en el problema y lo solucionaremos a la brevedad. ", 100_000)
	d := gate(t, presend.Policy{}).Decide(ctx, []byte(long), nil)
	if d.Outcome != presend.Unjudged || !errors.Is(d.Err, presend.ErrBudget) {
		t.Errorf("%v, %v", d.Outcome, d.Err)
	}
}

// TestBroke: a panic ends in Unjudged, and can be told from other errors.
func TestBroke(t *testing.T) {
	d := (&presend.Gate{Policy: presend.Policy{FailOn: "error"}}).Decide(context.Background(), []byte(bad), nil)
	var re runtime.Error
	if d.Outcome != presend.Unjudged || !errors.Is(d.Err, presend.ErrBroke) || !errors.As(d.Err, &re) {
		t.Errorf("%v, %v", d.Outcome, d.Err)
	}
}

// TestAgain: the same text to the same people gets through within the hour, even
// with another date and message id; another text, or the same to others, does not.
func TestAgain(t *testing.T) {
	now := time.Date(2025, 11, 20, 10, 0, 0, 0, time.UTC)
	g := gate(t, presend.Policy{Override: presend.Again})
	g.Memory = &presend.Memory{Dir: filepath.Join(t.TempDir(), "state"), Now: func() time.Time { return now }}
	decide := func(message string, to ...string) presend.Decision {
		return g.Decide(context.Background(), []byte(message), to)
	}
	d := decide(bad)
	if d.Outcome != presend.Held {
		t.Fatal(d.Outcome)
	}
	if again := decide(bad); again.Outcome != presend.Held {
		t.Errorf("asking alone lets it through: %v", again.Outcome)
	}
	if err := g.Memory.Hold(d.Key); err != nil {
		t.Fatal(err)
	}
	now = now.Add(presend.Pause - time.Millisecond)
	if soon := decide(bad); soon.Outcome != presend.Held {
		t.Errorf("a key pressed twice lets it through: %v", soon.Outcome)
	}
	now = now.Add(59*time.Minute - presend.Pause)
	for name, c := range map[string]struct {
		message string
		to      []string
		want    presend.Outcome
	}{
		"the same":          {bad, nil, presend.Overridden},
		"another date":      {"Message-ID: <2@us.example>\n" + strings.Replace(bad, "10:00:00", "10:59:00", 1), nil, presend.Overridden},
		"other line ends":   {strings.ReplaceAll(bad, "\n", "\r\n"), nil, presend.Overridden},
		"another word":      {strings.Replace(bad, "no nos avisaron", "nunca nos avisaron", 1), nil, presend.Held},
		"another recipient": {bad, []string{"boss@client.example"}, presend.Held},
		"another subject":   {strings.Replace(bad, "Su aviso", "Aviso", 1), nil, presend.Held},
	} {
		if d := decide(c.message, c.to...); d.Outcome != c.want {
			t.Errorf("%s: %v, want %v", name, d.Outcome, c.want)
		}
	}
	g.Policy.Override = presend.Header
	if d := decide(bad); d.Outcome != presend.Held {
		t.Errorf("where only the header helps: %v", d.Outcome)
	}
	g.Policy.Override = presend.Again
	now = now.Add(time.Minute + time.Millisecond)
	if d := decide(bad); d.Outcome != presend.Held {
		t.Errorf("after an hour: %v", d.Outcome)
	}
	now = now.Add(-2 * time.Hour)
	if d := decide(bad); d.Outcome != presend.Held {
		t.Errorf("with a clock set back: %v", d.Outcome)
	}
	// What is forgotten leaves no file behind; what is not its own, stays.
	mine := filepath.Join(g.Memory.Dir, "held", "mine")
	if err := os.WriteFile(mine, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := g.Memory.Hold(strings.Repeat("0", 64)); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(filepath.Join(g.Memory.Dir, "held"))
	if err != nil || len(left) != 2 {
		t.Errorf("%d files, %v", len(left), err)
	}
}

func TestWithoutOwn(t *testing.T) {
	for in, want := range map[string]string{
		"A: b\nX-Tacto-Override: x\nC: d\n\nbody\n":                  "A: b\nC: d\n\nbody\n",
		"A: b\r\nx-tacto-override: x\r\n  y\r\n\tz\r\nC: d\r\n\r\nb": "A: b\r\nC: d\r\n\r\nb",
		"X-Tacto-Override: 1\nX-Tacto-Override: 2\n\nb":              "\nb",
		"A: b\n\nX-Tacto-Override: in the body\n":                    "A: b\n\nX-Tacto-Override: in the body\n",
		"From ana Mon\nX-Tacto-Override: x\nA: b\n\n":                "From ana Mon\nA: b\n\n",
		"X-Tacto-Ignore: jargon\nA: b\nX-TACTO-OVERRIDE: x\n\nb":     "A: b\n\nb",
		"X-Tacto-Override-2: x\n\n":                                  "X-Tacto-Override-2: x\n\n",
		"no header at all":                                           "no header at all",
		"X-Tacto-Override: last":                                     "",
		"A: b\nnot a field\nX-Tacto-Override: x\n":                   "A: b\nnot a field\nX-Tacto-Override: x\n",
		"": "",
	} {
		if got := presend.WithoutOwn([]byte(in)); string(got) != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := presend.OverrideReason([]byte("X-Tacto-Override: we\n spoke\n\nb")); got != "we spoke" {
		t.Errorf("reason %q", got)
	}
}

func TestHeaderRecipients(t *testing.T) {
	const header = "To: =?utf-8?q?Ana_G=C3=B3mez?= <ana@a.example>,\n bob@b.example\nCc: broken <c@c.example, d@d.example>;\nBcc: \"x, y\" <e@e.example>\nSubject: no@subject.example\n\nTo: f@f.example\n"
	got := strings.Join(presend.HeaderRecipients([]byte(header)), " ")
	if want := "ana@a.example bob@b.example c@c.example d@d.example e@e.example"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestMemoryMany: many processes at once leave whole lines and a whole last file.
func TestMemoryMany(t *testing.T) {
	m := &presend.Memory{Dir: t.TempDir()}
	if _, err := m.ReadLast(); !errors.Is(err, presend.ErrNone) {
		t.Errorf("with nothing held: %v", err)
	}
	d := gate(t, presend.Policy{}).Decide(context.Background(), []byte(bad), nil)
	var wait sync.WaitGroup
	for i := range 40 {
		wait.Go(func() {
			d := d
			d.Reason = fmt.Sprint("reason ", i)
			if err := m.LogOverride(&d); err != nil {
				t.Error(err)
			}
			if err := m.WriteLast(presend.Last{Text: strings.Repeat("x", 5000), Outcome: "held"}); err != nil {
				t.Error(err)
			}
			if err := m.Hold(d.Key); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if l, err := m.ReadLast(); err != nil || len(l.Text) != 5000 {
		t.Errorf("last: %v, %v", l, err)
	}
	data, err := os.ReadFile(filepath.Join(m.Dir, "overrides.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(data), "\n"); n != 40 {
		t.Errorf("%d lines", n)
	}
	for _, secret := range []string{"trabajando", "carla", "aviso"} {
		if strings.Contains(strings.ToLower(string(data)), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
	entries, err := os.ReadDir(m.Dir)
	if err != nil || len(entries) != 3 {
		t.Errorf("%v, %v: want held, last.json, overrides.jsonl", entries, err)
	}
}

// TestRefusal: the verdict comes first, in the email's language, and it is short.
func TestRefusal(t *testing.T) {
	g := gate(t, presend.Policy{})
	d := g.Decide(context.Background(), []byte(bad), nil)
	lines := g.Policy.Refusal(&d, "", 4)
	if !strings.HasPrefix(lines[0].Text, "no enviado:") || len(lines) > 16 {
		t.Errorf("%d lines, %q", len(lines), lines[0].Text)
	}
	if !strings.Contains(lines[len(lines)-1].Text, presend.OverrideHeader) {
		t.Errorf("no way through: %q", lines[len(lines)-1].Text)
	}
	if en := g.Policy.Refusal(&d, "en", 4); !strings.HasPrefix(en[0].Text, "not sent:") {
		t.Errorf("%q", en[0].Text)
	}
	// Where only the header helps, nobody is told to send it again.
	g.Policy.Override = presend.Header
	lines = g.Policy.Refusal(&d, "en", 4)
	if last := lines[len(lines)-1].Text; !strings.Contains(last, presend.OverrideHeader) || strings.Contains(last, "again") {
		t.Errorf("%q", last)
	}
	g.Policy.Override = presend.Never
	for _, l := range g.Policy.Refusal(&d, "", 4) {
		if strings.Contains(l.Text, presend.OverrideHeader) {
			t.Errorf("a way through where there is none: %q", l.Text)
		}
	}
}
