// Command tacto finds, in an email about to be sent to a client, the words
// that would hurt: the blame, the jargon, the promise without a date.
package main

import (
	"os"

	"github.com/tacto-lint/tacto/cmd/internal/cli"
)

// version is set by the linker in releases (-X main.version=1.2.3).
var version string

func main() { os.Exit(cli.FromOS(version).Main(os.Args[1:])) }
