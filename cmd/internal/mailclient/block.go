package mailclient

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// The lines of tacto stand between these, each behind the sign for a comment.
const (
	beginMark = " >>> tacto >>>"
	endMark   = " <<< tacto <<<"
	// noNewline remembers that the last line before the block had no end, so that
	// taking the block out gives the file back as it was.
	noNewline = " the line above had no newline"
)

// A block is a file parted at the lines of tacto.
type block struct {
	found         bool
	before, after string // with the ends of lines
	inside        []string
	strange       []string // of the inside, what is not tacto's
}

// split parts a file at its markers. It fails if they are not one pair, or if
// something that is not tacto's stands between them.
func (c *Client) split(f *File) (block, error) {
	lines := strings.SplitAfter(f.Text, "\n")
	begin, end := -1, -1
	for i, l := range lines {
		switch strings.TrimSpace(l) {
		case c.comment + beginMark:
			if begin >= 0 {
				return block{}, damaged(f, i, "a second "+c.comment+beginMark)
			}
			begin = i
		case c.comment + endMark:
			if begin < 0 || end >= 0 {
				return block{}, damaged(f, i, c.comment+endMark+" without its beginning")
			}
			end = i
		}
	}
	if begin < 0 {
		return block{before: f.Text}, nil
	}
	if end < 0 {
		return block{}, damaged(f, begin, c.comment+beginMark+" without its end")
	}
	b := block{found: true, before: strings.Join(lines[:begin], ""), after: strings.Join(lines[end+1:], "")}
	for i, l := range lines[begin+1 : end] {
		l = strings.TrimRight(l, "\r\n")
		if !c.isOwn(l) {
			b.strange = append(b.strange, l)
			if c.keep != nil && !strings.HasPrefix(strings.TrimSpace(l), "[") {
				continue
			}
			return block{}, fail(fmt.Sprintf("%s:%d: a line between the markers is not tacto's: %s", f.Path, begin+2+i, strings.TrimSpace(l)),
				"move it out of them, or take it away")
		}
		b.inside = append(b.inside, l)
	}
	return b, nil
}

func damaged(f *File, line int, what string) error {
	return fail(fmt.Sprintf("%s:%d: %s", f.Path, line+1, what), "take out the lines of tacto with an editor, with what is left of their markers")
}

// isOwn says whether tacto writes such a line.
func (c *Client) isOwn(line string) bool {
	if strings.TrimSpace(line) == "" || line == c.comment+noNewline {
		return true
	}
	for _, pattern := range c.own {
		head, tail, open := strings.Cut(pattern, "*")
		if line == pattern || open && len(line) >= len(head)+len(tail) && strings.HasPrefix(line, head) && strings.HasSuffix(line, tail) {
			return true
		}
	}
	return false
}

// noted says whether the line above the block had no newline.
func (c *Client) noted(b block) bool { return slices.Contains(b.inside, c.comment+noNewline) }

// without gives the text as it was before there was a block.
func (c *Client) without(b block) string {
	before := b.before
	if b.after == "" && len(b.strange) == 0 && c.noted(b) {
		before = strings.TrimSuffix(strings.TrimSuffix(before, "\n"), "\r")
	}
	return before + c.kept(b) + b.after
}

// kept gives the text of what is not tacto's, for outside of the markers.
func (c *Client) kept(b block) string {
	if len(b.strange) == 0 {
		return ""
	}
	return strings.Join(c.keep(b.strange), "\n") + "\n"
}

// with gives the text with a block of these lines: at the end, where it comes last.
// A file that was made for it is made so again.
func (c *Client) with(f *File, b block, lines []string) string {
	text := c.without(b)
	eol := "\n"
	if i := strings.Index(text, "\n"); i > 0 && text[i-1] == '\r' {
		eol = "\r\n"
	}
	all := []string{c.comment + beginMark}
	switch {
	case !f.Exists || b.found && text == c.head && !c.noted(b):
		text = c.head
	case !strings.HasSuffix(text, "\n"):
		all = append(all, c.comment+noNewline)
		if text != "" {
			text += eol
		}
	}
	all = append(append(all, lines...), c.comment+endMark)
	return text + strings.Join(all, eol) + eol
}

// A Change is what is to be made of a file.
type Change struct {
	File  *File
	Text  string
	Lines []string // the lines of tacto, with their markers
	// Delete says that the file was made for these lines alone.
	Delete bool
	mode   os.FileMode

	bare    string // what is kept as a copy
	removes bool
}

// Nothing says that the file is already as it is to be.
func (ch *Change) Nothing() bool { return !ch.Delete && ch.File.Exists && ch.Text == ch.File.Text }

// Install gives the change that makes the client ask tacto. The file is by default
// the client's.
func (c *Client) Install(e *Env, path string, w With) (*Change, error) {
	f, err := c.read(e, path)
	if err != nil {
		return nil, err
	}
	b, err := c.split(f)
	if err != nil {
		return nil, err
	}
	bare := *f
	bare.Text = c.without(b)
	w.MTA = first(w.MTA, c.mtaNow(e, f, b))
	lines, err := c.lines(e, &bare, w)
	if err != nil {
		return nil, refused(err)
	}
	marked := append(append([]string{c.comment + beginMark}, lines...), c.comment+endMark)
	return &Change{File: f, Text: c.with(f, b, lines), Lines: marked, mode: c.mode, bare: bare.Text}, nil
}

// mtaNow gives the MTA that a block names, or that the user has set behind it.
func (c *Client) mtaNow(e *Env, f *File, b block) string {
	if !b.found || c.named == nil {
		return ""
	}
	after := *f
	after.Text = b.after
	later, err := c.lines(e, &after, With{Tacto: "tacto"})
	if err != nil {
		later = nil
	}
	for _, l := range append(later, b.inside...) {
		if mta := c.named(l); mta != "" {
			return mta
		}
	}
	return ""
}

// refused marks an error for being about what the file says.
func refused(err error) error {
	if e, ok := err.(*Error); ok {
		e.Refused = true
	}
	return err
}

// Remove gives the change that takes the lines out again.
func (c *Client) Remove(e *Env, path string) (*Change, error) {
	f, err := c.read(e, path)
	if err != nil {
		return nil, err
	}
	b, err := c.split(f)
	if err != nil {
		return nil, err
	}
	ch := &Change{File: f, Text: c.without(b), removes: true}
	ch.Delete = b.found && ch.Text == c.head && !c.noted(b)
	return ch, nil
}
