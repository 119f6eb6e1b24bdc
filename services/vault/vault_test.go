package vault_test

import (
	"bytes"
	"testing"

	"pagaduria/services/vault"
)

func open(t *testing.T, key byte) *vault.Vault {
	t.Helper()
	v, err := vault.New(bytes.Repeat([]byte{key}, vault.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSealedSecretOpensOnlyWithItsKeyAndLabel(t *testing.T) {
	t.Parallel()
	v := open(t, 1)
	sealed := v.Seal([]byte("hunter2"), "staff 1 totp")
	if bytes.Contains(sealed, []byte("hunter2")) {
		t.Fatal("the secret is readable")
	}
	if got, err := v.Open(sealed, "staff 1 totp"); err != nil || string(got) != "hunter2" {
		t.Fatalf("got %q, %v", got, err)
	}
	if bytes.Equal(sealed, v.Seal([]byte("hunter2"), "staff 1 totp")) {
		t.Error("two seals of one secret are the same")
	}
	spoiled := append([]byte(nil), sealed...)
	spoiled[len(spoiled)-1] ^= 1
	for name, try := range map[string]func() ([]byte, error){
		"another record": func() ([]byte, error) { return v.Open(sealed, "staff 2 totp") },
		"another key":    func() ([]byte, error) { return open(t, 2).Open(sealed, "staff 1 totp") },
		"spoiled":        func() ([]byte, error) { return v.Open(spoiled, "staff 1 totp") },
		"cut short":      func() ([]byte, error) { return v.Open(sealed[:9], "staff 1 totp") },
		"nothing":        func() ([]byte, error) { return v.Open(nil, "staff 1 totp") },
	} {
		if got, err := try(); err == nil {
			t.Errorf("%s: opened as %q", name, got)
		}
	}
}

func TestKeyOfWrongLengthIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := vault.New([]byte("short")); err == nil {
		t.Fatal("got no error")
	}
}

func TestDerivedKeysDiffer(t *testing.T) {
	t.Parallel()
	v := open(t, 1)
	a, errA := v.Derive("sessions")
	b, errB := v.Derive("links")
	if errA != nil || errB != nil || bytes.Equal(a, b) || len(a) != vault.KeySize {
		t.Fatalf("got %x %x, %v %v", a, b, errA, errB)
	}
}
