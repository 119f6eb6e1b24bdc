package staff

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

// DemoPassword opens every account of Demo.
const DemoPassword = "demo-pagaduria"

// Demo are the accounts of serve --demo.
var Demo = []NewStaff{
	{Email: "admin@demo.test", Name: "Adriana Mejía", Roles: []models.Role{models.RoleAdmin}},
	{Email: "finance@demo.test", Name: "Felipe Naranjo", Roles: []models.Role{models.RoleFinance}},
	{Email: "approver@demo.test", Name: "Mariana Ríos", Roles: []models.Role{models.RoleApprover}},
	{Email: "approver2@demo.test", Name: "Andrés Quintero", Roles: []models.Role{models.RoleApprover}},
	{Email: "compliance@demo.test", Name: "Catalina Duque", Roles: []models.Role{models.RoleCompliance}},
	{Email: "compliance2@demo.test", Name: "Ricardo Leal", Roles: []models.Role{models.RoleCompliance}},
	{Email: "support@demo.test", Name: "Sergio Patiño", Roles: []models.Role{models.RoleSupport}},
	{Email: "auditor@demo.test", Name: "Aura Cifuentes", Roles: []models.Role{models.RoleAuditor}},
}

// isDemo answers whether everybody knows the secrets of the account. Outside the demo such accounts, left in a
// database by it, cannot be used.
func isDemo(email string) bool {
	return slices.ContainsFunc(Demo, func(n NewStaff) bool { return n.Email == email })
}

// demoSecret is the same on every machine, so that demo accounts survive a new secret key.
func demoSecret(email string) string {
	h := sha256.Sum256([]byte("pagaduria demo " + email))
	return otp32.EncodeToString(h[:20])
}

// EnsureDemo makes the demo accounts usable, whatever was done to them. Only
// a server with Options.Demo lets them in.
func (s *Service) EnsureDemo(ctx context.Context) error {
	hash, err := hashPassword(DemoPassword)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		for _, n := range Demo {
			if err := s.ensureDemo(tx, n, hash); err != nil {
				return fmt.Errorf("demo account %s: %w", n.Email, err)
			}
		}
		return nil
	})
}

func (s *Service) ensureDemo(tx *gorm.DB, n NewStaff, hash string) error {
	ids, err := store.SelectTx[struct{ ID int64 }](tx, `
INSERT INTO staff (email, name, roles) VALUES ($1, $2, $3) ON CONFLICT (email) DO NOTHING RETURNING id`, n.Email, n.Name, n.Roles)
	if err != nil {
		return err
	}
	if len(ids) == 1 {
		return s.openDemo(tx, ids[0].ID, n, hash)
	}
	rows, err := store.SelectTx[struct {
		ID     int64
		State  string
		Hash   string
		Secret []byte
	}](tx, `SELECT id, state, password_hash, totp_secret FROM staff WHERE email = $1 FOR UPDATE`, n.Email)
	if err != nil || len(rows) == 0 {
		return err
	}
	r := rows[0]
	secret, _ := s.vault.Open(r.Secret, totpLabel(r.ID)) // nothing to open, or another key: set anew below
	same, _ := samePassword(DemoPassword, r.Hash)        // no hash yet: set anew too
	if r.State == string(models.StaffActive) && same && string(secret) == demoSecret(n.Email) {
		return nil
	}
	return s.openDemo(tx, r.ID, n, hash)
}

func (s *Service) openDemo(tx *gorm.DB, id int64, n NewStaff, hash string) error {
	if err := s.activate(tx, id, hash, demoSecret(n.Email), 0); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{By: models.System("demo"), Action: "staff.demo", SubjectType: "staff", SubjectID: id,
		After: map[string]any{"email": n.Email, "roles": n.Roles}})
}

// DemoCode answers a second factor of a demo account that works now: the current one, or the next when that was
// used already. "" for any other account, and outside the demo.
func (s *Service) DemoCode(ctx context.Context, email string) (string, error) {
	email = normalEmail(email)
	if !s.demo || !isDemo(email) {
		return "", nil
	}
	var used int64
	if err := s.db.Pool.QueryRow(ctx, `SELECT COALESCE(max(totp_step), 0) FROM staff WHERE email = $1`, email).Scan(&used); err != nil {
		return "", fmt.Errorf("code of a demo account: %w", err)
	}
	at := step(s.now())
	if used >= at {
		at = min(used+1, at+totpSkew)
	}
	return codeAt(demoSecret(email), at)
}
