package models

import "time"

// bogota is Colombia's time: UTC-5 without daylight saving since 1993.
var bogota = time.FixedZone("America/Bogota", -5*60*60)

// Day returns the Bogotá date of a moment, as midnight UTC of that date, the form in which dates come from SQL.
func Day(at time.Time) time.Time {
	y, m, d := at.In(bogota).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}
