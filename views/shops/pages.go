// Package shops holds the pages of shops that send orders, and of what they sent.
package shops

import (
	"context"
	"net/url"

	"pagaduria/models"
	"pagaduria/models/shop"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// ListPage is the list of shops.
type ListPage struct {
	layout.Page
	Rows   []models.ShopRow
	Failed string // request id when the query failed
}

// RecordPage is one shop, or the form of a new one.
type RecordPage struct {
	layout.Page
	Shop    models.Shop
	Address string // where it posts
	Latest  []models.ShopDelivery
	Errors  map[string]string
	Error   string
}

func (p RecordPage) fresh() bool { return p.Shop.ID == 0 }

func (p RecordPage) mayEdit() bool { return p.May(models.PermConnectionsEdit) }

func stateOf(active bool) string {
	if active {
		return "live"
	}
	return "paused"
}

func kinds() []ui.Option {
	list := make([]ui.Option, len(shop.Kinds))
	for i, k := range shop.Kinds {
		list[i] = ui.Option{Value: string(k), Label: k.Name()}
	}
	return list
}

func states(ctx context.Context) []ui.Option {
	return []ui.Option{
		{Value: "live", Label: i18n.T(ctx, "state.connection.live"), Note: i18n.T(ctx, "shops.live_note")},
		{Value: "paused", Label: i18n.T(ctx, "state.connection.paused"), Note: i18n.T(ctx, "shops.paused_note")},
	}
}

func kindName(kind string) string { return shop.Kind(kind).Name() }

// LogPage is the log of what shops sent.
type LogPage struct {
	layout.Page
	Rows    []models.ShopDelivery
	Query   url.Values // the filters as they stand in the URL
	Verdict string
	Outcome string
	Shop    int64
	Shops   []models.ShopRow
	Tallies map[string]int64
	Filters ui.Filters
	Pages   ui.Pages
	Failed  string // request id when the query failed
}

func (p LogPage) any() bool { return len(p.Tallies) > 0 }

func (p LogPage) shopOptions() []ui.Option {
	list := make([]ui.Option, len(p.Shops))
	for i, s := range p.Shops {
		list[i] = ui.Option{Value: urls.Num(s.ID), Label: s.Name}
	}
	return list
}

func (p LogPage) shop() string {
	if p.Shop == 0 {
		return ""
	}
	return urls.Num(p.Shop)
}

func (p LogPage) tabs(ctx context.Context) []ui.TileData {
	var all int64
	for _, n := range p.Tallies {
		all += n
	}
	tiles := []ui.TileData{{URL: urls.With(urls.ShopMessages(), p.Query, "verdict", ""), Label: i18n.T(ctx, "webhooks.all"), Icon: "building-store",
		Big: i18n.Number(ctx, all), Note: i18n.T(ctx, "webhooks.since_start"), Current: p.Verdict == ""}}
	for _, v := range []string{"accepted", "duplicate", "rejected"} {
		l := ui.Verdict(v)
		tiles = append(tiles, ui.TileData{URL: urls.With(urls.ShopMessages(), p.Query, "verdict", v), Label: i18n.T(ctx, l.Key), Icon: l.Icon, Tone: l.Tone,
			Big: i18n.Number(ctx, p.Tallies[v]), Note: i18n.T(ctx, "shops.note."+v), Current: p.Verdict == v})
	}
	return tiles
}

var outcomes = []string{"created", "updated", "refund", "stale", "ignored", models.ShopRefused, "none"}

var outcomeLooks = map[string]ui.Look{
	"created":          {Tone: "ok", Icon: "circle-check", Key: "shops.outcome.created"},
	"updated":          {Tone: "ok", Icon: "refresh", Key: "shops.outcome.updated"},
	"refund":           {Tone: "hold", Icon: "receipt-refund", Key: "shops.outcome.refund"},
	"stale":            {Icon: "check", Key: "shops.outcome.stale"},
	"ignored":          {Icon: "check", Key: "shops.outcome.ignored"},
	models.ShopRefused: {Tone: "bad", Icon: "alert-triangle", Key: "shops.outcome.refused"},
	"none":             {Tone: "wait", Icon: "hourglass", Key: "shops.outcome.none"},
}

func outcomeLook(outcome string) ui.Look {
	if outcome == "" {
		outcome = "none"
	}
	return outcomeLooks[outcome]
}

func outcomeOptions(ctx context.Context) []ui.Option {
	list := make([]ui.Option, len(outcomes))
	for i, o := range outcomes {
		list[i] = ui.Option{Value: o, Label: i18n.T(ctx, outcomeLooks[o].Key)}
	}
	return list
}

// name is what a message is called: its order, else what it is.
func name(ctx context.Context, d models.ShopDelivery) string {
	if d.Number != "" {
		return d.Number
	}
	return i18n.T(ctx, "shops.unnamed", "ID", urls.Num(d.ID))
}

func sender(ctx context.Context, d models.ShopDelivery) string {
	if d.Shop != "" {
		return d.Shop
	}
	return i18n.T(ctx, "webhooks.nobody")
}

// saying is what happened to a message and what to do about it: keys shops.say.<case>.what and .next.
func saying(d models.ShopDelivery) (kind, key string) {
	switch {
	case d.Verdict == "rejected":
		return "bad", "shops.say." + d.Reason
	case d.Verdict == "duplicate":
		return "info", "shops.say.duplicate"
	case d.Outcome == models.ShopRefused:
		return "bad", "shops.say.refused"
	case d.Outcome == "":
		return "wait", "shops.say.waiting"
	}
	return "ok", "shops.say." + d.Outcome
}

// MessagePage is one message of a shop.
type MessagePage struct {
	layout.Page
	Message models.ShopDelivery
	Headers []ui.Pair
	Body    string // "" for those who may not see personal data
	Error   string
}

func (p MessagePage) again() bool { return p.Message.Again() && p.May(models.PermWebhooksReplay) }
