package models

import (
	"testing"
	"time"
)

func TestDeadlinesAreInBusinessDays(t *testing.T) {
	t.Parallel()
	day := func(s string) time.Time { d, _ := time.Parse(time.DateOnly, s); return d }
	for _, tt := range []struct {
		name, from string
		kind       PrivacyKind
		due, later string
	}{
		{"a plain fortnight", "2026-11-17", PrivacyConsult, "2026-12-01", "2026-12-09"},           // 8 December is a holiday
		{"over Christmas and new year", "2026-12-21", PrivacyCorrect, "2027-01-14", "2027-01-26"}, // 25 Dec, 1 and 11 Jan
		{"received on a Saturday", "2026-11-14", PrivacyConsult, "2026-11-30", "2026-12-07"},
	} {
		answer, more := tt.kind.Days()
		due := AfterBusinessDays(day(tt.from), answer)
		if got := due.Format(time.DateOnly); got != tt.due {
			t.Errorf("%s: due %s, want %s", tt.name, got, tt.due)
		}
		if got := AfterBusinessDays(due, more).Format(time.DateOnly); got != tt.later {
			t.Errorf("%s: at the latest %s, want %s", tt.name, got, tt.later)
		}
	}
}

func TestWhatTheLawHasKeptIsNotErased(t *testing.T) {
	t.Parallel()
	today := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	ago := func(years, days int) *time.Time {
		at := today.AddDate(-years, 0, -days).Add(12 * time.Hour)
		return &at
	}
	for _, tt := range []struct {
		name string
		d    PrivacyDetail
		want string
	}{
		{"invited only", PrivacyDetail{}, ""},
		{"paid long ago", PrivacyDetail{LastDuty: ago(10, 2)}, ""},
		{"paid ten years ago", PrivacyDetail{LastDuty: ago(10, 0)}, "privacy.refused.duty"},
		{"paid yesterday", PrivacyDetail{LastDuty: ago(0, 1)}, "privacy.refused.duty"},
		{"held", PrivacyDetail{Holds: []LegalHold{{}}}, "privacy.refused.hold"},
		{"held once", PrivacyDetail{Holds: []LegalHold{{LiftedAt: ago(1, 0)}}}, ""},
		{"owed", PrivacyDetail{Owed: true}, "privacy.refused.owed"},
		{"erased", PrivacyDetail{Erased: ago(1, 0)}, "privacy.refused.erased"},
	} {
		err := tt.d.WhyNotErased(today)
		if (err == nil) != (tt.want == "") {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
