package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
)

var serveCommand = command{
	name: "serve", args: "[--addr 127.0.0.1:8080] [--demo] [--no-worker]",
	says: "runs the web server, and workers in the same process unless --no-worker", run: runServe,
}

func runServe(ctx context.Context, t *terminal, args []string) (err error) {
	var addr string
	var demo, noWorker bool
	words, err := flags("serve", args, func(f *flag.FlagSet) {
		f.StringVar(&addr, "addr", "", "")
		f.BoolVar(&demo, "demo", false, "")
		f.BoolVar(&noWorker, "no-worker", false, "")
	})
	if err != nil {
		return err
	}
	if len(words) > 0 {
		return usageError{fmt.Sprintf("serve takes no %q.", words[0])}
	}
	cfg, err := loadConfig(t.env, addr)
	if err != nil {
		return err
	}
	if demo && !cfg.loopback() {
		return usageError{"--demo shows its passwords, so it serves this machine only: use an address like 127.0.0.1:8080."}
	}
	l, err := listen(cfg.Addr)
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	a, err := openApp(ctx, t, addr, demo)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	if demo {
		stop, err := a.demoRails(ctx, l.Addr().String())
		if err != nil {
			return err
		}
		defer stop()
	}
	if !noWorker {
		stop, err := a.work(ctx)
		if err != nil {
			return err
		}
		defer a.drain(ctx, stop)
	}
	a.log.InfoContext(ctx, "serving", "on", l.Addr().String(), "workers", !noWorker, "demo", demo)
	a.h.Webhooks.Start()
	defer a.h.Webhooks.Stop()
	s := &server{cfg: cfg, db: a.db.DB, h: a.h, log: a.log, metrics: a.metrics, authenticate: a.h.Authenticate}
	saveMemory()
	return s.serve(ctx, l)
}

// drain stops the workers, giving jobs at work as long as requests get.
func (a *app) drain(ctx context.Context, stop func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if err := stop(ctx); err != nil {
		a.log.WarnContext(ctx, "jobs were broken off; they will be taken up again", "error", err)
	}
}
