package distributors

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/intake"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

// Declaration is what a payee declared about themselves, to be written on their record once it was approved. Columns
// that Form lacks stay as they are.
type Declaration struct {
	Form Form
	To   models.Destination // the zero value leaves the methods alone
}

// Differences answers what Declare would change, field by field: catalogue keys with the values now and afterwards. It
// changes nothing. Values of "distributors.person_kind" and "distributors.tax_status" are words of theirs.
func (s *Service) Differences(ctx context.Context, by models.Actor, id int64, d Declaration) (changes []models.Change, err error) {
	if err := forbid(by, models.PermDistributorsJudge); err != nil {
		return nil, err
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		was, err := hold(tx, id)
		if err != nil {
			return err
		}
		row, _, err := s.declared(tx, was, d)
		if err != nil {
			return err
		}
		changes = changesOf(was, row)
		m, err := s.declaredMethod(tx, was, row.Payee(), d.To)
		if err != nil || m.To.Kind == "" {
			return err
		}
		line := models.Change{Field: "distributors.method", After: said(m.To)}
		if m.was != nil {
			line.Before = said(m.was.Destination)
		}
		changes = append(changes, line)
		return nil
	})
	return changes, err
}

// Declare writes a declaration on a distributor and verifies them, in the transaction of the approval. It is judged by
// the rules of every other change: nobody else has the document, and the old contact is told. The first way of being
// paid is taken with the approval, because somebody else declared it; another one is asked for and waits for a second
// person, with the days of cooling off that follow. A suspension stays until it is lifted by itself.
func (s *Service) Declare(tx *gorm.DB, by models.Actor, id int64, d Declaration, v Decision) error {
	if err := forbid(by, models.PermDistributorsJudge); err != nil {
		return err
	}
	if err := v.check(s.Today()); err != nil {
		return err
	}
	if err := writers(tx); err != nil {
		return err
	}
	was, err := hold(tx, id)
	switch {
	case err != nil:
		return err
	case was.MergedInto != nil:
		return models.Refuse(models.Conflict, "distributors.merged", "This record is part of another one, so it is not changed any more.", nil)
	case was.Verification == models.Suspended:
		return models.Refuse(models.Conflict, "distributors.suspended_first", "The distributor is suspended. Lift the suspension first.", nil)
	}
	row, warnings, err := s.declared(tx, was, d)
	if err != nil {
		return err
	}
	m, err := s.declaredMethod(tx, was, row.Payee(), d.To)
	if err != nil {
		return err
	}
	_, changed, err := s.save(tx, by, row, warnings)
	if err != nil {
		return unwritable(err)
	}
	if len(changed) > 0 {
		before, after := differences(mask(was), maskedRow(row))
		after["changed"] = changed
		if err := audit.Record(tx, audit.Entry{By: by, Action: "distributor.update", SubjectType: "distributor", SubjectID: id, Reason: v.Reason, Before: before, After: after}); err != nil {
			return err
		}
	}
	if err := s.takeMethod(tx, by, was, m); err != nil {
		return err
	}
	now, err := hold(tx, id)
	if err != nil {
		return err
	}
	return s.decide(tx, by, now, v)
}

// declared is the record as it would be: a contact that was not declared stays, and a date of issue stays with its document.
func (s *Service) declared(tx *gorm.DB, was models.Distributor, d Declaration) (intake.DistributorRow, []intake.Warning, error) {
	whole, err := s.formOf(tx, was)
	if err != nil {
		return intake.DistributorRow{}, nil, err
	}
	f := maps.Clone(d.Form)
	for _, column := range []string{"phone", "email"} {
		if f[column] == "" {
			delete(f, column)
		}
	}
	if f["doc_issued_on"] == "" && f["doc_type"] == was.DocType && f["doc_number"] == was.DocNumber {
		delete(f, "doc_issued_on")
	}
	maps.Copy(whole, f)
	method, err := preferred(tx, was.ID)
	if err != nil {
		return intake.DistributorRow{}, nil, err
	}
	row, warnings, err := s.parseUpdate(whole, was, method)
	return row, warnings, unwritable(err)
}

// formOf writes a distributor as the fields of a form.
func (s *Service) formOf(tx *gorm.DB, d models.Distributor) (Form, error) {
	upline := ""
	if d.UplineID != nil {
		rows, err := store.SelectTx[struct{ Code string }](tx, "SELECT code FROM distributors WHERE id = $1", *d.UplineID)
		if err != nil || len(rows) != 1 {
			return nil, fmt.Errorf("read upline of distributor %d (%d rows): %w", d.ID, len(rows), err)
		}
		upline = rows[0].Code
	}
	iva := ""
	if d.IVAResponsible {
		iva = "1"
	}
	return Form{"person_kind": d.PersonKind, "doc_type": d.DocType, "doc_number": d.DocNumber, "doc_dv": d.DocDV, "doc_issued_on": day(d.DocIssuedOn),
		"first_names": d.GivenNames, "last_names": d.Surnames, "business_name": d.BusinessName, "phone": d.Phone, "email": d.Email, "divipola": d.Divipola,
		"address": d.Address, "lang": d.Lang, "tax_status": d.TaxStatus, "iva_responsible": iva, "joined_on": day(d.JoinedOn), "upline_ref": upline}, nil
}

// unwritable turns the faults of fields into one sentence: nobody sits before a form whose fields could be corrected.
func unwritable(err error) error {
	var refused *models.Error
	if models.KindOf(err) != models.Invalid || !errors.As(err, &refused) {
		return err
	}
	for _, field := range []string{"doc_number", "doc_dv", "doc_type", "person_kind", "first_names", "last_names", "business_name", "phone", "email", "divipola"} {
		if key := refused.Fields[field]; key != "" {
			return models.Refuse(models.Conflict, key, "What was declared cannot be written on the record: see "+field+".", refused.Args)
		}
	}
	return models.Refuse(models.Conflict, "distributors.unwritable", "What was declared cannot be written on the record.", nil)
}

func changesOf(was models.Distributor, row intake.DistributorRow) (list []models.Change) {
	add := func(field, before, after string) {
		if before != after {
			list = append(list, models.Change{Field: "distributors." + field, Before: before, After: after})
		}
	}
	document := func(kind, number, dv string) string {
		if dv != "" {
			number += "-" + dv
		}
		return kind + " " + number
	}
	issued := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.Format(time.DateOnly)
	}
	iva := map[bool]string{true: "1"}
	add("person_kind", was.PersonKind, row.PersonKind)
	add("document", document(was.DocType, was.DocNumber, was.DocDV), document(row.Document.Type, row.Document.Number, row.Document.DV))
	add("doc_issued_on", day(was.DocIssuedOn), issued(row.IssuedOn))
	add("given_names", was.GivenNames, row.GivenNames)
	add("surnames", was.Surnames, row.Surnames)
	add("business_name", was.BusinessName, row.BusinessName)
	add("phone", was.Phone, row.Phone)
	add("email", was.Email, row.Email)
	if was.Divipola != row.Divipola {
		add("city", was.City, row.Municipality)
	}
	add("address", was.Address, row.Address)
	add("tax_status", was.TaxStatus, row.TaxStatus)
	add("iva", iva[was.IVAResponsible], iva[row.IVAResponsible])
	return list
}

// methodDeclared is the change of methods that a declaration means; To.Kind is "" when it means none.
type methodDeclared struct {
	models.MethodChange
	was   *models.PayoutMethod // preferred now
	first bool
}

// declaredMethod judges where a payee wants to be paid, for who they are by then.
func (s *Service) declaredMethod(tx *gorm.DB, was models.Distributor, payee models.Payee, to models.Destination) (m methodDeclared, err error) {
	if to.Kind == "" {
		return m, nil
	}
	to = intake.CleanDestination(to, payee)
	if m.was, err = preferred(tx, was.ID); err != nil || m.was != nil && m.was.Destination == to {
		return m, err
	}
	if faults, _ := intake.ValidateDestination(to, payee); len(faults) > 0 {
		return m, unfit(faults[0])
	}
	rows, err := store.SelectTx[struct{ ID int64 }](tx, `SELECT id FROM payout_methods WHERE distributor_id = $1 AND retired_at IS NULL
		AND (kind, bank_code, account_type, account_number, bre_b_key, bre_b_kind) = ($2, $3, $4, $5, $6, $7)`,
		was.ID, string(to.Kind), to.BankCode, to.AccountType, to.AccountNumber, to.BreBKey, string(to.BreBKeyKind))
	if err != nil {
		return m, fmt.Errorf("compare methods of distributor %d: %w", was.ID, err)
	}
	m.MethodChange = models.MethodChange{To: to, Prefer: true}
	if len(rows) > 0 {
		m.MethodID = rows[0].ID
	}
	m.first, err = s.first(tx, was.ID)
	return m, err
}

// takeMethod adds the first method, or asks for another one in the name of who approves. Who is told is the old contact.
func (s *Service) takeMethod(tx *gorm.DB, by models.Actor, was models.Distributor, m methodDeclared) error {
	switch {
	case m.To.Kind == "":
		return nil
	case !m.first:
		_, err := s.openMethod(tx, by, was, m.MethodChange)
		return err
	}
	if err := putMethod(tx, was.ID, 0, m.MethodChange, 0); err != nil {
		return err
	}
	if err := followMethod(tx, was.ID); err != nil {
		return err
	}
	if err := s.tell(tx, was.ID, contactOf(was), noticeChanged, said(m.To), ""); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{By: by, Action: "distributor.method_add", SubjectType: "distributor", SubjectID: was.ID, After: maskedMethod(m.To, true)})
}
