package payouts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/events"
	"pagaduria/services/ledger"
	"pagaduria/services/store"
)

const scheduleColumns = `s.id, s.name, s.state, s.connection_id, c.name, s.methods, s.minimum, s.cadence, s.weekdays, s.month_day, s.at, s.shift, s.submit,
    s.maker_id, m.name, s.since, s.version FROM schedules s JOIN connections c ON c.id = s.connection_id JOIN staff m ON m.id = s.maker_id `

// Schedules lists every schedule by name.
func (s *Service) Schedules(ctx context.Context) ([]models.Schedule, error) {
	list, err := store.Select[models.Schedule](ctx, s.DB.Pool, `SELECT `+scheduleColumns+`ORDER BY s.name, s.id`)
	if err != nil {
		return nil, fmt.Errorf("list schedules: %w", err)
	}
	return list, nil
}

// Schedule reads one schedule.
func (s *Service) Schedule(ctx context.Context, id int64) (models.Schedule, error) {
	one, err := store.SelectOne[models.Schedule](ctx, s.DB.Pool, `SELECT `+scheduleColumns+`WHERE s.id = $1`, id)
	if err != nil {
		return one, store.NotFound(fmt.Errorf("read schedule %d: %w", id, err), "schedule.not_found", "There is no such schedule.")
	}
	return one, nil
}

const runColumns = `r.schedule_id, s.name, r.day, r.due_at, r.ran_at, r.outcome, COALESCE(b.id, 0), COALESCE(b.code, ''), COALESCE(b.state, ''), COALESCE(b.total, 0)
FROM schedule_runs r JOIN schedules s ON s.id = r.schedule_id LEFT JOIN batches b ON b.id = r.batch_id `

// RunsOf lists the latest runs of a schedule, newest first.
func (s *Service) RunsOf(ctx context.Context, id int64) ([]models.ScheduleRun, error) {
	list, err := store.Select[models.ScheduleRun](ctx, s.DB.Pool, `SELECT `+runColumns+`WHERE r.schedule_id = $1 ORDER BY r.day DESC LIMIT 20`, id)
	if err != nil {
		return nil, fmt.Errorf("runs of schedule %d: %w", id, err)
	}
	return list, nil
}

const (
	insertPlan = `
INSERT INTO schedules (name, connection_id, methods, minimum, cadence, weekdays, month_day, at, shift, submit, maker_id, since)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING id`
	updatePlan = `
UPDATE schedules SET name = $1, connection_id = $2, methods = $3, minimum = $4, cadence = $5, weekdays = $6, month_day = $7, at = $8, shift = $9,
    submit = $10, maker_id = $11, since = $12, version = version + 1
WHERE id = $13 AND version = $14 RETURNING id`
	turnPlan = `UPDATE schedules SET state = $2, since = $3, version = version + 1 WHERE id = $1 AND version = $4`
)

var (
	errSchedules = models.Refuse(models.Forbidden, "schedule.refused.role", "Only finance can change schedules.", nil)
	errOldPlan   = models.Refuse(models.Conflict, "schedule.refused.stale", "Somebody changed this schedule after you opened it. Load it again.", nil)
)

// SaveSchedule makes (ID 0) or changes a schedule. Who saves it is the maker of its batches from then on.
func (s *Service) SaveSchedule(ctx context.Context, by models.Actor, plan models.Schedule) (id int64, err error) {
	if !by.May(models.PermBatchesPrepare) {
		return 0, errSchedules
	}
	if err := plan.Check(); err != nil {
		return 0, err
	}
	if _, err := s.Connection(ctx, plan.ConnectionID); err != nil {
		return 0, err
	}
	weekdays := make([]int, len(plan.Weekdays))
	for i, d := range plan.Weekdays {
		weekdays[i] = int(d)
	}
	args := []any{plan.Name, plan.ConnectionID, methodWords(plan.Methods), plan.Minimum.Minor, plan.Cadence, weekdays, plan.MonthDay, int(plan.At), plan.Shift,
		plan.Submit, by.StaffID, s.Now()}
	sql, action := insertPlan, "schedule.create"
	if plan.ID != 0 {
		sql, action, args = updatePlan, "schedule.change", append(args, plan.ID, plan.Version)
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		rows, err := store.SelectTx[struct{ ID int64 }](tx, sql, args...)
		if err != nil {
			return fmt.Errorf("save schedule %d: %w", plan.ID, err)
		}
		if len(rows) == 0 {
			return errOldPlan
		}
		id = rows[0].ID
		return audit.Record(tx, audit.Entry{By: by, Action: action, SubjectType: "schedule", SubjectID: id, After: plan})
	})
	return id, err
}

// TurnSchedule pauses or resumes a schedule; what fell due meanwhile is not made up for.
func (s *Service) TurnSchedule(ctx context.Context, by models.Actor, id int64, state string, seen int) error {
	if !by.May(models.PermBatchesPrepare) {
		return errSchedules
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		n, err := store.ExecTx(tx, turnPlan, id, state, s.Now(), seen)
		if err != nil {
			return fmt.Errorf("turn schedule %d %s: %w", id, state, err)
		}
		if n != 1 {
			return errOldPlan
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "schedule." + state, SubjectType: "schedule", SubjectID: id})
	})
}

func methodWords(kinds []models.MethodKind) []string {
	words := make([]string, len(kinds))
	for i, k := range kinds {
		words[i] = string(k)
	}
	return words
}

// RunSchedules composes the batches that are due. Each schedule runs once a day at most, whoever comes to it first; what
// was missed while nothing ran is made up for once. One schedule that fails does not keep the others back.
func (s *Service) RunSchedules(ctx context.Context) error {
	list, err := s.Schedules(ctx)
	for _, plan := range list {
		if due := plan.LastDue(s.Now()); plan.Active() && !due.IsZero() {
			err = errors.Join(err, s.runSchedule(ctx, plan.ID))
		}
	}
	return err
}

const (
	lockPlan   = `SELECT ` + scheduleColumns + `WHERE s.id = $1 AND s.state = 'active' FOR UPDATE OF s`
	ranAlready = `SELECT EXISTS (SELECT 1 FROM schedule_runs WHERE schedule_id = $1 AND day = $2)`
	insertRun  = `INSERT INTO schedule_runs (schedule_id, day, due_at, ran_at, outcome, batch_id) VALUES ($1, $2, $3, $4, $5, NULLIF($6, 0))`
	makerOf    = `SELECT name, roles, state = 'active' FROM staff WHERE id = $1`
)

// runSchedule runs one schedule for the day it is due. The lock on its row and the key of its runs keep two processes
// from composing the same day.
func (s *Service) runSchedule(ctx context.Context, id int64) error {
	plan, err := s.Schedule(ctx, id)
	if err != nil {
		return err
	}
	t, err := s.terms(ctx, plan.ConnectionID)
	if err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		now := s.Now()
		plans, err := store.SelectTx[models.Schedule](tx, lockPlan, id)
		if err != nil {
			return fmt.Errorf("lock schedule %d: %w", id, err)
		}
		if len(plans) == 0 || plans[0].Version != plan.Version {
			return nil // paused or changed just now: the next round sees it as it is
		}
		due := plan.LastDue(now)
		if due.IsZero() {
			return nil
		}
		ran, err := store.SelectTx[struct{ Yes bool }](tx, ranAlready, id, models.Day(due))
		if err != nil || ran[0].Yes {
			return err
		}
		outcome, batch, err := s.runDue(tx, plan, t)
		if err != nil {
			return fmt.Errorf("run schedule %d: %w", id, err)
		}
		if _, err := store.ExecTx(tx, insertRun, id, models.Day(due), due, now, outcome, batch); err != nil {
			return fmt.Errorf("note the run of schedule %d: %w", id, err)
		}
		err = events.Record(tx, events.Event{Kind: "schedule." + outcome, SubjectType: "schedule", SubjectID: id, Staff: []int64{plan.MakerID},
			Facts: map[string]any{"Name": plan.Name}})
		if err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{By: models.System("schedules"), Action: "schedule.run", SubjectType: "schedule", SubjectID: id,
			After: map[string]any{"outcome": outcome, "batch": batch, "due": due}})
	})
}

// runDue composes the batch in the name of the schedule's maker, who must still be allowed to.
func (s *Service) runDue(tx *gorm.DB, plan models.Schedule, t terms) (outcome string, batch int64, err error) {
	people, err := store.SelectTx[struct {
		Name   string
		Roles  []models.Role
		Active bool
	}](tx, makerOf, plan.MakerID)
	if err != nil {
		return "", 0, fmt.Errorf("read the maker: %w", err)
	}
	maker := models.Actor{StaffID: plan.MakerID, Name: people[0].Name, Roles: people[0].Roles}
	if !people[0].Active || !maker.May(models.PermBatchesPrepare) {
		return "maker", 0, nil
	}
	if err := ledger.LockComposing(tx); err != nil {
		return "", 0, err
	}
	comp := plan.Composition(s.Now())
	list, err := selectCandidatesTx(tx, comp)
	if err != nil {
		return "", 0, err
	}
	p := s.judge(list, comp, t)
	if len(p.Items) == 0 {
		return "nothing", 0, nil
	}
	if batch, err = s.write(tx, maker, NewBatch{Name: plan.Name, ConnectionID: plan.ConnectionID, Composition: comp}, p); err != nil {
		return "", 0, err
	}
	if plan.Submit {
		err = s.submit(tx, maker, batch, 1)
	}
	return "made", batch, err
}

const (
	runsBetween     = `SELECT ` + runColumns + `WHERE r.day BETWEEN $1 AND $2 ORDER BY r.day, r.schedule_id`
	expiringBetween = `
SELECT CAST(expires_at AT TIME ZONE 'America/Bogota' AS date), count(*), CAST(sum(amount) AS bigint) FROM payouts
WHERE state = 'available' AND expires_at >= $1 AND expires_at < $2 GROUP BY 1`
)

// Calendar answers each day from one Bogotá date to another, both included.
func (s *Service) Calendar(ctx context.Context, from, to time.Time) ([]models.CalendarDay, error) {
	var days []models.CalendarDay
	place := map[string]int{}
	for day := from; !day.After(to); day = day.AddDate(0, 0, 1) {
		place[day.Format(time.DateOnly)] = len(days)
		days = append(days, models.CalendarDay{Day: day, ExpiringTotal: models.Pesos(0)})
	}
	runs, err := store.Select[models.ScheduleRun](ctx, s.DB.Pool, runsBetween, from, to)
	if err != nil {
		return nil, fmt.Errorf("runs of the calendar: %w", err)
	}
	for _, r := range runs {
		d := &days[place[r.Day.Format(time.DateOnly)]]
		d.Ran = append(d.Ran, r)
	}
	rows, err := s.DB.Pool.Query(ctx, expiringBetween, models.Minutes(0).On(from), models.Minutes(0).On(to.AddDate(0, 0, 1)))
	if err != nil {
		return nil, fmt.Errorf("expiring cash of the calendar: %w", err)
	}
	var day time.Time
	var count int64
	var total models.Money
	_, err = pgx.ForEachRow(rows, []any{&day, &count, &total}, func() error {
		d := &days[place[day.Format(time.DateOnly)]]
		d.Expiring, d.ExpiringTotal = count, total
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("expiring cash of the calendar: %w", err)
	}
	return days, s.addComing(ctx, days, place, from, to)
}

// addComing adds the runs that are still to come.
func (s *Service) addComing(ctx context.Context, days []models.CalendarDay, place map[string]int, from, to time.Time) error {
	plans, err := s.Schedules(ctx)
	if err != nil {
		return err
	}
	now := s.Now()
	for _, plan := range plans {
		if !plan.Active() {
			continue
		}
		for _, day := range plan.RunDays(from, to) {
			if d := &days[place[day.Format(time.DateOnly)]]; plan.At.On(day).After(now) {
				d.Coming = append(d.Coming, plan)
			}
		}
	}
	return nil
}
