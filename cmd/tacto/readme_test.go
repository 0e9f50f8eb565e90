package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/tacto-lint/tacto/cmd/internal/cli"
)

// TestReadmeExample: what README shows is what the program prints.
func TestReadmeExample(t *testing.T) {
	t.Chdir("../..")
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(readme), "$ go run ./cmd/tacto lint testdata/draft.en.txt\n")
	want, _, ok := strings.Cut(after, "```")
	if !ok {
		t.Fatal("README.md has no example")
	}
	var out, stderr bytes.Buffer
	c := cli.Command{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &stderr, Getenv: func(string) string { return "" }}
	if rc := c.Main([]string{"lint", "testdata/draft.en.txt"}); rc != 1 {
		t.Errorf("exit status %d: %s", rc, stderr.String())
	}
	if out.String() != want {
		t.Errorf("README.md shows another output; it is now:\n%s", out.String())
	}
}
