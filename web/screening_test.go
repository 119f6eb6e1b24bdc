package main

import (
	"net/http"
	"strings"
	"testing"

	"pagaduria/views/urls"
)

func TestListsAndNamesAreForCompliance(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 0)
	if err := o.app.demoLists(t.Context()); err != nil {
		t.Fatal(err)
	}
	compliance, auditor, finance := o.person("compliance@demo.test"), o.person("auditor@demo.test"), o.person("finance@demo.test")
	version := int64(o.count(`SELECT min(id) FROM sanctions_versions`))
	page := o.get(compliance, urls.ScreeningOf("Oliverio Abril Cortés", "person", "", ""))
	for _, want := range []string{"ABRIL CORTEZ, Oliverio", "OFAC 4307", "SDNT", "100 %", "Hold"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the hits lack %q", want)
		}
	}
	if page := o.get(compliance, urls.ScreeningOf("Luz Marina Ospina Giraldo", "", "", "")); !strings.Contains(page.body, "Nobody on the lists") {
		t.Error("a name without hits does not say so")
	}
	for _, path := range []string{urls.Lists(), urls.ListVersion(version), urls.ListVersionOnly(version, "added"), urls.ListedEntry(int64(o.count(`SELECT id FROM sanctions_entries WHERE number = '8902'`)))} {
		if a := o.get(auditor, path); a.StatusCode != http.StatusOK {
			t.Errorf("auditor %s: %s", path, a.Status)
		}
		if a := o.get(finance, path); a.StatusCode != http.StatusForbidden {
			t.Errorf("finance %s: %s", path, a.Status)
		}
	}
	if page := o.get(auditor, urls.Lists()); strings.Contains(page.body, `type="file"`) {
		t.Error("the auditor is offered to load lists")
	}
}
