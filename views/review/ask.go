package review

import (
	"context"

	"pagaduria/models/kyc"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/onboarding"
	"pagaduria/views/ui"
)

// AskManyPage asks what the payees of ticked cases are to give again.
type AskManyPage struct {
	layout.Page
	Rows    []kyc.QueueRow
	Item    string
	Reason  string
	ToPayee string
	Errors  map[string]string
	Error   string
}

// AskedPage says what came of it, case by case.
type AskedPage struct {
	layout.Page
	Done []AskedRow
	Not  []AskedRow
}

// AskedRow is one case, with why its payee was not asked.
type AskedRow struct {
	Row kyc.QueueRow
	Why string
}

func askables(ctx context.Context) (options []ui.Option) {
	for _, i := range kyc.AskableItems() {
		options = append(options, ui.Option{Value: string(i), Label: onboarding.ItemName(ctx, i)})
	}
	return options
}

func askReasons(ctx context.Context) (options []ui.Option) {
	for _, r := range kyc.AskableReasons() {
		options = append(options, ui.Option{Value: string(r), Label: i18n.T(ctx, "reason.name."+string(r))})
	}
	return options
}
