package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"pagaduria/views/urls"
)

func TestTaxIsCalculatedAndExplained(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 1)
	finance := o.person("finance@demo.test")
	page := o.get(finance, urls.Tax())
	for _, want := range []string{"Nothing is withheld", "Res. DIAN 000238", "52.374", "Tariffs per municipality were not found", "The UVT of 2027", "table of art. 383"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	worked := "?amount=500.000&on=2026-06-15&person=juridical&declarant=1&responsible=1&income=1&reteiva=1&iva=19&step=1&minimum_step=1000&municipality=&before="
	page = o.get(finance, urls.Tax()+worked)
	for _, want := range []string{"525.750", "14.250", "55.000", "95.000", "same minimum as services"} {
		if page.StatusCode != http.StatusOK || !strings.Contains(page.body, want) {
			t.Errorf("the worked example: %s, without %q", page.Status, want)
		}
	}
	for _, c := range []struct{ name, query, want string }{
		{"no amount", "?amount=&on=2026-06-15&person=natural&income=1&step=1&minimum_step=1", "whole pesos above zero"},
		{"no day", "?amount=100&on=&person=natural&step=1&minimum_step=1", "the tables begin there"},
		{"a year that is not known", "?amount=100&on=2027-06-15&person=natural&step=1&minimum_step=1", "The UVT of 2027 is not known"},
		{"not resident", "?amount=100&on=2026-06-15&person=natural&foreign=1&step=1&minimum_step=1", "another regime"},
		{"no such place", "?amount=100&on=2026-06-15&person=natural&municipality=Atlantis&step=1&minimum_step=1", "no such municipality"},
		{"a tariff of nowhere", "?amount=100&on=2026-06-15&person=natural&ica=9,66&step=1&minimum_step=1", "which municipality"},
		{"a step of seven", "?amount=100&on=2026-06-15&person=natural&step=7&minimum_step=1", "the peso or the thousand"},
	} {
		if page := o.get(finance, urls.Tax()+c.query); page.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(page.body, c.want) {
			t.Errorf("%s: %s", c.name, page.Status)
		}
	}
	page = o.get(finance, urls.Tax()+"?amount=500000&on=2026-06-15&person=natural&ica=9,66&municipality=Bogot%C3%A1,+D.C.,+Bogot%C3%A1,+D.C.&step=1&minimum_step=1")
	if !strings.Contains(page.body, "4.830") {
		t.Errorf("ReteICA of a typed tariff: %s", page.Status)
	}
}

func TestADeclarationIsRecordedOnThePayeesPage(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 1)
	finance, support := o.person("finance@demo.test"), o.person("support@demo.test")
	payee := int64(o.count(`SELECT min(id) FROM distributors`))
	address := urls.TaxProfiles(payee)
	if page := o.get(support, urls.Distributor(payee)); !strings.Contains(page.body, "Nothing was declared") {
		t.Errorf("the payee's page: %s", page.Status)
	}
	if page := o.get(support, address); page.StatusCode != http.StatusOK || strings.Contains(page.body, "<textarea") {
		t.Errorf("support may look and not record: %s", page.Status)
	}
	f := form(t, o.get(finance, address), address)
	f.Set("person", "natural")
	f.Set("declarant", "1")
	f.Set("from", "2026-01-15")
	f.Set("municipality", "Rionegro")
	if a := o.post(finance, address, f); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "no such municipality") || !strings.Contains(a.body, "Say where it was seen") {
		t.Errorf("a place of several, and no evidence: %s", a.Status)
	}
	f.Set("municipality", "Rionegro, Antioquia")
	f.Set("evidence", "Letter of 15 January")
	if a := o.post(support, address, f); a.StatusCode != http.StatusForbidden {
		t.Errorf("support records: %s", a.Status)
	}
	if a := o.post(finance, address, f); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("recorded: %s\n%.2000s", a.Status, a.body)
	}
	if page := o.get(support, address); !strings.Contains(page.body, "Letter of 15 January") || !strings.Contains(page.body, "Counts today") {
		t.Error("the page does not show it")
	}
	if page := o.get(support, urls.Distributor(payee)); !strings.Contains(page.body, "files income tax") {
		t.Error("the payee's page does not show it")
	}
	if page := o.get(support, urls.TaxOf(payee)); !strings.Contains(page.body, "Rionegro, Antioquia") {
		t.Error("the calculator does not begin with it")
	}
}

func TestTaxSettingsAreAskedForOnThePage(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 1)
	finance, approver := o.person("finance@demo.test"), o.person("approver@demo.test")
	if page := o.get(approver, urls.TaxSettings()); page.StatusCode != http.StatusOK || strings.Contains(page.body, "Ask for these settings") {
		t.Errorf("the approver may look and not ask: %s", page.Status)
	}
	f := form(t, o.get(finance, urls.TaxSettings()), urls.TaxSettings())
	f.Set("income", "1")
	f.Set("reteiva", "1")
	f.Set("tariff_place_0", "Bogotá")
	f.Set("tariff_rate_0", "9,66")
	f.Set("step", "1")
	f.Set("minimum_step", "1000")
	f.Set("year_0", "2027")
	f.Set("year_uvt_0", "55.000")
	if a := o.post(finance, urls.TaxSettings(), f); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "ReteIVA is a part of it") || !strings.Contains(a.body, "9,66") {
		t.Errorf("ReteIVA without a rate of IVA: %s", a.Status)
	}
	f.Set("iva", "19")
	f.Set("from", time.Now().AddDate(0, 0, 7).Format(time.DateOnly))
	f.Set("reason", "As the accountant says")
	a := o.post(finance, urls.TaxSettings(), f)
	if a.StatusCode != http.StatusSeeOther {
		t.Fatalf("asked: %s\n%.3000s", a.Status, a.body)
	}
	if page := o.get(approver, a.Header.Get("Location")); !strings.Contains(page.body, "11001 Bogotá") || !strings.Contains(page.body, "9,66") {
		t.Error("the approver does not see what is asked for")
	}
	if page := o.get(finance, urls.TaxSettings()); !strings.Contains(page.body, "Somebody else decides") {
		t.Error("the page does not say that it waits")
	}
}

func TestTheTaxesOfAMonthAreAPageAndAFile(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 1)
	finance := o.person("finance@demo.test")
	if page := o.get(finance, urls.TaxMonth("")); page.StatusCode != http.StatusOK || !strings.Contains(page.body, "No payout was paid in this month") {
		t.Errorf("nothing was paid: %s", page.Status)
	}
	if page := o.get(finance, urls.TaxMonth("soon")); page.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(page.body, "Give a month") {
		t.Errorf("no month: %s", page.Status)
	}
	if file := o.get(finance, urls.TaxMonthFile("2026-11")); file.StatusCode != http.StatusOK || !strings.Contains(file.body, "withholding_income") {
		t.Errorf("the file: %s", file.Status)
	}
	if file := o.get(finance, urls.TaxMonthFile("soon")); file.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("the file of no month: %s", file.Status)
	}
}
