package d24

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"pagaduria/models"
	"pagaduria/providers"
)

// D24's bank_code of everything that is not a bank.
const (
	codeEfecty       = "10003"
	codePuntored     = "10006"
	codeNequi        = "1507"
	codeDaviplata    = "1551"
	codeBreBPhone    = "20000"
	codeBreBEmail    = "20001"
	codeBreBDocument = "20002"
)

// cashout is the documented body of POST /v3/cashout.
type cashout struct {
	Login           string `json:"login"`
	Pass            string `json:"pass"`
	ExternalID      string `json:"external_id"`
	Country         string `json:"country"`
	Currency        string `json:"currency"`
	Amount          int64  `json:"amount"` // whole pesos
	DocumentID      string `json:"document_id"`
	DocumentType    string `json:"document_type"`
	BankCode        string `json:"bank_code"`
	BankAccount     string `json:"bank_account"`
	AccountType     string `json:"account_type"`
	Name            string `json:"beneficiary_name"`
	Lastname        string `json:"beneficiary_lastname,omitempty"`
	Email           string `json:"email,omitempty"`
	Phone           string `json:"phone,omitempty"`
	Address         string `json:"address"`
	City            string `json:"city,omitempty"`
	NotificationURL string `json:"notification_url"`
}

// masked is the body for the record: it shows what was asked for, not the secrets nor whole identifiers.
func (b cashout) masked() cashout {
	b.Login, b.Pass = stars, stars
	b.DocumentID = mask(b.DocumentID)
	b.BankAccount = mask(b.BankAccount)
	b.Phone = mask(b.Phone)
	if _, domain, ok := strings.Cut(b.Email, "@"); ok {
		b.Email = stars + "@" + domain
	}
	return b
}

const stars = "***"

// mask leaves the last four characters of an identifier, enough to tell two apart.
func mask(s string) string {
	if len(s) <= 6 {
		if s == "" {
			return ""
		}
		return stars
	}
	return stars + s[len(s)-4:]
}

// Check answers whether D24 takes the order, by its documented rules.
func (c *Client) Check(o providers.Order) error {
	_, err := c.cashout(o)
	return err
}

// Submit creates the cashout, once.
func (c *Client) Submit(ctx context.Context, o providers.Order) (providers.Receipt, error) {
	b, err := c.cashout(o)
	if err != nil {
		return providers.Receipt{}, err
	}
	b.Login, b.Pass = c.cfg.Login, c.cfg.Pass
	b.NotificationURL = c.cfg.NotificationURL
	call, err := newCall(http.MethodPost, c.endpoints.create, b, b.masked())
	if err != nil {
		return providers.Receipt{}, err
	}
	a, err := c.send(ctx, call)
	if err != nil {
		return providers.Receipt{}, err
	}
	return a.receipt()
}

// newCall marshals the body once: these bytes are signed and these bytes are sent.
func newCall(method, url string, body, masked any) (call, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return call{}, fmt.Errorf("d24: write request: %w: %w", providers.ErrNotSent, err)
	}
	shown, err := json.Marshal(masked)
	if err != nil {
		return call{}, fmt.Errorf("d24: write request: %w: %w", providers.ErrNotSent, err)
	}
	return call{method: method, url: url, body: raw, masked: shown}, nil
}

// cashout turns an order into D24's words, or refuses it.
func (c *Client) cashout(o providers.Order) (cashout, error) {
	b := cashout{
		ExternalID: o.Reference, Country: "CO", Currency: "COP", AccountType: "S",
		Email: o.Payee.Email, Address: o.Payee.Address, City: o.Payee.City,
	}
	if o.Reference == "" || len(o.Reference) > 100 {
		return b, refuse(providers.CauseBadRequest, "The reference must have 1 to 100 characters.")
	}
	for _, fill := range []func(*cashout, providers.Order) error{fillAmount, fillDocument, fillName, fillDestination, fillAddress} {
		if err := fill(&b, o); err != nil {
			return b, err
		}
	}
	return b, nil
}

// refuse is a refusal of ours before anything is sent.
func refuse(cause providers.Cause, message string) error {
	return &providers.Rejected{Code: string(cause), Cause: cause, Message: message}
}

func fillAmount(b *cashout, o providers.Order) error {
	whole, err := o.Amount.Whole()
	if err != nil || whole <= 0 || o.Amount.Currency != models.COP {
		return refuse(providers.CauseAmount, "D24 takes whole Colombian pesos above zero.")
	}
	if o.Destination.Kind.Cash() && o.Amount.Minor%models.CashStep != 0 {
		return refuse(providers.CauseAmount, "Cash is paid in multiples of 50 pesos.")
	}
	b.Amount = whole
	return nil
}

// The documents D24 takes in Colombia, with the lengths it documents.
var (
	tenDigits  = regexp.MustCompile(`^\d{6,10}$`)
	nitDigits  = regexp.MustCompile(`^\d{8,15}$`)
	passNumber = regexp.MustCompile(`^[A-Z0-9]{6,10}$`)
)

func fillDocument(b *cashout, o providers.Order) error {
	p := o.Payee
	if p.Country != "" && p.Country != "CO" {
		return refuse(providers.CauseDocument, "D24 pays in Colombia on Colombian documents and passports only.")
	}
	b.DocumentType, b.DocumentID = p.DocType, p.DocNumber
	form := tenDigits
	switch p.DocType {
	case "CC", "CE":
	case "NIT":
		form = nitDigits
		b.DocumentID += p.DocDV
	case "PAS":
		form = passNumber
		b.DocumentType = "PASS"
	default:
		return refuse(providers.CauseDocument, "D24 does not take this type of document; it takes CC, CE, NIT and passport.")
	}
	if p.DocType == "NIT" && len(p.DocDV) != 1 {
		return refuse(providers.CauseDocument, "The NIT lacks its check digit.")
	}
	if !form.MatchString(b.DocumentID) {
		return refuse(providers.CauseDocument, "The document number does not have the length that D24 takes.")
	}
	return nil
}

func fillName(b *cashout, o providers.Order) error {
	b.Name, b.Lastname = o.Payee.GivenNames, o.Payee.Surnames
	if o.Payee.BusinessName != "" {
		b.Name, b.Lastname = o.Payee.BusinessName, ""
	}
	if strings.TrimSpace(b.Name) == "" || b.Lastname == "" && o.Payee.DocType != "NIT" {
		return refuse(providers.CauseName, "D24 needs given names and surnames, or the name of the company.")
	}
	return nil
}

func fillAddress(b *cashout, o providers.Order) error {
	if b.Address == "" && b.City != "" {
		b.Address = b.City + ", Colombia"
	}
	if b.Address == "" {
		return refuse(providers.CauseBadRequest, "D24 needs the payee's address.")
	}
	return nil
}
