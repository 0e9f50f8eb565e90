package output

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/rivo/uniseg"

	"github.com/tacto-lint/tacto/audit"
	"github.com/tacto-lint/tacto/cmd/internal/safe"
)

// AuditFormats are the formats of an audit's report, the default first.
func AuditFormats() []string { return []string{"text", "json", "csv"} }

// An AuditReport writes one.
type AuditReport struct {
	*audit.Report
	Lang  string
	Color bool
	Width int
	// MinEmails and MinAuthors are what groups needed to be shown by themselves.
	MinEmails, MinAuthors int
	// Passages are the marked words that are used most, where they were kept.
	Passages []AuditPassage
	// Title gives a rule's title; a rule that is no more has its name.
	Title func(rule string) string
}

// An AuditPassage is words that a rule has marked, in so many emails.
type AuditPassage struct {
	Rule   string `json:"rule"`
	Text   string `json:"text"`
	Emails int    `json:"emails"`
}

// Write writes it in a format of AuditFormats.
func (a *AuditReport) Write(w io.Writer, format string) error {
	switch format {
	case "text":
		_, err := io.WriteString(w, a.text())
		return err
	case "json":
		return WriteJSON(w, a.json())
	case "csv":
		return a.csv(w)
	}
	return fmt.Errorf("unknown format %q", format)
}

// The JSON form is fixed by schema/audit.schema.json.
type (
	jsonPeriod struct {
		Since string `json:"since"`
		Until string `json:"until"`
	}
	jsonFigure struct {
		Emails   int            `json:"emails"`
		Score    float64        `json:"score"`
		Verdicts audit.Verdicts `json:"verdicts"`
	}
	jsonAuditRule struct {
		Rule     string    `json:"rule"`
		Emails   int       `json:"emails"`
		Findings int       `json:"findings"`
		Share    float64   `json:"share"`
		Then     *float64  `json:"then,omitempty"`
		Now      *float64  `json:"now,omitempty"`
		Sure     bool      `json:"sure"`
		Weekly   []float64 `json:"weekly,omitempty"`
	}
	jsonComparison struct {
		Halves bool     `json:"halves"`
		Sure   bool     `json:"sure"`
		Then   jsonSpan `json:"then"`
		Now    jsonSpan `json:"now"`
	}
	jsonSpan struct {
		Period jsonPeriod `json:"period"`
		jsonFigure
	}
	jsonGroup struct {
		Name string `json:"name"`
		jsonFigure
		Folded     int             `json:"folded,omitempty"`
		Comparison *jsonComparison `json:"comparison,omitempty"`
		Rules      []jsonAuditRule `json:"rules"`
	}
	jsonWeek struct {
		Week string `json:"week"`
		jsonFigure
	}
	jsonAudit struct {
		Version int        `json:"version"`
		Period  jsonPeriod `json:"period"`
		jsonFigure
		Authors        int             `json:"authors"`
		UnmappedTeam   int             `json:"unmapped_team"`
		UnmappedClient int             `json:"unmapped_client"`
		Judges         map[string]int  `json:"judges"`
		Comparison     *jsonComparison `json:"comparison,omitempty"`
		Weeks          []jsonWeek      `json:"weeks"`
		Rules          []jsonAuditRule `json:"rules"`
		By             string          `json:"by,omitempty"`
		Groups         []jsonGroup     `json:"groups"`
		Passages       []AuditPassage  `json:"passages,omitempty"`
	}
)

// round keeps figures readable: four digits behind the point.
func round(x float64) float64 { return math.Round(x*1e4) / 1e4 }

func toPeriod(p audit.Period) jsonPeriod { return jsonPeriod{p.Since.String(), p.Until.String()} }

func toFigure(f *audit.Figure) jsonFigure { return jsonFigure{f.Emails, round(f.Score), f.Verdicts} }

func toComparison(c *audit.Comparison) *jsonComparison {
	if c == nil {
		return nil
	}
	return &jsonComparison{c.Halves, c.Sure, jsonSpan{toPeriod(c.ThenPeriod), toFigure(&c.Then)}, jsonSpan{toPeriod(c.NowPeriod), toFigure(&c.Now)}}
}

func toRules(rules []audit.RuleFigure, compared bool) []jsonAuditRule {
	all := make([]jsonAuditRule, 0, len(rules))
	for _, r := range rules {
		j := jsonAuditRule{Rule: r.Rule, Emails: r.Emails, Findings: r.Findings, Share: round(r.Share), Sure: r.Sure}
		if compared {
			then, now := round(r.Then), round(r.Now)
			j.Then, j.Now = &then, &now
		}
		for _, w := range r.Weekly {
			j.Weekly = append(j.Weekly, round(w))
		}
		all = append(all, j)
	}
	return all
}

func (a *AuditReport) json() jsonAudit {
	r := a.Report
	j := jsonAudit{Version: 1, Period: toPeriod(r.Period), jsonFigure: toFigure(&r.Figure), Authors: r.Authors,
		UnmappedTeam: r.UnmappedTeam, UnmappedClient: r.UnmappedClient, Judges: r.Judges, Comparison: toComparison(r.Comparison),
		Weeks: []jsonWeek{}, Rules: toRules(r.Rules, r.Comparison != nil), By: string(r.By), Groups: []jsonGroup{}, Passages: a.Passages}
	if j.Judges == nil {
		j.Judges = map[string]int{}
	}
	for i := range r.Weekly {
		j.Weeks = append(j.Weeks, jsonWeek{r.Weeks[i].String(), toFigure(&r.Weekly[i])})
	}
	for i := range r.Groups {
		g := &r.Groups[i]
		j.Groups = append(j.Groups, jsonGroup{Name: g.Name, jsonFigure: toFigure(&g.Figure), Folded: g.Folded,
			Comparison: toComparison(g.Comparison), Rules: toRules(g.Rules, g.Comparison != nil)})
	}
	return j
}

// sheetName makes a name harmless for a spreadsheet, which would take some for a formula.
func sheetName(name string) string {
	name = safe.Text(name)
	if strings.ContainsAny(name[:min(1, len(name))], "=+-@") {
		return "'" + name
	}
	return name
}

// csv writes the groups, or without any the rules.
func (a *AuditReport) csv(w io.Writer) error {
	number := func(x float64) string { return strconv.FormatFloat(round(x), 'f', -1, 64) }
	out := csv.NewWriter(w)
	var rows [][]string
	if a.By == "" {
		rows = append(rows, []string{"rule", "emails", "findings", "share", "then", "now", "sure"})
		for _, r := range a.Rules {
			row := []string{r.Rule, strconv.Itoa(r.Emails), strconv.Itoa(r.Findings), number(r.Share), "", "", strconv.FormatBool(r.Sure)}
			if a.Comparison != nil {
				row[4], row[5] = number(r.Then), number(r.Now)
			}
			rows = append(rows, row)
		}
	} else {
		head := []string{string(a.By), "emails", "score", "send", "revise", "talk", "score_then", "score_now", "sure"}
		for _, r := range a.Rules {
			head = append(head, r.Rule)
		}
		rows = append(rows, head)
		for i := range a.Groups {
			g := &a.Groups[i]
			row := []string{sheetName(g.Name), strconv.Itoa(g.Emails), number(g.Score), strconv.Itoa(g.Verdicts.Send), strconv.Itoa(g.Verdicts.Revise), strconv.Itoa(g.Verdicts.Talk), "", "", "false"}
			if c := g.Comparison; c != nil {
				row[6], row[7], row[8] = number(c.Then.Score), number(c.Now.Score), strconv.FormatBool(c.Sure)
			}
			shares := map[string]float64{}
			for _, r := range g.Rules {
				shares[r.Rule] = r.Share
			}
			for _, r := range a.Rules {
				row = append(row, number(shares[r.Rule]))
			}
			rows = append(rows, row)
		}
	}
	return out.WriteAll(rows)
}

// auditWords are the report's in one language.
type auditWords struct {
	words                                   string
	one, many                               [2]string // of emails, of people
	none, head, of                          string
	then, now, first, second                string
	emails, score, mean, send, revise, talk string
	byWeek, rules, change, share            string
	unmapped, other, folded, judges, noMap  string
	sure                                    string
	by                                      map[audit.Dimension]string
}

var auditLangs = map[string]auditWords{
	"en": {
		none: "No emails in that time.", head: "Sent mail from %s to %s: %s %s, %s %s", one: [2]string{"email", "person"}, many: [2]string{"emails", "people"}, of: "of",
		then: "before", now: "now", first: "1st half", second: "2nd half",
		emails: "emails", score: "mean score", mean: "score", send: "send", revise: "revise", talk: "talk first",
		byWeek: "by week", words: "The marked words, in how many emails", rules: "Rules, in how many emails", change: "change", share: "all",
		unmapped: "not in the mapping", other: "other, %d together", folded: "Groups with fewer than %d emails or %d people are shown together.",
		judges: "These emails were judged by %d versions of the rules: what moved may be that alone. 'tacto audit collect --again' judges them anew.",
		noMap:  "The mapping names no team for %s emails, no client for %s.",
		sure:   "▲▼ more than chance would make of it (99 %); without a mark it may be chance.",
		by: map[audit.Dimension]string{audit.ByWeek: "By week", audit.ByMonth: "By month", audit.ByTeam: "By team", audit.ByClient: "By client",
			audit.ByAuthor: "By author", audit.ByLanguage: "By language", audit.ByRule: "By rule"},
	},
	"es": {
		none: "No hay correos en ese tiempo.", head: "Correo enviado del %s al %s: %s %s, %s %s", one: [2]string{"correo", "persona"}, many: [2]string{"correos", "personas"}, of: "de",
		then: "antes", now: "ahora", first: "1.ª mitad", second: "2.ª mitad",
		emails: "correos", score: "puntuación media", mean: "puntuación", send: "enviar", revise: "revisar", talk: "hablar antes",
		byWeek: "por semana", words: "Las palabras marcadas, en cuántos correos", rules: "Reglas, en cuántos correos", change: "cambio", share: "todo",
		unmapped: "sin asignar", other: "otros, %d juntos", folded: "Los grupos con menos de %d correos o %d personas se muestran juntos.",
		judges: "Estos correos se juzgaron con %d versiones de las reglas: lo que cambió puede ser solo eso. 'tacto audit collect --again' los juzga de nuevo.",
		noMap:  "El archivo de asignación no da equipo a %s correos ni cliente a %s.",
		sure:   "▲▼ más de lo que haría el azar (99 %); sin marca puede ser azar.",
		by: map[audit.Dimension]string{audit.ByWeek: "Por semana", audit.ByMonth: "Por mes", audit.ByTeam: "Por equipo", audit.ByClient: "Por cliente",
			audit.ByAuthor: "Por autor", audit.ByLanguage: "Por idioma", audit.ByRule: "Por regla"},
	},
}

// An auditText lays the report out.
type auditText struct {
	*AuditReport
	b     strings.Builder
	w     auditWords
	style Style
	width int
}

func (a *AuditReport) text() string {
	w, ok := auditLangs[a.Lang]
	if !ok {
		w = auditLangs["en"]
	}
	t := &auditText{AuditReport: a, w: w, style: Style(a.Color), width: max(60, cmp.Or(a.Width, 80))}
	if a.Emails == 0 {
		return w.none + "\n"
	}
	fmt.Fprintf(&t.b, "%s\n", t.style.Bold(fmt.Sprintf(w.head, a.Period.Since, a.Period.Until, t.count(a.Emails), t.noun(0, a.Emails), t.count(a.Authors), t.noun(1, a.Authors))))
	t.summary()
	t.rules()
	t.passages()
	t.groups()
	t.notes()
	return t.b.String()
}

// count writes a number with the language's thousands apart.
func (t *auditText) count(n int) string {
	s := strconv.Itoa(n)
	sep := ","
	if t.Lang == "es" {
		if len(s) < 5 { // 1234, but 12 345
			return s
		}
		sep = "\u00a0"
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + sep + s[i:]
	}
	return s
}

func (t *auditText) noun(which, n int) string {
	if n == 1 {
		return t.w.one[which]
	}
	return t.w.many[which]
}

// decimal writes one digit behind the point, or the comma.
func (t *auditText) decimal(x float64, plus bool) string {
	s := strconv.FormatFloat(math.Abs(x), 'f', 1, 64)
	if t.Lang == "es" {
		s = strings.Replace(s, ".", ",", 1)
	}
	switch {
	case strings.Trim(s, "0.,") == "":
		return s
	case x < 0:
		return "−" + s
	case plus:
		return "+" + s
	}
	return s
}

func (t *auditText) percent(x float64) string { return t.decimal(100*x, false) + " %" }

// pad fills up to a width, on the left with a negative one.
func pad(s string, width int) string {
	gap := max(0, max(width, -width)-uniseg.StringWidth(s))
	if width < 0 {
		return strings.Repeat(" ", gap) + s
	}
	return s + strings.Repeat(" ", gap)
}

// short cuts a name to a width.
func short(s string, width int) string {
	if uniseg.StringWidth(s) <= width {
		return s
	}
	var b strings.Builder
	for g := uniseg.NewGraphemes(s); g.Next(); {
		if uniseg.StringWidth(b.String()+g.Str()) > width-1 {
			break
		}
		b.WriteString(g.Str())
	}
	return b.String() + "…"
}

// moved writes a change: marked and coloured only where it is sure. up says that more is
// better.
func (t *auditText) moved(by float64, sure, up bool) string {
	text := t.decimal(by, true)
	switch {
	case !sure:
		return t.style.Dim(pad(text, -7) + "  ")
	case by > 0 == up:
		text = t.style.Good(pad(text, -7) + " " + arrow(by))
	default:
		text = t.style.Bad(pad(text, -7) + " " + arrow(by))
	}
	return text
}

func arrow(by float64) string {
	if by > 0 {
		return "▲"
	}
	return "▼"
}

const (
	nameWidth  = 24
	shareWidth = 11
)

func (t *auditText) summary() {
	c := t.Comparison
	line := func(name string, columns ...string) {
		row := "  " + pad(name, nameWidth)
		for _, col := range columns {
			row += col
		}
		t.b.WriteString(strings.TrimRight(row, " ") + "\n")
	}
	t.b.WriteByte('\n')
	if c == nil {
		line(t.w.score, pad(t.decimal(t.Score, false), -shareWidth))
		for _, v := range t.verdicts() {
			line(v.name, pad(t.percent(v.share(&t.Figure)), -shareWidth))
		}
	} else {
		then, now := t.w.then, t.w.now
		if c.Halves {
			then, now = t.w.first, t.w.second
		}
		line("", t.style.Dim(pad(then, -shareWidth)), t.style.Dim(pad(now, -shareWidth)))
		line(t.w.emails, pad(t.count(c.Then.Emails), -shareWidth), pad(t.count(c.Now.Emails), -shareWidth))
		line(t.w.score, pad(t.decimal(c.Then.Score, false), -shareWidth), pad(t.decimal(c.Now.Score, false), -shareWidth), t.moved(c.Now.Score-c.Then.Score, c.Sure, true))
		for _, v := range t.verdicts() {
			a, b := v.share(&c.Then), v.share(&c.Now)
			sure := audit.SureShare(v.count(c.Then.Verdicts), c.Then.Emails, v.count(c.Now.Verdicts), c.Now.Emails)
			line(v.name, pad(t.percent(a), -shareWidth), pad(t.percent(b), -shareWidth), t.moved(100*(b-a), sure, v.good))
		}
	}
	if len(t.Weekly) > 1 {
		scores := make([]float64, len(t.Weekly))
		weights := make([]int, len(t.Weekly))
		for i, f := range t.Weekly {
			scores[i], weights[i] = f.Score, f.Emails
		}
		line(t.w.score+" "+t.w.byWeek, "   ", spark(scores, weights, t.width-nameWidth-6, false))
	}
}

// A verdictRow is one of the summary's.
type verdictRow struct {
	name  string
	good  bool // more of it is better
	count func(audit.Verdicts) int
}

func (v *verdictRow) share(f *audit.Figure) float64 {
	if f.Emails == 0 {
		return 0
	}
	return float64(v.count(f.Verdicts)) / float64(f.Emails)
}

func (t *auditText) verdicts() []verdictRow {
	return []verdictRow{
		{t.w.send, true, func(v audit.Verdicts) int { return v.Send }},
		{t.w.revise, false, func(v audit.Verdicts) int { return v.Revise }},
		{t.w.talk, false, func(v audit.Verdicts) int { return v.Talk }},
	}
}

var bars = []rune("▁▂▃▄▅▆▇█")

// spark draws values in at most width columns, weeks put together where there are more.
// Weeks without emails are blank. From zero on, or from the smallest value.
func spark(values []float64, weights []int, width int, zero bool) string {
	step := (len(values) + width - 1) / width
	var means []float64
	var there []bool
	for i := 0; i < len(values); i += step {
		sum, n := 0.0, 0
		for k := i; k < min(i+step, len(values)); k++ {
			sum += values[k] * float64(weights[k])
			n += weights[k]
		}
		there = append(there, n > 0)
		means = append(means, sum/float64(max(1, n)))
	}
	low, high := math.Inf(1), 0.0
	for i, v := range means {
		if there[i] {
			low, high = min(low, v), max(high, v)
		}
	}
	if zero {
		low = 0
	}
	var b strings.Builder
	for i, v := range means {
		switch {
		case !there[i]:
			b.WriteByte(' ')
		case high <= low:
			if v > 0 && !zero || high > 0 {
				b.WriteRune(bars[3])
			} else {
				b.WriteRune(bars[0])
			}
		default:
			b.WriteRune(bars[int(math.Round((v-low)/(high-low)*float64(len(bars)-1)))])
		}
	}
	return b.String()
}

// rules writes a line for each.
func (t *auditText) rules() {
	if len(t.Rules) == 0 {
		return
	}
	fmt.Fprintf(&t.b, "\n%s\n", t.style.Bold(t.w.rules))
	weights := make([]int, len(t.Weekly))
	for i, f := range t.Weekly {
		weights[i] = f.Emails
	}
	for _, r := range t.Rules {
		row := "  " + pad(short(safe.Text(t.Title(r.Rule)), nameWidth), nameWidth)
		room := t.width - nameWidth - 2 - shareWidth - 3
		if t.Comparison == nil {
			row += pad(t.percent(r.Share), -shareWidth)
		} else {
			row += pad(t.percent(r.Then), -shareWidth) + pad(t.percent(r.Now), -shareWidth) + t.moved(100*(r.Now-r.Then), r.Sure, false)
			room -= shareWidth + 9
		}
		if len(r.Weekly) > 1 && room >= 8 {
			row += "   " + spark(r.Weekly, weights, room, true)
		}
		t.b.WriteString(strings.TrimRight(row, " ") + "\n")
	}
}

// passages writes the marked words that are used most.
func (t *auditText) passages() {
	if len(t.Passages) == 0 {
		return
	}
	fmt.Fprintf(&t.b, "\n%s\n", t.style.Bold(t.w.words))
	for i, p := range t.Passages {
		if i == 15 {
			break
		}
		room := t.width - nameWidth - 2 - 9 - 2
		fmt.Fprintf(&t.b, "  %s%s  %s\n", pad(short(safe.Text(t.Title(p.Rule)), nameWidth), nameWidth), pad(t.count(p.Emails), -9), short(safe.Text(p.Text), room))
	}
}

// groups writes a line for each.
func (t *auditText) groups() {
	if len(t.Groups) == 0 {
		return
	}
	fmt.Fprintf(&t.b, "\n%s\n", t.style.Bold(pad(t.w.by[t.By], nameWidth+2)))
	fmt.Fprintf(&t.b, "  %s\n", t.style.Dim(pad("", nameWidth)+pad(t.w.emails, -9)+pad(t.w.mean, -12)+"         "+pad(t.w.talk, -14)))
	for i := range t.Groups {
		g := &t.Groups[i]
		name := safe.Text(g.Name)
		switch {
		case g.Name == audit.Other:
			name = fmt.Sprintf(t.w.other, g.Folded)
		case g.Name == audit.Unmapped:
			name = t.w.unmapped
		case t.By == audit.ByRule:
			name = safe.Text(t.Title(g.Name))
		case t.By == audit.ByMonth:
			name = g.Name[:len("2026-03")]
		}
		row := "  " + pad(short(name, nameWidth), nameWidth) + pad(t.count(g.Emails), -9) + pad(t.decimal(g.Score, false), -12)
		if c := g.Comparison; c != nil && c.Then.Emails > 0 && c.Now.Emails > 0 {
			row += t.moved(c.Now.Score-c.Then.Score, c.Sure, true)
		} else {
			row += strings.Repeat(" ", 9)
		}
		row += pad(t.percent(float64(g.Verdicts.Talk)/float64(max(1, g.Emails))), -14)
		t.b.WriteString(strings.TrimRight(row, " ") + "\n")
	}
}

// notes say what may mislead.
func (t *auditText) notes() {
	var all []string
	if t.Comparison != nil {
		all = append(all, t.w.sure)
	}
	if len(t.Judges) > 1 {
		all = append(all, fmt.Sprintf(t.w.judges, len(t.Judges)))
	}
	if (t.By == audit.ByTeam && t.UnmappedTeam > 0) || (t.By == audit.ByClient && t.UnmappedClient > 0) {
		all = append(all, fmt.Sprintf(t.w.noMap, t.count(t.UnmappedTeam), t.count(t.UnmappedClient)))
	}
	if n := len(t.Groups); n > 0 && t.Groups[n-1].Name == audit.Other {
		all = append(all, fmt.Sprintf(t.w.folded, t.MinEmails, t.MinAuthors))
	}
	for i, note := range all {
		if i == 0 {
			t.b.WriteByte('\n')
		}
		t.b.WriteString(t.style.Dim(strings.TrimRight(wrap(note, "", "", t.width), "\n")) + "\n")
	}
}
