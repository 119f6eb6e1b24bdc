package alerts

import (
	"context"
	"fmt"
	"time"
)

// How long notices are kept: those that were read a quarter, so that one finds again what one saw; those that were not a
// year, because whoever was away that long asks what they missed. What happened stays in the audit log.
const (
	KeepRead   = 90 * 24 * time.Hour
	KeepUnread = 365 * 24 * time.Hour
)

// tidyAtOnce bounds how many rows one statement removes, so that nobody waits for it.
const tidyAtOnce = 5000

const (
	oldNotices = `DELETE FROM notices WHERE id IN (SELECT id FROM notices WHERE read_at < $1 OR read_at IS NULL AND created_at < $2 ORDER BY id LIMIT $3)`
	// Events that are told once keep others of their text from being told again, so they stay.
	oldEvents = `DELETE FROM events WHERE id IN (SELECT e.id FROM events e WHERE e.delivered_at < $1 AND e.once = ''
    AND NOT EXISTS (SELECT 1 FROM notices n WHERE n.event_id = e.id) ORDER BY e.id LIMIT $2)`
)

// Tidy removes notices that were kept long enough, and the events that nobody has a notice of any more.
func (s *Service) Tidy(ctx context.Context) error {
	now := s.Now()
	if err := s.removeAll(ctx, oldNotices, now.Add(-KeepRead), now.Add(-KeepUnread), tidyAtOnce); err != nil {
		return fmt.Errorf("remove old notices: %w", err)
	}
	if err := s.removeAll(ctx, oldEvents, now.Add(-KeepUnread), tidyAtOnce); err != nil {
		return fmt.Errorf("remove old events: %w", err)
	}
	return nil
}

// removeAll runs a statement that removes a bounded number of rows until there are none left.
func (s *Service) removeAll(ctx context.Context, sql string, args ...any) error {
	for {
		tag, err := s.DB.Pool.Exec(ctx, sql, args...)
		if err != nil || tag.RowsAffected() < tidyAtOnce {
			return err
		}
	}
}
