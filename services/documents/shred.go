package documents

import (
	"fmt"

	"filippo.io/age"
	"gorm.io/gorm"

	"pagaduria/services/store"
)

// Shred makes every file of a distributor unreadable for ever: its key is replaced by one that opens nothing. What lies in
// the blob store, and in copies of it, is noise from then on.
func (s *Service) Shred(tx *gorm.DB, distributor int64) error {
	files, err := store.SelectTx[struct{ ID int64 }](tx, `SELECT f.id FROM document_files f JOIN document_versions v ON v.id = f.version_id JOIN documents d ON d.id = v.document_id
WHERE d.distributor_id = $1 ORDER BY f.id FOR UPDATE OF f`, distributor)
	if err != nil {
		return fmt.Errorf("list files of distributor %d: %w", distributor, err)
	}
	if len(files) == 0 {
		return nil
	}
	key, err := s.newestKey(tx)
	if err != nil {
		return err
	}
	for _, f := range files {
		nothing, err := age.GenerateX25519Identity()
		if err != nil {
			return fmt.Errorf("make file key: %w", err)
		}
		wrapped, err := key.wrap(nothing)
		if err != nil {
			return err
		}
		if _, err := store.ExecTx(tx, `UPDATE document_files SET wrapped_key = $2, key_id = $3, name = '–' WHERE id = $1`, f.ID, wrapped, key.id); err != nil {
			return fmt.Errorf("shred file %d: %w", f.ID, err)
		}
	}
	return nil
}
