package payouts

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/ledger"
	"pagaduria/services/store"
)

const feeSchedules = `
SELECT s.id, s.connection_id, s.valid_from, s.method_kind, s.min_fee, s.max_fee, s.iva_bps, s.note, s.maker_name, s.created_at, s.withdrawn_at,
    t.up_to, t.fixed, t.bps
FROM fee_schedules s JOIN fee_tiers t ON t.schedule_id = s.id
WHERE s.connection_id = ANY($1) ORDER BY s.connection_id, s.valid_from DESC, s.id DESC, t.seq`

// Fees reads every version of what a connection charges, newest first, and whether the tax on bank transactions falls
// on it.
func (s *Service) Fees(ctx context.Context, c models.Connection) (models.FeeBook, error) {
	books, err := s.FeeBooks(ctx, []models.Connection{c})
	return books[c.ID], err
}

// FeeBooks reads the fees of several connections by one query, by connection.
func (s *Service) FeeBooks(ctx context.Context, connections []models.Connection) (map[int64]models.FeeBook, error) {
	books := make(map[int64]models.FeeBook, len(connections))
	ids := make([]int64, len(connections))
	for i, c := range connections {
		books[c.ID], ids[i] = models.FeeBook{GMF: c.GMF}, c.ID
	}
	rows, err := s.DB.Pool.Query(ctx, feeSchedules, ids)
	if err != nil {
		return nil, fmt.Errorf("read fees: %w", err)
	}
	var v models.FeeSchedule
	var t models.FeeTier
	var highest, upTo *int64
	_, err = pgx.ForEachRow(rows, []any{&v.ID, &v.ConnectionID, &v.From, &v.Method, &v.Min, &highest, &v.IVABPS, &v.Note, &v.MakerName, &v.CreatedAt,
		&v.WithdrawnAt, &upTo, &t.Fixed, &t.BPS}, func() error {
		t.UpTo, v.Max, v.Tiers = centavos(upTo), centavos(highest), nil
		book := books[v.ConnectionID]
		last := len(book.Schedules) - 1
		if last < 0 || book.Schedules[last].ID != v.ID {
			book.Schedules = append(book.Schedules, v)
			last++
		}
		book.Schedules[last].Tiers = append(book.Schedules[last].Tiers, t)
		books[v.ConnectionID] = book
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read fees: %w", err)
	}
	return books, nil
}

const (
	insertSchedule = `
INSERT INTO fee_schedules (connection_id, valid_from, method_kind, min_fee, max_fee, iva_bps, note, maker_name, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id`
	insertTiers = `
INSERT INTO fee_tiers (schedule_id, seq, up_to, fixed, bps)
SELECT $1, seq, up_to, fixed, bps FROM unnest($2::bigint[], $3::bigint[], $4::integer[]) WITH ORDINALITY AS t(up_to, fixed, bps, seq)`
	withdrawSchedule = `UPDATE fee_schedules SET withdrawn_at = $3 WHERE id = $1 AND connection_id = $2 AND withdrawn_at IS NULL AND valid_from > $4`
	setGMF           = `UPDATE connections SET gmf = $3, gmf_reason = $4, version = version + 1, updated_at = $5 WHERE id = $1 AND version = $2`
)

func mayChange(by models.Actor) error {
	if !by.May(models.PermConnectionsEdit) && by.StaffID != 0 {
		return models.Refuse(models.Forbidden, "connection.refused.role", "Only an admin can change connections.", nil)
	}
	return nil
}

// AddFeeSchedule adds a version of what a connection charges, from today or a later day on. Payouts made from that day
// on are priced by it; those made before keep what they had.
func (s *Service) AddFeeSchedule(ctx context.Context, by models.Actor, v models.FeeSchedule) (int64, error) {
	if err := mayChange(by); err != nil {
		return 0, err
	}
	if err := v.Check(); err != nil {
		return 0, err
	}
	if by.StaffID != 0 && v.From.Before(models.Day(s.Now())) {
		return 0, models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil).WithField("from", "fee.field.from_past")
	}
	n := len(v.Tiers)
	upTo, fixed, bps := make([]*int64, n), make([]int64, n), make([]int32, n)
	for i, t := range v.Tiers {
		upTo[i], fixed[i], bps[i] = minor(t.UpTo), t.Fixed.Minor, int32(t.BPS)
	}
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		rows, err := store.SelectTx[struct{ ID int64 }](tx, insertSchedule, v.ConnectionID, v.From, v.Method, v.Min.Minor, minor(v.Max), v.IVABPS, v.Note, by.Name, s.Now())
		if err != nil {
			if store.Constraint(err) == "fee_schedules_once" {
				return models.Refuse(models.Conflict, "fee.refused.same_day", "Another version begins on that day. Choose another day, or withdraw that one while it has not begun.", nil).
					WithField("from", "fee.refused.same_day")
			}
			return fmt.Errorf("add fees of connection %d: %w", v.ConnectionID, err)
		}
		v.ID = rows[0].ID
		if _, err := store.ExecTx(tx, insertTiers, v.ID, upTo, fixed, bps); err != nil {
			return fmt.Errorf("add fees of connection %d: %w", v.ConnectionID, err)
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "connection.fees_add", SubjectType: "connection", SubjectID: v.ConnectionID, After: scheduleFacts(v)})
	})
	return v.ID, err
}

// WithdrawFeeSchedule takes a version back that has not begun.
func (s *Service) WithdrawFeeSchedule(ctx context.Context, by models.Actor, connection, id int64) error {
	if err := mayChange(by); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		now := s.Now()
		n, err := store.ExecTx(tx, withdrawSchedule, id, connection, now, models.Day(now))
		if err != nil {
			return fmt.Errorf("withdraw fees %d: %w", id, err)
		}
		if n != 1 {
			return models.Refuse(models.Conflict, "fee.refused.begun", "Only a version that has not begun can be withdrawn. Add a new one from another day instead.", nil)
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "connection.fees_withdraw", SubjectType: "connection", SubjectID: connection,
			Before: map[string]any{"schedule": id}})
	})
}

// SetGMF says whether the tax on bank transactions is charged on what leaves over a connection, and why.
func (s *Service) SetGMF(ctx context.Context, by models.Actor, connection int64, seen int, on bool, reason string) error {
	if err := mayChange(by); err != nil {
		return err
	}
	reason = strings.TrimSpace(reason)
	if reason == "" {
		return models.Refuse(models.Invalid, "fee.field.gmf_reason", "Say why: who told it, or by which rule.", nil).WithField("gmf_reason", "fee.field.gmf_reason")
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		before, err := oneConnection(selectConnectionsTx(tx, connection))
		if err != nil {
			return err
		}
		n, err := store.ExecTx(tx, setGMF, connection, seen, on, reason, s.Now())
		if err != nil {
			return fmt.Errorf("set GMF of connection %d: %w", connection, err)
		}
		if n != 1 {
			return errStaleConnection
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "connection.gmf", SubjectType: "connection", SubjectID: connection, Reason: reason,
			Before: map[string]any{"gmf": before.GMF, "reason": before.GMFReason}, After: map[string]any{"gmf": on, "reason": reason}})
	})
}

func scheduleFacts(v models.FeeSchedule) map[string]any {
	tiers := make([]map[string]any, len(v.Tiers))
	for i, t := range v.Tiers {
		tiers[i] = map[string]any{"up_to": text(t.UpTo), "fixed": t.Fixed.String(), "bps": t.BPS}
	}
	return map[string]any{"schedule": v.ID, "from": v.From.Format(time.DateOnly), "method": v.Method, "tiers": tiers, "min": v.Min.String(),
		"max": text(v.Max), "iva_bps": v.IVABPS, "note": v.Note}
}

// text is an amount that may be absent, for the audit log.
func text(m *models.Money) string {
	if m == nil {
		return ""
	}
	return m.String()
}

const saveCharge = `UPDATE payouts SET fee_charged = $3, version = version + 1 WHERE id = $1 AND version = $2`

// RecordCharge records what the rail really charged for a payout that came to rest, IVA included, and brings the books
// there. It is how a settlement report and a person tell of a difference; the last word counts.
func (s *Service) RecordCharge(ctx context.Context, by models.Actor, id int64, seen int, charged models.Money, reason string) error {
	if !by.May(models.PermFundsEdit) {
		return models.Refuse(models.Forbidden, "charge.refused.role", "Only finance can record what a rail charged.", nil)
	}
	if reason = strings.TrimSpace(reason); reason == "" {
		return models.Refuse(models.Invalid, "charge.refused.reason", "Say where the amount is from, for example the rail's invoice.", nil).
			WithField("reason", "charge.refused.reason")
	}
	if _, err := charged.Whole(); err != nil || charged.Minor < 0 {
		return models.Refuse(models.Invalid, "form.amount_bad", "Write whole pesos, for example 4.500.", nil).WithField("charged", "form.amount_bad")
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		p, err := loadLocked(tx, id)
		switch {
		case err != nil:
			return err
		case p.Version != seen:
			return models.Refuse(models.Conflict, "charge.refused.stale", "This payout changed after you opened it. Look again before you record anything.", nil)
		case !p.Chargeable():
			return models.Refuse(models.Conflict, "charge.refused.state", "What the rail charged is recorded once it had the payout and the payout came to rest.", nil)
		}
		before := p.FeeBooked()
		p.Version++
		if err := s.postCharge(tx, &p, seen, charged); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "payout.charge", SubjectType: "payout", SubjectID: id, Reason: reason,
			Before: map[string]any{"fee": before.String()}, After: map[string]any{"fee": charged.String(), "expected": p.Fee.Add(p.FeeIVA).String(), "code": p.Code}})
	})
}

func (s *Service) postCharge(tx *gorm.DB, p *models.Payout, seen int, charged models.Money) error {
	transfers := p.Charge(charged)
	n, err := store.ExecTx(tx, saveCharge, p.ID, seen, charged.Minor)
	if err != nil {
		return fmt.Errorf("record what payout %d cost: %w", p.ID, err)
	}
	if n != 1 {
		return fmt.Errorf("record what payout %d cost: version %d is gone although the row is locked", p.ID, seen)
	}
	return ledger.Post(tx, transfers...)
}
