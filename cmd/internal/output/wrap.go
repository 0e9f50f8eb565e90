package output

import (
	"strings"

	"github.com/rivo/uniseg"

	"github.com/tacto-lint/tacto/cmd/internal/safe"
)

// wrap lays text out in lines of at most width columns, the first after
// first, the others after rest. Words longer than a line stand alone.
func wrap(text, first, rest string, width int) string {
	var b strings.Builder
	b.WriteString(first)
	column, fresh := uniseg.StringWidth(first), true
	for _, word := range strings.Fields(text) {
		word = safe.Text(word)
		w := uniseg.StringWidth(word)
		switch {
		case fresh:
		case column+1+w > width:
			b.WriteString("\n" + rest)
			column = uniseg.StringWidth(rest)
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += w
		fresh = false
	}
	b.WriteByte('\n')
	return b.String()
}
