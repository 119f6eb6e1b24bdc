package colombia

import (
	"fmt"
	"strconv"
	"time"
)

// GMF is the rate of the tax on bank transactions (gravamen a los movimientos financieros) from a day on.
type GMF struct {
	From   time.Time // Bogotá date
	BPS    int       // 40 is 4 × 1000
	Source string
}

var gmf = loadGMF()

func loadGMF() (list []GMF) {
	for _, row := range rows("gmf.csv") {
		from, err := time.Parse(time.DateOnly, row["valid_from"])
		bps, wrong := strconv.Atoi(row["bps"])
		if err != nil || wrong != nil {
			panic(fmt.Sprintf("colombia: gmf.csv: %v", row))
		}
		list = append(list, GMF{from, bps, row["source"]})
	}
	return list
}

// GMFOn returns the rate in force on a Bogotá date; before the table begins it is zero.
func GMFOn(day time.Time) (in GMF) {
	for _, g := range gmf {
		if !g.From.After(day) {
			in = g
		}
	}
	return in
}
