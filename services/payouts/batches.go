package payouts

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/events"
	"pagaduria/services/store"
)

const batchColumns = `b.id, b.code, b.name, b.state, b.connection_id, b.cutoff_at, b.items, b.total, b.fees, b.gmf, b.content_hash, b.maker_id, b.editor_id,
    b.submitted_at, b.decided_at, b.hand_over_at, b.reason, b.version, b.created_at, COALESCE(b.rules_id, 0), b.round, b.expires_at,
    COALESCE(b.stuck_step, 0)`

func scanBatch(row pgx.CollectableRow, trailing ...any) (b models.Batch, err error) {
	err = row.Scan(append([]any{&b.ID, &b.Code, &b.Name, &b.State, &b.ConnectionID, &b.CutoffAt, &b.Items, &b.Total, &b.Fees, &b.GMF, &b.ContentHash, &b.MakerID,
		&b.EditorID, &b.SubmittedAt, &b.DecidedAt, &b.HandOverAt, &b.Reason, &b.Version, &b.CreatedAt,
		&b.RulesID, &b.Round, &b.ExpiresAt, &b.StuckStep}, trailing...)...)
	return b, err
}

func selectBatches(ctx context.Context, q store.Querier, where string, args ...any) ([]models.Batch, error) {
	rows, err := q.Query(ctx, `SELECT `+batchColumns+` FROM batches b `+where, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (models.Batch, error) { return scanBatch(row) })
}

func oneBatch(list []models.Batch, err error) (models.Batch, error) {
	if err != nil {
		return models.Batch{}, fmt.Errorf("read batch: %w", err)
	}
	if len(list) == 0 {
		return models.Batch{}, errNoBatch
	}
	return list[0], nil
}

// Batch reads one batch with how far its approval has come.
func (s *Service) Batch(ctx context.Context, id int64) (models.Batch, error) {
	return s.batchWith(ctx, s.DB.Pool, id, "")
}

// lockBatch reads one batch under its row lock. Locks are taken in the order batch, payouts by id.
func (s *Service) lockBatch(tx *gorm.DB, id int64) (b models.Batch, err error) {
	err = store.Conn(tx, func(c *pgx.Conn) error {
		b, err = s.batchWith(tx.Statement.Context, c, id, " FOR UPDATE")
		return err
	})
	return b, err
}

func (s *Service) batchWith(ctx context.Context, q store.Querier, id int64, lock string) (models.Batch, error) {
	b, err := oneBatch(selectBatches(ctx, q, `WHERE b.id = $1`+lock, id))
	if err == nil && b.Open() {
		b.Approval, err = s.approvalOf(ctx, q, b)
	}
	return b, err
}

// contentHash seals what a checker approves: who is paid, where to, how much, in which order. It counts the undone
// approvals, so that none of them counts for the same content again.
const contentHash = `
SELECT COALESCE(sha256(convert_to((SELECT CASE WHEN undone > 0 THEN 'undone ' || undone || E'\n' ELSE '' END FROM batches WHERE id = $1) || string_agg(concat_ws('|', code, country, doc_type, doc_number, doc_dv, payee_name, phone, email, method_kind, bank_code, account_type,
    account_number, bre_b_key, bre_b_kind, amount, currency), E'\n' ORDER BY id), 'UTF8')), sha256('')),
    CAST(count(*) AS integer), CAST(COALESCE(sum(amount), 0) AS bigint), CAST(COALESCE(sum(fee + fee_iva), 0) AS bigint), CAST(COALESCE(sum(gmf), 0) AS bigint)
FROM payouts WHERE batch_id = $1 AND removed_reason = ''`

type sealed struct {
	Hash  []byte
	Items int
	Total models.Money
	Fees  models.Money
	GMF   models.Money
}

func sealOf(tx *gorm.DB, batch int64) (sealed, error) {
	rows, err := store.SelectTx[sealed](tx, contentHash, batch)
	if err != nil {
		return sealed{}, fmt.Errorf("seal batch %d: %w", batch, err)
	}
	return rows[0], nil
}

const saveBatchSQL = `
UPDATE batches SET state = $3, items = $4, total = $5, fees = $6, gmf = $7, content_hash = $8, editor_id = $9, submitted_at = $10, decided_at = $11,
    reason = $12, version = version + 1, updated_at = $13, stuck_step = NULLIF($14, 0)
WHERE id = $1 AND version = $2`

// saveBatch writes what its methods changed, guarded by the version it was read with.
func (s *Service) saveBatch(tx *gorm.DB, b models.Batch) error {
	n, err := store.ExecTx(tx, saveBatchSQL, b.ID, b.Version, b.State, b.Items, b.Total.Minor, b.Fees.Minor, b.GMF.Minor, b.ContentHash, b.EditorID,
		b.SubmittedAt, b.DecidedAt, b.Reason, s.Now(), b.StuckStep)
	if err != nil {
		return fmt.Errorf("save batch %d: %w", b.ID, err)
	}
	if n != 1 {
		return fmt.Errorf("save batch %d: version %d is gone although the row is locked", b.ID, b.Version)
	}
	return nil
}

// Submit hands a draft or returned batch to the checkers.
func (s *Service) Submit(ctx context.Context, by models.Actor, id int64, seen int) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error { return s.submit(tx, by, id, seen) })
}

func (s *Service) submit(tx *gorm.DB, by models.Actor, id int64, seen int) error {
	b, err := s.lockBatch(tx, id)
	if err != nil {
		return err
	}
	seal, err := sealOf(tx, id)
	if err != nil {
		return err
	}
	if err := b.Submit(by, seen, seal.Hash, s.Now()); err != nil {
		return err
	}
	if err := examine(tx, id); err != nil {
		return err
	}
	if err := s.evaluate(tx, &b); err != nil {
		return err
	}
	if err := s.saveOpen(tx, b); err != nil {
		return err
	}
	if b.State == models.BatchInApproval {
		err = events.Record(tx, events.Event{Kind: "batch.waiting", SubjectType: "batch", SubjectID: id, Permission: models.PermBatchesDecide, Except: by.StaffID,
			Facts: batchNews(b, by)})
		if err != nil {
			return err
		}
	}
	return audit.Record(tx, audit.Entry{By: by, Action: "batch.submit", SubjectType: "batch", SubjectID: id,
		After: batchFacts(b)})
}

func batchFacts(b models.Batch) map[string]any {
	return map[string]any{"code": b.Code, "state": b.State, "items": b.Items, "total": b.Total.String(), "seal": fmt.Sprintf("%x", b.ContentHash)}
}

// batchNews fills the sentences that tell of a batch.
func batchNews(b models.Batch, by models.Actor) map[string]any {
	return map[string]any{"Name": b.Name, "Count": b.Items, "Total": b.Total, "Who": by.Name, "Reason": b.Reason}
}

// Recall takes a batch back before it is decided on; everything in it is payable again.
func (s *Service) Recall(ctx context.Context, by models.Actor, id int64, seen int, reason string) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		b, err := s.lockBatch(tx, id)
		if err != nil {
			return err
		}
		if err := b.Recall(by, seen, reason); err != nil {
			return err
		}
		if err := s.saveBatch(tx, b); err != nil {
			return err
		}
		if err := s.releaseAll(tx, id, by, "batch recalled: "+reason); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "batch.recall", SubjectType: "batch", SubjectID: id, Reason: reason, After: batchFacts(b)})
	})
}

// RemoveItem takes one payout out of a batch.
func (s *Service) RemoveItem(ctx context.Context, by models.Actor, batch, payout int64, seen int, reason string) error {
	return s.RemoveItems(ctx, by, batch, []int64{payout}, seen, reason)
}

// RemoveItems takes payouts out of a batch that was not decided on, all or none. Their lines are payable again, the seal is made
// anew, whoever removed them is the last editor, the rules are applied again, and approvals given before no longer count.
func (s *Service) RemoveItems(ctx context.Context, by models.Actor, batch int64, payouts []int64, seen int, reason string) error {
	if reason == "" {
		return models.Refuse(models.Invalid, "batch.refused.reason", "Give a reason, so that the maker knows what to do.", nil).
			WithField("reason", "batch.refused.reason")
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		b, err := s.lockBatch(tx, batch)
		if err != nil {
			return err
		}
		if err := b.Edited(by, seen); err != nil {
			return err
		}
		removed, err := s.takeOut(tx, by, batch, payouts, reason)
		if err != nil {
			return err
		}
		if err := examine(tx, batch); err != nil {
			return err
		}
		seal, err := sealOf(tx, batch)
		if err != nil {
			return err
		}
		b.Items, b.Total, b.Fees, b.GMF = seal.Items, seal.Total, seal.Fees, seal.GMF
		if b.Open() {
			b.ContentHash = seal.Hash
			if err := s.evaluate(tx, &b); err != nil {
				return err
			}
		}
		if err := s.saveOpen(tx, b); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "batch.remove_item", SubjectType: "batch", SubjectID: batch, Reason: reason,
			Before: removed, After: batchFacts(b)})
	})
}

// takeOut cancels payouts of a locked batch, in the order of their ids, and answers the facts for the audit log.
func (s *Service) takeOut(tx *gorm.DB, by models.Actor, batch int64, payouts []int64, reason string) (map[string]any, error) {
	payouts = slices.Compact(slices.Sorted(slices.Values(payouts)))
	if len(payouts) == 0 {
		return nil, models.Refuse(models.Invalid, "batch.refused.none_ticked", "Tick the payouts to remove first.", nil)
	}
	var codes []string
	total := models.Pesos(0)
	for _, id := range payouts {
		p, err := loadLocked(tx, id)
		if err != nil {
			return nil, err
		}
		if p.BatchID != batch {
			return nil, errNoPayout
		}
		p.RemovedReason = reason
		if err := s.move(tx, &p, models.PayoutCancelled, change{origin: "person", by: by, note: reason}); err != nil {
			return nil, err
		}
		codes, total = append(codes, p.Code), total.Add(p.Amount)
	}
	return map[string]any{"payout": strings.Join(codes, ", "), "payouts": len(codes), "amount": total.String()}, nil
}
