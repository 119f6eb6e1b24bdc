package payouts

import (
	"context"
	"time"

	"pagaduria/models"
	"pagaduria/views/i18n"
	"pagaduria/views/urls"
)

// Link is a payout that carried the same money before or after.
type Link struct {
	ID      int64
	Code    string
	State   models.PayoutState
	Amount  models.Money
	StateAt time.Time
	Named   bool // issued again on purpose, else its lines went into an ordinary batch
}

// Failed is how a payout whose money came back stands.
type Failed struct {
	Cure    models.Cure
	Changed models.Changed
	Why     models.Refusal // why it is not issued again now, "" when only its payee could stand in the way
}

// Step is the page where a cure is worked on.
func Step(c models.Cure, payout, distributor, connection int64) string {
	switch c {
	case models.CureName:
		return urls.Payout(payout) + "#h-renew"
	case models.CureRail:
		return urls.Payout(payout)
	case models.CureDocument, models.CurePhone, models.CureEmail, models.CureDetails, models.CureCompliance:
		return urls.Distributor(distributor)
	case models.CureMethod:
		return urls.Distributor(distributor) + "#h-methods"
	case models.CureAmount:
		return urls.NewBatchFor(distributor)
	case models.CureConnection:
		return urls.Connection(connection)
	}
	return urls.Payout(payout)
}

// Corrected says what differs now from what the payout was sent with, "" when nothing does.
func Corrected(ctx context.Context, c models.Changed) string {
	for _, is := range []struct {
		yes bool
		key string
	}{{c.Name, "name"}, {c.Document, "document"}, {c.Method, "method"}, {c.Phone, "phone"}, {c.Email, "email"}} {
		if is.yes {
			return i18n.T(ctx, "failures.changed."+is.key)
		}
	}
	return ""
}
