package models

import (
	"errors"
	"math"
	"strconv"
	"testing"
)

func TestParsePesos(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   string
		want int64
		err  error
	}{
		{"0", 0, nil}, {"-0", 0, nil}, {"00", 0, nil}, {"75644", 75644, nil}, {"-100591", -100591, nil}, {"007", 7, nil},
		{"92233720368547758", 92233720368547758, nil}, {"-92233720368547758", -92233720368547758, nil},
		{"92233720368547759", 0, ErrAmountOutOfRange}, {"99999999999999999999", 0, ErrAmountOutOfRange}, {"-99999999999999999999", 0, ErrAmountOutOfRange},
		{"16850.50", 0, ErrAmountFraction}, {"52100,5", 0, ErrAmountFraction}, {"-19400.5", 0, ErrAmountFraction}, {"13300,99", 0, ErrAmountFraction},
		{"115268.333", 0, ErrAmountFraction}, {"6013.333", 0, ErrAmountFraction}, {"0.333", 0, ErrAmountFraction}, {"12.3456", 0, ErrAmountFraction}, {"5,0", 0, ErrAmountFraction},
		{"131.623", 0, ErrAmountFormat}, {"83,782", 0, ErrAmountFormat}, {"5.300", 0, ErrAmountFormat}, {"1.234.567", 0, ErrAmountFormat}, {"1.234,50", 0, ErrAmountFormat},
		{"", 0, ErrAmountFormat}, {"-", 0, ErrAmountFormat}, {"--500", 0, ErrAmountFormat}, {"+5", 0, ErrAmountFormat}, {"1e5", 0, ErrAmountFormat},
		{"$ 37.100", 0, ErrAmountFormat}, {"15000 COP", 0, ErrAmountFormat}, {"N/A", 0, ErrAmountFormat}, {" 5", 0, ErrAmountFormat}, {"٣", 0, ErrAmountFormat},
		{"\u22125", 0, ErrAmountFormat}, {".5", 0, ErrAmountFormat}, {"5.", 0, ErrAmountFormat}, {"１２", 0, ErrAmountFormat},
	}
	for _, tt := range tests {
		got, err := ParsePesos(tt.in)
		if !errors.Is(err, tt.err) || err == nil && got != Pesos(tt.want) {
			t.Errorf("%q: got %v, %v, want %d, %v", tt.in, got, err, tt.want, tt.err)
		}
	}
}

func FuzzParsePesos(f *testing.F) {
	for _, s := range []string{"0", "-5", "75644", "1.234", "1,5", "92233720368547758", "--5", "\u00a05"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := ParsePesos(s)
		if err != nil {
			if m != (Money{}) {
				t.Errorf("%q: an amount %v with %v", s, m, err)
			}
			return
		}
		n, err := strconv.ParseInt(s, 10, 64)
		if whole, werr := m.Whole(); err != nil || werr != nil || whole != n {
			t.Errorf("%q: got %v", s, m)
		}
	})
}

func TestMoneySums(t *testing.T) {
	t.Parallel()
	if got := Pesos(100).Sub(Pesos(30)).Add(Pesos(5)); got != Pesos(75) {
		t.Errorf("got %v, want 75 pesos", got)
	}
	for name, act := range map[string]func(){
		"other currency": func() { Pesos(1).Add(Money{1, USD}) },
		"overflow":       func() { Centavos(math.MaxInt64).Add(Centavos(1)) },
		"underflow":      func() { Centavos(math.MinInt64).Add(Centavos(-1)) },
		"too many pesos": func() { Pesos(math.MaxInt64) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			act()
		}()
	}
}

func TestBasisPointsRoundHalfUp(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ pesos, bp, want int64 }{{1000, 50, 5}, {100, 50, 1}, {99, 50, 0}, {141035, 35, 494}, {0, 35, 0}, {1_000_000_000_000, 35, 3_500_000_000}} {
		if got := Pesos(tt.pesos).BasisPoints(tt.bp); got != Pesos(tt.want) {
			t.Errorf("%d bp of %d: got %v, want %d", tt.bp, tt.pesos, got, tt.want)
		}
	}
}

func TestCashIsRoundedDownToCoins(t *testing.T) {
	t.Parallel()
	pay, rest := Pesos(12_349).RoundDownToCash()
	if pay != Pesos(12_300) || rest != Pesos(49) {
		t.Errorf("got %v and %v, want 12300 and 49", pay, rest)
	}
}

func TestWholeRefusesCentavos(t *testing.T) {
	t.Parallel()
	if _, err := Centavos(101).Whole(); err == nil {
		t.Error("1.01 pesos are whole")
	}
	if got := Centavos(-150).String(); got != "COP -1.50" {
		t.Errorf("got %q", got)
	}
}
