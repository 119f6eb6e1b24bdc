package expiry

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

const papersOf = `
SELECT x.id, x.kind, x.version, v.good_until, COALESCE(v.staff_name, '') FROM documents x
LEFT JOIN LATERAL (SELECT good_until, staff_name FROM document_validity y WHERE y.document_id = x.id ORDER BY y.id DESC LIMIT 1) v ON true
WHERE x.distributor_id = $1 ORDER BY x.id`

// Papers lists the documents of a distributor with the day until which each is good.
func (s *Service) Papers(ctx context.Context, distributor int64) ([]models.Paper, error) {
	list, err := store.Select[models.Paper](ctx, s.DB.Pool, papersOf, distributor)
	if err != nil {
		return nil, fmt.Errorf("list papers of distributor %d: %w", distributor, err)
	}
	return list, nil
}

const insertValidity = `INSERT INTO document_validity (document_id, good_until, staff_id, staff_name, at) VALUES ($1, $2, $3, $4, $5)`

// NoteGoodUntil keeps until when a paper is good, as somebody read it, in the transaction tx; nil: it does not run out.
func NoteGoodUntil(tx *gorm.DB, by models.Actor, document int64, until *time.Time, now time.Time) error {
	if _, err := store.ExecTx(tx, insertValidity, document, until, by.StaffID, by.Name, now); err != nil {
		return fmt.Errorf("note until when document %d is good: %w", document, err)
	}
	day := ""
	if until != nil {
		day = until.Format(time.DateOnly)
	}
	return audit.Record(tx, audit.Entry{By: by, Action: "document.good_until", SubjectType: "document", SubjectID: document, After: map[string]any{"until": day}})
}

// SetPapers keeps the days of papers that were read anew; those that stay as they are get no row. The payee's own day is
// worked out with the next round.
func (s *Service) SetPapers(ctx context.Context, by models.Actor, distributor int64, days map[int64]*time.Time) (changed int, err error) {
	if err := forbid(by, models.PermDistributorsJudge); err != nil {
		return 0, err
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		changed = 0
		papers, err := store.SelectTx[models.Paper](tx, papersOf, distributor)
		if err != nil {
			return fmt.Errorf("read papers of distributor %d: %w", distributor, err)
		}
		for _, p := range papers {
			day, given := days[p.DocumentID]
			if !given || same(day, p.GoodUntil) {
				continue
			}
			if err := NoteGoodUntil(tx, by, p.DocumentID, day, s.Now()); err != nil {
				return err
			}
			changed++
		}
		return nil
	})
	return changed, err
}

func same(a, b *time.Time) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(*b)
}
