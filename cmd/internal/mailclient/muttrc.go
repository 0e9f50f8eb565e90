package mailclient

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// A muttSet is a place where a muttrc sets one of the variables that sending hangs
// on.
type muttSet struct {
	name, value string
	file        string
	line        int
	// later says that it is set when something happens: by a hook or a macro.
	later bool
}

func (s muttSet) where(e *Env) string { return fmt.Sprintf("%s:%d", e.tilde(s.file), s.line) }

var (
	muttAssign = regexp.MustCompile(`(?:^|[\s:'";])(sendmail|sendmail_wait|smtp_url|use_envelope_from)\s*=\s*("(?:[^"\\]|\\.)*"|'[^']*'|[^\s<'"]*)`)
	muttFlag   = regexp.MustCompile(`(?:^|\s)(no|inv|&)?(use_envelope_from|smtp_url)(?:\s|$)`)
	muttSource = regexp.MustCompile(`(?:^|[\s:'"])source\s+([^\s<'"|]+|"[^"|]+"|'[^'|]+')`)
)

// muttSets reads a muttrc and the files that it reads, in their order.
func (e *Env) muttSets(path, text string) []muttSet {
	r := muttReader{env: e}
	r.read(path, text, false, 0)
	return r.sets
}

type muttReader struct {
	env  *Env
	sets []muttSet
}

func (r *muttReader) read(path, text string, later bool, depth int) {
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		at, line := i+1, strings.TrimRight(lines[i], "\r")
		for strings.HasSuffix(line, `\`) && i+1 < len(lines) {
			i++
			line = strings.TrimSuffix(line, `\`) + strings.TrimRight(lines[i], "\r")
		}
		for _, s := range muttStatements(line) {
			r.statement(path, at, s, later, depth)
		}
	}
}

func (r *muttReader) statement(path string, line int, s string, later bool, depth int) {
	command, rest, _ := strings.Cut(s, " ")
	conditional := strings.HasSuffix(command, "-hook") || command == "macro"
	switch {
	case conditional:
		rest, later = strings.ReplaceAll(rest, `\`, ""), true
	case command == "source":
		rest = s
	case command == "unset", command == "reset":
		for _, name := range strings.Fields(rest) {
			r.sets = append(r.sets, muttSet{name, "", path, line, later})
		}
		return
	case command != "set":
		return
	}
	if command == "set" || conditional {
		r.assignments(path, line, rest, later)
	}
	if command == "set" || depth > 8 {
		return
	}
	for _, m := range muttSource.FindAllStringSubmatch(rest, -1) {
		name := strings.Trim(m[1], `"'`)
		if after, ok := strings.CutPrefix(name, "~/"); ok {
			name = r.env.home(after)
		}
		if !filepath.IsAbs(name) {
			continue // mutt takes it from the folder that it is started in
		}
		if data, err := os.ReadFile(name); err == nil {
			r.read(name, string(data), later, depth+1)
		}
	}
}

func (r *muttReader) assignments(path string, line int, text string, later bool) {
	for _, m := range muttAssign.FindAllStringSubmatch(text, -1) {
		value := m[2]
		if strings.HasPrefix(value, `"`) {
			value = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(strings.Trim(value, `"`))
		}
		r.sets = append(r.sets, muttSet{m[1], strings.Trim(value, "'"), path, line, later})
	}
	for _, m := range muttFlag.FindAllStringSubmatch(muttAssign.ReplaceAllString(text, " "), -1) {
		value := "yes"
		if m[1] != "" {
			value = ""
		}
		r.sets = append(r.sets, muttSet{m[2], value, path, line, later})
	}
}

// muttStatements parts a line at ; and drops comments, neither inside quotes.
func muttStatements(line string) []string {
	var all []string
	var quote byte
	start := 0
	add := func(end int) {
		if s := strings.TrimSpace(strings.ReplaceAll(line[start:end], "\t", " ")); s != "" {
			all = append(all, s)
		}
		start = end + 1
	}
	for i := 0; i < len(line); i++ {
		switch ch := line[i]; {
		case ch == '\\':
			i++
		case quote != 0:
			if ch == quote {
				quote = 0
			}
		case ch == '"', ch == '\'', ch == '`':
			quote = ch
		case ch == ';':
			add(i)
		case ch == '#':
			add(i)
			return all
		}
	}
	add(len(line))
	return all
}
