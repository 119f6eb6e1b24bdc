// Package schedules draws the schedules of batches and the calendar of what they and others bring.
package schedules

import (
	"context"
	"slices"
	"strconv"
	"time"

	"pagaduria/models"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// ListPage is the list of schedules.
type ListPage struct {
	layout.Page
	Rows []Row
}

// Row is a schedule with when it runs next, zero while it is paused.
type Row struct {
	models.Schedule
	Next time.Time
}

// RecordPage is one schedule, or the form for a new one.
type RecordPage struct {
	layout.Page
	Schedule    models.Schedule // ID 0: a new one
	Form        Form
	Connections []models.Connection
	Next        []time.Time
	Runs        []models.ScheduleRun
	Errors      map[string]string
	Error       string
}

func (p RecordPage) mayEdit() bool { return p.May(models.PermBatchesPrepare) }

// Form is a schedule as it stands in the fields.
type Form struct {
	Name, At, Minimum, MonthDay, Cadence, Shift string
	ConnectionID                                int64
	Methods                                     []string
	Weekdays                                    []int64
	Submit                                      bool
	Version                                     int
}

// FormOf shows a schedule as it is.
func FormOf(s models.Schedule) Form {
	f := Form{Name: s.Name, At: s.At.String(), Cadence: string(s.Cadence), Shift: string(s.Shift), ConnectionID: s.ConnectionID, Submit: s.Submit, Version: s.Version}
	if s.Minimum.Positive() {
		f.Minimum = strconv.FormatInt(s.Minimum.Minor/100, 10)
	}
	if s.MonthDay > 0 {
		f.MonthDay = strconv.Itoa(s.MonthDay)
	}
	for _, m := range s.Methods {
		f.Methods = append(f.Methods, string(m))
	}
	for _, d := range s.Weekdays {
		f.Weekdays = append(f.Weekdays, int64(d))
	}
	return f
}

// week is the order in which days are shown.
var week = []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday, time.Sunday}

func weekday(ctx context.Context, d time.Weekday) string {
	return i18n.T(ctx, "schedule.weekday.d"+strconv.Itoa(int(d)))
}

// When says in words on which days and at what time a schedule runs.
func When(ctx context.Context, s models.Schedule) string {
	if s.Cadence == models.Monthly {
		if s.MonthDay == 31 {
			return i18n.T(ctx, "schedule.every_month_end", "At", s.At.String())
		}
		return i18n.T(ctx, "schedule.every_month", "Day", strconv.Itoa(s.MonthDay), "At", s.At.String())
	}
	days := ""
	for _, d := range week {
		if slices.Contains(s.Weekdays, d) {
			if days != "" {
				days += ", "
			}
			days += weekday(ctx, d)
		}
	}
	return i18n.T(ctx, "schedule.every_week", "Days", days, "At", s.At.String())
}

func stateLook(s models.Schedule) ui.Look {
	if s.Active() {
		return ui.Look{Tone: "ok", Icon: "player-play", Key: "schedule.state.active"}
	}
	return ui.Look{Tone: "wait", Icon: "player-pause", Key: "schedule.state.paused"}
}

func outcomeLook(r models.ScheduleRun) ui.Look {
	switch r.Outcome {
	case "made":
		return ui.BatchState(r.BatchState)
	case "nothing":
		return ui.Look{Icon: "minus", Key: "schedule.outcome.nothing"}
	}
	return ui.Look{Tone: "bad", Icon: "user-x", Key: "schedule.outcome.maker"}
}

func (p RecordPage) connectionOptions() []ui.Option {
	options := make([]ui.Option, len(p.Connections))
	for i, c := range p.Connections {
		options[i] = ui.Option{Value: urls.Num(c.ID), Label: c.Name}
	}
	return options
}

// CalendarPage is one month.
type CalendarPage struct {
	layout.Page
	Month    time.Time // its first day
	Weeks    [][]Day   // whole weeks, Monday first
	Earlier  string
	Later    string
	Today    time.Time
	Payments bool // the reader may follow expiring cash to its payouts
}

// Day is one day of the calendar.
type Day struct {
	models.CalendarDay
	Holiday string // its name, "" on other days
	Outside bool   // of another month
}

func (d Day) empty() bool {
	return d.Holiday == "" && len(d.Ran) == 0 && len(d.Coming) == 0 && d.Expiring == 0
}

// busy are the days of the month on which something happens, for the list.
func (p CalendarPage) busy() []Day {
	var days []Day
	for _, w := range p.Weeks {
		for _, d := range w {
			if !d.Outside && !d.empty() {
				days = append(days, d)
			}
		}
	}
	return days
}

// noon is the day as a moment that every time zone of ours shows as that day.
func noon(day time.Time) time.Time { return day.Add(17 * time.Hour) }

func does(ctx context.Context, submit bool) string {
	if submit {
		return i18n.T(ctx, "schedule.submits")
	}
	return i18n.T(ctx, "schedule.drafts")
}
