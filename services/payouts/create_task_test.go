package payouts_test

import (
	"testing"

	"pagaduria/models"
	"pagaduria/services/payouts"
	"pagaduria/services/tasks"
)

func TestLargeBatchesAreMadeAsLongWork(t *testing.T) {
	t.Parallel()
	o := open(t)
	work := &tasks.Service{DB: o.db, Now: o.clock, Kinds: []tasks.Kind{o.TaskKind()}}
	o.owe(o.payee("1000001"), 50_000)
	p, err := o.Preview(t.Context(), o.connection, models.Composition{Cutoff: o.clock()})
	if err != nil {
		t.Fatal(err)
	}
	n := payouts.NewBatch{ConnectionID: o.connection, Composition: p.Composition, ExpectCount: 1, ExpectTotal: p.Total, Submit: true}
	if _, err := o.StartCreate(t.Context(), o.checker, n); models.KindOf(err) != models.Forbidden {
		t.Errorf("an approver prepares a batch: %v", err)
	}
	start := func(n payouts.NewBatch) int64 {
		t.Helper()
		id, err := o.StartCreate(t.Context(), o.maker, n)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	ended := func(id int64) models.Task {
		t.Helper()
		if err := work.Work(t.Context(), id, false); err != nil {
			t.Fatal(err)
		}
		task, err := work.Task(t.Context(), o.maker, id)
		if err != nil {
			t.Fatal(err)
		}
		return task
	}

	moved := n
	moved.ExpectCount = 2
	if got := ended(start(moved)); got.State != models.TaskFailed || got.Failure != "batch.refused.moved" {
		t.Errorf("what changed since the preview: %s %q", got.State, got.Failure)
	}
	stopped := start(n)
	if err := work.Stop(t.Context(), o.maker, stopped); err != nil {
		t.Fatal(err)
	}
	if got := ended(stopped); got.State != models.TaskCancelled || o.number(`SELECT count(*) FROM batches`) != 0 {
		t.Errorf("stopped: %s with a batch", got.State)
	}
	made := ended(start(n))
	if made.State != models.TaskDone || made.SubjectType != "batch" || o.load(made.SubjectID).State != models.BatchInApproval {
		t.Errorf("made: %+v", made)
	}
	if got := ended(start(n)); got.State != models.TaskFailed || got.Failure != "batch.refused.nothing" {
		t.Errorf("made again: %s %q", got.State, got.Failure)
	}
	o.exec(`UPDATE staff SET roles = '{support}' WHERE id = $1`, o.maker.StaffID)
	if got := ended(start(n)); got.State != models.TaskFailed || got.Failure != "batch.refused.prepare" {
		t.Errorf("by somebody who may no longer: %s %q", got.State, got.Failure)
	}
}
