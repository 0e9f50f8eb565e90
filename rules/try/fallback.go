package main

import (
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"github.com/tacto-lint/tacto/rules"
)

// addFallback adds the files under fallback/ less what the given files define.
func addFallback(srcs []rules.Source) []rules.Source {
	seen := map[string]bool{}
	var collect func(n *yaml.Node, drop bool)
	collect = func(doc *yaml.Node, drop bool) {
		if len(doc.Content) == 0 {
			return
		}
		root := doc.Content[0]
		for i := 0; i+1 < len(root.Content); i += 2 {
			sec, val := root.Content[i].Value, root.Content[i+1]
			switch sec {
			case "classes":
				for k := 0; k+1 < len(val.Content); k += 2 {
					lang, m := val.Content[k].Value, val.Content[k+1]
					var keep []*yaml.Node
					for j := 0; j+1 < len(m.Content); j += 2 {
						key := "c:" + lang + ":" + m.Content[j].Value
						if drop && seen[key] {
							continue
						}
						if !drop {
							seen[key] = true
						}
						keep = append(keep, m.Content[j], m.Content[j+1])
					}
					m.Content = keep
				}
			case "signals", "rules":
				var keep []*yaml.Node
				for _, it := range val.Content {
					id := ""
					for k := 0; k+1 < len(it.Content); k += 2 {
						if it.Content[k].Value == "id" {
							id = it.Content[k+1].Value
						}
					}
					if drop && seen["f:"+id] {
						continue
					}
					if !drop {
						seen["f:"+id] = true
					}
					keep = append(keep, it)
				}
				val.Content = keep
			}
		}
	}
	for _, s := range srcs {
		var doc yaml.Node
		if yaml.Unmarshal(s.Data, &doc) == nil {
			collect(&doc, false)
		}
	}
	files, _ := filepath.Glob("fallback/*.yaml")
	for _, f := range files {
		data, err := os.ReadFile(f)
		check(err)
		var doc yaml.Node
		check(yaml.Unmarshal(data, &doc))
		collect(&doc, true)
		out, err := yaml.Marshal(&doc)
		check(err)
		srcs = append(srcs, rules.Source{Name: f, Data: out})
	}
	return srcs
}
