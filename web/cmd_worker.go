package main

import (
	"context"
	"errors"
)

var workerCommand = command{
	name: "worker", says: "runs workers only; any number of processes may work on one database", run: runWorker,
}

func runWorker(ctx context.Context, t *terminal, args []string) (err error) {
	words, err := flags("worker", args, nil)
	if err != nil {
		return err
	}
	if len(words) > 0 {
		return usageError{"worker takes nothing."}
	}
	a, err := openApp(ctx, t, "", false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	stop, err := a.work(ctx)
	if err != nil {
		return err
	}
	a.log.InfoContext(ctx, "working")
	<-ctx.Done()
	a.drain(ctx, stop)
	return nil
}
