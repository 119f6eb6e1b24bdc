package staff_test

import (
	"strings"
	"testing"

	"pagaduria/models"
	"pagaduria/services/staff"
)

func TestPasswords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, password, want string }{
		{"several words", "mango verde con sal", ""},
		{"random signs", "x7#Kp2!vQz9&", ""},
		{"Chinese words", "春天的芒果很好吃又甜又香", ""},
		{"eleven characters", "x7#Kp2!vQz9", "password_short"},
		{"nothing", "", "password_short"},
		{"a whole page", strings.Repeat("mango ", 40), "password_long"},
		{"known word with a year", "Contraseña2026", "password_common"},
		{"known word in disguise", "P@$$w0rd12345", "password_common"},
		{"two known words", "colombiabogota1", "password_common"},
		{"the club", "Millonarios#14", "password_common"},
		{"the product", "pagaduria-2026", "password_common"},
		{"digits only", "190874651238", "password_common"},
		{"one thing again and again", "mango3mango3mango3", "password_common"},
		{"few characters", "abababbabaab", "password_common"},
		{"keyboard", "qwertyuiop[]", "password_common"},
		{"digits in a row", "0123456789ab", "password_common"},
		{"backwards", "zyxwvutsrqpo", "password_common"},
		{"own name", "xx-Gómez-77-tt", "password_personal"},
		{"own e-mail", "7anita.gz7-qqpd", "password_personal"},
		{"own company", "q8-aurora-zz-41", "password_personal"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := staff.CheckPassword(c.password, "anita.gz@aurora.co", "Ana Gómez")
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if models.KindOf(err) != models.Invalid {
				t.Fatalf("got %v, want %s", err, c.want)
			}
			wantKey(t, err, "staff.error."+c.want)
		})
	}
}
