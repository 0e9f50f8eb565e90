package program

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
	// Tags is a hash table with linear probing, a power of two long: at the slot
	// of a feature's lowest bits its highest 16, 0 for an empty slot.
	Tags U16
	// Counts says how many weights the feature of each slot has; they stand in
	// Weights in the order of slots, from Starts[slot/block] on for each block.
	Counts string
	Starts U32
	// Seen has a bit for each feature, at its hash's highest bits: most features
	// of a text have no weights, and are done with here.
	Seen string
	// Weights are pairs of bytes: a class, and its signed weight.
	Weights string
}

// block is how many slots share an entry of Starts.
const block = 16

// Row gives the weights of a feature, as pairs of a class and a signed weight;
// "" for a feature without any.
func (m *Model) Row(hash uint32) string {
	n := m.Tags.Len()
	if n == 0 {
		return ""
	}
	if bit := seenBit(hash); m.Seen[bit/8]&(1<<(bit%8)) == 0 {
		return ""
	}
	tag := tagOf(hash)
	for i := int(hash) & (n - 1); ; i = (i + 1) & (n - 1) {
		switch m.Tags.At(i) {
		case tag:
			at := int(m.Starts.At(i / block))
			for k := i / block * block; k < i; k++ {
				at += 2 * int(m.Counts[k])
			}
			return m.Weights[at : at+2*int(m.Counts[i])]
		case 0:
			return ""
		}
	}
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

// seenBit mixes the hash first (Knuth's multiplicative hashing): Tags use its
// lowest bits.
func seenBit(hash uint32) uint32 { return hash * 2654435769 >> (32 - seenBits) }

func tagOf(hash uint32) uint16 { return max(uint16(hash>>16), 1) }

// NewModel lays out a model. weights holds a row of len(classes) for each hash,
// of which those that are not 0 are kept.
func NewModel(classes []string, bias, scale []float32, hashes []uint32, weights [][]int8) *Model {
	m := &Model{Classes: classes, Bias: bias, Scale: scale, Client: make([]bool, len(classes))}
	n := block
	for n*4 < len(hashes)*5 {
		n *= 2
	}
	tags, rowOf := make([]uint16, n), make([]int, n)
	seen := make([]byte, 1<<seenBits/8)
	for r, h := range hashes {
		i := int(h) & (n - 1)
		for tags[i] != 0 {
			i = (i + 1) & (n - 1)
		}
		tags[i], rowOf[i] = tagOf(h), r
		seen[seenBit(h)/8] |= 1 << (seenBit(h) % 8)
	}
	var starts []uint32
	var pairs, counts []byte
	for i := range tags {
		if i%block == 0 {
			starts = append(starts, uint32(len(pairs)))
		}
		count := 0
		if tags[i] != 0 {
			for c, w := range weights[rowOf[i]] {
				if w != 0 {
					pairs = append(pairs, byte(c), byte(w))
					count++
				}
			}
		}
		counts = append(counts, byte(count))
	}
	m.Tags, m.Counts, m.Starts, m.Weights, m.Seen = MakeU16(tags), string(counts), MakeU32(starts), string(pairs), string(seen)
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

const modelMagic = "tacto-model 1\n"

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
	w.str(string(m.Tags))
	w.str(m.Counts)
	w.str(string(m.Starts))
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
	m.Tags, m.Counts, m.Starts, m.Weights, m.Seen = U16(r.str()), r.str(), U32(r.str()), r.str(), r.str()
}

// A Learnt group matches sentences that a class of the model fits.
type Learnt struct {
	Group uint16
	Class uint16
	Langs uint8   // bit set of the languages it is for
	Over  float32 // the logit from which it does
}
