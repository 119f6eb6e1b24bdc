package documents_test

import (
	"bytes"
	"errors"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/services/blobs"
	"pagaduria/services/documents"
	"pagaduria/services/files/filestest"
	"pagaduria/services/store/storetest"
	"pagaduria/services/vault"
)

// desk is a distributor whose documents are looked after by Clara of compliance.
type desk struct {
	*documents.Service
	t      *testing.T
	folder string // of the blobs
	clara  models.Actor
	person int64
	now    time.Time
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	folder := t.TempDir()
	address, err := blobs.FolderAddress(folder)
	if err != nil {
		t.Fatal(err)
	}
	d := deskOn(t, address)
	d.folder = folder
	return d
}

// deskOn keeps its blobs at an address.
func deskOn(t *testing.T, address string) *desk {
	t.Helper()
	store, err := blobs.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	keys, err := vault.New(bytes.Repeat([]byte{7}, vault.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, now: time.Now()}
	d.Service = &documents.Service{DB: storetest.New(t), Blobs: store, Vault: keys, Files: filestest.Checker(t), Now: func() time.Time { return d.now }}
	d.clara = models.Actor{StaffID: d.number(`INSERT INTO staff (email, name, roles) VALUES ('clara@example.test', 'Clara', '{compliance}') RETURNING id`),
		Name: "Clara", Roles: []models.Role{models.RoleCompliance}}
	d.person = d.number(`INSERT INTO distributors (code, person_kind, doc_type, doc_number, given_names, surnames, phone, email, divipola, verification, method_kind)
		VALUES ('D-1', 'natural', 'CC', '1234567', 'Ana', 'Ruiz', '+573001234567', 'ana@example.org', '11001', 'unverified', '') RETURNING id`)
	return d
}

func (d *desk) number(sql string, args ...any) (n int64) {
	d.t.Helper()
	if err := d.DB.Pool.QueryRow(d.t.Context(), sql, args...).Scan(&n); err != nil {
		d.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func (d *desk) receive(path string) string {
	d.t.Helper()
	body := filestest.Read(d.t, path)
	u, err := d.Receive(d.t.Context(), documents.Staff(d.clara), models.FileUpload{Name: filepath.Base(path), Size: int64(len(body))}, bytes.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	return u.ID
}

// identity is a submission of both sides of a card.
func (d *desk) identity(form, front, back string) documents.Submission {
	d.t.Helper()
	return documents.Submission{ID: "form-" + form + strings.Repeat("x", 16), Distributor: d.person, Kind: models.DocumentIdentity,
		Parts: []documents.Part{{Side: models.SideFront, Upload: d.receive(front)}, {Side: models.SideBack, Upload: d.receive(back)}}}
}

const (
	front, back = "documents/01a_cedula_frente.jpg", "documents/01b_cedula_reverso.jpg"
	rut         = "documents/14_rut_natural.pdf"
)

func (d *desk) add(sub documents.Submission) documents.Added {
	d.t.Helper()
	added, err := d.Add(d.t.Context(), documents.Staff(d.clara), sub)
	if err != nil {
		d.t.Fatal(err)
	}
	return added
}

func (d *desk) stored() (keys []string) {
	d.t.Helper()
	err := d.Blobs.Each(d.t.Context(), "documents", func(i blobs.Item) error {
		keys = append(keys, i.Key)
		return nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return keys
}

func TestADocumentAndItsVersions(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	first := d.add(d.identity("1", front, back))
	second := d.add(d.identity("2", "documents/05a_cedula_frente.heic", "documents/05b_cedula_reverso.heic"))
	if second.Document != first.Document || first.Number != 1 || second.Number != 2 {
		t.Fatalf("got %+v and %+v", first, second)
	}
	d.add(documents.Submission{ID: strings.Repeat("r", 16), Distributor: d.person, Kind: models.DocumentRUT, Parts: []documents.Part{{Upload: d.receive(rut)}}})
	list, err := d.Of(t.Context(), d.clara, d.person)
	if err != nil || len(list) != 2 {
		t.Fatalf("%d documents, %v", len(list), err)
	}
	id, tax := list[0], list[1]
	if id.Kind != models.DocumentIdentity || len(id.Versions) != 2 || id.Latest().Number != 2 || id.Latest().StaffName != "Clara" || len(id.Versions[1].Files) != 2 {
		t.Errorf("identity: %+v", id)
	}
	if f := id.Latest().Files[0]; f.Side != models.SideFront || f.Kind != models.FileHEIC || f.Name != "05a_cedula_frente.heic" || len(f.Pages) != 1 {
		t.Errorf("front: %+v", f)
	}
	if tax.Latest().Pages() != 2 {
		t.Errorf("RUT: %+v", tax)
	}
	if n := d.number(`SELECT count(*) FROM document_uploads`); n != 0 {
		t.Errorf("%d uploads stay", n)
	}
	for _, key := range d.stored() {
		b, err := os.ReadFile(filepath.Join(d.folder, filepath.FromSlash(key)))
		if err != nil || !bytes.HasPrefix(b, []byte("age-encryption.org/v1\n")) || bytes.Contains(b, []byte("JFIF")) || bytes.Contains(b, []byte("%PDF")) {
			t.Errorf("%s lies open: %q %v", key, b[:min(len(b), 20)], err)
		}
	}
	for _, sql := range []string{"DELETE FROM document_versions", "UPDATE document_versions SET staff_name = 'x'", "DELETE FROM document_blobs", "DELETE FROM document_files"} {
		if _, err := d.DB.Pool.Exec(t.Context(), sql); err == nil {
			t.Errorf("the database takes %q", sql)
		}
	}
}

func TestThePageSaysWhoLooksAndTheLogToo(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	added := d.add(d.identity("1", front, back))
	doc, err := d.Get(t.Context(), d.clara, d.person, added.Document)
	if err != nil {
		t.Fatal(err)
	}
	page := doc.Latest().Files[0].Pages[0]
	look := documents.Look{Distributor: d.person, Document: doc.ID, Page: page.ID, Mark: "Clara · 24 nov 2026, 10:42"}
	one, err := d.Page(t.Context(), d.clara, look)
	if err != nil {
		t.Fatal(err)
	}
	look.Mark = "Otra persona · 25 nov 2026, 11:00"
	other, err := d.Page(t.Context(), d.clara, look)
	if err != nil || bytes.Equal(one, other) {
		t.Errorf("the words are not in the picture: %v", err)
	}
	if n := d.number(`SELECT count(*) FROM audit_events WHERE action = 'document.view' AND subject_type = 'document' AND subject_id = $1 AND actor_name = 'Clara'`, doc.ID); n != 2 {
		t.Errorf("%d looks recorded, want 2", n)
	}
	if err := d.Turn(t.Context(), d.clara, look); err != nil {
		t.Fatal(err)
	}
	turned, err := d.Page(t.Context(), d.clara, look)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := jpeg.DecodeConfig(bytes.NewReader(turned)); err != nil || c.Width != page.Height || c.Height != page.Width {
		t.Errorf("turned: %dx%d %v, was %dx%d", c.Width, c.Height, err, page.Width, page.Height)
	}
}

func TestWhoMayNot(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	added := d.add(d.identity("1", front, back))
	page := d.number(`SELECT min(id) FROM document_blobs`)
	look := documents.Look{Distributor: d.person, Document: added.Document, Page: page, Mark: "x"}
	for _, role := range models.Roles {
		by := models.Actor{StaffID: d.clara.StaffID, Name: "x", Roles: []models.Role{role}}
		sees, adds := role == models.RoleCompliance || role == models.RoleAuditor, role == models.RoleCompliance
		_, listing := d.Of(t.Context(), by, d.person)
		_, looking := d.Page(t.Context(), by, look)
		for _, err := range []error{listing, looking} {
			if (models.KindOf(err) == models.Forbidden) == sees || sees && err != nil {
				t.Errorf("%s: %v", role, err)
			}
		}
		_, begin := d.Begin(t.Context(), documents.Staff(by), models.FileUpload{Name: "a", Size: 1})
		_, add := d.Add(t.Context(), documents.Staff(by), documents.Submission{})
		for _, err := range []error{begin, add, d.Turn(t.Context(), by, look)} {
			if (models.KindOf(err) == models.Forbidden) == adds {
				t.Errorf("%s: %v", role, err)
			}
		}
	}
	for _, l := range []documents.Look{{Distributor: d.person + 1, Document: added.Document, Page: page}, {Distributor: d.person, Document: added.Document + 1, Page: page}, {}} {
		if _, err := d.Page(t.Context(), d.clara, l); models.KindOf(err) != models.NotFound {
			t.Errorf("%+v: %v", l, err)
		}
	}
}

func TestARefusedFileLeavesNothingAndTheOthersStay(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	sub := d.identity("1", front, "hostile/h12_pdf_javascript.pdf")
	_, err := d.Add(t.Context(), documents.Staff(d.clara), sub)
	var refused *documents.Refused
	if !errors.As(err, &refused) || models.FileCodeOf(refused.Of[1]) != models.FilePDFActive || refused.Of[0] != nil || models.KindOf(err) != models.Invalid {
		t.Fatalf("got %v", err)
	}
	if n := d.number(`SELECT count(*) FROM documents`); n != 0 || len(d.stored()) != 0 {
		t.Errorf("%d documents and %v stay", n, d.stored())
	}
	if _, err := d.Upload(t.Context(), documents.Staff(d.clara), sub.Parts[0].Upload); err != nil {
		t.Errorf("the sound one has to be sent again: %v", err)
	}
	if _, err := d.Upload(t.Context(), documents.Staff(d.clara), sub.Parts[1].Upload); models.KindOf(err) != models.NotFound {
		t.Errorf("the refused one is kept: %v", err)
	}
	sub.Parts[1].Upload = d.receive(back)
	d.add(sub)
}

func TestAFormSentTwiceMakesOneVersion(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	sub := d.identity("1", front, back)
	var wait sync.WaitGroup
	answers := make([]documents.Added, 4)
	for i := range answers {
		wait.Go(func() {
			var err error
			if answers[i], err = d.Add(t.Context(), documents.Staff(d.clara), sub); err != nil && models.KindOf(err) != models.Invalid {
				t.Errorf("%d: %v", i, err)
			}
		})
	}
	wait.Wait()
	if n := d.number(`SELECT count(*) FROM document_versions`); n != 1 {
		t.Errorf("%d versions", n)
	}
	if again := d.add(sub); again.Number != 1 {
		t.Errorf("sent once more: %+v", again)
	}
	if n := len(d.stored()); n != 2 {
		t.Errorf("%d blobs", n)
	}
	same := d.identity("2", front, back)
	if _, err := d.Add(t.Context(), documents.Staff(d.clara), same); models.KindOf(err) != models.Conflict {
		t.Errorf("the same files in another form: %v", err)
	}
	other := sub
	other.Distributor++
	if _, err := d.Add(t.Context(), documents.Staff(d.clara), other); models.KindOf(err) != models.Conflict {
		t.Errorf("the same form for somebody else: %v", err)
	}
}

func TestPiecesOfAnUpload(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	body := filestest.Read(t, front)
	u, err := d.Begin(t.Context(), documents.Staff(d.clara), models.FileUpload{Name: "a.jpg", Mime: "image/jpeg", Size: int64(len(body))})
	if err != nil {
		t.Fatal(err)
	}
	half := len(body) / 2
	if u, err = d.Append(t.Context(), documents.Staff(d.clara), u.ID, 0, body[:half]); err != nil || u.Received != int64(half) {
		t.Fatalf("%+v, %v", u, err)
	}
	for name, c := range map[string]struct {
		start int64
		piece []byte
		want  models.ErrorKind
	}{
		"the first once more": {0, body[:half], models.Conflict}, "one with a gap": {int64(half) + 1, body[half+1:], models.Conflict},
		"too much": {int64(half), append(body[half:len(body):len(body)], 0), models.Conflict}, "nothing": {int64(half), nil, models.Invalid},
		"too large": {int64(half), make([]byte, documents.ChunkBytes+1), models.Invalid},
	} {
		if _, err := d.Append(t.Context(), documents.Staff(d.clara), u.ID, c.start, c.piece); models.KindOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	stranger := models.Actor{StaffID: d.clara.StaffID + 1, Name: "x", Roles: d.clara.Roles}
	if _, err := d.Append(t.Context(), documents.Staff(stranger), u.ID, int64(half), body[half:]); models.KindOf(err) != models.NotFound {
		t.Errorf("somebody else: %v", err)
	}
	sub := documents.Submission{ID: strings.Repeat("r", 16), Distributor: d.person, Kind: models.DocumentRUT, Parts: []documents.Part{{Upload: u.ID}}}
	if _, err := d.Add(t.Context(), documents.Staff(d.clara), sub); models.KindOf(err) != models.Invalid {
		t.Errorf("half a file: %v", err)
	}
	if n := d.number(`SELECT count(*) FROM document_chunks WHERE position('\x4a464946' IN sealed) > 0`); n != 0 {
		t.Error("pieces lie open in the database")
	}
	var wait sync.WaitGroup
	taken := make(chan bool, 3)
	for range 3 {
		wait.Go(func() {
			_, err := d.Append(t.Context(), documents.Staff(d.clara), u.ID, int64(half), body[half:])
			taken <- err == nil
		})
	}
	wait.Wait()
	close(taken)
	n := 0
	for ok := range taken {
		if ok {
			n++
		}
	}
	if n != 1 {
		t.Errorf("the last piece was taken %d times", n)
	}
	d.add(sub)
	if _, err := d.Begin(t.Context(), documents.Staff(d.clara), models.FileUpload{Name: "a", Size: 21 << 20}); models.FileCodeOf(err) != models.FileTooLarge {
		t.Errorf("too large: %v", err)
	}
}

func TestWhatADeadProcessLeftIsCollected(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.add(d.identity("1", front, back))
	kept := d.stored()
	put, err := d.Blobs.Put(t.Context(), "documents", ".age", strings.NewReader("written before the record"), 100)
	if err != nil {
		t.Fatal(err)
	}
	d.receive(rut)
	if uploads, orphans, err := d.Sweep(t.Context()); err != nil || uploads != 0 || orphans != 0 {
		t.Errorf("at once: %d, %d, %v", uploads, orphans, err)
	}
	d.now = d.now.Add(25 * time.Hour)
	if uploads, orphans, err := d.Sweep(t.Context()); err != nil || uploads != 1 || orphans != 1 {
		t.Errorf("a day later: %d, %d, %v", uploads, orphans, err)
	}
	if got := d.stored(); strings.Join(got, " ") != strings.Join(kept, " ") || strings.Contains(strings.Join(got, " "), put.Key) {
		t.Errorf("kept %v, want %v", got, kept)
	}
	if n := d.number(`SELECT count(*) FROM document_chunks`); n != 0 {
		t.Errorf("%d pieces stay", n)
	}
}

func TestLostAndDamagedBlobsAreNoticed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.add(documents.Submission{ID: strings.Repeat("r", 16), Distributor: d.person, Kind: models.DocumentRUT, Parts: []documents.Part{{Upload: d.receive(rut)}}})
	d.add(d.identity("1", front, back))
	h, err := d.Check(t.Context())
	if err != nil || h.Blobs != 5 || h.Read != 5 || len(h.Missing)+len(h.Damaged) != 0 {
		t.Fatalf("%+v, %v", h, err)
	}
	keys := d.stored()
	path := func(i int) string { return filepath.Join(d.folder, filepath.FromSlash(keys[i])) }
	if err := os.Remove(path(0)); err != nil {
		t.Fatal(err)
	}
	for i, spoil := range []func([]byte) []byte{
		func(b []byte) []byte { return b[:len(b)-1] },
		func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
	} {
		b, err := os.ReadFile(path(i + 1))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path(i+1), spoil(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h, err = d.Check(t.Context())
	if err != nil || len(h.Missing) != 1 || h.Missing[0] != keys[0] || len(h.Damaged) != 2 {
		t.Errorf("%+v, %v", h, err)
	}
}

func TestKeysAreRotatedWhileDocumentsComeAndGo(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.add(d.identity("1", front, back))
	before := d.number(`SELECT max(id) FROM file_keys`)
	done := make(chan struct{})
	sub := d.identity("2", "documents/02a_cedula_frente.jpg", "documents/02b_cedula_reverso.jpg")
	go func() {
		defer close(done)
		d.add(sub)
	}()
	if _, err := d.RotateKeys(t.Context(), models.System("files")); err != nil {
		t.Fatal(err)
	}
	<-done
	if _, err := d.RotateKeys(t.Context(), models.System("files")); err != nil {
		t.Fatal(err)
	}
	if n := d.number(`SELECT count(*) FROM file_keys`); n != 1 || d.number(`SELECT min(id) FROM file_keys`) <= before {
		t.Errorf("%d keys stay", n)
	}
	if h, err := d.Check(t.Context()); err != nil || h.Read != 4 || len(h.Damaged) != 0 {
		t.Errorf("%+v, %v", h, err)
	}
	if n := d.number(`SELECT count(*) FROM audit_events WHERE action = 'document.rotate_keys'`); n != 2 {
		t.Errorf("%d records", n)
	}
}
