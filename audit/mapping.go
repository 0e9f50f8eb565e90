package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A Mapping says which addresses belong to which team, client and person. It is kept
// apart from the emails, so that it can change later; the zero value names nobody.
type Mapping struct {
	teams, clients, people []entry
}

type entry struct {
	name    string
	domain  bool // all addresses of a domain
	address string
}

// A MappingError is a fault in a mapping.
type MappingError struct {
	File string
	Line int
	Msg  string
	Hint string
}

// Error gives "file:line: message (hint)".
func (e *MappingError) Error() string {
	s := fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg)
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// ParseMapping reads a mapping; file is what errors call it. The error joins
// *MappingErrors for all faults.
//
//	teams:
//	  Support: [ana@us.example, "*@support.us.example"]
//	clients:
//	  Acme: ["*@acme.example", boss@mail.example]
//	people:
//	  Ana Ruiz: [ana@us.example, ana.ruiz@us.example]
func ParseMapping(file string, data []byte) (*Mapping, error) {
	p := &mappingParser{file: file}
	m := &Mapping{}
	var doc yaml.Node
	err := yaml.NewDecoder(bytes.NewReader(data)).Decode(&doc)
	switch {
	case errors.Is(err, io.EOF):
		return m, nil
	case err != nil:
		return nil, fmt.Errorf("%s: %s", file, strings.TrimPrefix(err.Error(), "yaml: "))
	case doc.Content[0].Kind != yaml.MappingNode:
		p.fail(doc.Content[0], "teams: {Support: [ana@us.example]}", "a mapping has teams, clients and people")
		return nil, errors.Join(p.errs...)
	}
	top := doc.Content[0].Content
	seen := map[string]bool{}
	for i := 0; i+1 < len(top); i += 2 {
		key := top[i]
		if seen[key.Value] { // YAML has it so, its parser does not look
			p.fail(key, "keep one of them", "%s is there twice", key.Value)
			continue
		}
		seen[key.Value] = true
		switch key.Value {
		case "teams":
			m.teams = p.section(top[i+1], "team", true)
		case "clients":
			m.clients = p.section(top[i+1], "client", true)
		case "people":
			m.people = p.section(top[i+1], "person", false)
		default:
			p.fail(key, "teams, clients, people", "unknown key %q", key.Value)
		}
	}
	return m, errors.Join(p.errs...)
}

type mappingParser struct {
	file string
	errs []error
}

func (p *mappingParser) fail(n *yaml.Node, hint, format string, args ...any) {
	p.errs = append(p.errs, &MappingError{p.file, n.Line, fmt.Sprintf(format, args...), hint})
}

// section reads names with their addresses. An address stands in one of them only.
func (p *mappingParser) section(n *yaml.Node, what string, domains bool) (all []entry) {
	if n.Tag == "!!null" {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		p.fail(n, "Name: [address, …]", "each %s is a name with its addresses", what)
		return nil
	}
	owner := map[string]string{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, list := n.Content[i], n.Content[i+1]
		if t := strings.TrimSpace(name.Value); t == "" || t == Other || t == Unmapped {
			p.fail(name, "another name", "no %s can be called %q", what, name.Value)
			continue
		}
		var addresses []string
		if err := list.Decode(&addresses); err != nil || list.Kind != yaml.SequenceNode {
			p.fail(list, "["+"ana@us.example]", "%s %q needs a list of addresses", what, name.Value)
			continue
		}
		for k, a := range addresses {
			e := entry{name: strings.TrimSpace(name.Value), address: strings.ToLower(strings.TrimSpace(a))}
			local, domain, ok := strings.Cut(e.address, "@")
			e.domain = local == "*"
			at := list.Content[k]
			switch {
			case !ok || local == "" || domain == "" || strings.ContainsAny(domain, "*@ ") || !e.domain && strings.ContainsAny(local, "* "):
				p.fail(at, "ana@us.example, or *@us.example for all of a domain", "%q is no address", a)
				continue
			case e.domain && !domains:
				p.fail(at, "write each address", "a %s has no whole domain", what)
				continue
			case owner[e.address] != "":
				p.fail(at, "", "%s is %s's and %s's", e.address, owner[e.address], e.name)
				continue
			}
			owner[e.address] = e.name
			all = append(all, e)
		}
	}
	return all
}

// Names are a Mapping's, by the hashes of a Key.
type Names struct {
	teams, clients, people map[Hash]string
}

// With gives the names for emails that were hashed with a key.
func (m *Mapping) With(key Key) *Names {
	resolve := func(entries []entry) map[Hash]string {
		all := make(map[Hash]string, len(entries))
		for _, e := range entries {
			if e.domain {
				all[key.Domain(e.address)] = e.name
			} else {
				all[key.Address(e.address)] = e.name
			}
		}
		return all
	}
	return &Names{resolve(m.teams), resolve(m.clients), resolve(m.people)}
}

// Team gives the name of an email's team, by its author's address, else by the domain;
// else Unmapped.
func (n *Names) Team(e *Email) string { return find(n.teams, e.Author, e.AuthorDomain) }

// Client gives that of its client, in the same way.
func (n *Names) Client(e *Email) string { return find(n.clients, e.Recipient, e.RecipientDomain) }

func find(names map[Hash]string, hashes ...Hash) string {
	for _, h := range hashes {
		if name := names[h]; name != "" && h != (Hash{}) {
			return name
		}
	}
	return Unmapped
}
