package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/views/urls"
)

// AskPasskey is POST urls.AskPasskeyPattern: what a browser needs to give a passkey in place of a code, for the script.
func (h *Handlers) AskPasskey(c echo.Context) error {
	session, err := h.session(c)
	if err != nil {
		return err
	}
	options, err := h.Staff.AskPasskey(c.Request().Context(), session.ID)
	if err != nil {
		return err
	}
	return c.JSONBlob(http.StatusOK, options)
}

// NewPasskey is POST urls.NewPasskeyPattern: what a browser needs to make a passkey, for the script.
func (h *Handlers) NewPasskey(c echo.Context) error {
	options, err := h.Staff.NewPasskey(c.Request().Context(), ActorFrom(c))
	if err != nil {
		return err
	}
	return c.JSONBlob(http.StatusOK, options)
}

// AddPasskey is POST urls.PasskeysPattern.
func (h *Handlers) AddPasskey(c echo.Context) error {
	var f struct {
		Name    string `form:"name"`
		Passkey string `form:"passkey"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	err := h.Staff.AddPasskey(c.Request().Context(), ActorFrom(c), f.Name, f.Passkey)
	if models.KindOf(err) != "" {
		return h.showAccount(c, Status(err), err)
	}
	return h.done(c, err, "passkey.added", urls.Account())
}

// RemovePasskey is POST urls.RemovePasskeyPattern.
func (h *Handlers) RemovePasskey(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	return h.done(c, h.Staff.RemovePasskey(c.Request().Context(), ActorFrom(c), id), "passkey.removed", urls.Account())
}

// Confirm is POST urls.ConfirmPattern: the second factor once more, before something that asks for a fresh one.
func (h *Handlers) Confirm(c echo.Context) error {
	var f struct {
		Code string `form:"confirm"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	err := h.Staff.CheckCode(c.Request().Context(), ActorFrom(c), f.Code)
	if models.KindOf(err) != "" {
		return h.showAccount(c, signInStatus(err), beside(err, "confirm"))
	}
	if err != nil {
		return err
	}
	return seeOther(c, urls.Account()+"#passkeys")
}

// beside is a refusal said beside another field than the one it names: the page has two for a code.
func beside(err error, field string) error {
	var e *models.Error
	if !errors.As(err, &e) || len(e.Fields) == 0 {
		return err
	}
	moved := *e
	moved.Fields = map[string]string{field: e.Key}
	return &moved
}

// passkeyHere answers whether the page at hand may offer the visitor's passkeys. They belong to one host: at another
// one that reaches the same server, browsers refuse them.
func (h *Handlers) passkeyHere(c echo.Context, staffID int64) (bool, error) {
	if !h.passkeysWork(c) {
		return false, nil
	}
	return h.Staff.HasPasskey(c.Request().Context(), staffID)
}

func (h *Handlers) passkeysWork(c echo.Context) bool {
	at, err := url.Parse(h.Staff.PasskeysAt())
	return err == nil && at.Host != "" && strings.EqualFold(at.Host, c.Request().Host)
}
