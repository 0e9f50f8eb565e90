package mail

import (
	"cmp"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/tacto-lint/tacto/lint"
)

// htmlText turns HTML into text: a line for each block, "- " for list items,
// cells of a table row on one line. Quotes and signatures that the HTML names
// come back as segments; hidden text is left out.
//
// It reads tokens instead of building a tree: linear in the input, whatever the
// depth.
func htmlText(src string) (string, []lint.Segment) {
	w := &htmlWriter{}
	z := html.NewTokenizer(strings.NewReader(src))
	for {
		switch z.Next() {
		case html.ErrorToken:
			w.closeAll()
			return strings.TrimRight(w.b.String(), " \n") + "\n", w.segs
		case html.TextToken:
			w.text(string(z.Text()))
		case html.StartTagToken:
			w.open(z.Token())
		case html.SelfClosingTagToken:
			t := z.Token()
			w.open(t)
			if !isVoid(t.DataAtom) {
				w.shut(t.DataAtom)
			}
		case html.EndTagToken:
			w.shut(z.Token().DataAtom)
		}
	}
}

// htmlWriter writes the text and remembers which elements are open.
type htmlWriter struct {
	b        strings.Builder
	segs     []lint.Segment
	elements []openElement
	hidden   int // depth of hidden elements
	marking  int // depth of elements that are segments
	pre      int
	space    bool
}

type openElement struct {
	tag    atom.Atom
	hidden bool
	marks  bool // a segment begins with it
	kind   lint.SegmentKind
	start  int
	rest   bool // the segment goes on to the end of the text
}

// maxOpen bounds the elements kept open: deeper ones are written without.
const maxOpen = 4096

func isVoid(a atom.Atom) bool {
	switch a {
	case atom.Br, atom.Hr, atom.Img, atom.Input, atom.Meta, atom.Link, atom.Wbr, atom.Col, atom.Area, atom.Base, atom.Embed, atom.Source, atom.Track:
		return true
	}
	return false
}

func isBlock(a atom.Atom) bool {
	switch a {
	case atom.P, atom.Div, atom.Blockquote, atom.Ul, atom.Ol, atom.Table, atom.Tr, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6,
		atom.Pre, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Li, atom.Hr, atom.Address, atom.Dl, atom.Dt, atom.Dd, atom.Center, atom.Form, atom.Body:
		return true
	}
	return false
}

// isParagraph: blocks with a blank line around them.
func isParagraph(a atom.Atom) bool {
	switch a {
	case atom.P, atom.Blockquote, atom.Ul, atom.Ol, atom.Table, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Pre, atom.Hr:
		return true
	}
	return false
}

func (w *htmlWriter) open(t html.Token) {
	a := t.DataAtom
	attr := attributes(t)
	if a == atom.Hr && (attr["id"] == "stopSpelling" || attr["id"] == "zwchr") {
		w.marking++
		w.elements = append(w.elements, openElement{tag: a, marks: true, kind: lint.SegmentQuote, start: w.b.Len(), rest: true})
		return
	}
	if isBlock(a) {
		w.newline(isParagraph(a))
	}
	switch a {
	case atom.Br:
		w.space = false
		w.b.WriteByte('\n')
		return
	case atom.Li:
		w.b.WriteString("- ")
	case atom.Td, atom.Th:
		if s := w.b.String(); s != "" && s[len(s)-1] != '\n' {
			w.space = true
		}
	case atom.Pre:
		w.pre++
	}
	if isVoid(a) {
		return
	}
	e := openElement{tag: a, start: w.b.Len(), hidden: isHidden(a, attr)}
	e.kind, e.rest, e.marks = quoteKind(a, attr)
	if e.marks && w.marking > 0 {
		e.marks = false // the outer one covers it
	}
	if e.marks {
		w.marking++
		w.newline(false)
		e.start = w.b.Len()
	}
	if e.hidden {
		w.hidden++
	}
	if len(w.elements) < maxOpen {
		w.elements = append(w.elements, e)
		return
	}
	if e.hidden {
		w.hidden--
	}
	if e.marks {
		w.marking--
	}
}

func attributes(t html.Token) map[string]string {
	if len(t.Attr) == 0 {
		return nil
	}
	m := make(map[string]string, len(t.Attr))
	for _, a := range t.Attr {
		m[a.Key] = a.Val
	}
	return m
}

func isHidden(a atom.Atom, attr map[string]string) bool {
	switch a {
	case atom.Head, atom.Style, atom.Script, atom.Title, atom.Noscript, atom.Template, atom.Select:
		return true
	}
	style := strings.ToLower(strings.ReplaceAll(attr["style"], " ", ""))
	_, hidden := attr["hidden"]
	return hidden || strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden") || strings.Contains(style, "mso-hide:all")
}

// quoteKind knows how mail programs mark what is not the author's: Gmail, Yahoo,
// Apple Mail, Thunderbird, Outlook on the web and on the desktop.
func quoteKind(a atom.Atom, attr map[string]string) (kind lint.SegmentKind, rest, ok bool) {
	class, id := attr["class"], attr["id"]
	style := strings.ToLower(strings.ReplaceAll(attr["style"], " ", ""))
	switch {
	case a == atom.Blockquote,
		hasClass(class, "gmail_quote"), hasClass(class, "gmail_quote_container"), hasClass(class, "gmail_attr"), hasClass(class, "yahoo_quoted"), hasClass(class, "moz-cite-prefix"),
		hasClass(class, "protonmail_quote"), hasClass(class, "zmail_extra"):
		return lint.SegmentQuote, false, true
	case id == "divRplyFwdMsg", id == "appendonsend", id == "x_divRplyFwdMsg", id == "mail-editor-reference-message-container", id == "OLK_SRC_BODY_SECTION",
		a == atom.Div && strings.Contains(style, "border-top:solid#e1e1e1"), a == atom.Div && strings.Contains(style, "border-top:solid#b5c4df"):
		return lint.SegmentQuote, true, true
	case hasClass(class, "gmail_signature"), hasClass(class, "moz-signature"), id == "Signature", id == "signature", id == "ms-outlook-mobile-signature", hasClass(class, "protonmail_signature_block"):
		return lint.SegmentSignature, false, true
	}
	return 0, false, false
}

func hasClass(list, name string) bool {
	for _, c := range strings.Fields(list) {
		if c == name {
			return true
		}
	}
	return false
}

// shut closes the innermost open element of that name and those inside it.
func (w *htmlWriter) shut(a atom.Atom) {
	if isVoid(a) {
		return
	}
	for i := len(w.elements) - 1; i >= 0; i-- {
		if w.elements[i].tag != a {
			continue
		}
		for len(w.elements) > i {
			w.pop()
		}
		break
	}
	if isBlock(a) {
		w.newline(isParagraph(a))
	}
}

func (w *htmlWriter) pop() {
	e := w.elements[len(w.elements)-1]
	w.elements = w.elements[:len(w.elements)-1]
	if e.hidden {
		w.hidden--
	}
	if e.tag == atom.Pre && w.pre > 0 {
		w.pre--
	}
	if e.marks {
		w.marking--
		end := w.b.Len()
		if e.rest {
			end = 1 << 62
		}
		w.segs = append(w.segs, lint.Segment{Kind: e.kind, Span: lint.Span{Start: e.start, End: end}})
	}
}

func (w *htmlWriter) closeAll() {
	for len(w.elements) > 0 {
		w.pop()
	}
}

// text writes text with its white space as one space.
func (w *htmlWriter) text(s string) {
	if w.hidden > 0 {
		return
	}
	if w.pre > 0 {
		w.b.WriteString(s)
		return
	}
	for _, r := range s {
		switch r {
		case ' ', '\t', '\n', '\r', '\u00A0':
			w.space = true
			continue
		case '\u200B', '\uFEFF', '\u00AD', '\u200C', '\u034F':
			continue // invisible
		}
		if w.space {
			if w.b.Len() > 0 && w.last() != '\n' {
				w.b.WriteByte(' ')
			}
			w.space = false
		}
		w.b.WriteRune(r)
	}
}

func (w *htmlWriter) last() byte {
	s := w.b.String()
	if s == "" {
		return '\n'
	}
	return s[len(s)-1]
}

// newline ends the line; blank adds an empty one.
func (w *htmlWriter) newline(blank bool) {
	w.space = false
	s := w.b.String()
	if s == "" {
		return
	}
	if strings.HasSuffix(s, "\n- ") || s == "- " {
		return // <li><p>: the paragraph begins on the item's line
	}
	if s[len(s)-1] != '\n' {
		w.b.WriteByte('\n')
		s = w.b.String()
	}
	if blank && !strings.HasSuffix(s, "\n\n") {
		w.b.WriteByte('\n')
	}
}

// segmentMarked parts a body of which some spans are known already.
func segmentMarked(text string, marked []lint.Segment) []lint.Segment {
	lines := splitLines(text)
	slices.SortFunc(marked, func(a, b lint.Segment) int { return cmp.Compare(a.Start, b.Start) })
	for i, k := 0, 0; i < len(lines); i++ {
		for k < len(marked) && marked[k].End <= lines[i].start {
			k++
		}
		if k < len(marked) && lines[i].start >= marked[k].Start {
			lines[i].kind = marked[k].Kind
		}
	}
	for i := range lines {
		if lines[i].kind == lint.SegmentQuote && (i == 0 || lines[i-1].kind == lint.SegmentAuthor) {
			markAttribution(lines, i)
		}
	}
	markQuotes(lines)
	markDisclaimers(lines)
	markSignature(lines)
	return join(text, lines)
}
