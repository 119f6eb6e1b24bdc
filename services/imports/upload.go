package imports

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/sheet"
	"pagaduria/services/audit"
	"pagaduria/services/blobs"
)

// Upload stores a file and begins its check; when the columns do not explain themselves it waits for a
// person to map them. Refused with a sentence: an empty file, one that is no CSV, one beyond MaxBytes.
func (s *Service) Upload(ctx context.Context, by models.Actor, kind, fileName string, r io.Reader) (int64, error) {
	k, err := s.Kind(kind)
	if err != nil {
		return 0, err
	}
	put, err := s.Blobs.Put(ctx, "imports", ".csv", r, MaxBytes)
	if err != nil {
		return 0, err
	}
	id, err := s.accept(ctx, by, k, models.CleanFileName(fileName, "upload.csv"), put)
	if err != nil {
		_ = s.Blobs.Delete(context.WithoutCancel(ctx), put.Key)
		return 0, err
	}
	return id, nil
}

func (s *Service) accept(ctx context.Context, by models.Actor, k Kind, fileName string, put blobs.Stored) (id int64, err error) {
	header, err := s.header(ctx, put.Key)
	if err != nil {
		return 0, err
	}
	state := models.ImportChecking
	if _, err := sheet.Match(header, k.Columns, nil); err != nil {
		state = models.ImportMapping
	}
	head, err := json.Marshal(header)
	if err != nil {
		return 0, err
	}
	return id, s.DB.InTx(ctx, func(tx *gorm.DB) error {
		err := tx.Raw(`INSERT INTO imports (kind, file_name, state, blob_key, size, sha256, header, created_by, created_name)
			VALUES (?, ?, ?, ?, ?, ?, CAST(? AS jsonb), ?, ?) RETURNING id`,
			k.Name, fileName, state, put.Key, put.Size, put.SHA256, string(head), by.StaffID, by.Name).Scan(&id).Error
		if err != nil {
			return fmt.Errorf("save import: %w", err)
		}
		err = audit.Record(tx, audit.Entry{By: by, Action: "import.upload", SubjectType: "import", SubjectID: id,
			After: map[string]any{"kind": k.Name, "file": fileName, "size": put.Size, "sha256": fmt.Sprintf("%x", put.SHA256)}})
		if err != nil || state != models.ImportChecking {
			return err
		}
		return startWork(tx, by, models.TaskImportCheck, k.Name, fileName, id)
	})
}

// header reads the first line of a stored file and refuses what is no CSV.
func (s *Service) header(ctx context.Context, key string) ([]string, error) {
	f, err := s.Blobs.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return Header(f)
}

// sniffed is how much of a file is looked at to tell text from something else.
const sniffed = 8 << 10

// Header reads the column names of a CSV file, rewinds it, and refuses what is not CSV text with a
// sentence that says what to do.
func Header(f io.ReadSeeker) ([]string, error) {
	head := make([]byte, sniffed)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("read file: %w", err)
	}
	if err := looksLikeCSV(head[:n]); err != nil {
		return nil, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("rewind file: %w", err)
	}
	r, err := sheet.NewReader(f, sheet.Options{})
	if err != nil {
		return nil, Refusal(err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("rewind file: %w", err)
	}
	return r.Header(), nil
}

func looksLikeCSV(head []byte) error {
	switch {
	case len(bytes.TrimSpace(head)) == 0:
		return Refusal(sheet.ErrEmpty)
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}), bytes.HasPrefix(head, []byte{0xFE, 0xFF}):
		return Refusal(sheet.ErrUTF16)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte{0xD0, 0xCF, 0x11, 0xE0}):
		return models.Refuse(models.Invalid, "import.spreadsheet",
			"This is a spreadsheet, not a CSV file. Save it as “CSV UTF-8” and upload that.", nil)
	case bytes.HasPrefix(head, []byte("%PDF")), controls(head)*20 > len(head):
		return models.Refuse(models.Invalid, "import.not_csv", "This is not a CSV text file. Save the sheet as “CSV UTF-8” and upload that.", nil)
	}
	return nil
}

// controls counts bytes that text does not have. A few are forgiven: the reader leaves NULs out.
func controls(b []byte) (n int) {
	for _, c := range b {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' {
			n++
		}
	}
	return n
}

// Refusal turns what package sheet says about a whole file into a sentence for a person; other errors
// pass unchanged.
func Refusal(err error) error {
	var missing *sheet.MissingColumns
	switch {
	case errors.Is(err, sheet.ErrEmpty):
		return models.Refuse(models.Invalid, "import.empty", "The file is empty. Choose a file with a header line and rows.", nil)
	case errors.Is(err, sheet.ErrUTF16):
		return models.Refuse(models.Invalid, "import.utf16", "The file is UTF-16. Save it as “CSV UTF-8” and upload that.", nil)
	case errors.Is(err, sheet.ErrHeader):
		return models.Refuse(models.Invalid, "import.header", "The first line is not a header. Put the column names into the first line.", nil)
	case errors.As(err, &missing):
		names := strings.Join(missing.Names, ", ")
		return models.Refuse(models.Invalid, "import.columns_missing",
			fmt.Sprintf("The file lacks these columns: %s. Add them, or say which columns stand for them.", names), map[string]any{"Columns": names})
	}
	return err
}
