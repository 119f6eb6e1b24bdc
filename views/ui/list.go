package ui

import (
	"strconv"

	"pagaduria/models"
)

var zeroPesos = models.Pesos(0)

// pesos writes centavos as the whole pesos that the script adds up.
func pesos(minor int64) string { return strconv.FormatInt(minor/100, 10) }
