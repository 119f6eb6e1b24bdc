package handlers

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/services/payouts"
	view "pagaduria/views/batches"
	"pagaduria/views/i18n"
	"pagaduria/views/urls"
)

// composition is what a batch takes, as the address of the composer and the form of its preview have it.
type composition struct {
	Connection   int64    `form:"connection"`
	Cutoff       string   `form:"cutoff"`       // what was typed; in the preview's form the exact moment
	CutoffTyped  string   `form:"cutoff_typed"` // what was typed, in the preview's form
	Period       string   `form:"period"`
	Methods      []string `form:"method"`
	Distributor  int64    `form:"distributor"`
	Order        string   `form:"order"`
	Minimum      string   `form:"minimum"` // pesos, as typed
	Excluded     []int64  `form:"x"`
	Page         int      `form:"page"`
	Name         string   `form:"name"`
	Submit       bool     `form:"submit"`
	ExpectCount  int      `form:"expect_count"`
	ExpectTotal  int64    `form:"expect_total"`
	methodsKnown []models.MethodKind
}

// typedMoment is how a browser sends a day and a time.
const typedMoment = "2006-01-02T15:04"

var periodShape = regexp.MustCompile(`^[0-9]{4}-(0[1-9]|1[0-2])$`)

// lines is the composition as the service knows it. A typed minute counts to its end. Errors are by field.
func (q *composition) lines(now time.Time) (comp models.Composition, wrong map[string]string) {
	wrong = map[string]string{}
	comp = models.Composition{Cutoff: now, Period: q.Period, DistributorID: max(q.Distributor, 0), Order: trimHash(q.Order), Excluded: q.Excluded}
	if q.Cutoff != "" {
		if exact, err := time.Parse(time.RFC3339Nano, q.Cutoff); err == nil {
			comp.Cutoff = exact
		} else if minute, err := time.ParseInLocation(typedMoment, q.Cutoff, i18n.Bogota); err == nil {
			comp.Cutoff = minute.Add(time.Minute - time.Microsecond)
		} else {
			wrong["cutoff"] = "batches.compose.cutoff_bad"
		}
	}
	if q.Period != "" && !periodShape.MatchString(q.Period) {
		wrong["period"] = "batches.compose.period_bad"
	}
	if q.Minimum != "" {
		var err error
		if comp.Minimum, err = typedPesos(q.Minimum); err != nil || comp.Minimum.Minor < 0 {
			wrong["minimum"] = "batches.compose.minimum_bad"
		}
	}
	for _, m := range q.Methods {
		if k := models.MethodKind(m); k.Valid() && !slices.Contains(comp.Methods, k) {
			comp.Methods = append(comp.Methods, k)
		}
	}
	q.methodsKnown = comp.Methods
	return comp, wrong
}

func trimHash(order string) string {
	if len(order) > 0 && order[0] == '#' {
		return order[1:]
	}
	return order
}

// NewBatch is GET urls.NewBatchPattern: the composer and its preview, which changes nothing.
func (h *Handlers) NewBatch(c echo.Context) error {
	var q composition
	if err := decodeQuery(c, &q); err != nil {
		return err
	}
	return h.compose(c, q, c.QueryParams(), http.StatusOK, "")
}

// compose draws the composer; problem is why the last try did nothing.
func (h *Handlers) compose(c echo.Context, q composition, query url.Values, status int, problem string) error {
	ctx := c.Request().Context()
	comp, wrong := q.lines(h.Now())
	p := view.ComposePage{Page: h.page(c, i18n.T(ctx, "batches.compose.title"), "batches"), Query: listQuery(query, "page"), Cutoff: comp.Cutoff,
		Problem: problem, PageNo: max(q.Page, 0), Errors: map[string]string{}}
	p.Form = view.Form{ConnectionID: q.Connection, Cutoff: q.Cutoff, Period: q.Period, Methods: q.methodsKnown, Distributor: comp.DistributorID, Order: q.Order, Minimum: q.Minimum}
	for field, key := range wrong {
		p.Errors[field] = i18n.T(ctx, key)
	}
	var err error
	if p.Connections, err = h.Payouts.Connections(ctx); err != nil {
		return err
	}
	if len(wrong) > 0 {
		p.Problem = i18n.T(ctx, "form.fix")
		return render(c, http.StatusUnprocessableEntity, view.Compose(p))
	}
	if len(p.Connections) > 0 {
		if err := h.preview(ctx, &p, comp); err != nil {
			return err
		}
	}
	return render(c, status, view.Compose(p))
}

// connectionOf chooses the connection: the one asked for, else the first live one, else the first.
func connectionOf(list []models.Connection, id int64) int64 {
	for _, c := range list {
		if c.ID == id {
			return id
		}
	}
	for _, c := range list {
		if c.Live() {
			return c.ID
		}
	}
	return list[0].ID
}

// preview fills in what the batch would be.
func (h *Handlers) preview(ctx context.Context, p *view.ComposePage, comp models.Composition) error {
	p.Form.ConnectionID = connectionOf(p.Connections, p.Form.ConnectionID)
	made, err := h.Payouts.Preview(ctx, p.Form.ConnectionID, comp)
	if err != nil {
		return err
	}
	asItem := func(i payouts.Item) view.Item { return view.Item(i) }
	p.Connection, p.Count, p.Total, p.Cost, p.Lines, p.Days = made.Connection, len(made.Items), made.Total, made.Cost, made.Lines, made.Days
	from := min(p.PageNo*payouts.PageSize, len(made.Items))
	to := min(from+payouts.PageSize, len(made.Items))
	p.Items, p.More = each(made.Items[from:to], asItem), to < len(made.Items)
	p.Excluded = each(made.Excluded, asItem)
	p.Splits = each(made.Splits, func(s payouts.Split) view.Split { return view.Split(s) })
	p.LeftOut = leftGroups(made.LeftOut)
	p.Repeats = make(map[int64]view.Repeat, len(made.Repeats))
	for _, r := range made.Repeats {
		p.Repeats[r.DistributorID] = view.Repeat(r)
	}
	p.Payee = payeeName(made, comp.DistributorID)
	return nil
}

// payeeName is the name of the one distributor the composition is narrowed to.
func payeeName(made payouts.Preview, id int64) string {
	for _, list := range [][]payouts.Item{made.Items, made.Excluded} {
		for _, i := range list {
			if i.DistributorID == id {
				return i.Payee.Name()
			}
		}
	}
	for _, l := range made.LeftOut {
		if l.DistributorID == id {
			return l.Payee.Name()
		}
	}
	return "#" + strconv.FormatInt(id, 10)
}

// leftGroups puts those left out together by reason, the largest group first.
func leftGroups(list []payouts.LeftOut) []view.LeftGroup {
	var groups []view.LeftGroup
	for _, l := range list {
		i := slices.IndexFunc(groups, func(g view.LeftGroup) bool { return g.Why == l.Why })
		if i < 0 {
			i = len(groups)
			groups = append(groups, view.LeftGroup{Why: l.Why, Detail: l.Detail, Total: models.Pesos(0)})
		}
		g := &groups[i]
		if g.Detail != l.Detail {
			g.Detail = "" // several words of the rail: each stands in the file
		}
		g.Payees, g.Total = append(g.Payees, view.LeftOut(l)), g.Total.Add(l.Owed())
	}
	slices.SortStableFunc(groups, func(a, b view.LeftGroup) int { return len(b.Payees) - len(a.Payees) })
	return groups
}

// NewBatchFile is GET urls.NewBatchFilePattern: the preview as CSV.
func (h *Handlers) NewBatchFile(c echo.Context) error {
	var q composition
	if err := decodeQuery(c, &q); err != nil {
		return err
	}
	comp, wrong := q.lines(h.Now())
	if len(wrong) > 0 {
		return models.Refuse(models.Invalid, "form.fix", "Some fields need another look.", nil)
	}
	ctx := c.Request().Context()
	connections, err := h.Payouts.Connections(ctx)
	if err != nil {
		return err
	}
	if len(connections) == 0 {
		return models.Refuse(models.Conflict, "batches.compose.no_connection", "There is no connection to a payout rail.", nil)
	}
	made, err := h.Payouts.Preview(ctx, connectionOf(connections, q.Connection), comp)
	if err != nil {
		return err
	}
	startFile(c, "preview")
	return made.WriteFile(officeLayout(c), c.Response())
}

// CreateBatch is POST urls.BatchesPattern: exactly what the preview showed, or the preview again.
func (h *Handlers) CreateBatch(c echo.Context) error {
	var q composition
	if err := decode(c, &q); err != nil {
		return err
	}
	ctx := c.Request().Context()
	comp, wrong := q.lines(h.Now())
	if len(wrong) == 0 {
		n := payouts.NewBatch{Name: cut(q.Name, 120), ConnectionID: q.Connection, Composition: comp,
			ExpectCount: q.ExpectCount, ExpectTotal: models.Centavos(q.ExpectTotal), Submit: q.Submit}
		if q.ExpectCount > payouts.Large {
			task, err := h.Payouts.StartCreate(ctx, ActorFrom(c), n)
			if err != nil {
				return err
			}
			return seeOther(c, urls.Task(task))
		}
		id, err := h.Payouts.Create(ctx, ActorFrom(c), n)
		if err == nil {
			key := "batches.done.created"
			if q.Submit {
				key = "batches.done.submitted"
			}
			return h.done(c, nil, key, urls.Batch(id))
		}
		if models.KindOf(err) != models.Conflict {
			return err
		}
		q.Cutoff = q.CutoffTyped // the new preview is of now, or of the minute that was typed
		return h.compose(c, q, q.query(), http.StatusConflict, Sentence(ctx, err))
	}
	return h.compose(c, q, q.query(), http.StatusUnprocessableEntity, "")
}

// query is the composition as an address, after it came in a form.
func (q composition) query() url.Values {
	v := url.Values{"method": q.Methods}
	set := func(name, value string) {
		if value != "" && value != "0" {
			v.Set(name, value)
		}
	}
	set("connection", urls.Num(q.Connection))
	set("cutoff", q.CutoffTyped)
	set("period", q.Period)
	set("distributor", urls.Num(q.Distributor))
	set("order", q.Order)
	set("minimum", q.Minimum)
	for _, x := range q.Excluded {
		v.Add("x", urls.Num(x))
	}
	return v
}

// cut keeps the first n characters.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}
