// Package onboarding gets to know payees: it invites them by a signed link, takes what they declare step by step, and
// keeps it on their case until somebody decides. Staff can do the same for them.
package onboarding

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/services/blobs"
	"pagaduria/services/distributors"
	"pagaduria/services/documents"
	"pagaduria/services/mail"
	"pagaduria/services/sms"
	"pagaduria/services/store"
	"pagaduria/services/vault"
)

// Options are what a Service needs.
type Options struct {
	DB           *store.DB
	Blobs        *blobs.Store
	Papers       *documents.Service
	Distributors *distributors.Service
	Mail         *mail.Outbox
	Vault        *vault.Vault
	SMS          sms.Sender // nil without a gateway
	Now          func() time.Time
	Today        func() time.Time          // the Bogotá date, as midnight UTC
	Link         func(token string) string // the address of a form
	Mailed       func(kyc.Letter) (subject, body string)
	Texted       func(kyc.Letter) string

	// Received takes note of a case that was just sent, in the transaction that sends it; nil when nobody reviews.
	Received func(tx *gorm.DB, id int64) error
}

// Service holds the use cases.
type Service struct {
	Options
	links, codes []byte // keys
}

// New makes a Service.
func New(o Options) (*Service, error) {
	s := &Service{Options: o}
	var err error
	if s.links, err = o.Vault.Derive("onboarding links"); err != nil {
		return nil, err
	}
	s.codes, err = o.Vault.Derive("onboarding codes")
	return s, err
}

// Texts answers whether SMS can be sent.
func (s *Service) Texts() bool { return s.SMS != nil }

const (
	nonceSize = 18
	macSize   = 18
)

// token is the secret part of a link: a nonce and its signature. The database keeps the nonce alone, so that neither a
// copy of it nor a guess opens a form.
func (s *Service) token(nonce []byte) string {
	return base64.RawURLEncoding.EncodeToString(append(append(make([]byte, 0, nonceSize+macSize), nonce...), s.sign(nonce)...))
}

func (s *Service) sign(nonce []byte) []byte {
	m := hmac.New(sha256.New, s.links)
	m.Write(nonce)
	return m.Sum(nil)[:macSize]
}

var errNoLink = models.Refuse(models.NotFound, "onboarding.link.unknown", "This link is not complete. Open it again from the message, or ask for a new one.", nil)

// nonce reads a token; one that we did not sign is refused without a look at the database.
func (s *Service) nonce(token string) ([]byte, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) != nonceSize+macSize || !hmac.Equal(s.sign(b[:nonceSize]), b[nonceSize:]) {
		return nil, errNoLink
	}
	return b[:nonceSize], nil
}

// forbid refuses an actor who lacks a permission, whatever door was used.
func forbid(by models.Actor, p models.Permission) error {
	if by.May(p) {
		return nil
	}
	return models.Refuse(models.Forbidden, "error.not_yours", "Your role does not allow this. Ask an administrator if you need it.", nil)
}

const caseColumns = `c.id, c.distributor_id, c.state, c.person_kind, c.lang, c.email, c.phone, c.contact_by, c.contact_to, c.verified_at, c.sensitive,
    c.staff_id, coalesce(c.submitted_by, 0), c.version, c.created_at, c.started_at, c.submitted_at, c.expires_at, c.asked_times`

var errNoCase = models.Refuse(models.NotFound, "kyc.not_found", "There is no such case.", nil)

// hold reads a case and keeps others from changing it until the transaction ends.
func hold(tx *gorm.DB, id int64) (kyc.Case, error) {
	rows, err := store.SelectTx[kyc.Case](tx, "SELECT "+caseColumns+" FROM kyc_cases c WHERE c.id = $1 FOR UPDATE", id)
	if err != nil {
		return kyc.Case{}, fmt.Errorf("lock case %d: %w", id, err)
	}
	if len(rows) == 0 {
		return kyc.Case{}, errNoCase
	}
	return rows[0], nil
}

const saveCase = `
UPDATE kyc_cases SET state = $3, person_kind = $4, contact_by = $5, contact_to = $6, verified_at = $7, sensitive = $8, submitted_by = nullif($9, 0),
    started_at = $10, submitted_at = $11, version = version + 1
WHERE id = $1 AND version = $2`

// save writes a case that is held.
func save(tx *gorm.DB, c kyc.Case) error {
	n, err := store.ExecTx(tx, saveCase, c.ID, c.Version, c.State, c.PersonKind, c.ContactBy, c.ContactTo, c.VerifiedAt, c.Sensitive, c.SubmittedBy, c.StartedAt, c.SubmittedAt)
	if err != nil || n != 1 {
		return fmt.Errorf("save case %d (%d rows): %w", c.ID, n, err)
	}
	return nil
}

const selectItems = `
SELECT i.item, i.step, i.required, i.max_age_days, i.state, i.version, i.given_at, coalesce(i.document_version_id, 0),
    i.item IN ('identity','representative_identity') AND NOT c.sensitive, i.again_text
FROM kyc_items i JOIN kyc_cases c ON c.id = i.case_id WHERE i.case_id = $1 ORDER BY i.position`

func itemsOf(tx *gorm.DB, id int64) ([]kyc.CaseItem, error) {
	items, err := store.SelectTx[kyc.CaseItem](tx, selectItems, id)
	if err != nil {
		return nil, fmt.Errorf("read items of case %d: %w", id, err)
	}
	return items, nil
}

const (
	// An item that is not asked any more goes; one that stays keeps what was given.
	dropItems = `DELETE FROM kyc_items WHERE case_id = $1 AND item <> ALL($2)`
	askItems  = `
INSERT INTO kyc_items (case_id, item, step, position, required, max_age_days)
SELECT $1, x.item, x.step, x.position, x.required, x.days FROM unnest($2::text[], $3::text[], $4::integer[], $5::boolean[], $6::integer[]) AS x(item, step, position, required, days)
ON CONFLICT (case_id, item) DO UPDATE SET position = excluded.position, required = excluded.required, max_age_days = excluded.max_age_days`
)

// ask writes what a case asks for, by the kind of person and the rules of the day.
func (s *Service) ask(tx *gorm.DB, c kyc.Case) error {
	var items, steps []string
	var positions, days []int
	var required []bool
	for n, a := range kyc.AskedOf(c.PersonKind, s.Today()) {
		items, steps, positions = append(items, string(a.Item)), append(steps, string(a.Step)), append(positions, n)
		required, days = append(required, a.Required), append(days, a.MaxAgeDays)
	}
	if _, err := store.ExecTx(tx, dropItems, c.ID, items); err != nil {
		return fmt.Errorf("ask in case %d: %w", c.ID, err)
	}
	if _, err := store.ExecTx(tx, askItems, c.ID, items, steps, positions, required, days); err != nil {
		return fmt.Errorf("ask in case %d: %w", c.ID, err)
	}
	return nil
}

const selectAnswers = `
SELECT DISTINCT ON (a.item) a.item, a.version, CAST(a.answer AS text) FROM kyc_answers a JOIN kyc_items i ON i.case_id = a.case_id AND i.item = a.item
WHERE a.case_id = $1 ORDER BY a.item, a.version DESC`

// answer is the newest version of what was declared about an item that is asked.
type answer struct {
	Item    kyc.Item
	Version int
	Answer  string
}

func answersOf(tx *gorm.DB, id int64) (map[kyc.Item]answer, error) {
	rows, err := store.SelectTx[answer](tx, selectAnswers, id)
	if err != nil {
		return nil, fmt.Errorf("read answers of case %d: %w", id, err)
	}
	all := make(map[kyc.Item]answer, len(rows))
	for _, r := range rows {
		all[r.Item] = r
	}
	return all, nil
}
