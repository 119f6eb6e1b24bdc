// Package vault wraps the secrets the product must be able to read again (second factors, rail credentials), so
// that a copy of the database is worth nothing without the secret key.
package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
)

// KeySize is the length of the product's secret key in bytes.
const KeySize = 32

// sealedV1 is the first byte of every sealed secret, so that another way of wrapping can be told apart later.
const sealedV1 = 1

// Vault seals and opens secrets with AES-256-GCM. It is safe for use by many goroutines.
type Vault struct {
	aead cipher.AEAD
	key  []byte
}

// New makes a vault of the product's secret key, which must be 32 bytes.
func New(key []byte) (*Vault, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("the secret key has %d bytes, it must have %d", len(key), KeySize)
	}
	v := &Vault{key: append([]byte(nil), key...)}
	wrapping, err := v.Derive("vault")
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(wrapping)
	if err != nil {
		return nil, err
	}
	v.aead, err = cipher.NewGCMWithRandomNonce(block)
	return v, err
}

// Derive answers a key of 32 bytes for one purpose, so that no two purposes share one.
func (v *Vault) Derive(purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, v.key, nil, "pagaduria "+purpose, KeySize)
}

// Seal wraps a secret. label says whose it is ("staff 12 totp") and is needed to open it, so that a sealed
// secret moved to another record does not open there.
func (v *Vault) Seal(secret []byte, label string) []byte {
	return v.aead.Seal([]byte{sealedV1}, nil, secret, []byte(label))
}

// Open unwraps what Seal wrapped under the same key and label.
func (v *Vault) Open(sealed []byte, label string) ([]byte, error) {
	if len(sealed) < 1 || sealed[0] != sealedV1 {
		return nil, errors.New("this is not a sealed secret")
	}
	secret, err := v.aead.Open(nil, nil, sealed[1:], []byte(label))
	if err != nil {
		return nil, errors.New("a secret does not open: it was sealed with another key or for another record")
	}
	return secret, nil
}

// Random answers n bytes nobody can guess.
func Random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: see crypto/rand
	return b
}
