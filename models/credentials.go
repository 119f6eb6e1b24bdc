package models

// Given answers whether any credential was typed.
func (c Credentials) Given() bool { return c.Login != "" || c.Pass != "" || c.Signature != "" }

// Check refuses credentials that are not complete, naming each field that is empty: they are replaced together or
// not at all, because what is stored is never shown.
func (c Credentials) Check() error {
	refused := Refuse(Invalid, "form.invalid", "Some fields need another look.", nil)
	for _, f := range []struct{ field, value string }{{"login", c.Login}, {"pass", c.Pass}, {"signature", c.Signature}} {
		switch {
		case f.value == "":
			refused.WithField(f.field, "connection.field.secret_missing")
		case len(f.value) > 200:
			refused.WithField(f.field, "form.too_long")
		}
	}
	if refused.Fields != nil {
		return refused
	}
	return nil
}
