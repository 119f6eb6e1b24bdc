package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"pagaduria/services/blobs"
	"pagaduria/services/clamd"
	"pagaduria/services/documents"
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
	if db != nil {
		d.say("documents", checkDocuments(ctx, cfg, db))
	}
	if cfg.ClamdURL != "" {
		d.say("virus scanner", checkScanner(ctx, cfg))
	}
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
	return errors.Join(files.Ready(ctx), files.Close())
}

// checkDocuments says which files of documents are lost, or are no longer what was stored.
func checkDocuments(ctx context.Context, cfg config, db *database) error {
	files, err := blobs.Open(ctx, cfg.BlobURL)
	if err != nil {
		return err
	}
	defer func() { _ = files.Close() }()
	keys, err := vault.New([]byte(cfg.SecretKey))
	if err != nil {
		return err
	}
	service := documents.Service{DB: db.DB, Blobs: files, Vault: keys, Now: time.Now}
	h, err := service.Check(ctx)
	if err != nil {
		return err
	}
	bad := slices.Concat(h.Missing, h.Damaged)
	if len(bad) == 0 {
		return nil
	}
	return fmt.Errorf("of %d files %d are missing and %d are damaged: bring them back from a backup: %s", h.Blobs, len(h.Missing), len(h.Damaged),
		strings.Join(bad[:min(len(bad), 20)], ", "))
}

func checkScanner(ctx context.Context, cfg config) error {
	scanner, err := clamd.New(cfg.ClamdURL)
	if err != nil {
		return err
	}
	return scanner.Ping(ctx)
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
