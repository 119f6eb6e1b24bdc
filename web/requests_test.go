package main

import (
	"net/http"
	"strings"
	"testing"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/requests"
	"pagaduria/views/urls"
)

// asked is a site where finance asked for a change that an approver decides on; applied counts how often it was made.
func asked(t *testing.T, applied *int) (*office, int64) {
	t.Helper()
	o := newOffice(t, 0)
	o.app.h.Requests.Kinds = append(o.app.h.Requests.Kinds, requests.Kind{Name: "test.change", Decides: models.PermBatchesDecide,
		Apply: func(*gorm.DB, models.Actor, models.Request) error { *applied++; return nil }})
	maker := models.Actor{StaffID: int64(o.count(`SELECT id FROM staff WHERE email = 'finance@demo.test'`)), Name: "Marta", Roles: []models.Role{models.RoleFinance}}
	var id int64
	err := o.app.db.InTx(t.Context(), func(tx *gorm.DB) (err error) {
		id, err = requests.Open(tx, maker, requests.New{Kind: "test.change", SubjectType: "connection", SubjectID: o.connection, Decides: models.PermBatchesDecide,
			Changes: []models.Change{{Field: "Daily limit", Before: "$ 1.000", After: "$ 2.000"}}, Reason: "more volume in December"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return o, id
}

func TestASecondPersonConsentsInABrowser(t *testing.T) {
	t.Parallel()
	applied := 0
	o, id := asked(t, &applied)
	finance, approver := o.person("finance@demo.test"), o.person("approver@demo.test")

	own := o.get(finance, urls.Request(id))
	if !strings.Contains(own.body, "somebody else has to decide") || strings.Contains(own.body, `action="`+urls.GrantRequest(id)) {
		t.Error("the maker is not told that another person decides")
	}
	if list := o.get(approver, urls.Requests()); !strings.Contains(list.body, urls.Request(id)) || !strings.Contains(list.body, "Requests waiting for you") {
		t.Errorf("the approver does not see that it waits: %s", list.Status)
	}
	page := o.get(approver, urls.Request(id))
	for _, want := range []string{"Daily limit", "$ 1.000", "$ 2.000", "more volume in December"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	o.stale()
	f := form(t, page, urls.GrantRequest(id))
	if a := o.post(approver, urls.GrantRequest(id), f); a.StatusCode != http.StatusUnprocessableEntity || applied != 0 {
		t.Errorf("without a code: %s, applied %d times", a.Status, applied)
	}
	f.Set("code", o.freshCode("approver@demo.test"))
	if a := o.post(approver, urls.GrantRequest(id), f); a.StatusCode != http.StatusSeeOther || applied != 1 {
		t.Errorf("with a code: %s, applied %d times", a.Status, applied)
	}
	if a := o.post(approver, urls.GrantRequest(id), f); a.StatusCode != http.StatusConflict || applied != 1 {
		t.Errorf("a second click: %s, applied %d times", a.Status, applied)
	}
}

func TestARefusalNeedsAWord(t *testing.T) {
	t.Parallel()
	applied := 0
	o, id := asked(t, &applied)
	approver := o.person("approver@demo.test")
	f := form(t, o.get(approver, urls.Request(id)), urls.GrantRequest(id))
	if a := o.post(approver, urls.RefuseRequest(id), f); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "Say why") {
		t.Errorf("without a word: %s", a.Status)
	}
	f.Set("answer", "not before the audit")
	if a := o.post(approver, urls.RefuseRequest(id), f); a.StatusCode != http.StatusSeeOther {
		t.Errorf("with a reason: %s", a.Status)
	}
	if page := o.get(approver, urls.Request(id)); !strings.Contains(page.body, "not before the audit") || applied != 0 {
		t.Errorf("the reason is not kept, applied %d times", applied)
	}
}
