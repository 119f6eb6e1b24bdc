package main

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"pagaduria/services/demo"
)

var demoCommand = command{name: "demo", args: "[--distributors N] [--orders N] [--payouts N] [--seed S]",
	says: "fills a database with a merchant's history at any size, the same for the same seed", run: runDemo}

// sandboxAPI is where the sandbox command serves D24's API.
const sandboxAPI = "http://127.0.0.1:8090/d24"

func runDemo(ctx context.Context, t *terminal, args []string) (err error) {
	size := demo.Small
	words, err := flags("demo", args, func(f *flag.FlagSet) {
		f.IntVar(&size.Distributors, "distributors", size.Distributors, "")
		f.IntVar(&size.Orders, "orders", size.Orders, "")
		f.IntVar(&size.Payouts, "payouts", size.Payouts, "")
		f.Uint64Var(&size.Seed, "seed", size.Seed, "")
	})
	if err != nil {
		return err
	}
	if len(words) > 0 || size.Orders < 0 || size.Payouts < 0 {
		return usageError{"demo takes whole numbers: --distributors N --orders N --payouts N --seed S."}
	}
	a, err := openApp(ctx, t, "", true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	if _, err := a.fillDemo(ctx, size, sandboxAPI); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "The database now has %d distributors, %d orders and %d payouts of the demo.\n", size.Distributors, size.Orders, size.Payouts)
	return nil
}
