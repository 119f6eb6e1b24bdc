package signin

import (
	"net/url"

	"pagaduria/views/urls"
)

// demoPassword is public: it opens accounts on a loopback address only.
const demoPassword = "demo-pagaduria"

// codeURL is the second step, for the other kind of code.
func codeURL(recovery bool, next string) string {
	q := url.Values{}
	if recovery {
		q.Set("recovery", "1")
	}
	if next != "" {
		q.Set("next", next)
	}
	if len(q) == 0 {
		return urls.SignInCode()
	}
	return urls.SignInCode() + "?" + q.Encode()
}
