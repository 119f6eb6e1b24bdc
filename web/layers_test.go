package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// module is our import path.
const module = "pagaduria/"

// ground are the services that every area may use; they may use each other.
var ground = []string{"store", "audit", "ledger", "queue", "events", "requests", "tasks", "vault", "blobs", "mail", "sms", "files", "clamd"}

// areas in their order: each may import those after it.
var areas = []string{"checks", "exports", "search", "alerts", "reconcile", "webhooks", "dossier", "ros", "privacy", "review", "expiry", "onboarding", "payouts", "commissions", "tracking", "orders", "plans", "taxes", "risk", "screening",
	"distributors", "documents", "imports", "savedviews", "staff"}

// mayImport says what a package of a layer may import of ours; tests are not bound by it.
func mayImport(from, to string) bool {
	top := func(p string) string { layer, _, _ := strings.Cut(p, "/"); return layer }
	switch top(from) {
	case "web", "e2e", "bench":
		return true
	case "models":
		return top(to) == "models"
	case "providers":
		return top(to) == "models" || to == "providers" || strings.HasPrefix(to, from+"/") || rail(from) != "" && rail(from) == rail(to)
	case "services":
		return top(to) == "models" || to == "providers" || top(to) == "services" && below(from, to) || to == "migrations" && from == "services/store/storetest"
	case "jobs":
		return slices.Contains([]string{"models", "services"}, top(to))
	case "views":
		return slices.Contains([]string{"models", "static", "views"}, top(to))
	case "handlers":
		return slices.Contains([]string{"models", "services", "views"}, top(to))
	}
	return top(from) == top(to)
}

// rail is the adapter's folder that a package belongs to, "" for none.
func rail(p string) string {
	parts := strings.Split(p, "/")
	if len(parts) < 2 || parts[0] != "providers" || parts[1] == "providertest" {
		return ""
	}
	return parts[1]
}

// below answers whether the service `to` lies beneath `from`.
func below(from, to string) bool {
	a, b := strings.Split(from, "/")[1], strings.Split(to, "/")[1]
	switch {
	case a == b:
		return true
	case slices.Contains(ground, a):
		return slices.Contains(ground, b)
	case slices.Contains(ground, b):
		return true
	}
	i, j := slices.Index(areas, a), slices.Index(areas, b)
	return i >= 0 && j > i
}

func TestLayers(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := 0
	for d := json.NewDecoder(strings.NewReader(string(out))); ; seen++ {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		from := strings.TrimPrefix(p.ImportPath, module)
		for _, path := range p.Imports {
			to, ours := strings.CutPrefix(path, module)
			if ours && !mayImport(from, to) {
				t.Errorf("%s imports %s: imports point down, see the map of the code in README", from, to)
			}
		}
	}
	if seen == 0 {
		t.Fatal("no packages seen")
	}
}

func TestLayersRefuseWhatPointsUp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"handlers", "services/payouts", true},
		{"services/payouts", "services/store", true},
		{"services/payouts", "services/distributors", true},
		{"services/distributors", "services/payouts", false},
		{"services/store", "services/staff", false},
		{"services/payouts", "providers", true},
		{"services/payouts", "providers/d24", false},
		{"handlers", "providers", false},
		{"views/payouts", "services/payouts", false},
		{"models", "services/store", false},
		{"models/ident", "models", true},
		{"jobs", "handlers", false},
		{"web", "providers/d24", true},
		{"providers/d24", "providers", true},
		{"providers/d24", "providers/dlocal", false},
	} {
		if got := mayImport(c.from, c.to); got != c.want {
			t.Errorf("%s importing %s: %v, want %v", c.from, c.to, got, c.want)
		}
	}
}
