package onboarding_test

import (
	"testing"

	"pagaduria/models/kyc"
	"pagaduria/services/onboarding"
)

func TestWhoIsDeclaredIsScreenedWhenTheCaseIsSent(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id, at := d.invite()
	d.declare(at)
	d.give(at)
	d.expect(0, `SELECT count(*) FROM screened_names`)
	d.must(d.sign(id, at))
	d.expect(1, `SELECT count(*) FROM screened_names WHERE distributor_id = $1 AND role = 'declared' AND kind = 'person' AND name = 'Marta Lucía Ríos Peña' AND doc_number = '1118534248'`, d.person)
	d.expect(1, `SELECT count(*) FROM river_job WHERE kind = 'screening.rescreen'`)
	d.expect(2, `SELECT identity FROM distributors WHERE id = $1`, d.person)
}

func TestEverybodyBehindACompanyIsScreened(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := t.Context()
	id, err := d.OpenFor(ctx, d.diego, d.person)
	d.must(err)
	d.number(`WITH p AS (INSERT INTO files (key, name, mime, size, sha256, created_by) VALUES ('k', 'n', 'm', 1, decode(repeat('00', 32), 'hex'), $2) RETURNING id),
		c AS (INSERT INTO kyc_consents (case_id, text_version, lang, text_sha256, sensitive, address, agent, file_id, staff_id, at)
			SELECT $1, '2026-11', 'es', repeat('a', 64), false, '', '', id, $2, now() FROM p),
		i AS (UPDATE kyc_items SET state = 'given', given_at = now() WHERE case_id = $1 AND item = 'consent') SELECT count(*) FROM p`, id, d.diego.StaffID)
	for step, form := range map[kyc.Item]kyc.Form{kyc.Who: {"person_kind": "juridical", "doc_type": "NIT", "doc_number": "890903938", "doc_dv": "8", "business_name": "Bazar S.A.S.", "divipola": "05001",
		"address": "Calle 1", "rep_name": "Ana Rojas", "rep_doc_type": "CC", "rep_doc_number": "52123456"}} {
		d.must(d.FillIn(ctx, d.diego, id, kyc.Step(step), form))
	}
	d.must(d.FillIn(ctx, d.diego, id, kyc.Step(kyc.Contact), kyc.Form{"email": "bazar@example.org", "phone": "3001112233"}))
	d.must(d.FillIn(ctx, d.diego, id, kyc.Step(kyc.Payment), kyc.Form{"payout_method": "bank", "bank_code": "007", "account_type": "S", "account_number": "12345678901"}))
	d.must(d.FillIn(ctx, d.diego, id, kyc.Step(kyc.Tax), kyc.Form{"tax_status": "juridica"}))
	d.must(d.FillIn(ctx, d.diego, id, kyc.Step(kyc.Owners), kyc.Form{"owner0_name": "Rodrigo Patiño", "owner0_doc_type": "CC", "owner0_doc_number": "79456123", "owner0_share": "100"}))
	d.must(d.FillIn(ctx, d.diego, id, kyc.Step(kyc.Declarations), kyc.Form{"pep": "no", "relative": "no", "funds": "business"}))
	d.number(`WITH x AS (UPDATE kyc_items SET required = false WHERE case_id = $1 AND step = 'documents' RETURNING 1) SELECT count(*) FROM x`, id)
	st, err := d.Statement(ctx, id)
	d.must(err)
	d.must(d.SignFor(ctx, d.diego, id, onboarding.Signing{Name: "ana rojas", Seen: st.SHA256}))
	for role, name := range map[string]string{"declared": "Bazar S.A.S.", "representative": "Ana Rojas", "owner": "Rodrigo Patiño"} {
		d.expect(1, `SELECT count(*) FROM screened_names WHERE role = $1 AND name = $2 AND (kind = 'company') = (role = 'declared')`, role, name)
	}
}
