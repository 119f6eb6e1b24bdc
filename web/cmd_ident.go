package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"

	"pagaduria/models/ident"
)

var identCommand = command{name: "ident", args: "COUNTRY TYPE NUMBER [--json]", says: "checks an identity document or a phone (TYPE PHONE)", run: runIdent}

func runIdent(_ context.Context, t *terminal, args []string) error {
	var asJSON bool
	words, err := flags("ident", args, func(f *flag.FlagSet) { f.BoolVar(&asJSON, "json", false, "") })
	if err != nil {
		return err
	}
	if len(words) != 3 {
		return usageError{"ident takes a country, a type and a number."}
	}
	r := ident.Check(words[0], words[1], words[2])
	switch {
	case asJSON:
		if err := json.NewEncoder(t.out).Encode(r); err != nil {
			return err
		}
	case r.Valid:
		fmt.Fprintf(t.out, "valid: %s", r.Normalized)
		if r.CheckDigit != "" {
			fmt.Fprintf(t.out, "-%s", r.CheckDigit)
		}
		fmt.Fprintln(t.out)
		for _, w := range r.Warnings {
			fmt.Fprintf(t.out, "warning: %v\n", w)
		}
	default:
		fmt.Fprintln(t.err, r.Message)
	}
	if !r.Valid {
		return errRefused
	}
	return nil
}
