package main

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"strings"

	"github.com/tacto-lint/tacto/lint"
)

// parse is a makeshift reader until package mail stands.
func parse(data []byte) *lint.Message {
	msg, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		return lint.PlainMessage(string(data))
	}
	dec := &mime.WordDecoder{}
	subject, _ := dec.DecodeHeader(msg.Header.Get("Subject"))
	body, _ := io.ReadAll(msg.Body)
	text, attach := part(msg.Header.Get("Content-Type"), msg.Header.Get("Content-Transfer-Encoding"), body)
	m := lint.PlainMessage(text)
	m.HasHeaders = true
	m.Subject = lint.Source{Text: subject, Base: lint.Position{Line: 1, Column: 1}}
	m.Reply = msg.Header.Get("In-Reply-To") != ""
	m.SubjectOwn = subject != "" && !regexp.MustCompile(`(?i)^(re|rv|fwd?|aw):`).MatchString(subject)
	m.Attachments = attach
	if d, err := msg.Header.Date(); err == nil {
		m.Date = d
	}
	cut := len(text)
	if loc := quoteStart.FindStringIndex(text); loc != nil {
		cut = loc[0]
	}
	end := cut
	if loc := sigStart.FindStringIndex(text[:cut]); loc != nil {
		end = loc[0]
	}
	m.Segments = []lint.Segment{{Kind: lint.SegmentAuthor, Span: lint.Span{Start: 0, End: end}}, {Kind: lint.SegmentSignature, Span: lint.Span{Start: end, End: cut}}, {Kind: lint.SegmentQuote, Span: lint.Span{Start: cut, End: len(text)}}}
	return m
}

var (
	quoteStart = regexp.MustCompile(`(?m)^(-----|> |>$|El .{5,80}(\n.*)?escribió:|On .{5,90}(\n.*)?wrote:|From: |De: )`)
	sigStart   = regexp.MustCompile(`(?mi)^(-- ?$|(un |cordiales? )?saludos?( cordial(es)?)?[,.]?\s*$|atentamente|cordialmente|kind regards|best( regards)?,?\s*$|regards,?\s*$|thanks,?\s*$|cheers,?\s*$|sent from my|enviado desde)`)
	tagRE      = regexp.MustCompile(`(?s)<style.*?</style>|<[^>]*>`)
	breakRE    = regexp.MustCompile(`(?i)</p>|<br[^>]*>|</li>|</div>`)
)

func part(ct, cte string, body []byte) (string, []string) {
	mt, params, _ := mime.ParseMediaType(ct)
	if strings.HasPrefix(mt, "multipart/") {
		mr := multipart.NewReader(bytes.NewReader(body), params["boundary"])
		out, html := "", ""
		var att []string
		for {
			p, err := mr.NextRawPart()
			if err != nil {
				break
			}
			b, _ := io.ReadAll(p)
			pct := p.Header.Get("Content-Type")
			if strings.HasPrefix(p.Header.Get("Content-Disposition"), "attachment") {
				att = append(att, "file")
				continue
			}
			t, a := part(pct, p.Header.Get("Content-Transfer-Encoding"), b)
			att = append(att, a...)
			if strings.HasPrefix(pct, "text/html") {
				html = t
			} else {
				out += t
			}
		}
		if strings.TrimSpace(out) == "" {
			out = html
		}
		return out, att
	}
	switch strings.ToLower(cte) {
	case "base64":
		d, _ := base64.StdEncoding.DecodeString(strings.ReplaceAll(strings.ReplaceAll(string(body), "\n", ""), "\r", ""))
		body = d
	case "quoted-printable":
		body, _ = io.ReadAll(quotedprintable.NewReader(bytes.NewReader(body)))
	}
	s := string(body)
	if mt == "text/html" {
		s = breakRE.ReplaceAllString(s, "\n\n")
		s = tagRE.ReplaceAllString(s, "")
	}
	return s, nil
}
