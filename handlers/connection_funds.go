package handlers

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/services/payouts"
	pages "pagaduria/views/connections"
	"pagaduria/views/i18n"
	"pagaduria/views/urls"
)

// FundsPage is GET urls.FundsPattern.
func (h *Handlers) FundsPage(c echo.Context) error {
	p, err := h.fundsPage(c)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, pages.Funds(p))
}

func (h *Handlers) fundsPage(c echo.Context) (p pages.FundsPage, err error) {
	id, err := pathID(c, "id")
	if err != nil {
		return p, err
	}
	ctx := c.Request().Context()
	if p.Connection, err = h.Payouts.Connection(ctx, id); err != nil {
		return p, err
	}
	p.Page = h.page(c, i18n.T(ctx, "float.title"), "connections")
	f, err := h.Payouts.Float(ctx, id)
	if err != nil {
		return p, err
	}
	p.Float, p.Below = pages.Float(f), f.Below(p.Connection)
	reports, err := h.Payouts.Reports(ctx, id)
	if err != nil {
		return p, err
	}
	p.Reports = each(reports, func(r payouts.Report) pages.Report { return pages.Report(r) })
	topUps, err := h.Payouts.TopUps(ctx, id)
	if err != nil {
		return p, err
	}
	p.TopUps = each(topUps, func(t payouts.TopUp) pages.TopUp { return pages.TopUp(t) })
	if p.Day, err = h.Payouts.UsedToday(ctx, id); err != nil {
		return p, err
	}
	waiting, err := h.Payouts.WaitingBatches(ctx, p.Connection)
	p.Waiting = each(waiting, func(w payouts.WaitingBatch) pages.WaitingBatch { return pages.WaitingBatch(w) })
	p.Typed = map[string]string{"alarm": "", "alarm_days": ""}
	if p.Connection.FloatAlarm != nil {
		p.Typed["alarm"] = pages.TypedPesos(*p.Connection.FloatAlarm)
	}
	if p.Connection.AlarmDays != nil {
		p.Typed["alarm_days"] = strconv.Itoa(*p.Connection.AlarmDays)
	}
	return p, err
}

// fundsForm is any of the forms of the page; the page knows which one by form.
type fundsForm struct {
	Version   int    `form:"version"`
	Amount    string `form:"amount"`
	Reference string `form:"reference"`
	Reason    string `form:"reason"`
	Control   bool   `form:"control"`
	Alarm     string `form:"alarm"`
	Days      string `form:"alarm_days"`
	Scope     string `form:"scope"` // "network:bank" for a method
	Count     string `form:"count"`
}

// optional reads fields that may be empty.
type optional struct{ bad *models.Error }

func (o optional) pesos(text, field string) *models.Money {
	if text == "" {
		return nil
	}
	m, err := typedPesos(text)
	if err != nil {
		o.bad.WithField(field, "form.amount_bad")
	}
	return &m
}

func (o optional) whole(text, field string) *int {
	if text == "" {
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		o.bad.WithField(field, "connection.field.not_a_number")
	}
	return &n
}

// funds answers one of the page's forms: do makes the change and says where to go with which words.
func (h *Handlers) funds(c echo.Context, form string, do func(f fundsForm, o optional, id int64) (key, to string, err error)) error {
	var f fundsForm
	if err := decode(c, &f); err != nil {
		return err
	}
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	o := optional{models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil)}
	key, to, err := do(f, o, id)
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		p, failed := h.fundsPage(c)
		if failed != nil {
			return failed
		}
		ctx := c.Request().Context()
		p.Error, p.Errors = Sentence(ctx, err), map[string]string{}
		for field, said := range fieldErrors(ctx, err) {
			p.Errors[form+"."+field] = said
		}
		for name, typed := range map[string]string{"amount": f.Amount, "reference": f.Reference, "reason": f.Reason, "alarm": f.Alarm, "alarm_days": f.Days,
			"scope": f.Scope, "count": f.Count} {
			p.Typed[form+"."+name] = typed
		}
		return render(c, Status(err), pages.Funds(p))
	}
	return h.done(c, err, key, to)
}

// TopUp is POST urls.TopUpsPattern.
func (h *Handlers) TopUp(c echo.Context) error {
	return h.funds(c, "topup", func(f fundsForm, o optional, id int64) (string, string, error) {
		amount := o.pesos(f.Amount, "amount")
		if amount == nil {
			o.bad.WithField("amount", "form.required")
		}
		if len(o.bad.Fields) > 0 {
			return "", "", o.bad
		}
		request, err := h.Payouts.TopUp(c.Request().Context(), ActorFrom(c), id, *amount, cut(f.Reference, 120), cut(f.Reason, 300))
		return "float.topup_asked", urls.Request(request), err
	})
}

// RecordBalance is POST urls.BalancesPattern.
func (h *Handlers) RecordBalance(c echo.Context) error {
	return h.funds(c, "balance", func(f fundsForm, o optional, id int64) (string, string, error) {
		amount := o.pesos(f.Amount, "amount")
		if amount == nil {
			o.bad.WithField("amount", "form.required")
		}
		if len(o.bad.Fields) > 0 {
			return "", "", o.bad
		}
		return "float.balance_noted", urls.Funds(id), h.Payouts.RecordBalance(c.Request().Context(), ActorFrom(c), id, *amount, cut(f.Reason, 300))
	})
}

// SetFloatRules is POST urls.FloatRulesPattern.
func (h *Handlers) SetFloatRules(c echo.Context) error {
	return h.funds(c, "rules", func(f fundsForm, o optional, id int64) (string, string, error) {
		r := payouts.FloatRules{Control: f.Control, Alarm: o.pesos(f.Alarm, "alarm"), Days: o.whole(f.Days, "alarm_days")}
		if len(o.bad.Fields) > 0 {
			return "", "", o.bad
		}
		return "connection.saved", urls.Funds(id), h.Payouts.SetFloatRules(c.Request().Context(), ActorFrom(c), id, f.Version, r)
	})
}

// SetCap is POST urls.CapsPattern.
func (h *Handlers) SetCap(c echo.Context) error {
	return h.funds(c, "cap", func(f fundsForm, o optional, id int64) (string, string, error) {
		limit := models.Cap{ConnectionID: id, Amount: o.pesos(f.Amount, "amount"), Count: o.whole(f.Count, "count")}
		limit.Scope, limit.Method = pages.ParseScope(f.Scope)
		if len(o.bad.Fields) > 0 {
			return "", "", o.bad
		}
		request, err := h.Payouts.SetCap(c.Request().Context(), ActorFrom(c), limit, cut(f.Reason, 300))
		if request != 0 {
			return "cap.asked", urls.Request(request), err
		}
		return "cap.saved", urls.Funds(id), err
	})
}

// TopUpRecord is GET urls.TopUpPattern: the connection that a top-up is for.
func (h *Handlers) TopUpRecord(c echo.Context) error { return h.fundsOf(c, "topup") }

// CapRecord is GET urls.CapPattern: the connection that a cap is of.
func (h *Handlers) CapRecord(c echo.Context) error { return h.fundsOf(c, "cap") }

func (h *Handlers) fundsOf(c echo.Context, what string) error {
	id, err := pathID(c, what)
	if err != nil {
		return err
	}
	connection, err := h.Payouts.ConnectionOf(c.Request().Context(), what, id)
	if err != nil {
		return err
	}
	return seeOther(c, urls.Funds(connection))
}
