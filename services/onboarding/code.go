package onboarding

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/services/audit"
	"pagaduria/services/mail"
	"pagaduria/services/store"
)

// purpose is what a code is for.
type purpose string

const (
	forContact purpose = "contact" // the contact that was typed
	forDevice  purpose = "device"  // another device
)

func (s *Service) hashCode(id int64, p purpose, to, code string) []byte {
	m := hmac.New(sha256.New, s.codes)
	fmt.Fprintf(m, "%d %s %s %s", id, p, to, code)
	return m.Sum(nil)
}

const (
	recentCodes = `SELECT created_at FROM kyc_codes WHERE case_id = $1 AND created_at > $2 ORDER BY id DESC`
	insertCode  = `INSERT INTO kyc_codes (case_id, purpose, channel, recipient, hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	openCode    = `
SELECT id, hash, tries, recipient, channel FROM kyc_codes
WHERE case_id = $1 AND purpose = $2 AND expires_at > $3 AND used_at IS NULL AND id = (SELECT max(id) FROM kyc_codes WHERE case_id = $1 AND purpose = $2)`
)

// sendCode makes a code for a case that is held and sends it: not more than one a minute and a few an hour.
func (s *Service) sendCode(tx *gorm.DB, c kyc.Case, p purpose, by, to string) error {
	now := s.Now()
	sent, err := store.SelectTx[struct{ At time.Time }](tx, recentCodes, c.ID, now.Add(-time.Hour))
	if err != nil {
		return fmt.Errorf("count codes of case %d: %w", c.ID, err)
	}
	wait := time.Duration(0)
	if len(sent) > 0 {
		wait = sent[0].At.Add(kyc.CodePause).Sub(now)
	}
	if len(sent) >= kyc.CodesAnHour {
		wait = max(wait, sent[kyc.CodesAnHour-1].At.Add(time.Hour).Sub(now))
	}
	if wait > 0 {
		seconds := int(math.Ceil(wait.Seconds()))
		return models.Refuse(models.Unavailable, "onboarding.code_refused.wait", fmt.Sprintf("A code was sent just now. Ask for another one in %d seconds.", seconds), map[string]any{"Seconds": seconds})
	}
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return err
	}
	code := fmt.Sprintf("%0*d", kyc.CodeDigits, n)
	if _, err := store.ExecTx(tx, insertCode, c.ID, p, by, to, s.hashCode(c.ID, p, to, code), now, now.Add(kyc.CodeGood)); err != nil {
		return fmt.Errorf("keep code of case %d: %w", c.ID, err)
	}
	letter := kyc.Letter{Kind: kyc.LetterCode, Lang: c.Lang}
	if by == "sms" {
		letter.Code = code
		return s.text(tx, to, s.Texted(letter))
	}
	subject, body := s.Mailed(letter)
	return s.Mail.Write(tx, mail.Message{To: to, Subject: subject, Body: body, Link: code})
}

// codeWaits answers whether a code for the address can still be given.
func (s *Service) codeWaits(tx *gorm.DB, id int64, p purpose, to string) bool {
	open, err := s.openCode(tx, id, p)
	return err == nil && open != nil && open.Recipient == to && open.Tries < kyc.CodeTries
}

type waitingCode struct {
	ID        int64
	Hash      []byte
	Tries     int
	Recipient string
	Channel   string
}

func (s *Service) openCode(tx *gorm.DB, id int64, p purpose) (*waitingCode, error) {
	rows, err := store.SelectTx[waitingCode](tx, openCode, id, p, s.Now())
	if err != nil {
		return nil, fmt.Errorf("read code of case %d: %w", id, err)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	return &rows[0], nil
}

// check compares a code; a wrong one is counted. The refusal is answered beside the error, so that the count stays.
func (s *Service) check(tx *gorm.DB, id int64, p purpose, typed string) (code *waitingCode, refused, err error) {
	code, err = s.openCode(tx, id, p)
	if err != nil {
		return nil, nil, err
	}
	old := models.Refuse(models.Invalid, "onboarding.code_refused.old", "This code does not hold any more. Ask for a new one.", nil).WithField("code", "onboarding.code_refused.old")
	if code == nil || code.Tries >= kyc.CodeTries {
		return nil, old, nil
	}
	if !hmac.Equal(code.Hash, s.hashCode(id, p, code.Recipient, typed)) {
		if _, err := store.ExecTx(tx, "UPDATE kyc_codes SET tries = tries + 1 WHERE id = $1", code.ID); err != nil {
			return nil, nil, fmt.Errorf("count code of case %d: %w", id, err)
		}
		if code.Tries+1 >= kyc.CodeTries {
			return nil, old, nil
		}
		return nil, models.Refuse(models.Invalid, "onboarding.code_refused.wrong", "This is not the code. Look at the newest message.", nil).WithField("code", "onboarding.code_refused.wrong"), nil
	}
	if _, err := store.ExecTx(tx, "UPDATE kyc_codes SET used_at = $2 WHERE id = $1", code.ID, s.Now()); err != nil {
		return nil, nil, fmt.Errorf("use code of case %d: %w", id, err)
	}
	return code, nil, nil
}

// VerifyContact takes the code that went to the contact a payee typed.
func (s *Service) VerifyContact(ctx context.Context, d Door, typed string) error {
	var refused error
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		c, l, err := s.enter(ctx, tx, d)
		if err != nil {
			return err
		}
		w := writer{by: d.actor(), agent: d.Agent, link: &l}
		items, err := s.fillable(tx, c, w, kyc.Contact)
		if err != nil || items[kyc.Contact].State.Done() {
			return err
		}
		var code *waitingCode
		if code, refused, err = s.check(tx, c.ID, forContact, typed); err != nil || refused != nil {
			return err
		}
		answers, err := answersOf(tx, c.ID)
		if err != nil {
			return err
		}
		var r kyc.Reach
		if err := json.Unmarshal([]byte(answers[kyc.Contact].Answer), &r); err != nil {
			return fmt.Errorf("read contact of case %d: %w", c.ID, err)
		}
		if r.To() != code.Recipient {
			return errors.New("a code was kept for another contact than the one typed last")
		}
		now := s.Now()
		c.ContactBy, c.ContactTo, c.VerifiedAt = r.By, r.To(), &now
		if err := s.given(tx, &c, w, kyc.Contact, answers[kyc.Contact].Version, map[string]any{"verified": maskContact(r.By, r.To())}); err != nil {
			return err
		}
		return s.judgeAgain(tx, c)
	})
	if err != nil {
		return err
	}
	return refused
}

// ContactCode sends another code to the contact that was typed.
func (s *Service) ContactCode(ctx context.Context, d Door) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		c, l, err := s.enter(ctx, tx, d)
		if err != nil {
			return err
		}
		items, err := s.fillable(tx, c, writer{link: &l}, kyc.Contact)
		if err != nil || items[kyc.Contact].State.Done() {
			return err
		}
		answers, err := answersOf(tx, c.ID)
		if err != nil {
			return err
		}
		var r kyc.Reach
		if a, ok := answers[kyc.Contact]; !ok {
			return errNotAsked
		} else if err := json.Unmarshal([]byte(a.Answer), &r); err != nil {
			return fmt.Errorf("read contact of case %d: %w", c.ID, err)
		}
		return s.sendCode(tx, c, forContact, r.By, r.To())
	})
}

// DeviceCode sends a code that opens the form on another device.
func (s *Service) DeviceCode(ctx context.Context, d Door) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		c, _, err := s.locked(ctx, tx, d)
		if err != nil {
			return err
		}
		by, to := s.codeTo(c)
		if to == "" {
			return models.Refuse(models.Conflict, "onboarding.no_code", "Go on where this form was begun, or ask for a new link.", nil)
		}
		return s.sendCode(tx, c, forDevice, by, to)
	})
}

// locked holds the case of a link for a device that is not known there.
func (s *Service) locked(ctx context.Context, tx *gorm.DB, d Door) (c kyc.Case, l kyc.Link, err error) {
	err = store.Conn(tx, func(q *connection) error {
		l, err = s.link(ctx, q, d.Token)
		return err
	})
	if err != nil {
		return c, l, err
	}
	c, err = hold(tx, l.CaseID)
	return c, l, err
}

// VerifyDevice takes the code and lets the device in.
func (s *Service) VerifyDevice(ctx context.Context, d Door, typed string) error {
	if d.Device == "" {
		return errLocked
	}
	var refused error
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		c, l, err := s.locked(ctx, tx, d)
		if err != nil {
			return err
		}
		var code *waitingCode
		if code, refused, err = s.check(tx, c.ID, forDevice, typed); err != nil || refused != nil {
			return err
		}
		if _, err := store.ExecTx(tx, addDevice, l.ID, hashDevice(d.Device), s.Now()); err != nil {
			return fmt.Errorf("remember device of case %d: %w", c.ID, err)
		}
		return audit.Record(tx, audit.Entry{By: d.actor(), Action: "kyc.device", SubjectType: "kyc_case", SubjectID: c.ID,
			After: map[string]any{"verified": maskContact(code.Channel, code.Recipient)}})
	})
	if err != nil {
		return err
	}
	return refused
}
