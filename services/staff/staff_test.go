package staff_test

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/mail"
	"pagaduria/services/staff"
	"pagaduria/services/store"
	"pagaduria/services/store/storetest"
	"pagaduria/services/vault"
)

// office is a database with its service and a clock that stands still until it is moved.
type office struct {
	*staff.Service
	t    *testing.T
	db   *store.DB
	mail *mail.Outbox
	mu   sync.Mutex
	at   time.Time
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, db: storetest.New(t), at: time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)}
	v, err := vault.New(bytes.Repeat([]byte{7}, vault.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	o.mail = mail.New(o.db, v, o.now)
	o.Service, err = staff.New(staff.Options{DB: o.db, Vault: v, Mail: o.mail, Now: o.now, Demo: true, Site: &url.URL{Scheme: "https", Host: "p.example"},
		SetUp: func(token string) string { return "https://p.example/setup/" + token }})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *office) now() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.at
}

func (o *office) pass(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.at = o.at.Add(d)
}

const goodPassword = "mango verde con sal 9"

var (
	command = models.System("staff command")
	desk    = staff.Browser{Address: "190.0.2.10", Agent: "Firefox"}
	abroad  = staff.Browser{Address: "203.0.113.9", Agent: "curl"}
)

// person is somebody who works here, with their authenticator app.
type person struct {
	id     int64
	email  string
	secret string
	codes  []string
}

func (o *office) hire(email string, roles ...models.Role) person {
	o.t.Helper()
	id, link, err := o.Add(o.t.Context(), command, staff.NewStaff{Email: email, Name: "Ana Gómez", Roles: roles})
	if err != nil {
		o.t.Fatal(err)
	}
	return o.setUp(id, email, link, goodPassword)
}

func (o *office) setUp(id int64, email, link, password string) person {
	o.t.Helper()
	token := link[strings.LastIndex(link, "/")+1:]
	page, err := o.SetUp(o.t.Context(), token)
	if err != nil {
		o.t.Fatal(err)
	}
	p := person{id: id, email: email, secret: strings.ReplaceAll(page.Secret, " ", "")}
	p.codes, err = o.Finish(o.t.Context(), token, staff.Finish{Password: password, Code: o.code(p), Address: desk.Address})
	if err != nil {
		o.t.Fatal(err)
	}
	o.pass(time.Minute) // the next code is another one
	return p
}

func (o *office) code(p person) string {
	o.t.Helper()
	c, err := totp.GenerateCode(p.secret, o.now())
	if err != nil {
		o.t.Fatal(err)
	}
	return c
}

// signIn goes through both steps and leaves the next code unused.
func (o *office) signIn(p person, b staff.Browser) (token string, who models.SignedIn) {
	o.t.Helper()
	pending, err := o.Password(o.t.Context(), p.email, goodPassword, b)
	if err != nil {
		o.t.Fatal(err)
	}
	token, err = o.Code(o.t.Context(), pending, o.code(p), b)
	if err != nil {
		o.t.Fatal(err)
	}
	o.pass(time.Minute)
	return token, o.who(token)
}

func (o *office) who(token string) models.SignedIn {
	o.t.Helper()
	l, err := o.Load(o.t.Context(), token)
	if err != nil {
		o.t.Fatal(err)
	}
	if l.SignedIn == nil {
		o.t.Fatal("not signed in")
	}
	return *l.SignedIn
}

func (o *office) gone(token string) bool {
	o.t.Helper()
	_, err := o.Load(o.t.Context(), token)
	if err != nil && !errors.Is(err, staff.ErrNoSession) {
		o.t.Fatal(err)
	}
	return err != nil
}

func (o *office) actions() string {
	o.t.Helper()
	page, err := audit.List(o.t.Context(), o.db, models.AuditFilter{}, store.Cursor{})
	if err != nil {
		o.t.Fatal(err)
	}
	var all []string
	for _, e := range page.Rows {
		all = append(all, e.Action)
		if strings.Contains(e.Before+e.After, goodPassword) {
			o.t.Error("the audit log holds a password")
		}
	}
	return strings.Join(all, " ")
}

func wantKey(t *testing.T, err error, key string) {
	t.Helper()
	var e *models.Error
	if !errors.As(err, &e) || e.Key != key {
		t.Fatalf("got %v, want %s", err, key)
	}
}

func TestInvitedPersonSetsUpAndSignsIn(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.hire("Ana@Empresa.co", models.RoleFinance, models.RoleSupport)
	if len(p.codes) != 10 {
		t.Fatalf("got %d recovery codes, want 10", len(p.codes))
	}
	_, who := o.signIn(p, desk)
	if who.Staff.Email != "ana@empresa.co" || len(who.Staff.Roles) != 2 || !who.Actor("x").May(models.PermBatchesPrepare) {
		t.Fatalf("got %+v", who.Staff)
	}
	if got := o.actions(); got != "session.open staff.set_up staff.add" {
		t.Errorf("audit: got %s", got)
	}
}

func TestSetUpLinkWorksOnceAndForThreeDays(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	_, link, err := o.Add(t.Context(), command, staff.NewStaff{Email: "b@x.co", Name: "Beto", Roles: []models.Role{models.RoleAdmin}})
	if err != nil {
		t.Fatal(err)
	}
	token := link[strings.LastIndex(link, "/")+1:]
	page, err := o.SetUp(t.Context(), token)
	if err != nil || !strings.Contains(page.KeyURI, "otpauth://totp/Pagadur%C3%ADa:b@x.co?issuer=") {
		t.Fatalf("got %+v, %v", page, err)
	}
	p := person{secret: strings.ReplaceAll(page.Secret, " ", "")}
	for name, f := range map[string]staff.Finish{
		"wrong code":      {Password: goodPassword, Code: "000000"},
		"short password":  {Password: "mango", Code: o.code(p)},
		"common password": {Password: "Contraseña2026!", Code: o.code(p)},
	} {
		if _, err := o.Finish(t.Context(), token, f); models.KindOf(err) != models.Invalid {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := o.Finish(t.Context(), token, staff.Finish{Password: goodPassword, Code: o.code(p)}); err != nil {
		t.Fatal(err)
	}
	_, err = o.Finish(t.Context(), token, staff.Finish{Password: goodPassword, Code: o.code(p)})
	wantKey(t, err, "setup.error.link")
	_, late, err := o.Add(t.Context(), command, staff.NewStaff{Email: "c@x.co", Name: "Caro", Roles: []models.Role{models.RoleAdmin}})
	if err != nil {
		t.Fatal(err)
	}
	o.pass(73 * time.Hour)
	_, err = o.SetUp(t.Context(), late[strings.LastIndex(late, "/")+1:])
	wantKey(t, err, "setup.error.link")
}

func TestSameAnswerForUnknownAccountAndWrongPassword(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.hire("ana@x.co", models.RoleAdmin)
	off := o.hire("off@x.co", models.RoleSupport)
	if err := o.Disable(t.Context(), models.Actor{StaffID: p.id, Name: "Ana"}, off.id, staff.AnyVersion, "left"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := o.Add(t.Context(), command, staff.NewStaff{Email: "new@x.co", Name: "N", Roles: []models.Role{models.RoleAdmin}}); err != nil {
		t.Fatal(err)
	}
	took := map[string]time.Duration{}
	for _, email := range []string{"nobody@x.co", "ana@x.co", "off@x.co", "new@x.co", ""} {
		begin := time.Now()
		_, err := o.Password(t.Context(), email, "something else entirely", abroad)
		took[email] = time.Since(begin)
		wantKey(t, err, "signin.error.password")
	}
	for email, d := range took {
		if d < took["ana@x.co"]/10 {
			t.Errorf("%s was answered in %v, a wrong password in %v", email, d, took["ana@x.co"])
		}
	}
}

func TestCodeWorksOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.hire("ana@x.co", models.RoleApprover)
	code := o.code(p)
	pending, err := o.Password(t.Context(), p.email, goodPassword, desk)
	if err != nil {
		t.Fatal(err)
	}
	token, err := o.Code(t.Context(), pending, code, desk)
	if err != nil {
		t.Fatal(err)
	}
	wantKey(t, o.CheckCode(t.Context(), o.who(token).Actor(desk.Address), code), "signin.error.code")
	again, err := o.Password(t.Context(), p.email, goodPassword, desk)
	if err != nil {
		t.Fatal(err)
	}
	_, err = o.Code(t.Context(), again, code, desk)
	wantKey(t, err, "signin.error.code")
}

func TestTwoRequestsWithOneCode(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.hire("ana@x.co", models.RoleApprover)
	_, who := o.signIn(p, desk)
	by, code := who.Actor(desk.Address), o.code(p)
	var wg sync.WaitGroup
	results := make(chan error, 4)
	for range 4 {
		wg.Go(func() { results <- o.CheckCode(t.Context(), by, code) })
	}
	wg.Wait()
	close(results)
	right := 0
	for err := range results {
		if err == nil {
			right++
		} else if models.KindOf(err) != models.Invalid {
			t.Error(err)
		}
	}
	if right != 1 {
		t.Fatalf("the code worked %d times", right)
	}
}

func TestRecoveryCodeWorksOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.hire("ana@x.co", models.RoleFinance)
	for i, want := range []bool{true, false} {
		pending, err := o.Password(t.Context(), p.email, goodPassword, desk)
		if err != nil {
			t.Fatal(err)
		}
		_, err = o.Code(t.Context(), pending, " "+strings.ToUpper(p.codes[3])+" ", desk)
		if (err == nil) != want {
			t.Fatalf("try %d: got %v", i+1, err)
		}
	}
	if n, err := o.RecoveryCodesLeft(t.Context(), p.id); err != nil || n != 9 {
		t.Fatalf("%d codes left, %v", n, err)
	}
}

func TestSessionChangesItsTokenAtSignIn(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.hire("ana@x.co", models.RoleFinance)
	pending, err := o.Password(t.Context(), p.email, goodPassword, desk)
	if err != nil {
		t.Fatal(err)
	}
	if l, err := o.Load(t.Context(), pending); err != nil || l.SignedIn != nil {
		t.Fatalf("half signed in: %+v, %v", l, err)
	}
	token, err := o.Code(t.Context(), pending, o.code(p), desk)
	if err != nil {
		t.Fatal(err)
	}
	if token == pending || !o.gone(pending) || o.gone(token) {
		t.Fatal("the token before signing in still works, or the new one does not")
	}
	var kept int
	if err := o.db.Pool.QueryRow(t.Context(), `SELECT count(*) FROM staff_sessions WHERE position(convert_to($1, 'UTF8') IN token_hash) > 0`, token).Scan(&kept); err != nil || kept != 0 {
		t.Fatalf("the token itself is in the database: %d, %v", kept, err)
	}
}

func TestSessionEnds(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.hire("ana@x.co", models.RoleFinance)
	admin := o.hire("root@x.co", models.RoleAdmin)
	boss := models.Actor{StaffID: admin.id, Name: "Root"}
	t.Run("between password and code after ten minutes", func(t *testing.T) {
		pending, err := o.Password(t.Context(), p.email, goodPassword, desk)
		if err != nil {
			t.Fatal(err)
		}
		o.pass(11 * time.Minute)
		_, err = o.Code(t.Context(), pending, o.code(p), desk)
		wantKey(t, err, "signin.error.pending")
	})
	t.Run("after half an hour without a request", func(t *testing.T) {
		token, _ := o.signIn(p, desk)
		for range 3 {
			o.pass(29 * time.Minute)
			o.who(token)
		}
		o.pass(30 * time.Minute)
		if !o.gone(token) {
			t.Fatal("still there")
		}
	})
	t.Run("after twelve hours in any case", func(t *testing.T) {
		token, _ := o.signIn(p, desk)
		for range 11*3 + 2 {
			o.pass(20 * time.Minute)
			o.who(token)
		}
		o.pass(20 * time.Minute)
		if !o.gone(token) {
			t.Fatal("still there")
		}
	})
	t.Run("when it is signed out", func(t *testing.T) {
		token, who := o.signIn(p, desk)
		if err := o.SignOut(t.Context(), who.Actor("")); err != nil || !o.gone(token) {
			t.Fatalf("still there, %v", err)
		}
	})
	t.Run("when it is revoked elsewhere, but only by its owner", func(t *testing.T) {
		one, whoOne := o.signIn(p, desk)
		two, _ := o.signIn(p, abroad)
		list, err := o.Sessions(t.Context(), p.id)
		if err != nil || len(list) != 2 || list[0].Agent != "curl" {
			t.Fatalf("got %+v, %v", list, err)
		}
		if err := o.Revoke(t.Context(), boss, list[0].ID); models.KindOf(err) != models.NotFound || o.gone(two) {
			t.Fatalf("somebody else ended it, %v", err)
		}
		if err := o.Revoke(t.Context(), whoOne.Actor(""), list[0].ID); err != nil || !o.gone(two) || o.gone(one) {
			t.Fatalf("revoke, %v", err)
		}
	})
	t.Run("everywhere", func(t *testing.T) {
		one, _ := o.signIn(p, desk)
		two, who := o.signIn(p, abroad)
		if err := o.RevokeOthers(t.Context(), who.Actor("")); err != nil || !o.gone(one) || o.gone(two) {
			t.Fatalf("others, %v", err)
		}
		if err := o.RevokeAll(t.Context(), who.Actor("")); err != nil || !o.gone(two) {
			t.Fatalf("all, %v", err)
		}
	})
	t.Run("when the account is disabled", func(t *testing.T) {
		token, _ := o.signIn(p, desk)
		if err := o.Disable(t.Context(), boss, p.id, staff.AnyVersion, "left the company"); err != nil || !o.gone(token) {
			t.Fatalf("still there, %v", err)
		}
	})
}

func TestStrangerIsSlowedDownAndTheOwnerIsNot(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.hire("ana@x.co", models.RoleApprover)
	o.signIn(p, desk) // the desk is known from now on
	refused := 0
	for i := range 40 {
		b := staff.Browser{Address: "203.0.113." + string(rune('0'+i%10))}
		_, err := o.Password(t.Context(), p.email, "a wrong password", b)
		if staff.Throttled(err) {
			refused++
		} else {
			wantKey(t, err, "signin.error.password")
		}
	}
	if refused == 0 {
		t.Fatal("forty wrong passwords and nobody was slowed down")
	}
	_, err := o.Password(t.Context(), p.email, goodPassword, abroad)
	if !staff.Throttled(err) {
		t.Fatalf("a stranger with the right password just then: got %v", err)
	}
	if _, err := o.Password(t.Context(), p.email, goodPassword, desk); err != nil {
		t.Fatalf("the owner at their desk: %v", err)
	}
	o.pass(3 * time.Minute)
	if _, err := o.Password(t.Context(), p.email, goodPassword, abroad); err != nil {
		t.Fatalf("three minutes later, from anywhere: %v", err)
	}
}

func TestWaitsGrowAndStayBelowFiveMinutes(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.hire("ana@x.co", models.RoleApprover)
	var last, longest int
	for range 16 {
		_, err := o.Password(t.Context(), p.email, "a wrong password", desk)
		if !staff.Throttled(err) {
			continue
		}
		var e *models.Error
		errors.As(err, &e)
		last = e.Args["Seconds"].(int)
		if last < longest {
			t.Fatalf("the wait fell from %d to %d s", longest, last)
		}
		longest = last
		o.pass(time.Duration(last) * time.Second)
	}
	if longest < 8 || longest > 300 {
		t.Fatalf("the longest wait was %d s", longest)
	}
}

func TestManyGuessesAtOnceAreCounted(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.hire("ana@x.co", models.RoleApprover)
	var wg sync.WaitGroup
	var mu sync.Mutex
	tried := 0
	for range 30 {
		wg.Go(func() {
			_, err := o.Password(context.WithoutCancel(t.Context()), p.email, "a wrong password", abroad)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case staff.Throttled(err):
			case models.KindOf(err) == models.Invalid:
				tried++
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if tried > 5 {
		t.Fatalf("%d of 30 guesses at once were tried, want at most 5", tried)
	}
}

func TestCodeGuessesAreSlowedDown(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.hire("ana@x.co", models.RoleApprover)
	pending, err := o.Password(t.Context(), p.email, goodPassword, abroad)
	if err != nil {
		t.Fatal(err)
	}
	for range 6 {
		if _, err = o.Code(t.Context(), pending, "000000", abroad); staff.Throttled(err) {
			return
		}
		wantKey(t, err, "signin.error.code")
	}
	t.Fatal("six wrong codes and nobody was slowed down")
}

func TestResetOfTheSecondFactor(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.hire("ana@x.co", models.RoleFinance)
	token, _ := o.signIn(p, desk)
	link, err := o.ResetFactor(t.Context(), command, p.id, staff.AnyVersion, "en")
	if err != nil {
		t.Fatal(err)
	}
	if !o.gone(token) {
		t.Error("the session outlived the reset")
	}
	_, err = o.Password(t.Context(), p.email, goodPassword, desk)
	wantKey(t, err, "signin.error.password")
	reset := link[strings.LastIndex(link, "/")+1:]
	page, err := o.SetUp(t.Context(), reset)
	if err != nil || page.NewPassword {
		t.Fatalf("got %+v, %v", page, err)
	}
	next := person{secret: strings.ReplaceAll(page.Secret, " ", "")}
	_, err = o.Finish(t.Context(), reset, staff.Finish{Password: "somebody else's guess", Code: o.code(next)})
	wantKey(t, err, "setup.error.password")
	fresh := o.setUp(p.id, p.email, link, goodPassword)
	if fresh.secret == p.secret {
		t.Fatal("the same secret again")
	}
	o.signIn(fresh, desk)
}

func TestRoles(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	one := o.hire("one@x.co", models.RoleAdmin)
	two := o.hire("two@x.co", models.RoleFinance)
	token, _ := o.signIn(two, desk)
	boss := models.Actor{StaffID: one.id, Name: "One"}
	approver := []models.Role{models.RoleApprover}

	wantKey(t, o.SetRoles(t.Context(), boss, one.id, staff.AnyVersion, approver), "staff.error.own_roles")
	wantKey(t, o.Disable(t.Context(), boss, one.id, staff.AnyVersion, "x"), "staff.error.own_account")
	wantKey(t, o.SetRoles(t.Context(), command, one.id, staff.AnyVersion, approver), "staff.error.last_admin")
	wantKey(t, o.SetRoles(t.Context(), boss, two.id, staff.AnyVersion, nil), "staff.error.no_role")
	wantKey(t, o.SetRoles(t.Context(), boss, two.id, staff.AnyVersion, []models.Role{"god"}), "staff.error.bad_role")
	wantKey(t, o.SetRoles(t.Context(), boss, two.id, 1, approver), "staff.error.stale")
	st, err := o.Get(t.Context(), two.id)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.SetRoles(t.Context(), boss, two.id, st.Version, approver); err != nil {
		t.Fatal(err)
	}
	if who := o.who(token); !who.Staff.Has(models.RoleApprover) || who.Staff.Has(models.RoleFinance) {
		t.Errorf("the running session has %v", who.Staff.Roles)
	}
	page, err := audit.List(t.Context(), o.db, models.AuditFilter{Action: "staff.roles"}, store.Cursor{})
	if err != nil || len(page.Rows) != 1 || !strings.Contains(page.Rows[0].Before, "finance") || !strings.Contains(page.Rows[0].After, "approver") {
		t.Errorf("audit: %+v, %v", page.Rows, err)
	}
}

func TestAccountIsRefused(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.hire("ana@x.co", models.RoleAdmin)
	good := staff.NewStaff{Email: "b@x.co", Name: "B", Roles: []models.Role{models.RoleAdmin}}
	for name, change := range map[string]func(*staff.NewStaff){
		"same e-mail":      func(n *staff.NewStaff) { n.Email = " ANA@x.co " },
		"no e-mail":        func(n *staff.NewStaff) { n.Email = "" },
		"name in e-mail":   func(n *staff.NewStaff) { n.Email = "Ana <b@x.co>" },
		"no name":          func(n *staff.NewStaff) { n.Name = " " },
		"no role":          func(n *staff.NewStaff) { n.Roles = nil },
		"role named twice": func(n *staff.NewStaff) { n.Roles = []models.Role{models.RoleAdmin, models.RoleAdmin} },
	} {
		n := good
		change(&n)
		if _, _, err := o.Add(t.Context(), command, n); models.KindOf(err) == "" {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if all, err := o.All(t.Context()); err != nil || len(all) != 1 {
		t.Fatalf("got %v, %v", all, err)
	}
}

func TestPasswordChangeEndsOtherSessions(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.hire("ana@x.co", models.RoleFinance)
	other, _ := o.signIn(p, abroad)
	token, who := o.signIn(p, desk)
	wantKey(t, o.ChangePassword(t.Context(), who.Actor(desk.Address), "not it at all", "tres tristes tigres"), "setup.error.password")
	wantKey(t, o.ChangePassword(t.Context(), who.Actor(desk.Address), goodPassword, "password1234"), "staff.error.password_common")
	if err := o.ChangePassword(t.Context(), who.Actor(desk.Address), goodPassword, "tres tristes tigres"); err != nil {
		t.Fatal(err)
	}
	if !o.gone(other) || o.gone(token) {
		t.Error("the other session must end and this one stay")
	}
	if _, err := o.Password(t.Context(), p.email, "tres tristes tigres", desk); err != nil {
		t.Error(err)
	}
}

func TestSecondFactorIsFreshForFiveMinutes(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.hire("ana@x.co", models.RoleApprover)
	token, who := o.signIn(p, desk)
	if !who.Session.FreshFactor(o.now()) {
		t.Error("not fresh after signing in")
	}
	o.pass(5 * time.Minute)
	if o.who(token).Session.FreshFactor(o.now()) {
		t.Error("fresh after six minutes")
	}
	if err := o.CheckCode(t.Context(), who.Actor(desk.Address), o.code(p)); err != nil {
		t.Fatal(err)
	}
	if !o.who(token).Session.FreshFactor(o.now()) {
		t.Error("not fresh after giving it again")
	}
}

func TestFormTokenBelongsToOneSession(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	a, b := o.NewToken(), o.NewToken()
	if !o.SameFormToken(a, o.FormToken(a)) || o.SameFormToken(a, o.FormToken(b)) || o.SameFormToken(a, "") || o.SameFormToken("", o.FormToken("")) {
		t.Fatal("form tokens are mixed up")
	}
}

func TestDemoAccounts(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for range 2 { // safe to run again
		if err := o.EnsureDemo(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // twice within one step of the clock: the next code is shown
		pending, err := o.Password(t.Context(), "approver@demo.test", staff.DemoPassword, desk)
		if err != nil {
			t.Fatal(err)
		}
		code, err := o.DemoCode(t.Context(), "approver@demo.test")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := o.Code(t.Context(), pending, code, desk); err != nil {
			t.Fatal(err)
		}
	}
	if code, err := o.DemoCode(t.Context(), "ana@x.co"); err != nil || code != "" {
		t.Fatalf("a code for anybody: %q, %v", code, err)
	}
	v, _ := vault.New(bytes.Repeat([]byte{7}, vault.KeySize))
	earnest, err := staff.New(staff.Options{DB: o.db, Vault: v, Mail: o.mail, Now: o.now})
	if err != nil {
		t.Fatal(err)
	}
	_, err = earnest.Password(t.Context(), "approver@demo.test", staff.DemoPassword, desk)
	wantKey(t, err, "signin.error.password")
}

// server is a mail server that keeps what it is given, or is down.
type server struct {
	down bool
	got  []string
}

func (s *server) Send(_ context.Context, to, _, body string) error {
	if s.down {
		return errors.New("connection refused")
	}
	s.got = append(s.got, to+" "+body)
	return nil
}

func TestInvitationIsMailedOnceAndItsLinkIsNotReadable(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	_, link, err := o.Add(t.Context(), command, staff.NewStaff{Email: "ana@x.co", Name: "Ana", Roles: []models.Role{models.RoleAdmin}, Locale: "en"})
	if err != nil {
		t.Fatal(err)
	}
	page, err := o.mail.List(t.Context(), true, store.Cursor{})
	if err != nil || len(page.Rows) != 1 || strings.Contains(page.Rows[0].Body, link) || !page.Rows[0].HasLink {
		t.Fatalf("got %+v, %v", page.Rows, err)
	}
	s := &server{down: true}
	if n, err := o.mail.SendWaiting(t.Context(), s); err != nil || n != 0 {
		t.Fatalf("sent %d, %v", n, err)
	}
	s.down = false
	if n, err := o.mail.SendWaiting(t.Context(), s); err != nil || n != 0 {
		t.Fatalf("tried again at once: sent %d, %v", n, err)
	}
	o.pass(2 * time.Minute)
	for range 2 {
		if _, err := o.mail.SendWaiting(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.got) != 1 || !strings.Contains(s.got[0], link) || !strings.HasPrefix(s.got[0], "ana@x.co Hello Ana") {
		t.Fatalf("got %q", s.got)
	}
	all, err := o.mail.List(t.Context(), false, store.Cursor{})
	if err != nil || all.Rows[0].SentAt == nil || all.Rows[0].HasLink {
		t.Fatalf("got %+v, %v", all.Rows, err)
	}
}
