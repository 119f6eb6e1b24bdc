package audit_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/sheet"
	"pagaduria/services/audit"
	"pagaduria/services/store"
	"pagaduria/services/store/storetest"
)

var ana = models.Actor{StaffID: 7, Name: "Ana", Address: "190.0.2.1", SessionID: 3}

func entry(id int64) audit.Entry {
	return audit.Entry{By: ana, Action: "batch.approve", SubjectType: "batch", SubjectID: id,
		Before: map[string]any{"state": "in_approval"}, After: map[string]any{"state": "approved"}}
}

func record(t *testing.T, db *store.DB, entries ...audit.Entry) {
	t.Helper()
	err := db.InTx(t.Context(), func(tx *gorm.DB) error {
		for _, e := range entries {
			if err := audit.Record(tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// sealAll seals until every event is; other databases of the server may hold transactions open for a moment.
func sealAll(t *testing.T, db *store.DB) models.AuditReport {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	for {
		if _, err := audit.Seal(ctx, db); err != nil {
			t.Fatal(err)
		}
		report, err := audit.Verify(ctx, db, store.Unseen{})
		if err != nil {
			t.Fatal(err)
		}
		if report.Unsealed == 0 || report.Fault != nil {
			return report
		}
	}
}

// tamper changes the tables as someone with all rights would.
func tamper(t *testing.T, db *store.DB, sql string) {
	t.Helper()
	for _, s := range []string{
		"ALTER TABLE audit_events DISABLE TRIGGER ALL", "ALTER TABLE audit_seals DISABLE TRIGGER ALL", sql,
	} {
		if _, err := db.Pool.Exec(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEventIsPartOfItsTransaction(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	err := db.InTx(t.Context(), func(tx *gorm.DB) error {
		if err := audit.Record(tx, entry(1)); err != nil {
			return err
		}
		return models.Errorf(models.Conflict, "no")
	})
	if models.KindOf(err) != models.Conflict {
		t.Fatal(err)
	}
	if page, err := audit.List(t.Context(), db, models.AuditFilter{}, store.Cursor{}); err != nil || len(page.Rows) != 0 {
		t.Fatalf("got %v, %v", page.Rows, err)
	}
}

func TestEventNeedsActorActionAndSubject(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	for name, e := range map[string]audit.Entry{
		"nobody":     {Action: "a.b", SubjectType: "a"},
		"no action":  {By: ana, SubjectType: "a"},
		"no subject": {By: ana, Action: "a.b"},
		"no JSON":    {By: ana, Action: "a.b", SubjectType: "a", After: func() {}},
	} {
		if err := db.InTx(t.Context(), func(tx *gorm.DB) error { return audit.Record(tx, e) }); err == nil {
			t.Errorf("%s: recorded", name)
		}
	}
}

func TestLogIsAppendOnly(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	record(t, db, entry(1))
	sealAll(t, db)
	for _, sql := range []string{
		"UPDATE audit_events SET reason = 'x'", "DELETE FROM audit_events", "TRUNCATE audit_events CASCADE",
		"UPDATE audit_seals SET hash = hash", "DELETE FROM audit_seals", "TRUNCATE audit_seals",
	} {
		if _, err := db.Pool.Exec(t.Context(), sql); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: got %v", sql, err)
		}
	}
}

func TestVerifyFindsTampering(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sql  string
		want models.AuditFault
	}{
		"another actor":     {"UPDATE audit_events SET actor_id = 8 WHERE id = 3", models.AuditFault{EventID: 3, Kind: models.AuditChanged}},
		"another after":     {`UPDATE audit_events SET after = '{"state":"rejected"}' WHERE id = 3`, models.AuditFault{EventID: 3, Kind: models.AuditChanged}},
		"after taken away":  {"UPDATE audit_events SET after = NULL WHERE id = 3", models.AuditFault{EventID: 3, Kind: models.AuditChanged}},
		"a second later":    {"UPDATE audit_events SET at = at + interval '1 microsecond' WHERE id = 3", models.AuditFault{EventID: 3, Kind: models.AuditChanged}},
		"text moved over":   {"UPDATE audit_events SET subject_type = 'atch', action = 'batch.approveb' WHERE id = 3", models.AuditFault{EventID: 3, Kind: models.AuditChanged}},
		"event gone":        {"WITH s AS (DELETE FROM audit_seals WHERE event_id = 3) DELETE FROM audit_events WHERE id = 3", models.AuditFault{EventID: 4, Kind: models.AuditChanged}},
		"last event gone":   {"DELETE FROM audit_events WHERE id = 5", models.AuditFault{EventID: 5, Kind: models.AuditMissing}},
		"event put in":      {"INSERT INTO audit_events (id, actor_name, action, subject_type) OVERRIDING SYSTEM VALUE VALUES (0, 'x', 'x.y', 'x')", models.AuditFault{EventID: 0, Kind: models.AuditUnsealed}},
		"other seal":        {"UPDATE audit_seals SET hash = sha256('x') WHERE event_id = 2", models.AuditFault{EventID: 2, Kind: models.AuditChanged}},
		"first seal is cut": {"DELETE FROM audit_seals WHERE event_id = 1", models.AuditFault{EventID: 1, Kind: models.AuditUnsealed}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := storetest.New(t)
			record(t, db, entry(1), entry(2), entry(3), entry(4), entry(5))
			if r := sealAll(t, db); r.Fault != nil || r.Sealed != 5 || r.Head == "" {
				t.Fatalf("before: %+v", r)
			}
			tamper(t, db, c.sql)
			r, err := audit.Verify(t.Context(), db, store.Unseen{})
			if err != nil {
				t.Fatal(err)
			}
			if r.Fault == nil || *r.Fault != c.want {
				t.Fatalf("got %+v, want %+v", r.Fault, c.want)
			}
		})
	}
}

func TestEventOfALateCommitIsNotLeftOut(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	late, err := db.Pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const insert = "INSERT INTO audit_events (actor_name, action, subject_type) VALUES ('late', 'a.b', 'a')"
	if _, err := late.Exec(t.Context(), insert); err != nil {
		t.Fatal(err)
	}
	record(t, db, entry(2))
	for range 3 {
		if n, err := audit.Seal(t.Context(), db); err != nil || n != 0 {
			t.Fatalf("sealed %d over an open transaction, %v", n, err)
		}
	}
	page, err := audit.List(t.Context(), db, models.AuditFilter{}, store.Cursor{})
	if err != nil || len(page.Rows) != 1 || page.Rows[0].Sealed {
		t.Fatalf("got %+v, %v: want one event, not sealed", page.Rows, err)
	}
	if err := late.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := sealAll(t, db); r.Fault != nil || r.Sealed != 2 {
		t.Fatalf("got %+v", r)
	}
}

func TestManyWritersAndSealers(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	const writers, each = 6, 40
	done := make(chan struct{})
	var writing, sealing sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			for i := range each {
				err := db.InTx(t.Context(), func(tx *gorm.DB) error {
					if err := audit.RecordAll(tx, []audit.Entry{entry(int64(w)), entry(int64(i))}); err != nil {
						return err
					}
					if i%7 == 0 {
						return models.Errorf(models.Conflict, "rolled back: a gap in the ids")
					}
					return nil
				})
				if err != nil && models.KindOf(err) != models.Conflict {
					t.Error(err)
				}
			}
		})
	}
	for range 3 {
		sealing.Go(func() {
			for {
				if _, err := audit.Seal(t.Context(), db); err != nil {
					t.Error(err)
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	writing.Wait()
	close(done)
	sealing.Wait()
	r := sealAll(t, db)
	if want := int64(writers * (each - 6) * 2); r.Fault != nil || r.Events != want || r.Sealed != want {
		t.Fatalf("got %+v, want %d sealed", r, want)
	}
}

func TestListFiltersAndPages(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	var many []audit.Entry
	for i := range audit.PageSize + 5 {
		many = append(many, entry(int64(i+1)))
	}
	record(t, db, many...)
	record(t, db, audit.Entry{By: models.System("poll"), Action: "payout.paid", SubjectType: "payout", SubjectID: 1})
	count := func(f models.AuditFilter) int {
		t.Helper()
		page, err := audit.List(t.Context(), db, f, store.Cursor{})
		if err != nil {
			t.Fatal(err)
		}
		return len(page.Rows)
	}
	now := time.Now()
	for name, c := range map[string]struct {
		f    models.AuditFilter
		want int
	}{
		"everything":      {models.AuditFilter{}, audit.PageSize},
		"a person":        {models.AuditFilter{ActorID: 7}, audit.PageSize},
		"nobody":          {models.AuditFilter{ActorID: 8}, 0},
		"a job":           {models.AuditFilter{ActorName: "poll"}, 1},
		"an action":       {models.AuditFilter{Action: "payout.paid"}, 1},
		"a group":         {models.AuditFilter{Action: "payout."}, 1},
		"half an action":  {models.AuditFilter{Action: "payout"}, 0},
		"a record":        {models.AuditFilter{SubjectType: "batch", SubjectID: 3}, 1},
		"until yesterday": {models.AuditFilter{To: now.Add(-24 * time.Hour)}, 0},
		"from tomorrow":   {models.AuditFilter{From: now.Add(24 * time.Hour)}, 0},
		"no condition":    {models.AuditFilter{SubjectType: "x' OR TRUE --"}, 0},
	} {
		if got := count(c.f); got != c.want {
			t.Errorf("%s: got %d, want %d", name, got, c.want)
		}
	}
	first, err := audit.List(t.Context(), db, models.AuditFilter{ActorID: 7}, store.Cursor{})
	if err != nil {
		t.Fatal(err)
	}
	older, err := store.ParseCursor(first.Older)
	if err != nil {
		t.Fatal(err)
	}
	second, err := audit.List(t.Context(), db, models.AuditFilter{ActorID: 7}, older)
	if err != nil || len(second.Rows) != 5 || second.Older != "" || second.Newer == "" {
		t.Fatalf("second page: %d rows, %q, %q, %v", len(second.Rows), second.Newer, second.Older, err)
	}
	actions, err := audit.Actions(t.Context(), db)
	if err != nil || fmt.Sprint(actions) != "[batch.approve payout.paid]" {
		t.Fatalf("got %v, %v", actions, err)
	}
}

func TestExportIsCSVWithoutFormulas(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	e := entry(1)
	e.Reason = "=HYPERLINK(\"http://x\")"
	record(t, db, e, entry(2))
	var b bytes.Buffer
	if err := audit.Export(t.Context(), db, models.AuditFilter{SubjectID: 1}, sheet.NewWriter(&b, sheet.Layout{})); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(rows) != 2 {
		t.Fatalf("got %v, %v", rows, err)
	}
	if got := rows[1][9]; got != "'=HYPERLINK(\"http://x\")" {
		t.Errorf("reason: got %q", got)
	}
}
