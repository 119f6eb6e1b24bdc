package models

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Bounds of passkeys.
const (
	PasskeyNameMax  = 60              // letters
	PasskeysMax     = 10              // of one person
	PasskeyAnswerIn = 5 * time.Minute // between asking a browser and its answer
)

// Passkey is a key that a person carries with them and gives in place of a code.
type Passkey struct {
	ID        int64
	Name      string
	Synced    bool // copied between the person's devices, not bound to one
	CreatedAt time.Time
	UsedAt    *time.Time
}

// PasskeyName is what the person called a passkey, without needless spaces; refused when empty or too long.
func PasskeyName(typed string) (string, error) {
	name := strings.Join(strings.Fields(typed), " ")
	if n := utf8.RuneCountInString(name); n == 0 || n > PasskeyNameMax {
		return "", Refuse(Invalid, "passkey.error.name", "Name the passkey, with at most 60 letters.", nil).WithField("name", "passkey.error.name")
	}
	return name, nil
}
