package distributors

import (
	"context"
	"slices"
	"time"

	"pagaduria/models"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
)

// MergePlanPage is two records side by side that somebody wants to make one.
type MergePlanPage struct {
	layout.Page
	Plan   models.MergePlan
	Today  time.Time
	Take   []string // ticked
	Reason string
	Errors map[string]string
	Error  string
}

// MergePage is one merge.
type MergePage struct {
	layout.Page
	Of      models.MergeDetail
	Today   time.Time
	Reason  string // typed, for undoing it
	Wrong   string // what is wrong with the reason
	Problem string
}

var mergeLooks = map[models.MergeState]ui.Look{
	models.MergeAsked:   {Tone: "wait", Icon: "hourglass", Key: "merges.states.asked"},
	models.MergeDropped: {Icon: "ban", Key: "merges.states.dropped"},
	models.MergeDone:    {Tone: "ok", Icon: "circle-check", Key: "merges.states.done"},
	models.MergeUndone:  {Tone: "hold", Icon: "arrow-back-up", Key: "merges.states.undone"},
}

func (p MergePlanPage) ticked(part models.MergePart) bool {
	return slices.Contains(p.Take, string(part))
}

// obstacleSentence says what is in the way, and of whom.
func obstacleSentence(ctx context.Context, o models.Obstacle) string {
	return i18n.T(ctx, "merges.stop."+o.Kind, "Who", o.Who, "What", o.What)
}

// effects are sentences about what the merge will do, the money first.
func effects(ctx context.Context, p models.MergePlan) []string {
	s, a := p.Survivor, p.Absorbed
	list := []string{
		i18n.T(ctx, "merges.effect.owed", "Amount", i18n.Money(ctx, a.Owed), "Survivor", s.Code, "Then", i18n.Money(ctx, s.Owed.Add(a.Owed))),
		i18n.T(ctx, "merges.effect.rows", "Lines", i18n.N(ctx, "merges.n_lines", int(a.Lines)), "Payouts", i18n.N(ctx, "merges.n_payouts", int(a.Payouts)),
			"Downline", i18n.N(ctx, "merges.n_downline", int(a.Downline)), "Survivor", s.Code),
	}
	if a.Carry.Minor != 0 {
		list = append(list, i18n.T(ctx, "merges.effect.carry", "Amount", i18n.Money(ctx, a.Carry)))
	}
	if p.Alike > 0 {
		list = append(list, i18n.N(ctx, "merges.effect.alike", int(p.Alike), "Amount", i18n.Money(ctx, p.AlikeTotal), "Survivor", s.Code))
	}
	kyc := "merges.effect.kyc"
	if p.Suspends() {
		kyc = "merges.effect.suspends"
	}
	return append(list,
		i18n.T(ctx, kyc, "Survivor", s.Code, "Absorbed", a.Code, "State", i18n.T(ctx, ui.VerificationState(s.Verification).Key)),
		i18n.T(ctx, "merges.effect.absorbed", "Absorbed", a.Code, "Survivor", s.Code),
		i18n.T(ctx, "merges.effect.undo"))
}

func placeOf(d models.Distributor) string {
	return PersonPage{Of: models.DistributorDetail{Distributor: d}}.place()
}

func contactWordsOf(d models.Distributor) []string {
	p := PersonPage{Of: models.DistributorDetail{Distributor: d}}
	return slices.DeleteFunc([]string{p.phone(), p.email(), placeOf(d)}, func(s string) bool { return s == "–" || s == "" })
}

func methodOf(m *models.PayoutMethod) string {
	if m == nil {
		return "–"
	}
	return PersonPage{}.destination(*m)
}

// movedWords says what went over.
func movedWords(ctx context.Context, m map[string]int64) string {
	return i18n.T(ctx, "merges.moved", "Lines", i18n.N(ctx, "merges.n_lines", int(m["line"])), "Payouts", i18n.N(ctx, "merges.n_payouts", int(m["payout"])),
		"Downline", i18n.N(ctx, "merges.n_downline", int(m["downline"])))
}

// why is why the merge cannot be undone now, "" when it can.
func (p MergePage) why(ctx context.Context) string {
	switch {
	case p.Of.State != models.MergeDone:
		return i18n.T(ctx, "merges.stop.not_done")
	case p.Today.After(p.Of.UndoUntil()):
		return i18n.T(ctx, "merges.stop.too_late")
	case len(p.Of.Obstacles) > 0:
		return obstacleSentence(ctx, p.Of.Obstacles[0])
	case p.undoing() != nil:
		return i18n.T(ctx, "request.refused.open")
	}
	return ""
}

// undoing is the open request to undo it.
func (p MergePage) undoing() *models.Request {
	for i, r := range p.Of.Requests {
		if r.Kind == models.RequestUnmerge && r.State == models.RequestOpen {
			return &p.Of.Requests[i]
		}
	}
	return nil
}
