package onboarding

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/services/audit"
	"pagaduria/services/events"
	"pagaduria/services/mail"
	"pagaduria/services/store"
)

// Statement is what is signed: everything declared, as it stands, with the text that was agreed to and the hashes of the
// documents that were sent. Its hash tells
// whether anything changed between reading and signing, and proves later what was signed.
type Statement struct {
	Text   string
	SHA256 string
	Signer string // whose name has to be written under it
}

// statement is the text of a Statement. Maps are written in the order of their keys, so that the same is the same text.
type statement struct {
	Case    int64                        `json:"case"`
	Consent string                       `json:"consent"`
	Answers map[kyc.Item]json.RawMessage `json:"answers"`
}

const lastConsent = `SELECT text_version || ' ' || text_sha256 FROM kyc_consents WHERE case_id = $1 ORDER BY id DESC LIMIT 1`

func (s *Service) stateOf(ctx context.Context, q store.Querier, id int64) (Statement, error) {
	answers, err := store.Select[answer](ctx, q, selectAnswers, id)
	if err != nil {
		return Statement{}, fmt.Errorf("read answers of case %d: %w", id, err)
	}
	consent, err := store.Select[struct{ Text string }](ctx, q, lastConsent, id)
	if err != nil {
		return Statement{}, fmt.Errorf("read consent of case %d: %w", id, err)
	}
	st, whole := Statement{}, statement{Case: id, Answers: map[kyc.Item]json.RawMessage{}}
	if len(consent) > 0 {
		whole.Consent = consent[0].Text
	}
	for _, a := range answers {
		whole.Answers[a.Item] = json.RawMessage(a.Answer)
		if a.Item != kyc.Who {
			continue
		}
		var i kyc.Identity
		if err := json.Unmarshal([]byte(a.Answer), &i); err != nil {
			return st, fmt.Errorf("read identity of case %d: %w", id, err)
		}
		st.Signer = i.Signer()
	}
	b, err := json.Marshal(whole)
	if err != nil {
		return st, fmt.Errorf("write statement of case %d: %w", id, err)
	}
	sum := sha256.Sum256(b)
	st.Text, st.SHA256 = string(b), hex.EncodeToString(sum[:])
	return st, nil
}

// Statement is what a case that is open on a known device would be signed as.
func (s *Service) Statement(ctx context.Context, id int64) (Statement, error) {
	return s.stateOf(ctx, s.DB.Pool, id)
}

// Signing is a signature: the name as it was written, and the hash of what was read.
type Signing struct {
	Name string
	Seen string
}

// Sign signs and sends a case. Sent twice it is sent once.
func (s *Service) Sign(ctx context.Context, d Door, g Signing) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		c, l, err := s.enter(ctx, tx, d)
		if err != nil {
			return err
		}
		if c.State == kyc.Submitted {
			return nil
		}
		return s.submit(ctx, tx, &c, writer{by: d.actor(), agent: d.Agent, link: &l}, g)
	})
}

const insertSignature = `
INSERT INTO kyc_signatures (case_id, name, statement, sha256, address, agent, staff_id, at) VALUES ($1, $2, $3, $4, $5, $6, nullif($7, 0), $8)`

func (s *Service) submit(ctx context.Context, tx *gorm.DB, c *kyc.Case, w writer, g Signing) error {
	items, err := s.fillable(tx, *c, w, kyc.Signature)
	if err != nil {
		return err
	}
	for _, i := range items {
		if i.ToDo() && i.Item != kyc.Signature && (w.link == nil || w.link.Opens(i.Item)) {
			return models.Refuse(models.Conflict, "onboarding.not_complete", "Something is still missing. Complete the steps before you sign.", nil)
		}
	}
	var st Statement
	err = store.Conn(tx, func(q *connection) error {
		st, err = s.stateOf(ctx, q, c.ID)
		return err
	})
	switch {
	case err != nil:
		return err
	case g.Seen != st.SHA256:
		return models.Refuse(models.Conflict, "onboarding.changed", "What you declared changed after you opened this page. Read it again before you sign.", nil)
	case !kyc.SameName(g.Name, st.Signer):
		return models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil).WithField("name", "onboarding.fault.signature")
	}
	now := s.Now()
	if _, err := store.ExecTx(tx, insertSignature, c.ID, cut(g.Name, 400), st.Text, st.SHA256, w.by.Address, cut(w.agent, 400), w.by.StaffID, now); err != nil {
		return fmt.Errorf("keep signature of case %d: %w", c.ID, err)
	}
	if _, err := store.ExecTx(tx, giveItem, c.ID, kyc.Signature, 0, now); err != nil {
		return fmt.Errorf("sign case %d: %w", c.ID, err)
	}
	if err := c.Apply(kyc.Submit, now); err != nil {
		return err
	}
	c.SubmittedBy = w.by.StaffID
	if err := save(tx, *c); err != nil {
		return err
	}
	if err := s.screen(tx, *c); err != nil {
		return err
	}
	if s.Received != nil {
		if err := s.Received(tx, c.ID); err != nil {
			return err
		}
	}
	return s.sent(tx, *c, w, st)
}

// sent tells the payee and compliance, and records it.
func (s *Service) sent(tx *gorm.DB, c kyc.Case, w writer, st Statement) error {
	if c.ContactBy == "mail" {
		subject, body := s.Mailed(kyc.Letter{Kind: kyc.LetterReceipt, Lang: c.Lang, Name: st.Signer, Receipt: Receipt(c.ID, st.SHA256), At: *c.SubmittedAt})
		if err := s.Mail.Write(tx, mail.Message{To: c.ContactTo, Subject: subject, Body: body}); err != nil {
			return fmt.Errorf("write the receipt of case %d: %w", c.ID, err)
		}
	}
	err := events.Record(tx, events.Event{Kind: "kyc.submitted", SubjectType: "kyc_case", SubjectID: c.ID, Permission: models.PermDistributorsJudge, Except: w.by.StaffID,
		Facts: map[string]any{"Name": st.Signer}})
	if err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{By: w.by, Action: "kyc.submit", SubjectType: "kyc_case", SubjectID: c.ID, After: map[string]any{"sha256": st.SHA256}})
}

// Receipt is the number that a payee can name: the case and the beginning of what they signed.
func Receipt(id int64, sha256 string) string { return fmt.Sprintf("%d-%s", id, sha256[:8]) }
