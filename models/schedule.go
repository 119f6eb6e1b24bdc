package models

import (
	"slices"
	"time"

	"pagaduria/models/colombia"
)

// Cadence says by what a schedule's days are counted.
type Cadence string

// Shift says where a day on which banks do not work moves to.
type Shift string

// The cadences and shifts.
const (
	Weekly   Cadence = "weekly"
	Monthly  Cadence = "monthly"
	Next     Shift   = "next"     // the business day after
	Previous Shift   = "previous" // the business day before
)

// Schedule is a batch that is composed by the calendar.
type Schedule struct {
	ID             int64
	Name           string
	State          string // active, paused
	ConnectionID   int64
	ConnectionName string
	Methods        []MethodKind // empty: every method
	Minimum        Money        // a payee's payout below it waits for the next run
	Cadence        Cadence
	Weekdays       []time.Weekday
	MonthDay       int // 31 is the last day of every month; a month without the day takes its last one
	At             Minutes
	Shift          Shift
	Submit         bool // hand the batch to the approvers at once
	MakerID        int64
	MakerName      string
	Since          time.Time // runs due before are not made up for
	Version        int
}

// Active answers whether it runs.
func (s Schedule) Active() bool { return s.State == "active" }

// Composition is what a run takes at a moment.
func (s Schedule) Composition(at time.Time) Composition {
	return Composition{Cutoff: at, Methods: s.Methods, Minimum: s.Minimum}
}

// Check refuses a schedule that can never run, naming the field.
func (s Schedule) Check() error {
	bad := Refuse(Invalid, "form.fix", "Some fields need another look.", nil)
	if s.Name == "" {
		bad = bad.WithField("name", "schedule.refused.name")
	}
	if s.Cadence == Weekly && len(s.Weekdays) == 0 || s.Cadence != Weekly && s.Cadence != Monthly {
		bad = bad.WithField("weekday", "schedule.refused.weekdays")
	}
	if s.Cadence == Monthly && (s.MonthDay < 1 || s.MonthDay > 31) {
		bad = bad.WithField("month_day", "schedule.refused.month_day")
	}
	if s.Minimum.Minor < 0 {
		bad = bad.WithField("minimum", "schedule.refused.minimum")
	}
	if s.Shift != Next && s.Shift != Previous {
		bad = bad.WithField("shift", "error.bad_field")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// planned answers whether the day is one of the schedule's own, before holidays move it.
func (s Schedule) planned(day time.Time) bool {
	if s.Cadence == Weekly {
		return slices.Contains(s.Weekdays, day.Weekday())
	}
	last := time.Date(day.Year(), day.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return day.Day() == min(s.MonthDay, last)
}

// moved is the business day that a planned day is kept on.
func (s Schedule) moved(day time.Time) time.Time {
	step := 1
	if s.Shift == Previous {
		step = -1
	}
	for !colombia.IsBusinessDay(day) {
		day = day.AddDate(0, 0, step)
	}
	return day
}

// farthestMove is more than any row of days on which banks do not work.
const farthestMove = 10

// RunDays lists the days on which the schedule runs, from one Bogotá date to another, both included, in order. Days that
// holidays move onto each other are one.
func (s Schedule) RunDays(from, to time.Time) []time.Time {
	var days []time.Time
	for day := from.AddDate(0, 0, -farthestMove); !day.After(to.AddDate(0, 0, farthestMove)); day = day.AddDate(0, 0, 1) {
		if !s.planned(day) {
			continue
		}
		run := s.moved(day)
		if !run.Before(from) && !run.After(to) && !slices.ContainsFunc(days, run.Equal) {
			days = append(days, run)
		}
	}
	slices.SortFunc(days, time.Time.Compare)
	return days
}

// NextRuns are the next n moments after one at which it runs; none while it is paused.
func (s Schedule) NextRuns(after time.Time, n int) []time.Time {
	var runs []time.Time
	if !s.Active() {
		return nil
	}
	for from := Day(after); len(runs) < n && from.Before(Day(after).AddDate(1, 0, 0)); from = from.AddDate(0, 0, 31) {
		for _, day := range s.RunDays(from, from.AddDate(0, 0, 30)) {
			if at := s.At.On(day); at.After(after) && len(runs) < n {
				runs = append(runs, at)
			}
		}
	}
	return runs
}

// LastDue is the latest moment up to now at which it should have run, zero when there is none since it was saved: of
// several that were missed only the last one is made up for, for it takes what they would have taken.
func (s Schedule) LastDue(now time.Time) time.Time {
	days := s.RunDays(Day(now).AddDate(0, 0, -45), Day(now))
	for _, day := range slices.Backward(days) {
		if at := s.At.On(day); !at.After(now) {
			if at.Before(s.Since) {
				break
			}
			return at
		}
	}
	return time.Time{}
}

// ScheduleRun is one day a schedule ran, or did not have to.
type ScheduleRun struct {
	ScheduleID   int64
	ScheduleName string
	Day          time.Time
	DueAt        time.Time
	RanAt        time.Time
	Outcome      string // made, nothing, maker
	BatchID      int64  // 0 without a batch
	BatchCode    string
	BatchState   BatchState
	BatchTotal   Money
}

// CalendarDay is what one day brings.
type CalendarDay struct {
	Day           time.Time
	Ran           []ScheduleRun
	Coming        []Schedule
	Expiring      int64 // payouts in cash expected to expire that day
	ExpiringTotal Money
}
