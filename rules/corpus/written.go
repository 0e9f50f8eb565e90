package corpus

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/mail"
)

// A Mark is a passage of a written email that carries a fault or a fact: the
// name of a rule, or "+" and the name of a learnt class.
type Mark struct {
	Name string
	lint.Span
	Quoted bool // in the client's text
}

// An Email is one that was written for testing, with its label in it.
type Email struct {
	Label
	Message *lint.Message
	Marks   []Mark
	Line    int // where it stands in its file
}

// Written reads emails that were written for training and testing. A file holds
// many, each after a line "=== number | variety | verdict":
//
//	=== 07 | es-MX | revise
//	Subject: RE: Impresora
//	Date: 2025-11-13 18:20 -0600
//	Client: > Sigue sin jalar, ya es {{+angry: la tercera vez}}.
//	Missing: missing-next-step
//	Note: Vague time, nobody named.
//
//	Hola Lupita: {{vague-time: en cuanto llegue la pieza}} vamos.
//
// Client lines begin with ">", after the first without "Client:". {{name: …}}
// marks a passage, {{a,b: …}} one with two names; Missing lists the rules that
// the email as a whole breaks, Disputed those on which two readers differ. The
// file of its label is name#number.
func Written(name string, data []byte) ([]Email, error) {
	var emails []Email
	lines := strings.Split(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n")
	start := -1
	for i := 0; i <= len(lines); i++ {
		if i < len(lines) && !strings.HasPrefix(lines[i], "=== ") {
			continue
		}
		if start >= 0 {
			e, err := written(name, start+1, lines[start:i])
			if err != nil {
				return nil, err
			}
			emails = append(emails, e)
		}
		start = i
	}
	return emails, nil
}

func written(name string, line int, lines []string) (Email, error) {
	fail := func(i int, err error) (Email, error) {
		return Email{}, fmt.Errorf("%s:%d: %w", name, line+i, err)
	}
	e := Email{Line: line}
	if err := e.title(name, lines[0]); err != nil {
		return fail(0, err)
	}
	var h headLines
	i := 1
	for ; i < len(lines) && strings.TrimSpace(lines[i]) != ""; i++ {
		if err := h.add(&e, lines[i]); err != nil {
			return fail(i, err)
		}
	}
	body, marks, err := unmark(strings.TrimSpace(strings.Join(lines[i:], "\n")))
	if err != nil {
		return fail(i, err)
	}
	quoted, quotedMarks, err := unmark(h.client)
	if err != nil {
		return fail(0, fmt.Errorf("client: %w", err))
	}
	if e.Message, err = message(h.subject, h.date, body, quoted); err != nil {
		return fail(0, err)
	}
	for _, m := range marks {
		if m.Name == "jargon" {
			e.JargonBroken = true
		}
		if !strings.HasPrefix(m.Name, "+") {
			e.Findings = append(e.Findings, Finding{m.Name, body[m.Start:m.End]})
		}
	}
	for _, m := range quotedMarks {
		m.Quoted = true
		m.Start += len(body) + len(quoteGap)
		m.End += len(body) + len(quoteGap)
		marks = append(marks, m)
	}
	e.Marks = marks
	return e, nil
}

// title reads the line that an email begins with.
func (e *Email) title(name, line string) error {
	head := strings.Split(strings.TrimPrefix(line, "=== "), "|")
	if len(head) != 3 {
		return errors.New("want === number | variety | verdict")
	}
	for i := range head {
		head[i] = strings.TrimSpace(head[i])
	}
	e.File, e.Variety, e.Verdict = name+"#"+head[0], head[1], head[2]
	e.Lang, _, _ = strings.Cut(e.Variety, "-")
	if !slices.Contains(lint.Langs[:], e.Lang) {
		return fmt.Errorf("unknown language %q: write es-MX, en-GB …", e.Lang)
	}
	if !slices.Contains([]string{"send", "revise", "talk"}, e.Verdict) {
		return fmt.Errorf("unknown verdict %q: send, revise or talk", e.Verdict)
	}
	return nil
}

// headLines are the lines between the first and the text.
type headLines struct {
	subject, client string
	date            time.Time
}

// add reads one of them.
func (h *headLines) add(e *Email, line string) error {
	if strings.HasPrefix(line, ">") {
		h.client += "\n" + line
		return nil
	}
	key, value, _ := strings.Cut(line, ":")
	value = strings.TrimSpace(value)
	switch key {
	case "Subject":
		h.subject = value
	case "Date":
		var err error
		if h.date, err = time.Parse("2006-01-02 15:04 -0700", value); err != nil {
			return fmt.Errorf("date, as 2025-11-13 18:20 -0600: %w", err)
		}
	case "Client":
		h.client = value
	case "Missing":
		for _, r := range strings.Split(value, ",") {
			e.Findings = append(e.Findings, Finding{Rule: strings.TrimSpace(r)})
		}
	case "Disputed":
		for _, r := range strings.Split(value, ",") {
			e.Disputed = append(e.Disputed, strings.TrimSpace(r))
		}
	case "Note":
		e.Note = value
	default:
		return fmt.Errorf("unknown line %q: Subject, Date, Client, Missing, Disputed, Note, then a blank line and the text", line)
	}
	return nil
}

const quoteGap = "\n\n"

// message builds the email, with the client's text below what the author wrote,
// and reads it as any other: what is a signature or a quote is found, not told.
func message(subject string, date time.Time, body, quoted string) (*lint.Message, error) {
	var b strings.Builder
	if subject != "" {
		b.WriteString("Subject: " + subject + "\n")
	}
	if !date.IsZero() {
		b.WriteString("Date: " + date.Format(time.RFC1123Z) + "\n")
	}
	b.WriteString("Content-Type: text/plain; charset=utf-8\n\n" + body)
	if quoted != "" {
		b.WriteString(quoteGap + quoted)
	}
	return mail.Parse([]byte(b.String()), mail.Options{Kind: mail.MessageKind})
}

// unmark takes {{name: …}} out of a text and gives the passages.
func unmark(s string) (string, []Mark, error) {
	var b strings.Builder
	var marks []Mark
	for {
		before, rest, ok := strings.Cut(s, "{{")
		b.WriteString(before)
		if !ok {
			return b.String(), marks, nil
		}
		inside, after, ok := strings.Cut(rest, "}}")
		names, text, colon := strings.Cut(inside, ":")
		if !ok || !colon || strings.Contains(text, "{{") {
			return "", nil, fmt.Errorf("bad mark %.40q: write {{name: text}}, without another inside", inside)
		}
		text = strings.TrimPrefix(text, " ")
		for _, n := range strings.Split(names, ",") {
			marks = append(marks, Mark{Name: strings.TrimSpace(n), Span: lint.Span{Start: b.Len(), End: b.Len() + len(text)}})
		}
		b.WriteString(text)
		s = after
	}
}
