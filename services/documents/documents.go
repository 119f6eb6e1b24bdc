// Package documents keeps the papers that prove who a distributor is: each was judged and made anew by package files,
// is encrypted with a key of its own, and is only seen as pictures that say who looked at them. Versions are never
// replaced. What is asked of whom, and what a reviewer decides, is not known here.
package documents

import (
	"context"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"pagaduria/models"
	"pagaduria/services/blobs"
	"pagaduria/services/files"
	"pagaduria/services/store"
	"pagaduria/services/vault"
)

// Service is the documents of distributors.
type Service struct {
	DB    *store.DB
	Blobs *blobs.Store
	Vault *vault.Vault
	Files *files.Checker
	Now   func() time.Time

	turns turns
}

// atOnce is how many files are in memory at once to be judged and converted, whoever sends them; the rest waits on disk, in
// pieces in the database.
const atOnce = 3

// turns bounds what is in memory. The zero value is ready.
type turns struct {
	once sync.Once
	free chan struct{}
}

// take waits for a turn, and answers how to give it back.
func (t *turns) take(ctx context.Context) (done func(), err error) {
	t.once.Do(func() { t.free = make(chan struct{}, atOnce) })
	select {
	case t.free <- struct{}{}:
		return func() { <-t.free }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a turn: %w", ctx.Err())
	}
}

// area is where the blobs of documents lie.
const area = "documents"

var errNoDocument = models.Refuse(models.NotFound, "documents.none_such", "There is no such document.", nil)

// row is one page with everything above it.
type row struct {
	Document, Distributor int64
	Kind                  string
	Version               int64
	Number                int
	StaffName             string
	At                    time.Time
	File                  int64
	Side, Name, FileKind  string
	Size                  int64
	SHA256                []byte
	Page                  int64
	PageNumber            int
	Width, Height, Turned int
}

const (
	selectPages = `
SELECT d.id, d.distributor_id, d.kind, v.id, v.number, v.staff_name, v.created_at, f.id, f.side, f.name, f.kind, f.received_size, f.received_sha256,
    b.id, b.page, b.width, b.height, b.turned
FROM documents d JOIN document_versions v ON v.document_id = d.id JOIN document_files f ON f.version_id = v.id
    JOIN document_blobs b ON b.file_id = f.id AND b.page > 0
`
	selectDocuments = selectPages + `WHERE d.distributor_id = $1 OR d.distributor_id IN (SELECT id FROM distributors WHERE merged_into = $1) ORDER BY d.kind, d.distributor_id <> $1, d.id, v.number DESC, f.position, b.page`
	selectVersions  = selectPages + `WHERE v.id = ANY($1) ORDER BY d.id, v.number DESC, f.position, b.page`
)

// Of lists the documents of a distributor with all their versions, and those of records that became part of it: they
// stay where they were sent, so that taking a merge apart takes nothing from anybody.
func (s *Service) Of(ctx context.Context, by models.Actor, distributor int64) ([]models.Document, error) {
	if err := forbid(by, models.PermDocumentsView); err != nil {
		return nil, err
	}
	rows, err := store.Select[row](ctx, s.DB.Pool, selectDocuments, distributor)
	if err != nil {
		return nil, fmt.Errorf("read documents of distributor %d: %w", distributor, err)
	}
	return gather(rows), nil
}

// Get answers one document of a distributor.
func (s *Service) Get(ctx context.Context, by models.Actor, distributor, id int64) (models.Document, error) {
	list, err := s.Of(ctx, by, distributor)
	if err != nil {
		return models.Document{}, err
	}
	for _, d := range list {
		if d.ID == id {
			return d, nil
		}
	}
	return models.Document{}, errNoDocument
}

// Versions answers versions by their id, each as a document with that version alone. The caller has let the reader in.
func (s *Service) Versions(ctx context.Context, ids []int64) (map[int64]models.Document, error) {
	rows, err := store.Select[row](ctx, s.DB.Pool, selectVersions, ids)
	if err != nil {
		return nil, fmt.Errorf("read versions of documents: %w", err)
	}
	found := make(map[int64]models.Document, len(ids))
	for _, d := range gather(rows) {
		for _, v := range d.Versions {
			one := d
			one.Versions = []models.DocumentVersion{v}
			found[v.ID] = one
		}
	}
	return found, nil
}

// gather puts pages into files, files into versions and versions into documents, in the order they come.
func gather(rows []row) (list []models.Document) {
	for _, r := range rows {
		if n := len(list); n == 0 || list[n-1].ID != r.Document {
			list = append(list, models.Document{ID: r.Document, DistributorID: r.Distributor, Kind: models.DocumentKind(r.Kind)})
		}
		d := &list[len(list)-1]
		if n := len(d.Versions); n == 0 || d.Versions[n-1].ID != r.Version {
			d.Versions = append(d.Versions, models.DocumentVersion{ID: r.Version, Number: r.Number, StaffName: r.StaffName, At: r.At})
		}
		v := &d.Versions[len(d.Versions)-1]
		if n := len(v.Files); n == 0 || v.Files[n-1].ID != r.File {
			v.Files = append(v.Files, models.DocumentFile{ID: r.File, Side: models.DocumentSide(r.Side), Name: r.Name, Kind: models.FileKind(r.FileKind),
				Size: r.Size, SHA256: hex.EncodeToString(r.SHA256)})
		}
		f := &v.Files[len(v.Files)-1]
		f.Pages = append(f.Pages, models.DocumentPage{ID: r.Page, Number: r.PageNumber, Width: r.Width, Height: r.Height, Turned: r.Turned})
	}
	return list
}

func forbid(by models.Actor, p models.Permission) error {
	if by.May(p) {
		return nil
	}
	return models.Refuse(models.Forbidden, "error.not_yours", "Your role does not allow this. Ask an administrator if you need it.", nil)
}
