package staff

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/queue"
	"pagaduria/services/store"
)

// ChangedArgs is the job that follows a change of who works here and may do what: whatever waited for somebody is looked
// at again.
type ChangedArgs struct{}

// Kind names the job in the queue.
func (ChangedArgs) Kind() string { return "staff.changed" }

const selectAbsences = `
SELECT a.id, a.staff_id, a.from_day, a.to_day, COALESCE(a.delegate_id, 0), COALESCE(d.name, ''), a.created_at
FROM absences a LEFT JOIN staff d ON d.id = a.delegate_id
WHERE a.staff_id = $1 AND a.ended_at IS NULL AND a.to_day >= $2 ORDER BY a.from_day, a.id`

// Absences lists the present and coming absences of a person.
func (s *Service) Absences(ctx context.Context, id int64) ([]models.Absence, error) {
	list, err := store.Select[models.Absence](ctx, s.db.Pool, selectAbsences, id, models.Day(s.now()))
	if err != nil {
		return nil, fmt.Errorf("absences of staff %d: %w", id, err)
	}
	return list, nil
}

// Delegates lists who can decide in a person's stead, by name.
func (s *Service) Delegates(ctx context.Context, id int64) ([]models.Staff, error) {
	list, err := store.Select[models.Staff](ctx, s.db.Pool, selectStaff+`WHERE st.state = 'active' AND 'approver' = ANY (st.roles) AND st.id <> $1 ORDER BY st.name, st.id`, id)
	if err != nil {
		return nil, fmt.Errorf("delegates of staff %d: %w", id, err)
	}
	return list, nil
}

// GoAway notes that by is away, and who decides in their stead. Absences of one person do not overlap.
func (s *Service) GoAway(ctx context.Context, by models.Actor, a models.Absence) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		me, err := loadStaff(tx, by.StaffID)
		if err != nil {
			return err
		}
		var delegate *models.Staff
		if a.DelegateID != 0 && a.DelegateID != me.ID {
			rows, err := store.SelectTx[models.Staff](tx, selectStaff+`WHERE st.id = $1`, a.DelegateID)
			if err != nil {
				return fmt.Errorf("load delegate %d: %w", a.DelegateID, err)
			}
			if len(rows) == 1 {
				delegate = &rows[0]
			}
		}
		others, err := store.SelectTx[models.Absence](tx, selectAbsences, me.ID, models.Day(s.now()))
		if err != nil {
			return fmt.Errorf("absences of staff %d: %w", me.ID, err)
		}
		a.StaffID = me.ID
		if err := a.Check(delegate, others, models.Day(s.now())); err != nil {
			return err
		}
		_, err = store.ExecTx(tx, `INSERT INTO absences (staff_id, from_day, to_day, delegate_id, created_at) VALUES ($1, $2, $3, NULLIF($4, 0), $5)`,
			me.ID, a.From, a.To, a.DelegateID, s.now())
		if err != nil {
			return fmt.Errorf("note absence of staff %d: %w", me.ID, err)
		}
		return s.absenceChanged(tx, by, "staff.away", a)
	})
}

// ComeBack ends an absence of one's own.
func (s *Service) ComeBack(ctx context.Context, by models.Actor, id int64) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		n, err := store.ExecTx(tx, `UPDATE absences SET ended_at = $3 WHERE id = $1 AND staff_id = $2 AND ended_at IS NULL`, id, by.StaffID, s.now())
		if err != nil {
			return fmt.Errorf("end absence %d: %w", id, err)
		}
		if n == 0 {
			return models.Refuse(models.NotFound, "staff.error.no_absence", "There is no such absence.", nil)
		}
		return s.absenceChanged(tx, by, "staff.back", models.Absence{StaffID: by.StaffID})
	})
}

func (s *Service) absenceChanged(tx *gorm.DB, by models.Actor, action string, a models.Absence) error {
	var after map[string]any
	if !a.From.IsZero() {
		after = map[string]any{"from": a.From.Format(time.DateOnly), "to": a.To.Format(time.DateOnly), "delegate": a.DelegateID}
	}
	if err := queue.Insert(tx, ChangedArgs{}, nil); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{By: by, Action: action, SubjectType: "staff", SubjectID: by.StaffID, After: after})
}
