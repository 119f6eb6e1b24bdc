package payouts

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

// Telling is how a payout stands towards being sent the code again, with what the message would say.
type Telling struct {
	models.Telling
	Email, Phone string // of the payee, "" when that channel is not used
	Words        models.PayeeWords
}

// tellFacts are read of a payout p and its distributor d. A message that failed for good told nobody anything.
const (
	lastTold = `(SELECT max(COALESCE(m.tried_at, m.created_at)) FROM payee_messages m WHERE m.payout_id = p.id AND m.state IN ('queued', 'sent'))`
	tellings = `
SELECT p.state, p.method_kind, p.expires_at, ` + lastTold + `,
    (SELECT count(DISTINCT m.created_at) FROM payee_messages m WHERE m.payout_id = p.id AND m.staff_id IS NOT NULL AND m.created_at > $2),
    CASE WHEN 'mail' = ANY($3) THEN d.email ELSE '' END, CASE WHEN 'sms' = ANY($3) THEN d.phone ELSE '' END,
    d.lang, p.payee_name, p.amount, p.doc_type, COALESCE(NULLIF(p.rail_id, ''), p.code)
FROM payouts p JOIN distributors d ON d.id = p.distributor_id WHERE p.id = $1`
	askMessages = `
INSERT INTO payee_messages (payout_id, kind, channel, recipient, state, next_at, staff_id, created_at)
SELECT d.id, 'again', c, ` + reachable + `, 'queued', $3, $4, $3
FROM (SELECT p.id, x.email, x.phone FROM payouts p JOIN distributors x ON x.id = p.distributor_id WHERE p.id = ANY($1)) d, unnest($2::text[]) AS c
WHERE ` + reachable + ` <> ''`
)

type tellingRow struct {
	State        models.PayoutState
	Kind         models.MethodKind
	ExpiresAt    *time.Time
	LastAt       *time.Time
	Asked        int
	Email, Phone string
	Lang         string
	Name         string
	Amount       models.Money
	DocType      string
	Reference    string
}

func (r tellingRow) telling() Telling {
	t := Telling{Telling: models.Telling{State: r.State, Kind: r.Kind, ExpiresAt: r.ExpiresAt, LastAt: r.LastAt, Asked: r.Asked, Contact: r.Email+r.Phone != ""}, Email: r.Email, Phone: r.Phone,
		Words: models.PayeeWords{Kind: models.MessageAgain, Lang: r.Lang, Name: r.Name, Amount: r.Amount, Network: r.Kind, DocType: r.DocType, Reference: r.Reference}}
	if r.ExpiresAt != nil {
		t.Words.ExpiresAt = *r.ExpiresAt
	}
	return t
}

// Telling reads how a payout stands towards being sent the code again.
func (s *Service) Telling(ctx context.Context, payout int64) (Telling, error) {
	row, err := store.SelectOne[tellingRow](ctx, s.DB.Pool, tellings, payout, s.Now().AddDate(0, 0, -1), words(s.Messenger.Channels()))
	if err != nil {
		return Telling{}, store.NotFound(fmt.Errorf("read what payout %d is told: %w", payout, err), "payout.not_found", "There is no such payout.")
	}
	return row.telling(), nil
}

var errCodesRole = models.Refuse(models.Forbidden, "messages.refused.send", "Your role does not write to payees.", nil)

// TellAgain sends the payee the code of a payout once more, by every channel there is.
func (s *Service) TellAgain(ctx context.Context, by models.Actor, payout int64) error {
	if !by.May(models.PermCodesSend) {
		return errCodesRole
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if err := tx.Exec(lockReminders).Error; err != nil {
			return fmt.Errorf("lock reminders: %w", err)
		}
		now, channels := s.Now(), words(s.Messenger.Channels())
		rows, err := store.SelectTx[tellingRow](tx, tellings, payout, now.AddDate(0, 0, -1), channels)
		if err != nil {
			return fmt.Errorf("read what payout %d is told: %w", payout, err)
		}
		if len(rows) == 0 {
			return errNoPayout
		}
		if why := rows[0].telling().WhyNot(now); why != "" {
			key := "messages.refused." + string(why)
			return models.Refuse(models.Conflict, key, "The code is not sent now: "+string(why)+".", nil)
		}
		return s.askFor(tx, by, []int64{payout}, channels, now)
	})
}

// askFor puts messages that a person asked for in line, and on record.
func (s *Service) askFor(tx *gorm.DB, by models.Actor, payouts []int64, channels []string, now time.Time) error {
	n, err := store.ExecTx(tx, askMessages, payouts, channels, now, by.StaffID)
	if err != nil {
		return fmt.Errorf("put messages in line: %w", err)
	}
	event := audit.Entry{By: by, Action: "messages.ask", SubjectType: "payout", After: map[string]any{"payouts": len(payouts), "messages": n}}
	if len(payouts) == 1 {
		event.SubjectID = payouts[0]
	} else {
		event.SubjectType, event.After = "payouts", map[string]any{"payouts": payouts, "messages": n}
	}
	return audit.Record(tx, event)
}

// remindAtOnce is how many payees are reminded by one click.
const remindAtOnce = 5000

// Unreachable is a payee who cannot be written to.
type Unreachable struct {
	PayoutID      int64
	DistributorID int64
	Name          string
	Amount        models.Money
	ExpiresAt     *time.Time
}

// Reminders is what reminding everybody who matches would be. Making one changes nothing.
type Reminders struct {
	Will      Sum
	ids       []int64
	NoContact []Unreachable
	Told      int // within the hour, so not again now
	Often     int // as often as it may be in a day
	More      bool
}

const remindable = `
SELECT p.id, p.distributor_id, p.payee_name, p.amount, p.expires_at, ` + lastTold + `,
    (SELECT count(DISTINCT m.created_at) FROM payee_messages m WHERE m.payout_id = p.id AND m.staff_id IS NOT NULL AND m.created_at > @day),
    ('mail' = ANY(@channels) AND d.email <> '' OR 'sms' = ANY(@channels) AND d.phone <> ''), p.method_kind
FROM payouts p JOIN distributors d ON d.id = p.distributor_id
WHERE p.state = 'available' AND p.method_kind IN ` + cashMethods + ` AND p.expires_at > @moment AND `

// RemindPreview sorts the payouts that match into those whose payee is written to and the others.
func (s *Service) RemindPreview(ctx context.Context, f Filter) (Reminders, error) {
	return s.remindPreview(ctx, s.DB.Pool, f)
}

func (s *Service) remindPreview(ctx context.Context, q store.Querier, f Filter) (Reminders, error) {
	type row struct {
		Unreachable
		LastAt  *time.Time
		Asked   int
		Contact bool
		Kind    models.MethodKind
	}
	now := s.Now()
	where, args := f.where(now)
	args["day"], args["channels"], args["moment"], args["most"] = now.AddDate(0, 0, -1), words(s.Messenger.Channels()), now, remindAtOnce+1
	rows, err := store.Select[row](ctx, q, remindable+where+` ORDER BY p.expires_at, p.id LIMIT @most`, args)
	if err != nil {
		return Reminders{}, fmt.Errorf("whom to remind: %w", err)
	}
	r := Reminders{Will: Sum{Total: models.Pesos(0)}}
	if len(rows) > remindAtOnce {
		r.More, rows = true, rows[:remindAtOnce]
	}
	for _, x := range rows {
		t := models.Telling{State: models.PayoutAvailable, Kind: x.Kind, ExpiresAt: x.ExpiresAt, Contact: x.Contact, LastAt: x.LastAt, Asked: x.Asked}
		switch t.WhyNot(now) {
		case "":
			r.ids = append(r.ids, x.PayoutID)
			r.Will = r.Will.plus(Sum{1, x.Amount})
		case models.RefusedNoContact:
			r.NoContact = append(r.NoContact, x.Unreachable)
		case models.RefusedToldOften:
			r.Often++
		default:
			r.Told++
		}
	}
	return r, nil
}

// lockReminders has people ask one after another: of two clicks the second one sees the first one's messages.
const lockReminders = `SELECT pg_advisory_xact_lock(hashtext('pagaduria.reminders'))`

// Remind writes to the payees of everything that matches. Expect is how many the preview showed; when it is another
// number nobody is written to.
func (s *Service) Remind(ctx context.Context, by models.Actor, f Filter, expect int64) (Sum, error) {
	if !by.May(models.PermCodesSend) {
		return Sum{}, errCodesRole
	}
	var r Reminders
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if err := tx.Exec(lockReminders).Error; err != nil {
			return fmt.Errorf("lock reminders: %w", err)
		}
		err := store.Conn(tx, func(c *pgx.Conn) (err error) {
			r, err = s.remindPreview(ctx, c, f)
			return err
		})
		switch {
		case err != nil:
			return err
		case r.Will.Count == 0:
			return models.Refuse(models.Conflict, "messages.refused.nobody", "There is nobody to remind now.", nil)
		case r.Will.Count != expect:
			return models.Refuse(models.Conflict, "messages.refused.moved", "Meanwhile it is another number of payees. Look again before you go on.", nil)
		}
		return s.askFor(tx, by, r.ids, words(s.Messenger.Channels()), s.Now())
	})
	return r.Will, err
}
