package alerts

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/mail"
	"pagaduria/services/store"
)

// mailAtOnce bounds how many notices of a person one round looks at.
const mailAtOnce = 5000

type addressee struct {
	Email  string
	Name   string
	Locale string
	Active bool
}

const (
	mailWaits = `
WITH RECURSIVE w (id) AS (
    (SELECT staff_id FROM notices WHERE mail = 'waiting' ORDER BY staff_id LIMIT 1)
    UNION ALL
    SELECT (SELECT n.staff_id FROM notices n WHERE n.mail = 'waiting' AND n.staff_id > w.id ORDER BY n.staff_id LIMIT 1) FROM w WHERE w.id IS NOT NULL)
SELECT id FROM w WHERE id IS NOT NULL`
	addresseeOf    = `SELECT email, name, locale, state = 'active' FROM staff WHERE id = $1`
	lockMails      = `SELECT pg_try_advisory_xact_lock(hashtext('pagaduria.notices'), CAST($1 AS integer))`
	waitingNotices = `SELECT ` + noticeColumns + noticeTables + ` WHERE n.staff_id = $1 AND n.mail = 'waiting' ORDER BY n.id LIMIT $2 FOR UPDATE OF n`
	markMail       = `UPDATE notices SET mail = $2 WHERE id = ANY($1)`
)

// WriteMails puts the mails that are due into the outbox. One process at a time writes to a person, and a notice or a
// day's digest is mailed once for ever.
func (s *Service) WriteMails(ctx context.Context) error {
	people, err := store.Select[struct{ ID int64 }](ctx, s.DB.Pool, mailWaits)
	if err != nil {
		return fmt.Errorf("whose notices wait for a mail: %w", err)
	}
	for _, p := range people {
		if err := s.DB.InTx(ctx, func(tx *gorm.DB) error { return s.writeTo(tx, p.ID) }); err != nil {
			return fmt.Errorf("write mails to %d: %w", p.ID, err)
		}
	}
	return nil
}

func (s *Service) writeTo(tx *gorm.DB, staff int64) error {
	mine, err := store.SelectTx[struct{ Yes bool }](tx, lockMails, staff)
	if err != nil || !mine[0].Yes {
		return err
	}
	list, err := store.SelectTx[models.Notice](tx, waitingNotices, staff, mailAtOnce)
	if err != nil || len(list) == 0 {
		return err
	}
	people, err := store.SelectTx[addressee](tx, addresseeOf, staff)
	if err != nil {
		return err
	}
	var wants models.NoticePreferences
	err = store.Conn(tx, func(c *pgx.Conn) error {
		wants, err = preferencesOf(tx.Statement.Context, c, staff)
		return err
	})
	if err != nil {
		return err
	}
	now, to := s.Now(), people[0]
	sorted := sortOut(list, wants, to.Active, now)
	for _, n := range sorted.now {
		if err := s.write(tx, to, []models.Notice{n}, "notice "+strconv.FormatInt(n.ID, 10)); err != nil {
			return err
		}
	}
	once := fmt.Sprintf("digest %d %s", staff, models.Day(wants.DigestBefore(now)).Format(time.DateOnly))
	if sorted.digest, err = s.writeDigest(tx, to, sorted.digest, once); err != nil {
		return err
	}
	if _, err := store.ExecTx(tx, markMail, idsOf(sorted.now, sorted.digest), "sent"); err != nil {
		return err
	}
	_, err = store.ExecTx(tx, markMail, idsOf(sorted.none), "none")
	return err
}

// writeDigest answers which notices are in the day's digest: none when it went out before, because its hour was changed
// since; these are for the next one.
func (s *Service) writeDigest(tx *gorm.DB, to addressee, list []models.Notice, once string) ([]models.Notice, error) {
	if len(list) == 0 {
		return nil, nil
	}
	told, err := store.SelectTx[struct{ Yes bool }](tx, `SELECT EXISTS (SELECT 1 FROM mails WHERE once = $1)`, once)
	if err != nil || told[0].Yes {
		return nil, err
	}
	return list, s.write(tx, to, list, once)
}

func (s *Service) write(tx *gorm.DB, to addressee, list []models.Notice, once string) error {
	subject, body := s.Compose(to.Locale, to.Name, list)
	return s.Mail.Write(tx, mail.Message{To: to.Email, Subject: subject, Body: body, Once: once})
}

// due is what becomes of waiting notices now; what is in none of its lists goes on waiting.
type due struct{ now, digest, none []models.Notice }

func sortOut(list []models.Notice, wants models.NoticePreferences, active bool, now time.Time) (d due) {
	for _, n := range list {
		switch {
		case !active, n.ReadAt != nil: // seen in the app already
			d.none = append(d.none, n)
		case slices.Contains(wants.Now, n.Topic):
			if wants.MayMail(n.Topic, now) {
				d.now = append(d.now, n)
			}
		case slices.Contains(wants.Digest, n.Topic):
			if !wants.DigestAfter(n.CreatedAt).After(now) && !wants.Quiet(now) {
				d.digest = append(d.digest, n)
			}
		default:
			d.none = append(d.none, n)
		}
	}
	return d
}

func idsOf(lists ...[]models.Notice) []int64 {
	ids := []int64{}
	for _, list := range lists {
		for _, n := range list {
			ids = append(ids, n.ID)
		}
	}
	return ids
}
