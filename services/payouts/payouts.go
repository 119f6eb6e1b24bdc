// Package payouts is the way of money out: composing batches, having them approved by a second person, handing
// payouts to a rail exactly once, following them, and keeping the books in step.
package payouts

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/providers"
	"pagaduria/services/store"
	"pagaduria/services/vault"
)

// OpenRail builds the adapter of a connection. The service keeps one per connection and version, so that its rate
// limit and circuit breaker last.
type OpenRail func(models.Connection, models.Credentials) (providers.Provider, error)

// Service holds what every use case of the area needs.
type Service struct {
	DB    *store.DB
	Vault *vault.Vault
	Open  OpenRail
	Now   func() time.Time

	// Observe is told of every call to a rail, for metrics; it may be nil.
	Observe func(rail, call, outcome string, took time.Duration)

	// HandOverAfter is how long an approved batch waits before it is handed over, so that the approval can be undone; 0
	// is not at all.
	HandOverAfter time.Duration

	// Messenger writes to payees about cash that waits for them.
	Messenger Messenger

	// ResendAfter overrides how long to wait before a payout that the rail does not know is sent again; 0 is a minute.
	ResendAfter time.Duration

	// DeadAfter overrides how long a silent process counts as alive; 0 is 15 seconds.
	DeadAfter time.Duration

	rails  railCache
	worker workerState
	recent recentTallies
}

const payoutColumns = `p.id, p.code, p.batch_id, p.distributor_id, p.connection_id, p.state, p.amount, p.fee, p.fee_iva, p.gmf, p.fee_charged, p.carry_in, p.carry_out,
    p.country, p.doc_type, p.doc_number, p.doc_dv, p.given_names, p.surnames, p.business_name, p.phone, p.email, p.address, p.city, p.divipola,
    p.method_kind, p.bank_code, p.account_type, p.account_number, p.bre_b_key, p.bre_b_kind,
    p.rail_id, p.cause, p.rail_code, p.rail_reason, p.removed_reason, p.next_poll_at, p.polls, p.overdue_at, p.expires_at,
    p.submitted_at, p.sent_at, p.available_at, p.paid_at, p.state_at, p.version, p.created_at`

// scanPayout reads payoutColumns, after any columns into leading.
func scanPayout(row pgx.CollectableRow, leading ...any) (p models.Payout, err error) {
	var charged *int64
	err = row.Scan(append(leading, &p.ID, &p.Code, &p.BatchID, &p.DistributorID, &p.ConnectionID, &p.State, &p.Amount, &p.Fee, &p.FeeIVA, &p.GMF, &charged, &p.CarryIn, &p.CarryOut,
		&p.Payee.Country, &p.Payee.DocType, &p.Payee.DocNumber, &p.Payee.DocDV, &p.Payee.GivenNames, &p.Payee.Surnames,
		&p.Payee.BusinessName, &p.Payee.Phone, &p.Payee.Email, &p.Payee.Address, &p.Payee.City, &p.Payee.Divipola,
		&p.To.Kind, &p.To.BankCode, &p.To.AccountType, &p.To.AccountNumber, &p.To.BreBKey, &p.To.BreBKeyKind,
		&p.RailID, &p.Cause, &p.RailCode, &p.RailReason, &p.RemovedReason, &p.NextPollAt, &p.Polls, &p.OverdueAt, &p.ExpiresAt,
		&p.SubmittedAt, &p.SentAt, &p.AvailableAt, &p.PaidAt, &p.StateAt, &p.Version, &p.CreatedAt)...)
	p.FeeCharged = centavos(charged)
	return p, err
}

// centavos is an amount that may be absent.
func centavos(minor *int64) *models.Money {
	if minor == nil {
		return nil
	}
	m := models.Centavos(*minor)
	return &m
}

// minor is an amount that may be absent, as it is stored.
func minor(m *models.Money) *int64 {
	if m == nil {
		return nil
	}
	return &m.Minor
}

func collectPayout(row pgx.CollectableRow) (models.Payout, error) { return scanPayout(row) }

// selectPayouts reads payouts by a statement that starts with SELECT payoutColumns.
func selectPayouts(ctx context.Context, q store.Querier, sql string, args ...any) ([]models.Payout, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, collectPayout)
}

func selectPayoutsTx(tx *gorm.DB, sql string, args ...any) (list []models.Payout, err error) {
	err = store.Conn(tx, func(c *pgx.Conn) error {
		list, err = selectPayouts(tx.Statement.Context, c, sql, args...)
		return err
	})
	return list, err
}

const lockPayout = `SELECT ` + payoutColumns + ` FROM payouts p WHERE p.id = $1 FOR UPDATE`

// loadLocked reads one payout under its row lock.
func loadLocked(tx *gorm.DB, id int64) (models.Payout, error) {
	list, err := selectPayoutsTx(tx, lockPayout, id)
	if err != nil {
		return models.Payout{}, fmt.Errorf("lock payout %d: %w", id, err)
	}
	if len(list) == 0 {
		return models.Payout{}, errNoPayout
	}
	return list[0], nil
}

// Payout reads one payout.
func (s *Service) Payout(ctx context.Context, id int64) (models.Payout, error) {
	list, err := selectPayouts(ctx, s.DB.Pool, `SELECT `+payoutColumns+` FROM payouts p WHERE p.id = $1`, id)
	if err != nil {
		return models.Payout{}, fmt.Errorf("read payout %d: %w", id, err)
	}
	if len(list) == 0 {
		return models.Payout{}, errNoPayout
	}
	return list[0], nil
}

var (
	errNoPayout     = models.Refuse(models.NotFound, "payout.not_found", "There is no such payout.", nil)
	errNoBatch      = models.Refuse(models.NotFound, "batch.not_found", "There is no such batch.", nil)
	errNoConnection = models.Refuse(models.NotFound, "connection.not_found", "There is no such connection.", nil)

	errStaleConnection = models.Refuse(models.Conflict, "connection.refused.stale", "Somebody changed this connection after you opened it. Load it again.", nil)
)

// orderOf is what the rail is told about a payout.
func orderOf(p models.Payout) providers.Order {
	return providers.Order{Reference: p.Code, Amount: p.Amount, Payee: p.Payee, Destination: p.To}
}

func refOf(p models.Payout) providers.Ref {
	return providers.Ref{Reference: p.Code, RailID: p.RailID, Kind: p.To.Kind}
}
