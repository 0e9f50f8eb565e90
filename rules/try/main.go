// Command try compiles rule files and runs their examples, or measures them on
// a labelled corpus, while they are being written.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/rules"
)

var (
	rule   = flag.String("rule", "", "only this rule or signal")
	corpus = flag.String("corpus", "", "folder with labels.jsonl")
	half   = flag.String("half", "odd", "odd, even or all")
	errs   = flag.String("errors", "", "list errors of this rule (odd half only)")
	lintF  = flag.String("lint", "", "lint this file (or - for stdin) and print findings")
	sig    = flag.String("signal", "", "with -lint: show the passages of this signal")
)

func main() {
	flag.Parse()
	var srcs []rules.Source
	files := flag.Args()
	if g := "rules/glossary.yaml"; exists(g) {
		files = append(files, g)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		check(err)
		srcs = append(srcs, rules.Source{Name: f, Data: data})
	}
	srcs = addFallback(srcs)
	set, err := rules.Compile(srcs...)
	if err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
	switch {
	case *lintF != "":
		lintOne(set)
	case *corpus != "":
		measure(set)
	default:
		var only []string
		if *rule != "" {
			only = []string{*rule}
		}
		fails, n := rules.Check(set, only...)
		for _, f := range fails {
			fmt.Printf("%s:%d: %s: %s\n    %s\n", f.File, f.Example.Line, f.Rule, f.Problem, f.Example.Text)
		}
		fmt.Printf("%d examples, %d fail\n", n, len(fails))
		if len(fails) > 0 {
			os.Exit(1)
		}
	}
}

func exists(f string) bool { _, err := os.Stat(f); return err == nil }
func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func linter(set *lint.RuleSet) *lint.Linter {
	l, err := lint.New(set, lint.Settings{})
	check(err)
	return l
}

func lintOne(set *lint.RuleSet) {
	name := *lintF
	if name == "-" {
		name = "/dev/stdin"
	}
	data, err := os.ReadFile(name)
	check(err)
	m := parse(data)
	l := linter(set)
	if *sig != "" {
		for _, s := range l.Signal(m, *sig) {
			fmt.Printf("«%s»\n", m.Body.Text[s.Start:min(s.End, len(m.Body.Text))])
		}
		return
	}
	r := l.Lint(m)
	fmt.Println(r.Lang, r.Words, "words", r.Score, r.Verdict, r.Reasons)
	for _, f := range r.Findings {
		fmt.Printf("%-18s %d:%d «%s»\n      %s\n      %s\n", f.Rule, f.Start.Line, f.Start.Column, f.Text, f.Message, f.Suggestion)
	}
}

type label struct {
	File, Lang, Verdict, Note string
	Findings                  []struct{ Rule, Text string }
	JargonBroken              bool `json:"jargon_broken"`
	Disputed                  []string
}

var advice = map[string]bool{"hard-to-read": true, "send-time": true, "vague-subject": true, "missing-attachment": true, "secret-by-email": true}

func measure(set *lint.RuleSet) {
	data, err := os.ReadFile(filepath.Join(*corpus, "labels.jsonl"))
	check(err)
	type cnt struct{ lab, found, ok int }
	per := map[string]*cnt{}
	var total cnt
	verdicts, right, sends, alarms := 0, 0, 0, 0
	l := linter(set)
	known := map[string]bool{}
	for _, id := range set.IDs() {
		known[id] = true
	}
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		var lb label
		check(json.Unmarshal([]byte(line), &lb))
		n, _ := strconv.Atoi(strings.TrimSuffix(lb.File, ".eml"))
		if *half == "odd" && n%2 == 0 || *half == "even" && n%2 == 1 {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(*corpus, lb.File))
		check(err)
		r := l.Lint(parse(raw))
		want, got := map[string][]string{}, map[string][]string{}
		for _, f := range lb.Findings {
			if f.Rule != "jargon" {
				want[f.Rule] = append(want[f.Rule], f.Text)
			}
		}
		if lb.JargonBroken {
			want["jargon"] = []string{"(broken)"}
		}
		for _, f := range r.Findings {
			if !advice[f.Rule] {
				got[f.Rule] = append(got[f.Rule], f.Text)
			}
		}
		for _, d := range lb.Disputed {
			delete(want, d)
			delete(got, d)
		}
		all := map[string]bool{}
		for k := range want {
			all[k] = true
		}
		for k := range got {
			all[k] = true
		}
		for k := range all {
			c := per[k]
			if c == nil {
				c = &cnt{}
				per[k] = c
			}
			_, w := want[k]
			_, g := got[k]
			if w {
				c.lab++
				total.lab++
			}
			if g {
				c.found++
				total.found++
			}
			if w && g {
				c.ok++
				total.ok++
			}
			if (k == *errs || *errs == "all") && w != g && n%2 == 1 {
				kind := "FALSE "
				if w {
					kind = "MISSED"
				}
				fmt.Printf("%s %s %s want %q got %q\n", kind, lb.File, k, want[k], got[k])
			}
		}
		disputed := false
		for _, d := range lb.Disputed {
			disputed = disputed || d == "talk-first"
		}
		if !disputed {
			verdicts++
			if lb.Verdict == r.Verdict.String() {
				right++
			} else if *errs == "verdict" && n%2 == 1 {
				fmt.Printf("VERDICT %s want %s got %s\n", lb.File, lb.Verdict, r.Verdict)
			}
			if lb.Verdict == "send" {
				sends++
				if r.Verdict != lint.Send {
					alarms++
				}
			}
		}
	}
	var ids []string
	for k := range per {
		ids = append(ids, k)
	}
	sort.Strings(ids)
	row := func(name string, c cnt) {
		p, r := div(c.ok, c.found), div(c.ok, c.lab)
		f := 0.0
		if p+r > 0 {
			f = 2 * p * r / (p + r)
		}
		fmt.Printf("%-22s labelled %3d found %3d correct %3d  P %.2f R %.2f F1 %.2f\n", name, c.lab, c.found, c.ok, p, r, f)
	}
	for _, k := range ids {
		row(k, *per[k])
	}
	row("MICRO", total)
	fmt.Printf("verdict %d/%d = %.2f   alarms on send %d/%d\n", right, verdicts, div(right, verdicts), alarms, sends)
}

func div(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}
