package main

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"pagaduria/views/urls"
)

func TestRiskIsForComplianceAlone(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 0)
	if err := o.app.demoLists(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := o.app.h.Risk.ScoreDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	compliance, auditor := o.person("compliance@demo.test"), o.person("auditor@demo.test")
	payee := int64(o.count(`SELECT distributor_id FROM risk_scores WHERE band <> 'low' ORDER BY 1 LIMIT 1`))
	if page := o.get(compliance, urls.RisksIn("medium")); !strings.Contains(page.body, urls.Risk(payee)) || !strings.Contains(page.body, "Perhaps on a sanctions list") {
		t.Error("the list lacks the payee")
	}
	if page := o.get(compliance, urls.Distributor(payee)); !strings.Contains(page.body, "h-risk") {
		t.Error("the payee's page lacks the panel")
	}
	page := o.get(compliance, urls.Risk(payee))
	f := form(t, page, urls.Risk(payee))
	if a := o.post(compliance, urls.Risk(payee), f); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a word without anything: %s", a.Status)
	}
	f.Set("band", "high")
	f.Set("reason", "Press reports")
	f.Set("until", time.Now().AddDate(0, 1, 0).Format(time.DateOnly))
	if a := o.post(compliance, urls.Risk(payee), f); a.StatusCode != http.StatusSeeOther {
		t.Errorf("a word: %s", a.Status)
	}
	request := int64(o.count(`SELECT id FROM requests WHERE kind = 'risk.override'`))
	if page := o.get(compliance, urls.Risk(payee)); !strings.Contains(page.body, urls.Request(request)) {
		t.Error("the page does not say that a word waits")
	}

	page = o.get(compliance, urls.RiskRules())
	f = form(t, page, urls.RiskRules())
	for _, field := range regexp.MustCompile(`name="((?:points|values|amount|days)_[a-z_]+|window|medium|high)"[^>]*value="([^"]*)"`).FindAllStringSubmatch(page.body, -1) {
		f.Set(field[1], field[2])
	}
	f.Set("medium", "5")
	if a := o.post(compliance, urls.TryRiskRules(), f); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "Nothing changed. By these rules there would be:") {
		t.Errorf("tried: %s", a.Status)
	}
	if a := o.post(compliance, urls.RiskRules(), f); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, `value="5"`) {
		t.Errorf("without a reason: %s", a.Status)
	}
	f.Set("reason", "Stricter")
	if a := o.post(compliance, urls.RiskRules(), f); a.StatusCode != http.StatusSeeOther {
		t.Errorf("asked: %s", a.Status)
	}

	if a := o.get(auditor, urls.RiskRules()); a.StatusCode != http.StatusOK || strings.Contains(a.body, urls.TryRiskRules()) {
		t.Errorf("the auditor's rules: %s", a.Status)
	}
	for _, who := range []string{"finance@demo.test", "support@demo.test", "admin@demo.test", "approver@demo.test"} {
		somebody := o.person(who)
		for _, path := range []string{urls.Risks(), urls.RiskRules(), urls.Risk(payee)} {
			if a := o.get(somebody, path); a.StatusCode != http.StatusForbidden {
				t.Errorf("%s %s: %s", who, path, a.Status)
			}
		}
		if a := o.get(somebody, urls.Distributor(payee)); strings.Contains(a.body, "h-risk") || strings.Contains(a.body, urls.Risk(payee)) {
			t.Errorf("%s sees the risk on the payee's page", who)
		}
		if a := o.get(somebody, urls.Request(request)); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s sees the request: %s", who, a.Status)
		}
	}
	if a := o.get(o.person("admin@demo.test"), urls.Audit()); strings.Contains(strings.ToLower(a.body), "risk") {
		t.Error("the audit log tells an admin of risk")
	}
}
