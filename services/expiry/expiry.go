// Package expiry keeps the day until which each verified payee is known: a decision runs out, a paper runs out, or the
// last look is too long ago. It asks payees anew before that, and ends what ran out.
package expiry

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/events"
	"pagaduria/services/onboarding"
	"pagaduria/services/store"
)

// PageSize is how many payees a page of the list holds.
const PageSize = 50

// Service holds what the use cases need.
type Service struct {
	DB         *store.DB
	Onboarding *onboarding.Service
	Now        func() time.Time
	Today      func() time.Time // the Bogotá date, as midnight UTC
}

// forbid refuses an actor who lacks a permission, whatever door was used.
func forbid(by models.Actor, p models.Permission) error {
	if by.May(p) {
		return nil
	}
	return models.Refuse(models.Forbidden, "error.not_yours", "Your role does not allow this. Ask an administrator if you need it.", nil)
}

const (
	settingsNow = `SELECT x.id, x.normal_days, x.high_days, x.open_days, COALESCE(s.name, ''), x.at FROM expiry_settings x LEFT JOIN staff s ON s.id = x.staff_id ORDER BY x.id DESC LIMIT 1`
	// A payee whose last look is too long ago has thirty days from when that is first seen.
	workOut = `
WITH rules AS (SELECT * FROM expiry_settings ORDER BY id DESC LIMIT 1), raw AS (
    SELECT d.id, d.verified_until,
        CAST(COALESCE((SELECT v.at FROM verifications v WHERE v.distributor_id = d.id AND v.to_state = 'verified' ORDER BY v.id DESC LIMIT 1), d.created_at) AT TIME ZONE 'America/Bogota' AS date)
            + CASE WHEN k.band = 'high' THEN r.high_days ELSE r.normal_days END AS diligence,
        (SELECT min(v.good_until) FROM documents x CROSS JOIN LATERAL (SELECT y.good_until FROM document_validity y WHERE y.document_id = x.id ORDER BY y.id DESC LIMIT 1) v
            WHERE x.distributor_id = d.id) AS paper, COALESCE(o.seen_on, CAST(@today AS date)) AS seen
    FROM distributors d CROSS JOIN rules r LEFT JOIN risk_scores k ON k.distributor_id = d.id LEFT JOIN expiries o ON o.distributor_id = d.id
    WHERE d.verification = 'verified'
)
INSERT INTO expiries AS e (distributor_id, verification_on, diligence_on, paper_on, seen_on)
SELECT id, verified_until, GREATEST(diligence, seen + 30), paper, seen FROM raw ORDER BY id
ON CONFLICT (distributor_id) DO UPDATE SET verification_on = EXCLUDED.verification_on, paper_on = EXCLUDED.paper_on, diligence_on = EXCLUDED.diligence_on
WHERE (e.verification_on, e.paper_on, e.diligence_on) IS DISTINCT FROM (EXCLUDED.verification_on, EXCLUDED.paper_on, EXCLUDED.diligence_on)`
	dropOthers = `DELETE FROM expiries e USING distributors d WHERE d.id = e.distributor_id AND d.verification <> 'verified'`
	ended      = `
WITH overdue AS (
    SELECT d.id, e.due_on, e.why FROM expiries e JOIN distributors d ON d.id = e.distributor_id
    WHERE e.due_on < CAST(@today AS date) AND d.verification = 'verified' ORDER BY d.id FOR UPDATE OF d
), moved AS (
    UPDATE distributors d SET verification = 'expired', version = d.version + 1, updated_at = @now FROM overdue o WHERE o.id = d.id RETURNING d.id, o.due_on, o.why
), noted AS (
    INSERT INTO verifications (distributor_id, from_state, to_state, until, reason, staff_id, staff_name, at)
    SELECT id, 'verified', 'expired', due_on, CASE why WHEN 'verification' THEN 'The verification ran out.' WHEN 'paper' THEN 'A paper of the payee ran out.'
        ELSE 'The last look at the payee is too long ago.' END, 0, @by, @now FROM moved
)
SELECT id, due_on, why FROM moved ORDER BY id`
)

// Settings reads how often payees are looked at anew.
func (s *Service) Settings(ctx context.Context) (models.ExpirySettings, error) {
	x, err := store.SelectOne[models.ExpirySettings](ctx, s.DB.Pool, settingsNow)
	if err != nil {
		return x, fmt.Errorf("read expiry settings: %w", err)
	}
	return x, nil
}

const insertSettings = `INSERT INTO expiry_settings (normal_days, high_days, open_days, staff_id, at) VALUES ($1, $2, $3, $4, $5) RETURNING id`

// SetSettings replaces the settings that the person saw. Days are worked out anew with the next round.
func (s *Service) SetSettings(ctx context.Context, by models.Actor, seen int64, x models.ExpirySettings) error {
	if err := forbid(by, models.PermDistributorsJudge); err != nil {
		return err
	}
	if err := x.Check(); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if err := lock(tx); err != nil {
			return err
		}
		old, err := store.SelectTx[models.ExpirySettings](tx, settingsNow)
		if err != nil || len(old) != 1 {
			return fmt.Errorf("read expiry settings (%d): %w", len(old), err)
		}
		if old[0].ID != seen {
			return models.Refuse(models.Conflict, "kyc.refused.stale", "Somebody changed these settings after you opened them. Load the page again.", nil)
		}
		rows, err := store.SelectTx[struct{ ID int64 }](tx, insertSettings, x.NormalDays, x.HighDays, x.OpenDays, by.StaffID, s.Now())
		if err != nil {
			return fmt.Errorf("save expiry settings: %w", err)
		}
		facts := func(x models.ExpirySettings) map[string]any {
			return map[string]any{"normal_days": x.NormalDays, "high_days": x.HighDays, "open_days": x.OpenDays}
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "expiry.settings", SubjectType: "expiry_settings", SubjectID: rows[0].ID, Before: facts(old[0]), After: facts(x)})
	})
}

func lock(tx *gorm.DB) error {
	if _, err := store.ExecTx(tx, "SELECT pg_advisory_xact_lock(hashtext('expiry'))"); err != nil {
		return fmt.Errorf("wait for others who work out expiry: %w", err)
	}
	return nil
}

// Tend does one round: it works the days out, ends what ran out, and asks those who are due soon. What ended is not
// payable any more from the same transaction on; payouts that wait for hand-over look at it there.
func (s *Service) Tend(ctx context.Context) (expired, asked int, err error) {
	by := models.System("expiry")
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if err := lock(tx); err != nil {
			return err
		}
		args := pgx.NamedArgs{"today": s.Today(), "now": s.Now(), "by": by.Name}
		if _, err := store.ExecTx(tx, workOut, args); err != nil {
			return fmt.Errorf("work out who is due: %w", err)
		}
		gone, err := store.SelectTx[struct {
			ID  int64
			On  time.Time
			Why models.ExpiryWhy
		}](tx, ended, args)
		if err != nil {
			return fmt.Errorf("end what ran out: %w", err)
		}
		if _, err := store.ExecTx(tx, dropOthers); err != nil {
			return fmt.Errorf("drop who is not verified: %w", err)
		}
		expired = len(gone)
		if expired == 0 {
			return nil
		}
		entries := make([]audit.Entry, len(gone))
		for i, g := range gone {
			entries[i] = audit.Entry{By: by, Action: "distributor.expire", SubjectType: "distributor", SubjectID: g.ID, After: map[string]any{"why": g.Why, "until": g.On.Format(time.DateOnly)}}
		}
		if err := audit.RecordAll(tx, entries); err != nil {
			return err
		}
		return events.Record(tx, events.Event{Kind: "expiry.ended", SubjectType: "expiries", Permission: models.PermDistributorsJudge, Facts: map[string]any{"Count": expired}})
	})
	if err != nil {
		return 0, 0, err
	}
	asked, err = s.askSoon(ctx)
	return expired, asked, err
}

const (
	listColumns = `e.distributor_id, d.code, trim(d.business_name || ' ' || d.given_names || ' ' || d.surnames), e.due_on, e.why, COALESCE(k.band, ''),
    COALESCE(c.id, 0), COALESCE(c.state, ''), d.email <> '' OR d.phone <> '' AND @sms, e.soon`
	listTables = `
FROM expiries e JOIN distributors d ON d.id = e.distributor_id LEFT JOIN risk_scores k ON k.distributor_id = d.id
LEFT JOIN kyc_cases c ON c.distributor_id = d.id AND c.state NOT IN ('approved','rejected_retry','rejected_final','expired') WHERE `
)

// conditions are the WHERE of a filter; every value is bound.
func (s *Service) conditions(f models.ExpiryFilter) (string, pgx.NamedArgs) {
	where, args := "d.verification = 'verified'", pgx.NamedArgs{"sms": s.Onboarding.Texts()}
	if f.Days > 0 {
		where += " AND e.due_on <= @until"
		args["until"] = s.Today().AddDate(0, 0, f.Days)
	}
	if f.Why != "" {
		where += " AND e.why = @why"
		args["why"] = string(f.Why)
	}
	if f.Band != "" {
		where += " AND k.band = @band"
		args["band"] = string(f.Band)
	}
	switch f.Case {
	case "none":
		where += " AND c.id IS NULL"
	case "open":
		where += " AND c.id IS NOT NULL"
	}
	return where, args
}

// List is one page of who is due, the soonest first. Bands are for those who may know of risk.
func (s *Service) List(ctx context.Context, by models.Actor, f models.ExpiryFilter, c store.Cursor) (store.Page[models.Expiry], error) {
	if err := forbid(by, models.PermKYCView); err != nil {
		return store.Page[models.Expiry]{}, err
	}
	if !by.May(models.PermRiskView) {
		f.Band = ""
	}
	where, args := s.conditions(f)
	rows, err := store.Select[models.Expiry](ctx, s.DB.Pool, "SELECT "+listColumns+listTables+where+" AND "+c.Where("e.soon", "e.distributor_id")+
		" ORDER BY "+c.Order("e.soon", "e.distributor_id")+" LIMIT "+strconv.Itoa(PageSize+1), c.Bind(args))
	if err != nil {
		return store.Page[models.Expiry]{}, fmt.Errorf("list who is due: %w", err)
	}
	if !by.May(models.PermRiskView) {
		for i := range rows {
			rows[i].Band = ""
		}
	}
	return store.MakePage(rows, PageSize, c, func(e models.Expiry) store.Cursor { return store.Cursor{At: e.Soon, ID: e.DistributorID} }), nil
}

// Counts says how many are due within each of models.ExpiryDays.
func (s *Service) Counts(ctx context.Context) (n models.ExpiryCounts, err error) {
	rows, err := store.Select[struct{ N int64 }](ctx, s.DB.Pool, `
SELECT count(e.distributor_id) FROM unnest($2::integer[]) WITH ORDINALITY AS x(days, i) LEFT JOIN expiries e ON e.due_on <= CAST($1 AS date) + x.days GROUP BY x.i ORDER BY x.i`,
		s.Today(), models.ExpiryDays)
	if err != nil {
		return n, fmt.Errorf("count who is due: %w", err)
	}
	for _, r := range rows {
		n.Within = append(n.Within, r.N)
	}
	all, err := store.SelectOne[struct{ N int64 }](ctx, s.DB.Pool, `SELECT count(*) FROM expiries`)
	n.All = all.N
	return n, err
}

// Due is the day of one payee; ok is false for who is not verified.
func (s *Service) Due(ctx context.Context, distributor int64) (e models.Expiry, ok bool, err error) {
	rows, err := store.Select[models.Expiry](ctx, s.DB.Pool, "SELECT "+listColumns+listTables+"e.distributor_id = @id", pgx.NamedArgs{"id": distributor, "sms": s.Onboarding.Texts()})
	if err != nil || len(rows) == 0 {
		return e, false, err
	}
	return rows[0], true, nil
}
