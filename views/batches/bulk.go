package batches

import (
	"context"
	"encoding/hex"
	"strconv"

	"pagaduria/models"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// BulkRow is one of several batches; Why says why it is not decided on.
type BulkRow struct {
	models.Batch
	Why string
}

// BulkPage asks for one decision on several batches.
type BulkPage struct {
	layout.Page
	Rows     []BulkRow // decided on
	Not      []BulkRow // left alone
	Problem  string
	Chosen   string
	Typed    string
	DemoCode string
	Passkey  bool
}

// BulkResult says what came of each batch.
type BulkResult struct {
	layout.Page
	Decision  models.Decision
	Done, Not []BulkRow
}

// item is a batch as it is on the screen.
func item(b models.Batch) string {
	return urls.Num(b.ID) + "-" + strconv.Itoa(b.Version) + "-" + hex.EncodeToString(b.ContentHash)
}

func sumOf(rows []BulkRow) (total models.Money) {
	total = models.Pesos(0)
	for _, r := range rows {
		total = total.Add(r.Total)
	}
	return total
}

func payoutsOf(rows []BulkRow) (n int) {
	for _, r := range rows {
		n += r.Items
	}
	return n
}

// counted is how many batches, payouts and pesos rows are.
func counted(ctx context.Context, rows []BulkRow) string {
	return i18n.N(ctx, "bulk.count", len(rows), "Payouts", i18n.N(ctx, "batches.payouts", payoutsOf(rows)), "Amount", i18n.Money(ctx, sumOf(rows)))
}

func bulkHold(ctx context.Context, p BulkPage) ui.Hold {
	return ui.Hold{Form: "approve", Dialog: "sure", Icon: "check", Label: i18n.N(ctx, "bulk.hold", len(p.Rows), "Amount", i18n.Money(ctx, sumOf(p.Rows)))}
}

func bulkSureAsk(ctx context.Context, csrf string, list []models.Batch, items []string) ui.Ask {
	rows := make([]BulkRow, len(list))
	for i, b := range list {
		rows[i] = BulkRow{Batch: b}
	}
	a := ui.Ask{ID: "sure", CSRF: csrf, Title: i18n.N(ctx, "bulk.sure", len(rows), "Amount", i18n.Money(ctx, sumOf(rows))), Text: counted(ctx, rows),
		Action: urls.DecideBatches(), Confirm: i18n.N(ctx, "bulk.approve", len(rows), "Amount", i18n.Money(ctx, sumOf(rows))), Icon: "check",
		Hidden: []ui.Pair{{Name: "decision", Value: "approve"}, {Name: "confirmed", Value: "yes"}}}
	for _, i := range items {
		a.Hidden = append(a.Hidden, ui.Pair{Name: "item", Value: i})
	}
	return a
}

func resultTitle(ctx context.Context, p BulkResult) string {
	return i18n.N(ctx, "bulk.done."+string(p.Decision), len(p.Done), "Amount", i18n.Money(ctx, sumOf(p.Done)))
}
