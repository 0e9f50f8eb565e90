//go:build !unix

package mailclient

func keepOwner(string, string) error { return nil }
