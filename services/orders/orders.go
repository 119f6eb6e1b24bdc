// Package orders keeps the merchant's orders and their parcels: taking them in from files and from shops, listing them, and
// the page that follows one order from the buyer to the payout.
package orders

import (
	"time"

	"pagaduria/services/store"
	"pagaduria/services/vault"
)

// Service is the use cases of orders.
type Service struct {
	DB    *store.DB
	Vault *vault.Vault // seals the secrets of shops
	Now   func() time.Time
}
