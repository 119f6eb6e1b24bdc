package review

import (
	"context"
	"strings"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/onboarding"
	"pagaduria/views/ui"
)

// DecidePage is where a case is decided: what it does first, then the button.
type DecidePage struct {
	layout.Page
	Of      kyc.Desktop
	Outcome kyc.Outcome
	Staged  *kyc.CaseDecision // that waits for a second person; the page confirms it or sends it back
	WhyNot  string            // why it cannot be approved, for the reader
	Reason  string
	ToPayee string
	Note    string
	Answer  string
	Errors  map[string]string
	Error   string
}

// Mail is the letter by which a payee learns what was decided.
func Mail(lang, name string, d kyc.CaseDecision) (subject, body string) {
	ctx := i18n.With(context.Background(), onboarding.Locale(lang))
	key := "case.letter." + string(d.Outcome)
	text := d.ToPayee
	if text == "" {
		text = i18n.T(ctx, "case.letter.no_text")
	}
	return i18n.T(ctx, key+"_subject"), i18n.T(ctx, key, "Name", name, "Text", text)
}

func whyWords(ctx context.Context, list []kyc.Why) string {
	words := make([]string, len(list))
	for i, w := range list {
		words[i] = i18n.T(ctx, "case.why."+string(w))
	}
	return strings.Join(words, ", ")
}

// effects says what the outcome does to money, in sentences.
func effects(ctx context.Context, o kyc.Outcome, e kyc.Effects) (lines []string) {
	add := func(n int64, key string, m models.Money) {
		if n > 0 {
			lines = append(lines, i18n.N(ctx, "case.effect."+key, int(n), "Amount", i18n.Money(ctx, m), "Batches", i18n.Number(ctx, e.Batches)))
		}
	}
	if o == kyc.Approving {
		add(e.Lines, "release", e.Payable)
		add(e.Batched, "stays", e.Amount)
	} else {
		add(e.Lines, "keep", e.Payable)
		add(e.Batched, "back", e.Amount)
	}
	add(e.AtRail, "at_rail", e.OnTheWay)
	if len(lines) == 0 {
		lines = append(lines, i18n.T(ctx, "case.effect.none"))
	}
	return lines
}

// reasons are those a case is rejected with.
func reasons(ctx context.Context) []ui.Option {
	options := make([]ui.Option, len(kyc.Reasons))
	for i, r := range kyc.Reasons {
		options[i] = ui.Option{Value: string(r), Label: reasonName(ctx, r)}
	}
	return options
}

func outcomeLook(o kyc.Outcome) ui.Look {
	switch o {
	case kyc.Approving:
		return ui.Look{Tone: "ok", Icon: "circle-check", Key: "case.outcome.approve"}
	case kyc.RetryReject:
		return ui.Look{Tone: "wait", Icon: "arrow-back-up", Key: "case.outcome.reject_retry"}
	}
	return ui.Look{Tone: "bad", Icon: "circle-x", Key: "case.outcome.reject_final"}
}
