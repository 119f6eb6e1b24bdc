package tax_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/tax"
)

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

// agent withholds income tax and ReteIVA, and has filled in the rate of IVA.
var agent = tax.Settings{Income: true, ReteIVA: true, IVA: 19_000, Step: 1, MinimumStep: 1000}

// amounts are what each line of a result comes to, in pesos.
func amounts(r tax.Result) map[tax.Concept]int64 {
	list := map[tax.Concept]int64{}
	for _, l := range r.Lines {
		list[l.Concept] = l.Amount.Minor / 100
	}
	return list
}

func rules(r tax.Result) map[tax.Concept]string {
	list := map[tax.Concept]string{}
	for _, l := range r.Lines {
		list[l.Concept] = l.Rule
	}
	return list
}

func TestTheWorkedExamples(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                      string
		payee                     tax.Declaration
		before, gross             int64
		iva, income, reteIVA, net int64
	}{
		{"natural, not obliged to file", tax.Declaration{Person: tax.Natural}, 0, 500_000, 0, 50_000, 0, 450_000},
		{"natural, obliged to file", tax.Declaration{Person: tax.Natural, Declarant: true}, 0, 500_000, 0, 55_000, 0, 445_000},
		{"company responsible of IVA, payer is agent of ReteIVA", tax.Declaration{Person: tax.Juridical, Declarant: true, IVA: true}, 0, 500_000, 95_000, 55_000, 14_250, 525_750},
		{"crosses 3,300 UVT with this payment", tax.Declaration{Person: tax.Natural}, 172_000_000, 1_500_000, 0, 165_000, 0, 1_335_000},
	} {
		r, err := tax.Withhold(agent, c.payee, tax.Payment{Amount: models.Pesos(c.gross), Before: models.Pesos(c.before), On: day(2026, 6, 15)})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		got := amounts(r)
		if got[tax.IVA] != c.iva || got[tax.Income] != c.income || got[tax.ReteIVA] != c.reteIVA || r.Net != models.Pesos(c.net) {
			t.Errorf("%s: %v, net %s", c.name, got, r.Net)
		}
		if !r.Complete() {
			t.Errorf("%s: something is missing: %v", c.name, rules(r))
		}
	}
}

func TestRulesOfIncomeTax(t *testing.T) {
	t.Parallel()
	limit := int64(172_834_200) // 3,300 UVT of 2026
	for _, c := range []struct {
		name          string
		payee         tax.Declaration
		before, gross int64
		rule          string
		taken         int64
	}{
		{"reaches the limit exactly", tax.Declaration{Person: tax.Natural}, limit - 1_000_000, 1_000_000, "natural_no_declarante", 100_000},
		{"one peso over the limit", tax.Declaration{Person: tax.Natural}, limit - 999_999, 1_000_000, "crossed", 110_000},
		{"the contract is over it", tax.Declaration{Person: tax.Natural, ContractOver: true}, 0, 1_000_000, "contract", 110_000},
		{"régimen simple", tax.Declaration{Person: tax.Natural, Simple: true, ContractOver: true}, limit, 1_000_000, "regimen_simple", 0},
		{"a company in the régimen simple", tax.Declaration{Person: tax.Juridical, Simple: true}, 0, 1_000_000, "regimen_simple", 0},
		{"a company", tax.Declaration{Person: tax.Juridical}, 0, 1_000_000, "juridica", 110_000},
		{"half a peso goes up", tax.Declaration{Person: tax.Natural}, 0, 15, "natural_no_declarante", 2},
	} {
		r, err := tax.Withhold(agent, c.payee, tax.Payment{Amount: models.Pesos(c.gross), Before: models.Pesos(c.before), On: day(2026, 12, 31)})
		if err != nil || rules(r)[tax.Income] != c.rule || amounts(r)[tax.Income] != c.taken {
			t.Errorf("%s: %v %v %v", c.name, rules(r), amounts(r), err)
		}
	}
}

func TestReteIVAHasTheMinimumOfItsDay(t *testing.T) {
	t.Parallel()
	payee := tax.Declaration{Person: tax.Juridical, IVA: true}
	exact := agent
	exact.MinimumStep = 1
	for _, c := range []struct {
		name  string
		s     tax.Settings
		on    time.Time
		gross int64
		taken int64
	}{
		{"below 2 UVT as published, 105,000", agent, day(2026, 1, 1), 104_999, 0},
		{"2 UVT as published", agent, day(2026, 1, 1), 105_000, 2_993},
		{"2 UVT to the peso", exact, day(2026, 1, 1), 104_748, 2_985},
		{"below it", exact, day(2026, 1, 1), 104_747, 0},
		{"4 UVT until May 2025", exact, day(2025, 5, 31), 199_195, 0},
		{"2 UVT since June 2025", exact, day(2025, 6, 1), 199_195, 5_677},
	} {
		r, err := tax.Withhold(c.s, payee, tax.Payment{Amount: models.Pesos(c.gross), Before: models.Pesos(0), On: c.on})
		if err != nil || amounts(r)[tax.ReteIVA] != c.taken {
			t.Errorf("%s: %v %v %v", c.name, rules(r), amounts(r), err)
		}
	}
}

func TestReteICAOnlyByTariffsThatTheMerchantFilledIn(t *testing.T) {
	t.Parallel()
	s := agent
	s.Tariffs = []tax.Tariff{{Divipola: "11001", Rate: 966, MinUVT: 4}, {Divipola: "05001"}}
	for _, c := range []struct {
		name, place string
		simple      bool
		gross       int64
		rule        string
		taken       int64
		complete    bool
	}{
		{"a tariff", "11001", false, 500_000, "taken", 4_830, true},
		{"below its minimum", "11001", false, 200_000, "below", 0, true},
		{"the régimen simple", "11001", true, 500_000, "simple", 0, true},
		{"a place whose rate nobody filled in", "05001", false, 500_000, "missing", 0, false},
		{"a place where the merchant is no agent", "76001", false, 500_000, "not_there", 0, true},
		{"nobody said where", "", false, 500_000, "no_place", 0, false},
	} {
		r, err := tax.Withhold(s, tax.Declaration{Person: tax.Natural, Simple: c.simple, Municipality: c.place}, tax.Payment{Amount: models.Pesos(c.gross), Before: models.Pesos(0), On: day(2026, 6, 1)})
		if err != nil || rules(r)[tax.ReteICA] != c.rule || amounts(r)[tax.ReteICA] != c.taken || r.Complete() != c.complete {
			t.Errorf("%s: %v %v %v", c.name, rules(r), amounts(r), err)
		}
	}
}

func TestDeductionsAreRoundedAsSet(t *testing.T) {
	t.Parallel()
	s := agent
	s.Step = 1000
	r, err := tax.Withhold(s, tax.Declaration{Person: tax.Natural, Declarant: true}, tax.Payment{Amount: models.Pesos(504_545), Before: models.Pesos(0), On: day(2026, 6, 1)})
	if err != nil || amounts(r)[tax.Income] != 55_000 {
		t.Errorf("11 %% of 504,545 to the thousand: %v %v", amounts(r), err)
	}
	if r.Cost != models.Pesos(1_798) {
		t.Errorf("4 × 1000 of what leaves, 449,545: %s", r.Cost)
	}
}

func TestWhatTheTablesDoNotCoverIsRefused(t *testing.T) {
	t.Parallel()
	natural := tax.Declaration{Person: tax.Natural}
	ok := tax.Payment{Amount: models.Pesos(1000), Before: models.Pesos(0), On: day(2026, 6, 1)}
	at := func(on time.Time) tax.Payment { p := ok; p.On = on; return p }
	for _, c := range []struct {
		name  string
		payee tax.Declaration
		p     tax.Payment
		field string
	}{
		{"a year whose UVT is not known", natural, at(day(2027, 1, 1)), "on"},
		{"before the tables begin", natural, at(day(2023, 12, 31)), "on"},
		{"not resident", tax.Declaration{Person: tax.Natural, Foreign: true}, ok, "foreign"},
		{"income from work", tax.Declaration{Person: tax.Natural, WorkIncome: true}, ok, "work_income"},
		{"a company's income from work", tax.Declaration{Person: tax.Juridical, WorkIncome: true}, ok, "work_income"},
		{"no kind of payee", tax.Declaration{}, ok, "person"},
		{"no such place", tax.Declaration{Person: tax.Natural, Municipality: "99999"}, ok, "municipality"},
		{"nothing", natural, tax.Payment{Amount: models.Pesos(0), Before: models.Pesos(0), On: ok.On}, "amount"},
		{"centavos", natural, tax.Payment{Amount: models.Centavos(150), Before: models.Pesos(0), On: ok.On}, "amount"},
		{"a negative year", natural, tax.Payment{Amount: models.Pesos(1), Before: models.Pesos(-1), On: ok.On}, "before"},
	} {
		_, err := tax.Withhold(agent, c.payee, c.p)
		refusal, is := err.(*models.Error)
		if !is || refusal.Fields[c.field] == "" {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	s := agent
	s.Years = []tax.YearUVT{{Year: 2027, UVT: models.Pesos(55_000)}}
	r, err := tax.Withhold(s, natural, at(day(2027, 1, 1)))
	if err != nil || r.UVT != models.Pesos(55_000) {
		t.Errorf("a year that the merchant filled in: %s %v", r.UVT, err)
	}
}

func TestARateThatNobodyFilledInIsMissingAndNotGuessed(t *testing.T) {
	t.Parallel()
	s := agent
	s.IVA = 0
	r, err := tax.Withhold(s, tax.Declaration{Person: tax.Juridical, IVA: true}, tax.Payment{Amount: models.Pesos(500_000), Before: models.Pesos(0), On: day(2026, 6, 1)})
	if err != nil || r.Complete() || r.IVA.Positive() || rules(r)[tax.ReteIVA] != "missing" {
		t.Errorf("%v %v %v", rules(r), amounts(r), err)
	}
}

func TestWithoutSettingsNothingIsWithheld(t *testing.T) {
	t.Parallel()
	v, ok := tax.InForce(nil, day(2026, 6, 1))
	r, err := tax.Withhold(v.Settings, tax.Declaration{Person: tax.Juridical, Municipality: "11001"}, tax.Payment{Amount: models.Pesos(500_000), Before: models.Pesos(0), On: day(2026, 6, 1)})
	if err != nil || ok || r.Net != r.Gross || r.Withheld.Positive() || !v.Settings.Off() {
		t.Errorf("%v %v", amounts(r), err)
	}
}

func TestNothingIsLostAndNothingIsNegative(t *testing.T) {
	t.Parallel()
	places := []string{"", "11001", "05001", "76001"}
	rapid.Check(t, func(t *rapid.T) {
		yes := func(name string) bool { return rapid.Bool().Draw(t, name) }
		s := tax.Settings{Income: yes("income"), ReteIVA: yes("reteiva"), IVA: tax.Rate(rapid.IntRange(0, 100_000).Draw(t, "iva")), SimpleICA: yes("simple_ica"),
			Step: rapid.SampledFrom(tax.Steps).Draw(t, "step"), MinimumStep: rapid.SampledFrom(tax.Steps).Draw(t, "minimum")}
		for _, m := range places[1:3] {
			s.Tariffs = append(s.Tariffs, tax.Tariff{Divipola: m, Rate: tax.Rate(rapid.IntRange(0, 10_000).Draw(t, "tariff")), MinUVT: rapid.Int64Range(0, 30).Draw(t, "uvt")})
		}
		person := rapid.SampledFrom([]tax.Person{tax.Natural, tax.Juridical}).Draw(t, "person")
		d := tax.Declaration{Person: person, Declarant: yes("declarant"), Simple: yes("simple"), ContractOver: yes("contract"), IVA: yes("responsible"), Municipality: rapid.SampledFrom(places).Draw(t, "place")}
		p := tax.Payment{Amount: models.Pesos(rapid.Int64Range(1, 1_000_000_000_000).Draw(t, "amount")), Before: models.Pesos(rapid.Int64Range(0, 1_000_000_000_000).Draw(t, "before")),
			On: day(2024, 1, 1).AddDate(0, 0, rapid.IntRange(0, 1095).Draw(t, "day"))}
		r, err := tax.Withhold(s, d, p)
		if err != nil {
			t.Fatal(err)
		}
		taken := models.Pesos(0)
		for _, l := range r.Lines {
			if l.Amount.Minor < 0 || l.Amount.Minor%100 != 0 {
				t.Fatalf("%s: %s", l.Concept, l.Amount)
			}
		}
		for _, l := range r.Deductions() {
			taken = taken.Add(l.Amount)
		}
		if r.Gross.Add(r.IVA) != r.Net.Add(taken) || taken != r.Withheld || r.Net.Minor < 0 || r.Gross != p.Amount || r.Cost.Minor < 0 {
			t.Fatalf("gross %s, IVA %s, net %s, taken %s", r.Gross, r.IVA, r.Net, taken)
		}
	})
}

func TestTheDeclarationOfADay(t *testing.T) {
	t.Parallel()
	list := []tax.Profile{{ID: 1, From: day(2026, 1, 1)}, {ID: 3, From: day(2026, 6, 1)}, {ID: 2, From: day(2026, 6, 1)}}
	for _, c := range []struct {
		on   time.Time
		want int64
	}{{day(2025, 12, 31), 0}, {day(2026, 1, 1), 1}, {day(2026, 5, 31), 1}, {day(2026, 6, 1), 3}} {
		if p, ok := tax.On(list, c.on); p.ID != c.want || ok != (c.want != 0) {
			t.Errorf("on %s: %d, want %d", c.on.Format(time.DateOnly), p.ID, c.want)
		}
	}
}

func TestSettingsThatMeanNothingAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, field string
		change      func(*tax.Settings)
	}{
		{"ReteIVA without a rate of IVA", "iva", func(s *tax.Settings) { s.IVA = 0 }},
		{"another step", "step", func(s *tax.Settings) { s.Step = 7 }},
		{"no such place", "tariff_place_0", func(s *tax.Settings) { s.Tariffs = []tax.Tariff{{Divipola: "1"}} }},
		{"a place twice", "tariff_place_1", func(s *tax.Settings) { s.Tariffs = []tax.Tariff{{Divipola: "11001"}, {Divipola: "11001"}} }},
		{"a tariff of a half", "tariff_rate_0", func(s *tax.Settings) { s.Tariffs = []tax.Tariff{{Divipola: "11001", Rate: 50_000}} }},
		{"a year that the table has", "year_0", func(s *tax.Settings) { s.Years = []tax.YearUVT{{Year: 2026, UVT: models.Pesos(1)}} }},
		{"a year without a figure", "year_uvt_0", func(s *tax.Settings) { s.Years = []tax.YearUVT{{Year: 2027, UVT: models.Pesos(0)}} }},
	} {
		s := agent
		c.change(&s)
		refusal, is := s.Check().(*models.Error)
		if !is || refusal.Fields[c.field] == "" {
			t.Errorf("%s: %v", c.name, s.Check())
		}
	}
	if err := agent.Check(); err != nil {
		t.Errorf("sound settings: %v", err)
	}
}

func TestTheTableIsWhole(t *testing.T) {
	t.Parallel()
	all := tax.Parameters(time.Time{}, true)
	if len(all) != 25 {
		t.Errorf("%d parameters", len(all))
	}
	for _, p := range all {
		if p.Source == "" && p.Confidence != tax.Missing {
			t.Errorf("%s %s has no source", p.Name, p.Payee)
		}
	}
	if on := tax.Parameters(day(2025, 5, 31), false); len(on) >= len(all) {
		t.Error("what is not in force on a day is left out")
	}
	if gmf := colombia.GMFOn(day(2026, 1, 1)); gmf.BPS != 40 {
		t.Errorf("GMF elsewhere: %d", gmf.BPS)
	}
}
