package e2e

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"pagaduria/services/staff"
)

// look is how somebody has the product before them.
type look struct {
	width  int
	height int
	theme  string
	locale string
}

func (l look) String() string { return fmt.Sprintf("%d-%s-%s", l.width, l.theme, l.locale) }

// browser starts one Chromium for a test.
func browser(t testing.TB) context.Context {
	t.Helper()
	file := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "headless-shell"} {
		if found, err := exec.LookPath(name); err == nil {
			file = found
			break
		}
	}
	if file == "" {
		t.Fatal("There is no Chromium: run sh scripts/setup.sh chromium first (make test does).")
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(file), chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.DisableGPU, chromedp.Flag("headless", "new"),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("lang", "en"), chromedp.UserDataDir(t.TempDir()),
	}
	if os.Getuid() == 0 { // Chromium refuses to sandbox root
		options = append(options, chromedp.NoSandbox)
	}
	allocated, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, end := chromedp.NewContext(allocated)
	t.Cleanup(func() { _ = chromedp.Cancel(ctx); end() })
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	return ctx
}

// tab is one window of one person. It hears everything that goes wrong in it.
type tab struct {
	t       testing.TB
	ctx     context.Context
	site    string
	look    look
	mu      sync.Mutex
	heard   []string
	docs    map[network.RequestID]bool
	allowed bool // the page itself may answer with an error status
	deep    bool // look at the pages on the way as well
}

// open gives a tab of its own cookies, dressed as the look says.
func open(t testing.TB, chromium context.Context, site string, l look) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(chromium, chromedp.WithNewBrowserContext())
	t.Cleanup(func() { _ = chromedp.Cancel(ctx); cancel() })
	b := &tab{t: t, ctx: ctx, site: site, look: l, docs: map[network.RequestID]bool{}}
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	b.must(chromedp.EmulateViewport(int64(l.width), int64(l.height)))
	b.call(func() error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: l.theme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
		return err
	})
	b.setCookie("lang", l.locale)
	b.setCookie("theme", l.theme)
	return b
}

func (b *tab) setCookie(name, value string) {
	b.t.Helper()
	b.call(func() error {
		_, err := chromedp.Call(b.ctx, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: b.site})
		return err
	})
}

// hear notes errors of the console, of the security policy and of requests.
func (b *tab) hear(ev any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	note := func(format string, args ...any) { b.heard = append(b.heard, fmt.Sprintf(format, args...)) }
	switch ev := ev.(type) {
	case *network.EventRequestWillBeSent:
		if ev.Type == network.ResourceTypeDocument {
			b.docs[ev.RequestID] = true
		}
	case *network.EventResponseReceived:
		if ev.Response.Status >= 400 && !(b.allowed && b.docs[ev.RequestID]) {
			note("%s answers %d", ev.Response.URL, ev.Response.Status)
		}
	case *network.EventLoadingFailed:
		if !ev.Canceled {
			note("a request failed: %s", ev.ErrorText)
		}
	case *runtime.EventConsoleAPICalled:
		if ev.Type == runtime.ConsoleAPICalledTypeError || ev.Type == runtime.ConsoleAPICalledTypeAssert {
			note("console: %v", ev.Args)
		}
	case *runtime.EventExceptionThrown:
		note("exception: %s", ev.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		if ev.Entry.Level == log.EntryLevelError && ev.Entry.Source != log.EntrySourceNetwork {
			note("%s: %s", ev.Entry.Source, ev.Entry.Text)
		}
	}
}

// faults answers what was heard since it was last asked.
func (b *tab) faults() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	heard := b.heard
	b.heard = nil
	return heard
}

// within bounds what a tab does, so that a page that never loads fails its test.
const within = 90 * time.Second

func (b *tab) limited() (context.Context, context.CancelFunc) {
	return context.WithTimeout(b.ctx, within)
}

func (b *tab) call(f func() error) {
	b.t.Helper()
	if err := f(); err != nil {
		b.t.Fatal(err)
	}
}

func (b *tab) must(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := b.limited()
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%s: %v", b.where(), err)
	}
}

// to opens a page and answers its status.
func (b *tab) to(path string) (int, error) {
	ctx, cancel := b.limited()
	defer cancel()
	res, err := chromedp.RunResponse(ctx, chromedp.Navigate(b.site+path))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	return int(res.Status), nil
}

// visit opens a page that must be there.
func (b *tab) visit(path string) {
	b.t.Helper()
	status, err := b.to(path)
	if err != nil || status != 200 {
		b.t.Fatalf("%s: status %d, %v", path, status, err)
	}
}

// click does something that leads to another page, or to the same one again.
func (b *tab) click(selector string) {
	b.t.Helper()
	b.leads(chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// submit sends the form that has the selector's element, as its first button does.
func (b *tab) submit(selector string) {
	b.t.Helper()
	b.leads(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(
		`(() => { const f = document.querySelector(%q).closest('form'); f.requestSubmit(); })()`, selector)))
}

func (b *tab) leads(step chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := b.limited()
	defer cancel()
	res, err := chromedp.RunResponse(ctx, step)
	if err != nil {
		b.t.Fatalf("%s: %v", b.where(), err)
	}
	if res.Status >= 400 && !b.allowed {
		b.t.Fatalf("%s answers %d:\n%s", res.URL, res.Status, b.text("main"))
	}
}

// fill types into a field.
func (b *tab) fill(selector, value string) {
	b.t.Helper()
	b.js(fmt.Sprintf(`document.querySelector(%q).value = ''`, selector))
	b.must(chromedp.SendKeys(chromedp.CSS(selector), value))
}

// choose ticks a box, a radio button or an option of a list.
func (b *tab) choose(selector, value string) {
	b.t.Helper()
	b.js(fmt.Sprintf(`(() => { const e = document.querySelector(%q); if (e.tagName === 'SELECT') e.value = %q; else e.checked = true;
		e.dispatchEvent(new Event('change', {bubbles: true})); })()`, selector, value))
}

// js runs a script of the test in the page.
func (b *tab) js(script string) {
	b.t.Helper()
	b.must(chromedp.Evaluate[chromedp.Void](script))
}

// value asks the page for something; expression may be a promise.
func value[T any](b *tab, expression string) T {
	b.t.Helper()
	ctx, cancel := b.limited()
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v\n%s", b.where(), err, expression)
	}
	return v
}

// text is what the element shows.
func (b *tab) text(selector string) string {
	b.t.Helper()
	return value[string](b, fmt.Sprintf(`(document.querySelector(%q)?.innerText ?? '').replaceAll('\u00a0', ' ')`, selector))
}

func (b *tab) has(selector string) bool {
	b.t.Helper()
	return value[bool](b, fmt.Sprintf(`document.querySelector(%q) !== null`, selector))
}

// says fails unless the page shows the words.
func (b *tab) says(words ...string) {
	b.t.Helper()
	text := b.text("body")
	for _, w := range words {
		if !strings.Contains(text, w) {
			b.t.Fatalf("%s does not say %q:\n%s", b.where(), w, text)
		}
	}
}

// where is the path the tab is at.
func (b *tab) where() string {
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	at, err := chromedp.Run(ctx, chromedp.Location())
	if err != nil {
		return "a page"
	}
	u, err := url.Parse(at)
	if err != nil {
		return at
	}
	return u.RequestURI()
}

// session is the cookie of whom the tab belongs to.
func (b *tab) session() string {
	b.t.Helper()
	all, err := chromedp.Call(b.ctx, network.GetCookies, network.GetCookiesParams{URLs: []string{b.site}})
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range all.Cookies {
		if c.Name == sessionCookie {
			return c.Value
		}
	}
	b.t.Fatal("nobody is signed in")
	return ""
}

const sessionCookie = "pagaduria"

// as opens a tab of a demo account. Whoever signed in already goes on with that session: a code counts once, and the next
// one is half a minute away.
func (p *product) as(t testing.TB, chromium context.Context, email string, l look) *tab {
	t.Helper()
	b := open(t, chromium, p.url, l)
	if s, ok := p.sessions[email]; ok {
		b.setCookie(sessionCookie, s)
		return b
	}
	b.signInDemo(email)
	p.keep(email, b)
	return b
}

func (p *product) keep(email string, b *tab) {
	if p.sessions == nil {
		p.sessions = map[string]string{}
	}
	p.sessions[email] = b.session()
}

// signInDemo signs in as a demo account, through the pages, with the code that they show.
func (b *tab) signInDemo(email string) {
	b.t.Helper()
	b.visit("/signin")
	b.fill("input[name=email]", email)
	b.fill("input[name=password]", staff.DemoPassword)
	b.click("main form.form button[type=submit]")
	if b.deep {
		if found := b.check(true); len(found) > 0 {
			b.t.Errorf("%s in %s%s", b.where(), b.look, report(found))
		}
	}
	code := b.text(".form-hint b.mono")
	if len(code) != 6 {
		b.t.Fatalf("no demo code on the page:\n%s", b.text("main"))
	}
	b.fill("input[name=code]", code)
	b.click("main form.form button[type=submit]")
	if at := b.where(); at != "/" {
		b.t.Fatalf("signed in as %s, at %s:\n%s", email, at, b.text("main"))
	}
}
