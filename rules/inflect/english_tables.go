package inflect

import "strings"

// irregularVerbs has one verb a line: base, simple past, participle if it is
// another; / parts variants, British before American. It is searched as text: a table in memory
// would have to be built at each start of the program, also when no rule is
// compiled.
const irregularVerbs = `
arise arose arisen
awake awoke/awaked awoken/awaked
bear bore borne/born
beat beat beaten
become became become
befall befell befallen
begin began begun
behold beheld
bend bent
beset beset
bet bet/betted
bid bid bid/bidden
bind bound
bite bit bitten
bleed bled
blow blew blown
break broke broken
breed bred
bring brought
broadcast broadcast
build built
burn burned/burnt
burst burst
bust busted/bust
buy bought
cast cast
catch caught
choose chose chosen
cling clung
come came come
cost cost
creep crept
cut cut
deal dealt
dig dug
dive dived/dove dived
do did done
draw drew drawn
dream dreamed/dreamt
drink drank drunk
drive drove driven
dwell dwelt/dwelled
eat ate eaten
fall fell fallen
feed fed
feel felt
fight fought
find found
fit fitted/fit
flee fled
fling flung
fly flew flown
forbid forbade/forbad forbidden
forget forgot forgotten
forgive forgave forgiven
forsake forsook forsaken
freeze froze frozen
get got got/gotten
give gave given
go went gone
grind ground
grow grew grown
hang hung/hanged
have had
hear heard
hide hid hidden
hit hit
hold held
hurt hurt
keep kept
kneel knelt/kneeled
knit knitted/knit
know knew known
lay laid
lead led
lean leaned/leant
leap leaped/leapt
learn learned/learnt
leave left
lend lent
let let
lie lay/lied lain/lied
light lit/lighted
lose lost
make made
mean meant
meet met
mistake mistook mistaken
mow mowed mown/mowed
offset offset
pay paid
plead pleaded/pled
prove proved proved/proven
put put
quit quit/quitted
read read
rend rent
rid rid
ride rode ridden
ring rang rung
rise rose risen
run ran run
saw sawed sawn/sawed
say said
see saw seen
seek sought
sell sold
send sent
set set
sew sewed sewn/sewed
shake shook shaken
shed shed
shine shone/shined
shit shat/shit
shoot shot
show showed shown/showed
shrink shrank/shrunk shrunk
shut shut
sing sang sung
sink sank/sunk sunk
sit sat
sleep slept
slide slid
sling slung
slit slit
smell smelled/smelt
sow sowed sown/sowed
speak spoke spoken
speed sped/speeded
spell spelled/spelt
spend spent
spill spilled/spilt
spin spun
spit spat/spit
split split
spoil spoiled/spoilt
spread spread
spring sprang/sprung sprung
stand stood
steal stole stolen
stick stuck
sting stung
stink stank/stunk stunk
strew strewed strewn/strewed
stride strode stridden
strike struck struck/stricken
string strung
strive strove/strived striven/strived
swear swore sworn
sweep swept
swell swelled swollen/swelled
swim swam swum
swing swung
take took taken
teach taught
tear tore torn
tell told
think thought
throw threw thrown
thrust thrust
tread trod trodden
upset upset
wake woke/waked woken/waked
wear wore worn
weave wove woven
wed wedded/wed
weep wept
wet wet/wetted
win won
wind wound
withdraw withdrew withdrawn
wring wrung
write wrote written
sneak sneaked/snuck
input input/inputted
output output/outputted
typeset typeset
`

// irregularVerb looks up past and participle.
func irregularVerb(base string) (past, part string, ok bool) {
	i := strings.Index(irregularVerbs, "\n"+base+" ")
	if i < 0 {
		return "", "", false
	}
	line := irregularVerbs[i+len(base)+2:]
	line = line[:strings.IndexByte(line, '\n')]
	past, part, ok = strings.Cut(line, " ")
	if !ok {
		part = past
	}
	return past, part, true
}

// enPrefix parts a compound of an irregular verb: «resend», «misunderstand».
// The verbs are listed for each prefix, as «relay» or «outfit» are regular.
func enPrefix(lemma string) (prefix, base string) {
	if i := strings.LastIndexByte(lemma, '-'); i >= 0 {
		return lemma[:i+1], lemma[i+1:]
	}
	for _, p := range [...]struct{ prefix, verbs string }{
		{"re", " arise awake become begin bind break bring build buy cast choose cut deal do draw drive eat feed find forget freeze get give grind grow hang hear hit hold learn light lose make pay put read ride rise run say see seek sell send set shoot show shut sit speak spend spin split spread stick string take teach tell think throw tread wake wear weave wind win wire write "},
		{"un", " bend bind build do draw freeze learn make say see send set stick string wind write "},
		{"over", " build buy come do draw drive eat feed hang hear lay lead lie pay read ride rise run see sell set shoot sleep spend spread take think throw write "},
		{"under", " bid buy cut do feed go lay lie pay sell set shoot spend stand take write "},
		{"mis", " cast deal give hear lay lead learn make pay put quote read say set shoot speak spell spend take teach tell think understand write "},
		{"out", " bid do draw drive fight grow lay let pay put run sell set shine sit speak spend take think wear write "},
		{"fore", " bear cast go know run see swear tell "},
		{"for", " bear go swear "},
		{"with", " draw hold stand "},
		{"up", " grow hold lay set sell sweep take "},
		{"pre", " build buy cut feed fit lay pay read run sell set shrink think write "},
		{"inter", " breed cut knit lay mix weave "},
		{"in", " breed lay lead set "},
		{"co", " buy build drive feed lead run set write "},
		{"down", " cast sell "},
		{"proof", " read "}, {"broad", " cast "}, {"pod", " cast "}, {"web", " cast "}, {"hand", " feed write "},
		{"screen", " cut read "}, {"type", " cast set write "}, {"test", " drive fly "}, {"ghost", " write "},
		{"cross", " breed cut "}, {"baby", " sit "}, {"mis", " understand "}, {"rere", " write "}, {"by", " set "},
	} {
		if base, ok := strings.CutPrefix(lemma, p.prefix); ok && strings.Contains(p.verbs, " "+base+" ") {
			return p.splitAgain(base)
		}
	}
	return "", lemma
}
