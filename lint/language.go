package lint

import "sync"

// Languages the core knows. Their order is that of the compiled programs.
const (
	langES = iota
	langEN
	langCount
)

// Langs are the codes of the languages, by number.
var Langs = [langCount]string{"es", "en"}

func langNumber(code string) (uint8, bool) {
	for i, l := range Langs {
		if l == code {
			return uint8(i), true
		}
	}
	return 0, false
}

// functionWords, built on first use, vote for the language of a text: articles, pronouns,
// prepositions, auxiliaries and the commonest words of emails. Words that both
// languages share ("a", "me", "no", "solo", "he") vote for neither.

const (
	spanishWords = `de la el que y en los las se del un una por con para su lo le al como mas pero sus les ya o este esta
 esto si porque cuando muy sin sobre tambien hasta hay donde quien desde todo nos durante todos uno ni contra otros ese eso
 ante ellos mi tu te ha han hemos es son era fue estaba ser estar esta estan estamos estoy tiene tenemos tengo tienen puede
 podemos puedo hola buenas buenos dias tardes gracias saludos saludo usted ustedes vos nosotros os vuestro nuestra nuestro
 nuestras nuestros manana hoy ayer aqui aca alla ahora bien asi que cual cada mismo solo entre segun despues antes luego
 favor hacer hace favor lunes martes miercoles jueves viernes sabado domingo estimado estimada senor senora adjunto quedo
 va voy vamos son eran sea vez cosa dos tres cuatro semana tal algo nada nadie ninguna ningun aunque mientras pues le les`
	englishWords = `the of and to in is that it was for on are with as his they at be this from have or by one had not but what
 all were we when your can said there use an each which she do how their if will up other about out many then them these so
 some her would make like him into has look two more write go see number could people my than first been call who its now
 find long down day did get come made may part hi hello dear thanks thank you please regards best i am our us just any
 know let should because after before today tomorrow yesterday morning week here where while also back over only new work
 again still until need want sorry cheers kind sincerely monday tuesday wednesday thursday friday saturday sunday got yes
 why too very much both same off don't it's we're i'm you're`
)

var functionWords = sync.OnceValue(func() map[string]uint8 {
	m := make(map[string]uint8, 512)
	add := func(words string, l uint8) {
		start := -1
		for i := 0; i <= len(words); i++ {
			if i < len(words) && words[i] > ' ' {
				if start < 0 {
					start = i
				}
			} else if start >= 0 {
				m[words[start:i]] |= 1 << l
				start = -1
			}
		}
	}
	add(spanishWords, langES)
	add(englishWords, langEN)
	return m
})

// vote counts the words of tokens [lo, hi) that belong to one language alone.
func (e *engine) vote(lo, hi int32, counts *[langCount]int) {
	words := functionWords()
	for i := lo; i < hi; i++ {
		switch words[string(e.scan.key(&e.scan.toks[i]))] {
		case 1 << langES:
			counts[langES]++
		case 1 << langEN:
			counts[langEN]++
		}
	}
}

// detect gives every sentence its language: that of its paragraph where the
// paragraph is clear, that of the email otherwise.
func (e *engine) detect() {
	if n, ok := langNumber(e.l.settings.Lang); ok {
		e.lang = n
		for i := range e.sents {
			e.sents[i].lang = n
		}
		return
	}
	var author, context [langCount]int
	for i := range e.sents {
		s := &e.sents[i]
		if i < e.author {
			e.vote(s.lo, s.hi, &author)
		} else {
			e.vote(s.lo, s.hi, &context)
		}
	}
	e.lang = e.leading(author, context)
	other := e.leading(context, author)
	for i := 0; i < len(e.sents); {
		j := i
		var counts [langCount]int
		for ; j < len(e.sents) && e.sents[j].para == e.sents[i].para; j++ {
			e.vote(e.sents[j].lo, e.sents[j].hi, &counts)
		}
		lang := e.lang
		if i >= e.author {
			lang = other
		}
		// A paragraph in the other language needs a clear majority: a Spanish
		// one may quote an English error message.
		rival := 1 - lang
		if counts[rival] >= 3 && counts[rival] >= 3*counts[lang] {
			lang = rival
		}
		for ; i < j; i++ {
			e.sents[i].lang = lang
		}
	}
}

// leading gives the language with more votes, first by the one count, then by
// the other, then by letters that only Spanish has.
func (e *engine) leading(first, second [langCount]int) uint8 {
	for _, c := range [][langCount]int{first, second} {
		if c[langES] != c[langEN] {
			if c[langES] > c[langEN] {
				return langES
			}
			return langEN
		}
	}
	for i := range e.scan.toks {
		if e.scan.toks[i].accented {
			return langES
		}
	}
	return langEN
}
