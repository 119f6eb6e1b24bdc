// Package screening keeps sanctions lists, compares payees with them, and stops the payouts of those who may be listed
// until a person decided.
package screening

import (
	"context"
	"fmt"
	"sync"
	"time"

	"pagaduria/models"
	"pagaduria/models/sanctions"
	"pagaduria/services/blobs"
	"pagaduria/services/store"
)

// Service holds what the use cases need. One serves a whole process: it keeps the lists in force in memory.
type Service struct {
	DB    *store.DB
	Blobs *blobs.Store
	Now   func() time.Time

	mu      sync.Mutex
	current *lists
	changes map[int64]*lists // by the version they start after
}

// forbid refuses an actor who lacks a permission, whatever door was used.
func forbid(by models.Actor, p models.Permission) error {
	if by.May(p) {
		return nil
	}
	return models.Refuse(models.Forbidden, "error.not_yours", "Your role does not allow this. Ask an administrator if you need it.", nil)
}

// lists are entries in memory, ready to be searched.
type lists struct {
	through int64 // the version up to which they are complete, 0 without a list
	index   *sanctions.Index
	ids     map[*sanctions.Entry]listedRow
}

// listedRow is where an entry of the index is kept.
type listedRow struct {
	id   int64
	hash []byte
}

const (
	lastVersion     = `SELECT coalesce(max(id), 0) FROM sanctions_versions`
	entriesInForce  = `SELECT id, list, number, data, hash FROM sanctions_entries WHERE since_id > $1 AND since_id <= $2 AND (until_id IS NULL OR until_id > $2) ORDER BY id`
	thresholdsInUse = `SELECT review, hold FROM screening_thresholds ORDER BY id DESC LIMIT 1`
)

// Thresholds are the scores in force.
func (s *Service) Thresholds(ctx context.Context) (sanctions.Thresholds, error) {
	t, err := store.SelectOne[sanctions.Thresholds](ctx, s.DB.Pool, thresholdsInUse)
	if err != nil {
		return t, fmt.Errorf("read thresholds: %w", err)
	}
	return t, nil
}

// inForce answers the lists as they are now. A process reads them again only when another version is in force.
func (s *Service) inForce(ctx context.Context) (*lists, error) {
	var last int64
	if err := s.DB.Pool.QueryRow(ctx, lastVersion).Scan(&last); err != nil {
		return nil, fmt.Errorf("read version of lists: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil && s.current.through == last {
		return s.current, nil
	}
	l, err := s.read(ctx, 0, last)
	if err != nil {
		return nil, err
	}
	s.current, s.changes = l, map[int64]*lists{}
	return l, nil
}

// since answers what was added or changed after a version, up to the lists given; what is the same need not be compared
// again.
func (s *Service) since(ctx context.Context, version int64, now *lists) (*lists, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l, ok := s.changes[version]; ok && l.through == now.through {
		return l, nil
	}
	l, err := s.read(ctx, version, now.through)
	if err == nil && s.current == now {
		s.changes[version] = l
	}
	return l, err
}

func (s *Service) read(ctx context.Context, after, through int64) (*lists, error) {
	type row struct {
		ID     int64
		List   sanctions.List
		Number string
		Data   string
		Hash   []byte
	}
	rows, err := store.Select[row](ctx, s.DB.Pool, entriesInForce, after, through)
	if err != nil {
		return nil, fmt.Errorf("read lists: %w", err)
	}
	entries := make([]sanctions.Entry, len(rows))
	for i, r := range rows {
		if entries[i], err = entryOf(r.List, r.Number, r.Data); err != nil {
			return nil, err
		}
	}
	l := &lists{through: through, index: sanctions.NewIndex(entries), ids: make(map[*sanctions.Entry]listedRow, len(rows))}
	for i, r := range rows {
		l.ids[&entries[i]] = listedRow{r.ID, r.Hash}
	}
	return l, nil
}
