package handlers

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// visitorKey is where the echo context keeps the Visitor.
const visitorKey = "visitor"

// Visitor is who makes a request and what their session says. The zero Visitor has not signed in.
type Visitor struct {
	models.SignedIn
	Signed bool           // the second factor was given too
	Locale string         // chosen language, "" = what the browser asks for
	Theme  string         // chosen theme, "" = what the system says
	CSRF   string         // token for the forms of this page
	Flash  []layout.Flash // what the last request left to be said

	// SameForm compares a form's token with the session's; nil when there is no session to forge.
	SameForm func(token string) bool
}

// SetVisitor is called by the middleware that reads the session.
func SetVisitor(c echo.Context, v Visitor) { c.Set(visitorKey, v) }

// VisitorFrom answers who makes the request.
func VisitorFrom(c echo.Context) Visitor {
	v, _ := c.Get(visitorKey).(Visitor)
	return v
}

// ActorFrom is the visitor as services take them: the zero staff id when nobody has signed in.
func ActorFrom(c echo.Context) models.Actor {
	v := VisitorFrom(c)
	if !v.Signed {
		return models.Actor{Address: c.RealIP()}
	}
	return v.Actor(c.RealIP())
}

func viewer(c echo.Context) layout.Viewer {
	v := VisitorFrom(c)
	if !v.Signed {
		return layout.Viewer{}
	}
	actor := ActorFrom(c)
	return layout.Viewer{ID: actor.StaffID, Name: actor.Name, Initials: initials(actor.Name), Roles: actor.Roles, May: actor.May}
}

// initials are the first letters of the first and the last word of a name.
func initials(name string) string {
	words := strings.Fields(name)
	if len(words) == 0 {
		return ""
	}
	first := []rune(words[0])[:1]
	if len(words) > 1 {
		first = append(first, []rune(words[len(words)-1])[0])
	}
	return strings.ToUpper(string(first))
}

// FormToken reads the token a form or htmx sent. For a form with files it parses the files too, into
// temporary ones beyond a megabyte.
func FormToken(c echo.Context) (string, error) {
	if sent := c.Request().Header.Get(ui.CSRFHeader); sent != "" {
		return sent, nil
	}
	if err := readForm(c.Request()); err != nil {
		return "", err
	}
	return c.Request().PostForm.Get(ui.CSRFField), nil
}

// ToSignIn sends somebody who has not signed in to the sign-in page, and back here afterwards when they
// only wanted to read.
func ToSignIn(c echo.Context) error {
	to := urls.SignIn()
	if r := c.Request(); r.Method == http.MethodGet && !partial(c) && r.URL.Path != urls.Home() {
		to += "?next=" + url.QueryEscape(r.URL.RequestURI())
	}
	return seeOther(c, to)
}
