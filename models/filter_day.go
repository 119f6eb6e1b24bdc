package models

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// FilterDay is a day of a filter: a date, or a word for one that moves with the calendar. It means the first or the last
// day of what it names: last_month is from the 1st on as a beginning, and until the 31st as an end. The zero FilterDay
// filters nothing.
type FilterDay struct {
	word string // "" for a date and for so many days back
	back int    // days before today, of -7d
	date time.Time
}

// The words of a FilterDay, beside a date and -<days>d. Weeks begin on Monday.
const (
	DayToday     = "today"
	DayYesterday = "yesterday"
	DayThisWeek  = "this_week"
	DayLastWeek  = "last_week"
	DayThisMonth = "this_month"
	DayLastMonth = "last_month"
	DayThisYear  = "this_year"
)

// DayWords lists the words in the order pages offer them.
var DayWords = []string{DayToday, DayYesterday, DayThisWeek, DayLastWeek, DayThisMonth, DayLastMonth, DayThisYear}

// maxDaysBack is ten years: nothing here is older.
const maxDaysBack = 3660

// ParseFilterDay reads a day as the address of a list writes it: 2026-11-24, today, -7d, this_month.
func ParseFilterDay(text string) (FilterDay, error) {
	if text == "" {
		return FilterDay{}, nil
	}
	if slices.Contains(DayWords, text) {
		return FilterDay{word: text}, nil
	}
	if days, ok := strings.CutPrefix(text, "-"); ok {
		days, ok = strings.CutSuffix(days, "d")
		if n, err := strconv.Atoi(days); ok && err == nil && n > 0 && n <= maxDaysBack && days == strconv.Itoa(n) {
			return FilterDay{back: n}, nil
		}
	} else if date, err := time.Parse(time.DateOnly, text); err == nil && date.Year() > 0 {
		return FilterDay{date: date}, nil
	}
	return FilterDay{}, fmt.Errorf("%q is no day", text)
}

// String is the day as ParseFilterDay reads it.
func (d FilterDay) String() string {
	switch {
	case d.word != "":
		return d.word
	case d.back > 0:
		return "-" + strconv.Itoa(d.back) + "d"
	case d.date.IsZero():
		return ""
	}
	return d.date.Format(time.DateOnly)
}

// IsZero answers whether there is no such filter.
func (d FilterDay) IsZero() bool { return d == FilterDay{} }

// Relative answers whether the day moves with the calendar.
func (d FilterDay) Relative() bool { return d.word != "" || d.back > 0 }

// Back is how many days before today, of -7d; 0 for every other day.
func (d FilterDay) Back() int { return d.back }

// First is the day as a beginning, when today is that Bogotá date; Last is it as an end, which includes it. Both are
// midnight UTC of the date, and zero without a filter.
func (d FilterDay) First(today time.Time) time.Time {
	first, _ := d.span(today)
	return first
}

// Last is the day as an end.
func (d FilterDay) Last(today time.Time) time.Time {
	_, last := d.span(today)
	return last
}

func (d FilterDay) span(today time.Time) (first, last time.Time) {
	day := func(later int) time.Time { return today.AddDate(0, 0, later) }
	monday := day(-(int(today.Weekday()) + 6) % 7)
	month := time.Date(today.Year(), today.Month(), 1, 0, 0, 0, 0, time.UTC)
	switch d.word {
	case DayToday:
		return today, today
	case DayYesterday:
		return day(-1), day(-1)
	case DayThisWeek:
		return monday, monday.AddDate(0, 0, 6)
	case DayLastWeek:
		return monday.AddDate(0, 0, -7), monday.AddDate(0, 0, -1)
	case DayThisMonth:
		return month, month.AddDate(0, 1, -1)
	case DayLastMonth:
		return month.AddDate(0, -1, 0), month.AddDate(0, 0, -1)
	case DayThisYear:
		return time.Date(today.Year(), 1, 1, 0, 0, 0, 0, time.UTC), time.Date(today.Year(), 12, 31, 0, 0, 0, 0, time.UTC)
	}
	if d.back > 0 {
		return day(-d.back), day(-d.back)
	}
	return d.date, d.date
}

// FilterMonth reads a month as the address of a list writes it, YYYY-MM or this_month or last_month, when today is that
// Bogotá date; ok is false for anything else. "" stays "".
func FilterMonth(text string, today time.Time) (month string, ok bool) {
	const layout = "2006-01"
	switch text {
	case DayThisMonth, DayLastMonth:
		d := FilterDay{word: text}
		return d.First(today).Format(layout), true
	}
	_, err := time.Parse(layout, text)
	return text, err == nil || text == ""
}
