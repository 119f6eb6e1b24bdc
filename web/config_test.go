package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func environment(dir string, pairs ...string) func(string) string {
	values := map[string]string{"PAGADURIA_DATA_DIR": dir}
	for i := 0; i < len(pairs); i += 2 {
		values[pairs[i]] = pairs[i+1]
	}
	return func(name string) string { return values[name] }
}

func TestAllProblemsAreToldAtOnceAndNoSecret(t *testing.T) {
	t.Parallel()
	_, err := loadConfig(environment(t.TempDir(), "DATABASE_URL", "mysql://u:hunter2@h/d", "PAGADURIA_TODAY", "2026-03-01",
		"PAGADURIA_TRUSTED_PROXIES", "10.0.0.0/8, nonsense", "PAGADURIA_LOG", "xml", "PAGADURIA_ALLOW_LOOPBACK_HOOKS", "maybe"), "no-port")
	if err == nil {
		t.Fatal("got no error")
	}
	for _, name := range []string{"DATABASE_URL", "PAGADURIA_TODAY", "PAGADURIA_TRUSTED_PROXIES", "PAGADURIA_LOG",
		"PAGADURIA_ALLOW_LOOPBACK_HOOKS", "PAGADURIA_SECRET_KEY", "PAGADURIA_ADDR"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not mentioned in: %v", name, err)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a password is told: %v", err)
	}
}

func TestSecretKeyIsKeptInTheDataFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := loadConfig(environment(dir), "")
	if err != nil {
		t.Fatal(err)
	}
	second, err := loadConfig(environment(dir), "")
	if err != nil {
		t.Fatal(err)
	}
	if len(first.SecretKey) != 32 || string(first.SecretKey) != string(second.SecretKey) {
		t.Error("the second start has another key")
	}
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	t.Parallel()
	held := struct{ Key Secret }{"hunter2"}
	asJSON, err := json.Marshal(held)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	newLogger(&log, "json").Info("start", "config", held.Key, "payee_phone", "+573001234567", "email", "a@b.co")
	for _, said := range []string{fmt.Sprintf("%v %+v %#v %s %q %x", held, held, held, held.Key, held.Key, held.Key), string(asJSON), log.String()} {
		for _, secret := range []string{"hunter2", "68756e74657232", "573001234567", "a@b.co"} {
			if strings.Contains(said, secret) {
				t.Errorf("%q is printed in %s", secret, said)
			}
		}
	}
}
