package config

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/tacto-lint/tacto/cmd/internal/output"
	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/mail"
	"github.com/tacto-lint/tacto/rules"
)

const root = "../../../"

func schema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile(root + "schema/" + name + ".schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// value turns YAML into what the validator takes.
func value(t *testing.T, data []byte) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	out, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestConfigSchema: the schema and the loader agree.
func TestConfigSchema(t *testing.T) {
	s := schema(t, "config")
	for text, good := range map[string]bool{
		"lang: es\nfail-on: warning\n":                                   true,
		"rules:\n  jargon: {terms: 4}\n  vague-time: off\n":              true,
		"rules:\n  vague-time: {severity: error}\n":                      true,
		"audiences:\n  acme: {to: ['*@a.b'], knows: [API]}\n":            true,
		"glossary:\n  - {term: IDoc, variants: [IDocs], es: x, en: y}\n": true,
		"rule-files: [a.yaml]\nclients: ['*@x.y']\nwatch: {a: 1}\n":      true,
		"lang: fr\n":                        false,
		"glosary: []\n":                     false,
		"rules: [a]\n":                      false,
		"rules:\n  jargon: {terms: many}\n": false,
		"glossary:\n  - {es: x}\n":          false,
		"audiences:\n  acme: {too: []}\n":   false,
	} {
		_, err := Parse("c.yaml", []byte(text))
		if (err == nil) != good {
			t.Errorf("loader on %q: %v", text, err)
		}
		if err := s.Validate(value(t, []byte(text))); (err == nil) != good {
			t.Errorf("schema on %q: %v", text, err)
		}
	}
}

// TestRuleSchema: the rule files that come with tacto fit their schema.
func TestRuleSchema(t *testing.T) {
	s := schema(t, "rules")
	signals, err := filepath.Glob(root + "rules/signals/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(signals, root+"rules.yaml", root+"rules/glossary.yaml") {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(value(t, data)); err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
	if s.Validate(value(t, []byte("rules: [{id: X}]"))) == nil {
		t.Error("the schema takes a rule without anything")
	}
}

// TestReportSchema: the JSON output fits its schema.
func TestReportSchema(t *testing.T) {
	set, err := rules.Default()
	if err != nil {
		t.Fatal(err)
	}
	l, err := lint.New(set, lint.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w, err := output.New("json", &b, output.Options{ExplainScore: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{"testdata/draft.eml", "testdata/draft.en.txt", "testdata/none"} {
		err := mail.ReadFile(root+f, func(it mail.Item) error {
			r := output.Result{Path: it.Path, File: it.Path, Message: it.Message, Err: it.Err}
			if it.Err == nil {
				r.Report = l.Lint(it.Message)
			}
			return w.Write(r)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatalf("%v in %s", err, b.String())
	}
	if err := schema(t, "report").Validate(v); err != nil {
		t.Error(err)
	}
}
