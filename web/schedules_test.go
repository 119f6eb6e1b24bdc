package main

import (
	"net/http"
	"strings"
	"testing"

	"pagaduria/views/urls"
)

func TestSchedulesAndTheirCalendar(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 2)
	finance, auditor := o.person("finance@demo.test"), o.person("auditor@demo.test")
	if a := o.get(auditor, urls.Schedules()); !strings.Contains(a.body, "No schedule yet") {
		t.Error("the empty list does not say so")
	}
	f := form(t, o.get(finance, urls.NewSchedule()), urls.NewSchedule())
	for k, v := range map[string]string{"name": "Fridays", "connection": urls.Num(o.connection), "cadence": "weekly", "at": "10:00", "shift": "next", "minimum": "20.000"} {
		f.Set(k, v)
	}
	if a := o.post(finance, urls.NewSchedule(), f); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "Choose at least one day of the week.") {
		t.Errorf("without a day: %s", a.Status)
	}
	f["weekday"] = []string{"5"}
	a := o.post(finance, urls.NewSchedule(), f)
	if a.StatusCode != http.StatusSeeOther {
		t.Fatalf("save: %s\n%.2000s", a.Status, a.body)
	}
	at := a.Header.Get("Location")
	if page := o.get(finance, at); !strings.Contains(page.body, "Every Friday at 10:00") || !strings.Contains(page.body, `value="20000"`) || !strings.Contains(page.body, "Pause schedule") {
		t.Error("the schedule is not shown as saved")
	}
	page := o.get(auditor, at)
	if strings.Contains(page.body, "Pause schedule") || !strings.Contains(page.body, "Next business day") {
		t.Error("who only looks is offered to change it, or does not see what it does")
	}
	if a := o.post(auditor, at, f); a.StatusCode != http.StatusForbidden {
		t.Errorf("an auditor changes it: %s", a.Status)
	}
	month := o.get(auditor, urls.CalendarOf("2027-01"))
	for _, want := range []string{"January 2027", "New Year&#39;s Day", "Fridays", `aria-labelledby="h-month"`} {
		if !strings.Contains(month.body, want) {
			t.Errorf("the calendar lacks %q", want)
		}
	}
	if a := o.get(auditor, urls.CalendarOf("2027-13")); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a 13th month: %s", a.Status)
	}
	pause := form(t, o.get(finance, at), at+"/pause")
	if a := o.post(finance, at+"/pause", pause); a.StatusCode != http.StatusSeeOther || o.count(`SELECT count(*) FROM schedules WHERE state = 'paused'`) != 1 {
		t.Errorf("pause: %s", a.Status)
	}
	if a := o.post(finance, at+"/pause", pause); a.StatusCode != http.StatusConflict {
		t.Errorf("a second click: %s", a.Status)
	}
}

func TestMinimumPayoutByHand(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 2) // 50.000 and 51.000 pesos
	finance := o.person("finance@demo.test")
	page := o.get(finance, urls.NewBatch()+"?minimum=50.500")
	for _, want := range []string{"Submit 1 payout", "Below the minimum of this batch"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the preview lacks %q", want)
		}
	}
	if a := o.post(finance, urls.Batches(), form(t, page, urls.Batches())); a.StatusCode != http.StatusSeeOther || o.count(`SELECT count(*) FROM batches WHERE items = 1 AND total = 5100000`) != 1 {
		t.Errorf("create: %s", a.Status)
	}
	if a := o.get(finance, urls.NewBatch()+"?minimum=much"); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a minimum that is no amount: %s", a.Status)
	}
}
