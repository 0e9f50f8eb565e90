package inflect

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// verb is what must be known about a Spanish verb to conjugate it. Tenses
// given in full are six forms parted by spaces, yo to ellos; empty fields mean
// that the regular form holds.
type verb struct {
	inf    string // infinitive
	conj   int    // 0 -ar, 1 -er, 2 -ir
	stem   string
	strong string // stem where it bears the stress: «piens-»
	weak   string // stem before -ió, -iendo, and -amos in -ir verbs: «pid-»
	yo     string // first person of the present
	subj   string // stem of the present subjunctive, if it is one for all persons
	past   string // stem of a preterite stressed on the stem: «tuv-»
	fut    string // stems of the future, with r
	ger    string
	part   string // masculine participles
	tu     string // imperatives of tú

	pres, pret, impf, subjAll string // tenses in full
	vosPres, vosImp           string
	noImp                     bool // has no imperative in use: «poder»
	short                     bool // has forms that count as one syllable: «guie»
}

// byPerson has the features of yo, tú, él, nosotros, vosotros, ellos. Tú and
// vos share their forms but in the present and the imperative.
var byPerson = [6]Features{P1 | Sg, P2 | Sg | Tu | Vos, P3 | Sg, P1 | Pl, P2 | Pl | Vosotros, P3 | Pl}

const (
	tuForm  = P2 | Sg | Tu
	vosForm = P2 | Sg | Vos
)

// Endings by conjugation.
var (
	presEndings = [3][6]string{
		{"o", "as", "a", "amos", "áis", "an"},
		{"o", "es", "e", "emos", "éis", "en"},
		{"o", "es", "e", "imos", "ís", "en"},
	}
	subjEndings = [3][6]string{
		{"e", "es", "e", "emos", "éis", "en"},
		{"a", "as", "a", "amos", "áis", "an"},
		{"a", "as", "a", "amos", "áis", "an"},
	}
	pretEndings = [3][6]string{
		{"é", "aste", "ó", "amos", "asteis", "aron"},
		{"í", "iste", "ió", "imos", "isteis", "ieron"},
		{"í", "iste", "ió", "imos", "isteis", "ieron"},
	}
	impfEndings = [3][6]string{
		{"aba", "abas", "aba", "ábamos", "abais", "aban"},
		{"ía", "ías", "ía", "íamos", "íais", "ían"},
		{"ía", "ías", "ía", "íamos", "íais", "ían"},
	}
	strongPretEndings = [6]string{"e", "iste", "o", "imos", "isteis", "ieron"}
	futEndings        = [6]string{"é", "ás", "á", "emos", "éis", "án"}
	raEndings         = [6]string{"ra", "ras", "ra", "ramos", "rais", "ran"}
	seEndings         = [6]string{"se", "ses", "se", "semos", "seis", "sen"}
	gerEndings        = [3]string{"ando", "iendo", "iendo"}
	partEndings       = [3]string{"ado", "ido", "ido"}
	vosPresEndings    = [3]string{"ás", "és", "ís"}
	vosImpEndings     = [3]string{"á", "é", "í"}
	themes            = [3]string{"ar", "er", "ir"}
)

// stressed are the persons of the present whose stress is on the stem.
var stressed = [6]bool{true, true, true, false, false, true}

// spanishVerb adds the forms of a verb.
func (l *list) spanishVerb(lemma string) error {
	v, err := newVerb(lemma)
	if err != nil {
		return err
	}
	l.add(v.inf, Inf)
	l.add(v.gerund(), Ger)
	for m := range strings.FieldsSeq(v.participles()) {
		stem := strings.TrimSuffix(m, "o")
		l.add(m, Part|Masc|Sg)
		l.add(stem+"a", Part|Fem|Sg)
		l.add(stem+"os", Part|Masc|Pl)
		l.add(stem+"as", Part|Fem|Pl)
	}
	pres, subj := v.present(), v.subjunctive()
	pret := v.preterite()
	l.addPresent(&v, pres, subj)
	l.tense(Pret, pret)
	l.tense(Impf, v.imperfect())
	for stem := range strings.FieldsSeq(v.futureStems()) {
		l.tense(Fut, endings(stem, futEndings))
		l.tense(Cond, endings(stem, impfEndings[1]))
	}
	past := strings.TrimSuffix(pret[5], "ron")
	for _, e := range [...]*[6]string{&raEndings, &seEndings} {
		forms := endings(past, *e)
		forms[3] = accentLast(past) + e[3]
		l.tense(SubjPast, forms)
	}
	if !v.noImp {
		l.addImperative(&v, pres, subj)
	}
	return nil
}

// tense adds six forms.
func (l *list) tense(f Features, forms [6]string) {
	for i, text := range forms {
		l.add(text, f|byPerson[i])
	}
}

func (l *list) addPresent(v *verb, pres, subj [6]string) {
	for i, text := range pres {
		if i == 1 {
			l.add(text, Pres|tuForm)
			l.add(v.vosPresent(), Pres|vosForm)
			continue
		}
		l.add(text, Pres|byPerson[i])
	}
	if v.inf == "haber" {
		l.add("hay", Pres|P3|Sg)
	}
	l.tense(Subj, subj)
	// «No te preocupés»: beside the form of tú, vos has one of its own.
	l.add(vosOf(subj[4]), Subj|vosForm)
}

func (l *list) addImperative(v *verb, pres, subj [6]string) {
	tu := v.tu
	if tu == "" {
		tu = pres[2]
	}
	for text := range strings.FieldsSeq(tu) {
		l.add(text, Imp|tuForm)
	}
	vos := v.vosImp
	if vos == "" {
		vos = v.final(v.join(v.stem, vosImpEndings[v.conj]))
	}
	l.add(vos, Imp|vosForm)
	l.add(subj[2], Imp|P3|Sg|Usted)
	l.add(subj[5], Imp|P3|Pl|Usted)
	l.add(subj[3], Imp|P1|Pl)
	if v.inf == "ir" {
		l.add(pres[3], Imp|P1|Pl)
	}
	l.add(strings.TrimSuffix(v.inf, "r")+"d", Imp|P2|Pl|Vosotros)
}

func (v *verb) gerund() string {
	if v.ger != "" {
		return v.ger
	}
	return v.join(v.weak, gerEndings[v.conj])
}

func (v *verb) participles() string {
	if v.part != "" {
		return v.part
	}
	return v.join(v.stem, partEndings[v.conj])
}

func (v *verb) present() (p [6]string) {
	if v.pres != "" {
		return six(v.pres)
	}
	for i, ending := range presEndings[v.conj] {
		stem := v.stem
		if stressed[i] {
			stem = v.strong
		}
		p[i] = v.final(v.join(stem, ending))
	}
	if v.yo != "" {
		p[0] = v.yo
	}
	return p
}

func (v *verb) vosPresent() string {
	if v.vosPres != "" {
		return v.vosPres
	}
	return v.final(v.join(v.stem, vosPresEndings[v.conj]))
}

func (v *verb) subjunctive() (p [6]string) {
	if v.subjAll != "" {
		return six(v.subjAll)
	}
	for i, ending := range subjEndings[v.conj] {
		switch {
		case v.subj != "":
			p[i] = v.subj + ending
		case stressed[i]:
			p[i] = v.join(v.strong, ending)
		case v.conj == 2:
			p[i] = v.join(v.weak, ending)
		default:
			p[i] = v.join(v.stem, ending)
		}
		p[i] = v.final(p[i])
	}
	return p
}

func (v *verb) preterite() (p [6]string) {
	if v.pret != "" {
		return six(v.pret)
	}
	if v.past != "" {
		return v.strongPreterite()
	}
	for i, ending := range pretEndings[v.conj] {
		stem := v.stem
		if i == 2 || i == 5 {
			stem = v.weak
		}
		p[i] = v.final(v.join(stem, ending))
	}
	return p
}

// strongPreterite is that of «tuve, tuvo». The z of «hizo» keeps the sound, the
// accents of «rehíce, rehízo» the hiatus; «dijeron» drops the i.
func (v *verb) strongPreterite() [6]string {
	p := endings(v.past, strongPretEndings)
	if stem, ok := strings.CutSuffix(v.past, "c"); ok {
		p[2] = stem + "zo"
	}
	if strings.HasSuffix(v.past, "ehic") {
		p[0], p[2] = strings.Replace(p[0], "hi", "hí", 1), strings.Replace(p[2], "hi", "hí", 1)
	}
	if strings.HasSuffix(v.past, "j") {
		p[5] = v.past + "eron"
	}
	return p
}

func (v *verb) imperfect() (p [6]string) {
	if v.impf != "" {
		return six(v.impf)
	}
	return endings(v.stem, impfEndings[v.conj])
}

func (v *verb) futureStems() string {
	if v.fut != "" {
		return v.fut
	}
	if stem, ok := strings.CutSuffix(v.inf, "ír"); ok {
		return stem + "ir"
	}
	return v.inf
}

// final drops the accent of forms that count as one syllable since 2010:
// «guie», «fio», «huis».
func (v *verb) final(text string) string {
	if v.short && hasAccent(text) && len(syllables(text)) == 1 {
		return dropAccent(text)
	}
	return text
}

// join writes a stem and an ending together.
func (v *verb) join(stem, ending string) string {
	if v.conj == 0 {
		return hardenBefore(stem, ending) + ending
	}
	stem = softenBefore(stem, ending)
	if !vowelStem(stem) {
		palatal := strings.HasSuffix(stem, "ll") || strings.HasSuffix(stem, "ñ")
		if palatal && (strings.HasPrefix(ending, "ie") || strings.HasPrefix(ending, "ió")) {
			return stem + ending[1:]
		}
		return stem + ending
	}
	last := stem[len(stem)-1]
	switch {
	case strings.HasPrefix(ending, "ie") || strings.HasPrefix(ending, "ió"):
		if last == 'i' || strings.HasSuffix(stem, "í") {
			return stem + ending[1:]
		}
		if s, ok := strings.CutSuffix(stem, "ü"); ok {
			stem = s + "u"
		}
		return stem + "y" + ending[1:]
	case strings.HasPrefix(ending, "i") && (last == 'a' || last == 'e' || last == 'o'):
		return stem + "í" + ending[1:]
	}
	return stem + ending
}

// vowelStem says whether a stem ends in a vowel that is heard: not in gu, qu.
func vowelStem(stem string) bool {
	if strings.HasSuffix(stem, "gu") || strings.HasSuffix(stem, "qu") {
		return false
	}
	r, _ := utf8.DecodeLastRuneInString(stem)
	return strings.ContainsRune("aeiouíüú", r)
}

// hardenBefore spells the stem of an -ar verb before e: «busqu-», «pagu-»,
// «averigü-», «empiec-».
func hardenBefore(stem, ending string) string {
	if !strings.HasPrefix(ending, "e") && !strings.HasPrefix(ending, "é") {
		return stem
	}
	cut := stem[:max(0, len(stem)-1)]
	switch {
	case strings.HasSuffix(stem, "gu"):
		return cut + "ü"
	case strings.HasSuffix(stem, "g"):
		return cut + "gu"
	case strings.HasSuffix(stem, "c"):
		return cut + "qu"
	case strings.HasSuffix(stem, "z"):
		return cut + "c"
	}
	return stem
}

// softenBefore spells the stem of -er and -ir verbs before a and o: «sig-»,
// «venz-», «coj-», «delinc-».
func softenBefore(stem, ending string) string {
	r, _ := utf8.DecodeRuneInString(ending)
	if !strings.ContainsRune("aoáó", r) {
		return stem
	}
	switch {
	case strings.HasSuffix(stem, "gu"):
		return stem[:len(stem)-1]
	case strings.HasSuffix(stem, "qu"):
		return stem[:len(stem)-2] + "c"
	case strings.HasSuffix(stem, "c"):
		return stem[:len(stem)-1] + "z"
	case strings.HasSuffix(stem, "g"):
		return stem[:len(stem)-1] + "j"
	}
	return stem
}

// vosOf makes the form of vos from that of vosotros: «mandéis», «mandés».
func vosOf(vosotros string) string {
	for _, v := range [...]string{"éis", "áis", "eis", "ais"} {
		if stem, ok := strings.CutSuffix(vosotros, v); ok {
			return stem + v[:len(v)-2] + "s"
		}
	}
	return vosotros
}

func endings(stem string, e [6]string) (forms [6]string) {
	for i := range e {
		forms[i] = stem + e[i]
	}
	return forms
}

// six splits a tense given in full.
func six(s string) (forms [6]string) {
	i := 0
	for f := range strings.FieldsSeq(s) {
		forms[i] = f
		i++
	}
	return forms
}

// parseInfinitive finds stem and conjugation.
func parseInfinitive(lemma string) (verb, error) {
	inf := lemma
	if base, ok := strings.CutSuffix(lemma, "se"); ok && strings.HasSuffix(base, "r") {
		inf = base
	}
	if !utf8.ValidString(inf) || strings.ContainsAny(inf, "-'’") {
		return verb{}, fmt.Errorf("inflect: %q is no Spanish infinitive", lemma)
	}
	// «oir», «reir» for oír, reír: i after a, e, o bears an accent.
	if s, ok := strings.CutSuffix(inf, "ir"); ok && s != "" && strings.ContainsRune("aeo", rune(s[len(s)-1])) {
		inf = s + "ír"
	}
	if stem, ok := strings.CutSuffix(inf, "ír"); ok {
		return verb{inf: inf, conj: 2, stem: stem}, nil
	}
	for conj, theme := range themes {
		if stem, ok := strings.CutSuffix(inf, theme); ok && (stem != "" || inf == "ir") {
			return verb{inf: inf, conj: conj, stem: stem}, nil
		}
	}
	return verb{}, fmt.Errorf("inflect: %q is no Spanish infinitive", lemma)
}
