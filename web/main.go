// Command pagaduria is a merchant's back office for paying commissions: web server, workers and
// maintenance commands in one program. This package holds the commands, the configuration, the route
// table and the wiring; it alone sees everything.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"pagaduria/models"
)

// command is one word of the command line. Each has a file of its own: cmd_serve.go and so on.
type command struct {
	name string
	args string // what follows the name, as help shows it
	says string // one line of help
	run  func(ctx context.Context, t *terminal, args []string) error
}

// commands is the dispatch table, in the order help shows it.
func commands() []command {
	return []command{
		serveCommand, workerCommand, migrateCommand, demoCommand, staffCommand, auditCommand, ledgerCommand, importCommand, identCommand, filesCommand, listsCommand, screenCommand,
		sandboxCommand, doctorCommand,
	}
}

// terminal is what a command reads and writes. Answers go to out, everything else to err.
type terminal struct {
	in       io.Reader
	out, err io.Writer
	env      func(string) string
}

// usageError is a wrong command line: exit 2.
type usageError struct{ sentence string }

func (e usageError) Error() string { return e.sentence }

// errRefused is the answer of a command that did its work and says no, e.g. because of refused rows: what
// there was to say has been said, and the exit code is 2.
var errRefused = errors.New("refused")

// errFaulty is the answer of a check that found a fault and has said so: exit 1.
var errFaulty = errors.New("faulty")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	t := &terminal{in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.Getenv}
	code := dispatch(ctx, t, os.Args[1:])
	stop()
	os.Exit(code)
}

// dispatch runs a command and answers its exit code: 0, 2 for wrong usage or refused input, 1 otherwise.
func dispatch(ctx context.Context, t *terminal, args []string) int {
	if len(args) == 0 {
		help(t.err)
		return 2
	}
	if args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		help(t.out)
		return 0
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return exitCode(t, c, c.run(ctx, t, args[1:]))
		}
	}
	fmt.Fprintf(t.err, "There is no command %q: run pagaduria help for the list.\n", args[0])
	return 2
}

func exitCode(t *terminal, c command, err error) int {
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintf(t.out, "pagaduria %s %s\n%s\n", c.name, c.args, c.says)
		return 0
	case errors.Is(err, errRefused):
		return 2
	case errors.Is(err, errFaulty):
		return 1
	case errors.As(err, &usage):
		fmt.Fprintf(t.err, "%s Usage: pagaduria %s %s\n", sentence(err), c.name, c.args)
		return 2
	}
	fmt.Fprintln(t.err, sentence(err))
	if kind := models.KindOf(err); kind != "" && kind != models.Unavailable {
		return 2
	}
	return 1
}

// sentence writes an error as one: a capital first and a full stop at the end.
func sentence(err error) string {
	s := strings.TrimSpace(strings.Join(strings.Fields(err.Error()), " "))
	if s == "" {
		return ""
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

func help(w io.Writer) {
	fmt.Fprint(w, "Pagaduría pays commissions in cash and by bank.\n\nUsage: pagaduria <command>\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %s %s\n        %s\n", c.name, c.args, c.says)
	}
	fmt.Fprint(w, "\nSettings come from the environment: see README.\n")
}

// flags parses the flags of a command, which may stand before, between and after its words, and answers
// the words.
func flags(name string, args []string, define func(*flag.FlagSet)) ([]string, error) {
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	if define != nil {
		define(f)
	}
	var words []string
	for {
		if err := f.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, err
			}
			return nil, usageError{err.Error()}
		}
		rest := f.Args()
		if len(rest) == 0 {
			return words, nil
		}
		if n := len(args) - len(rest); n > 0 && args[n-1] == "--" {
			return append(words, rest...), nil
		}
		words, args = append(words, rest[0]), rest[1:]
	}
}
