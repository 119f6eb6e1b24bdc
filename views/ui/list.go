package ui

import "pagaduria/models"

var zeroPesos = models.Pesos(0)
