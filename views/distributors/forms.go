package distributors

import (
	"context"
	"strconv"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/intake"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// FormPage is the form of a new distributor, or of one that is changed.
type FormPage struct {
	layout.Page
	ID      int64 // 0 for a new one
	Version int
	Name    string            // of the one that is changed
	Values  map[string]string // by the column names of intake.DistributorColumns
	Errors  map[string]string // sentences by field
	Error   string
}

func (p FormPage) action() string {
	if p.ID == 0 {
		return urls.Distributors()
	}
	return urls.EditDistributor(p.ID)
}

func (p FormPage) back() string {
	if p.ID == 0 {
		return urls.Distributors()
	}
	return urls.Distributor(p.ID)
}

func (p FormPage) input(name, label string) ui.Input {
	return ui.Input{Name: name, Label: label, Value: p.Values[name], Error: p.Errors[name], MaxLength: 200}
}

func (p FormPage) required(name, label string) ui.Input {
	i := p.input(name, label)
	i.Required = true
	return i
}

func (p FormPage) typed(name, label, kind, hint string) ui.Input {
	i := p.input(name, label)
	i.Type, i.Hint = kind, hint
	return i
}

func (p FormPage) choice(name, label string, options []ui.Option) ui.Choice {
	return ui.Choice{Name: name, Label: label, Value: p.Values[name], Error: p.Errors[name], Options: options, Required: true}
}

// DocumentOptions are the documents that payees may have.
func DocumentOptions(ctx context.Context) []ui.Option {
	var options []ui.Option
	for _, d := range colombia.DocumentTypes() {
		options = append(options, ui.Option{Value: d.Code, Label: d.Code + " · " + d.Name(string(i18n.From(ctx)))})
	}
	return options
}

func personKinds(ctx context.Context) []ui.Option {
	return []ui.Option{{Value: "natural", Label: i18n.T(ctx, "distributors.natural")}, {Value: "juridical", Label: i18n.T(ctx, "distributors.juridical")}}
}

func taxStatuses(ctx context.Context) []ui.Option {
	options := make([]ui.Option, len(intake.TaxStatuses))
	for i, s := range intake.TaxStatuses {
		options[i] = ui.Option{Value: s, Label: i18n.T(ctx, "distributors.tax."+s)}
	}
	return options
}

// languages name themselves.
var languages = []ui.Option{{Value: "es", Label: i18n.Es.Name()}, {Value: "en", Label: i18n.En.Name()}, {Value: "zh", Label: i18n.Zh.Name()}}

func bankOptions() []ui.Option {
	var options []ui.Option
	for _, b := range colombia.Banks() {
		options = append(options, ui.Option{Value: b.Code, Label: b.Code + " · " + b.Name})
	}
	return options
}

func accountTypes(ctx context.Context) []ui.Option {
	return []ui.Option{{Value: "S", Label: i18n.T(ctx, "distributors.savings")}, {Value: "C", Label: i18n.T(ctx, "distributors.current")}}
}

func keyKinds(ctx context.Context) []ui.Option {
	var options []ui.Option
	for _, k := range []models.BreBKeyKind{models.BreBPhone, models.BreBEmail, models.BreBDocument, models.BreBAlias} {
		options = append(options, ui.Option{Value: string(k), Label: i18n.T(ctx, "distributors.key."+string(k))})
	}
	return options
}

func cityOptions() []ui.Option {
	places := colombia.Municipalities()
	options := make([]ui.Option, len(places))
	for i, m := range places {
		options[i] = ui.Option{Value: m.Code, Label: m.Name + ", " + m.Department}
	}
	return options
}

// MethodPage is the form of a new way of being paid.
type MethodPage struct {
	layout.Page
	Of     models.Distributor
	Values map[string]string
	Errors map[string]string
	Error  string
}

func (p MethodPage) form() FormPage {
	return FormPage{Page: p.Page, ID: p.Of.ID, Values: p.Values, Errors: p.Errors, Error: p.Error}
}

// AskPage is a question about one distributor: reveal, or take a method out of use.
type AskPage struct {
	layout.Page
	Of    models.Distributor
	Ask   ui.Ask
	Label string // of the reason; "" asks for none
	Hint  string
	Value string
	Wrong string // what is wrong with the reason
}

// VerificationPage is where compliance decides.
type VerificationPage struct {
	layout.Page
	Of     models.Distributor
	To     string
	Until  string
	Reason string
	Errors map[string]string
	Error  string
}

func (p VerificationPage) states(ctx context.Context) []ui.Option {
	return stateOptions(ctx, p.Of.Verification)
}

func stateOptions(ctx context.Context, from models.Verification) []ui.Option {
	var options []ui.Option
	for _, v := range []models.Verification{models.Verified, models.Suspended, models.Expired, models.Unverified} {
		if from.CanMoveTo(v) {
			options = append(options, ui.Option{Value: string(v), Label: i18n.T(ctx, ui.VerificationState(v).Key), Note: i18n.T(ctx, "distributors.means."+string(v))})
		}
	}
	return options
}

// DecisionsPage records decisions for a filtered set.
type DecisionsPage struct {
	layout.Page
	Filter                  models.DistributorFilter
	DocTypes                []ui.Option
	Cities                  []ui.Option
	To                      string
	Count, Warned, Standing int64
	Until                   string
	Reason                  string
	Errors                  map[string]string
	Error                   string
}

func (p DecisionsPage) hidden() []ui.Pair {
	pairs := []ui.Pair{{Name: "expected", Value: strconv.FormatInt(p.Count, 10)}, {Name: "to", Value: p.To}}
	for _, f := range filterPairs(p.Filter) {
		if f.Value != "" {
			pairs = append(pairs, f)
		}
	}
	return pairs
}

func currentStates(ctx context.Context) []ui.Option {
	options := make([]ui.Option, len(models.Verifications))
	for i, v := range models.Verifications {
		options[i] = ui.Option{Value: string(v), Label: i18n.T(ctx, ui.VerificationState(v).Key)}
	}
	return options
}
