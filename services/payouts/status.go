package payouts

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"pagaduria/models"
	"pagaduria/providers"
)

// Moved says what asking for a payout's status led to.
type Moved struct {
	From, To models.PayoutState
	Changed  bool
}

// Asked is what came of asking for one of many payouts; Moved is nothing when Err is set.
type Asked struct {
	Moved
	Err error
}

// AskStatus is AskStatuses of one payout.
func (s *Service) AskStatus(ctx context.Context, id int64, origin string, by models.Actor) (Moved, error) {
	asked := s.AskStatuses(ctx, []int64{id}, origin, by)
	return asked[id].Moved, asked[id].Err
}

const payoutsByID = `SELECT ` + payoutColumns + ` FROM payouts p WHERE p.id = ANY($1) ORDER BY p.id`

// AskStatuses asks the rails where payouts stand and applies the answers. origin is poll, notification, lookup or person.
// The result has every id.
func (s *Service) AskStatuses(ctx context.Context, ids []int64, origin string, by models.Actor) map[int64]Asked {
	asked := make(map[int64]Asked, len(ids))
	list, err := selectPayouts(ctx, s.DB.Pool, payoutsByID, ids)
	if err == nil {
		err = errNoPayout // unless it is found
	}
	for _, id := range ids {
		asked[id] = Asked{Err: err}
	}
	maps.Copy(asked, s.askAll(ctx, list, change{origin: origin, by: by}))
	return asked
}

// askAll asks for payouts of any connection, a few at once as each connection allows.
func (s *Service) askAll(ctx context.Context, list []models.Payout, c change) map[int64]Asked {
	asked := make(map[int64]Asked, len(list))
	byConnection := map[int64][]models.Payout{}
	for _, p := range list {
		byConnection[p.ConnectionID] = append(byConnection[p.ConnectionID], p)
	}
	for id, payouts := range byConnection {
		connection, rail, err := s.Rail(ctx, id)
		if err != nil {
			for _, p := range payouts {
				asked[p.ID] = Asked{Err: err}
			}
			continue
		}
		// What was answered is soon on record, even where a rail takes its time.
		for part := range slices.Chunk(payouts, claimSize(connection)) {
			maps.Copy(asked, s.askRail(ctx, connection, rail, part, c))
		}
	}
	return asked
}

// ask is askRail of one payout.
func (s *Service) ask(ctx context.Context, connection models.Connection, rail providers.Provider, p models.Payout, c change) (Moved, error) {
	a := s.askRail(ctx, connection, rail, []models.Payout{p}, c)[p.ID]
	return a.Moved, a.Err
}

// askRail calls the rail outside any transaction, then applies what it said.
func (s *Service) askRail(ctx context.Context, connection models.Connection, rail providers.Provider, list []models.Payout, c change) map[int64]Asked {
	asked := make(map[int64]Asked, len(list))
	answers, failures := make([]*answer, len(list)), make([]error, len(list))
	var g errgroup.Group
	g.SetLimit(connection.Concurrency)
	for i, p := range list {
		g.Go(func() error {
			answers[i], failures[i] = s.question(ctx, connection, rail, p, c)
			return nil
		})
	}
	_ = g.Wait()
	var given []answer
	for i, p := range list {
		asked[p.ID] = Asked{Moved: Moved{From: p.State, To: p.State}, Err: failures[i]}
		if answers[i] != nil {
			given = append(given, *answers[i])
		}
	}
	maps.Copy(asked, s.applyAll(ctx, connection, given, c))
	return asked
}

// answer is what the rail said of a payout.
type answer struct {
	asked    models.Payout // as it was when the rail was asked
	status   providers.Status
	notFound bool // the rail doesn't know it; of the status only the exchange is set
}

// question asks the rail for one payout; there is no answer when nothing is to be asked.
func (s *Service) question(ctx context.Context, connection models.Connection, rail providers.Provider, p models.Payout, c change) (*answer, error) {
	// Of one whose money was given back nothing is asked without cause; a notification is one.
	again := p.State.Releases() && p.SubmittedAt != nil && c.origin == "notification"
	if !p.State.AtRail() && p.State != models.PayoutPaid && !again {
		return nil, nil
	}
	call, cancel := context.WithTimeout(ctx, submitTimeout)
	defer cancel()
	began := time.Now()
	status, err := rail.Status(call, refOf(p))
	took := time.Since(began)
	switch {
	case err == nil:
		s.observe(connection, "status", "found", took)
		return &answer{asked: p, status: status}, nil
	case errors.Is(err, providers.ErrNotFound):
		s.observe(connection, "status", "not_found", took)
		return &answer{asked: p, status: providers.Status{Exchange: exchangeOf(providers.Exchange{}, err)}, notFound: true}, nil
	}
	s.observe(connection, "status", "failed", took)
	return nil, fmt.Errorf("ask for the status of payout %d: %w", p.ID, err)
}
