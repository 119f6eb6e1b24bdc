package handlers

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/services/payouts"
	"pagaduria/views/home"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// Home is GET urls.HomePattern: what needs the viewer.
func (h *Handlers) Home(c echo.Context) error {
	ctx, by := c.Request().Context(), ActorFrom(c)
	p := home.Page{Page: h.page(c, i18n.T(ctx, "nav.home"), "home"), Greeting: greeting(ctx, by.Name, h.Now())}
	work, err := h.Payouts.Work(ctx, by)
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		h.Log.ErrorContext(ctx, "home failed", slog.Any("error", err))
		p.Failed = c.Response().Header().Get(echo.HeaderXRequestID)
		return render(c, http.StatusInternalServerError, home.Home(p))
	}
	if by.May(models.PermBatchesView) {
		p.ForMe, p.ForOthers = each(work.ForMe, asHome), each(work.ForOthers, asHome)
	}
	asked, err := h.Requests.ForMe(ctx, by)
	if err != nil {
		return err
	}
	p.Requests = asked
	p.Tiles = tiles(ctx, work, p.Page)
	if len(asked) > 0 {
		p.Tiles = append(p.Tiles, ui.TileData{URL: urls.Requests(), Label: i18n.T(ctx, "home.tile.requests"), Icon: "user-check", Tone: "wait",
			Big: i18n.Number(ctx, int64(len(asked))), Note: i18n.T(ctx, "home.note.requests")})
	}
	if by.May(models.PermCarriersView) {
		alarms, err := h.Tracking.Alarms(ctx)
		if err != nil {
			return err
		}
		p.Tiles = append(p.Tiles, parcelTiles(ctx, alarms)...)
	}
	if by.May(models.PermKYCReview) {
		counts, err := h.Review.Counts(ctx, by)
		if err != nil {
			return err
		}
		p.Tiles = append(p.Tiles, caseTiles(ctx, counts)...)
	}
	return render(c, http.StatusOK, home.Home(p))
}

// parcelTiles are the parcels that ask for somebody.
func parcelTiles(ctx context.Context, counts map[models.ParcelAlarm]int64) (list []ui.TileData) {
	for _, a := range models.ParcelAlarms {
		if n := counts[a]; n > 0 {
			list = append(list, ui.TileData{URL: urls.OrdersWith(url.Values{"parcel": {string(a)}}), Label: i18n.T(ctx, "orders.parcel_alarm."+string(a)), Icon: "truck-delivery",
				Tone: "bad", Big: i18n.Number(ctx, n), Note: i18n.T(ctx, "home.note.parcel_"+string(a))})
		}
	}
	return list
}

// caseTiles are the cases that a reviewer has to look at.
func caseTiles(ctx context.Context, counts kyc.QueueCounts) (list []ui.TileData) {
	for _, t := range []struct {
		tab        kyc.Tab
		icon, tone string
	}{{kyc.TabOverdue, "alert-triangle", "bad"}, {kyc.TabMine, "clipboard-check", "info"}, {kyc.TabSecond, "users", "hold"}, {kyc.TabNew, "id-badge-2", "wait"}} {
		if n := counts[t.tab]; n > 0 {
			list = append(list, ui.TileData{URL: urls.ReviewsWith(url.Values{"tab": {string(t.tab)}}), Label: i18n.T(ctx, "home.tile.cases_"+string(t.tab)), Icon: t.icon, Tone: t.tone,
				Big: i18n.Number(ctx, n), Note: i18n.T(ctx, "home.note.cases")})
		}
	}
	return list
}

func asHome(r payouts.BatchRow) home.Batch { return home.Batch(r) }

// each turns a service's rows into a page's.
func each[T, V any](list []T, as func(T) V) []V {
	views := make([]V, len(list))
	for i, x := range list {
		views[i] = as(x)
	}
	return views
}

func greeting(ctx context.Context, name string, now time.Time) string {
	first, _, _ := strings.Cut(name, " ")
	switch hour := now.In(i18n.Bogota).Hour(); {
	case hour < 12:
		return i18n.T(ctx, "home.greeting.morning", "Name", first)
	case hour < 19:
		return i18n.T(ctx, "home.greeting.afternoon", "Name", first)
	}
	return i18n.T(ctx, "home.greeting.evening", "Name", first)
}

// tiles are the numbers above zero that the viewer may follow to their list.
func tiles(ctx context.Context, w payouts.Work, p layout.Page) []ui.TileData {
	var list []ui.TileData
	add := func(perm models.Permission, n int64, key, icon, tone, note, to string) {
		if n > 0 && p.May(perm) {
			list = append(list, ui.TileData{URL: to, Label: i18n.T(ctx, key), Icon: icon, Tone: tone, Big: i18n.Number(ctx, n), Note: note})
		}
	}
	money := func(s payouts.Sum) string { return i18n.MoneyShort(ctx, s.Total) }
	add(models.PermBatchesView, int64(len(w.ForMe)), "home.tile.for_me", "user-check", "info", total(ctx, w.ForMe), urls.Home()+"#h-me")
	add(models.PermBatchesView, w.Blocked.Count, "home.tile.blocked", "lock", "bad", money(w.Blocked), urls.BatchesIn(string(models.BatchBlocked)))
	add(models.PermBatchesView, int64(len(w.ForOthers)), "home.tile.for_others", "hourglass", "wait", total(ctx, w.ForOthers), urls.Home()+"#h-others")
	add(models.PermPayoutsView, w.Failed.Count, "home.tile.failed", "circle-x", "bad", money(w.Failed), urls.FailuresWith(url.Values{"recent": {"failed"}}))
	add(models.PermPayoutsView, w.Contradicted.Count, "home.tile.contradicted", "alert-triangle", "bad", money(w.Contradicted), urls.ContradictionsIn(string(models.ContradictionOpen)))
	add(models.PermPayoutsView, w.Expiring.Count, "home.tile.expiring", "clock-x", "wait", money(w.Expiring), urls.PayoutsWith(url.Values{"recent": {"expiring"}}))
	add(models.PermPayoutsView, w.Overdue.Count, "home.tile.overdue", "calendar-due", "bad", money(w.Overdue), urls.PayoutsWith(url.Values{"overdue": {"1"}}))
	add(models.PermPayoutsView, w.Unknown.Count, "home.tile.unknown", "help-circle", "hold", money(w.Unknown), urls.PayoutsIn(string(models.PayoutUnknown)))
	add(models.PermCommissionsView, w.Payable.Count, "home.tile.payable", "coin", "info", money(w.Payable), urls.NavCommissions+"?state="+string(models.CommissionEligible))
	add(models.PermDistributorsView, w.Unverified, "home.tile.unverified", "shield-x", "wait", i18n.T(ctx, "home.note.unverified"), urls.NavDistributors+"?verification=unverified")
	add(models.PermWebhooksView, w.RejectedIn, "home.tile.rejected", "webhook", "bad", i18n.T(ctx, "home.note.rejected"), urls.NavWebhooks+"?verdict=rejected")
	add(models.PermConnectionsView, w.PausedRails, "home.tile.paused", "player-pause", "wait", i18n.T(ctx, "home.note.paused"), urls.NavConnections)
	add(models.PermConnectionsView, w.Waiting, "home.tile.waiting", "hourglass", "wait", i18n.T(ctx, "home.note.waiting"), urls.Funds(w.WaitsAt))
	add(models.PermConnectionsView, w.LowFloat, "home.tile.low_float", "report-money", "bad", i18n.T(ctx, "home.note.low_float"), urls.Funds(w.WaitsAt))
	return list
}

func total(ctx context.Context, list []payouts.BatchRow) string {
	sum := models.Pesos(0)
	for _, b := range list {
		sum = sum.Add(b.Total)
	}
	return i18n.MoneyShort(ctx, sum)
}
