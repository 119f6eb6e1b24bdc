package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"pagaduria/migrations"
	"pagaduria/models"
	"pagaduria/providers"
	"pagaduria/providers/d24"
	"pagaduria/providers/d24/sim"
	"pagaduria/services/demo"
	"pagaduria/services/payouts"
	"pagaduria/services/store"
	"pagaduria/services/store/localpg"
	"pagaduria/services/vault"
)

// bench is one run: a Postgres, the copy of the filled database it works on, and what was found so far.
type bench struct {
	scale   scale
	folder  string
	program string
	key     []byte // the product's secret key
	load    float64
	figures []figure

	server     *localpg.Server
	admin      *pgx.Conn
	db         *store.DB
	payouts    *payouts.Service
	connection models.Connection
	secret     string // second factor of the run's person, once there is one
}

// The databases: one is filled once and kept, the other is its copy.
const (
	filledDB = "filled"
	runDB    = "run"
)

// The addresses of the run's processes.
const (
	productAddr = "127.0.0.1:18080"
	railAddr    = "127.0.0.1:18090"
	bareAddr    = "127.0.0.1:18070"
)

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

func open(ctx context.Context, size string, sc scale, program string) (b *bench, err error) {
	folder, err := filepath.Abs(filepath.Join(".data", "bench-"+size))
	if err != nil {
		return nil, err
	}
	if program, err = filepath.Abs(program); err != nil {
		return nil, err
	}
	key := sha256.Sum256([]byte("the key of a bench protects nothing"))
	b = &bench{scale: sc, folder: folder, program: program, key: key[:], load: loadAverage()}
	if b.server, err = localpg.Start(ctx, folder, localpg.Options{Say: func(s string) { say("%s", s) }}); err != nil {
		return nil, err
	}
	if err = b.prepare(ctx); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

func (b *bench) prepare(ctx context.Context) (err error) {
	if b.admin, err = pgx.Connect(ctx, b.server.URL("postgres")); err != nil {
		return err
	}
	for _, setting := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		var on string
		if err := b.admin.QueryRow(ctx, `SELECT current_setting($1)`, setting).Scan(&on); err != nil || on != "on" {
			return fmt.Errorf("%s is %q, durability must not be relaxed: %w", setting, on, err)
		}
	}
	if err := b.fill(ctx); err != nil {
		return fmt.Errorf("fill the database: %w", err)
	}
	for _, sql := range []string{`DROP DATABASE IF EXISTS ` + runDB + ` WITH (FORCE)`, `CREATE DATABASE ` + runDB + ` TEMPLATE ` + filledDB + ` STRATEGY FILE_COPY`, `CHECKPOINT`} {
		if _, err := b.admin.Exec(ctx, sql); err != nil {
			return fmt.Errorf("copy the filled database: %w", err)
		}
	}
	if b.db, err = store.Open(ctx, b.server.URL(runDB), store.Options{}); err != nil {
		return err
	}
	if b.payouts, err = b.service(b.db); err != nil {
		return err
	}
	b.connection, err = b.payouts.ConnectionBySlug(ctx, "d24", slug)
	return err
}

func (b *bench) close() error {
	if b.db != nil {
		b.db.Close()
	}
	if b.admin != nil {
		_ = b.admin.Close(context.Background())
	}
	return b.server.Stop()
}

// pool opens as many connections as there are clients, all of them at once.
func (b *bench) pool(ctx context.Context, clients int) (*pgxpool.Pool, error) {
	c, err := pgxpool.ParseConfig(b.server.URL(runDB))
	if err != nil {
		return nil, err
	}
	c.MinConns, c.MaxConns = int32(clients), int32(clients)
	return pgxpool.NewWithConfig(ctx, c)
}

// slug names the connection of the filled database.
const slug = "bench"

func (b *bench) service(db *store.DB) (*payouts.Service, error) {
	v, err := vault.New(b.key)
	if err != nil {
		return nil, err
	}
	return &payouts.Service{DB: db, Vault: v, Now: time.Now, Open: func(c models.Connection, k models.Credentials) (providers.Provider, error) {
		return d24.New(d24.Config{BaseURL: c.BaseURL, Login: k.Login, Pass: k.Pass, Signature: k.Signature, NotificationURL: "http://" + productAddr}), nil
	}}, nil
}

// recipe changes when the filled database has to be made anew.
func (b *bench) recipe() (string, error) {
	files, err := filepath.Glob("migrations/*.sql")
	if err != nil {
		return "", err
	}
	demos, err := filepath.Glob("services/demo/*.go")
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintf(h, "%d %d %d %x", b.scale.Payouts, b.scale.Orders, b.scale.Distributors, b.key)
	for _, f := range append(files, demos...) {
		text, err := os.ReadFile(f)
		if err != nil {
			return "", err
		}
		h.Write(text)
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}

// fill makes the filled database unless it is there as it should be.
func (b *bench) fill(ctx context.Context) error {
	recipe, err := b.recipe()
	if err != nil {
		return err
	}
	note := filepath.Join(b.folder, "filled")
	if done, err := os.ReadFile(note); err == nil && string(done) == recipe {
		return nil
	}
	say("Filling the database with %d payouts and %d orders; it is kept for the next run.", b.scale.Payouts, b.scale.Orders)
	_ = os.Remove(note)
	for _, sql := range []string{`DROP DATABASE IF EXISTS ` + filledDB + ` WITH (FORCE)`, `CREATE DATABASE ` + filledDB} {
		if _, err := b.admin.Exec(ctx, sql); err != nil {
			return err
		}
	}
	db, err := store.Open(ctx, b.server.URL(filledDB), store.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	if err := b.pour(ctx, db); err != nil {
		return err
	}
	return os.WriteFile(note, []byte(recipe), 0o644)
}

// pour writes the demo data, its staff and its connection.
func (b *bench) pour(ctx context.Context, db *store.DB) error {
	if err := migrations.Up(ctx, db.Pool); err != nil {
		return err
	}
	s, err := b.service(db)
	if err != nil {
		return err
	}
	c := models.Connection{Slug: slug, Rail: "d24", Name: "D24", State: "live", BaseURL: "http://" + railAddr + "/d24", ValidityDays: 7,
		Rate: 10_000, Concurrency: 64}
	id, err := s.SaveConnection(ctx, models.System("bench"), c,
		&models.Credentials{Login: sim.DefaultLogin, Pass: sim.DefaultPass, Signature: sim.DefaultSignature})
	if err != nil {
		return err
	}
	if _, err := s.AddFeeSchedule(ctx, models.System("bench"), models.FeeSchedule{ConnectionID: id, From: models.Day(time.Now()),
		Tiers: []models.FeeTier{{Fixed: models.Pesos(4500)}}, Min: models.Pesos(0), IVABPS: 1900}); err != nil {
		return err
	}
	cast := demo.Cast{}
	if cast.Connection, err = s.Connection(ctx, id); err != nil {
		return err
	}
	for _, who := range []struct {
		actor *models.Actor
		name  string
		role  models.Role
	}{{&cast.Maker, "Marta", models.RoleFinance}, {&cast.Checker, "Carlos", models.RoleApprover}} {
		*who.actor = models.Actor{Name: who.name, Roles: []models.Role{who.role}}
		err := db.Pool.QueryRow(ctx, `INSERT INTO staff (email, name, roles, state, password_hash, totp_secret) VALUES (lower($1) || '@bench.test', $1, ARRAY[$2], 'active', 'x', 'x') RETURNING id`,
			who.name, string(who.role)).Scan(&who.actor.StaffID)
		if err != nil {
			return err
		}
	}
	size := demo.Size{Distributors: b.scale.Distributors, Orders: b.scale.Orders, Payouts: b.scale.Payouts, Seed: 1}
	if err := demo.Fill(ctx, db, size, cast, time.Now()); err != nil {
		return err
	}
	_, err = db.Pool.Exec(ctx, `VACUUM ANALYZE`)
	return err
}

// actor is one of the people of the filled database.
func (b *bench) actor(ctx context.Context, name string, role models.Role) (models.Actor, error) {
	a := models.Actor{Name: name, Roles: []models.Role{role}}
	return a, b.db.Pool.QueryRow(ctx, `SELECT id FROM staff WHERE name = $1`, name).Scan(&a.StaffID)
}
