package imapwatch

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	netmail "net/mail"
	"slices"
	"strings"
	"time"

	"github.com/tacto-lint/tacto/lint"
)

// A waiting draft is one that was seen and not judged yet.
type waiting struct {
	uid   uint32
	size  int64
	first time.Time // seen
	due   time.Time // not before
	tries int       // fetches that failed
}

// An identity tells drafts apart. Mail programs save one as a new message each
// time, with a new UID, Message-ID and Date: those don't count.
type identity struct {
	content string // text, subject, recipients, what it answers, attachments
	head    string // the same without text and attachments; empty where all are empty
	sketch  sketch
	start   start
}

// A start is what a draft is about as far as it is written: it stays in memory.
type start struct {
	subject string
	to      []string
}

// into says whether o may have become of s: what was filled in is there still. A draft
// with another subject, or without one of the recipients, is another.
func (s start) into(o start) bool {
	return (s.subject == "" || s.subject == o.subject) && subset(s.to, o.to)
}

func identify(m *lint.Message, answers string) identity {
	to := make([]string, 0, len(m.To)+len(m.Cc))
	for _, a := range append(slices.Clone(m.To), m.Cc...) {
		to = append(to, strings.ToLower(a))
	}
	slices.Sort(to)
	to = slices.Compact(to)
	subject := strings.TrimSpace(m.Subject.Text)
	lines := strings.Split(strings.TrimSpace(m.Body.Text), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t\r\u00a0") // as line ends, it doesn't count
	}
	id := identity{sketch: sketchOf(strings.Fields(m.Body.Text)), start: start{subject, to}}
	if subject != "" || answers != "" || len(to) > 0 {
		id.head = hash("%q %q %q", subject, to, answers)
	}
	id.content = hash("%q %q %q %q %q", subject, to, answers, lines, m.Attachments)
	return id
}

func hash(format string, args ...any) string {
	sum := sha256.Sum256(fmt.Appendf(nil, format, args...))
	return hex.EncodeToString(sum[:16])
}

// inReplyTo gives what a message answers.
func inReplyTo(data []byte) string {
	m, err := netmail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(m.Header.Get("In-Reply-To"))
}

// findings gives the hashes of what is said of a draft.
func findings(r *lint.Report, level string) []string {
	least, _ := lint.ParseSeverity(level)
	told := []string{}
	for _, f := range r.Findings {
		if f.Severity >= least {
			told = append(told, hash("%q %q", f.Rule, f.Text)[:16])
		}
	}
	slices.Sort(told)
	return slices.Compact(told)
}

// A sketch is a sample of a text's runs of three words, as hashes in order, that
// tells whether one text grew out of another. It stays in memory: hashes of so
// few words can be guessed.
type sketch []uint32

const sketchSize = 24

func sketchOf(words []string) sketch {
	if len(words) < 6 {
		return nil
	}
	all := make(sketch, 0, len(words))
	for i := range len(words) - 2 {
		h := fnv.New32a()
		_, _ = h.Write([]byte(strings.Join(words[i:i+3], " "))) // it can't fail
		all = append(all, h.Sum32()*2654435761)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	return slices.Clone(all[:min(len(all), sketchSize)])
}

// like says whether at least half of what can be compared of two texts is the same.
func (s sketch) like(o sketch) bool {
	if len(s) == 0 || len(o) == 0 {
		return false
	}
	// Where a sketch is full, it says nothing of hashes above its last.
	limit := ^uint32(0)
	for _, x := range []sketch{s, o} {
		if len(x) == sketchSize {
			limit = min(limit, x[len(x)-1])
		}
	}
	same, ns, no := 0, 0, 0
	for _, h := range s {
		if h <= limit {
			ns++
			if slices.Contains(o, h) {
				same++
			}
		}
	}
	for _, h := range o {
		if h <= limit {
			no++
		}
	}
	return same > 0 && 2*same >= min(ns, no)
}

// predecessor finds the record of what a draft was before it was saved anew: one
// whose message is gone, with the same subject, recipients and message answered,
// else with much the same text, and nothing but blanks filled in of the rest: many
// drafts begin as copies of one.
func (a *accountState) predecessor(id identity, uid uint32) *record {
	var alike *record
	for _, r := range slices.Backward(a.Records) {
		if r.gone.IsZero() || r.UID == uid {
			continue
		}
		if id.head != "" && r.Head == id.head {
			return r
		}
		if alike == nil && r.start.into(id.start) && r.sketch.like(id.sketch) {
			alike = r
		}
	}
	return alike
}

// known finds the record of the very same text.
func (a *accountState) known(id identity) *record {
	for _, r := range a.Records {
		if r.Content == id.content {
			return r
		}
	}
	return nil
}

// decide says what a draft comes to, and whether that is news.
func decide(before *record, found bool, verdict string, told []string) (kind Kind, news bool) {
	switch {
	case found && before != nil && before.Found && before.Verdict == verdict && subset(told, before.Told):
		return Found, false // all of it was said
	case found:
		return Found, true
	case before == nil:
		return Fine, true
	case before.Found:
		return Mended, true
	}
	return Fine, false
}

func subset(s, of []string) bool {
	return !slices.ContainsFunc(s, func(x string) bool { return !slices.Contains(of, x) })
}
