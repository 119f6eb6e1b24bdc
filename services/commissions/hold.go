package commissions

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

// Hold keeps eligible lines back, with a reason. They stay owed: the ledger does not change. Lines that are
// not eligible any more are left as they are; the answer is how many were held, and their sum.
func (s *Service) Hold(ctx context.Context, by models.Actor, choice models.LineChoice, reason string) (models.Sum, error) {
	reason = strings.TrimSpace(reason)
	if reason == "" {
		return models.Sum{}, models.Refuse(models.Invalid, "commissions.refused.reason", "Say why these lines are held.", nil).
			WithField("note", "commissions.refused.reason")
	}
	return s.move(ctx, by, choice, change{models.CommissionEligible, models.CommissionHeld, reason, "commission.hold"})
}

// Release makes held lines eligible again.
func (s *Service) Release(ctx context.Context, by models.Actor, choice models.LineChoice, reason string) (models.Sum, error) {
	return s.move(ctx, by, choice, change{models.CommissionHeld, models.CommissionEligible, strings.TrimSpace(reason), "commission.release"})
}

// Chosen counts and adds up the lines of a choice that stand in a state, so that a person knows before deciding.
func (s *Service) Chosen(ctx context.Context, choice models.LineChoice, from models.CommissionState) (models.Sum, error) {
	where, err := s.chosen(ctx, choice, from)
	if err != nil {
		return models.Sum{}, err
	}
	where.and("l.state = @from", "from", string(from))
	return s.sum(ctx, s.DB.Pool, where)
}

// change is what happens to a set of lines.
type change struct {
	from, to models.CommissionState
	reason   string
	action   string
}

// moved is one line that was changed, as the audit log keeps it.
type moved struct {
	ID     int64
	Amount models.Money
	Reason string // before
}

func (s *Service) move(ctx context.Context, by models.Actor, choice models.LineChoice, c change) (models.Sum, error) {
	if !by.May(models.PermCommissionsEdit) {
		return models.Sum{}, models.Refuse(models.Forbidden, "commissions.refused.role", "Only finance can hold and release commission lines.", nil)
	}
	if !c.from.CanMoveTo(c.to) {
		return models.Sum{}, fmt.Errorf("a commission line cannot move from %s to %s", c.from, c.to)
	}
	where, err := s.chosen(ctx, choice, c.from)
	if err != nil {
		return models.Sum{}, err
	}
	var done models.Sum
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		done = models.Sum{Total: models.Centavos(0)}
		lines, err := moveLines(tx, where, c, s.Now())
		if err != nil {
			return err
		}
		for _, l := range lines {
			done.Count++
			done.Total = done.Total.Add(l.Amount)
		}
		if choice.All && done != choice.Seen {
			return listChanged(choice.Seen.Count, done.Count)
		}
		if done.Count == 0 {
			return models.Refuse(models.Conflict, "commissions.refused.moved_on",
				"None of these lines is "+string(c.from)+" any more. Load the list again to see where they stand.", nil)
		}
		return audit.RecordAll(tx, events(by, lines, c))
	})
	if err != nil {
		return models.Sum{}, err
	}
	return done, nil
}

func listChanged(seen, found int64) error {
	return models.Refuse(models.Conflict, "commissions.refused.list_changed",
		fmt.Sprintf("The list changed after you opened it: %d lines matched then, %d do now. Nothing was changed. Load it again before you decide.", seen, found),
		map[string]any{"Seen": seen, "Found": found})
}

// chosen is the condition that selects the lines of a choice.
func (s *Service) chosen(ctx context.Context, choice models.LineChoice, from models.CommissionState) (*condition, error) {
	if !choice.All {
		if len(choice.IDs) == 0 {
			return nil, models.Refuse(models.Invalid, "commissions.refused.none_ticked", "Tick the lines first.", nil)
		}
		c := &condition{args: pgx.NamedArgs{}}
		c.and("l.id = ANY(@ids)", "ids", choice.IDs)
		return c, nil
	}
	check, err := s.railCheck(ctx)
	if err != nil {
		return nil, err
	}
	f := choice.Filter
	if f.State != "" && f.State != from {
		return nil, models.Refuse(models.Conflict, "commissions.refused.moved_on",
			"None of these lines is "+string(from)+" any more. Load the list again to see where they stand.", nil)
	}
	f.State = from
	return s.conditions(f, check, true), nil
}

// moveLines locks the lines in order of id, as batches do, and changes those still in the state they come from.
func moveLines(tx *gorm.DB, where *condition, c change, now time.Time) ([]moved, error) {
	where.args["from"], where.args["to"], where.args["now"] = string(c.from), string(c.to), now
	where.args["reason"] = ""
	if c.to == models.CommissionHeld {
		where.args["reason"] = c.reason
	}
	sql := `WITH chosen AS (
    SELECT l.id, l.reason FROM ` + where.from() + ` WHERE l.state = @from AND ` + where.sql() + ` ORDER BY l.id FOR NO KEY UPDATE OF l
)
UPDATE commission_lines u SET state = @to, reason = @reason, version = u.version + 1, updated_at = @now
FROM chosen WHERE u.id = chosen.id AND u.state = @from
RETURNING u.id, u.amount, chosen.reason`
	lines, err := store.SelectTx[moved](tx, sql, where.args)
	if err != nil {
		return nil, fmt.Errorf("move commission lines to %s: %w", c.to, err)
	}
	return lines, nil
}

// events tells of each line by itself, so that its own history is complete.
func events(by models.Actor, lines []moved, c change) []audit.Entry {
	list := make([]audit.Entry, len(lines))
	for i, l := range lines {
		list[i] = audit.Entry{By: by, Action: c.action, SubjectType: "commission", SubjectID: l.ID, Reason: c.reason,
			Before: map[string]any{"state": c.from, "reason": l.Reason}, After: map[string]any{"state": c.to}}
	}
	return list
}
