package account

import (
	"context"
	"time"

	"pagaduria/models"
	"pagaduria/views/i18n"
)

// Away is what was typed into the form of an absence.
type Away struct{ From, To, Delegate string }

// absenceText is an absence in words. Its days come as midnight UTC.
func absenceText(ctx context.Context, a models.Absence) string {
	from, to := i18n.Date(ctx, a.From.Add(12*time.Hour)), i18n.Date(ctx, a.To.Add(12*time.Hour))
	if a.DelegateName == "" {
		return i18n.T(ctx, "account.away_days", "From", from, "To", to)
	}
	return i18n.T(ctx, "account.away_days_for", "From", from, "To", to, "Name", a.DelegateName)
}
