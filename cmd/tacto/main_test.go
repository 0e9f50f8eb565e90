package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tacto-lint/tacto/cmd/internal/cli"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"tacto": func() { os.Exit(cli.FromOS("test").Main(os.Args[1:])) },
	})
}

// TestScripts runs the specification of the command line.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script", Cmds: map[string]func(*testscript.TestScript, bool, []string){"status": status, "heldat": heldat}})
}

// heldat sets the time at which messages were held, seen from now: heldat -1m.
func heldat(ts *testscript.TestScript, _ bool, args []string) {
	by, err := time.ParseDuration(args[0])
	ts.Check(err)
	files, err := filepath.Glob(ts.MkAbs("state/tacto/held/*"))
	ts.Check(err)
	for _, f := range files {
		ts.Check(os.Chtimes(f, time.Now().Add(by), time.Now().Add(by)))
	}
}

// status runs a command with a file as its standard input, and insists on its exit
// status: status 65 bad.eml tacto sendmail.
func status(ts *testscript.TestScript, _ bool, args []string) {
	in, err := os.Open(ts.MkAbs(args[1]))
	ts.Check(err)
	defer in.Close()
	path, err := exec.LookPath(args[2])
	ts.Check(err)
	cmd := exec.Command(path, args[3:]...)
	cmd.Stdin, cmd.Dir = in, ts.Getenv("WORK")
	for _, name := range []string{"HOME", "PATH", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "MTA_STATUS"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		ts.Fatalf("%v", err)
	}
	if got := strconv.Itoa(cmd.ProcessState.ExitCode()); got != args[0] {
		ts.Fatalf("exit status %s, want %s", got, args[0])
	}
}
