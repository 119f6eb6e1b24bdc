package distributors

import (
	"gorm.io/gorm"

	"pagaduria/models"
)

// Reject takes the verification of a payee whose case was rejected, in the transaction of that decision: for good, or
// until they are looked at anew. Payouts that were not handed over go back, as of everybody who is not verified.
func (s *Service) Reject(tx *gorm.DB, by models.Actor, id int64, final bool, reason string) error {
	if err := forbid(by, models.PermDistributorsJudge); err != nil {
		return err
	}
	was, err := hold(tx, id)
	if err != nil {
		return err
	}
	to := models.Expired
	if final {
		to = models.Suspended
	}
	if !was.Verification.CanMoveTo(to) || !final && was.Verification != models.Verified {
		return nil // it says so already, or there is nothing to take
	}
	return s.decide(tx, by, was, Decision{To: to, Reason: reason})
}
