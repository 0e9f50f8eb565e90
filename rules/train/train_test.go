package main

import (
	"crypto/sha256"
	"os"
	"testing"

	"github.com/tacto-lint/tacto/lint/program"
)

// TestModelIsCurrent: the models are those of the texts beside them.
func TestModelIsCurrent(t *testing.T) {
	data, err := os.ReadFile("../learnt.model")
	if err != nil {
		t.Fatal(err)
	}
	m, err := program.DecodeModels(string(data))
	if err != nil {
		t.Fatal(err)
	}
	tr := &trainer{sum: sha256.New()}
	keep := func(string, []byte) error { return nil }
	for _, from := range [][2]string{{"emails", "*.txt"}, {"sentences", "*.yaml"}, {"sentences", "*.txt"}} {
		if err := each(tr.sum, "../../testdata/"+from[0], from[1], keep); err != nil {
			t.Fatal(err)
		}
	}
	if m.Digest != tr.digest() {
		t.Error("rules/learnt.model was not trained on testdata/emails and testdata/sentences as they are: run go run ./rules/train, then go generate ./rules")
	}
	if n := len(data); n > 1<<20 {
		t.Errorf("the models have %d bytes: more than a megabyte", n)
	}
}

// tiny is something to learn: class 0 where feature 1 is, class 1 where 2 is.
func tiny() []sample {
	var list []sample
	for i := range 60 {
		s := sample{hashes: []uint32{uint32(i%3) + 1, 77}, is: make([]int8, len(classes)), email: true}
		for c := range s.is {
			s.is[c] = -1
		}
		if i%3 < 2 {
			s.is[i%3] = 1
		}
		list = append(list, s)
	}
	return list
}

func TestTrainSentences(t *testing.T) {
	m := trainSentences(tiny())
	z := make([]float64, len(classes))
	for h, want := range map[uint32]int{1: 0, 2: 1, 3: -1} {
		m.logits([]uint32{h, 77}, z)
		for c := range 2 {
			if (z[c] > 0) != (c == want) {
				t.Errorf("feature %d: class %d has %.2f", h, c, z[c])
			}
		}
	}
	again := trainSentences(tiny())
	for i, w := range m.weights {
		if w != again.weights[i] {
			t.Fatal("two trainings differ")
		}
	}
	// Rounded to bytes, the weights still say the same.
	p := m.model()
	if p.Weight(1, 0) <= 0 || p.Weight(2, 0) >= 0 || p.Weight(2, 1) <= 0 {
		t.Errorf("rounded weights %d %d %d", p.Weight(1, 0), p.Weight(2, 0), p.Weight(2, 1))
	}
}

func TestCalibrate(t *testing.T) {
	// Half of what is scored 2 is of the class: that is no likelihood of 0.88.
	var list []scored
	for i := range 400 {
		list = append(list, scored{2, i%2 == 0}, scored{-2, i%10 == 0})
	}
	a, b := calibrate([][]scored{list})
	if z := a[0]*2 + b[0]; z < -0.3 || z > 0.3 {
		t.Errorf("a logit of 2 became %.2f, want about 0", z)
	}
	if z := a[0]*-2 + b[0]; z > -1.5 {
		t.Errorf("a logit of -2 became %.2f, want about -2.2", z)
	}
}

func TestReadClass(t *testing.T) {
	tr := &trainer{}
	for name, data := range map[string]string{"nonsense.es.txt": "+ a", "status.xx.txt": "+ a", "status.txt": "+ a"} {
		if err := tr.readClass(name, []byte(data)); err == nil {
			t.Errorf("no error for %s", name)
		}
	}
	if err := each(sha256.New(), t.TempDir(), "*.txt", nil); err == nil {
		t.Error("no error for a folder without files")
	}
}
