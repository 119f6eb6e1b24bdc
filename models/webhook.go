package models

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// WebhookBody is a notification's body as a page may show it: no secret, and personal data masked unless the reader
// may see it.
type WebhookBody struct {
	Raw    string         // as it arrived, field by field
	Fields []WebhookField // decoded, in the order they came; nil when it is no form
	Masked bool           // something was left out because of who reads it
}

// WebhookField is one field of a form.
type WebhookField struct {
	Name, Value string
}

// shownControl is how much of a signature is shown: enough to compare, too little to use.
const shownControl = 8

var (
	hexSecret = regexp.MustCompile(`[0-9A-Fa-f]{32,}`)
	mailShape = regexp.MustCompile(`[\w.+-]+@[\w-]+(\.[\w-]+)+`)
	longDigit = regexp.MustCompile(`\d{6,}`)
	// harmless are the fields of documented notifications that name no person.
	harmless = map[string]bool{"external_id": true, "cashout_id": true, "date": true, "bank_reference_id": true}
	// secret fields have no place in a notification; one that comes anyway is not shown.
	secret = regexp.MustCompile(`(?i)pass|secret|token|login|api_?key|authorization`)
	// personal fields are not documented for notifications; a rail may add them any day.
	personal = regexp.MustCompile(`(?i)name|document|phone|mail|account|address|birth`)
)

// ShowWebhook prepares a body for a page. reveal says that the reader may see personal data.
func ShowWebhook(body []byte, reveal bool) WebhookBody {
	text := strings.Map(printable, strings.ToValidUTF8(string(body), "�"))
	fields := formFields(text)
	var b WebhookBody
	if fields == nil {
		b.Raw = b.mask(hexSecret.ReplaceAllStringFunc(text, shorten), reveal)
		return b
	}
	parts := make([]string, len(fields))
	for i, f := range fields {
		shown := b.field(f, reveal)
		b.Fields = append(b.Fields, WebhookField{f.Name, shown})
		if shown == f.Value {
			parts[i] = strings.Split(text, "&")[i]
			continue
		}
		parts[i] = url.QueryEscape(f.Name) + "=" + shown
	}
	b.Raw = strings.Join(parts, "&")
	return b
}

// formFields decodes name=value pairs; nil when text is not made of them.
func formFields(text string) []WebhookField {
	pairs := strings.Split(text, "&")
	if len(pairs) > 100 {
		return nil
	}
	fields := make([]WebhookField, 0, len(pairs))
	for _, pair := range pairs {
		name, value, ok := strings.Cut(pair, "=")
		n, errName := url.QueryUnescape(name)
		v, errValue := url.QueryUnescape(value)
		if !ok || n == "" || errName != nil || errValue != nil || !utf8.ValidString(n+v) {
			return nil
		}
		fields = append(fields, WebhookField{strings.Map(printable, n), strings.Map(printable, v)})
	}
	return fields
}

func (b *WebhookBody) field(f WebhookField, reveal bool) string {
	switch {
	case secret.MatchString(f.Name):
		return stars
	case f.Name == "control":
		return shorten(f.Value)
	case harmless[f.Name]:
		return hexSecret.ReplaceAllStringFunc(f.Value, shorten)
	case personal.MatchString(f.Name) && !reveal && f.Value != "":
		b.Masked = true
		return stars
	}
	return b.mask(hexSecret.ReplaceAllStringFunc(f.Value, shorten), reveal)
}

const stars = "••••"

// mask leaves e-mail addresses and long numbers out of free text.
func (b *WebhookBody) mask(text string, reveal bool) string {
	if reveal {
		return text
	}
	masked := longDigit.ReplaceAllStringFunc(mailShape.ReplaceAllString(text, stars), func(n string) string { return stars + n[len(n)-3:] })
	b.Masked = b.Masked || masked != text
	return masked
}

func shorten(s string) string {
	r := []rune(s)
	if len(r) <= shownControl {
		return s
	}
	return string(r[:shownControl]) + "…"
}

// printable replaces what would change how a page reads: control characters, directions.
func printable(r rune) rune {
	if r == '\n' || r == '\t' || r == ' ' {
		return r
	}
	if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
		return '�'
	}
	return r
}
