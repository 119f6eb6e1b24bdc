package payouts

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/events"
	"pagaduria/services/ledger"
	"pagaduria/services/requests"
	"pagaduria/services/store"
)

// Float is what lies at a rail by our books.
type Float struct {
	Booked    models.Money // in the books
	InTransit models.Money // handed over and not settled, with what it is expected to cost
	Free      models.Money // the difference: what the rail should have left
	Approved  models.Money // approved and not handed over yet, with what it is expected to cost
	Average   models.Money // handed over in a day, of the last thirty
}

const floatOf = `
WITH free AS (SELECT CAST(COALESCE(sum(amount), 0) AS bigint) AS n FROM float_free WHERE connection_id = $1),
transit AS (SELECT CAST(COALESCE(sum(amount + fee + fee_iva + gmf), 0) AS bigint) AS n FROM payouts
    WHERE connection_id = $1 AND state IN ('submitting', 'unknown', 'sent', 'available', 'on_hold')),
approved AS (SELECT CAST(COALESCE(sum(amount + fee + fee_iva + gmf), 0) AS bigint) AS n FROM payouts WHERE connection_id = $1 AND state = 'approved'),
lately AS (SELECT CAST(COALESCE(sum(amount + fee + fee_iva + gmf), 0) / 30 / 100 AS bigint) * 100 AS n FROM payouts WHERE connection_id = $1 AND submitted_at >= $2)
SELECT free.n + transit.n, transit.n, free.n, approved.n, lately.n FROM free, transit, approved, lately`

// Float reads what lies at a rail.
func (s *Service) Float(ctx context.Context, connection int64) (Float, error) {
	f, err := store.SelectOne[Float](ctx, s.DB.Pool, floatOf, connection, s.Now().AddDate(0, 0, -30))
	if err != nil {
		return f, fmt.Errorf("float of connection %d: %w", connection, err)
	}
	return f, nil
}

// Below returns the threshold that the float is below, or nil.
func (f Float) Below(c models.Connection) *models.Money {
	limit := c.FloatAlarm
	if c.AlarmDays != nil {
		m := models.Centavos(f.Average.Minor * int64(*c.AlarmDays))
		limit = &m
	}
	if limit == nil || f.Free.Minor >= limit.Minor {
		return nil
	}
	return limit
}

// WatchFloat tells of connections whose float runs low, once a day each.
func (s *Service) WatchFloat(ctx context.Context) error {
	connections, err := s.Connections(ctx)
	if err != nil {
		return err
	}
	for _, c := range connections {
		if c.FloatAlarm == nil && c.AlarmDays == nil {
			continue
		}
		f, err := s.Float(ctx, c.ID)
		if err != nil {
			return err
		}
		limit := f.Below(c)
		if limit == nil {
			continue
		}
		err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
			return events.Record(tx, events.Event{Kind: "float.low", SubjectType: "connection", SubjectID: c.ID, Permission: models.PermBatchesPrepare,
				Once:  fmt.Sprintf("float.low:%d:%s", c.ID, models.Day(s.Now()).Format(time.DateOnly)),
				Facts: map[string]any{"Name": c.Name, "Amount": f.Free, "Limit": limit}})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// FloatRules are how a connection's float is watched.
type FloatRules struct {
	Control bool
	Alarm   *models.Money
	Days    *int
}

const saveFloatRules = `
UPDATE connections SET float_control = $3, float_alarm = $4, float_alarm_days = $5, version = version + 1, updated_at = $6 WHERE id = $1 AND version = $2`

// SetFloatRules says whether hand-over keeps to the float, and when an alarm is raised.
func (s *Service) SetFloatRules(ctx context.Context, by models.Actor, connection int64, seen int, r FloatRules) error {
	if err := mayChange(by); err != nil {
		return err
	}
	bad := models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil)
	switch {
	case r.Alarm != nil && r.Days != nil:
		return bad.WithField("alarm_days", "float.field.one_alarm")
	case r.Alarm != nil && !r.Alarm.Positive():
		return bad.WithField("alarm", "form.amount_bad")
	case r.Days != nil && (*r.Days < 1 || *r.Days > 60):
		return bad.WithField("alarm_days", "connection.field.validity_bad")
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		before, err := oneConnection(selectConnectionsTx(tx, connection))
		if err != nil {
			return err
		}
		n, err := store.ExecTx(tx, saveFloatRules, connection, seen, r.Control, minor(r.Alarm), r.Days, s.Now())
		if err != nil {
			return fmt.Errorf("float rules of connection %d: %w", connection, err)
		}
		if n != 1 {
			return errStaleConnection
		}
		facts := func(control bool, alarm *models.Money, days *int) map[string]any {
			return map[string]any{"control": control, "alarm": text(alarm), "alarm_days": days}
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "connection.float", SubjectType: "connection", SubjectID: connection,
			Before: facts(before.FloatControl, before.FloatAlarm, before.AlarmDays), After: facts(r.Control, r.Alarm, r.Days)})
	})
}

// Report is what the rail said lies there.
type Report struct {
	At        time.Time
	Reported  models.Money
	Expected  models.Money
	Note      string
	MakerName string
}

const insertReport = `
INSERT INTO float_reports (connection_id, at, reported, expected, note, maker_name)
SELECT $1, $2, $3, COALESCE((SELECT sum(amount) FROM float_free WHERE connection_id = $1), 0), $4, $5`

// RecordBalance notes what the rail says lies there now, beside what the books expect at this moment.
func (s *Service) RecordBalance(ctx context.Context, by models.Actor, connection int64, reported models.Money, note string) error {
	if err := mayFund(by); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if _, err := store.ExecTx(tx, insertReport, connection, s.Now(), reported.Minor, strings.TrimSpace(note), by.Name); err != nil {
			return fmt.Errorf("note the balance of connection %d: %w", connection, err)
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "float.report", SubjectType: "connection", SubjectID: connection, Reason: note,
			After: map[string]any{"reported": reported.String()}})
	})
}

// Reports lists the last balances that were noted, newest first.
func (s *Service) Reports(ctx context.Context, connection int64) ([]Report, error) {
	list, err := store.Select[Report](ctx, s.DB.Pool,
		`SELECT at, reported, expected, note, maker_name FROM float_reports WHERE connection_id = $1 ORDER BY id DESC LIMIT 20`, connection)
	if err != nil {
		return nil, fmt.Errorf("balances of connection %d: %w", connection, err)
	}
	return list, nil
}

// TopUp is money sent to a rail.
type TopUp struct {
	ID        int64
	Amount    models.Money
	Reference string
	State     string // asked, booked, dropped
	MakerName string
	CreatedAt time.Time
	RequestID int64
}

// TopUps lists the last top-ups, newest first.
func (s *Service) TopUps(ctx context.Context, connection int64) ([]TopUp, error) {
	list, err := store.Select[TopUp](ctx, s.DB.Pool, `
SELECT t.id, t.amount, t.reference, t.state, s.name, t.created_at,
    COALESCE((SELECT r.id FROM requests r WHERE r.kind = 'float.topup' AND r.subject_type = 'topup' AND r.subject_id = t.id ORDER BY r.id DESC LIMIT 1), 0)
FROM float_topups t JOIN staff s ON s.id = t.maker_id WHERE t.connection_id = $1 ORDER BY t.id DESC LIMIT 20`, connection)
	if err != nil {
		return nil, fmt.Errorf("top-ups of connection %d: %w", connection, err)
	}
	return list, nil
}

// ConnectionOf returns the connection that a top-up or a cap belongs to.
func (s *Service) ConnectionOf(ctx context.Context, what string, id int64) (connection int64, err error) {
	sql := map[string]string{"topup": `SELECT connection_id FROM float_topups WHERE id = $1`, "cap": `SELECT connection_id FROM caps WHERE id = $1`}[what]
	rows, err := store.Select[struct{ ID int64 }](ctx, s.DB.Pool, sql, id)
	if err != nil {
		return 0, fmt.Errorf("connection of %s %d: %w", what, id, err)
	}
	if len(rows) == 0 {
		return 0, errNoConnection
	}
	return rows[0].ID, nil
}

func mayFund(by models.Actor) error {
	if !by.May(models.PermFundsEdit) {
		return models.Refuse(models.Forbidden, "float.refused.role", "Only finance can record money at a rail and set caps.", nil)
	}
	return nil
}

const (
	insertTopUp = `INSERT INTO float_topups (connection_id, amount, reference, maker_id, created_at) VALUES ($1, $2, $3, $4, $5) RETURNING id`
	decideTopUp = `UPDATE float_topups SET state = $2, decided_at = $3 WHERE id = $1 AND state = 'asked'`
	// Nothing but the float kept these from leaving, perhaps; dispatch finds out.
	waitingBatches = `SELECT batch_id, min(p.id), max(p.id) FROM payouts p JOIN batches b ON b.id = p.batch_id AND COALESCE(b.hand_over_at, '-infinity') <= $2
WHERE p.connection_id = $1 AND p.state = 'approved' GROUP BY batch_id`
)

type topUpPayload struct {
	Connection int64 `json:"connection"`
	Minor      int64 `json:"minor"`
}

// TopUp records money on its way to a rail; it is in the books once a second person consents.
func (s *Service) TopUp(ctx context.Context, by models.Actor, connection int64, amount models.Money, reference, reason string) (request int64, err error) {
	if err := mayFund(by); err != nil {
		return 0, err
	}
	bad := models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil)
	if _, err := amount.Whole(); err != nil || !amount.Positive() {
		return 0, bad.WithField("amount", "form.amount_bad")
	}
	if reference = strings.TrimSpace(reference); reference == "" {
		return 0, bad.WithField("reference", "form.required")
	}
	c, err := s.Connection(ctx, connection)
	if err != nil {
		return 0, err
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		rows, err := store.SelectTx[struct{ ID int64 }](tx, insertTopUp, connection, amount.Minor, reference, by.StaffID, s.Now())
		if err != nil {
			if store.Constraint(err) == "float_topups_once" {
				return models.Refuse(models.Conflict, "float.refused.reference", "A top-up with this reference is there already.", nil).
					WithField("reference", "float.refused.reference")
			}
			return fmt.Errorf("record top-up of connection %d: %w", connection, err)
		}
		request, err = requests.Open(tx, by, requests.New{Kind: "float.topup", SubjectType: "topup", SubjectID: rows[0].ID, SubjectName: reference, Payload: topUpPayload{connection, amount.Minor},
			Reason: reason, Decides: models.PermFundsConsent, Changes: []models.Change{{Field: "connection.name", After: c.Name},
				{Field: "float.amount", Will: &amount}, {Field: "float.reference", After: reference}}})
		return err
	})
	return request, err
}

// RequestKinds are the changes of this area that need a second person.
func (s *Service) RequestKinds() []requests.Kind {
	return []requests.Kind{
		{Name: "float.topup", Decides: models.PermFundsConsent, Apply: s.bookTopUp, Drop: func(tx *gorm.DB, _ models.Actor, r models.Request) error {
			return s.endTopUp(tx, r.SubjectID, "dropped")
		}},
		{Name: "cap.raise", Decides: models.PermFundsConsent, Apply: s.raiseCap},
		{Name: models.ContradictionPaid.RequestKind(), Decides: models.PermFundsConsent, Apply: s.settlePaid},
		{Name: models.ContradictionKept.RequestKind(), Decides: models.PermFundsConsent, Apply: s.settleKept},
		{Name: models.RequestCorrectName, Decides: models.PermDistributorsJudge, Apply: s.correctName, Whole: wholeIdentity},
		{Name: rulesPublish, Decides: models.PermBatchesDecide, Apply: s.enforceRules, Drop: s.reopenRules},
	}
}

func (s *Service) endTopUp(tx *gorm.DB, id int64, state string) error {
	n, err := store.ExecTx(tx, decideTopUp, id, state, s.Now())
	if err == nil && n != 1 {
		err = fmt.Errorf("it is decided already")
	}
	if err != nil {
		return fmt.Errorf("top-up %d: %w", id, err)
	}
	return nil
}

// bookTopUp puts a top-up into the books and sends on what waited for it.
func (s *Service) bookTopUp(tx *gorm.DB, _ models.Actor, r models.Request) error {
	var t topUpPayload
	if err := json.Unmarshal(r.Payload, &t); err != nil {
		return fmt.Errorf("top-up %d: %w", r.SubjectID, err)
	}
	if err := s.endTopUp(tx, r.SubjectID, "booked"); err != nil {
		return err
	}
	err := ledger.Post(tx, models.Transfer{Kind: models.EntryTopUp, Debit: models.Account{Kind: models.AccountFloat, Party: t.Connection},
		Credit: models.Account{Kind: models.AccountBank}, Amount: models.Centavos(t.Minor), Source: models.Source{Kind: "topup", ID: r.SubjectID, Step: 1}})
	if err != nil {
		return err
	}
	return s.sendOn(tx, t.Connection)
}

// sendOn enqueues the dispatch of everything approved over a connection.
func (s *Service) sendOn(tx *gorm.DB, connection int64) error {
	list, err := store.SelectTx[DispatchArgs](tx, waitingBatches, connection, s.Now())
	if err != nil {
		return fmt.Errorf("what waits over connection %d: %w", connection, err)
	}
	for _, a := range list {
		if err := enqueueDispatch(tx, a); err != nil {
			return err
		}
	}
	return nil
}
