package staff

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

// Browser is where a request comes from.
type Browser struct {
	Address string // remote address, without port
	Agent   string // User-Agent
}

var errPassword = models.Refuse(models.Invalid, "signin.error.password",
	"This e-mail address and password do not belong together.", nil)

// pendingKey is the session value that says whose password was right.
const pendingKey = "pending"

// Password is the first step of signing in. It answers the token of a session that only Code can use, for ten
// minutes. An unknown, disabled or not yet set up account is answered as a wrong password is, after the same work.
func (s *Service) Password(ctx context.Context, email, password string, b Browser) (token string, err error) {
	email = normalEmail(email)
	account, err := s.account(ctx, email, b.Address)
	if err != nil {
		return "", err
	}
	spent, err := s.charge(ctx, s.limits("password", email, b.Address, account.Known))
	if err != nil {
		return "", err
	}
	same, err := samePassword(password, account.PasswordHash)
	if err != nil {
		return "", fmt.Errorf("compare the password of staff %d: %w", account.ID, err)
	}
	if !same || account.ID == 0 {
		return "", s.refused(ctx, account.ID, "password", b, errPassword)
	}
	token, err = s.begin(ctx, account.ID, b)
	if err != nil {
		return "", err
	}
	return token, s.refund(ctx, spent)
}

type account struct {
	ID           int64
	PasswordHash string
	Known        bool // somebody signed in to it from this address before
}

func (s *Service) account(ctx context.Context, email, address string) (account, error) {
	rows, err := store.Select[account](ctx, s.db.Pool, `
SELECT st.id, st.password_hash, EXISTS (SELECT 1 FROM staff_sessions s WHERE s.staff_id = st.id AND s.address = $2)
FROM staff st WHERE st.email = $1 AND st.state = 'active'`, email, address)
	if err != nil {
		return account{}, fmt.Errorf("look up an account: %w", err)
	}
	if len(rows) == 0 || !s.demo && isDemo(email) {
		return account{PasswordHash: noPassword}, nil
	}
	return rows[0], nil
}

// refused keeps the failed attempt in the audit log and answers why.
func (s *Service) refused(ctx context.Context, staffID int64, step string, b Browser, why error) error {
	by := models.Actor{Name: "sign-in", Address: b.Address}
	err := s.db.InTx(ctx, func(tx *gorm.DB) error {
		return audit.Record(tx, audit.Entry{By: by, Action: "session.refuse", SubjectType: "staff", SubjectID: staffID,
			After: map[string]any{"step": step}})
	})
	if err != nil {
		return err
	}
	return why
}

// begin opens the session between the two steps.
func (s *Service) begin(ctx context.Context, staffID int64, b Browser) (string, error) {
	data, err := json.Marshal(map[string]string{pendingKey: strconv.FormatInt(staffID, 10)})
	if err != nil {
		return "", err
	}
	token, now := newToken(), s.now()
	_, err = s.db.Pool.Exec(ctx, `
INSERT INTO staff_sessions (token_hash, data, address, agent, created_at, seen_at, expires_at) VALUES ($1, $2, $3, $4, $5, $5, $6)`,
		tokenHash(token), data, b.Address, short(b.Agent), now, now.Add(models.SessionPending))
	if err != nil {
		return "", fmt.Errorf("begin a session: %w", err)
	}
	return token, nil
}

// short bounds what a stranger's browser says about itself.
func short(agent string) string {
	const most = 300
	if len(agent) > most {
		agent = agent[:most]
	}
	return string([]rune(agent)) // valid UTF-8 again
}

var errPending = models.Refuse(models.Conflict, "signin.error.pending", "Too much time has passed. Sign in again.", nil)

// Pending answers the account whose code is asked for.
func (s *Service) Pending(ctx context.Context, token string) (models.Staff, error) {
	id, _, err := s.pending(ctx, token)
	if err != nil {
		return models.Staff{}, err
	}
	return s.Get(ctx, id)
}

func (s *Service) pending(ctx context.Context, token string) (staffID, sessionID int64, err error) {
	l, err := s.Load(ctx, token)
	if errors.Is(err, ErrNoSession) {
		return 0, 0, errPending
	}
	if err != nil {
		return 0, 0, err
	}
	if staffID = l.pendingID(); staffID == 0 {
		return 0, 0, errPending
	}
	return staffID, l.SessionID, nil
}

// pendingID is whose password was right in a session that nobody is signed in to yet, 0 for none.
func (l Loaded) pendingID() int64 {
	if l.SignedIn != nil {
		return 0
	}
	id, err := strconv.ParseInt(l.Data[pendingKey], 10, 64)
	if err != nil {
		return 0
	}
	return id
}

// Code is the second step: a code of the authenticator app, a recovery code, or what a passkey answered. It ends the
// pending session and answers the token of a new one, in which the person is signed in.
func (s *Service) Code(ctx context.Context, pending, code string, b Browser) (token string, err error) {
	id, session, err := s.pending(ctx, pending)
	if err != nil {
		return "", err
	}
	st, err := s.Get(ctx, id)
	if err != nil {
		return "", err
	}
	account, err := s.account(ctx, st.Email, b.Address)
	if err != nil {
		return "", err
	}
	spent, err := s.charge(ctx, s.limits("code", st.Email, b.Address, account.Known))
	if err != nil {
		return "", err
	}
	var v verdict
	err = s.db.InTx(ctx, func(tx *gorm.DB) error {
		if v, err = s.spendFactor(tx, id, session, code); err != nil || !v.right {
			return err
		}
		token, err = s.signIn(tx, st, pending, v, b)
		return err
	})
	if err != nil {
		return "", err
	}
	if !v.right {
		return "", s.refusedFactor(ctx, id, "code", code, v, b)
	}
	return token, s.refund(ctx, spent)
}

// signIn replaces the pending session by one with another token, so that a token seen before is worth nothing.
func (s *Service) signIn(tx *gorm.DB, st models.Staff, pending string, v verdict, b Browser) (string, error) {
	n, err := store.ExecTx(tx, `DELETE FROM staff_sessions WHERE token_hash = $1 AND staff_id IS NULL`, tokenHash(pending))
	if err != nil {
		return "", fmt.Errorf("end a pending session: %w", err)
	}
	if n != 1 {
		return "", errPending
	}
	token, id, err := s.open(tx, st.ID, b)
	if err != nil {
		return "", err
	}
	by := models.Actor{StaffID: st.ID, Name: st.Name, Roles: st.Roles, Address: b.Address, SessionID: id}
	return token, audit.Record(tx, audit.Entry{By: by, Action: "session.open", SubjectType: "staff", SubjectID: st.ID, After: v.how()})
}

// open makes a signed-in session.
func (s *Service) open(tx *gorm.DB, staffID int64, b Browser) (token string, id int64, err error) {
	token, now := newToken(), s.now()
	ids, err := store.SelectTx[struct{ ID int64 }](tx, `
INSERT INTO staff_sessions (token_hash, staff_id, address, agent, factor_at, created_at, seen_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $5, $5, $6) RETURNING id`,
		tokenHash(token), staffID, b.Address, short(b.Agent), now, now.Add(models.SessionMax))
	if err != nil {
		return "", 0, fmt.Errorf("open a session of staff %d: %w", staffID, err)
	}
	return token, ids[0].ID, nil
}

// CheckCode asks for the second factor again, a code or what a passkey answered, and stamps the session with it: see models.Session.FreshFactor.
func (s *Service) CheckCode(ctx context.Context, by models.Actor, code string) error {
	spent, err := s.charge(ctx, s.limits("again", strconv.FormatInt(by.StaffID, 10), by.Address, true))
	if err != nil {
		return err
	}
	var v verdict
	err = s.db.InTx(ctx, func(tx *gorm.DB) error {
		if v, err = s.spendFactor(tx, by.StaffID, by.SessionID, code); err != nil || !v.right {
			return err
		}
		_, err := store.ExecTx(tx, `UPDATE staff_sessions SET factor_at = $3 WHERE id = $1 AND staff_id = $2`, by.SessionID, by.StaffID, s.now())
		return err
	})
	if err != nil {
		return fmt.Errorf("check a code of staff %d: %w", by.StaffID, err)
	}
	if !v.right {
		return s.refusedFactor(ctx, by.StaffID, "again", code, v, Browser{Address: by.Address})
	}
	return s.refund(ctx, spent)
}
