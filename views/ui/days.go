package ui

import (
	"context"
	"net/url"
	"time"

	"pagaduria/models"
	"pagaduria/views/i18n"
)

// Days are the two days between which a list's rows lie, as the address says them.
type Days struct {
	Path             string
	Query            url.Values
	FromName, ToName string // parameters
	FromText, ToText string // labels
	From, To         models.FilterDay
	Today            time.Time // Bogotá's, as midnight UTC
}

// NewDays reads the two days off an address; what is no day stands for none.
func NewDays(path string, query url.Values, toName string, now time.Time) Days {
	d := Days{Path: path, Query: query, FromName: "from", ToName: toName, Today: models.Day(now)}
	d.From, _ = models.ParseFilterDay(query.Get(d.FromName))
	d.To, _ = models.ParseFilterDay(query.Get(d.ToName))
	return d
}

// Moves answers whether one of the two moves with the calendar, so that the fields for dates cannot hold it.
func (d Days) Moves() bool { return d.From.Relative() || d.To.Relative() }

// with is the list between other days.
func (d Days) with(from, to string) string {
	q := url.Values{}
	for name, values := range d.Query {
		q[name] = values
	}
	for name, day := range map[string]string{d.FromName: from, d.ToName: to} {
		if q.Del(name); day != "" {
			q.Set(name, day)
		}
	}
	for _, name := range []string{"after", "sum"} {
		q.Del(name)
	}
	if len(q) == 0 {
		return d.Path
	}
	return d.Path + "?" + q.Encode()
}

// fixed is the same list between the dates that the days are today.
func (d Days) fixed() string {
	return d.with(isoDay(d.From.First(d.Today)), isoDay(d.To.Last(d.Today)))
}

func isoDay(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

// daySpans are the spans a menu offers, as pairs of from and to.
var daySpans = [][2]string{{models.DayToday, ""}, {models.DayYesterday, models.DayYesterday}, {"-7d", ""}, {"-30d", ""}, {models.DayThisWeek, ""},
	{models.DayLastWeek, models.DayLastWeek}, {models.DayThisMonth, ""}, {models.DayLastMonth, models.DayLastMonth}, {models.DayThisYear, ""}}

// span is the list between the days of one of daySpans.
func (d Days) span(s [2]string) Days {
	d.From, _ = models.ParseFilterDay(s[0])
	d.To, _ = models.ParseFilterDay(s[1])
	return d
}

// Words say the days as they were chosen: "Last 7 days".
func (d Days) Words(ctx context.Context) string {
	switch {
	case d.From.IsZero():
		return i18n.T(ctx, "days.until", "Day", dayName(ctx, d.To))
	case d.To.IsZero() && d.From.Back() > 0:
		return i18n.N(ctx, "days.last", d.From.Back())
	case d.To.IsZero() && !d.From.Relative():
		return i18n.T(ctx, "days.since", "Day", dayName(ctx, d.From))
	case d.To.IsZero(), d.From == d.To:
		return dayName(ctx, d.From)
	}
	return i18n.T(ctx, "days.between", "From", dayName(ctx, d.From), "To", dayName(ctx, d.To))
}

// dayName says one day of a filter.
func dayName(ctx context.Context, d models.FilterDay) string {
	switch {
	case d.Back() > 0:
		return i18n.N(ctx, "days.ago", d.Back())
	case d.Relative():
		return i18n.T(ctx, "days."+d.String())
	}
	return i18n.Calendar(ctx, d.First(time.Time{}))
}

// Dates say which dates the days are today.
func (d Days) Dates(ctx context.Context) string {
	first, last := d.From.First(d.Today), d.To.Last(d.Today)
	switch {
	case first.IsZero():
		return i18n.T(ctx, "days.until", "Day", i18n.Calendar(ctx, last))
	case last.IsZero():
		return i18n.T(ctx, "days.since", "Day", i18n.Calendar(ctx, first))
	case first.Equal(last):
		return i18n.Calendar(ctx, first)
	}
	return i18n.T(ctx, "days.between", "From", i18n.Calendar(ctx, first), "To", i18n.Calendar(ctx, last))
}

// FirstDay says a filter's day as a beginning: a word with the date that it is today.
func FirstDay(ctx context.Context, text string, now time.Time) string {
	d, _ := models.ParseFilterDay(text)
	return spelled(ctx, d, d.First(models.Day(now)))
}

// LastDay says a filter's day as an end.
func LastDay(ctx context.Context, text string, now time.Time) string {
	d, _ := models.ParseFilterDay(text)
	return spelled(ctx, d, d.Last(models.Day(now)))
}

func spelled(ctx context.Context, d models.FilterDay, date time.Time) string {
	if d.Relative() {
		return i18n.T(ctx, "days.spelled", "Day", dayName(ctx, d), "Date", i18n.Calendar(ctx, date))
	}
	return i18n.Calendar(ctx, date)
}

// Month says a filter's month: a word with the month that it is today.
func Month(ctx context.Context, text string, now time.Time) string {
	month, _ := models.FilterMonth(text, models.Day(now))
	if month == text {
		return month
	}
	return i18n.T(ctx, "days.spelled", "Day", i18n.T(ctx, "days."+text), "Date", month)
}

// Months are the months a filter offers: two that move with the calendar, and the last twelve.
func Months(ctx context.Context, now time.Time) []Option {
	list := []Option{}
	for _, w := range []string{models.DayThisMonth, models.DayLastMonth} {
		list = append(list, Option{Value: w, Label: Month(ctx, w, now)})
	}
	today := models.Day(now)
	first := time.Date(today.Year(), today.Month(), 1, 0, 0, 0, 0, time.UTC)
	for i := range 12 {
		s := first.AddDate(0, -i, 0).Format("2006-01")
		list = append(list, Option{Value: s, Label: s})
	}
	return list
}
