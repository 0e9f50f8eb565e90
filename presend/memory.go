package presend

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tacto-lint/tacto/lint"
)

// A Memory keeps, in a folder of one person's, what has to outlive a process:
// which texts were held, the last refusal, and which were sent all the same. Of
// a text held it keeps a hash, nothing else.
type Memory struct {
	// Dir is made when it is first written to.
	Dir string
	// Now is the time to go by; nil: time.Now.
	Now func() time.Time
}

func (m *Memory) now() time.Time {
	if m.Now != nil {
		return m.Now()
	}
	return time.Now()
}

// key tells a text, with its subject and recipients, from any other: mail programs
// write a new date and message id, and new boundaries, at each try.
func key(m *lint.Message, recipients []string) string {
	to := slices.Clone(recipients)
	for i := range to {
		to[i] = strings.ToLower(to[i])
	}
	slices.Sort(to)
	h := sha256.New()
	text := strings.ReplaceAll(m.Body.Text, "\r\n", "\n")
	fmt.Fprintf(h, "%q %q %q", m.Subject.Text, strings.TrimRight(text, "\n "), slices.Compact(to))
	return hex.EncodeToString(h.Sum(nil))
}

func (m *Memory) held(key string) string { return filepath.Join(m.Dir, "held", key) }

// Holds says whether a text was held, at least Pause and less than Lifetime ago.
func (m *Memory) Holds(key string) bool {
	st, err := os.Stat(m.held(key))
	if err != nil {
		return false
	}
	return m.fresh(st.ModTime()) && m.now().Sub(st.ModTime()) >= Pause
}

// fresh says whether a text held then may be sent again now. A time to come is that
// of a clock set back.
func (m *Memory) fresh(held time.Time) bool {
	age := m.now().Sub(held)
	return age >= 0 && age < Lifetime
}

// Hold remembers that a text was held, from now on, and forgets those held long ago.
func (m *Memory) Hold(key string) error {
	dir := filepath.Join(m.Dir, "held")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("remembering a held message: %w", err)
	}
	if old, err := os.ReadDir(dir); err == nil {
		for _, e := range old {
			// Nothing but what Hold makes: the folder may not be what it seems.
			info, err := e.Info()
			if err == nil && info.Mode().IsRegular() && info.Size() == 0 && len(e.Name()) == 2*sha256.Size && !m.fresh(info.ModTime()) {
				_ = os.Remove(filepath.Join(dir, e.Name())) // the next time, then
			}
		}
	}
	if err := os.WriteFile(m.held(key), nil, 0o600); err != nil {
		return fmt.Errorf("remembering a held message: %w", err)
	}
	now := m.now()
	if err := os.Chtimes(m.held(key), now, now); err != nil {
		return fmt.Errorf("remembering a held message: %w", err)
	}
	return nil
}

// A Last is the last message that was held, or could not be judged: what was
// said of it.
type Last struct {
	Time    time.Time `json:"time"`
	Outcome string    `json:"outcome"`
	Verdict string    `json:"verdict,omitempty"`
	Score   int       `json:"score,omitempty"`
	Rules   []string  `json:"rules,omitempty"`
	// Text is the refusal as it was written to standard error.
	Text string `json:"text"`
}

// WriteLast keeps l in the place of the last one: whole, or not at all.
func (m *Memory) WriteLast(l Last) error {
	err := os.MkdirAll(m.Dir, 0o700)
	if err == nil {
		var data []byte
		if data, err = json.MarshalIndent(l, "", "  "); err == nil {
			err = replaceFile(filepath.Join(m.Dir, "last.json"), append(data, '\n'))
		}
	}
	if err != nil {
		return fmt.Errorf("keeping the last verdict: %w", err)
	}
	return nil
}

// ErrNone is that of ReadLast where nothing was ever held.
var ErrNone = errors.New("no message was held so far")

// ReadLast gives the last one; ErrNone if there is none.
func (m *Memory) ReadLast() (*Last, error) {
	data, err := os.ReadFile(filepath.Join(m.Dir, "last.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNone
	}
	if err != nil {
		return nil, fmt.Errorf("reading the last verdict: %w", err)
	}
	l := &Last{}
	if err := json.Unmarshal(data, l); err != nil {
		return nil, fmt.Errorf("reading the last verdict: %w", err)
	}
	return l, nil
}

// replaceFile writes a file beside the other and puts it in its place.
func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// An Override is a line of the log of what was sent all the same. It has nothing
// of the text and no address.
type Override struct {
	Time    time.Time `json:"time"`
	Reason  string    `json:"reason"`
	Verdict string    `json:"verdict"`
	Score   int       `json:"score"`
	Rules   []string  `json:"rules"`
}

// LogOverride appends one to overrides.jsonl.
func (m *Memory) LogOverride(d *Decision) error {
	line, err := json.Marshal(Override{m.now(), d.Reason, d.Report.Verdict.String(), d.Report.Score, RuleIDs(d.Report)})
	if err == nil {
		err = os.MkdirAll(m.Dir, 0o700)
	}
	var f *os.File
	if err == nil {
		f, err = os.OpenFile(filepath.Join(m.Dir, "overrides.jsonl"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	}
	if err == nil {
		// One write a line: lines of many processes at once stay whole.
		_, err = f.Write(append(line, '\n'))
		if e := f.Close(); err == nil {
			err = e
		}
	}
	if err != nil {
		return fmt.Errorf("logging the override: %w", err)
	}
	return nil
}

// RuleIDs gives the rules found, each once, in order.
func RuleIDs(r *lint.Report) []string {
	ids := []string{}
	for _, f := range r.Findings {
		if f.Severity > lint.Suggestion {
			ids = append(ids, f.Rule)
		}
	}
	if r.Verdict == lint.Talk {
		ids = append(ids, "talk-first")
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
