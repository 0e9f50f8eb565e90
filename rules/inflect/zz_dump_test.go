package inflect

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestDump(t *testing.T) {
	for _, w := range strings.Fields(os.Getenv("W")) {
		p := strings.Split(w, "/")
		k := ""
		if len(p) > 2 {
			k = p[2]
		}
		f, err := Forms(p[0], p[1], k)
		if err != nil {
			fmt.Println(w, err)
			continue
		}
		last := Features(0)
		s := w + ":"
		for _, x := range f {
			if x.Features&moods != last {
				s += "\n   "
				last = x.Features & moods
			}
			s += " " + x.Text
		}
		fmt.Println(s)
	}
}
