package staff

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/store"
)

// The second factor is TOTP as every authenticator app does it (RFC 6238: SHA-1, six digits, 30 seconds), and a
// code is taken one step early or late.
const (
	totpPeriod = 30
	totpSkew   = 1
)

var totpDigits = hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}

// recoveryCodes is how many a person gets; each works once.
const recoveryCodes = 10

func totpLabel(staffID int64) string { return fmt.Sprintf("staff %d totp", staffID) }

// newSecret is 20 random bytes in base32, as long as SHA-1 (RFC 4226, 4).
func newSecret() string {
	return otp32.EncodeToString(randomBytes(20))
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: see crypto/rand
	return b
}

func step(now time.Time) int64 { return now.Unix() / totpPeriod }

func codeAt(secret string, step int64) (string, error) {
	return hotp.GenerateCodeCustom(secret, uint64(step), totpDigits)
}

// matchStep answers which step around now the code belongs to, 0 for none. Steps up to used were used before.
func matchStep(secret, code string, now time.Time, used int64) (int64, error) {
	for at := step(now) - totpSkew; at <= step(now)+totpSkew; at++ {
		want, err := codeAt(secret, at)
		if err != nil {
			return 0, err
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && at > used {
			return at, nil
		}
	}
	return 0, nil
}

// spendCode checks a code of the authenticator app or a recovery code and uses it up. It answers false for a wrong
// or used code.
func (s *Service) spendCode(tx *gorm.DB, staffID int64, code string) (bool, error) {
	code = plainCode(code)
	if len(code) != 6 {
		return s.spendRecoveryCode(tx, staffID, code)
	}
	rows, err := store.SelectTx[struct {
		Secret []byte
		Used   int64
	}](tx, `SELECT totp_secret, totp_step FROM staff WHERE id = $1 AND state = 'active' FOR UPDATE`, staffID)
	if err != nil || len(rows) == 0 {
		return false, err
	}
	secret, err := s.vault.Open(rows[0].Secret, totpLabel(staffID))
	if err != nil {
		return false, fmt.Errorf("second factor of staff %d: %w", staffID, err)
	}
	at, err := matchStep(string(secret), code, s.now(), rows[0].Used)
	if err != nil || at == 0 {
		return false, err
	}
	n, err := store.ExecTx(tx, `UPDATE staff SET totp_step = $2 WHERE id = $1 AND totp_step < $2`, staffID, at)
	return n == 1, err
}

func (s *Service) spendRecoveryCode(tx *gorm.DB, staffID int64, code string) (bool, error) {
	n, err := store.ExecTx(tx, `
UPDATE staff_recovery_codes SET used_at = $3 WHERE staff_id = $1 AND code_hash = $2 AND used_at IS NULL`,
		staffID, s.codeHash(staffID, code), s.now())
	return n == 1, err
}

// newRecoveryCodes replaces the codes of an account and answers them, to be shown once.
func (s *Service) newRecoveryCodes(tx *gorm.DB, staffID int64) ([]string, error) {
	if _, err := store.ExecTx(tx, `DELETE FROM staff_recovery_codes WHERE staff_id = $1`, staffID); err != nil {
		return nil, err
	}
	codes := make([]string, recoveryCodes)
	for i := range codes {
		c := strings.ToLower(otp32.EncodeToString(randomBytes(10))) // 80 bits, 16 letters
		codes[i] = c[:4] + "-" + c[4:8] + "-" + c[8:12] + "-" + c[12:]
		_, err := store.ExecTx(tx, `INSERT INTO staff_recovery_codes (staff_id, code_hash) VALUES ($1, $2)`,
			staffID, s.codeHash(staffID, plainCode(codes[i])))
		if err != nil {
			return nil, fmt.Errorf("make recovery codes of staff %d: %w", staffID, err)
		}
	}
	return codes, nil
}

// codeHash is keyed: the hashes alone cannot be searched.
func (s *Service) codeHash(staffID int64, code string) []byte {
	h := hmac.New(sha256.New, s.codes)
	fmt.Fprintf(h, "%d %s", staffID, code)
	return h.Sum(nil)
}

// plainCode drops what people type between the signs of a code.
func plainCode(code string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9', r >= 'a' && r <= 'z':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return -1
	}, code)
}

// keyURI is what the QR code says (https://github.com/google/google-authenticator/wiki/Key-Uri-Format).
func (s *Service) keyURI(email, secret string) string {
	q := url.Values{"secret": {secret}, "issuer": {s.issuer}}
	return "otpauth://totp/" + url.PathEscape(s.issuer+":"+email) + "?" + strings.ReplaceAll(q.Encode(), "+", "%20")
}

var errCode = models.Refuse(models.Invalid, "signin.error.code",
	"That code is wrong, was used or is too old. Wait for the next one and type it here.", nil).WithField("code", "signin.error.code")
