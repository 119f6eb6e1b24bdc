// Package savedviews keeps the filters and columns of lists under a name: a person's own, those shared with everybody,
// and which of them a list opens with.
package savedviews

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

// Service holds the use cases of saved views.
type Service struct {
	DB *store.DB

	recent recentViews
}

const viewColumns = `v.id, v.list, v.name, v.query, v.owner_id, s.name AS owner_name, v.shared, v.version, v.created_at, d.view_id IS NOT NULL`

const selectViews = `SELECT ` + viewColumns + ` FROM saved_views v JOIN staff s ON s.id = v.owner_id
LEFT JOIN default_views d ON d.view_id = v.id AND d.staff_id = $1 WHERE `

// maxListed bounds how many views a menu holds.
const maxListed = 200

// OfList answers the views of a list that this person sees, one's own first, each by name. They may be a second old,
// but for one's own changes and for the view asked for, of which the answer is always certain; 0 asks for none.
func (s *Service) OfList(ctx context.Context, by models.Actor, list models.SavedList, certain int64) ([]models.SavedView, error) {
	if by.StaffID == 0 || !by.May(list.Permission()) {
		return nil, nil
	}
	return s.recent.get(recentKey{by.StaffID, list}, certain, func() ([]models.SavedView, error) {
		views, err := store.Select[models.SavedView](ctx, s.DB.Pool, selectViews+
			`v.list = $2 AND (v.owner_id = $1 OR v.shared) ORDER BY v.owner_id <> $1, lower(v.name), v.id LIMIT $3`, by.StaffID, string(list), maxListed)
		if err != nil {
			return nil, fmt.Errorf("list views of %s: %w", list, err)
		}
		return views, nil
	})
}

var errNoView = models.Refuse(models.NotFound, "view.not_found", "There is no such view.", nil)

// View reads one view for somebody who may see it.
func (s *Service) View(ctx context.Context, by models.Actor, id int64) (models.SavedView, error) {
	v, err := store.SelectOne[models.SavedView](ctx, s.DB.Pool, selectViews+`v.id = $2`, by.StaffID, id)
	if err != nil {
		return v, store.NotFound(fmt.Errorf("read view %d: %w", id, err), errNoView.Key, errNoView.Message)
	}
	if !v.VisibleTo(by) {
		return models.SavedView{}, errNoView
	}
	return v, nil
}

// lock reads one view under its row lock, for somebody who may change it.
func lock(tx *gorm.DB, by models.Actor, id int64) (models.SavedView, error) {
	list, err := store.SelectTx[models.SavedView](tx, selectViews+`v.id = $2 FOR UPDATE OF v`, by.StaffID, id)
	if err != nil {
		return models.SavedView{}, fmt.Errorf("lock view %d: %w", id, err)
	}
	switch {
	case len(list) == 0 || !list[0].VisibleTo(by):
		return models.SavedView{}, errNoView
	case !list[0].ChangeableBy(by):
		return models.SavedView{}, models.Refuse(models.Forbidden, "view.refused.owner", "Only who made a view, or an administrator, changes it.", nil)
	}
	return list[0], nil
}

// New is a view about to be kept.
type New struct {
	List    models.SavedList
	Name    string
	Query   string // cleaned by who knows the list
	Shared  bool
	Default bool // of who keeps it
}

const (
	insertView = `INSERT INTO saved_views (list, name, query, owner_id, shared) VALUES ($1, $2, $3, $4, $5) RETURNING id`
	setDefault = `INSERT INTO default_views (staff_id, list, view_id) VALUES ($1, $2, $3) ON CONFLICT (staff_id, list) DO UPDATE SET view_id = EXCLUDED.view_id`
)

// Save keeps a new view of this person.
func (s *Service) Save(ctx context.Context, by models.Actor, n New) (id int64, err error) {
	v := models.SavedView{List: n.List, OwnerID: by.StaffID}
	if by.StaffID == 0 || !by.May(n.List.Permission()) {
		return 0, models.Refuse(models.Forbidden, "view.refused.list", "Your role does not include the rows of this list.", nil)
	}
	if err := errors.Join(v.Describe(n.Name, n.Query), v.Share(by, n.Shared)); err != nil {
		return 0, err
	}
	err = s.change(ctx, func(tx *gorm.DB) error {
		// The row of the person is locked, so that two clicks count each other.
		own, err := store.SelectTx[struct{ N int }](tx, `SELECT CAST((SELECT count(*) FROM saved_views WHERE owner_id = s.id AND list = $2) AS integer)
			FROM staff s WHERE s.id = $1 FOR UPDATE OF s`, by.StaffID, string(v.List))
		if err != nil {
			return fmt.Errorf("count views of %d: %w", by.StaffID, err)
		}
		if len(own) == 1 && own[0].N >= models.SavedViewsEach {
			return models.Refuse(models.Conflict, "view.refused.many", "You keep as many views of this list as there may be. Remove one first.", map[string]any{"N": models.SavedViewsEach})
		}
		rows, err := store.SelectTx[struct{ ID int64 }](tx, insertView, string(v.List), v.Name, v.Query, v.OwnerID, v.Shared)
		if err != nil {
			return taken(fmt.Errorf("save view: %w", err))
		}
		id = rows[0].ID
		if n.Default {
			if _, err := store.ExecTx(tx, setDefault, by.StaffID, string(v.List), id); err != nil {
				return fmt.Errorf("make view %d the default: %w", id, err)
			}
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "view.save", SubjectType: "view", SubjectID: id, After: facts(v)})
	})
	return id, err
}

// taken says of a name that the person used before that it is.
func taken(err error) error {
	if store.Constraint(err) == "saved_views_name" {
		return models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil).WithField("name", "view.refused.name")
	}
	return err
}

// facts are what the audit log keeps of a view; the filters themselves may name a person.
func facts(v models.SavedView) map[string]any {
	return map[string]any{"list": v.List, "name": v.Name, "shared": v.Shared}
}

// Change is what becomes of a view. Query "" leaves its filters.
type Change struct {
	Name   string
	Query  string
	Shared bool
	Seen   int // version
}

const updateView = `UPDATE saved_views SET name = $3, query = $4, shared = $5, version = version + 1 WHERE id = $1 AND version = $2`

// Change renames a view, replaces its filters, shares it or no longer does. Nobody else opens with a view that is no
// longer shared.
func (s *Service) Change(ctx context.Context, by models.Actor, id int64, c Change) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		v, err := lock(tx, by, id)
		if err != nil {
			return err
		}
		if c.Seen != v.Version {
			return models.Refuse(models.Conflict, "view.refused.stale", "This view changed after you opened it. Load it again.", nil)
		}
		before := v
		if c.Query == "" {
			c.Query = v.Query
		}
		if err := errors.Join(v.Describe(c.Name, c.Query), v.Share(by, c.Shared)); err != nil {
			return err
		}
		if _, err := store.ExecTx(tx, updateView, id, v.Version, v.Name, v.Query, v.Shared); err != nil {
			return taken(fmt.Errorf("change view %d: %w", id, err))
		}
		if before.Shared && !v.Shared {
			if _, err := store.ExecTx(tx, `DELETE FROM default_views WHERE view_id = $1 AND staff_id <> $2`, id, v.OwnerID); err != nil {
				return fmt.Errorf("unshare view %d: %w", id, err)
			}
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "view.change", SubjectType: "view", SubjectID: id, Before: facts(before), After: facts(v)})
	})
}

// Delete removes a view, for everybody when it was shared, and answers the list it was of.
func (s *Service) Delete(ctx context.Context, by models.Actor, id int64) (list models.SavedList, err error) {
	err = s.change(ctx, func(tx *gorm.DB) error {
		v, err := lock(tx, by, id)
		if err != nil {
			return err
		}
		list = v.List
		if _, err := store.ExecTx(tx, `DELETE FROM saved_views WHERE id = $1`, id); err != nil {
			return fmt.Errorf("remove view %d: %w", id, err)
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "view.delete", SubjectType: "view", SubjectID: id, Before: facts(v)})
	})
	return list, err
}

// MakeDefault has a list open with a view for this person, who sees it, and answers the list.
func (s *Service) MakeDefault(ctx context.Context, by models.Actor, id int64) (models.SavedList, error) {
	return s.setDefault(ctx, by, id, setDefault)
}

// DropDefault has a list open unfiltered again for this person.
func (s *Service) DropDefault(ctx context.Context, by models.Actor, id int64) (models.SavedList, error) {
	return s.setDefault(ctx, by, id, `DELETE FROM default_views WHERE staff_id = $1 AND list = $2 AND view_id = $3`)
}

func (s *Service) setDefault(ctx context.Context, by models.Actor, id int64, sql string) (list models.SavedList, err error) {
	err = s.change(ctx, func(tx *gorm.DB) error {
		views, err := store.SelectTx[models.SavedView](tx, selectViews+`v.id = $2 FOR SHARE OF v`, by.StaffID, id)
		if err != nil {
			return fmt.Errorf("read view %d: %w", id, err)
		}
		if len(views) == 0 || !views[0].VisibleTo(by) {
			return errNoView
		}
		v := views[0]
		list = v.List
		if _, err := store.ExecTx(tx, sql, by.StaffID, string(v.List), id); err != nil {
			return fmt.Errorf("default view %d: %w", id, err)
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "view.default", SubjectType: "view", SubjectID: id, After: map[string]any{"list": v.List, "default": sql == setDefault}})
	})
	return list, err
}

// change runs do in a transaction, after which menus are read anew.
func (s *Service) change(ctx context.Context, do func(tx *gorm.DB) error) error {
	defer s.recent.forget()
	return s.DB.InTx(ctx, do)
}
