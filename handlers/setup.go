package handlers

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"net/http"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"
	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/services/staff"
	"pagaduria/views/i18n"
	"pagaduria/views/signin"
	"pagaduria/views/urls"
)

type setUpForm struct {
	Password string `form:"password"`
	Code     string `form:"code"`
}

// SetUp is GET urls.SetUpPattern: the page behind a one-time link.
func (h *Handlers) SetUp(c echo.Context) error {
	if err := h.ensureCookie(c); err != nil {
		return err
	}
	return h.showSetUp(c, http.StatusOK, nil)
}

func (h *Handlers) showSetUp(c echo.Context, status int, refusal error) error {
	ctx, token := c.Request().Context(), c.Param("token")
	s, err := h.Staff.SetUp(ctx, token)
	if err != nil {
		return err
	}
	p := signin.SetUpPage{Page: h.page(c, i18n.T(ctx, "setup.title"), ""), Token: token, SetUp: s, Errors: fieldErrors(ctx, refusal)}
	p.CSRF = VisitorFrom(c).CSRF
	if refusal != nil {
		if p.Errors == nil {
			p.Errors = map[string]string{}
		}
		p.Errors[""] = Sentence(ctx, refusal)
	}
	if p.QR, err = qrCode(s.KeyURI); err != nil {
		return err
	}
	return render(c, status, signin.SetUp(p))
}

// SetUpFinish is POST urls.SetUpPattern.
func (h *Handlers) SetUpFinish(c echo.Context) error {
	var f setUpForm
	if err := decode(c, &f); err != nil {
		return err
	}
	ctx := c.Request().Context()
	codes, err := h.Staff.Finish(ctx, c.Param("token"), staff.Finish{Password: f.Password, Code: f.Code, Address: c.RealIP()})
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Unavailable {
		return h.showSetUp(c, signInStatus(err), err)
	}
	if err != nil {
		return err
	}
	p := signin.CodesPage{Page: h.page(c, i18n.T(ctx, "setup.codes_title"), ""), Codes: codes, Done: urls.SignIn(), Word: i18n.T(ctx, "setup.sign_in")}
	return render(c, http.StatusOK, signin.Codes(p))
}

// The QR code in pixels: the quiet margin around it must be white in the dark theme too.
const (
	qrSize   = 400
	qrMargin = 32
)

// qrCode draws text as a picture that is part of the page: the secret in it has no address of its own.
func qrCode(text string) (string, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err == nil {
		code, err = barcode.Scale(code, qrSize-2*qrMargin, qrSize-2*qrMargin)
	}
	if err != nil {
		return "", fmt.Errorf("draw a QR code: %w", err)
	}
	canvas := image.NewGray(image.Rect(0, 0, qrSize, qrSize))
	draw.Draw(canvas, canvas.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(canvas, image.Rect(qrMargin, qrMargin, qrSize-qrMargin, qrSize-qrMargin), code, code.Bounds().Min, draw.Src)
	var b bytes.Buffer
	if err := png.Encode(&b, canvas); err != nil {
		return "", fmt.Errorf("draw a QR code: %w", err)
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes()), nil
}
