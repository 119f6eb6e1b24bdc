package demo

import (
	"crypto/sha256"
	"fmt"
	"time"

	"pagaduria/models"
)

// sealOfCode stands for the content hash of a batch whose content was never changed by hand.
func sealOfCode(code string) []byte {
	h := sha256.Sum256([]byte(code))
	return h[:]
}

var entryColumns = []string{"at", "debit", "debit_party", "credit", "credit_party", "amount", "currency", "kind", "source", "source_id", "step"}

// trail is the books behind lines and payouts, and the steps of the newest payouts.
func (w world) trail() []table {
	shown := min(w.Payouts, detailed)
	from := w.Payouts - shown
	return []table{
		{name: "ledger_entries", columns: entryColumns, units: w.lines(), rows: each(func(i int) []any {
			d := w.lineAt(i)
			return []any{d.created, "commission_expense", 0, "payable", w.distributor + int64(d.payee), d.amount, "COP", "accrual", "commission", w.line + int64(i), 1}
		})},
		{name: "ledger_entries", columns: entryColumns, units: w.Payouts, rows: w.entries},
		{name: "payout_events", columns: []string{"payout_id", "at", "from_state", "to_state", "origin", "actor_name"}, units: shown,
			rows: func(i int) [][]any { return w.events(from + i) }},
		{name: "payout_attempts", columns: []string{"payout_id", "kind", "started_at", "finished_at", "outcome", "method", "url", "request", "status", "response", "took_ms"},
			units: shown, rows: each(func(i int) []any { return w.attempt(from + i) })},
	}
}

// entries are the postings of one payout, as models.Payout.Transfers makes them step by step.
func (w world) entries(i int) (rows [][]any) {
	h := w.payoutAt(i)
	p := models.Payout{ID: w.payout + int64(i), DistributorID: w.distributor + int64(h.payee), ConnectionID: w.cast.Connection.ID,
		Amount: models.Centavos(h.amount), Fee: h.cost.Fee, FeeIVA: h.cost.IVA, GMF: h.cost.GMF}
	post := func(at time.Time, transfers ...models.Transfer) {
		for _, t := range transfers {
			rows = append(rows, []any{at, string(t.Debit.Kind), t.Debit.Party, string(t.Credit.Kind), t.Credit.Party, t.Amount.Minor, "COP", string(t.Kind), "payout",
				p.ID, t.Source.Step})
		}
	}
	payable, held := models.Account{Kind: models.AccountPayable, Party: p.DistributorID}, models.Account{Kind: models.AccountHeld, Party: p.DistributorID}
	post(h.created, models.Transfer{Kind: models.EntryHold, Debit: payable, Credit: held, Amount: p.Amount, Source: models.Source{Step: 1}})
	steps := w.steps(h)
	for n, s := range steps[1:] {
		p.State, p.Version = s.state, n+2
		post(s.at, p.Transfers(steps[n].state)...)
	}
	return rows
}

type step struct {
	state models.PayoutState
	at    time.Time
}

// steps is a payout's way from its batch to where it came to rest.
func (w world) steps(h history) []step {
	sent := h.created.Add(25 * time.Minute)
	steps := []step{{models.PayoutInBatch, h.created}, {models.PayoutApproved, h.created.Add(20 * time.Minute)}, {models.PayoutSubmitting, sent}, {models.PayoutSent, sent}}
	switch h.state {
	case models.PayoutFailed:
		return append(steps, step{h.state, h.at})
	case models.PayoutReturned:
		return append(steps, step{models.PayoutAvailable, sent.Add(2 * time.Minute)}, step{models.PayoutPaid, h.at}, step{h.state, h.at})
	}
	return append(steps, step{models.PayoutAvailable, sent.Add(2 * time.Minute)}, step{h.state, h.at})
}

func (w world) events(i int) (rows [][]any) {
	h := w.payoutAt(i)
	from := ""
	for _, s := range w.steps(h) {
		origin, who := "poll", ""
		switch s.state {
		case models.PayoutInBatch:
			origin, who = "person", w.cast.Maker.Name
		case models.PayoutApproved:
			origin, who = "person", w.cast.Checker.Name
		case models.PayoutSubmitting, models.PayoutSent:
			origin = "submit"
		}
		rows = append(rows, []any{w.payout + int64(i), s.at, from, string(s.state), origin, who})
		from = string(s.state)
	}
	return rows
}

// attempt is the request that sent a payout, with secrets and personal data masked as the adapter masks them.
func (w world) attempt(i int) []any {
	h := w.payoutAt(i)
	at := h.created.Add(25 * time.Minute)
	request := fmt.Sprintf(`{"login":"***","pass":"***","external_id":%q,"country":"CO","currency":"COP","amount":%d}`, w.payoutCode(i), h.amount/100)
	took := 80 + w.pick(forMinute, i, 400)
	return []any{w.payout + int64(i), "submit", at, at.Add(time.Duration(took) * time.Millisecond), "accepted", "POST", w.cast.Connection.BaseURL + "/v3/cashout", request, 200,
		fmt.Sprintf(`{"cashout_id":"%d"}`, 5_000_000+i), took}
}
