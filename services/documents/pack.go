package documents

import (
	"context"
	"fmt"

	"pagaduria/models"
	"pagaduria/models/dossier"
	"pagaduria/services/store"
)

const (
	packFiles = `
SELECT d.id, d.kind, v.number, v.staff_name, v.created_at, f.id, f.position, f.name, f.kind, f.received_size, encode(f.received_sha256, 'hex')
FROM documents d JOIN document_versions v ON v.document_id = d.id JOIN document_files f ON f.version_id = v.id
WHERE d.distributor_id = $1 ORDER BY d.kind, v.number, f.position`
	// A PDF is handed out as it came, a picture as it is shown.
	packParts = selectBlob + `WHERE f.id = $1 AND (b.page = 0 OR NOT EXISTS (SELECT 1 FROM document_blobs o WHERE o.file_id = f.id AND o.page = 0)) ORDER BY b.page`
)

// PackFiles lists every file that was ever sent for a distributor.
func (s *Service) PackFiles(ctx context.Context, distributor int64) (list []dossier.Document, err error) {
	rows, err := s.DB.Pool.Query(ctx, packFiles, distributor)
	if err != nil {
		return nil, fmt.Errorf("list files of distributor %d: %w", distributor, err)
	}
	defer rows.Close()
	for rows.Next() {
		var f dossier.Document
		if err := rows.Scan(&f.ID, &f.Kind, &f.Version, &f.Sender, &f.SentAt, &f.File, &f.Position, &f.Name, &f.Type, &f.Size, &f.SHA256); err != nil {
			return nil, fmt.Errorf("list files of distributor %d: %w", distributor, err)
		}
		list = append(list, f)
	}
	return list, rows.Err()
}

// PackPart is one stored piece of a file, decrypted and compared with its hash.
type PackPart struct {
	Page    int
	Content []byte
}

// PackEach hands the pieces of a file over one after the other, so that one is in memory at a time. That somebody takes
// them is for the caller to record before.
func (s *Service) PackEach(ctx context.Context, by models.Actor, file int64, each func(PackPart) error) error {
	if err := forbid(by, models.PermDocumentsView); err != nil {
		return err
	}
	rows, err := store.Select[blobRow](ctx, s.DB.Pool, packParts, file)
	if err != nil {
		return fmt.Errorf("list pieces of file %d: %w", file, err)
	}
	for _, b := range rows {
		content, err := s.content(ctx, b)
		if err != nil {
			return err
		}
		if err := each(PackPart{Page: b.Number, Content: content}); err != nil {
			return err
		}
	}
	return nil
}
