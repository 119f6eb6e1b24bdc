package onboarding

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/services/audit"
	"pagaduria/services/mail"
	"pagaduria/services/queue"
	"pagaduria/services/store"
	"pagaduria/services/vault"
)

// payee is what an invitation needs of a distributor.
type payee struct {
	ID         int64
	PersonKind string
	Lang       string
	Email      string
	Phone      string
	Name       string // how a letter greets
	OpenCase   int64
	Final      bool // the last case was rejected for good
}

const selectPayee = `
SELECT d.id, d.person_kind, CASE WHEN d.lang IN ('es','en','zh') THEN d.lang ELSE 'es' END, d.email, d.phone,
    CASE WHEN d.given_names <> '' THEN d.given_names ELSE d.business_name END,
    coalesce((SELECT c.id FROM kyc_cases c WHERE c.distributor_id = d.id AND c.state NOT IN ('approved','rejected_retry','rejected_final','expired')), 0),
    coalesce((SELECT c.state = 'rejected_final' FROM kyc_cases c WHERE c.distributor_id = d.id ORDER BY c.id DESC LIMIT 1), false)
FROM distributors d WHERE d.id = $1 FOR UPDATE OF d`

func holdPayee(tx *gorm.DB, id int64) (payee, error) {
	rows, err := store.SelectTx[payee](tx, selectPayee, id)
	if err != nil {
		return payee{}, fmt.Errorf("read distributor %d: %w", id, err)
	}
	if len(rows) == 0 {
		return payee{}, models.Refuse(models.NotFound, "distributors.not_found", "This distributor does not exist.", nil)
	}
	return rows[0], nil
}

// Invite opens a case for a distributor and writes to them with the link of the form. One case is open at a time.
func (s *Service) Invite(ctx context.Context, by models.Actor, distributor int64) (id int64, err error) {
	if err := forbid(by, models.PermKYCInvite); err != nil {
		return 0, err
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		c, to, err := s.open(tx, by, distributor)
		if err != nil {
			return err
		}
		id = c.ID
		if err := audit.Record(tx, audit.Entry{By: by, Action: "kyc.invite", SubjectType: "kyc_case", SubjectID: id, After: map[string]any{"distributor": distributor}}); err != nil {
			return err
		}
		if to.Email == "" && (to.Phone == "" || !s.Texts()) {
			return models.Refuse(models.Conflict, "kyc.refused.no_contact", "There is no e-mail address to write to. Add one, or fill the case in for them.", nil)
		}
		return s.newLink(tx, by, c, kyc.Letter{Kind: kyc.LetterInvitation, Lang: c.Lang, Name: to.Name})
	})
	return id, err
}

// OpenFor opens a case that staff fill in for the distributor: nobody is written to.
func (s *Service) OpenFor(ctx context.Context, by models.Actor, distributor int64) (id int64, err error) {
	if err := forbid(by, models.PermKYCFill); err != nil {
		return 0, err
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		c, _, err := s.open(tx, by, distributor)
		id = c.ID
		if err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "kyc.open", SubjectType: "kyc_case", SubjectID: id, After: map[string]any{"distributor": distributor}})
	})
	return id, err
}

const insertCase = `
INSERT INTO kyc_cases (distributor_id, state, person_kind, lang, email, phone, staff_id, created_at, expires_at)
VALUES ($1, 'invited', $2, $3, $4, $5, $6, $7, $8) RETURNING id`

// open makes the case; what it asks for is copied from the rules of the day.
func (s *Service) open(tx *gorm.DB, by models.Actor, distributor int64) (c kyc.Case, to payee, err error) {
	if to, err = holdPayee(tx, distributor); err != nil {
		return c, to, err
	}
	switch {
	case to.OpenCase != 0:
		return c, to, models.Refuse(models.Conflict, "kyc.refused.open", "The distributor has an open case already.", nil)
	case to.Final && !by.May(models.PermDistributorsJudge):
		return c, to, models.Refuse(models.Forbidden, "kyc.refused.final", "The last case was rejected for good. Only compliance opens another one.", nil)
	}
	rules, err := settings(tx)
	if err != nil {
		return c, to, err
	}
	now := s.Now()
	c = kyc.Case{DistributorID: distributor, State: kyc.Invited, PersonKind: to.PersonKind, Lang: to.Lang, Email: to.Email, Phone: to.Phone, StaffID: by.StaffID, Version: 1,
		CreatedAt: now, ExpiresAt: now.AddDate(0, 0, rules.CaseDays)}
	rows, err := store.SelectTx[struct{ ID int64 }](tx, insertCase, distributor, c.PersonKind, c.Lang, c.Email, c.Phone, by.StaffID, now, c.ExpiresAt)
	if err != nil {
		return c, to, fmt.Errorf("open case of distributor %d: %w", distributor, err)
	}
	c.ID = rows[0].ID
	return c, to, s.ask(tx, c)
}

const (
	revokeLinks = `UPDATE kyc_links SET revoked_at = $2 WHERE case_id = $1 AND revoked_at IS NULL`
	insertLink  = `INSERT INTO kyc_links (case_id, nonce, staff_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)`
)

// newLink makes the link of a case that is held, in the place of an earlier one, and writes to the payee.
func (s *Service) newLink(tx *gorm.DB, by models.Actor, c kyc.Case, l kyc.Letter) error {
	rules, err := settings(tx)
	if err != nil {
		return err
	}
	now := s.Now()
	until := now.AddDate(0, 0, rules.LinkDays)
	if until.After(c.ExpiresAt) {
		until = c.ExpiresAt
	}
	nonce := vault.Random(nonceSize)
	if _, err := store.ExecTx(tx, revokeLinks, c.ID, now); err != nil {
		return fmt.Errorf("withdraw link of case %d: %w", c.ID, err)
	}
	if _, err := store.ExecTx(tx, insertLink, c.ID, nonce, by.StaffID, now, until); err != nil {
		return fmt.Errorf("make link of case %d: %w", c.ID, err)
	}
	l.Until = until
	return s.write(tx, c, l, nonce)
}

// write sends a link to where the payee was invited: by mail, or by SMS to who has no address.
func (s *Service) write(tx *gorm.DB, c kyc.Case, l kyc.Letter, nonce []byte) error {
	link := s.Link(s.token(nonce))
	if c.Email == "" {
		l.Link = link
		return s.text(tx, c.Phone, s.Texted(l))
	}
	subject, body := s.Mailed(l)
	if err := s.Mail.Write(tx, mail.Message{To: c.Email, Subject: subject, Body: body, Link: link}); err != nil {
		return fmt.Errorf("write to the payee of case %d: %w", c.ID, err)
	}
	return nil
}

// text has an SMS sent by a job. What it says is wrapped: it holds a link or a code.
func (s *Service) text(tx *gorm.DB, to, text string) error {
	return queue.Insert(tx, TextArgs{ID: textID(), To: to, Sealed: s.Vault.Seal([]byte(text), "onboarding sms "+to)}, nil)
}

// Revoke withdraws the link of a case: the form does not open any more.
func (s *Service) Revoke(ctx context.Context, by models.Actor, id int64) error {
	if err := forbid(by, models.PermKYCInvite); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if _, err := hold(tx, id); err != nil {
			return err
		}
		n, err := store.ExecTx(tx, revokeLinks, id, s.Now())
		if err != nil {
			return fmt.Errorf("withdraw link of case %d: %w", id, err)
		}
		if n == 0 {
			return models.Refuse(models.Conflict, "kyc.refused.no_link", "The case has no link that could be withdrawn.", nil)
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "kyc.revoke", SubjectType: "kyc_case", SubjectID: id})
	})
}

// SendAgain writes to the payee once more, with a new link in the place of the one before.
func (s *Service) SendAgain(ctx context.Context, by models.Actor, id int64) error {
	if err := forbid(by, models.PermKYCInvite); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		c, err := hold(tx, id)
		if err != nil {
			return err
		}
		if !c.State.Fillable() {
			return models.Refuse(models.Conflict, "kyc.refused.state", "This case has moved on, so that is not possible any more. Load the page again.", map[string]any{"State": string(c.State)})
		}
		to, err := holdPayee(tx, c.DistributorID)
		if err != nil {
			return err
		}
		c.Email, c.Phone = to.Email, to.Phone // where the distributor is reached by now
		if c.Email == "" && (c.Phone == "" || !s.Texts()) {
			return models.Refuse(models.Conflict, "kyc.refused.no_contact", "There is no e-mail address to write to. Add one, or fill the case in for them.", nil)
		}
		if _, err := store.ExecTx(tx, "UPDATE kyc_cases SET email = $2, phone = $3 WHERE id = $1", id, c.Email, c.Phone); err != nil {
			return fmt.Errorf("save contact of case %d: %w", id, err)
		}
		if err := s.newLink(tx, by, c, kyc.Letter{Kind: kyc.LetterInvitation, Lang: c.Lang, Name: to.Name}); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "kyc.send_again", SubjectType: "kyc_case", SubjectID: id})
	})
}
