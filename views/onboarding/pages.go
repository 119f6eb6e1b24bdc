// Package onboarding has the pages that payees fill in by a link, and the letters that bring them there. Staff who fill
// a case in for somebody see the same fields.
package onboarding

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/ident"
	"pagaduria/models/kyc"
	"pagaduria/views/documents"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// Page is what every page behind a link has.
type Page struct {
	layout.Page
	Token string
	Items []kyc.CaseItem
	Step  kyc.Step
}

// progress is how far the step is among those that are asked.
func (p Page) progress(ctx context.Context) layout.Progress {
	steps := StepsOf(p.Items)
	return layout.Progress{Step: slices.Index(steps, p.Step) + 1, Steps: len(steps), Name: StepName(ctx, p.Step)}
}

// again is what the payee is told about the step, when it is asked again.
func (p Page) again() string {
	for _, i := range p.Items {
		if i.Step == p.Step && i.State == kyc.Again {
			return i.Again
		}
	}
	return ""
}

// StepsOf are the pages for the items, in order.
func StepsOf(items []kyc.CaseItem) (steps []kyc.Step) {
	for _, i := range items {
		if !slices.Contains(steps, i.Step) {
			steps = append(steps, i.Step)
		}
	}
	return steps
}

// StepName is the title of a step.
func StepName(ctx context.Context, s kyc.Step) string {
	return i18n.T(ctx, "onboarding.name."+string(s))
}

// ItemName is how a page calls one thing that is asked for.
func ItemName(ctx context.Context, i kyc.Item) string {
	if k := i.DocumentKind(); k != "" {
		return documents.KindWord(ctx, k)
	}
	return i18n.T(ctx, "onboarding.name."+string(i))
}

// back is the step before this one, "" on the first.
func (p Page) back() string {
	steps := StepsOf(p.Items)
	if i := slices.Index(steps, p.Step); i > 0 {
		return urls.PayeeStep(p.Token, string(steps[i-1]))
	}
	return ""
}

// ConsentPage greets, and asks for the authorisation.
type ConsentPage struct {
	Page
	Name      string
	Until     time.Time
	Text      kyc.ConsentText
	Given     bool
	Sensitive bool
	Errors    map[string]string
	Error     string
}

// StepPage is one step of the form.
type StepPage struct {
	Page
	Fields
	CodeTo   string // contact: where a code was sent, masked; "" without one
	CodeHint string // contact: why no other code was sent
	Method   bool   // payment: the payee is paid in some way already
	Error    string
}

// Fields are the fields of a step, with what was typed.
type Fields struct {
	Step   kyc.Step
	Values kyc.Form
	Errors map[string]string
	Kind   string // natural or juridical
	Texts  bool   // codes can go by SMS
	More   bool   // owners: room for more
	Choose string // where the method, or the kind of person, is chosen: an address that takes ?choose=
}

func (f Fields) input(name, label string) ui.Input {
	return ui.Input{Name: name, Label: label, Value: f.Values[name], Error: f.Errors[name], MaxLength: 200}
}

func (f Fields) required(name, label string) ui.Input {
	i := f.input(name, label)
	i.Required = true
	return i
}

func (f Fields) choice(name, label string, options []ui.Option) ui.Choice {
	return ui.Choice{Name: name, Label: label, Value: f.Values[name], Error: f.Errors[name], Options: options, Required: true}
}

func (f Fields) method() models.MethodKind { return models.MethodKind(f.Values["payout_method"]) }

// owners are the lines of the step: those that were typed, and room for more.
func (f Fields) owners() []string {
	used := 0
	for n := range kyc.MostOwners {
		if f.Values[kyc.OwnerFields(n)+"name"]+f.Values[kyc.OwnerFields(n)+"doc_number"]+f.Values[kyc.OwnerFields(n)+"share"] != "" {
			used = n + 1
		}
	}
	room := max(2, used)
	if f.More {
		room = used + 3
	}
	lines := make([]string, min(room, kyc.MostOwners))
	for n := range lines {
		lines[n] = kyc.OwnerFields(n)
	}
	return lines
}

// naturalDocuments are those of people, without the NIT.
func naturalDocuments(ctx context.Context) []ui.Option {
	var options []ui.Option
	for _, d := range colombia.DocumentTypes() {
		if d.Code != "NIT" && d.Code != "TI" {
			options = append(options, ui.Option{Value: d.Code, Label: d.Name(string(i18n.From(ctx)))})
		}
	}
	return options
}

func cities() []ui.Option {
	places := colombia.Municipalities()
	options := make([]ui.Option, len(places))
	for i, m := range places {
		options[i] = ui.Option{Value: m.Code, Label: m.Name + ", " + m.Department}
	}
	return options
}

func banks() []ui.Option {
	var options []ui.Option
	for _, b := range colombia.Banks() {
		if b.Offered {
			options = append(options, ui.Option{Value: b.Code, Label: b.Name})
		}
	}
	return options
}

func methods(ctx context.Context) []ui.Option {
	options := make([]ui.Option, 0, len(models.MethodKinds))
	for _, k := range models.MethodKinds {
		options = append(options, ui.Option{Value: string(k), Label: i18n.T(ctx, ui.MethodKey(k)), Note: i18n.T(ctx, "onboarding.method_note."+string(k))})
	}
	return options
}

func yesNo(ctx context.Context) []ui.Option {
	return []ui.Option{{Value: "yes", Label: i18n.T(ctx, "onboarding.yes")}, {Value: "no", Label: i18n.T(ctx, "onboarding.no")}}
}

func taxes(ctx context.Context, kind string) []ui.Option {
	var options []ui.Option
	for _, s := range kyc.TaxStatusesOf(kind) {
		options = append(options, ui.Option{Value: s, Label: i18n.T(ctx, "distributors.tax."+s), Note: i18n.T(ctx, "onboarding.tax_note."+s)})
	}
	return options
}

func sources(ctx context.Context) []ui.Option {
	var options []ui.Option
	for _, s := range kyc.FundSources {
		options = append(options, ui.Option{Value: s, Label: i18n.T(ctx, "onboarding.funds."+s)})
	}
	return options
}

// SignPage shows everything declared, to be signed.
type SignPage struct {
	Page
	Declared []Declared
	Missing  []kyc.Step
	Signer   string
	Seen     string // hash of the statement
	Typed    string
	Errors   map[string]string
	Error    string
}

// Declared is what was declared in one step.
type Declared struct {
	Step  kyc.Step
	Lines [][2]string // name and value, in the reader's language
}

// DeclaredOf writes answers as people read them.
func DeclaredOf(ctx context.Context, items []kyc.CaseItem, answers map[kyc.Item][]byte) ([]Declared, error) {
	var list []Declared
	for _, i := range items {
		if i.Step == kyc.Documents {
			if len(answers[i.Item]) == 0 {
				continue
			}
			var p kyc.Paper
			if err := json.Unmarshal(answers[i.Item], &p); err != nil {
				return nil, fmt.Errorf("read answer %s: %w", i.Item, err)
			}
			if n := len(list); n == 0 || list[n-1].Step != i.Step {
				list = append(list, Declared{Step: i.Step})
			}
			list[len(list)-1].Lines = append(list[len(list)-1].Lines, paperLine(ctx, i.Item, p))
			continue
		}
		f, err := kyc.Values(i.Item, answers[i.Item])
		if err != nil {
			return nil, err
		}
		if lines := declaredLines(ctx, i.Item, f); len(lines) > 0 {
			list = append(list, Declared{Step: i.Step, Lines: lines})
		}
	}
	return list, nil
}

func declaredLines(ctx context.Context, item kyc.Item, f kyc.Form) (lines [][2]string) {
	add := func(key, value string) {
		if value != "" {
			lines = append(lines, [2]string{i18n.T(ctx, key), value})
		}
	}
	said := func(prefix, value string) string {
		if value == "" {
			return ""
		}
		return i18n.T(ctx, prefix+value)
	}
	switch item {
	case kyc.Who:
		add("distributors.person_kind", said("distributors.", f["person_kind"]))
		add("distributors.business_name", f["business_name"])
		add("distributors.given_names", f["first_names"])
		add("distributors.surnames", f["last_names"])
		add("distributors.document", strings.TrimSpace(f["doc_type"]+" "+dashed(f["doc_number"], f["doc_dv"])))
		add("distributors.doc_issued_on", f["doc_issued_on"])
		add("onboarding.rep_name", f["rep_name"])
		add("onboarding.rep_doc", strings.TrimSpace(f["rep_doc_type"]+" "+f["rep_doc_number"]))
		add("distributors.city", cityName(f["divipola"]))
		add("distributors.address", f["address"])
	case kyc.Contact:
		add("distributors.phone", f["phone"])
		add("distributors.email", f["email"])
	case kyc.Payment:
		if f["payout_method"] != "" {
			add("distributors.method", i18n.T(ctx, ui.MethodKey(models.MethodKind(f["payout_method"]))))
		}
		if bank, ok := colombia.BankByCode(f["bank_code"]); ok && f["bank_code"] != "" {
			add("distributors.bank", bank.Name)
		}
		add("distributors.account_number", f["account_number"])
		add("distributors.bre_b_key", f["bre_b_key"])
	case kyc.Tax:
		add("distributors.tax_status", said("distributors.tax.", f["tax_status"]))
		if f["tax_status"] != "" {
			add("distributors.iva", said("onboarding.", map[string]string{"1": "yes", "": "no"}[f["iva_responsible"]]))
		}
	case kyc.Owners:
		if f["none"] == "1" {
			add("onboarding.owners", i18n.T(ctx, "onboarding.owners_none"))
		}
		for n := range kyc.MostOwners {
			prefix := kyc.OwnerFields(n)
			if f[prefix+"name"] != "" {
				lines = append(lines, [2]string{f[prefix+"name"], fmt.Sprintf("%s %s · %s %%", f[prefix+"doc_type"], f[prefix+"doc_number"], f[prefix+"share"])})
			}
		}
	case kyc.Declarations:
		add("onboarding.pep", said("onboarding.", f["pep"]))
		add("onboarding.office", f["office"])
		add("onboarding.relative", said("onboarding.", f["relative"]))
		add("onboarding.relation", f["relation"])
		add("onboarding.funds_label", said("onboarding.funds.", f["funds"]))
		add("onboarding.funds_of", f["funds_of"])
	}
	return lines
}

func dashed(number, dv string) string {
	if dv == "" {
		return number
	}
	return number + "-" + dv
}

func cityName(code string) string {
	if m, ok := colombia.MunicipalityByCode(code); ok {
		return m.Name + ", " + m.Department
	}
	return ""
}

// ReceiptPage is what a payee keeps.
type ReceiptPage struct {
	Page
	State    kyc.State
	Signed   *kyc.Signed
	Number   string
	Declared []Declared
}

// CodePage asks for a code on another device.
type CodePage struct {
	Page
	To     string // masked, "" when no code can be sent
	Sent   bool
	Errors map[string]string
	Error  string
}

// ClosedPage says why a link opens nothing.
type ClosedPage struct {
	layout.Page
	Text string
}

// MaskContact shows where a code goes without showing all of it.
func MaskContact(by, to string) string {
	if by == "sms" {
		return ident.MaskPhone(to)
	}
	return models.MaskEmail(to)
}

// Locale is the language of a payee: es, en or zh.
func Locale(lang string) i18n.Locale {
	switch lang {
	case "en":
		return i18n.En
	case "zh":
		return i18n.Zh
	}
	return i18n.Es
}

// Lang is the language of a reader as cases have it.
func Lang(l i18n.Locale) string {
	switch l {
	case i18n.En:
		return "en"
	case i18n.Zh:
		return "zh"
	}
	return "es"
}

// Mail writes a letter. {link} is put in when it is sent.
func Mail(l kyc.Letter) (subject, body string) {
	ctx, args := letterArgs(l)
	return i18n.T(ctx, "onboarding.letter."+string(l.Kind)+"_subject", args...), i18n.T(ctx, "onboarding.letter."+string(l.Kind), args...)
}

// Text writes a letter as an SMS.
func Text(l kyc.Letter) string {
	ctx, args := letterArgs(l)
	return strings.ReplaceAll(i18n.T(ctx, "onboarding.letter."+string(l.Kind)+"_sms", args...), "\u00a0", " ")
}

func letterArgs(l kyc.Letter) (context.Context, []any) {
	ctx := i18n.With(context.Background(), Locale(l.Lang))
	args := []any{"Name", l.Name, "Code", l.Code, "Link", l.Link, "Receipt", l.Receipt}
	if len(l.Asked) > 0 {
		lines := make([]string, len(l.Asked))
		for i, a := range l.Asked {
			lines[i] = "– " + ItemName(ctx, a.Item) + ": " + a.Text
		}
		args = append(args, "Asked", strings.Join(lines, "\n"))
	}
	if !l.Until.IsZero() {
		args = append(args, "Until", i18n.Date(ctx, l.Until))
	}
	if !l.At.IsZero() {
		args = append(args, "At", i18n.DateTime(ctx, l.At))
	}
	return ctx, args
}
