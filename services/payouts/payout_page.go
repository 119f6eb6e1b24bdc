package payouts

import (
	"context"
	"fmt"
	"time"

	"pagaduria/models"
	"pagaduria/providers"
	"pagaduria/services/store"
)

// Entry is one posting of a payout in the books.
type Entry struct {
	ID     int64
	At     time.Time
	Kind   models.EntryKind
	Debit  models.AccountKind
	Credit models.AccountKind
	Amount models.Money
}

// Entries lists what a payout did to the books, oldest first.
func (s *Service) Entries(ctx context.Context, payout int64) ([]Entry, error) {
	list, err := store.Select[Entry](ctx, s.DB.Pool,
		`SELECT id, at, kind, debit, credit, amount FROM ledger_entries WHERE source = 'payout' AND source_id = $1 ORDER BY id LIMIT 200`, payout)
	if err != nil {
		return nil, fmt.Errorf("ledger entries of payout %d: %w", payout, err)
	}
	return list, nil
}

// Notice is one notification of the rail that names a payout.
type Notice struct {
	ID         int64
	ReceivedAt time.Time
	Verdict    string // accepted, duplicate, rejected
	Reason     string // of a rejection
	Outcome    string // of the last time it was worked on, "" when it was not
}

const notices = `
SELECT e.id, e.received_at, e.verdict, e.reason, COALESCE((SELECT r.outcome FROM webhook_runs r WHERE r.event_id = e.id ORDER BY r.id DESC LIMIT 1), '')
FROM webhook_events e WHERE e.reference = $1 ORDER BY e.id DESC LIMIT 100`

// Notices lists the notifications that name a payout by its code, newest first.
func (s *Service) Notices(ctx context.Context, code string) ([]Notice, error) {
	list, err := store.Select[Notice](ctx, s.DB.Pool, notices, code)
	if err != nil {
		return nil, fmt.Errorf("notifications of payout %s: %w", code, err)
	}
	return list, nil
}

// Reason is why a payout failed, in our words.
type Reason struct {
	Cause string // key of the catalogues under "cause."
	Code  string // the rail's
	Rail  string // the rail's own words
}

// ReasonOf explains a payout's failure; ok is false when nothing failed.
func (s *Service) ReasonOf(ctx context.Context, p models.Payout) (r Reason, ok bool, err error) {
	if p.Cause == "" && p.RailCode == "" {
		return Reason{}, false, nil
	}
	r = Reason{Cause: p.Cause, Code: p.RailCode, Rail: p.RailReason}
	_, rail, err := s.Rail(ctx, p.ConnectionID)
	if err != nil {
		return r, true, err
	}
	// A payout without a number at the rail was refused when it was submitted: that is the other table of codes.
	x := rail.Explain(p.RailCode, p.RailID != "")
	if r.Rail == "" {
		r.Rail = x.Rail
	}
	if r.Cause == "" {
		r.Cause = string(x.Cause)
	}
	return r, true, nil
}

// Causes lists every cause a payout can have, for filters.
func Causes() []string {
	list := make([]string, len(causes))
	for i, c := range causes {
		list[i] = string(c)
	}
	return list
}

var causes = []providers.Cause{providers.CauseDocument, providers.CauseName, providers.CausePhone, providers.CauseEmail, providers.CauseAccount,
	providers.CauseBank, providers.CauseBank3rd, providers.CauseAmount, providers.CauseBelowMinimum, providers.CauseLimit, providers.CauseFunds,
	providers.CauseCompliance, providers.CauseMethod, providers.CauseExpired, providers.CauseReversed, providers.CauseCancelled,
	providers.CauseBadRequest, providers.CauseBadSignature, providers.CauseBadAddress, providers.CauseNotEnabled, providers.CauseUnavailable,
	providers.CauseDuplicate, providers.CauseTransition, providers.CauseNotFound, providers.CauseSuspended, providers.CauseAccountChanged, providers.CauseContradicted, providers.CauseOther}
