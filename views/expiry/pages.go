// Package expiry shows who has to be looked at anew, and when.
package expiry

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// ListPage is the list of who is due, the soonest first.
type ListPage struct {
	layout.Page
	Filter models.ExpiryFilter
	Query  url.Values
	Counts models.ExpiryCounts
	Rows   []models.Expiry
	Pages  ui.Pages
	Today  time.Time
	Failed string
}

// RenewPage asks before many are asked anew.
type RenewPage struct {
	layout.Page
	Reach  models.ExpiryReach
	Hidden []ui.Pair // the filter
	Back   string    // the list with it
	Error  string
}

// SettingsPage is how often payees are looked at anew, as it was typed.
type SettingsPage struct {
	layout.Page
	Seen                           int64
	NormalDays, HighDays, OpenDays string
	Errors                         map[string]string
	Error                          string
}

// PapersPage is until when the papers of a distributor are good.
type PapersPage struct {
	layout.Page
	Of     models.Distributor
	Due    *models.Expiry // nil for who is not verified
	Papers []models.Paper
	Typed  map[int64]string
	Error  string
}

func (p ListPage) tiles(ctx context.Context) []ui.TileData {
	list := []ui.TileData{}
	for i, days := range models.ExpiryDays {
		if i < len(p.Counts.Within) {
			list = append(list, ui.TileData{URL: urls.ExpiriesWithin(days), Label: i18n.N(ctx, "expiry.within", days), Big: i18n.Number(ctx, p.Counts.Within[i]), Current: p.Filter.Days == days})
		}
	}
	return append(list, ui.TileData{URL: urls.Expiries(), Label: i18n.T(ctx, "expiry.all"), Big: i18n.Number(ctx, p.Counts.All), Current: p.Filter.Days == 0})
}

func (p ListPage) days() string {
	if p.Filter.Days == 0 {
		return ""
	}
	return strconv.Itoa(p.Filter.Days)
}

// renewURL is the page that asks before the set of the filter is asked anew.
func (p ListPage) renewURL() string {
	if len(p.Query) == 0 {
		return urls.RenewPayees()
	}
	return urls.RenewPayees() + "?" + p.Query.Encode()
}

func whyOptions(ctx context.Context) (list []ui.Option) {
	for _, w := range models.ExpiryWhys {
		list = append(list, ui.Option{Value: string(w), Label: i18n.T(ctx, "expiry.why."+string(w))})
	}
	return list
}

func caseOptions(ctx context.Context) []ui.Option {
	return []ui.Option{{Value: "none", Label: i18n.T(ctx, "expiry.case.none")}, {Value: "open", Label: i18n.T(ctx, "expiry.case.open")}}
}

func bandOptions(ctx context.Context) (list []ui.Option) {
	for _, b := range models.RiskBands {
		list = append(list, ui.Option{Value: string(b), Label: i18n.T(ctx, "risk.band."+string(b))})
	}
	return list
}

func caseState(e models.Expiry) kyc.State { return kyc.State(e.CaseState) }

// goodUntil is the day as it was typed, or as it is kept.
func (p PapersPage) goodUntil(x models.Paper) string {
	if typed, ok := p.Typed[x.DocumentID]; ok {
		return typed
	}
	if x.GoodUntil == nil {
		return ""
	}
	return x.GoodUntil.Format(time.DateOnly)
}

func (p PapersPage) readBy(ctx context.Context, x models.Paper) string {
	if x.StaffName == "" {
		return i18n.T(ctx, "expiry.unread")
	}
	return i18n.T(ctx, "expiry.read_by", "Name", x.StaffName)
}
