package models

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestFilterDays(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, today, first, last string }{
		{"2026-11-20", "2026-11-24", "2026-11-20", "2026-11-20"},
		{"today", "2026-11-24", "2026-11-24", "2026-11-24"},
		{"yesterday", "2026-03-01", "2026-02-28", "2026-02-28"},
		{"yesterday", "2028-03-01", "2028-02-29", "2028-02-29"},
		{"-7d", "2026-01-03", "2025-12-27", "2025-12-27"},
		{"this_week", "2026-11-24", "2026-11-23", "2026-11-29"}, // a Tuesday
		{"this_week", "2026-11-23", "2026-11-23", "2026-11-29"},
		{"this_week", "2026-11-29", "2026-11-23", "2026-11-29"},
		{"last_week", "2026-11-29", "2026-11-16", "2026-11-22"},
		{"this_month", "2026-02-28", "2026-02-01", "2026-02-28"},
		{"last_month", "2026-03-31", "2026-02-01", "2026-02-28"},
		{"last_month", "2026-01-01", "2025-12-01", "2025-12-31"},
		{"this_year", "2026-12-31", "2026-01-01", "2026-12-31"},
	} {
		d, err := ParseFilterDay(tt.text)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		today := mustDay(t, tt.today)
		if first, last := d.First(today), d.Last(today); !first.Equal(mustDay(t, tt.first)) || !last.Equal(mustDay(t, tt.last)) {
			t.Errorf("%s on %s: got %s to %s, want %s to %s", tt.text, tt.today, first.Format(time.DateOnly), last.Format(time.DateOnly), tt.first, tt.last)
		}
	}
}

func mustDay(t *testing.T, text string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestTheDayOfAFilterIsBogotas(t *testing.T) {
	t.Parallel()
	today, _ := ParseFilterDay(DayToday)
	midnight := time.Date(2026, 12, 1, 5, 0, 0, 0, time.UTC) // in Bogotá
	for at, want := range map[time.Time]string{midnight.Add(-time.Second): "2026-11-30", midnight: "2026-12-01"} {
		if got := today.First(Day(at)).Format(time.DateOnly); got != want {
			t.Errorf("today at %s is %s, want %s", at, got, want)
		}
	}
}

func TestWhatIsNoDay(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"-0d", "-07d", "--7d", "-7", "7d", "-99999d", "-7D", "tomorrow", "Today", "2026-02-30", "2026-1-1", "0000-01-01", "-d", " today", "this_month "} {
		if d, err := ParseFilterDay(text); err == nil {
			t.Errorf("%q is read as %s", text, d)
		}
	}
}

func TestFilterDaysStayWhatTheyAre(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		back := rapid.IntRange(1, maxDaysBack).Draw(t, "back")
		date := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(-4000, 4000).Draw(t, "day"))
		d := rapid.SampledFrom(append([]FilterDay{{back: back}, {date: date}}, words()...)).Draw(t, "filter")
		again, err := ParseFilterDay(d.String())
		if err != nil || again != d {
			t.Fatalf("%+v is written %q and read %+v, %v", d, d, again, err)
		}
		today := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(-4000, 4000).Draw(t, "today"))
		first, last := d.First(today), d.Last(today)
		if last.Before(first) || last.Sub(first) > 366*24*time.Hour || first.Hour() != 0 || last.Hour() != 0 {
			t.Fatalf("%s on %s is from %s to %s", d, today, first, last)
		}
		if d.Relative() && first.After(today) {
			t.Fatalf("%s begins after today %s", d, today)
		}
	})
}

func words() (list []FilterDay) {
	for _, w := range DayWords {
		list = append(list, FilterDay{word: w})
	}
	return list
}

func FuzzFilterDay(f *testing.F) {
	for _, s := range append([]string{"-7d", "2026-11-24", "-0d", "", "-3660d", "9999-12-31"}, DayWords...) {
		f.Add(s)
	}
	today := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseFilterDay(text)
		if err != nil {
			if !d.IsZero() {
				t.Errorf("%q is refused and filters %s", text, d)
			}
			return
		}
		if d.String() != text {
			t.Errorf("%q is written %q", text, d)
		}
		if first, last := d.First(today), d.Last(today); last.Before(first) || d.IsZero() != first.IsZero() {
			t.Errorf("%q is from %s to %s", text, first, last)
		}
	})
}

func TestFilterMonths(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"2026-08": "2026-08", "this_month": "2026-01", "last_month": "2025-12", "": ""} {
		if got, ok := FilterMonth(text, mustDay(t, "2026-01-31")); !ok || got != want {
			t.Errorf("%q: got %q, %v, want %q", text, got, ok, want)
		}
	}
	for _, text := range []string{"2026-13", "today", "202608", "last-month"} {
		if _, ok := FilterMonth(text, mustDay(t, "2026-01-31")); ok {
			t.Errorf("%q is a month", text)
		}
	}
}
