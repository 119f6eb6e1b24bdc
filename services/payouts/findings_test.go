package payouts_test

import (
	"slices"
	"testing"

	"pagaduria/models"
	"pagaduria/services/payouts"
)

// banked stores a verified payee with an account at a bank.
func (o *office) banked(doc, name, phone, account string) int64 {
	o.t.Helper()
	id := o.number(`INSERT INTO distributors (code, person_kind, doc_type, doc_number, given_names, surnames, phone, email, address, city, divipola, verification, method_kind)
		VALUES ('D-' || $1, 'natural', 'CC', $1, $2, 'Gómez Ruiz', $3, 'a' || $1 || '@example.test', 'Calle 1', 'Bogotá', '11001', 'verified', 'bank') RETURNING id`, doc, name, phone)
	o.exec(`INSERT INTO payout_methods (distributor_id, kind, bank_code, account_type, account_number, preferred) VALUES ($1, 'bank', '007', 'S', $2, true)`, id, account)
	return id
}

// pay owes everybody an amount, and has it paid in a batch of its own.
func (o *office) pay(pesos int64, ids ...int64) {
	o.t.Helper()
	for _, id := range ids {
		o.owe(id, pesos)
	}
	b := o.batch()
	o.approve(b)
	o.dispatch(b)
	o.exec(`UPDATE payouts SET state = 'paid', paid_at = $1 WHERE batch_id = $2`, o.clock(), b.ID)
	o.exec(`UPDATE batches SET state = 'done' WHERE id = $1`, b.ID)
}

// found reads the outliers of a batch by their payees' documents.
func (o *office) found(b models.Batch) map[string]payouts.ReviewItem {
	o.t.Helper()
	items, _, err := o.Review(o.t.Context(), b.ID, payouts.PartOutliers, "", 0)
	if err != nil {
		o.t.Fatal(err)
	}
	by := map[string]payouts.ReviewItem{}
	for _, i := range items {
		by[i.DocNumber] = i
	}
	return by
}

func TestWhatStandsOutInABatch(t *testing.T) {
	t.Parallel()
	o := open(t)
	usual, dear := o.banked("1020300001", "Uriel", "+573104028501", "0010000001"), o.banked("1020300002", "Dora", "+573104028502", "0010000002")
	moved := o.banked("1020300003", "Mario", "+573104028503", "0010000003")
	o.pay(200_000, usual, dear, moved)
	o.exec(`UPDATE payout_methods SET preferred = false, retired_at = now() WHERE distributor_id = $1`, moved)
	o.exec(`WITH r AS (INSERT INTO requests (kind, subject_type, subject_id, payload, maker_id, decider_id, state, decided_at)
			VALUES ('method.change', 'distributor', $1, '{}', $2, $3, 'granted', now()) RETURNING id)
		INSERT INTO payout_methods (distributor_id, kind, bank_code, account_type, account_number, preferred, consent_id)
		SELECT $1, 'bank', '007', 'S', '0019999999', true, id FROM r`, moved, o.maker.StaffID, o.other.StaffID)
	o.owe(usual, 200_000)
	o.owe(dear, 840_000)
	o.owe(moved, 200_000)
	for _, id := range []int64{o.banked("1020300004", "María José", "+573104028504", "0010000004"), o.banked("1020300005", "MARIA  JOSE", "+573104028505", "0010000005"),
		o.banked("1020300006", "Pedro", "+573104028506", "0010000007"), o.banked("1020300007", "Pablo", "+573104028506", "0010000007")} {
		o.owe(id, 150_000)
	}
	b := o.batch()
	got := o.found(b)
	for doc, want := range map[string][]string{
		"1020300002": {payouts.FlagMedian}, "1020300003": {payouts.FlagNewAccount},
		"1020300004": {payouts.FlagSamePerson, payouts.FlagNewPayee}, "1020300005": {payouts.FlagSamePerson, payouts.FlagNewPayee},
		"1020300006": {payouts.FlagSamePerson, payouts.FlagShared, payouts.FlagNewPayee}, "1020300007": {payouts.FlagSamePerson, payouts.FlagShared, payouts.FlagNewPayee},
	} {
		if !slices.Equal(got[doc].Flags, want) {
			t.Errorf("%s: %v, want %v", doc, got[doc].Flags, want)
		}
	}
	if len(got) != 6 {
		t.Errorf("%d stand out, want 6", len(got))
	}
	if m := got["1020300002"].Median; m != models.Pesos(200_000) {
		t.Errorf("the median is %s", m)
	}
	if i := got["1020300003"]; i.BeforeAccount != "0010000003" || i.BeforeKind != models.BankAccount {
		t.Errorf("before: %s %s", i.BeforeKind, i.BeforeAccount)
	}
	if got["1020300004"].TwinBy != "name" || got["1020300006"].TwinBy != "phone" || got["1020300006"].TwinID != got["1020300007"].ID || got["1020300006"].SharedWith != 1 {
		t.Errorf("twins: %+v, %+v", got["1020300004"], got["1020300006"])
	}
	counts, err := o.ReviewCounts(t.Context(), b.ID)
	if err != nil || counts.Outliers != 6 || counts.Flags[payouts.FlagNewPayee] != 4 || counts.Flags[payouts.FlagShared] != 2 {
		t.Errorf("counts %+v, %v", counts, err)
	}
	items, _, err := o.Review(t.Context(), b.ID, payouts.PartOutliers, payouts.FlagShared, 0)
	if err != nil || len(items) != 2 {
		t.Errorf("%d share an account, %v", len(items), err)
	}
	c, previous, ok, err := o.Compared(t.Context(), b.ID)
	if want := (payouts.Comparison{Added: 4, AddedTotal: models.Pesos(600_000), MissingTotal: models.Pesos(0), Changed: 1}); err != nil || !ok || c != want || previous.ID == b.ID {
		t.Errorf("compared %+v, %v, %v; want %+v", c, ok, err, want)
	}

	if err := o.RemoveItems(t.Context(), o.other, b.ID, []int64{got["1020300006"].ID, got["1020300005"].ID}, b.Version, "twice"); err != nil {
		t.Fatal(err)
	}
	after := o.found(b)
	if !slices.Equal(after["1020300007"].Flags, []string{payouts.FlagNewPayee}) || !slices.Equal(after["1020300004"].Flags, []string{payouts.FlagNewPayee}) {
		t.Errorf("after the twins were taken out: %v, %v", after["1020300007"].Flags, after["1020300004"].Flags)
	}
	again := o.load(b.ID)
	if again.Items != 5 || string(again.ContentHash) == string(b.ContentHash) || again.EditorID != o.other.StaffID {
		t.Errorf("after removing: %+v", again)
	}
	removed, _, err := o.Review(t.Context(), b.ID, payouts.PartRemoved, "", 0)
	if err != nil || len(removed) != 2 || removed[0].RemovedBy != o.other.Name || removed[0].RemovedReason != "twice" {
		t.Errorf("removed %+v, %v", removed, err)
	}
	for part, want := range map[string]int{payouts.PartAdded: 2, payouts.PartMissing: 0, payouts.PartChanged: 1, payouts.PartAll: 5} {
		if list, _, err := o.Review(t.Context(), b.ID, part, "", 0); err != nil || len(list) != want {
			t.Errorf("%s: %d, %v; want %d", part, len(list), err, want)
		}
	}
	i, err := o.Inspect(t.Context(), b.ID, got["1020300003"].ID)
	if err != nil || len(i.Lines) != 1 || len(i.Past) != 1 || !i.Preferred {
		t.Errorf("inspected %+v, %v", i, err)
	}
	if _, err := o.Inspect(t.Context(), b.ID+99, got["1020300003"].ID); models.KindOf(err) != models.NotFound {
		t.Errorf("of another batch: %v", err)
	}
}

func TestSeveralAreRemovedOrNone(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.crowd(3)
	b := o.batch()
	first := o.number(`SELECT min(id) FROM payouts`)
	for name, err := range map[string]error{
		"one of another batch": o.RemoveItems(t.Context(), o.other, b.ID, []int64{first, first + 99}, b.Version, "why"),
		"a stale page":         o.RemoveItems(t.Context(), o.other, b.ID, []int64{first}, b.Version+1, "why"),
		"without a reason":     o.RemoveItems(t.Context(), o.other, b.ID, []int64{first}, b.Version, ""),
		"none ticked":          o.RemoveItems(t.Context(), o.other, b.ID, nil, b.Version, "why"),
	} {
		if err == nil {
			t.Errorf("%s: it was done", name)
		}
	}
	if got := o.states(b); got != "in_batch 3" {
		t.Errorf("states %s", got)
	}
}
