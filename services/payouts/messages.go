package payouts

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/mail"
	"pagaduria/services/sms"
	"pagaduria/services/store"
)

// Messenger is how payees are written to about cash that waits for them.
type Messenger struct {
	Mail *mail.Outbox
	SMS  sms.Sender // nil without a gateway: nobody gets an SMS
	// Mailed and Texted write what a payee reads by each channel, in the payee's language.
	Mailed func(models.PayeeWords) (subject, body string)
	Texted func(models.PayeeWords) string
}

// Channels are the channels that can be used.
func (m Messenger) Channels() []models.Channel {
	if m.SMS == nil {
		return []models.Channel{models.ChannelMail}
	}
	return models.Channels
}

// usable leaves out the channels that cannot be used.
func (m Messenger) usable(wanted []models.Channel) []string {
	list := []string{}
	for _, c := range wanted {
		if c != models.ChannelSMS || m.SMS != nil {
			list = append(list, string(c))
		}
	}
	return list
}

const (
	rulesNow = `
SELECT r.id, r.available, r.reminder, r.days_before, r.at, COALESCE(s.name, '') FROM message_rules r LEFT JOIN staff s ON s.id = r.staff_id ORDER BY r.id DESC LIMIT 1`
	insertMessageRules = `INSERT INTO message_rules (available, reminder, days_before, staff_id, at) VALUES ($1, $2, $3, $4, $5) RETURNING id`
	lockMessageRules   = `SELECT pg_advisory_xact_lock(hashtext('pagaduria.message_rules'))`
)

// MessageRules reads what payees are told by itself.
func (s *Service) MessageRules(ctx context.Context) (models.MessageRules, error) {
	r, err := store.SelectOne[models.MessageRules](ctx, s.DB.Pool, rulesNow)
	if err != nil {
		return r, fmt.Errorf("read message rules: %w", err)
	}
	return r, nil
}

// SetMessageRules replaces the rules that the person saw.
func (s *Service) SetMessageRules(ctx context.Context, by models.Actor, seen int64, r models.MessageRules) error {
	if !by.May(models.PermCodesEdit) {
		return models.Refuse(models.Forbidden, "messages.refused.role", "Your role does not decide what payees are told.", nil)
	}
	if err := r.Check(); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if err := tx.Exec(lockMessageRules).Error; err != nil {
			return fmt.Errorf("lock message rules: %w", err)
		}
		old, err := store.SelectTx[models.MessageRules](tx, rulesNow)
		if err != nil {
			return fmt.Errorf("read message rules: %w", err)
		}
		if old[0].ID != seen {
			return models.Refuse(models.Conflict, "messages.refused.stale", "Somebody changed these rules after you opened them. Load the page again.", nil)
		}
		rows, err := store.SelectTx[struct{ ID int64 }](tx, insertMessageRules, words(r.Available), words(r.Reminder), r.DaysBefore, by.StaffID, s.Now())
		if err != nil {
			return fmt.Errorf("save message rules: %w", err)
		}
		facts := func(r models.MessageRules) map[string]any {
			return map[string]any{"available": r.Available, "reminder": r.Reminder, "days_before": r.DaysBefore}
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "messages.rules", SubjectType: "message_rules", SubjectID: rows[0].ID, Before: facts(old[0]), After: facts(r)})
	})
}

func words(list []models.Channel) []string {
	texts := make([]string, len(list))
	for i, c := range list {
		texts[i] = string(c)
	}
	return texts
}

const (
	cashMethods = `('efecty_cash', 'puntored_cash')`
	// reachable is the address of a distributor d by a channel c, "" without one; $2 are the channels to use.
	reachable = `CASE c WHEN 'mail' THEN d.email ELSE d.phone END`
	contact   = `('mail' = ANY($2) AND d.email <> '' OR 'sms' = ANY($2) AND d.phone <> '')`
	// Of those who wait it takes whom nobody told of the thing yet; one that had no contact is looked at again. $1 kind,
	// $2 channels, $3 now, $4 how many.
	announce = `
WITH waiting AS (
    SELECT p.id, d.email, d.phone FROM payouts p JOIN distributors d ON d.id = p.distributor_id
    WHERE p.state = 'available' AND p.method_kind IN ` + cashMethods + ` AND p.expires_at > $3 AND %s
      AND NOT EXISTS (SELECT 1 FROM payee_messages m WHERE m.payout_id = p.id AND m.kind = $1 AND (m.channel <> 'none' OR NOT ` + contact + `))
    ORDER BY p.id LIMIT $4),
addressed AS (SELECT d.id, c, ` + reachable + ` AS recipient FROM waiting d, unnest($2::text[]) AS c)
INSERT INTO payee_messages (payout_id, kind, channel, recipient, state, failure, next_at, created_at)
SELECT id, $1, c, recipient, 'queued', '', $3, $3 FROM addressed WHERE recipient <> ''
UNION ALL
SELECT id, $1, 'none', '', 'failed', 'no_contact', NULL, $3 FROM addressed GROUP BY id HAVING max(recipient) = ''
ON CONFLICT (payout_id, kind, channel) WHERE staff_id IS NULL DO NOTHING`
)

// announceAtOnce bounds one statement; announceWithin is how long a payout counts as newly available: those of before a
// standstill of the product are told by the reminder alone.
const (
	announceAtOnce = 1000
	announceWithin = 24 * time.Hour
)

var (
	announceAvailable = fmt.Sprintf(announce, `p.available_at >= $5`)
	announceExpiring  = fmt.Sprintf(announce, `p.expires_at <= $5`)
)

// Announce puts in line what the rules say payees are told by itself. However often it runs, a payee is told of a thing
// once by each channel.
func (s *Service) Announce(ctx context.Context) error {
	r, err := s.MessageRules(ctx)
	if err != nil {
		return err
	}
	now := s.Now()
	since := now.Add(-announceWithin)
	if r.Since.After(since) {
		since = r.Since
	}
	for _, a := range []struct {
		kind     models.MessageKind
		channels []string
		sql      string
		bound    time.Time
	}{
		{models.MessageAvailable, s.Messenger.usable(r.Available), announceAvailable, since},
		{models.MessageReminder, s.Messenger.usable(r.Reminder), announceExpiring, now.AddDate(0, 0, r.DaysBefore)},
	} {
		for n := int64(announceAtOnce); len(a.channels) > 0 && n >= announceAtOnce; {
			tag, err := s.DB.Pool.Exec(ctx, a.sql, string(a.kind), a.channels, now, announceAtOnce, a.bound)
			if err != nil {
				return fmt.Errorf("announce %s: %w", a.kind, err)
			}
			n = tag.RowsAffected()
		}
	}
	return nil
}

// What a mail came to is known to the outbox.
const messagesOf = `
SELECT m.id, m.kind, m.channel, m.recipient,
    CASE WHEN x.sent_at IS NOT NULL THEN 'sent' WHEN x.tries >= $2 THEN 'failed' ELSE m.state END,
    CASE WHEN x.sent_at IS NULL AND x.tries >= $2 THEN 'gave_up' WHEN x.sent_at IS NULL AND x.failure <> '' THEN 'unreachable' ELSE m.failure END,
    CASE WHEN x.sent_at IS NULL AND x.failure <> '' THEN x.failure ELSE m.detail END,
    m.tries, m.next_at, COALESCE(x.sent_at, m.sent_at), COALESCE(s.name, ''), m.created_at
FROM payee_messages m LEFT JOIN mails x ON x.id = m.mail_id LEFT JOIN staff s ON s.id = m.staff_id
WHERE m.payout_id = $1 ORDER BY m.id DESC LIMIT 50`

// Messages lists what the payee of a payout was told, newest first.
func (s *Service) Messages(ctx context.Context, payout int64) ([]models.PayeeMessage, error) {
	list, err := store.Select[models.PayeeMessage](ctx, s.DB.Pool, messagesOf, payout, mail.MaxTries)
	if err != nil {
		return nil, fmt.Errorf("messages of payout %d: %w", payout, err)
	}
	return list, nil
}
