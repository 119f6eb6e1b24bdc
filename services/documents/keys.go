package documents

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

// Each file has an age identity of its own. It is kept wrapped, that is encrypted to the newest of the file_keys,
// whose identities are sealed by the vault. Changing the wrapping key touches no blob.

// wrappingKey is one row of file_keys, opened.
type wrappingKey struct {
	id       int64
	identity *age.X25519Identity
}

type keyRow struct {
	ID        int64
	Recipient string
	Sealed    []byte
}

func (s *Service) openKey(r keyRow) (wrappingKey, error) {
	text, err := s.Vault.Open(r.Sealed, keyLabel(r.Recipient))
	if err != nil {
		return wrappingKey{}, fmt.Errorf("open file key %d: %w", r.ID, err)
	}
	identity, err := age.ParseX25519Identity(string(text))
	if err != nil {
		return wrappingKey{}, fmt.Errorf("open file key %d: %w", r.ID, err)
	}
	return wrappingKey{id: r.ID, identity: identity}, nil
}

func keyLabel(recipient string) string { return "file key " + recipient }

// newestKey is the key that new files are wrapped with, held until the transaction ends; the first one is made when it
// is asked for.
func (s *Service) newestKey(tx *gorm.DB) (wrappingKey, error) {
	rows, err := store.SelectTx[keyRow](tx, `SELECT id, recipient, sealed FROM file_keys ORDER BY id DESC LIMIT 1 FOR SHARE`)
	if err != nil {
		return wrappingKey{}, fmt.Errorf("read file key: %w", err)
	}
	if len(rows) == 0 {
		return s.makeKey(tx)
	}
	return s.openKey(rows[0])
}

func (s *Service) makeKey(tx *gorm.DB) (wrappingKey, error) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return wrappingKey{}, fmt.Errorf("make file key: %w", err)
	}
	recipient := identity.Recipient().String()
	k := wrappingKey{identity: identity}
	err = tx.Raw("INSERT INTO file_keys (recipient, sealed, created_at) VALUES (?, ?, ?) RETURNING id",
		recipient, s.Vault.Seal([]byte(identity.String()), keyLabel(recipient)), s.Now()).Scan(&k.id).Error
	if err != nil {
		return wrappingKey{}, fmt.Errorf("save file key: %w", err)
	}
	return k, nil
}

// wrap encrypts a file's own key.
func (k wrappingKey) wrap(own *age.X25519Identity) ([]byte, error) {
	return seal([]byte(own.String()), k.identity.Recipient())
}

func (k wrappingKey) unwrap(wrapped []byte) (*age.X25519Identity, error) {
	text, err := unseal(wrapped, k.identity)
	if err != nil {
		return nil, fmt.Errorf("unwrap key of a file: %w", err)
	}
	return age.ParseX25519Identity(string(text))
}

func seal(plain []byte, to age.Recipient) ([]byte, error) {
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to)
	if err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	if _, err := w.Write(plain); err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	return out.Bytes(), nil
}

func unseal(sealed []byte, with age.Identity) ([]byte, error) {
	r, err := age.Decrypt(bytes.NewReader(sealed), with)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// rewrapped is how many files' keys are wrapped anew in one transaction.
const rewrapped = 200

// RotateKeys makes a new wrapping key, wraps the key of every file with it and forgets the old ones. It may be broken
// off and run again at any time: each file opens with the key its row names. It answers how many files it touched.
func (s *Service) RotateKeys(ctx context.Context, by models.Actor) (n int64, err error) {
	var fresh wrappingKey
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if fresh, err = s.makeKey(tx); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "document.rotate_keys", SubjectType: "file_key", SubjectID: fresh.id})
	})
	if err != nil {
		return 0, err
	}
	for {
		some, err := s.rewrapSome(ctx, fresh)
		if n += some; err != nil || some == 0 {
			return n, errors.Join(err, s.forgetKeys(ctx, fresh.id))
		}
	}
}

func (s *Service) rewrapSome(ctx context.Context, fresh wrappingKey) (n int64, err error) {
	return n, s.DB.InTx(ctx, func(tx *gorm.DB) error {
		n = 0
		rows, err := store.SelectTx[struct {
			ID        int64
			Wrapped   []byte
			Key       int64
			Recipient string
			Sealed    []byte
		}](tx, `SELECT f.id, f.wrapped_key, k.id, k.recipient, k.sealed FROM document_files f JOIN file_keys k ON k.id = f.key_id
			WHERE f.key_id < $1 ORDER BY f.id LIMIT $2 FOR UPDATE OF f`, fresh.id, rewrapped)
		if err != nil {
			return fmt.Errorf("read keys of files: %w", err)
		}
		old := map[int64]wrappingKey{}
		for _, r := range rows {
			if _, ok := old[r.Key]; !ok {
				if old[r.Key], err = s.openKey(keyRow{r.Key, r.Recipient, r.Sealed}); err != nil {
					return err
				}
			}
			own, err := old[r.Key].unwrap(r.Wrapped)
			if err != nil {
				return fmt.Errorf("file %d: %w", r.ID, err)
			}
			wrapped, err := fresh.wrap(own)
			if err != nil {
				return err
			}
			if err := tx.Exec("UPDATE document_files SET key_id = ?, wrapped_key = ? WHERE id = ?", fresh.id, wrapped, r.ID).Error; err != nil {
				return fmt.Errorf("save key of file %d: %w", r.ID, err)
			}
			n++
		}
		return nil
	})
}

// forgetKeys removes older keys that no file is wrapped with any more.
func (s *Service) forgetKeys(ctx context.Context, newest int64) error {
	_, err := s.DB.Pool.Exec(ctx, `DELETE FROM file_keys k WHERE k.id < $1 AND NOT EXISTS (SELECT 1 FROM document_files f WHERE f.key_id = k.id)`, newest)
	if err != nil {
		return fmt.Errorf("forget old file keys: %w", err)
	}
	return nil
}

// uploadLabel binds a piece of an upload to its place.
func uploadLabel(id string, start int64) string { return fmt.Sprintf("upload %s at %d", id, start) }
