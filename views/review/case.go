package review

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/models/sanctions"
	"pagaduria/views/documents"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/onboarding"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// How an item is shown.
const (
	ShowPage   = ""     // one page
	ShowAll    = "all"  // every page: front beside back
	ShowBefore = "prev" // the version before beside it
)

// CasePage is the screen of one case.
type CasePage struct {
	layout.Page
	Of   kyc.Desktop
	Item kyc.CaseItem // that is shown; the zero one when nothing is judged
	Show string
	At   int // page of a document, from 1
	Zoom string
	Log  string // category of the timeline, "" is all
	Form VerdictForm
	Note string
	// WhyNot is why the case cannot be approved as it stands, "" when it can.
	WhyNot string
	// Refusals of forms on this page.
	Errors map[string]string
	Error  string
}

// VerdictForm is a verdict as it was typed.
type VerdictForm struct {
	Verdict  string
	Reason   string
	ToPayee  string
	Note     string
	IssuedOn string
}

// PayeeWords is the usual text of a reason in the language of a payee; "" for one that is never told.
func PayeeWords(lang string, r kyc.Reason) string {
	if r.Silent() {
		return ""
	}
	return i18n.T(i18n.With(context.Background(), onboarding.Locale(lang)), "reason.payee."+string(r))
}

func reasonName(ctx context.Context, r kyc.Reason) string {
	return i18n.T(ctx, "reason.name."+string(r))
}

// query is the address of what is shown, with one thing changed.
func (p CasePage) query(name, value string) url.Values {
	q := url.Values{}
	for n, v := range map[string]string{"item": string(p.Item.Item), "show": p.Show, "zoom": p.Zoom, "log": p.Log} {
		if v != "" {
			q.Set(n, v)
		}
	}
	if p.At > 1 {
		q.Set("page", strconv.Itoa(p.At))
	}
	if name == "item" { // another item begins anew
		q.Del("page")
		q.Del("show")
	}
	if q.Del(name); value != "" {
		q.Set(name, value)
	}
	return q
}

func (p CasePage) address(name, value string) string {
	return urls.ReviewAt(p.Of.ID, p.query(name, value))
}

// Here is the address of the page as it is.
func (p CasePage) here() string { return urls.ReviewAt(p.Of.ID, p.query("", "")) }

func (p CasePage) itemName(ctx context.Context, i kyc.Item) string {
	return onboarding.ItemName(ctx, i)
}

var itemLooks = map[kyc.ItemState]ui.Look{
	kyc.Missing:  {Icon: "circle-dashed", Key: "kyc.item.missing"},
	kyc.Given:    {Tone: "info", Icon: "circle-dot", Key: "case.item.open"},
	kyc.Accepted: {Tone: "ok", Icon: "circle-check", Key: "kyc.item.accepted"},
	kyc.Again:    {Tone: "wait", Icon: "arrow-back-up", Key: "kyc.item.again"},
	kyc.Rejected: {Tone: "bad", Icon: "circle-x", Key: "case.item.rejected"},
}

// mine answers whether the reader decides about the items now; whyNot says why not.
func (p CasePage) mine() bool {
	return p.May(models.PermKYCReview) && (p.Of.State == kyc.Submitted || p.Of.State == kyc.InReview) && (p.Of.ReviewerID == 0 || p.Of.ReviewerID == p.Staff.ID)
}

func (p CasePage) whyNot(ctx context.Context) string {
	switch {
	case !p.May(models.PermKYCReview):
		return i18n.T(ctx, "case.only_compliance")
	case p.Of.State == kyc.Waiting:
		return i18n.T(ctx, "case.waits_for_payee")
	case p.Of.State == kyc.SecondReview:
		return i18n.T(ctx, "case.waits_for_second")
	case !p.Of.State.UnderReview():
		return i18n.T(ctx, "case.is_over")
	}
	return i18n.T(ctx, "case.has_another", "Name", p.Of.ReviewerName)
}

// open are the items that nobody decided about.
func (p CasePage) open() (n int) {
	for _, i := range p.Of.Judged() {
		if i.State == kyc.Given {
			n++
		}
	}
	return n
}

// asked are the items that the payee is to be asked again.
func (p CasePage) asked() (n int) {
	for _, i := range p.Of.Judged() {
		if i.State == kyc.Again {
			n++
		}
	}
	return n
}

func (p CasePage) place() int {
	return slices.IndexFunc(p.Of.Judged(), func(i kyc.CaseItem) bool { return i.Item == p.Item.Item }) + 1
}

// last is the newest verdict on the version that is shown.
func (p CasePage) last() *kyc.Decided { return kyc.LastOn(p.Of.Decided, p.Item.Item, p.Item.Version) }

func (p CasePage) lastID() string {
	if d := p.last(); d != nil {
		return urls.Num(d.ID)
	}
	return "0"
}

func (p CasePage) said() (now, before *kyc.Said) { return p.Of.VersionOf(p.Item.Item, p.Item.Version) }

// before is the newest verdict on the version before the one that is shown.
func (p CasePage) before() *kyc.Decided {
	if _, old := p.said(); old != nil {
		return kyc.LastOn(p.Of.Decided, p.Item.Item, old.Version)
	}
	return nil
}

// picture is a page to be shown, with where it is.
type picture struct {
	Doc     models.Document
	Version models.DocumentVersion
	File    models.DocumentFile
	Page    models.DocumentPage
	N       int
	Old     bool
}

func picturesOf(doc models.Document, v models.DocumentVersion, old bool) (list []picture) {
	for _, f := range v.Files {
		for _, page := range f.Pages {
			list = append(list, picture{Doc: doc, Version: v, File: f, Page: page, N: len(list) + 1, Old: old})
		}
	}
	return list
}

// pages are all pages of the version that is to be decided about.
func (p CasePage) pages() []picture {
	now, _ := p.said()
	doc, v, ok := p.Of.Paper(now)
	if !ok {
		return nil
	}
	return picturesOf(doc, v, false)
}

// shown are the pages that the stage shows.
func (p CasePage) shown() []picture {
	list := p.pages()
	if len(list) == 0 {
		return nil
	}
	one := list[min(max(p.At, 1), len(list))-1]
	switch p.Show {
	case ShowAll:
		return list
	case ShowBefore:
		if _, old := p.said(); old != nil {
			if doc, v, ok := p.Of.Paper(old); ok {
				before := picturesOf(doc, v, true)
				return []picture{before[min(one.N, len(before))-1], one}
			}
		}
	}
	return []picture{one}
}

func (p CasePage) page() int { return min(max(p.At, 1), max(1, len(p.pages()))) }

func (x picture) alt(ctx context.Context) string {
	return i18n.T(ctx, "documents.picture", "Kind", i18n.T(ctx, "documents.kind."+string(x.Doc.Kind)), "Part", x.caption(ctx))
}

func (x picture) caption(ctx context.Context) string {
	side := ""
	if x.File.Side != models.SideWhole {
		side = i18n.T(ctx, "documents.field."+string(x.File.Side)) + " · "
	}
	return side + i18n.T(ctx, "case.page_of_version", "N", x.N, "Version", x.Version.Number)
}

func (x picture) size() (width, height string) {
	w, h := x.Page.Width, x.Page.Height
	if x.Page.Turned%180 != 0 {
		w, h = h, w
	}
	return strconv.Itoa(w), strconv.Itoa(h)
}

// zooms are the steps of the viewer.
var zooms = documents.Zooms

// declared writes one version of an answer as people read it.
func (p CasePage) declared(ctx context.Context, s *kyc.Said) [][2]string {
	if s == nil {
		return nil
	}
	list, err := onboarding.DeclaredOf(ctx, []kyc.CaseItem{p.Item}, map[kyc.Item][]byte{p.Item.Item: s.Answer})
	if err != nil || len(list) == 0 {
		return nil
	}
	return list[0].Lines
}

// compared are the lines of an answer, with what was said before.
type compared struct{ Name, Now, Before string }

func (p CasePage) compared(ctx context.Context) (lines []compared, old bool) {
	now, before := p.said()
	was := map[string]string{}
	for _, l := range p.declared(ctx, before) {
		was[l[0]] = l[1]
	}
	for _, l := range p.declared(ctx, now) {
		lines = append(lines, compared{l[0], l[1], was[l[0]]})
		delete(was, l[0])
	}
	for _, l := range p.declared(ctx, before) {
		if v, gone := was[l[0]]; gone {
			lines = append(lines, compared{l[0], "", v})
		}
	}
	return lines, before != nil
}

// everything is all that was declared beside the papers, for comparing it with a picture.
func (p CasePage) everything(ctx context.Context) []onboarding.Declared {
	said := slices.DeleteFunc(slices.Clone(p.Of.Items), func(i kyc.CaseItem) bool { return i.Item.DocumentKind() != "" })
	list, err := onboarding.DeclaredOf(ctx, said, p.Of.Answers)
	if err != nil {
		return nil
	}
	return list
}

var toneIcons = map[string]string{"ok": "circle-check", "wait": "alert-triangle", "bad": "circle-x"}

func (p CasePage) checkText(ctx context.Context, c kyc.Check) string {
	args := slices.Clone(c.Args)
	for i := range args {
		switch v := args[i].(type) {
		case kyc.Item:
			args[i] = p.itemName(ctx, v)
		case time.Time:
			args[i] = i18n.Date(ctx, v)
		}
	}
	return i18n.T(ctx, "case.check."+c.Key, args...)
}

func (p CasePage) checkNote(ctx context.Context, list []kyc.Check) string {
	n := map[string]int{}
	for _, c := range list {
		n[c.Tone]++
	}
	return i18n.T(ctx, "case.checks_note", "Ok", n["ok"], "Wait", n["wait"], "Bad", n["bad"])
}

func hitLook(h models.Hit) ui.Look {
	look := ui.Look{Key: "screening.state." + string(h.State), Icon: "circle-dot", Tone: "wait"}
	switch h.State {
	case models.HitConfirmed:
		look.Tone, look.Icon = "bad", "circle-x"
	case models.HitCleared:
		look.Tone, look.Icon = "ok", "circle-check"
	case models.HitLapsed:
		look.Tone, look.Icon = "", "minus"
	case models.HitOpen:
		if h.Level == sanctions.Hold {
			look.Tone, look.Icon = "bad", "alert-triangle"
		}
	}
	return look
}

func score(h models.Hit) string { return strconv.Itoa(h.Score / 10) }

// The categories of the timeline.
var logs = []string{"", "decisions", "work", "notes", "payee"}

// logOf is the category of an event.
func logOf(action string) string {
	switch action {
	case "kyc.verdict", "kyc.propose", "kyc.return", "kyc.decide", "kyc.withdraw", "kyc.ask_again":
		return "decisions"
	case "kyc.take", "kyc.assign", "kyc.escalate", "kyc.snooze", "kyc.wake", "kyc.tag":
		return "work"
	case "kyc.note":
		return "notes"
	}
	return "payee"
}

var logIcons = map[string]string{"decisions": "clipboard-check", "work": "users", "notes": "message", "payee": "user"}

// timeline is what happened to the case in sentences, newest first.
func (p CasePage) timeline(ctx context.Context) []ui.LogEntry {
	var entries []ui.LogEntry
	for _, n := range p.Of.Notes {
		if n.Kind == "note" && (p.Log == "" || p.Log == "notes") {
			entries = append(entries, ui.LogEntry{Icon: logIcons["notes"], Who: n.StaffName, Text: i18n.T(ctx, "case.event.note"), Note: n.Text, At: n.At})
		}
	}
	for _, d := range p.Of.Decided {
		if p.Log != "" && p.Log != "decisions" {
			break
		}
		entries = append(entries, p.verdictEntry(ctx, d))
	}
	for _, e := range p.Of.Events {
		if e.Action == "kyc.note" || e.Action == "kyc.verdict" || p.Log != "" && p.Log != logOf(e.Action) {
			continue
		}
		key := "kyc.event." + strings.TrimPrefix(e.Action, "kyc.")
		if !i18n.Has(key) {
			key = "case.event." + strings.TrimPrefix(e.Action, "kyc.")
		}
		name := e.ActorName
		if e.ActorID == 0 {
			name = i18n.T(ctx, "kyc.actor."+e.ActorName)
		}
		entries = append(entries, ui.LogEntry{Icon: logIcons[logOf(e.Action)], Who: name, Text: i18n.T(ctx, key), Note: cmp.Or(e.Reason, p.stepOf(ctx, e)), At: e.At})
	}
	slices.SortStableFunc(entries, func(a, b ui.LogEntry) int { return b.At.Compare(a.At) })
	return entries
}

// stepOf is what a step that was filled in is about.
func (p CasePage) stepOf(ctx context.Context, e models.AuditEvent) string {
	var after struct{ Item kyc.Item }
	if e.Action != "kyc.answer" || json.Unmarshal([]byte(e.After), &after) != nil || after.Item == "" {
		return ""
	}
	return p.itemName(ctx, after.Item)
}

func (p CasePage) verdictEntry(ctx context.Context, d kyc.Decided) ui.LogEntry {
	look := itemLooks[d.Verdict.Makes()]
	e := ui.LogEntry{Icon: look.Icon, Tone: look.Tone, Who: d.StaffName, At: d.At, Note: d.Note,
		Text: i18n.T(ctx, "case.said."+string(d.Verdict), "Item", p.itemName(ctx, d.Item), "Version", d.Version)}
	if d.Reason != "" {
		e.Text += " " + reasonName(ctx, d.Reason)
	}
	if d.ToPayee != "" {
		e.Note = strings.TrimSpace("«" + d.ToPayee + "» " + d.Note)
	}
	return e
}

func reasonKey(n int) string {
	if n < 9 {
		return strconv.Itoa(n + 1)
	}
	return ""
}
