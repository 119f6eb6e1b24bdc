package onboarding

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/ident"
	"pagaduria/models/kyc"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

// connection is the connection under a transaction.
type connection = pgx.Conn

// writer is who fills a form in: a payee by a link, or staff for them.
type writer struct {
	by    models.Actor // staff; the payee has no id
	agent string
	link  *kyc.Link // nil for staff
}

var (
	errNotAsked = models.Refuse(models.NotFound, "onboarding.not_asked", "This is not asked for here.", nil)
	errConsent  = models.Refuse(models.Conflict, "onboarding.consent_first", "First authorise the use of your data.", nil)
)

// Agreement is the authorisation of a payee: for which text, as they read it.
type Agreement struct {
	TextVersion string
	Lang        string
	Sensitive   bool
}

const insertConsent = `
INSERT INTO kyc_consents (case_id, text_version, lang, text_sha256, sensitive, address, agent, file_id, staff_id, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, nullif($8, 0), nullif($9, 0), $10)`

// Agree keeps the proof that a payee authorised the use of their data. The same answer twice is kept once.
func (s *Service) Agree(ctx context.Context, d Door, a Agreement) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		c, l, err := s.enter(ctx, tx, d)
		if err != nil {
			return err
		}
		return s.agree(tx, &c, writer{by: d.actor(), agent: d.Agent, link: &l}, a, 0)
	})
}

func (s *Service) agree(tx *gorm.DB, c *kyc.Case, w writer, a Agreement, file int64) error {
	items, err := s.fillable(tx, *c, w, kyc.Consent)
	if err != nil {
		return err
	}
	if a.TextVersion != kyc.ConsentVersion {
		return models.Refuse(models.Conflict, "onboarding.text_changed", "The text changed meanwhile. Read it again before you agree.", nil)
	}
	text, err := kyc.ConsentIn(a.TextVersion, a.Lang)
	if err != nil {
		return err
	}
	if items[kyc.Consent].State == kyc.Given && c.Sensitive == a.Sensitive && file == 0 {
		return nil
	}
	if _, err := store.ExecTx(tx, insertConsent, c.ID, text.Version, text.Lang, text.SHA256, a.Sensitive, w.by.Address, cut(w.agent, 400), file, w.by.StaffID, s.Now()); err != nil {
		return fmt.Errorf("keep consent of case %d: %w", c.ID, err)
	}
	c.Sensitive = a.Sensitive
	return s.given(tx, c, w, kyc.Consent, 0, map[string]any{"text": text.Version, "sensitive": a.Sensitive})
}

// Save keeps one step as a payee filled it in. The same again changes nothing.
func (s *Service) Save(ctx context.Context, d Door, step kyc.Step, f kyc.Form) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		c, l, err := s.enter(ctx, tx, d)
		if err != nil {
			return err
		}
		return s.answer(tx, &c, writer{by: d.actor(), agent: d.Agent, link: &l}, kyc.Item(step), f)
	})
}

// fillable refuses an item that is not asked, or not by this link, or not any more.
func (s *Service) fillable(tx *gorm.DB, c kyc.Case, w writer, item kyc.Item) (map[kyc.Item]kyc.CaseItem, error) {
	list, err := itemsOf(tx, c.ID)
	if err != nil {
		return nil, err
	}
	items := make(map[kyc.Item]kyc.CaseItem, len(list))
	for _, i := range list {
		items[i.Item] = i
	}
	_, asked := items[item]
	switch {
	case !c.State.Fillable():
		return nil, models.Refuse(models.Conflict, "onboarding.sent_already", "This form was sent already, so it cannot be changed.", nil)
	case !s.Now().Before(c.ExpiresAt):
		return nil, models.Refuse(models.Conflict, "onboarding.link.expired", "This link has expired. Ask for a new one.", nil)
	case !asked || w.link != nil && !w.link.Opens(item):
		return nil, errNotAsked
	case item != kyc.Consent && !items[kyc.Consent].State.Done():
		return nil, errConsent
	}
	return items, nil
}

// answer judges and keeps what was declared about one item.
func (s *Service) answer(tx *gorm.DB, c *kyc.Case, w writer, item kyc.Item, f kyc.Form) error {
	if !slices.Contains([]kyc.Item{kyc.Who, kyc.Contact, kyc.Payment, kyc.Tax, kyc.Owners, kyc.Declarations}, item) {
		return errNotAsked
	}
	items, err := s.fillable(tx, *c, w, item)
	if err != nil {
		return err
	}
	before, err := answersOf(tx, c.ID)
	if err != nil {
		return err
	}
	said, err := s.judge(item, f, *c, before)
	if err != nil {
		return err
	}
	version, changed, err := s.keep(tx, *c, w, item, said, before[item])
	if err != nil {
		return err
	}
	switch item {
	case kyc.Contact:
		return s.contact(tx, c, w, said.(kyc.Reach), version)
	case kyc.Who:
		c.PersonKind = said.(kyc.Identity).PersonKind
	}
	if !changed && items[item].State.Done() {
		return nil
	}
	if err := s.given(tx, c, w, item, version, nil); err != nil {
		return err
	}
	if item != kyc.Who {
		return nil
	}
	if err := s.ask(tx, *c); err != nil {
		return err
	}
	return s.judgeAgain(tx, *c)
}

// judge reads the form of an item by its rules.
func (s *Service) judge(item kyc.Item, f kyc.Form, c kyc.Case, before map[kyc.Item]answer) (any, error) {
	switch item {
	case kyc.Who:
		return kyc.ReadIdentity(f, s.Today())
	case kyc.Contact:
		return kyc.ReadReach(f, s.Today(), s.Texts())
	case kyc.Payment:
		payee, err := payeeOf(before)
		if err != nil {
			return nil, err
		}
		return kyc.ReadPayment(f, payee)
	case kyc.Tax:
		return kyc.ReadTax(f, c.PersonKind)
	case kyc.Owners:
		return kyc.ReadOwnership(f)
	}
	return kyc.ReadExposure(f)
}

// payeeOf is who was declared so far.
func payeeOf(answers map[kyc.Item]answer) (models.Payee, error) {
	var i kyc.Identity
	var r kyc.Reach
	for item, into := range map[kyc.Item]any{kyc.Who: &i, kyc.Contact: &r} {
		if a, ok := answers[item]; ok {
			if err := json.Unmarshal([]byte(a.Answer), into); err != nil {
				return models.Payee{}, fmt.Errorf("read answer %s: %w", item, err)
			}
		}
	}
	return i.Payee(r), nil
}

const (
	insertAnswer = `INSERT INTO kyc_answers (case_id, item, version, answer, staff_id, address, at) VALUES ($1, $2, $3, $4, nullif($5, 0), $6, $7)`
	sameAnswer   = `SELECT CAST($1 AS jsonb) = CAST($2 AS jsonb)`
)

// keep writes a further version of an answer; the same as the newest one is not written again.
func (s *Service) keep(tx *gorm.DB, c kyc.Case, w writer, item kyc.Item, said any, last answer) (version int, changed bool, err error) {
	b, err := json.Marshal(said)
	if err != nil {
		return 0, false, err
	}
	if last.Version > 0 {
		same, err := store.SelectTx[struct{ Same bool }](tx, sameAnswer, string(b), last.Answer)
		if err != nil {
			return 0, false, fmt.Errorf("compare answers of case %d: %w", c.ID, err)
		}
		if same[0].Same {
			return last.Version, false, nil
		}
	}
	version = last.Version + 1
	if _, err := store.ExecTx(tx, insertAnswer, c.ID, item, version, string(b), w.by.StaffID, w.by.Address, s.Now()); err != nil {
		return 0, false, fmt.Errorf("keep answer %s of case %d: %w", item, c.ID, err)
	}
	return version, true, nil
}

const giveItem = `UPDATE kyc_items SET state = 'given', version = $3, given_at = $4, again_text = '' WHERE case_id = $1 AND item = $2`

// given marks an item as done, begins the case when it is the first, and records it.
func (s *Service) given(tx *gorm.DB, c *kyc.Case, w writer, item kyc.Item, version int, facts map[string]any) error {
	now := s.Now()
	if _, err := store.ExecTx(tx, giveItem, c.ID, item, version, now); err != nil {
		return fmt.Errorf("mark %s of case %d: %w", item, c.ID, err)
	}
	if c.State == kyc.Invited {
		if err := c.Apply(kyc.Start, now); err != nil {
			return err
		}
	}
	if err := save(tx, *c); err != nil {
		return err
	}
	c.Version++
	after := map[string]any{"item": item, "version": version}
	for k, v := range facts {
		after[k] = v
	}
	return audit.Record(tx, audit.Entry{By: w.by, Action: "kyc.answer", SubjectType: "kyc_case", SubjectID: c.ID, After: after})
}

const missItem = `UPDATE kyc_items SET state = 'missing', given_at = NULL WHERE case_id = $1 AND item = $2 AND state = 'given'`

// judgeAgain looks at what depends on who somebody is and how they are reached: cash wants a phone, and a company has
// another tax status. What does not fit any more has to be given again.
func (s *Service) judgeAgain(tx *gorm.DB, c kyc.Case) error {
	answers, err := answersOf(tx, c.ID)
	if err != nil {
		return err
	}
	if err := s.judgePapers(tx, c, answers); err != nil {
		return err
	}
	for _, item := range []kyc.Item{kyc.Payment, kyc.Tax} {
		a, ok := answers[item]
		if !ok {
			continue
		}
		f, err := kyc.Values(item, []byte(a.Answer))
		if err != nil {
			return err
		}
		if _, err := s.judge(item, f, c, answers); models.KindOf(err) != models.Invalid {
			if err != nil {
				return err
			}
			continue
		}
		if _, err := store.ExecTx(tx, missItem, c.ID, item); err != nil {
			return fmt.Errorf("ask again in case %d: %w", c.ID, err)
		}
	}
	return nil
}

// contact asks for the code of a contact that is not verified; who was verified already stays so.
func (s *Service) contact(tx *gorm.DB, c *kyc.Case, w writer, r kyc.Reach, version int) error {
	if c.VerifiedAt != nil && c.ContactBy == r.By && c.ContactTo == r.To() {
		if err := s.given(tx, c, w, kyc.Contact, version, nil); err != nil {
			return err
		}
		return s.judgeAgain(tx, *c)
	}
	if w.link == nil { // staff vouch for it; the payee verifies it when they come by a link
		if err := s.given(tx, c, w, kyc.Contact, version, map[string]any{"contact": maskContact(r.By, r.To())}); err != nil {
			return err
		}
		return s.judgeAgain(tx, *c)
	}
	if _, err := store.ExecTx(tx, missItem, c.ID, kyc.Contact); err != nil {
		return fmt.Errorf("ask for the contact of case %d again: %w", c.ID, err)
	}
	err := s.sendCode(tx, *c, forContact, r.By, r.To())
	if models.KindOf(err) == models.Unavailable && s.codeWaits(tx, c.ID, forContact, r.To()) {
		return nil // sent twice: the code is on its way
	}
	return err
}

func maskContact(by, to string) string {
	if by == "sms" {
		return ident.MaskPhone(to)
	}
	return models.MaskEmail(to)
}

func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}
