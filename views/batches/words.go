package batches

import (
	"context"
	"net/url"
	"strings"

	"pagaduria/models"
	"pagaduria/models/ident"
	"pagaduria/views/i18n"
	"pagaduria/views/payouts"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// title is the batch's own name; one that has none beyond its code says what it holds.
func title(ctx context.Context, p ShowPage) string {
	if p.Batch.Name != p.Batch.Code {
		return p.Batch.Name
	}
	return i18n.N(ctx, "batches.untitled", p.Batch.Items)
}

// second is the quiet line under a batch's name.
func second(r Row) string {
	if r.Name == r.Code {
		return ""
	}
	return r.Code
}

func ofBatch(id int64) url.Values { return url.Values{"batch": {urls.Num(id)}} }

func tabTitle(ctx context.Context, tab string) string { return i18n.T(ctx, "batches.items."+tab) }

func emptyTitle(ctx context.Context, tab string) string {
	return i18n.T(ctx, "batches.empty."+emptyPart(tab))
}

func emptyText(ctx context.Context, tab string) string {
	return i18n.T(ctx, "batches.empty."+emptyPart(tab)+"_hint")
}

// emptyPart is which words say that a part is empty.
func emptyPart(tab string) string {
	switch tab {
	case "all", "removed":
		return tab
	case "outliers":
		return "outliers"
	}
	return "compared"
}

// firstTwo keeps a row from becoming a rainbow.
func firstTwo(flags []string) []string { return flags[:min(len(flags), 2)] }

// itemsURL is a page of the part that is shown.
func itemsURL(p ShowPage, page int) string {
	if p.Flag != "" {
		return urls.BatchFlagged(p.Batch.ID, p.Flag, page) + "#items"
	}
	return urls.BatchItems(p.Batch.ID, p.Tab, page) + "#items"
}

func itemPages(p ShowPage) ui.Pages {
	pages := ui.Pages{}
	if p.PageNo > 0 {
		pages.Newer = itemsURL(p, p.PageNo-1)
	}
	if p.More {
		pages.Older = itemsURL(p, p.PageNo+1)
	}
	return pages
}

func itemSummary(ctx context.Context, p ShowPage) string {
	if rest := int64(p.Batch.Items) - p.Counts.Outliers; p.Tab == "outliers" && p.Flag == "" && rest > 0 {
		return i18n.N(ctx, "batches.usual_rest", int(rest))
	}
	return ""
}

func holdOf(ctx context.Context, p ShowPage) ui.Hold {
	return ui.Hold{Form: "approve", Dialog: "sure", Icon: "check", Label: i18n.T(ctx, "batches.hold", "Amount", i18n.Money(ctx, p.Batch.Total))}
}

func sureText(ctx context.Context, p ShowPage) string {
	if left := p.Batch.Approval.Left() - 1; left > 0 {
		return i18n.N(ctx, "approval.sure_more", left)
	}
	return i18n.N(ctx, "batches.sure.text", p.Batch.Items, "Name", p.Connection.Name)
}

func sureAsk(ctx context.Context, p ShowPage) ui.Ask {
	amount := i18n.Money(ctx, p.Batch.Total)
	return ui.Ask{ID: "sure", Title: i18n.T(ctx, "batches.sure.title", "Amount", amount), Text: sureText(ctx, p), Action: urls.ApproveBatch(p.Batch.ID),
		CSRF: p.CSRF, Confirm: i18n.T(ctx, "batches.sure.do", "Amount", amount), Icon: "check",
		Hidden: append(Seen(p.Batch), ui.Pair{Name: "confirmed", Value: "yes"})}
}

// flag is how one reason to look is shown.
func flag(name string) ui.Look {
	switch name {
	case "new_payee":
		return ui.Look{Tone: "info", Icon: "user-plus", Key: "batches.flag.new_payee"}
	case "new_account":
		return ui.Look{Tone: "hold", Icon: "arrows-exchange", Key: "batches.flag.new_account"}
	case "median":
		return ui.Look{Tone: "wait", Icon: "trending-up", Key: "batches.flag.median"}
	case "shared":
		return ui.Look{Tone: "hold", Icon: "users", Key: "batches.flag.shared"}
	case "same_person":
		return ui.Look{Tone: "bad", Icon: "copy", Key: "batches.flag.same_person"}
	}
	return ui.Look{Tone: "wait", Icon: "report-money", Key: "batches.flag.cash_report"}
}

// goesTo is the network and the end of the account.
func goesTo(ctx context.Context, r ReviewItem) string {
	return destination(ctx, r.Method, r.BankCode, r.Account)
}

func destination(ctx context.Context, kind models.MethodKind, bank, account string) string {
	d := models.Destination{Kind: kind, BankCode: bank, AccountNumber: account}
	if kind == models.BreB {
		d = models.Destination{Kind: kind, BreBKey: account}
		if strings.Contains(account, "@") {
			d.BreBKeyKind = models.BreBEmail
		}
	}
	return place(ctx, d)
}

// place is where money goes, as people call it: "Bancolombia •••• 7731".
func place(ctx context.Context, d models.Destination) string {
	if end := d.Masked(); end != "" {
		return payouts.Network(ctx, d) + " " + end
	}
	return payouts.Network(ctx, d)
}

func document(docType, number, dv string) string { return ident.Mask(docType, number, dv) }
