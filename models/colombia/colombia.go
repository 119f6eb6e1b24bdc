// Package colombia holds the country's tables: municipalities, banks, identity document types and
// holidays. README.md names their sources.
package colombia

import (
	"embed"
	"encoding/csv"
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // so that Bogota loads where the system has no time zones
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Bogota is the time zone that people see and that business days are counted in.
var Bogota = mustZone("America/Bogota")

func mustZone(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(fmt.Sprintf("colombia: %v", err))
	}
	return zone
}

//go:embed data/*.csv
var tables embed.FS

// rows reads an embedded table, one map of column names a row. A broken table is a broken build: it panics.
func rows(name string) []map[string]string {
	file, err := tables.Open("data/" + name)
	if err != nil {
		panic(fmt.Sprintf("colombia: %v", err))
	}
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		panic(fmt.Sprintf("colombia: read %s: %v", name, err))
	}
	list := make([]map[string]string, 0, len(records)-1)
	for _, record := range records[1:] {
		row := make(map[string]string, len(record))
		for i, column := range records[0] {
			row[column] = record[i]
		}
		list = append(list, row)
	}
	return list
}

// Plain drops accents, case and everything that is no letter or digit, so that names can be compared:
// "Bogotá, D.C." and "BOGOTA DC" are both "bogotadc".
func Plain(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(s) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}
