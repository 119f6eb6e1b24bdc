package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"time"

	"pagaduria/services/blobs"
	"pagaduria/services/payouts"
	"pagaduria/services/vault"
)

var doctorCommand = command{name: "doctor", says: "checks configuration, database, blob store, clock and rails, and says what is wrong", run: runDoctor}

// clockSkew is how far this machine's clock may be from the database's.
const clockSkew = 5 * time.Second

func runDoctor(ctx context.Context, t *terminal, args []string) error {
	if words, err := flags("doctor", args, nil); err != nil || len(words) > 0 {
		return usageError{"doctor takes nothing."}
	}
	cfg, err := loadConfig(t.env, "")
	if err != nil {
		return err
	}
	d := &diagnosis{t: t}
	d.say("configuration", nil)
	open := openDatabase
	if cfg.embedded() {
		open = openMigrated // nobody else brings the embedded schema up to date
	}
	db, err := open(ctx, cfg, slog.New(slog.DiscardHandler), func(s string) { fmt.Fprintln(t.err, s) })
	d.say("database", err)
	if err == nil {
		defer func() { _ = db.close() }()
		d.say("schema and queue", ready(ctx, db.DB))
		d.say("clock", checkClock(ctx, db))
		d.checkRails(ctx, cfg, db)
	}
	d.say("blob store", checkBlobs(ctx, cfg))
	if d.faults > 0 {
		return errFaulty
	}
	return nil
}

// diagnosis prints one line a check and counts the faults.
type diagnosis struct {
	t      *terminal
	faults int
}

func (d *diagnosis) say(what string, err error) {
	if err == nil {
		fmt.Fprintf(d.t.out, "ok     %s\n", what)
		return
	}
	d.faults++
	fmt.Fprintf(d.t.out, "wrong  %s: %s\n", what, sentence(err))
}

func checkClock(ctx context.Context, db *database) error {
	var theirs time.Time
	if err := db.Pool.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&theirs); err != nil {
		return err
	}
	if skew := time.Since(theirs).Abs(); skew > clockSkew {
		return fmt.Errorf("this machine's clock is %s from the database's: set both by NTP, second factors depend on it", skew.Round(time.Second))
	}
	return nil
}

func checkBlobs(ctx context.Context, cfg config) error {
	files, err := blobs.Open(ctx, cfg.BlobURL)
	if err != nil {
		return err
	}
	return files.Close()
}

// checkRails opens a connection to every live rail's host; it sends nothing.
func (d *diagnosis) checkRails(ctx context.Context, cfg config, db *database) {
	keys, err := vault.New([]byte(cfg.SecretKey))
	if err != nil {
		d.say("secret key", err)
		return
	}
	service := payouts.Service{DB: db.DB, Vault: keys, Now: time.Now, Open: (&app{cfg: cfg}).openRail}
	connections, err := service.Connections(ctx)
	if err != nil {
		d.say("rails", err)
		return
	}
	for _, c := range connections {
		if !c.Live() {
			continue
		}
		if _, _, err = service.Rail(ctx, c.ID); err == nil {
			err = reach(ctx, c.BaseURL)
		}
		d.say("rail "+c.Rail+" "+c.Slug, err)
	}
}

func reach(ctx context.Context, address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	port := u.Port()
	if port == "" {
		port = u.Scheme // the dialer knows http and https by name
	}
	dialer := net.Dialer{Timeout: 5 * time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return err
	}
	return conn.Close()
}
