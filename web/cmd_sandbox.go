package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
)

var sandboxCommand = command{
	name: "sandbox", args: "[--addr " + sandboxAddr + "] [--journal FILE]",
	says: "runs the rail simulators, with a teller page for cash pick-up at /teller; FILE keeps their orders", run: runSandbox,
}

func runSandbox(ctx context.Context, t *terminal, args []string) error {
	addr, journal := sandboxAddr, ""
	words, err := flags("sandbox", args, func(f *flag.FlagSet) {
		f.StringVar(&addr, "addr", addr, "")
		f.StringVar(&journal, "journal", "", "")
	})
	if err != nil {
		return err
	}
	if len(words) > 0 {
		return usageError{fmt.Sprintf("sandbox takes no %q.", words[0])}
	}
	l, err := listen(addr)
	if err != nil {
		return err
	}
	s, err := openSandbox(l, journal)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	fmt.Fprintf(t.out, "Rail simulators on http://%s, teller page at http://%s/teller\n", s.addr, s.addr)
	select {
	case err = <-s.failed:
	case <-ctx.Done():
	}
	return errors.Join(err, s.close())
}
