package mail

import (
	"strings"
	"sync"

	"github.com/tacto-lint/tacto/lint"
)

// noticeStarts begin legal and environmental notices, folded.
var noticeStarts = []string{
	"confidentiality notice", "confidential:", "this email and any", "this e-mail and any", "this message and any", "this message is for", "this email is confidential",
	"this e-mail is confidential", "this message contains", "this communication", "the information in this", "the information contained in this", "the contents of this",
	"if you are not the intended", "if you have received this", "please consider the environment", "think before you print", "disclaimer", "legal notice", "privileged and confidential",
	"este mensaje y", "este mensaje, ", "este mensaje puede", "este mensaje contiene", "este mensaje es", "este mensaje va", "este correo y", "este correo electronico", "este correo es", "este correo puede", "este e-mail", "este email",
	"aviso legal", "aviso de confidencialidad", "aviso de privacidad", "confidencialidad", "nota de confidencialidad", "clausula de confidencialidad",
	"la informacion contenida en este", "la informacion incluida en", "el contenido de este", "en cumplimiento de", "en cumplimiento con", "de conformidad con la normativa", "de conformidad con lo", "de acuerdo con la ley organica",
	"conforme a la ley", "de acuerdo a la ley", "de acuerdo con el reglamento", "le informamos que sus datos", "le informamos de que sus datos", "sus datos personales", "responsable del tratamiento", "proteccion de datos",
	"antes de imprimir", "no imprima", "piense en el medio ambiente", "cuidemos el medio ambiente", "sirvase imprimir", "si usted no es el destinatario", "si no es usted el destinatario", "si ha recibido este", "si recibio este", "si usted recibio este", "registered in england", "registered in scotland",
}

// markDisclaimers marks notices: the paragraph that begins like one, and all
// the author's lines below it.
func markDisclaimers(lines []line) {
	for i := range lines {
		l := &lines[i]
		if l.kind != lint.SegmentAuthor || l.text == "" || !paragraphStart(lines, i) {
			continue
		}
		key := strings.TrimLeft(l.key, "*_-=#[ ")
		if !isNotice(key) {
			continue
		}
		for k := i; k < len(lines) && lines[k].kind == lint.SegmentAuthor; k++ {
			lines[k].kind = lint.SegmentDisclaimer
		}
	}
}

func isNotice(key string) bool {
	for _, p := range noticeStarts {
		if strings.HasPrefix(key, p) {
			return true
		}
	}
	// "Lowfield IT Ltd. Registered in Scotland. This message is for the named …"
	return len(key) > 60 && (strings.Contains(key, "named recipient") || strings.Contains(key, "intended recipient") || strings.Contains(key, "destinatario") && strings.Contains(key, "confidencial"))
}

// paragraphStart: a blank line, a rule or a line of a signature stands above.
func paragraphStart(lines []line, i int) bool {
	if i == 0 || lines[i-1].text == "" || lines[i-1].kind != lint.SegmentAuthor {
		return true
	}
	return len(lines[i-1].text) < 60
}

// mobileStarts begin the lines that phones add.
var mobileStarts = []string{
	"enviado desde mi", "sent from my", "enviado desde outlook", "obtener outlook para", "get outlook for", "sent from outlook", "sent from mail for",
	"enviado con", "enviado desde correo", "enviado desde el correo", "enviado desde yahoo", "sent from yahoo", "sent from proton", "enviado desde proton", "descargar outlook", "sent via",
}

// closingList holds the formulas before a name, folded, without punctuation.

const closingList = `un saludo|saludos|saludos cordiales|un cordial saludo|cordial saludo|cordiales saludos|reciba un cordial saludo|reciban un cordial saludo|recibe un cordial saludo|atentamente|atte|muy atentamente|cordialmente|
un abrazo|abrazo|abrazos|un fuerte abrazo|un beso|beso|besos|gracias|muchas gracias|gracias y saludos|gracias un saludo|saludos y gracias|mil gracias|quedo atento|quedo atenta|quedamos atentos|quedo a su disposicion|quedo al pendiente|quedo pendiente|
sin mas por el momento|sin otro particular|hasta luego|hasta pronto|feliz dia|feliz tarde|buen dia|que tenga buen dia|que tengas buen dia|buen fin de semana|feliz fin de semana|con gusto|slds|salu2|bendiciones|respetuosamente|
regards|kind regards|best regards|warm regards|warmest regards|many thanks|thanks|thx|thank you|thanks again|thanks so much|thanks and regards|thanks & regards|best|all the best|all best|best wishes|with best wishes|cheers|sincerely|yours sincerely|yours faithfully|yours truly|yours|respectfully|
cordially|take care|talk soon|ta|warmly|with kind regards|have a great day|have a good day|have a great weekend|have a good weekend`

func isClosing(key string) bool {
	key = strings.Trim(key, " ,.!¡;:-😊🙂")
	return len(key) < 40 && closings()[key]
}

var closings = sync.OnceValue(func() map[string]bool {
	m := map[string]bool{}
	for _, c := range strings.Split(closingList, "|") {
		m[strings.TrimSpace(c)] = true
	}
	return m
})

// markSignature marks the signature below the author's last words: from a
// "-- " line on, from a phone's line on, from the name below a closing on, or
// from a last block on that holds nothing but names, titles and numbers.
func markSignature(lines []line) {
	last := -1 // the last author's line before what is already told apart
	for i := range lines {
		l := &lines[i]
		if l.kind != lint.SegmentAuthor {
			continue
		}
		if l.text == "--" || l.text == "—" || l.text == "__" || strings.HasPrefix(l.text, "-- ") && len(l.text) < 40 {
			markRun(lines, i)
			continue
		}
		for _, p := range mobileStarts {
			if strings.HasPrefix(l.key, p) && len(l.text) < 80 {
				l.kind = lint.SegmentSignature
			}
		}
		if l.kind == lint.SegmentAuthor && l.text != "" {
			last = i
		}
	}
	if last < 0 {
		return
	}
	if at := belowClosing(lines, last); at > 0 {
		markFrom(lines, at, last)
		return
	}
	if at := lastBlock(lines, last); at > 0 {
		markFrom(lines, at, last)
	}
}

// markRun marks a signature that a "-- " line opens: to the end of the author's
// run, but for a postscript.
func markRun(lines []line, i int) {
	for ; i < len(lines) && lines[i].kind == lint.SegmentAuthor; i++ {
		if isPostscript(lines[i].key) {
			return
		}
		lines[i].kind = lint.SegmentSignature
	}
}

func markFrom(lines []line, from, to int) {
	for k := from; k <= to; k++ {
		if isPostscript(lines[k].key) {
			return
		}
		if lines[k].kind == lint.SegmentAuthor {
			lines[k].kind = lint.SegmentSignature
		}
	}
}

func isPostscript(key string) bool {
	for _, p := range []string{"pd:", "pd.", "p.d.", "ps:", "ps.", "p.s.", "ps ", "pd ", "posdata", "postdata", "nota:"} {
		if strings.HasPrefix(key, p) {
			return true
		}
	}
	return false
}

// maxSignature bounds a signature in lines.
const maxSignature = 14

// belowClosing gives the first line below the last closing («Un saludo,») that
// has only signature below it, 0 if there is none.
func belowClosing(lines []line, last int) int {
	for i := last; i >= 0 && i >= last-maxSignature; i-- {
		l := &lines[i]
		if l.kind != lint.SegmentAuthor || !isClosing(l.key) {
			continue
		}
		prose := 0
		for k := i + 1; k <= last; k++ {
			if isProse(&lines[k]) && !isSlogan(lines, k, last) && !isPostscript(lines[k].key) {
				prose++
			}
		}
		if prose == 0 && i < last {
			return i + 1
		}
		return 0
	}
	return 0
}

// isSlogan: a short sentence among the last lines of a signature, with at
// least a name above it.
func isSlogan(lines []line, k, last int) bool {
	return k >= last-2 && len(lines[k].text) < 130 && k > 0 && lines[k-1].text != "" || k == last && len(lines[k].text) < 70
}

// isProse tells a sentence from a line of a signature.
func isProse(l *line) bool {
	t := l.text
	words := strings.Count(t, " ") + 1
	if words < 5 || strings.ContainsAny(t, "|@") && words < 12 || strings.Contains(l.key, "www.") || strings.Contains(l.key, "http") && words < 8 {
		return false
	}
	lower := 0
	for _, w := range strings.Fields(t) {
		if len(w) > 0 && w[0] >= 'a' && w[0] <= 'z' {
			lower++
		}
	}
	return lower*2 >= words && lower >= 3
}

// lastBlock gives where a last block begins that is a signature by its looks:
// short lines, a name first, no sentence among them.
func lastBlock(lines []line, last int) int {
	start := last
	for start > 0 && lines[start-1].text != "" && lines[start-1].kind == lint.SegmentAuthor {
		start--
	}
	// "Thanks\nLorraine\n\nLorraine Abbott\nAccount Manager": two blocks.
	if n := signatureBlock(lines, start, last); n >= 0 {
		prev := start - 1
		for prev > 0 && lines[prev].text == "" {
			prev--
		}
		if prev > 0 && prev < start && lines[prev].kind == lint.SegmentAuthor {
			block := prev
			for block > 0 && lines[block-1].text != "" && lines[block-1].kind == lint.SegmentAuthor {
				block--
			}
			if isClosing(lines[block].key) && prev-block <= 2 {
				return block + 1
			}
			if block > 0 && prev == block && isName(lines[prev].text) {
				return prev
			}
		}
		return n
	}
	return 0
}

// signatureBlock gives where the signature begins in the block [start, last],
// -1 if the block is none. A whole email is never one.
func signatureBlock(lines []line, start, last int) int {
	above := start - 1
	for above > 0 && lines[above].text == "" {
		above--
	}
	if above < 0 || lines[above].kind != lint.SegmentAuthor || lines[above].text == "" {
		return -1 // nothing of the author's above: an answer below a quote
	}
	for i := start; i <= last; i++ {
		l := &lines[i]
		if len(l.text) > 90 || isProse(l) && !isSlogan(lines, i, last) || strings.HasSuffix(l.text, "?") || strings.HasPrefix(l.text, "- ") || strings.HasPrefix(l.text, "* ") {
			return -1
		}
	}
	if isClosing(lines[start].key) {
		if start == last {
			return -1
		}
		return start + 1
	}
	if isName(lines[start].text) && last-start < maxSignature {
		return start
	}
	return -1
}

// isName: one to five words, all but particles with a capital, no final stop.
func isName(t string) bool {
	words := strings.Fields(t)
	if len(words) == 0 || len(words) > 5 || strings.ContainsAny(t, "?!:;") || strings.HasSuffix(t, ",") {
		return false
	}
	if strings.HasSuffix(t, ".") {
		return false
	}
	for _, w := range words {
		switch w {
		case "de", "del", "la", "y", "los", "of", "the", "and", "van", "da", "|", "-", "–", "e":
			continue
		}
		if !startsUpper(w) {
			return false
		}
	}
	return true
}
