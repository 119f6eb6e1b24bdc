package payouts_test

import (
	"sync"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/plan"
	"pagaduria/services/plans"
	"pagaduria/services/requests"
)

// everyFriday is a schedule for 10:00 of Fridays; the clock of the office stands at 10:00 of a Friday.
func (o *office) everyFriday() models.Schedule {
	return models.Schedule{Name: "Fridays", ConnectionID: o.connection, Minimum: models.Pesos(0), Cadence: models.Weekly, Weekdays: []time.Weekday{time.Friday},
		At: 10 * 60, Shift: models.Next, Submit: true}
}

// schedule saves one an hour before it is due and lets the hour pass.
func (o *office) schedule(s models.Schedule) int64 {
	o.t.Helper()
	o.exec(`UPDATE staff SET state = 'active', password_hash = 'x', totp_secret = 'x'`)
	o.pass(-time.Hour)
	id, err := o.SaveSchedule(o.t.Context(), o.maker, s)
	if err != nil {
		o.t.Fatal(err)
	}
	o.pass(time.Hour)
	return id
}

func (o *office) runSchedules() {
	o.t.Helper()
	if err := o.RunSchedules(o.t.Context()); err != nil {
		o.t.Fatal(err)
	}
}

func TestScheduleRunsOnceADayWhoeverComes(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.owe(o.payee("10001001"), 80_000)
	o.owe(o.payee("10001002"), 90_000)
	id := o.schedule(o.everyFriday())
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if err := o.RunSchedules(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	o.pass(time.Hour)
	o.owe(o.payee("10001003"), 70_000)
	o.runSchedules()
	runs, err := o.RunsOf(t.Context(), id)
	if err != nil || len(runs) != 1 || runs[0].Outcome != "made" || runs[0].BatchState != models.BatchInApproval || runs[0].BatchTotal != models.Pesos(170_000) {
		t.Fatalf("got %+v, %v", runs, err)
	}
	if n := o.number(`SELECT count(*) FROM batches WHERE maker_id = $1`, o.maker.StaffID); n != 1 {
		t.Errorf("%d batches", n)
	}
	b, err := o.Batch(t.Context(), runs[0].BatchID)
	if err != nil || b.DecidableBy(models.Actor{StaffID: o.maker.StaffID, Roles: []models.Role{models.RoleApprover}}) == nil {
		t.Errorf("who saved the schedule may approve its batch, %v", err)
	}
	if n := o.number(`SELECT count(*) FROM events WHERE kind IN ('batch.waiting', 'schedule.made')`); n != 2 {
		t.Errorf("%d events, want one for the approvers and one for the maker", n)
	}
	o.pass(7 * 24 * time.Hour)
	o.runSchedules()
	if n := o.number(`SELECT count(*) FROM schedule_runs WHERE outcome = 'made'`); n != 2 {
		t.Errorf("%d runs after another week", n)
	}
}

func TestMissedRunsAreMadeUpForOnce(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.owe(o.payee("10001001"), 80_000)
	id := o.schedule(o.everyFriday())
	o.pass(16 * 24 * time.Hour) // three Fridays, nothing ran
	o.runSchedules()
	o.runSchedules()
	runs, err := o.RunsOf(t.Context(), id)
	if err != nil || len(runs) != 1 || !runs[0].Day.Equal(time.Date(2026, 12, 4, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("got %+v, %v; want the last Friday alone", runs, err)
	}
	s, err := o.Schedule(t.Context(), id)
	if err == nil {
		err = o.TurnSchedule(t.Context(), o.maker, id, "paused", s.Version)
	}
	o.pass(14 * 24 * time.Hour)
	o.runSchedules()
	if err == nil {
		err = o.TurnSchedule(t.Context(), o.maker, id, "active", s.Version+1)
	}
	if err != nil {
		t.Fatal(err)
	}
	o.runSchedules()
	if n := o.number(`SELECT count(*) FROM schedule_runs`); n != 1 {
		t.Errorf("%d runs: what fell due while it was paused is made up for", n)
	}
}

func TestScheduledPayeesBelowTheMinimumCarryOver(t *testing.T) {
	t.Parallel()
	o := open(t)
	small := o.payee("10001001")
	o.owe(small, 30_000)
	s := o.everyFriday()
	s.Minimum, s.Submit = models.Pesos(50_000), false
	id := o.schedule(s)
	o.runSchedules()
	if runs, _ := o.RunsOf(t.Context(), id); len(runs) != 1 || runs[0].Outcome != "nothing" {
		t.Fatalf("got %+v", runs)
	}
	p, err := o.Preview(t.Context(), o.connection, models.Composition{Cutoff: o.clock(), Minimum: models.Pesos(50_000)})
	if err != nil || len(p.Items) != 0 || len(p.LeftOut) != 1 || p.LeftOut[0].Why != models.RefusedMinimum {
		t.Errorf("the preview: %+v, %v", p, err)
	}
	o.owe(small, 20_000)
	o.pass(7 * 24 * time.Hour)
	o.runSchedules()
	if n := o.number(`SELECT count(*) FROM batches WHERE state = 'draft' AND total = 5000000`); n != 1 {
		t.Error("what was carried over is not paid once it is enough")
	}
}

func TestTheMinimumOfThePlanHoldsForRunsOverEverybody(t *testing.T) {
	t.Parallel()
	o := open(t)
	small := o.payee("10001001")
	o.owe(small, 30_000)
	desk := &plans.Service{DB: o.db, Now: o.clock}
	decide := &requests.Service{DB: o.db, Now: o.clock, Kinds: desk.RequestKinds()}
	id, err := desk.Begin(t.Context(), o.maker, 0)
	if err == nil {
		err = desk.Save(t.Context(), o.maker, plan.Plan{ID: id, Version: 1, Name: "P", From: o.clock().In(colombia.Bogota).Format("2006-01"),
			Terms: plan.Terms{Kind: plan.Percent, Percent: 1000, Minimum: models.Pesos(50_000)}})
	}
	if err != nil {
		t.Fatal(err)
	}
	request, err := desk.Ask(t.Context(), o.maker, id, 2, "agreed")
	if err == nil {
		err = decide.Decide(t.Context(), o.checker, request, requests.Verdict{Grant: true, Seen: 1, FactorAt: o.clock()})
	}
	if err != nil {
		t.Fatal(err)
	}
	all, err := o.Preview(t.Context(), o.connection, models.Composition{Cutoff: o.clock()})
	if err != nil || len(all.LeftOut) != 1 || all.LeftOut[0].Why != models.RefusedMinimum {
		t.Errorf("everybody: %+v %v", all, err)
	}
	one, err := o.Preview(t.Context(), o.connection, models.Composition{Cutoff: o.clock(), DistributorID: small})
	if err != nil || len(one.Items) != 1 {
		t.Errorf("one payee: %+v %v", one, err)
	}
}

func TestScheduleOfSomebodyWhoLeft(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.owe(o.payee("10001001"), 80_000)
	id := o.schedule(o.everyFriday())
	o.exec(`UPDATE staff SET roles = '{support}' WHERE id = $1`, o.maker.StaffID)
	o.runSchedules()
	if runs, _ := o.RunsOf(t.Context(), id); len(runs) != 1 || runs[0].Outcome != "maker" {
		t.Errorf("got %+v", runs)
	}
	if n := o.number(`SELECT count(*) FROM batches`); n != 0 {
		t.Errorf("%d batches in the name of somebody who may not prepare any", n)
	}
}

func TestWhoChangesSchedules(t *testing.T) {
	t.Parallel()
	o := open(t)
	if _, err := o.SaveSchedule(t.Context(), o.checker, o.everyFriday()); models.KindOf(err) != models.Forbidden {
		t.Errorf("an approver: got %v", err)
	}
	id := o.schedule(o.everyFriday())
	s, err := o.Schedule(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.SaveSchedule(t.Context(), o.other, s); err != nil {
		t.Fatal(err)
	}
	if _, err := o.SaveSchedule(t.Context(), o.maker, s); models.KindOf(err) != models.Conflict {
		t.Errorf("a stale form: got %v", err)
	}
	if s, _ = o.Schedule(t.Context(), id); s.MakerID != o.other.StaffID {
		t.Errorf("the maker is %s", s.MakerName)
	}
	o.exec(`INSERT INTO schedule_runs (schedule_id, day, due_at, ran_at, outcome) VALUES ($1, '2026-11-20', now(), now(), 'nothing')`, id)
	if _, err := o.db.Pool.Exec(t.Context(), `INSERT INTO schedule_runs (schedule_id, day, due_at, ran_at, outcome) VALUES ($1, '2026-11-20', now(), now(), 'nothing')`, id); err == nil {
		t.Error("the database took a second run of one day")
	}
}
