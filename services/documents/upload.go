package documents

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/files"
	"pagaduria/services/store"
	"pagaduria/services/vault"
)

// ChunkBytes is the largest piece of an upload.
const ChunkBytes = 1 << 20

// uploadKept is how long an upload that nobody goes on with is kept.
const uploadKept = 24 * time.Hour

var errNoUpload = models.Refuse(models.NotFound, "documents.no_upload", "This upload is no longer kept. Choose the file again.", nil)

// mostUploads is how many files one sender may have on the way: what they left lying longest makes room for another one.
const mostUploads = 24

const makeRoom = `
DELETE FROM document_uploads WHERE id IN (SELECT id FROM document_uploads WHERE owner = $1 ORDER BY touched_at DESC, id OFFSET $2)`

// Begin makes room for a file of a known size, which then comes in pieces.
func (s *Service) Begin(ctx context.Context, from Sender, u models.FileUpload) (models.FileUpload, error) {
	if err := from.allowed(); err != nil {
		return u, err
	}
	if u.Size > files.MaxBytes {
		return u, models.FileRefusal(models.FileTooLarge)
	}
	if u.Size < 0 {
		return u, models.FileRefusal(models.FileEmpty)
	}
	if _, err := s.DB.Pool.Exec(ctx, makeRoom, from.owner, mostUploads-1); err != nil {
		return u, fmt.Errorf("make room for an upload: %w", err)
	}
	u.ID, u.Received = hex.EncodeToString(vault.Random(16)), 0
	_, err := s.DB.Pool.Exec(ctx, `INSERT INTO document_uploads (id, owner, name, mime, size, touched_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		u.ID, from.owner, firstOf(u.Name, 400), firstOf(u.Mime, 100), u.Size, s.Now())
	if err != nil {
		return u, fmt.Errorf("begin upload: %w", err)
	}
	return u, nil
}

// firstOf keeps the end of a text that is too long: a name's ending says what it claims to be. Zero bytes do not fit
// into a text of the database.
func firstOf(s string, n int) string {
	r := []rune(zeroless(s))
	return string(r[max(0, len(r)-n):])
}

// Upload answers how far an upload has come.
func (s *Service) Upload(ctx context.Context, from Sender, id string) (models.FileUpload, error) {
	u, err := store.SelectOne[models.FileUpload](ctx, s.DB.Pool, selectUpload, id, from.owner)
	if err != nil {
		return u, store.NotFound(fmt.Errorf("read upload: %w", err), errNoUpload.Key, errNoUpload.Message)
	}
	return u, nil
}

const selectUpload = `SELECT id, name, mime, size, received FROM document_uploads WHERE id = $1 AND owner = $2`

// Append adds the piece that begins at start. A piece that is not the next one is a Conflict, and the answer says where
// to go on: pieces that were sent twice, or whose answer was lost, do no harm.
func (s *Service) Append(ctx context.Context, from Sender, id string, start int64, piece []byte) (u models.FileUpload, err error) {
	if err := from.allowed(); err != nil {
		return u, err
	}
	if len(piece) == 0 || len(piece) > ChunkBytes {
		return u, models.Refuse(models.Invalid, "documents.bad_piece", "This piece of the file cannot be taken. Choose the file again.", nil)
	}
	sealed := s.Vault.Seal(piece, uploadLabel(id, start))
	return u, s.DB.InTx(ctx, func(tx *gorm.DB) error {
		found, err := store.SelectTx[models.FileUpload](tx, selectUpload+` FOR UPDATE`, id, from.owner)
		if err != nil {
			return fmt.Errorf("read upload: %w", err)
		}
		if len(found) == 0 {
			return errNoUpload
		}
		u = found[0]
		if u.Received != start || start+int64(len(piece)) > u.Size {
			return models.Refuse(models.Conflict, "documents.wrong_place", "This piece of the file does not come next.", nil)
		}
		if err := tx.Exec(`INSERT INTO document_chunks (upload_id, start, sealed) VALUES (?, ?, ?)`, id, start, sealed).Error; err != nil {
			return fmt.Errorf("save piece of upload: %w", err)
		}
		u.Received += int64(len(piece))
		if err := tx.Exec(`UPDATE document_uploads SET received = ?, touched_at = ? WHERE id = ?`, u.Received, s.Now(), id).Error; err != nil {
			return fmt.Errorf("save upload: %w", err)
		}
		return nil
	})
}

// Receive takes a whole file at once, as a form without JavaScript sends it.
func (s *Service) Receive(ctx context.Context, from Sender, u models.FileUpload, r io.Reader) (models.FileUpload, error) {
	u, err := s.Begin(ctx, from, u)
	if err != nil {
		return u, err
	}
	piece := make([]byte, ChunkBytes)
	for !u.Whole() {
		n, err := io.ReadFull(r, piece[:min(ChunkBytes, u.Size-u.Received)])
		if err != nil {
			return u, fmt.Errorf("read upload: %w", err)
		}
		if u, err = s.Append(ctx, from, u.ID, u.Received, piece[:n]); err != nil {
			return u, err
		}
	}
	return u, nil
}

// body puts the pieces of an upload together.
func (s *Service) body(ctx context.Context, u models.FileUpload) ([]byte, error) {
	rows, err := store.Select[struct {
		Start  int64
		Sealed []byte
	}](ctx, s.DB.Pool, `SELECT start, sealed FROM document_chunks WHERE upload_id = $1 ORDER BY start`, u.ID)
	if err != nil {
		return nil, fmt.Errorf("read pieces of upload: %w", err)
	}
	body := make([]byte, 0, u.Size)
	for _, r := range rows {
		piece, err := s.Vault.Open(r.Sealed, uploadLabel(u.ID, r.Start))
		if err != nil {
			return nil, fmt.Errorf("read pieces of upload: %w", err)
		}
		body = append(body, piece...)
	}
	if int64(len(body)) != u.Size {
		return nil, errNoUpload
	}
	return body, nil
}

// Drop forgets an upload.
func (s *Service) Drop(ctx context.Context, from Sender, id string) error {
	if _, err := s.DB.Pool.Exec(ctx, `DELETE FROM document_uploads WHERE id = $1 AND owner = $2`, id, from.owner); err != nil {
		return fmt.Errorf("drop upload: %w", err)
	}
	return nil
}
