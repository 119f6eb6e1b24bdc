package onboarding

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/services/documents"
	"pagaduria/services/store"
)

// Intake is who may send documents for a case now: whoever fills it in.
type Intake struct {
	kyc.Case
	From documents.Sender
	who  kyc.Identity
}

// Papers are the files of one document: uploads of the Intake's sender. Form names what was sent, so that twice is once.
type Papers struct {
	Form  string
	Parts []documents.Part
}

var errPicture = models.Refuse(models.Conflict, "onboarding.no_picture", "You did not authorise the use of a picture of this document. Authorise it in the first step, or show the document in person.", nil)

// mostPapers is how many times one document of a case may be sent.
const mostPapers = 20

// Intake lets a payee's device that is known send documents, before anything of them is read.
func (s *Service) Intake(ctx context.Context, d Door) (in Intake, err error) {
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		c, l, err := s.enter(ctx, tx, d)
		if err != nil {
			return err
		}
		in, err = s.intake(tx, c, writer{by: d.actor(), agent: d.Agent, link: &l})
		return err
	})
	return in, err
}

// IntakeFor is Intake for staff who fill a case in.
func (s *Service) IntakeFor(ctx context.Context, by models.Actor, id int64) (in Intake, err error) {
	if err := forbid(by, models.PermKYCFill); err != nil {
		return in, err
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		c, err := hold(tx, id)
		if err != nil {
			return err
		}
		in, err = s.intake(tx, c, writer{by: by})
		return err
	})
	return in, err
}

func (s *Service) intake(tx *gorm.DB, c kyc.Case, w writer) (Intake, error) {
	if _, err := s.fillable(tx, c, w, kyc.Signature); err != nil {
		return Intake{}, err
	}
	answers, err := answersOf(tx, c.ID)
	if err != nil {
		return Intake{}, err
	}
	in := Intake{Case: c, From: documents.ForCase(w.by, c.ID)}
	in.who, err = whoOf(answers)
	return in, err
}

// whoOf is who was declared, nobody yet without an answer.
func whoOf(answers map[kyc.Item]answer) (i kyc.Identity, err error) {
	if a, ok := answers[kyc.Who]; ok {
		if err := json.Unmarshal([]byte(a.Answer), &i); err != nil {
			return i, fmt.Errorf("read answer who: %w", err)
		}
	}
	return i, nil
}

// GivePaper keeps a document that a payee sends, and has their case point at that version of it.
func (s *Service) GivePaper(ctx context.Context, d Door, item kyc.Item, p Papers) error {
	in, err := s.Intake(ctx, d)
	if err != nil {
		return err
	}
	return s.addPaper(ctx, in, item, p, func(tx *gorm.DB) (kyc.Case, writer, error) {
		c, l, err := s.enter(ctx, tx, d)
		return c, writer{by: d.actor(), agent: d.Agent, link: &l}, err
	})
}

// FillPaper is GivePaper for staff who fill a case in.
func (s *Service) FillPaper(ctx context.Context, by models.Actor, id int64, item kyc.Item, p Papers) error {
	in, err := s.IntakeFor(ctx, by, id)
	if err != nil {
		return err
	}
	return s.addPaper(ctx, in, item, p, func(tx *gorm.DB) (kyc.Case, writer, error) {
		c, err := hold(tx, id)
		return c, writer{by: by}, err
	})
}

// addPaper judges the files outside of any transaction; then the version and what the case says of it are one. Who
// sends is asked again there: meanwhile the case may have been sent, or the link withdrawn.
func (s *Service) addPaper(ctx context.Context, in Intake, item kyc.Item, p Papers, enter func(*gorm.DB) (kyc.Case, writer, error)) error {
	if item.DocumentKind() == "" {
		return errNotAsked
	}
	_, err := s.Papers.Add(ctx, in.From, documents.Submission{ID: p.Form, Distributor: in.DistributorID, Kind: item.DocumentKind(), Parts: p.Parts,
		LeastPages: kyc.LeastPages(item, in.who), Then: func(tx *gorm.DB, a documents.Added) error {
			c, w, err := enter(tx)
			if err != nil {
				return err
			}
			if c.DistributorID != in.DistributorID {
				return errNotAsked
			}
			return s.paper(tx, &c, w, item, a)
		}})
	return err
}

const pointAt = `UPDATE kyc_items SET document_version_id = $3 WHERE case_id = $1 AND item = $2`

// paper has an item point at a version, as an answer that is signed with the others.
func (s *Service) paper(tx *gorm.DB, c *kyc.Case, w writer, item kyc.Item, a documents.Added) error {
	items, err := s.fillable(tx, *c, w, item)
	if err != nil {
		return err
	}
	if items[item].InPerson {
		return errPicture
	}
	answers, err := answersOf(tx, c.ID)
	if err != nil {
		return err
	}
	if answers[item].Version >= mostPapers {
		return models.Refuse(models.Conflict, "onboarding.too_many_papers", "This document was sent too many times. Ask the company that pays you.", nil)
	}
	said, err := paperOf(tx, a)
	if err != nil {
		return err
	}
	version, changed, err := s.keep(tx, *c, w, item, said, answers[item])
	if err != nil || !changed && items[item].State.Done() {
		return err
	}
	if _, err := store.ExecTx(tx, pointAt, c.ID, item, a.Version); err != nil {
		return fmt.Errorf("point at document %d of case %d: %w", a.Document, c.ID, err)
	}
	return s.given(tx, c, w, item, version, map[string]any{"document": a.Document, "document_version": a.Number})
}

const selectPaper = `
SELECT f.side, f.name, f.received_sha256, (SELECT count(*) FROM document_blobs b WHERE b.file_id = f.id AND b.page > 0)
FROM document_files f WHERE f.version_id = $1 ORDER BY f.position`

// paperOf reads what is signed of a version.
func paperOf(tx *gorm.DB, a documents.Added) (kyc.Paper, error) {
	p := kyc.Paper{Document: a.Document, Version: a.Number}
	files, err := store.SelectTx[struct {
		Side   models.DocumentSide
		Name   string
		SHA256 []byte
		Pages  int
	}](tx, selectPaper, a.Version)
	if err != nil {
		return p, fmt.Errorf("read files of document %d: %w", a.Document, err)
	}
	for _, f := range files {
		p.Pages += f.Pages
		p.Files = append(p.Files, kyc.PaperFile{Side: f.Side, Name: f.Name, SHA256: hex.EncodeToString(f.SHA256)})
	}
	return p, nil
}

// judgePapers asks again for a card of which one side is missing: who they are may have changed since.
func (s *Service) judgePapers(tx *gorm.DB, c kyc.Case, answers map[kyc.Item]answer) error {
	who, err := whoOf(answers)
	if err != nil {
		return err
	}
	for item, a := range answers {
		if !item.Card() {
			continue
		}
		var p kyc.Paper
		if err := json.Unmarshal([]byte(a.Answer), &p); err != nil {
			return fmt.Errorf("read answer %s: %w", item, err)
		}
		if p.Pages >= kyc.LeastPages(item, who) {
			continue
		}
		if _, err := store.ExecTx(tx, missItem, c.ID, item); err != nil {
			return fmt.Errorf("ask again in case %d: %w", c.ID, err)
		}
	}
	return nil
}

// Given are the documents of a case as they were given, by item. The caller has let the reader in.
func (s *Service) Given(ctx context.Context, items []kyc.CaseItem) (map[kyc.Item]models.Document, error) {
	var ids []int64
	for _, i := range items {
		if i.Document != 0 {
			ids = append(ids, i.Document)
		}
	}
	found, err := s.Papers.Versions(ctx, ids)
	if err != nil {
		return nil, err
	}
	given := make(map[kyc.Item]models.Document, len(ids))
	for _, i := range items {
		if d, ok := found[i.Document]; ok {
			given[i.Item] = d
		}
	}
	return given, nil
}

// PaperPage shows a payee one page of what was sent for their case, on a device that is known.
func (s *Service) PaperPage(ctx context.Context, d Door, item kyc.Item, page int64, mark string) ([]byte, error) {
	v, err := s.Open(ctx, d)
	if err != nil {
		return nil, err
	}
	if v.Access != Known {
		return nil, errLocked
	}
	doc, ok := v.Given[item]
	if !ok || !doc.Latest().Shows(page) {
		return nil, models.Refuse(models.NotFound, "documents.none_such", "There is no such document.", nil)
	}
	return s.Papers.Show(ctx, d.actor(), documents.Look{Distributor: doc.DistributorID, Document: doc.ID, Page: page, Mark: mark})
}
