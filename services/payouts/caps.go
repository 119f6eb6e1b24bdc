package payouts

import (
	"context"
	"encoding/json"
	"fmt"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/requests"
	"pagaduria/services/store"
)

const (
	lockCap   = `SELECT id, connection_id, scope, method_kind, amount, count, version FROM caps WHERE connection_id = $1 AND scope = $2 AND method_kind = $3 FOR UPDATE`
	insertCap = `INSERT INTO caps (connection_id, scope, method_kind, amount, count) VALUES ($1, $2, $3, $4, $5) RETURNING id`
	updateCap = `UPDATE caps SET amount = $3, count = $4, request_id = COALESCE(NULLIF($5, 0), request_id), version = version + 1, updated_at = now() WHERE id = $1 AND version = $2`
	// Claims share this row: after it no claim under way can still count by the old cap.
	touchConnection = `UPDATE connections SET version = version + 1, updated_at = $2 WHERE id = $1`
)

// Caps lists the caps of a connection that bound something.
func (s *Service) Caps(ctx context.Context, connection int64) ([]models.Cap, error) {
	rows, err := store.Select[capRow](ctx, s.DB.Pool, capsOf, connection)
	if err != nil {
		return nil, fmt.Errorf("caps of connection %d: %w", connection, err)
	}
	return asCaps(rows), nil
}

// UsedToday returns the caps of a connection with what was handed over today.
func (s *Service) UsedToday(ctx context.Context, connection int64) (models.CapDay, error) {
	caps, err := s.Caps(ctx, connection)
	if err != nil {
		return models.CapDay{}, err
	}
	return capDay(reader{ctx: ctx, q: s.DB.Pool}, caps, connection, s.Now(), nil)
}

type capPayload struct {
	Version int    `json:"version"`
	Amount  *int64 `json:"amount"`
	Count   *int   `json:"count"`
}

// SetCap sets a cap. One that lets less through counts at once and answers 0; raising or lifting one is a request to a
// second person, whose id is answered.
func (s *Service) SetCap(ctx context.Context, by models.Actor, c models.Cap, reason string) (request int64, err error) {
	if err := mayFund(by); err != nil {
		return 0, err
	}
	if err := c.Check(); err != nil {
		return 0, err
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if _, err := oneConnection(selectConnectionsTx(tx, c.ConnectionID)); err != nil {
			return err
		}
		rows, err := store.SelectTx[capRow](tx, lockCap, c.ConnectionID, c.Scope, c.Method)
		if err != nil {
			return fmt.Errorf("lock cap: %w", err)
		}
		before := models.Cap{ConnectionID: c.ConnectionID, Scope: c.Scope, Method: c.Method}
		if len(rows) > 0 {
			before = rows[0].cap()
		}
		c.ID, c.Version = before.ID, before.Version
		switch {
		case before.RaisedBy(c):
			request, err = requests.Open(tx, by, requests.New{Kind: "cap.raise", SubjectType: "cap", SubjectID: c.ID, Reason: reason, Decides: models.PermFundsConsent,
				Payload: capPayload{before.Version, minor(c.Amount), c.Count}, Changes: capChanges(before, c)})
			return err
		case c.Lifted():
			return models.Refuse(models.Invalid, "cap.refused.empty", "Write an amount, a number of payouts, or both.", nil).WithField("amount", "cap.refused.empty")
		}
		return s.saveCap(tx, by, before, c, 0, reason)
	})
	return request, err
}

func (s *Service) saveCap(tx *gorm.DB, by models.Actor, before, c models.Cap, request int64, reason string) error {
	if _, err := store.ExecTx(tx, touchConnection, c.ConnectionID, s.Now()); err != nil {
		return fmt.Errorf("save cap: %w", err)
	}
	if c.ID == 0 {
		rows, err := store.SelectTx[struct{ ID int64 }](tx, insertCap, c.ConnectionID, c.Scope, c.Method, minor(c.Amount), c.Count)
		if err != nil {
			return fmt.Errorf("save cap: %w", err)
		}
		c.ID = rows[0].ID
	} else if n, err := store.ExecTx(tx, updateCap, c.ID, c.Version, minor(c.Amount), c.Count, request); err != nil || n != 1 {
		if err != nil {
			return fmt.Errorf("save cap %d: %w", c.ID, err)
		}
		return models.Refuse(models.Conflict, "cap.refused.stale", "The cap was changed meanwhile. Ask for it again.", nil)
	}
	facts := func(c models.Cap) map[string]any {
		return map[string]any{"scope": c.Scope, "method": c.Method, "amount": text(c.Amount), "count": c.Count}
	}
	return audit.Record(tx, audit.Entry{By: by, Action: "cap.change", SubjectType: "connection", SubjectID: c.ConnectionID, Reason: reason, Before: facts(before), After: facts(c)})
}

func capChanges(before, after models.Cap) (list []models.Change) {
	number := func(n *int) string {
		if n == nil {
			return ""
		}
		return fmt.Sprint(*n)
	}
	return []models.Change{{Field: "cap.amount_day", Was: before.Amount, Will: after.Amount},
		{Field: "cap.count_day", Before: number(before.Count), After: number(after.Count)}}
}

const capByID = `SELECT id, connection_id, scope, method_kind, amount, count, version FROM caps WHERE id = $1 FOR UPDATE`

// raiseCap applies what a second person consented to, when the cap is still the one that was to be raised.
func (s *Service) raiseCap(tx *gorm.DB, by models.Actor, r models.Request) error {
	var p capPayload
	if err := json.Unmarshal(r.Payload, &p); err != nil {
		return fmt.Errorf("raise cap %d: %w", r.SubjectID, err)
	}
	rows, err := store.SelectTx[capRow](tx, capByID, r.SubjectID)
	if err != nil || len(rows) == 0 {
		return fmt.Errorf("raise cap %d: %w", r.SubjectID, err)
	}
	before := rows[0].cap()
	after := before
	after.Version, after.Amount, after.Count = p.Version, centavos(p.Amount), p.Count
	if err := s.saveCap(tx, by, before, after, r.ID, r.Reason); err != nil {
		return err
	}
	return s.sendOn(tx, before.ConnectionID)
}
