package payouts

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/providers"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

// railCache keeps the adapter of each connection as long as its settings stay the same.
type railCache struct {
	mu    sync.Mutex
	rails map[int64]openRail
}

type openRail struct {
	connection models.Connection
	provider   providers.Provider
}

// secretsLabel binds sealed credentials to their purpose.
const secretsLabel = "connection"

const connectionColumns = `id, slug, rail, name, state, paused_cause, base_url, validity_days, rate, concurrency, max_amount, egress_address,
    gmf, gmf_reason, float_control, float_alarm, float_alarm_days, version, updated_at`

func scanConnection(row pgx.CollectableRow) (c models.Connection, err error) {
	var limit, alarm *int64
	err = row.Scan(&c.ID, &c.Slug, &c.Rail, &c.Name, &c.State, &c.PausedCause, &c.BaseURL, &c.ValidityDays, &c.Rate, &c.Concurrency,
		&limit, &c.EgressAddress, &c.GMF, &c.GMFReason, &c.FloatControl, &alarm, &c.AlarmDays, &c.Version, &c.UpdatedAt)
	c.MaxAmount, c.FloatAlarm = centavos(limit), centavos(alarm)
	return c, err
}

func selectConnections(ctx context.Context, q store.Querier, where string, args ...any) ([]models.Connection, error) {
	rows, err := q.Query(ctx, `SELECT `+connectionColumns+` FROM connections `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read connections: %w", err)
	}
	return pgx.CollectRows(rows, scanConnection)
}

// Connections lists every connection, oldest first.
func (s *Service) Connections(ctx context.Context) ([]models.Connection, error) {
	return selectConnections(ctx, s.DB.Pool, `ORDER BY id`)
}

// Connection reads one connection.
func (s *Service) Connection(ctx context.Context, id int64) (models.Connection, error) {
	return oneConnection(selectConnections(ctx, s.DB.Pool, `WHERE id = $1`, id))
}

// ConnectionBySlug reads the connection that a notification address names.
func (s *Service) ConnectionBySlug(ctx context.Context, rail, slug string) (models.Connection, error) {
	return oneConnection(selectConnections(ctx, s.DB.Pool, `WHERE rail = $1 AND slug = $2`, rail, slug))
}

func oneConnection(list []models.Connection, err error) (models.Connection, error) {
	if err != nil {
		return models.Connection{}, err
	}
	if len(list) == 0 {
		return models.Connection{}, errNoConnection
	}
	return list[0], nil
}

// Rail returns a connection with its adapter, opened anew only when its settings changed.
func (s *Service) Rail(ctx context.Context, connectionID int64) (models.Connection, providers.Provider, error) {
	c, err := s.Connection(ctx, connectionID)
	if err != nil {
		return c, nil, err
	}
	s.rails.mu.Lock()
	defer s.rails.mu.Unlock()
	if known, ok := s.rails.rails[c.ID]; ok && known.connection.Version == c.Version {
		return c, known.provider, nil
	}
	var sealed []byte
	if err := s.DB.Pool.QueryRow(ctx, `SELECT secrets FROM connections WHERE id = $1`, c.ID).Scan(&sealed); err != nil {
		return c, nil, fmt.Errorf("read secrets of connection %d: %w", c.ID, err)
	}
	credentials, err := s.unseal(sealed)
	if err != nil {
		return c, nil, fmt.Errorf("connection %d: %w", c.ID, err)
	}
	provider, err := s.Open(c, credentials)
	if err != nil {
		return c, nil, fmt.Errorf("open connection %d: %w", c.ID, err)
	}
	if s.rails.rails == nil {
		s.rails.rails = map[int64]openRail{}
	}
	s.rails.rails[c.ID] = openRail{c, provider}
	return c, provider, nil
}

func (s *Service) unseal(sealed []byte) (c models.Credentials, err error) {
	plain, err := s.Vault.Open(sealed, secretsLabel)
	if err != nil {
		return c, fmt.Errorf("open its secrets (was the secret key changed?): %w", err)
	}
	return c, json.Unmarshal(plain, &c)
}

func (s *Service) seal(c models.Credentials) ([]byte, error) {
	plain, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	return s.Vault.Seal(plain, secretsLabel), nil
}

const (
	insertConnection = `
INSERT INTO connections (slug, rail, name, state, base_url, secrets, validity_days, rate, concurrency, max_amount, egress_address)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id`
	updateConnection = `
UPDATE connections SET name = $3, state = $4, paused_cause = '', base_url = $5, validity_days = $6, rate = $7, concurrency = $8,
    max_amount = $9, egress_address = $10, secrets = COALESCE($11, secrets), version = version + 1, updated_at = now()
WHERE id = $1 AND version = $2`
)

// SaveConnection creates (ID 0) or changes a connection. Credentials are replaced when given and kept when nil.
// The audit log says that secrets changed, never which.
func (s *Service) SaveConnection(ctx context.Context, by models.Actor, c models.Connection, fresh *models.Credentials) (int64, error) {
	if err := mayChange(by); err != nil {
		return 0, err
	}
	if err := c.Check(fresh != nil); err != nil {
		return 0, err
	}
	var sealed []byte
	if fresh != nil {
		var err error
		if sealed, err = s.seal(*fresh); err != nil {
			return 0, err
		}
	}
	limit := minor(c.MaxAmount)
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		event := audit.Entry{By: by, Action: "connection.change", SubjectType: "connection", SubjectID: c.ID, After: connectionFacts(c, fresh != nil)}
		if c.ID == 0 {
			ids, err := store.SelectTx[struct{ ID int64 }](tx, insertConnection, c.Slug, c.Rail, c.Name, c.State, c.BaseURL, sealed, c.ValidityDays,
				c.Rate, c.Concurrency, limit, c.EgressAddress)
			if err != nil {
				if store.Constraint(err) == "connections_slug_key" {
					return models.Refuse(models.Conflict, "connection.refused.slug", "Another connection has this short name.", nil).
						WithField("slug", "connection.refused.slug")
				}
				return fmt.Errorf("create connection: %w", err)
			}
			c.ID = ids[0].ID
			event.Action, event.SubjectID = "connection.create", c.ID
			return audit.Record(tx, event)
		}
		before, err := oneConnection(selectConnectionsTx(tx, c.ID))
		if err != nil {
			return err
		}
		if by.StaffID != 0 {
			if err := s.refuseMove(tx, before, c, fresh); err != nil {
				return err
			}
		}
		event.Before = connectionFacts(before, false)
		n, err := store.ExecTx(tx, updateConnection, c.ID, c.Version, c.Name, c.State, c.BaseURL, c.ValidityDays, c.Rate, c.Concurrency,
			limit, c.EgressAddress, sealed)
		if err != nil {
			return fmt.Errorf("save connection %d: %w", c.ID, err)
		}
		if n != 1 {
			return errStaleConnection
		}
		return audit.Record(tx, event)
	})
	return c.ID, err
}

const (
	underWay  = `SELECT EXISTS (SELECT 1 FROM payouts WHERE connection_id = $1 AND state IN ('submitting', 'unknown', 'sent', 'available', 'on_hold'))`
	secretsOf = `SELECT secrets FROM connections WHERE id = $1`
)

// refuseMove keeps a connection from being pointed at another account while payouts are under way: that account does not
// know them, so that they would be sent there a second time.
func (s *Service) refuseMove(tx *gorm.DB, before, after models.Connection, fresh *models.Credentials) error {
	moved := before.BaseURL != after.BaseURL
	if fresh != nil && !moved {
		rows, err := store.SelectTx[struct{ Sealed []byte }](tx, secretsOf, before.ID)
		if err != nil {
			return fmt.Errorf("read secrets of connection %d: %w", before.ID, err)
		}
		known, err := s.unseal(rows[0].Sealed)
		moved = err != nil || known.Login != fresh.Login
	}
	if !moved {
		return nil
	}
	rows, err := store.SelectTx[struct{ Yes bool }](tx, underWay, before.ID)
	if err != nil {
		return fmt.Errorf("payouts under way at connection %d: %w", before.ID, err)
	}
	if rows[0].Yes {
		return models.Refuse(models.Conflict, "connection.refused.under_way",
			"Payouts are under way over this connection, and only its present account knows them. Add another connection for the other account.", nil)
	}
	return nil
}

func selectConnectionsTx(tx *gorm.DB, id int64) (list []models.Connection, err error) {
	err = store.Conn(tx, func(c *pgx.Conn) error {
		list, err = selectConnections(tx.Statement.Context, c, `WHERE id = $1 FOR UPDATE`, id)
		return err
	})
	return list, err
}

func connectionFacts(c models.Connection, secretsChanged bool) map[string]any {
	return map[string]any{"name": c.Name, "state": c.State, "base_url": c.BaseURL, "validity_days": c.ValidityDays, "rate": c.Rate,
		"concurrency": c.Concurrency,
		"max_amount":  c.MaxAmount, "egress_address": c.EgressAddress, "secrets_changed": secretsChanged}
}
