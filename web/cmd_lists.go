package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"pagaduria/models"
	"pagaduria/services/screening"
)

var listsCommand = command{name: "lists", args: "load FILE… [--smaller]",
	says: "loads sanctions lists: the OFAC SDN set (sdn, alt, add, sdn_comments as CSV), the UN list (XML), or both", run: runLists}

func runLists(ctx context.Context, t *terminal, args []string) (err error) {
	load := screening.Load{}
	words, err := flags("lists", args, func(f *flag.FlagSet) { f.BoolVar(&load.Smaller, "smaller", false, "") })
	if err != nil {
		return err
	}
	if len(words) < 2 || words[0] != "load" {
		return usageError{"lists does one thing: load files."}
	}
	for _, path := range words[1:] {
		if _, err := os.Stat(path); err != nil {
			return models.Errorf(models.Invalid, "The file cannot be read: %v.", err)
		}
		load.Files = append(load.Files, screening.File{Name: models.CleanFileName(filepath.Base(path), "list.csv"), Open: func() (io.ReadCloser, error) { return os.Open(path) }})
	}
	a, err := openApp(ctx, t, "", false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	done, err := a.h.Screening.LoadLists(ctx, models.System("lists"), load)
	if err != nil {
		return err
	}
	for _, l := range done {
		if l.Same {
			fmt.Fprintf(t.out, "%s: nothing has changed since version %d: %d entries.\n", l.List, l.ID, l.Entries)
			continue
		}
		fmt.Fprintf(t.out, "%s: version %d with %d entries, %d names and %d documents: %d added, %d removed, %d changed.\n",
			l.List, l.ID, l.Entries, l.Names, l.Documents, l.Added, l.Removed, l.Changed)
	}
	return nil
}
