package onboarding

import (
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

const (
	againItem     = `UPDATE kyc_items SET state = 'again', again_text = $3 WHERE case_id = $1 AND item = $2`
	countAsked    = `UPDATE kyc_cases SET asked_times = asked_times + 1, expires_at = greatest(expires_at, $2) WHERE id = $1`
	selectDevices = `SELECT DISTINCT d.device FROM kyc_devices d JOIN kyc_links l ON l.id = d.link_id WHERE l.case_id = $1`
	moveDevice    = `INSERT INTO kyc_devices (link_id, device, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`
	narrowLink    = `UPDATE kyc_links SET items = $2 WHERE case_id = $1 AND revoked_at IS NULL RETURNING id`
)

// AskAgain sends a case that is in review back to its payee, in the transaction of the reviewer's decision: only the
// items in question open, by a new link, with a sentence for each that the payee reads. Devices that were known stay
// known, and what was accepted stays so. The case waits until the payee signs and sends it again; then it is Submitted
// with Case.AskedTimes above zero. Who reviews it is not touched. A payee who cannot be written to is not written to:
// staff fill the case in for them.
func (s *Service) AskAgain(tx *gorm.DB, by models.Actor, id int64, asked []kyc.Question) error {
	if err := forbid(by, models.PermDistributorsJudge); err != nil {
		return err
	}
	c, err := hold(tx, id)
	if err != nil {
		return err
	}
	items, err := itemsOf(tx, id)
	if err != nil {
		return err
	}
	if err := kyc.CheckAsked(asked, items); err != nil {
		return err
	}
	now := s.Now()
	if err := c.Apply(kyc.Ask, now); err != nil {
		return err
	}
	if err := save(tx, c); err != nil {
		return err
	}
	rules, err := settings(tx)
	if err != nil {
		return err
	}
	if until := now.AddDate(0, 0, rules.LinkDays); until.After(c.ExpiresAt) {
		c.ExpiresAt = until
	}
	if _, err := store.ExecTx(tx, countAsked, id, c.ExpiresAt); err != nil {
		return fmt.Errorf("count what case %d is asked: %w", id, err)
	}
	names := make([]string, len(asked))
	for i, a := range append(slices.Clone(asked), kyc.Question{Item: kyc.Signature}) {
		if i < len(asked) {
			names[i] = string(a.Item)
		}
		if _, err := store.ExecTx(tx, againItem, id, a.Item, strings.TrimSpace(a.Text)); err != nil {
			return fmt.Errorf("ask for %s of case %d again: %w", a.Item, id, err)
		}
	}
	if err := s.askByLink(tx, by, c, asked, names); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{By: by, Action: "kyc.ask_again", SubjectType: "kyc_case", SubjectID: id, After: map[string]any{"items": names}})
}

// askByLink makes the narrow link and writes to the payee, at the contact they verified.
func (s *Service) askByLink(tx *gorm.DB, by models.Actor, c kyc.Case, asked []kyc.Question, names []string) error {
	to, err := holdPayee(tx, c.DistributorID)
	if err != nil {
		return err
	}
	switch {
	case c.ContactBy == "mail":
		c.Email = c.ContactTo
	case c.ContactBy == "sms" && s.Texts():
		c.Email, c.Phone = "", c.ContactTo
	}
	if c.Email == "" && (c.Phone == "" || !s.Texts()) {
		_, err := store.ExecTx(tx, revokeLinks, c.ID, s.Now())
		return err
	}
	known, err := store.SelectTx[struct{ Device []byte }](tx, selectDevices, c.ID)
	if err != nil {
		return fmt.Errorf("read devices of case %d: %w", c.ID, err)
	}
	if err := s.newLink(tx, by, c, kyc.Letter{Kind: kyc.LetterAgain, Lang: c.Lang, Name: to.Name, Asked: asked}); err != nil {
		return err
	}
	made, err := store.SelectTx[struct{ ID int64 }](tx, narrowLink, c.ID, names)
	if err != nil || len(made) != 1 {
		return fmt.Errorf("narrow the link of case %d (%d rows): %w", c.ID, len(made), err)
	}
	for _, k := range known {
		if _, err := store.ExecTx(tx, moveDevice, made[0].ID, k.Device, s.Now()); err != nil {
			return fmt.Errorf("keep devices of case %d: %w", c.ID, err)
		}
	}
	return nil
}
