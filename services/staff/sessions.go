package staff

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

// seenEvery is how often a session in use is written.
const seenEvery = time.Minute

// NewToken is the cookie of somebody who has no session yet; their form tokens are made from it.
func (s *Service) NewToken() string { return newToken() }

// FormToken is the token that the forms of the session with this cookie carry. Whoever does not know the cookie and
// the secret key cannot make it.
func (s *Service) FormToken(token string) string {
	h := hmac.New(sha256.New, s.csrf)
	h.Write([]byte(token))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// SameFormToken compares in constant time.
func (s *Service) SameFormToken(token, sent string) bool {
	return token != "" && hmac.Equal([]byte(s.FormToken(token)), []byte(sent))
}

// Loaded is what stands behind a session cookie.
type Loaded struct {
	SessionID int64
	SignedIn  *models.SignedIn  // nil between password and code
	Data      map[string]string // what pages keep from one request to the next
}

// ErrNoSession answers a cookie that is unknown, ended, idle for too long or of an account that cannot sign in.
var ErrNoSession = errors.New("no session")

// One row serves the cookie, the person, their rights and the lists of sessions, in one query a request.
const selectSession = `
SELECT s.id, s.address, s.agent, COALESCE(s.factor_at, CAST('epoch' AS timestamptz)), s.created_at, s.seen_at, s.expires_at,
    s.revoked_at, s.data, COALESCE(st.id, 0), COALESCE(st.email, ''), COALESCE(st.name, ''), COALESCE(st.roles, CAST('{}' AS text[])),
    COALESCE(st.state, ''), COALESCE(st.locale, ''), COALESCE(st.theme, ''), COALESCE(st.version, 0)
FROM staff_sessions s LEFT JOIN staff st ON st.id = s.staff_id
WHERE s.token_hash = $1`

// Load reads the session of a cookie; ErrNoSession when there is none to use. A session in use is noted as such
// once a minute.
func (s *Service) Load(ctx context.Context, token string) (Loaded, error) {
	if len(token) != 43 { // 32 bytes in base64: anything else was never ours
		return Loaded{}, ErrNoSession
	}
	var x models.SignedIn
	var data []byte
	err := s.db.Pool.QueryRow(ctx, selectSession, tokenHash(token)).Scan(&x.Session.ID, &x.Session.Address, &x.Session.Agent,
		&x.Session.FactorAt, &x.Session.CreatedAt, &x.Session.SeenAt, &x.Session.ExpiresAt, &x.Session.RevokedAt, &data,
		&x.Staff.ID, &x.Staff.Email, &x.Staff.Name, &x.Staff.Roles, &x.Staff.State, &x.Staff.Locale, &x.Staff.Theme, &x.Staff.Version)
	if errors.Is(err, pgx.ErrNoRows) {
		return Loaded{}, ErrNoSession
	}
	if err != nil {
		return Loaded{}, fmt.Errorf("load a session: %w", err)
	}
	now := s.now()
	if !x.Session.Live(now) {
		return Loaded{}, ErrNoSession
	}
	l := Loaded{SessionID: x.Session.ID}
	if len(data) > 0 {
		if err := json.Unmarshal(data, &l.Data); err != nil {
			return Loaded{}, fmt.Errorf("read session %d: %w", x.Session.ID, err)
		}
	}
	if x.Staff.ID == 0 {
		return l, nil
	}
	if x.Staff.State != models.StaffActive || !s.demo && isDemo(x.Staff.Email) {
		return Loaded{}, ErrNoSession
	}
	x.Session.StaffID = x.Staff.ID
	l.SignedIn = &x
	return l, s.touch(ctx, x.Session, now)
}

func (s *Service) touch(ctx context.Context, session models.Session, now time.Time) error {
	if now.Sub(session.SeenAt) < seenEvery {
		return nil
	}
	_, err := s.db.Pool.Exec(ctx, `UPDATE staff_sessions SET seen_at = $2 WHERE id = $1 AND seen_at < $2`, session.ID, now)
	if err != nil {
		return fmt.Errorf("note session %d as used: %w", session.ID, err)
	}
	return nil
}

// Keep writes what pages keep from one request to the next.
func (s *Service) Keep(ctx context.Context, token string, data map[string]string) error {
	var b []byte
	if len(data) > 0 {
		var err error
		if b, err = json.Marshal(data); err != nil {
			return err
		}
	} else {
		b = []byte{}
	}
	if _, err := s.db.Pool.Exec(ctx, `UPDATE staff_sessions SET data = $2 WHERE token_hash = $1`, tokenHash(token), b); err != nil {
		return fmt.Errorf("keep session data: %w", err)
	}
	return nil
}

// Sessions lists where an account is signed in now, the latest used first.
func (s *Service) Sessions(ctx context.Context, staffID int64) ([]models.Session, error) {
	now := s.now()
	sessions, err := store.Select[models.Session](ctx, s.db.Pool, `
SELECT id, staff_id, address, agent, COALESCE(factor_at, CAST('epoch' AS timestamptz)), created_at, seen_at, expires_at, revoked_at
FROM staff_sessions WHERE staff_id = $1 AND revoked_at IS NULL AND expires_at > $2 AND seen_at > $3
ORDER BY seen_at DESC, id DESC LIMIT 100`, staffID, now, now.Add(-models.SessionIdle))
	if err != nil {
		return nil, fmt.Errorf("list sessions of staff %d: %w", staffID, err)
	}
	return sessions, nil
}

// SignOut ends the session of the cookie; one that does not exist is as good as ended.
func (s *Service) SignOut(ctx context.Context, by models.Actor) error {
	return s.revoke(ctx, by, "session.close", "id = $3", by.SessionID)
}

var errNoSuchSession = models.Refuse(models.NotFound, "account.error.session", "There is no such session.", nil)

// Revoke ends one of the actor's own sessions, at once; one that has ended stays so. Another person's does not exist.
func (s *Service) Revoke(ctx context.Context, by models.Actor, sessionID int64) error {
	var own bool
	err := s.db.Pool.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM staff_sessions WHERE id = $1 AND staff_id = $2)`, sessionID, by.StaffID).Scan(&own)
	if err != nil {
		return fmt.Errorf("look for session %d: %w", sessionID, err)
	}
	if !own {
		return errNoSuchSession
	}
	return s.revoke(ctx, by, "session.close", "id = $3", sessionID)
}

// RevokeOthers ends all of the actor's sessions but the one they are using.
func (s *Service) RevokeOthers(ctx context.Context, by models.Actor) error {
	return s.revoke(ctx, by, "session.close_others", "id <> $3", by.SessionID)
}

// RevokeAll ends all sessions of the actor, this one too.
func (s *Service) RevokeAll(ctx context.Context, by models.Actor) error {
	return s.revoke(ctx, by, "session.close_all", "id <> $3", 0) // no session has the id 0
}

// revoke ends those of the actor's sessions that meet which, a condition on $3.
func (s *Service) revoke(ctx context.Context, by models.Actor, action, which string, id int64) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		n, err := store.ExecTx(tx, `
UPDATE staff_sessions SET revoked_at = $2 WHERE staff_id = $1 AND revoked_at IS NULL AND `+which, by.StaffID, s.now(), id)
		if err != nil {
			return fmt.Errorf("end sessions of staff %d: %w", by.StaffID, err)
		}
		if n == 0 {
			return nil
		}
		return audit.Record(tx, audit.Entry{By: by, Action: action, SubjectType: "staff", SubjectID: by.StaffID,
			After: map[string]any{"session": id, "ended": n}})
	})
}

// Old rows are kept for a while: a session says from which addresses somebody signs in.
const (
	keepSessions = 90 * 24 * time.Hour
	keepLinks    = 30 * 24 * time.Hour
)

// Sweep removes sessions, throttles and links that mean nothing any more.
func (s *Service) Sweep(ctx context.Context) error {
	now := s.now()
	for _, sweep := range []struct {
		sql    string
		before time.Time
	}{
		{`DELETE FROM staff_sessions WHERE expires_at < $1`, now.Add(-keepSessions)},
		{`DELETE FROM staff_sessions WHERE staff_id IS NULL AND expires_at < $1`, now},
		{`DELETE FROM staff_passkey_challenges WHERE expires_at < $1`, now},
		{`DELETE FROM sign_in_throttles WHERE updated_at < $1`, now.Add(-throttleMemory)},
		{`DELETE FROM staff_setup_links WHERE expires_at < $1`, now.Add(-keepLinks)},
	} {
		if _, err := s.db.Pool.Exec(ctx, sweep.sql, sweep.before); err != nil {
			return fmt.Errorf("sweep sign-in tables: %w", err)
		}
	}
	return nil
}
