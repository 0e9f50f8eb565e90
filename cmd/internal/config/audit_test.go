package config

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/tacto-lint/tacto/audit"
)

// TestAudit: what is below audit is read as it is meant.
func TestAudit(t *testing.T) {
	t.Setenv("HOME", "/home/ana")
	c, err := Parse("/etc/tacto/config.yaml", []byte("audit:\n  store: ~/audit.db\n  key: audit.key\n  mapping: /srv/mapping.yaml\n  min-group: {emails: 20, authors: 4}\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := Audit{Store: "/home/ana/audit.db", Key: "/etc/tacto/audit.key", Mapping: "/srv/mapping.yaml", MinEmails: 20, MinAuthors: 4}
	if c.Audit != want {
		t.Errorf("%+v, want %+v", c.Audit, want)
	}
	c, err = Parse("c.yaml", []byte("audit: {store: 'postgresql://db/audit'}\n"))
	if err != nil || c.Audit.Store != "postgresql://db/audit" {
		t.Errorf("a server became %q (%v)", c.Audit.Store, err)
	}
	if _, err = Parse("c.yaml", []byte("audit:\n  min-group: {emails: few}\n")); err == nil || !strings.Contains(err.Error(), `c.yaml:2: emails can't be "few" (a number such as 5)`) {
		t.Errorf("%v", err)
	}
}

// TestAuditDoc: the configuration and the mapping in docs/audit.md are what they say.
func TestAuditDoc(t *testing.T) {
	doc, err := os.ReadFile(root + "docs/audit.md")
	if err != nil {
		t.Fatal(err)
	}
	parts := bytes.Split(doc, []byte("```yaml\n"))[1:]
	if len(parts) != 2 {
		t.Fatalf("%d examples, want a configuration and a mapping", len(parts))
	}
	conf, _, _ := bytes.Cut(parts[0], []byte("```"))
	c, err := Parse("docs/audit.md", conf)
	if err != nil || c.Audit.MinEmails != audit.DefaultMinEmails || c.Audit.MinAuthors != audit.DefaultMinAuthors {
		t.Errorf("%+v, %v", c, err)
	}
	if err := schema(t, "config").Validate(value(t, conf)); err != nil {
		t.Error(err)
	}
	mapping, _, _ := bytes.Cut(parts[1], []byte("```"))
	if _, err := audit.ParseMapping("docs/audit.md", mapping); err != nil {
		t.Error(err)
	}
}
