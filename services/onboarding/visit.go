package onboarding

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/services/store"
)

// Door is how somebody comes in by a link: what they hold and where they are.
type Door struct {
	Token   string
	Device  string // the cookie, "" without one
	Address string
	Agent   string
}

// actor is the payee as the audit log has them.
func (d Door) actor() models.Actor { return models.Actor{Name: "payee", Address: d.Address} }

// Access says what a device may see by a link.
type Access string

// The kinds of access.
const (
	Known  Access = "known"  // the device that began, or one that gave the code
	Fresh  Access = "fresh"  // nobody began by this link
	Locked Access = "locked" // begun elsewhere: a code is needed, or it goes on there
)

// Visit is what a link shows to a device.
type Visit struct {
	kyc.Case
	Link    kyc.Link
	Name    string // how the payee is greeted: what the invitation said, too
	Access  Access
	CodeTo  string // Locked: where a code can go, "" when there is no such place
	CodeBy  string // mail or sms
	Items   []kyc.CaseItem
	Answers map[kyc.Item][]byte // only what a known device may see
	Given   map[kyc.Item]models.Document
	Method  bool // the distributor is paid in some way already
	Signed  *kyc.Signed
}

const linkColumns = `l.id, l.case_id, l.items, l.uses, l.last_used, l.reminded, s.name, l.created_at, l.expires_at, l.revoked_at`

const selectLink = "SELECT " + linkColumns + " FROM kyc_links l JOIN staff s ON s.id = l.staff_id WHERE l.nonce = $1"

// link reads the link of a token that opens something now.
func (s *Service) link(ctx context.Context, q store.Querier, token string) (kyc.Link, error) {
	nonce, err := s.nonce(token)
	if err != nil {
		return kyc.Link{}, err
	}
	rows, err := store.Select[kyc.Link](ctx, q, selectLink, nonce)
	if err != nil {
		return kyc.Link{}, fmt.Errorf("read link: %w", err)
	}
	if len(rows) == 0 {
		return kyc.Link{}, errNoLink
	}
	return rows[0], rows[0].Good(s.Now())
}

func hashDevice(device string) []byte {
	h := sha256.Sum256([]byte(device))
	return h[:]
}

const (
	selectAccess = `SELECT count(*) FILTER (WHERE device = $2), count(*) FROM kyc_devices WHERE link_id = $1`
	countVisit   = `UPDATE kyc_links SET uses = uses + 1, last_used = $2 WHERE id = $1 AND (last_used IS NULL OR last_used < $3)`
	selectVisit  = "SELECT " + caseColumns + ` FROM kyc_cases c WHERE c.id = $1`
	selectOfCase = `SELECT CASE WHEN d.given_names <> '' THEN d.given_names ELSE d.business_name END, d.method_kind <> ''
FROM kyc_cases c JOIN distributors d ON d.id = c.distributor_id WHERE c.id = $1`
	selectSigned = `SELECT g.name, g.sha256, g.at, coalesce(s.name, '') FROM kyc_signatures g LEFT JOIN staff s ON s.id = g.staff_id WHERE g.case_id = $1 ORDER BY g.id DESC`
)

// visitPause is how far apart two openings count as two visits.
const visitPause = 5 * time.Minute

// Open reads what a link shows. What somebody typed is shown to devices that are known alone.
func (s *Service) Open(ctx context.Context, d Door) (v Visit, err error) {
	if v.Link, err = s.link(ctx, s.DB.Pool, d.Token); err != nil {
		return v, err
	}
	now, id := s.Now(), v.Link.CaseID
	if _, err := s.DB.Pool.Exec(ctx, countVisit, v.Link.ID, now, now.Add(-visitPause)); err != nil {
		return v, fmt.Errorf("count visit: %w", err)
	}
	if v.Case, err = store.SelectOne[kyc.Case](ctx, s.DB.Pool, selectVisit, id); err != nil {
		return v, fmt.Errorf("read case %d: %w", id, err)
	}
	of, err := store.SelectOne[struct {
		Name   string
		Method bool
	}](ctx, s.DB.Pool, selectOfCase, id)
	if err != nil {
		return v, fmt.Errorf("read payee of case %d: %w", id, err)
	}
	v.Name, v.Method = of.Name, of.Method
	items, err := store.Select[kyc.CaseItem](ctx, s.DB.Pool, selectItems, id)
	if err != nil {
		return v, fmt.Errorf("read items of case %d: %w", id, err)
	}
	v.Items = v.Link.Scope(items)
	if v.Access, err = s.access(ctx, s.DB.Pool, v.Link, v.Case, d.Device); err != nil {
		return v, err
	}
	v.CodeBy, v.CodeTo = s.codeTo(v.Case)
	if v.Access != Known {
		return v, nil
	}
	return v, s.readTyped(ctx, &v)
}

// readTyped reads what was typed, and the signature.
func (s *Service) readTyped(ctx context.Context, v *Visit) error {
	answers, err := store.Select[answer](ctx, s.DB.Pool, selectAnswers, v.ID)
	if err != nil {
		return fmt.Errorf("read answers of case %d: %w", v.ID, err)
	}
	v.Answers = map[kyc.Item][]byte{}
	for _, a := range answers {
		v.Answers[a.Item] = []byte(a.Answer)
	}
	if v.Given, err = s.Given(ctx, v.Items); err != nil {
		return err
	}
	signed, err := store.Select[kyc.Signed](ctx, s.DB.Pool, selectSigned, v.ID)
	if err != nil {
		return fmt.Errorf("read signature of case %d: %w", v.ID, err)
	}
	if len(signed) > 0 {
		v.Signed = &signed[0]
	}
	return nil
}

// access answers what a device may see. The first device of a link is let in as long as no contact was verified: the
// link itself came to the payee's address.
func (s *Service) access(ctx context.Context, q store.Querier, l kyc.Link, c kyc.Case, device string) (Access, error) {
	type count struct{ Mine, All int64 }
	n, err := store.SelectOne[count](ctx, q, selectAccess, l.ID, hashDevice(device))
	if err != nil {
		return Locked, fmt.Errorf("read devices of link %d: %w", l.ID, err)
	}
	switch {
	case device != "" && n.Mine > 0:
		return Known, nil
	case c.VerifiedAt == nil && n.All == 0:
		return Fresh, nil
	}
	return Locked, nil
}

// codeTo answers where a code for another device goes: to the verified contact, else to where the invitation went.
func (s *Service) codeTo(c kyc.Case) (by, to string) {
	switch {
	case c.VerifiedAt != nil && (c.ContactBy == "mail" || s.Texts()):
		return c.ContactBy, c.ContactTo
	case c.VerifiedAt == nil && c.Email != "":
		return "mail", c.Email
	case c.VerifiedAt == nil && c.Phone != "" && s.Texts():
		return "sms", c.Phone
	}
	return "", ""
}

const addDevice = `INSERT INTO kyc_devices (link_id, device, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`

// enter locks the case behind a door for a device that may write, and makes the first one known.
func (s *Service) enter(ctx context.Context, tx *gorm.DB, d Door) (c kyc.Case, l kyc.Link, err error) {
	err = store.Conn(tx, func(q *connection) error {
		l, err = s.link(ctx, q, d.Token)
		return err
	})
	if err != nil {
		return c, l, err
	}
	if c, err = hold(tx, l.CaseID); err != nil {
		return c, l, err
	}
	var may Access
	err = store.Conn(tx, func(q *connection) error {
		may, err = s.access(ctx, q, l, c, d.Device)
		return err
	})
	switch {
	case err != nil:
		return c, l, err
	case may == Locked || d.Device == "":
		return c, l, errLocked
	case may == Fresh:
		if _, err := store.ExecTx(tx, addDevice, l.ID, hashDevice(d.Device), s.Now()); err != nil {
			return c, l, fmt.Errorf("remember device of case %d: %w", c.ID, err)
		}
	}
	return c, l, nil
}

var errLocked = models.Refuse(models.Forbidden, "onboarding.locked", "This form was begun on another device. Ask for a code to go on here.", nil)
