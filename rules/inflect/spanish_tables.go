package inflect

import "strings"

// notVerb tells nouns and adjectives that end like an infinitive, among them
// the loanwords of IT. What is a verb as well («circular», «auxiliar») is not
// listed.
func notVerb(lemma string) bool {
	switch lemma {
	case "alquiler", "altar", "angular", "ayer", "azar", "banner", "bar", "bienestar", "buffer", "canciller",
		"celular", "chofer", "cluster", "collar", "container", "cualquier", "dispar", "docker", "driver", "ejemplar",
		"elixir", "escolar", "familiar", "filler", "folder", "footer", "hacker", "header", "helper", "hogar", "impar",
		"lugar", "malestar", "manager", "mar", "master", "menester", "mercader", "militar", "mujer", "newsletter",
		"nuclear", "paper", "par", "particular", "partner", "peculiar", "pilar", "placer", "polar", "popular",
		"poster", "preliminar", "primer", "printer", "pulgar", "radar", "router", "scanner", "secular", "server",
		"similar", "singular", "solar", "speaker", "super", "taller", "telar", "tercer", "tester", "timer", "titular",
		"toner", "twitter", "vulgar":
		return true
	}
	return false
}

// change is the vowel change of a stem.
type change uint8

const (
	noChange  change = iota
	toIe             // pensar, pienso
	toUe             // contar, cuento
	toI              // pedir, pido, pidió
	toIeI            // sentir, siento, sintió
	toUeU            // dormir, duermo, durmió
	accentI          // enviar, envío
	accentU          // actuar, actúo
	accentMid        // reunir, reúno; prohibir, prohíbo; aislar, aíslo
)

// stemChange looks up the vowel change of a verb that is no model of its own.
func stemChange(inf string) change {
	if c := arChange(inf); c != noChange {
		return c
	}
	switch inf {
	case "adquirir", "ascender", "atender", "cerner", "cernir", "concernir", "condescender", "contender",
		"defender", "desatender", "descender", "desentender", "discernir", "distender", "encender", "entender",
		"extender", "heder", "hender", "inquirir", "malentender", "perder", "reencender", "reverter",
		"sobreentender", "sobreextender", "sobrentender", "subtender", "tender", "transcender", "trascender",
		"verter":
		return toIe
	case "cocer", "condoler", "conmover", "demoler", "destorcer", "doler", "escocer", "llover", "moler", "morder",
		"mover", "oler", "promover", "recocer", "remorder", "remover", "retorcer", "soler", "torcer":
		return toUe
	case "autocorregir", "ceñir", "colegir", "comedir", "competir", "concebir", "conseguir", "constreñir",
		"corregir", "derretir", "descomedir", "despedir", "desteñir", "desvestir", "elegir", "embestir", "engreír",
		"estreñir", "expedir", "freír", "gemir", "henchir", "impedir", "investir", "medir", "pedir", "perseguir",
		"preconcebir", "proseguir", "reelegir", "reexpedir", "refreír", "regir", "rehenchir", "rendir", "repetir",
		"reteñir", "revestir", "reír", "reñir", "seguir", "servir", "sofreír", "sonreír", "subseguir", "teñir",
		"travestir", "vestir":
		return toI
	case "adherir", "advertir", "arrepentir", "asentir", "conferir", "consentir", "controvertir", "convertir",
		"deferir", "desmentir", "diferir", "digerir", "disentir", "divertir", "erguir", "herir", "hervir",
		"inferir", "ingerir", "injerir", "interferir", "invertir", "malherir", "mentir", "pervertir", "preferir",
		"presentir", "proferir", "reconvertir", "referir", "reinvertir", "requerir", "resentir", "revertir", "sentir",
		"subvertir", "sugerir", "transferir", "trasferir", "zaherir":
		return toIeI
	case "adormir", "dormir", "morir", "premorir":
		return toUeU
	case "cohibir", "prohibir", "reunir":
		return accentMid
	}
	if strings.HasSuffix(inf, "olver") {
		return toUe
	}
	return noChange
}

// arChange does so for the first conjugation.
func arChange(inf string) change {
	switch inf {
	case "abnegar", "acertar", "acrecentar", "alentar", "apacentar", "apretar", "arrendar", "asentar", "aserrar",
		"atravesar", "autogobernar", "aventar", "calentar", "cegar", "cerrar", "comenzar", "concertar", "confesar",
		"denegar", "desalentar", "desapretar", "desasosegar", "desconcertar", "desenterrar", "deshelar", "desmembrar",
		"despertar", "desplegar", "desterrar", "emparentar", "empezar", "encerrar", "encomendar", "enmendar",
		"ensangrentar", "enterrar", "entrecerrar", "errar", "escarmentar", "fregar", "gobernar", "helar", "herrar",
		"incensar", "invernar", "malpensar", "manifestar", "mentar", "merendar", "negar", "nevar", "pensar", "plegar",
		"precalentar", "quebrar", "reapretar", "recalentar", "recomendar", "recomenzar", "refregar", "regar",
		"remendar", "renegar", "repensar", "replegar", "requebrar", "resembrar", "restregar", "retemblar", "reventar",
		"segar", "sembrar", "sentar", "serrar", "sosegar", "soterrar", "subarrendar", "temblar", "tentar", "tropezar":
		return toIe
	case "acordar", "acostar", "agorar", "almorzar", "amolar", "apostar", "aprobar", "atronar", "autoaprobar",
		"avergonzar", "colar", "colgar", "comprobar", "concordar", "consolar", "contar", "costar", "degollar",
		"demostrar", "denostar", "desacordar", "desaprobar", "descolgar", "descollar", "desconsolar", "descontar",
		"descordar", "desolar", "desollar", "despoblar", "desvergonzar", "discordar", "disonar", "emporcar",
		"enclocar", "encontrar", "encordar", "esforzar", "forzar", "hollar", "jugar", "mostrar", "poblar", "probar",
		"recolar", "recontar", "recordar", "recostar", "redemostrar", "reencontrar", "reforzar", "regoldar",
		"renovar", "repoblar", "reprobar", "resollar", "resonar", "retostar", "revolar", "revolcar", "rodar", "rogar",
		"sobrevolar", "soldar", "soltar", "sonar", "soñar", "tostar", "trascordar", "trasvolar", "trocar", "tronar",
		"volar", "volcar":
		return toUe
	case "ahijar", "ahincar", "ahitar", "ahuchar", "ahumar", "airar", "aislar", "arcaizar", "aullar", "aunar",
		"aupar", "desenraizar", "embaular", "enraizar", "europeizar", "hebraizar", "judaizar", "maullar", "prohijar",
		"rehilar", "rehusar", "sahumar", "sobrehilar":
		return accentMid
	}
	return diphthongChange(inf)
}

// diphthongChange tells «envío» from «cambio» and «actúo» from «averiguo».
// Verbs in -cuar may do either; their older form («adecuo») is taken.
func diphthongChange(inf string) change {
	switch inf {
	case "aliar", "amnistiar", "ampliar", "ansiar", "arriar", "ataviar", "autoenviar", "autografiar", "averiar",
		"aviar", "biografiar", "cablegrafiar", "calcografiar", "caligrafiar", "cartografiar", "chirriar", "ciar",
		"confiar", "contrariar", "coreografiar", "criar", "dactilografiar", "desafiar", "descarriar", "desconfiar",
		"desliar", "desvariar", "desviar", "enfriar", "enviar", "escalofriar", "espiar", "esquiar", "estriar",
		"expatriar", "expiar", "extasiar", "extraviar", "fiar", "fotografiar", "gloriar", "grafiar", "guiar",
		"hastiar", "inventariar", "jipiar", "liar", "litografiar", "malcriar", "mecanografiar", "mimeografiar",
		"monografiar", "piar", "pipiar", "porfiar", "radiografiar", "recriar", "reenviar", "refriar", "repatriar",
		"resfriar", "rociar", "serigrafiar", "taquigrafiar", "telegrafiar", "tipografiar", "topografiar", "vaciar",
		"variar", "videografiar", "xerografiar":
		return accentI
	}
	if strings.HasSuffix(inf, "uar") && !strings.HasSuffix(inf, "guar") && !strings.HasSuffix(inf, "cuar") {
		return accentU
	}
	return noChange
}

// monosyllabic tells the verbs with forms of one syllable by the spelling
// rules of 2010: «guie», «rio», «hui».
func monosyllabic(inf string) bool {
	switch inf {
	case "ciar", "criar", "fiar", "fluir", "freír", "fruir", "guiar", "huir", "liar", "muir", "piar", "puar",
		"reír", "ruar", "ruir":
		return true
	}
	return false
}
