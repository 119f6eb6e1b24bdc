package ledger

import (
	"fmt"

	"gorm.io/gorm"
)

// LockComposing keeps what is payable to whom still until the transaction ends: whoever composes a batch or makes two
// payees one holds it, so that no line is netted twice.
func LockComposing(tx *gorm.DB) error {
	if err := tx.Exec(`SELECT pg_advisory_xact_lock(hashtext('pagaduria.compose'))`).Error; err != nil {
		return fmt.Errorf("lock composing: %w", err)
	}
	return nil
}
