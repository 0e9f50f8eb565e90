package lint

import "time"

// A Message is an email as the linter sees it: decoded text, with the author's
// own words told apart from everything that merely travels with them. Package
// mail makes Messages from files; tests and other drivers may fill one in by
// hand (see PlainMessage).
type Message struct {
	// Subject is the decoded Subject header, empty when there is none.
	Subject Source
	// SubjectOwn says that the author wrote the subject: it did not come back
	// with "Re:" or "Fwd:". Only then are findings reported in it.
	SubjectOwn bool
	// HasHeaders says that the input had mail headers at all. A draft that is
	// only text has no subject to find fault with.
	HasHeaders bool

	// Body is the decoded text of the body: the plain part, or the HTML part
	// turned into text.
	Body Source
	// Segments partition Body.Text: in order, without gaps or overlaps.
	Segments []Segment

	// Reply says that the email answers another one (In-Reply-To, References,
	// a "Re:" subject or quoted text); Forward that it passes one on.
	Reply, Forward bool

	// Date is the Date header in its own zone, zero when absent.
	Date time.Time
	// From, To and Cc hold bare addresses (ana@example.org).
	From, To, Cc []string
	// Attachments holds the file names of attached parts; a part without a
	// name stands as its media type.
	Attachments []string
	// Ignore lists the rules named in X-Tacto-Ignore headers.
	Ignore []string
}

// A Source is a piece of decoded text and where it stands.
type Source struct {
	// Text is valid UTF-8. Line ends are as they came, LF or CRLF.
	Text string
	// Base is the position of Text[0]. With Encoded false it is the position
	// in the input file; with Encoded true it is {1, 1, 0}, since positions
	// then count within Text.
	Base Position
	// Encoded says that Text does not stand byte for byte in the file: it was
	// base64, quoted-printable, another charset, HTML or an RFC 2047 header.
	Encoded bool
}

// A Position is a place in a text.
type Position struct {
	Line   int `json:"line"`   // from 1
	Column int `json:"column"` // from 1, in Unicode code points
	Offset int `json:"offset"` // from 0, in bytes
}

// A Span is a half-open range of byte offsets, [Start, End).
type Span struct{ Start, End int }

// SegmentKind says whose words a segment holds.
type SegmentKind uint8

const (
	// SegmentAuthor is what the author typed. All rules judge this alone.
	SegmentAuthor SegmentKind = iota
	// SegmentQuote is text of an earlier email, with its attribution line.
	SegmentQuote
	// SegmentForward is a forwarded message with its header block.
	SegmentForward
	// SegmentSignature is a signature block, "Sent from my iPhone" included.
	SegmentSignature
	// SegmentDisclaimer is a legal or environmental notice.
	SegmentDisclaimer
	// SegmentCode is a fenced or quoted block that is no prose: a log, a
	// command, a Markdown code fence.
	SegmentCode
)

// A Segment is a run of Body.Text of one kind.
type Segment struct {
	Kind SegmentKind
	Span
}

// PlainMessage makes a Message of a text that is all the author's own, without
// headers. It is what a draft in an editor is, and what examples in rule files
// are.
func PlainMessage(text string) *Message {
	return &Message{
		Body:     Source{Text: text, Base: Position{Line: 1, Column: 1}},
		Segments: []Segment{{Kind: SegmentAuthor, Span: Span{0, len(text)}}},
	}
}
