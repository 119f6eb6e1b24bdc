// Package staff keeps the accounts of the people who work here: how they are invited, what they may do, how they
// sign in with two factors, and the browsers they are signed in with.
package staff

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/mail"
	"pagaduria/services/store"
	"pagaduria/services/vault"
)

// Service holds the use cases of staff accounts.
type Service struct {
	db     *store.DB
	vault  *vault.Vault
	mail   *mail.Outbox
	now    func() time.Time
	setup  func(token string) string
	csrf   []byte // key of the form tokens
	codes  []byte // key of the recovery codes' hashes
	issuer string
	demo   bool

	relying *webauthn.WebAuthn // nil where browsers have no passkeys
	handles []byte             // key of the names that authenticators know people by
}

// Options are what a Service needs.
type Options struct {
	DB    *store.DB
	Vault *vault.Vault
	Mail  *mail.Outbox              // where invitations go
	Now   func() time.Time          // nil = time.Now
	SetUp func(token string) string // address of a one-time link
	Name  string                    // of the product or merchant, shown by authenticator apps; "" = Pagaduría
	Site  *url.URL                  // public address; passkeys belong to its host
	Demo  bool                      // the accounts of Demo can sign in: only on a loopback address
}

// New makes a Service.
func New(o Options) (*Service, error) {
	s := &Service{db: o.DB, vault: o.Vault, mail: o.Mail, now: o.Now, setup: o.SetUp, issuer: o.Name, demo: o.Demo}
	if s.now == nil {
		s.now = time.Now
	}
	if s.issuer == "" {
		s.issuer = "Pagaduría"
	}
	var err error
	if s.csrf, err = o.Vault.Derive("form tokens"); err != nil {
		return nil, err
	}
	if s.codes, err = o.Vault.Derive("recovery codes"); err != nil {
		return nil, err
	}
	if s.handles, err = o.Vault.Derive("passkey handles"); err != nil {
		return nil, err
	}
	s.relying, err = relyingParty(o.Site, s.issuer)
	return s, err
}

const selectStaff = `
SELECT st.id, st.email, st.name, st.roles, st.state, st.locale, st.theme, st.version, st.created_at,
    (SELECT max(s.seen_at) FROM staff_sessions s WHERE s.staff_id = st.id)
FROM staff st `

// PageSize is how many accounts a page of the list shows.
const PageSize = 50

// List is one page of the accounts, newest first, found by a part of name or e-mail and by state when given.
func (s *Service) List(ctx context.Context, f Filter, c store.Cursor) (store.Page[models.Staff], error) {
	args := c.Bind(pgx.NamedArgs{"q": likePart(f.Query), "state": string(f.State), "role": string(f.Role), "size": PageSize + 1})
	rows, err := store.Select[models.Staff](ctx, s.db.Pool, selectStaff+`
WHERE (@q = '' OR st.name ILIKE @q OR st.email ILIKE @q) AND (@state = '' OR st.state = @state)
    AND (@role = '' OR @role = ANY (st.roles)) AND `+c.Where("", "st.id")+` ORDER BY `+c.Order("", "st.id")+` LIMIT @size`, args)
	if err != nil {
		return store.Page[models.Staff]{}, fmt.Errorf("list staff: %w", err)
	}
	return store.MakePage(rows, PageSize, c, func(st models.Staff) store.Cursor { return store.Cursor{ID: st.ID} }), nil
}

// Filter narrows the list of accounts; zero fields let everything through.
type Filter struct {
	Query string
	State models.StaffState
	Role  models.Role
}

// Get reads one account.
func (s *Service) Get(ctx context.Context, id int64) (models.Staff, error) {
	st, err := store.SelectOne[models.Staff](ctx, s.db.Pool, selectStaff+`WHERE st.id = $1`, id)
	if err != nil {
		return st, notFound(fmt.Errorf("load staff %d: %w", id, err))
	}
	return st, nil
}

// ByEmail reads one account by its address, in any case.
func (s *Service) ByEmail(ctx context.Context, email string) (models.Staff, error) {
	st, err := store.SelectOne[models.Staff](ctx, s.db.Pool, selectStaff+`WHERE st.email = $1`, normalEmail(email))
	if err != nil {
		return st, notFound(fmt.Errorf("load staff by e-mail: %w", err))
	}
	return st, nil
}

// All lists every account by name, for the command line.
func (s *Service) All(ctx context.Context) ([]models.Staff, error) {
	return store.Select[models.Staff](ctx, s.db.Pool, selectStaff+`ORDER BY st.name, st.id`)
}

// loadStaff reads one account and locks it until the transaction ends.
func loadStaff(tx *gorm.DB, id int64) (models.Staff, error) {
	rows, err := store.SelectTx[models.Staff](tx, selectStaff+`WHERE st.id = $1 FOR UPDATE OF st`, id)
	if err == nil && len(rows) == 0 {
		err = gorm.ErrRecordNotFound
	}
	if err != nil {
		return models.Staff{}, notFound(fmt.Errorf("load staff %d: %w", id, err))
	}
	return rows[0], nil
}

func notFound(err error) error {
	return store.NotFound(err, "staff.error.not_found", "There is no such account.")
}

var errStale = models.Refuse(models.Conflict, "staff.error.stale",
	"The account changed after you opened it. Load it again before you decide.", nil)
