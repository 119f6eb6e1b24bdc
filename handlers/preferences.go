package handlers

import (
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/views/i18n"
	"pagaduria/views/urls"
)

// Cookies of somebody who has not signed in; who has signed in keeps their choice in their account as well.
const (
	themeCookie  = "theme"
	localeCookie = "lang"
)

const keepPreference = 365 * 24 * time.Hour

type preferenceForm struct {
	Theme  string `form:"theme"`
	Locale string `form:"locale"`
	Back   string `form:"back"`
}

// ChooseTheme is POST urls.ThemePattern.
func (h *Handlers) ChooseTheme(c echo.Context) error {
	var f preferenceForm
	if err := decode(c, &f); err != nil {
		return err
	}
	if f.Theme != "light" && f.Theme != "dark" && f.Theme != "" {
		return models.Errorf(models.Invalid, "There is no such theme.")
	}
	if v := VisitorFrom(c); v.Signed {
		if err := h.Staff.SetTheme(c.Request().Context(), v.Staff.ID, f.Theme); err != nil {
			return err
		}
	}
	h.keep(c, themeCookie, f.Theme)
	return seeOther(c, localPath(f.Back, urls.Home()))
}

// ChooseLocale is POST urls.LocalePattern.
func (h *Handlers) ChooseLocale(c echo.Context) error {
	var f preferenceForm
	if err := decode(c, &f); err != nil {
		return err
	}
	if !i18n.Locale(f.Locale).Valid() {
		return models.Errorf(models.Invalid, "There is no such language.")
	}
	if v := VisitorFrom(c); v.Signed {
		if err := h.Staff.SetLocale(c.Request().Context(), v.Staff.ID, f.Locale); err != nil {
			return err
		}
	}
	h.keep(c, localeCookie, f.Locale)
	return seeOther(c, localPath(f.Back, urls.Home()))
}

func (h *Handlers) keep(c echo.Context, name, value string) {
	c.SetCookie(&http.Cookie{Name: name, Value: value, Path: "/", MaxAge: int(keepPreference.Seconds()), HttpOnly: true,
		Secure: h.Sessions.Secure, SameSite: http.SameSiteLaxMode})
}

func themeOf(c echo.Context) string {
	if kept, err := c.Cookie(themeCookie); err == nil && (kept.Value == "light" || kept.Value == "dark") {
		return kept.Value
	}
	return ""
}

// localPath answers path when it leads to a page of ours, else otherwise: nobody is sent to another site.
func localPath(path, otherwise string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return otherwise
	}
	return path
}
