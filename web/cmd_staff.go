package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/staff"
	"pagaduria/services/store"
)

var staffCommand = command{
	name: "staff", args: "add --email E --name N --role R[,R…] | list | reset-mfa --email E",
	says: "staff accounts; add and reset-mfa print a one-time link", run: runStaff,
}

var auditCommand = command{name: "audit", args: "verify", says: "checks the hash chain of the audit log", run: runAudit}

type staffFlags struct{ email, name, roles string }

func runStaff(ctx context.Context, t *terminal, args []string) (err error) {
	var f staffFlags
	words, err := flags("staff", args, func(s *flag.FlagSet) {
		s.StringVar(&f.email, "email", "", "")
		s.StringVar(&f.name, "name", "", "")
		s.StringVar(&f.roles, "role", "", "")
	})
	if err != nil {
		return err
	}
	if len(words) != 1 {
		return usageError{"staff takes one of add, list and reset-mfa."}
	}
	do, ok := map[string]func(context.Context, *terminal, *staff.Service, staffFlags) error{
		"add": addStaff, "list": listStaff, "reset-mfa": resetFactor}[words[0]]
	if !ok {
		return usageError{"staff takes one of add, list and reset-mfa."}
	}
	a, err := openApp(ctx, t, "", false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	return do(ctx, t, a.h.Staff, f)
}

// byCommand is the actor of changes made at the command line.
var byCommand = models.System("command line")

func addStaff(ctx context.Context, t *terminal, s *staff.Service, f staffFlags) error {
	roles, err := models.ParseRoles(f.roles)
	if err != nil {
		return err
	}
	_, link, err := s.Add(ctx, byCommand, staff.NewStaff{Email: f.email, Name: f.name, Roles: roles})
	if err == nil {
		fmt.Fprintln(t.out, link)
	}
	return err
}

func resetFactor(ctx context.Context, t *terminal, s *staff.Service, f staffFlags) error {
	person, err := s.ByEmail(ctx, f.email)
	if err != nil {
		return err
	}
	link, err := s.ResetFactor(ctx, byCommand, person.ID, staff.AnyVersion, person.Locale)
	if err == nil {
		fmt.Fprintln(t.out, link)
	}
	return err
}

func listStaff(ctx context.Context, t *terminal, s *staff.Service, _ staffFlags) error {
	all, err := s.All(ctx)
	if err != nil {
		return err
	}
	for _, person := range all {
		roles := make([]string, len(person.Roles))
		for i, r := range person.Roles {
			roles[i] = string(r)
		}
		fmt.Fprintf(t.out, "%-8s  %-32s  %-28s  %s\n", person.State, person.Email, strings.Join(roles, ","), person.Name)
	}
	return nil
}

func runAudit(ctx context.Context, t *terminal, args []string) (err error) {
	words, err := flags("audit", args, nil)
	if err != nil {
		return err
	}
	if len(words) != 1 || words[0] != "verify" {
		return usageError{"audit takes verify."}
	}
	a, err := openApp(ctx, t, "", false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	report, err := audit.Verify(ctx, a.db.DB, store.Unseen{})
	if err != nil {
		return err
	}
	if report.Fault != nil {
		fmt.Fprintln(t.err, report.Fault.Error())
		return errFaulty
	}
	fmt.Fprintf(t.out, "%d events are as they were sealed, %d newer ones are not sealed yet. Last hash: %s\n",
		report.Sealed, report.Unsealed, report.Head)
	return nil
}
