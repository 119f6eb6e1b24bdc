// Package dossier hands out what is kept about a payee: the evidence pack of a case, and everything for the payee who
// asks for it. Both are one archive, written while it is read, with the hash of every file in it.
package dossier

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/dossier"
	"pagaduria/models/kyc"
	"pagaduria/models/pdf"
	"pagaduria/services/audit"
	"pagaduria/services/distributors"
	"pagaduria/services/documents"
	"pagaduria/services/onboarding"
	"pagaduria/services/review"
	"pagaduria/services/risk"
	"pagaduria/services/screening"
	"pagaduria/services/store"
)

// Service holds what the use cases need.
type Service struct {
	DB           *store.DB
	Distributors *distributors.Service
	Documents    *documents.Service
	Onboarding   *onboarding.Service
	Screening    *screening.Service
	Risk         *risk.Service
	Now          func() time.Time
	// Write says a dossier in the reader's language.
	Write func(context.Context, dossier.Dossier) (title string, sections []dossier.Section)
}

// forbid refuses an actor who lacks a permission, whatever door was used.
func forbid(by models.Actor, p models.Permission) error {
	if by.May(p) {
		return nil
	}
	return models.Refuse(models.Forbidden, "error.not_yours", "Your role does not allow this. Ask an administrator if you need it.", nil)
}

// Pack is an archive about to be written.
type Pack struct {
	s    *Service
	by   models.Actor
	Name string // of the file
	of   dossier.Dossier
}

// OfCase gathers the evidence pack of a case, and records who takes it before anything is handed out.
func (s *Service) OfCase(ctx context.Context, by models.Actor, id int64) (Pack, error) {
	if err := forbid(by, models.PermEvidenceTake); err != nil {
		return Pack{}, err
	}
	c, err := s.Onboarding.Detail(ctx, by, id)
	if err != nil {
		return Pack{}, err
	}
	p := Pack{s: s, by: by, Name: fmt.Sprintf("case-%d-%s.zip", id, c.Code)}
	if p.of, err = s.gather(ctx, by, c.DistributorID, []int64{id}, true); err != nil {
		return p, err
	}
	return p, s.record(ctx, audit.Entry{By: by, Action: "kyc.evidence", SubjectType: "kyc_case", SubjectID: id, After: map[string]any{"files": len(p.of.Documents)}})
}

// OfPerson gathers everything that is kept about a payee for the payee, and records who takes it and why before anything is
// handed out. What the law forbids to tell, hits and scores, is not in it.
func (s *Service) OfPerson(ctx context.Context, by models.Actor, id int64, reason string) (Pack, error) {
	if err := forbid(by, models.PermPrivacyEdit); err != nil {
		return Pack{}, err
	}
	if n := len([]rune(reason)); n == 0 || n > 2000 {
		return Pack{}, models.Refuse(models.Invalid, "privacy.refused.text", "Say it, in 2000 characters at most.", nil)
	}
	p := Pack{s: s, by: by}
	var err error
	if p.of, err = s.gather(ctx, by, id, nil, false); err != nil {
		return p, err
	}
	p.Name = fmt.Sprintf("data-%s.zip", p.of.Of.Code)
	return p, s.record(ctx, audit.Entry{By: by, Action: "privacy.report", SubjectType: "distributor", SubjectID: id, Reason: reason})
}

func (s *Service) record(ctx context.Context, e audit.Entry) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error { return audit.Record(tx, e) })
}

const (
	casesOf   = `SELECT id FROM kyc_cases WHERE distributor_id = $1 ORDER BY id`
	answersOf = `SELECT DISTINCT ON (item) item, CAST(answer AS text) FROM kyc_answers WHERE case_id = $1 ORDER BY item, version DESC`
	screened  = `SELECT at, through_id FROM screenings WHERE distributor_id = $1`
	paidTo    = `SELECT count(*), CAST(COALESCE(sum(amount), 0) AS bigint), min(paid_at), max(paid_at) FROM payouts WHERE distributor_id = $1 AND state = 'paid'`
	// What happened to the payee, the cases, the documents and the hits; reports that nobody may be told of are not among it.
	timeline = `
SELECT e.id, e.at, e.actor_id, e.actor_name, e.address, e.session_id, e.action, e.subject_type, e.subject_id, e.reason,
    COALESCE(CAST(e.before AS text), ''), COALESCE(CAST(e.after AS text), ''), s.event_id IS NOT NULL
FROM audit_events e LEFT JOIN audit_seals s ON s.event_id = e.id
WHERE (e.subject_type = 'distributor' AND e.subject_id = @of OR e.subject_type = 'kyc_case' AND e.subject_id = ANY(@cases)
    OR e.subject_type = 'document' AND e.subject_id IN (SELECT id FROM documents WHERE distributor_id = @of)
    OR @whole AND (e.subject_type = 'screening_hit' AND e.subject_id IN (SELECT id FROM screening_hits WHERE distributor_id = @of) OR e.subject_type = 'risk_score' AND e.subject_id = @of))
ORDER BY e.id LIMIT 5000`
)

// gather reads a dossier; whole is with what the payee is not told.
func (s *Service) gather(ctx context.Context, by models.Actor, id int64, cases []int64, whole bool) (d dossier.Dossier, err error) {
	d.MadeAt, d.MadeBy = s.Now(), by.Name
	detail, err := s.Distributors.Detail(ctx, id)
	if err != nil {
		return d, err
	}
	d.Of, d.Methods, d.Decisions = detail.Distributor, detail.Methods, detail.Verifications
	if cases == nil {
		rows, err := store.Select[struct{ ID int64 }](ctx, s.DB.Pool, casesOf, id)
		if err != nil {
			return d, fmt.Errorf("list cases of distributor %d: %w", id, err)
		}
		cases = []int64{}
		for _, r := range rows {
			cases = append(cases, r.ID)
		}
	}
	for _, n := range cases {
		c, err := s.readCase(ctx, by, n, whole)
		if err != nil {
			return d, err
		}
		d.Cases = append(d.Cases, c)
	}
	if d.Documents, err = s.Documents.PackFiles(ctx, id); err != nil {
		return d, err
	}
	if err := s.readScreening(ctx, id, whole, &d.Screening); err != nil {
		return d, err
	}
	if whole {
		r, err := s.Risk.Of(ctx, by, id)
		if err != nil {
			return d, err
		}
		d.Risk = &r
	}
	type paid struct {
		Count, Total int64
		First, Last  *time.Time
	}
	p, err := store.SelectOne[paid](ctx, s.DB.Pool, paidTo, id)
	if err != nil {
		return d, fmt.Errorf("sum what distributor %d was paid: %w", id, err)
	}
	d.Paid = dossier.Paid{Count: p.Count, Total: models.Centavos(p.Total), First: p.First, Last: p.Last}
	d.Timeline, err = store.Select[models.AuditEvent](ctx, s.DB.Pool, timeline, pgx.NamedArgs{"of": id, "cases": cases, "whole": whole})
	if err != nil {
		return d, fmt.Errorf("read timeline of distributor %d: %w", id, err)
	}
	return d, nil
}

// readCase reads a case with everything that was declared in it; whole is with what reviewers said of it.
func (s *Service) readCase(ctx context.Context, by models.Actor, id int64, whole bool) (c dossier.Case, err error) {
	if c.Detail, err = s.Onboarding.Detail(ctx, by, id); err != nil {
		return c, err
	}
	c.Events = nil // the timeline has them
	answers, err := store.Select[struct {
		Item   kyc.Item
		Answer string
	}](ctx, s.DB.Pool, answersOf, id)
	if err != nil {
		return c, fmt.Errorf("read answers of case %d: %w", id, err)
	}
	c.Answers, c.Declared = nil, map[kyc.Item]json.RawMessage{}
	for _, a := range answers {
		c.Declared[a.Item] = json.RawMessage(a.Answer)
	}
	if whole {
		t, err := review.TrailOf(ctx, s.DB.Pool, id)
		if err != nil {
			return c, err
		}
		c.Trail = &t
	}
	return c, nil
}

func (s *Service) readScreening(ctx context.Context, id int64, whole bool, x *dossier.Screening) error {
	type last struct {
		At      time.Time
		Through int64
	}
	rows, err := store.Select[last](ctx, s.DB.Pool, screened, id)
	if err != nil || len(rows) == 0 {
		return err
	}
	x.At = &rows[0].At
	versions, err := s.Screening.Versions(ctx)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, v := range versions { // the newest of each list that the payee was compared with
		if v.ID <= rows[0].Through && !seen[string(v.List)] {
			seen[string(v.List)] = true
			x.Lists = append(x.Lists, v)
		}
	}
	if !whole {
		return nil
	}
	hits, err := s.Screening.Hits(ctx, models.HitFilter{Distributor: id}, store.Cursor{})
	if err != nil {
		return err
	}
	for _, h := range hits.Rows {
		detail, err := s.Screening.Hit(ctx, h.ID)
		if err != nil {
			return err
		}
		x.Hits = append(x.Hits, dossier.Hit{Hit: h, Decisions: detail.Decisions})
	}
	return nil
}

// extensions of what is handed out, by the kind of what was sent: pictures are handed out as they are shown.
func partName(d dossier.Document, page int) string {
	if page == 0 {
		return fmt.Sprintf("documents/%s-v%d-%d.pdf", d.Kind, d.Version, d.Position)
	}
	return fmt.Sprintf("documents/%s-v%d-%d-p%d.jpg", d.Kind, d.Version, d.Position, page)
}

// WriteTo writes the archive: the summary, the documents, everything as JSON, and the hashes last. One file is in memory
// at a time.
func (p Pack) WriteTo(ctx context.Context, out io.Writer) error {
	z := zip.NewWriter(out)
	a := archive{z: z, at: p.of.MadeAt}
	for i := range p.of.Documents {
		d := &p.of.Documents[i]
		err := p.s.Documents.PackEach(ctx, p.by, d.File, func(part documents.PackPart) error {
			name := partName(*d, part.Page)
			sum, err := a.store(name, part.Content)
			d.Parts = append(d.Parts, dossier.Part{Page: part.Page, Path: name, SHA256: sum})
			return err
		})
		if err != nil {
			return err
		}
	}
	title, sections := p.s.Write(ctx, p.of)
	if err := a.stream("summary.pdf", func(w io.Writer) error { return summary(w, title, sections) }); err != nil {
		return err
	}
	if err := a.stream("dossier.json", func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", " ")
		return e.Encode(p.of)
	}); err != nil {
		return err
	}
	manifest := a.manifest
	if err := a.stream("SHA256SUMS", func(w io.Writer) error { _, err := io.WriteString(w, manifest); return err }); err != nil {
		return err
	}
	return z.Close()
}

// archive writes files and remembers their hashes.
type archive struct {
	z        *zip.Writer
	at       time.Time
	manifest string
}

// store writes a file that compression does not make smaller.
func (a *archive) store(name string, content []byte) (sum string, err error) {
	w, err := a.z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store, Modified: a.at})
	if err != nil {
		return "", err
	}
	hash := sha256.Sum256(content)
	sum = hex.EncodeToString(hash[:])
	a.manifest += sum + "  " + name + "\n"
	_, err = w.Write(content)
	return sum, err
}

func (a *archive) stream(name string, write func(io.Writer) error) error {
	w, err := a.z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: a.at})
	if err != nil {
		return err
	}
	hash := sha256.New()
	if err := write(io.MultiWriter(w, hash)); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	a.manifest += hex.EncodeToString(hash.Sum(nil)) + "  " + name + "\n"
	return nil
}

func summary(out io.Writer, title string, sections []dossier.Section) error {
	w := pdf.New(out, title)
	w.Heading(title, 16)
	for _, s := range sections {
		w.Heading(s.Title, 11)
		w.Gap(2)
		for _, l := range s.Lines {
			if l[0] == "" {
				w.Line(l[1])
				continue
			}
			w.Pair(l[0], l[1])
		}
	}
	return w.Close()
}
