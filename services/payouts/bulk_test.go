package payouts_test

import (
	"testing"

	"pagaduria/models"
	"pagaduria/services/payouts"
)

func TestEachOfSeveralBatchesIsDecidedOnByItself(t *testing.T) {
	t.Parallel()
	o := open(t)
	var batches []models.Batch
	for _, doc := range []string{"1020300001", "1020300002", "1020300003", "1020300004"} {
		o.owe(o.payee(doc), 100_000)
		batches = append(batches, o.batch())
	}
	own, changed, suspended := batches[0], batches[1], batches[2]
	if err := o.RemoveItem(t.Context(), o.checker, own.ID, o.number(`SELECT id FROM payouts WHERE batch_id = $1`, own.ID), own.Version, "why"); err != nil {
		t.Fatal(err)
	}
	own = o.load(own.ID)
	o.exec(`UPDATE distributors SET verification = 'suspended' WHERE doc_number = '1020300003'`)
	pick := func(b models.Batch) payouts.Pick {
		return payouts.Pick{ID: b.ID, Seen: models.Seen{Version: b.Version, Hash: b.ContentHash}}
	}
	stale := pick(changed)
	stale.Seen.Version--
	picks := []payouts.Pick{pick(own), stale, pick(suspended), pick(batches[3]), {ID: 1 << 40}}
	t1 := payouts.Together{Decision: models.Approve, FactorAt: o.clock()}
	got, err := o.DecideAll(t.Context(), o.checker, picks, t1)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []models.ErrorKind{models.Forbidden, models.Conflict, models.Conflict, "", models.NotFound} {
		if models.KindOf(got[i].Err) != want || want == "" && got[i].Err != nil {
			t.Errorf("batch %d: %v, want %q", i+1, got[i].Err, want)
		}
	}
	if got[3].Batch.State != models.BatchApproved || o.load(changed.ID).State != models.BatchInApproval {
		t.Errorf("states %s and %s", got[3].Batch.State, o.load(changed.ID).State)
	}
	again, err := o.DecideAll(t.Context(), o.checker, picks[3:4], t1)
	if err != nil || models.KindOf(again[0].Err) != models.Conflict {
		t.Errorf("sent again: %v, %v", again, err)
	}
	back, err := o.DecideAll(t.Context(), o.other, []payouts.Pick{pick(changed), pick(suspended)}, payouts.Together{Decision: models.Return, Reason: "wrong period"})
	if err != nil || back[0].Err != nil || back[1].Err != nil || o.load(suspended.ID).State != models.BatchReturned {
		t.Errorf("returned together: %+v, %v", back, err)
	}
	o.balanced()
}
