package screening

import (
	"context"
	"fmt"
	"time"

	"pagaduria/models"
	"pagaduria/models/sanctions"
	"pagaduria/services/store"
)

// versionsShown is how many versions the page of lists shows: a year of daily editions of both.
const versionsShown = 200

const versionColumns = `v.id, v.list, v.generated_on, v.entries, v.names, v.documents, v.added, v.removed, v.changed, v.files, v.staff_name, v.loaded_at, v.confirmed_at,
    NOT EXISTS (SELECT 1 FROM sanctions_versions l WHERE l.list = v.list AND l.id > v.id)`

// Versions lists the versions of the lists, newest first.
func (s *Service) Versions(ctx context.Context) ([]models.ListVersion, error) {
	list, err := store.Select[models.ListVersion](ctx, s.DB.Pool, "SELECT "+versionColumns+" FROM sanctions_versions v ORDER BY v.id DESC LIMIT $1", versionsShown)
	if err != nil {
		return nil, fmt.Errorf("list versions of lists: %w", err)
	}
	return list, nil
}

// Version reads one version.
func (s *Service) Version(ctx context.Context, id int64) (models.ListVersion, error) {
	v, err := store.SelectOne[models.ListVersion](ctx, s.DB.Pool, "SELECT "+versionColumns+" FROM sanctions_versions v WHERE v.id = $1", id)
	if err != nil {
		return v, store.NotFound(fmt.Errorf("read version %d: %w", id, err), "screening.version_not_found", "There is no such version.")
	}
	return v, nil
}

// ChangesShown is how many entries the page of a version shows at a time.
const ChangesShown = 100

// changesOf are the entries that a version added, removed or changed: one that changed ends as one row and begins as another.
const changesOf = `
SELECT id, number, name, what FROM (
    SELECT n.id, n.number, n.name, CASE WHEN o.id IS NULL THEN 'added' ELSE 'changed' END AS what
    FROM sanctions_entries n LEFT JOIN sanctions_entries o ON o.list = n.list AND o.number = n.number AND o.until_id = n.since_id WHERE n.since_id = @version
    UNION ALL
    SELECT o.id, o.number, o.name, 'removed' FROM sanctions_entries o
    WHERE o.until_id = @version AND NOT EXISTS (SELECT 1 FROM sanctions_entries n WHERE n.list = o.list AND n.number = o.number AND n.since_id = o.until_id)
) c WHERE (@what = '' OR what = @what) AND `

// Changes lists who a version added, removed or changed, what "" for all.
func (s *Service) Changes(ctx context.Context, version int64, what string, c store.Cursor) (store.Page[models.ListChange], error) {
	args := c.Bind(map[string]any{"version": version, "what": what, "size": ChangesShown + 1})
	rows, err := store.Select[models.ListChange](ctx, s.DB.Pool, changesOf+c.Where("", "id")+" ORDER BY "+c.Order("", "id")+" LIMIT @size", args)
	if err != nil {
		return store.Page[models.ListChange]{}, fmt.Errorf("list changes of version %d: %w", version, err)
	}
	return store.MakePage(rows, ChangesShown, c, func(x models.ListChange) store.Cursor { return store.Cursor{ID: x.EntryID} }), nil
}

const entryByID = `
SELECT e.id, e.list, e.number, e.data, e.since_id, v.loaded_at, coalesce(e.until_id, 0), u.loaded_at
FROM sanctions_entries e JOIN sanctions_versions v ON v.id = e.since_id LEFT JOIN sanctions_versions u ON u.id = e.until_id WHERE e.id = $1`

type entryRow struct {
	ID      int64
	List    sanctions.List
	Number  string
	Data    string
	SinceID int64
	Since   time.Time
	UntilID int64
	Until   *time.Time
}

func (r entryRow) listed() (models.ListedEntry, error) {
	e, err := entryOf(r.List, r.Number, r.Data)
	return models.ListedEntry{ID: r.ID, List: r.List, Number: r.Number, Entry: e, SinceID: r.SinceID, Since: r.Since, UntilID: r.UntilID, Until: r.Until}, err
}

// Entry reads one entry as it was published.
func (s *Service) Entry(ctx context.Context, id int64) (models.ListedEntry, error) {
	r, err := store.SelectOne[entryRow](ctx, s.DB.Pool, entryByID, id)
	if err != nil {
		return models.ListedEntry{}, store.NotFound(fmt.Errorf("read entry %d: %w", id, err), "screening.entry_not_found", "There is no such entry.")
	}
	return r.listed()
}

// Search compares one name with the lists in force. It changes nothing.
func (s *Service) Search(ctx context.Context, q sanctions.Query) (a models.Screened, err error) {
	if a.Thresholds, err = s.Thresholds(ctx); err != nil {
		return a, err
	}
	l, err := s.inForce(ctx)
	if err != nil {
		return a, err
	}
	if a.Lists, err = s.versionsInForce(ctx); err != nil {
		return a, err
	}
	hits := l.index.Search(q, a.Thresholds.Review)
	a.Level = a.Thresholds.Worst(hits)
	for _, h := range hits {
		a.Hits = append(a.Hits, models.ScreenedHit{Hit: h, EntryID: l.ids[h.Entry].id, Level: a.Thresholds.Of(h)})
	}
	return a, nil
}

// SearchMany compares many names with the lists as they are at the beginning.
func (s *Service) SearchMany(ctx context.Context) (search func(sanctions.Query) ([]sanctions.Hit, sanctions.Thresholds), err error) {
	thresholds, err := s.Thresholds(ctx)
	if err != nil {
		return nil, err
	}
	l, err := s.inForce(ctx)
	if err != nil {
		return nil, err
	}
	return func(q sanctions.Query) ([]sanctions.Hit, sanctions.Thresholds) {
		return l.index.Search(q, thresholds.Review), thresholds
	}, nil
}

func (s *Service) versionsInForce(ctx context.Context) ([]models.ListVersion, error) {
	list, err := store.Select[models.ListVersion](ctx, s.DB.Pool, "SELECT "+versionColumns+" FROM sanctions_versions v WHERE v.id IN (SELECT max(id) FROM sanctions_versions GROUP BY list) ORDER BY v.list")
	if err != nil {
		return nil, fmt.Errorf("list lists in force: %w", err)
	}
	return list, nil
}
