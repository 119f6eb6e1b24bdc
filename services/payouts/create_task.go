package payouts

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/services/store"
	"pagaduria/services/tasks"
)

// Large is how many payouts a batch may have to be made while the person waits; a larger one is made by StartCreate.
const Large = 2000

// TaskKind is the long work of making a large batch.
func (s *Service) TaskKind() tasks.Kind {
	return tasks.Kind{Name: models.TaskBatchCreate, Run: s.createTask}
}

// StartCreate has a batch made in the background, by the same rules as Create, and answers the task that makes it.
func (s *Service) StartCreate(ctx context.Context, by models.Actor, n NewBatch) (id int64, err error) {
	if !by.May(models.PermBatchesPrepare) {
		return 0, errPrepare
	}
	name := n.Name
	if name == "" {
		name = s.Now().In(colombia.Bogota).Format(time.DateOnly)
	}
	return id, s.DB.InTx(ctx, func(tx *gorm.DB) error {
		id, err = tasks.Start(tx, by, tasks.New{Kind: models.TaskBatchCreate, Name: name, Payload: n})
		return err
	})
}

// createSteps are the steps that create tells of.
const createSteps = 5

// createTask makes the batch and says so in one transaction. Whether its maker may is asked again: roles change.
func (s *Service) createTask(ctx context.Context, r *tasks.Run) error {
	var n NewBatch
	if err := r.Payload(&n); err != nil {
		return err
	}
	by := r.By()
	held, err := store.Select[struct{ Roles []models.Role }](ctx, s.DB.Pool, `SELECT roles FROM staff WHERE id = $1 AND state <> 'disabled'`, by.StaffID)
	if err != nil {
		return fmt.Errorf("read roles of %d: %w", by.StaffID, err)
	}
	if len(held) == 1 {
		by.Roles = held[0].Roles
	}
	r.Expect(createSteps)
	n.step = func() { r.Did(1) }
	_, err = s.create(ctx, by, n, func(tx *gorm.DB, batch int64) error {
		return r.Finish(tx, tasks.Result{SubjectType: "batch", SubjectID: batch})
	})
	return err
}
