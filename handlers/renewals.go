package handlers

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/services/payouts"
	"pagaduria/services/requests"
	"pagaduria/views/i18n"
	view "pagaduria/views/payouts"
	"pagaduria/views/urls"
)

// renewing reads how a payout stands towards being taken back and issued again.
func (h *Handlers) renewing(ctx context.Context, x models.Payout, connection string) (r view.Renewing, err error) {
	if r.List, err = h.Payouts.Renewals(ctx, x.ID); err != nil {
		return r, err
	}
	asked, err := requests.OfSubject(ctx, h.DB.Pool, "payout", x.ID)
	if err != nil {
		return r, err
	}
	for i, q := range asked {
		if q.State == models.RequestOpen && q.Kind == models.RequestCorrectName {
			r.Request = &asked[i]
		}
	}
	if r.WhyName, err = h.Payouts.WhyNotRenewed(ctx, x, models.RenewName); err != nil {
		return r, err
	}
	if r.WhyNetwork, err = h.Payouts.WhyNotRenewed(ctx, x, models.RenewNetwork); err != nil {
		return r, err
	}
	why := payouts.Hindrances(x)
	for _, op := range []payouts.Operation{payouts.OpHold, payouts.OpRelease, payouts.OpCancel} {
		if why[op] != "" {
			r.Cannot = append(r.Cannot, view.CannotBeChosen{Op: string(op), Why: why[op]})
		}
	}
	r.Changed, err = h.switchedText(ctx, x, connection)
	return r, err
}

// switchedText says what a payout was switched from and to, and why; "" when it was not.
func (h *Handlers) switchedText(ctx context.Context, x models.Payout, connection string) (string, error) {
	w, ok, err := h.Payouts.SwitchOf(ctx, x.ID)
	if err != nil || !ok {
		return "", err
	}
	way := func(d models.Destination, name string) string {
		return i18n.T(ctx, "renewal.via", "Network", view.Network(ctx, d), "Name", name)
	}
	return i18n.T(ctx, "renewal.changed", "From", way(w.From, w.FromConnection), "To", way(x.To, connection), "Reason", w.Reason), nil
}

// AskRightName is GET urls.CorrectNamePattern.
func (h *Handlers) AskRightName(c echo.Context) error {
	p, err := h.namePage(c)
	if err != nil {
		return err
	}
	return h.renewalForm(c, p.Payout, models.RenewName, view.Name(p))
}

// renewalForm shows the form of a renewal, or the payout with the reason why there is none.
func (h *Handlers) renewalForm(c echo.Context, of models.Payout, kind models.RenewalKind, form templ.Component) error {
	ctx := c.Request().Context()
	why, err := h.Payouts.WhyNotRenewed(ctx, of, kind)
	if err != nil {
		return err
	}
	if why != "" {
		return h.showPayout(c, of.ID, http.StatusConflict, i18n.T(ctx, "renewal.refused."+string(why)))
	}
	return render(c, http.StatusOK, form)
}

// namePage is the form with what the distributor is called now.
func (h *Handlers) namePage(c echo.Context) (p view.NamePage, err error) {
	id, err := pathID(c, "id")
	if err != nil {
		return p, err
	}
	ctx := c.Request().Context()
	if p.Payout, err = h.Payouts.Payout(ctx, id); err != nil {
		return p, err
	}
	d, err := h.Distributors.Get(ctx, p.Payout.DistributorID)
	p.Typed, p.Company = d.Payee().Identity(), d.PersonKind == "juridical"
	p.Page = h.page(c, i18n.T(ctx, "renewal.name_title"), "payouts")
	return p, err
}

// CorrectName is POST urls.CorrectNamePattern: it asks, and a second person consents.
func (h *Handlers) CorrectName(c echo.Context) error {
	p, err := h.namePage(c)
	if err != nil {
		return err
	}
	var f struct {
		GivenNames string `form:"first_names"`
		Surnames   string `form:"last_names"`
		Business   string `form:"business_name"`
		DocType    string `form:"doc_type"`
		DocNumber  string `form:"doc_number"`
		DocDV      string `form:"doc_dv"`
		Reason     string `form:"reason"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	ctx := c.Request().Context()
	p.Typed = models.Identity{DocType: f.DocType, DocNumber: f.DocNumber, DocDV: f.DocDV, GivenNames: f.GivenNames, Surnames: f.Surnames, BusinessName: f.Business}
	p.Reason = cut(f.Reason, 500)
	_, err = h.Payouts.AskRightName(ctx, ActorFrom(c), p.Payout.ID, p.Typed, p.Reason)
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		p.Problem, p.Errors = Sentence(ctx, err), fieldErrors(ctx, err)
		return render(c, Status(err), view.Name(p))
	}
	return h.done(c, err, "renewal.asked_done", urls.Payout(p.Payout.ID))
}

// AskNetwork is GET urls.SwitchNetworkPattern.
func (h *Handlers) AskNetwork(c echo.Context) error {
	p, err := h.networkPage(c)
	if err != nil {
		return err
	}
	return h.renewalForm(c, p.Payout, models.RenewNetwork, view.SwitchNetwork(p))
}

func (h *Handlers) networkPage(c echo.Context) (p view.NetworkPage, err error) {
	id, err := pathID(c, "id")
	if err != nil {
		return p, err
	}
	ctx := c.Request().Context()
	if p.Payout, err = h.Payouts.Payout(ctx, id); err != nil {
		return p, err
	}
	ways, err := h.Payouts.NetworkOptions(ctx, p.Payout)
	p.Ways = each(ways, func(o payouts.NetworkOption) view.Way { return view.Way(o) })
	p.Page = h.page(c, i18n.T(ctx, "renewal.network_title", "Amount", i18n.Money(ctx, p.Payout.Amount)), "payouts")
	return p, err
}

// SwitchNetwork is POST urls.SwitchNetworkPattern.
func (h *Handlers) SwitchNetwork(c echo.Context) error {
	p, err := h.networkPage(c)
	if err != nil {
		return err
	}
	var f struct {
		To     string `form:"to"`
		Reason string `form:"reason"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	ctx := c.Request().Context()
	p.To, p.Reason = f.To, cut(f.Reason, 500)
	connection, method, _ := strings.Cut(f.To, ":")
	id, _ := strconv.ParseInt(connection, 10, 64) // what is no id is no way either
	err = h.Payouts.SwitchNetwork(ctx, ActorFrom(c), p.Payout.ID, id, models.MethodKind(method), p.Reason)
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		p.Problem, p.Errors = Sentence(ctx, err), fieldErrors(ctx, err)
		return render(c, Status(err), view.SwitchNetwork(p))
	}
	return h.done(c, err, "renewal.network_done", urls.Payout(p.Payout.ID))
}

// switches says of every payout of a batch that goes another way from where to where, and why.
func (h *Handlers) switches(ctx context.Context, batch int64, connection string) (texts []string, err error) {
	list, err := h.Payouts.SwitchedIn(ctx, batch)
	if err != nil {
		return nil, err
	}
	for _, x := range list {
		text, err := h.switchedText(ctx, x, connection)
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, nil
}
