package commissions

import (
	"context"
	"strconv"

	"pagaduria/models"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
)

// ReceivablesPage is who owes.
type ReceivablesPage struct {
	layout.Page
	models.Receivables
}

// age names an age class.
func age(ctx context.Context, class int) string {
	if class == len(models.ReceivableDays) {
		return i18n.T(ctx, "commissions.owed.older", "Days", strconv.Itoa(models.ReceivableDays[class-1]))
	}
	from := 0
	if class > 0 {
		from = models.ReceivableDays[class-1] + 1
	}
	return i18n.T(ctx, "commissions.owed.days", "From", strconv.Itoa(from), "To", strconv.Itoa(models.ReceivableDays[class]))
}

func (p ReceivablesPage) tiles(ctx context.Context) []ui.TileData {
	tiles := []ui.TileData{{Label: i18n.T(ctx, "commissions.owed.all"), Big: i18n.Money(ctx, p.Total), Note: i18n.N(ctx, "commissions.owed.people", int(p.Count))}}
	for class, m := range p.Ages {
		tiles = append(tiles, ui.TileData{Label: age(ctx, class), Big: i18n.Money(ctx, m)})
	}
	return tiles
}
