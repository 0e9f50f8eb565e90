package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tacto-lint/tacto/lint"
	"github.com/tacto-lint/tacto/lint/program"
	"github.com/tacto-lint/tacto/rules"
	"github.com/tacto-lint/tacto/rules/corpus"
)

// faults and facts are what the model tells of a sentence, by the names of the
// marks it is learnt from: rules, and what rules ask for.
var (
	faults = []string{"stock-phrase", "vague-time", "blame-reader", "blame-others", "dismissive", "condescending", "overpromise",
		"weak-commitment", "bare-refusal", "non-apology", "over-apology", "unannounced-change", "unexplained-request"}
	facts = []string{"step", "status", "solved", "open", "talked", "invite", "request", "reason", "alternative",
		"bad-delay", "bad-cost", "bad-loss", "bad-stop", "bad-refusal", "bad-end", "bad-news", "disagree", "angry"}
	classes = slices.Concat(faults, facts)
)

// digest is that of the emails and sentences read: it stands in the models, so
// that a test can tell whether they are those of the texts.
func (t *trainer) digest() string { return hex.EncodeToString(t.sum.Sum(nil)) }

// quotedClasses are looked for in the client's text, and only there.
var quotedClasses = []string{"angry"}

// A sample is one sentence. Of each class it is an instance (1), is none (-1),
// or nobody has said (0).
type sample struct {
	file   string
	hashes []uint32
	is     []int8
	email  bool // from an email, with all classes marked
}

// A mailSample is one email, with the inputs of the mail model as measured by
// models that have not seen it.
type mailSample struct {
	file string
	corpus.Email
	inputs []float64
}

// trainer holds what there is to learn from.
type trainer struct {
	sources        []rules.Source
	linters        map[string]*lint.Linter // by language, for cutting texts into sentences
	samples        []sample
	mails          []mailSample
	facts          []string // the signals that are features of sentences
	inputs         []program.Input
	files          []string // of emails
	sum            hash.Hash
	models         []*sentenceModel // by fold
	mailModels     []*program.MailModel
	stretch, shift []float64 // by class: see calibrate
}

// read reads the marked emails and the sentences.
func (t *trainer) read(emails, sentences string) error {
	set, err := t.ruleSet(&program.Models{Sentences: *t.mute()})
	if err == nil {
		for _, info := range set.Infos() {
			if info.Kind == "signal" && info.File != learntFile {
				t.facts = append(t.facts, info.ID)
			}
		}
		set, err = t.ruleSet(&program.Models{Sentences: *t.mute()})
	}
	if err != nil {
		return err
	}
	t.linters = map[string]*lint.Linter{}
	for _, lang := range lint.Langs {
		if t.linters[lang], err = lint.New(set, lint.Settings{Lang: lang}); err != nil {
			return err
		}
	}
	t.readExamples(set)
	t.sum = sha256.New()
	if err := each(t.sum, emails, "*.txt", t.readEmails); err != nil {
		return err
	}
	if err := each(t.sum, sentences, "*.yaml", t.readRule); err != nil {
		return err
	}
	return each(t.sum, sentences, "*.txt", t.readClass)
}

func each(sum hash.Hash, dir, pattern string, read func(name string, data []byte) error) error {
	files, err := filepath.Glob(filepath.Join(dir, pattern))
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("no %s files in %s: run it from the top of the repository", pattern, dir)
	}
	if err != nil {
		return err
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err == nil {
			fmt.Fprintf(sum, "%s %d\n", filepath.Base(f), len(data))
			sum.Write(data)
			err = read(filepath.Base(f), data)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", f, err)
		}
	}
	return nil
}

func (t *trainer) readEmails(name string, data []byte) error {
	emails, err := corpus.Written(name, data)
	if err != nil {
		return err
	}
	t.files = append(t.files, name)
	for _, e := range emails {
		if err := checkMarks(&e); err != nil {
			return err
		}
		m := mailSample{file: name, Email: e}
		t.mails = append(t.mails, m)
		for _, f := range t.linters[e.Lang].Features(e.Message) {
			if f.Part != lint.PartBody {
				continue
			}
			s := sample{file: name, hashes: f.Hashes, is: make([]int8, len(classes)), email: true}
			for c, class := range classes {
				if slices.Contains(quotedClasses, class) == f.Quoted {
					s.is[c] = -1
				}
			}
			for _, k := range e.Marks {
				if k.Quoted == f.Quoted && covers(f.Span, k.Span) {
					s.mark(strings.TrimPrefix(k.Name, "+"))
				}
			}
			// Of three apologies none need grovel by itself.
			if c := slices.Index(classes, "over-apology"); s.is[c] == 1 && m.marks("over-apology") > 2 {
				s.is[c] = 0
			}
			t.samples = append(t.samples, s)
		}
	}
	return nil
}

// unlearnt are the rules that emails are marked with and that are no classes.
var unlearnt = []string{"jargon", "shouting", "register-mix", "missing-next-step", "missing-status", "talk-first"}

// checkMarks finds names that are none: a slip of the pen would teach nothing.
func checkMarks(e *corpus.Email) error {
	known := func(name string) bool { return slices.Contains(classes, name) || slices.Contains(unlearnt, name) }
	for _, m := range e.Marks {
		if !known(strings.TrimPrefix(m.Name, "+")) {
			return fmt.Errorf("%s: unknown mark %q", e.File, m.Name)
		}
	}
	for _, f := range e.Findings {
		if !known(f.Rule) {
			return fmt.Errorf("%s: unknown rule %q", e.File, f.Rule)
		}
	}
	return nil
}

// mark notes that the sample is an instance of a class; an unexplained request
// is a request, and a bare refusal may well be bad news.
func (s *sample) mark(name string) {
	set := func(n string, is int8) {
		if c := slices.Index(classes, n); c >= 0 && s.is[c] != 1 {
			s.is[c] = is
		}
	}
	set(name, 1)
	if strings.HasPrefix(name, "bad-") {
		set("bad-news", 1)
	}
	switch name {
	case "unexplained-request":
		set("request", 1)
	case "bare-refusal":
		set("bad-refusal", 0)
	case "bad-refusal":
		set("bare-refusal", 0)
	}
}

// covers says whether a mark lies in the sentence, or a good part of it does: a
// mark over two sentences is of both.
func covers(sentence, mark lint.Span) bool {
	common := min(sentence.End, mark.End) - max(sentence.Start, mark.Start)
	return common > 0 && common*4 >= min(mark.End-mark.Start, sentence.End-sentence.Start)
}

// A sentence is a text, or a mapping that has one.
type sentence struct{ Text string }

// UnmarshalYAML takes both.
func (s *sentence) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		s.Text = n.Value
		return nil
	}
	return n.Decode((*struct{ Text string })(s))
}

// readRule reads the sentences of one rule: those it must hit are instances of
// its class, those it must let pass are not; of other classes nothing is said.
func (t *trainer) readRule(name string, data []byte) error {
	var file struct {
		Rule   string
		Es, En struct{ Hits, Passes []sentence }
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		return err
	}
	class := slices.Index(classes, file.Rule)
	if class < 0 {
		return nil
	}
	add := func(lang string, texts []sentence, is int8) {
		for _, x := range texts {
			s := sample{is: make([]int8, len(classes))}
			s.is[class] = is
			t.addText(name, lang, x.Text, s)
		}
	}
	add("es", file.Es.Hits, 1)
	add("es", file.Es.Passes, -1)
	add("en", file.En.Hits, 1)
	add("en", file.En.Passes, -1)
	return nil
}

// learntFile holds the signals that are learnt classes: seems-CLASS, maybe-CLASS.
const learntFile = "learnt.yaml"

// readExamples reads the examples inside the rules and the learnt signals: what
// they must hit and must let pass is what a class is to be learnt from, too.
func (t *trainer) readExamples(set *lint.RuleSet) {
	for _, info := range set.Infos() {
		class := slices.Index(classes, strings.TrimPrefix(strings.TrimPrefix(info.ID, "seems-"), "maybe-"))
		if class < 0 || info.Kind == "signal" && info.File != learntFile {
			continue
		}
		for _, ex := range info.Examples {
			s := sample{is: make([]int8, len(classes))}
			s.is[class] = -1
			text := ex.Text
			if ex.Hit {
				s.is[class] = 1
				if len(ex.Spans) > 0 {
					x := ex.Spans[0]
					text = text[:x.Start] + "{" + text[x.Start:x.End] + "}" + text[x.End:]
				}
			}
			for range exampleWeight {
				t.addText("rules.yaml", ex.Lang, text, s)
			}
		}
	}
}

// exampleWeight is how many times an example inside a rule is learnt from.
const exampleWeight = 4

// addText adds the sentences of a text, each as an instance of what it is.
// Where a hit has several, it is those with the marked passage.
func (t *trainer) addText(name, lang, text string, s sample) {
	lo, hi := strings.IndexByte(text, '{'), strings.IndexByte(text, '}')-1
	plain := strings.NewReplacer("{", "", "}", "").Replace(text)
	for _, f := range t.linters[lang].Features(lint.PlainMessage(plain)) {
		if lo >= 0 && hi > lo && !covers(f.Span, lint.Span{Start: lo, End: hi}) {
			continue
		}
		s.file, s.hashes = name, f.Hashes
		t.samples = append(t.samples, s)
	}
}

// readClass reads the sentences of one class and language, CLASS.LANG.txt: a
// line "+ text" is an instance of it, "- text" is none; "#also: a, b" at its end
// names the other rules and facts that it is an instance of. A sentence breaks no
// rule but those named; of other facts nothing is said.
func (t *trainer) readClass(name string, data []byte) error {
	parts := strings.Split(name, ".")
	class := slices.Index(classes, parts[0])
	if len(parts) != 3 || class < 0 || t.linters[parts[1]] == nil {
		return fmt.Errorf("want CLASS.LANG.txt, with a known class and language")
	}
	for i, line := range bytes.Split(data, []byte("\n")) {
		text, also, _ := strings.Cut(string(bytes.TrimSpace(line)), "#also:")
		if text == "" {
			continue
		}
		s := sample{is: make([]int8, len(classes))}
		switch text[0] {
		case '+':
			s.is[class] = 1
		case '-':
			s.is[class] = -1
		default:
			return fmt.Errorf("line %d: want + or - in front", i+1)
		}
		if parts[0] != "angry" {
			for c := range faults {
				if c != class {
					s.is[c] = -1
				}
			}
		}
		if text[0] == '+' {
			s.mark(parts[0])
		} else if strings.HasPrefix(parts[0], "bad-") {
			s.is[slices.Index(classes, "bad-news")] = -1
		}
		for _, a := range strings.Split(also, ",") {
			s.mark(strings.TrimPrefix(strings.TrimSpace(a), "+"))
		}
		t.addText(name, parts[1], strings.TrimSpace(text[1:]), s)
	}
	return nil
}
