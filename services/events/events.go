// Package events is the outbox of what happened: an event is written in the transaction of the change it tells of, and
// told to the people it concerns afterwards.
package events

import (
	"encoding/json"
	"fmt"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/store"
)

// Event is something that happened, and whom it concerns.
type Event struct {
	Kind        string // "<subject>.<what>": "batch.waiting"; its sentence is notice.<kind> of the catalogues
	SubjectType string // with SubjectID the record that a notice leads to
	SubjectID   int64
	Facts       map[string]any    // fill the sentence; personal data masked
	Staff       []int64           // these people
	Permission  models.Permission // and everybody who holds it; "" for nobody
	Except      int64             // but not who did it
	Once        string            // the same text is told once for ever; "" each time
}

const insertEvent = `
INSERT INTO events (kind, subject_type, subject_id, facts, staff, permission, except_id, once) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (once) WHERE once <> '' DO NOTHING`

// Record writes one event in the transaction of the change it tells of.
func Record(tx *gorm.DB, e Event) error {
	facts := []byte("{}")
	if e.Facts != nil {
		var err error
		if facts, err = json.Marshal(e.Facts); err != nil {
			return fmt.Errorf("record event %s: %w", e.Kind, err)
		}
	}
	staff := e.Staff
	if staff == nil {
		staff = []int64{}
	}
	if _, err := store.ExecTx(tx, insertEvent, e.Kind, e.SubjectType, e.SubjectID, string(facts), staff, string(e.Permission), e.Except, e.Once); err != nil {
		return fmt.Errorf("record event %s of %s %d: %w", e.Kind, e.SubjectType, e.SubjectID, err)
	}
	return nil
}
