// Package mail is the outbox: messages are written in the transaction of the change they tell of, and sent later by
// a job. Without a mail server they stay in the outbox, where a page shows them.
package mail

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/store"
	"pagaduria/services/vault"
)

// Message is one mail in plain text. Where Body says {link} the one-time Link is put in when it is sent; in the
// database the link is wrapped with the secret key.
type Message struct {
	To      string
	Subject string
	Body    string
	Link    string
	Once    string // the same text is mailed once for ever; "" each time
}

// Sender hands one mail to a mail server.
type Sender interface {
	Send(ctx context.Context, to, subject, body string) error
}

// Outbox writes and sends mails.
type Outbox struct {
	db    *store.DB
	vault *vault.Vault
	now   func() time.Time
}

// New makes an Outbox; now may be nil.
func New(db *store.DB, v *vault.Vault, now func() time.Time) *Outbox {
	if now == nil {
		now = time.Now
	}
	return &Outbox{db: db, vault: v, now: now}
}

// linkLabel ties a wrapped link to the address it is for.
func linkLabel(recipient string) string { return "mail link " + recipient }

const insertMail = `
INSERT INTO mails (recipient, subject, body, link, created_at, once) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (once) WHERE once <> '' DO NOTHING RETURNING id`

// Write puts a mail into the outbox in the transaction tx. One whose Once is there already is left out.
func (o *Outbox) Write(tx *gorm.DB, m Message) error {
	_, err := o.Put(tx, m)
	return err
}

// Put is Write for somebody who wants to know what becomes of the mail: it answers its id, 0 for one left out.
func (o *Outbox) Put(tx *gorm.DB, m Message) (id int64, err error) {
	var link []byte
	if m.Link != "" {
		link = o.vault.Seal([]byte(m.Link), linkLabel(m.To))
	}
	rows, err := store.SelectTx[struct{ ID int64 }](tx, insertMail, m.To, m.Subject, m.Body, link, o.now(), m.Once)
	if err != nil {
		return 0, fmt.Errorf("write a mail: %w", err)
	}
	if len(rows) == 0 {
		return 0, nil
	}
	return rows[0].ID, nil
}

// PageSize is how many mails a page shows.
const PageSize = 50

// List is one page of the outbox, newest first; with unsent only what was not sent yet.
func (o *Outbox) List(ctx context.Context, unsent bool, c store.Cursor) (store.Page[models.Mail], error) {
	rows, err := store.Select[models.Mail](ctx, o.db.Pool, `
SELECT id, recipient, subject, body, link IS NOT NULL, created_at, sent_at, tries, failure FROM mails
WHERE (NOT @unsent OR sent_at IS NULL) AND `+c.Where("", "id")+` ORDER BY `+c.Order("", "id")+` LIMIT @size`,
		c.Bind(pgx.NamedArgs{"unsent": unsent, "size": PageSize + 1}))
	if err != nil {
		return store.Page[models.Mail]{}, fmt.Errorf("list mails: %w", err)
	}
	return store.MakePage(rows, PageSize, c, func(m models.Mail) store.Cursor { return store.Cursor{ID: m.ID} }), nil
}

// stored is a mail with its link still wrapped.
type stored struct {
	ID        int64
	Recipient string
	Subject   string
	Body      string
	Link      []byte
	Tries     int
}

const storedColumns = `SELECT id, recipient, subject, body, link, tries FROM mails `

func (o *Outbox) text(m stored) (string, error) {
	if m.Link == nil {
		return m.Body, nil
	}
	link, err := o.vault.Open(m.Link, linkLabel(m.Recipient))
	if err != nil {
		return "", fmt.Errorf("mail %d: %w", m.ID, err)
	}
	return strings.ReplaceAll(m.Body, "{link}", string(link)), nil
}

// Get reads one mail as it is sent, with its link: only for those who may hand out such links.
func (o *Outbox) Get(ctx context.Context, id int64) (models.Mail, error) {
	m, err := store.SelectOne[stored](ctx, o.db.Pool, storedColumns+`WHERE id = $1`, id)
	if err != nil {
		return models.Mail{}, store.NotFound(fmt.Errorf("load mail %d: %w", id, err), "staff.error.no_mail", "There is no such mail.")
	}
	body, err := o.text(m)
	return models.Mail{ID: m.ID, Recipient: m.Recipient, Subject: m.Subject, Body: body}, err
}

// MaxTries is how often a mail is tried before it stays in the outbox for good.
const MaxTries = 8

const unsentMails = storedColumns + `
WHERE sent_at IS NULL AND tries < $1 AND created_at + tries * tries * interval '1 minute' <= $2 ORDER BY id LIMIT 20`

// SendWaiting sends what waits, at most 20 mails a call, and answers how many went out. A mail is counted as tried
// before it is handed over: two processes do not send the same one, and after a crash it goes out at most once more.
func (o *Outbox) SendWaiting(ctx context.Context, by Sender) (sent int, err error) {
	waiting, err := store.Select[stored](ctx, o.db.Pool, unsentMails, MaxTries, o.now())
	if err != nil {
		return 0, fmt.Errorf("look for mails to send: %w", err)
	}
	for _, m := range waiting {
		mine, err := o.db.Pool.Exec(ctx, `UPDATE mails SET tries = tries + 1 WHERE id = $1 AND tries = $2 AND sent_at IS NULL`, m.ID, m.Tries)
		if err != nil {
			return sent, fmt.Errorf("claim mail %d: %w", m.ID, err)
		}
		if mine.RowsAffected() == 0 {
			continue
		}
		if o.send(ctx, by, m) == nil {
			sent++
		}
	}
	return sent, nil
}

func (o *Outbox) send(ctx context.Context, by Sender, m stored) error {
	body, err := o.text(m)
	if err == nil {
		err = by.Send(ctx, m.Recipient, m.Subject, body)
	}
	if err != nil {
		_, note := o.db.Pool.Exec(ctx, `UPDATE mails SET failure = $2 WHERE id = $1`, m.ID, err.Error())
		if note != nil {
			return note
		}
		return err
	}
	_, err = o.db.Pool.Exec(ctx, `UPDATE mails SET sent_at = $2, failure = '', link = NULL WHERE id = $1`, m.ID, o.now())
	return err
}
