// Package rules draws the pages of the approval rules, and says steps and reasons in words wherever they are shown.
package rules

import (
	"context"
	"strconv"
	"strings"
	"time"

	"pagaduria/models"
	"pagaduria/views/i18n"
	"pagaduria/views/ui"
)

// StepText says whom a step asks for: "Ana, Luis: one of them". people are those it may name.
func StepText(ctx context.Context, s models.ApprovalStep, people []models.Approver) string {
	names, how := namesOf(s.People, people), ""
	switch {
	case len(s.People) > 0 && s.Mode == models.StepAll:
		how = i18n.T(ctx, "approval.how.all")
	case len(s.People) > 0 && s.Mode == models.StepNOf:
		how = i18n.T(ctx, "approval.how.n_of", "N", strconv.Itoa(s.Needed()))
	case len(s.People) > 0:
		how = i18n.T(ctx, "approval.how.any")
	case s.Mode == models.StepAll:
		how = i18n.T(ctx, "approval.how.role_all")
	case s.Mode == models.StepNOf:
		how = i18n.N(ctx, "approval.how.role_n_of", s.Needed())
	default:
		how = i18n.T(ctx, "approval.how.role_any")
	}
	for _, r := range s.Roles {
		names = append(names, RoleText(ctx, r))
	}
	if len(s.People) == 1 {
		return names[0]
	}
	return i18n.T(ctx, "approval.who", "Names", strings.Join(names, ", "), "How", how)
}

// RoleText is whom a role in a step means.
func RoleText(ctx context.Context, r models.Role) string {
	switch r {
	case models.RoleFinance:
		return i18n.T(ctx, "approval.role.finance")
	case models.RoleCompliance:
		return i18n.T(ctx, "approval.role.compliance")
	}
	return i18n.T(ctx, "approval.role.approver")
}

func namesOf(ids []int64, people []models.Approver) []string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = "#" + strconv.FormatInt(id, 10)
		for _, p := range people {
			if p.ID == id {
				names[i] = p.Name
			}
		}
	}
	return names
}

// ReasonTexts say why a rule matched, a sentence for each condition.
func ReasonTexts(ctx context.Context, m models.RuleMatch) []string {
	if len(m.Reasons) == 0 {
		return []string{i18n.T(ctx, "approval.reason.every")}
	}
	texts := make([]string, len(m.Reasons))
	for i, r := range m.Reasons {
		texts[i] = reasonText(ctx, r)
		if r.More > 0 {
			texts[i] = i18n.N(ctx, "approval.reason.more", r.More, "Text", texts[i])
		}
	}
	return texts
}

func reasonText(ctx context.Context, r models.MatchReason) string {
	got := i18n.Money(ctx, r.Got)
	switch r.Kind {
	case models.CondTotal:
		return i18n.T(ctx, "approval.reason.total", "Got", got, "Limit", i18n.Money(ctx, r.Amount))
	case models.CondByHand:
		if r.LeftOut > 0 {
			return i18n.N(ctx, "approval.reason.by_hand", r.LeftOut)
		}
		return i18n.T(ctx, "approval.reason.narrowed")
	case models.CondItemAmount:
		return i18n.T(ctx, "approval.reason.item_amount", "Item", r.Item, "Got", got, "Limit", i18n.Money(ctx, r.Amount))
	case models.CondNetwork:
		return i18n.T(ctx, "approval.reason.network", "Item", r.Item, "Method", i18n.T(ctx, ui.MethodKey(r.Method)))
	case models.CondNewPayee:
		return i18n.T(ctx, "approval.reason.new_payee", "Item", r.Item, "Got", got)
	case models.CondChangedAccount:
		if r.Moved {
			return i18n.T(ctx, "approval.reason.moved", "Item", r.Item, "Got", got)
		}
		return i18n.N(ctx, "approval.reason.young", r.Age, "Item", r.Item, "Got", got, "Days", strconv.Itoa(r.Days))
	}
	return i18n.T(ctx, "approval.reason.risk", "Item", r.Item, "Got", got, "Risks", strings.Join(riskTexts(ctx, r.Risk), ", "))
}

func riskTexts(ctx context.Context, risks []models.Risk) []string {
	texts := make([]string, len(risks))
	for i, r := range risks {
		texts[i] = RiskText(ctx, r)
	}
	return texts
}

// RiskText is a risk in words.
func RiskText(ctx context.Context, r models.Risk) string {
	switch r {
	case models.RiskMedian:
		return i18n.T(ctx, "approval.risk.median")
	case models.RiskShared:
		return i18n.T(ctx, "approval.risk.shared")
	case models.RiskCashReport:
		return i18n.T(ctx, "approval.risk.cash_report")
	}
	return i18n.T(ctx, "approval.risk.warnings")
}

// BarText says why somebody whom a step asks for cannot go on with it.
func BarText(ctx context.Context, c models.StepCandidate) string {
	switch c.Bar {
	case models.BarMaker:
		return i18n.T(ctx, "approval.bar.maker", "Name", c.Name)
	case models.BarEditor:
		return i18n.T(ctx, "approval.bar.editor", "Name", c.Name)
	case models.BarEarlier:
		return i18n.T(ctx, "approval.bar.earlier", "Name", c.Name)
	case models.BarAway:
		until := dayText(ctx, *c.AwayUntil)
		if c.StandIn != "" {
			return i18n.T(ctx, "approval.bar.away_for", "Name", c.Name, "Until", until, "StandIn", c.StandIn)
		}
		return i18n.T(ctx, "approval.bar.away", "Name", c.Name, "Until", until)
	}
	return i18n.T(ctx, "approval.bar.unable", "Name", c.Name)
}

// dayText writes a Bogotá date, which comes as midnight UTC of that date.
func dayText(ctx context.Context, day time.Time) string {
	return i18n.Day(ctx, day.Add(12*time.Hour))
}
