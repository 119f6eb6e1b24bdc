// Package requests keeps changes that need a second person: one asks, another consents, and the change is applied in
// the transaction of the consent. What a kind of change means is the business of the area that registers it.
package requests

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/events"
	"pagaduria/services/store"
)

// Kind is one kind of change.
type Kind struct {
	Name models.RequestKind
	// Decides is the permission of who may consent.
	Decides models.Permission
	// Sees is the permission of who may know of such requests at all; "" for everybody who sees requests.
	Sees models.Permission
	// Apply makes the change, in the transaction of the consent; by is who consents. An error refuses the consent and
	// leaves the request open: it must say what stands in the way.
	Apply func(tx *gorm.DB, by models.Actor, r models.Request) error
	// Drop undoes what asking for it did, when it is refused or withdrawn; nil when there is nothing.
	Drop func(tx *gorm.DB, by models.Actor, r models.Request) error
	// Whole answers the lines unmasked, when Changes mask personal data; nil when they are whole.
	Whole func(r models.Request) ([]models.Change, error)
}

// Service decides on requests.
type Service struct {
	DB    *store.DB
	Kinds []Kind
	Now   func() time.Time
}

// New is a request about to be made.
type New struct {
	Kind        models.RequestKind
	SubjectType string
	SubjectID   int64
	SubjectName string // as people call it; empty shows the id
	Payload     any    // of the kind, kept as JSON
	Changes     []models.Change
	Reason      string
	Decides     models.Permission // as of its Kind: these people are told
}

const insertRequest = `
INSERT INTO requests (kind, subject_type, subject_id, subject_name, payload, changes, reason, maker_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (kind, subject_type, subject_id) WHERE state = 'open' DO NOTHING RETURNING id`

// Open makes a request in the transaction tx, tells those who may decide, and returns its id. While one of the same
// kind and subject is open, another one is a Conflict.
func Open(tx *gorm.DB, by models.Actor, n New) (int64, error) {
	payload, err := json.Marshal(n.Payload)
	if err != nil {
		return 0, fmt.Errorf("request %s: %w", n.Kind, err)
	}
	changes := n.Changes
	if changes == nil {
		changes = []models.Change{}
	}
	lines, err := json.Marshal(changes)
	if err != nil {
		return 0, fmt.Errorf("request %s: %w", n.Kind, err)
	}
	rows, err := store.SelectTx[struct{ ID int64 }](tx, insertRequest, n.Kind, n.SubjectType, n.SubjectID, n.SubjectName, string(payload), string(lines), n.Reason, by.StaffID)
	if err != nil {
		return 0, fmt.Errorf("request %s of %s %d: %w", n.Kind, n.SubjectType, n.SubjectID, err)
	}
	if len(rows) == 0 {
		return 0, models.Refuse(models.Conflict, "request.refused.open", "The same change was asked for already and waits for a second person.", nil)
	}
	id := rows[0].ID
	err = events.Record(tx, events.Event{Kind: "request.made", SubjectType: "request", SubjectID: id, Permission: n.Decides, Except: by.StaffID,
		Facts: map[string]any{"Kind": n.Kind, "Who": by.Name}})
	if err != nil {
		return 0, err
	}
	return id, audit.Record(tx, audit.Entry{By: by, Action: "request.make", SubjectType: "request", SubjectID: id, Reason: n.Reason,
		After: map[string]any{"kind": n.Kind, "subject_type": n.SubjectType, "subject_id": n.SubjectID, "changes": changes}})
}

// Verdict is a second person's decision on what was on the screen.
type Verdict struct {
	Grant    bool
	Answer   string
	Seen     int       // version
	FactorAt time.Time // when the second factor was last given
}

// Decide grants or refuses a request. A grant needs a fresh second factor, and the change is applied with it or not at all.
func (s *Service) Decide(ctx context.Context, by models.Actor, id int64, v Verdict) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		r, kind, err := s.lock(tx, id)
		if err != nil {
			return err
		}
		now := s.Now()
		if err := r.Decide(by, kind.Decides, v.Grant, v.Answer, now); err != nil {
			return err
		}
		switch {
		case v.Seen != r.Version:
			return models.Refuse(models.Conflict, "request.refused.stale", "This request changed after you opened it. Load it again before you decide.", nil)
		case v.Grant && now.Sub(v.FactorAt).Abs() > models.FactorWindow:
			return models.Refuse(models.Forbidden, "request.refused.factor", "Give a fresh code from your authenticator app: the last one is older than five minutes.", nil)
		case v.Grant:
			err = kind.Apply(tx, by, r)
		case kind.Drop != nil:
			err = kind.Drop(tx, by, r)
		}
		if err != nil {
			return err
		}
		return s.save(tx, by, r)
	})
}

// Withdraw takes a request back for its maker.
func (s *Service) Withdraw(ctx context.Context, by models.Actor, id int64) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		r, kind, err := s.lock(tx, id)
		if err != nil {
			return err
		}
		if err := r.Withdraw(by, s.Now()); err != nil {
			return err
		}
		if kind.Drop != nil {
			if err := kind.Drop(tx, by, r); err != nil {
				return err
			}
		}
		return s.save(tx, by, r)
	})
}

func (s *Service) lock(tx *gorm.DB, id int64) (models.Request, Kind, error) {
	rows, err := store.SelectTx[models.Request](tx, `SELECT `+requestColumns+requestTables+` WHERE r.id = $1 FOR UPDATE OF r`, id)
	if err != nil {
		return models.Request{}, Kind{}, fmt.Errorf("lock request %d: %w", id, err)
	}
	if len(rows) == 0 {
		return models.Request{}, Kind{}, errNoRequest
	}
	kind, err := s.kind(rows[0].Kind)
	return rows[0], kind, err
}

func (s *Service) kind(name models.RequestKind) (Kind, error) {
	for _, k := range s.Kinds {
		if k.Name == name {
			return k, nil
		}
	}
	return Kind{}, fmt.Errorf("there is no kind of request %q", name)
}

const saveRequest = `UPDATE requests SET state = $3, decider_id = NULLIF($4, 0), decided_at = $5, answer = $6, version = version + 1 WHERE id = $1 AND version = $2`

// save writes the decision, tells the maker, and records it.
func (s *Service) save(tx *gorm.DB, by models.Actor, r models.Request) error {
	n, err := store.ExecTx(tx, saveRequest, r.ID, r.Version, r.State, r.DeciderID, r.DecidedAt, r.Answer)
	if err != nil {
		return fmt.Errorf("save request %d: %w", r.ID, err)
	}
	if n != 1 {
		return fmt.Errorf("save request %d: version %d is gone although the row is locked", r.ID, r.Version)
	}
	err = events.Record(tx, events.Event{Kind: "request." + string(r.State), SubjectType: "request", SubjectID: r.ID, Staff: []int64{r.MakerID}, Except: by.StaffID,
		Facts: map[string]any{"Kind": r.Kind, "Who": by.Name, "Reason": r.Answer}})
	if err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{By: by, Action: "request." + string(r.State), SubjectType: "request", SubjectID: r.ID, Reason: r.Answer,
		Before: map[string]any{"state": models.RequestOpen}, After: map[string]any{"state": r.State, "kind": r.Kind, "subject_type": r.SubjectType, "subject_id": r.SubjectID}})
}

var errNoRequest = models.Refuse(models.NotFound, "request.not_found", "There is no such request.", nil)
