package output

import (
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"github.com/tacto-lint/tacto/cmd/internal/safe"
	"github.com/tacto-lint/tacto/lint"
)

// maxLines is how many lines of a passage are shown; a whole paragraph would
// push the advice about it off the screen.
const maxLines = 3

// A shownLine is a line of the text as it is printed, in three pieces, with
// the columns to skip and to underline on the line below.
type shownLine struct {
	before, marked, after string
	skip, under           int
}

// passage gives the lines that a span touches, each cut to width columns
// around what is marked. more says that there are further lines. It looks only
// at the text near the span: a line can be megabytes long, and have a finding
// every few words.
func passage(text string, span lint.Span, width int) (lines []shownLine, more bool) {
	start, end := clamp(span.Start, len(text)), clamp(span.End, len(text))
	near := 16*max(width, 20) + 64 // bytes: a character on screen has a few
	from := backTo(text, start-near)
	at := from + strings.LastIndexByte(text[from:start], '\n') + 1
	for {
		far := backTo(text, min(max(at, start)+near, len(text)))
		stop, whole := far, far == len(text)
		if i := strings.IndexByte(text[at:far], '\n'); i >= 0 {
			stop, whole = at+i, true
		}
		line := text[at:stop]
		if whole {
			line = strings.TrimSuffix(line, "\r")
		}
		if lo, hi := max(start-at, 0), min(end-at, len(line)); lo < hi {
			if len(lines) == maxLines {
				return lines, true
			}
			cutLeft := at == from && at > 0 && text[at-1] != '\n'
			lines = append(lines, cut(cells(line, lo, hi), width, cutLeft, !whole))
		}
		if !whole {
			return lines, false
		}
		at = stop + 1
		if at >= end || stop == len(text) {
			return lines, false
		}
	}
}

// backTo gives the beginning of the character at offset n, 0 for less than that.
func backTo(text string, n int) int {
	n = clamp(n, len(text))
	for n > 0 && n < len(text) && !utf8.RuneStart(text[n]) {
		n--
	}
	return n
}

func clamp(n, limit int) int { return min(max(n, 0), limit) }

// A cell is what a reader takes for one character, with its columns.
type cell struct {
	text   string
	width  int
	marked bool
}

// cells splits a line into characters, tabs spread to the next fourth column
// and dangerous ones replaced. Bytes [from, to) of the line are marked.
func cells(line string, from, to int) []cell {
	var list []cell
	column, state := 0, -1
	for at := 0; at < len(line); {
		cluster, _, width, next := uniseg.FirstGraphemeClusterInString(line[at:], state)
		state = next
		c := cell{text: cluster, width: width, marked: at < to && at+len(cluster) > from}
		switch clean := safe.Text(cluster); {
		case cluster == "\t":
			c.width = 4 - column%4
			c.text = strings.Repeat(" ", c.width)
		case clean != cluster:
			c.text, c.width = clean, uniseg.StringWidth(clean)
		}
		column += c.width
		list = append(list, c)
		at += len(cluster)
	}
	return list
}

// cut trims blanks at both ends and, of a line too long, keeps the marked
// characters with some of what stands before and after them. moreLeft and
// moreRight say that the list is not the whole line.
func cut(list []cell, width int, moreLeft, moreRight bool) shownLine {
	first, last := 0, len(list)
	for first < last && list[first].text != "" && strings.TrimSpace(list[first].text) == "" && !list[first].marked {
		first++
	}
	for last > first && strings.TrimSpace(list[last-1].text) == "" && !list[last-1].marked {
		last--
	}
	list = list[first:last]
	from, to := window(list, max(width, 20))
	var s shownLine
	if from > 0 || moreLeft {
		s.before, s.skip = "…", 1
	}
	for _, c := range list[from:to] {
		switch {
		case c.marked:
			s.marked += c.text
			s.under += c.width
		case s.marked == "":
			s.before += c.text
			s.skip += c.width
		default:
			s.after += c.text
		}
	}
	if to < len(list) || moreRight {
		s.after += "…"
	}
	s.under = max(s.under, 1)
	return s
}

// window picks the cells [from, to) that fit into width columns. Words before
// the passage get a third of the room that it leaves, so that the passage is
// read in its place; what they leave goes to the words after.
func window(list []cell, width int) (from, to int) {
	total, marked, first, last := 0, 0, -1, 0
	for i, c := range list {
		total += c.width
		if c.marked {
			marked += c.width
			if first < 0 {
				first = i
			}
			last = i + 1
		}
	}
	if total <= width {
		return 0, len(list)
	}
	first = max(first, 0)
	room := width - 2 // for the two ellipses
	before := max(room-marked, room/10) / 3
	from = first
	for from > 0 && before >= list[from-1].width {
		from--
		before -= list[from].width
		room -= list[from].width
	}
	for to = from; to < len(list); to++ {
		if to >= first {
			if room < list[to].width {
				break
			}
			room -= list[to].width
		}
	}
	// Near the end of the line the words after leave room for more before.
	if to == len(list) && to >= last {
		for from > 0 && room >= list[from-1].width {
			from--
			room -= list[from].width
		}
	}
	return from, to
}
