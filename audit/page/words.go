package page

// pageWords are those of the template and the notes.
type pageWords struct {
	Title, Span, Emails, People, Score, NoScript, Empty, EmptyHint   string
	Filters, From, To, Team, Client, Language, All, Reset            string
	Summary, ScoreOverTime, VerdictsOverTime, TalkOverTime           string
	Heat, Rules, Groups, ByTeam, ByClient, Table, About, Rule, Share string
	Other, Unmapped, Folded, Judges, Monthly, Coarse, Kept           string
	TalkHint, HeatHint, RulesHint                                    string
}

var words = map[string]pageWords{
	"en": {
		Title: "How clients hear our mail", Span: "%s to %s", Emails: "emails", People: "people", Score: "mean score",
		NoScript: "With scripts switched off, this page shows the whole period only.",
		Empty:    "No emails yet", EmptyHint: "Collect some: tacto audit collect ~/Maildir/.Sent",
		Filters: "Filters", From: "From", To: "To", Team: "Team", Client: "Client", Language: "Language", All: "all", Reset: "Show all",
		Summary: "At a glance", ScoreOverTime: "Mean score", VerdictsOverTime: "Verdicts", TalkOverTime: "Sent without the talk",
		Heat: "Rules by week", Rules: "Rules that weigh most", Groups: "Groups", ByTeam: "By team", ByClient: "By client",
		Table: "The figures as a table", About: "About these figures", Rule: "Rule", Share: "share of emails",
		Other: "other", Unmapped: "not in the mapping",
		Folded:  "Groups with fewer than %d emails or %d people are shown together, as “other”.",
		Judges:  "These emails were judged by %d versions of the rules: what moved may be that alone.",
		Monthly: "There is so much that weeks are put together to months.", Coarse: "Only the clients with the most mail are shown by name.",
		Kept:      "Of each email its day, score, verdict and rules are kept; no text, no subject, no address.",
		TalkHint:  "Emails that should have been a conversation first, and went out without one.",
		HeatHint:  "In what share of a week's emails each rule was met. The stronger the colour, the more.",
		RulesHint: "Share of emails in the first half of what is chosen (ring) and in the second (dot).",
	},
	"es": {
		Title: "Cómo oyen los clientes nuestro correo", Span: "%s a %s", Emails: "correos", People: "personas", Score: "puntuación media",
		NoScript: "Sin scripts, esta página muestra solo el período completo.",
		Empty:    "Todavía no hay correos", EmptyHint: "Recoja algunos: tacto audit collect ~/Maildir/.Sent",
		Filters: "Filtros", From: "Desde", To: "Hasta", Team: "Equipo", Client: "Cliente", Language: "Idioma", All: "todos", Reset: "Ver todo",
		Summary: "De un vistazo", ScoreOverTime: "Puntuación media", VerdictsOverTime: "Veredictos", TalkOverTime: "Enviados sin hablarlo antes",
		Heat: "Reglas por semana", Rules: "Las reglas que más pesan", Groups: "Grupos", ByTeam: "Por equipo", ByClient: "Por cliente",
		Table: "Las cifras en una tabla", About: "Sobre estas cifras", Rule: "Regla", Share: "parte de los correos",
		Other: "otros", Unmapped: "sin asignar",
		Folded:  "Los grupos con menos de %d correos o %d personas se muestran juntos, como «otros».",
		Judges:  "Estos correos se juzgaron con %d versiones de las reglas: lo que cambió puede ser solo eso.",
		Monthly: "Hay tanto que las semanas se juntan en meses.", Coarse: "Solo los clientes con más correo salen con su nombre.",
		Kept:      "De cada correo se guarda el día, la puntuación, el veredicto y las reglas; ni texto, ni asunto, ni direcciones.",
		TalkHint:  "Correos que había que hablar antes y salieron sin hablarlo.",
		HeatHint:  "En qué parte de los correos de la semana aparece cada regla. Cuanto más intenso el color, más.",
		RulesHint: "Parte de los correos en la primera mitad de lo elegido (anillo) y en la segunda (punto).",
	},
}

// scriptWords are those the script needs.
var scriptWords = map[string]map[string]string{
	"en": {
		"emails": "emails", "email": "email", "score": "mean score", "send": "send", "revise": "revise", "talk": "talk first", "week": "week of", "weekHead": "week", "month": "month", "weeks": "weeks", "months": "months", "points": "points", "inSecond": "in the second half",
		"share": "share of emails", "first": "first half", "second": "second half", "change": "change", "sure": "more than chance",
		"none": "No emails in what is chosen.", "rule": "Rule", "name": "Name", "noChange": "no clear change", "better": "better", "worse": "worse",
		"sendLong": "fine as sent", "reviseLong": "to be revised", "talkLong": "sent without the talk", "of": "of", "es": "Spanish", "en": "English", "sort": "sort by",
		"scoreDesc": "Line of the mean score, 0 to 100", "verdictDesc": "Bars of the share of each verdict", "talkDesc": "Bars of the emails that should have been a talk first",
		"heatDesc": "A table of shares, in colour", "rulesDesc": "Each rule's share in the first and the second half", "all": "all",
	},
	"es": {
		"emails": "correos", "email": "correo", "score": "puntuación media", "send": "enviar", "revise": "revisar", "talk": "hablar antes", "week": "semana del", "weekHead": "semana", "month": "mes", "weeks": "semanas", "months": "meses", "points": "puntos", "inSecond": "en la segunda mitad",
		"share": "parte de los correos", "first": "primera mitad", "second": "segunda mitad", "change": "cambio", "sure": "más que azar",
		"none": "No hay correos en lo elegido.", "rule": "Regla", "name": "Nombre", "noChange": "sin cambio claro", "better": "mejor", "worse": "peor",
		"sendLong": "bien como salieron", "reviseLong": "por revisar", "talkLong": "enviados sin hablarlo", "of": "de", "es": "español", "en": "inglés", "sort": "ordenar por",
		"scoreDesc": "Línea de la puntuación media, de 0 a 100", "verdictDesc": "Barras con la parte de cada veredicto", "talkDesc": "Barras de los correos que había que hablar antes",
		"heatDesc": "Una tabla de partes, en color", "rulesDesc": "La parte de cada regla en la primera y la segunda mitad", "all": "todos",
	},
}
