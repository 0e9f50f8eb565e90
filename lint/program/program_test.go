package program_test

import (
	"errors"
	"os"
	"reflect"
	"testing"

	"github.com/tacto-lint/tacto/lint/program"
)

func model() *program.Model {
	return program.NewModel([]string{"a", "b"}, []float32{0.5, -1}, []float32{1, 0.25},
		[]uint32{0x10000001, 0x20000001, 0x30000002, 7}, [][]int8{{1, 0}, {-128, 127}, {0, 0}, {0, -3}})
}

func TestModelWeights(t *testing.T) {
	m := model()
	for _, c := range []struct {
		hash  uint32
		class int
		want  int32
	}{
		{0x10000001, 0, 1}, {0x10000001, 1, 0}, {0x20000001, 0, -128}, {0x20000001, 1, 127}, {0x30000002, 0, 0}, {7, 1, -3},
		{0x40000001, 0, 0}, {0, 0, 0}, {8, 0, 0},
	} {
		if got := m.Weight(c.hash, c.class); got != c.want {
			t.Errorf("weight of %#x for %d: %d, want %d", c.hash, c.class, got, c.want)
		}
	}
}

func TestModelsRoundTrip(t *testing.T) {
	m := program.Models{Sentences: *model(), Digest: "d", Mail: program.MailModel{
		Classes: []string{"x"}, Inputs: []program.Input{{Op: program.InputPeak, Name: "b", Of: 1}}, Bias: []float32{-2}, Weights: []float32{0.5},
	}}
	m.Sentences.Facts, m.Sentences.Of = []string{"date"}, []uint16{0}
	got, err := program.DecodeModels(string(m.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(*got, m) {
		t.Errorf("got %+v, want %+v", *got, m)
	}
}

// FuzzDecode: damaged packs and models end in an error, or in something that can
// be used.
func FuzzDecode(f *testing.F) {
	data, err := os.ReadFile("../../rules/learnt.model")
	if err != nil {
		f.Fatal(err)
	}
	small := program.Models{Sentences: *model()}
	f.Add(string(small.Encode()))
	f.Add(string(data[:4096]))
	f.Fuzz(func(t *testing.T, s string) {
		m, err := program.DecodeModels(s)
		if err != nil {
			if !errors.Is(err, program.ErrFormat) {
				t.Errorf("unexpected error %v", err)
			}
			return
		}
		for h := range uint32(64) {
			m.Sentences.Row(h * 0x01010101)
		}
	})
}

// TestDamagedPack flips bytes of the built-in pack: no crash while it is read.
func TestDamagedPack(t *testing.T) {
	data, err := os.ReadFile("../../rules/builtin.pack")
	if err != nil {
		t.Fatal(err)
	}
	p, err := program.Decode(string(data))
	if err == nil {
		err = p.Check()
	}
	if err != nil {
		t.Fatal(err)
	}
	for i := 12; i < len(data); i += len(data)/150 + 1 {
		old := data[i]
		data[i] ^= 0x55
		if p, err := program.Decode(string(data)); err == nil {
			_ = p.Check() // an error or none, but no crash
		} else if p != nil {
			t.Errorf("byte %d: half a pack with the error %v", i, err)
		}
		data[i] = old
	}
	for _, n := range []int{0, 5, 100, len(data) / 2, len(data) - 1} {
		if _, err := program.Decode(string(data[:n])); !errors.Is(err, program.ErrFormat) {
			t.Errorf("cut at %d: %v", n, err)
		}
	}
}
