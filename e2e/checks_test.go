package e2e

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/chromedp/chromedp"
)

// axe is axe-core, see testdata/VENDOR.md. It comes into the page through the debugger, so the page's own security
// policy stays as it is.
//
//go:embed testdata/axe.min.js
var axe string

// rules are those of WCAG 2.0 to 2.2, A and AA, and axe-core's best practice.
const rules = `{resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}`

// violation is one broken rule as a script tells it.
const violations = `.then(r => r.violations.map(v => v.id + ' (' + v.help + '): ' +
	v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + ' [' + n.target.join(' ') + '] ' + (n.any[0] || n.all[0] || n.none[0] || {message: ''}).message).join(' | ')))`

// opened runs the rules in every dialog, menu and detail of the page, which a reader opens one after the other.
const opened = `(async () => {
	const all = [];
	const check = async (e, what) => { for (const v of await axe.run(e, ` + rules + `)` + violations + `) all.push(what + ': ' + v); };
	for (const d of document.querySelectorAll('dialog')) {
		if (!d.childElementCount || d.matches('.drawer') && !d.textContent.trim()) continue;
		d.showModal(); await check(d, 'dialog #' + d.id); d.close();
	}
	for (const m of document.querySelectorAll('details')) {
		if (m.open || m.closest('tr')?.rowIndex > 2) continue; // rows are alike
		m.open = true; await check(m, 'details'); m.open = false;
	}
	return all;
})()`

// untranslated finds words that are keys of the catalogue, which is how a missing sentence looks, and other
// leftovers of a broken page.
const untranslated = `(() => {
	const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	for (let n = walk.nextNode(); n; n = walk.nextNode()) {
		const e = n.parentElement, t = n.data.trim();
		if (e.closest('script,style,code,pre,.mono,.id')) continue;
		if (/^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$/.test(t) && !/\.(csv|txt|pdf|json)$/.test(t) || /\?\?|%!|\{\{|<no value>|\bNaN\b|undefined/.test(t)) found.push(t);
	}
	for (const e of document.querySelectorAll('[aria-label],[placeholder],[title]'))
		for (const a of ['aria-label', 'placeholder', 'title']) {
			const t = e.getAttribute(a);
			if (t !== null && (t === '' && a === 'aria-label' || /^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$/.test(t))) found.push(a + '=' + JSON.stringify(t));
		}
	return found;
})()`

// wide names what is wider than the window, when the page scrolls sideways.
const wide = `(() => {
	const w = document.documentElement.clientWidth;
	if (document.documentElement.scrollWidth <= w) return [];
	return [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > w + 1 && !e.closest('.table-box,pre,.tile-scroll')).slice(0, 4)
		.map(e => e.tagName + '.' + e.className + ' ' + Math.round(e.getBoundingClientRect().right)).concat(['scroll width ' + document.documentElement.scrollWidth]);
})()`

// repeated finds ids that stand on the page more than once, and links that lead nowhere.
const repeated = `(() => {
	const seen = new Map(), found = [];
	for (const e of document.querySelectorAll('[id]')) seen.set(e.id, (seen.get(e.id) || 0) + 1);
	for (const [id, n] of seen) if (n > 1) found.push(n + ' times id ' + id);
	for (const a of document.querySelectorAll('a[href="#"],a[href=""],a:not([href])')) found.push('link without an address: ' + a.outerHTML.slice(0, 120));
	if (document.querySelectorAll('h1').length !== 1) found.push(document.querySelectorAll('h1').length + ' h1');
	return found;
})()`

// shorten leaves the first rows of a long table: the others are made by the same template, and the contrast of every
// cell would be worked out again.
const shorten = `document.querySelectorAll('tbody').forEach(b => [...b.rows].slice(30).forEach(r => r.remove()))`

// check looks at the page the tab is at; deep also opens what can be opened.
func (b *tab) check(deep bool) []string {
	b.t.Helper()
	var found []string
	add := func(what string, faults []string) {
		for _, f := range faults {
			found = append(found, what+": "+f)
		}
	}
	if lang := value[string](b, `document.documentElement.lang`); lang != b.look.locale {
		add("language", []string{fmt.Sprintf("%q instead of %q", lang, b.look.locale)})
	}
	add("words", value[[]string](b, untranslated))
	add("page", value[[]string](b, repeated))
	found = append(found, b.accessible()...)
	if deep {
		add("axe", value[[]string](b, opened))
	}
	add("heard", b.faults())
	return found
}

// accessible runs the rules on the page at hand, which may also be one of the simulated rail's counter.
func (b *tab) accessible() (found []string) {
	b.t.Helper()
	for _, f := range value[[]string](b, wide) {
		found = append(found, "sideways: "+f)
	}
	b.js(shorten)
	b.must(chromedp.Evaluate[chromedp.Void](axe))
	for _, f := range value[[]string](b, `axe.run(document, `+rules+`)`+violations) {
		found = append(found, "axe: "+f)
	}
	return found
}

// report is one line a fault.
func report(faults []string) string { return "\n    " + strings.Join(faults, "\n    ") }
