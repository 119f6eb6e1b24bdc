package screening_test

import (
	"testing"

	"gorm.io/gorm"

	"pagaduria/models/sanctions"
	"pagaduria/services/screening"
)

func (o *office) name(distributor int64, list ...screening.Named) {
	o.t.Helper()
	if err := o.DB.InTx(o.t.Context(), func(tx *gorm.DB) error { return screening.Name(tx, distributor, list) }); err != nil {
		o.t.Fatal(err)
	}
}

func TestWhoIsDeclaredIsComparedToo(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id, ordinary := o.payee("Luz Marina", "Ospina Giraldo", "1000002"), screening.Named{Role: "representative", Kind: sanctions.Person, Name: "Ana Rojas", DocType: "CC", Document: "52123456"}
	owner := screening.Named{Role: "owner", Kind: sanctions.Person, Name: "Oliverio Abril Cortés", DocType: "CC", Document: "1000001"}
	o.rescreen()
	o.name(id, ordinary)
	if o.current(id) {
		t.Error("a name that was declared does not make them due")
	}
	o.rescreen()
	if o.held(id) || !o.current(id) {
		t.Error("an ordinary representative holds payouts")
	}
	o.name(id, ordinary)
	if !o.current(id) {
		t.Error("the same names again make them due")
	}
	o.name(id, ordinary, owner)
	if n := count(t, o.Service, `SELECT count(*) FROM river_job WHERE kind = 'screening.rescreen'`); n != 1 {
		t.Errorf("%d jobs wait, want 1", n)
	}
	o.rescreen()
	if !o.held(id) {
		t.Error("a listed owner does not hold payouts")
	}
	if h := o.hit(id); h.Asked.Role != "owner" || h.Asked.Name != owner.Name {
		t.Errorf("the hit is about %+v", h.Asked)
	}
	o.name(id, ordinary) // a hit does not go because the owner is not named any more
	o.rescreen()
	if !o.held(id) {
		t.Error("the hold went with the name, and nobody decided")
	}
}
