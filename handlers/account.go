package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/views/account"
	"pagaduria/views/i18n"
	"pagaduria/views/signin"
	"pagaduria/views/urls"
)

// Account is GET urls.AccountPattern: one's own password, recovery codes and sessions.
func (h *Handlers) Account(c echo.Context) error { return h.showAccount(c, http.StatusOK, nil) }

func (h *Handlers) showAccount(c echo.Context, status int, refusal error) error {
	return h.accountPage(c, status, refusal, func(*account.Page) {})
}

// accountPage draws the account; say adds what the last try left to be said.
func (h *Handlers) accountPage(c echo.Context, status int, refusal error, say func(*account.Page)) (err error) {
	ctx, v := c.Request().Context(), VisitorFrom(c)
	p := account.Page{Page: h.page(c, i18n.T(ctx, "account.title"), ""), Staff: v.Staff, Current: v.Session.ID,
		Errors: fieldErrors(ctx, refusal), Error: Sentence(ctx, refusal)}
	if p.Sessions, err = h.Staff.Sessions(ctx, v.Staff.ID); err != nil {
		return err
	}
	if p.Left, err = h.Staff.RecoveryCodesLeft(ctx, v.Staff.ID); err != nil {
		return err
	}
	if p.DemoCode, err = h.Staff.DemoCode(ctx, v.Staff.Email); err != nil {
		return err
	}
	if p.Passkeys, err = h.Staff.Passkeys(ctx, v.Staff.ID); err != nil {
		return err
	}
	p.PasskeysAt, p.PasskeysWork, p.Fresh = h.Staff.PasskeysAt(), h.passkeysWork(c), v.Session.FreshFactor(h.Now())
	p.Passkey = p.PasskeysWork && len(p.Passkeys) > 0
	p.Agent = c.Request().UserAgent()
	if p.Absences, err = h.Staff.Absences(ctx, v.Staff.ID); err != nil {
		return err
	}
	if p.Delegates, err = h.Staff.Delegates(ctx, v.Staff.ID); err != nil {
		return err
	}
	say(&p)
	return render(c, status, account.Account(p))
}

// ChangePassword is POST urls.PasswordPattern.
func (h *Handlers) ChangePassword(c echo.Context) error {
	var f struct {
		Old      string `form:"old"`
		Password string `form:"password"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	err := h.Staff.ChangePassword(c.Request().Context(), ActorFrom(c), f.Old, f.Password)
	if models.KindOf(err) != "" {
		return h.showAccount(c, signInStatus(err), err)
	}
	return h.done(c, err, "account.password_changed", urls.Account())
}

// RenewRecoveryCodes is POST urls.RecoveryCodesPattern.
func (h *Handlers) RenewRecoveryCodes(c echo.Context) error {
	var f struct {
		Code string `form:"code"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	ctx := c.Request().Context()
	codes, err := h.Staff.RenewRecoveryCodes(ctx, ActorFrom(c), f.Code)
	if models.KindOf(err) != "" {
		return h.showAccount(c, signInStatus(err), err)
	}
	if err != nil {
		return err
	}
	p := signin.CodesPage{Page: h.page(c, i18n.T(ctx, "setup.codes_title"), ""), Codes: codes, Done: urls.Account(), Word: i18n.T(ctx, "account.title")}
	return render(c, http.StatusOK, signin.Codes(p))
}

// RevokeSession is POST urls.SessionRevokePattern.
func (h *Handlers) RevokeSession(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	return h.done(c, h.Staff.Revoke(c.Request().Context(), ActorFrom(c), id), "account.ended", urls.Account())
}

// RevokeOtherSessions is POST urls.SessionsOthersPattern.
func (h *Handlers) RevokeOtherSessions(c echo.Context) error {
	return h.done(c, h.Staff.RevokeOthers(c.Request().Context(), ActorFrom(c)), "account.ended_others", urls.Account())
}

// RevokeAllSessions is POST urls.SessionsAllPattern.
func (h *Handlers) RevokeAllSessions(c echo.Context) error {
	if err := h.Staff.RevokeAll(c.Request().Context(), ActorFrom(c)); err != nil {
		return err
	}
	if err := h.dropCookie(c); err != nil {
		return err
	}
	return seeOther(c, urls.SignIn())
}

// done answers a change: the page it leads to says what happened.
func (h *Handlers) done(c echo.Context, err error, key, url string) error {
	if err != nil {
		return err
	}
	if err := h.flash(c, "ok", i18n.T(c.Request().Context(), key)); err != nil {
		return err
	}
	return seeOther(c, url)
}
