// Command gen compiles the rules that come with tacto into the form that is
// embedded in the binary. Run it by 'go generate ./rules' after a change to
// rules.yaml, glossary.yaml, signals/*.yaml or learnt.model (see rules/train).
package main

import (
	"fmt"
	"os"

	"github.com/tacto-lint/tacto/rules"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	sources, err := rules.Sources("..")
	if err != nil {
		return err
	}
	models, err := os.ReadFile("learnt.model")
	if err != nil {
		return fmt.Errorf("reading the models: %w", err)
	}
	pack, err := rules.Encode(string(models), sources...)
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
