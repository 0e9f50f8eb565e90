package inflect

import "strings"

// irregularVerbs has one verb a line: base, simple past, participle if it is
// another; / parts variants. It is searched as text: a map would have to be
// built at each start of the program, also when no rule is compiled.
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
undergo underwent undergone
understand understood
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
		{"re", " arise awake become begin bind break bring build buy cast choose cut deal do draw drive eat feed find forget freeze get give grind grow hang hear hit hold learn light lose make pay put read ride rise run say see seek sell send set shoot show shut sit speak spend spin split spread stick string take teach tell think throw tread wake wear weave wind win write "},
		{"un", " bend bind build do draw freeze learn make say see send set stick string wind write "},
		{"over", " build buy come do draw drive eat feed hang hear lay lead lie pay read ride rise run see sell set shoot sleep spend spread take think throw write "},
		{"under", " bid buy cut do feed go lay lie pay sell set shoot spend stand take write "},
		{"mis", " cast deal give hear lay lead learn make pay put read say set shoot speak spell spend take teach tell think understand write "},
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
		{"cross", " breed cut "}, {"baby", " sit "}, {"by", " set "},
	} {
		if base, ok := strings.CutPrefix(lemma, p.prefix); ok && strings.Contains(p.verbs, " "+base+" ") {
			return p.prefix, base
		}
	}
	return "", lemma
}

// doublesStressed tells verbs of several syllables with the stress on the last
// one, and compounds of those of one syllable: «prefer», «reset», «unplug».
func doublesStressed(w string) bool {
	switch w {
	case "abet", "abhor", "abut", "acquit", "admit", "airdrop", "allot", "annul", "appal", "autorun", "aver",
		"babysit", "backlog", "backstop", "begin", "besot", "bestir", "blog", "commit", "compel", "concur", "confer",
		"control", "corral", "debug", "defer", "demur", "deter", "disbar", "dispel", "distil", "doublestop",
		"eavesdrop", "embed", "emit", "enrol", "enthral", "entrap", "equip", "excel", "expel", "extol", "forget",
		"fulfil", "handicap", "hotplug", "hotspot", "humbug", "impel", "incur", "infer", "instil", "inter",
		"intermit", "jitterbug", "kidnap", "leapfrog", "log", "misfit", "nonplus", "occur", "offset", "omit",
		"outbid", "outfit", "outrun", "outwit", "overlap", "overrun", "overspin", "overstep", "patrol", "permit",
		"prefer", "preset", "propel", "readmit", "reban", "rebel", "rebut", "recap", "recommit", "recur", "recut",
		"redrop", "refer", "refit", "regret", "relet", "remap", "remit", "repel", "replan", "replug", "reprogram",
		"rerun", "rescan", "reset", "reship", "reskin", "respin", "resubmit", "retag", "retap", "retrofit", "rewrap",
		"rezip", "sandbag", "sidestep", "sublet", "submit", "transfer", "transmit", "typeset", "unban", "unclog",
		"undercut", "underpin", "unpin", "unplug", "unset", "unstop", "untag", "untap", "unwrap", "unzip", "upset",
		"vlog", "zigzag":
		return true
	}
	return false
}

// irregularPlural gives plurals that the ending does not tell; / parts
// variants.
func irregularPlural(noun string) string {
	switch noun {
	case "foot", "tooth", "goose":
		return strings.Replace(noun, "oo", "ee", 1)
	case "mouse":
		return "mice/mouses"
	case "louse":
		return "lice"
	case "ox":
		return "oxen"
	case "penny":
		return "pence/pennies"
	case "half", "calf", "loaf", "leaf", "elf", "self", "thief", "wolf":
		return noun[:len(noun)-1] + "ves"
	case "knife", "life", "afterlife":
		return noun[:len(noun)-2] + "ves"
	case "scarf", "dwarf", "hoof", "wharf":
		return noun[:len(noun)-1] + "ves/" + noun + "s"
	case "index", "vertex", "vortex", "appendix", "matrix", "codex":
		return noun[:len(noun)-2] + "ices/" + noun + "es"
	case "criterion", "phenomenon", "automaton":
		return noun[:len(noun)-2] + "a"
	case "addendum", "bacterium", "curriculum", "erratum", "forum", "medium", "memorandum", "referendum",
		"stratum", "symposium":
		return noun[:len(noun)-2] + "a/" + noun + "s"
	case "datum":
		return "data"
	case "alumnus", "cactus", "focus", "locus", "nucleus", "radius", "stimulus", "syllabus", "terminus":
		return noun[:len(noun)-2] + "i/" + noun + "es"
	case "axis", "diagnosis", "prognosis":
		return noun[:len(noun)-2] + "es"
	case "formula", "antenna", "schema", "stigma":
		if noun == "schema" || noun == "stigma" {
			return noun + "s/" + noun + "ta"
		}
		return noun + "s/" + noun + "e"
	case "aircraft", "crossroads", "deer", "firmware", "fish", "hardware", "headquarters", "information",
		"malware", "means", "middleware", "news", "offspring", "ransomware", "series", "sheep", "software",
		"spacecraft", "species", "spyware":
		return noun
	case "potato", "tomato", "hero", "echo", "veto", "torpedo", "embargo":
		return noun + "es"
	case "zero", "cargo", "volcano", "mosquito", "motto", "buffalo", "tornado", "memento":
		return noun + "s/" + noun + "es"
	case "biotech", "epoch", "eunuch", "fintech", "loch", "mach", "monarch", "patriarch", "stomach", "tech":
		return noun + "s"
	case "quiz", "whiz":
		return noun + "zes"
	case "fez":
		return "fezzes"
	case "bus", "gas", "plus", "minibus":
		return noun + "es/" + noun + "ses"
	case "passer-by", "hanger-on", "runner-up":
		i := strings.LastIndexByte(noun, '-')
		return noun[:i] + "s" + noun[i:]
	case "passerby":
		return "passersby"
	}
	return ""
}

// regularMan tells nouns in -man that are no compounds of man.
func regularMan(noun string) bool {
	switch noun {
	case "caiman", "german", "human", "norman", "ottoman", "roman", "shaman", "superhuman", "talisman", "walkman":
		return true
	}
	return false
}

// spellings gives the British and the American spelling of a lemma, the one
// that was written first.
func spellings(lemma string) []string {
	if other := pairedSpelling(lemma); other != "" {
		return []string{lemma, other}
	}
	if len(lemma) > 4 && !fixedSpelling(lemma) {
		for _, e := range [...][2]string{
			{"ise", "ize"}, {"ised", "ized"}, {"ising", "izing"}, {"isation", "ization"},
			{"isable", "izable"}, {"alyse", "alyze"}, {"alyser", "alyzer"},
		} {
			if stem, ok := strings.CutSuffix(lemma, e[0]); ok {
				return []string{lemma, stem + e[1]}
			}
			if stem, ok := strings.CutSuffix(lemma, e[1]); ok {
				return []string{lemma, stem + e[0]}
			}
		}
	}
	return []string{lemma}
}

// fixedSpelling tells words in -ise or -ize that are so in both, with or
// without what makes an adjective of them («surprised», «oversized»).
func fixedSpelling(lemma string) bool {
	base := lemma
	for _, e := range [...]string{"d", "ing", "able"} {
		if stem, ok := strings.CutSuffix(lemma, e); ok {
			base = strings.TrimSuffix(stem, "e") + "e"
			break
		}
	}
	switch base {
	case "advertise", "advise", "appraise", "apprise", "arise", "assize", "baize", "braise", "bruise", "capsize",
		"cerise", "chastise", "circumcise", "clockwise", "comprise", "compromise", "concise", "cruise", "demise",
		"despise", "devise", "disguise", "downsize", "enterprise", "excise", "exercise", "expertise", "franchise",
		"gaize", "guise", "imprecise", "improvise", "incise", "likewise", "maize", "malaise", "merchandise",
		"midsize", "misadvise", "moonrise", "noise", "otherwise", "outsize", "oversize", "paradise", "poise",
		"praise", "precise", "premise", "prize", "promise", "raise", "readvise", "reprise", "reraise", "resize",
		"revise", "rightsize", "rise", "seise", "seize", "size", "stepwise", "sunrise", "supervise", "surmise",
		"surprise", "televise", "tortoise", "treatise", "turquoise", "undersize", "unsize", "unwise", "uprise",
		"upsize", "wise":
		return true
	}
	return false
}

// spellingPairs are other words that Britons and Americans spell differently.
const spellingPairs = `
 armour=armor behaviour=behavior cancelled=canceled catalogue=catalog centre=center colour=color
 datacentre=datacenter defence=defense dialogue=dialog discolour=discolor distil=distill endeavour=endeavor
 enquire=inquire enquiry=inquiry enrol=enroll enrolment=enrollment favour=favor favourite=favorite fibre=fiber
 flavour=flavor fulfil=fulfill fulfilment=fulfillment grey=gray harbour=harbor honour=honor humour=humor
 instalment=installment instil=instill judgement=judgment labour=labor licence=license litre=liter
 manoeuvre=maneuver meagre=meager metre=meter neighbour=neighbor offence=offense odour=odor practise=practice
 pretence=pretense programme=program recentre=recenter rumour=rumor savour=savor sceptical=skeptical skilful=skillful splendour=splendor
 theatre=theater tumour=tumor unfavourable=unfavorable favourable=favorable honourable=honorable vapour=vapor vigour=vigor
 acknowledgement=acknowledgment ageing=aging artefact=artifact travelled=traveled labelled=labeled unlabelled=unlabeled
 modelling=modeling traveller=traveler counsellor=counselor jewellery=jewelry
`

// pairedSpelling looks for the other spelling.
func pairedSpelling(lemma string) string {
	if _, rest, ok := strings.Cut(spellingPairs, " "+lemma+"="); ok {
		end := strings.IndexAny(rest, " \n")
		return rest[:end]
	}
	for _, end := range [...]string{" ", "\n"} {
		if before, _, ok := strings.Cut(spellingPairs, "="+lemma+end); ok {
			return before[strings.LastIndexByte(before, ' ')+1:]
		}
	}
	return ""
}
