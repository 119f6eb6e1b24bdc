package main

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"pagaduria/models"
	"pagaduria/services/tracking"
	"pagaduria/views/urls"
)

func TestACodeIsMappedOnThePageOfItsCarrier(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 1)
	finance, support, compliance := o.person("finance@demo.test"), o.person("support@demo.test"), o.person("compliance@demo.test")
	if page := o.get(compliance, urls.Carriers()); page.StatusCode != http.StatusForbidden {
		t.Errorf("compliance sees carriers: %s", page.Status)
	}
	file := "carrier,waybill,code,status_text,event_at\nCoordinadora,W77,K-5,EN CUSTODIA,2026-11-12 08:00:00\n"
	if _, err := o.app.h.Tracking.Import(t.Context(), bytes.NewReader([]byte(file)), models.ImportOptions{By: models.System("test"), Today: o.app.today()}); err != nil {
		t.Fatal(err)
	}
	var id int64
	if err := o.app.db.Pool.QueryRow(t.Context(), `SELECT id FROM carriers WHERE slug = 'coordinadora'`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	mustHave(t, o.get(support, urls.Carriers()), http.StatusOK, "Coordinadora", "Servientrega", "Unknown codes")
	page := o.get(support, urls.Carrier(id))
	mustHave(t, page, http.StatusOK, "K-5", "EN CUSTODIA", "W77", "ENTREGADA [K160]")
	if strings.Contains(page.body, `action="`+urls.CarrierCode(id)+`"`) {
		t.Error("support is offered to map codes")
	}
	page = o.get(finance, urls.Carrier(id)+"?code=K-5")
	f := form(t, page, urls.CarrierCode(id))
	if !strings.Contains(page.body, `value="K-5"`) {
		t.Error("the form does not begin with the code that was followed")
	}
	f.Set("code", "k-5")
	if a := o.post(finance, urls.CarrierCode(id), f); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("without a meaning: %s", a.Status)
	}
	f.Set("means", "incident")
	if a := o.post(finance, urls.CarrierCode(id), f); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("mapped: %s\n%.2000s", a.Status, a.body)
	}
	mustHave(t, o.get(finance, urls.Carrier(id)), http.StatusOK, "Events are being read again by the newest codes")
	if a := o.post(finance, urls.CarrierCode(id), f); a.StatusCode != http.StatusConflict {
		t.Errorf("from a stale page: %s", a.Status)
	}
	if err := o.app.h.Tracking.ApplyCodes(t.Context(), tracking.ApplyArgs{CarrierID: id}); err != nil {
		t.Fatal(err)
	}
	mustHave(t, o.get(finance, urls.Carrier(id)), http.StatusOK, "Every code that came is mapped", "K-5")
	f = form(t, o.get(finance, urls.Carriers()), urls.Carriers())
	f.Set("name", "Envía")
	f.Set("slug", "envia")
	a := o.post(finance, urls.Carriers(), f)
	if a.StatusCode != http.StatusSeeOther {
		t.Fatalf("added: %s", a.Status)
	}
	mustHave(t, o.get(finance, a.Header.Get("Location")), http.StatusOK, "Envía", "No code is mapped yet")
	if a := o.post(finance, urls.Carriers(), f); a.StatusCode != http.StatusConflict || !strings.Contains(a.body, "There is a carrier of this name") {
		t.Errorf("added twice: %s", a.Status)
	}
}
