// Package batches draws the pages of batches: the list, the composer with its preview, and the review.
package batches

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"pagaduria/models"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// Columns are those of the list beside the batch's name.
var Columns = []ui.Column{{Key: "state", Label: "batches.col.state"}, {Key: "maker", Label: "batches.col.maker"}, {Key: "created", Label: "batches.col.created"},
	{Key: "progress", Label: "batches.col.progress"}, {Key: "payouts", Label: "batches.col.payouts"}, {Key: "total", Label: "batches.col.total"}}

// Row is a batch of the list.
type Row struct {
	models.Batch
	MakerName string
	Paid      int64
	Failed    int64
}

// Done is how much of a batch has come to rest well, in ten-thousandths.
func (r Row) Done() int64 {
	if r.Items == 0 {
		return 0
	}
	return r.Paid * 10_000 / int64(r.Items)
}

// Sent answers whether there is progress to show.
func (r Row) Sent() bool {
	return r.State == models.BatchDispatching || r.State == models.BatchDone || r.State == models.BatchApproved
}

// ListPage is the list of batches.
type ListPage struct {
	layout.Page
	Tabs   []ui.TileData
	State  models.BatchState
	Views  ui.Views
	Rows   []Row
	Pages  ui.Pages
	Any    bool
	Failed string         // request id when the list could not be loaded
	Mine   map[int64]bool // batches of this page that the reader may decide on
}

// pick answers whether rows can be ticked, to be decided on together.
func (p ListPage) pick() bool { return len(p.Mine) > 0 }

// Item is a payee the batch would pay.
type Item struct {
	models.Candidate
	Amount   models.Money
	CarryOut models.Money
	models.Cost
}

// LeftOut is a payee who matches and is not paid now.
type LeftOut struct {
	models.Candidate
	Why    models.Refusal
	Detail string
}

// LeftGroup is everybody left out for one reason.
type LeftGroup struct {
	Why    models.Refusal
	Detail string
	Payees []LeftOut
	Total  models.Money
}

// shownLeft is how many of a group are named on the page; the file names them all.
const shownLeft = 100

// Shown are those named on the page.
func (g LeftGroup) Shown() []LeftOut { return g.Payees[:min(len(g.Payees), shownLeft)] }

// More is how many are named in the file only.
func (g LeftGroup) More() int { return len(g.Payees) - min(len(g.Payees), shownLeft) }

// Split is one network's part.
type Split struct {
	Kind  models.MethodKind
	Count int
	Total models.Money
	models.Cost
}

// Repeat points at an earlier payout of the same amount to the same payee.
type Repeat struct {
	DistributorID int64
	PayoutID      int64
	Code          string
	BatchCode     string
	CreatedAt     time.Time
}

// Form is what the composer was asked for, as typed.
type Form struct {
	ConnectionID int64
	Cutoff       string // 2006-01-02T15:04 in Bogotá, "" is now
	Period       string
	Methods      []models.MethodKind
	Distributor  int64
	Order        string
	Minimum      string // pesos, as typed
}

// ComposePage is the composer with the preview under it.
type ComposePage struct {
	layout.Page
	Connections []models.Connection
	Query       url.Values // the composition
	Form        Form
	Payee       string // name behind Form.Distributor
	Cutoff      time.Time
	Connection  models.Connection
	Items       []Item // of this page of the preview
	Count       int    // of all pages
	PageNo      int
	More        bool
	Excluded    []Item
	LeftOut     []LeftGroup
	Total       models.Money
	Cost        models.Cost
	Splits      []Split
	Lines       int
	Days        int // to hand everything over, by the caps
	Repeats     map[int64]Repeat
	Problem     string // why the last try did nothing
	Errors      map[string]string
}

// Has answers whether the composition is narrowed to the method.
func (p ComposePage) Has(k models.MethodKind) bool {
	for _, m := range p.Form.Methods {
		if m == k {
			return true
		}
	}
	return false
}

// PageURL is another page of the preview.
func (p ComposePage) PageURL(page int) string {
	value := ""
	if page > 0 {
		value = strconv.Itoa(page)
	}
	return urls.With(urls.NewBatch(), p.Query, "page", value)
}

// Exclude is the preview without a payee, Include the one with them again.
func (p ComposePage) Exclude(id int64) string {
	return urls.NewBatchWith(urls.WithAdded(p.Query, "x", urls.Num(id)))
}

// Include puts an excluded payee back.
func (p ComposePage) Include(id int64) string {
	return urls.NewBatchWith(urls.WithoutValue(p.Query, "x", urls.Num(id)))
}

// hidden are the fields with which the preview is posted: what it showed and where it came from.
func (p ComposePage) hidden() []ui.Pair {
	pairs := []ui.Pair{
		{Name: "connection", Value: urls.Num(p.Form.ConnectionID)}, {Name: "cutoff", Value: p.Cutoff.Format(time.RFC3339Nano)},
		{Name: "cutoff_typed", Value: p.Form.Cutoff}, {Name: "period", Value: p.Form.Period}, {Name: "distributor", Value: idOrNone(p.Form.Distributor)},
		{Name: "order", Value: p.Form.Order}, {Name: "minimum", Value: p.Form.Minimum}, {Name: "expect_count", Value: strconv.Itoa(p.Count)},
		{Name: "expect_total", Value: strconv.FormatInt(p.Total.Minor, 10)},
	}
	for _, m := range p.Form.Methods {
		pairs = append(pairs, ui.Pair{Name: "method", Value: string(m)})
	}
	for _, x := range p.Query["x"] {
		pairs = append(pairs, ui.Pair{Name: "x", Value: x})
	}
	return pairs
}

func idOrNone(id int64) string {
	if id == 0 {
		return ""
	}
	return urls.Num(id)
}

func (p ComposePage) connectionOptions(ctx context.Context) []ui.Option {
	options := make([]ui.Option, len(p.Connections))
	for i, c := range p.Connections {
		options[i] = ui.Option{Value: urls.Num(c.ID), Label: c.Name}
		if !c.Live() {
			options[i].Label = i18n.T(ctx, "batches.compose.paused_option", "Name", c.Name)
		}
	}
	return options
}
