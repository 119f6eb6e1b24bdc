package payouts

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/providers"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

// CallCount is how many calls to a rail ended alike.
type CallCount struct {
	Kind    string // submit, lookup, hold, release, cancel
	Outcome string // as in payout_attempts; "" while under way
	Code    string // the rail's, of a refusal
	Cause   string // what the code means: a key of the catalogues under "cause."
	Rail    string // the rail's own words for the code
	Count   int64
	Last    time.Time
	TookMS  int64 // mean of those that were answered
}

// Health is how the calls over a connection went lately.
type Health struct {
	Calls  []CallCount // most frequent first
	Since  time.Time
	Capped bool // only the newest calls were read
}

// healthCalls bounds how many calls are read for one page, over all connections, newest first.
const healthCalls = 20_000

// The code of a refusal is the second word of its failure: see providers.Rejected.
const countCalls = `
SELECT a.kind, a.outcome, COALESCE(substring(a.failure FROM '^rejected: (\S+)'), ''), '', '', count(*), max(a.started_at),
    CAST(COALESCE(avg(a.took_ms) FILTER (WHERE a.status <> 0), 0) AS bigint)
FROM (SELECT * FROM payout_attempts ORDER BY id DESC LIMIT $1) a JOIN payouts p ON p.id = a.payout_id
WHERE p.connection_id = $2 AND a.started_at >= $3
GROUP BY 1, 2, 3 ORDER BY 6 DESC, 1, 2, 3 LIMIT 50`

// Health counts the calls of the last 24 hours over a connection by how they ended.
func (s *Service) Health(ctx context.Context, connectionID int64) (Health, error) {
	h := Health{Since: s.Now().Add(-24 * time.Hour)}
	var err error
	if h.Calls, err = store.Select[CallCount](ctx, s.DB.Pool, countCalls, healthCalls, connectionID, h.Since); err != nil {
		return h, fmt.Errorf("health of connection %d: %w", connectionID, err)
	}
	_, rail, err := s.Rail(ctx, connectionID)
	if err != nil {
		return h, err
	}
	var total int64
	for i := range h.Calls {
		c := &h.Calls[i]
		total += c.Count
		if c.Code != "" {
			x := rail.Explain(c.Code, false)
			c.Cause, c.Rail = string(x.Cause), x.Rail
		}
	}
	h.Capped = total >= healthCalls
	return h, nil
}

// Trial is what came of trying a connection out.
type Trial struct {
	Outcome  string // works, refused, unreachable, strange
	Code     string // the rail's, of a refusal
	Cause    string // what it means
	Rail     string // the rail's own words
	Failure  string // what went wrong, when there was no answer
	Status   int    // HTTP status, 0 when none came
	Request  string // secrets masked
	Response string
	Took     time.Duration
	At       time.Time
}

// What a trial can end with.
const (
	TrialWorks       = "works"       // the rail knows us, and rightly nothing of the payout
	TrialRefused     = "refused"     // it answered with a documented refusal
	TrialUnreachable = "unreachable" // nothing came back
	TrialStrange     = "strange"     // something answered that does not speak as the rail does
)

// TryConnection asks the rail for the status of a payout that cannot exist: that it is not found proves address,
// credentials and network, and no money can move.
func (s *Service) TryConnection(ctx context.Context, by models.Actor, id int64) (Trial, error) {
	if !by.May(models.PermConnectionsEdit) {
		return Trial{}, models.Refuse(models.Forbidden, "connection.refused.role", "Only an admin can change connections.", nil)
	}
	connection, rail, err := s.Rail(ctx, id)
	if err != nil {
		return Trial{}, err
	}
	asked, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	status, err := rail.Status(asked, providers.Ref{Reference: "TRY-" + rand.Text()})
	t := trialOf(status, err, rail)
	t.At = s.Now()
	if s.Observe != nil {
		s.Observe(connection.Rail, "test", t.Outcome, t.Took)
	}
	return t, s.DB.InTx(ctx, func(tx *gorm.DB) error {
		return audit.Record(tx, audit.Entry{By: by, Action: "connection.test", SubjectType: "connection", SubjectID: id,
			After: map[string]any{"outcome": t.Outcome, "code": t.Code, "status": t.Status}})
	})
}

func trialOf(status providers.Status, err error, rail providers.Provider) Trial {
	x := exchangeOf(status.Exchange, err)
	t := Trial{Outcome: TrialUnreachable, Status: x.Status, Request: x.Request, Response: x.Response, Took: x.Took}
	refused, isRefused := errorAs[*providers.Rejected](err)
	switch {
	case errors.Is(err, providers.ErrNotFound):
		t.Outcome = TrialWorks
	case isRefused:
		t.Outcome, t.Code, t.Cause, t.Rail = TrialRefused, refused.Code, string(refused.Cause), rail.Explain(refused.Code, false).Rail
	case err == nil, x.Status != 0:
		t.Outcome = TrialStrange
	}
	if err != nil && t.Outcome != TrialWorks && !isRefused {
		t.Failure = err.Error()
	}
	return t
}
