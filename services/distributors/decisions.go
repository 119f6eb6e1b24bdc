package distributors

import (
	"context"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/blobs"
	"pagaduria/services/store"
)

// EvidenceLimit is the largest file kept as evidence.
const EvidenceLimit = 20 << 20

// Evidence is a file that proves decisions taken elsewhere.
type Evidence struct {
	Name string
	Mime string
	Body io.Reader
}

// Decisions are one decision about everybody a filter matches.
type Decisions struct {
	Decision
	Filter   models.DistributorFilter
	Expected int64 // the count that was shown; another one is a Conflict
	Evidence Evidence
}

// Reach is what a decision about a filtered set would do.
type Reach struct {
	Count    int64 // would be changed
	Warned   int64 // left out, because a warning asks for a look at each; only Verified leaves them out
	Standing int64 // in that state already
}

// reachable is the condition for a row that matches a filter to be changed to @to.
const reachable = ` AND d.verification NOT IN ('merged', @to) AND (@to <> 'verified' OR d.warnings = '{}')`

const selectReach = `
SELECT count(*) FILTER (WHERE d.verification <> @to AND (@to <> 'verified' OR d.warnings = '{}')),
    count(*) FILTER (WHERE d.verification <> @to AND @to = 'verified' AND d.warnings <> '{}'),
    count(*) FILTER (WHERE d.verification = @to)
FROM distributors d WHERE d.verification <> 'merged' AND `

// Reach counts what RecordDecisions would change, for the person to see before deciding.
func (s *Service) Reach(ctx context.Context, f models.DistributorFilter, to models.Verification) (Reach, error) {
	where, args := Conditions(f)
	args["to"] = string(to)
	r, err := store.SelectOne[Reach](ctx, s.DB.Pool, selectReach+where, args)
	if err != nil {
		return r, fmt.Errorf("count decisions: %w", err)
	}
	return r, nil
}

// RecordDecisions records decisions taken elsewhere for everybody the filter matches, except those
// Reach leaves out, and keeps the file that proves them. All or nothing: when the count is no longer
// the expected one, nothing changes.
func (s *Service) RecordDecisions(ctx context.Context, by models.Actor, d Decisions) (int64, error) {
	if err := forbid(by, models.PermDistributorsJudge); err != nil {
		return 0, err
	}
	if err := d.check(s.Today()); err != nil {
		return 0, err
	}
	if d.Evidence.Body == nil {
		return 0, models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil).WithField("file", "distributors.evidence_needed")
	}
	put, err := s.Blobs.Put(ctx, "evidence", d.Evidence.Name, d.Evidence.Body, EvidenceLimit)
	if err != nil {
		return 0, err
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error { return s.decideAll(tx, by, d, put) })
	if err != nil {
		_ = s.Blobs.Delete(context.WithoutCancel(ctx), put.Key)
		return 0, err
	}
	return d.Expected, nil
}

func (s *Service) decideAll(tx *gorm.DB, by models.Actor, d Decisions, put blobs.Stored) error {
	var file int64
	err := tx.Raw("INSERT INTO files (key, name, mime, size, sha256, created_by) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
		put.Key, d.Evidence.Name, d.Evidence.Mime, put.Size, put.SHA256, by.StaffID).Scan(&file).Error
	if err != nil {
		return fmt.Errorf("save evidence: %w", err)
	}
	where, args := Conditions(d.Filter)
	for name, value := range (pgx.NamedArgs{"to": string(d.To), "until": d.Until, "reason": d.Reason, "file": file, "staff": by.StaffID, "name": by.Name}) {
		args[name] = value
	}
	n, err := store.ExecTx(tx, decideSet(where), args)
	if err != nil {
		return fmt.Errorf("save decisions: %w", err)
	}
	if n != d.Expected {
		return models.Refuse(models.Conflict, "distributors.count_changed",
			fmt.Sprintf("The set changed meanwhile: %d now, %d when you looked. Nothing was recorded. Look at it again.", n, d.Expected),
			map[string]any{"Now": n, "Then": d.Expected})
	}
	return audit.Record(tx, audit.Entry{By: by, Action: "distributor.verify_many", SubjectType: "distributor", Reason: d.Reason,
		After: map[string]any{"state": d.To, "until": day(d.Until), "count": n, "filter": filterWords(d.Filter),
			"file": file, "file_name": d.Evidence.Name, "sha256": fmt.Sprintf("%x", put.SHA256)}})
}

// decideSet moves everybody the condition matches, in order of id as every lock of distributors is
// taken, and writes one decision each.
func decideSet(where string) string {
	return `
WITH chosen AS (
    SELECT d.id, d.verification FROM distributors d WHERE ` + where + reachable + ` ORDER BY d.id FOR UPDATE
), moved AS (
    UPDATE distributors d SET verification = @to, verified_until = CAST(@until AS date), version = d.version + 1, updated_at = now()
    FROM chosen c WHERE c.id = d.id RETURNING d.id, c.verification AS was
)
INSERT INTO verifications (distributor_id, from_state, to_state, until, reason, file_id, staff_id, staff_name)
SELECT id, was, @to, CAST(@until AS date), @reason, @file, @staff, @name FROM moved`
}

// filterWords is a filter as the audit log has it. The search may hold a document or a phone, so that
// only its length is said.
func filterWords(f models.DistributorFilter) map[string]any {
	words := map[string]any{}
	for name, value := range map[string]string{"verification": string(f.Verification), "method": string(f.Method),
		"doc_type": f.DocType, "divipola": f.Divipola, "warning": f.Warning} {
		if value != "" {
			words[name] = value
		}
	}
	if f.Search != "" {
		words["search"] = fmt.Sprintf("%d characters", len([]rune(f.Search)))
	}
	return words
}

// EvidenceFile opens the file behind a decision.
func (s *Service) EvidenceFile(ctx context.Context, distributor, file int64) (name, mime string, body io.ReadSeekCloser, err error) {
	type row struct{ Key, Name, Mime string }
	r, err := store.SelectOne[row](ctx, s.DB.Pool, `SELECT f.key, f.name, f.mime FROM files f
		WHERE f.id = $1 AND EXISTS (SELECT 1 FROM verifications v WHERE v.file_id = f.id AND v.distributor_id = $2)`, file, distributor)
	if err != nil {
		return "", "", nil, store.NotFound(fmt.Errorf("read file %d: %w", file, err), "error.file_gone", "This file is no longer kept.")
	}
	body, err = s.Blobs.Open(ctx, r.Key)
	return r.Name, r.Mime, body, err
}
