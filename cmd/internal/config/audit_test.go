package config

import (
	"strings"
	"testing"
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
