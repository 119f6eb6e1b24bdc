package layout_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	templruntime "github.com/a-h/templ/runtime"
	"golang.org/x/net/html"

	"pagaduria/models"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
)

var now = time.Date(2026, 11, 20, 15, 42, 0, 0, time.UTC)

func page() layout.Page {
	return layout.Page{
		Title: "Test", Active: "payouts", CSRF: "token", Path: "/payouts?q=a", Now: now, Merchant: "Aurora Catálogo S.A.S.", Demo: true,
		Flash:  []layout.Flash{{Kind: "ok", Text: "Done."}},
		Counts: map[string]int{"batches": 3},
		Staff: layout.Viewer{ID: 7, Name: "Mariana Ríos", Initials: "MR", Roles: []models.Role{models.RoleAdmin, models.RoleAuditor},
			May: func(models.Permission) bool { return true }},
	}
}

// parts is one of everything in ui.
func parts() map[string]templ.Component {
	ask := ui.Ask{ID: "reject", Title: "Reject?", Text: "Nothing is paid.", Action: "/x", CSRF: "token", Confirm: "Reject 2", Danger: true, Icon: "x", Hidden: []ui.Pair{{Name: "version", Value: "3"}}}
	reasons := []ui.Option{{Value: "wrong", Label: "Wrong amount", Note: "It differs"}, {Value: "other", Label: "Other"}}
	choice := ui.Choice{Name: "kind", Label: "Kind", Value: "wrong", Blank: "Choose", Hint: "Hint", Error: "Wrong", Options: reasons, Required: true}
	tiles := []ui.TileData{{URL: "/a", Label: "All", Big: "3", Note: "$ 4", Current: true}, {URL: "/b", Label: "Sent", Icon: "send", Tone: "info", Big: "1"}}
	steps := []ui.Step{{State: "done", Title: "One", Note: "Ana"}, {State: "now", Title: "Two"}, {State: "stop", Title: "Three"}, {Title: "Four"}}
	hold := ui.Hold{Form: "decide", Dialog: "sure", Label: "Hold", Icon: "check"}
	td := func(c templ.Component) templ.Component { return inRow(c) }
	all := map[string]templ.Component{
		"icon": ui.Icon("check"), "tone icon": ui.ToneIcon("send", "info"), "chip text": ui.ChipText(ui.BatchState(models.BatchInApproval), "Step 2"),
		"tag": ui.Tag("NIT"), "method": ui.Method(models.EfectyCash), "money": ui.Money(models.Pesos(12)),
		"money cell": td(ui.MoneyCell(models.Pesos(12))), "number cell": td(ui.NumCell("Payouts", 1204)),
		"time": ui.Time(now), "no time": ui.Time(time.Time{}), "when": ui.When(now, now), "no when": ui.When(time.Time{}, now), "date": ui.Date(now), "no date": ui.Date(time.Time{}),
		"id": ui.ID("P-1"), "no id": ui.ID(""), "copy button": ui.CopyButton("x", "Copy it"), "face": ui.Face("MR"), "two": around(ui.Two("second")),
		"row link": td(ui.RowLink("/a", "Name", "CC •••• 1")), "plain row link": td(ui.RowLink("/a", "Name", "")),
		"head": ui.PageHead(ui.Head{Crumbs: []ui.Crumb{{Text: "Up", URL: "/"}}, Title: "Title", Lede: "Lede", Chip: ui.Tag("x"), Acts: ui.Submit("primary", "plus", "New"), Sub: ui.ID("P-2")}),
		"card": around(ui.Card("h-card", "Card", "note", ui.Tag("act"))), "card body": around(ui.CardBody()), "banner": around(ui.Banner("wait", "It changed.", "Load again.")),
		"tiles": ui.Tiles("What needs you", tiles), "state tabs": ui.StateTabs("State", tiles),
		"facts": ui.KV(), "fact": inList(ui.Fact("Document")), "columns": around(ui.KVCols()), "column": inList(ui.FactCol("Since")),
		"sums": ui.Sums([]ui.Sum{{Label: "Gross", Value: "$ 1"}, {Label: "Net", Value: "$ 1", Total: true}}), "vsteps": ui.VSteps(steps), "hsteps": ui.HSteps(steps),
		"log":   ui.Log([]ui.LogEntry{{Tone: "ok", Icon: "check", Who: "Ana", Text: "approved.", Note: "Fine.", At: now}, {Icon: "x", Text: "It ended.", At: now}}, now),
		"blank": around(ui.Blank(ui.BlankData{Icon: "coin", Title: "None yet", Text: "Import some."})), "no match": ui.NoMatch("/a"), "list error": ui.ListError("/a", "ref-1"), "code": ui.Code("Body", "{}"),
		"filter bar":    around(ui.FilterBar(ui.Filters{Action: "/a", Query: "q", Placeholder: "Name", Keep: []ui.Pair{{Name: "state", Value: "sent"}}, Chosen: []ui.Chosen{{Label: "Period", Value: "30 days", Remove: "/a"}}})),
		"filter select": ui.FilterSelect("method", "Method", "wrong", reasons), "filter date": ui.FilterDate("from", "From", "2026-11-01"), "menu": around(ui.Menu("download", "More")),
		"table": around(ui.Table("Payouts")), "th": td(ui.Th("Name")), "th md": td(ui.ThMd("Name")), "th num": td(ui.ThNum("Amount")), "th pick": td(ui.ThPick()), "pick": td(ui.PickCell("pick", "3", "Ana", 120000)),
		"selection": ui.SelectionBar(ui.Selection{Form: "pick", All: "All 12", Acts: ui.Submit("", "send", "Send")}),
		"pager":     ui.Pager(ui.Pages{Newer: "/n", Summary: "3 payouts"}), "no pager": ui.Pager(ui.Pages{}),
		"csrf": ui.CSRF("t"), "field": ui.Field(ui.Input{Name: "email", Label: "E-mail", Type: "email", Hint: "Work", Error: "Wrong", Autocomplete: "username", Required: true, MaxLength: 20}),
		"text area": ui.TextArea(ui.Input{Name: "words", Label: "Words"}), "code field": ui.CodeField(ui.Input{Name: "code", Label: "Code", Error: "Old", Required: true}),
		"select": ui.Select(choice), "pills": ui.Pills(ui.Choice{Name: "pill", Label: "Pill", Options: reasons}), "radios": ui.Radios(ui.Choice{Name: "radio", Label: "Radio", Hint: "h", Options: reasons}),
		"checkbox": ui.Checkbox(ui.Tick{Name: "ok", Label: "Fine", Hint: "h", Error: "e", Checked: true}), "file": ui.FileField(ui.File{Name: "file", Label: "File", Accept: ".csv", Hint: "h", Required: true}),
		"form error": ui.FormError("Look again."), "link button": ui.LinkButton("", "plus", "New", "/n"), "open button": ui.OpenButton("bad", "x", "Reject", "reject", "/x"),
		"reason dialog": ui.ReasonDialog(ask, reasons, "Explain", "Kept"), "ask page": around(ui.AskPage(ui.Ask{ID: "ask", Title: "Sure?", Confirm: "Yes"}, "/back")),
		"drawer": around(ui.Drawer("item", "Item")), "drawer head": ui.DrawerHead("Name"), "hold button": ui.HoldButton(hold), "hold confirm": ui.HoldConfirm(hold, "Approve?", "All.", "Yes"),
		"flash": layout.FlashOOB([]layout.Flash{{Kind: "info", Text: "x"}}), "error flash": layout.ErrorFlash(layout.Problem{Status: 409, Ref: "r"}),
	}
	for _, s := range models.PayoutStates {
		all["payout "+string(s)] = ui.Chip(ui.PayoutStateBy(s, models.EfectyCash))
	}
	for _, s := range models.BatchStates {
		all["batch "+string(s)] = ui.Chip(ui.BatchState(s))
	}
	for _, s := range models.CommissionStates {
		all["commission "+string(s)] = ui.Chip(ui.CommissionState(s))
	}
	for _, s := range models.OrderStatuses {
		all["order "+string(s)] = ui.Chip(ui.OrderState(s))
	}
	for _, s := range []string{"unverified", "verified", "suspended", "expired"} {
		all["verification "+s] = ui.Chip(ui.VerificationState(s))
	}
	return all
}

// around, inRow and inList put a part where it may stand.
func around(c templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return c.Render(templ.WithChildren(ctx, templ.Raw("<span>child</span>")), w)
	})
}

func inRow(c templ.Component) templ.Component  { return wrapped("<table><tr>", c, "</tr></table>") }
func inList(c templ.Component) templ.Component { return wrapped("<dl>", around(c), "</dl>") }

func wrapped(before string, c templ.Component, after string) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return templ.Join(templ.Raw(before), c, templ.Raw(after)).Render(ctx, w)
	})
}

func render(t *testing.T, l i18n.Locale, c templ.Component) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.Render(i18n.With(context.Background(), l), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestEveryPartIsSoundHTML(t *testing.T) {
	t.Parallel()
	for name, c := range parts() {
		for _, l := range i18n.Locales {
			check(t, name+" in "+string(l), render(t, l, c))
		}
	}
}

func TestEveryFrameIsSoundHTML(t *testing.T) {
	t.Parallel()
	body := templ.Raw("<h1>Title</h1>")
	pages := map[string]templ.Component{
		"app":       withBody(layout.App(page()), body),
		"bare":      withBody(layout.Bare(page()), body),
		"bare wide": withBody(layout.BareWide(page()), body),
		"nobody":    withBody(layout.App(layout.Page{Title: "x"}), body),
	}
	for _, status := range []int{400, 403, 404, 409, 413, 422, 429, 500, 503} {
		pages["error "+string(rune('0'+status/100))+string(rune('0'+status%100/10))+string(rune('0'+status%10))] =
			layout.ErrorPage(page(), layout.Problem{Status: status, Ref: "01JD", Again: "/x"})
	}
	for name, c := range pages {
		for _, l := range i18n.Locales {
			text := render(t, l, c)
			check(t, name+" in "+string(l), text)
			if n := strings.Count(text, "<h1"); n != 1 {
				t.Errorf("%s has %d h1, want one", name, n)
			}
		}
	}
}

func withBody(frame, body templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return frame.Render(templ.WithChildren(ctx, body), w)
	})
}

func TestNavigationShowsOnlyWhatTheViewerMayOpen(t *testing.T) {
	t.Parallel()
	p := page()
	p.Staff.May = func(perm models.Permission) bool { return models.RoleSupport.Grants(perm) }
	text := render(t, i18n.En, withBody(layout.App(p), templ.NopComponent))
	for _, want := range []string{`href="/payouts"`, `href="/webhooks"`, `aria-current="page"`} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing", want)
		}
	}
	for _, refused := range []string{`href="/staff"`, `href="/audit"`, `href="/ledger"`, `href="/batches"`, "Administration"} {
		if strings.Contains(text, refused) {
			t.Errorf("%s is shown to support", refused)
		}
	}
}

var void = map[string]bool{"br": true, "hr": true, "img": true, "input": true, "link": true, "meta": true}

// check walks the tags: each is closed where it was opened, no id twice, nothing the policy forbids,
// no icon the sprite lacks, no key that no catalogue has.
func check(t *testing.T, name, text string) {
	t.Helper()
	var open []string
	ids := map[string]bool{}
	z := html.NewTokenizer(strings.NewReader(text))
	for {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			if z.Err() != io.EOF {
				t.Errorf("%s: %v", name, z.Err())
			}
			if len(open) > 0 {
				t.Errorf("%s: %v never closed", name, open)
			}
			return
		case html.StartTagToken, html.SelfClosingTagToken:
			tok := z.Token()
			if kind == html.StartTagToken && !void[tok.Data] {
				open = append(open, tok.Data)
			}
			for _, a := range tok.Attr {
				checkAttr(t, name, a, ids)
			}
		case html.EndTagToken:
			tag := z.Token().Data
			if len(open) == 0 || open[len(open)-1] != tag {
				t.Errorf("%s: </%s> closes %v", name, tag, open)
				return
			}
			open = open[:len(open)-1]
		case html.TextToken:
			if s := strings.TrimSpace(z.Token().Data); strings.Count(s, ".") > 0 && !strings.ContainsAny(s, " ,|;0123456789") && s == strings.ToLower(s) && !strings.HasSuffix(s, ".") {
				t.Errorf("%s: says the key %q", name, s)
			}
		}
	}
}

func checkAttr(t *testing.T, name string, a html.Attribute, ids map[string]bool) {
	t.Helper()
	switch {
	case a.Key == "style" || strings.HasPrefix(a.Key, "on"):
		t.Errorf("%s: the policy of the pages forbids %s=", name, a.Key)
	case a.Key == "id" && ids[a.Val]:
		t.Errorf("%s: id %s twice", name, a.Val)
	case a.Key == "id":
		ids[a.Val] = true
	case a.Key == "href" && a.Val == "":
		t.Errorf("%s: a link or an icon leads nowhere", name)
	}
}

func BenchmarkRows(b *testing.B) {
	ctx := i18n.With(context.Background(), i18n.Es)
	w, _ := templruntime.GetBuffer(io.Discard) // as inside a page
	b.ReportAllocs()
	for b.Loop() {
		for range 50 {
			for _, c := range []templ.Component{
				ui.RowLink("/payouts/1", "José Gregorio Rivas Marcano", "PPT •••• 6612"),
				ui.Chip(ui.PayoutStateBy(models.PayoutSent, models.EfectyCash)), ui.When(now, now), ui.ID("P-88213-07"), ui.MoneyCell(models.Pesos(640_000)),
			} {
				if err := c.Render(ctx, w); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
}
