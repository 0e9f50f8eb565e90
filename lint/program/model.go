package program

import (
	"cmp"
	"slices"
)

// A Model is a set of linear classifiers over hashed features. Most features
// weigh for a few classes only: each has a short list of weights.
type Model struct {
	// Classes are the names of the classifiers.
	Classes []string
	// Client says of each class that it is of the client's words, in quoted text;
	// the others are of the author's.
	Client []bool
	// Facts are the signals that are features of a sentence, besides its words;
	// Of their numbers, known only once rules are compiled.
	Facts []string
	Of    []uint16
	// Bias and Scale turn a classifier's sum of weights into a logit.
	Bias, Scale []float32
	// Features stand in the order of their hashes. A bucket holds those with the
	// same highest bits: its features are those from First on, its weights those
	// from Starts on; the last entry of both is their end.
	First, Starts U32
	// Tags are the lowest 16 bits of each feature's hash, Counts says how many
	// weights it has.
	Tags   U16
	Counts string
	// Seen has a bit for each feature, at its hash's highest bits: most features
	// of a text have no weights, and are done with here.
	Seen string
	// Weights are pairs of bytes: a class, and its signed weight.
	Weights string
}

// bucketBits is how many bits of a hash choose its bucket: a bucket then has seven
// features or so.
const bucketBits = 13

// Row gives the weights of a feature, as pairs of a class and a signed weight;
// "" for a feature without any.
func (m *Model) Row(hash uint32) string {
	if m.Tags.Len() == 0 {
		return ""
	}
	if bit := seenBit(hash); m.Seen[bit/8]&(1<<(bit%8)) == 0 {
		return ""
	}
	bucket := int(hash >> (32 - bucketBits))
	at := int(m.Starts.At(bucket))
	for i, end := int(m.First.At(bucket)), int(m.First.At(bucket+1)); i < end; i++ {
		n := 2 * int(m.Counts[i])
		if m.Tags.At(i) == uint16(hash) {
			return m.Weights[at : at+n]
		}
		at += n
	}
	return ""
}

// Weight gives the weight of a feature for one class.
func (m *Model) Weight(hash uint32, class int) int32 {
	for row := m.Row(hash); len(row) > 1; row = row[2:] {
		if int(row[0]) == class {
			return int32(int8(row[1]))
		}
	}
	return 0
}

// seenBits is the number of bits in Seen, as a power of two.
const seenBits = 19

// seenBit mixes the hash first (Knuth's multiplicative hashing): buckets use its
// highest bits.
func seenBit(hash uint32) uint32 { return hash * 2654435769 >> (32 - seenBits) }

// NewModel lays out a model. weights holds a row of len(classes) for each hash,
// of which those that are not 0 are kept.
func NewModel(classes []string, bias, scale []float32, hashes []uint32, weights [][]int8) *Model {
	m := &Model{Classes: classes, Bias: bias, Scale: scale, Client: make([]bool, len(classes))}
	order := make([]int, len(hashes))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(hashes[a], hashes[b]) })
	seen := make([]byte, 1<<seenBits/8)
	first, starts := make([]uint32, 1<<bucketBits+1), make([]uint32, 1<<bucketBits+1)
	var tags []uint16
	var pairs, counts []byte
	next := 0
	for bucket := range first {
		first[bucket], starts[bucket] = uint32(next), uint32(len(pairs))
		for ; next < len(order) && int(hashes[order[next]]>>(32-bucketBits)) == bucket; next++ {
			h, count := hashes[order[next]], 0
			for c, w := range weights[order[next]] {
				if w != 0 {
					pairs = append(pairs, byte(c), byte(w))
					count++
				}
			}
			tags, counts = append(tags, uint16(h)), append(counts, byte(count))
			seen[seenBit(h)/8] |= 1 << (seenBit(h) % 8)
		}
	}
	m.First, m.Starts, m.Tags, m.Counts = MakeU32(first), MakeU32(starts), MakeU16(tags), string(counts)
	m.Weights, m.Seen = string(pairs), string(seen)
	return m
}

// A MailModel is a set of linear classifiers over what was found in an email as
// a whole: the signals, and how well the learnt classes fit its sentences.
type MailModel struct {
	Classes []string
	Inputs  []Input
	Bias    []float32 // by class
	Weights []float32 // by class and input
}

// An Input is a number of an email.
type Input struct {
	Op InputOp
	// Name is that of the class, fact or flag; Of its number, for facts known
	// only once rules are compiled.
	Name string
	Of   uint16
}

// InputOp says what an input measures.
type InputOp uint8

// PeakFloor is the logit, taken positive, below which a class counts for nothing
// in an InputPeak: from there on each step upwards counts, for what is rare is
// seldom sure.
const PeakFloor = 5.0

// The kinds of input, each from 0 to 1 or a little more.
const (
	InputPeak   InputOp = iota // the highest logit of the class in a sentence / PeakFloor + 1, 0 to 2
	InputSum                   // the sum of likelihoods over the sentences, 3 at most
	InputFact                  // whether the fact is found in the author's text
	InputQuoted                // whether it is found in quoted text
	InputFlag                  // a flag of the email
	InputWords                 // words / 100, 3 at most
)

// Models are the two that are trained together: of sentences and of emails.
type Models struct {
	Sentences Model
	Mail      MailModel
	// Digest is that of the texts they were trained on: see rules/train.
	Digest string
}

const modelMagic = "tacto-model 2\n"

// Encode gives the bytes of models.
func (m *Models) Encode() []byte {
	w := &writer{}
	w.b = append(w.b, modelMagic...)
	w.models(m)
	return w.b
}

// DecodeModels reads what Encode wrote; the error wraps ErrFormat.
func DecodeModels(data string) (m *Models, err error) {
	if len(data) < len(modelMagic) || data[:len(modelMagic)] != modelMagic {
		return nil, ErrFormat
	}
	r := &reader{s: data, at: len(modelMagic)}
	defer recoverDamage(r, &err)
	m = &Models{}
	r.models(m)
	if err := m.Sentences.check(); err != nil {
		return nil, err
	}
	return m, nil
}

func (w *writer) models(m *Models) {
	w.str(m.Digest)
	w.model(&m.Sentences)
	w.uint(len(m.Mail.Inputs))
	for _, x := range m.Mail.Inputs {
		w.uint(int(x.Op))
		w.str(x.Name)
		w.uint(int(x.Of))
	}
	w.uint(len(m.Mail.Classes))
	for i, c := range m.Mail.Classes {
		w.str(c)
		w.float(float64(m.Mail.Bias[i]))
		for _, x := range m.Mail.Weights[i*len(m.Mail.Inputs) : (i+1)*len(m.Mail.Inputs)] {
			w.float(float64(x))
		}
	}
}

func (r *reader) models(m *Models) {
	m.Digest = r.str()
	r.model(&m.Sentences)
	for range r.count() {
		m.Mail.Inputs = append(m.Mail.Inputs, Input{InputOp(r.uint()), r.str(), uint16(r.uint())})
	}
	for range r.count() {
		m.Mail.Classes = append(m.Mail.Classes, r.str())
		m.Mail.Bias = append(m.Mail.Bias, float32(r.float()))
		for range m.Mail.Inputs {
			m.Mail.Weights = append(m.Mail.Weights, float32(r.float()))
		}
	}
}

func (w *writer) model(m *Model) {
	w.uint(len(m.Classes))
	for i, c := range m.Classes {
		w.str(c)
		w.float(float64(m.Bias[i]))
		w.float(float64(m.Scale[i]))
		w.bool(m.Client[i])
	}
	w.uint(len(m.Facts))
	for i, f := range m.Facts {
		w.str(f)
		w.uint(int(m.Of[i]))
	}
	w.str(string(m.First))
	w.str(string(m.Starts))
	w.str(string(m.Tags))
	w.str(m.Counts)
	w.str(m.Weights)
	w.str(m.Seen)
}

func (r *reader) model(m *Model) {
	n := r.count()
	for range n {
		m.Classes = append(m.Classes, r.str())
		m.Bias = append(m.Bias, float32(r.float()))
		m.Scale = append(m.Scale, float32(r.float()))
		m.Client = append(m.Client, r.bool())
	}
	for range r.count() {
		m.Facts, m.Of = append(m.Facts, r.str()), append(m.Of, uint16(r.uint()))
	}
	m.First, m.Starts, m.Tags, m.Counts, m.Weights, m.Seen = U32(r.str()), U32(r.str()), U16(r.str()), r.str(), r.str(), r.str()
}

// A Learnt group matches sentences that a class of the model fits.
type Learnt struct {
	Group uint16
	Class uint16
	Langs uint8   // bit set of the languages it is for
	Over  float32 // the logit from which it does
}
