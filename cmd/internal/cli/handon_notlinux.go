//go:build unix && !linux

package cli

import "os"

func namelessFile() (*os.File, error) { return temporaryFile() }
