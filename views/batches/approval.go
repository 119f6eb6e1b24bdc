package batches

import (
	"context"
	"strconv"
	"strings"
	"time"

	"pagaduria/models"
	"pagaduria/views/i18n"
	"pagaduria/views/rules"
	"pagaduria/views/ui"
)

// Judged is how a batch was evaluated by the approval rules.
type Judged struct {
	Number  int // of the version; 0 when it was not submitted yet
	RulesID int64
	Matches []models.RuleMatch
	Steps   []models.ApprovalStep
	People  []models.Approver
}

// approvalSteps are the steps that the rules demand, with who decided and who can go on.
func (p ShowPage) approvalSteps(ctx context.Context) []ui.Step {
	b := p.Batch
	if b.State == models.BatchDraft || len(p.Judged.Steps) == 0 {
		return []ui.Step{{Title: i18n.T(ctx, "batches.step.second"), Note: i18n.T(ctx, "batches.step.second_later")}}
	}
	current := 1
	if b.Open() {
		current = b.Approval.Current()
	}
	steps := make([]ui.Step, len(p.Judged.Steps))
	for i, s := range p.Judged.Steps {
		given := p.given(ctx, i+1)
		steps[i] = ui.Step{Title: rules.StepText(ctx, s, p.Judged.People)}
		notes := []string{}
		if s.Rule != "" {
			notes = append(notes, i18n.T(ctx, "approval.rule", "Name", s.Rule))
		}
		notes = append(notes, given...)
		switch {
		case len(given) >= s.Needed():
			steps[i].State = "done"
		case b.State == models.BatchBlocked && i+1 == b.StuckStep:
			steps[i].State = "stop"
			notes = append(notes, i18n.T(ctx, ui.BatchState(b.State).Key))
		case b.State == models.BatchInApproval && i+1 == current:
			steps[i].State = "now"
			notes = append(notes, p.waitsFor(ctx, current))
		case !b.Open() && len(p.stopped(ctx)) > 0:
			steps[i].State = "stop"
			notes = append(notes, p.stopped(ctx)...)
		}
		steps[i].Note = strings.Join(notes, " · ")
		if steps[i].State == "stop" && !b.Open() {
			return steps[:i+1]
		}
	}
	return steps
}

// given says who approved a step of the present round, and when.
func (p ShowPage) given(ctx context.Context, step int) (list []string) {
	for _, d := range p.Decisions {
		if !d.Current || d.Decision != models.Approve || d.Step != step {
			continue
		}
		name := d.StaffName
		if d.ForName != "" {
			name = i18n.T(ctx, "approval.in_stead", "Name", d.StaffName, "For", d.ForName)
		}
		list = append(list, who(ctx, name, d.At, p.Now))
	}
	return list
}

// stopped says how the approval ended without one.
func (p ShowPage) stopped(ctx context.Context) []string {
	switch p.Batch.State {
	case models.BatchReturned, models.BatchRejected:
		if n := len(p.Decisions); n > 0 {
			return []string{decidedNote(ctx, &p.Decisions[n-1], p.Now)}
		}
	case models.BatchRecalled, models.BatchExpired:
		return []string{i18n.T(ctx, ui.BatchState(p.Batch.State).Key)}
	}
	return nil
}

// shownNames bounds how many people are named in one line.
const shownNames = 4

// waitsFor names who can go on with a step.
func (p ShowPage) waitsFor(ctx context.Context, step int) string {
	var names []string
	for _, c := range p.Batch.Approval.Candidates(p.Batch, step) {
		switch {
		case c.Bar == "":
			names = append(names, c.Name)
		case c.Bar == models.BarAway && c.StandIn != "" && c.StandInBar == "":
			names = append(names, i18n.T(ctx, "approval.in_stead", "Name", c.StandIn, "For", c.Name))
		}
	}
	rest := len(names) - shownNames
	text := strings.Join(names[:min(len(names), shownNames)], ", ")
	if rest > 0 {
		text = i18n.N(ctx, "approval.and_more", rest, "Names", text)
	}
	return i18n.T(ctx, "approval.waits_for", "Names", text)
}

// barred says why those whom the blocked step asks for cannot go on with it.
func (p ShowPage) barred(ctx context.Context) (list []string) {
	for _, c := range p.Batch.Approval.Candidates(p.Batch, p.Batch.StuckStep) {
		if c.Bar != "" && (c.StandIn == "" || c.StandInBar != "") {
			list = append(list, rules.BarText(ctx, c))
		}
	}
	if len(list) == 0 {
		list = append(list, i18n.T(ctx, "approval.blocked.nobody"))
	}
	return list
}

// because says which rules matched, a line for each reason.
func (p ShowPage) because(ctx context.Context) (list []matched) {
	for _, m := range p.Judged.Matches {
		list = append(list, matched{m.Name, rules.ReasonTexts(ctx, m)})
	}
	return list
}

// matched is a rule that applies, and why.
type matched struct {
	Rule    string
	Reasons []string
}

func stepNumber(n int) string { return strconv.Itoa(n) }

func (p ShowPage) expires() time.Time { return *p.Batch.ExpiresAt }
