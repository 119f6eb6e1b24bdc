package onboarding_test

import (
	"errors"
	"testing"

	"pagaduria/models"
	"pagaduria/models/kyc"
)

func keyOf(err error) string {
	var e *models.Error
	if errors.As(err, &e) {
		return e.Key
	}
	return ""
}

func TestApprovingWritesWhatWasDeclared(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.reviewed()
	changes, err := d.Changes(t.Context(), d.clara, id)
	d.must(err)
	got := map[string][2]string{}
	for _, c := range changes {
		got[c.Field] = [2]string{c.Before, c.After}
	}
	for field, want := range map[string][2]string{"distributors.document": {"CC 52999001", "CC 1118534248"}, "distributors.given_names": {"Marta", "Marta Lucía"},
		"distributors.phone": {"+573001234567", "+573001112233"}, "distributors.tax_status": {"natural_no_declarante", "natural_declarante"}, "distributors.method": {"", "Efecty"}} {
		if got[field] != want {
			t.Errorf("%s: %q, want %q", field, got[field], want)
		}
	}
	if _, same := got["distributors.city"]; same {
		t.Error("what stays is among the changes")
	}
	if n := d.number(`SELECT count(*) FROM distributors WHERE version = 1 AND verification = 'unverified'`); n != 1 {
		t.Error("looking at the changes changed something")
	}

	d.must(d.apply(d.clara, id))
	d.expect(1, `SELECT count(*) FROM distributors WHERE doc_number = '1118534248' AND given_names = 'Marta Lucía' AND surnames = 'Ríos Peña' AND email = 'nueva@example.org'
		AND tax_status = 'natural_declarante' AND address = 'Calle 1 # 2-3' AND verification = 'verified' AND verified_until = '2028-11-23' AND method_kind = 'efecty_cash' AND payable_from IS NULL`)
	d.expect(1, `SELECT count(*) FROM payout_methods WHERE kind = 'efecty_cash' AND preferred AND consent_id IS NULL`)
	d.expect(1, `SELECT count(*) FROM verifications WHERE from_state = 'unverified' AND to_state = 'verified' AND staff_name = 'Clara'`)
	d.expect(1, `SELECT count(*) FROM audit_events WHERE action = 'distributor.update' AND before->>'name' = 'Marta Rios' AND after->>'name' = 'Marta Lucía Ríos Peña'`)
	d.expect(0, `SELECT count(*) FROM audit_events WHERE action LIKE 'distributor.%' AND (after::text LIKE '%1118534248%' OR after::text LIKE '%nueva@%')`)
	d.expect(2, `SELECT count(*) FROM mails WHERE recipient = 'ana@example.org' AND subject IN ('Sus datos de contacto cambiaron', 'Su forma de pago cambió')`)
	if changes, err = d.Changes(t.Context(), d.clara, id); err != nil || len(changes) != 0 {
		t.Errorf("after the approval: %v, %v", changes, err)
	}
}

func TestAnotherMethodWaitsForASecondPerson(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.number(`WITH m AS (INSERT INTO payout_methods (distributor_id, kind, account_number, preferred) VALUES ($1, 'nequi', '3001234567', true) RETURNING 1) SELECT count(*) FROM m`, d.person)
	id := d.reviewed()
	d.must(d.apply(d.clara, id))
	d.expect(1, `SELECT count(*) FROM payout_methods WHERE kind = 'nequi' AND preferred`)
	d.expect(0, `SELECT count(*) FROM payout_methods WHERE kind = 'efecty_cash'`)
	d.expect(1, `SELECT count(*) FROM requests WHERE kind = 'method.change' AND state = 'open' AND subject_id = $1 AND payload->'old'->>'email' = 'ana@example.org'`, d.person)
	d.expect(1, `SELECT count(*) FROM mails WHERE recipient = 'ana@example.org' AND subject = 'Pidieron cambiar su forma de pago'`)
	d.expect(1, `SELECT count(*) FROM distributors WHERE verification = 'verified' AND payable_from IS NULL`)
}

func TestWhatCannotBeApproved(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		given func(*desk, int64)
		key   string
	}{
		{"a form that is not sent", func(d *desk, id int64) { d.state(id, kyc.Started) }, "kyc.refused.state"},
		{"a document of somebody else", func(d *desk, _ int64) {
			d.number(`INSERT INTO distributors (code, person_kind, doc_type, doc_number, given_names) VALUES ('D-2', 'natural', 'CC', '1118534248', 'Eva') RETURNING id`)
		}, "fault.duplicate_document"},
		{"somebody suspended", func(d *desk, _ int64) {
			d.number(`UPDATE distributors SET verification = 'suspended' WHERE id = $1 RETURNING id`, d.person)
		}, "distributors.suspended_first"},
		{"by who sent it", func(d *desk, id int64) {
			d.number(`UPDATE kyc_cases SET submitted_by = $2 WHERE id = $1 RETURNING id`, id, d.clara.StaffID)
		}, "kyc.refused.own"},
		{"by who answered for the payee", func(d *desk, id int64) {
			d.number(`INSERT INTO kyc_answers (case_id, item, version, answer, staff_id, address, at) VALUES ($1, 'tax', 9, '{}', $2, '', now()) RETURNING id`, id, d.clara.StaffID)
		}, "kyc.refused.own"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			id := d.reviewed()
			c.given(d, id)
			d.refused(d.apply(d.clara, id), c.key)
			d.expect(0, `SELECT count(*) FROM distributors WHERE verification = 'verified'`)
			d.expect(0, `SELECT count(*) FROM payout_methods`)
			d.expect(1, `SELECT count(*) FROM distributors WHERE doc_number = '52999001'`)
		})
	}
	d := newDesk(t)
	id := d.reviewed()
	if err := d.apply(models.Actor{StaffID: d.diego.StaffID, Name: "Diego", Roles: []models.Role{models.RoleSupport}}, id); models.KindOf(err) != models.Forbidden {
		t.Errorf("support approves: %v", err)
	}
}
