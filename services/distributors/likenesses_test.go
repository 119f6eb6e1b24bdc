package distributors_test

import (
	"fmt"
	"slices"
	"testing"

	"pagaduria/models"
	"pagaduria/services/store"
)

// add puts a distributor into the books as an import would, and answers the id.
func (d *desk) add(code, docType, docNumber, phone string) int64 {
	d.t.Helper()
	return d.number(`INSERT INTO distributors (code, person_kind, doc_type, doc_number, given_names, surnames, phone, email, divipola, verification)
		VALUES ($1, 'natural', $2, $3, 'Eva', 'Gil', $4, lower($1) || '@example.org', '11001', 'verified') RETURNING id`, code, docType, docNumber, phone)
}

// pairs are the pairs of the list, each as "first-second what they share".
func (d *desk) pairs(f models.PairFilter) []string {
	d.t.Helper()
	page, err := d.people.Pairs(d.t.Context(), f, store.Cursor{})
	if err != nil {
		d.t.Fatal(err)
	}
	var list []string
	for _, p := range page.Rows {
		list = append(list, fmt.Sprint(p.First.Code, " ", p.Second.Code, " ", p.Shared))
	}
	slices.Sort(list)
	return list
}

func (d *desk) mustList(what string, want ...string) {
	d.t.Helper()
	if got := d.pairs(models.PairFilter{}); !slices.Equal(got, want) {
		d.t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestRecordsThatShareSomethingAreListed(t *testing.T) {
	t.Parallel()
	d := newDesk(t) // D-1: CC 1234567, +573001234567
	d.mustList("one record")
	same := d.add("D-2", "NIT", "01234567", "+573001234567")
	d.mustList("the same number of another type, with a zero before it, and the same phone", "D-1 D-2 [document phone]")
	other := d.add("D-3", "CC", "7654321", "")
	d.add("D-4", "CC", "7654322", "")
	d.mustList("no phone at all is nothing to share", "D-1 D-2 [document phone]")

	d.people.DB.Gorm.Exec(`INSERT INTO payout_methods (distributor_id, kind, bank_code, account_type, account_number, preferred) VALUES (?, 'bank', '007', 'S', '0012345678', true)`, other)
	d.people.DB.Gorm.Exec(`INSERT INTO payout_methods (distributor_id, kind, bank_code, account_type, account_number, preferred) VALUES (?, 'bank', '051', 'S', '12345678', true)`, same)
	d.mustList("the same number at another bank", "D-1 D-2 [document phone]")
	late := d.add("D-5", "CC", "99", "")
	d.people.DB.Gorm.Exec(`INSERT INTO payout_methods (distributor_id, kind, bank_code, account_type, account_number, preferred) VALUES (?, 'bank', '007', 'C', '12345678', true)`, late)
	d.mustList("the same account without its zeros", "D-1 D-2 [document phone]", "D-3 D-5 [account]")

	d.people.DB.Gorm.Exec(`UPDATE distributors SET phone = '+573009999999' WHERE id = ?`, same)
	d.mustList("another phone", "D-1 D-2 [document]", "D-3 D-5 [account]")
	d.people.DB.Gorm.Exec(`UPDATE distributors SET doc_number = '55' WHERE id = ?`, same)
	d.mustList("another document", "D-3 D-5 [account]")
	if got := d.pairs(models.PairFilter{Shared: models.SharedPhone}); len(got) != 0 {
		t.Errorf("by phone: %v", got)
	}
	if got := d.pairs(models.PairFilter{DistributorID: late}); len(got) != 1 {
		t.Errorf("of one distributor: %v", got)
	}
}

func TestTheSameKeyOrWalletIsTheSameAccount(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a, b, c := d.add("W-1", "CC", "1", ""), d.add("W-2", "CC", "2", ""), d.add("W-3", "CC", "3", "")
	for _, row := range []string{
		fmt.Sprintf(`(%d, 'bre_b', '', '', '@LuzMa', 'alias', true)`, a), fmt.Sprintf(`(%d, 'bre_b', '', '', '@luzma', 'alias', true)`, b),
		fmt.Sprintf(`(%d, 'nequi', '', '3001112233', '', '', false)`, a), fmt.Sprintf(`(%d, 'bank', '507', '3001112233', '', '', true)`, c)} {
		if err := d.people.DB.Gorm.Exec(`ALTER TABLE payout_methods DISABLE TRIGGER payout_methods_check`).Error; err != nil {
			t.Fatal(err)
		}
		if err := d.people.DB.Gorm.Exec(`INSERT INTO payout_methods (distributor_id, kind, bank_code, account_number, bre_b_key, bre_b_kind, preferred) VALUES ` + row).Error; err != nil {
			t.Fatal(err)
		}
	}
	d.mustList("a key in other letters, a wallet as an account", "W-1 W-2 [account]", "W-1 W-3 [account]")
}

func TestTwoPeopleLeaveTheList(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	other := d.add("D-2", "CC", "7654321", "+573001234567")
	support := models.Actor{StaffID: 9, Roles: []models.Role{models.RoleSupport}}
	if err := d.people.Distinguish(t.Context(), support, d.id, other, "brothers"); models.KindOf(err) != models.Forbidden {
		t.Errorf("support: got %v", err)
	}
	if err := d.people.Distinguish(t.Context(), d.maker, d.id, other, ""); models.KindOf(err) != models.Invalid {
		t.Errorf("without a reason: got %v", err)
	}
	d.mustList("after refusals", "D-1 D-2 [phone]")
	if err := d.people.Distinguish(t.Context(), d.maker, other, d.id, "brothers, one phone"); err != nil {
		t.Fatal(err)
	}
	d.mustList("two people")
	if err := d.people.Distinguish(t.Context(), d.other, d.id, other, "brothers"); models.KindOf(err) != models.Conflict {
		t.Errorf("twice: got %v", err)
	}
	page, err := d.people.Pairs(t.Context(), models.PairFilter{Distinct: true}, store.Cursor{})
	if err != nil || len(page.Rows) != 1 || page.Rows[0].Distinct == nil || page.Rows[0].Distinct.Reason != "brothers, one phone" || page.Rows[0].Distinct.By != "Marta" {
		t.Errorf("kept apart: %+v, %v", page.Rows, err)
	}
	if n := d.number(`SELECT count(*) FROM audit_events WHERE action = 'distributor.distinguish' AND reason = 'brothers, one phone'`); n != 2 {
		t.Errorf("%d events, want one for each record", n)
	}

	d.people.DB.Gorm.Exec(`UPDATE distributors SET phone = '+573009999999' WHERE id = ?`, other)
	d.people.DB.Gorm.Exec(`UPDATE distributors SET phone = '+573001234567' WHERE id = ?`, other)
	d.mustList("the same phone once more")
	d.people.DB.Gorm.Exec(`UPDATE distributors SET doc_type = 'CE', doc_number = '1234567' WHERE id = ?`, other)
	d.mustList("now the document too", "D-1 D-2 [document phone]")

	if err := d.people.Distinguish(t.Context(), d.other, d.id, other, "twins"); err != nil {
		t.Fatal(err)
	}
	if err := d.people.LikenAgain(t.Context(), d.maker, d.id, other); err != nil {
		t.Fatal(err)
	}
	d.mustList("taken back", "D-1 D-2 [document phone]")
	if err := d.people.LikenAgain(t.Context(), d.maker, d.id, other); models.KindOf(err) != models.Conflict {
		t.Errorf("taken back twice: got %v", err)
	}
}

func TestPairsPageByPage(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.people.DB.Gorm.Exec(`INSERT INTO distributors (code, person_kind, doc_type, doc_number, given_names, phone)
		SELECT 'P-' || i, 'natural', 'CC', 'X' || i, 'Eva', '+5730100' || i / 2 FROM generate_series(0, 239) i`)
	seen, cursor := map[int64]bool{}, store.Cursor{}
	for {
		page, err := d.people.Pairs(t.Context(), models.PairFilter{}, cursor)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page.Rows {
			if seen[p.ID] {
				t.Fatalf("pair %d twice", p.ID)
			}
			seen[p.ID] = true
		}
		if page.Older == "" {
			break
		}
		if cursor, err = store.ParseCursor(page.Older); err != nil {
			t.Fatal(err)
		}
	}
	counts, err := d.people.PairCounts(t.Context())
	if err != nil || len(seen) != 120 || counts.All != 120 || counts.Phone != 120 || counts.Document != 0 {
		t.Errorf("%d pairs on the pages, counts %+v, %v", len(seen), counts, err)
	}
}

// A number that everybody has, such as the office's, must not make a pair of everybody with everybody.
func TestANumberThatEverybodyHas(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.people.DB.Gorm.Exec(`INSERT INTO distributors (code, person_kind, doc_type, doc_number, given_names, phone)
		SELECT 'M-' || i, 'natural', 'CC', 'X' || i, 'Eva', CASE WHEN i % 20 = 0 THEN '+576015550000' ELSE '+57302' || i END FROM generate_series(1, 10000) i`)
	if n := d.number(`SELECT count(*) FROM likenesses`); n < 500 || n > 8*500 {
		t.Errorf("%d pairs of 500 records", n)
	}
	d.people.DB.Gorm.Exec(`UPDATE distributors SET phone = '+576015550000' WHERE code = 'M-7'`)
	if n := len(d.pairs(models.PairFilter{DistributorID: d.number(`SELECT id FROM distributors WHERE code = 'M-7'`)})); n != 8 {
		t.Errorf("one more has %d pairs", n)
	}
}
