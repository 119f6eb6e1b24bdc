package models

import (
	"strings"
	"testing"
	"time"
)

func date(t *testing.T, text string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestRunDays(t *testing.T) {
	t.Parallel()
	fridays := Schedule{State: "active", Cadence: Weekly, Weekdays: []time.Weekday{time.Friday}, Shift: Next}
	mondays := Schedule{State: "active", Cadence: Weekly, Weekdays: []time.Weekday{time.Monday}, Shift: Next}
	both := Schedule{State: "active", Cadence: Weekly, Weekdays: []time.Weekday{time.Monday, time.Tuesday}, Shift: Next}
	back := mondays
	back.Shift = Previous
	last := Schedule{State: "active", Cadence: Monthly, MonthDay: 31, Shift: Previous}
	thirtieth := Schedule{State: "active", Cadence: Monthly, MonthDay: 30, Shift: Next}
	for _, tt := range []struct {
		name           string
		s              Schedule
		from, to, want string
	}{
		{"plain Fridays", fridays, "2026-11-01", "2026-11-30", "2026-11-06 2026-11-13 2026-11-20 2026-11-27"},
		{"Christmas and New Year on a Friday", fridays, "2026-12-20", "2027-01-06", "2026-12-28 2027-01-04"},
		{"Good Friday", fridays, "2026-04-01", "2026-04-08", "2026-04-06"},
		{"a Monday that a holiday moved to", mondays, "2026-11-01", "2026-11-30", "2026-11-03 2026-11-09 2026-11-17 2026-11-23 2026-11-30"},
		{"to the business day before, out of the month", back, "2026-11-01", "2026-11-15", "2026-11-09 2026-11-13"},
		{"two days that fall on one run once", both, "2026-11-16", "2026-11-17", "2026-11-17"},
		{"month ends", last, "2027-01-01", "2027-04-30", "2027-01-29 2027-02-26 2027-03-31 2027-04-30"},
		{"a leap year", last, "2028-02-01", "2028-02-29", "2028-02-29"},
		{"a Saturday the 30th, and February that has none", thirtieth, "2027-02-01", "2027-03-05", "2027-02-01 2027-03-01"},
	} {
		var got []string
		for _, d := range tt.s.RunDays(date(t, tt.from), date(t, tt.to)) {
			got = append(got, d.Format(time.DateOnly))
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: got %v, want %s", tt.name, got, tt.want)
		}
	}
}

func TestWhatIsDue(t *testing.T) {
	t.Parallel()
	s := Schedule{State: "active", Cadence: Weekly, Weekdays: []time.Weekday{time.Friday}, At: 10 * 60, Shift: Next, Since: bogotaTime(t, "2026-11-12 09:00")}
	for _, tt := range []struct{ name, now, want string }{
		{"before the first", "2026-11-13 09:59", ""},
		{"at the minute", "2026-11-13 10:00", "2026-11-13 10:00"},
		{"late the same night, tomorrow in UTC", "2026-11-13 23:00", "2026-11-13 10:00"},
		{"after two were missed", "2026-11-25 08:00", "2026-11-20 10:00"},
	} {
		got := s.LastDue(bogotaTime(t, tt.now))
		if tt.want == "" && !got.IsZero() || tt.want != "" && !got.Equal(bogotaTime(t, tt.want)) {
			t.Errorf("%s: due %s, want %s", tt.name, got, tt.want)
		}
	}
	s.Since = bogotaTime(t, "2026-11-20 10:30")
	if got := s.LastDue(bogotaTime(t, "2026-11-25 08:00")); !got.IsZero() {
		t.Errorf("a run before it was saved is made up for: %s", got)
	}
	// All year round the time of the day stays: Bogotá keeps no daylight saving.
	for _, at := range s.NextRuns(bogotaTime(t, "2026-11-20 10:00"), 52) {
		if at.UTC().Hour() != 15 || at.UTC().Minute() != 0 {
			t.Errorf("runs at %s", at.UTC())
		}
	}
	if next := s.NextRuns(bogotaTime(t, "2026-11-20 10:00"), 1); len(next) != 1 || !next[0].Equal(bogotaTime(t, "2026-11-27 10:00")) {
		t.Errorf("the next run is %v", next)
	}
	s.State = "paused"
	if len(s.NextRuns(bogotaTime(t, "2026-11-20 10:00"), 3)) != 0 {
		t.Error("a paused schedule runs")
	}
}

func TestScheduleThatCannotRunIsRefused(t *testing.T) {
	t.Parallel()
	good := Schedule{Name: "Fridays", Cadence: Weekly, Weekdays: []time.Weekday{time.Friday}, Shift: Next, Minimum: Pesos(0)}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Schedule){
		"no name": func(s *Schedule) { s.Name = "" }, "no day": func(s *Schedule) { s.Weekdays = nil }, "no cadence": func(s *Schedule) { s.Cadence = "yearly" },
		"32nd": func(s *Schedule) { s.Cadence, s.MonthDay = Monthly, 32 }, "no shift": func(s *Schedule) { s.Shift = "" },
		"less than nothing": func(s *Schedule) { s.Minimum = Pesos(-1) },
	} {
		s := good
		spoil(&s)
		if KindOf(s.Check()) != Invalid {
			t.Errorf("%s: was taken", name)
		}
	}
}
