package staff_test

import (
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	vw "github.com/descope/virtualwebauthn"
	"github.com/jackc/pgx/v5"

	"pagaduria/models"
	"pagaduria/services/staff"
	"pagaduria/services/vault"
)

// here is the site as browsers see it.
var here = vw.RelyingParty{ID: "p.example", Name: "Pagaduría", Origin: "https://p.example"}

// device is a key that somebody carries, with a counter that it counts up itself.
type device struct {
	auth vw.Authenticator
	key  vw.Credential
}

func newDevice(o vw.AuthenticatorOptions) *device {
	d := &device{auth: vw.NewAuthenticatorWithOptions(o)}
	// The library leaves leading zeros out of a public key, which no authenticator does: such a key is not used.
	for d.key.Key == nil || len(d.key.Key.AttestationData()) != wholeKey {
		d.key = vw.NewCredential(vw.KeyTypeEC2)
	}
	d.key.Counter = 1
	return d
}

// wholeKey is the length of a public key of ES256 as authenticators write it.
const wholeKey = 77

// makes is what the browser answers when it is asked to make a passkey.
func (d *device) makes(t *testing.T, rp vw.RelyingParty, options []byte) string {
	t.Helper()
	asked, err := vw.ParseAttestationOptions(string(options))
	if err != nil {
		t.Fatal(err)
	}
	d.auth.Options.UserHandle = []byte(asked.UserID)
	return vw.CreateAttestationResponse(rp, d.auth, d.key, *asked)
}

// signs is what the browser answers when it is asked for the passkey.
func (d *device) signs(t *testing.T, rp vw.RelyingParty, options []byte) string {
	t.Helper()
	asked, err := vw.ParseAssertionOptions(string(options))
	if err != nil {
		t.Fatal(err)
	}
	d.key.Counter++
	return vw.CreateAssertionResponse(rp, d.auth, d.key, *asked)
}

// carries registers a new device for whoever is signed in.
func (o *office) carries(by models.Actor) *device {
	o.t.Helper()
	d := newDevice(vw.AuthenticatorOptions{})
	if err := o.register(by, d, here); err != nil {
		o.t.Fatal(err)
	}
	return d
}

func (o *office) register(by models.Actor, d *device, rp vw.RelyingParty) error {
	o.t.Helper()
	options, err := o.NewPasskey(o.t.Context(), by)
	if err != nil {
		o.t.Fatal(err)
	}
	return o.AddPasskey(o.t.Context(), by, " Key  on my  ring ", d.makes(o.t, rp, options))
}

// fresh is an account that just signed in: its factor is minutes old.
func (o *office) fresh(p person) (token string, by models.Actor) {
	o.t.Helper()
	token, who := o.signIn(p, desk)
	return token, who.Actor(desk.Address)
}

// asked is what the browser of a session is told when it asks for the person's passkey.
func (o *office) asked(token string) []byte {
	o.t.Helper()
	options, err := o.AskPasskey(o.t.Context(), token)
	if err != nil {
		o.t.Fatal(err)
	}
	return options
}

func (o *office) half(p person, b staff.Browser) (pending string) {
	o.t.Helper()
	pending, err := o.Password(o.t.Context(), p.email, goodPassword, b)
	if err != nil {
		o.t.Fatal(err)
	}
	return pending
}

func TestPasskeySignsInAndStepsUp(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.hire("ana@x.co", models.RoleApprover)
	_, by := o.fresh(p)
	d := o.carries(by)
	pending := o.half(p, desk)
	token, err := o.Code(t.Context(), pending, d.signs(t, here, o.asked(pending)), desk)
	if err != nil {
		t.Fatal(err)
	}
	who := o.who(token)
	if !o.gone(pending) {
		t.Error("the session between the steps is still there")
	}
	o.pass(10 * time.Minute)
	if o.who(token).Session.FreshFactor(o.now()) {
		t.Fatal("the factor is fresh for ever")
	}
	if err := o.CheckCode(t.Context(), who.Actor("x"), d.signs(t, here, o.asked(token))); err != nil {
		t.Fatal(err)
	}
	if !o.who(token).Session.FreshFactor(o.now()) {
		t.Error("the passkey does not count as a fresh factor")
	}
	keys, err := o.Passkeys(t.Context(), p.id)
	if err != nil || len(keys) != 1 || keys[0].Name != "Key on my ring" || keys[0].UsedAt == nil || !keys[0].UsedAt.Equal(o.now()) {
		t.Errorf("got %+v, %v", keys, err)
	}
	if got := o.actions(); got != "session.open passkey.add session.open staff.set_up staff.add" {
		t.Errorf("audit: got %s", got)
	}
	// codes stay the way in without the device
	if _, err := o.Code(t.Context(), o.half(p, desk), o.code(p), desk); err != nil {
		t.Error(err)
	}
}

func TestPasskeyIsRefused(t *testing.T) {
	t.Parallel()
	evil := vw.RelyingParty{ID: "p.example", Origin: "https://p.example.evil.co"}
	for name, give := range map[string]func(o *office, token string, by models.Actor, d, others *device) string{
		"on a page of another site": func(o *office, token string, _ models.Actor, d, _ *device) string {
			return d.signs(o.t, evil, o.asked(token))
		},
		"on our site without TLS": func(o *office, token string, _ models.Actor, d, _ *device) string {
			return d.signs(o.t, vw.RelyingParty{ID: "p.example", Origin: "http://p.example"}, o.asked(token))
		},
		"made for another site": func(o *office, token string, _ models.Actor, d, _ *device) string {
			return d.signs(o.t, vw.RelyingParty{ID: "evil.co", Origin: here.Origin}, o.asked(token))
		},
		"a second time": func(o *office, token string, by models.Actor, d, _ *device) string {
			answer := d.signs(o.t, here, o.asked(token))
			if err := o.CheckCode(o.t.Context(), by, answer); err != nil {
				o.t.Fatal(err)
			}
			return answer
		},
		"to an older question": func(o *office, token string, _ models.Actor, d, _ *device) string {
			answer := d.signs(o.t, here, o.asked(token))
			o.asked(token)
			return answer
		},
		"to a question of another session": func(o *office, token string, _ models.Actor, d, _ *device) string {
			p := person{email: "ana@x.co"}
			other := o.half(p, desk)
			answer := d.signs(o.t, here, o.asked(other))
			o.asked(token)
			return answer
		},
		"after six minutes": func(o *office, token string, _ models.Actor, d, _ *device) string {
			answer := d.signs(o.t, here, o.asked(token))
			o.pass(6 * time.Minute)
			return answer
		},
		"without a question": func(o *office, token string, by models.Actor, d, _ *device) string {
			options := o.asked(token)
			if err := o.CheckCode(o.t.Context(), by, d.signs(o.t, here, options)); err != nil {
				o.t.Fatal(err)
			}
			return d.signs(o.t, here, options)
		},
		"that nobody registered": func(o *office, token string, _ models.Actor, d, _ *device) string {
			stranger := newDevice(vw.AuthenticatorOptions{UserHandle: d.auth.Options.UserHandle})
			return stranger.signs(o.t, here, o.asked(token))
		},
		"of another person": func(o *office, token string, _ models.Actor, _, others *device) string {
			return others.signs(o.t, here, o.asked(token))
		},
		"with another person's key under this one's id": func(o *office, token string, _ models.Actor, d, others *device) string {
			forged := *others
			forged.key.ID, forged.auth.Options.UserHandle = d.key.ID, d.auth.Options.UserHandle
			return forged.signs(o.t, here, o.asked(token))
		},
		"naming another person": func(o *office, token string, _ models.Actor, d, others *device) string {
			forged := *d
			forged.auth.Options.UserHandle = others.auth.Options.UserHandle
			return forged.signs(o.t, here, o.asked(token))
		},
		"without a finger or PIN": func(o *office, token string, _ models.Actor, d, _ *device) string {
			careless := *d
			careless.auth.Options.UserNotVerified = true
			return careless.signs(o.t, here, o.asked(token))
		},
		"without anybody there": func(o *office, token string, _ models.Actor, d, _ *device) string {
			careless := *d
			careless.auth.Options.UserNotPresent = true
			return careless.signs(o.t, here, o.asked(token))
		},
		"with a counter that goes back": func(o *office, token string, _ models.Actor, d, _ *device) string {
			d.key.Counter = 0
			return d.signs(o.t, here, o.asked(token))
		},
		"with a counter that stands still": func(o *office, token string, _ models.Actor, d, _ *device) string {
			d.key.Counter--
			return d.signs(o.t, here, o.asked(token))
		},
		"that became one to be copied": func(o *office, token string, _ models.Actor, d, _ *device) string {
			other := *d
			other.auth.Options.BackupEligible = true
			return other.signs(o.t, here, o.asked(token))
		},
		"that was removed": func(o *office, token string, by models.Actor, d, _ *device) string {
			answer := d.signs(o.t, here, o.asked(token))
			keys, err := o.Passkeys(o.t.Context(), by.StaffID)
			if err != nil {
				o.t.Fatal(err)
			}
			if err := o.RemovePasskey(o.t.Context(), by, keys[0].ID); err != nil {
				o.t.Fatal(err)
			}
			return answer
		},
		"that is none": func(o *office, token string, _ models.Actor, _, _ *device) string {
			o.asked(token)
			return `{"type":"public-key","id":"AAAA","rawId":"AAAA","response":{}}`
		},
		"that is half of one": func(o *office, token string, _ models.Actor, d, _ *device) string {
			answer := d.signs(o.t, here, o.asked(token))
			return answer[:len(answer)/2]
		},
		"with another signature": func(o *office, token string, _ models.Actor, d, _ *device) string {
			answer := d.signs(o.t, here, o.asked(token))
			at := strings.Index(answer, `"signature":"`) + 40 // in the middle of it
			other := "A"
			if answer[at:at+1] == other {
				other = "B"
			}
			return answer[:at] + other + answer[at+1:]
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			p, other := o.hire("ana@x.co", models.RoleApprover), o.hire("beto@x.co", models.RoleApprover)
			token, by := o.fresh(p)
			d := o.carries(by)
			_, byOther := o.fresh(other)
			others := o.carries(byOther)
			answer := give(o, token, by, d, others)
			before := o.who(token).Session.FactorAt
			o.pass(time.Second)
			wantKey(t, o.CheckCode(t.Context(), by, answer), "passkey.error.use")
			if !o.who(token).Session.FactorAt.Equal(before) {
				t.Error("the factor counts")
			}
			if got := o.actions(); !strings.HasPrefix(got, "passkey.refuse ") {
				t.Errorf("audit: got %s", got)
			}
			// the question is used up: the right answer comes too late for it
			if err := o.CheckCode(t.Context(), by, answer); models.KindOf(err) != models.Invalid {
				t.Errorf("again: got %v", err)
			}
		})
	}
}

func TestPasskeyIsNotAdded(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.hire("ana@x.co", models.RoleApprover)
	_, by := o.fresh(p)
	for name, c := range map[string]struct {
		rp      vw.RelyingParty
		options vw.AuthenticatorOptions
	}{
		"on a page of another site": {vw.RelyingParty{ID: "p.example", Origin: "https://evil.co"}, vw.AuthenticatorOptions{}},
		"for another site":          {vw.RelyingParty{ID: "evil.co", Origin: here.Origin}, vw.AuthenticatorOptions{}},
		"without a finger or PIN":   {here, vw.AuthenticatorOptions{UserNotVerified: true}},
		"without anybody there":     {here, vw.AuthenticatorOptions{UserNotPresent: true}},
		"copied yet not to be":      {here, vw.AuthenticatorOptions{BackupState: true}},
	} {
		err := o.register(by, newDevice(c.options), c.rp)
		var e *models.Error
		if !errors.As(err, &e) || e.Key != "passkey.error.add" {
			t.Errorf("%s: got %v", name, err)
		}
	}
	options, err := o.NewPasskey(t.Context(), by)
	if err != nil {
		t.Fatal(err)
	}
	d := newDevice(vw.AuthenticatorOptions{})
	answer := d.makes(t, here, options)
	if err := o.AddPasskey(t.Context(), by, "mine", answer); err != nil {
		t.Fatal(err)
	}
	wantKey(t, o.AddPasskey(t.Context(), by, "again", answer), "passkey.error.add") // the question was used up
	wantKey(t, o.register(by, d, here), "passkey.error.known")
	wantKey(t, o.AddPasskey(t.Context(), by, "  ", answer), "passkey.error.name")
	wantKey(t, o.AddPasskey(t.Context(), by, "", ""), "passkey.error.name")
	wantKey(t, o.AddPasskey(t.Context(), by, "mine", ""), "passkey.error.add")
	beto := o.hire("beto@x.co", models.RoleApprover)
	_, byBeto := o.fresh(beto)
	wantKey(t, o.register(byBeto, d, here), "passkey.error.known") // a key belongs to one person
	o.pass(6 * time.Minute)
	_, err = o.NewPasskey(t.Context(), by)
	wantKey(t, err, "passkey.error.fresh")
	wantKey(t, o.AddPasskey(t.Context(), by, "mine", answer), "passkey.error.fresh")
	keys, err := o.Passkeys(t.Context(), p.id)
	if err != nil || len(keys) != 1 {
		t.Errorf("got %+v, %v", keys, err)
	}
}

func TestNobodyHasPasskeysWithoutEnd(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	_, by := o.fresh(o.hire("ana@x.co", models.RoleApprover))
	for range models.PasskeysMax {
		o.carries(by)
	}
	_, err := o.NewPasskey(t.Context(), by)
	wantKey(t, err, "passkey.error.many")
}

func TestPasskeyIsRemovedByItsOwnerAlone(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p, other := o.hire("ana@x.co", models.RoleApprover), o.hire("eve@x.co", models.RoleAdmin)
	_, by := o.fresh(p)
	o.carries(by)
	_, eve := o.fresh(other)
	keys, err := o.Passkeys(t.Context(), p.id)
	if err != nil {
		t.Fatal(err)
	}
	wantKey(t, o.RemovePasskey(t.Context(), eve, keys[0].ID), "passkey.error.not_found")
	if has, err := o.HasPasskey(t.Context(), p.id); err != nil || !has {
		t.Fatalf("gone: %v", err)
	}
	if err := o.RemovePasskey(t.Context(), by, keys[0].ID); err != nil {
		t.Fatal(err)
	}
	wantKey(t, o.RemovePasskey(t.Context(), by, keys[0].ID), "passkey.error.not_found")
	if got := o.actions(); !strings.HasPrefix(got, "passkey.remove ") {
		t.Errorf("audit: got %s", got)
	}
	if got := o.told(p.email); got != "se agregó una llave de acceso a su cuenta. | se quitó una llave de acceso de su cuenta." {
		t.Errorf("told by mail: %s", got)
	}
	_, err = o.AskPasskey(t.Context(), o.half(p, desk))
	wantKey(t, err, "passkey.error.none")
}

func TestResetTakesPasskeysToo(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.hire("ana@x.co", models.RoleApprover)
	_, by := o.fresh(p)
	o.carries(by)
	if _, err := o.ResetFactor(t.Context(), models.Actor{StaffID: 999, Name: "Admin"}, p.id, staff.AnyVersion, ""); err != nil {
		t.Fatal(err)
	}
	if keys, err := o.Passkeys(t.Context(), p.id); err != nil || len(keys) != 0 {
		t.Errorf("got %+v, %v", keys, err)
	}
}

func TestTwoRequestsWithOnePasskeyAnswer(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.hire("ana@x.co", models.RoleApprover)
	token, by := o.fresh(p)
	d := o.carries(by)
	answer := d.signs(t, here, o.asked(token))
	var wait sync.WaitGroup
	errs := make(chan error, 4)
	for range cap(errs) {
		wait.Go(func() { errs <- o.CheckCode(t.Context(), by, answer) })
	}
	wait.Wait()
	close(errs)
	taken := 0
	for err := range errs {
		if err == nil {
			taken++
		}
	}
	if taken != 1 {
		t.Errorf("taken %d times, want 1", taken)
	}
}

func TestPasskeyGuessesAreSlowedDown(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.hire("ana@x.co", models.RoleApprover)
	token, by := o.fresh(p)
	d := o.carries(by)
	pending := o.half(p, abroad)
	stranger := newDevice(vw.AuthenticatorOptions{})
	var err error
	for range 8 {
		_, err = o.Code(t.Context(), pending, stranger.signs(t, here, o.asked(pending)), abroad)
	}
	if !staff.Throttled(err) {
		t.Fatalf("got %v", err)
	}
	if err := o.CheckCode(t.Context(), by, d.signs(t, here, o.asked(token))); err != nil {
		t.Errorf("the owner is kept waiting: %v", err)
	}
}

func TestPasskeysWithoutCounterAndCopiedOnes(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	token, by := o.fresh(o.hire("ana@x.co", models.RoleApprover))
	d := newDevice(vw.AuthenticatorOptions{BackupEligible: true, BackupState: true})
	d.key.Counter = 0
	if err := o.register(by, d, here); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		d.key.Counter = ^uint32(0) // counted up to 0: such keys never count
		if err := o.CheckCode(t.Context(), by, d.signs(t, here, o.asked(token))); err != nil {
			t.Fatal(err)
		}
	}
	keys, err := o.Passkeys(t.Context(), by.StaffID)
	if err != nil || len(keys) != 1 || !keys[0].Synced {
		t.Errorf("got %+v, %v", keys, err)
	}
}

func TestWherePasskeysWork(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	v, err := vault.New(make([]byte, vault.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{
		"https://pagos.example.co":      "https://pagos.example.co",
		"https://pagos.example.co:8443": "https://pagos.example.co:8443",
		"http://127.0.0.1:8080":         "http://localhost:8080",
		"http://[::1]:8080":             "http://localhost:8080",
		"http://localhost:8080":         "http://localhost:8080",
		"http://pagos.example.co":       "",
		"https://10.0.0.7":              "",
		"http://10.0.0.7:8080":          "",
	} {
		site, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		s, err := staff.New(staff.Options{DB: o.db, Vault: v, Mail: o.mail, Site: site})
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		if got := s.PasskeysAt(); got != want {
			t.Errorf("%s: got %q, want %q", address, got, want)
		}
	}
}

func TestDatabaseRefusesPasskeysThatGoBack(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	_, by := o.fresh(o.hire("ana@x.co", models.RoleApprover))
	o.carries(by)
	for _, sql := range []string{`UPDATE staff_passkeys SET sign_count = 0`, `UPDATE staff_passkeys SET public_key = 'x'`} {
		if _, err := o.db.Pool.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s: taken", sql)
		}
	}
}

// told is what a person was mailed about their sign-in, without greeting and advice.
func (o *office) told(email string) string {
	o.t.Helper()
	var all []string
	rows, err := o.db.Pool.Query(o.t.Context(), `SELECT split_part(body, E'\n\n', 2) FROM mails WHERE recipient = $1 AND link IS NULL ORDER BY id`, email)
	if err == nil {
		all, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if err != nil {
		o.t.Fatal(err)
	}
	return strings.Join(all, " | ")
}

func TestPersonIsToldWhenTheirSignInChanges(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.hire("ana@x.co", models.RoleFinance)
	_, by := o.fresh(p)
	if err := o.SetLocale(t.Context(), p.id, "en"); err != nil {
		t.Fatal(err)
	}
	if err := o.ChangePassword(t.Context(), by, "not my password", "otra frase muy distinta 7"); err == nil {
		t.Fatal("a wrong password is taken")
	}
	if got := o.told(p.email); got != "" {
		t.Errorf("nothing changed, yet: %s", got)
	}
	if err := o.ChangePassword(t.Context(), by, goodPassword, "otra frase muy distinta 7"); err != nil {
		t.Fatal(err)
	}
	if _, err := o.RenewRecoveryCodes(t.Context(), by, o.code(p)); err != nil {
		t.Fatal(err)
	}
	if got := o.told(p.email); got != "your password was changed. All other sessions were ended. | new recovery codes were made for you. The old ones no longer work." {
		t.Errorf("told by mail: %s", got)
	}
}
