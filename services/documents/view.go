package documents

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

// Look says which page somebody wants to see, and what it is to say about them.
type Look struct {
	Distributor, Document, Page int64
	Mark                        string // who and when, in the reader's words
}

type blobRow struct {
	ID        int64
	Key       string
	SHA256    []byte
	Turned    int
	Number    int
	File      int64
	Version   int
	Wrapped   []byte
	KeyID     int64
	Recipient string
	Sealed    []byte
}

const selectBlob = `
SELECT b.id, b.key, b.sha256, b.turned, b.page, f.id, v.number, f.wrapped_key, k.id, k.recipient, k.sealed
FROM document_blobs b JOIN document_files f ON f.id = b.file_id JOIN file_keys k ON k.id = f.key_id
    JOIN document_versions v ON v.id = f.version_id JOIN documents d ON d.id = v.document_id `

// Page answers one page as a JPEG that says who looks at it. That somebody looked is recorded before anything is shown.
func (s *Service) Page(ctx context.Context, by models.Actor, l Look) ([]byte, error) {
	if err := forbid(by, models.PermDocumentsView); err != nil {
		return nil, err
	}
	return s.Show(ctx, by, l)
}

// Show is Page for a reader whom the caller has let in: a payee sees what they sent.
func (s *Service) Show(ctx context.Context, by models.Actor, l Look) ([]byte, error) {
	b, err := s.blob(ctx, l.Distributor, l.Document, l.Page)
	if err != nil {
		return nil, err
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		return audit.Record(tx, audit.Entry{By: by, Action: "document.view", SubjectType: "document", SubjectID: l.Document,
			After: map[string]any{"distributor": l.Distributor, "version": b.Version, "file": b.File, "page": b.Number}})
	})
	if err != nil {
		return nil, err
	}
	page, err := s.content(ctx, b)
	if err != nil {
		return nil, err
	}
	return s.Files.Watermark(ctx, page, b.Turned, l.Mark)
}

// blob finds a page of a document of a distributor.
func (s *Service) blob(ctx context.Context, distributor, document, page int64) (blobRow, error) {
	b, err := store.SelectOne[blobRow](ctx, s.DB.Pool, selectBlob+`WHERE b.id = $1 AND b.page > 0 AND d.id = $2 AND d.distributor_id = $3`, page, document, distributor)
	if err != nil {
		return b, store.NotFound(fmt.Errorf("read page %d: %w", page, err), errNoDocument.Key, errNoDocument.Message)
	}
	return b, nil
}

// content decrypts a blob and compares it with its hash.
func (s *Service) content(ctx context.Context, b blobRow) ([]byte, error) {
	key, err := s.openKey(keyRow{b.KeyID, b.Recipient, b.Sealed})
	if err != nil {
		return nil, err
	}
	own, err := key.unwrap(b.Wrapped)
	if err != nil {
		return nil, err
	}
	r, err := s.Blobs.Open(ctx, b.Key)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	sealed, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read blob %s: %w", b.Key, err)
	}
	plain, err := unseal(sealed, own)
	if err != nil {
		return nil, fmt.Errorf("decrypt blob %s: %w", b.Key, err)
	}
	if sum := sha256.Sum256(plain); string(sum[:]) != string(b.SHA256) {
		return nil, errors.New("blob " + b.Key + " is not what was stored")
	}
	return plain, nil
}

// Turn turns a page by a quarter, for everybody who looks at it later.
func (s *Service) Turn(ctx context.Context, by models.Actor, l Look) error {
	if err := forbid(by, models.PermDocumentsEdit); err != nil {
		return err
	}
	b, err := s.blob(ctx, l.Distributor, l.Document, l.Page)
	if err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		var turned int
		err := tx.Raw("UPDATE document_blobs SET turned = (turned + 90) % 360 WHERE id = ? RETURNING turned", b.ID).Scan(&turned).Error
		if err != nil {
			return fmt.Errorf("turn page %d: %w", b.ID, err)
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "document.turn", SubjectType: "document", SubjectID: l.Document,
			After: map[string]any{"distributor": l.Distributor, "file": b.File, "page": b.Number, "turned": turned}})
	})
}
