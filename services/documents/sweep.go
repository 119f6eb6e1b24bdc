package documents

import (
	"context"
	"fmt"
	"time"

	"pagaduria/services/blobs"
	"pagaduria/services/store"
)

// orphanAge is how old a blob without a record must be to be one that a process left behind, and not one whose record
// is being written.
const orphanAge = 24 * time.Hour

// Sweep removes uploads that nobody goes on with, and blobs that no document names: a process died between writing
// them and the record.
func (s *Service) Sweep(ctx context.Context) (uploads, orphans int64, err error) {
	tag, err := s.DB.Pool.Exec(ctx, "DELETE FROM document_uploads WHERE touched_at < $1", s.Now().Add(-uploadKept))
	if err != nil {
		return 0, 0, fmt.Errorf("sweep uploads: %w", err)
	}
	var old []string
	err = s.Blobs.Each(ctx, area, func(b blobs.Item) error {
		if b.At.Before(s.Now().Add(-orphanAge)) {
			old = append(old, b.Key)
		}
		if len(old) < sweptAtOnce {
			return nil
		}
		n, err := s.sweepBlobs(ctx, old)
		old, orphans = old[:0], orphans+n
		return err
	})
	if err == nil {
		var n int64
		n, err = s.sweepBlobs(ctx, old)
		orphans += n
	}
	return tag.RowsAffected(), orphans, err
}

const sweptAtOnce = 1000

// sweepBlobs deletes those of the keys that no record names.
func (s *Service) sweepBlobs(ctx context.Context, keys []string) (n int64, err error) {
	gone, err := store.Select[struct{ Key string }](ctx, s.DB.Pool, `SELECT k FROM unnest(CAST($1 AS text[])) k
		WHERE NOT EXISTS (SELECT 1 FROM document_blobs b WHERE b.key = k)`, keys)
	if err != nil {
		return 0, fmt.Errorf("look for orphans: %w", err)
	}
	for _, g := range gone {
		if err := s.Blobs.Delete(ctx, g.Key); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// Health is what a check of the stored documents found.
type Health struct {
	Blobs   int64 // that should be there
	Read    int64 // whose content was compared
	Missing []string
	Damaged []string
}

// readAtMost bounds how much content one check reads.
const readAtMost = 1 << 30

// Check compares what the database names with what is stored: that everything is there in its size, and that the
// newest gigabyte still decrypts to what it was.
func (s *Service) Check(ctx context.Context) (h Health, err error) {
	stored := map[string]int64{}
	err = s.Blobs.Each(ctx, area, func(b blobs.Item) error {
		stored[b.Key] = b.Size
		return nil
	})
	if err != nil {
		return h, err
	}
	left := int64(readAtMost)
	for below := int64(1 << 62); ; {
		rows, err := store.Select[struct {
			blobRow
			Stored int64
		}](ctx, s.DB.Pool, selectStored, below, sweptAtOnce)
		if err != nil {
			return h, fmt.Errorf("read blobs of documents: %w", err)
		}
		if len(rows) == 0 {
			return h, nil
		}
		for _, r := range rows {
			below = r.ID
			h.Blobs++
			size, there := stored[r.Key]
			switch {
			case !there:
				h.Missing = append(h.Missing, r.Key)
			case size != r.Stored:
				h.Damaged = append(h.Damaged, r.Key)
			case left > 0:
				left -= size
				h.Read++
				if _, err := s.content(ctx, r.blobRow); err != nil {
					h.Damaged = append(h.Damaged, r.Key)
				}
			}
		}
	}
}

const selectStored = `
SELECT b.id, b.key, b.sha256, b.turned, b.page, f.id, v.number, f.wrapped_key, k.id, k.recipient, k.sealed, b.stored
FROM document_blobs b JOIN document_files f ON f.id = b.file_id JOIN file_keys k ON k.id = f.key_id JOIN document_versions v ON v.id = f.version_id
WHERE b.id < $1 ORDER BY b.id DESC LIMIT $2`
