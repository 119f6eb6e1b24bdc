package handlers

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/services/onboarding"
	pages "pagaduria/views/distributors"
	"pagaduria/views/i18n"
	view "pagaduria/views/kyc"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// AskInvitations is GET urls.CaseInvitePattern: the set that a filter of distributors matches, and its count.
func (h *Handlers) AskInvitations(c echo.Context) error {
	var f distributorFilter
	if err := decodeQuery(c, &f); err != nil {
		return err
	}
	return h.showInvitations(c, f, nil)
}

func (h *Handlers) showInvitations(c echo.Context, f distributorFilter, refusal error) error {
	ctx := c.Request().Context()
	r, err := h.Onboarding.InviteReach(ctx, f.filter())
	if err != nil {
		return err
	}
	k, err := h.Onboarding.Settings(ctx)
	if err != nil {
		return err
	}
	p := view.InvitePage{Page: h.page(c, i18n.T(ctx, "kyc.invite_title"), "distributors"), Count: r.Count, Open: r.Open, Known: r.Known, Final: r.Final, NoContact: r.NoContact,
		LinkDays: k.LinkDays, Back: urls.Distributors(), Error: Sentence(ctx, refusal)}
	query := pages.FilterQuery(f.filter())
	for name, values := range query {
		for _, value := range values {
			p.Hidden = append(p.Hidden, ui.Pair{Name: name, Value: value})
		}
	}
	if len(query) > 0 {
		p.Back += "?" + query.Encode()
	}
	status := http.StatusOK
	if refusal != nil {
		status = Status(refusal)
	}
	return render(c, status, view.Invite(p))
}

// StartInvitations is POST urls.CaseInvitePattern.
func (h *Handlers) StartInvitations(c echo.Context) error {
	var f distributorFilter
	var n struct {
		Expected int64 `form:"expected"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	if err := decode(c, &n); err != nil {
		return err
	}
	id, err := h.Onboarding.StartInvitations(c.Request().Context(), ActorFrom(c), onboarding.Invitations{Filter: f.filter(), Expected: n.Expected})
	if models.KindOf(err) == models.Conflict {
		return h.showInvitations(c, f, err)
	}
	if err != nil {
		return err
	}
	return seeOther(c, urls.Task(id))
}

// CaseSettings is GET urls.CaseSettingsPattern.
func (h *Handlers) CaseSettings(c echo.Context) error {
	k, err := h.Onboarding.Settings(c.Request().Context())
	if err != nil {
		return err
	}
	days := make([]string, len(k.RemindDays))
	for i, d := range k.RemindDays {
		days[i] = strconv.Itoa(d)
	}
	return h.showSettings(c, view.SettingsPage{Seen: k.ID, LinkDays: strconv.Itoa(k.LinkDays), CaseDays: strconv.Itoa(k.CaseDays), RemindDays: strings.Join(days, ", ")}, nil)
}

func (h *Handlers) showSettings(c echo.Context, p view.SettingsPage, refusal error) error {
	ctx, status := c.Request().Context(), http.StatusOK
	p.Page, p.Errors, p.Error = h.page(c, i18n.T(ctx, "kyc.settings"), "kyc"), fieldErrors(ctx, refusal), Sentence(ctx, refusal)
	if refusal != nil {
		status = Status(refusal)
	}
	return render(c, status, view.Settings(p))
}

// SaveCaseSettings is POST urls.CaseSettingsPattern.
func (h *Handlers) SaveCaseSettings(c echo.Context) error {
	var f struct {
		Seen       int64  `form:"seen"`
		LinkDays   string `form:"link_days"`
		CaseDays   string `form:"case_days"`
		RemindDays string `form:"remind_days"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	k := kyc.Settings{RemindDays: numbers(f.RemindDays)}
	k.LinkDays, _ = strconv.Atoi(f.LinkDays) // what is no number is refused as out of bounds
	k.CaseDays, _ = strconv.Atoi(f.CaseDays)
	err := h.Onboarding.SetSettings(c.Request().Context(), ActorFrom(c), f.Seen, k)
	if models.KindOf(err) == models.Invalid {
		return h.showSettings(c, view.SettingsPage{Seen: f.Seen, LinkDays: f.LinkDays, CaseDays: f.CaseDays, RemindDays: f.RemindDays}, err)
	}
	return h.done(c, err, "kyc.settings_flash", urls.CaseSettings())
}

// numbers reads days written apart by commas or blanks; what is no number becomes 0, which no setting allows.
func numbers(s string) (list []int) {
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == ';' }) {
		n, _ := strconv.Atoi(word)
		list = append(list, n)
	}
	return list
}
