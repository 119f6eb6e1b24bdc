package review

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/services/events"
	"pagaduria/services/store"
)

// MostAtOnce bounds how many cases are assigned or tagged together: those of a page.
const MostAtOnce = 200

// lockMany locks cases in the order of their ids, as everybody who takes several does.
const lockMany = "SELECT " + heldColumns + heldTables + "c.id = ANY($1) ORDER BY c.id FOR UPDATE OF c"

func holdMany(tx *gorm.DB, ids []int64) ([]held, error) {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	switch {
	case len(ids) == 0:
		return nil, models.Refuse(models.Invalid, "case.refused.none_ticked", "Tick the cases first.", nil)
	case len(ids) > MostAtOnce:
		return nil, models.Refuse(models.Invalid, "case.refused.many", "These are too many cases at once.", nil)
	}
	list, err := store.SelectTx[held](tx, lockMany, ids)
	if err != nil {
		return nil, fmt.Errorf("lock %d cases: %w", len(ids), err)
	}
	if len(list) != len(ids) {
		return nil, errNoCase
	}
	for _, c := range list {
		if err := needOpen(c); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// HandOver is to whom cases go; To 0 puts them back for anybody to take.
type HandOver struct {
	To   int64
	Note string // what the next one should know
}

// Assign gives cases to somebody who reviews, all of them or none. The next one is told.
func (s *Service) Assign(ctx context.Context, by models.Actor, ids []int64, h HandOver) error {
	if err := forbid(by, models.PermKYCReview); err != nil {
		return err
	}
	if h.Note != "" {
		if err := kyc.CheckNote(h.Note); err != nil {
			return err
		}
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		list, err := holdMany(tx, ids)
		if err != nil {
			return err
		}
		if h.To != 0 {
			if err := s.needOfficer(tx, h.To); err != nil {
				return err
			}
		}
		for _, c := range list {
			if err := s.give(tx, by, c, h); err != nil {
				return err
			}
		}
		return s.tell(tx, by, h.To, list)
	})
}

// needOfficer refuses somebody who does not review, or is away.
func (s *Service) needOfficer(tx *gorm.DB, id int64) error {
	officers, err := s.officers(tx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(officers, func(o kyc.Officer) bool { return o.ID == id })
	switch {
	case i < 0:
		return models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil).WithField("to", "case.fault.officer")
	case officers[i].Away:
		return models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil).WithField("to", "case.fault.away")
	}
	return nil
}

// give changes who has a case, with what the next one should know.
func (s *Service) give(tx *gorm.DB, by models.Actor, c held, h HandOver) error {
	was := c.ReviewerID
	c.assign(h.To, s.Now())
	if h.To != 0 {
		c.Desk = "" // somebody took it off the desk
	}
	if err := save(tx, c); err != nil {
		return err
	}
	if h.Note != "" {
		if err := s.note(tx, by, c.ID, "hand_over", h.Note, nil); err != nil {
			return err
		}
	}
	return record(tx, by, "kyc.assign", c.ID, h.Note, map[string]any{"from": was, "to": h.To})
}

// tell lets somebody know of cases they were given.
func (s *Service) tell(tx *gorm.DB, by models.Actor, to int64, list []held) error {
	if to == 0 || to == by.StaffID || len(list) == 0 {
		return nil
	}
	return events.Record(tx, events.Event{Kind: "case.assigned", SubjectType: "review", SubjectID: list[0].ID, Staff: []int64{to}, Except: by.StaffID,
		Facts: map[string]any{"Who": by.Name, "Name": list[0].Name, "Count": len(list)}})
}

const countFree = `SELECT count(*) FROM kyc_cases c WHERE c.state = 'submitted' AND c.reviewer_id IS NULL AND c.desk = '' AND coalesce(c.snoozed_until, '-infinity') <= $1`

// Plan says what sharing out would do, for somebody to see before.
func (s *Service) Plan(ctx context.Context, by models.Actor) (p kyc.SharePlan, err error) {
	if err := forbid(by, models.PermKYCReview); err != nil {
		return p, err
	}
	k, err := s.Settings(ctx)
	if err != nil {
		return p, err
	}
	officers, err := s.Officers(ctx)
	if err != nil {
		return p, err
	}
	free, err := store.SelectOne[struct{ N int }](ctx, s.DB.Pool, countFree, s.Now())
	if err != nil {
		return p, fmt.Errorf("count cases that nobody has: %w", err)
	}
	turns, shares := kyc.ShareOut(officers, free.N, k.Capacity)
	return kyc.SharePlan{Officers: shares, Cases: free.N, Given: len(turns), Capacity: k.Capacity}, nil
}

const takeFree = `
SELECT ` + heldColumns + heldTables + `c.state = 'submitted' AND c.reviewer_id IS NULL AND c.desk = '' AND coalesce(c.snoozed_until, '-infinity') <= $1
ORDER BY c.queue_at, c.id FOR UPDATE OF c SKIP LOCKED`

// ShareOut gives the cases that nobody has to those who have room, in turn. expected is how many the plan gave.
func (s *Service) ShareOut(ctx context.Context, by models.Actor, expected int) error {
	if err := forbid(by, models.PermKYCReview); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		k, err := settings(tx)
		if err != nil {
			return err
		}
		officers, err := s.officers(tx)
		if err != nil {
			return err
		}
		free, err := store.SelectTx[held](tx, takeFree, s.Now())
		if err != nil {
			return fmt.Errorf("read cases that nobody has: %w", err)
		}
		turns, _ := kyc.ShareOut(officers, len(free), k.Capacity)
		if len(turns) != expected || len(turns) == 0 {
			return models.Refuse(models.Conflict, "case.refused.plan", "The queue changed meanwhile, so nothing was shared out. Look at the plan again.", nil)
		}
		given := map[int64][]held{}
		for i, to := range turns {
			if err := s.give(tx, by, free[i], HandOver{To: to}); err != nil {
				return err
			}
			given[to] = append(given[to], free[i])
		}
		for _, o := range officers {
			if err := s.tell(tx, by, o.ID, given[o.ID]); err != nil {
				return err
			}
		}
		return nil
	})
}

// Escalate puts a case on a named desk, where nobody has it until somebody takes it. Who reviewed it goes on reading it.
func (s *Service) Escalate(ctx context.Context, by models.Actor, id int64, desk kyc.Desk, reason string) error {
	if err := forbid(by, models.PermKYCReview); err != nil {
		return err
	}
	if !desk.Valid() {
		return models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil).WithField("desk", "case.fault.desk")
	}
	if err := kyc.CheckNote(reason); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		c, err := hold(tx, id)
		if err != nil {
			return err
		}
		was := c.ReviewerID
		c.assign(0, s.Now())
		c.Desk = desk
		if err := save(tx, c); err != nil {
			return err
		}
		if err := s.note(tx, by, id, "escalate", reason, nil); err != nil {
			return err
		}
		err = events.Record(tx, events.Event{Kind: "case.escalated", SubjectType: "review", SubjectID: id, Permission: models.PermKYCReview, Except: by.StaffID,
			Facts: map[string]any{"Who": by.Name, "Name": c.Name}})
		if err != nil {
			return err
		}
		return record(tx, by, "kyc.escalate", id, reason, map[string]any{"desk": desk, "from": was})
	})
}

// longestSnooze bounds how long a case is put off.
const longestSnooze = 30 * 24 * time.Hour

// Snooze puts a case off until the beginning of a day: it is not offered before. Its clock goes on. A zero day wakes it.
func (s *Service) Snooze(ctx context.Context, by models.Actor, id int64, until time.Time, why string) error {
	if err := forbid(by, models.PermKYCReview); err != nil {
		return err
	}
	now := s.Now()
	refusal := models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil)
	if !until.IsZero() && (!until.After(models.Day(now)) || until.Sub(now) > longestSnooze) {
		_ = refusal.WithField("until", "case.fault.snooze")
	}
	if kyc.CheckNote(why) != nil && !until.IsZero() {
		_ = refusal.WithField("note", "case.fault.note")
	}
	if len(refusal.Fields) > 0 {
		return refusal
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		c, err := hold(tx, id)
		if err != nil {
			return err
		}
		k, err := settings(tx)
		if err != nil {
			return err
		}
		c.SnoozedUntil = nil
		if until.IsZero() {
			if err := save(tx, c); err != nil {
				return err
			}
			return record(tx, by, "kyc.wake", id, "", nil)
		}
		at := k.Hours.From.On(until)
		c.SnoozedUntil = &at
		if err := save(tx, c); err != nil {
			return err
		}
		if err := s.note(tx, by, id, "snooze", why, nil); err != nil {
			return err
		}
		return record(tx, by, "kyc.snooze", id, why, map[string]any{"until": until.Format(time.DateOnly)})
	})
}

// Tag puts a tag on cases, all of them or none; off takes it away.
func (s *Service) Tag(ctx context.Context, by models.Actor, ids []int64, tag string, off bool) error {
	if err := forbid(by, models.PermKYCReview); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		list, err := holdMany(tx, ids)
		if err != nil {
			return err
		}
		for _, c := range list {
			before := c.Tags
			if off {
				c.Tags = slices.DeleteFunc(slices.Clone(c.Tags), func(t string) bool { return t == tag })
			} else if c.Tags, err = kyc.AddTag(c.Tags, tag); err != nil {
				return err
			}
			if slices.Equal(before, c.Tags) {
				continue
			}
			if err := save(tx, c); err != nil {
				return err
			}
			if err := record(tx, by, "kyc.tag", c.ID, "", map[string]any{"tags": c.Tags}); err != nil {
				return err
			}
		}
		return nil
	})
}

const insertNote = `INSERT INTO kyc_notes (case_id, kind, text, mentions, staff_id, staff_name, at) VALUES ($1, $2, $3, $4, $5, $6, $7)`

func (s *Service) note(tx *gorm.DB, by models.Actor, id int64, kind, text string, mentions []int64) error {
	if mentions == nil {
		mentions = []int64{}
	}
	if _, err := store.ExecTx(tx, insertNote, id, kind, text, mentions, by.StaffID, by.Name, s.Now()); err != nil {
		return fmt.Errorf("keep note on case %d: %w", id, err)
	}
	return nil
}

// Note keeps what a reviewer writes to the others, and tells whom it names by @.
func (s *Service) Note(ctx context.Context, by models.Actor, id int64, text string) error {
	if err := forbid(by, models.PermKYCReview); err != nil {
		return err
	}
	if err := kyc.CheckNote(text); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		rows, err := store.SelectTx[held](tx, "SELECT "+heldColumns+heldTables+"c.id = $1 FOR SHARE OF c", id)
		if err != nil {
			return fmt.Errorf("read case %d: %w", id, err)
		}
		if len(rows) == 0 {
			return errNoCase
		}
		officers, err := s.officers(tx)
		if err != nil {
			return err
		}
		named := kyc.Mentioned(text, officers)
		if err := s.note(tx, by, id, "note", text, named); err != nil {
			return err
		}
		if len(named) > 0 {
			err := events.Record(tx, events.Event{Kind: "case.mentioned", SubjectType: "review", SubjectID: id, Staff: named, Except: by.StaffID,
				Facts: map[string]any{"Who": by.Name, "Name": rows[0].Name}})
			if err != nil {
				return err
			}
		}
		return record(tx, by, "kyc.note", id, "", map[string]any{"mentions": named})
	})
}
