package kyc_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/kyc"
)

var office = kyc.Hours{From: 8 * 60, To: 17 * 60, Weekdays: []time.Weekday{1, 2, 3, 4, 5}}

func bogota(text string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", text, colombia.Bogota)
	if err != nil {
		panic(err)
	}
	return t
}

func TestBusinessTimePassesInWorkingHoursAlone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, from string
		minutes    int
		want       string
	}{
		{"within a day", "2026-11-19 09:00", 60, "2026-11-19 10:00"},
		{"from the night", "2026-11-19 03:00", 60, "2026-11-19 09:00"},
		{"over an evening", "2026-11-19 16:30", 60, "2026-11-20 08:30"},
		{"over a weekend", "2026-11-20 16:30", 60, "2026-11-23 08:30"},
		{"over a holiday that moved to Monday", "2026-11-13 16:30", 60, "2026-11-17 08:30"},
		{"over Maundy Thursday and Good Friday", "2026-04-01 16:00", 120, "2026-04-06 09:00"},
		{"two days of work", "2026-11-18 12:00", 2 * 9 * 60, "2026-11-20 12:00"},
		{"back over a weekend", "2026-11-23 08:30", -60, "2026-11-20 16:30"},
	} {
		if got := office.After(bogota(c.from), c.minutes); !got.Equal(bogota(c.want)) {
			t.Errorf("%s: got %s, want %s", c.name, got.In(colombia.Bogota).Format("2006-01-02 15:04"), c.want)
		}
	}
}

func TestBetweenIsWhatAfterAdded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := bogota("2026-01-01 00:00").Add(time.Duration(rapid.IntRange(0, 600*24*60).Draw(t, "at")) * time.Minute)
		minutes := rapid.IntRange(1, 20000).Draw(t, "minutes")
		due := office.After(at, minutes)
		if got := office.Between(at, due); got != minutes {
			t.Fatalf("%s + %d min of work is %s, which is %d min away", at, minutes, due, got)
		}
		if got := office.Between(due, at); got != -minutes {
			t.Fatalf("back: %d", got)
		}
	})
}

func TestAClockKeepsItsTimeWhileItStandsStill(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := bogota("2026-03-02 08:00")
		k := kyc.ReviewSettings{Hours: office, DueMinutes: rapid.IntRange(60, 3000).Draw(t, "due"), AmberMinutes: 30}
		c, worked := k.Fresh(now), 0
		for range rapid.IntRange(1, 6).Draw(t, "rounds") {
			work := rapid.IntRange(0, 2000).Draw(t, "work")
			now = office.After(now, max(work, 1))
			worked += max(work, 1)
			c = c.Pause(office, now)
			if got := c.Minutes(office, now.AddDate(0, 0, 40)); got != k.DueMinutes-worked {
				t.Fatalf("%d min left after %d of %d", got, worked, k.DueMinutes)
			}
			if c.Pace(k, now) != kyc.Paused {
				t.Fatal("a clock that stands still is not paused")
			}
			now = now.Add(time.Duration(rapid.IntRange(0, 30*24*60).Draw(t, "wait")) * time.Minute)
			c = c.Resume(office, now)
		}
		left := c.Minutes(office, now)
		if late := c.Pace(k, now) == kyc.Late; late != !now.Before(*c.Due) {
			t.Fatalf("late is %v with %d min left", late, left)
		}
	})
}

func TestSharingOutIsFairAndWithinCapacity(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var officers []kyc.Officer
		for i := range rapid.IntRange(0, 6).Draw(t, "officers") {
			officers = append(officers, kyc.Officer{ID: int64(i + 1), Has: rapid.IntRange(0, 12).Draw(t, "has"), Away: rapid.Bool().Draw(t, "away")})
		}
		cases, capacity := rapid.IntRange(0, 40).Draw(t, "cases"), rapid.IntRange(1, 12).Draw(t, "capacity")
		turns, plan := kyc.ShareOut(officers, cases, capacity)
		room, given := 0, 0
		for i, o := range plan {
			if o.Away && o.Would > 0 || o.Would > 0 && o.Has+o.Would > capacity {
				t.Fatalf("%+v gets %d with capacity %d", officers[i], o.Would, capacity)
			}
			for _, other := range plan {
				if o.Would > 0 && !other.Away && other.Has+other.Would < capacity && o.Has+o.Would > other.Has+other.Would+1 {
					t.Fatalf("%+v has more than %+v", o, other)
				}
			}
			given += o.Would
			if !o.Away {
				room += max(0, capacity-o.Has)
			}
		}
		if len(turns) != min(cases, room) || given != len(turns) {
			t.Fatalf("%d of %d given, room for %d", len(turns), cases, room)
		}
	})
}

func TestVerdictsThatAreRefused(t *testing.T) {
	t.Parallel()
	day := func(s string) *time.Time {
		d, _ := time.Parse(time.DateOnly, s)
		return &d
	}
	sent := *day("2026-11-20")
	paper := kyc.CaseItem{Item: "bank_certificate", Step: kyc.Documents, State: kyc.Given, Version: 2, MaxAgeDays: 90}
	for _, c := range []struct {
		name  string
		item  kyc.CaseItem
		give  kyc.Decide
		last  int64
		field string // "" with kind "" is taken
		kind  models.ErrorKind
	}{
		{"accepted in time", paper, kyc.Decide{Verdict: kyc.Accept, Version: 2, IssuedOn: day("2026-08-22")}, 0, "", ""},
		{"a day too old", paper, kyc.Decide{Verdict: kyc.Accept, Version: 2, IssuedOn: day("2026-08-21")}, 0, "issued_on", models.Invalid},
		{"no date", paper, kyc.Decide{Verdict: kyc.Accept, Version: 2}, 0, "issued_on", models.Invalid},
		{"issued after it was sent", paper, kyc.Decide{Verdict: kyc.Accept, Version: 2, IssuedOn: day("2026-11-22")}, 0, "issued_on", models.Invalid},
		{"asked again", paper, kyc.Decide{Verdict: kyc.AskAgain, Version: 2, Reason: kyc.CertTooOld}, 0, "", ""},
		{"without a reason", paper, kyc.Decide{Verdict: kyc.AskAgain, Version: 2}, 0, "reason", models.Invalid},
		{"with the reason of another thing", paper, kyc.Decide{Verdict: kyc.Reject, Version: 2, Reason: kyc.Underage}, 0, "reason", models.Invalid},
		{"accepted with a reason", paper, kyc.Decide{Verdict: kyc.Accept, Version: 2, Reason: kyc.CertTooOld, IssuedOn: day("2026-11-01")}, 0, "reason", models.Invalid},
		{"the version before", paper, kyc.Decide{Verdict: kyc.Accept, Version: 1, IssuedOn: day("2026-11-01")}, 0, "", models.Conflict},
		{"decided meanwhile", paper, kyc.Decide{Verdict: kyc.Accept, Version: 2, IssuedOn: day("2026-11-01")}, 7, "", models.Conflict},
		{"nothing given", kyc.CaseItem{Item: "rut", State: kyc.Missing}, kyc.Decide{Verdict: kyc.Accept}, 0, "", models.Conflict},
		{"the signature", kyc.CaseItem{Item: kyc.Signature, State: kyc.Given}, kyc.Decide{Verdict: kyc.Accept}, 0, "", models.Invalid},
		{"a hit told to the payee by itself", kyc.CaseItem{Item: kyc.Declarations, State: kyc.Given, Version: 1}, kyc.Decide{Verdict: kyc.AskAgain, Version: 1, Reason: kyc.SanctionsPossible}, 0, "to_payee", models.Invalid},
	} {
		err := c.give.Check(c.item, c.last, sent)
		if got := models.KindOf(err); got != c.kind {
			t.Errorf("%s: got %v, want kind %q", c.name, err, c.kind)
			continue
		}
		if c.field != "" && err.(*models.Error).Fields[c.field] == "" { //nolint:errorlint // Check answers nothing else
			t.Errorf("%s: nothing is said at %s: %v", c.name, c.field, err)
		}
	}
}

func TestTags(t *testing.T) {
	t.Parallel()
	tags, err := kyc.AddTag([]string{"feria"}, "  Lote   JULIO ")
	if err != nil || len(tags) != 2 || tags[1] != "lote julio" {
		t.Errorf("got %q, %v", tags, err)
	}
	if again, err := kyc.AddTag(tags, "feria"); err != nil || len(again) != 2 {
		t.Errorf("twice: %q, %v", again, err)
	}
	for _, bad := range []string{"", "a,b", "una etiqueta demasiado larga para caber"} {
		if _, err := kyc.AddTag(nil, bad); models.KindOf(err) != models.Invalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
