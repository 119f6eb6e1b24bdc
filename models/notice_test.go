package models

import (
	"testing"
	"time"
)

// bogotaTime reads "2026-11-24 08:00" as Bogotá's.
func bogotaTime(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", text, bogota)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestQuietHoursAndDays(t *testing.T) {
	t.Parallel()
	night := DefaultNoticePreferences()
	noon := NoticePreferences{QuietFrom: 12 * 60, QuietTo: 14 * 60}
	never := NoticePreferences{QuietFrom: 60, QuietTo: 60}
	for _, tt := range []struct {
		name  string
		wants NoticePreferences
		at    string
		want  bool
	}{
		{"before the night", night, "2026-11-24 19:59", false},
		{"the night begins", night, "2026-11-24 20:00", true},
		{"across midnight", night, "2026-11-25 00:00", true},
		{"the last minute of the night", night, "2026-11-25 06:59", true},
		{"the night ends", night, "2026-11-25 07:00", false},
		{"Saturday at noon", night, "2026-11-28 12:00", true},
		{"Friday night in UTC is still Friday", night, "2026-11-27 19:30", false},
		{"a holiday in the week", night, "2026-12-08 10:00", true},
		{"a holiday moved to Monday", night, "2026-11-16 10:00", true},
		{"the day a moved holiday falls on", night, "2026-11-11 10:00", false},
		{"hours within a day", noon, "2026-11-24 13:59", true},
		{"after them", noon, "2026-11-24 14:00", false},
		{"no quiet hours", never, "2026-11-24 01:00", false},
		{"weekends are not quiet unless chosen", noon, "2026-11-28 10:00", false},
	} {
		if got := tt.wants.Quiet(bogotaTime(t, tt.at)); got != tt.want {
			t.Errorf("%s: quiet %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestDigestIsForTheNextDayThatIsNotQuiet(t *testing.T) {
	t.Parallel()
	wants := DefaultNoticePreferences()
	for _, tt := range []struct{ name, at, after, before string }{
		{"early in the day", "2026-11-24 07:59", "2026-11-24 08:00", "2026-11-23 08:00"},
		{"at the very minute", "2026-11-24 08:00", "2026-11-25 08:00", "2026-11-24 08:00"},
		{"before midnight", "2026-11-24 23:59", "2026-11-25 08:00", "2026-11-24 08:00"},
		{"Friday afternoon", "2026-11-27 15:00", "2026-11-30 08:00", "2026-11-27 08:00"},
		{"Sunday", "2026-11-29 09:00", "2026-11-30 08:00", "2026-11-27 08:00"},
		{"Friday before a Monday holiday", "2026-11-13 15:00", "2026-11-17 08:00", "2026-11-13 08:00"},
		{"Wednesday of Holy Week", "2026-04-01 15:00", "2026-04-06 08:00", "2026-04-01 08:00"},
	} {
		at := bogotaTime(t, tt.at)
		if got := wants.DigestAfter(at); !got.Equal(bogotaTime(t, tt.after)) {
			t.Errorf("%s: the next digest is %s, want %s", tt.name, got, tt.after)
		}
		if got := wants.DigestBefore(at); !got.Equal(bogotaTime(t, tt.before)) {
			t.Errorf("%s: the last digest was %s, want %s", tt.name, got, tt.before)
		}
	}
}

func TestWhatMayBeMailedNow(t *testing.T) {
	t.Parallel()
	wants := NoticePreferences{Now: []Topic{TopicFailed, TopicWaiting}, Urgent: []Topic{TopicFailed}, Digest: []Topic{TopicExpiring}, QuietFrom: 20 * 60, QuietTo: 7 * 60}
	for _, tt := range []struct {
		topic Topic
		at    string
		want  bool
	}{
		{TopicWaiting, "2026-11-24 12:00", true}, {TopicWaiting, "2026-11-24 22:00", false}, {TopicFailed, "2026-11-24 22:00", true},
		{TopicExpiring, "2026-11-24 12:00", false}, {TopicWork, "2026-11-24 12:00", false},
	} {
		if got := wants.MayMail(tt.topic, bogotaTime(t, tt.at)); got != tt.want {
			t.Errorf("%s at %s: %v, want %v", tt.topic, tt.at, got, tt.want)
		}
	}
}

func TestDigestInQuietHoursIsRefused(t *testing.T) {
	t.Parallel()
	wants := DefaultNoticePreferences()
	if err := wants.Check(); err != nil {
		t.Errorf("the defaults are refused: %v", err)
	}
	wants.DigestAt = 23 * 60
	if KindOf(wants.Check()) != Invalid {
		t.Error("a digest in the quiet hours was taken")
	}
	wants = DefaultNoticePreferences()
	wants.Now = append(wants.Now, "gossip")
	if KindOf(wants.Check()) != Invalid {
		t.Error("an unknown topic was taken")
	}
}
