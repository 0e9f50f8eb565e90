package config

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// Audit is what concerns the audit of sent mail: see package audit. Zero values: not
// given.
type Audit struct {
	Store        string // a path that can be opened, or postgres://…
	Key, Mapping string // paths that can be opened
	// MinEmails and MinAuthors are what a group needs to be shown by itself.
	MinEmails, MinAuthors int
}

func (p *parser) audit(n *yaml.Node) {
	a := &p.cfg.Audit
	p.each(n, "audit", func(k, v *yaml.Node) {
		switch k.Value {
		case "store":
			p.text(v, &a.Store, "store", "a file, or postgres://host/database")
			if !IsPostgres(a.Store) {
				a.Store = p.path(a.Store)
			}
		case "key":
			p.text(v, &a.Key, "key", "a file that only you can read")
			a.Key = p.path(a.Key)
		case "mapping":
			p.text(v, &a.Mapping, "mapping", "a file with teams and clients")
			a.Mapping = p.path(a.Mapping)
		case "min-group":
			p.each(v, "min-group", func(k, v *yaml.Node) {
				switch k.Value {
				case "emails":
					p.atLeastOne(v, &a.MinEmails, "emails")
				case "authors":
					p.atLeastOne(v, &a.MinAuthors, "authors")
				default:
					p.unknown(k, "min-group", []string{"emails", "authors"})
				}
			})
		default:
			p.unknown(k, "audit", []string{"store", "key", "mapping", "min-group"})
		}
	})
}

// IsPostgres says whether a store is a server, not a file.
func IsPostgres(store string) bool {
	return strings.HasPrefix(store, "postgres://") || strings.HasPrefix(store, "postgresql://")
}

func (p *parser) atLeastOne(n *yaml.Node, dst *int, what string) {
	var v int
	if err := n.Decode(&v); err != nil || n.Tag != "!!int" || v < 1 || v > 1_000_000 {
		p.fail(n, "a number such as 5", "%s can't be %q", what, n.Value)
		return
	}
	*dst = v
}
