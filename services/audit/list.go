package audit

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"pagaduria/models"
	"pagaduria/models/sheet"
	"pagaduria/services/store"
)

// PageSize is how many events a page of the log shows.
const PageSize = 50

const selectEvents = `
SELECT e.id, e.at, e.actor_id, e.actor_name, e.address, e.session_id, e.action, e.subject_type, e.subject_id, e.reason,
    COALESCE(CAST(e.before AS text), ''), COALESCE(CAST(e.after AS text), ''), s.event_id IS NOT NULL
FROM audit_events e LEFT JOIN audit_seals s ON s.event_id = e.id
WHERE `

// List is one page of the log, newest first.
func List(ctx context.Context, db *store.DB, f models.AuditFilter, c store.Cursor) (store.Page[models.AuditEvent], error) {
	where, args := conditions(f)
	args["size"] = PageSize + 1
	sql := selectEvents + where + " AND " + c.Where("", "e.id") + " ORDER BY " + c.Order("", "e.id") + " LIMIT @size"
	rows, err := store.Select[models.AuditEvent](ctx, db.Pool, sql, c.Bind(args))
	if err != nil {
		return store.Page[models.AuditEvent]{}, fmt.Errorf("list audit events: %w", err)
	}
	return store.MakePage(rows, PageSize, c, func(e models.AuditEvent) store.Cursor { return store.Cursor{ID: e.ID} }), nil
}

// conditions are the WHERE of a filter; every value is bound, never written into the statement.
func conditions(f models.AuditFilter) (string, pgx.NamedArgs) {
	where, args := []string{"TRUE"}, pgx.NamedArgs{}
	and := func(condition, name string, value any) {
		where = append(where, condition)
		args[name] = value
	}
	if f.ActorID != 0 {
		and("e.actor_id = @actor", "actor", f.ActorID)
	}
	if f.ActorName != "" {
		and("e.actor_id = 0 AND e.actor_name = @actor_name", "actor_name", f.ActorName)
	}
	switch {
	case strings.HasSuffix(f.Action, "."):
		and("starts_with(e.action, @action)", "action", f.Action)
	case f.Action != "":
		and("e.action = @action", "action", f.Action)
	}
	if f.SubjectType != "" {
		and("e.subject_type = @subject_type", "subject_type", f.SubjectType)
	}
	if f.SubjectID != 0 {
		and("e.subject_id = @subject_id", "subject_id", f.SubjectID)
	}
	if len(f.Without) > 0 {
		and("NOT (e.subject_type = ANY(@without) OR e.subject_type = 'request' AND COALESCE(e.after->>'subject_type', '') = ANY(@without))", "without", f.Without)
	}
	if !f.From.IsZero() {
		and("e.at >= @from", "from", f.From)
	}
	if !f.To.IsZero() {
		and("e.at < @to", "to", f.To)
	}
	return strings.Join(where, " AND "), args
}

// actionsKnown walks the index from one action to the next, so that it costs as many steps as there are actions.
const actionsKnown = `
WITH RECURSIVE a (action) AS (
    (SELECT action FROM audit_events ORDER BY action LIMIT 1)
    UNION ALL
    SELECT (SELECT e.action FROM audit_events e WHERE e.action > a.action ORDER BY e.action LIMIT 1) FROM a WHERE a.action IS NOT NULL
)
SELECT action FROM a WHERE action IS NOT NULL ORDER BY action`

// Actions lists the actions that occur in the log, for the filter.
func Actions(ctx context.Context, db *store.DB) ([]string, error) {
	rows, err := db.Pool.Query(ctx, actionsKnown)
	if err != nil {
		return nil, fmt.Errorf("list audit actions: %w", err)
	}
	actions, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("list audit actions: %w", err)
	}
	return actions, nil
}

var csvHeader = []string{"id", "at", "actor_id", "actor", "address", "session_id", "action", "subject_type", "subject_id",
	"reason", "before", "after", "sealed"}

// Export writes the filtered log, oldest first, row by row. Nothing is written when the statement fails.
func Export(ctx context.Context, db *store.DB, f models.AuditFilter, out sheet.Sink) error {
	where, args := conditions(f)
	rows, err := db.Pool.Query(ctx, selectEvents+where+" ORDER BY e.id", args)
	if err != nil {
		return fmt.Errorf("export the audit log: %w", err)
	}
	defer rows.Close()
	if err := out.Write(csvHeader...); err != nil {
		return err
	}
	for rows.Next() {
		e, err := pgx.RowToStructByPos[models.AuditEvent](rows)
		if err != nil {
			return fmt.Errorf("export the audit log: %w", err)
		}
		if err := out.Write(csvRecord(e)...); err != nil {
			return fmt.Errorf("export the audit log: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("export the audit log: %w", err)
	}
	return out.Flush()
}

func csvRecord(e models.AuditEvent) []string {
	id := func(n int64) string { return strconv.FormatInt(n, 10) }
	return []string{id(e.ID), e.At.UTC().Format(time.RFC3339Nano), id(e.ActorID), e.ActorName, e.Address, id(e.SessionID),
		e.Action, e.SubjectType, id(e.SubjectID), e.Reason, e.Before, e.After, strconv.FormatBool(e.Sealed)}
}
