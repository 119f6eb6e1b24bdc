package handlers

import (
	"context"
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/kyc"
	"pagaduria/services/payouts"
	"pagaduria/services/webhooks"
	"pagaduria/views/batches"
	"pagaduria/views/commissions"
	"pagaduria/views/distributors"
	"pagaduria/views/failures"
	"pagaduria/views/i18n"
	"pagaduria/views/orders"
	payoutviews "pagaduria/views/payouts"
	"pagaduria/views/requests"
	reviewviews "pagaduria/views/review"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
	webhookviews "pagaduria/views/webhooks"
)

// filter is one filter of a list: which values it takes, and how each is said; nil says it as it stands.
type filter struct {
	takes func(value string) bool
	says  func(ctx context.Context, value string, now time.Time) string
}

// savedList is what a view of a list may keep: its filters and its columns.
type savedList struct {
	title   string // key
	filters map[string]filter
	columns []ui.Column
}

// savedLists are the lists whose filters can be kept as a view.
var savedLists = map[models.SavedList]savedList{
	models.ListPayouts: {"payouts.title", map[string]filter{"q": words, "method": aMethod, "distributor": aNumber, "batch": aNumber, "from": aBeginning, "to": anEnd,
		"state": named(func(s models.PayoutState) bool { return s.Valid() }, func(s models.PayoutState) string { return ui.PayoutState(s).Key }),
		"cause": aCause, "overdue": oneOf(yes, "1"), "recent": oneOf(recentKey, "expiring")}, payoutviews.Columns},
	models.ListBatches: {"batches.title", map[string]filter{
		"state": named(func(s models.BatchState) bool { return slices.Contains(models.BatchStates, s) }, func(s models.BatchState) string { return ui.BatchState(s).Key }),
	}, batches.Columns},
	models.ListOrders: {"orders.title", map[string]filter{"q": words, "from": aBeginning, "to": anEnd, "carrier": words, "parcel": oneOf(under("orders.parcel_alarm."), string(models.ParcelStuck), string(models.ParcelUnremitted)),
		"status":  named(models.OrderStatus.Valid, func(s models.OrderStatus) string { return "orders.status." + string(s) }),
		"payment": oneOf(under("orders.payment_by."), models.OrderPayments...)}, orders.Columns},
	models.ListCommissions: {"commissions.title", map[string]filter{"q": words, "distributor": aNumber, "order": words, "period": aMonth, "concept": words,
		"state": named(models.CommissionState.Valid, func(s models.CommissionState) string { return commissions.Look(s).Key }),
		"min":   pesos, "max": pesos, "method": aMethod, "payable": oneOf(under("commissions.payable_"), "yes", "no")}, commissions.Columns},
	models.ListDistributors: {"distributors.title", map[string]filter{"q": words, "doc": aDocumentType, "city": aMunicipality,
		"verification": named(models.Verification.Valid, func(v models.Verification) string { return ui.VerificationState(v).Key }),
		"method":       named(func(k models.MethodKind) bool { return k.Valid() || k == models.NoMethod }, distributors.MethodKey),
		"warning":      oneOf(warningKey, "with", "without")}, distributors.Columns},
	models.ListReviews: {"case.title", map[string]filter{"q": words, "tag": words,
		"tab":      named(kyc.Tab.Valid, reviewviews.TabLabel),
		"reviewer": {takes: aReviewer, says: reviewerWord},
		"kind":     oneOf(under("distributors."), "natural", "juridical"),
		"desk":     named(kyc.Desk.Valid, func(d kyc.Desk) string { return "case.desk." + string(d) })}, reviewviews.Columns},
	models.ListWebhooks: {"webhooks.title", map[string]filter{"q": words, "from": aBeginning, "until": anEnd,
		"verdict": oneOf(under("state.webhook."), string(webhooks.Accepted), string(webhooks.Duplicate), string(webhooks.Rejected)),
		"reason":  oneOf(under("webhooks.reason."), webhookviews.Reasons()...),
		"outcome": oneOf(under("webhooks.outcome."), webhookviews.Outcomes...)}, webhookviews.Columns},
	models.ListRequests: {"request.title", map[string]filter{
		"state": oneOf(under("request.states."), "open", "granted", "refused", "withdrawn")}, requests.Columns},
	models.ListFailures: {"failures.title", map[string]filter{"q": words, "cause": aCause, "method": aMethod, "connection": aNumber, "period": aMonth, "batch": aNumber,
		"recent": oneOf(recentKey, "failed")}, failures.Columns},
}

// aReviewer takes whoever a case may be filtered by: oneself, nobody, or a person.
func aReviewer(v string) bool {
	return v == reviewviews.ReviewerMe || v == reviewviews.ReviewerNobody || aNumber.takes(v)
}

func reviewerWord(ctx context.Context, v string, _ time.Time) string {
	if v == reviewviews.ReviewerMe || v == reviewviews.ReviewerNobody {
		return i18n.T(ctx, "case."+v)
	}
	return v
}

// longestWords bounds what is kept of a search.
const longestWords = 100

// What filters take.
var (
	words = filter{takes: func(v string) bool {
		return utf8.ValidString(v) && len(v) <= longestWords && !strings.ContainsRune(v, 0)
	}}
	aNumber = filter{takes: func(v string) bool {
		n, err := strconv.ParseInt(v, 10, 64)
		return err == nil && n > 0
	}}
	pesos = filter{takes: func(v string) bool {
		_, err := models.ParsePesos(strings.ReplaceAll(v, ".", ""))
		return err == nil
	}}
	aBeginning = filter{aDay, func(ctx context.Context, v string, now time.Time) string { return ui.FirstDay(ctx, v, now) }}
	anEnd      = filter{aDay, func(ctx context.Context, v string, now time.Time) string { return ui.LastDay(ctx, v, now) }}
	aMonth     = filter{func(v string) bool {
		_, ok := models.FilterMonth(v, time.Time{})
		return ok
	}, ui.Month}
	aMethod = named(models.MethodKind.Valid, ui.MethodKey)
	aCause  = filter{func(v string) bool { return slices.Contains(payouts.Causes(), v) }, func(ctx context.Context, v string, _ time.Time) string {
		return i18n.T(ctx, "cause."+v+".name")
	}}
	aDocumentType = filter{takes: func(v string) bool {
		return slices.ContainsFunc(colombia.DocumentTypes(), func(d colombia.DocumentType) bool { return d.Code == v })
	}}
	aMunicipality = filter{func(v string) bool {
		_, ok := colombia.MunicipalityByCode(v)
		return ok
	}, func(_ context.Context, v string, _ time.Time) string {
		m, _ := colombia.MunicipalityByCode(v)
		return m.Name
	}}
)

func aDay(v string) bool {
	d, err := models.ParseFilterDay(v)
	return err == nil && !d.IsZero()
}

// named is a filter whose values are words of a type, each with a name in the catalogues.
func named[T ~string](valid func(T) bool, key func(T) string) filter {
	return filter{func(v string) bool { return valid(T(v)) }, func(ctx context.Context, v string, _ time.Time) string { return i18n.T(ctx, key(T(v))) }}
}

// oneOf is a filter with a few values; key names each of them in the catalogues, nil says it as it stands.
func oneOf(key func(v string) string, known ...string) filter {
	f := filter{takes: func(v string) bool { return slices.Contains(known, v) }}
	if key != nil {
		f.says = func(ctx context.Context, v string, _ time.Time) string { return i18n.T(ctx, key(v)) }
	}
	return f
}

// under are keys that end with the value.
func under(prefix string) func(v string) string { return func(v string) string { return prefix + v } }

func yes(string) string { return "payouts.yes" }

func recentKey(v string) string { return "home.tile." + v }

func warningKey(v string) string { return "distributors." + v + "_warning" }

// sift parts an address into what a view of the list keeps and what the list does not know.
func (l savedList) sift(query url.Values) (kept, dropped url.Values) {
	kept, dropped = url.Values{}, url.Values{}
	for name, values := range query {
		for i, v := range values {
			known, isFilter := l.filters[name]
			switch {
			case v == "":
			case name == ui.ColumnsParam && (v == ui.NoColumn || slices.ContainsFunc(l.columns, func(c ui.Column) bool { return c.Key == v })),
				isFilter && i == 0 && known.takes(v):
				kept.Add(name, v)
			default:
				dropped.Add(name, v)
			}
		}
	}
	return kept, dropped
}

// passing are the parts of an address that are no filters and no columns, and that stay when those are sifted.
var passing = []string{"after", "sum", "live", "layout", "plain", ui.ViewParam}

// listed reads the address of a list together with the views of it. Go on with q in place of the address; to is where
// to go instead, "" mostly: an address without anything opens with the reader's default view.
func (h *Handlers) listed(c echo.Context, name models.SavedList) (q url.Values, v ui.Views, to string) {
	ctx, by, l := c.Request().Context(), ActorFrom(c), savedLists[name]
	q = c.QueryParams()
	id, _ := strconv.ParseInt(q.Get(ui.ViewParam), 10, 64)
	views, err := h.Views.OfList(ctx, by, name, id)
	if err != nil { // the list is whole without them
		h.Log.WarnContext(ctx, "the views of a list could not be read", slog.String("list", string(name)), slog.Any("error", err))
	}
	v = ui.Views{List: name, Title: i18n.T(ctx, l.title), Saved: views, Links: make(map[int64]string, len(views))}
	for i, x := range views {
		kept, dropped := l.kept(x)
		same := kept.Encode()
		kept.Set(ui.ViewParam, urls.Num(x.ID))
		v.Links[x.ID], v.Default = urls.List(string(name), kept), v.Default || x.Default
		if x.Default && c.Request().URL.RawQuery == "" {
			return q, v, v.Links[x.ID]
		}
		if x.ID == id {
			q = l.follow(q)
			v.Current, v.Dropped, v.Mine = &views[i], filterWords(ctx, l, dropped, h.Now()), x.ChangeableBy(by)
			now, _ := l.sift(q)
			v.Changed = now.Encode() != same
		}
	}
	v.Address = listQuery(q, "layout", "plain")
	if v.Gone = id != 0 && v.Current == nil && err == nil; v.Gone || v.Default && q.Get(ui.ViewParam) == "" {
		v.Address.Set(ui.ViewParam, ui.AllViews) // so that taking the last filter away does not open the default view
	}
	v.Keeps, _ = l.sift(q)
	v.Columns = ui.NewColumns(l.columns, q[ui.ColumnsParam])
	return q, v, ""
}

// kept is what the list still knows of what a view keeps.
func (l savedList) kept(v models.SavedView) (kept, dropped url.Values) {
	query, _ := url.ParseQuery(v.Query) // what cannot be read was never saved
	return l.sift(query)
}

// follow is an address that came from a view without what the list does not know, so that an old view never breaks a page.
func (l savedList) follow(q url.Values) url.Values {
	clean, _ := l.sift(q)
	for _, name := range passing {
		if values := q[name]; len(values) > 0 {
			clean[name] = values
		}
	}
	return clean
}

// filterWords are the filters of an address in words, in the order of their names. What the list does not know is said
// as it stands.
func filterWords(ctx context.Context, l savedList, query url.Values, now time.Time) (said []ui.Pair) {
	for _, name := range slices.Sorted(maps.Keys(query)) {
		label, f := name, l.filters[name]
		if key := "filter." + name; i18n.Has(key) {
			label = i18n.T(ctx, key)
		}
		for _, v := range query[name] {
			if f.says != nil && f.takes(v) {
				v = f.says(ctx, v, now)
			}
			said = append(said, ui.Pair{Name: label, Value: v})
		}
	}
	return said
}

// auditLog says the filters of the audit log, of which no view is kept.
var auditLog = savedList{filters: map[string]filter{"from": aBeginning, "until": anEnd,
	"action":  {takes: func(v string) bool { return i18n.Has("action." + v) }, says: func(ctx context.Context, v string, _ time.Time) string { return i18n.T(ctx, "action."+v) }},
	"subject": {takes: func(v string) bool { return i18n.Has("record." + v) }, says: func(ctx context.Context, v string, _ time.Time) string { return i18n.T(ctx, "record."+v) }}}}
