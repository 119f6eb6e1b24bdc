package demo

import (
	"fmt"
	"time"

	"pagaduria/models"
)

func durations(n int) time.Duration { return time.Duration(max(n, 1)) }

func (w world) batches() int { return (w.Payouts + w.perBatch() - 1) / w.perBatch() }

// verified is how many payees take turns in the history.
func (w world) verified() int { return w.Distributors - w.Distributors/10 }

// perBatch keeps a payee from standing in a batch twice.
func (w world) perBatch() int { return min(maxBatch, w.verified()) }

// A payout nets two lines; every distributor is owed one more that was not paid yet.
func (w world) lines() int { return 2*w.Payouts + w.Distributors }

// history is one payout of the past.
type history struct {
	id, payee   int
	batch       int
	state       models.PayoutState
	amount      int64 // centavos, a multiple of 50 pesos
	first       int64 // of its two lines, the first one's amount
	cost        models.Cost
	created, at time.Time
	cause       string
	code        string // the rail's
}

func (w world) payoutAt(i int) history {
	h := history{id: i, batch: i / w.perBatch()}
	// Payees take turns, so that nobody is in a batch twice; one in ten is not verified and left out.
	h.payee = w.payee(i)
	h.amount = int64(400+w.pick(forAmount, i, 16_000)) * 50 * 100
	h.first = h.amount * int64(20+w.pick(forShare, i, 60)) / 100 / 5_000 * 5_000
	h.created = w.batchTime(h.batch)
	h.cost = w.cast.Fees.CostOf(models.Day(h.created), w.person(h.payee).to.Kind, models.Centavos(h.amount))
	h.at = h.created.Add(time.Duration(60+w.pick(forMinute, i, 2500)) * time.Minute)
	h.state = models.PayoutPaid
	switch n := w.pick(forState, i+1, 1000); {
	case n < 25:
		h.state, h.cause, h.code = models.PayoutFailed, []string{"account", "document", "name", "bank_refused"}[n%4], []string{"800", "805", "806", "807"}[n%4]
	case n < 55 && w.person(h.payee).to.Kind.Cash():
		h.state, h.cause, h.code, h.at = models.PayoutExpired, "expired", "809", h.created.AddDate(0, 0, 7)
	case n < 60:
		h.state, h.cause, h.code = models.PayoutReturned, "reversed", "826"
	}
	if h.at.After(w.now) {
		h.at = w.now.Add(-time.Duration(w.pick(forMinute, i, 600)) * time.Minute)
		if h.at.Before(h.created) {
			h.at = h.created
		}
	}
	return h
}

// payee is the i-th verified distributor, round and round.
func (w world) payee(i int) int {
	n := i % w.verified()
	return n + n/9
}

// batchTime spreads the batches over the history; the last one was a day ago.
func (w world) batchTime(b int) time.Time {
	span := w.now.Add(-26 * time.Hour).Sub(w.start)
	return w.start.Add(span / durations(w.batches()) * time.Duration(b+1))
}

func (w world) batchCode(b int) string {
	return fmt.Sprintf("B-%s-D%03d", models.Day(w.batchTime(b)).Format("2006-0102"), b+1)
}

func (w world) payoutCode(i int) string {
	return fmt.Sprintf("P%s-%04d", w.batchCode(i / w.perBatch())[1:], i%w.perBatch()+1)
}

func (w world) tables() []table {
	return append(w.people(), append(w.bookings(), w.trail()...)...)
}

// sealHistory brings the batches to where their decisions can be recorded, by the rules as they come: one approver. What
// follows closes them.
const sealHistory = `
WITH sealed AS (
    UPDATE batches SET content_hash = sha256(convert_to(code, 'UTF8')), state = 'in_approval', round = 1, expires_at = submitted_at + interval '7 days',
        rules_id = (SELECT id FROM rule_versions WHERE number = 1)
    WHERE id BETWEEN $1 AND $2 RETURNING id)
INSERT INTO batch_steps (batch_id, round, step, mode, roles, needed) SELECT id, 1, 1, 'any', '{approver}', 1 FROM sealed`

func (w world) bookings() []table {
	last := w.batch + int64(w.batches()) - 1
	return []table{
		{name: "batches", units: w.batches(),
			columns: []string{"id", "code", "name", "state", "connection_id", "cutoff_at", "items", "total", "fees", "gmf", "maker_id", "editor_id", "submitted_at", "decided_at", "created_at", "updated_at"},
			rows: each(func(b int) []any {
				at := w.batchTime(b)
				items := min(w.perBatch(), w.Payouts-b*w.perBatch())
				var total int64
				cost := models.NoCost()
				for i := range items {
					h := w.payoutAt(b*w.perBatch() + i)
					total, cost = total+h.amount, cost.Plus(h.cost)
				}
				return []any{w.batch + int64(b), w.batchCode(b), fmt.Sprintf("Comisiones %s", models.Day(at).Format("02/01/2006")), "draft", w.cast.Connection.ID, at, items, total,
					cost.WithIVA().Minor, cost.GMF.Minor, w.cast.Maker.StaffID, w.cast.Maker.StaffID, at, at.Add(20 * time.Minute), at, at}
			}), after: sealHistory, args: []any{w.batch, last}},
		{name: "batch_decisions", units: w.batches(),
			columns: []string{"batch_id", "maker_id", "editor_id", "staff_id", "decision", "content_hash", "at"},
			rows: each(func(b int) []any {
				hash := sealOfCode(w.batchCode(b))
				return []any{w.batch + int64(b), w.cast.Maker.StaffID, w.cast.Maker.StaffID, w.cast.Checker.StaffID, "approve", hash, w.batchTime(b).Add(20 * time.Minute)}
			}), after: `UPDATE batches SET state = 'done' WHERE id BETWEEN $1 AND $2`, args: []any{w.batch, last}},
		{name: "payouts", units: w.Payouts,
			columns: []string{"id", "code", "batch_id", "distributor_id", "connection_id", "method_id", "state", "amount", "fee", "fee_iva", "gmf", "payee_name", "given_names", "surnames",
				"business_name", "doc_type", "doc_number", "doc_dv", "phone", "email", "address", "city", "divipola", "method_kind", "bank_code", "account_type", "account_number",
				"bre_b_key", "bre_b_kind", "rail_id", "cause", "rail_code", "submitted_at", "sent_at", "available_at", "paid_at", "expires_at", "state_at", "version", "created_at"},
			rows: each(w.payoutRow)},
		{name: "commission_lines", units: w.lines(),
			columns: []string{"id", "distributor_id", "order_number", "period", "concept", "amount", "state", "payout_id", "version", "created_at", "updated_at"},
			rows:    each(w.lineRow)},
		{name: "payout_lines", units: 2 * w.Payouts, columns: []string{"payout_id", "line_id", "amount"},
			rows: each(func(i int) []any {
				l := w.lineAt(i)
				return []any{w.payout + int64(i/2), w.line + int64(i), l.amount}
			})},
	}
}

func (w world) payoutRow(i int) []any {
	h := w.payoutAt(i)
	p := w.person(h.payee)
	sent := h.created.Add(25 * time.Minute)
	var available, paid, expires *time.Time
	if h.state != models.PayoutFailed {
		available = ptr(h.created.Add(27 * time.Minute))
	}
	if h.state == models.PayoutPaid || h.state == models.PayoutReturned {
		paid = ptr(h.at)
	}
	if p.to.Kind.Cash() {
		expires = ptr(sent.AddDate(0, 0, w.cast.Connection.ValidityDays))
	}
	return []any{w.payout + int64(i), w.payoutCode(i), w.batch + int64(h.batch), w.distributor + int64(h.payee), w.cast.Connection.ID, w.method + int64(h.payee), string(h.state),
		h.amount, h.cost.Fee.Minor, h.cost.IVA.Minor, h.cost.GMF.Minor, p.Name(), p.GivenNames, p.Surnames, p.BusinessName, p.DocType, p.DocNumber, p.DocDV, p.Phone, p.Email, p.Address, p.City, p.Divipola,
		string(p.to.Kind), p.to.BankCode, p.to.AccountType, p.to.AccountNumber, p.to.BreBKey, string(p.to.BreBKeyKind), fmt.Sprint(5_000_000 + i), h.cause, h.code,
		sent, sent, available, paid, expires, h.at, 6, h.created}
}

func ptr[T any](v T) *T { return &v }

// debt is one commission line.
type debt struct {
	payee   int
	order   int
	amount  int64
	created time.Time
	state   models.CommissionState
	payout  *int64
}

// orderOf gives each line an order of its own: the newest lines those that are stored, older ones numbers of before.
func (w world) orderOf(i int) int { return i + w.Orders - w.lines() }

// lineAt is the i-th line: first two for each payout, then what is owed now.
func (w world) lineAt(i int) debt {
	if i < 2*w.Payouts {
		h := w.payoutAt(i / 2)
		d := debt{payee: h.payee, order: w.orderOf(i), amount: h.first, created: h.created.Add(-48 * time.Hour), state: models.CommissionEligible}
		if i%2 == 1 {
			d.amount = h.amount - h.first
		}
		if h.state == models.PayoutPaid {
			d.state, d.payout = models.CommissionPaid, ptr(w.payout+int64(h.id))
		}
		return d
	}
	n := i - 2*w.Payouts
	return debt{payee: n, order: w.orderOf(i), amount: int64(15_000+w.pick(forDebt, n, 400_000)) * 100,
		created: w.now.Add(-time.Duration(2+w.pick(forDebt, n+1, 200)) * time.Hour), state: models.CommissionEligible}
}

func (w world) lineRow(i int) []any {
	d := w.lineAt(i)
	version := 1
	if d.payout != nil {
		version = 3
	}
	return []any{w.line + int64(i), w.distributor + int64(d.payee), orderNumber(d.order), models.Day(d.created).Format("2006-01"), [...]string{"Comisión por venta", "Comisión contraentrega"}[i%2], d.amount, string(d.state), d.payout,
		version, d.created, d.created}
}
