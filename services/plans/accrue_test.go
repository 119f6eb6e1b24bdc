package plans_test

import (
	"flag"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pagaduria/models"
	"pagaduria/models/plan"
	"pagaduria/services/ledger"
	"pagaduria/services/store"
)

// shop is a desk with a seller, Sara, below Uma, below Ana, and orders of Sara's. Otto sells too, below Ana.
type shop struct {
	*desk
	sara, uma, ana, otto int64
	orders, stories      int
}

func openShop(t testing.TB, terms plan.Terms) *shop {
	t.Helper()
	s := &shop{desk: open(t)}
	s.people("")
	s.publish("2026-11", terms)
	return s
}

// people are new ones of these names.
func (s *shop) people(tag string) {
	s.ana = s.distributor("Ana"+tag, 0)
	s.uma = s.distributor("Uma"+tag, s.ana)
	s.sara = s.distributor("Sara"+tag, s.uma)
	s.otto = s.distributor("Otto"+tag, s.ana)
}

func (s *shop) owedAll() [4]int64 {
	return [4]int64{s.owed(s.sara), s.owed(s.uma), s.owed(s.ana), s.owed(s.otto)}
}

func (d *desk) distributor(name string, upline int64) int64 {
	d.t.Helper()
	return d.count(`INSERT INTO distributors (code, person_kind, doc_type, doc_number, given_names, verification, upline_id)
VALUES (upper($1), 'natural', 'CC', (1000000 + floor(random() * 90000000))::text, $1, 'verified', NULLIF($2::bigint, 0)) RETURNING id`, name, upline)
}

func (d *desk) exec(sql string, args ...any) {
	d.t.Helper()
	if _, err := d.DB.Pool.Exec(d.t.Context(), sql, args...); err != nil {
		d.t.Fatalf("%s: %v", sql, err)
	}
}

// order is an order of Sara's of so many pesos with VAT of 19 % in them and shipping on top, paid as said.
func (s *shop) order(pesos int64, payment string) (id int64, number string) {
	s.t.Helper()
	s.orders++
	number = fmt.Sprintf("N%04d", s.orders)
	total := pesos * 100
	return s.count(`INSERT INTO orders (number, placed_at, status, buyer, quantity, subtotal, discount, shipping, iva, total, payment, carrier, waybill, distributor_id, attributed_by,
    attribution_version, attributed_at, sku)
VALUES ($1, $2, 'confirmed', 'Bea', 1, $3::bigint, 0, 990000, $3 - $3 * 100 / 119, $3 + 990000, $4, 'Servientrega', 'W' || $1::text, $5, 'referral', 1, $2, 'BOL-1') RETURNING id`,
		number, s.clock, total, payment, s.sara), number
}

// parcel has a carrier tell of an order's parcel.
func (s *shop) parcel(number, state string) {
	s.t.Helper()
	s.exec(`INSERT INTO tracking_events (carrier, waybill, at, code, status_text, state) VALUES ('Servientrega', 'W' || $1::text, $2, $3::text, $3, $3)
ON CONFLICT DO NOTHING`, number, s.clock, state)
	s.exec(`INSERT INTO shipments (carrier, waybill, state, last_event_at, events, incidents, cash_collected, cash) VALUES ('Servientrega', 'W' || $1::text, $3, $2, 1, 0, false, 0)
ON CONFLICT (carrier, waybill) DO UPDATE SET state = $3, last_event_at = $2`, number, s.clock, state)
}

func (s *shop) remit(id int64) {
	s.t.Helper()
	s.exec(`INSERT INTO remittances (order_id, at, amount, reference, actor, noted_at) VALUES ($1, $2, 100, 'R', 'Fina', $2) ON CONFLICT DO NOTHING`, id, s.clock)
}

func (s *shop) accrue() {
	s.t.Helper()
	if err := s.Accrue(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// owed is the sum of somebody's commission lines in pesos.
func (s *shop) owed(who int64) int64 {
	s.t.Helper()
	return s.count(`SELECT COALESCE(sum(amount), 0)::bigint / 100 FROM commission_lines WHERE distributor_id = $1`, who)
}

func (s *shop) booksAgree() {
	s.t.Helper()
	r, err := ledger.Verify(s.t.Context(), s.DB, store.Unseen{})
	if err != nil || r.Fault != "" {
		s.t.Fatalf("books: %s %v", r.Fault, err)
	}
}

// levels is ten percent for the seller, three and one above.
func levels() plan.Terms {
	t := tenPercent()
	t.Levels = []int{300, 100}
	return t
}

func TestAnOrderEarnsWhenTheSaleIsFinal(t *testing.T) {
	t.Parallel()
	s := openShop(t, levels())
	id, number := s.order(119_000, "cod") // 100,000 without VAT
	steps := []struct {
		name string
		do   func()
		want [3]int64 // Sara, Uma, Ana
	}{
		{"placed", func() {}, [3]int64{}},
		{"delivered", func() { s.parcel(number, "delivered") }, [3]int64{}},
		{"the return window is over, the carrier keeps the cash", func() { s.clock = s.clock.AddDate(0, 0, 6) }, [3]int64{}},
		{"the carrier handed it over", func() { s.remit(id) }, [3]int64{10_000, 3_000, 1_000}},
		{"nothing happened", func() {}, [3]int64{10_000, 3_000, 1_000}},
		{"returned after all", func() { s.parcel(number, "returned_to_sender") }, [3]int64{}},
		{"delivered after all", func() { s.parcel(number, "delivered") }, [3]int64{10_000, 3_000, 1_000}},
	}
	for _, step := range steps {
		step.do()
		s.accrue()
		if got := [3]int64{s.owed(s.sara), s.owed(s.uma), s.owed(s.ana)}; got != step.want {
			t.Fatalf("%s: owed %v, want %v", step.name, got, step.want)
		}
		s.booksAgree()
	}
}

func TestWhatChangesAfterPaymentIsAnotherLine(t *testing.T) {
	t.Parallel()
	s := openShop(t, levels())
	_, number := s.order(119_000, "card")
	s.parcel(number, "delivered")
	s.clock = s.clock.AddDate(0, 0, 6)
	s.accrue()
	s.exec(`UPDATE orders SET discount = 1190000, total = total - 1190000, iva = iva - 190000 WHERE number = $1`, number)
	s.accrue()
	lines, err := store.Select[struct {
		Concept string
		Amount  models.Money
	}](t.Context(), s.DB.Pool, `SELECT concept, amount FROM commission_lines WHERE distributor_id = $1 ORDER BY id`, s.sara)
	if err != nil || len(lines) != 2 || lines[0].Amount != models.Pesos(10_000) || lines[1].Amount != models.Pesos(-1_000) || lines[1].Concept != "Ajuste: Comisión del plan" {
		t.Fatalf("lines: %+v %v", lines, err)
	}
	s.booksAgree()
}

func TestAnOrderThatIsSomebodyElsesTakesItsCommissionAlong(t *testing.T) {
	t.Parallel()
	s := openShop(t, tenPercent())
	_, number := s.order(119_000, "card")
	s.parcel(number, "delivered")
	s.clock = s.clock.AddDate(0, 0, 6)
	s.accrue()
	s.exec(`UPDATE orders SET distributor_id = $2 WHERE number = $1`, number, s.otto)
	s.accrue()
	if sara, otto := s.owed(s.sara), s.owed(s.otto); sara != 0 || otto != 10_000 {
		t.Errorf("owed to Sara %d and Otto %d, want 0 and 10,000", sara, otto)
	}
	s.booksAgree()
}

func TestAStatementThatSpeaksOfAnOrderTakesThePlaceOfThePlan(t *testing.T) {
	t.Parallel()
	s := openShop(t, tenPercent())
	_, number := s.order(119_000, "card")
	s.parcel(number, "delivered")
	s.clock = s.clock.AddDate(0, 0, 6)
	s.accrue()
	line := s.count(`INSERT INTO commission_lines (distributor_id, order_number, period, concept, amount) VALUES ($1, $2, '2026-11', 'Comisión', 700000) RETURNING id`, s.sara, number)
	s.exec(`INSERT INTO ledger_entries (debit, debit_party, credit, credit_party, amount, currency, kind, source, source_id, step)
VALUES ('commission_expense', 0, 'payable', $1, 700000, 'COP', 'accrual', 'commission', $2, 1)`, s.sara, line)
	s.accrue()
	if got := s.owed(s.sara); got != 7_000 {
		t.Errorf("owed %d, want what the statement says", got)
	}
	s.booksAgree()
}

func TestWhoMovesLaterTakesNothingFromOthers(t *testing.T) {
	t.Parallel()
	s := openShop(t, levels())
	_, number := s.order(119_000, "card")
	s.accrue()
	s.exec(`UPDATE distributors SET upline_id = $2 WHERE id = $1`, s.sara, s.ana)
	s.parcel(number, "delivered")
	s.clock = s.clock.AddDate(0, 0, 6)
	s.accrue()
	if uma, ana := s.owed(s.uma), s.owed(s.ana); uma != 3_000 || ana != 1_000 {
		t.Errorf("owed to Uma %d and Ana %d, want as when the month was first counted", uma, ana)
	}
}

func TestPublishingCountsTheOrdersThatThereAre(t *testing.T) {
	t.Parallel()
	s := openShop(t, tenPercent())
	_, number := s.order(119_000, "card")
	s.parcel(number, "delivered")
	s.clock = s.clock.AddDate(0, 0, 6)
	s.accrue()
	dearer := tenPercent()
	dearer.Percent = 1200
	s.publish("2026-11", dearer)
	s.accrue()
	if got := s.owed(s.sara); got != 12_000 {
		t.Errorf("owed %d, want 12,000 by the plan that took the other's place", got)
	}
}

func TestTwoWorkersBookOnce(t *testing.T) {
	t.Parallel()
	s := openShop(t, levels())
	for range 40 {
		_, number := s.order(119_000, "card")
		s.parcel(number, "delivered")
	}
	s.clock = s.clock.AddDate(0, 0, 6)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if err := s.Accrue(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if got := s.owed(s.sara); got != 400_000 {
		t.Errorf("owed %d, want 400,000", got)
	}
	if n := s.count(`SELECT count(*) FROM commission_lines`); n != 120 {
		t.Errorf("%d lines, want 120", n)
	}
	s.booksAgree()
}

func TestALineGoesToTheRecordThatItsEarnerIsPartOf(t *testing.T) {
	t.Parallel()
	s := openShop(t, tenPercent())
	other := s.distributor("Sarah", 0)
	_, number := s.order(119_000, "card")
	s.parcel(number, "delivered")
	s.exec(`ALTER TABLE distributors DISABLE TRIGGER distributors_merged_by`)
	s.exec(`UPDATE distributors SET merged_into = $2, verification = 'merged' WHERE id = $1`, s.sara, other)
	s.clock = s.clock.AddDate(0, 0, 6)
	s.accrue()
	if got := s.count(`SELECT count(*) FROM commission_lines WHERE distributor_id = $1 AND merged_from = $2`, other, s.sara); got != 1 {
		t.Errorf("%d lines of the record that stays, want 1", got)
	}
	s.booksAgree()
}

func TestThePageExplainsWhatAnOrderEarns(t *testing.T) {
	t.Parallel()
	s := openShop(t, levels())
	id, number := s.order(119_000, "card")
	s.parcel(number, "delivered")
	s.clock = s.clock.AddDate(0, 0, 6)
	if e, err := s.Earnings(t.Context(), id); err != nil || !e.Counting {
		t.Errorf("before it was counted: %+v %v", e, err)
	}
	s.accrue()
	e, err := s.Earnings(t.Context(), id)
	if err != nil || e.Counting || e.PlanName != "Plan 2026-11" || len(e.Lines) != 3 {
		t.Fatalf("%+v %v", e, err)
	}
	own := e.Lines[0]
	want := []plan.Step{{Key: "base", Amount: 10_000_000}, {Key: "percent", Amount: 1_000_000, Of: 10_000_000, Percent: 1000}}
	if own.Code != "SARA" || own.Booked != models.Pesos(10_000) || own.Amount != own.Booked || !slices.Equal(own.Why, want) {
		t.Errorf("Sara: %+v", own)
	}
	if up := e.Lines[1]; up.Code != "UMA" || up.Level != 1 || up.Booked != models.Pesos(3_000) {
		t.Errorf("Uma: %+v", up)
	}
}

func TestAPlanIsTriedOnAMonthBeforeItIsPublished(t *testing.T) {
	t.Parallel()
	s := openShop(t, tenPercent())
	s.order(119_000, "card")
	_, stated := s.order(238_000, "card")
	_, cancelled := s.order(119_000, "card")
	s.exec(`UPDATE orders SET status = 'cancelled' WHERE number = $1`, cancelled)
	s.exec(`INSERT INTO commission_lines (distributor_id, order_number, period, concept, amount) VALUES ($1, $2, '2026-11', 'Comisión', 700000)`, s.sara, stated)
	id := s.draft("2026-12", levels())
	sim, err := s.Simulate(t.Context(), id, "2026-11")
	if err != nil {
		t.Fatal(err)
	}
	want := []plan.SimulatedRow{
		{DistributorID: s.sara, Code: "SARA", Name: "Sara", Now: models.Pesos(10_000 + 7_000), Then: models.Pesos(30_000)},
		{DistributorID: s.uma, Code: "UMA", Name: "Uma", Now: models.Pesos(0), Then: models.Pesos(9_000)},
		{DistributorID: s.ana, Code: "ANA", Name: "Ana", Now: models.Pesos(0), Then: models.Pesos(3_000)},
	}
	if !slices.Equal(sim.Rows, want) || sim.Now != models.Pesos(17_000) || sim.Then != models.Pesos(42_000) || sim.Orders != 3 {
		t.Errorf("%+v", sim)
	}
	if n := s.lines(); n != 1 {
		t.Errorf("%d lines, trying wrote some", n)
	}
	if _, err := s.Simulate(t.Context(), id, "2026-13"); models.KindOf(err) != models.Invalid {
		t.Errorf("of a month that is none: %v", err)
	}
}

// Whatever happens to orders in whatever order, and however often the job runs between: everybody is owed what others are
// owed whose same orders are counted once, as they stand in the end; counting again books nothing; and the books agree.
func TestAnyStoryEndsAsCountedFromScratch(t *testing.T) {
	t.Parallel()
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue { // a story takes a second
		if err := checks.Value.Set("25"); err != nil {
			t.Fatal(err)
		}
	}
	terms := levels()
	terms.Kind, terms.Percent, terms.Tiers = plan.Marginal, 0, []plan.Tier{{Percent: 500}, {From: models.Pesos(200_000), Percent: 1000}}
	terms.Bonus, terms.Cap = plan.Bonus{At: models.Pesos(300_000), Amount: models.Pesos(25_000)}, models.Pesos(60_000)
	s := openShop(t, terms)
	rapid.Check(t, func(r *rapid.T) {
		s.stories++
		s.clock = start
		s.people(fmt.Sprint(s.stories))
		first := s.orders
		s.tell(r)
		s.accrue()
		s.booksAgree()
		byEvents, lines := s.owedAll(), s.lines()
		s.exec(`INSERT INTO accrual_marks (order_id) SELECT id FROM orders WHERE distributor_id IN ($1, $2)`, s.sara, s.otto)
		s.accrue()
		if again := s.lines(); again != lines {
			r.Fatalf("counting again booked %d more lines", again-lines)
		}
		sara, otto := s.sara, s.otto
		s.people(fmt.Sprint(s.stories, "b"))
		s.copyOrders(first, sara, otto)
		s.accrue()
		if scratch := s.owedAll(); scratch != byEvents {
			r.Fatalf("by what happened %v, from scratch %v", byEvents, scratch)
		}
	})
}

// lines is how many commission lines the people have.
func (s *shop) lines() int64 {
	s.t.Helper()
	return s.count(`SELECT count(*) FROM commission_lines WHERE distributor_id IN ($1, $2, $3, $4)`, s.sara, s.uma, s.ana, s.otto)
}

// tell has random things happen to orders.
func (s *shop) tell(r *rapid.T) {
	var ids []int64
	numbers := map[int64]string{}
	for range rapid.IntRange(5, 40).Draw(r, "steps") {
		if len(ids) == 0 || rapid.IntRange(0, 3).Draw(r, "new") == 0 {
			id, number := s.order(rapid.Int64Range(1, 400).Draw(r, "thousands")*1000, rapid.SampledFrom([]string{"cod", "card"}).Draw(r, "payment"))
			ids, numbers[id] = append(ids, id), number
			continue
		}
		id := rapid.SampledFrom(ids).Draw(r, "order")
		switch rapid.SampledFrom([]string{"parcel", "status", "remit", "time", "owner", "discount", "count"}).Draw(r, "step") {
		case "parcel":
			s.parcel(numbers[id], rapid.SampledFrom([]string{"in_transit", "delivered", "returned_to_sender", "incident"}).Draw(r, "parcel"))
		case "status":
			s.exec(`UPDATE orders SET status = $2 WHERE id = $1`, id, rapid.SampledFrom([]string{"delivered", "cancelled", "confirmed", "refunded"}).Draw(r, "status"))
		case "remit":
			s.remit(id)
		case "time":
			s.clock = s.clock.Add(time.Duration(rapid.IntRange(1, 4*24).Draw(r, "hours")) * time.Hour)
		case "owner":
			s.exec(`UPDATE orders SET distributor_id = $2 WHERE id = $1`, id, rapid.SampledFrom([]int64{s.sara, s.otto}).Draw(r, "owner"))
		case "discount":
			s.exec(`UPDATE orders SET discount = subtotal / 10, total = subtotal - subtotal / 10 + shipping WHERE id = $1`, id)
		case "count":
			s.accrue()
		}
	}
}

// copyOrders gives Sara and Otto the orders that two others have, with all that is known of them now.
func (s *shop) copyOrders(after int, sara, otto int64) {
	s.exec(`INSERT INTO orders (number, placed_at, status, buyer, quantity, subtotal, discount, shipping, iva, total, payment, carrier, waybill, distributor_id, attributed_by,
    attribution_version, attributed_at, sku, delivered_at)
SELECT 'C' || number, placed_at, status, buyer, quantity, subtotal, discount, shipping, iva, total, payment, carrier, 'C' || waybill, CASE distributor_id WHEN $1 THEN $3::bigint ELSE $4 END,
    attributed_by, attribution_version, attributed_at, sku, delivered_at FROM orders WHERE distributor_id IN ($1, $2) ORDER BY id`, sara, otto, s.sara, s.otto)
	first := fmt.Sprintf("WN%04d", after)
	s.exec(`INSERT INTO tracking_events (carrier, waybill, at, code, status_text, state) SELECT carrier, 'C' || waybill, at, code, status_text, state
FROM tracking_events WHERE waybill > $1`, first)
	s.exec(`INSERT INTO shipments (carrier, waybill, state, last_event_at, events, incidents, cash_collected, cash)
SELECT carrier, 'C' || waybill, state, last_event_at, events, incidents, cash_collected, cash FROM shipments WHERE waybill > $1`, first)
	s.exec(`INSERT INTO remittances (order_id, at, amount, reference, actor, noted_at) SELECT c.id, r.at, r.amount, r.reference, r.actor, r.noted_at
FROM remittances r JOIN orders o ON o.id = r.order_id JOIN orders c ON c.number = 'C' || o.number WHERE c.distributor_id IN ($1, $2)`, s.sara, s.otto)
}
