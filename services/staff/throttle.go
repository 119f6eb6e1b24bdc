package staff

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"sort"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/store"
)

// limit slows attempts down: the first free ones cost nothing, each further one doubles the wait, up to most.
type limit struct {
	key  string
	free int
	most time.Duration
}

// throttleMemory is how long failures count.
const throttleMemory = 6 * time.Hour

// limits are what one attempt is counted against. A stranger who tries many passwords of one account, or many
// accounts from one address, is slowed down by the wide limits; a person at an address where they signed in before
// (known) only by the pair of account and address. So nobody can lock somebody else out, and no wait is longer
// than minutes.
func (s *Service) limits(kind, account, address string, known bool) []limit {
	pair := limit{throttleKey(kind+" pair", account, address), 4, 5 * time.Minute}
	if known {
		return []limit{pair}
	}
	return []limit{pair,
		{throttleKey(kind+" account", account), 20, 2 * time.Minute},
		{throttleKey(kind+" address", address), 50, time.Minute}}
}

// throttleKey keeps what strangers type out of the table, and its length bounded.
func throttleKey(kind string, parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d %s", len(p), p)
	}
	return kind + ":" + hex.EncodeToString(h.Sum(nil)[:16])
}

// chargeAttempt counts an attempt unless the key is blocked: then no row comes back.
const chargeAttempt = `
INSERT INTO sign_in_throttles AS t (key, failures, blocked_until, updated_at)
VALUES (@key, 1, @now, @now)
ON CONFLICT (key) DO UPDATE SET
    failures = CASE WHEN t.updated_at < @forget THEN 1 ELSE t.failures + 1 END,
    blocked_until = CASE WHEN t.updated_at < @forget OR t.failures < @free THEN CAST(@now AS timestamptz)
        ELSE CAST(@now AS timestamptz) + make_interval(secs => least(@most, power(2, least(t.failures - @free, 20)))) END,
    updated_at = @now
WHERE t.blocked_until <= @now
RETURNING failures`

// charge counts an attempt against all limits before it is tried, so that many at once are counted too. It is
// refused when any of them is blocked. Whoever succeeds gives it back with refund.
func (s *Service) charge(ctx context.Context, limits []limit) ([]limit, error) {
	sort.Slice(limits, func(i, j int) bool { return limits[i].key < limits[j].key }) // one order of locks
	err := s.db.InTx(ctx, func(tx *gorm.DB) error {
		for _, l := range limits {
			now := s.now()
			counted, err := store.SelectTx[struct{ Failures int }](tx, chargeAttempt, pgx.NamedArgs{
				"key": l.key, "now": now, "forget": now.Add(-throttleMemory), "free": l.free, "most": l.most.Seconds()})
			if err != nil {
				return fmt.Errorf("count a sign-in attempt: %w", err)
			}
			if len(counted) == 0 {
				return s.blocked(tx, l.key, now)
			}
		}
		return nil
	})
	return limits, err
}

// blocked says how long to wait.
func (s *Service) blocked(tx *gorm.DB, key string, now time.Time) error {
	rows, err := store.SelectTx[struct{ Until time.Time }](tx, `SELECT blocked_until FROM sign_in_throttles WHERE key = $1`, key)
	if err != nil {
		return fmt.Errorf("read a sign-in limit: %w", err)
	}
	seconds := 1
	if len(rows) == 1 {
		seconds = max(1, int(math.Ceil(rows[0].Until.Sub(now).Seconds())))
	}
	return models.Refuse(models.Unavailable, throttledKey,
		fmt.Sprintf("Too many attempts. Try again in %d seconds.", seconds), map[string]any{"Seconds": seconds})
}

const throttledKey = "signin.error.throttled"

// Throttled answers whether err is a refusal because of too many attempts.
func Throttled(err error) bool {
	var e *models.Error
	return errors.As(err, &e) && e.Key == throttledKey
}

// refund gives back what a good attempt was charged: the pair is forgotten, the wide limits lose one.
func (s *Service) refund(ctx context.Context, limits []limit) error {
	keys := make([]string, len(limits))
	for i, l := range limits {
		keys[i] = l.key
	}
	_, err := s.db.Pool.Exec(ctx, `
WITH gone AS (DELETE FROM sign_in_throttles WHERE key = ANY ($1) AND (failures <= 1 OR key LIKE '% pair:%'))
UPDATE sign_in_throttles SET failures = failures - 1, blocked_until = updated_at
WHERE key = ANY ($1) AND failures > 1 AND key NOT LIKE '% pair:%'`, keys)
	if err != nil {
		return fmt.Errorf("give a sign-in attempt back: %w", err)
	}
	return nil
}
