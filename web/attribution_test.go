package main

import (
	"net/http"
	"strings"
	"testing"

	"pagaduria/models"
	"pagaduria/views/urls"
)

func TestOrdersThatAreNobodysAreAttributed(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 1)
	if err := o.app.demoShop(t.Context(), models.Actor{Name: "Admin", Roles: []models.Role{models.RoleAdmin}}); err != nil {
		t.Fatal(err)
	}
	order := int64(o.count(`SELECT id FROM orders WHERE discount_code = 'LAURA10'`))
	finance, support := o.person("finance@demo.test"), o.person("support@demo.test")

	page := o.get(finance, urls.Unattributed())
	if !strings.Contains(page.body, "TA-1501") || !strings.Contains(page.body, urls.AttributeOrder(order)) || !strings.Contains(page.body, "LAURA10") {
		t.Fatalf("the list: %s\n%.3000s", page.Status, page.body)
	}
	if page := o.get(finance, urls.UnattributedBy("nobody")); !strings.Contains(page.body, "No match") && !strings.Contains(page.body, urls.Unattributed()) {
		t.Error("nothing matches, and nothing says so")
	}
	if page := o.get(support, urls.Unattributed()); strings.Contains(page.body, urls.AttributeOrder(order)) {
		t.Error("support is offered to attribute")
	}
	if a := o.get(support, urls.AttributeOrder(order)); a.StatusCode != http.StatusForbidden {
		t.Errorf("support attributes: %s", a.Status)
	}

	f := form(t, o.get(finance, urls.AttributeOrder(order)), urls.Attribute())
	f.Set("to", "distributor")
	f.Set("reason", "Laura wrote to us")
	if a := o.post(finance, urls.Attribute(), f); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("without a distributor: %s", a.Status)
	}
	f.Set("distributor", "D-100001000")
	if a := o.post(finance, urls.Attribute(), f); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != urls.Order(order) {
		t.Fatalf("attribute: %s\n%.2000s", a.Status, a.body)
	}
	if page := o.get(support, urls.Order(order)); !strings.Contains(page.body, "Laura wrote to us") || !strings.Contains(page.body, "D-100001000") {
		t.Error("the order's page does not say whose it is and why")
	}

	page = o.get(finance, urls.Attribution())
	f = form(t, page, urls.Attribution())
	f.Set("source_0", "discount_code")
	f.Set("digits_0", "1")
	if a := o.post(finance, urls.TryAttribution(), f); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "Nothing changed.") {
		t.Errorf("tried: %s", a.Status)
	}
	if a := o.post(finance, urls.Attribution(), f); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("asked without a reason: %s", a.Status)
	}
	f.Set("reason", "Percentages stand behind the names")
	a := o.post(finance, urls.Attribution(), f)
	if a.StatusCode != http.StatusSeeOther {
		t.Fatalf("asked: %s", a.Status)
	}
	if page := o.get(o.person("approver@demo.test"), a.Header.Get("Location")); !strings.Contains(page.body, "discount_code") {
		t.Error("the approver does not see what is asked for")
	}

	f = form(t, page, urls.GiveCode())
	f.Set("code", "laura")
	f.Set("distributor", "D-100001000")
	if a := o.post(finance, urls.GiveCode(), f); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("gave a code: %s", a.Status)
	}
	if a := o.post(finance, urls.GiveCode(), f); a.StatusCode != http.StatusConflict {
		t.Errorf("gave it twice: %s", a.Status)
	}
	code := int64(o.count(`SELECT id FROM attribution_codes WHERE code = 'LAURA'`))
	if a := o.post(finance, urls.TakeCode(code), form(t, o.get(finance, urls.Attribution()), urls.TakeCode(code))); a.StatusCode != http.StatusSeeOther {
		t.Errorf("took it back: %s", a.Status)
	}
}
