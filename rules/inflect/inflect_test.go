package inflect

import (
	"slices"
	"strings"
	"testing"
	"unicode"
)

// selected lists the forms of a lemma that a selector takes, each once.
func selected(t *testing.T, lang, lemma, kind, selector string) []string {
	t.Helper()
	forms, err := Forms(lang, lemma, kind)
	if err != nil {
		t.Fatal(err)
	}
	sel, err := ParseSelector(selector)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range forms {
		if sel.Match(f.Features) && !slices.Contains(out, f.Text) {
			out = append(out, f.Text)
		}
	}
	slices.Sort(out)
	return out
}

// checkTable runs lines of "lemma[/kind] | selector | forms".
func checkTable(t *testing.T, lang, table string) (lemmas []string) {
	t.Helper()
	for line := range strings.SplitSeq(strings.TrimSpace(table), "\n") {
		cols := strings.Split(line, "|")
		if len(cols) != 3 {
			t.Fatalf("bad line %q", line)
		}
		lemma, kind, _ := strings.Cut(strings.TrimSpace(cols[0]), "/")
		want := strings.Fields(cols[2])
		slices.Sort(want)
		got := selected(t, lang, lemma, kind, strings.TrimSpace(cols[1]))
		if !slices.Equal(got, want) {
			t.Errorf("%s: %s\n got %v\nwant %v", lemma, cols[1], got, want)
		}
		if !slices.Contains(lemmas, lemma) {
			lemmas = append(lemmas, lemma)
		}
	}
	return lemmas
}

const spanishVerbs = `
hablar | pres | hablo hablas hablás habla hablamos habláis hablan
hablar | impf | hablaba hablabas hablábamos hablabais hablaban
hablar | cond.1 | hablaría hablaríamos
hablar | subjpast | hablara hablaras habláramos hablarais hablaran hablase hablases hablásemos hablaseis hablasen
hablar | part | hablado hablada hablados habladas
hablar | fut | hablaré hablarás hablará hablaremos hablaréis hablarán
comer | pret | comí comiste comió comimos comisteis comieron
comer | imp | come comé coma coman comamos comed
vivir | pres.vos,pres.vosotros | vivís
vivir | imp.vos | viví
buscar | pret.1sg,subj.3 | busqué busque busquen
pagar | pret.1.sg,imp.usted | pagué pague paguen
averiguar | pret.1.sg,pres.1.sg | averigüé averiguo
adecuar | subj.3sg | adecue
analizar | pret.1sg,subj.1 | analicé analice analicemos
actualizar | pres.1.sg,imp.usted.sg | actualizo actualice
coger | pres.1sg,subj.3sg,pres.3sg | cojo coja coge
dirigir | pres.1sg,subj.1pl | dirijo dirijamos
vencer | pres.1sg,subj.3sg | venzo venza
convencer | pres.1.sg,imp.usted.sg | convenzo convenza
mecer | pres.1sg | mezo
distinguir | pres.1sg,pres.3sg | distingo distingue
enviar | imp | envía enviá envíe envíen enviemos enviad
enviar | pret.1,pret.3 | envié envió enviamos enviaron
reenviar | pres.3 | reenvía reenvían
confiar | subj.tu | confíes
ampliar | pres.3.sg | amplía
vaciar | imp.tu,imp.vos | vacía vaciá
cambiar | pres.1.sg,imp.tu | cambio cambia
copiar | pres.3 | copia copian
actuar | pres.3,pres.vos | actúa actúan actuás
continuar | pres.1,imp.usted.sg | continúo continuamos continúe
evaluar | imp.tu | evalúa
reunir | pres.1sg,pres.1pl,subj.1pl | reúno reunimos reunamos
prohibir | pres.3 | prohíbe prohíben
aislar | pres.3.sg,pret.3.sg | aísla aisló
rehusar | pres.3sg | rehúsa
pensar | pres | pienso piensas pensás piensa pensamos pensáis piensan
cerrar | imp.tu,imp.vos,imp.usted | cierra cerrá cierre cierren
empezar | pret.1sg,subj.3sg,subj.1pl | empecé empiece empecemos
negar | subj.3sg,subj.1pl | niegue neguemos
recomendar | pres.1 | recomiendo recomendamos
errar | pres.3sg | yerra
perder | pres.3,pres.1 | pierde pierden pierdo perdemos
entender | pres.2 | entiendes entendés entendéis
atender | imp.usted | atienda atiendan
contar | pres.1sg,imp.tu,imp.vos | cuento cuenta contá
acordar | subj.tu,imp.vos | acuerdes acordá
colgar | subj.3sg,pret.1sg | cuelgue colgué
almorzar | subj.1 | almuerce almorcemos
avergonzarse | pres.1sg,subj.1 | avergüenzo avergüence avergoncemos
mover | pres.3 | mueve mueven
volver | pres.1sg,part.masc.sg | vuelvo vuelto
devolver | part | devuelto devuelta devueltos devueltas
resolver | pres.1,part.masc.sg | resuelvo resolvemos resuelto
oler | pres.1 | huelo olemos
cocer | pres.1sg | cuezo
torcer | subj.3sg | tuerza
jugar | pres.1,pret.1sg | juego jugamos jugué
adquirir | pres.3,pret.3sg | adquiere adquieren adquirió
pedir | pres.1,pret.3,ger | pido pedimos pidió pidieron pidiendo
seguir | pres.1sg,subj.1pl,ger | sigo sigamos siguiendo
conseguir | pret.3sg,subj.3sg | consiguió consiga
corregir | pres.1sg,pres.3sg,imp.vos | corrijo corrige corregí
medir | ger | midiendo
reír | pres.1,pret.3,ger | río reímos rio rieron riendo
sonreír | pret.3.sg,subj.1pl | sonrió sonriamos
reñir | pret.3,ger | riñó riñeron riñendo
sentir | pres.1sg,pret.3,subj.1pl,ger | siento sintió sintieron sintamos sintiendo
preferir | pres.1,subj | prefiero preferimos prefiera prefieras prefirás prefiramos prefiráis prefieran
sugerir | pres.1.sg,pret.3.sg | sugiero sugirió
invertir | ger | invirtiendo
dormir | pres.1sg,pret.3sg,subj.1pl,ger | duermo durmió durmamos durmiendo
morir | part.masc.sg | muerto
construir | pres | construyo construyes construís construye construimos construyen
construir | pret | construí construiste construyó construimos construisteis construyeron
incluir | subj.3sg,ger,part.fem.sg | incluya incluyendo incluida
huir | pret.1sg,pret.3sg | hui huyó
argüir | pres.1sg,pret.3sg,pres.1pl | arguyo arguyó argüimos
leer | pret,ger,part.masc.sg | leí leíste leyó leímos leísteis leyeron leyendo leído
proveer | part.masc.sg | provisto proveído
conocer | pres.1,subj.3sg | conozco conocemos conozca
agradecer | pres.1sg | agradezco
ofrecer | imp.usted.sg | ofrezca
conducir | pres.1sg,pret | conduzco conduje condujiste condujo condujimos condujisteis condujeron
traducir | pret.3,subjpast.3.sg | tradujo tradujeron tradujera tradujese
lucir | pres.1sg,pret.1sg | luzco lucí
esparcir | pres.1sg | esparzo
ser | pres | soy eres sos es somos sois son
ser | imp,impf.1 | sé sea sean seamos sed era éramos
estar | pres,imp.tu | estoy estás está estamos estáis están
estar | pret.1sg,subj.3 | estuve esté estén
haber | pres | he has ha hay hemos habéis han
haber | fut.3sg,subj.3sg,pret.3sg,imp | habrá haya hubo
ir | pres,imp,ger | voy vas va vamos vais van ve andá vaya vayan vayamos id yendo
ir | pret.3,impf.1,subjpast.1pl | fue fueron iba íbamos fuéramos fuésemos
tener | pres | tengo tienes tenés tiene tenemos tenéis tienen
tener | fut.1,imp.tu,imp.vos,pret.3 | tendré tendremos ten tené tuvo tuvieron
mantener | imp.tu,pret.1sg,pres.1sg | mantén mantuve mantengo
obtener | cond.3sg | obtendría
poder | pres,imp | puedo puedes podés puede podemos podéis pueden
poder | pret.3sg,ger,cond.3sg | pudo pudiendo podría
querer | pres.1sg,pret.1sg,fut.1sg | quiero quise querré
hacer | pres.1sg,pret.1sg,pret.3sg,fut.1sg,part.masc.sg,imp.tu | hago hice hizo haré hecho haz
deshacer | imp.tu,part.fem.sg | deshaz deshecha
rehacer | pret.1,pret.3sg | rehíce rehicimos rehízo
satisfacer | pret.3sg,part.masc.sg,imp.tu | satisfizo satisfecho satisfaz satisface
decir | pres.1sg,pres.3sg,pret.3,fut.1sg,ger,part.masc.sg,imp.tu,imp.vos | digo dice dijo dijeron diré diciendo dicho di decí
predecir | part.masc.sg,imp.tu,fut.1sg | predicho predice predeciré prediré
bendecir | part.masc.sg,fut.3sg | bendecido bendito bendecirá
venir | pres.1sg,pres.3sg,pret.3,ger,imp.tu | vengo viene vino vinieron viniendo ven
prevenir | imp.tu,pret.1sg | prevén previne
intervenir | pret.3sg | intervino
convenir | pres.3sg,cond.3sg | conviene convendría
poner | pres.1sg,pret.3,imp.tu,part.masc.sg | pongo puso pusieron pon puesto
proponer | imp.tu,imp.vos,fut.1sg | propón proponé propondré
disponer | part.masc.sg | dispuesto
salir | pres.1sg,fut.3sg,imp.tu | salgo saldrá sal
dar | pres | doy das da damos dais dan
dar | pret,subj.3sg,subj.3pl,imp.usted | di diste dio dimos disteis dieron dé den
ver | pres,pret.3sg,impf.1sg,part.masc.sg | veo ves ve vemos veis ven vio veía visto
prever | pres,pret.1sg,pret.3sg | preveo prevés prevé prevemos prevéis prevén preví previó
saber | pres.1,pret.3sg,subj.3sg,fut.3sg | sé sabemos supo sepa sabrá
caer | pres.1sg,pret.3,ger,part.masc.sg | caigo cayó cayeron cayendo caído
traer | pres.1sg,pret.3,ger,part.masc.sg | traigo trajo trajeron trayendo traído
distraer | pret.3.sg | distrajo
oír | pres,ger,imp.vosotros | oigo oyes oís oye oímos oyen oyendo oíd
valer | pres.1sg,fut.3sg | valgo valdrá
caber | pres.1sg,pret.3sg,cond.3sg | quepo cupo cabría
andar | pret.1sg,imp | anduve anda andá ande anden andemos andad
abrir | part.masc.sg | abierto
cubrir | part.masc.sg | cubierto
describir | part.fem.pl | descritas
romper | part.masc.sg | roto
corromper | part.masc.sg | corrompido
imprimir | part.masc.sg | impreso imprimido
freír | part.masc.sg,pres.1sg | frito freído frío
guiar | pret.3sg,pres.3sg | guio guía
equivocarse | inf,pret.1sg,subj.3sg | equivocar equivoqué equivoque
gruñir | pret.3sg | gruñó
auxiliar | pres.3sg | auxilia
`

func TestSpanishVerbs(t *testing.T) {
	if n := len(checkTable(t, "es", spanishVerbs)); n < 60 {
		t.Errorf("only %d verbs", n)
	}
}

func TestSpanishNouns(t *testing.T) {
	checkTable(t, "es", `
avión | | avión aviones
joven/a | | joven jóvenes
orden | | orden órdenes
imagen | | imagen imágenes
examen | | examen exámenes
resumen | | resumen resúmenes
plan | | plan planes
crisis | | crisis
lunes | | lunes
mes | | mes meses
interés | | interés intereses
país | | país países
raíz | | raíz raíces
vez | | vez veces
baúl | | baúl baúles
red | | red redes
ley | | ley leyes
café | | café cafés
técnico | | técnico técnicos
problema | | problema problemas
régimen | | régimen regímenes
carácter | | carácter caracteres
líder | | líder líderes
dólar | | dólar dólares
árbol | | árbol árboles
álbum | pl | álbumes
solución | | solución soluciones
web | | web webs
email | | email emails
router | | router routers
servidor | pl | servidores
luz | pl | luces
bar/n | pl | bares
lugar | | lugar lugares
taller | pl | talleres
rojo/a | | rojo roja rojos rojas
rojo/a | fem.pl | rojas
trabajador/a | fem | trabajadora trabajadoras
mejor/a | | mejor mejores
anterior/a | | anterior anteriores
inglés/a | | inglés inglesa ingleses inglesas
cortés/a | | cortés corteses
comilón/a | fem.sg | comilona
común/a | | común comunes
fácil/a | | fácil fáciles
urgente/a | | urgente urgentes
útil/a | pl | útiles
bueno/a | sg.masc | bueno buen
alguno/a | masc.sg | alguno algún
grande/a | sg | grande gran
`)
}

const englishVerbs = `
be/v | | be am are is was were being been
be/v | pres.3.sg | is
be/v | pres.1.pl | are
have/v | | have has having had
do/v | | do does doing did done
go/v | | go goes going went gone
get/v | part,pret | got gotten
send/v | | send sends sending sent
tell/v | pret | told
break/v | pret,part | broke broken
forget/v | ger,pret,part | forgetting forgot forgotten
stop/v | | stop stops stopping stopped
try/v | | try tries trying tried
play/v | | play plays playing played
buy/v | pres.3sg,pret | buys bought
fix/v | | fix fixes fixing fixed
miss/v | pres.3.sg | misses
catch/v | | catch catches catching caught
push/v | pres.3sg | pushes
cancel/v | pret,ger | cancelled canceled cancelling canceling
travel/v | pret | travelled traveled
control/v | pret | controlled
panic/v | pret,ger | panicked panicking
prefer/v | pret | preferred
offer/v | pret | offered
open/v | ger | opening
visit/v | pret | visited
admit/v | pret | admitted
commit/v | ger | committing
plan/v | pret,ger | planned planning
scan/v | pret | scanned
log/v | ger | logging
reset/v | pret,ger | reset resetting
update/v | | update updates updating updated
agree/v | ger,pret | agreeing agreed
see/v | | see sees seeing saw seen
lie/v | ger | lying
die/v | ger,pret | dying died
queue/v | ger | queuing queueing
continue/v | ger,pret | continuing continued
quit/v | ger,pret | quitting quit quitted
quiz/v | pres.3sg,pret | quizzes quizzed
equip/v | pret | equipped
wait/v | pret,ger | waited waiting
need/v | pret | needed
show/v | ger,part | showing shown showed
delay/v | pret | delayed
rewrite/v | pret,part | rewrote rewritten
misunderstand/v | pret | misunderstood
undo/v | pres.3sg,part | undoes undone
resend/v | pret | resent
redo/v | pret | redid
relay/v | pret | relayed
double-check/v | pret | double-checked
write/v | ger,pret,part | writing wrote written
begin/v | ger,pret,part | beginning began begun
choose/v | pret,part | chose chosen
know/v | pret,part | knew known
think/v | pret | thought
let/v | ger,pret | letting let
put/v | ger,part | putting put
read/v | pret,ger | read reading
spend/v | pret | spent
understand/v | pret,part | understood
withdraw/v | part | withdrawn
learn/v | pret | learned learnt
apologise/v | pret | apologised apologized
apologize/v | inf | apologise apologize
analyze/v | ger | analysing analyzing
promise/v | | promise promises promising promised
resize/v | pret | resized
can/v | | can could
will/v | fut,cond | will would
favor/v | inf | favor favour
format/v | pret | formatted
unplug/v | ger,pret | unplugging unplugged
reveal/v | pret | revealed
email | ger,noun.pl | emailing emails
focus/v | pret | focused focussed
die/v | pres.3.sg | dies
sync/v | pret,ger | synced syncing
fulfil/v | pret | fulfilled
license/v | inf | license licence
say/v | pres.3sg,pret | says said
pay/v | pret | paid
overlook/v | pret | overlooked
overrun/v | ger,pret,part | overrunning overran overrun
resit/v | ger | resitting
`

func TestEnglishVerbs(t *testing.T) {
	if n := len(checkTable(t, "en", englishVerbs)); n < 60 {
		t.Errorf("only %d verbs", n)
	}
}

func TestEnglishNouns(t *testing.T) {
	checkTable(t, "en", `
person/n | | person people persons
child/n | pl | children
man/n | pl | men
woman/n | pl | women
salesman/n | pl | salesmen
human/n | pl | humans
index/n | pl | indices indexes
analysis/n | pl | analyses
crisis/n | pl | crises
knife/n | pl | knives
half/n | pl | halves
roof/n | pl | roofs
query/n | pl | queries
day/n | pl | days
box/n | pl | boxes
match/n | pl | matches
tech/n | pl | techs
bus/n | pl | buses busses
photo/n | pl | photos
tomato/n | pl | tomatoes
mouse/n | pl | mice mouses
datum/n | pl | data
series/n | pl | series
foot/n | pl | feet
status/n | pl | statuses
organisation/n | | organisation organisations organization organizations
colour/n | | colour colours color colors
criterion/n | pl | criteria
`)
	checkTable(t, "en", `
big/a | | big bigger biggest
easy/a | | easy easier easiest
late/a | | late later latest
simple/a | | simple simpler simplest
good/a | | good better best
bad/a | | bad worse worst
slow/a | | slow slower slowest
important/a | | important
possible/a | | possible
happy/a | | happy happier happiest
broken/a | | broken
`)
}

// TestInvariants checks what must hold of every form of every lemma above.
func TestInvariants(t *testing.T) {
	for _, c := range lemmas() {
		forms, err := Forms(c.lang, c.lemma, "")
		if err != nil {
			t.Fatal(err)
		}
		seen := map[Form]bool{}
		for _, f := range forms {
			if f.Text == "" || f.Features == 0 || seen[f] {
				t.Errorf("%s: %+v is empty or comes twice", c.lemma, f)
			}
			if strings.ContainsFunc(f.Text, func(r rune) bool { return unicode.IsUpper(r) || unicode.IsSpace(r) }) {
				t.Errorf("%s: %q", c.lemma, f.Text)
			}
			if strings.Count(f.Text, "á")+strings.Count(f.Text, "é")+strings.Count(f.Text, "í")+strings.Count(f.Text, "ó")+strings.Count(f.Text, "ú") > 1 {
				t.Errorf("%s: %q has two accents", c.lemma, f.Text)
			}
			seen[f] = true
		}
	}
}

type langLemma struct{ lang, lemma string }

func lemmas() (out []langLemma) {
	for lang, table := range map[string]string{"es": spanishVerbs, "en": englishVerbs} {
		for line := range strings.SplitSeq(strings.TrimSpace(table), "\n") {
			lemma, _, _ := strings.Cut(line, " ")
			lemma, _, _ = strings.Cut(lemma, "/")
			out = append(out, langLemma{lang, lemma})
		}
	}
	return out
}

func TestUnknown(t *testing.T) {
	for _, c := range [][3]string{
		{"fr", "aller", ""}, {"es", "", ""}, {"es", "mesa", "v"}, {"es", "dos palabras", ""}, {"es", "x1", ""},
		{"en", "send", "x"}, {"es", "casa", "x"}, {"es", "ar", "v"}, {"en", "-", "v"},
	} {
		if forms, err := Forms(c[0], c[1], c[2]); err == nil {
			t.Errorf("Forms(%q): %v", c, forms)
		}
	}
}

func TestGuess(t *testing.T) {
	for _, w := range []string{"enviar", "oír", "oir", "irse", "reírse", "equivocarse", "reñir", "argüir"} {
		if !looksLikeVerb(w) {
			t.Errorf("%s is a verb", w)
		}
	}
	for _, w := range []string{"lugar", "dólar", "router", "clase", "problema", "carácter", "taller", "base"} {
		if looksLikeVerb(w) {
			t.Errorf("%s is no verb", w)
		}
	}
}

func TestSelector(t *testing.T) {
	for _, c := range []struct {
		selector string
		features Features
		want     bool
	}{
		{"", Inf, true},
		{"imp", Imp | P2 | Sg | Tu, true},
		{"imp", Impf | P1 | Sg, false},
		{"impf", Impf | P1 | Sg, true},
		{"1pl", Pres | P1 | Pl, true},
		{"1pl", Pres | P1 | Sg, false},
		{"inf+ger", Ger, true},
		{"inf+ger", Part, false},
		{"pres1", Pres | P1 | Sg, true},
		{"p3sg", Pret | P3 | Sg, true},
		{"fut,cond", Cond | P1, true},
		{"cond,pres.1", Pres | P3, false},
		{"subjpast", Subj, false},
		{"subj", SubjPast, false},
		{"imp.vos,imp.usted", Imp | P3 | Usted | Sg, true},
		{"imp.tu", Imp | P2 | Sg | Vos, false},
		{" pres , pret ", Pret, true},
	} {
		s, err := ParseSelector(c.selector)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Match(c.features); got != c.want {
			t.Errorf("%q matches %b: %v", c.selector, c.features, got)
		}
	}
	for _, bad := range []string{"foo", "imp,", "pres..x", "pres.", ",", ".", "pres1x"} {
		if _, err := ParseSelector(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func TestHost(t *testing.T) {
	for f, want := range map[Features]bool{Inf: true, Ger: true, Imp | P1 | Pl: true, Pres | P3: false, Subj: false, Part | Masc | Sg: false} {
		if f.Host() != want {
			t.Errorf("%b: %v", f, f.Host())
		}
	}
}

// BenchmarkForms expands 800 lemmas.
func BenchmarkForms(b *testing.B) {
	all := lemmas()
	for b.Loop() {
		for i := range 800 {
			c := all[i%len(all)]
			if _, err := Forms(c.lang, c.lemma, ""); err != nil {
				b.Fatal(err)
			}
		}
	}
}
