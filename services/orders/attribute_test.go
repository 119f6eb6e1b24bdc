package orders_test

import (
	"bytes"
	"strings"
	"testing"

	"pagaduria/models"
	"pagaduria/models/shop"
	"pagaduria/services/orders"
	"pagaduria/services/requests"
	"pagaduria/services/store"
)

var (
	finance  = models.Actor{Name: "Finance", Roles: []models.Role{models.RoleFinance}}
	approver = models.Actor{Name: "Approver", Roles: []models.Role{models.RoleApprover}}
)

// seller stores a distributor and answers its id.
func seller(t testing.TB, s *orders.Service, code, phone string) int64 {
	t.Helper()
	return count(t, s.DB, `INSERT INTO distributors (code, person_kind, doc_type, doc_number, given_names, surnames, phone)
		VALUES ($1, 'natural', 'CC', '10' || abs(hashtext($1)), 'Ana', 'Rojas', $2) RETURNING id`, code, phone)
}

// people stores staff with the roles of a and b, so that requests have a maker and a decider.
func people(t testing.TB, s *orders.Service) (maker, decider models.Actor) {
	t.Helper()
	maker, decider = finance, approver
	maker.StaffID = count(t, s.DB, `INSERT INTO staff (email, name, roles) VALUES ('maker@example.test', 'Finance', '{finance}') RETURNING id`)
	decider.StaffID = count(t, s.DB, `INSERT INTO staff (email, name, roles) VALUES ('decider@example.test', 'Approver', '{approver}') RETURNING id`)
	return maker, decider
}

func whose(t testing.TB, s *orders.Service, number string) (id int64, by string) {
	t.Helper()
	if err := s.DB.Pool.QueryRow(t.Context(), `SELECT COALESCE(distributor_id, 0), attributed_by FROM orders WHERE number = $1`, number).Scan(&id, &by); err != nil {
		t.Fatalf("order %s: %v", number, err)
	}
	return id, by
}

func TestOrdersOfAFileAreAttributedAsTheyComeIn(t *testing.T) {
	t.Parallel()
	s := newService(t)
	luz, ref := seller(t, s, "D-1", "+573001112233"), seller(t, s, "REF4402", "")
	if err := s.GiveCode(t.Context(), finance, " luz29 ", "D-1"); err != nil {
		t.Fatal(err)
	}
	export := file(t, "orders_export.csv")
	importOrders(t, s, export, false)
	if id, by := whose(t, s, "13022"); id != luz || by != "referral" {
		t.Errorf("13022 with LUZ29 is %d's by %q, want %d", id, by, luz)
	}
	if id, by := whose(t, s, "13003"); id != ref || by != "referral" {
		t.Errorf("13003 with a distributor's own code is %d's by %q, want %d", id, by, ref)
	}
	if id, by := whose(t, s, "13007"); id != 0 || by != "" {
		t.Errorf("13007 without a code is %d's by %q", id, by)
	}
	want := count(t, s.DB, `SELECT count(*) FROM orders WHERE upper(referral) IN ('LUZ29', 'REF4402')`)
	if n := count(t, s.DB, `SELECT count(*) FROM orders WHERE distributor_id IS NOT NULL`); n != want {
		t.Errorf("%d orders are attributed, want %d", n, want)
	}

	// A person's word stands when a later file changes the order; what the rules found follows the code.
	sum, err := s.ChosenOrders(t.Context(), models.OrderChoice{IDs: []int64{count(t, s.DB, `SELECT id FROM orders WHERE number = '13022'`)}})
	if err != nil {
		t.Fatal(err)
	}
	choice := models.OrderChoice{IDs: []int64{count(t, s.DB, `SELECT id FROM orders WHERE number = '13022'`)}, Seen: sum}
	if _, err := s.Attribute(t.Context(), finance, choice, "REF4402", "Sold at the fair"); err != nil {
		t.Fatal(err)
	}
	later := bytes.ReplaceAll(export, []byte("LUZ29;cliente nuevo"), []byte("LUZ29;otra nota"))
	later = bytes.Replace(later, []byte("73003468265;REF4402;"), []byte("73003468265;LUZ29;"), 1)
	importOrders(t, s, later, false)
	if id, by := whose(t, s, "13022"); id != ref || by != "hand" {
		t.Errorf("after a later file 13022 is %d's by %q", id, by)
	}
	if id, _ := whose(t, s, "13003"); id != luz {
		t.Errorf("after its code changed 13003 is %d's, want %d", id, luz)
	}
	if n := count(t, s.DB, `SELECT count(*) FROM attribution_changes`); n != 2 {
		t.Errorf("%d changes are kept, want 2", n)
	}
}

func TestOrdersOfShopsAreAttributedByTheRulesInForce(t *testing.T) {
	t.Parallel()
	s := newService(t)
	maker, decider := people(t, s)
	seller(t, s, "D-1", "")
	addShop(t, s, shop.Shopify, "aurora", "")
	m := messages(t, shop.Shopify)[0]
	send(t, s, m, "aurora")
	code := ""
	if err := s.DB.Pool.QueryRow(t.Context(), `SELECT discount_code FROM orders`).Scan(&code); err != nil || code == "" {
		t.Fatalf("the discount code is %q (%v)", code, err)
	}
	stem := strings.TrimRight(code, "0123456789")
	if err := s.GiveCode(t.Context(), maker, stem, "D-1"); err != nil {
		t.Fatal(err)
	}
	rules := models.AttributionRules{{Source: models.AttributedDiscount, Digits: true}}
	trial, err := s.TryAttribution(t.Context(), rules)
	if err != nil || trial.Looked != 1 || trial.Differing != 1 || trial.Samples[0].Will != "D-1" {
		t.Fatalf("tried: %+v, %v", trial, err)
	}
	if n := count(t, s.DB, `SELECT count(*) FROM orders WHERE distributor_id IS NOT NULL`); n != 0 {
		t.Fatal("a trial changed an order")
	}
	id, err := s.AskAttribution(t.Context(), maker, 1, rules, "Codes end in the percentage")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.AskAttribution(t.Context(), decider, 1, rules, "x"); models.KindOf(err) != models.Forbidden {
		t.Errorf("an approver asks: %v", err)
	}
	desk := &requests.Service{DB: s.DB, Kinds: s.RequestKinds(), Now: s.Now}
	both := maker
	both.Roles = []models.Role{models.RoleFinance, models.RoleApprover}
	if err := desk.Decide(t.Context(), both, id, requests.Verdict{Grant: true, Seen: 1, FactorAt: s.Now()}); models.KindOf(err) != models.Forbidden {
		t.Errorf("the maker consents: %v", err)
	}
	if err := desk.Decide(t.Context(), decider, id, requests.Verdict{Grant: true, Seen: 1, FactorAt: s.Now()}); err != nil {
		t.Fatal(err)
	}
	if n, err := s.AttributeOpen(t.Context()); err != nil || n != 1 {
		t.Fatalf("looked again: %d, %v", n, err)
	}
	if n, err := s.AttributeOpen(t.Context()); err != nil || n != 0 {
		t.Fatalf("and once more: %d, %v", n, err)
	}
	if _, err := s.DB.Pool.Exec(t.Context(), `INSERT INTO attribution_versions (rules, reason, maker_name) VALUES ('[]', 'Quick fix', 'nobody')`); store.Constraint(err) == "" {
		t.Errorf("rules without consent: %v", err)
	}
}

func TestAttributingByHandIsCountedAndReasoned(t *testing.T) {
	t.Parallel()
	s := newService(t)
	seller(t, s, "D-1", "")
	importOrders(t, s, file(t, "orders_export.csv"), false)
	all := models.OrderChoice{All: true, Code: "LUZ13"}
	sum, err := s.ChosenOrders(t.Context(), all)
	if err != nil || sum.Count == 0 {
		t.Fatalf("counted %v, %v", sum, err)
	}
	all.Seen = sum
	for name, c := range map[string]struct {
		by          models.Actor
		choice      models.OrderChoice
		who, reason string
		want        models.ErrorKind
	}{
		"support":        {models.Actor{Name: "S", Roles: []models.Role{models.RoleSupport}}, all, "D-1", "x", models.Forbidden},
		"no reason":      {finance, all, "D-1", "", models.Invalid},
		"nobody we know": {finance, all, "D-9", "x", models.Invalid},
		"another count":  {finance, models.OrderChoice{All: true, Code: "LUZ13", Seen: models.Sum{Count: 1, Total: sum.Total}}, "D-1", "x", models.Conflict},
		"nothing":        {finance, models.OrderChoice{IDs: []int64{-1}, Seen: models.Sum{Total: models.Centavos(0)}}, "D-1", "x", models.Conflict},
	} {
		if _, err := s.Attribute(t.Context(), c.by, c.choice, c.who, c.reason); models.KindOf(err) != c.want {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if n := count(t, s.DB, `SELECT count(*) FROM orders WHERE attributed_by <> ''`); n != 0 {
		t.Fatalf("refusals left %d orders attributed", n)
	}
	if done, err := s.Attribute(t.Context(), finance, all, "D-1", "Luz left her code to Ana"); err != nil || done != sum {
		t.Fatalf("attributed %v, %v", done, err)
	}
	if n := count(t, s.DB, `SELECT count(*) FROM audit_events WHERE action = 'order.attribute'`); n != sum.Count {
		t.Errorf("%d audit events for %d orders", n, sum.Count)
	}
	one := models.OrderChoice{IDs: []int64{count(t, s.DB, `SELECT max(id) FROM orders WHERE attributed_by = ''`)}}
	if one.Seen, err = s.ChosenOrders(t.Context(), one); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Attribute(t.Context(), finance, one, "", "The shop's own sale"); err != nil {
		t.Error(err)
	}
	if n := count(t, s.DB, `SELECT count(*) FROM orders WHERE attributed_by = 'house' AND distributor_id IS NULL`); n != 1 {
		t.Errorf("%d orders are the house's", n)
	}
}

func TestACodeBelongsToOneDistributor(t *testing.T) {
	t.Parallel()
	s := newService(t)
	seller(t, s, "D-1", "")
	seller(t, s, "D-2", "")
	if err := s.GiveCode(t.Context(), finance, "luz", "D-1"); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"the same code":      s.GiveCode(t.Context(), finance, "LUZ", "D-2"),
		"another's own code": s.GiveCode(t.Context(), finance, "d-2", "D-1"),
	} {
		if models.KindOf(err) != models.Conflict {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.TakeCode(t.Context(), finance, count(t, s.DB, `SELECT id FROM attribution_codes`)); err != nil {
		t.Error(err)
	}
	if err := s.GiveCode(t.Context(), finance, "LUZ", "D-2"); err != nil {
		t.Errorf("after it was taken back: %v", err)
	}
}
