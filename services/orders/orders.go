// Package orders keeps the merchant's orders and their parcels: taking them in from files, listing them, and
// the page that follows one order from the buyer to the payout.
package orders

import (
	"time"

	"pagaduria/services/store"
)

// Service is the use cases of orders.
type Service struct {
	DB  *store.DB
	Now func() time.Time
}
