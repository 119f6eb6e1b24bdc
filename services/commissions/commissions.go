// Package commissions keeps the lines of commission statements: taking them in, listing them with what keeps
// each from being paid, holding and releasing them.
package commissions

import (
	"context"
	"sync"
	"time"

	"pagaduria/models"
	"pagaduria/services/store"
)

// RailCheck answers why no payout rail takes a payee by a method, "" when one does.
type RailCheck = func(models.Payee, models.Destination) models.Refusal

// Service is the use cases of commission lines.
type Service struct {
	DB  *store.DB
	Now func() time.Time
	// Rail opens the check of the rails in use. Nil lets every payee through.
	Rail func(context.Context) (RailCheck, error)

	checks railChecks
}

// checkLife is how long a check is used before the connections are looked at again.
const checkLife = 10 * time.Second

// railChecks keeps the last check, so that a list costs one query and not one more for each connection.
type railChecks struct {
	mu    sync.Mutex
	check RailCheck
	until time.Time
}

func (s *Service) railCheck(ctx context.Context) (RailCheck, error) {
	if s.Rail == nil {
		return func(models.Payee, models.Destination) models.Refusal { return "" }, nil
	}
	s.checks.mu.Lock()
	defer s.checks.mu.Unlock()
	now := s.Now()
	if s.checks.check != nil && now.Before(s.checks.until) {
		return s.checks.check, nil
	}
	check, err := s.Rail(ctx)
	if err != nil {
		return nil, err
	}
	s.checks.check, s.checks.until = check, now.Add(checkLife)
	return check, nil
}
