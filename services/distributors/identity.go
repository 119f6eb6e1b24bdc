package distributors

import (
	"fmt"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/intake"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

// CheckIdentity judges a name and document that a distributor is to have instead of its own, without changing anything.
// It answers them as they are kept, with what the distributor is now.
func CheckIdentity(tx *gorm.DB, id int64, typed models.Identity) (was, right models.Identity, err error) {
	d, err := hold(tx, id)
	if err != nil {
		return was, right, err
	}
	was = d.Payee().Identity()
	right, faults := intake.ParseIdentity(typed, d.PersonKind)
	if len(faults) > 0 {
		return was, right, refuse(faults)
	}
	rows, err := store.SelectTx[struct{ ID int64 }](tx, `SELECT id FROM distributors WHERE country = $1 AND doc_type = $2 AND doc_number = $3 AND id <> $4`,
		d.Country, right.DocType, right.DocNumber, id)
	if err != nil {
		return was, right, fmt.Errorf("look up document: %w", err)
	}
	if len(rows) > 0 {
		return was, right, refuse([]intake.Fault{{Field: "doc_number", Code: intake.CodeDuplicateDocument}})
	}
	return was, right, nil
}

const (
	saveIdentity = `
UPDATE distributors SET doc_type = $2, doc_number = $3, doc_dv = $4, given_names = $5, surnames = $6, business_name = $7, version = version + 1, updated_at = $8
WHERE id = $1`
	saveSearchText  = `UPDATE distributor_search SET folded = $2 WHERE distributor_id = $1`
	confirmVerified = `
INSERT INTO verifications (distributor_id, from_state, to_state, until, reason, staff_id, staff_name)
SELECT id, verification, verification, verified_until, $2, $3, $4 FROM distributors WHERE id = $1 AND verification = 'verified'`
)

// CorrectIdentity gives a distributor the name and document that two people agreed on; by is the second one, who judges
// payees, so that a verification stands. Was is what they saw: when it is something else by now nothing changes.
func CorrectIdentity(tx *gorm.DB, by models.Actor, id int64, c models.NameCorrection, reason string, now time.Time) error {
	if err := forbid(by, models.PermDistributorsJudge); err != nil {
		return err
	}
	if err := writers(tx); err != nil {
		return err
	}
	was, right, err := CheckIdentity(tx, id, c.Right)
	if err != nil {
		return err
	}
	if was != c.Was {
		return models.Refuse(models.Conflict, "distributors.moved_on", "This distributor was changed after you opened the page. Load it again before you decide.", nil)
	}
	d, err := hold(tx, id)
	if err != nil {
		return err
	}
	before := mask(d)
	d.DocType, d.DocNumber, d.DocDV, d.GivenNames, d.Surnames, d.BusinessName = right.DocType, right.DocNumber, right.DocDV, right.GivenNames, right.Surnames, right.BusinessName
	folded := models.Fold(d.Code + " " + d.Name() + " " + d.DocNumber + d.DocDV + " " + d.Phone + " " + d.Email)
	for _, step := range []struct {
		sql  string
		args []any
	}{
		{saveIdentity, []any{id, right.DocType, right.DocNumber, right.DocDV, right.GivenNames, right.Surnames, right.BusinessName, now}},
		{saveSearchText, []any{id, folded}},
		{confirmVerified, []any{id, reason, by.StaffID, by.Name}},
	} {
		if _, err := store.ExecTx(tx, step.sql, step.args...); err != nil {
			return fmt.Errorf("correct the name of distributor %d: %w", id, err)
		}
	}
	masked, after := differences(before, mask(d))
	return audit.Record(tx, audit.Entry{By: by, Action: "distributor.correct_name", SubjectType: "distributor", SubjectID: id, Reason: reason, Before: masked, After: after})
}
