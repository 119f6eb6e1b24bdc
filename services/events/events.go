// Package events is the outbox of what happened: an event is written in the transaction of the change it tells of, and
// told to the people it concerns afterwards.
package events

import (
	"encoding/json"
	"fmt"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/queue"
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

// DeliverArgs is the job that tells people of what waits in the outbox, whichever event it was enqueued with.
type DeliverArgs struct{}

// Kind names the job in the queue.
func (DeliverArgs) Kind() string { return "events.deliver" }

// deliverTries is how often a delivery is tried; a round that comes by the clock takes up what is left.
const deliverTries = 5

const insertEvent = `
WITH stored AS (
    INSERT INTO events (kind, subject_type, subject_id, facts, staff, permission, except_id, once) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (once) WHERE once <> '' DO NOTHING RETURNING id)
` + queue.InsertSQL + ` SELECT CAST('{}' AS jsonb), $9, $10 FROM stored`

// Record writes one event in the transaction of the change it tells of, and enqueues its delivery.
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
	if _, err := store.ExecTx(tx, insertEvent, e.Kind, e.SubjectType, e.SubjectID, string(facts), staff, string(e.Permission), e.Except, e.Once,
		DeliverArgs{}.Kind(), deliverTries); err != nil {
		return fmt.Errorf("record event %s of %s %d: %w", e.Kind, e.SubjectType, e.SubjectID, err)
	}
	return nil
}

const recount = `
UPDATE events SET facts = jsonb_set(facts, '{Count}', to_jsonb(CAST($2 AS bigint)))
WHERE once = $1 AND once <> '' AND facts->'Count' IS DISTINCT FROM to_jsonb(CAST($2 AS bigint))`

// Recount brings the fact Count of an event that is told once to what it is now.
func Recount(tx *gorm.DB, once string, count int64) error {
	if _, err := store.ExecTx(tx, recount, once, count); err != nil {
		return fmt.Errorf("recount event %s: %w", once, err)
	}
	return nil
}
