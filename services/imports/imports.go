// Package imports takes files from people: an upload is stored, its columns are matched, a dry run shows
// what would happen, and only when a person says so the rows are taken. What a row means is the business
// of each Kind; the command line runs the same kinds.
package imports

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/sheet"
	"pagaduria/services/audit"
	"pagaduria/services/blobs"
	"pagaduria/services/store"
	"pagaduria/services/tasks"
)

// MaxBytes is the largest upload.
const MaxBytes = 200 << 20

// Kind is one kind of file. Run reads the file (as often as it likes, after rewinding), judges every row
// and, unless it is a dry run, writes the good ones in one transaction that also calls Applied.
type Kind struct {
	Name    string // the word of the command line, of paths and of imports.kind
	Columns []sheet.Column
	// Readings is how often Run reads the file from end to end, for the progress bar; 0 is once.
	Readings int
	Run      func(context.Context, io.ReadSeeker, models.ImportOptions) (models.ImportResult, error)
}

// Service keeps uploads. Checking and taking one is long work: see TaskKinds.
type Service struct {
	DB    *store.DB
	Blobs *blobs.Store
	Kinds []Kind
	Today func() time.Time // the Bogotá date that files are judged by, as midnight UTC
}

// Kind finds a kind by its name.
func (s *Service) Kind(name string) (Kind, error) {
	for _, k := range s.Kinds {
		if k.Name == name {
			return k, nil
		}
	}
	return Kind{}, models.Refuse(models.NotFound, "import.unknown_kind", fmt.Sprintf("There is no import of %q.", name),
		map[string]any{"Kind": name})
}

const importColumns = `id, kind, file_name, state, blob_key, size, header, mapping, result, preview, report_key, failure,
    created_by, created_name, applied_by, applied_name, created_at, finished_at`

// Get reads one upload of a kind.
func (s *Service) Get(ctx context.Context, kind string, id int64) (models.Import, error) {
	i, err := store.SelectOne[models.Import](ctx, s.DB.Pool, "SELECT "+importColumns+" FROM imports WHERE id = $1 AND kind = $2", id, kind)
	if err != nil {
		return i, store.NotFound(fmt.Errorf("read import %d: %w", id, err), "import.not_found", "This import does not exist.")
	}
	return i, nil
}

// pastImports is how many earlier uploads a page shows.
const pastImports = 20

// Recent lists the latest uploads of a kind, newest first.
func (s *Service) Recent(ctx context.Context, kind string) ([]models.Import, error) {
	rows, err := store.Select[models.Import](ctx, s.DB.Pool,
		"SELECT "+importColumns+" FROM imports WHERE kind = $1 ORDER BY id DESC LIMIT $2", kind, pastImports)
	if err != nil {
		return nil, fmt.Errorf("list imports: %w", err)
	}
	return rows, nil
}

// Faults lists the first models.ShownFaults faults of an upload.
func (s *Service) Faults(ctx context.Context, id int64) ([]models.ShownFault, error) {
	type row struct {
		Severity             models.ImportSeverity
		Line                 int
		Field, Code, Message string
	}
	rows, err := store.Select[row](ctx, s.DB.Pool,
		"SELECT severity, line, field, code, message FROM import_faults WHERE import_id = $1 ORDER BY seq", id)
	if err != nil {
		return nil, fmt.Errorf("list faults of import %d: %w", id, err)
	}
	faults := make([]models.ShownFault, len(rows))
	for i, r := range rows {
		faults[i] = models.ShownFault{Severity: r.Severity, ImportFault: models.ImportFault{Line: r.Line, Field: r.Field, Code: r.Code, Message: r.Message}}
	}
	return faults, nil
}

// Applied is called by a Kind inside its transaction when the rows are written: it records what was
// imported and closes the upload, so that a second run of the same upload ends in a Conflict and is
// undone. Imports of the command line have no upload and are only recorded.
func Applied(tx *gorm.DB, kind string, o models.ImportOptions, r models.ImportResult) error {
	if o.ImportID != 0 {
		result, err := json.Marshal(r)
		if err != nil {
			return err
		}
		done := tx.Exec("UPDATE imports SET state = 'applied', result = CAST(? AS jsonb), finished_at = now() WHERE id = ? AND state = 'applying'", string(result), o.ImportID)
		if done.Error != nil {
			return fmt.Errorf("close import %d: %w", o.ImportID, done.Error)
		}
		if done.RowsAffected == 0 {
			return alreadyApplied()
		}
	}
	if o.TaskID != 0 {
		if err := tasks.Commit(tx, o.TaskID); err != nil {
			return err
		}
	}
	return audit.Record(tx, audit.Entry{By: o.By, Action: "import.apply", SubjectType: "import", SubjectID: o.ImportID,
		After: map[string]any{"kind": kind, "file": o.FileName, "result": r}})
}

func alreadyApplied() error {
	return models.Refuse(models.Conflict, "import.moved_on", "This import has moved on since you opened it. Load it again to see where it stands.", nil)
}
