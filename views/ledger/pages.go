// Package ledger holds the pages of the books.
package ledger

import (
	"context"
	"net/url"

	"pagaduria/models"
	"pagaduria/views/checks"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// Line is one kind of account in the trial balance.
type Line struct {
	Account models.AccountKind
	Debit   models.Money
	Credit  models.Money
	Balance models.Money // positive on the account's normal side
}

// TrialPage is the trial balance.
type TrialPage struct {
	layout.Page
	Lines  []Line
	Check  checks.Part
	Report models.LedgerReport // of the last check
}

// totals are the sums of both sides, which are equal.
func (p TrialPage) totals() (debit, credit models.Money) {
	debit, credit = models.Centavos(0), models.Centavos(0)
	for _, l := range p.Lines {
		if l.Debit.Currency == models.COP {
			debit, credit = debit.Add(l.Debit), credit.Add(l.Credit)
		}
	}
	return debit, credit
}

func (p TrialPage) debit(ctx context.Context) string {
	d, _ := p.totals()
	return i18n.Money(ctx, d)
}

func (p TrialPage) credit(ctx context.Context) string {
	_, c := p.totals()
	return i18n.Money(ctx, c)
}

func side(ctx context.Context, k models.AccountKind) string {
	if k.DebitNormal() {
		return i18n.T(ctx, "ledger.debit")
	}
	return i18n.T(ctx, "ledger.credit")
}

// StatementPage is a distributor's account.
type StatementPage struct {
	layout.Page
	ID      int64
	Name    string
	Payable models.Money
	Held    models.Money
	Entries []models.StatementEntry
	Newer   string
	Older   string
}

func (p StatementPage) pages() ui.Pages {
	at := func(cursor string) string {
		if cursor == "" {
			return ""
		}
		return urls.StatementWith(p.ID, url.Values{"after": {cursor}})
	}
	return ui.Pages{Newer: at(p.Newer), Older: at(p.Older)}
}

// about says what an entry is for.
func about(e models.StatementEntry) string {
	if e.SourceKind == "payout" {
		return e.PayoutCode
	}
	if e.Order != "" {
		return e.Concept + " · " + e.Order
	}
	return e.Concept
}
