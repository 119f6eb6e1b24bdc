// Package orders holds the pages of orders and their parcels.
package orders

import (
	"context"
	"net/url"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/plan"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// Columns are those of the list beside the order's number.
var Columns = []ui.Column{{Key: "buyer", Label: "orders.buyer"}, {Key: "placed", Label: "orders.placed"}, {Key: "status", Label: "orders.status_of"},
	{Key: "parcel", Label: "orders.parcel"}, {Key: "payment", Label: "orders.payment_col"}, {Key: "total", Label: "orders.total"}}

// ListPage is the list of orders.
type ListPage struct {
	layout.Page
	Query  url.Values
	Views  ui.Views
	Filter models.OrderFilter

	Carriers []string // the names of those that are known

	Tallies map[models.OrderStatus]models.Sum
	Rows    []models.OrderRow
	Newer   string
	Older   string
	Walked  int         // orders read by a search by name that stopped early, else 0
	Sum     *models.Sum // of a free filter, nil until it was asked for
	Failed  string
}

var statusLooks = map[models.OrderStatus]ui.Look{
	models.OrderCreated:        {Icon: "circle-dot", Key: "orders.status.created"},
	models.OrderConfirmed:      {Tone: "info", Icon: "check", Key: "orders.status.confirmed"},
	models.OrderGuideGenerated: {Tone: "info", Icon: "file-text", Key: "orders.status.guide_generated"},
	models.OrderInTransit:      {Tone: "info", Icon: "truck-delivery", Key: "orders.status.in_transit"},
	models.OrderOutForDelivery: {Tone: "info", Icon: "map-pin", Key: "orders.status.out_for_delivery"},
	models.OrderDelivered:      {Tone: "ok", Icon: "package", Key: "orders.status.delivered"},
	models.OrderIncident:       {Tone: "wait", Icon: "alert-triangle", Key: "orders.status.incident"},
	models.OrderReturned:       {Tone: "hold", Icon: "arrow-back-up", Key: "orders.status.returned_to_sender"},
	models.OrderCancelled:      {Icon: "ban", Key: "orders.status.cancelled"},
	models.OrderFailed:         {Icon: "credit-card-off", Key: "orders.status.failed"},
	models.OrderRefunded:       {Tone: "hold", Icon: "receipt-refund", Key: "orders.status.refunded"},
}

func total(tallies map[models.OrderStatus]models.Sum) models.Sum {
	all := models.Sum{Total: models.Centavos(0)}
	for _, s := range tallies {
		all.Count += s.Count
		all.Total = all.Total.Add(s.Total)
	}
	return all
}

func (p ListPage) any() bool { return total(p.Tallies).Count > 0 }

func (p ListPage) tabs(ctx context.Context) []ui.TileData {
	tiles := []ui.TileData{p.tile(ctx, "", i18n.T(ctx, "orders.all"), total(p.Tallies))}
	for _, s := range models.OrderStatuses {
		sum := p.Tallies[s]
		if sum.Total.Currency == "" {
			sum.Total = models.Centavos(0)
		}
		tiles = append(tiles, p.tile(ctx, s, i18n.T(ctx, statusLooks[s].Key), sum))
	}
	return tiles
}

func (p ListPage) tile(ctx context.Context, s models.OrderStatus, label string, sum models.Sum) ui.TileData {
	return ui.TileData{URL: urls.With(urls.Orders(), p.Query, "status", string(s)), Label: label, Icon: statusLooks[s].Icon,
		Tone: statusLooks[s].Tone, Big: i18n.Number(ctx, sum.Count), Note: i18n.MoneyShort(ctx, sum.Total), Current: p.Filter.Status == s}
}

func (p ListPage) filters(ctx context.Context) ui.Filters {
	f := ui.Filters{Action: urls.Orders(), Query: p.Filter.Query, Placeholder: i18n.T(ctx, "orders.search")}
	f.Keep = p.Views.Keep()
	if p.Filter.Status != "" {
		f.Keep = append(f.Keep, ui.Pair{Name: "status", Value: string(p.Filter.Status)})
	}
	return f
}

func (p ListPage) days(ctx context.Context) ui.Days {
	d := ui.NewDays(urls.Orders(), p.Query, "to", p.Now)
	d.FromText, d.ToText = i18n.T(ctx, "orders.from"), i18n.T(ctx, "orders.to")
	return d
}

func payments(ctx context.Context) []ui.Option {
	list := make([]ui.Option, len(models.OrderPayments))
	for i, k := range models.OrderPayments {
		list[i] = ui.Option{Value: k, Label: i18n.T(ctx, "orders.payment_by."+k)}
	}
	return list
}

func parcelAlarms(ctx context.Context) []ui.Option {
	list := make([]ui.Option, len(models.ParcelAlarms))
	for i, a := range models.ParcelAlarms {
		list[i] = ui.Option{Value: string(a), Label: i18n.T(ctx, "orders.parcel_alarm."+string(a))}
	}
	return list
}

func (p ListPage) carriers() []ui.Option {
	list := make([]ui.Option, len(p.Carriers))
	for i, k := range p.Carriers {
		list[i] = ui.Option{Value: k, Label: k}
	}
	return list
}

func (p ListPage) pages(ctx context.Context) ui.Pages {
	at := func(cursor string) string {
		if cursor == "" {
			return ""
		}
		return urls.With(urls.Orders(), p.Query, "after", cursor)
	}
	pages := ui.Pages{Newer: at(p.Newer), Older: at(p.Older)}
	switch {
	case p.Walked > 0:
		pages.Summary = i18n.T(ctx, "orders.walked", "N", i18n.Number(ctx, int64(p.Walked)))
	case p.Sum != nil:
		pages.Summary = sentence(ctx, *p.Sum)
	case p.Filter.Free():
	case p.Filter.Status == "":
		pages.Summary = sentence(ctx, total(p.Tallies))
	default:
		pages.Summary = sentence(ctx, p.Tallies[p.Filter.Status])
	}
	return pages
}

func sentence(ctx context.Context, s models.Sum) string {
	return i18n.N(ctx, "orders.count", int(s.Count), "Amount", i18n.Money(ctx, s.Total))
}

// RecordPage is one order.
type RecordPage struct {
	layout.Page
	models.OrderTrail
	Whose   models.Attribution
	Changes []models.AttributionChange // of whose it is, newest first
	Earns   plan.Earnings
}

// city is the municipality's name for a code.
func city(divipola string) string {
	if m, ok := colombia.MunicipalityByCode(divipola); ok {
		return m.Name + ", " + m.Department
	}
	return divipola
}

func (p RecordPage) log(ctx context.Context) []ui.LogEntry {
	list := make([]ui.LogEntry, len(p.Events))
	for i, e := range p.Events {
		look := ui.TrackingState(e.State)
		text := i18n.T(ctx, look.Key) + ": " + e.Text
		if e.Code != "" {
			text += " (" + e.Code + ")"
		}
		if e.Copy > 1 {
			text += " · " + i18n.T(ctx, "orders.repeated")
		}
		list[i] = ui.LogEntry{Tone: look.Tone, Icon: look.Icon, Text: text, Note: e.Incident, At: e.At}
	}
	return list
}

func (p RecordPage) sums(ctx context.Context) []ui.Sum {
	o := p.Order
	return []ui.Sum{
		{Label: i18n.T(ctx, "orders.subtotal"), Value: i18n.Money(ctx, o.Subtotal)},
		{Label: i18n.T(ctx, "orders.discount"), Value: i18n.Money(ctx, o.Discount.Neg())},
		{Label: i18n.T(ctx, "orders.shipping"), Value: i18n.Money(ctx, o.Shipping)},
		{Label: i18n.T(ctx, "orders.total"), Value: i18n.Money(ctx, o.Total), Total: true},
		{Label: i18n.T(ctx, "orders.iva"), Value: i18n.Money(ctx, o.IVA)},
	}
}
