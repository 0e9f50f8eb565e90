// Package imapsession is one connection to an IMAP account, for whoever reads a
// folder of it: made safe, logged in, with a timer on each command, and with ways
// round what go-imap and servers do that would hang or mislead its owner.
package imapsession

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"
)

// TLSMode says how a connection is made safe.
type TLSMode string

const (
	// TLSImplicit speaks TLS from the first byte. It is the default.
	TLSImplicit TLSMode = "implicit"
	// TLSStart asks for TLS on a connection made in clear, and gives up where the
	// server won't.
	TLSStart TLSMode = "starttls"
	// TLSNone speaks in clear: with loopback hosts only.
	TLSNone TLSMode = "none"
)

// A Secret gives a password or a token. It is asked anew at each connect, may
// block, and should end with its context. What it gives is kept nowhere; what its
// error says is logged.
type Secret = func(context.Context) (string, error)

// An Account is one to log in to.
type Account struct {
	// Name is the account's in judgements, logs and metrics; unique.
	Name string
	Host string
	// Port 0 is 993, or 143 for starttls and none.
	Port int
	TLS  TLSMode
	// RootCAs verify the server's certificate; nil: the system's.
	RootCAs *x509.CertPool
	User    string
	// Auth is plain, login, oauthbearer or xoauth2; empty: what the server offers.
	Auth string
	// Password or Token, one of them.
	Password, Token Secret
	// Folder is the name of the one to be read; empty: it is found.
	Folder string
}

// ErrRefused is wrapped where a server refused the credentials.
var ErrRefused = errors.New("the server refused the credentials")

// A FolderError says that the folder with a role was not found, or not the one named.
type FolderError struct {
	Role    Role
	Name    string   // as configured; empty: none was
	Folders []string // those there are
}

// Error gives one line with the folders there are.
func (e *FolderError) Error() string {
	what := fmt.Sprintf("no folder for %s was found", roles[e.Role].what)
	if e.Name != "" {
		what = fmt.Sprintf("there is no folder %q", e.Name)
	}
	if len(e.Folders) == 0 {
		return what + ": the server lists no folders"
	}
	return fmt.Sprintf("%s: set %s to one of %q", what, roles[e.Role].key, e.Folders)
}

// A TimeoutError says that a server did not answer in time.
type TimeoutError struct {
	Command string
	After   time.Duration
}

// Error gives one line.
func (e *TimeoutError) Error() string {
	return fmt.Sprintf("no answer to %s within %v", e.Command, e.After)
}

// Timeout says true, as net.Error has it.
func (e *TimeoutError) Timeout() bool { return true }

// Validate says what an account lacks, or what of it does not go together.
func (a *Account) Validate() error {
	switch {
	case a.Host == "":
		return errors.New("no host")
	case a.User == "":
		return errors.New("no user")
	case a.Port < 0 || a.Port > 65535:
		return fmt.Errorf("no such port: %d", a.Port)
	case a.Password == nil && a.Token == nil:
		return errors.New("neither a password nor a token")
	case a.Password != nil && a.Token != nil:
		return errors.New("both a password and a token: use one")
	}
	switch a.TLS {
	case "", TLSImplicit, TLSStart:
	case TLSNone:
		if !loopback(a.Host) {
			return fmt.Errorf("tls none is for this computer alone, and %s is another: use implicit or starttls", a.Host)
		}
	default:
		return fmt.Errorf("unknown tls %q: use implicit, starttls or none", a.TLS)
	}
	switch a.Auth {
	case "":
	case "plain", "login":
		if a.Password == nil {
			return fmt.Errorf("auth %s takes a password, not a token", a.Auth)
		}
	case "oauthbearer", "xoauth2":
		if a.Token == nil {
			return fmt.Errorf("auth %s takes a token, not a password", a.Auth)
		}
	default:
		return fmt.Errorf("unknown auth %q: use plain, login, oauthbearer or xoauth2", a.Auth)
	}
	return nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// PortNumber gives the port, or that which goes with TLS.
func (a *Account) PortNumber() int {
	switch {
	case a.Port != 0:
		return a.Port
	case a.TLS == "" || a.TLS == TLSImplicit:
		return 993
	}
	return 143
}
