package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pagaduria/models"
	"pagaduria/services/files/filestest"
)

func TestFilesCheckCommand(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	run := func(args ...string) (int, string, string) {
		var out, errs bytes.Buffer
		code := dispatch(t.Context(), &terminal{in: strings.NewReader(""), out: &out, err: &errs, env: environment(filestest.DataDir())}, append([]string{"files", "check"}, args...))
		return code, out.String(), errs.String()
	}
	for _, f := range filestest.Manifest(t) {
		path := filepath.Join(folder, filepath.Base(f.Path))
		if err := os.WriteFile(path, f.Body(t), 0o600); err != nil {
			t.Fatal(err)
		}
		code, out, errs := run(path, "--name", strings.ReplaceAll(f.Name, "\x00", "%00"), "--mime", f.Mime, "--json")
		var v verdict
		if err := json.Unmarshal([]byte(out), &v); err != nil {
			t.Fatalf("%s: %q, %q: %v", f.Path, out, errs, err)
		}
		want := verdict{Verdict: "accept"}
		if f.Hostile() {
			want = verdict{Verdict: f.Expected, Code: f.Code}
		}
		if v.Verdict != want.Verdict || f.Hostile() && v.Code != want.Code || v.Message == "" || v.File != "" {
			t.Errorf("%s: got %+v, want %+v", f.Path, v, want)
		}
		if refused := v.Verdict == "refuse"; refused != (code == 2) || !refused && code != 0 {
			t.Errorf("%s: exit code %d", f.Path, code)
		}
	}
	good, bad := filepath.Join(folder, "07_cedula_extranjeria.jpg"), filepath.Join(folder, "h12_pdf_javascript.pdf")
	code, out, _ := run(good, bad)
	if code != 2 || !strings.Contains(out, good+": accept") || !strings.Contains(out, bad+": refuse "+string(models.FilePDFActive)+": The PDF holds") {
		t.Errorf("several files: %d %q", code, out)
	}
	if code, _, errs := run(filepath.Join(folder, "none")); code != 1 || errs == "" {
		t.Errorf("a file that is not there: %d %q", code, errs)
	}
	if code, _, errs := run(); code != 2 || !strings.Contains(errs, "Usage:") {
		t.Errorf("nothing: %d %q", code, errs)
	}
	if code, _, _ := run(good, bad, "--name", "x.jpg"); code != 2 {
		t.Errorf("one name for two files: %d", code)
	}
}
