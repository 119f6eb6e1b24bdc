package handlers

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/services/staff"
	"pagaduria/views/i18n"
	"pagaduria/views/signin"
	"pagaduria/views/urls"
)

type signInForm struct {
	Email    string `form:"email"`
	Password string `form:"password"`
	Code     string `form:"code"`
	Recovery bool   `form:"recovery"`
	Next     string `form:"next"`
}

func browserOf(c echo.Context) staff.Browser {
	return staff.Browser{Address: c.RealIP(), Agent: c.Request().UserAgent()}
}

// SignIn is GET urls.SignInPattern.
func (h *Handlers) SignIn(c echo.Context) error {
	var f signInForm
	if err := decodeQuery(c, &f); err != nil {
		return err
	}
	if VisitorFrom(c).Signed {
		return seeOther(c, localPath(f.Next, urls.Home()))
	}
	if err := h.ensureCookie(c); err != nil {
		return err
	}
	return h.showSignIn(c, http.StatusOK, f, "")
}

func (h *Handlers) showSignIn(c echo.Context, status int, f signInForm, fault string) error {
	p := signin.PasswordPage{Page: h.page(c, i18n.T(c.Request().Context(), "signin.title"), ""), Email: f.Email, Next: localPath(f.Next, ""), Error: fault}
	if h.Demo {
		for _, n := range staff.Demo {
			code, err := h.Staff.DemoCode(c.Request().Context(), n.Email)
			if err != nil {
				return err
			}
			p.Demo = append(p.Demo, signin.DemoAccount{Email: n.Email, Role: n.Roles[0], Code: code})
		}
	}
	return render(c, status, signin.Password(p))
}

// SignInPassword is POST urls.SignInPattern: the first step.
func (h *Handlers) SignInPassword(c echo.Context) error {
	var f signInForm
	if err := decode(c, &f); err != nil {
		return err
	}
	token, err := h.Staff.Password(c.Request().Context(), f.Email, f.Password, browserOf(c))
	if models.KindOf(err) != "" {
		return h.showSignIn(c, signInStatus(err), f, Sentence(c.Request().Context(), err))
	}
	if err != nil {
		return err
	}
	if err := h.takeUp(c, token); err != nil {
		return err
	}
	return seeOther(c, codePath(f))
}

func codePath(f signInForm) string {
	next := localPath(f.Next, "")
	if next == "" {
		return urls.SignInCode()
	}
	return urls.SignInCode() + "?" + url.Values{"next": {next}}.Encode()
}

// signInStatus says "too many" in HTTP's own words.
func signInStatus(err error) int {
	if staff.Throttled(err) {
		return http.StatusTooManyRequests
	}
	return Status(err)
}

// SignInCode is GET urls.SignInCodePattern.
func (h *Handlers) SignInCode(c echo.Context) error {
	var f signInForm
	if err := decodeQuery(c, &f); err != nil {
		return err
	}
	return h.showCode(c, http.StatusOK, f, "")
}

func (h *Handlers) showCode(c echo.Context, status int, f signInForm, fault string) error {
	session, err := h.session(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	st, err := h.Staff.Pending(ctx, session.ID)
	if models.KindOf(err) != "" {
		return seeOther(c, urls.SignIn())
	}
	if err != nil {
		return err
	}
	p := signin.CodePage{Page: h.page(c, i18n.T(ctx, "signin.code_title"), ""), Email: st.Email, Next: localPath(f.Next, ""), Error: fault, Recovery: f.Recovery}
	if p.DemoCode, err = h.Staff.DemoCode(ctx, st.Email); err != nil {
		return err
	}
	if p.Passkey, err = h.passkeyHere(c, st.ID); err != nil {
		return err
	}
	return render(c, status, signin.Code(p))
}

// SignInCheck is POST urls.SignInCodePattern: the second step.
func (h *Handlers) SignInCheck(c echo.Context) error {
	var f signInForm
	if err := decode(c, &f); err != nil {
		return err
	}
	session, err := h.session(c)
	if err != nil {
		return err
	}
	token, err := h.Staff.Code(c.Request().Context(), session.ID, f.Code, browserOf(c))
	if models.KindOf(err) != "" {
		return h.showCode(c, signInStatus(err), f, Sentence(c.Request().Context(), err))
	}
	if err != nil {
		return err
	}
	if err := h.takeUp(c, token); err != nil {
		return err
	}
	return seeOther(c, localPath(f.Next, urls.Home()))
}

// SignOut is POST urls.SignOutPattern.
func (h *Handlers) SignOut(c echo.Context) error {
	if VisitorFrom(c).Signed {
		if err := h.Staff.SignOut(c.Request().Context(), ActorFrom(c)); err != nil {
			return err
		}
	}
	if err := h.dropCookie(c); err != nil {
		return err
	}
	return seeOther(c, urls.SignIn())
}
