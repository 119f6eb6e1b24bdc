package models

import (
	"fmt"
	"strconv"
	"strings"
)

// ParsePercent reads a percentage as people type it, "19", "1,9" or "1.95 %", in basis points (hundredths of a per
// cent). An empty text is zero.
func ParsePercent(s string) (basisPoints int, err error) {
	s = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(s), "%"))
	if s == "" {
		return 0, nil
	}
	whole, decimals, _ := strings.Cut(strings.ReplaceAll(s, ",", "."), ".")
	if len(decimals) > 2 || whole == "" || len(whole) > 3 || !isDigits(whole+decimals) {
		return 0, fmt.Errorf("%q is not a percentage with at most two decimals", s)
	}
	return strconv.Atoi(whole + decimals + "00"[len(decimals):])
}

// FormatPercent writes basis points as ParsePercent reads them, with a decimal comma.
func FormatPercent(basisPoints int) string {
	s := fmt.Sprintf("%d,%02d", basisPoints/100, basisPoints%100)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ",")
}
