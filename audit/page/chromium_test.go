//go:build unix

package page

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/tacto-lint/tacto/audit"
)

// A browser is a real Chromium with one page open. What it complains of fails the test.
type browser struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	faults   []string
	requests []string
}

// open opens an address; without Chromium and with TACTO_REAL=1 that is a failure.
func open(t *testing.T, address string, width, height int64, dark bool) *browser {
	t.Helper()
	return openAt(t, address, width, height, 2, dark)
}

// openAt opens it on a screen of so many pixels a point.
func openAt(t *testing.T, address string, width, height int64, scale float64, dark bool) *browser {
	t.Helper()
	if os.Getenv("TACTO_REAL") == "" {
		t.Skip("set TACTO_REAL=1 to look at it in a real Chromium")
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("%v: .ci/install-packages installs it", err)
	}
	// It opens pages of our own alone, and containers lack what its sandbox needs.
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox)
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &browser{t: t, ctx: ctx}
	err = chromedp.Listen(ctx, func(ev any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch ev := ev.(type) {
		case *runtime.EventConsoleAPICalled:
			if ev.Type == "error" || ev.Type == "warning" {
				b.faults = append(b.faults, fmt.Sprintf("console: %s", ev.Args[0].Value))
			}
		case *runtime.EventExceptionThrown:
			b.faults = append(b.faults, ev.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			if !strings.Contains(ev.Entry.URL, "favicon") {
				b.faults = append(b.faults, "log: "+ev.Entry.Text)
			}
		case *network.EventRequestWillBeSent:
			b.requests = append(b.requests, ev.Request.URL)
		case *cdpage.EventJavascriptDialogOpening:
			b.faults = append(b.faults, "a dialog: "+ev.Message)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel = context.WithTimeout(ctx, 90*time.Second)
	t.Cleanup(cancel)
	b.ctx = ctx
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	call(b, network.Enable, network.EnableParams{})
	call(b, log.Enable, cdp.Empty{})
	call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: scale, Mobile: width < 600})
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	b.run(chromedp.Navigate(address))
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if len(b.faults) > 0 {
			t.Errorf("the browser complains: %s", strings.Join(b.faults, "\n"))
		}
		for _, r := range b.requests {
			if r != address && !strings.HasSuffix(r, "favicon.ico") && !strings.HasPrefix(address, "http://127.0.0.1") {
				t.Errorf("it asked for %s", r)
			}
		}
	})
	return b
}

func (b *browser) run(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// call gives the protocol's command.
func call[P, R any](b *browser, command cdp.Command[P, R], params P) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, command, params); err != nil {
		b.t.Fatal(err)
	}
}

// get gives what an action does.
func get[T any](b *browser, a chromedp.Action[T]) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, a)
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

// eval gives what an expression comes to.
func eval[T any](b *browser, expression string) T {
	b.t.Helper()
	return get(b, chromedp.Evaluate[T](expression))
}

func file(t *testing.T, d *Data) string {
	t.Helper()
	var w bytes.Buffer
	if err := Write(&w, d); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, w.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}

// TestPictures takes the page at phone and desktop widths in both themes, into the folder
// that TACTO_PICTURES names, to be looked at.
func TestPictures(t *testing.T) {
	dir := os.Getenv("TACTO_PICTURES")
	if dir == "" {
		dir = t.TempDir()
	}
	for _, lang := range []string{"en", "es"} {
		address := file(t, sample(t, lang))
		for _, width := range []int64{390, 1280} {
			for _, dark := range []bool{false, true} {
				b := open(t, address, width, 900, dark)
				b.run(chromedp.Sleep(100 * time.Millisecond))
				png := get(b, chromedp.FullScreenshot(100))
				name := fmt.Sprintf("%s-%d-%v.png", lang, width, map[bool]string{true: "dark", false: "light"}[dark])
				if err := os.WriteFile(filepath.Join(dir, name), png, 0o644); err != nil {
					t.Fatal(err)
				}
				// Nothing is cut off, and the page does not move sideways.
				if w := eval[int64](b, "document.documentElement.scrollWidth"); w > width {
					t.Errorf("%s is %d wide", name, w)
				}
				over := eval[[]string](b, `Array.from(document.querySelectorAll('svg text')).filter(e => {
					const r = e.getBoundingClientRect(), p = e.closest('figure').getBoundingClientRect();
					return r.width && (r.left < p.left - 2 || r.right > p.right + 2); }).map(e => e.textContent)`)
				if len(over) > 0 {
					t.Errorf("%s: texts leave their chart: %q", name, over)
				}
			}
		}
	}
}

// TestReadmePicture takes that of the README.
func TestReadmePicture(t *testing.T) {
	b := openAt(t, file(t, sample(t, "en")), 1180, 1175, 1, false)
	b.run(chromedp.Sleep(100 * time.Millisecond))
	png := get(b, chromedp.CaptureScreenshot())
	if dir := os.Getenv("TACTO_PICTURES"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, "readme.png"), png, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if len(png) < 20_000 || len(png) > 250_000 {
		t.Errorf("it has %d bytes", len(png))
	}
}

// figures are what the page is to show of cells.
type figures struct {
	emails, score, talk, send int
	rules                     map[int]int
}

func sum(c *audit.Cube, keep func(*audit.Cell) bool) figures {
	f := figures{rules: map[int]int{}}
	for i := range c.Cells {
		x := &c.Cells[i]
		if !keep(x) {
			continue
		}
		f.emails += x.Emails
		f.score += x.Score
		f.talk += x.Verdicts.Talk
		f.send += x.Verdicts.Send
		for _, r := range x.Rules {
			f.rules[r[0]] += r[1]
		}
	}
	return f
}

// shows holds the page's figures against sums.
func (b *browser) shows(d *Data, want figures) {
	b.t.Helper()
	if got := eval[string](b, "document.getElementById('app').dataset.emails"); got != fmt.Sprint(want.emails) {
		b.t.Errorf("%s emails, want %d", got, want.emails)
	}
	tiles := eval[[]string](b, "Array.from(document.querySelectorAll('.tile .value')).map(e => e.textContent)")
	clean := func(s string) string { return strings.NewReplacer(",", "", "\u00a0", "", " %", "").Replace(s) }
	mean, send := "–", "–"
	if want.emails > 0 {
		mean = fmt.Sprintf("%.1f", float64(want.score)/float64(want.emails))
		send = fmt.Sprintf("%.1f", 100*float64(want.send)/float64(want.emails))
	}
	near := func(got, want string) bool {
		var a, b float64
		if _, err := fmt.Sscan(got, &a); err != nil {
			return got == want
		}
		_, err := fmt.Sscan(want, &b)
		return err == nil && math.Abs(a-b) < 0.11 // halves are rounded otherwise
	}
	if len(tiles) != 4 || clean(tiles[0]) != fmt.Sprint(want.emails) || !near(clean(tiles[1]), mean) || !near(clean(tiles[2]), send) || clean(tiles[3]) != fmt.Sprint(want.talk) {
		b.t.Errorf("tiles %q, want %d, %s, %s, %d", tiles, want.emails, mean, send, want.talk)
	}
	rows := eval[[][]string](b, "Array.from(document.querySelectorAll('#rules-table tbody tr')).map(r => Array.from(r.children).map(c => c.textContent))")
	got := map[string]string{}
	for _, r := range rows {
		got[r[0]] = clean(r[1])
	}
	met := 0
	for id, n := range want.rules {
		if n == 0 {
			continue
		}
		met++
		if title := d.Title(d.Cube.Rules[id]); got[title] != fmt.Sprint(n) {
			b.t.Errorf("%s: %q emails, want %d", title, got[title], n)
		}
	}
	if len(rows) != met {
		b.t.Errorf("%d rules, want %d", len(rows), met)
	}
	// What the charts' elements say adds up to the same.
	if want.emails > 0 {
		total := eval[int](b, `Array.from(document.querySelectorAll('#verdicts .hit')).reduce((n, e) => n + Number(e.getAttribute('aria-label').split('\n')[1].replace(/[^0-9]/g, '')), 0)`)
		if total != want.emails {
			b.t.Errorf("the verdicts' bars have %d emails, want %d", total, want.emails)
		}
		bars := eval[int](b, `Array.from(document.querySelectorAll('#talk-table tbody tr')).reduce((n, e) => n + Number(e.children[2].textContent.replace(/[^0-9]/g, '')), 0)`)
		if bars != want.talk {
			b.t.Errorf("the talk chart's table has %d, want %d", bars, want.talk)
		}
	}
}

// choose sets a filter as a person does.
func (b *browser) choose(id, value string) {
	b.t.Helper()
	eval[bool](b, fmt.Sprintf(`(() => { const s = document.getElementById(%q); s.value = %q; s.dispatchEvent(new Event('change', {bubbles: true})); return s.value === %q; })()`, id, value, value))
}

func TestFilters(t *testing.T) {
	d := sample(t, "en")
	c := d.Cube
	b := open(t, file(t, d), 1280, 900, false)
	all := func(*audit.Cell) bool { return true }
	b.shows(d, sum(c, all))
	b.choose("team", "1")
	b.shows(d, sum(c, func(x *audit.Cell) bool { return x.Team == 1 }))
	b.choose("client", "2")
	b.shows(d, sum(c, func(x *audit.Cell) bool { return x.Team == 1 && x.Client == 2 }))
	b.choose("lang", "0")
	b.shows(d, sum(c, func(x *audit.Cell) bool { return x.Team == 1 && x.Client == 2 && x.Lang == 0 }))
	b.choose("from", "10")
	b.choose("to", "19")
	b.shows(d, sum(c, func(x *audit.Cell) bool {
		return x.Team == 1 && x.Client == 2 && x.Lang == 0 && x.Week >= 10 && x.Week <= 19
	}))
	// The address keeps it, for who opens it next.
	hash := eval[string](b, "location.hash")
	if !strings.Contains(hash, "from="+c.Weeks[10].String()) || !strings.Contains(hash, "lang=") {
		t.Errorf("the address says %q", hash)
	}
	b.run(chromedp.Reload())
	b.shows(d, sum(c, func(x *audit.Cell) bool {
		return x.Team == 1 && x.Client == 2 && x.Lang == 0 && x.Week >= 10 && x.Week <= 19
	}))
	// One before the other drags it along.
	b.choose("to", "3")
	if from := eval[string](b, "document.getElementById('from').value"); from != "3" {
		t.Errorf("from %s to 3", from)
	}
	b.run(chromedp.Click(chromedp.CSS("#reset")))
	b.shows(d, sum(c, all))
	if hash := eval[string](b, "location.hash"); hash != "" {
		t.Errorf("after the reset the address says %q", hash)
	}
	// The tables of teams and clients add up, and can be sorted.
	teams := eval[[]string](b, "Array.from(document.querySelectorAll('#teams tbody tr')).map(r => r.children[0].textContent + ' ' + r.children[1].textContent.replace(/[^0-9]/g, ''))")
	for i, name := range c.Teams {
		if want := fmt.Sprintf("%s %d", named([]string{name}, "en")[0], sum(c, func(x *audit.Cell) bool { return x.Team == i }).emails); !strings.Contains(strings.Join(teams, "\n"), want) {
			t.Errorf("teams %q lack %q", teams, want)
		}
	}
	b.run(chromedp.Click(chromedp.CSS("#teams thead th:first-child button")))
	names := eval[[]string](b, "Array.from(document.querySelectorAll('#teams tbody th')).map(e => e.textContent)")
	if sort := eval[string](b, "document.querySelector('#teams thead th').getAttribute('aria-sort')"); sort != "ascending" || names[0] > names[1] {
		t.Errorf("sorted %s: %q", sort, names)
	}
}

func TestKeyboardAndTooltips(t *testing.T) {
	d := sample(t, "en")
	b := open(t, file(t, d), 1280, 900, false)
	b.run(chromedp.Focus(chromedp.CSS("#heat .heat")), chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowDown))
	label := eval[string](b, "document.activeElement.getAttribute('aria-label')")
	order := eval[[]string](b, "Array.from(document.querySelectorAll('#rules .hit')).map(e => e.getAttribute('aria-label').split('\\n')[0])")
	if !strings.HasPrefix(label, order[1]+"\n") || !strings.Contains(label, " of ") {
		t.Errorf("the focus is on %q", label)
	}
	shown := eval[string](b, "document.getElementById('tip').hidden ? '' : document.getElementById('tip').innerText")
	if strings.ReplaceAll(shown, "\n", "") != strings.ReplaceAll(label, "\n", "") {
		t.Errorf("the tooltip says %q, want %q", shown, label)
	}
	// It is on the screen, wherever the element is.
	inside := eval[bool](b, "(() => { const r = document.getElementById('tip').getBoundingClientRect(); return r.left >= 0 && r.top >= 0 && r.right <= innerWidth && r.bottom <= innerHeight; })()")
	if !inside {
		t.Error("the tooltip is not on the screen")
	}
	b.run(chromedp.KeyEvent(kb.Escape))
	if !eval[bool](b, "document.getElementById('tip').hidden") {
		t.Error("Escape leaves the tooltip")
	}
	// Every control and every chart is reached by Tab, each chart once.
	seen := map[string]bool{}
	eval[bool](b, "document.activeElement.blur(), scrollTo(0, 0), true")
	for range 60 {
		b.run(chromedp.KeyEvent(kb.Tab))
		seen[eval[string](b, "(document.activeElement.closest('figure') || document.activeElement).id || document.activeElement.tagName + ':' + document.activeElement.textContent")] = true
	}
	for _, id := range []string{"from", "to", "team", "client", "lang", "reset", "score", "verdicts", "rules", "heat", "talk", "SUMMARY:The figures as a table"} {
		if !seen[id] {
			t.Errorf("Tab does not come to %s: %v", id, seen)
		}
	}
}

// TestServed: the page that serve gives is the same, under the policy of its header.
func TestServed(t *testing.T) {
	d := sample(t, "en")
	server := httptest.NewServer(&Handler{Token: "open-sesame", Data: func(context.Context) (*Data, error) { return d, nil }})
	t.Cleanup(server.Close)
	b := open(t, server.URL+"/?token=open-sesame", 1280, 900, false)
	b.shows(d, sum(d.Cube, func(*audit.Cell) bool { return true }))
	b.choose("team", "2")
	b.shows(d, sum(d.Cube, func(x *audit.Cell) bool { return x.Team == 2 }))
	if at := eval[string](b, "location.search + document.cookie"); at != "" {
		t.Errorf("the token can be seen: %q", at)
	}
}

// Names that want to be more than names are text.
func TestHostileNames(t *testing.T) {
	d := sample(t, "en")
	evil := []string{`<img src=x onerror=alert(1)>`, `</script><script>alert(2)</script>`, `"><svg onload=alert(3)>`, "a'\"&lt;\u2028\u202eb", `{{.Data}}`}
	copy(d.Cube.Teams, evil)
	copy(d.Cube.Clients, evil)
	title := d.Title
	d.Title = func(rule string) string { return title(rule) + `<b onclick="alert(4)">` + evil[1] }
	b := open(t, file(t, d), 1280, 900, false)
	b.choose("team", "1")
	b.run(chromedp.Focus(chromedp.CSS("#heat .heat")))
	if n := eval[int](b, "document.querySelectorAll('img, b[onclick], svg[onload], body script:not(#data)').length"); n != 1 { // the page's own script
		t.Errorf("%d elements came of names", n)
	}
	got := eval[[]string](b, "Array.from(document.querySelectorAll('#team option')).map(e => e.textContent)")
	for _, e := range evil[:len(d.Cube.Teams)] {
		if !strings.Contains(strings.Join(got, "\n"), e) {
			t.Errorf("%q is not among %q", e, got)
		}
	}
}

// The policy of the page holds: a script and a style that are not its own do nothing.
func TestPolicyHolds(t *testing.T) {
	b := open(t, file(t, sample(t, "en")), 1280, 900, false)
	blocked := eval[bool](b, `(() => { const s = document.createElement('script'); s.textContent = 'window.broken = 1'; document.body.append(s);
		const i = new Image(); i.src = 'https://example.org/x.png'; document.body.append(i); return window.broken === undefined; })()`)
	if !blocked {
		t.Error("a script that is not the page's own ran")
	}
	b.run(chromedp.Sleep(200 * time.Millisecond))
	b.mu.Lock()
	if len(b.faults) < 2 || !strings.Contains(strings.Join(b.faults, "\n"), "Content Security Policy") {
		t.Errorf("the browser says only %q", b.faults)
	}
	b.faults, b.requests = nil, nil // they were asked for
	b.mu.Unlock()
}

func TestAccessible(t *testing.T) {
	for _, dark := range []bool{false, true} {
		b := open(t, file(t, sample(t, "es")), 390, 900, dark)
		eval[bool](b, "document.querySelectorAll('details').forEach(d => d.open = true), true")
		type fault struct{ What, Where string }
		faults := eval[[]fault](b, `(() => {
			const out = [], bad = (what, e) => out.push({What: what, Where: e.outerHTML.slice(0, 120)});
			if (document.documentElement.lang !== 'es') bad('language', document.documentElement);
			document.querySelectorAll('select, button, summary').forEach(e => { if (!(e.getAttribute('aria-label') || (e.labels && e.labels[0] && e.labels[0].textContent) || e.textContent).trim()) bad('no name', e); });
			document.querySelectorAll('th').forEach(e => { if (!e.scope) bad('no scope', e); });
			document.querySelectorAll('svg[role]').forEach(e => { if (!document.getElementById(e.getAttribute('aria-labelledby'))) bad('no title', e); });
			document.querySelectorAll('[data-tip]').forEach(e => { if (!e.getAttribute('aria-label')) bad('no label', e); });
			const h = Array.from(document.querySelectorAll('h1, h2, h3')).map(e => Number(e.tagName[1]));
			if (h[0] !== 1 || h.some((x, i) => i && x > h[i - 1] + 1)) bad('headings ' + h, document.body);
			const lum = c => { const f = c.map(x => { x /= 255; return x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4; }); return 0.2126 * f[0] + 0.7152 * f[1] + 0.0722 * f[2]; };
			const rgb = s => (s.match(/[0-9.]+/g) || []).map(Number);
			const behind = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] > 0) return c; } return [255, 255, 255]; };
			document.querySelectorAll('h1, h2, p, li, label, select, button, th, td, summary, .value, .sub, .name, svg text').forEach(e => {
				if (!e.textContent.trim() || e.id === 'tip' || !e.getBoundingClientRect().width) return;
				const s = getComputedStyle(e), f = rgb(e.tagName === 'text' ? s.fill : s.color), g = behind(e.closest('figure') ? e.closest('figure') : e);
				const a = lum(f), b = lum(g), r = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
				if (r < 4.5) bad('contrast ' + r.toFixed(2), e);
			});
			return out; })()`)
		for _, f := range faults {
			t.Errorf("dark %v: %s: %s", dark, f.What, f.Where)
		}
	}
}

func TestEmptyAndOneEmail(t *testing.T) {
	for _, n := range []int{0, 1} {
		d := synthetic(t, "en", n, 1)
		b := open(t, file(t, d), 390, 800, false)
		text := eval[string](b, "document.body.innerText")
		if want := map[int]string{0: "No emails yet", 1: "mean score"}[n]; !strings.Contains(text, want) {
			t.Errorf("with %d: %s", n, text)
		}
	}
}

// Without a script the figures of the whole are there.
func TestWithoutScript(t *testing.T) {
	d := sample(t, "es")
	b := open(t, "about:blank", 390, 800, false)
	call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	b.run(chromedp.Navigate(file(t, d)))
	text := eval[string](b, "document.body.innerText") // the protocol's own scripts run all the same
	for _, want := range []string{fmt.Sprint(d.Report.Emails), d.Title(d.Report.Rules[0].Rule), "Sin scripts"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %q", want, text)
		}
	}
	b.mu.Lock()
	b.requests = nil
	b.mu.Unlock()
}

func TestPrint(t *testing.T) {
	b := open(t, file(t, sample(t, "en")), 1280, 900, true)
	pdf := get(b, chromedp.PrintToPDF(chromedp.PDFPrintBackground()))
	if pages := bytes.Count(pdf, []byte("/Type /Page\n")) + bytes.Count(pdf, []byte("/Type/Page/")) + bytes.Count(pdf, []byte("/Type /Page ")); len(pdf) < 10_000 || pages > 8 {
		t.Errorf("%d bytes, %d pages", len(pdf), pages)
	}
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	if eval[bool](b, "getComputedStyle(document.querySelector('.filters')).display !== 'none'") {
		t.Error("the filters are printed")
	}
	if got := eval[string](b, "getComputedStyle(document.body).backgroundColor"); got != "rgb(255, 255, 255)" {
		t.Errorf("the background is printed %s", got)
	}
}
