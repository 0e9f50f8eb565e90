package cli

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// handOn hands the message to the mail system. The message first stands in a file,
// whole, and that file is the mail system's standard input: whatever happens to
// this process meanwhile, a message cut short can't be taken for all of it.
func (c *Command) handOn(mta, args []string, message []byte) error {
	if len(c.Getenv(depthEnv)) >= maxDepth {
		c.sayf("not sent: the mail system hands mail back to tacto, round and round: name another behind --, or as sendmail: in the configuration")
		return status(exitUnavailable)
	}
	path, own, err := c.findMTA(mta)
	if err != nil {
		c.sayf("not sent: %v", err)
		return status(exitUnavailable)
	}
	f, err := spool(message)
	if err != nil {
		c.sayf("not sent: %v", err)
		return status(exitTryAgain)
	}
	defer discard(f)
	return c.runMTA(path, slices.Concat(own, args), f)
}

// passOn hands the mail system what is no message, with standard input as it is.
func (c *Command) passOn(f *sendmailFlags, mta, args []string) error {
	if len(mta) == 0 {
		if cfg, err := c.loadOwn(&f.configFlags); err == nil {
			mta = cfg.Outgoing.Sendmail
		}
	}
	path, own, err := c.findMTA(mta)
	if err != nil {
		c.sayf("%v", err)
		return status(exitUnavailable)
	}
	in, ok := c.Stdin.(*os.File)
	if !ok {
		in = nil
	}
	return c.runMTA(path, slices.Concat(own, args), in)
}

// depthEnv has a letter for each tacto that a message has gone through: scripts that
// call tacto in the name of the mail system would go round for ever.
const (
	depthEnv = "TACTO_SENDMAIL_DEPTH"
	maxDepth = 3
)

// environment is what the mail system is given.
func (c *Command) environment() []string {
	rest := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, depthEnv+"=") })
	return append(rest, depthEnv+"="+c.Getenv(depthEnv)+"x")
}

// refused says why a mail system could not be started, and gives the status.
func (c *Command) refused(path string, err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	c.sayf("not sent: starting %s: %v", path, err)
	return status(exitUnavailable)
}

// isNoMessage says whether the arguments ask the mail system for something else
// than to take one message: its queue, its aliases, a dialogue over standard input.
func isNoMessage(args []string) bool {
	for _, a := range args {
		if a == "--" {
			return false
		}
		if len(a) == 3 && strings.HasPrefix(a, "-b") && a != "-bm" || a == "-q" || a == "-I" || a == "--version" || a == "--help" ||
			a == "--serverinfo" || a == "-S" || a == "-P" {
			return true
		}
	}
	return false
}
