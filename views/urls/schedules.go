package urls

import "net/url"

// The paths of schedules and their calendar.
const (
	NavCalendar           = "/calendar"
	CalendarPattern       = NavCalendar
	SchedulesPattern      = "/schedules"
	NewSchedulePattern    = "/schedules/new"
	SchedulePattern       = "/schedules/:id"
	PauseSchedulePattern  = "/schedules/:id/pause"
	ResumeSchedulePattern = "/schedules/:id/resume"
)

// Calendar is the present month.
func Calendar() string { return NavCalendar }

// CalendarOf is one month, "2026-11".
func CalendarOf(month string) string { return NavCalendar + "?month=" + url.QueryEscape(month) }

// Schedules is the list.
func Schedules() string { return SchedulesPattern }

// NewSchedule is the empty form; a new schedule is posted to it.
func NewSchedule() string { return NewSchedulePattern }

// Schedule is one schedule; changes are posted to it.
func Schedule(id int64) string { return SchedulesPattern + "/" + Num(id) }

// PauseSchedule is where a schedule is paused.
func PauseSchedule(id int64) string { return Schedule(id) + "/pause" }

// ResumeSchedule is where a paused schedule goes on.
func ResumeSchedule(id int64) string { return Schedule(id) + "/resume" }
