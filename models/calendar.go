package models

import (
	"fmt"
	"time"
)

// bogota is Colombia's time: UTC-5 without daylight saving since 1993.
var bogota = time.FixedZone("America/Bogota", -5*60*60)

// Day returns the Bogotá date of a moment, as midnight UTC of that date, the form in which dates come from SQL.
func Day(at time.Time) time.Time {
	y, m, d := at.In(bogota).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// Minutes is a time of the day in Bogotá, in minutes since midnight.
type Minutes int

// MinutesOf is the time of the day of a moment.
func MinutesOf(at time.Time) Minutes {
	h, m, _ := at.In(bogota).Clock()
	return Minutes(h*60 + m)
}

// ParseMinutes reads what a field for a time holds: "07:30".
func ParseMinutes(text string) (Minutes, error) {
	t, err := time.Parse("15:04", text)
	if err != nil {
		return 0, fmt.Errorf("%q is no time of the day", text)
	}
	return Minutes(t.Hour()*60 + t.Minute()), nil
}

// String is "07:30".
func (m Minutes) String() string { return fmt.Sprintf("%02d:%02d", int(m)/60, int(m)%60) }

// On is the moment of that time on a Bogotá date.
func (m Minutes) On(day time.Time) time.Time {
	y, month, d := day.Date()
	return time.Date(y, month, d, int(m)/60, int(m)%60, 0, 0, bogota)
}
