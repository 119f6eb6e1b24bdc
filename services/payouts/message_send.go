package payouts

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/mail"
	"pagaduria/services/sms"
	"pagaduria/services/store"
)

// AnnounceArgs is the periodic job that puts messages to payees in line.
type AnnounceArgs struct{}

// Kind names the job.
func (AnnounceArgs) Kind() string { return "payouts.announce" }

// InsertOpts tries once: the next round is seconds away.
func (AnnounceArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 1} }

// MessagesArgs is the periodic job that sends what is in line.
type MessagesArgs struct{}

// Kind names the job.
func (MessagesArgs) Kind() string { return "payouts.messages" }

// InsertOpts tries once: the next round is seconds away.
func (MessagesArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 1} }

const (
	// messageTries is how often a message is tried before it is given up.
	messageTries = 5
	// unknownFor is how long a message that may have gone out is not sent again. It counts from before the request, so
	// that it holds for a process that dies in the middle too.
	unknownFor = time.Hour
	// messagesAtOnce is how many are claimed together: no more than go out in the time of a claim.
	messagesAtOnce = 20
)

// claimed is a message that is this process's to send.
type claimedMessage struct {
	ID        int64
	Kind      models.MessageKind
	Channel   models.Channel
	Recipient string
	Tries     int // this one included
	State     models.PayoutState
	ExpiresAt *time.Time
	Lang      string
	Name      string
	Amount    models.Money
	Network   models.MethodKind
	DocType   string
	Reference string
}

const (
	claimMessages = `
WITH due AS (SELECT id FROM payee_messages WHERE next_at <= $1 ORDER BY next_at LIMIT $2 FOR UPDATE SKIP LOCKED)
UPDATE payee_messages m SET tries = m.tries + 1, tried_at = $1, next_at = $3, failure = 'unknown'
FROM due, payouts p, distributors d WHERE m.id = due.id AND p.id = m.payout_id AND d.id = p.distributor_id
RETURNING m.id, m.kind, m.channel, m.recipient, m.tries, p.state, p.expires_at, d.lang, p.payee_name, p.amount, p.method_kind, p.doc_type,
    COALESCE(NULLIF(p.rail_id, ''), p.code)`
	endMessage = `
UPDATE payee_messages SET state = $2, failure = $3, detail = $4, next_at = $5, sent_at = $6, gateway_id = $7 WHERE id = $1 AND state = 'queued'`
	mailMessage = `UPDATE payee_messages SET mail_id = $2, failure = '', next_at = NULL WHERE id = $1 AND mail_id IS NULL AND state = 'queued'`
)

// SendMessages sends what is in line, until nothing is due or ctx ends. What a message came to is kept with it; a
// failure of one does not hold up the others.
func (s *Service) SendMessages(ctx context.Context) error {
	var failed error
	for ctx.Err() == nil {
		now := s.Now()
		list, err := store.Select[claimedMessage](ctx, s.DB.Pool, claimMessages, now, messagesAtOnce, now.Add(unknownFor))
		if err != nil {
			return errors.Join(failed, fmt.Errorf("claim messages: %w", err))
		}
		if len(list) == 0 {
			return failed
		}
		for _, m := range list {
			failed = errors.Join(failed, s.sendMessage(ctx, m))
		}
	}
	return errors.Join(failed, ctx.Err())
}

// messageEnd is what a try came to.
type messageEnd struct {
	state, failure, detail, gatewayID string
	next, sent                        *time.Time
}

func (s *Service) sendMessage(ctx context.Context, m claimedMessage) error {
	now := s.Now()
	words := models.PayeeWords{Kind: m.Kind, Lang: m.Lang, Name: m.Name, Amount: m.Amount, Network: m.Network, DocType: m.DocType, Reference: m.Reference}
	switch {
	case m.State != models.PayoutAvailable || m.ExpiresAt == nil || !m.ExpiresAt.After(now):
		return s.endMessage(ctx, m.ID, messageEnd{state: "dropped", failure: "moved_on"})
	case m.Tries > messageTries:
		return s.endMessage(ctx, m.ID, messageEnd{state: "failed", failure: "gave_up"})
	}
	words.ExpiresAt = *m.ExpiresAt
	switch {
	case m.Channel == models.ChannelMail:
		return s.mailMessage(ctx, m, words)
	case s.Messenger.SMS == nil: // it was taken away meanwhile
		return s.endMessage(ctx, m.ID, messageEnd{state: "failed", failure: "unreachable"})
	}
	number, err := s.Messenger.SMS.Send(ctx, "payee-message-"+strconv.FormatInt(m.ID, 10), m.Recipient, s.Messenger.Texted(words))
	return s.endMessage(context.WithoutCancel(ctx), m.ID, endOf(m, number, err, s.Now(), now))
}

// endOf says what an SMS came to: began is when it was claimed.
func endOf(m claimedMessage, number string, err error, now, began time.Time) messageEnd {
	var refused *sms.Refused
	switch {
	case err == nil:
		return messageEnd{state: "sent", sent: &now, gatewayID: number}
	case errors.As(err, &refused):
		return messageEnd{state: "failed", failure: "refused", detail: refused.Message}
	case m.Tries >= messageTries:
		return messageEnd{state: "failed", failure: "gave_up", detail: err.Error()}
	case errors.Is(err, sms.ErrNotSent):
		next := now.Add(time.Duration(m.Tries*m.Tries) * time.Minute)
		return messageEnd{state: "queued", failure: "unreachable", detail: err.Error(), next: &next}
	}
	next := began.Add(unknownFor)
	return messageEnd{state: "queued", failure: "unknown", detail: err.Error(), next: &next}
}

func (s *Service) endMessage(ctx context.Context, id int64, e messageEnd) error {
	if _, err := s.DB.Pool.Exec(ctx, endMessage, id, e.state, e.failure, e.detail, e.next, e.sent, e.gatewayID); err != nil {
		return fmt.Errorf("note what message %d came to: %w", id, err)
	}
	return nil
}

// mailMessage hands a message to the outbox, once.
func (s *Service) mailMessage(ctx context.Context, m claimedMessage, words models.PayeeWords) error {
	subject, body := s.Messenger.Mailed(words)
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		id, err := s.Messenger.Mail.Put(tx, mail.Message{To: m.Recipient, Subject: subject, Body: body, Once: "payee message " + strconv.FormatInt(m.ID, 10)})
		if err != nil || id == 0 {
			return err
		}
		if _, err := store.ExecTx(tx, mailMessage, m.ID, id); err != nil {
			return fmt.Errorf("hand message %d to the outbox: %w", m.ID, err)
		}
		return nil
	})
}
