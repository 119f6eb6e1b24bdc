package screening

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/sanctions"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

// File is one file of a list. It may be opened again.
type File struct {
	Name string
	Open func() (io.ReadCloser, error)
}

// Loaded is what came of loading one list.
type Loaded struct {
	models.ListVersion
	Same bool // it says what the version in force says
}

// Load is what is to be loaded.
type Load struct {
	Files   []File
	Smaller bool // the list may lose many entries: somebody has looked
	// Finish ends the transaction of the load; nil when there is nothing more to do in it.
	Finish func(*gorm.DB, []Loaded) error
}

// keptShare is how many of a hundred entries a new version keeps at least, unless somebody says that fewer are right: a
// file that was cut off between two lines looks whole.
const keptShare = 80

// LoadLists takes whole editions of lists: the OFAC set, the UN file, or both. They come in force in one transaction or
// not at all; the same content again is the same version.
func (s *Service) LoadLists(ctx context.Context, by models.Actor, l Load) ([]Loaded, error) {
	editions, err := read(l.Files)
	if err != nil {
		return nil, err
	}
	var done []Loaded
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		done = nil
		if err := tx.Exec("SELECT pg_advisory_xact_lock(hashtext('sanctions.load'))").Error; err != nil {
			return fmt.Errorf("wait for other loads: %w", err)
		}
		for _, e := range editions {
			one, err := s.store(tx, by, e, l.Smaller)
			if err != nil {
				return err
			}
			done = append(done, one)
		}
		if err := Enqueue(tx); err != nil {
			return err
		}
		if l.Finish != nil {
			return l.Finish(tx, done)
		}
		return nil
	})
	return done, err
}

// edition is one list as it was read.
type edition struct {
	list      sanctions.List
	files     []string
	generated *time.Time
	entries   []sanctions.Entry
}

// read sorts the files by what they are and reads them.
func read(files []File) ([]edition, error) {
	set, names := map[int]File{}, []string{}
	var un []File
	for _, f := range files {
		kind, err := sniff(f)
		if err != nil {
			return nil, err
		}
		switch _, twice := set[kind]; {
		case kind == xmlFile && len(un) > 0, kind != xmlFile && twice:
			return nil, models.Refuse(models.Invalid, "screening.refused.twice", "Two of the files are of the same kind. Load one edition of a list at a time.", nil).WithField("file", "screening.refused.twice")
		case kind == xmlFile:
			un = append(un, f)
		default:
			set[kind] = f
			names = append(names, f.Name)
		}
	}
	var editions []edition
	if len(set) > 0 {
		e, err := readOFAC(set)
		if err != nil {
			return nil, err
		}
		e.files = names
		editions = append(editions, e)
	}
	for _, f := range un {
		e, err := readUN(f)
		if err != nil {
			return nil, err
		}
		editions = append(editions, e)
	}
	if len(editions) == 0 {
		return nil, models.Refuse(models.Invalid, "screening.refused.none", "Choose the files of a list.", nil).WithField("file", "screening.refused.none")
	}
	return editions, nil
}

// xmlFile is the kind of the UN list; the files of OFAC are told apart by their number of columns.
const xmlFile = 0

// sniffed is how much of a file is looked at.
const sniffed = 64 << 10

func sniff(f File) (int, error) {
	r, err := f.Open()
	if err != nil {
		return 0, fmt.Errorf("open %s: %w", f.Name, err)
	}
	defer func() { _ = r.Close() }()
	head, err := bufio.NewReaderSize(r, sniffed).Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, fmt.Errorf("read %s: %w", f.Name, err)
	}
	text := bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")))
	if bytes.HasPrefix(text, []byte("<")) {
		return xmlFile, nil
	}
	record, err := csv.NewReader(bytes.NewReader(text)).Read()
	if n := len(record); err == nil && (n == 12 || n == 6 || n == 5 || n == 2) {
		return n, nil
	}
	return 0, models.Refuse(models.Invalid, "screening.refused.unknown", fmt.Sprintf("The file %s is neither a file of the OFAC set nor the list of the UN.", f.Name),
		map[string]any{"File": f.Name})
}

func readOFAC(set map[int]File) (e edition, err error) {
	e.list = sanctions.OFAC
	var files sanctions.OFACFiles
	for columns, to := range map[int]*io.Reader{12: &files.Entries, 6: &files.Addresses, 5: &files.Names, 2: &files.Comments} {
		f, ok := set[columns]
		if !ok {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return e, fmt.Errorf("open %s: %w", f.Name, err)
		}
		defer func() { _ = r.Close() }()
		*to = r
	}
	err = sanctions.ReadOFAC(files, func(one sanctions.Entry) error { e.entries = append(e.entries, one); return nil })
	return e, refusal(err)
}

func readUN(f File) (e edition, err error) {
	e.list, e.files = sanctions.UN, []string{f.Name}
	r, err := f.Open()
	if err != nil {
		return e, fmt.Errorf("open %s: %w", f.Name, err)
	}
	defer func() { _ = r.Close() }()
	at, err := sanctions.ReadUN(bufio.NewReader(r), func(one sanctions.Entry) error { e.entries = append(e.entries, one); return nil })
	if !at.IsZero() {
		e.generated = &at
	}
	return e, refusal(err)
}

// refusal turns what is wrong with a file into a sentence.
func refusal(err error) error {
	if !errors.Is(err, sanctions.ErrBroken) {
		return err
	}
	why := strings.TrimPrefix(err.Error(), sanctions.ErrBroken.Error()+": ")
	return models.Refuse(models.Invalid, "screening.refused.broken", "The list is damaged or cut off ("+why+"). The version in force stays. Download it again.", map[string]any{"Why": why})
}

const (
	createLoading = `CREATE TEMPORARY TABLE loading_list (number text NOT NULL, name text NOT NULL, data text NOT NULL, hash bytea NOT NULL) ON COMMIT DROP`
	emptyLoading  = `DROP TABLE IF EXISTS loading_list`
	compareLists  = `
SELECT count(*) FILTER (WHERE o.id IS NULL), count(*) FILTER (WHERE n.number IS NULL), count(*) FILTER (WHERE o.hash <> n.hash), count(o.id)
FROM loading_list n FULL JOIN (SELECT * FROM sanctions_entries WHERE list = $1 AND until_id IS NULL) o ON o.number = n.number`
	insertVersion = `
INSERT INTO sanctions_versions (list, generated_on, entries, names, documents, added, removed, changed, files, staff_id, staff_name, loaded_at, confirmed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12) RETURNING id`
	endEntries = `
UPDATE sanctions_entries o SET until_id = $2 WHERE o.list = $1 AND o.until_id IS NULL
    AND NOT EXISTS (SELECT 1 FROM loading_list n WHERE n.number = o.number AND n.hash = o.hash)`
	beginEntries = `
INSERT INTO sanctions_entries (list, number, name, data, hash, since_id)
SELECT $1, n.number, n.name, n.data, n.hash, $2 FROM loading_list n
WHERE NOT EXISTS (SELECT 1 FROM sanctions_entries o WHERE o.list = $1 AND o.number = n.number AND o.until_id IS NULL)`
	confirmVersion = `
UPDATE sanctions_versions SET confirmed_at = $2, generated_on = greatest(generated_on, $3) WHERE id = (SELECT max(id) FROM sanctions_versions WHERE list = $1) RETURNING id`
)

// store makes an edition the version in force.
func (s *Service) store(tx *gorm.DB, by models.Actor, e edition, smaller bool) (done Loaded, err error) {
	v := models.ListVersion{List: e.list, GeneratedOn: e.generated, Entries: len(e.entries), Files: e.files, StaffName: by.Name}
	rows := make([][]any, len(e.entries))
	for i, one := range e.entries {
		data, err := one.Data()
		if err != nil {
			return done, fmt.Errorf("keep entry %s: %w", one.Number, err)
		}
		rows[i] = []any{one.Number, one.Name(), string(data), sanctions.Hash(data)}
		v.Names += len(one.Names)
		v.Documents += len(one.Documents)
	}
	for _, sql := range []string{emptyLoading, createLoading} {
		if _, err := store.ExecTx(tx, sql); err != nil {
			return done, fmt.Errorf("load %s: %w", e.list, err)
		}
	}
	if _, err := store.Copy(tx, pgx.Identifier{"loading_list"}, []string{"number", "name", "data", "hash"}, pgx.CopyFromRows(rows)); err != nil {
		return done, fmt.Errorf("load %s: %w", e.list, err)
	}
	found, err := store.SelectTx[struct{ Added, Removed, Changed, Known int }](tx, compareLists, e.list)
	if err != nil {
		return done, fmt.Errorf("compare %s: %w", e.list, err)
	}
	f := found[0]
	v.Added, v.Removed, v.Changed, v.LoadedAt = f.Added, f.Removed, f.Changed, s.Now()
	if f.Added+f.Removed+f.Changed == 0 {
		known, err := store.SelectTx[struct{ ID int64 }](tx, confirmVersion, e.list, v.LoadedAt, e.generated)
		if err != nil {
			return done, fmt.Errorf("confirm %s: %w", e.list, err)
		}
		v.ID, v.InForce = known[0].ID, true
		return Loaded{v, true}, audit.Record(tx, audit.Entry{By: by, Action: "sanctions.confirm", SubjectType: "sanctions_list", SubjectID: v.ID, After: map[string]any{"list": e.list, "entries": v.Entries}})
	}
	if !smaller && f.Known-f.Removed < f.Known*keptShare/100 {
		return done, models.Refuse(models.Conflict, "screening.refused.smaller", fmt.Sprintf(
			"%d of the %d entries in force are missing, so the file seems cut off and the version in force stays. If the list really became that small, say so.", f.Removed, f.Known),
			map[string]any{"Removed": f.Removed, "Known": f.Known}).WithField("smaller", "screening.refused.smaller_tick")
	}
	ids, err := store.SelectTx[struct{ ID int64 }](tx, insertVersion, e.list, e.generated, v.Entries, v.Names, v.Documents, v.Added, v.Removed, v.Changed, e.files, by.StaffID, by.Name, v.LoadedAt)
	if err != nil {
		return done, fmt.Errorf("save version of %s: %w", e.list, err)
	}
	v.ID, v.InForce = ids[0].ID, true
	for _, sql := range []string{endEntries, beginEntries} {
		if _, err := store.ExecTx(tx, sql, e.list, v.ID); err != nil {
			return done, fmt.Errorf("save entries of %s: %w", e.list, err)
		}
	}
	return Loaded{v, false}, audit.Record(tx, audit.Entry{By: by, Action: "sanctions.load", SubjectType: "sanctions_list", SubjectID: v.ID,
		After: map[string]any{"list": e.list, "entries": v.Entries, "added": v.Added, "removed": v.Removed, "changed": v.Changed, "files": e.files}})
}

func entryOf(list sanctions.List, number, data string) (sanctions.Entry, error) {
	e := sanctions.Entry{}
	if err := json.Unmarshal([]byte(data), &e); err != nil {
		return e, fmt.Errorf("read entry %s %s: %w", list, number, err)
	}
	e.List, e.Number = list, number
	return e, nil
}
