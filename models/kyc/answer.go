package kyc

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"pagaduria/models"
	"pagaduria/models/ident"
	"pagaduria/models/intake"
)

// Identity is who the payee says they are.
type Identity struct {
	PersonKind   string `json:"person_kind"`
	DocType      string `json:"doc_type"`
	DocNumber    string `json:"doc_number"`
	DocDV        string `json:"doc_dv,omitempty"`
	IssuedOn     string `json:"doc_issued_on,omitempty"` // YYYY-MM-DD
	GivenNames   string `json:"first_names,omitempty"`
	Surnames     string `json:"last_names,omitempty"`
	BusinessName string `json:"business_name,omitempty"`
	Rep          Person `json:"rep,omitzero"` // companies: who signs for them
	Divipola     string `json:"divipola"`
	Address      string `json:"address"`
}

// Person is somebody named with a document.
type Person struct {
	Name      string `json:"name"`
	DocType   string `json:"doc_type"`
	DocNumber string `json:"doc_number"`
}

// Name is how the payee is called.
func (i Identity) Name() string {
	return models.Payee{GivenNames: i.GivenNames, Surnames: i.Surnames, BusinessName: i.BusinessName}.Name()
}

// Signer is who signs: the person, or who represents the company.
func (i Identity) Signer() string {
	if i.PersonKind == "juridical" {
		return i.Rep.Name
	}
	return i.Name()
}

// Payee is the identity as rails must name it.
func (i Identity) Payee(c Reach) models.Payee {
	return models.Payee{Country: "CO", DocType: i.DocType, DocNumber: i.DocNumber, DocDV: i.DocDV, GivenNames: i.GivenNames, Surnames: i.Surnames,
		BusinessName: i.BusinessName, Phone: c.Phone, Email: c.Email, Address: i.Address, Divipola: i.Divipola}
}

// Reach is where the payee can be written to.
type Reach struct {
	Phone string `json:"phone,omitempty"` // E.164
	Email string `json:"email,omitempty"`
	By    string `json:"by"` // mail or sms: where the code goes
}

// To is where the code goes.
func (r Reach) To() string {
	if r.By == "sms" {
		return r.Phone
	}
	return r.Email
}

// TaxStatus is what the payee declares for the withholding.
type TaxStatus struct {
	Status         string `json:"tax_status"`
	IVAResponsible bool   `json:"iva_responsible"`
}

// OwnerLimit is from how much on somebody is a beneficial owner: 5 %, in basis points. The law is of 2021: art. 631-5 ET.
const OwnerLimit = 500

// MostOwners is how many people can hold OwnerLimit each.
const MostOwners = 10_000 / OwnerLimit

// Owner is a natural person behind a company.
type Owner struct {
	Person
	Share int `json:"share"` // basis points
}

// Ownership is who stands behind a company.
type Ownership struct {
	None   bool    `json:"none"` // nobody holds OwnerLimit or more: the legal representative is named in their place
	Owners []Owner `json:"owners,omitempty"`
}

// Exposure is what is declared about public office and the origin of funds.
type Exposure struct {
	PEP      bool   `json:"pep"`
	Office   string `json:"office,omitempty"`   // which, and until when
	Relative bool   `json:"relative"`           // close to somebody exposed
	Relation string `json:"relation,omitempty"` // to whom, and how
	Funds    string `json:"funds"`              // one of FundSources
	FundsOf  string `json:"funds_of,omitempty"` // in words
}

// FundSources are the words for where a payee's money comes from.
var FundSources = []string{"commissions", "salary", "business", "pension", "other"}

// Form is a step as it was typed: values by field.
type Form map[string]string

// Get answers a value without spaces around it.
func (f Form) Get(field string) string { return strings.TrimSpace(f[field]) }

// textLimit is how many characters a field of free text may have.
const textLimit = 200

// refusal gathers the faults of a form: a message key for each field.
func refusal(faults []intake.Fault) error {
	if len(faults) == 0 {
		return nil
	}
	r := models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil)
	for _, f := range slices.Backward(faults) {
		key := "fault." + f.Code
		if strings.Contains(f.Code, ".") {
			key = f.Code
		}
		_ = r.WithField(f.Field, key)
	}
	return r
}

// distributorFaults judges a form by the rules of distributors and keeps the faults of the fields.
func distributorFaults(f Form, today time.Time, fields ...string) (intake.DistributorRow, []intake.Fault) {
	whole := Form{"ref_code": "-", "payout_method": string(models.BankAccount)}
	for _, field := range fields {
		whole[field] = f[field]
	}
	row, faults, _ := intake.ParseDistributorForm(func(column string) string { return whole[column] }, today)
	return row, slices.DeleteFunc(faults, func(x intake.Fault) bool { return !slices.Contains(fields, x.Field) })
}

// ReadIdentity judges the step Who.
func ReadIdentity(f Form, today time.Time) (Identity, error) {
	row, faults := distributorFaults(f, today, "person_kind", "doc_type", "doc_number", "doc_dv", "doc_issued_on", "first_names", "last_names", "business_name", "divipola", "address")
	i := Identity{PersonKind: row.PersonKind, DocType: row.Document.Type, DocNumber: row.Document.Number, DocDV: row.Document.DV, GivenNames: row.GivenNames,
		Surnames: row.Surnames, BusinessName: row.BusinessName, Divipola: row.Divipola, Address: row.Address}
	if !row.IssuedOn.IsZero() {
		i.IssuedOn = row.IssuedOn.Format(time.DateOnly)
	}
	if i.Address == "" {
		faults = append(faults, intake.Fault{Field: "address", Code: "onboarding.fault.address"})
	}
	if i.PersonKind == "juridical" {
		i.GivenNames, i.Surnames, i.IssuedOn = "", "", ""
		var more []intake.Fault
		i.Rep, more = readPerson(f, "rep_")
		faults = append(faults, more...)
	}
	return i, refusal(faults)
}

// readPerson judges somebody named with a document, in fields with a prefix.
func readPerson(f Form, prefix string) (p Person, faults []intake.Fault) {
	p.Name = strings.Join(strings.Fields(f.Get(prefix+"name")), " ")
	if n := len([]rune(p.Name)); n < 3 || n > textLimit {
		faults = append(faults, intake.Fault{Field: prefix + "name", Code: "onboarding.fault.name"})
	}
	p.DocType = f.Get(prefix + "doc_type")
	doc, err := ident.Parse("CO", p.DocType, f.Get(prefix+"doc_number"))
	switch {
	case p.DocType == "NIT":
		faults = append(faults, intake.Fault{Field: prefix + "doc_type", Code: "onboarding.fault.natural_document"})
	case err != nil:
		faults = append(faults, intake.Fault{Field: prefix + "doc_number", Code: documentCode(err)})
	}
	p.DocNumber = doc.Number
	return p, faults
}

func documentCode(err error) string {
	if refused, ok := err.(*ident.Error); ok { //nolint:errorlint // Parse answers nothing else
		return refused.Code
	}
	return ident.DocFormat
}

// ReadReach judges the step Contact. sms says whether codes can go by SMS.
func ReadReach(f Form, today time.Time, sms bool) (Reach, error) {
	row, faults := distributorFaults(f, today, "phone", "email")
	r := Reach{Phone: row.Phone, Email: row.Email, By: f.Get("by")}
	if !sms || r.By != "sms" {
		r.By = "mail"
	}
	if len(faults) == 0 && r.To() == "" {
		field, code := "email", "onboarding.fault.email"
		if r.By == "sms" {
			field, code = "phone", "onboarding.fault.phone"
		}
		faults = append(faults, intake.Fault{Field: field, Code: code})
	}
	return r, refusal(faults)
}

// ReadPayment judges the step Payment for who was declared.
func ReadPayment(f Form, of models.Payee) (models.Destination, error) {
	d := intake.CleanDestination(models.Destination{Kind: models.MethodKind(f.Get("payout_method")), BankCode: f.Get("bank_code"), AccountType: f.Get("account_type"),
		AccountNumber: f.Get("account_number"), BreBKey: f.Get("bre_b_key"), BreBKeyKind: models.BreBKeyKind(f.Get("bre_b_key_kind"))}, of)
	faults, _ := intake.ValidateDestination(d, of)
	for i, fault := range faults {
		// The phone and the address stand on an earlier page.
		if fault.Field == "phone" || fault.Field == "email" {
			faults[i].Field = "payout_method"
		}
	}
	return d, refusal(faults)
}

// TaxStatusesOf are the words of the tax status for a kind of person.
func TaxStatusesOf(personKind string) []string {
	if personKind == "juridical" {
		return []string{"juridica", "regimen_simple"}
	}
	return []string{"natural_no_declarante", "natural_declarante", "regimen_simple"}
}

// ReadTax judges the step Tax.
func ReadTax(f Form, personKind string) (TaxStatus, error) {
	t := TaxStatus{Status: f.Get("tax_status"), IVAResponsible: f.Get("iva_responsible") == "1"}
	var faults []intake.Fault
	if !slices.Contains(TaxStatusesOf(personKind), t.Status) {
		faults = append(faults, intake.Fault{Field: "tax_status", Code: "onboarding.fault.choose"})
	}
	return t, refusal(faults)
}

// OwnerFields is the prefix of the fields of the nth owner.
func OwnerFields(n int) string { return fmt.Sprintf("owner%d_", n) }

// ReadOwnership judges the step Owners: shares of OwnerLimit and more, one line a person, not more than all together.
func ReadOwnership(f Form) (Ownership, error) {
	o := Ownership{None: f.Get("none") == "1"}
	var faults []intake.Fault
	seen, sum := map[string]bool{}, 0
	for n := range MostOwners {
		prefix := OwnerFields(n)
		if f.Get(prefix+"name")+f.Get(prefix+"doc_number")+f.Get(prefix+"share") == "" {
			continue
		}
		owner, more := readOwner(f, prefix)
		faults = append(faults, more...)
		if key := owner.DocType + owner.DocNumber; owner.DocNumber != "" && seen[key] {
			faults = append(faults, intake.Fault{Field: prefix + "doc_number", Code: "onboarding.fault.owner_twice"})
		} else {
			seen[key] = true
		}
		if sum += owner.Share; sum > 10_000 {
			faults = append(faults, intake.Fault{Field: prefix + "share", Code: "onboarding.fault.owners_sum"})
		}
		o.Owners = append(o.Owners, owner)
	}
	switch {
	case o.None && len(o.Owners) > 0:
		faults = append(faults, intake.Fault{Field: "none", Code: "onboarding.fault.owners_both"})
	case !o.None && len(o.Owners) == 0:
		faults = append(faults, intake.Fault{Field: "none", Code: "onboarding.fault.owners_none"})
	}
	return o, refusal(faults)
}

func readOwner(f Form, prefix string) (o Owner, faults []intake.Fault) {
	o.Person, faults = readPerson(f, prefix)
	share, err := models.ParsePercent(f.Get(prefix + "share"))
	switch {
	case err != nil || share > 10_000:
		faults = append(faults, intake.Fault{Field: prefix + "share", Code: "onboarding.fault.share"})
	case share < OwnerLimit:
		faults = append(faults, intake.Fault{Field: prefix + "share", Code: "onboarding.fault.share_small"})
	default:
		o.Share = share
	}
	return o, faults
}

// ReadExposure judges the step Declarations.
func ReadExposure(f Form) (Exposure, error) {
	e := Exposure{PEP: f.Get("pep") == "yes", Relative: f.Get("relative") == "yes", Funds: f.Get("funds")}
	var faults []intake.Fault
	need := func(field, code string, wrong bool) {
		if wrong {
			faults = append(faults, intake.Fault{Field: field, Code: code})
		}
	}
	said := func(field string, wanted bool) string {
		text := f.Get(field)
		need(field, "onboarding.fault.say", wanted && text == "")
		need(field, "text_too_long", len([]rune(text)) > textLimit)
		if !wanted {
			return ""
		}
		return text
	}
	need("pep", "onboarding.fault.choose", !slices.Contains([]string{"yes", "no"}, f.Get("pep")))
	need("relative", "onboarding.fault.choose", !slices.Contains([]string{"yes", "no"}, f.Get("relative")))
	need("funds", "onboarding.fault.choose", !slices.Contains(FundSources, e.Funds))
	e.Office, e.Relation, e.FundsOf = said("office", e.PEP), said("relation", e.Relative), said("funds_of", e.Funds == "other")
	return e, refusal(faults)
}

// Values writes an answer as the fields of its form.
func Values(item Item, answer []byte) (Form, error) {
	if len(answer) == 0 {
		return Form{}, nil
	}
	f, err := values(item, answer)
	if err != nil {
		return nil, fmt.Errorf("read answer %s: %w", item, err)
	}
	return f, nil
}

func values(item Item, answer []byte) (f Form, err error) {
	switch item {
	case Who:
		var i Identity
		err = json.Unmarshal(answer, &i)
		f = Form{"person_kind": i.PersonKind, "doc_type": i.DocType, "doc_number": i.DocNumber, "doc_dv": i.DocDV, "doc_issued_on": i.IssuedOn, "first_names": i.GivenNames,
			"last_names": i.Surnames, "business_name": i.BusinessName, "divipola": i.Divipola, "address": i.Address,
			"rep_name": i.Rep.Name, "rep_doc_type": i.Rep.DocType, "rep_doc_number": i.Rep.DocNumber}
	case Contact:
		var r Reach
		err = json.Unmarshal(answer, &r)
		f = Form{"phone": r.Phone, "email": r.Email, "by": r.By}
	case Payment:
		var d models.Destination
		err = json.Unmarshal(answer, &d)
		f = Form{"payout_method": string(d.Kind), "bank_code": d.BankCode, "account_type": d.AccountType, "account_number": d.AccountNumber, "bre_b_key": d.BreBKey, "bre_b_key_kind": string(d.BreBKeyKind)}
	case Tax:
		var t TaxStatus
		err = json.Unmarshal(answer, &t)
		f = Form{"tax_status": t.Status, "iva_responsible": one(t.IVAResponsible)}
	case Owners:
		var o Ownership
		err = json.Unmarshal(answer, &o)
		f = Form{"none": one(o.None)}
		for n, owner := range o.Owners {
			prefix := OwnerFields(n)
			f[prefix+"name"], f[prefix+"doc_type"], f[prefix+"doc_number"], f[prefix+"share"] = owner.Name, owner.DocType, owner.DocNumber, models.FormatPercent(owner.Share)
		}
	case Declarations:
		var e Exposure
		err = json.Unmarshal(answer, &e)
		f = Form{"pep": yesNo(e.PEP), "office": e.Office, "relative": yesNo(e.Relative), "relation": e.Relation, "funds": e.Funds, "funds_of": e.FundsOf}
	}
	return f, err
}

func one(b bool) string {
	if b {
		return "1"
	}
	return ""
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// SameName answers whether what was typed as a signature is the name of who has to sign, whatever its case and accents.
func SameName(typed, signer string) bool {
	return signer != "" && strings.Join(strings.Fields(models.Fold(typed)), " ") == strings.Join(strings.Fields(models.Fold(signer)), " ")
}
