package review

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/services/store"
)

const (
	selectReviewed = `
SELECT coalesce(c.reviewer_id, 0), c.assigned_at, c.due_at, c.paused_at, c.left_minutes, c.snoozed_until, c.desk, c.tags, c.asked_at, coalesce(s.name, '')
FROM kyc_cases c LEFT JOIN staff s ON s.id = c.reviewer_id WHERE c.id = $1`
	selectVerdicts = `
SELECT id, item, version, verdict, reason, to_payee, note, issued_on, staff_id, staff_name, at FROM kyc_verdicts WHERE case_id = $1 ORDER BY id DESC`
	selectSaid = `
SELECT a.item, a.version, CAST(a.answer AS text), coalesce(s.name, ''), a.at FROM kyc_answers a LEFT JOIN staff s ON s.id = a.staff_id
WHERE a.case_id = $1 ORDER BY a.item, a.version DESC`
	selectNotes = `SELECT id, kind, text, staff_name, at FROM kyc_notes WHERE case_id = $1 ORDER BY id DESC`
	selectOf    = `
SELECT d.id, d.code, d.person_kind, d.doc_type, d.doc_number, d.doc_dv, d.given_names, d.surnames, d.business_name, d.phone, d.email, d.verification, d.verified_until, d.on_hold, d.version
FROM distributors d WHERE d.id = $1`
	// What was declared is compared with everybody else on file; files by their content.
	selectLikes = `
SELECT x.id, x.code, trim(x.business_name || ' ' || x.given_names || ' ' || x.surnames), x.verification, array_agg(DISTINCT l.what ORDER BY l.what)
FROM (
    SELECT id, 'document' AS what FROM distributors WHERE doc_number = @number AND doc_type = @type AND @number <> ''
    UNION ALL SELECT id, 'phone' FROM distributors WHERE phone = @phone AND @phone <> ''
    UNION ALL SELECT distributor_id, 'account' FROM payout_methods WHERE account_number = @account AND @account <> '' AND retired_at IS NULL
    UNION ALL SELECT CASE WHEN first_id = @id THEN second_id ELSE first_id END, unnest(shared) FROM likenesses WHERE @id IN (first_id, second_id)
    UNION ALL SELECT o.distributor_id, 'file' FROM documents m JOIN document_versions mv ON mv.document_id = m.id JOIN document_files mf ON mf.version_id = mv.id
        JOIN document_files f ON f.received_sha256 = mf.received_sha256 JOIN document_versions v ON v.id = f.version_id JOIN documents o ON o.id = v.document_id
        WHERE m.distributor_id = @id AND o.distributor_id <> @id
) l JOIN distributors x ON x.id = l.id
WHERE x.id <> @id AND x.verification <> 'merged' GROUP BY x.id ORDER BY x.id LIMIT 20`
)

// Case reads everything the screen of a case shows, and notes that whoever asks has it open.
func (s *Service) Case(ctx context.Context, by models.Actor, id int64) (d kyc.Desktop, err error) {
	if err := forbid(by, models.PermKYCQueue); err != nil {
		return d, err
	}
	if d.Detail, err = s.Onboarding.Detail(ctx, by, id); err != nil {
		return d, err
	}
	type row struct {
		kyc.Reviewed
		ReviewerName string
	}
	r, err := store.SelectOne[row](ctx, s.DB.Pool, selectReviewed, id)
	if err != nil {
		return d, fmt.Errorf("read review of case %d: %w", id, err)
	}
	d.Reviewed, d.ReviewerName = r.Reviewed, r.ReviewerName
	if d.Settings, err = s.Settings(ctx); err != nil {
		return d, err
	}
	if err := s.readGiven(ctx, by, &d); err != nil {
		return d, err
	}
	if d.Hits, err = s.hits(ctx, d.DistributorID); err != nil {
		return d, err
	}
	if by.May(models.PermRiskView) {
		if d.Risk, err = s.Risk.Of(ctx, by, d.DistributorID); err != nil {
			return d, err
		}
	}
	if d.Officers, err = s.Officers(ctx); err != nil {
		return d, err
	}
	if err := s.readDecisions(ctx, by, &d); err != nil {
		return d, err
	}
	d.Others, err = s.Here(ctx, by, id)
	return d, err
}

// TrailOf reads what reviewers said and decided about a case.
func TrailOf(ctx context.Context, q store.Querier, id int64) (t kyc.Trail, err error) {
	if t.Decided, err = store.Select[kyc.Decided](ctx, q, selectVerdicts, id); err != nil {
		return t, fmt.Errorf("read verdicts of case %d: %w", id, err)
	}
	if t.Decisions, err = store.Select[kyc.CaseDecision](ctx, q, selectDecisions, id); err != nil {
		return t, fmt.Errorf("read decisions on case %d: %w", id, err)
	}
	if t.Notes, err = store.Select[kyc.Note](ctx, q, selectNotes, id); err != nil {
		return t, fmt.Errorf("read notes of case %d: %w", id, err)
	}
	return t, nil
}

// readGiven reads what was declared and uploaded, in all its versions, and what reviewers said of it.
func (s *Service) readGiven(ctx context.Context, by models.Actor, d *kyc.Desktop) (err error) {
	if d.Trail, err = TrailOf(ctx, s.DB.Pool, d.ID); err != nil {
		return err
	}
	if d.Documents, err = s.Papers.Of(ctx, by, d.DistributorID); err != nil {
		return err
	}
	o := &d.OnFile
	err = s.DB.Pool.QueryRow(ctx, selectOf, d.DistributorID).Scan(&o.ID, &o.Code, &o.PersonKind, &o.DocType, &o.DocNumber, &o.DocDV, &o.GivenNames, &o.Surnames, &o.BusinessName,
		&o.Phone, &o.Email, &o.Verification, &o.VerifiedUntil, &o.OnHold, &o.Version)
	if err != nil {
		return fmt.Errorf("read distributor of case %d: %w", d.ID, err)
	}
	type said struct {
		Item      kyc.Item
		Version   int
		Answer    string
		StaffName string
		At        time.Time
	}
	rows, err := store.Select[said](ctx, s.DB.Pool, selectSaid, d.ID)
	if err != nil {
		return fmt.Errorf("read answers of case %d: %w", d.ID, err)
	}
	mayRead := by.May(models.PermKYCFill)
	for _, r := range rows {
		if mayRead || r.Item.DocumentKind() != "" {
			d.Said = append(d.Said, kyc.Said{Item: r.Item, Version: r.Version, Answer: []byte(r.Answer), StaffName: r.StaffName, At: r.At})
		}
	}
	if !mayRead {
		return nil
	}
	d.Likes, err = s.likes(ctx, d)
	return err
}

// likes are other distributors that share something with what was declared.
func (s *Service) likes(ctx context.Context, d *kyc.Desktop) ([]kyc.Like, error) {
	var who kyc.Identity
	var reach kyc.Reach
	var pay models.Destination
	for item, into := range map[kyc.Item]any{kyc.Who: &who, kyc.Contact: &reach, kyc.Payment: &pay} {
		if a := d.Answers[item]; len(a) > 0 {
			if err := json.Unmarshal(a, into); err != nil {
				return nil, fmt.Errorf("read answer %s of case %d: %w", item, d.ID, err)
			}
		}
	}
	likes, err := store.Select[kyc.Like](ctx, s.DB.Pool, selectLikes, pgx.NamedArgs{"id": d.DistributorID, "type": who.DocType, "number": who.DocNumber, "phone": reach.Phone,
		"account": pay.AccountNumber})
	if err != nil {
		return nil, fmt.Errorf("look for likes of case %d: %w", d.ID, err)
	}
	return likes, nil
}

// hits are the screening hits of a distributor, those that wait for somebody first.
func (s *Service) hits(ctx context.Context, distributor int64) ([]models.Hit, error) {
	page, err := s.Screening.Hits(ctx, models.HitFilter{Distributor: distributor}, store.Cursor{})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(page.Rows, func(a, b models.Hit) int {
		return slices.Index(models.HitStates, a.State) - slices.Index(models.HitStates, b.State)
	})
	return page.Rows, nil
}
