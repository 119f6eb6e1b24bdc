package staff

import (
	"context"
	"fmt"
	"net/mail"
	"strings"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/queue"
	"pagaduria/services/store"
)

// NewStaff is what an account starts with.
type NewStaff struct {
	Email  string
	Name   string
	Roles  []models.Role
	Locale string // of the invitation; "" = Spanish
}

// Add makes an account and answers its one-time set-up link, which is also mailed when mail is configured.
func (s *Service) Add(ctx context.Context, by models.Actor, n NewStaff) (id int64, link string, err error) {
	n.Email, n.Name = normalEmail(n.Email), strings.Join(strings.Fields(n.Name), " ")
	if err := n.check(); err != nil {
		return 0, "", err
	}
	err = s.db.InTx(ctx, func(tx *gorm.DB) error {
		ids, err := store.SelectTx[struct{ ID int64 }](tx, `
INSERT INTO staff (email, name, roles) VALUES ($1, $2, $3) ON CONFLICT (email) DO NOTHING RETURNING id`, n.Email, n.Name, n.Roles)
		if err != nil {
			return fmt.Errorf("add staff: %w", err)
		}
		if len(ids) == 0 {
			return models.Refuse(models.Conflict, "staff.error.email_taken", "There is already an account with this e-mail address.", nil).
				WithField("email", "staff.error.email_taken")
		}
		id = ids[0].ID
		st := models.Staff{ID: id, Email: n.Email, Name: n.Name, Roles: n.Roles}
		if link, err = s.newLink(tx, st, purposeSetup, n.Locale); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "staff.add", SubjectType: "staff", SubjectID: id,
			After: map[string]any{"email": n.Email, "name": n.Name, "roles": n.Roles}})
	})
	return id, link, err
}

func (n NewStaff) check() error {
	if a, err := mail.ParseAddress(n.Email); err != nil || a.Address != n.Email || len(n.Email) > 254 {
		return models.Refuse(models.Invalid, "staff.error.email", "Type an e-mail address such as ana@empresa.co.", nil).
			WithField("email", "staff.error.email")
	}
	if n.Name == "" || len(n.Name) > 120 {
		return models.Refuse(models.Invalid, "staff.error.name", "Type the person's name, at most 120 characters.", nil).
			WithField("name", "staff.error.name")
	}
	return models.CheckRoles(n.Roles)
}

// SetRoles gives the account these roles instead of those it has. seen is the version the person decided on.
func (s *Service) SetRoles(ctx context.Context, by models.Actor, id int64, seen int, roles []models.Role) error {
	return s.change(ctx, id, seen, func(tx *gorm.DB, st models.Staff) error {
		if err := st.ChangeRoles(by, roles); err != nil {
			return err
		}
		if err := keepAnAdmin(tx, st, roles); err != nil {
			return err
		}
		if _, err := store.ExecTx(tx, `UPDATE staff SET roles = $2 WHERE id = $1`, id, roles); err != nil {
			return fmt.Errorf("change roles of staff %d: %w", id, err)
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "staff.roles", SubjectType: "staff", SubjectID: id,
			Before: map[string]any{"roles": st.Roles}, After: map[string]any{"roles": roles}})
	})
}

// Disable ends every session of the account at once and lets nobody sign in with it.
func (s *Service) Disable(ctx context.Context, by models.Actor, id int64, seen int, reason string) error {
	if reason = strings.TrimSpace(reason); reason == "" {
		return models.Refuse(models.Invalid, "staff.error.reason", "Say why.", nil).WithField("note", "staff.error.reason")
	}
	return s.change(ctx, id, seen, func(tx *gorm.DB, st models.Staff) error {
		if err := st.Disable(by); err != nil {
			return err
		}
		if err := keepAnAdmin(tx, st, nil); err != nil {
			return err
		}
		if err := s.shut(tx, id, models.StaffDisabled); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "staff.disable", SubjectType: "staff", SubjectID: id, Reason: reason,
			Before: map[string]any{"state": st.State}, After: map[string]any{"state": models.StaffDisabled}})
	})
}

// Invite answers a new set-up link, with which password and second factor are chosen anew. The account cannot be
// used until then, and earlier links are void. A disabled account is enabled this way.
func (s *Service) Invite(ctx context.Context, by models.Actor, id int64, seen int, locale string) (string, error) {
	return s.reopen(ctx, by, id, seen, "staff.invite", purposeSetup, locale)
}

// ResetFactor takes the second factor and the recovery codes back, ends every session, and answers a link with
// which, and with the password they have, the person sets up another one.
func (s *Service) ResetFactor(ctx context.Context, by models.Actor, id int64, seen int, locale string) (string, error) {
	return s.reopen(ctx, by, id, seen, "staff.reset_factor", purposeFactor, locale)
}

func (s *Service) reopen(ctx context.Context, by models.Actor, id int64, seen int, action, purpose, locale string) (link string, err error) {
	err = s.change(ctx, id, seen, func(tx *gorm.DB, st models.Staff) error {
		switch {
		case by.StaffID == id && by.StaffID != 0:
			return models.Refuse(models.Forbidden, "staff.error.own_factor", "You cannot reset your own sign-in. Ask another admin.", nil)
		case purpose == purposeFactor && st.State != models.StaffActive:
			return models.Refuse(models.Conflict, "staff.error.not_active",
				"This account is not in use. Send a new set-up link instead.", nil)
		}
		if err := s.shut(tx, id, models.StaffInvited); err != nil {
			return err
		}
		if link, err = s.newLink(tx, st, purpose, locale); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{By: by, Action: action, SubjectType: "staff", SubjectID: id,
			Before: map[string]any{"state": st.State}, After: map[string]any{"state": models.StaffInvited}})
	})
	return link, err
}

// AnyVersion stands for the version seen where nobody looked at the account first: the command line.
const AnyVersion = -1

// change locks an account, refuses a decision on an older version, and counts the version up when do succeeds.
func (s *Service) change(ctx context.Context, id int64, seen int, do func(tx *gorm.DB, st models.Staff) error) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		st, err := loadStaff(tx, id)
		if err != nil {
			return err
		}
		if seen != AnyVersion && st.Version != seen {
			return errStale
		}
		if err := do(tx, st); err != nil {
			return err
		}
		n, err := store.ExecTx(tx, `UPDATE staff SET version = version + 1, updated_at = $3 WHERE id = $1 AND version = $2`,
			id, st.Version, s.now())
		if err == nil && n != 1 {
			return errStale
		}
		if err != nil {
			return err
		}
		return queue.Insert(tx, ChangedArgs{}, nil)
	})
}

// shut takes away every way in: second factor, passkeys, recovery codes, links and sessions.
func (s *Service) shut(tx *gorm.DB, id int64, state models.StaffState) error {
	for _, statement := range []string{
		`DELETE FROM staff_recovery_codes WHERE staff_id = $1`,
		`DELETE FROM staff_passkeys WHERE staff_id = $1`,
		`DELETE FROM staff_setup_links WHERE staff_id = $1 AND used_at IS NULL`,
	} {
		if _, err := store.ExecTx(tx, statement, id); err != nil {
			return fmt.Errorf("shut staff %d: %w", id, err)
		}
	}
	if _, err := store.ExecTx(tx, `UPDATE staff SET state = $2, totp_secret = NULL WHERE id = $1`, id, string(state)); err != nil {
		return fmt.Errorf("shut staff %d: %w", id, err)
	}
	_, err := store.ExecTx(tx, `UPDATE staff_sessions SET revoked_at = $2 WHERE staff_id = $1 AND revoked_at IS NULL`, id, s.now())
	return err
}

// keepAnAdmin refuses a change after which nobody could manage accounts. The other admins are locked in order of
// id, so that two admins who demote each other at the same time cannot both succeed.
func keepAnAdmin(tx *gorm.DB, st models.Staff, roles []models.Role) error {
	if !st.Has(models.RoleAdmin) || st.State != models.StaffActive {
		return nil
	}
	for _, r := range roles {
		if r == models.RoleAdmin {
			return nil
		}
	}
	others, err := store.SelectTx[struct{ ID int64 }](tx, `
SELECT id FROM staff WHERE state = 'active' AND 'admin' = ANY (roles) AND id <> $1 ORDER BY id FOR UPDATE`, st.ID)
	if err != nil {
		return fmt.Errorf("look for another admin: %w", err)
	}
	if len(others) == 0 {
		return models.Refuse(models.Conflict, "staff.error.last_admin",
			"This is the only admin who can sign in. Make somebody else an admin first.", nil)
	}
	return nil
}

// SetLocale and SetTheme keep what the person chose; an empty value follows browser and system again.
func (s *Service) SetLocale(ctx context.Context, id int64, locale string) error {
	return s.prefer(ctx, `UPDATE staff SET locale = $2 WHERE id = $1`, id, locale)
}

// SetTheme keeps light, dark or "".
func (s *Service) SetTheme(ctx context.Context, id int64, theme string) error {
	return s.prefer(ctx, `UPDATE staff SET theme = $2 WHERE id = $1`, id, theme)
}

// prefer is not audited: a colour or a language changes nothing of the merchant's.
func (s *Service) prefer(ctx context.Context, statement string, id int64, value string) error {
	if _, err := s.db.Pool.Exec(ctx, statement, id, value); err != nil {
		return fmt.Errorf("keep a preference of staff %d: %w", id, err)
	}
	return nil
}

func normalEmail(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// likePart is the pattern for "contains", "" for nothing; % and _ mean themselves.
func likePart(q string) string {
	if q = strings.TrimSpace(q); q == "" {
		return ""
	}
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(q) + "%"
}
