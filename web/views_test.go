package main

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/views/urls"
)

// keep saves what a list shows as a view, in a browser, and answers its id.
func (s *site) keep(c *http.Client, list, query string, f url.Values) int64 {
	s.t.Helper()
	q, err := url.ParseQuery(query)
	if err != nil {
		s.t.Fatal(err)
	}
	at := urls.ViewsWith(list, q)
	fields := url.Values{"_csrf": {formToken(s.t, s.get(c, at))}}
	for name, values := range f {
		fields[name] = values
	}
	a := s.post(c, at, fields)
	if a.StatusCode != http.StatusSeeOther {
		s.t.Fatalf("save a view of %s: %s\n%.2000s", list, a.Status, a.body)
	}
	to, err := url.Parse(a.Header.Get("Location"))
	if err != nil || to.Path != "/"+list {
		s.t.Fatalf("saving leads to %q, %v", a.Header.Get("Location"), err)
	}
	id, err := strconv.ParseInt(to.Query().Get("view"), 10, 64)
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

// change posts the form of a view as somebody who sees it.
func (s *site) change(c *http.Client, id int64, query string, f url.Values) answer {
	s.t.Helper()
	at := urls.SavedView(id) + query
	fields := form(s.t, s.get(c, at), strings.ReplaceAll(at, "&", "&amp;"))
	for name, values := range f {
		fields[name] = values
	}
	return s.post(c, at, fields)
}

func TestAViewOfOnesOwn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	finance, approver := s.as("finance@demo.test"), s.as("approver@demo.test")
	mustHave(t, s.get(finance, urls.Payouts()+"?state=failed"), http.StatusOK, "Save as a view", urls.Views("payouts")+"?state=failed")
	id := s.keep(finance, "payouts", "state=failed&from=-7d&after=x&sum=1&no_such=2", url.Values{"name": {"  Failed   lately "}})
	if got := s.text(`SELECT name || ' ' || query FROM saved_views WHERE id = $1`, id); got != "Failed lately from=-7d&state=failed" {
		t.Errorf("kept %q", got)
	}
	open := urls.Payouts() + "?from=-7d&amp;state=failed&amp;view=" + urls.Num(id)
	mustHave(t, s.get(finance, urls.Payouts()), http.StatusOK, open, "Your views", "Payouts: all")
	page := s.get(finance, strings.ReplaceAll(open, "&amp;", "&"))
	mustHave(t, page, http.StatusOK, "View: Failed lately", "Last 7 days", "since "+calendar(s.app.h.Now().AddDate(0, 0, -7)))
	if strings.Contains(page.body, "no longer shows what the view keeps") {
		t.Error("a view just opened is said to differ")
	}
	mustHave(t, s.get(finance, urls.Payouts()+"?state=expired&view="+urls.Num(id)), http.StatusOK, "no longer shows what the view keeps", "Update “Failed lately” to this")
	if other := s.get(approver, urls.Payouts()); strings.Contains(other.body, "Failed lately") {
		t.Error("another person sees a view that is not shared")
	}
	mustHave(t, s.get(approver, urls.Payouts()+"?state=failed&view="+urls.Num(id)), http.StatusOK, "gone or not shared with you", "Failed")
	if a := s.get(approver, urls.SavedView(id)); a.StatusCode != http.StatusNotFound {
		t.Errorf("another person opens it: %s", a.Status)
	}

	if a := s.change(finance, id, "?state=expired", url.Values{"name": {"Expired"}, "replace": {"1"}}); a.StatusCode != http.StatusSeeOther {
		t.Errorf("update: %s\n%.2000s", a.Status, a.body)
	}
	if got := s.text(`SELECT name || ' ' || query FROM saved_views WHERE id = $1`, id); got != "Expired state=expired" {
		t.Errorf("after the update %q", got)
	}
	if a := s.change(finance, id, "", url.Values{"name": {"Later"}, "version": {"1"}}); a.StatusCode != http.StatusConflict {
		t.Errorf("from a stale page: %s", a.Status)
	}
	for name, want := range map[string]string{"": "Fill this in", strings.Repeat("ñ", 61): "too long"} {
		if a := s.change(finance, id, "", url.Values{"name": {name}}); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, want) {
			t.Errorf("the name %q: %s", name, a.Status)
		}
	}
	if at := urls.Views("payouts"); true {
		a := s.post(finance, at, url.Values{"_csrf": {formToken(t, page)}, "name": {"Empty"}})
		mustHave(t, a, http.StatusUnprocessableEntity, "There is nothing to keep yet")
		a = s.post(finance, at+"?state=paid", url.Values{"_csrf": {formToken(t, page)}, "name": {"EXPIRED"}})
		mustHave(t, a, http.StatusUnprocessableEntity, "You have a view of this name already")
	}
	mustHave(t, s.get(finance, urls.DeleteView(id)), http.StatusOK, "Remove the view “Expired”?")
	if a := s.post(finance, urls.DeleteView(id), form(t, s.get(finance, urls.DeleteView(id)), urls.DeleteView(id))); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != urls.Views("payouts") {
		t.Errorf("delete: %s to %q", a.Status, a.Header.Get("Location"))
	}
	if n := s.one(`SELECT count(*) FROM saved_views`); n != 0 {
		t.Errorf("%d views are left", n)
	}
	if n := s.one(`SELECT count(*) FROM audit_events WHERE action IN ('view.save', 'view.change', 'view.delete') AND after::text NOT LIKE '%failed%' OR action = 'view.delete'`); n < 3 {
		t.Errorf("%d audit events", n)
	}
}

// calendar is a day as pages write it.
func calendar(at time.Time) string { return models.Day(at).Format("2 Jan 2006") }

func TestASharedView(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	finance, support, approver, admin := s.as("finance@demo.test"), s.as("support@demo.test"), s.as("approver@demo.test"), s.as("admin@demo.test")
	id := s.keep(finance, "payouts", "state=failed", url.Values{"name": {"For everybody"}, "shared": {"1"}})
	for _, c := range []*http.Client{support, approver, admin} {
		mustHave(t, s.get(c, urls.Payouts()), http.StatusOK, "For everybody", "Shared by")
	}

	own := s.keep(support, "orders", "payment=cod", url.Values{"name": {"Mine"}})
	at := urls.ViewsWith("payouts", url.Values{"state": {"paid"}})
	page := s.get(support, at)
	mustHave(t, page, http.StatusOK, "Sharing views with everybody is not part of your role")
	if a := s.post(support, at, url.Values{"_csrf": {formToken(t, page)}, "name": {"Theirs"}, "shared": {"1"}}); a.StatusCode != http.StatusForbidden {
		t.Errorf("support shares a view: %s", a.Status)
	}
	if a := s.change(support, own, "", url.Values{"name": {"Mine"}, "shared": {"1"}}); a.StatusCode != http.StatusForbidden {
		t.Errorf("support shares a view they have: %s", a.Status)
	}

	shown := s.get(approver, urls.SavedView(id))
	mustHave(t, shown, http.StatusOK, "shares this view. Only they, or an administrator, change it.")
	for _, path := range []string{urls.SavedView(id), urls.DeleteView(id)} {
		if a := s.post(approver, path, url.Values{"_csrf": {formToken(t, shown)}, "name": {"Stolen"}, "version": {"1"}}); a.StatusCode != http.StatusForbidden {
			t.Errorf("another person posts to %s: %s", path, a.Status)
		}
	}
	if a := s.change(admin, id, "", url.Values{"name": {"For all"}, "shared": {"1"}}); a.StatusCode != http.StatusSeeOther {
		t.Errorf("an administrator renames it: %s\n%.1000s", a.Status, a.body)
	}

	s.opensWith(approver, id)
	if a := s.get(approver, urls.Payouts()); a.StatusCode != http.StatusSeeOther {
		t.Errorf("the list with a shared default: %s", a.Status)
	}
	if a := s.change(finance, id, "", url.Values{"name": {"For all"}}); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("no longer shared: %s", a.Status)
	}
	if a := s.get(approver, urls.Payouts()); a.StatusCode != http.StatusOK || strings.Contains(a.body, "For all") {
		t.Errorf("a view that is no longer shared still opens: %s", a.Status)
	}
	if n := s.one(`SELECT count(*) FROM default_views`); n != 0 {
		t.Errorf("%d defaults are left", n)
	}
}

// opensWith has a list open with a view.
func (s *site) opensWith(c *http.Client, id int64) {
	s.t.Helper()
	list := s.text(`SELECT list FROM saved_views WHERE id = $1`, id)
	if a := s.post(c, urls.DefaultView(id), form(s.t, s.get(c, urls.Views(list)), urls.DefaultView(id))); a.StatusCode != http.StatusSeeOther {
		s.t.Fatalf("default: %s\n%.1000s", a.Status, a.body)
	}
}

func TestAListOpensWithItsDefaultView(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 1)
	finance := o.person("finance@demo.test")
	o.submitted(finance)
	first := o.keep(finance, "payouts", "state=failed", url.Values{"name": {"Failed"}})
	o.opensWith(finance, first)
	id := o.keep(finance, "payouts", "state=expired", url.Values{"name": {"Expired"}, "default": {"1"}})
	if n := o.count(`SELECT count(*) FROM default_views`); n != 1 {
		t.Fatalf("%d defaults of one person and list", n)
	}
	a := o.get(finance, urls.Payouts())
	to := urls.Payouts() + "?state=expired&view=" + urls.Num(id)
	if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != to {
		t.Fatalf("the list opens with %q (%s), want %q", a.Header.Get("Location"), a.Status, to)
	}
	page := o.get(finance, to)
	mustHave(t, page, http.StatusOK, "The list opened with this view.", "Show all: Payouts", urls.Payouts()+"?view=all", "Nothing matches these filters")
	for _, path := range []string{urls.Payouts() + "?view=all", urls.Payouts() + "?q=", urls.Payouts() + "?state=in_batch"} {
		if a := o.get(finance, path); a.StatusCode != http.StatusOK || strings.Contains(a.body, "The list opened with this view") {
			t.Errorf("%s: %s, want it without the default", path, a.Status)
		}
	}
	if a := o.get(finance, urls.Payouts()+"?state=in_batch"); !strings.Contains(a.body, `href="`+urls.Payouts()+`?view=all" aria-label="Remove filter: State"`) {
		t.Error("taking the last filter away would open the default view")
	}
	if a := o.get(o.person("approver@demo.test"), urls.Payouts()); a.StatusCode != http.StatusOK {
		t.Errorf("another person's list: %s", a.Status)
	}
	o.post(finance, urls.DefaultView(id), url.Values{"_csrf": {formToken(t, page)}})
	if a := o.get(finance, urls.Payouts()); a.StatusCode != http.StatusOK {
		t.Errorf("without a default: %s", a.Status)
	}
}

func TestRelativeDaysAcrossMidnightInBogota(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 2)
	finance := o.person("finance@demo.test")
	o.submitted(finance)
	midnight := time.Date(2026, 12, 1, 5, 0, 0, 0, time.UTC) // in Bogotá
	if _, err := o.app.db.Pool.Exec(t.Context(), `UPDATE payouts SET created_at = CASE WHEN id = (SELECT min(id) FROM payouts) THEN $1 ELSE CAST($1 AS timestamptz) - interval '1 second' END`, midnight); err != nil {
		t.Fatal(err)
	}
	id := o.keep(finance, "payouts", "from=today&to=today", url.Values{"name": {"Of today"}})
	late := int64(o.count(`SELECT min(id) FROM payouts`))
	shows := func(payout int64) bool {
		return strings.Contains(o.get(finance, urls.Payouts()+"?from=today&to=today&view="+urls.Num(id)).body, urls.Payout(payout)+`"`)
	}
	for _, tt := range []struct {
		query string
		late  time.Duration // after midnight
		want  int
		says  string
	}{
		{"from=today", -time.Second, 2, "since 30 Nov 2026"},
		{"from=today", 0, 1, "since 1 Dec 2026"},
		{"from=yesterday&to=yesterday", 0, 1, "30 Nov 2026"},
		{"from=this_month", 0, 1, "since 1 Dec 2026"},
		{"from=last_month&to=last_month", 0, 1, "1 Nov 2026 – 30 Nov 2026"},
		{"from=last_month&to=last_month", -time.Second, 0, "1 Oct 2026 – 31 Oct 2026"},
		{"from=-1d", 24 * time.Hour, 1, "since 1 Dec 2026"},
		{"from=this_month&to=-1d", 24 * time.Hour, 1, "This month – 1 day ago"},
	} {
		o.app.h.Now = func() time.Time { return midnight.Add(tt.late) }
		page := o.get(finance, urls.Payouts()+"?"+tt.query)
		if n := strings.Count(page.body, `class="row-a"`); n != tt.want || !strings.Contains(page.body, tt.says) {
			t.Errorf("%s, %s after midnight: %d rows, want %d and %q (%s)", tt.query, tt.late, n, tt.want, tt.says, page.Status)
		}
	}
	o.app.h.Now = func() time.Time { return midnight.Add(-time.Minute) }
	if shows(late) || !shows(late+1) {
		t.Error("before midnight the view does not show the payout of that day alone")
	}
	o.app.h.Now = func() time.Time { return midnight.Add(time.Minute) }
	if !shows(late) || shows(late+1) {
		t.Error("after midnight the same view does not show the payout of the new day alone")
	}
	if a := o.get(finance, urls.Payouts()+"?from=tomorrow"); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a day that is none: %s", a.Status)
	}
}

func TestAnOldViewNeverBreaksItsPage(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 1)
	admin := o.person("admin@demo.test")
	o.submitted(o.person("finance@demo.test"))
	for list, query := range map[string]string{
		"payouts": "state=vanished&from=someday&colour=red&cols=reference&cols=smell", "batches": "state=vanished&q=1", "orders": "status=vanished&from=1&payment=barter",
		"commissions": "state=vanished&min=x&distributor=y&period=never", "distributors": "verification=vanished&city=0", "webhooks": "verdict=vanished&from=x&until=y",
		"requests": "state=vanished", "failures": "cause=vanished&connection=x&period=2026-13",
	} {
		var id int64
		err := o.app.db.Pool.QueryRow(t.Context(), `INSERT INTO saved_views (list, name, query, owner_id) SELECT $1, 'Old', $2, id FROM staff WHERE email = 'admin@demo.test' RETURNING id`, list, query).Scan(&id)
		if err != nil {
			t.Fatal(err)
		}
		for _, address := range []string{"view=" + urls.Num(id), query + "&view=" + urls.Num(id)} {
			a := o.get(admin, "/"+list+"?"+address)
			mustHave(t, a, http.StatusOK, "This view keeps filters that the list no longer knows", "vanished", "View: Old")
		}
		mustHave(t, o.get(admin, urls.Views(list)), http.StatusOK, "No longer known, left out")
		mustHave(t, o.get(admin, urls.SavedView(id)), http.StatusOK, "No longer known, left out")
	}
}

func TestColumnsThatAreNotShownAreNotThere(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 1)
	finance := o.person("finance@demo.test")
	o.submitted(finance)
	all, some, none := o.get(finance, urls.Payouts()), o.get(finance, urls.Payouts()+"?cols=none&cols=amount&cols=rail"), o.get(finance, urls.Payouts()+"?cols=none")
	cells := func(a answer) (n int) {
		_, table, _ := strings.Cut(a.body, "<tbody>")
		table, _, _ = strings.Cut(table, "</tbody>")
		return strings.Count(table, "<td")
	}
	for name, tt := range map[string]struct {
		a    answer
		want int
	}{"no choice": {all, 5}, "two chosen": {some, 2}, "none": {none, 0}} {
		if n := cells(tt.a); n != tt.want || tt.a.StatusCode != http.StatusOK {
			t.Errorf("%s: %d cells in a row, want %d (%s)", name, n, tt.want, tt.a.Status)
		}
	}
	mustHave(t, some, http.StatusOK, "Number at the rail", `name="cols" value="amount" checked`, "Exports always hold every column", `value="none"`)
	id := o.keep(finance, "payouts", "cols=none&cols=amount", url.Values{"name": {"Amounts"}})
	mustHave(t, o.get(finance, urls.Views("payouts")), http.StatusOK, "Amounts", "Columns", "cols=none&amp;cols=amount&amp;view="+urls.Num(id))
	mustHave(t, o.get(finance, urls.Export("payouts")+"?cols=amount"), http.StatusOK, "every column")
}

func TestViewsOfAListTakeOneQuery(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	by := models.Actor{StaffID: s.one(`SELECT id FROM staff WHERE email = 'finance@demo.test'`), Roles: []models.Role{models.RoleFinance}}
	before := s.app.db.Pool.Stat().AcquireCount()
	for range 3 {
		if _, err := s.app.h.Views.OfList(t.Context(), by, models.ListPayouts, 0); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.app.db.Pool.Stat().AcquireCount() - before; n != 1 {
		t.Errorf("%d queries for three visits within a second", n)
	}
}

func TestAsManyViewsAsThereMayBe(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	finance := s.as("finance@demo.test")
	if _, err := s.app.db.Pool.Exec(t.Context(), `INSERT INTO saved_views (list, name, query, owner_id)
		SELECT 'payouts', 'View ' || n, 'state=paid', s.id FROM staff s, generate_series(1, 50) n WHERE s.email = 'finance@demo.test'`); err != nil {
		t.Fatal(err)
	}
	at := urls.ViewsWith("payouts", url.Values{"state": {"failed"}})
	page := s.get(finance, at)
	a := s.post(finance, at, url.Values{"_csrf": {formToken(t, page)}, "name": {"One more"}})
	mustHave(t, a, http.StatusConflict, "You keep 50 views of this list already", `value="One more"`)
}

func TestTheHomePageCountsWhatItsListShows(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 3)
	finance := o.person("finance@demo.test")
	ids := o.failed(finance, "expired", "expired", "809")
	if _, err := o.app.db.Pool.Exec(t.Context(), `UPDATE payouts SET state_at = now() - interval '25 hours' WHERE id = $1`, ids[0]); err != nil {
		t.Fatal(err)
	}
	at := urls.FailuresWith(url.Values{"recent": {"failed"}})
	home := o.get(finance, urls.Home())
	_, tile, _ := strings.Cut(home.body, `href="`+at+`"`)
	tile, _, _ = strings.Cut(tile, "</a>")
	if !strings.Contains(tile, `<span class="big">2</span>`) {
		t.Errorf("the tile says %q, want 2", tile)
	}
	mustHave(t, o.get(finance, at), http.StatusOK, "2 payouts", "Not paid, last 24 h")
	mustHave(t, o.get(finance, urls.Failures()), http.StatusOK, "3 payouts")
	if a := o.get(finance, urls.Failures()+"?recent=ever"); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a word that is none: %s", a.Status)
	}
}
