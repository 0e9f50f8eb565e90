package rules

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

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
