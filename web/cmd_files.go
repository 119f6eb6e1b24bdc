package main

import (
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
	"pagaduria/services/clamd"
	"pagaduria/services/files"
	"pagaduria/views/i18n"
)

var filesCommand = command{name: "files", args: "check FILE… [--name N] [--mime M] [--json] | rotate-keys",
	says: "says what an upload of a file as a document would be answered; wraps the keys of all documents with a new key", run: runFiles}

func runFiles(ctx context.Context, t *terminal, args []string) error {
	if len(args) == 1 && args[0] == "rotate-keys" {
		return rotateFileKeys(ctx, t)
	}
	return runFilesCheck(ctx, t, args)
}

// rotateFileKeys makes a new key that the keys of documents are wrapped with. Documents are not written again.
func rotateFileKeys(ctx context.Context, t *terminal) error {
	a, err := openApp(ctx, t, "", false)
	if err != nil {
		return err
	}
	defer func() { _ = a.close() }()
	n, err := a.h.Documents.RotateKeys(ctx, models.System("files"))
	if err != nil {
		return err
	}
	fmt.Fprintf(t.out, "The keys of %d files are wrapped with a new key; the old one is gone.\n", n)
	return nil
}

// verdict is what `files check` says of one file.
type verdict struct {
	File    string          `json:"file,omitempty"` // only when several were asked about
	Verdict string          `json:"verdict"`        // accept or refuse
	Code    models.FileCode `json:"code"`
	Message string          `json:"message"`
}

func runFilesCheck(ctx context.Context, t *terminal, args []string) error {
	var name, mime string
	var asJSON bool
	words, err := flags("files", args, func(f *flag.FlagSet) {
		f.StringVar(&name, "name", "", "")
		f.StringVar(&mime, "mime", "", "")
		f.BoolVar(&asJSON, "json", false, "")
	})
	if err != nil {
		return err
	}
	if len(words) < 2 || words[0] != "check" {
		return usageError{"files takes the word check and at least one file, or the word rotate-keys."}
	}
	if name != "" && len(words) > 2 {
		return usageError{"files check takes --name with one file only."}
	}
	cfg, err := loadConfig(t.env, "")
	if err != nil {
		return err
	}
	checker, err := openChecker(cfg)
	if err != nil {
		return err
	}
	defer func() { _ = checker.Close() }()
	refused := false
	for _, path := range words[1:] {
		v, err := checkFile(ctx, checker, path, strings.ReplaceAll(name, "%00", "\x00"), mime)
		if err != nil {
			return err
		}
		if len(words) > 2 {
			v.File = path
		}
		if err := v.print(t.out, asJSON); err != nil {
			return err
		}
		refused = refused || v.Verdict != "accept"
	}
	if refused {
		return errRefused
	}
	return nil
}

// openChecker makes the judge of files as the configuration says.
func openChecker(cfg config) (*files.Checker, error) {
	o := files.Options{CacheDir: filepath.Join(cfg.DataDir, "wasm")}
	if cfg.ClamdURL != "" {
		scanner, err := clamd.New(cfg.ClamdURL)
		if err != nil {
			return nil, err
		}
		o.Scanner = scanner
	}
	return files.New(o), nil
}

// checkFile judges one file. name stands for the one the browser would send, the path's own when "".
func checkFile(ctx context.Context, checker *files.Checker, path, name, mime string) (verdict, error) {
	body, err := readUpTo(path, files.MaxBytes+1)
	if err != nil {
		return verdict{}, err
	}
	if name == "" {
		name = filepath.Base(path)
	}
	clean, err := checker.Check(ctx, files.Incoming{Name: name, Mime: mime, Body: body})
	var refusal *models.Error
	switch code := models.FileCodeOf(err); {
	case err == nil && clean.Code() == "":
		return verdict{Verdict: "accept", Message: i18n.T(ctx, "file.taken")}, nil
	case err == nil:
		return verdict{Verdict: "accept", Code: clean.Code(), Message: i18n.T(ctx, clean.Code().Key())}, nil
	case code != "" && models.KindOf(err) == models.Invalid && errors.As(err, &refusal):
		return verdict{Verdict: "refuse", Code: code, Message: refusal.Message}, nil
	}
	return verdict{}, err
}

// readUpTo reads no more of a file than is needed to judge it.
func readUpTo(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, limit))
}

func (v verdict) print(w io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(v)
	}
	words := []string{v.Verdict}
	if v.File != "" {
		words = []string{v.File + ":", v.Verdict}
	}
	if v.Code != "" {
		words = append(words, string(v.Code)+":")
	}
	_, err := fmt.Fprintln(w, strings.Join(append(words, v.Message), " "))
	return err
}
