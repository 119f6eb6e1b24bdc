package payouts

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/ledger"
	"pagaduria/services/store"
)

// NewBatch is what the maker asks for. Expect is what the preview showed; when it is no longer true nothing is
// created. Submit hands the batch to the checkers at once.
type NewBatch struct {
	Name         string
	ConnectionID int64
	Composition  models.Composition
	ExpectCount  int
	ExpectTotal  models.Money
	Submit       bool
	Tag          string // of the payouts' references; random when empty

	step func() // told of every step that is done; nil tells nobody
}

func (n NewBatch) did() {
	if n.step != nil {
		n.step()
	}
}

const (
	nextBatchOf = `INSERT INTO batch_numbers (day, last) VALUES ($1, 1) ON CONFLICT (day) DO UPDATE SET last = batch_numbers.last + 1 RETURNING last`
	insertBatch = `INSERT INTO batches (code, name, state, connection_id, filter, cutoff_at, items, total, fees, gmf, maker_id, editor_id, created_at) VALUES ($1, $2, 'draft', $3, $4, $5, $6, $7, $8, $9, $10, $10, $11) RETURNING id`
)

var (
	insertPayouts = `
INSERT INTO payouts (code, batch_id, distributor_id, connection_id, method_id, state, amount, fee, fee_iva, gmf, carry_in, carry_out,
    payee_name, given_names, surnames, business_name, country, doc_type, doc_number, doc_dv, phone, email, address, city, divipola,
    method_kind, bank_code, account_type, account_number, bre_b_key, bre_b_kind, replaces_id, switch_reason, state_at, created_at)
SELECT i.code, $1, i.distributor_id, $2, m.id, 'in_batch', i.amount, i.fee, i.iva, i.gmf, i.carry_in, i.carry_out,
    COALESCE(NULLIF(d.business_name, ''), trim(d.given_names || ' ' || d.surnames)), d.given_names, d.surnames, d.business_name, d.country,
    d.doc_type, d.doc_number, d.doc_dv, d.phone, d.email, d.address, d.city, d.divipola,
    CASE WHEN o.same THEN m.kind ELSE $14 END, CASE WHEN o.same THEN m.bank_code ELSE '' END, CASE WHEN o.same THEN m.account_type ELSE '' END,
    CASE WHEN o.same THEN m.account_number ELSE '' END, CASE WHEN o.same THEN m.bre_b_key ELSE '' END, CASE WHEN o.same THEN m.bre_b_kind ELSE '' END, r.id, $15, $3, $3
FROM unnest($4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[])
    AS i(code, distributor_id, method_id, amount, fee, iva, gmf, carry_in, carry_out, replaces_id)
JOIN distributors d ON d.id = i.distributor_id AND d.verification = 'verified'
LEFT JOIN payouts r ON r.id = i.replaces_id AND r.distributor_id = d.id
JOIN payout_methods m ON m.id = i.method_id AND m.distributor_id = d.id AND (m.preferred OR $14 <> '' AND m.retired_at IS NULL)
CROSS JOIN LATERAL (SELECT $14 IN ('', m.kind) AS same) o
RETURNING id, distributor_id`
	// The same condition as in candidates; max_line keeps out lines that were stored since. The payouts are named: to look
	// for them among those just written, of which the statistics know nothing, may cost a walk of the batch for each.
	claimLines = `
WITH claimed AS (
    UPDATE commission_lines l SET state = 'in_batch', payout_id = x.payout_id, version = l.version + 1, updated_at = $7
    FROM unnest($1::bigint[], $5::bigint[], $6::bigint[]) AS x(payout_id, distributor_id, max_line)
    WHERE l.distributor_id = x.distributor_id AND l.state = 'eligible' AND l.created_at <= $2 AND l.id <= x.max_line
      AND (l.amount < 0 OR ($3 = '' OR l.period = $3) AND ($4 = '' OR l.order_number = $4) AND ` + ofReissued("l.id", "$8") + `)
    RETURNING x.payout_id, l.id AS line_id, l.amount)
INSERT INTO payout_lines (payout_id, line_id, amount) SELECT payout_id, line_id, amount FROM claimed`
)

const (
	takeCarries = `
WITH taken AS (
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS x(distributor_id, carry_in, carry_out) WHERE carry_in <> 0 OR carry_out <> 0
), changed AS (
    UPDATE carries c SET amount = c.amount - x.carry_in + x.carry_out FROM taken x WHERE c.distributor_id = x.distributor_id RETURNING c.distributor_id)
INSERT INTO carries (distributor_id, amount)
SELECT distributor_id, carry_out FROM taken WHERE distributor_id NOT IN (SELECT distributor_id FROM changed) ON CONFLICT DO NOTHING`
	// A payout whose lines no longer add up to what was computed: something changed in between.
	mismatches = `
SELECT count(*) FROM payouts p
CROSS JOIN LATERAL (SELECT COALESCE(sum(amount), 0) AS net FROM payout_lines WHERE payout_id = p.id) l
LEFT JOIN carries c ON c.distributor_id = p.distributor_id
WHERE p.batch_id = $1 AND (l.net + p.carry_in <> p.amount + p.carry_out OR COALESCE(c.amount, 0) <> p.carry_out)`
	postHolds = `
INSERT INTO ledger_entries (debit, debit_party, credit, credit_party, amount, currency, kind, source, source_id, step)
SELECT 'payable', distributor_id, 'held', distributor_id, amount, currency, 'hold', 'payout', id, version FROM payouts WHERE batch_id = $1`
	noteCreated = `
INSERT INTO payout_events (payout_id, at, from_state, to_state, origin, actor_name)
SELECT id, $2, '', 'in_batch', 'person', $3 FROM payouts WHERE batch_id = $1`
)

var errNothing = models.Refuse(models.Conflict, "batch.refused.nothing", "Nothing that matches can be paid now.", nil)

var errMoved = models.Refuse(models.Conflict, "batch.refused.moved",
	"Lines, payees or amounts changed since the preview was made. Look at the new preview before you go on.", nil)

var errPrepare = models.Refuse(models.Forbidden, "batch.refused.prepare", "Only finance can prepare a batch.", nil)

// Create makes a batch of exactly what the preview showed: payouts are frozen, their lines claimed, the money held.
// All of it happens in one transaction, set by set.
func (s *Service) Create(ctx context.Context, by models.Actor, n NewBatch) (int64, error) {
	return s.create(ctx, by, n, func(*gorm.DB, int64) error { return nil })
}

// create is Create with something to be done last in its transaction.
func (s *Service) create(ctx context.Context, by models.Actor, n NewBatch, last func(tx *gorm.DB, batch int64) error) (int64, error) {
	if !by.May(models.PermBatchesPrepare) {
		return 0, errPrepare
	}
	t, err := s.terms(ctx, n.ConnectionID)
	if err != nil {
		return 0, err
	}
	var id int64
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if err := ledger.LockComposing(tx); err != nil {
			return err
		}
		if err := s.refuseReissue(tx, n.Composition); err != nil {
			return err
		}
		list, err := selectCandidatesTx(tx, n.Composition)
		if err != nil {
			return err
		}
		if err := store.Conn(tx, func(c *pgx.Conn) error { return s.switchCandidates(ctx, c, n.Composition, list) }); err != nil {
			return err
		}
		p := s.judge(list, n.Composition, t)
		if len(p.Items) == 0 {
			return errNothing
		}
		if len(p.Items) != n.ExpectCount || p.Total.Minor != n.ExpectTotal.Minor {
			return errMoved
		}
		id, err = s.write(tx, by, n, p)
		if err != nil {
			return err
		}
		if n.Submit {
			err = s.submit(tx, by, id, 1)
		} else {
			err = examine(tx, id)
		}
		if err != nil {
			return err
		}
		return last(tx, id)
	})
	return id, err
}

func selectCandidatesTx(tx *gorm.DB, comp models.Composition) (list []models.Candidate, err error) {
	err = store.Conn(tx, func(c *pgx.Conn) error {
		list, err = selectCandidates(tx.Statement.Context, c, comp)
		return err
	})
	return list, err
}

// write stores the batch and everything that follows from it.
func (s *Service) write(tx *gorm.DB, by models.Actor, n NewBatch, p Preview) (int64, error) {
	now := s.Now()
	code, prefix, err := nextCodes(tx, now, n.Tag)
	if err != nil {
		return 0, err
	}
	filter, err := json.Marshal(n.Composition)
	if err != nil {
		return 0, err
	}
	name := n.Name
	if name == "" {
		name = code
	}
	rows, err := store.SelectTx[struct{ ID int64 }](tx, insertBatch, code, name, n.ConnectionID, string(filter), n.Composition.Cutoff,
		len(p.Items), p.Total.Minor, p.Cost.WithIVA().Minor, p.Cost.GMF.Minor, by.StaffID, now)
	if err != nil {
		return 0, fmt.Errorf("create batch %s: %w", code, err)
	}
	id := rows[0].ID
	if err := s.freeze(tx, id, prefix, n, p.Items, by, now); err != nil {
		return 0, err
	}
	return id, audit.Record(tx, audit.Entry{By: by, Action: "batch.create", SubjectType: "batch", SubjectID: id,
		After: map[string]any{"code": code, "items": len(p.Items), "total": p.Total.String(), "filter": n.Composition, "left_out": len(p.LeftOut)}})
}

// freeze copies payees and destinations onto payouts, claims their lines and posts the holds.
func (s *Service) freeze(tx *gorm.DB, batch int64, prefix string, n NewBatch, items []Item, by models.Actor, now time.Time) error {
	k := len(items)
	codes := make([]string, k)
	distributors, methods, amounts, fees := make([]int64, k), make([]int64, k), make([]int64, k), make([]int64, k)
	ivas, gmfs, carryIn, carryOut, maxLine, replaces := make([]int64, k), make([]int64, k), make([]int64, k), make([]int64, k), make([]int64, k), make([]int64, k)
	for i, item := range items {
		codes[i] = fmt.Sprintf("%s-%04d", prefix, i+1)
		distributors[i], methods[i], maxLine[i] = item.DistributorID, item.MethodID, item.MaxLineID
		amounts[i], fees[i], ivas[i], gmfs[i] = item.Amount.Minor, item.Fee.Minor, item.IVA.Minor, item.GMF.Minor
		carryIn[i], carryOut[i], replaces[i] = item.CarryIn.Minor, item.CarryOut.Minor, item.Replaces
	}
	comp := n.Composition
	var sw models.Switch
	if comp.Switch != nil {
		sw = *comp.Switch
	}
	made, err := store.SelectTx[struct{ ID, Distributor int64 }](tx, insertPayouts, batch, n.ConnectionID, now, codes, distributors, methods, amounts, fees, ivas,
		gmfs, carryIn, carryOut, replaces, string(sw.Method), sw.Reason)
	if err != nil {
		return fmt.Errorf("freeze batch %d: %w", batch, err)
	}
	if len(made) != k {
		return errMoved
	}
	n.did()
	payoutOf := make(map[int64]int64, k)
	for _, m := range made {
		payoutOf[m.Distributor] = m.ID
	}
	payouts := make([]int64, k)
	for i, id := range distributors {
		payouts[i] = payoutOf[id]
	}
	steps := []struct {
		sql  string
		args []any
		rows int // expected, -1 for any
	}{
		{claimLines, []any{payouts, comp.Cutoff, comp.Period, comp.Order, distributors, maxLine, now, append([]int64{}, comp.Reissue...)}, -1},
		{takeCarries, []any{distributors, carryIn, carryOut}, -1},
		{postHolds, []any{batch}, k},
		{noteCreated, []any{batch, now, by.Name}, k},
	}
	for _, step := range steps {
		got, err := store.ExecTx(tx, step.sql, step.args...)
		if err != nil {
			return fmt.Errorf("freeze batch %d: %w", batch, err)
		}
		if step.rows >= 0 && got != int64(step.rows) {
			return errMoved
		}
		n.did()
	}
	wrong, err := store.SelectTx[struct{ N int64 }](tx, mismatches, batch)
	if err != nil {
		return fmt.Errorf("check batch %d: %w", batch, err)
	}
	if wrong[0].N != 0 {
		return errMoved
	}
	return nil
}

// nextCodes returns the batch's code and the prefix of its payouts' references. The tag keeps references unique
// even when a database is made anew while the rail remembers the old one.
func nextCodes(tx *gorm.DB, now time.Time, tag string) (code, prefix string, err error) {
	day := models.Day(now)
	rows, err := store.SelectTx[struct{ Last int }](tx, nextBatchOf, day)
	if err != nil {
		return "", "", fmt.Errorf("number the batch: %w", err)
	}
	if tag == "" {
		var b [4]byte
		if _, err := rand.Read(b[:]); err != nil {
			return "", "", err
		}
		tag = base32.StdEncoding.EncodeToString(b[:])[:6]
	}
	number := fmt.Sprintf("%s-%02d", day.Format("2006-0102"), rows[0].Last)
	return "B-" + number, "P-" + number + "-" + tag, nil
}
