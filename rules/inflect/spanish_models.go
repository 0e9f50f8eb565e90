package inflect

import (
	"strings"
	"unicode/utf8"
)

// newVerb finds how a verb is conjugated: as a model of its own or with a
// prefix before one, or by its ending and its vowel change.
func newVerb(lemma string) (verb, error) {
	v, err := parseInfinitive(lemma)
	if err != nil {
		return v, err
	}
	v.short = monosyllabic(v.inf)
	v.noImp = v.inf == "soler"
	v.strong, v.weak = v.stem, v.stem
	if base := modelOf(v.inf); base != "" {
		prefix := strings.TrimSuffix(v.inf, base)
		m := model(base)
		m.inf, m.conj, m.stem = v.inf, v.conj, v.stem
		m.prefixed(prefix)
		m.exceptions()
		return m, nil
	}
	v.changeStem(stemChange(v.inf))
	v.endingClass()
	if v.part == "" {
		v.part = irregularParticiple(v.inf)
	}
	return v, nil
}

// prefixed puts a prefix before whatever a model says.
func (v *verb) prefixed(prefix string) {
	for _, s := range [...]*string{&v.strong, &v.weak} {
		if *s == "" {
			*s = v.stem
		} else {
			*s = prefix + *s
		}
	}
	for _, s := range [...]*string{&v.yo, &v.subj, &v.past} {
		if *s != "" {
			*s = prefix + *s
		}
	}
	for _, s := range [...]*string{&v.fut, &v.ger, &v.part, &v.tu, &v.pres, &v.pret, &v.impf, &v.subjAll, &v.vosPres, &v.vosImp} {
		*s = compounds(prefix, *s)
	}
}

// exceptions are prefixed verbs that leave their model.
func (v *verb) exceptions() {
	switch v.inf {
	case "predecir":
		v.tu, v.fut = "predice", "predecir predir"
	case "contradecir", "desdecir", "redecir", "entredecir":
		v.tu, v.fut = strings.TrimSuffix(v.inf, "ecir")+"ice", v.inf+" "+strings.TrimSuffix(v.inf, "ecir")+"ir"
	case "bendecir", "maldecir":
		stem := strings.TrimSuffix(v.inf, "ecir")
		v.tu, v.fut, v.part = stem+"ice", v.inf, stem+"ecido "+stem+"ito"
	case "satisfacer":
		v.tu = "satisfaz satisface"
	}
}

// modelOf gives the model whose conjugation a verb shares. Endings that only
// compounds of the model have are enough; of the others each verb is listed.
func modelOf(inf string) string {
	switch inf {
	case "ser", "estar", "haber", "ir", "dar", "saber", "caber", "poder", "querer", "andar", "ver", "oír", "asir":
		return inf
	case "desandar":
		return "andar"
	case "malquerer", "bienquerer":
		return "querer"
	case "prever", "entrever", "rever":
		return "ver"
	case "desoír", "entreoír":
		return "oír"
	case "hacer", "rehacer", "deshacer", "contrahacer":
		return "hacer"
	case "satisfacer":
		return "facer"
	}
	for _, base := range [...]string{"poner", "tener", "venir", "traer", "decir", "caer", "valer", "salir"} {
		if strings.HasSuffix(inf, base) {
			return base
		}
	}
	return ""
}

// model describes the irregular verbs.
func model(base string) verb {
	switch base {
	case "ser":
		return verb{pres: "soy eres es somos sois son", vosPres: "sos", subj: "se", impf: "era eras era éramos erais eran",
			pret: "fui fuiste fue fuimos fuisteis fueron", tu: "sé", vosImp: "sé", strong: "s"}
	case "ir":
		return verb{pres: "voy vas va vamos vais van", vosPres: "vas", subj: "vay", impf: "iba ibas iba íbamos ibais iban",
			pret: "fui fuiste fue fuimos fuisteis fueron", tu: "ve", vosImp: "andá", ger: "yendo", part: "ido"}
	case "estar":
		return verb{pres: "estoy estás está estamos estáis están", past: "estuv", tu: "está",
			subjAll: "esté estés esté estemos estéis estén"}
	case "haber":
		return verb{pres: "he has ha hemos habéis han", vosPres: "has", subj: "hay", past: "hub", fut: "habr", noImp: true}
	case "dar":
		return verb{pres: "doy das da damos dais dan", vosPres: "das", vosImp: "da", subjAll: "dé des dé demos deis den",
			pret: "di diste dio dimos disteis dieron"}
	case "ver":
		return verb{pres: "veo ves ve vemos veis ven", vosPres: "ves", vosImp: "ve", subj: "ve", part: "visto",
			impf: "veía veías veía veíamos veíais veían", pret: "vi viste vio vimos visteis vieron"}
	case "saber":
		return verb{yo: "sé", subj: "sep", past: "sup", fut: "sabr"}
	case "caber":
		return verb{yo: "quepo", subj: "quep", past: "cup", fut: "cabr"}
	case "poder":
		return verb{strong: "pued", past: "pud", fut: "podr", ger: "pudiendo", noImp: true}
	case "querer":
		return verb{strong: "quier", past: "quis", fut: "querr"}
	case "andar":
		return verb{past: "anduv"}
	case "oír":
		return verb{yo: "oigo", subj: "oig", strong: "oy"}
	case "asir":
		return verb{yo: "asgo", subj: "asg"}
	case "hacer":
		return verb{yo: "hago", subj: "hag", past: "hic", fut: "har", part: "hecho", tu: "haz"}
	case "facer":
		return verb{yo: "fago", subj: "fag", past: "fic", fut: "far", part: "fecho"}
	case "poner":
		return verb{yo: "pongo", subj: "pong", past: "pus", fut: "pondr", part: "puesto", tu: "pon"}
	case "tener":
		return verb{yo: "tengo", subj: "teng", strong: "tien", past: "tuv", fut: "tendr", tu: "ten"}
	case "venir":
		return verb{yo: "vengo", subj: "veng", strong: "vien", weak: "vin", past: "vin", fut: "vendr", tu: "ven"}
	case "traer":
		return verb{yo: "traigo", subj: "traig", past: "traj"}
	case "decir":
		return verb{yo: "digo", subj: "dig", strong: "dic", weak: "dic", past: "dij", fut: "dir", part: "dicho", tu: "di"}
	case "caer":
		return verb{yo: "caigo", subj: "caig"}
	case "valer":
		return verb{yo: "valgo", subj: "valg", fut: "valdr"}
	case "salir":
		return verb{yo: "salgo", subj: "salg", fut: "saldr", tu: "sal"}
	}
	return verb{}
}

// changeStem applies a vowel change.
func (v *verb) changeStem(c change) {
	switch c {
	case toIe:
		v.strong = initial(replaceLast(v.stem, 'e', "ie"))
		if strings.HasSuffix(v.inf, "quirir") {
			v.strong = replaceLast(v.stem, 'i', "ie")
		}
	case toUe:
		v.strong = initial(replaceLast(v.stem, 'o', "ue"))
		if v.inf == "jugar" {
			v.strong = "jueg"
		}
	case toI:
		v.weak = replaceLast(v.stem, 'e', "i")
		v.strong = v.weak
		if strings.HasSuffix(v.inf, "eír") {
			v.strong = strings.TrimSuffix(v.weak, "i") + "í"
		}
	case toIeI:
		v.strong, v.weak = initial(replaceLast(v.stem, 'e', "ie")), replaceLast(v.stem, 'e', "i")
	case toUeU:
		v.strong, v.weak = replaceLast(v.stem, 'o', "ue"), replaceLast(v.stem, 'o', "u")
	case accentI, accentU:
		v.strong = accentLast(v.stem)
	case accentMid:
		i := strings.LastIndexAny(v.stem, "iu")
		v.strong = v.stem[:i] + accented(v.stem[i]) + v.stem[i+1:]
	}
}

// endingClass applies what follows from the ending: «conozco», «conduje»,
// «construyo».
func (v *verb) endingClass() {
	switch {
	case strings.HasSuffix(v.inf, "ducir"):
		v.subj, v.past = v.stem[:len(v.stem)-1]+"zc", v.stem[:len(v.stem)-1]+"j"
	case v.conj != 0 && strings.HasSuffix(v.stem, "c") && !plainC(v.inf):
		v.subj = v.stem[:len(v.stem)-1] + "zc"
	case v.conj == 2 && vowelStem(v.stem) && (strings.HasSuffix(v.stem, "u") || strings.HasSuffix(v.stem, "ü")):
		v.strong = strings.TrimSuffix(strings.TrimSuffix(v.stem, "u"), "ü") + "uy"
		v.subj = v.strong
	}
	if v.subj != "" && v.yo == "" {
		v.yo = v.subj + "o"
	}
}

// plainC tells verbs in -cer and -cir without zc: those with a consonant
// before it («vencer») and a few others.
func plainC(inf string) bool {
	switch inf {
	case "mecer", "remecer", "cocer", "escocer", "recocer":
		return true
	}
	r, _ := utf8.DecodeLastRuneInString(inf[:len(inf)-3])
	return !isVowel(r)
}

// irregularParticiple gives participles that the ending does not tell.
func irregularParticiple(inf string) string {
	for _, p := range [...][2]string{{"cubrir", "cubierto"}, {"scribir", "scrito"}, {"olver", "uelto"}} {
		if stem, ok := strings.CutSuffix(inf, p[0]); ok {
			return stem + p[1]
		}
	}
	switch inf {
	case "abrir", "reabrir", "entreabrir":
		return strings.TrimSuffix(inf, "rir") + "ierto"
	case "morir", "premorir":
		return strings.TrimSuffix(inf, "orir") + "uerto"
	case "romper":
		return "roto"
	case "imprimir", "reimprimir", "sobreimprimir":
		stem := strings.TrimSuffix(inf, "imir")
		return stem + "eso " + stem + "imido"
	case "freír", "sofreír", "refreír":
		return strings.TrimSuffix(inf, "eír") + "ito " + strings.TrimSuffix(inf, "ír") + "ído"
	case "proveer", "desproveer":
		return strings.TrimSuffix(inf, "eer") + "isto " + strings.TrimSuffix(inf, "er") + "ído"
	case "pudrir":
		return "podrido"
	}
	return ""
}

// replaceLast replaces the last vowel of that kind in a stem. After g, «ue» is
// written «üe»: «avergüenzo».
func replaceLast(stem string, vowel byte, by string) string {
	i := strings.LastIndexByte(stem, vowel)
	if i < 0 {
		return stem
	}
	if by == "ue" && i > 0 && stem[i-1] == 'g' {
		by = "üe"
	}
	return stem[:i] + by + stem[i+1:]
}

// initial spells a diphthong at the start of a word: «yerro», «huelo».
func initial(stem string) string {
	if s, ok := strings.CutPrefix(stem, "ie"); ok {
		return "ye" + s
	}
	if strings.HasPrefix(stem, "ue") {
		return "h" + stem
	}
	return stem
}
