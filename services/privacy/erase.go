package privacy

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/requests"
	"pagaduria/services/store"
)

func needReason(reason string) error {
	if n := len([]rune(reason)); n == 0 || n > 2000 {
		return models.Refuse(models.Invalid, "privacy.refused.text", "Say it, in 2000 characters at most.", nil)
	}
	return nil
}

// Keep sets a legal hold: nothing is erased of the payee until two people end it.
func (s *Service) Keep(ctx context.Context, by models.Actor, distributor int64, reason string) error {
	if err := forbid(by, models.PermPrivacyEdit); err != nil {
		return err
	}
	if err := needReason(reason); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		n, err := store.ExecTx(tx, `INSERT INTO legal_holds (distributor_id, reason, staff_name, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, distributor, reason, by.Name, s.Now())
		if err != nil {
			return fmt.Errorf("hold distributor %d: %w", distributor, err)
		}
		if n == 0 {
			return models.Refuse(models.Conflict, "privacy.refused.hold", "A legal hold keeps everything about this payee.", nil)
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "privacy.hold", SubjectType: "privacy", SubjectID: distributor, Reason: reason})
	})
}

// AskLift asks for a legal hold to end, and answers the request.
func (s *Service) AskLift(ctx context.Context, by models.Actor, distributor int64, reason string) (int64, error) {
	return s.ask(ctx, by, distributor, models.RequestLiftHold, reason, func(d models.PrivacyDetail) error {
		if d.Hold() == nil {
			return models.Refuse(models.Conflict, "privacy.refused.no_hold", "There is no legal hold.", nil)
		}
		return nil
	})
}

// AskErase asks for everything to be erased that is kept about a payee, and answers the request. What the law has kept is
// refused with the day.
func (s *Service) AskErase(ctx context.Context, by models.Actor, distributor int64, reason string) (int64, error) {
	return s.ask(ctx, by, distributor, models.RequestErase, reason, func(d models.PrivacyDetail) error { return d.WhyNotErased(s.Today()) })
}

func (s *Service) ask(ctx context.Context, by models.Actor, distributor int64, kind models.RequestKind, reason string, check func(models.PrivacyDetail) error) (request int64, err error) {
	if err := forbid(by, models.PermPrivacyEdit); err != nil {
		return 0, err
	}
	if err := needReason(reason); err != nil {
		return 0, err
	}
	d, err := s.Of(ctx, by, distributor)
	if err != nil {
		return 0, err
	}
	if err := check(d); err != nil {
		return 0, err
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		request, err = requests.Open(tx, by, requests.New{Kind: kind, SubjectType: "privacy", SubjectID: distributor, SubjectName: d.Of.Code, Payload: map[string]any{}, Reason: reason,
			Decides: models.PermPrivacyEdit, Changes: []models.Change{{Field: "privacy.change." + string(kind), Before: d.Of.Code, After: "–"}}})
		return err
	})
	return request, err
}

func (s *Service) lift(tx *gorm.DB, by models.Actor, r models.Request) error {
	n, err := store.ExecTx(tx, `UPDATE legal_holds SET lifted_at = $2, consent_id = $3 WHERE distributor_id = $1 AND lifted_at IS NULL`, r.SubjectID, s.Now(), r.ID)
	if err != nil {
		return fmt.Errorf("end hold of distributor %d: %w", r.SubjectID, err)
	}
	if n == 0 {
		return models.Refuse(models.Conflict, "privacy.refused.no_hold", "There is no legal hold.", nil)
	}
	return audit.Record(tx, audit.Entry{By: by, Action: "privacy.lift", SubjectType: "privacy", SubjectID: r.SubjectID, Reason: r.Reason})
}

const lockDistributor = `SELECT email, phone FROM distributors WHERE id = $1 FOR UPDATE`

// eraseSteps leave of a payee a number that nobody is known by. Mails and codes go by the address that they went to.
var eraseSteps = []string{
	`UPDATE kyc_cases SET state = CASE WHEN state IN ('invited','started','waiting') THEN 'expired' ELSE state END, email = '', phone = '', contact_by = '', contact_to = '', verified_at = NULL, version = version + 1 WHERE distributor_id = @id`,
	`UPDATE kyc_links SET revoked_at = COALESCE(revoked_at, @now) WHERE case_id IN (SELECT id FROM kyc_cases WHERE distributor_id = @id)`,
	`DELETE FROM kyc_codes WHERE case_id IN (SELECT id FROM kyc_cases WHERE distributor_id = @id)`,
	`DELETE FROM kyc_answers WHERE case_id IN (SELECT id FROM kyc_cases WHERE distributor_id = @id)`,
	`DELETE FROM payout_methods WHERE distributor_id = @id`,
	`UPDATE tax_profiles SET evidence = '–' WHERE distributor_id = @id`,
	`UPDATE mails SET recipient = '–', subject = '–', body = '–', link = NULL WHERE recipient = @email AND @email <> ''`,
	`UPDATE distributor_search SET folded = (SELECT lower(code) FROM distributors WHERE id = @id) WHERE distributor_id = @id`,
	`UPDATE distributors SET doc_number = 'X' || id, doc_dv = '', doc_issued_on = NULL, given_names = '', surnames = '', business_name = '–', phone = '', email = '', address = '', city = '', divipola = '',
        joined_on = NULL, upline_id = NULL, warnings = '{}', method_kind = '', verification = 'unverified', verified_until = NULL, version = version + 1, updated_at = @now WHERE id = @id`,
}

// erase does what two people agreed on, if the law still allows it.
func (s *Service) erase(tx *gorm.DB, by models.Actor, r models.Request) error {
	rows, err := store.SelectTx[struct{ Email, Phone string }](tx, lockDistributor, r.SubjectID)
	if err != nil || len(rows) != 1 {
		return fmt.Errorf("lock distributor %d (%d): %w", r.SubjectID, len(rows), err)
	}
	d := models.PrivacyDetail{Of: models.Distributor{ID: r.SubjectID}}
	if err := store.Conn(tx, func(c *pgx.Conn) error { return s.standing(tx.Statement.Context, c, &d, true) }); err != nil {
		return err
	}
	if err := d.WhyNotErased(s.Today()); err != nil {
		return err
	}
	if _, err := store.ExecTx(tx, `INSERT INTO erasures (distributor_id, consent_id, reason, maker_name, decider_name, at) VALUES ($1, $2, $3, $4, $5, $6)`,
		r.SubjectID, r.ID, r.Reason, r.MakerName, by.Name, s.Now()); err != nil {
		return fmt.Errorf("erase distributor %d: %w", r.SubjectID, err)
	}
	args := pgx.NamedArgs{"id": r.SubjectID, "email": rows[0].Email, "now": s.Now()}
	for _, step := range eraseSteps {
		if _, err := store.ExecTx(tx, step, args); err != nil {
			return fmt.Errorf("erase distributor %d: %w", r.SubjectID, err)
		}
	}
	if err := s.Documents.Shred(tx, r.SubjectID); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{By: by, Action: "privacy.erase", SubjectType: "privacy", SubjectID: r.SubjectID, Reason: r.Reason})
}
