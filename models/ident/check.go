package ident

import (
	"errors"
	"strings"
)

// Result is the answer of the ident command.
type Result struct {
	Valid      bool      `json:"valid"`
	Normalized string    `json:"normalized"`
	CheckDigit string    `json:"check_digit"` // the document's; for dv_mismatch the one that would fit
	Code       string    `json:"code"`        // why it is refused, "" when valid
	Message    string    `json:"message,omitempty"`
	Warnings   []Warning `json:"warnings"`
}

// Check validates a document, or a phone when typ is PHONE.
func Check(country, typ, number string) Result {
	if strings.EqualFold(strings.TrimSpace(typ), "PHONE") {
		return checkPhone(country, number)
	}
	doc, err := Parse(country, typ, number)
	if err != nil {
		return refusedResult(err)
	}
	return Result{Valid: true, Normalized: doc.Number, CheckDigit: doc.DV, Warnings: append([]Warning{}, doc.Warnings...)}
}

func checkPhone(country, number string) Result {
	phone, err := ParsePhone(country, number)
	if err != nil {
		return refusedResult(err)
	}
	r := Result{Valid: true, Normalized: phone.E164, Warnings: []Warning{}}
	if !phone.Mobile {
		r.Warnings = append(r.Warnings, Warning{PhoneNotMobile, "This is not a mobile number."})
	}
	return r
}

func refusedResult(err error) Result {
	r := Result{Code: DocFormat, Message: err.Error(), Warnings: []Warning{}}
	var refused *Error
	if errors.As(err, &refused) {
		r.Code, r.Normalized, r.CheckDigit = refused.Code, refused.Number, refused.DV
	}
	return r
}
