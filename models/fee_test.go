package models

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func upTo(pesos int64) *Money { m := Pesos(pesos); return &m }

func TestFeeOfAnAmount(t *testing.T) {
	t.Parallel()
	flat := FeeSchedule{Tiers: []FeeTier{{Fixed: Pesos(4500)}}, Min: Pesos(0), IVABPS: 1900}
	tiers := FeeSchedule{Tiers: []FeeTier{{UpTo: upTo(200_000), Fixed: Pesos(4500)}, {Fixed: Pesos(4500), BPS: 60}}, Min: Pesos(0), Max: upTo(25_000), IVABPS: 1900}
	percent := FeeSchedule{Tiers: []FeeTier{{Fixed: Pesos(0), BPS: 150}}, Min: Pesos(2_000), IVABPS: 1900}
	for _, tt := range []struct {
		name     string
		schedule FeeSchedule
		amount   int64
		fee, iva int64
	}{
		{"a fixed fee", flat, 100_000, 4500, 855},
		{"the last amount of a tier", tiers, 200_000, 4500, 855},
		{"one peso above: the next tier on the whole amount", tiers, 200_001, 5700, 1083},
		{"a percentage of the whole amount", tiers, 1_000_000, 10_500, 1995},
		{"not more than the most", tiers, 10_000_000, 25_000, 4750},
		{"not less than the least", percent, 50_000, 2_000, 380},
		{"half a peso is rounded up", percent, 500_033, 7500, 1425}, // 7500.495
		{"and from a half on", percent, 500_034, 7501, 1425},        // 7500.51, IVA 1425.19
		{"IVA is rounded half up", FeeSchedule{Tiers: []FeeTier{{Fixed: Pesos(50)}}, Min: Pesos(0), IVABPS: 1900}, 100, 50, 10},
		{"no price is nothing", FeeSchedule{Min: Pesos(0)}, 100_000, 0, 0},
	} {
		if fee, iva := tt.schedule.Fee(Pesos(tt.amount)); fee != Pesos(tt.fee) || iva != Pesos(tt.iva) {
			t.Errorf("%s: got %s and IVA %s, want %d and %d", tt.name, fee, iva, tt.fee, tt.iva)
		}
	}
}

func TestGMFIsFourInAThousandOfWhatIsPaid(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	for amount, want := range map[int64]int64{100_000: 400, 83_782: 335, 125: 1, 124: 0} { // 335.128, 0.5, 0.496
		if got := (FeeBook{GMF: true}).CostOf(day, EfectyCash, Pesos(amount)); got.GMF != Pesos(want) || got.Fee != Pesos(0) {
			t.Errorf("%d: got %+v, want GMF %d", amount, got, want)
		}
	}
	if got := (FeeBook{}).CostOf(day, EfectyCash, Pesos(100_000)); got != NoCost() {
		t.Errorf("without GMF and fees: %+v", got)
	}
}

func TestWhichVersionIsInForce(t *testing.T) {
	t.Parallel()
	on := func(d int) time.Time { return time.Date(2026, 11, d, 0, 0, 0, 0, time.UTC) }
	gone := on(2)
	v := func(id int64, from int, method MethodKind) FeeSchedule {
		return FeeSchedule{ID: id, From: on(from), Method: method}
	}
	withdrawn := v(4, 12, "")
	withdrawn.WithdrawnAt = &gone
	b := FeeBook{Schedules: []FeeSchedule{v(1, 1, ""), v(2, 10, ""), v(3, 5, BankAccount), withdrawn, v(5, 20, "")}}
	for _, tt := range []struct {
		name   string
		day    int
		method MethodKind
		want   int64
	}{
		{"the first", 1, EfectyCash, 1}, {"the day before a change", 9, EfectyCash, 1}, {"the day of a change", 10, EfectyCash, 2},
		{"a method of its own goes first, even when older", 15, BankAccount, 3}, {"before its own begins the general one", 4, BankAccount, 1},
		{"one withdrawn never begins", 15, EfectyCash, 2},
	} {
		if s, _ := b.On(on(tt.day), tt.method); s.ID != tt.want {
			t.Errorf("%s: got version %d, want %d", tt.name, s.ID, tt.want)
		}
		slices.Reverse(b.Schedules) // the order in which they are read does not matter
	}
	if _, ok := (FeeBook{Schedules: []FeeSchedule{v(1, 5, "")}}).On(on(4), EfectyCash); ok {
		t.Error("a version is in force before it begins")
	}
	for id, want := range map[int64]ScheduleState{1: SchedulePast, 2: ScheduleInForce, 3: ScheduleInForce, 4: ScheduleWithdrawn, 5: ScheduleComing} {
		i := slices.IndexFunc(b.Schedules, func(s FeeSchedule) bool { return s.ID == id })
		if got := b.StateOf(b.Schedules[i], on(15)); got != want {
			t.Errorf("version %d: %s, want %s", id, got, want)
		}
	}
}

func TestRefusesSchedulesThatCannotBeCharged(t *testing.T) {
	t.Parallel()
	good := func() FeeSchedule {
		return FeeSchedule{From: time.Now(), Tiers: []FeeTier{{UpTo: upTo(100), Fixed: Pesos(1)}, {Fixed: Pesos(2)}}, Min: Pesos(0), IVABPS: 1900}
	}
	if err := good().Check(); err != nil {
		t.Fatal(err)
	}
	for name, bend := range map[string]func(*FeeSchedule){
		"no day":                 func(s *FeeSchedule) { s.From = time.Time{} },
		"no price":               func(s *FeeSchedule) { s.Tiers = nil },
		"too many":               func(s *FeeSchedule) { s.Tiers = make([]FeeTier, MaxTiers+1) },
		"a bound on the last":    func(s *FeeSchedule) { s.Tiers[1].UpTo = upTo(500) },
		"no bound on the first":  func(s *FeeSchedule) { s.Tiers[0].UpTo = nil },
		"bounds in no order":     func(s *FeeSchedule) { s.Tiers = append([]FeeTier{{UpTo: upTo(100), Fixed: Pesos(1)}}, s.Tiers...) },
		"a negative fee":         func(s *FeeSchedule) { s.Tiers[0].Fixed = Pesos(-1) },
		"centavos":               func(s *FeeSchedule) { s.Tiers[0].Fixed = Centavos(150) },
		"more than everything":   func(s *FeeSchedule) { s.Tiers[0].BPS = 10_001 },
		"a negative minimum":     func(s *FeeSchedule) { s.Min = Pesos(-1) },
		"most below least":       func(s *FeeSchedule) { s.Min, s.Max = Pesos(10), upTo(9) },
		"IVA above a hundred":    func(s *FeeSchedule) { s.IVABPS = 10_001 },
		"a method nobody offers": func(s *FeeSchedule) { s.Method = "pigeon" },
	} {
		s := good()
		bend(&s)
		if KindOf(s.Check()) != Invalid {
			t.Errorf("%s is taken", name)
		}
	}
}

// TestFeesWhateverTheSchedule: fees are whole pesos between their bounds, never negative, never fall within a tier as the
// amount grows, and a sum of costs is the sum of its parts.
func TestFeesWhateverTheSchedule(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		pesos := func(name string, most int64) Money { return Pesos(rapid.Int64Range(0, most).Draw(t, name)) }
		s := FeeSchedule{From: time.Now(), Min: pesos("min", 20_000), IVABPS: rapid.IntRange(0, 10_000).Draw(t, "iva")}
		if rapid.Bool().Draw(t, "bounded") {
			most := s.Min.Add(pesos("above min", 50_000))
			s.Max = &most
		}
		bound := int64(0)
		for range rapid.IntRange(0, MaxTiers-1).Draw(t, "tiers") {
			bound += rapid.Int64Range(1, 1_000_000).Draw(t, "bound")
			s.Tiers = append(s.Tiers, FeeTier{UpTo: upTo(bound), Fixed: pesos("fixed", 20_000), BPS: rapid.IntRange(0, 10_000).Draw(t, "bps")})
		}
		s.Tiers = append(s.Tiers, FeeTier{Fixed: pesos("fixed", 20_000), BPS: rapid.IntRange(0, 10_000).Draw(t, "bps")})
		if err := s.Check(); err != nil {
			t.Fatal(err)
		}
		tier := func(m Money) int {
			return slices.IndexFunc(s.Tiers, func(x FeeTier) bool { return x.UpTo == nil || m.Minor <= x.UpTo.Minor })
		}
		sum, total := NoCost(), Pesos(0)
		before, feeBefore := Pesos(0), Pesos(0)
		amounts := rapid.SliceOfN(rapid.Int64Range(1, 100_000_000), 1, 20).Draw(t, "amounts")
		slices.Sort(amounts)
		for _, n := range amounts {
			amount := Pesos(n)
			c := FeeBook{Schedules: []FeeSchedule{s}, GMF: true}.CostOf(s.From, EfectyCash, amount)
			for _, part := range []Money{c.Fee, c.IVA, c.GMF} {
				if _, err := part.Whole(); err != nil || part.Minor < 0 {
					t.Fatalf("%s costs %+v", amount, c)
				}
			}
			if c.Fee.Minor < s.Min.Minor || s.Max != nil && c.Fee.Minor > s.Max.Minor {
				t.Fatalf("%s costs %s, out of bounds", amount, c.Fee)
			}
			if before.Positive() && tier(before) == tier(amount) && c.Fee.Minor < feeBefore.Minor {
				t.Fatalf("%s costs %s, and more for less: %s costs %s", amount, c.Fee, before, feeBefore)
			}
			before, feeBefore = amount, c.Fee
			sum, total = sum.Plus(c), total.Add(c.Sum())
		}
		if sum.Sum() != total {
			t.Fatalf("the parts add up to %s, the payouts to %s", sum.Sum(), total)
		}
	})
}
