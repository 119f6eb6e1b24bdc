// Package tracking takes what carriers tell of parcels, reads it by the codes of each carrier, and keeps where every parcel is.
package tracking

import (
	"time"

	"pagaduria/models"
	"pagaduria/providers"
	"pagaduria/services/store"
	"pagaduria/services/vault"
)

// Service is the use cases of tracking.
type Service struct {
	DB    *store.DB
	Vault *vault.Vault // seals the secrets of carriers
	Open  func(url, token string) providers.Tracker
	Now   func() time.Time
}

func forbid(by models.Actor, p models.Permission) error {
	if by.May(p) {
		return nil
	}
	return models.Refuse(models.Forbidden, "error.not_yours", "Your role does not allow this. Ask an administrator if you need it.", nil)
}
