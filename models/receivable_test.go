package models

import (
	"testing"
	"time"
)

func TestWhatIsOwedIsAsOldAsItsNewestDebits(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	ago := func(days int) time.Time { return now.AddDate(0, 0, -days) }
	debits := []Debit{{ago(200), Pesos(-100)}, {ago(10), Pesos(-30)}, {ago(45), Pesos(-50)}, {ago(30), Pesos(-5)}}
	for _, c := range []struct {
		name  string
		owed  Money
		want  [4]int64
		since time.Time
	}{
		{"the newest alone", Pesos(20), [4]int64{20, 0, 0, 0}, ago(10)},
		{"on the last day of a class", Pesos(35), [4]int64{35, 0, 0, 0}, ago(30)},
		{"two classes", Pesos(60), [4]int64{35, 25, 0, 0}, ago(45)},
		{"all of it", Pesos(185), [4]int64{35, 50, 0, 100}, ago(200)},
		{"more than the lines", Pesos(190), [4]int64{35, 50, 0, 105}, ago(200)},
	} {
		ages, since := AgeReceivable(c.owed, debits, now)
		for i, want := range c.want {
			if ages[i] != Pesos(want) {
				t.Errorf("%s: %v", c.name, ages)
			}
		}
		if !since.Equal(c.since) {
			t.Errorf("%s: since %v, want %v", c.name, since, c.since)
		}
	}
}
