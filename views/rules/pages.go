package rules

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"pagaduria/models"
	"pagaduria/views/checks"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
)

// ListPage is the list of versions.
type ListPage struct {
	layout.Page
	Versions []models.RulesVersion
	MayDraft bool // and there is no draft yet
	Open     bool // there is a draft, or a version that waits
	Failed   string
}

// Typed is what a form of the draft was sent with.
type Typed struct {
	Do, Name, Kind, Amount, Days, Mode, Count string
	Rule, Block                               int
	Methods, Risks, Roles                     []string
	People                                    []int64
}

// ShowPage is one version; a draft has forms.
type ShowPage struct {
	layout.Page
	Version   models.RulesVersion
	Approvers []models.Approver
	Faults    []models.RuleFault
	MayEdit   bool
	Request   int64 // that waits for a second person, 0 for none
	Problem   string
	Typed     Typed
}

// TryPage tries a version out on past batches.
type TryPage struct {
	layout.Page
	Version   models.RulesVersion
	Check     checks.Part
	Trial     models.RulesTrial // of the last time
	Stale     bool              // the version, or the one in force, is another one since
	Approvers []models.Approver
}

// PublishPage asks for the reason before a second person is asked.
type PublishPage struct {
	layout.Page
	Version models.RulesVersion
	Typed   string
	Problem string
}

// StateLook is how the state of a version is shown.
func StateLook(s models.RulesState) ui.Look {
	switch s {
	case models.RulesWaiting:
		return ui.Look{Tone: "wait", Icon: "hourglass", Key: "rules.state.waiting"}
	case models.RulesInForce:
		return ui.Look{Tone: "ok", Icon: "circle-check", Key: "rules.state.in_force"}
	case models.RulesReplaced:
		return ui.Look{Icon: "history", Key: "rules.state.replaced"}
	}
	return ui.Look{Tone: "info", Icon: "edit", Key: "rules.state.draft"}
}

// of answers what was typed into the form that do, rule and block name; nothing for the others.
func (p ShowPage) of(do string, rule, block int) Typed {
	if p.Typed.Do == do && p.Typed.Rule == rule && p.Typed.Block == block {
		return p.Typed
	}
	return Typed{Mode: string(models.StepAny)}
}

// openForm answers whether the form came back and must be seen.
func (p ShowPage) openForm(do string, rule, block int) bool {
	return p.Typed.Do == do && p.Typed.Rule == rule && p.Typed.Block == block
}

// nameOf is the name of a rule, or what was typed in its place.
func (p ShowPage) nameOf(i int, r models.ApprovalRule) string {
	if p.openForm("name_rule", i, 0) {
		return p.Typed.Name
	}
	return r.Name
}

// faultsOf says what keeps a rule, or with 0 the version, from being published.
func (p ShowPage) faultsOf(ctx context.Context, rule int) (texts []string) {
	for _, f := range p.Faults {
		if text := faultText(ctx, f.Key); f.Rule == rule && !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return texts
}

func faultText(ctx context.Context, key string) string {
	switch key {
	case "many":
		return i18n.T(ctx, "rules.fault.many")
	case "expire":
		return i18n.T(ctx, "rules.fault.expire")
	case "name":
		return i18n.T(ctx, "rules.fault.name")
	case "no_block":
		return i18n.T(ctx, "rules.fault.no_block")
	case "no_step":
		return i18n.T(ctx, "rules.fault.no_step")
	case "condition":
		return i18n.T(ctx, "rules.fault.condition")
	case "person":
		return i18n.T(ctx, "rules.fault.person")
	}
	return i18n.T(ctx, "rules.fault.step")
}

// ConditionText is a condition in words.
func ConditionText(ctx context.Context, c models.Condition) string {
	switch c.Kind {
	case models.CondTotal:
		return i18n.T(ctx, "rules.says.total", "Amount", i18n.Money(ctx, c.Amount))
	case models.CondByHand:
		return i18n.T(ctx, "rules.says.by_hand")
	case models.CondItemAmount:
		return i18n.T(ctx, "rules.says.item_amount", "Amount", i18n.Money(ctx, c.Amount))
	case models.CondNetwork:
		return i18n.T(ctx, "rules.says.network", "Names", strings.Join(methodTexts(ctx, c.Methods), ", "))
	case models.CondNewPayee:
		return i18n.T(ctx, "rules.says.new_payee")
	case models.CondChangedAccount:
		if c.Days == 0 {
			return i18n.T(ctx, "rules.says.moved")
		}
		return i18n.N(ctx, "rules.says.changed_account", c.Days)
	}
	return i18n.T(ctx, "rules.says.risk", "Names", strings.Join(riskTexts(ctx, c.Risks), ", "))
}

func methodTexts(ctx context.Context, kinds []models.MethodKind) []string {
	texts := make([]string, len(kinds))
	for i, k := range kinds {
		texts[i] = i18n.T(ctx, ui.MethodKey(k))
	}
	return texts
}

func kindOptions(ctx context.Context) []ui.Option {
	return []ui.Option{
		{Value: string(models.CondTotal), Label: i18n.T(ctx, "rules.kind.total")},
		{Value: string(models.CondByHand), Label: i18n.T(ctx, "rules.kind.by_hand")},
		{Value: string(models.CondItemAmount), Label: i18n.T(ctx, "rules.kind.item_amount")},
		{Value: string(models.CondNetwork), Label: i18n.T(ctx, "rules.kind.network")},
		{Value: string(models.CondNewPayee), Label: i18n.T(ctx, "rules.kind.new_payee")},
		{Value: string(models.CondChangedAccount), Label: i18n.T(ctx, "rules.kind.changed_account")},
		{Value: string(models.CondRisk), Label: i18n.T(ctx, "rules.kind.risk")},
	}
}

func modeOptions(ctx context.Context) []ui.Option {
	return []ui.Option{
		{Value: string(models.StepAny), Label: i18n.T(ctx, "rules.mode.any")},
		{Value: string(models.StepNOf), Label: i18n.T(ctx, "rules.mode.n_of")},
		{Value: string(models.StepAll), Label: i18n.T(ctx, "rules.mode.all")},
	}
}

// tick is one choice of several in a form of the draft.
type tick struct {
	value, label string
	on           bool
}

func methodTicks(ctx context.Context, t Typed) (list []tick) {
	for _, k := range models.MethodKinds {
		list = append(list, tick{string(k), i18n.T(ctx, ui.MethodKey(k)), slices.Contains(t.Methods, string(k))})
	}
	return list
}

func riskTicks(ctx context.Context, t Typed) (list []tick) {
	for _, r := range models.Risks {
		list = append(list, tick{string(r), RiskText(ctx, r), slices.Contains(t.Risks, string(r))})
	}
	return list
}

func roleTicks(ctx context.Context, t Typed) (list []tick) {
	for _, r := range models.StepRoles {
		list = append(list, tick{string(r), RoleText(ctx, r), slices.Contains(t.Roles, string(r))})
	}
	return list
}

func (p ShowPage) personTicks(t Typed) (list []tick) {
	for _, a := range p.Approvers {
		if a.Active {
			list = append(list, tick{num(int(a.ID)), a.Name, slices.Contains(t.People, a.ID)})
		}
	}
	return list
}

func num(n int) string { return strconv.Itoa(n) }

// place is the id of a field in the form of a rule and block.
func place(rule, block int, name string) string {
	return "r" + num(rule) + "-" + num(block) + "-" + name
}

func names(v models.RulesVersion) string {
	list := make([]string, len(v.Rules))
	for i, r := range v.Rules {
		list[i] = r.Name
	}
	return strings.Join(list, ", ")
}

// steps are the approvals of an evaluation in words.
func stepTexts(ctx context.Context, e models.Evaluation, people []models.Approver) []string {
	texts := make([]string, len(e.Steps))
	for i, s := range e.Steps {
		texts[i] = StepText(ctx, s, people)
	}
	return texts
}
