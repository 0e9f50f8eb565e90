//go:build !unix

package imapwatch

import "os"

// lockFile goes without: there is none that ends with the process here.
func lockFile(string) (*os.File, error) { return nil, nil }

func unlockFile(*os.File) {}
