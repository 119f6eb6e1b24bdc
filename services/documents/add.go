package documents

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"

	"filippo.io/age"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/files"
	"pagaduria/services/store"
)

// Part is one file of a submission: an upload that has arrived, and the side it shows.
type Part struct {
	Side   models.DocumentSide
	Upload string
}

// Submission is a document as somebody sends it. ID names the form: sent twice, it makes one version.
type Submission struct {
	ID          string
	Distributor int64
	Kind        models.DocumentKind
	Parts       []Part
	LeastPages  int // of all files together: a card has two sides
	// Then runs in the transaction of the version. With it, files that are the newest version already are taken for that
	// one: what was broken off before it was known to have arrived can be sent again.
	Then func(tx *gorm.DB, a Added) error
}

// Refused says which parts of a submission were not taken and why. The others stay as uploads, so that only
// these have to be sent again.
type Refused struct {
	Of    map[int]error // by place in Submission.Parts
	Names map[int]string
}

func (r *Refused) Error() string { return "Some files were not taken. Nothing was saved yet." }

// Unwrap makes it a refusal for the handlers.
func (r *Refused) Unwrap() error {
	kind := models.Invalid
	for _, err := range r.Of {
		if models.KindOf(err) == models.Unavailable {
			kind = models.Unavailable
		}
	}
	return models.Refuse(kind, "documents.refused", r.Error(), nil)
}

// Added is a version of a document.
type Added struct {
	Document int64
	Version  int64
	Number   int
}

// Add judges the files of a submission and keeps them as the next version of the document, all or none.
func (s *Service) Add(ctx context.Context, from Sender, sub Submission) (Added, error) {
	if err := from.allowed(); err != nil {
		return Added{}, err
	}
	if err := sub.check(); err != nil {
		return Added{}, err
	}
	if added, err := s.submitted(ctx, sub); err != nil || added.Document != 0 {
		return s.then(ctx, sub, added, err)
	}
	kept, err := s.keep(ctx, from, sub)
	if err != nil {
		return Added{}, err
	}
	var added Added
	var fresh bool
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if added, fresh, err = s.newVersion(tx, from, sub, kept); err != nil || sub.Then == nil {
			return err
		}
		return sub.Then(tx, added)
	})
	if err == nil && fresh {
		return added, nil
	}
	s.discard(ctx, kept)
	if isTwice(err) {
		added, err = s.submitted(ctx, sub)
		return s.then(ctx, sub, added, err)
	}
	return added, err
}

// then does what follows from a version that is there already.
func (s *Service) then(ctx context.Context, sub Submission, a Added, err error) (Added, error) {
	if err != nil || sub.Then == nil {
		return a, err
	}
	return a, s.DB.InTx(ctx, func(tx *gorm.DB) error { return sub.Then(tx, a) })
}

// isTwice answers whether the same form was sent meanwhile.
func isTwice(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.ConstraintName == "document_versions_submission_key" || errors.Is(err, errTwice)
}

var errTwice = errors.New("this form was sent already")

func (sub Submission) check() error {
	bad := models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil)
	switch {
	case !sub.Kind.Valid():
		return bad.WithField("kind", "documents.choose_kind")
	case len(sub.Parts) == 0:
		return bad.WithField("front", "documents.choose_file")
	case len(sub.Parts) > models.DocumentMaxFiles:
		return bad.WithField("more", "documents.too_many")
	case len(sub.ID) < 16 || len(sub.ID) > 64:
		return models.Refuse(models.Invalid, "documents.old_form", "This form is out of date. Open the page again and choose the files once more.", nil)
	}
	return nil
}

// submitted answers the version that this form made, zero when it made none. It is a Conflict when the form was for
// something else.
func (s *Service) submitted(ctx context.Context, sub Submission) (Added, error) {
	r, err := store.SelectOne[struct {
		Added
		Distributor int64
		Kind        models.DocumentKind
	}](ctx, s.DB.Pool, `SELECT d.id, v.id, v.number, d.distributor_id, d.kind FROM document_versions v JOIN documents d ON d.id = v.document_id WHERE v.submission = $1`, sub.ID)
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return Added{}, nil
	case err != nil:
		return Added{}, fmt.Errorf("look for submission: %w", err)
	case r.Distributor != sub.Distributor || r.Kind != sub.Kind:
		return Added{}, models.Refuse(models.Conflict, "documents.old_form", "This form is out of date. Open the page again and choose the files once more.", nil)
	}
	return r.Added, nil
}

// keptFile is a clean file whose blobs are written and that no record names yet.
type keptFile struct {
	side  models.DocumentSide
	name  string // as it was sent
	clean files.Clean
	size  int64
	own   *age.X25519Identity
	blobs []keptBlob
}

type keptBlob struct {
	page, width, height int
	key                 string
	size, stored        int64
	sum                 [sha256.Size]byte
}

// keep judges every file and writes the blobs of those that are sound; when one is refused nothing stays.
func (s *Service) keep(ctx context.Context, from Sender, sub Submission) (kept []keptFile, err error) {
	refused := &Refused{Of: map[int]error{}, Names: map[int]string{}}
	defer func() {
		if err != nil {
			s.discard(ctx, kept)
			kept = nil
		}
	}()
	for i, part := range sub.Parts {
		f, err := s.keepPart(ctx, from, part)
		kept = append(kept, f)
		if models.FileCodeOf(err) != "" || models.KindOf(err) == models.NotFound {
			refused.Of[i], refused.Names[i] = err, f.name
			if models.KindOf(err) == models.Invalid {
				err = s.Drop(ctx, from, part.Upload)
			} else {
				err = nil
			}
		}
		if err != nil {
			return kept, err
		}
	}
	if len(refused.Of) > 0 {
		return kept, refused
	}
	if pages(kept) < sub.LeastPages {
		return kept, models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil).WithField("back", "documents.no_back")
	}
	return kept, nil
}

func pages(kept []keptFile) (n int) {
	for _, f := range kept {
		for _, b := range f.blobs {
			n += min(b.page, 1) // page 0 is a PDF as it came
		}
	}
	return n
}

func (s *Service) keepPart(ctx context.Context, from Sender, part Part) (f keptFile, err error) {
	u, err := s.Upload(ctx, from, part.Upload)
	if err != nil {
		return f, err
	}
	f.name = models.CleanFileName(u.Name, u.ID)
	done, err := s.turns.take(ctx)
	if err != nil {
		return f, err
	}
	defer done()
	body, err := s.body(ctx, u)
	if err != nil {
		return f, err
	}
	f.side, f.size = part.Side, int64(len(body))
	if f.clean, err = s.Files.Check(ctx, files.Incoming{Name: u.Name, Mime: u.Mime, Body: body}); err != nil {
		return f, err
	}
	if f.own, err = age.GenerateX25519Identity(); err != nil {
		return f, fmt.Errorf("make key of a file: %w", err)
	}
	if !f.clean.Kind.Picture() {
		if err := s.keepBlob(ctx, &f, 0, files.Page{JPEG: f.clean.Kept}); err != nil {
			return f, err
		}
	}
	for i, page := range f.clean.Pages {
		if err := s.keepBlob(ctx, &f, i+1, page); err != nil {
			return f, err
		}
	}
	f.clean.Kept, f.clean.Pages = nil, nil // written: the next file needs the memory
	return f, nil
}

func (s *Service) keepBlob(ctx context.Context, f *keptFile, page int, p files.Page) error {
	sealed, err := seal(p.JPEG, f.own.Recipient())
	if err != nil {
		return err
	}
	put, err := s.Blobs.Put(ctx, area, ".age", bytes.NewReader(sealed), int64(len(sealed)))
	if err != nil {
		return err
	}
	f.blobs = append(f.blobs, keptBlob{page: page, width: p.Width, height: p.Height, key: put.Key, size: int64(len(p.JPEG)), stored: put.Size, sum: sha256.Sum256(p.JPEG)})
	return nil
}

// discard removes blobs that became no document. What it misses the sweep collects.
func (s *Service) discard(ctx context.Context, kept []keptFile) {
	ctx = context.WithoutCancel(ctx)
	for _, f := range kept {
		for _, b := range f.blobs {
			_ = s.Blobs.Delete(ctx, b.key)
		}
	}
}

// lockDocument makes those who send the same document wait for each other, also while there is none yet.
const lockDocument = `SELECT pg_advisory_xact_lock(hashtextextended('document ' || CAST($1 AS bigint) || ' ' || CAST($2 AS text), 0))`

// newVersion writes the next version; fresh is false when the files are the newest one already and the submission takes it.
func (s *Service) newVersion(tx *gorm.DB, from Sender, sub Submission, kept []keptFile) (added Added, fresh bool, err error) {
	if _, err := store.ExecTx(tx, lockDocument, sub.Distributor, string(sub.Kind)); err != nil {
		return added, false, fmt.Errorf("lock document: %w", err)
	}
	newest, err := store.SelectTx[struct {
		Added
		Submission string
	}](tx, `SELECT d.id, v.id, v.number, v.submission FROM documents d JOIN document_versions v ON v.document_id = d.id AND v.number = d.version
		WHERE d.distributor_id = $1 AND d.kind = $2`, sub.Distributor, string(sub.Kind))
	if err != nil {
		return added, false, fmt.Errorf("read newest version: %w", err)
	}
	if len(newest) > 0 {
		if newest[0].Submission == sub.ID {
			return added, false, errTwice
		}
		same, err := sameFiles(tx, newest[0].Version, kept)
		if err != nil {
			return added, false, err
		}
		if same && sub.Then != nil {
			return newest[0].Added, false, clearUploads(tx, from, sub)
		}
		if same {
			return added, false, models.Refuse(models.Conflict, "documents.same", "These are the files of the newest version. Nothing was saved.", nil)
		}
	}
	added, err = s.addVersion(tx, from, sub, kept)
	return added, true, err
}

// sameFiles answers whether the files are, byte for byte, those of a version.
func sameFiles(tx *gorm.DB, version int64, kept []keptFile) (bool, error) {
	before, err := store.SelectTx[struct{ Sum []byte }](tx, `SELECT received_sha256 FROM document_files WHERE version_id = $1 ORDER BY position`, version)
	if err != nil {
		return false, fmt.Errorf("read version before: %w", err)
	}
	return slices.EqualFunc(before, kept, func(a struct{ Sum []byte }, b keptFile) bool { return bytes.Equal(a.Sum, b.clean.Received[:]) }), nil
}

func clearUploads(tx *gorm.DB, from Sender, sub Submission) error {
	ids := make([]string, len(sub.Parts))
	for i, p := range sub.Parts {
		ids[i] = p.Upload
	}
	if err := tx.Exec("DELETE FROM document_uploads WHERE owner = ? AND id IN ?", from.owner, ids).Error; err != nil {
		return fmt.Errorf("clear uploads: %w", err)
	}
	return nil
}

// addVersion writes a version with its files. Only staff have a name: a version without one is the payee's.
func (s *Service) addVersion(tx *gorm.DB, from Sender, sub Submission, kept []keptFile) (added Added, err error) {
	now, name := s.Now(), from.by.Name
	if from.by.StaffID == 0 {
		name = ""
	}
	err = tx.Raw(`INSERT INTO documents (distributor_id, kind, created_at) VALUES (?, ?, ?)
		ON CONFLICT (distributor_id, kind) DO UPDATE SET version = documents.version + 1 RETURNING id AS document, version AS number`,
		sub.Distributor, sub.Kind, now).Scan(&added).Error
	if errors.Is(err, gorm.ErrForeignKeyViolated) {
		return added, models.Refuse(models.NotFound, "documents.none_such", "There is no such distributor.", nil)
	}
	if err != nil {
		return added, fmt.Errorf("save document: %w", err)
	}
	err = tx.Raw(`INSERT INTO document_versions (document_id, number, submission, staff_id, staff_name, created_at) VALUES (?, ?, ?, nullif(?, 0), ?, ?) RETURNING id`,
		added.Document, added.Number, sub.ID, from.by.StaffID, name, now).Scan(&added.Version).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return added, errTwice
	}
	if err != nil {
		return added, fmt.Errorf("save version of document: %w", err)
	}
	key, err := s.newestKey(tx)
	if err != nil {
		return added, err
	}
	var told []map[string]any
	for i, f := range kept {
		if err := addFile(tx, added.Version, i+1, f, key); err != nil {
			return added, err
		}
		told = append(told, map[string]any{"side": f.side, "kind": f.clean.Kind, "sha256": fmt.Sprintf("%x", f.clean.Received), "done": f.clean.Done})
	}
	if err := clearUploads(tx, from, sub); err != nil {
		return added, err
	}
	return added, audit.Record(tx, audit.Entry{By: from.by, Action: "document.add", SubjectType: "distributor", SubjectID: sub.Distributor,
		After: map[string]any{"document": added.Document, "kind": sub.Kind, "version": added.Number, "files": told}})
}

func addFile(tx *gorm.DB, version int64, position int, f keptFile, key wrappingKey) error {
	wrapped, err := key.wrap(f.own)
	if err != nil {
		return err
	}
	var id int64
	err = tx.Raw(`INSERT INTO document_files (version_id, position, side, name, kind, received_size, received_sha256, key_id, wrapped_key)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
		version, position, f.side, f.clean.Name, f.clean.Kind, f.size, f.clean.Received[:], key.id, wrapped).Scan(&id).Error
	if err != nil {
		return fmt.Errorf("save file of document: %w", err)
	}
	for _, b := range f.blobs {
		err := tx.Exec(`INSERT INTO document_blobs (file_id, page, width, height, key, size, stored, sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			id, b.page, b.width, b.height, b.key, b.size, b.stored, b.sum[:]).Error
		if err != nil {
			return fmt.Errorf("save page of document: %w", err)
		}
	}
	return nil
}

// zeroless keeps a text that the database takes: what a zero byte hid must still be judged, so that it becomes a space.
func zeroless(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", " ")
}
