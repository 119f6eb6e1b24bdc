package onboarding

import (
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/kyc"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

// TendArgs is the periodic job that reminds payees, and ends cases that nobody finished in time.
type TendArgs struct{}

// Kind names the job in the queue.
func (TendArgs) Kind() string { return "onboarding.tend" }

// InsertOpts tries once: the next round comes within the hour.
func (TendArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 1} }

// Payees are reminded in the day only: from remindFrom until remindUntil, in Bogotá.
const (
	remindFrom  = 8
	remindUntil = 19
	remindRound = 200
)

// Tend does one round. What was told is counted in the same transaction, so that running twice tells nobody twice.
func (s *Service) Tend(ctx context.Context) (reminded, expired int64, err error) {
	if err := s.forgetRates(ctx); err != nil {
		return 0, 0, err
	}
	if expired, err = s.expire(ctx); err != nil {
		return 0, expired, err
	}
	if hour := s.Now().In(colombia.Bogota).Hour(); hour < remindFrom || hour >= remindUntil {
		return 0, expired, nil
	}
	reminded, err = s.remind(ctx)
	return reminded, expired, err
}

const (
	// $1 now, $2 the days after which payees are reminded. Days that passed together are told once.
	dueReminders = `
SELECT l.id, l.case_id, l.nonce, l.expires_at,
    (SELECT count(*) FROM unnest($2::integer[]) AS d WHERE l.created_at + make_interval(days => d) <= $1),
    CASE WHEN d.given_names <> '' THEN d.given_names ELSE d.business_name END
FROM kyc_links l JOIN kyc_cases c ON c.id = l.case_id JOIN distributors d ON d.id = c.distributor_id
WHERE c.state IN ('invited','started','waiting') AND l.revoked_at IS NULL AND l.expires_at > $1
    AND l.reminded < (SELECT count(*) FROM unnest($2::integer[]) AS d WHERE l.created_at + make_interval(days => d) <= $1)
ORDER BY l.id LIMIT $3 FOR UPDATE OF c, l SKIP LOCKED`
	countReminder = `UPDATE kyc_links SET reminded = $2 WHERE id = $1`
)

type dueReminder struct {
	ID, Case  int64
	Nonce     []byte
	ExpiresAt time.Time
	Passed    int
	Name      string
}

func (s *Service) remind(ctx context.Context) (n int64, err error) {
	by := models.System("onboarding")
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		rules, err := settings(tx)
		if err != nil {
			return err
		}
		due, err := store.SelectTx[dueReminder](tx, dueReminders, s.Now(), rules.RemindDays, remindRound)
		if err != nil {
			return fmt.Errorf("look for payees to remind: %w", err)
		}
		n = int64(len(due))
		for _, r := range due {
			c, err := hold(tx, r.Case)
			if err != nil {
				return err
			}
			if _, err := store.ExecTx(tx, countReminder, r.ID, r.Passed); err != nil {
				return fmt.Errorf("count reminder of link %d: %w", r.ID, err)
			}
			if c.Email == "" && !s.Texts() {
				continue
			}
			if err := s.write(tx, c, kyc.Letter{Kind: kyc.LetterReminder, Lang: c.Lang, Name: r.Name, Until: r.ExpiresAt}, r.Nonce); err != nil {
				return err
			}
			if err := audit.Record(tx, audit.Entry{By: by, Action: "kyc.remind", SubjectType: "kyc_case", SubjectID: c.ID}); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

const expireCases = `
WITH over AS (
    SELECT id FROM kyc_cases WHERE state IN ('invited','started','waiting') AND expires_at <= $1 ORDER BY id LIMIT 1000 FOR UPDATE SKIP LOCKED
), closed AS (
    UPDATE kyc_links l SET revoked_at = $1 FROM over o WHERE l.case_id = o.id AND l.revoked_at IS NULL
)
UPDATE kyc_cases c SET state = 'expired', version = c.version + 1 FROM over o WHERE c.id = o.id RETURNING c.id`

// expire ends cases that were not sent in time, with their links.
func (s *Service) expire(ctx context.Context) (n int64, err error) {
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		over, err := store.SelectTx[struct{ ID int64 }](tx, expireCases, s.Now())
		if err != nil {
			return fmt.Errorf("expire cases: %w", err)
		}
		n = int64(len(over))
		entries := make([]audit.Entry, len(over))
		for i, c := range over {
			entries[i] = audit.Entry{By: models.System("onboarding"), Action: "kyc.expire", SubjectType: "kyc_case", SubjectID: c.ID}
		}
		return audit.RecordAll(tx, entries)
	})
	return n, err
}
