package main

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"pagaduria/views/urls"
)

// unpack reads an archive into its files by name.
func unpack(t *testing.T, a answer) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(strings.NewReader(a.body), int64(len(a.body)))
	if err != nil {
		t.Fatalf("%s: %v", a.Status, err)
	}
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// checkHashes compares every file with what the archive says of it.
func checkHashes(t *testing.T, files map[string][]byte) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(string(files["SHA256SUMS"])), "\n")
	if len(lines) != len(files)-1 {
		t.Errorf("%d hashes of %d files", len(lines), len(files)-1)
	}
	for _, line := range lines {
		sum, name, _ := strings.Cut(line, "  ")
		if got := sha256.Sum256(files[name]); hex.EncodeToString(got[:]) != sum {
			t.Errorf("%s is not what the archive says", name)
		}
	}
}

func TestTheEvidencePackHasEverythingAndIsLogged(t *testing.T) {
	t.Parallel()
	s := withDocuments(t)
	person := s.stub("natural")
	s.invite(person)
	compliance, auditor, support := s.as("compliance@demo.test"), s.as("auditor@demo.test"), s.as("support@demo.test")
	id := s.one(`SELECT max(id) FROM kyc_cases`)
	fields := s.paper(compliance, person, "identity")
	if a := s.postFiles(compliance, urls.Documents(person), fields, file(t, "front", "documents/01a_cedula_frente.jpg"), file(t, "back", "documents/01b_cedula_reverso.jpg")); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("document: %s", a.Status)
	}
	fields = s.paper(compliance, person, "rut")
	if a := s.postFiles(compliance, urls.Documents(person), fields, file(t, "more", "documents/14_rut_natural.pdf")); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("document: %s", a.Status)
	}
	if _, err := s.app.db.Pool.Exec(t.Context(), `UPDATE distributors SET surnames = 'Ríos 张伟' WHERE id = $1`, person); err != nil {
		t.Fatal(err)
	}

	mustHave(t, s.get(compliance, urls.Case(id)), http.StatusOK, urls.CaseEvidence(id))
	a := s.get(compliance, urls.CaseEvidence(id))
	if got := a.Header.Get("Content-Type") + " " + a.Header.Get("Cache-Control"); got != "application/zip no-store, private" {
		t.Errorf("it is sent as %s", got)
	}
	files := unpack(t, a)
	checkHashes(t, files)
	for _, name := range []string{"summary.pdf", "dossier.json", "documents/identity-v1-1-p1.jpg", "documents/identity-v1-2-p1.jpg", "documents/rut-v1-1.pdf"} {
		if len(files[name]) == 0 {
			t.Errorf("it lacks %s", name)
		}
	}
	if !strings.HasPrefix(string(files["summary.pdf"]), "%PDF-") || !strings.Contains(string(files["summary.pdf"]), fmt.Sprintf("%X", []byte{0x5f, 0x20, 0x4f, 0x1f})) {
		t.Error("the summary is no PDF, or lacks the Chinese of the name")
	}
	var d struct {
		Cases    []struct{ ID int64 }
		Timeline []struct{ Action string }
	}
	if err := json.Unmarshal(files["dossier.json"], &d); err != nil || len(d.Cases) != 1 || d.Cases[0].ID != id || len(d.Timeline) == 0 {
		t.Errorf("the JSON has %+v, %v", d, err)
	}
	if n := s.one(`SELECT count(*) FROM audit_events WHERE action = 'kyc.evidence' AND subject_id = $1`, id); n != 1 {
		t.Errorf("%d packs on record", n)
	}
	if a := s.get(auditor, urls.CaseEvidence(id)); a.StatusCode != http.StatusOK {
		t.Errorf("auditor: %s", a.Status)
	}
	if a := s.get(support, urls.CaseEvidence(id)); a.StatusCode != http.StatusForbidden {
		t.Errorf("support: %s", a.Status)
	}
	if a := s.get(support, urls.Case(id)); strings.Contains(a.body, urls.CaseEvidence(id)) {
		t.Error("support is offered the pack")
	}
	if a := s.get(compliance, urls.CaseEvidence(999)); a.StatusCode != http.StatusNotFound {
		t.Errorf("of no case: %s", a.Status)
	}
}
