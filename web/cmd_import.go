package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"pagaduria/models"
	"pagaduria/services/imports"
)

var importCommand = command{
	name: "import", args: "distributors|orders|commissions|tracking FILE [--dry-run] [--json]",
	says: "takes a CSV file, as the upload page does; refused rows are reported and exit with 2", run: runImport,
}

func runImport(ctx context.Context, t *terminal, args []string) (err error) {
	var dry, asJSON bool
	words, err := flags("import", args, func(f *flag.FlagSet) {
		f.BoolVar(&dry, "dry-run", false, "")
		f.BoolVar(&asJSON, "json", false, "")
	})
	if err != nil {
		return err
	}
	if len(words) != 2 {
		return usageError{"import takes a kind and a file."}
	}
	file, err := os.Open(words[1])
	if err != nil {
		return models.Errorf(models.Invalid, "The file cannot be read: %v.", err)
	}
	defer func() { _ = file.Close() }()
	a, err := openApp(ctx, t, "", false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	kind, err := a.h.Imports.Kind(words[0])
	if err != nil {
		return usageError{sentence(err)}
	}
	if _, err := imports.Header(file); err != nil {
		return err
	}
	return importFile(ctx, t, kind, file, asJSON, models.ImportOptions{
		DryRun: dry, By: models.System("import"), FileName: models.CleanFileName(filepath.Base(words[1]), "upload.csv"), Today: a.today()})
}

// importFile runs the import and prints its answer; a million faults go through temporary files.
func importFile(ctx context.Context, t *terminal, kind imports.Kind, file io.ReadSeeker, asJSON bool, o models.ImportOptions) error {
	refusals, err := newSpool()
	if err != nil {
		return err
	}
	defer refusals.close()
	warnings, err := newSpool()
	if err != nil {
		return err
	}
	defer warnings.close()
	o.OnFault = func(severity models.ImportSeverity, f models.ImportFault) error {
		if severity == models.ImportError {
			return refusals.add(f)
		}
		return warnings.add(f)
	}
	result, err := kind.Run(ctx, file, o)
	if err != nil {
		return imports.Refusal(err)
	}
	if asJSON {
		err = printResultJSON(t.out, result, refusals, warnings)
	} else {
		err = printResult(t, result, o.DryRun, refusals, warnings)
	}
	if err == nil && result.Refused > 0 {
		return errRefused
	}
	return err
}

// printResultJSON prints the object of the contract.
func printResultJSON(w io.Writer, r models.ImportResult, refusals, warnings *spool) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, `{"rows":%d,"created":%d,"updated":%d,"unchanged":%d,"skipped":%d,"refused":[`, r.Rows, r.Created, r.Updated, r.Unchanged, r.Skipped)
	list := func(s *spool) error {
		first := true
		return s.each(func(line []byte, _ models.ImportFault) error {
			if !first {
				out.WriteByte(',')
			}
			first = false
			_, err := out.Write(line)
			return err
		})
	}
	if err := list(refusals); err != nil {
		return err
	}
	out.WriteString(`],"warnings":[`)
	if err := list(warnings); err != nil {
		return err
	}
	out.WriteString("]}\n")
	return out.Flush()
}

// printResult prints counts to the answer and faults to standard error, a line each.
func printResult(t *terminal, r models.ImportResult, dry bool, refusals, warnings *spool) error {
	did := "imported"
	if dry {
		did = "dry run, nothing changed"
	}
	fmt.Fprintf(t.out, "%s: %d rows, %d created, %d updated, %d unchanged, %d skipped, %d refused, %d warnings\n",
		did, r.Rows, r.Created, r.Updated, r.Unchanged, r.Skipped, r.Refused, r.Warnings)
	out := bufio.NewWriter(t.err)
	list := func(word string, s *spool) error {
		return s.each(func(_ []byte, f models.ImportFault) error {
			_, err := fmt.Fprintf(out, "line %d: %s: %s: %s: %s\n", f.Line, word, f.Field, f.Code, f.Message)
			return err
		})
	}
	if err := errors.Join(list("refused", refusals), list("warning", warnings)); err != nil {
		return err
	}
	return out.Flush()
}

// spool keeps faults in a temporary file, one JSON object a line.
type spool struct {
	file *os.File
	out  *bufio.Writer
}

func newSpool() (*spool, error) {
	file, err := os.CreateTemp("", "pagaduria-import-*.jsonl")
	if err != nil {
		return nil, err
	}
	return &spool{file, bufio.NewWriter(file)}, nil
}

func (s *spool) close() {
	_ = s.file.Close()
	_ = os.Remove(s.file.Name())
}

func (s *spool) add(f models.ImportFault) error {
	line, err := json.Marshal(f)
	if err != nil {
		return err
	}
	_, err = s.out.Write(append(line, '\n'))
	return err
}

func (s *spool) each(do func(line []byte, f models.ImportFault) error) error {
	if err := s.out.Flush(); err != nil {
		return err
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	in := bufio.NewReader(s.file)
	for {
		line, err := in.ReadString('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var f models.ImportFault
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			return err
		}
		if err := do([]byte(strings.TrimSuffix(line, "\n")), f); err != nil {
			return err
		}
	}
}
