package imports

import (
	"context"
	"encoding/json"
	"fmt"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/sheet"
	"pagaduria/services/audit"
)

// Map says which columns of the file stand for which of ours, and has the file checked again. Needed
// columns that nothing stands for are a refusal, one field for each.
func (s *Service) Map(ctx context.Context, by models.Actor, kind string, id int64, mapping map[string]string) error {
	k, err := s.Kind(kind)
	if err != nil {
		return err
	}
	i, err := s.Get(ctx, kind, id)
	if err != nil {
		return err
	}
	if err := mappable(k, i.Header, mapping); err != nil {
		return err
	}
	chosen, err := json.Marshal(mapping)
	if err != nil {
		return err
	}
	return s.move(ctx, by, i, models.TaskImportCheck, "import.map", mapping, func(tx *gorm.DB) *gorm.DB {
		return tx.Exec(`UPDATE imports SET state = 'checking', mapping = CAST(? AS jsonb), failure = '' WHERE id = ? AND kind = ? AND state IN ('mapping','preview','failed')`,
			string(chosen), id, kind)
	})
}

func mappable(k Kind, header []string, mapping map[string]string) error {
	_, err := sheet.Match(header, k.Columns, mapping)
	missing, ok := err.(*sheet.MissingColumns) //nolint:errorlint // Match documents the type
	if !ok {
		return err
	}
	refusal := models.Refuse(models.Invalid, "import.map_missing", "Some columns are needed and nothing stands for them yet.", nil)
	for _, name := range missing.Names {
		_ = refusal.WithField(name, "import.map_needed")
	}
	return refusal
}

// Apply has the rows taken. Saying it twice has one effect and is no error.
func (s *Service) Apply(ctx context.Context, by models.Actor, kind string, id int64) error {
	i, err := s.Get(ctx, kind, id)
	if err != nil {
		return err
	}
	err = s.move(ctx, by, i, models.TaskImportApply, "import.confirm", nil, func(tx *gorm.DB) *gorm.DB {
		return tx.Exec(`UPDATE imports SET state = 'applying', applied_by = ?, applied_name = ? WHERE id = ? AND kind = ? AND state = 'preview'`,
			by.StaffID, by.Name, id, kind)
	})
	if models.KindOf(err) != models.Conflict {
		return err
	}
	var reading error
	if i, reading = s.Get(ctx, kind, id); reading != nil {
		return reading
	}
	if i.State == models.ImportApplying || i.State == models.ImportApplied {
		return nil
	}
	return err
}

// move changes an import's state, records it and starts the work it waits for, in one transaction.
func (s *Service) move(ctx context.Context, by models.Actor, i models.Import, work models.TaskKind, action string, after any, update func(*gorm.DB) *gorm.DB) error {
	id := i.ID
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		done := update(tx)
		if done.Error != nil {
			return fmt.Errorf("%s %d: %w", action, id, done.Error)
		}
		if done.RowsAffected == 0 {
			return alreadyApplied()
		}
		if err := audit.Record(tx, audit.Entry{By: by, Action: action, SubjectType: "import", SubjectID: id, After: after}); err != nil {
			return err
		}
		return startWork(tx, by, work, i.Kind, i.FileName, id)
	})
}

// Drop throws an upload away that was not applied, with its file.
func (s *Service) Drop(ctx context.Context, by models.Actor, kind string, id int64) error {
	i, err := s.Get(ctx, kind, id)
	if err != nil {
		return err
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		done := tx.Exec(`UPDATE imports SET state = 'dropped', preview = '[]', finished_at = now() WHERE id = ? AND kind = ? AND state IN ('mapping','preview','failed')`, id, kind)
		if done.Error != nil {
			return fmt.Errorf("drop import %d: %w", id, done.Error)
		}
		if done.RowsAffected == 0 {
			return alreadyApplied()
		}
		if err := tx.Exec("DELETE FROM import_faults WHERE import_id = ?", id).Error; err != nil {
			return fmt.Errorf("drop faults of import %d: %w", id, err)
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "import.drop", SubjectType: "import", SubjectID: id})
	})
	if err != nil {
		return err
	}
	// The files go after the commit: what a lost connection leaves behind is only space.
	_ = s.Blobs.Delete(ctx, i.BlobKey)
	if i.ReportKey != "" {
		_ = s.Blobs.Delete(ctx, i.ReportKey)
	}
	return nil
}
