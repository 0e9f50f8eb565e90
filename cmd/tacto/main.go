// Command tacto finds, in an email about to be sent to a client, the words
// that would hurt: the blame, the jargon, the promise without a date.
package main

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/tacto-lint/tacto/cmd/internal/cli"
)

// version is set by the linker in releases (-X main.version=1.2.3).
var version string

func main() {
	args := os.Args[1:]
	// Mail programs that take the path of a sendmail, without arguments, can be
	// given a link.
	if name := filepath.Base(os.Args[0]); name == "sendmail" || name == "tacto-sendmail" {
		args = slices.Insert(slices.Clone(args), 0, "sendmail", cli.AsSendmail)
	}
	os.Exit(cli.FromOS(version).Main(args))
}
