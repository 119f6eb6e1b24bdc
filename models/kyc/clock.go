package kyc

import (
	"slices"
	"time"

	"pagaduria/models"
	"pagaduria/models/colombia"
)

// Hours are when reviewers work: on these weekdays that are no holiday of Colombia, from one time of the day to another.
type Hours struct {
	From, To models.Minutes
	Weekdays []time.Weekday
}

func (h Hours) open(day time.Time) bool {
	return slices.Contains(h.Weekdays, day.Weekday()) && !colombia.IsHoliday(day)
}

// After is the moment at which that many minutes of business time have passed since at. Below zero it is as long before.
func (h Hours) After(at time.Time, minutes int) time.Time {
	left := time.Duration(minutes) * time.Minute
	if left < 0 {
		return h.before(at, -left)
	}
	for day := models.Day(at); ; day = day.AddDate(0, 0, 1) {
		if !h.open(day) {
			continue
		}
		from, to := h.From.On(day), h.To.On(day)
		if from.Before(at) {
			from = at
		}
		if room := to.Sub(from); room > 0 {
			if left <= room {
				return from.Add(left).UTC()
			}
			left -= room
		}
	}
}

func (h Hours) before(at time.Time, left time.Duration) time.Time {
	for day := models.Day(at); ; day = day.AddDate(0, 0, -1) {
		if !h.open(day) {
			continue
		}
		from, to := h.From.On(day), h.To.On(day)
		if to.After(at) {
			to = at
		}
		if room := to.Sub(from); room > 0 {
			if left <= room {
				return to.Add(-left).UTC()
			}
			left -= room
		}
	}
}

// Between is how many minutes of business time lie between two moments, below zero when to is the earlier one.
func (h Hours) Between(from, to time.Time) int {
	if to.Before(from) {
		return -h.Between(to, from)
	}
	var sum time.Duration
	for day := models.Day(from); !day.After(models.Day(to)); day = day.AddDate(0, 0, 1) {
		if !h.open(day) {
			continue
		}
		begin, end := h.From.On(day), h.To.On(day)
		if begin.Before(from) {
			begin = from
		}
		if end.After(to) {
			end = to
		}
		if end.After(begin) {
			sum += end.Sub(begin)
		}
	}
	return int(sum / time.Minute)
}

// Pace is how a case stands against its clock.
type Pace string

// The paces.
const (
	InTime Pace = "in_time"
	Soon   Pace = "soon" // amber
	Late   Pace = "late" // red
	Paused Pace = "paused"
)

// Clock is how long a case may still take. Due is nil while the payee is waited for; Left counts then.
type Clock struct {
	Due  *time.Time
	Left int // minutes of business time
}

// Pause stops a running clock.
func (c Clock) Pause(h Hours, now time.Time) Clock {
	if c.Due == nil {
		return c
	}
	return Clock{Left: h.Between(now, *c.Due)}
}

// Resume lets a clock that stands still run again.
func (c Clock) Resume(h Hours, now time.Time) Clock {
	if c.Due != nil {
		return c
	}
	due := h.After(now, c.Left)
	return Clock{Due: &due}
}

// Minutes are those left now, below zero when it is late.
func (c Clock) Minutes(h Hours, now time.Time) int {
	if c.Due == nil {
		return c.Left
	}
	return h.Between(now, *c.Due)
}

// Pace says how the clock stands.
func (c Clock) Pace(s ReviewSettings, now time.Time) Pace {
	left := c.Minutes(s.Hours, now)
	switch {
	case c.Due == nil:
		return Paused
	case !now.Before(*c.Due):
		return Late
	case left <= s.AmberMinutes:
		return Soon
	}
	return InTime
}

// ReviewSettings say when reviewers work, how long a case may take, and how many cases one of them holds.
type ReviewSettings struct {
	ID           int64
	Hours        Hours
	DueMinutes   int // of business time
	AmberMinutes int // left, from which on it is amber
	Capacity     int
	FourEyes     []Why // approvals that need a second person
	At           time.Time
	StaffName    string
}

// Rules are FourEyes as they are kept, in their order.
func (s ReviewSettings) Rules() []string {
	list := []string{}
	for _, w := range Whys {
		if slices.Contains(s.FourEyes, w) {
			list = append(list, string(w))
		}
	}
	return list
}

// Fresh is the clock of a case that comes in now.
func (s ReviewSettings) Fresh(now time.Time) Clock {
	due := s.Hours.After(now, s.DueMinutes)
	return Clock{Due: &due}
}

// Check refuses settings that make no sense.
func (s ReviewSettings) Check() error {
	r := models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil)
	if s.Hours.From < 0 || s.Hours.To > 24*60 || s.Hours.From >= s.Hours.To {
		_ = r.WithField("open_to", "case.fault.hours")
	}
	if len(s.Hours.Weekdays) == 0 {
		_ = r.WithField("weekday", "case.fault.weekdays")
	}
	for _, d := range s.Hours.Weekdays {
		if d < time.Sunday || d > time.Saturday {
			_ = r.WithField("weekday", "case.fault.weekdays")
		}
	}
	if s.DueMinutes < 30 || s.DueMinutes > 30_000 {
		_ = r.WithField("due_hours", "case.fault.due")
	}
	if s.AmberMinutes < 0 || s.AmberMinutes >= s.DueMinutes {
		_ = r.WithField("amber_hours", "case.fault.amber")
	}
	if s.Capacity < 1 || s.Capacity > 500 {
		_ = r.WithField("capacity", "case.fault.capacity")
	}
	if len(r.Fields) > 0 {
		return r
	}
	return nil
}
