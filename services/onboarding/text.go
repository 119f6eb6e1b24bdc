package onboarding

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/riverqueue/river"

	"pagaduria/services/sms"
	"pagaduria/services/vault"
)

// TextArgs is the job that sends one SMS. The gateway knows the same id again, so that it is safe to run twice.
type TextArgs struct {
	ID     string `json:"id"`
	To     string `json:"to"`
	Sealed []byte `json:"sealed"`
}

// Kind names the job in the queue.
func (TextArgs) Kind() string { return "onboarding.text" }

// InsertOpts tries a few times within minutes: a code is good for ten.
func (TextArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 4} }

func textID() string { return "onboarding-" + hex.EncodeToString(vault.Random(12)) }

// SendText hands one SMS to the gateway. What the gateway refuses, or may have sent, is not tried again.
func (s *Service) SendText(ctx context.Context, a TextArgs) error {
	if s.SMS == nil {
		return nil
	}
	text, err := s.Vault.Open(a.Sealed, "onboarding sms "+a.To)
	if err != nil {
		return fmt.Errorf("text %s: %w", a.ID, err)
	}
	if _, err = s.SMS.Send(ctx, a.ID, a.To, string(text)); errors.Is(err, sms.ErrNotSent) {
		return err
	}
	return nil
}
