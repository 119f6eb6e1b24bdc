package distributors_test

import (
	"strings"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/services/distributors"
	"pagaduria/services/requests"
)

// desk is a distributor with a first method, and two people who look after distributors.
type desk struct {
	people       *distributors.Service
	requests     *requests.Service
	t            *testing.T
	maker, other models.Actor
	id           int64
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, people: newService(t)}
	d.requests = &requests.Service{DB: d.people.DB, Kinds: d.people.RequestKinds(), Now: func() time.Time { return today.Add(15 * time.Hour) }}
	d.maker, d.other = d.person("Marta", models.RoleFinance), d.person("Clara", models.RoleCompliance)
	d.id = d.number(`WITH d AS (INSERT INTO distributors (code, person_kind, doc_type, doc_number, given_names, surnames, phone, email, divipola, verification, method_kind)
		VALUES ('D-1', 'natural', 'CC', '1234567', 'Ana', 'Ruiz', '+573001234567', 'ana@example.org', '11001', 'verified', 'efecty_cash') RETURNING id),
		m AS (INSERT INTO payout_methods (distributor_id, kind, preferred) SELECT id, 'efecty_cash', true FROM d) SELECT id FROM d`)
	return d
}

func (d *desk) number(sql string, args ...any) (n int64) {
	d.t.Helper()
	if err := d.people.DB.Pool.QueryRow(d.t.Context(), sql, args...).Scan(&n); err != nil {
		d.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func (d *desk) person(name string, role models.Role) models.Actor {
	d.t.Helper()
	id := d.number(`INSERT INTO staff (email, name, roles) VALUES (lower($1) || '@example.test', $1, ARRAY[$2]) RETURNING id`, name, string(role))
	return models.Actor{StaffID: id, Name: name, Roles: []models.Role{role}}
}

func (d *desk) now() models.Distributor {
	d.t.Helper()
	of, err := d.people.Get(d.t.Context(), d.id)
	if err != nil {
		d.t.Fatal(err)
	}
	return of
}

func (d *desk) grant(by models.Actor, request int64) error {
	return d.requests.Decide(d.t.Context(), by, request, requests.Verdict{Grant: true, Seen: 1, FactorAt: today.Add(15 * time.Hour)})
}

var nequi = models.Destination{Kind: models.Nequi, AccountNumber: "3009994821"}

func (d *desk) ask(to models.Destination) int64 {
	d.t.Helper()
	request, err := d.people.AskMethod(d.t.Context(), d.maker, d.id, d.now().Version, to, distributors.Preferred)
	if err != nil {
		d.t.Fatal(err)
	}
	return request
}

func TestANewMethodNeedsASecondPersonAndCoolsOff(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	request := d.ask(nequi)
	if of := d.now(); of.MethodKind != models.EfectyCash || of.PayableFrom != nil || d.number(`SELECT count(*) FROM payout_methods`) != 1 {
		t.Error("asking changed something")
	}
	if _, err := d.people.AskMethod(t.Context(), d.maker, d.id, d.now().Version, models.Destination{Kind: models.Daviplata, AccountNumber: "3009994821"}, distributors.Preferred); models.KindOf(err) != models.Conflict {
		t.Errorf("a second request: got %v, want a conflict", err)
	}
	if err := d.grant(d.maker, request); models.KindOf(err) != models.Forbidden {
		t.Errorf("consented to by its maker: %v", err)
	}
	if err := d.grant(d.other, request); err != nil {
		t.Fatal(err)
	}
	of := d.now()
	if of.MethodKind != models.Nequi || of.AccountChanged == nil || !of.AccountChanged.Equal(today) || !of.PayableFrom.Equal(today.AddDate(0, 0, 3)) {
		t.Errorf("got %s, changed %v, payable from %v", of.MethodKind, of.AccountChanged, of.PayableFrom)
	}
	if n := d.number(`SELECT count(*) FROM mails WHERE recipient = 'ana@example.org' AND body LIKE '%Nequi •••• 4821%' AND body NOT LIKE '%3009994821%'`); n != 2 {
		t.Errorf("%d mails to the payee, want one when it was asked for and one when it was done", n)
	}
	if n := d.number(`SELECT count(*) FROM mails WHERE body LIKE '%2026-11-25%'`); n != 1 {
		t.Error("the payee is not told from when on they are paid")
	}
}

func TestPreferringAnotherMethodNeedsASecondPersonToo(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	if err := d.grant(d.other, d.ask(nequi)); err != nil {
		t.Fatal(err)
	}
	cash := d.number(`SELECT id FROM payout_methods WHERE kind = 'efecty_cash'`)
	if _, err := d.people.AskPreferred(t.Context(), models.Actor{StaffID: 9, Roles: []models.Role{models.RoleSupport}}, d.id, d.now().Version, cash); models.KindOf(err) != models.Forbidden {
		t.Errorf("support asks: %v", err)
	}
	request, err := d.people.AskPreferred(t.Context(), d.maker, d.id, d.now().Version, cash)
	if err != nil {
		t.Fatal(err)
	}
	if d.now().MethodKind != models.Nequi {
		t.Error("asking changed the preferred method")
	}
	if err := d.grant(d.other, request); err != nil {
		t.Fatal(err)
	}
	if d.now().MethodKind != models.EfectyCash || d.number(`SELECT count(*) FROM payout_methods WHERE preferred`) != 1 {
		t.Error("the consent did not change the preferred method")
	}
}

func TestAMethodThatWasRetiredMeanwhileIsNotPreferred(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	if err := d.grant(d.other, d.ask(nequi)); err != nil {
		t.Fatal(err)
	}
	cash := d.number(`SELECT id FROM payout_methods WHERE kind = 'efecty_cash'`)
	request, err := d.people.AskPreferred(t.Context(), d.maker, d.id, d.now().Version, cash)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.people.RetireMethod(t.Context(), d.maker, d.id, d.now().Version, cash); err != nil {
		t.Fatal(err)
	}
	if err := d.grant(d.other, request); models.KindOf(err) != models.Conflict {
		t.Errorf("got %v, want a conflict", err)
	}
}

func TestTheFirstMethodNeedsConsentAndNoWaiting(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id, err := d.people.Create(t.Context(), d.maker, distributors.Form{"ref_code": "D-2", "person_kind": "natural", "doc_type": "CC", "doc_number": "7654321",
		"first_names": "Luz", "last_names": "Gil", "phone": "3001112233", "divipola": "11001", "lang": "es", "payout_method": "nequi", "account_number": "3001112233"})
	if err != nil {
		t.Fatal(err)
	}
	d.id = id
	if d.now().MethodKind != "" {
		t.Error("one person gave a new distributor a payout method")
	}
	if n := d.number(`SELECT count(*) FROM events WHERE kind = 'distributor.call' AND subject_id = $1`, id); n != 1 {
		t.Errorf("%d people are asked to call somebody who has no e-mail", n)
	}
	if err := d.grant(d.other, d.number(`SELECT id FROM requests WHERE subject_id = $1`, id)); err != nil {
		t.Fatal(err)
	}
	if of := d.now(); of.MethodKind != models.Nequi || of.PayableFrom != nil {
		t.Errorf("got %s, payable from %v", of.MethodKind, of.PayableFrom)
	}
}

func TestTheDatabaseRefusesMethodsWithoutConsent(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	request := d.ask(nequi)
	for name, sql := range map[string]string{
		"another method":                    `INSERT INTO payout_methods (distributor_id, kind) VALUES ($1, 'nequi')`,
		"another preferred one":             `WITH o AS (UPDATE payout_methods SET preferred = false WHERE distributor_id = $1) INSERT INTO payout_methods (distributor_id, kind) VALUES ($1, 'nequi')`,
		"with a request that is still open": `INSERT INTO payout_methods (distributor_id, kind, consent_id) SELECT $1, 'nequi', max(id) FROM requests`,
		"another place":                     `UPDATE payout_methods SET kind = 'nequi', account_number = '3009994821' WHERE distributor_id = $1`,
		"somebody else's":                   `UPDATE payout_methods SET distributor_id = distributor_id + 1 WHERE distributor_id = $1`,
	} {
		if _, err := d.people.DB.Pool.Exec(t.Context(), sql, d.id); err == nil {
			t.Errorf("%s: the database took it", name)
		}
	}
	if err := d.grant(d.other, request); err != nil {
		t.Fatal(err)
	}
	if _, err := d.people.DB.Pool.Exec(t.Context(), `UPDATE payout_methods SET preferred = false WHERE distributor_id = $1 AND preferred`, d.id); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		`UPDATE payout_methods SET preferred = true WHERE distributor_id = $1 AND kind = 'efecty_cash'`,
		`UPDATE payout_methods SET preferred = true WHERE distributor_id = $1 AND kind = 'nequi'`,
	} {
		if _, err := d.people.DB.Pool.Exec(t.Context(), sql, d.id); err == nil {
			t.Errorf("taken without a consent of its own: %s", sql)
		}
	}
}

func TestAFileDoesNotChangeAMethodAndTellsOldContacts(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	head := "ref_code,person_kind,doc_type,doc_number,doc_dv,doc_issued_on,first_names,last_names,business_name,phone,email,divipola,municipality,address,tax_status,iva_responsible,payout_method,bank_code,account_type,account_number,bre_b_key,upline_ref,joined_on,lang\n"
	file := head + "D-1,natural,CC,1234567,,,Ana,Ruiz,,3007654321,nueva@example.org,11001,,,,,nequi,,,3009994821,,,,es\n"
	result, faults := runImport(t, d.people, strings.NewReader(file), nil)
	if result.Updated != 1 || len(faults.Refused) != 0 {
		t.Fatalf("got %+v, refused %v", result, faults.Refused)
	}
	warned := false
	for _, w := range faults.Warnings {
		warned = warned || w.Code == "method_needs_consent" && w.Field == "payout_method" && w.Line == 2
	}
	if !warned {
		t.Errorf("the file's other method is not pointed out: %v", faults.Warnings)
	}
	if of := d.now(); of.MethodKind != models.EfectyCash || of.Email != "nueva@example.org" || d.number(`SELECT count(*) FROM payout_methods`) != 1 {
		t.Errorf("got method %s, e-mail %s", of.MethodKind, of.Email)
	}
	if n := d.number(`SELECT count(*) FROM mails WHERE recipient = 'ana@example.org' AND body LIKE '%teléfono, correo%'`); n != 1 {
		t.Errorf("the old address was told %d times", n)
	}
}
