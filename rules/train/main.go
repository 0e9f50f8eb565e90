// Command train learns the models behind learnt signals from the emails and
// sentences under testdata, and writes them to rules/learnt.model. Run it, from
// the top of the repository, after a change to testdata/emails,
// testdata/sentences, or to the signals; then run 'go generate ./rules':
//
//	go run ./rules/train           # train and write
//	go run ./rules/train -check    # how good is it on emails it has not seen?
//
// It is deterministic: on one architecture, the same files give the same bytes.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"

	"github.com/tacto-lint/tacto/lint/program"
	"github.com/tacto-lint/tacto/rules"
)

func main() {
	var o options
	flag.BoolVar(&o.check, "check", false, "leave out a fifth of the files of emails in turn and measure on them, instead of writing the models")
	flag.StringVar(&o.errors, "errors", "", "with -check, list the emails on which this `rule` errs")
	flag.StringVar(&o.emails, "emails", "testdata/emails", "folder of written emails")
	flag.StringVar(&o.sentences, "sentences", "testdata/sentences", "folder of sentences, a file a class")
	flag.StringVar(&o.out, "o", "rules/learnt.model", "file to write")
	flag.Parse()
	if err := run(&o); err != nil {
		fmt.Fprintln(os.Stderr, "train:", err)
		os.Exit(1)
	}
}

type options struct {
	check                  bool
	errors                 string
	emails, sentences, out string
}

func run(o *options) error {
	sources, err := rules.Sources(".")
	if err != nil {
		return err
	}
	t := &trainer{sources: sources, inputs: candidates()}
	if err := t.read(o.emails, o.sentences); err != nil {
		return err
	}
	if err := t.folds(); err != nil {
		return err
	}
	if o.check {
		t.foldMail()
		t.thresholds(os.Stdout)
		return t.measure(os.Stdout, o.errors)
	}
	sentences := trainSentences(t.samples)
	sentences.stretch, sentences.shift = t.stretch, t.shift
	models := program.Models{Sentences: *t.finished(sentences), Mail: *trainMail(t.mails, t.inputs), Digest: t.digest()}
	if err := os.WriteFile(o.out, models.Encode(), 0o644); err != nil {
		return fmt.Errorf("writing the models: %w", err)
	}
	fmt.Printf("%d sentences, %d features, %d classes; %d emails, %d inputs\n", len(t.samples), len(sentences.kept), len(classes),
		len(t.mails), len(models.Mail.Inputs))
	return nil
}

// without gives the elements of which drop does not hold.
func without[T any](list []T, drop func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(list), drop)
}
