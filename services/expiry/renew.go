package expiry

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/services/store"
	"pagaduria/services/tasks"
)

// Renewal asks everybody anew whom a filter matches and who can be asked.
type Renewal struct {
	Filter   models.ExpiryFilter
	Expected int64 // the count that was shown; another one is a Conflict
}

const reach = `d.email <> '' OR d.phone <> '' AND @sms`

// Reach counts what Renew would do, for the person to see before.
func (s *Service) Reach(ctx context.Context, f models.ExpiryFilter) (models.ExpiryReach, error) {
	where, args := s.conditions(f)
	r, err := store.SelectOne[models.ExpiryReach](ctx, s.DB.Pool, `
SELECT count(*) FILTER (WHERE c.id IS NULL AND (`+reach+`)), count(*) FILTER (WHERE c.id IS NOT NULL), count(*) FILTER (WHERE c.id IS NULL AND NOT (`+reach+`))`+listTables+where, args)
	if err != nil {
		return r, fmt.Errorf("count who would be asked anew: %w", err)
	}
	return r, nil
}

// TaskKind is the long work of asking many anew.
func (s *Service) TaskKind() tasks.Kind { return tasks.Kind{Name: models.TaskRenew, Run: s.renewAll} }

// Renew has everybody whom the filter matches asked anew in the background, and answers the task.
func (s *Service) Renew(ctx context.Context, by models.Actor, n Renewal) (id int64, err error) {
	if err := forbid(by, models.PermDistributorsJudge); err != nil {
		return 0, err
	}
	r, err := s.Reach(ctx, n.Filter)
	if err != nil {
		return 0, err
	}
	if r.Count != n.Expected || r.Count == 0 {
		return 0, countChanged(r.Count, n.Expected)
	}
	return id, s.DB.InTx(ctx, func(tx *gorm.DB) error {
		id, err = tasks.Start(tx, by, tasks.New{Kind: models.TaskRenew, Name: s.Now().In(colombia.Bogota).Format(time.DateOnly), Payload: n})
		return err
	})
}

func countChanged(now, then int64) error {
	return models.Refuse(models.Conflict, "kyc.refused.count", fmt.Sprintf("The set changed meanwhile: %d now, %d when you looked. Nobody was invited. Look at it again.", now, then),
		map[string]any{"Now": now, "Then": then})
}

// chosen locks those whom a filter matches and who can be asked.
func (s *Service) chosen(tx *gorm.DB, where string, args pgx.NamedArgs) ([]int64, error) {
	rows, err := store.SelectTx[struct{ ID int64 }](tx, `SELECT d.id`+listTables+where+` AND c.id IS NULL AND (`+reach+`) ORDER BY d.id FOR UPDATE OF d`, args)
	if err != nil {
		return nil, fmt.Errorf("choose who is asked anew: %w", err)
	}
	ids := make([]int64, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	return ids, nil
}

// renewAll opens the cases and writes to everybody in one transaction: all or nobody.
func (s *Service) renewAll(ctx context.Context, r *tasks.Run) error {
	var n Renewal
	if err := r.Payload(&n); err != nil {
		return err
	}
	by := r.By()
	r.Expect(n.Expected)
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		where, args := s.conditions(n.Filter)
		ids, err := s.chosen(tx, where, args)
		if err != nil {
			return err
		}
		if int64(len(ids)) != n.Expected {
			return countChanged(int64(len(ids)), n.Expected)
		}
		if err := s.Onboarding.Reopen(tx, by, ids); err != nil {
			return err
		}
		r.Did(n.Expected)
		return r.Finish(tx, tasks.Result{SubjectType: "kyc_cases", Rows: n.Expected})
	})
}

// askMost bounds how many are asked in one transaction.
const askMost = 500

// askSoon asks those who are due within the days of the settings, in the name of who set them.
func (s *Service) askSoon(ctx context.Context) (asked int, err error) {
	for {
		n := 0
		err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
			rows, err := store.SelectTx[struct {
				Days int
				ID   int64
				Name string
			}](tx, `SELECT x.open_days, COALESCE(s.id, 0), COALESCE(s.name, '') FROM expiry_settings x LEFT JOIN staff s ON s.id = x.staff_id ORDER BY x.id DESC LIMIT 1`)
			if err != nil || len(rows) != 1 || rows[0].Days == 0 {
				return err
			}
			where, args := s.conditions(models.ExpiryFilter{Days: rows[0].Days})
			where += ` AND NOT EXISTS (SELECT 1 FROM kyc_cases o WHERE o.distributor_id = d.id AND o.created_at > @lately)` // asked for this day already, and did not answer
			args["lately"] = s.Now().AddDate(0, 0, -rows[0].Days)
			ids, err := s.chosen(tx, where, args)
			if err != nil || len(ids) == 0 {
				return err
			}
			n = min(len(ids), askMost)
			return s.Onboarding.Reopen(tx, models.Actor{StaffID: rows[0].ID, Name: rows[0].Name}, ids[:n])
		})
		if err != nil || n == 0 {
			return asked, err
		}
		asked += n
	}
}
