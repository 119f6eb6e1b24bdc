package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"

	"pagaduria/models"
	"pagaduria/services/payouts"
	"pagaduria/views/urls"
)

// large is what a run composes and approves: one batch by the product, and the same rows by the shortest SQL.
type large struct {
	b              *bench
	maker, checker models.Actor
	columns        string // of payouts, but for the id, the code and the batch
}

// measureBatches is figures 19, 26, 29 and 30. It fills the database with as many payees as the batch has payouts, and
// is the last part: nobody sends what it approves.
func measureBatches(ctx context.Context, b *bench) error {
	l := &large{b: b}
	if err := l.prepare(ctx); err != nil {
		return err
	}
	var composed, bareComposed, approved, bareApproved []float64
	var last int64
	for run := range b.scale.Runs {
		batch, took, err := l.compose(ctx, largePeriod(2*run))
		if err != nil {
			return err
		}
		composed, last = append(composed, took), batch.ID
		bare, took, err := l.composeBare(ctx, batch, largePeriod(2*run+1))
		if err != nil {
			return err
		}
		bareComposed = append(bareComposed, took)
		if run == b.scale.Runs-1 {
			if err := l.rulesShare(ctx, batch.ID); err != nil {
				return err
			}
			if err := l.look(ctx, batch.ID); err != nil {
				return err
			}
		}
		if took, err = l.approve(ctx, batch.ID); err != nil {
			return err
		}
		approved = append(approved, took)
		if took, err = l.approveBare(ctx, bare); err != nil {
			return err
		}
		bareApproved = append(bareApproved, took)
		// What the product composes next has a history to be looked at.
		if _, err := b.db.Pool.Exec(ctx, `UPDATE payouts SET state = 'paid', paid_at = now() WHERE batch_id = $1`, bare); err != nil {
			return err
		}
		say("     run %d: composed %.2f s, bare %.2f s; approved %.2f s, bare %.2f s", run+1, composed[run], bareComposed[run], approved[run], bareApproved[run])
	}
	b.add(26, middle(composed), middle(bareComposed))
	b.add(19, middle(approved), middle(bareApproved))
	var jobs int
	if err := b.db.Pool.QueryRow(ctx, `SELECT count(*) FROM river_job WHERE kind = 'payouts.dispatch' AND CAST(args ->> 'batch_id' AS bigint) = $1`, last).Scan(&jobs); err != nil {
		return err
	}
	say("     the approval of a batch put %d jobs of its dispatch into the queue", jobs)
	return nil
}

// largePeriod names the period of the lines that a batch pays; each batch has one of its own.
func largePeriod(n int) string { return fmt.Sprintf("20%d-01", 30+n) }

const (
	largePayees = `
INSERT INTO distributors (code, person_kind, country, doc_type, doc_number, given_names, surnames, phone, email, divipola, city, address, verification, method_kind, created_at)
SELECT 'LX-' || i, 'natural', 'CO', 'CC', (1900000000 + i)::text, 'Persona ' || i, 'Grande ' || i % 997, '+57321' || lpad(i::text, 7, '0'), 'lx' || i || '@example.com', '11001', 'Bogotá D.C.',
    'Calle ' || i % 150 || ' # 10-20', 'verified', CASE WHEN i % 100 < 65 THEN 'efecty_cash' WHEN i % 100 < 85 THEN 'bank' ELSE 'nequi' END, now() - interval '60 days'
FROM generate_series(1, $1::int) i`
	largeMethods = `
INSERT INTO payout_methods (distributor_id, kind, bank_code, account_type, account_number, preferred, created_at)
SELECT id, method_kind, CASE method_kind WHEN 'bank' THEN '007' ELSE '' END, CASE method_kind WHEN 'bank' THEN 'S' ELSE '' END,
    CASE method_kind WHEN 'bank' THEN (20000000000 + id)::text WHEN 'nequi' THEN right(phone, 10) ELSE '' END, true, now() - interval '60 days'
FROM distributors WHERE code LIKE 'LX-%'`
	largeLines = `
INSERT INTO commission_lines (distributor_id, period, concept, amount, created_at)
SELECT id, $1, 'Comisión por venta', (20000 + id % 1000 * 50) * 100, now() - interval '1 hour' FROM distributors WHERE code LIKE 'LX-%'`
)

func (l *large) prepare(ctx context.Context) (err error) {
	pool := l.b.db.Pool
	if l.maker, err = l.b.actor(ctx, "Marta", models.RoleFinance); err != nil {
		return err
	}
	if l.checker, err = l.b.actor(ctx, "Carlos", models.RoleApprover); err != nil {
		return err
	}
	say("     %d payees who are owed %d lines each", l.b.scale.Batched, 2*l.b.scale.Runs+1)
	if _, err := pool.Exec(ctx, largePayees, l.b.scale.Batched); err != nil {
		return err
	}
	if _, err := pool.Exec(ctx, largeMethods); err != nil {
		return err
	}
	for n := range 2*l.b.scale.Runs + 1 { // one stays to be previewed
		if _, err := pool.Exec(ctx, largeLines, largePeriod(n)); err != nil {
			return err
		}
	}
	if _, err := pool.Exec(ctx, `VACUUM ANALYZE distributors, payout_methods, commission_lines`); err != nil {
		return err
	}
	return pool.QueryRow(ctx, `
SELECT string_agg(column_name, ', ' ORDER BY ordinal_position) FROM information_schema.columns
WHERE table_name = 'payouts' AND table_schema = current_schema() AND column_name NOT IN ('id', 'code', 'batch_id')`).Scan(&l.columns)
}

// compose previews outside the measurement and measures the making of the batch and its handing to the checkers.
func (l *large) compose(ctx context.Context, period string) (models.Batch, float64, error) {
	comp := models.Composition{Cutoff: time.Now(), Period: period}
	preview, err := l.b.payouts.Preview(ctx, l.b.connection.ID, comp)
	if err != nil {
		return models.Batch{}, 0, err
	}
	if len(preview.Items) != l.b.scale.Batched {
		return models.Batch{}, 0, fmt.Errorf("the preview has %d payouts, want %d", len(preview.Items), l.b.scale.Batched)
	}
	if _, err := l.b.db.Pool.Exec(ctx, `CHECKPOINT`); err != nil {
		return models.Batch{}, 0, err
	}
	began := time.Now()
	id, err := l.b.payouts.Create(ctx, l.maker, payouts.NewBatch{ConnectionID: l.b.connection.ID, Composition: comp,
		ExpectCount: len(preview.Items), ExpectTotal: preview.Total, Submit: true})
	took := time.Since(began).Seconds()
	if err != nil {
		return models.Batch{}, 0, err
	}
	batch, err := l.b.payouts.Batch(ctx, id)
	return batch, took, err
}

// step is one statement of the limit.
type step struct {
	sql  string
	args []any
}

// timed runs statements in one transaction and answers how many seconds they took, the commit included.
func (l *large) timed(ctx context.Context, steps []step) (float64, error) {
	if _, err := l.b.db.Pool.Exec(ctx, `CHECKPOINT`); err != nil {
		return 0, err
	}
	began := time.Now()
	err := pgx.BeginFunc(ctx, l.b.db.Pool, func(tx pgx.Tx) error {
		for _, s := range steps {
			if _, err := tx.Exec(ctx, s.sql, s.args...); err != nil {
				return fmt.Errorf("%w in %s", err, s.sql)
			}
		}
		return nil
	})
	return time.Since(began).Seconds(), err
}

// composeBare is the limit: the rows of a batch once more, for the lines of another period.
func (l *large) composeBare(ctx context.Context, like models.Batch, period string) (id int64, took float64, err error) {
	err = l.b.db.Pool.QueryRow(ctx, `
INSERT INTO batches (code, name, state, connection_id, cutoff_at, items, total, fees, gmf, content_hash, maker_id, editor_id, submitted_at, rules_id, round, expires_at)
SELECT code || '-bare', name, 'in_approval', connection_id, cutoff_at, items, total, fees, gmf, content_hash, maker_id, editor_id, submitted_at, rules_id, round, expires_at
FROM batches WHERE id = $1 RETURNING id`, like.ID).Scan(&id)
	if err != nil {
		return 0, 0, err
	}
	took, err = l.timed(ctx, []step{
		{`INSERT INTO payouts (code, batch_id, ` + l.columns + `) SELECT code || '-bare', $2, ` + l.columns + ` FROM payouts WHERE batch_id = $1`, []any{like.ID, id}},
		{`UPDATE commission_lines l SET state = 'in_batch', payout_id = p.id, version = l.version + 1, updated_at = now()
			FROM payouts p WHERE p.batch_id = $1 AND l.distributor_id = p.distributor_id AND l.period = $2`, []any{id, period}},
		{`INSERT INTO payout_lines (payout_id, line_id, amount) SELECT l.payout_id, l.id, l.amount FROM payouts p JOIN commission_lines l ON l.payout_id = p.id WHERE p.batch_id = $1`, []any{id}},
		{`INSERT INTO ledger_entries (debit, debit_party, credit, credit_party, amount, currency, kind, source, source_id, step)
			SELECT 'payable', distributor_id, 'held', distributor_id, amount, currency, 'hold', 'payout', id, version FROM payouts WHERE batch_id = $1`, []any{id}},
		{`INSERT INTO payout_events (payout_id, from_state, to_state, origin, actor_name) SELECT id, '', 'in_batch', 'person', 'Marta' FROM payouts WHERE batch_id = $1`, []any{id}},
		{`INSERT INTO payout_findings (payout_id, batch_id, flags, amount, median, before_kind, before_bank, before_account, shared_with, twin_id, twin_by)
			SELECT n.id, $2, f.flags, f.amount, f.median, f.before_kind, f.before_bank, f.before_account, f.shared_with, NULL, f.twin_by
			FROM payout_findings f JOIN payouts p ON p.id = f.payout_id JOIN payouts n ON n.batch_id = $2 AND n.distributor_id = p.distributor_id WHERE f.batch_id = $1`, []any{like.ID, id}},
		{`INSERT INTO batch_differences (batch_id, part, place, payout_id, before) SELECT $2, part, place, payout_id, before FROM batch_differences WHERE batch_id = $1`, []any{like.ID, id}},
		{`INSERT INTO batch_steps (batch_id, round, step, rule, mode, roles, people, needed) SELECT $2, round, step, rule, mode, roles, people, needed FROM batch_steps WHERE batch_id = $1`, []any{like.ID, id}},
	})
	return id, took, err
}

func (l *large) approve(ctx context.Context, id int64) (float64, error) {
	batch, err := l.b.payouts.Batch(ctx, id)
	if err != nil {
		return 0, err
	}
	if _, err := l.b.db.Pool.Exec(ctx, `CHECKPOINT`); err != nil {
		return 0, err
	}
	began := time.Now()
	err = l.b.payouts.Decide(ctx, l.checker, id, payouts.Verdict{Decision: models.Approve, Seen: models.Seen{Version: batch.Version, Hash: batch.ContentHash}, FactorAt: began})
	return time.Since(began).Seconds(), err
}

// approveBare is the limit: the decision, the batch, its payouts with their history, the jobs and the audit event.
func (l *large) approveBare(ctx context.Context, id int64) (float64, error) {
	return l.timed(ctx, []step{
		{`INSERT INTO batch_decisions (batch_id, maker_id, editor_id, staff_id, decision, content_hash, round, step)
			SELECT id, maker_id, editor_id, $2, 'approve', content_hash, round, 1 FROM batches WHERE id = $1`, []any{id, l.checker.StaffID}},
		{`UPDATE batches SET state = 'approved', decided_at = now(), version = version + 1 WHERE id = $1`, []any{id}},
		{`UPDATE payouts SET state = 'approved', state_at = now(), overdue_at = now() + interval '1 hour', version = version + 1 WHERE batch_id = $1`, []any{id}},
		{`INSERT INTO payout_events (payout_id, from_state, to_state, origin, actor_name) SELECT id, 'in_batch', 'approved', 'person', 'Carlos' FROM payouts WHERE batch_id = $1`, []any{id}},
		{`INSERT INTO river_job (args, kind, max_attempts, queue, state, scheduled_at)
			SELECT jsonb_build_object('batch_id', 0, 'from', i, 'to', i), 'bench.none', 25, 'bench', 'scheduled', now() + interval '1 year' FROM generate_series(1, $1::int) i`, []any{l.b.scale.Batched / 200}},
		{`INSERT INTO audit_events (actor_id, actor_name, action, subject_type, subject_id) VALUES ($2, 'Carlos', 'batch.approve', 'batch', $1)`, []any{id, l.checker.StaffID}},
	})
}

// rulesShare says what of submitting is the evaluation of approval rules: the batch goes back and comes again, first
// under the default, which looks at no payout, then under rules that look at each.
func (l *large) rulesShare(ctx context.Context, id int64) error {
	plain, err := l.again(ctx, id)
	if err != nil {
		return err
	}
	rules, err := json.Marshal([]models.ApprovalRule{{Name: "Riesgo", Blocks: []models.ConditionBlock{{{Kind: models.CondNewPayee}}, {{Kind: models.CondChangedAccount, Days: 7}},
		{{Kind: models.CondRisk, Risks: models.Risks}}}, Steps: []models.ApprovalStep{{Mode: models.StepAny, Roles: []models.Role{models.RoleApprover}, Count: 1}}}})
	if err != nil {
		return err
	}
	if _, err := l.timed(ctx, []step{
		{`UPDATE rule_versions SET state = 'replaced', replaced_at = now() WHERE state = 'in_force'`, nil},
		{`INSERT INTO rule_versions (number, state, rules, author_ids, decider_id, in_force_at) VALUES (2, 'in_force', $1, ARRAY[$2::bigint], $3, now())`, []any{string(rules), l.maker.StaffID, l.checker.StaffID}},
	}); err != nil {
		return err
	}
	ruled, err := l.again(ctx, id)
	if err != nil {
		return err
	}
	say("     submitting took %.2f s without rules and %.2f s with them: their evaluation is %.0f %% of it", plain, ruled, 100*(ruled-plain)/ruled)
	return nil
}

// again returns a batch and measures how long its submitting takes.
func (l *large) again(ctx context.Context, id int64) (float64, error) {
	batch, err := l.b.payouts.Batch(ctx, id)
	if err != nil {
		return 0, err
	}
	err = l.b.payouts.Decide(ctx, l.checker, id, payouts.Verdict{Decision: models.Return, Reason: "Otra vez", FactorAt: time.Now(),
		Seen: models.Seen{Version: batch.Version, Hash: batch.ContentHash}})
	if err != nil {
		return 0, err
	}
	if batch, err = l.b.payouts.Batch(ctx, id); err != nil {
		return 0, err
	}
	began := time.Now()
	err = l.b.payouts.Submit(ctx, l.maker, id, batch.Version)
	return time.Since(began).Seconds(), err
}

// look is figures 29 and 30: the review of the batch in all its parts, and the preview of the next one.
func (l *large) look(ctx context.Context, id int64) error {
	if _, err := l.b.db.Pool.Exec(ctx, `VACUUM ANALYZE payouts, payout_findings, payout_lines, payout_events`); err != nil {
		return err
	}
	return l.b.with(ctx, func(*process) error {
		cookie, err := l.b.allRoles(ctx)
		if err != nil {
			return err
		}
		review := []string{urls.Batch(id), urls.BatchProgress(id), urls.Batches(), urls.RemoveItems(id) + "?ids=1", urls.DecideAllBatches(), urls.Home()}
		for _, part := range payouts.Parts {
			review = append(review, urls.BatchItems(id, part, 0), urls.BatchItems(id, part, 1), urls.BatchItems(id, part, l.b.scale.Batched/payouts.PageSize-1))
		}
		for _, flag := range payouts.ReviewFlags {
			review = append(review, urls.BatchFlagged(id, flag, 0))
		}
		slowest, err := l.b.walk(ctx, cookie, review)
		if err != nil {
			return err
		}
		l.b.add(29, slowest, 0)
		slowest, err = l.b.walk(ctx, cookie, []string{urls.NewBatchWith(url.Values{"period": {largePeriod(2 * l.b.scale.Runs)}})})
		if err == nil {
			l.b.add(30, slowest, 0)
		}
		return err
	}, "--no-worker")
}
