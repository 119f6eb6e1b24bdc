package main

import (
	"context"
	"fmt"

	"pagaduria/services/ledger"
	"pagaduria/services/store"
)

var ledgerCommand = command{name: "ledger", args: "verify", says: "checks the balance of every posting and account; exit 1 and the first fault when wrong", run: runLedger}

func runLedger(ctx context.Context, t *terminal, args []string) error {
	words, err := flags("ledger", args, nil)
	if err != nil {
		return err
	}
	if len(words) != 1 || words[0] != "verify" {
		return usageError{"ledger does one thing: verify."}
	}
	a, err := openApp(ctx, t, "", false)
	if err != nil {
		return err
	}
	defer func() { _ = a.close() }()
	report, err := ledger.Verify(ctx, a.db.DB, store.Unseen{})
	if err != nil {
		return err
	}
	if report.Fault != "" {
		fmt.Fprintln(t.err, report.Fault)
		return errFaulty
	}
	fmt.Fprintf(t.out, "The books agree: %d entries on %d accounts and %d payouts were checked.\n", report.Entries, report.Accounts, report.Payouts)
	return nil
}
