package ident

import "testing"

func TestPhones(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, country, typed, e164, national, refusal string
		mobile                                        bool
	}{
		{"mobile", "CO", "3001234567", "+573001234567", "300 1234567", "", true},
		{"mobile with prefix", "CO", "+57 300 1234567", "+573001234567", "300 1234567", "", true},
		{"mobile with dashes", "CO", "351-166-8059", "+573511668059", "351 1668059", "", true},
		{"full-width", "CO", "＋５７３００１２３４５６７", "+573001234567", "300 1234567", "", true},
		{"landline", "CO", "6012345678", "+576012345678", "(601) 2345678", "", false},
		{"letter O for zero", "CO", "31O4567890", "", "", PhoneInvalid, false},
		{"letter put in", "CO", "310O4567890", "", "", PhoneInvalid, false},
		{"too short", "CO", "300123", "", "", PhoneInvalid, false},
		{"old landline", "CO", "601 234 567", "", "", PhoneInvalid, false},
		{"another country", "CO", "+1 202 555 0147", "", "", PhoneInvalid, false},
		{"nothing", "CO", " ", "", "", PhoneMissing, false},
		{"Ecuador", "EC", "099 123 4567", "+593991234567", "099 123 4567", "", true},
		{"Peru", "PE", "912345678", "+51912345678", "912 345 678", "", true},
		{"Panama", "PA", "61234567", "+50761234567", "6123-4567", "", true},
		{"unknown country", "??", "61234567", "", "", PhoneInvalid, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p, err := ParsePhone(c.country, c.typed)
			if code(err) != c.refusal || p.E164 != c.e164 || p.National != c.national || p.Mobile != c.mobile {
				t.Errorf("got %+v, %v", p, err)
			}
		})
	}
}

func TestMaskPhone(t *testing.T) {
	t.Parallel()
	for e164, want := range map[string]string{
		"+573001234548": "+57 3•• ••• •• 48",
		"+593991234567": "+593 9•• •• •• 67",
		"+50761234567":  "+507 6••• •• 67",
		"":              "••••",
		"hello":         "••••",
	} {
		if got := MaskPhone(e164); got != want {
			t.Errorf("MaskPhone(%q) = %q, want %q", e164, got, want)
		}
	}
}

func TestWalletNumber(t *testing.T) {
	t.Parallel()
	if got := WalletNumber("+573001234567"); got != "3001234567" {
		t.Errorf("got %q", got)
	}
	if got := WalletNumber("+576012345678"); got != "" {
		t.Errorf("landline: got %q", got)
	}
}

func TestCheckPhone(t *testing.T) {
	t.Parallel()
	if r := Check("CO", "phone", "300 123 4567"); !r.Valid || r.Normalized != "+573001234567" || len(r.Warnings) != 0 {
		t.Errorf("mobile: %+v", r)
	}
	if r := Check("CO", "PHONE", "6012345678"); !r.Valid || len(r.Warnings) != 1 {
		t.Errorf("landline: %+v", r)
	}
	if r := Check("CO", "PHONE", "300123"); r.Valid || r.Code != PhoneInvalid || r.Warnings == nil {
		t.Errorf("short: %+v", r)
	}
}

func FuzzParsePhone(f *testing.F) {
	f.Add("CO", "+57 300 1234567")
	f.Add("PA", "61234567")
	f.Fuzz(func(t *testing.T, country, typed string) {
		p, err := ParsePhone(country, typed)
		_ = MaskPhone(typed)
		if err != nil {
			return
		}
		if again, err := ParsePhone(country, p.E164); err != nil || again != p {
			t.Fatalf("%q reads as %+v, which reads as %+v (%v)", typed, p, again, err)
		}
	})
}
