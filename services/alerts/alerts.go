// Package alerts tells people of what happened: in the app, and by mail as each of them wants it.
package alerts

import (
	"context"
	"fmt"
	"sync"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/mail"
	"pagaduria/services/store"
)

// Compose writes the mail that tells a person, in their language, of one notice or of several.
type Compose func(locale, name string, list []models.Notice) (subject, body string)

// Service holds the use cases of notices.
type Service struct {
	DB      *store.DB
	Mail    *mail.Outbox
	Compose Compose
	Now     func() time.Time

	unread unreadCounts
}

// deliverAtOnce bounds how many events one transaction tells of.
const deliverAtOnce = 100

type waitingEvent struct {
	ID         int64
	Kind       string
	Permission string
}

const (
	waitingEvents = `
SELECT id, kind, permission FROM events WHERE delivered_at IS NULL ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED`
	fanOut = `
INSERT INTO notices (staff_id, event_id, topic, created_at)
SELECT s.id, e.id, $2, $4 FROM events e JOIN staff s ON s.state = 'active' AND s.id <> e.except_id AND (s.id = ANY(e.staff) OR s.roles && $3)
WHERE e.id = $1
ON CONFLICT (event_id, staff_id) DO NOTHING`
	markDelivered = `UPDATE events SET delivered_at = $2 WHERE id = ANY($1)`
)

// Deliver tells people of the events that wait, and answers how many there were. Events that another process is
// delivering are left to it.
func (s *Service) Deliver(ctx context.Context) (int, error) {
	for all := 0; ; {
		n, err := s.deliverSome(ctx)
		all += n
		if err != nil || n < deliverAtOnce {
			return all, err
		}
	}
}

func (s *Service) deliverSome(ctx context.Context) (n int, err error) {
	now := s.Now()
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		list, err := store.SelectTx[waitingEvent](tx, waitingEvents, deliverAtOnce)
		if err != nil {
			return fmt.Errorf("read waiting events: %w", err)
		}
		ids := make([]int64, len(list))
		for i, e := range list {
			ids[i] = e.ID
			if _, err := store.ExecTx(tx, fanOut, e.ID, models.TopicOf(e.Kind), rolesWith(models.Permission(e.Permission)), now); err != nil {
				return fmt.Errorf("deliver event %d: %w", e.ID, err)
			}
		}
		if n = len(ids); n == 0 {
			return nil
		}
		if _, err := store.ExecTx(tx, markDelivered, ids, now); err != nil {
			return fmt.Errorf("mark %d events delivered: %w", n, err)
		}
		return nil
	})
	return n, err
}

// rolesWith are the roles that hold a permission; nobody holds "".
func rolesWith(p models.Permission) []string {
	roles := []string{}
	for _, r := range models.Roles {
		if p != "" && r.Grants(p) {
			roles = append(roles, string(r))
		}
	}
	return roles
}

// unreadFor is how long a count of unread notices is shown again before it is read anew.
const unreadFor = time.Second

// unreadCounts keeps what every page of a person shows.
type unreadCounts struct {
	mu   sync.Mutex
	read map[int64]unreadAt
}

type unreadAt struct {
	at time.Time // by this machine's monotonic clock
	n  int
}

func (u *unreadCounts) get(staff int64) (int, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	known, ok := u.read[staff]
	return known.n, ok && time.Since(known.at) < unreadFor
}

func (u *unreadCounts) keep(staff int64, n int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.read == nil {
		u.read = map[int64]unreadAt{}
	}
	u.read[staff] = unreadAt{time.Now(), n}
}

func (u *unreadCounts) forget(staff int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.read, staff)
}
