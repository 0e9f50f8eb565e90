//go:build unix

// Package storetest starts a PostgreSQL of a test's own, from Debian's packages.
package storetest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A Server is a PostgreSQL on a free port of loopback.
type Server struct {
	t    testing.TB
	bin  string
	dir  string
	port int
	cred *syscall.Credential // whom it runs as; nil: as we do
	cmd  *exec.Cmd
}

// Postgres starts one, which ends with the test. Without TACTO_REAL=1 it skips the test;
// with it a program that is missing is a failure.
func Postgres(t testing.TB) *Server {
	t.Helper()
	if os.Getenv("TACTO_REAL") == "" {
		t.Skip("set TACTO_REAL=1 to run against a real PostgreSQL")
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		t.Fatal("there is no PostgreSQL: .ci/install-packages installs it")
	}
	slices.Sort(found)
	// Not t.TempDir, whose name is too long for a socket and which others can't enter.
	dir, err := os.MkdirTemp("", "tacto-pg")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, bin: filepath.Dir(found[len(found)-1]), dir: dir, port: freePort(t)}
	t.Cleanup(func() {
		s.Kill()
		_ = os.RemoveAll(dir)
	})
	if os.Getuid() == 0 { // it refuses to run as root
		s.becomeNobody()
	}
	s.run("initdb", "-D", dir+"/data", "-U", "tacto", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	s.Start()
	return s
}

func freePort(t testing.TB) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (s *Server) becomeNobody() {
	u, err := user.Lookup("nobody")
	if err != nil {
		s.t.Fatal(err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	s.cred = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	if err := errors.Join(os.Chmod(s.dir, 0o755), os.Chown(s.dir, uid, gid)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: s.cred}
	return cmd
}

func (s *Server) run(name string, args ...string) {
	s.t.Helper()
	if out, err := s.command(name, args...).CombinedOutput(); err != nil {
		s.t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// Start starts it again after Kill, and waits until it answers.
func (s *Server) Start() {
	s.t.Helper()
	log, err := os.Create(s.dir + "/log")
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	s.cmd = s.command("postgres", "-D", s.dir+"/data", "-p", strconv.Itoa(s.port), "-k", s.dir, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off")
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	for begun := time.Now(); time.Since(begun) < 30*time.Second; time.Sleep(50 * time.Millisecond) {
		if s.command("pg_isready", "-q", "-h", "127.0.0.1", "-p", strconv.Itoa(s.port)).Run() == nil {
			return
		}
	}
	text, _ := os.ReadFile(log.Name())
	s.t.Fatalf("PostgreSQL does not answer\n%s", text)
}

// Kill ends it and all its processes at once, as a crash does. Each of them leads a group
// of its own, so that a signal to one group would leave others.
func (s *Server) Kill() {
	if s.cmd == nil {
		return
	}
	if err := s.command("pg_ctl", "stop", "-s", "-w", "-m", "immediate", "-D", s.dir+"/data").Run(); err != nil {
		_ = s.cmd.Process.Kill() // it may have ended
	}
	_ = s.cmd.Wait()
	s.cmd = nil
}

// New gives the URL of a new, empty database.
func (s *Server) New() string {
	s.t.Helper()
	name := fmt.Sprintf("t%d", time.Now().UnixNano())
	s.run("createdb", "-h", "127.0.0.1", "-p", strconv.Itoa(s.port), "-U", "tacto", name)
	return fmt.Sprintf("postgres://tacto@127.0.0.1:%d/%s?sslmode=disable", s.port, name)
}

// Own gives a folder to the server, for a tablespace.
func (s *Server) Own(dir string) {
	s.t.Helper()
	if s.cred == nil {
		return
	}
	if err := os.Chown(dir, int(s.cred.Uid), int(s.cred.Gid)); err != nil {
		s.t.Fatal(err)
	}
	for parent := filepath.Dir(dir); parent != os.TempDir() && parent != "/"; parent = filepath.Dir(parent) {
		if err := os.Chmod(parent, 0o711); err != nil { // or it would not get there
			s.t.Fatal(err)
		}
	}
}

// Holds says whether a text stands in the files of its tables. The log, which the server
// keeps for a crash, does not count.
func (s *Server) Holds(text string) bool {
	s.t.Helper()
	found := false
	err := filepath.WalkDir(s.dir+"/data/base", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) { // it has just been removed
			return nil
		}
		found = found || strings.Contains(string(data), text)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return found
}

// SQL runs statements in a database that New gave.
func (s *Server) SQL(url, statements string) {
	s.t.Helper()
	s.run("psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", statements)
}
