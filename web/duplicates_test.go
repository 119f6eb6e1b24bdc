package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"pagaduria/views/urls"
)

// double adds a distributor who has the phone of X1, and answers both ids.
func (s *site) double() (first, second int64) {
	s.t.Helper()
	first = s.person()
	second = s.one(`INSERT INTO distributors (code, person_kind, doc_type, doc_number, given_names, surnames, phone, verification)
		VALUES ('X2', 'natural', 'CC', '52111222', 'Lorena', 'Nuñez', '+573195722846', 'verified') RETURNING id`)
	return first, second
}

func TestPossibleDuplicatesInABrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	finance := s.as("finance@demo.test")
	mustHave(t, s.get(finance, urls.Duplicates()), http.StatusOK, "No possible duplicates")
	first, second := s.double()
	mustHave(t, s.get(finance, urls.Distributors()), http.StatusOK, "1 possible duplicate", urls.Duplicates())
	mustHave(t, s.get(finance, urls.Distributor(second)), http.StatusOK, "Shares something with", "Lorena Núñez", urls.DuplicatesOf(second))
	mustHave(t, s.get(finance, urls.Duplicates()), http.StatusOK, "Phone", "Lorena Núñez", "Lorena Nuñez", "X1", "X2", "owed $", "never paid", urls.Distinct(first, second))
	mustHave(t, s.get(finance, urls.Duplicates()+"?shares=document"), http.StatusOK, "Nothing matches")
	mustHave(t, s.get(finance, urls.DuplicatesOf(first)), http.StatusOK, "X2")

	ask := s.get(finance, urls.Distinct(second, first))
	mustHave(t, ask, http.StatusOK, "Are these two people?")
	form := url.Values{"_csrf": {formToken(t, ask)}}
	mustHave(t, s.post(finance, urls.Distinct(first, second), form), http.StatusUnprocessableEntity, "Write the reason")
	form.Set("reason", "Sisters, one phone")
	if a := s.post(finance, urls.Distinct(first, second), form); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("keep apart: %s\n%s", a.Status, a.body)
	}
	mustHave(t, s.get(finance, urls.Duplicates()), http.StatusOK, "kept apart", "No possible duplicates")
	if a := s.get(finance, urls.Distinct(first, second)); a.StatusCode != http.StatusNotFound {
		t.Errorf("asked once more: %s", a.Status)
	}
	mustHave(t, s.get(finance, urls.Distributor(first)), http.StatusOK, "are two people", "Sisters, one phone")
	apart := s.get(finance, urls.Duplicates()+"?show=distinct")
	mustHave(t, apart, http.StatusOK, "Sisters, one phone", "Take back")
	if a := s.post(finance, urls.LikenAgain(first, second), url.Values{"_csrf": {formToken(t, apart)}}); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("take back: %s\n%s", a.Status, a.body)
	}
	mustHave(t, s.get(finance, urls.Duplicates()), http.StatusOK, "Taken back", "Lorena Nuñez")
}

func TestWhoMayKeepRecordsApart(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first, second := s.double()
	support := s.as("support@demo.test")
	page := s.get(support, urls.Duplicates())
	mustHave(t, page, http.StatusOK, "Lorena Nuñez")
	if strings.Contains(page.body, urls.Distinct(first, second)) {
		t.Error("support is offered what it may not do")
	}
	if a := s.get(support, urls.Distinct(first, second)); a.StatusCode != http.StatusForbidden {
		t.Errorf("support asks: %s", a.Status)
	}
}

func TestAMergeInABrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first, second := s.double()
	finance, compliance := s.as("finance@demo.test"), s.as("compliance@demo.test")
	mustHave(t, s.get(finance, urls.Duplicates()), http.StatusOK, urls.PrepareMerge(first, second))
	plan := s.get(finance, urls.PrepareMerge(first, second))
	mustHave(t, plan, http.StatusOK, "Make two records one", "Lorena Núñez", "Lorena Nuñez", "Keep X2 instead", urls.PrepareMerge(second, first), "X1 is owed", "Not verified", "Ask to make 2 records one")
	ask := form(t, plan, urls.PrepareMerge(first, second))
	mustHave(t, s.post(finance, urls.PrepareMerge(first, second), ask), http.StatusUnprocessableEntity, "Write the reason")
	ask.Set("reason", "Same face, same phone")
	ask.Set("take", "names")
	if a := s.post(finance, urls.PrepareMerge(first, second), ask); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("ask: %s\n%s", a.Status, a.body)
	}
	id, request := s.one(`SELECT max(id) FROM merges`), s.one(`SELECT max(id) FROM requests`)
	mustHave(t, s.get(finance, urls.Merge(id)), http.StatusOK, "Waits for a second person", "Same face, same phone", "X2 into X1")
	mustHave(t, s.get(finance, urls.Distributor(second)), http.StatusOK, "A merge waits for a second person", urls.Merge(id))
	mustHave(t, s.get(finance, urls.PrepareMerge(second, first)), http.StatusOK, "Another merge of", "Open the merge")

	page := s.get(compliance, urls.Request(request))
	mustHave(t, page, http.StatusOK, "Make two records one", "X1 Lorena Núñez", "Names", "Same face, same phone", urls.Merge(id))
	grant := form(t, page, urls.GrantRequest(request))
	if a := s.post(compliance, urls.GrantRequest(request), grant); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("consent: %s\n%s", a.Status, a.body)
	}
	mustHave(t, s.get(finance, urls.Distributor(second)), http.StatusOK, "This record is part of X1", "Merged", urls.Distributor(first))
	mustHave(t, s.get(finance, urls.Distributor(first)), http.StatusOK, "Merged records", "Lorena Nuñez", "made this and another record one")
	mustHave(t, s.get(finance, urls.Distributors()+"?verification=merged"), http.StatusOK, "X2")
	mustHave(t, s.get(finance, urls.Duplicates()), http.StatusOK, "No possible duplicates")
	mustHave(t, s.get(finance, urls.Merge(id)), http.StatusOK, "Can be undone until", "consented to by", urls.Unmerge(id))

	undo := s.get(finance, urls.Unmerge(id))
	mustHave(t, undo, http.StatusOK, "Undo the merge?")
	back := url.Values{"_csrf": {formToken(t, undo)}}
	mustHave(t, s.post(finance, urls.Unmerge(id), back), http.StatusUnprocessableEntity, "Write the reason")
	back.Set("reason", "Two people after all")
	if a := s.post(finance, urls.Unmerge(id), back); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("ask to undo: %s\n%s", a.Status, a.body)
	}
	mustHave(t, s.get(finance, urls.Merge(id)), http.StatusOK, "Undoing this waits for a second person")
	request = s.one(`SELECT max(id) FROM requests`)
	grant = form(t, s.get(compliance, urls.Request(request)), urls.GrantRequest(request))
	if a := s.post(compliance, urls.GrantRequest(request), grant); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("consent to undoing: %s\n%s", a.Status, a.body)
	}
	mustHave(t, s.get(finance, urls.Merge(id)), http.StatusOK, "Undone")
	mustHave(t, s.get(finance, urls.Unmerge(id)), http.StatusOK, "There is nothing to undo")
	mustHave(t, s.get(finance, urls.Duplicates()), http.StatusOK, "Lorena Núñez", "X2")
	if a := s.get(s.as("support@demo.test"), urls.PrepareMerge(first, second)); a.StatusCode != http.StatusForbidden {
		t.Errorf("support prepares a merge: %s", a.Status)
	}
}
