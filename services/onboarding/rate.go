package onboarding

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"pagaduria/services/store"
)

// How many requests a minute are answered by one link and to one address, over all processes. A mobile network brings
// many payees by one address, and a large picture comes in many pieces.
const (
	linkRate    = 90
	pieceRate   = 300
	addressRate = 1800
	ratesKept   = 10 * time.Minute
)

// Both keys in the order of their names, so that no two requests wait for each other.
const countDoor = `
INSERT INTO door_counts AS c (key, minute, n) SELECT k, $2, 1 FROM unnest($1::text[]) AS k ORDER BY k
ON CONFLICT (key, minute) DO UPDATE SET n = c.n + 1 RETURNING key, n`

func doorKey(kind, of string) string {
	h := sha256.Sum256([]byte(kind + " " + of))
	return kind + ":" + hex.EncodeToString(h[:12])
}

// Allow counts a request behind a link and answers whether it is to be answered. Addresses and links are kept as hashes.
func (s *Service) Allow(ctx context.Context, d Door, kind Traffic) (bool, error) {
	most := map[string]int{doorKey("address", d.Address): addressRate, doorKey(string(kind), d.Token): kind.rate()}
	keys := make([]string, 0, len(most))
	for k := range most {
		keys = append(keys, k)
	}
	counted, err := store.Select[struct {
		Key string
		N   int
	}](ctx, s.DB.Pool, countDoor, keys, s.Now().Truncate(time.Minute))
	if err != nil {
		return false, fmt.Errorf("count a request behind a link: %w", err)
	}
	for _, c := range counted {
		if c.N > most[c.Key] {
			return false, nil
		}
	}
	return true, nil
}

// Traffic is what a request behind a link is for.
type Traffic string

// The kinds of traffic.
const (
	Pages  Traffic = "link"
	Pieces Traffic = "piece" // of files
)

func (t Traffic) rate() int {
	if t == Pieces {
		return pieceRate
	}
	return linkRate
}

// forgetRates removes counts that do not count any more.
func (s *Service) forgetRates(ctx context.Context) error {
	if _, err := s.DB.Pool.Exec(ctx, `DELETE FROM door_counts WHERE minute < $1`, s.Now().Add(-ratesKept)); err != nil {
		return fmt.Errorf("forget requests behind links: %w", err)
	}
	return nil
}
