package staff

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/mail"
	"pagaduria/services/queue"
	"pagaduria/services/store"
)

// What a one-time link is for.
const (
	purposeSetup  = "setup" // password and second factor
	purposeFactor = "mfa"   // second factor alone, with the password they have
)

// linkLife is how long a one-time link works.
const linkLife = 72 * time.Hour

var otp32 = base32.StdEncoding.WithPadding(base32.NoPadding)

// newToken is 32 random bytes for a cookie or a link; the database keeps only tokenHash of it.
func newToken() string { return base64.RawURLEncoding.EncodeToString(randomBytes(32)) }

func tokenHash(token string) []byte {
	h := sha256.Sum256([]byte(token))
	return h[:]
}

func linkLabel(staffID int64) string { return fmt.Sprintf("staff %d offered totp", staffID) }

// newLink makes a one-time link, voids those before it, and puts the mail that carries it into the outbox.
func (s *Service) newLink(tx *gorm.DB, st models.Staff, purpose, locale string) (string, error) {
	if _, err := store.ExecTx(tx, `DELETE FROM staff_setup_links WHERE staff_id = $1 AND used_at IS NULL`, st.ID); err != nil {
		return "", err
	}
	token := newToken()
	_, err := store.ExecTx(tx, `
INSERT INTO staff_setup_links (token_hash, staff_id, purpose, secret, expires_at, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		tokenHash(token), st.ID, purpose, s.vault.Seal([]byte(newSecret()), linkLabel(st.ID)), s.now().Add(linkLife), s.now())
	if err != nil {
		return "", fmt.Errorf("make a set-up link of staff %d: %w", st.ID, err)
	}
	link := s.setup(token)
	subject, body := invitation(purpose, locale, st.Name)
	return link, s.mail.Write(tx, mail.Message{To: st.Email, Subject: subject, Body: body, Link: link})
}

// link is an open one-time link with the account it belongs to.
type link struct {
	StaffID      int64
	Purpose      string
	Secret       []byte
	ExpiresAt    time.Time
	Email        string
	Name         string
	PasswordHash string
}

const selectLink = `
SELECT l.staff_id, l.purpose, l.secret, l.expires_at, st.email, st.name, st.password_hash
FROM staff_setup_links l JOIN staff st ON st.id = l.staff_id
WHERE l.token_hash = $1 AND l.used_at IS NULL AND l.expires_at > $2 AND st.state = 'invited' `

var errLink = models.Refuse(models.NotFound, "setup.error.link",
	"This link was used already or is too old. Ask an admin for a new one.", nil)

// SetUp answers what the page behind a one-time link shows; NotFound when it was used or is too old.
func (s *Service) SetUp(ctx context.Context, token string) (models.SetUp, error) {
	l, err := store.SelectOne[link](ctx, s.db.Pool, selectLink, tokenHash(token), s.now())
	if err != nil {
		if models.KindOf(notFound(err)) == models.NotFound {
			return models.SetUp{}, errLink
		}
		return models.SetUp{}, fmt.Errorf("load set-up link: %w", err)
	}
	secret, err := s.vault.Open(l.Secret, linkLabel(l.StaffID))
	if err != nil {
		return models.SetUp{}, fmt.Errorf("set-up link of staff %d: %w", l.StaffID, err)
	}
	return models.SetUp{Email: l.Email, Name: l.Name, NewPassword: l.Purpose == purposeSetup, Secret: inFours(string(secret)),
		KeyURI: s.keyURI(l.Email, string(secret)), ExpiresAt: l.ExpiresAt}, nil
}

func inFours(s string) string {
	b := make([]byte, 0, len(s)*5/4)
	for i := range len(s) {
		if i > 0 && i%4 == 0 {
			b = append(b, ' ')
		}
		b = append(b, s[i])
	}
	return string(b)
}

// Finish is what a person types on the page behind a one-time link.
type Finish struct {
	Password string // the new one, or for a reset of the second factor the one they have
	Code     string // of the new second factor
	Address  string
}

// Finish sets the account up and answers its recovery codes, which nobody can see again. The link works once.
func (s *Service) Finish(ctx context.Context, token string, f Finish) (codes []string, err error) {
	l, err := store.SelectOne[link](ctx, s.db.Pool, selectLink, tokenHash(token), s.now())
	if err != nil {
		if models.KindOf(notFound(err)) == models.NotFound {
			return nil, errLink
		}
		return nil, fmt.Errorf("load set-up link: %w", err)
	}
	spent, err := s.charge(ctx, s.limits("setup", fmt.Sprint(l.StaffID), f.Address, false))
	if err != nil {
		return nil, err
	}
	hash, err := l.password(f.Password) // slow: outside the transaction
	if err != nil {
		return nil, err
	}
	err = s.db.InTx(ctx, func(tx *gorm.DB) error {
		codes, err = s.finish(tx, token, hash, f)
		return err
	})
	if err != nil {
		return nil, err
	}
	return codes, s.refund(ctx, spent)
}

// password answers the hash to keep: of the new password, or the old one when the old password is right.
func (l link) password(password string) (string, error) {
	if l.Purpose == purposeFactor {
		same, err := samePassword(password, l.PasswordHash)
		if err != nil {
			return "", err
		}
		if !same {
			return "", models.Refuse(models.Invalid, "setup.error.password", "That is not your password.", nil).
				WithField("password", "setup.error.password")
		}
		return l.PasswordHash, nil
	}
	if err := CheckPassword(password, l.Email, l.Name); err != nil {
		return "", err
	}
	return hashPassword(password)
}

func (s *Service) finish(tx *gorm.DB, token, hash string, f Finish) ([]string, error) {
	links, err := store.SelectTx[link](tx, selectLink+`FOR UPDATE OF l, st`, tokenHash(token), s.now())
	if err != nil {
		return nil, fmt.Errorf("load set-up link: %w", err)
	}
	if len(links) == 0 {
		return nil, errLink
	}
	l := links[0]
	secret, err := s.vault.Open(l.Secret, linkLabel(l.StaffID))
	if err != nil {
		return nil, fmt.Errorf("set-up link of staff %d: %w", l.StaffID, err)
	}
	at, err := matchStep(string(secret), plainCode(f.Code), s.now(), 0)
	if err != nil {
		return nil, err
	}
	if at == 0 {
		return nil, errCode
	}
	if err := s.activate(tx, l.StaffID, hash, string(secret), at); err != nil {
		return nil, err
	}
	if _, err := store.ExecTx(tx, `UPDATE staff_setup_links SET used_at = $2, secret = NULL WHERE token_hash = $1`,
		tokenHash(token), s.now()); err != nil {
		return nil, err
	}
	codes, err := s.newRecoveryCodes(tx, l.StaffID)
	if err != nil {
		return nil, err
	}
	by := models.Actor{StaffID: l.StaffID, Name: l.Name, Address: f.Address}
	return codes, audit.Record(tx, audit.Entry{By: by, Action: "staff.set_up", SubjectType: "staff", SubjectID: l.StaffID,
		Before: map[string]any{"state": models.StaffInvited}, After: map[string]any{"state": models.StaffActive, "purpose": l.Purpose}})
}

// activate opens an account with its two factors.
func (s *Service) activate(tx *gorm.DB, id int64, hash, secret string, usedStep int64) error {
	_, err := store.ExecTx(tx, `
UPDATE staff SET state = 'active', password_hash = $2, totp_secret = $3, totp_step = $4, version = version + 1, updated_at = $5
WHERE id = $1`, id, hash, s.vault.Seal([]byte(secret), totpLabel(id)), usedStep, s.now())
	if err != nil {
		return fmt.Errorf("activate staff %d: %w", id, err)
	}
	return queue.Insert(tx, ChangedArgs{}, nil)
}
