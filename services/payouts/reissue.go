package payouts

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/store"
)

// FailureChoice says which failures a person means: those ticked, or all that match.
type FailureChoice struct {
	IDs    []int64
	All    bool
	Filter FailureFilter
}

// NotAgain is a failure that was chosen and is not issued again, with the reason.
type NotAgain struct {
	Failure
	Why    models.Refusal
	Detail string // the rail's own words, where it is the rail that refuses
}

// Reissue is what issuing the chosen failures again would be. Making one changes nothing.
type Reissue struct {
	Again   []Failure // as far as they and their causes go
	Preview Preview   // of these; with nothing in it when nothing can be issued again
	LeftOut []NotAgain
}

// ReissuePreview sorts the chosen failures into those that a new batch over the connection would pay and those left out.
// Connection 0 is the one that the first of them went over.
func (s *Service) ReissuePreview(ctx context.Context, connectionID int64, choice FailureChoice) (Reissue, error) {
	chosen, err := s.chosenFailures(ctx, choice)
	if err != nil {
		return Reissue{}, err
	}
	again, left := sortFailures(chosen, nil)
	if connectionID == 0 && len(chosen) > 0 {
		connectionID = chosen[0].ConnectionID
	}
	r := Reissue{Again: again, LeftOut: left, Preview: Preview{Total: models.Pesos(0), Cost: models.NoCost()}}
	if len(again) == 0 {
		if connectionID != 0 {
			r.Preview.Connection, err = s.Connection(ctx, connectionID)
		}
		return r, err
	}
	if r.Preview, err = s.Preview(ctx, connectionID, models.Composition{Cutoff: s.Now(), Reissue: idsOf(again)}); err != nil {
		return r, err
	}
	byID := map[int64]Failure{}
	for _, f := range again {
		byID[f.ID] = f
	}
	for _, l := range r.Preview.LeftOut {
		r.LeftOut = append(r.LeftOut, NotAgain{byID[l.Replaces], l.Why, l.Detail})
	}
	return r, nil
}

// Reissue makes a batch of the lines of the chosen failures and of no others but the claw-backs of the same payees.
// Expect is what the preview showed; when it is no longer true nothing is created. What is created waits for a second
// person like any batch.
func (s *Service) Reissue(ctx context.Context, by models.Actor, choice FailureChoice, n NewBatch) (int64, error) {
	chosen, err := s.chosenFailures(ctx, choice)
	if err != nil {
		return 0, err
	}
	again, _ := sortFailures(chosen, nil)
	if len(again) == 0 {
		return 0, errNothing // an empty list of payouts would mean every line there is
	}
	n.Composition = models.Composition{Cutoff: s.Now(), Reissue: idsOf(again)}
	return s.Create(ctx, by, n)
}

func (s *Service) chosenFailures(ctx context.Context, choice FailureChoice) ([]Failure, error) {
	if !choice.All {
		if len(choice.IDs) == 0 {
			return nil, models.Refuse(models.Invalid, "failures.refused.none_ticked", "Tick the payouts first.", nil)
		}
		return s.failuresOf(ctx, s.DB.Pool, choice.IDs)
	}
	cure, err := s.cures(ctx)
	if err != nil {
		return nil, err
	}
	where, args := choice.Filter.where()
	return selectFailures(ctx, s.DB.Pool, cure, where+` ORDER BY p.id`, args)
}

// sortFailures takes those that can be issued again, the oldest one of each payee: a batch pays a payee once, and two
// payouts put together might be more than a rail pays at once. Going another way, sw, may be what helps.
func sortFailures(list []Failure, sw *models.Switch) (again []Failure, left []NotAgain) {
	taken := map[int64]bool{}
	for _, f := range list {
		why := f.Why
		if sw != nil && why == models.RefusedCause && f.Cure.MendedByNetwork() {
			why = ""
		}
		if why == "" && taken[f.DistributorID] {
			why = models.RefusedSamePayee
		}
		if why != "" {
			left = append(left, NotAgain{Failure: f, Why: why})
			continue
		}
		taken[f.DistributorID] = true
		again = append(again, f)
	}
	return again, left
}

func idsOf(list []Failure) []int64 {
	ids := make([]int64, len(list))
	for i, f := range list {
		ids[i] = f.ID
	}
	return ids
}

// refuseReissue looks again, with composing locked, whether each payout may be issued again.
func (s *Service) refuseReissue(tx *gorm.DB, comp models.Composition) error {
	if len(comp.Reissue) == 0 {
		return nil
	}
	var list []Failure
	err := store.Conn(tx, func(c *pgx.Conn) (err error) {
		list, err = s.failuresOf(tx.Statement.Context, c, comp.Reissue)
		return err
	})
	if err != nil {
		return err
	}
	if again, _ := sortFailures(list, comp.Switch); len(again) != len(comp.Reissue) {
		return errMoved
	}
	return nil
}

const countContradicted = `SELECT count(*) FROM payouts p WHERE p.batch_id = $1 AND p.state = 'in_batch' AND ` + contradicted

// refuseContradicted keeps a batch from being approved while the rail pays some of its money by an earlier payout.
func refuseContradicted(tx *gorm.DB, batch int64) error {
	rows, err := store.SelectTx[struct{ N int64 }](tx, countContradicted, batch)
	if err != nil {
		return fmt.Errorf("check earlier payouts of batch %d: %w", batch, err)
	}
	if n := rows[0].N; n > 0 {
		return models.Refuse(models.Conflict, "batch.refused.contradicted", fmt.Sprintf(
			"The rail pays money of %d payouts of this batch by an earlier payout after all. Take them out, or return the batch to its maker.", n), map[string]any{"Count": n})
	}
	return nil
}
