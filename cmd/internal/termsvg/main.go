// Command termsvg draws a screen of a terminal, as 'tmux capture-pane -p -e' gives it
// on standard input, as an SVG on standard output. Its argument is the title. Of the
// escape sequences it knows colours, bold and reverse; each character is taken for
// one column wide.
package main

import (
	"errors"
	"fmt"
	"html"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Sizes in pixels: of a character's cell, and of the room around the screen.
const (
	cellWidth, cellHeight = 8.4, 19
	fontSize, baseline    = 14, 14
	margin, corner        = 16, 8
)

const (
	foreground, background = "#d7dae0", "#1d2129"
	bar                    = "#b6becb" // white behind text, as in a status line
	minColumns             = 80
)

// palette are the colours 0 to 15. Black and white are those of the screen, which
// programs name where they mean them.
var palette = [16]string{background, "#ef6b73", "#8cc570", "#e5c07b", "#6cb6ff", "#c792ea", "#5fc7c7", foreground,
	"#7f8794", "#ff8f96", "#a8e08c", "#ffd98f", "#94ccff", "#dbaefa", "#85e0e0", "#ffffff"}

// style is how characters look; "" are the colours of the screen.
type style struct {
	fg, bg        string
	bold, reverse bool
}

func (s style) colours() (fg, bg string) {
	fg, bg = s.fg, s.bg
	if fg == "" {
		fg = foreground
	}
	if bg == "" {
		bg = background
	}
	if s.reverse {
		fg, bg = bg, fg
	}
	return fg, bg
}

// A run is text of one style, from a column on.
type run struct {
	style
	column int
	text   string
}

// A line is its runs, and the style at its end: what is behind is filled with that.
type line struct {
	runs  []run
	width int
	end   style
}

func main() {
	if err := draw(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "termsvg:", err)
		os.Exit(1)
	}
}

func draw(args []string, in io.Reader, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("usage: termsvg TITLE < screen > picture.svg")
	}
	data, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	lines, err := parse(strings.TrimRight(string(data), "\n"))
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, svg(args[0], lines))
	return err
}

// parse reads the screen; a style lasts beyond its line.
func parse(screen string) ([]line, error) {
	var lines []line
	now := style{}
	for _, text := range strings.Split(screen, "\n") {
		l := line{}
		for text != "" {
			plain, rest, found := strings.Cut(text, "\x1b[")
			if plain != "" {
				l.runs = append(l.runs, run{now, l.width, plain})
				l.width += utf8.RuneCountInString(plain)
			}
			if text = rest; !found {
				break
			}
			codes, rest, found := strings.Cut(text, "m")
			if !found || strings.Trim(codes, "0123456789;") != "" {
				return nil, fmt.Errorf("line %d: an escape sequence that is no colour", len(lines)+1)
			}
			text = rest
			for _, code := range strings.Split(codes, ";") {
				n, _ := strconv.Atoi(code) // none is 0
				if err := now.set(n); err != nil {
					return nil, fmt.Errorf("line %d: %w", len(lines)+1, err)
				}
			}
		}
		l.end = now
		lines = append(lines, l)
	}
	return lines, nil
}

// set applies one number of an escape sequence.
func (s *style) set(n int) error {
	switch {
	case n == 0:
		*s = style{}
	case n == 1:
		s.bold = true
	case n == 22:
		s.bold = false
	case n == 7:
		s.reverse = true
	case n == 27:
		s.reverse = false
	case n >= 30 && n <= 37:
		s.fg = palette[n-30]
	case n == 39:
		s.fg = ""
	case n >= 40 && n <= 47:
		if s.bg = palette[n-40]; n == 47 {
			s.bg = bar
		}
	case n == 49:
		s.bg = ""
	case n >= 90 && n <= 97:
		s.fg = palette[n-90+8]
	case n >= 100 && n <= 107:
		s.bg = palette[n-100+8]
	default:
		return fmt.Errorf("a colour or style that is not known: %d", n)
	}
	return nil
}

func svg(title string, lines []line) string {
	columns := minColumns
	var plain strings.Builder
	for _, l := range lines {
		columns = max(columns, l.width)
		for _, r := range l.runs {
			plain.WriteString(r.text)
		}
		plain.WriteByte('\n')
	}
	width, height := int(float64(columns)*cellWidth)+2*margin, len(lines)*cellHeight+2*margin
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-labelledby="title desc">`+"\n", width, height, width, height)
	fmt.Fprintf(&b, "<title id=\"title\">%s</title>\n<desc id=\"desc\">%s</desc>\n", html.EscapeString(title), html.EscapeString(strings.TrimSpace(plain.String())))
	fmt.Fprintf(&b, `<rect x="0.5" y="0.5" width="%d" height="%d" rx="%d" fill="%s" stroke="#3a4150"/>`+"\n", width-1, height-1, corner, background)
	fmt.Fprintf(&b, `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace" font-size="%d" fill="%s" xml:space="preserve">`+"\n", fontSize, foreground)
	for i, l := range lines {
		y := margin + i*cellHeight
		// Where all of a line is of one colour it is that up to the edges, without a seam.
		_, bg := l.end.colours()
		whole := bg != background
		for _, r := range l.runs {
			_, own := r.colours()
			whole = whole && own == bg
		}
		switch {
		case whole:
			fmt.Fprintf(&b, `<rect x="1" y="%d" width="%d" height="%d" fill="%s"/>`+"\n", y, width-2, cellHeight, bg)
		case bg != background:
			rect(&b, l.width, columns, y, bg)
		}
		for _, r := range l.runs {
			r.write(&b, y, whole)
		}
	}
	b.WriteString("</g>\n</svg>\n")
	return b.String()
}

func rect(b *strings.Builder, from, to, y int, colour string) {
	fmt.Fprintf(b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n", margin+float64(from)*cellWidth, y, float64(to-from)*cellWidth, cellHeight, colour)
}

// write draws a run, on what may be filled already. textLength keeps the columns
// where the viewer's font is wider or narrower than a cell.
func (r run) write(b *strings.Builder, y int, filled bool) {
	fg, bg := r.colours()
	if bg != background && !filled {
		rect(b, r.column, r.column+utf8.RuneCountInString(r.text), y, bg)
	}
	text := strings.TrimLeft(r.text, " ")
	column := r.column + len(r.text) - len(text)
	text = strings.TrimRight(text, " ")
	if text == "" {
		return
	}
	attr := ""
	if fg != foreground {
		attr += ` fill="` + fg + `"`
	}
	if r.bold {
		attr += ` font-weight="bold"`
	}
	fmt.Fprintf(b, `<text x="%.1f" y="%d" textLength="%.1f"%s>%s</text>`+"\n", margin+float64(column)*cellWidth, y+baseline,
		float64(utf8.RuneCountInString(text))*cellWidth, attr, html.EscapeString(text))
}
