package risk

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/queue"
	"pagaduria/services/store"
)

// portion is how many payees are scored in one transaction.
const portion = 2000

// SweepArgs is the job that scores everybody: several times a day, because amounts and days move by themselves, and after other
// rules came in force. It is safe to run twice.
type SweepArgs struct{}

// Kind names the job in the queue.
func (SweepArgs) Kind() string { return "risk.sweep" }

// InsertOpts keeps one waiting job; another one may be at work, which may have passed by whom this one is for.
func (SweepArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queue.Bulk, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled}}}
}

func enqueueSweep(tx *gorm.DB) error { return queue.Insert(tx, SweepArgs{}, nil) }

// lock has one transaction score at a time: each statement after it sees what the ones before committed, so that an
// older look at the facts never overwrites a newer one.
func lock(tx *gorm.DB) error {
	if _, err := store.ExecTx(tx, "SELECT pg_advisory_xact_lock(hashtext('risk'))"); err != nil {
		return fmt.Errorf("wait for others who score risk: %w", err)
	}
	return nil
}

const takeDue = `
DELETE FROM risk_due WHERE id IN (SELECT id FROM risk_due ORDER BY id LIMIT $1) RETURNING distributor_id`

// ScoreDue scores those whose facts changed since they were scored, and answers how many rows of work there were.
func (s *Service) ScoreDue(ctx context.Context) (n int, err error) {
	for {
		taken := 0
		err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
			if err := lock(tx); err != nil {
				return err
			}
			rows, err := store.SelectTx[struct{ ID int64 }](tx, takeDue, portion)
			if err != nil {
				return fmt.Errorf("list whose risk is due: %w", err)
			}
			taken = len(rows)
			if taken == 0 {
				return nil
			}
			ids := make([]int64, taken)
			for i, r := range rows {
				ids[i] = r.ID
			}
			_, err = s.score(tx, "d.id = ANY(@ids)", map[string]any{"ids": ids})
			return err
		})
		if err != nil || taken == 0 {
			return n, err
		}
		n += taken
	}
}

// Sweep scores everybody, a portion at a time, and answers how many.
func (s *Service) Sweep(ctx context.Context) (n int, err error) {
	for after := int64(0); ; {
		var done []int64
		err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
			if err := lock(tx); err != nil {
				return err
			}
			done, err = s.score(tx, "d.id > @after", map[string]any{"after": after})
			return err
		})
		if err != nil || len(done) == 0 {
			return n, err
		}
		n += len(done)
		after = done[len(done)-1]
	}
}

// selectFacts reads what is known of a portion of payees, %s says of whom. Records that went into others have no risk of
// their own.
const selectFacts = `
SELECT d.id, d.doc_type, d.person_kind = 'juridical', d.divipola,
    COALESCE((SELECT (a.answer->>'pep') = 'true' OR (a.answer->>'relative') = 'true' FROM kyc_cases c JOIN kyc_answers a ON a.case_id = c.id AND a.item = 'declarations'
        WHERE c.distributor_id = d.id ORDER BY c.id DESC, a.version DESC LIMIT 1), false),
    CAST(COALESCE((SELECT sum(p.amount) FROM payouts p WHERE p.distributor_id = d.id AND p.state = 'paid' AND p.paid_at >= @since), 0)
        + COALESCE((SELECT sum(l.amount) FROM commission_lines l WHERE l.distributor_id = d.id AND l.state = 'eligible'), 0) AS bigint),
    EXISTS (SELECT 1 FROM likenesses k WHERE (k.first_id = d.id OR k.second_id = d.id) AND k.shared && ARRAY['document','phone']),
    EXISTS (SELECT 1 FROM likenesses k WHERE (k.first_id = d.id OR k.second_id = d.id) AND 'account' = ANY(k.shared)),
    d.phone_changed_at,
    EXISTS (SELECT 1 FROM screening_hits h WHERE h.distributor_id = d.id AND h.state IN ('open','undecided')),
    EXISTS (SELECT 1 FROM screening_hits h WHERE h.distributor_id = d.id AND h.state = 'confirmed'),
    COALESCE(o.id, 0), COALESCE(o.band, ''), COALESCE(r.band, '')
FROM distributors d
LEFT JOIN risk_scores r ON r.distributor_id = d.id
LEFT JOIN LATERAL (SELECT * FROM (SELECT id, band, until FROM risk_overrides x WHERE x.distributor_id = d.id ORDER BY x.id DESC LIMIT 1) y
    WHERE y.band <> '' AND y.until >= CAST(@today AS date)) o ON true
WHERE d.verification <> 'merged' AND %s ORDER BY d.id LIMIT @size`

type factsRow struct {
	ID           int64
	DocType      string
	Juridical    bool
	Divipola     string
	PEP          bool
	Moved        int64
	Same         bool
	Account      bool
	PhoneChanged *time.Time
	HitOpen      bool
	HitConfirmed bool
	OverrideID   int64
	Override     models.RiskBand
	Was          models.RiskBand // "" when never scored
}

func (f factsRow) facts() models.RiskFacts {
	return models.RiskFacts{DocType: f.DocType, Juridical: f.Juridical, Divipola: f.Divipola, PEP: f.PEP, Moved: models.Centavos(f.Moved), Same: f.Same,
		Account: f.Account, PhoneChanged: f.PhoneChanged, HitOpen: f.HitOpen, HitConfirmed: f.HitConfirmed}
}

const (
	keepScores = `
INSERT INTO risk_scores AS s (distributor_id, score, scored, band, fired, version_id, override_id, at)
SELECT i, n, scored, band, CAST(fired AS jsonb), $6, nullif(o, 0), $8
FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::text[], $5::text[], $7::bigint[]) AS x(i, n, scored, band, fired, o)
ON CONFLICT (distributor_id) DO UPDATE SET score = EXCLUDED.score, scored = EXCLUDED.scored, band = EXCLUDED.band, fired = EXCLUDED.fired,
    version_id = EXCLUDED.version_id, override_id = EXCLUDED.override_id, at = EXCLUDED.at
WHERE (s.score, s.scored, s.band, s.fired, s.version_id, s.override_id) IS DISTINCT FROM
    (EXCLUDED.score, EXCLUDED.scored, EXCLUDED.band, EXCLUDED.fired, EXCLUDED.version_id, EXCLUDED.override_id)`
	dropMerged = `DELETE FROM risk_scores r USING distributors d WHERE d.id = r.distributor_id AND d.verification = 'merged' AND d.id = ANY($1)`
)

// score works out a portion and keeps what changed, with an audit event for each band that moved; it answers the ids.
func (s *Service) score(tx *gorm.DB, who string, args map[string]any) ([]int64, error) {
	version, err := inForce(tx)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	args["since"], args["today"], args["size"] = now.AddDate(0, 0, -version.Rules.Window), s.Today(), portion
	rows, err := store.SelectTx[factsRow](tx, fmt.Sprintf(selectFacts, who), named(args))
	if err != nil {
		return nil, fmt.Errorf("read risk facts: %w", err)
	}
	n := len(rows)
	ids, overrides, scores := make([]int64, n), make([]int64, n), make([]int32, n)
	scored, bands, fired := make([]string, n), make([]string, n), make([]string, n)
	var moved []audit.Entry
	for i, r := range rows {
		score, band, rules := version.Rules.Score(r.facts(), now)
		counts := band
		if r.OverrideID != 0 {
			counts = r.Override
		}
		b, err := json.Marshal(rules)
		if err != nil {
			return nil, err
		}
		ids[i], overrides[i], scores[i], scored[i], bands[i], fired[i] = r.ID, r.OverrideID, int32(score), string(band), string(counts), string(b)
		if r.Was != counts && (r.Was != "" || counts != models.RiskLow) {
			moved = append(moved, audit.Entry{By: models.System("risk"), Action: "risk.band", SubjectType: "risk_score", SubjectID: r.ID,
				Before: map[string]any{"band": r.Was}, After: map[string]any{"band": counts, "score": score, "version": version.ID}})
		}
	}
	if _, err := store.ExecTx(tx, keepScores, ids, scores, scored, bands, fired, version.ID, overrides, now); err != nil {
		return nil, fmt.Errorf("keep risk scores: %w", err)
	}
	if due, ok := args["ids"]; ok {
		if _, err := store.ExecTx(tx, dropMerged, due); err != nil {
			return nil, fmt.Errorf("drop risk of merged records: %w", err)
		}
	}
	return ids, audit.RecordAll(tx, moved)
}

const countBands = `SELECT band, count(*) FROM risk_scores GROUP BY band`

// Counts is how many payees are in each band.
func (s *Service) Counts(ctx context.Context) (models.RiskCounts, error) {
	rows, err := store.Select[struct {
		Band models.RiskBand
		N    int64
	}](ctx, s.DB.Pool, countBands)
	if err != nil {
		return nil, fmt.Errorf("count risk bands: %w", err)
	}
	n := models.RiskCounts{}
	for _, r := range rows {
		n[r.Band] = r.N
	}
	return n, nil
}

// Try answers how many payees would be in each band by other rules, without changing anything. A person's word counts.
func (s *Service) Try(ctx context.Context, by models.Actor, r models.RiskRules) (models.RiskCounts, error) {
	if err := forbid(by, models.PermRiskView); err != nil {
		return nil, err
	}
	if err := r.Check(); err != nil {
		return nil, err
	}
	now, counts := s.Now(), models.RiskCounts{}
	for after := int64(0); ; {
		rows, err := store.Select[factsRow](ctx, s.DB.Pool, fmt.Sprintf(selectFacts, "d.id > @after"),
			named(map[string]any{"after": after, "since": now.AddDate(0, 0, -r.Window), "today": s.Today(), "size": portion}))
		if err != nil {
			return nil, fmt.Errorf("read risk facts: %w", err)
		}
		if len(rows) == 0 {
			return counts, nil
		}
		for _, x := range rows {
			_, band, _ := r.Score(x.facts(), now)
			if x.OverrideID != 0 {
				band = x.Override
			}
			counts[band]++
		}
		after = rows[len(rows)-1].ID
	}
}
