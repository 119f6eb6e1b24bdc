package models

// Payee is a person or company as a rail must name it. It is copied onto every payout when the batch
// is frozen, so that a later change of the distributor cannot change what was approved.
type Payee struct {
	Country      string // ISO 3166-1 alpha-2
	DocType      string // CC CE NIT TI PPT PEP PAS
	DocNumber    string // normalised, without check digit
	DocDV        string // NIT only
	GivenNames   string
	Surnames     string
	BusinessName string // companies only
	Phone        string // E.164 or ""
	Email        string
	Address      string
	City         string // municipality name
	Divipola     string
}

// Name is how pages and counters call the payee.
func (p Payee) Name() string {
	if p.BusinessName != "" {
		return p.BusinessName
	}
	if p.Surnames == "" {
		return p.GivenNames
	}
	return p.GivenNames + " " + p.Surnames
}
