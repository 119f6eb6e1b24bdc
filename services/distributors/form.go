package distributors

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/ident"
	"pagaduria/models/intake"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

// Form is a distributor as typed by a person: values by the column names of intake.DistributorColumns
// plus bre_b_key_kind. It is judged by the same rules as a row of a file.
type Form map[string]string

// get answers a value for the rules.
func (f Form) get(column string) string { return f[column] }

// refuse turns the first fault of every field into a refusal with a message key each.
func refuse(faults []intake.Fault) error {
	refusal := models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil)
	for _, f := range slices.Backward(faults) {
		_ = refusal.WithField(f.Field, "fault."+f.Code)
	}
	return refusal
}

// Create adds a distributor. It is unverified, and its payout method waits for a second person.
func (s *Service) Create(ctx context.Context, by models.Actor, f Form) (id int64, err error) {
	if err := forbid(by, models.PermDistributorsEdit); err != nil {
		return 0, err
	}
	row, faults, warnings := intake.ParseDistributorForm(f.get, s.Today())
	if len(faults) > 0 {
		return 0, refuse(faults)
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if err := writers(tx); err != nil {
			return err
		}
		if err := refuseKnown(tx, row); err != nil {
			return err
		}
		to := row.Destination
		row.Destination = models.Destination{}
		if id, _, err = s.save(tx, by, row, warnings); err != nil {
			return err
		}
		if err := s.askFirst(tx, by, id, to); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "distributor.create", SubjectType: "distributor", SubjectID: id, After: maskedRow(row)})
	})
	return id, err
}

// askFirst asks for the first method of a distributor that was just added.
func (s *Service) askFirst(tx *gorm.DB, by models.Actor, id int64, to models.Destination) error {
	if to.Kind == "" {
		return nil
	}
	of, err := hold(tx, id)
	if err != nil {
		return err
	}
	_, err = s.openMethod(tx, by, of, models.MethodChange{To: to, Prefer: true})
	return err
}

// refuseKnown refuses a new distributor whose code is taken; who has its document is for save to find.
func refuseKnown(tx *gorm.DB, row intake.DistributorRow) error {
	rows, err := store.SelectTx[struct{ ID int64 }](tx, "SELECT id FROM distributors WHERE code = $1", row.RefCode)
	if err != nil {
		return fmt.Errorf("look up code: %w", err)
	}
	if len(rows) > 0 {
		return refuse([]intake.Fault{{Field: "ref_code", Code: intake.CodeDuplicateRef}})
	}
	return nil
}

// Update changes a distributor seen at that version; its code stays, and its methods have pages of their
// own. A verified one whose name or document changes must be verified again.
func (s *Service) Update(ctx context.Context, by models.Actor, id int64, seen int, f Form) error {
	if err := forbid(by, models.PermDistributorsEdit); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if err := writers(tx); err != nil {
			return err
		}
		was, err := lock(tx, id, seen)
		if err != nil {
			return err
		}
		method, err := preferred(tx, id)
		if err != nil {
			return err
		}
		row, warnings, err := s.parseUpdate(f, was, method)
		if err != nil {
			return err
		}
		_, changed, err := s.save(tx, by, row, warnings)
		if err != nil || len(changed) == 0 {
			return err
		}
		before, after := differences(mask(was), maskedRow(row))
		after["changed"] = changed // masked values may look alike
		return audit.Record(tx, audit.Entry{By: by, Action: "distributor.update", SubjectType: "distributor", SubjectID: id, Before: before, After: after})
	})
}

// parseUpdate judges a form together with what it does not hold: the code and the preferred method,
// which has needs of its own (cash wants a phone).
func (s *Service) parseUpdate(f Form, was models.Distributor, method *models.PayoutMethod) (intake.DistributorRow, []intake.Warning, error) {
	whole := maps.Clone(f)
	whole["ref_code"] = was.Code
	for _, column := range methodFields {
		delete(whole, column)
	}
	if method != nil {
		maps.Copy(whole, DestinationForm(method.Destination))
	}
	row, faults, warnings := intake.ParseDistributorForm(whole.get, s.Today())
	faults = slices.DeleteFunc(faults, func(fault intake.Fault) bool { return slices.Contains(methodFields, fault.Field) })
	if len(faults) > 0 {
		return row, nil, refuse(faults)
	}
	if method == nil {
		row.Destination = models.Destination{}
	} else {
		row.Destination = method.Destination
	}
	return row, warnings, nil
}

var methodFields = []string{"payout_method", "bank_code", "account_type", "account_number", "bre_b_key", "bre_b_key_kind"}

// DestinationForm writes a destination as the fields of a form.
func DestinationForm(d models.Destination) Form {
	return Form{"payout_method": string(d.Kind), "bank_code": d.BankCode, "account_type": d.AccountType,
		"account_number": d.AccountNumber, "bre_b_key": d.BreBKey, "bre_b_key_kind": string(d.BreBKeyKind)}
}

// save writes one judged row as an import would, after comparing it with everybody else. It answers the
// id and which fields changed, none for a new distributor.
func (s *Service) save(tx *gorm.DB, by models.Actor, row intake.DistributorRow, warnings []intake.Warning) (int64, []string, error) {
	one := []stagedRow{{line: 1, row: row, warnings: warningCodes(warnings)}}
	others := newKnown(tx)
	if err := others.learn(one); err != nil {
		return 0, nil, err
	}
	// Under its own code the document may change: that is a correction, not a double.
	if own := others.byCode[row.RefCode]; own.found {
		own.document = row.Document.Key()
		others.byCode[row.RefCode] = own
	}
	row.UplineRef = others.survivor(row.UplineRef)
	one[0].row = row
	file := intake.NewDistributorFile(others.lookups())
	file.Add(1, row)
	if fault := file.Fault(1, row); fault != nil {
		return 0, nil, refuse([]intake.Fault{*fault})
	}
	if err := exec(tx, createStage); err != nil {
		return 0, nil, err
	}
	if err := stage(tx, one); err != nil {
		return 0, nil, err
	}
	if err := exec(tx, compare); err != nil {
		return 0, nil, err
	}
	if err := writeStaged(tx, by); err != nil {
		return 0, nil, err
	}
	type saved struct {
		ID      int64
		Changed []string
	}
	rows, err := store.SelectTx[saved](tx, "SELECT id, changed FROM staged")
	if err != nil || len(rows) != 1 {
		return 0, nil, fmt.Errorf("save distributor (%d rows): %w", len(rows), err)
	}
	return rows[0].ID, rows[0].Changed, nil
}

// maskedRow is a distributor as the audit log keeps it: personal data masked.
func maskedRow(r intake.DistributorRow) map[string]any {
	return mask(models.Distributor{Code: r.RefCode, PersonKind: r.PersonKind, DocType: r.Document.Type, DocNumber: r.Document.Number, DocDV: r.Document.DV,
		GivenNames: r.GivenNames, Surnames: r.Surnames, BusinessName: r.BusinessName, Phone: r.Phone, Email: r.Email, Divipola: r.Divipola,
		Address: r.Address, TaxStatus: r.TaxStatus, IVAResponsible: r.IVAResponsible, Lang: r.Lang})
}

// mask keeps what tells that something changed, and of an address only its length.
func mask(d models.Distributor) map[string]any {
	return map[string]any{"code": d.Code, "person_kind": d.PersonKind, "name": d.Name(), "document": ident.Mask(d.DocType, d.DocNumber, d.DocDV),
		"phone": maskPhone(d.Phone), "email": models.MaskEmail(d.Email), "divipola": d.Divipola, "address_length": len([]rune(d.Address)),
		"tax_status": d.TaxStatus, "iva_responsible": d.IVAResponsible, "lang": d.Lang}
}

// differences keeps the keys whose values differ.
func differences(before, after map[string]any) (map[string]any, map[string]any) {
	b, a := map[string]any{}, map[string]any{}
	for key, value := range after {
		if before[key] != value {
			b[key], a[key] = before[key], value
		}
	}
	return b, a
}
