package orders

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"pagaduria/models/sheet"
	"pagaduria/services/store"
)

const carrierNames = `SELECT name FROM carriers ORDER BY name`

type carrierName struct{ Name string }

// Carriers are the names of the carriers whose parcels are followed.
func (s *Service) Carriers(ctx context.Context) ([]string, error) {
	rows, err := store.Select[carrierName](ctx, s.DB.Pool, carrierNames)
	if err != nil {
		return nil, fmt.Errorf("list carriers: %w", err)
	}
	names := make([]string, len(rows))
	for i, r := range rows {
		names[i] = r.Name
	}
	return names, nil
}

// knownCarrier is the name that we know a carrier by, or the one given.
func knownCarrier(tx *gorm.DB, typed string) (string, error) {
	if typed == "" {
		return "", nil
	}
	rows, err := store.SelectTx[carrierName](tx, carrierNames)
	if err != nil {
		return "", fmt.Errorf("list carriers: %w", err)
	}
	for _, r := range rows {
		if sheet.Key(r.Name) == sheet.Key(typed) {
			return r.Name, nil
		}
	}
	return typed, nil
}
