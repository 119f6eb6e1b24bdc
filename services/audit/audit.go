// Package audit keeps the log of who changed what. Record writes in the caller's transaction, Seal chains the
// events by hash within seconds, Verify proves that nothing was altered since.
package audit

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/store"
)

// Entry is one event to be recorded. Before and After are written as JSON; whoever fills them masks personal
// data and leaves secrets out.
type Entry struct {
	By            models.Actor
	Action        string // "<subject>.<verb>": "staff.disable"
	SubjectType   string
	SubjectID     int64
	Reason        string
	Before, After any
}

const insertEvent = `
INSERT INTO audit_events (actor_id, actor_name, address, session_id, action, subject_type, subject_id, reason, before, after)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, CAST(? AS jsonb), CAST(? AS jsonb))`

// Record writes one event in the transaction of the change it tells of.
func Record(tx *gorm.DB, e Entry) error {
	row, err := e.row()
	if err != nil {
		return err
	}
	if err := tx.Exec(insertEvent, row...).Error; err != nil {
		return fmt.Errorf("record %s of %s %d: %w", e.Action, e.SubjectType, e.SubjectID, err)
	}
	return nil
}

var eventColumns = []string{"actor_id", "actor_name", "address", "session_id", "action", "subject_type", "subject_id",
	"reason", "before", "after"}

// RecordAll writes many events by COPY, in their order. The transaction must be one of store.InTx.
func RecordAll(tx *gorm.DB, entries []Entry) error {
	if len(entries) == 0 {
		return nil
	}
	rows := pgx.CopyFromSlice(len(entries), func(i int) ([]any, error) { return entries[i].row() })
	if _, err := store.Copy(tx, pgx.Identifier{"audit_events"}, eventColumns, rows); err != nil {
		return fmt.Errorf("record %d × %s: %w", len(entries), entries[0].Action, err)
	}
	return nil
}

// row is the event in the order of eventColumns.
func (e Entry) row() ([]any, error) {
	if e.By.Name == "" || e.Action == "" || e.SubjectType == "" {
		return nil, errors.New("an audit event needs an actor, an action and a subject")
	}
	before, err := document(e.Before)
	if err != nil {
		return nil, fmt.Errorf("record %s: before: %w", e.Action, err)
	}
	after, err := document(e.After)
	if err != nil {
		return nil, fmt.Errorf("record %s: after: %w", e.Action, err)
	}
	return []any{e.By.StaffID, e.By.Name, e.By.Address, e.By.SessionID, e.Action, e.SubjectType, e.SubjectID, e.Reason,
		before, after}, nil
}

// document writes v as JSON, nil for nothing, which becomes NULL.
func document(v any) (*string, error) {
	if v == nil {
		return nil, nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	s := string(b)
	return &s, nil
}
