// Package mailclient knows mail programs: where their settings stand, which lines
// there make them ask tacto before they send, and what would keep them from asking.
package mailclient

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// An Env is what tells of the surroundings.
type Env struct {
	Getenv func(string) string
	Dir    string // the working folder
	// Look gives the path of a program, "" if it is not found.
	Look func(program string) string
	// Run gives what a program writes to standard output.
	Run func(program string, args ...string) (string, error)
	// Command says what is wrong with the arguments of 'tacto sendmail' in a
	// setting, and those that the mail program adds; nil if nothing is.
	Command func(args []string) *Trouble
}

// A Trouble is something that is wrong, and what mends it.
type Trouble struct{ Problem, Mend string }

// A Check is one thing that was looked at; OK, if there is no Problem.
type Check struct {
	Name string
	Trouble
}

// An Error is a request that can't be met, and what to do.
type Error struct {
	Msg, Hint string
	// Refused says that the lines would do harm as the settings are, or nothing.
	Refused bool
}

func (e *Error) Error() string { return e.Msg }

func fail(msg, hint string) error { return &Error{Msg: msg, Hint: hint} }

// With are the programs to name in a setting.
type With struct {
	Tacto string // tacto, or its path
	MTA   string // the command to hand mail to; "" for the one that is named now, or none
}

// A Client is a mail program.
type Client struct {
	Name, Summary string
	// Program is the one that is looked for.
	Program string
	// Notes tell what else is to be known, a line each.
	Notes []string

	comment string                                    // what begins a comment
	head    string                                    // the first lines of a file that is made
	mode    os.FileMode                               // of a file that is made
	paths   func(e *Env) []string                     // where its settings may be; it takes the first that is there
	shared  func(path string) bool                    // whether a file is in fact another program's
	fresh   func(e *Env) string                       // the file to make if none is
	lines   func(*Env, *File, With) ([]string, error) // what stands between the markers, for a file without them
	own     []string                                  // every line that lines may give; * is any text
	// named gives the MTA that stands in a line of tacto's, "" if none does.
	named func(line string) string
	// keep gives lines that the program itself has put between the markers as they
	// are to stand outside; nil if it puts none there.
	keep  func(lines []string) []string
	check func(c *Client, e *Env, f *File) []Check
}

// All gives the mail programs, in the order in which to show them.
func All() []*Client { return []*Client{mutt, neomutt, aerc, git, emacs, msmtp} }

// Names gives their names.
func Names() []string {
	var names []string
	for _, c := range All() {
		names = append(names, c.Name)
	}
	return names
}

// Find gives the mail program of a name, nil if there is none.
func Find(name string) *Client {
	if i := slices.Index(Names(), name); i >= 0 {
		return All()[i]
	}
	return nil
}

// Path gives the file with the settings that the client reads, or would read.
func (c *Client) Path(e *Env) (string, error) {
	if e.Getenv("HOME") == "" {
		return "", fail("HOME is not set, so the settings of "+c.Name+" can't be found", "name the file: --file FILE")
	}
	for _, p := range c.paths(e) {
		if _, err := os.Stat(p); err == nil {
			return p, nil
		}
	}
	return c.fresh(e), nil
}

// read gives a file of settings, by default the client's.
func (c *Client) read(e *Env, path string) (*File, error) {
	if path == "" {
		var err error
		if path, err = c.Path(e); err != nil {
			return nil, err
		}
	}
	return Read(path)
}

// Installed says whether the file has the lines.
func (c *Client) Installed(e *Env, path string) (bool, error) {
	f, err := c.read(e, path)
	if err != nil {
		return false, err
	}
	b, err := c.split(f)
	return b.found, err
}

// Check looks at the settings of a client that is installed or has some; of any
// other it gives nothing.
func (c *Client) Check(e *Env) []Check {
	path, err := c.Path(e)
	if err != nil {
		return nil
	}
	f, err := Read(path)
	if err != nil {
		return []Check{{c.Name, Trouble{err.Error(), "make it a file that can be read"}}}
	}
	if e.Look(c.Program) == "" && (!f.Exists || c.shared != nil && c.shared(path)) {
		return nil
	}
	if _, err := c.split(f); err != nil {
		return []Check{{c.Name, troubleOf(err)}}
	}
	return c.check(c, e, f)
}

func troubleOf(err error) Trouble {
	if e, ok := err.(*Error); ok {
		return Trouble{e.Msg, e.Hint}
	}
	return Trouble{Problem: err.Error()}
}

// home gives a path below the home folder.
func (e *Env) home(elem ...string) string {
	return filepath.Join(append([]string{e.Getenv("HOME")}, elem...)...)
}

// xdg gives a path below the folder for configurations.
func (e *Env) xdg(elem ...string) string {
	base := e.Getenv("XDG_CONFIG_HOME")
	if base == "" {
		base = e.home(".config")
	}
	return filepath.Join(append([]string{base}, elem...)...)
}

// tilde shows a path without the home folder.
func (e *Env) tilde(path string) string {
	if home := e.Getenv("HOME"); home != "" {
		if rest, ok := strings.CutPrefix(path, home+"/"); ok {
			return "~/" + rest
		}
	}
	return path
}

// isTacto says whether a command hands mail to tacto: by its name, or as a short
// script that does.
func (e *Env) isTacto(words []string) bool {
	if len(words) == 0 {
		return false
	}
	if len(words) > 1 && programName(words[0]) == "tacto" && words[1] == "sendmail" {
		return true
	}
	path := e.Look(words[0])
	st, err := os.Stat(path)
	if err != nil || !st.Mode().IsRegular() || st.Size() > 4096 {
		return false
	}
	data, err := os.ReadFile(path)
	return err == nil && strings.HasPrefix(string(data), "#!") && strings.Contains(string(data), "tacto sendmail ")
}

func programName(path string) string { return strings.TrimSuffix(filepath.Base(path), ".exe") }

// command says what is wrong with a command that hands mail to tacto. The words
// in between are those that the mail program adds in front of "--".
func (e *Env) command(words, between []string) Trouble {
	if e.Look(words[0]) == "" {
		return Trouble{words[0] + " is not there, or is no program", "install it there, or write the lines anew: tacto hook install"}
	}
	if programName(words[0]) != "tacto" {
		return Trouble{} // a script: it is checked where it stands
	}
	args := slices.Clone(words[2:])
	if i := slices.Index(args, "--"); i >= 0 {
		args = slices.Insert(args, i, between...)
	} else {
		args = append(args, between...)
	}
	if t := e.Command(args); t != nil {
		return *t
	}
	return Trouble{}
}

// handOver gives the arguments behind "tacto sendmail" that name an MTA.
func handOver(w With) string {
	if w.MTA == "" {
		return w.Tacto + " sendmail"
	}
	return w.Tacto + " sendmail -- " + w.MTA
}

// namedIn makes a function that finds the MTA in a line: what the pattern encloses.
func namedIn(pattern string) func(string) string {
	re := regexp.MustCompile(pattern)
	return func(line string) string {
		if m := re.FindStringSubmatch(line); m != nil {
			return m[1]
		}
		return ""
	}
}

// oneWord refuses a path that a setting would cut in two.
func oneWord(path, client string) error {
	if strings.ContainsAny(path, " \t\"'\\$`#;") {
		return fail("the path of tacto can't stand in a setting of "+client+": "+path, "put tacto, or a link to it, into a folder of PATH")
	}
	return nil
}
