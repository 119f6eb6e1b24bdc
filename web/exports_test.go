package main

import (
	"bytes"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"pagaduria/views/urls"
)

// export asks for a file, has it made, and answers the page of the task.
func (s *site) export(c *http.Client, list, query string, f url.Values) (int64, answer) {
	s.t.Helper()
	at := urls.Export(list) + query
	fields := form(s.t, s.get(c, at), strings.ReplaceAll(at, "&", "&amp;"))
	for name, values := range f {
		fields[name] = values
	}
	a := s.post(c, at, fields)
	if a.StatusCode != http.StatusSeeOther {
		s.t.Fatalf("export of %s: %s\n%.2000s", at, a.Status, a.body)
	}
	to := a.Header.Get("Location")
	id, err := strconv.ParseInt(to[strings.LastIndexByte(to, '/')+1:], 10, 64)
	if err != nil {
		s.t.Fatal(err)
	}
	s.workTask(id)
	return id, s.get(c, to)
}

func TestExportsOfEverythingThatMatches(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 3)
	finance := o.person("finance@demo.test")
	o.submitted(finance)
	mustHave(t, o.get(finance, urls.Payouts()), http.StatusOK, urls.Export("payouts"))
	mustHave(t, o.get(finance, urls.Export("payouts")+"?state=in_batch"), http.StatusOK, "Export 3 rows", "In approval")

	id, page := o.export(finance, "payouts", "?state=in_batch", url.Values{"format": {"csv"}, "comma": {";"}, "decimal": {","}, "head": {"1"}})
	mustHave(t, page, http.StatusOK, "3 rows are in the file", urls.TaskFile(id))
	file := o.get(finance, urls.TaskFile(id))
	mustHave(t, file, http.StatusOK, "State;In approval\r\n", "Rows;3\r\n", "Total COP;153000\r\n", "payout;created_at;batch", "CC •••• 1000", ";4500;855;")
	if strings.Contains(file.body, "CC 100001000") {
		t.Error("a document stands in a masked file in full")
	}
	if n := o.one(`SELECT count(*) FROM audit_events WHERE action = 'export.made' AND after->>'rows' = '3' AND after->>'unmasked' = 'false'`); n != 1 {
		t.Errorf("%d records of it, want 1", n)
	}
	if n := o.one(`SELECT count(*) FROM events WHERE kind = 'task.export_done'`); n != 1 {
		t.Errorf("%d notices, want 1", n)
	}

	id, _ = o.export(finance, "payouts", "", url.Values{"format": {"csv"}, "comma": {","}, "plain": {"1"}})
	plain := o.get(finance, urls.TaskFile(id))
	mustHave(t, plain, http.StatusOK, "CC 100001000")
	if !strings.HasPrefix(plain.body, "payout,created_at") {
		t.Errorf("a file for machines begins with %.60q", plain.body)
	}
	for _, other := range []string{"admin@demo.test", "auditor@demo.test", "approver@demo.test"} {
		if a := o.get(o.person(other), urls.TaskFile(id)); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s takes somebody else's file: %s", other, a.Status)
		}
	}

	approver := o.person("approver@demo.test")
	at := urls.Export("payouts")
	fields := form(t, o.get(approver, at), at)
	fields.Set("plain", "1")
	if a := o.post(approver, at, fields); a.StatusCode != http.StatusForbidden {
		t.Errorf("an approver has documents in full: %s", a.Status)
	}
	if a := o.get(o.person("support@demo.test"), urls.Export("audit")); a.StatusCode != http.StatusForbidden {
		t.Errorf("support exports the audit log: %s", a.Status)
	}

	o.workbook(finance)
	for _, list := range []string{"commissions", "orders", "distributors"} {
		if _, page := o.export(finance, list, "", url.Values{"format": {"csv"}}); !strings.Contains(page.body, "in the file") {
			t.Errorf("export of %s: %.2000s", list, page.body)
		}
	}
	d := o.one(`SELECT min(id) FROM distributors`)
	if _, page := o.export(finance, "statement", "?distributor="+urls.Num(d), url.Values{"format": {"xlsx"}}); !strings.Contains(page.body, "2 rows are in the file") {
		t.Errorf("statement: %.2000s", page.body)
	}
	if _, page := o.export(o.person("auditor@demo.test"), "audit", "", url.Values{"format": {"xlsx"}}); !strings.Contains(page.body, "in the file") {
		t.Errorf("audit: %.2000s", page.body)
	}
}

func (o *office) workbook(c *http.Client) {
	o.t.Helper()
	id, _ := o.export(c, "payouts", "", url.Values{"format": {"xlsx"}, "head": {"1"}})
	f, err := excelize.OpenReader(bytes.NewReader([]byte(o.get(c, urls.TaskFile(id)).body)))
	if err != nil {
		o.t.Fatal(err)
	}
	rows, err := f.GetRows("Sheet1", excelize.Options{RawCellValue: true})
	if err != nil || len(rows) < 5 {
		o.t.Fatalf("%d rows, %v", len(rows), err)
	}
	last := rows[len(rows)-1]
	kind, err := f.GetCellType("Sheet1", "I"+strconv.Itoa(len(rows)))
	if err != nil || kind != excelize.CellTypeNumber && kind != excelize.CellTypeUnset || len(last) < 9 || last[8] != "50000" {
		o.t.Errorf("the amount of %q is of type %v, %v", last, kind, err)
	}
}

func TestAFileOfSomebodyWhoLostTheRoleIsNotMade(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	finance := s.browser()
	s.signIn(finance, "finance@demo.test")
	at := urls.Export("payouts")
	a := s.post(finance, at, form(t, s.get(finance, at), at))
	if a.StatusCode != http.StatusSeeOther {
		t.Fatal(a.Status)
	}
	if _, err := s.app.db.Pool.Exec(t.Context(), `UPDATE staff SET state = 'disabled' WHERE email = 'finance@demo.test'`); err != nil {
		t.Fatal(err)
	}
	id := s.one(`SELECT max(id) FROM tasks`)
	s.workTask(id)
	if n := s.one(`SELECT count(*) FROM tasks WHERE id = $1 AND state = 'failed' AND failure = 'export.refused.permission' AND file_key = ''`, id); n != 1 {
		t.Error("the file was made")
	}
}
