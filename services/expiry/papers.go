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

const issuedPapers = `
SELECT v.document_id, k.issued_on + x.normal_days FROM kyc_items i JOIN document_versions v ON v.id = i.document_version_id
JOIN LATERAL (SELECT issued_on FROM kyc_verdicts k WHERE k.case_id = i.case_id AND k.item = i.item AND k.version = i.version ORDER BY k.id DESC LIMIT 1) k ON k.issued_on IS NOT NULL
CROSS JOIN (SELECT normal_days FROM expiry_settings ORDER BY id DESC LIMIT 1) x
WHERE i.case_id = $1 AND i.state = 'accepted' AND NOT EXISTS (SELECT 1 FROM document_validity y WHERE y.document_id = v.document_id AND y.at > v.created_at)
ORDER BY v.document_id`

// NoteIssued keeps until when the papers of a case that was approved are good: a paper that may not be older than some days
// when it is sent is good for as long as its payee is known, counted from its date of issue. A day that somebody of
// compliance read on the paper itself stays.
func NoteIssued(tx *gorm.DB, by models.Actor, id int64, now time.Time) error {
	rows, err := store.SelectTx[struct {
		Document int64
		Until    time.Time
	}](tx, issuedPapers, id)
	if err != nil {
		return fmt.Errorf("read when papers of case %d were issued: %w", id, err)
	}
	for _, r := range rows {
		if err := NoteGoodUntil(tx, by, r.Document, &r.Until, now); err != nil {
			return err
		}
	}
	return nil
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
