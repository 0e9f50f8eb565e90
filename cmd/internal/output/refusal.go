package output

import (
	"strings"

	"github.com/tacto-lint/tacto/cmd/internal/safe"
	"github.com/tacto-lint/tacto/presend"
)

// Refusal writes a refusal for a pager: what and why in its first lines. rest is
// added to the line that says how many findings are not named.
func Refusal(lines []presend.Line, width int, rest string) string {
	var b strings.Builder
	for i, l := range lines {
		text := safe.Text(l.Text)
		switch {
		case i == 0:
			b.WriteString(wrap(text, "tacto: ", "       ", width))
		case l.Mark == presend.More:
			b.WriteString(wrap(text+rest, indent+indent, indent+indent, width))
		case l.Mark == "":
			b.WriteString(wrap(text, "", "  ", width))
		case l.Mark == "→":
			b.WriteString(wrap(text, indent+indent+"→ ", indent+indent+"  ", width))
		default:
			b.WriteString(wrap(text, indent+l.Mark+" ", indent+indent, width))
		}
	}
	return b.String()
}
