package staff

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

// AskPasskey answers what a browser needs to ask for a passkey of whoever the session belongs to, as JSON: the person
// who is signed in, or whose password was right.
func (s *Service) AskPasskey(ctx context.Context, token string) ([]byte, error) {
	l, err := s.Load(ctx, token)
	if errors.Is(err, ErrNoSession) {
		return nil, errPending
	}
	if err != nil {
		return nil, err
	}
	id := l.pendingID()
	if l.SignedIn != nil {
		id = l.SignedIn.Staff.ID
	}
	if s.relying == nil || id == 0 {
		return nil, errNoPasskey
	}
	h, err := s.holderOf(ctx, s.db.Pool, id, "")
	if err != nil {
		return nil, err
	}
	if len(h.keys) == 0 {
		return nil, errNoPasskey
	}
	options, asked, err := s.relying.BeginLogin(h)
	if err != nil {
		return nil, fmt.Errorf("ask for a passkey of staff %d: %w", id, err)
	}
	if err := s.keepChallenge(ctx, l.SessionID, purposeUse, asked); err != nil {
		return nil, err
	}
	return json.Marshal(options.Response)
}

// verdict says what came of a second factor.
type verdict struct {
	right   bool
	passkey int64  // which one, 0 for a code
	why     string // why a passkey was refused, for the audit log; "" for a code
}

// how names the factor in the audit log.
func (v verdict) how() map[string]any {
	if v.passkey != 0 {
		return map[string]any{"factor": "passkey", "passkey": v.passkey}
	}
	return map[string]any{"factor": "code"}
}

// isPasskey tells what a browser's passkey answered from codes, which people type.
func isPasskey(given string) bool { return strings.HasPrefix(given, "{") }

// spendFactor checks a second factor and uses it up: a code of the app, a recovery code, or what a passkey answered
// to the question of this session.
func (s *Service) spendFactor(tx *gorm.DB, staffID, sessionID int64, given string) (verdict, error) {
	if isPasskey(given) {
		return s.spendPasskey(tx, staffID, sessionID, given)
	}
	right, err := s.spendCode(tx, staffID, given)
	return verdict{right: right}, err
}

// spendPasskey takes the session's open question away and checks the answer to it. A refusal is no error, so that the
// question stays away.
func (s *Service) spendPasskey(tx *gorm.DB, staffID, sessionID int64, answer string) (verdict, error) {
	if s.relying == nil {
		return verdict{why: "no passkeys at this address"}, nil
	}
	asked, open, err := s.takeChallenge(tx, sessionID, purposeUse)
	if err != nil {
		return verdict{}, err
	}
	if !open {
		return verdict{why: "no open question"}, nil
	}
	said, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return verdict{why: whyNot(err)}, nil
	}
	var h holder
	err = store.Conn(tx, func(c *pgx.Conn) error {
		h, err = s.holderOf(tx.Statement.Context, c, staffID, "FOR UPDATE OF st")
		return err
	})
	if err != nil {
		return verdict{}, err
	}
	v := verdict{passkey: h.idOf(said.RawID)}
	key, err := s.relying.ValidateLogin(h, asked, said)
	switch {
	case err != nil:
		v.why = whyNot(err)
	case key.Authenticator.CloneWarning:
		v.why = "counter went back: the key may have been copied"
	default:
		v.right = true
	}
	if !v.right {
		return v, nil
	}
	_, err = store.ExecTx(tx, `UPDATE staff_passkeys SET sign_count = $3, used_at = $4 WHERE id = $1 AND staff_id = $2`,
		v.passkey, staffID, int64(key.Authenticator.SignCount), s.now())
	if err != nil {
		return verdict{}, fmt.Errorf("note passkey %d as used: %w", v.passkey, err)
	}
	return v, nil
}

var errPasskey = models.Refuse(models.Invalid, "passkey.error.use",
	"The passkey was not accepted. Try again, or type a code.", nil).WithField("code", "passkey.error.use")

// refusedFactor keeps a refused second factor in the audit log and answers why.
func (s *Service) refusedFactor(ctx context.Context, staffID int64, step, given string, v verdict, b Browser) error {
	if !isPasskey(given) {
		return s.refused(ctx, staffID, step, b, errCode)
	}
	return s.refusedPasskey(ctx, models.Actor{Name: "sign-in", Address: b.Address}, staffID, step, v, errPasskey)
}

// refusedPasskey keeps the use of a passkey that failed in the audit log, and answers why for the person.
func (s *Service) refusedPasskey(ctx context.Context, by models.Actor, staffID int64, step string, v verdict, why error) error {
	err := s.db.InTx(ctx, func(tx *gorm.DB) error {
		return audit.Record(tx, audit.Entry{By: by, Action: "passkey.refuse", SubjectType: "staff", SubjectID: staffID,
			After: map[string]any{"step": step, "why": v.why, "passkey": v.passkey}})
	})
	if err != nil {
		return err
	}
	return why
}
