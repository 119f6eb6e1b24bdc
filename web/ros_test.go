package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/views/urls"
)

func TestAReportIsDraftedAndFiled(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	person := s.stub("natural")
	c := s.as("compliance@demo.test")
	today := time.Now().AddDate(0, 0, -1).Format(time.DateOnly)
	mustHave(t, s.get(c, urls.ROSList()), http.StatusOK, "There are no reports")
	mustHave(t, s.get(c, urls.Distributor(person)), http.StatusOK, urls.NewROS(person))
	draft := []string{"operation", "Zacatín: many payouts on one day", "signals", "No orders", "amount", "1000000", "from", "2026-01-01", "to", today}
	mustHave(t, s.postForm(c, urls.NewROS(person), urls.ROSList(), "distributor", urls.Num(person), "operation", "x"), http.StatusUnprocessableEntity, "8000 characters", "does not begin")
	s.postForm(c, urls.NewROS(person), urls.ROSList(), append(draft, "distributor", urls.Num(person))...)
	id := s.one(`SELECT max(id) FROM ros_reports`)
	at := urls.ROS(id)
	draft[3] = "No orders, and another name"
	s.expectLedTo(s.postForm(c, at, at, append(draft, "version", "1")...), at)
	mustHave(t, s.postForm(c, at, at, append(draft, "version", "1")...), http.StatusConflict, "Load it again")
	mustHave(t, s.postForm(c, at, at+"/drop", "version", "2", "why", "It is nothing"), http.StatusConflict, "somebody else has to drop it")
	mustHave(t, s.postForm(c, at, at+"/file", "version", "2", "filed_on", "2999-01-01"), http.StatusUnprocessableEntity)
	if a := s.get(c, at+"/report.pdf"); a.StatusCode != http.StatusOK || !strings.HasPrefix(a.body, "%PDF-") {
		t.Errorf("downloaded: %s", a.Status)
	}
	s.expectLedTo(s.postForm(c, at, at+"/file", "version", "2", "number", "SIREL-77", "filed_on", today), at)
	mustHave(t, s.get(c, at), http.StatusOK, "SIREL-77", "another name")
	mustHave(t, s.postForm(c, at, at+"/file", "version", "3", "number", "SIREL-78", "filed_on", today), http.StatusConflict)
	if _, err := s.app.db.Pool.Exec(t.Context(), `UPDATE ros_reports SET sirel_number = 'x'`); err == nil {
		t.Error("the database changed what was filed")
	}
	if n := s.one(`SELECT count(*) FROM audit_events WHERE subject_type = 'ros' AND subject_id = $1`, id); n != 4 {
		t.Errorf("%d events on record, want 4", n)
	}

	// Nobody else learns of it, wherever they look.
	for _, role := range []string{"admin", "finance", "approver", "support", "auditor"} {
		other := s.as(role + "@demo.test")
		for _, path := range []string{urls.ROSList(), urls.NewROS(person), at, at + "/report.pdf"} {
			if a := s.get(other, path); a.StatusCode != http.StatusForbidden {
				t.Errorf("%s %s: %s", role, path, a.Status)
			}
		}
		for _, r := range routes(s.srv) {
			if r.Method != http.MethodGet || r.Outside || r.Perm == models.PermROS || strings.HasPrefix(r.Path, "/signin") || strings.HasPrefix(r.Path, "/p/") {
				continue
			}
			path := strings.NewReplacer("/distributors/:id", urls.Distributor(person), ":id", urls.Num(id)).Replace(r.Path)
			if strings.Contains(path, ":") {
				continue
			}
			a := s.get(other, path)
			for _, word := range []string{"Zacatín", "SIREL", `"ros`, "/ros", "ros.draft", ",ros,", "uspicious operation"} {
				if strings.Contains(a.body, word) && r.Path != urls.PermissionsPattern { // the matrix of permissions says what there is, not that there is one
					t.Errorf("%s learns of it at %s: %q", role, path, word)
				}
			}
		}
		for _, query := range []string{urls.Audit() + "?action=ros.draft", urls.Audit() + "?subject=ros", "/search?q=Zacat%C3%ADn"} {
			if a := s.get(other, query); strings.Contains(a.body, urls.ROS(id)+`"`) || strings.Contains(a.body, "ROS drafted") {
				t.Errorf("%s learns of it at %s", role, query)
			}
		}
	}
}
