// Command gen compiles the rules that come with tacto into the form that is
// embedded in the binary. Run it by 'go generate ./rules' after a change to
// rules.yaml, glossary.yaml or signals/*.yaml.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/tacto-lint/tacto/rules"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	// The built-in rule files, from the folder of package rules.
	signals, err := filepath.Glob("signals/*.yaml")
	if err != nil {
		return err
	}
	var sources []rules.Source
	for _, name := range append([]string{"../rules.yaml", "glossary.yaml"}, signals...) {
		data, err := os.ReadFile(name)
		if err != nil {
			return fmt.Errorf("reading rules: %w", err)
		}
		sources = append(sources, rules.Source{Name: filepath.Base(name), Data: data})
	}
	pack, err := rules.Encode(sources...)
	if err != nil {
		return err
	}
	packed, err := rules.EncodeSources(sources)
	if err != nil {
		return fmt.Errorf("packing rules: %w", err)
	}
	if err := os.WriteFile("builtin.pack", pack, 0o644); err != nil {
		return err
	}
	return os.WriteFile("builtin.sources", packed, 0o644)
}
