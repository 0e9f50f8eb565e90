package rules

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Sources reads the rule files that come with tacto from its repository, of
// which top is the topmost folder.
func Sources(top string) ([]Source, error) {
	signals, err := filepath.Glob(filepath.Join(top, "rules", "signals", "*.yaml"))
	if err != nil {
		return nil, err
	}
	var sources []Source
	for _, name := range append([]string{filepath.Join(top, "rules.yaml"), filepath.Join(top, "rules", "glossary.yaml")}, signals...) {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("reading rules: %w", err)
		}
		sources = append(sources, Source{Name: filepath.Base(name), Data: data})
	}
	return sources, nil
}

// EncodeSources packs rule files into one compressed text.
func EncodeSources(sources []Source) ([]byte, error) {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if err := json.NewEncoder(w).Encode(sources); err != nil {
		return nil, err
	}
	err = w.Close()
	return b.Bytes(), err
}

func decodeSources(s string) ([]Source, error) {
	var sources []Source
	r := flate.NewReader(strings.NewReader(s))
	data, err := io.ReadAll(r)
	if err == nil {
		err = json.Unmarshal(data, &sources)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the built-in rule files: %w", err)
	}
	return sources, nil
}
