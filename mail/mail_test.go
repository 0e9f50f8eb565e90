package mail

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tacto-lint/tacto/lint"
)

// author gives the author's own text of a message, trimmed.
func author(m *lint.Message) string {
	var b strings.Builder
	for _, s := range m.Segments {
		if s.Kind == lint.SegmentAuthor {
			b.WriteString(m.Body.Text[s.Start:s.End])
		}
	}
	return strings.TrimSpace(strings.ReplaceAll(b.String(), "\r\n", "\n"))
}

const head = "From: Ana <ana@example.com>\nTo: Luis <luis@example.org>\nSubject: Impresora\n\n"

// TestAuthor states, for each shape of email, which words are the author's.
func TestAuthor(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"quote with attribution":          {head + "Voy el lunes.\n\nEl lun, 3 nov 2025 a las 10:12, Ana escribió:\n> No va.\n> Gracias\n", "Voy el lunes."},
		"attribution over two lines":      {head + "Voy el lunes.\n\nEl lun, 3 nov 2025 a las 10:12, Ana María Pérez de la Fuente\n(<ana@example.org>) escribió:\n> No va.\n", "Voy el lunes."},
		"English attribution":             {head + "I'll come Monday.\n\nOn Mon, Nov 3, 2025 at 2:03 PM Claire <c@example.org> wrote:\n> It's down.\n", "I'll come Monday."},
		"original message":                {head + "Voy el lunes.\n\n-----Mensaje original-----\nDe: Ana\nEnviado: lunes\nAsunto: x\n\nNo va.\n", "Voy el lunes."},
		"Outlook header block":            {head + "Voy el lunes.\n\n________________________________\nDe: Ana <ana@example.org>\nEnviado: lunes, 3 de noviembre de 2025 9:02\nPara: Luis\nAsunto: x\n\nNo va.\n", "Voy el lunes."},
		"English header block":            {head + "Monday.\n\nFrom: Ana\nSent: Monday\nTo: Luis\nSubject: x\n\nDown.\n", "Monday."},
		"interleaved answers":             {head + "On Mon, Nov 3, 2025, Nadia <n@example.org> wrote:\n> One?\n\nYes.\n\n> Two?\n\nNo.\n", "Yes.\n\n\nNo."},
		"signature with dashes":           {head + "Voy el lunes.\n\n-- \nAna Pérez\nACME\n", "Voy el lunes."},
		"signature without dashes":        {head + "Voy el lunes a las diez.\n\nUn saludo,\nAna Pérez\nTécnica de soporte\nTel. 600 000 000\n", "Voy el lunes a las diez.\n\nUn saludo,"},
		"phone":                           {head + "Done, prices are in.\n\nSent from my iPhone\n", "Done, prices are in."},
		"Spanish phone":                   {head + "Hecho.\n\nEnviado desde mi iPhone\n", "Hecho."},
		"disclaimer":                      {head + "Voy el lunes.\n\nAVISO LEGAL: Este mensaje es confidencial y va dirigido a su destinatario.\n", "Voy el lunes."},
		"English disclaimer":              {head + "See you Monday.\n\nCONFIDENTIALITY NOTICE: This email is for the intended recipient. We apologize for any inconvenience.\n", "See you Monday."},
		"forwarded":                       {head + "Mira esto.\n\n---------- Forwarded message ---------\nFrom: X <x@example.net>\nSubject: y\n\nHola\n", "Mira esto."},
		"postscript":                      {head + "Voy el lunes.\n\nUn saludo,\nAna\n\nPD: traigo el cable.\n", "Voy el lunes.\n\nUn saludo,\nPD: traigo el cable."},
		"quoting words is no attribution": {head + "Ayer el cliente escribió:\nque no le va nada.\nLo miro el lunes.\n", "Ayer el cliente escribió:\nque no le va nada.\nLo miro el lunes."},
		"no headers":                      {"Hola Luis:\n\nVoy el lunes a las diez.\n", "Hola Luis:\n\nVoy el lunes a las diez."},
	} {
		t.Run(name, func(t *testing.T) {
			for _, nl := range []string{"\n", "\r\n"} {
				m, err := Parse([]byte(strings.ReplaceAll(c.in, "\n", nl)), Options{})
				if err != nil {
					t.Fatal(err)
				}
				got, want := squeeze(author(m)), squeeze(c.want)
				if got != want {
					t.Errorf("author's text is %q, want %q", got, want)
				}
			}
		})
	}
}

// squeeze drops blank lines.
func squeeze(s string) string {
	var out []string
	for _, l := range strings.Split(s, "\n") {
		if strings.TrimSpace(l) != "" {
			out = append(out, strings.TrimSpace(l))
		}
	}
	return strings.Join(out, "\n")
}

// TestDecoding reads one sentence in every encoding.
func TestDecoding(t *testing.T) {
	const want = "Mañana a las 10 voy."
	for name, in := range map[string]string{
		"utf-8":            "Content-Type: text/plain; charset=utf-8\n\nMañana a las 10 voy.\n",
		"iso-8859-1":       "Content-Type: text/plain; charset=iso-8859-1\n\nMa\xf1ana a las 10 voy.\n",
		"windows-1252":     "Content-Type: text/plain; charset=windows-1252\n\nMa\xf1ana a las 10 voy.\n",
		"unknown charset":  "Content-Type: text/plain; charset=x-martian\n\nMa\xf1ana a las 10 voy.\n",
		"quoted-printable": "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nMa=C3=B1ana a =\nlas 10 voy.\n",
		"base64":           "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\nTWHDsWFuYSBhIGxhcyAxMCB2b3kuCg==\n",
		"html":             "Content-Type: text/html; charset=utf-8\n\n<p>Ma&ntilde;ana a las <b>10</b> voy.</p><div style=\"display: none\">x</div>\n",
		"alternative":      "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\nMañana a las 10 voy.\n--b\nContent-Type: text/html\n\n<p>Otra cosa</p>\n--b--\n",
		"plain stub":       "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n\n--b\nContent-Type: text/html; charset=utf-8\n\n<p>Mañana a las 10 voy.</p>\n--b--\n",
		"gmail quote":      "Content-Type: text/html; charset=utf-8\n\n<div>Mañana a las 10 voy.</div><div class=\"gmail_quote\"><div class=\"gmail_attr\">El lun escribió:</div><blockquote>No va</blockquote></div>\n",
		"Outlook reply":    "Content-Type: text/html; charset=utf-8\n\n<p>Mañana a las 10 voy.</p><div id=\"divRplyFwdMsg\"><b>De:</b> Ana</div><p>No va</p>\n",
	} {
		t.Run(name, func(t *testing.T) {
			m, err := Parse([]byte("From: a@example.com\nSubject: x\n"+in), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := squeeze(author(m)); got != want {
				t.Errorf("author's text is %q, want %q (segments %v)", got, want, m.Segments)
			}
			if !utf8.ValidString(m.Body.Text) {
				t.Error("body is not valid UTF-8")
			}
		})
	}
}

// TestPositions finds unencoded text at the place in the file that Base names.
func TestPositions(t *testing.T) {
	multi := "Subject: Cambio\nContent-Type: multipart/mixed; boundary=\"b\"\n\npreamble\n--b\nContent-Type: text/plain; charset=utf-8\n\nMañana voy.\n--b\nContent-Type: application/pdf\nContent-Disposition: attachment; filename*=utf-8''presupuesto%20n%C2%BA1.pdf\n\nxx\n--b--\n"
	m, err := Parse([]byte(multi), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if m.Body.Encoded || m.Body.Base.Line != 8 || !strings.HasPrefix(multi[m.Body.Base.Offset:], "Mañana voy.") {
		t.Errorf("body at %+v, encoded %v", m.Body.Base, m.Body.Encoded)
	}
	if m.Subject.Encoded || !strings.HasPrefix(multi[m.Subject.Base.Offset:], "Cambio") || m.Subject.Base.Column != 10 {
		t.Errorf("subject at %+v", m.Subject.Base)
	}
	if len(m.Attachments) != 1 || m.Attachments[0] != "presupuesto nº1.pdf" {
		t.Errorf("attachments %q", m.Attachments)
	}
}

func TestHeaders(t *testing.T) {
	m, err := Parse([]byte("From: =?utf-8?q?Mar=C3=ADa?= <maria@example.com>\nTo: a@example.org, \"B, C\" <b@example.org>\nSubject: =?iso-8859-1?Q?Factura_n=BA_3?=\nDate: Thu, 20 Nov 2025 21:30:00 +0100\nX-Tacto-Ignore: Jargon, vague-time\n\nHola\n"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if m.Subject.Text != "Factura nº 3" || !m.Subject.Encoded || !m.SubjectOwn {
		t.Errorf("subject %+v own %v", m.Subject, m.SubjectOwn)
	}
	if strings.Join(m.To, " ") != "a@example.org b@example.org" || m.From[0] != "maria@example.com" {
		t.Errorf("to %q from %q", m.To, m.From)
	}
	if m.Date.Hour() != 21 || strings.Join(m.Ignore, " ") != "jargon vague-time" {
		t.Errorf("date %v ignore %q", m.Date, m.Ignore)
	}
	for subject, own := range map[string]bool{"Re: x": false, "RV: x": false, "Fwd: x": false, "Re[2]: x": false, "Reunión: x": true} {
		m, err := Parse([]byte("Subject: "+subject+"\nFrom: a@b.c\n\nHola\n"), Options{})
		if err != nil || m.SubjectOwn != own {
			t.Errorf("%q: own %v, want %v (%v)", subject, m.SubjectOwn, own, err)
		}
	}
}

func TestErrors(t *testing.T) {
	nested := "Content-Type: multipart/mixed; boundary=b0\n\n"
	for i := range 5000 {
		nested += "--b" + itoa(i) + "\nContent-Type: multipart/mixed; boundary=b" + itoa(i+1) + "\n\n"
	}
	for name, c := range map[string]struct {
		in   string
		want error
	}{
		"empty":  {"  \n", ErrEmpty},
		"binary": {"\x00\x01\x02\x00\x00PNG\x00\x00", ErrBinary},
		"nested": {"From: a@b.c\n" + nested, ErrNested},
		"long":   {strings.Repeat("x", MaxMessage+1), ErrTooLong},
	} {
		if _, err := Parse([]byte(c.in), Options{}); !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", name, err, c.want)
		}
	}
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + string(rune('0'+n%10))
}

func TestMbox(t *testing.T) {
	box := "From a@example.com Mon Nov  3 10:00:00 2025\nFrom: a@example.com\nSubject: Uno\n\nHola uno.\n>From here on\n\nFrom b@example.com Mon Nov  3 11:00:00 2025\nFrom: b@example.com\nSubject: Dos\n\nHola dos.\n"
	var got []string
	err := Read(strings.NewReader(box), "in.mbox", func(it Item) error {
		if it.Err != nil {
			t.Fatal(it.Err)
		}
		got = append(got, it.Path+" "+it.Message.Subject.Text)
		if it.Path == "in.mbox#2" && !strings.HasPrefix(box[it.Message.Body.Base.Offset:], "Hola dos.") {
			t.Errorf("second message's body at %+v", it.Message.Body.Base)
		}
		if it.Path == "in.mbox#1" && !strings.Contains(it.Message.Body.Text, "\nFrom here on") {
			t.Errorf("first message's body %q", it.Message.Body.Text)
		}
		return nil
	})
	if err != nil || strings.Join(got, "; ") != "in.mbox#1 Uno; in.mbox#2 Dos" {
		t.Errorf("%v, %v", got, err)
	}
}

func TestWalk(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.eml", "notes.pdf", ".hidden.eml", "Maildir/cur/1.host:2,S", "Maildir/new/2.host", "Maildir/tmp/3.host", "sub/b.txt", "draft"} {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte("From: a@b.c\nSubject: x\n\nHola\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	err := Walk(dir, func(p string, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, p)
		got = append(got, filepath.ToSlash(rel))
		return nil
	})
	want := "Maildir/cur/1.host:2,S Maildir/new/2.host a.eml draft sub/b.txt"
	if err != nil || strings.Join(got, " ") != want {
		t.Errorf("walked %q, want %q (%v)", strings.Join(got, " "), want, err)
	}
}

// FuzzParse holds Parse to its promises for any bytes.
func FuzzParse(f *testing.F) {
	f.Add([]byte(head + "Hola\n\n> x\n-- \nAna\n"))
	f.Add([]byte("Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>x<blockquote>y\n--b--\n"))
	f.Add([]byte("Content-Transfer-Encoding: base64\nFrom: x\n\nSG9sYQ=="))
	f.Add([]byte("From a b\nSubject: =?utf-8?q?=C3?=\n y\n\n\xff\xfe\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Parse(data, Options{})
		if err != nil {
			return
		}
		at := 0
		for _, s := range m.Segments {
			if s.Start != at || s.End < s.Start {
				t.Fatalf("segments %v do not partition the body", m.Segments)
			}
			at = s.End
		}
		if at != len(m.Body.Text) {
			t.Fatalf("segments end at %d of %d", at, len(m.Body.Text))
		}
		if !utf8.ValidString(m.Body.Text) || !utf8.ValidString(m.Subject.Text) {
			t.Fatal("invalid UTF-8")
		}
		for _, s := range []lint.Source{m.Body, m.Subject} {
			if !s.Encoded && s.Text != "" && !strings.HasPrefix(string(data[s.Base.Offset:]), s.Text) {
				t.Fatalf("text is not at %+v", s.Base)
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	data := []byte(strings.ReplaceAll(head, "\n\n", "\nContent-Type: text/plain; charset=utf-8\n\n") + strings.Repeat("Mañana a las diez vamos a cambiar el disco del servidor.\n", 15) + "\nUn saludo,\nAna\n")
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(data, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
