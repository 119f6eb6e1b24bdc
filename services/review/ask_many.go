package review

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/services/store"
)

// Picked are ticked cases as the queue shows them, in its order; those that are over are not among them.
func (s *Service) Picked(ctx context.Context, by models.Actor, ids []int64) ([]kyc.QueueRow, error) {
	if err := forbid(by, models.PermKYCReview); err != nil {
		return nil, err
	}
	switch {
	case len(ids) == 0:
		return nil, models.Refuse(models.Invalid, "case.refused.none_ticked", "Tick the cases first.", nil)
	case len(ids) > MostAtOnce:
		return nil, models.Refuse(models.Invalid, "case.refused.many", "These are too many cases at once.", nil)
	}
	rows, err := store.Select[kyc.QueueRow](ctx, s.DB.Pool, selectQueue+underReview+" AND c.id = ANY(@ids) ORDER BY c.queue_at, c.id", pgx.NamedArgs{"ids": ids})
	if err != nil {
		return nil, fmt.Errorf("read ticked cases: %w", err)
	}
	return rows, nil
}

// Asked is what came of asking one of several payees again.
type Asked struct {
	Case kyc.QueueRow
	Err  error
}

// AskMany asks the payees of several cases for one thing again, each in a transaction of its own and each only as its case
// was seen: seen has the version of every case. What cannot be asked is answered with the reason. Nothing is ever
// accepted for many at once.
func (s *Service) AskMany(ctx context.Context, by models.Actor, seen map[int64]int, q kyc.AskMany) ([]Asked, error) {
	if err := forbid(by, models.PermKYCReview); err != nil {
		return nil, err
	}
	if err := q.Check(); err != nil {
		return nil, err
	}
	ids := make([]int64, 0, len(seen))
	for id := range seen {
		ids = append(ids, id)
	}
	rows, err := s.Picked(ctx, by, ids)
	if err != nil {
		return nil, err
	}
	list := make([]Asked, len(rows))
	for i, r := range rows {
		list[i] = Asked{Case: r, Err: s.askOne(ctx, by, r.ID, seen[r.ID], q)}
	}
	return list, nil
}

func (s *Service) askOne(ctx context.Context, by models.Actor, id int64, seen int, q kyc.AskMany) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		c, err := hold(tx, id)
		if err != nil {
			return err
		}
		if c.Version != seen {
			return models.Refuse(models.Conflict, "case.refused.stale", "The case changed after you opened it. Load it again before you decide.", nil)
		}
		if c, err = s.holdMine(tx, by, id); err != nil {
			return err
		}
		err = s.decide(tx, by, &c, q.Item, func(i kyc.CaseItem, last int64) kyc.Decide {
			return kyc.Decide{Verdict: kyc.AskAgain, Version: i.Version, Last: last, Reason: q.Reason, ToPayee: q.ToPayee}
		})
		if err != nil {
			return err
		}
		return s.ask(tx, by, c)
	})
}
