package i18n

import (
	"context"
	"testing"
	"testing/fstest"
	"time"

	"pagaduria/models"
)

func TestEveryKeyIsInEveryLanguage(t *testing.T) {
	t.Parallel()
	for _, l := range Locales {
		for _, other := range Locales {
			have := catalogues[other]()
			c := catalogues[l]()
			for key := range c.plain {
				if _, ok := have.plain[key]; !ok {
					t.Errorf("%s is in %s and not, or with arguments, in %s", key, l, other)
				}
			}
			for key, m := range c.filled {
				o, ok := have.filled[key]
				if !ok {
					t.Errorf("%s is in %s and not, or without arguments, in %s", key, l, other)
					continue
				}
				if !sameNames(m.names, o.names) {
					t.Errorf("%s has the arguments %v in %s and %v in %s", key, m.names, l, o.names, other)
				}
			}
			for key := range c.plurals {
				if !have.plurals[key] {
					t.Errorf("%s has plural forms in %s and not in %s", key, l, other)
				}
			}
		}
	}
}

func sameNames(a, b []string) bool {
	set := map[string]bool{}
	for _, n := range a {
		set[n] = true
	}
	for _, n := range b {
		if !set[n] {
			return false
		}
		delete(set, n)
	}
	return len(set) == 0
}

func TestMatch(t *testing.T) {
	t.Parallel()
	tests := []struct {
		header string
		want   Locale
	}{
		{"", En},
		{"es-CO,es;q=0.9,en;q=0.8", Es},
		{"es", Es},
		{"es-MX", Es},
		{"zh-TW,zh;q=0.9", Zh},
		{"zh-Hans-CN", Zh},
		{"fr-FR, de;q=0.5", En},
		{"fr, es;q=0.7, en;q=0.3", Es},
		{"%%%", En},
	}
	for _, tt := range tests {
		if got := Match(tt.header); got != tt.want {
			t.Errorf("Match(%q) = %s, want %s", tt.header, got, tt.want)
		}
	}
}

func testCatalogue(t *testing.T, l Locale) context.Context {
	t.Helper()
	c, err := load(fstest.MapFS{
		"a." + string(l) + ".toml": {Data: []byte(`
plain = "Just words"
[x]
hello = "Hello {{.Name}}, you are {{.Role}}."
rows = { one = "{{.Count}} row of {{.Name}}", other = "{{.Count}} rows of {{.Name}}" }
[x.reasons]
other = "Something else"
wrong = "Wrong amount"
`)},
	}, l)
	if err != nil {
		t.Fatal(err)
	}
	return context.WithValue(context.Background(), contextKey{}, c)
}

func TestSentences(t *testing.T) {
	t.Parallel()
	en, es, zh := testCatalogue(t, En), testCatalogue(t, Es), testCatalogue(t, Zh)
	tests := []struct{ name, got, want string }{
		{"plain", T(en, "plain"), "Just words"},
		{"arguments in any order", T(en, "x.hello", "Role", "admin", "Name", "Ana"), "Hello Ana, you are admin."},
		{"an argument that is missing", T(en, "x.hello", "Name", "Ana"), "Hello Ana, you are ."},
		{"unknown key", T(en, "x.nothing"), "x.nothing"},
		{"a table with other and more is no plural", T(en, "x.reasons.other"), "Something else"},
		{"one", N(en, "x.rows", 1, "Name", "Ana"), "1 row of Ana"},
		{"none", N(en, "x.rows", 0, "Name", "Ana"), "0 rows of Ana"},
		{"many, grouped", N(en, "x.rows", 1204, "Name", "Ana"), "1.204 rows of Ana"},
		{"exactly a million in Spanish", N(es, "x.rows", 1_000_000, "Name", "Ana"), "1.000.000 rows of Ana"},
		{"one in Chinese has no form of its own", N(zh, "x.rows", 1, "Name", "Ana"), "1 rows of Ana"},
		{"grouped in Chinese", N(zh, "x.rows", 1204, "Name", "Ana"), "1,204 rows of Ana"},
		{"unknown plural", N(en, "x.none", 3), "x.none"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, tt.got, tt.want)
		}
	}
}

func TestOneKeyInTwoFilesIsRefused(t *testing.T) {
	t.Parallel()
	_, err := load(fstest.MapFS{
		"a.en.toml": {Data: []byte("[x]\na = '1'")},
		"b.en.toml": {Data: []byte("[x]\na = '2'")},
	}, En)
	if err == nil {
		t.Error("got no error")
	}
}

func TestMoney(t *testing.T) {
	t.Parallel()
	en, zh := With(context.Background(), En), With(context.Background(), Zh)
	tests := []struct{ name, got, want string }{
		{"millions", Money(en, models.Pesos(1_234_567)), "$\u00a01.234.567"},
		{"nothing", Money(en, models.Pesos(0)), "$\u00a00"},
		{"hundreds", Money(en, models.Pesos(999)), "$\u00a0999"},
		{"owed", Money(en, models.Pesos(-238_733)), "−$\u00a0238.733"},
		{"centavos", Money(en, models.Centavos(123_405)), "$\u00a01.234,05"},
		{"dollars", Money(en, models.Money{Minor: 1250, Currency: models.USD}), "USD\u00a012,50"},
		{"Chinese", Money(zh, models.Pesos(1_234_567)), "COP\u00a01,234,567"},
		{"smallest", Money(zh, models.Centavos(-1<<63)), "−COP\u00a092,233,720,368,547,758.08"},
		{"short", MoneyShort(en, models.Pesos(412_840_000)), "$\u00a0412,8\u00a0M"},
		{"short of a thousand million", MoneyShort(en, models.Pesos(1_057_400_000)), "$\u00a01.057,4\u00a0M"},
		{"short below a million", MoneyShort(en, models.Pesos(999_999)), "$\u00a0999.999"},
		{"short rounds", MoneyShort(en, models.Pesos(1_960_000)), "$\u00a02,0\u00a0M"},
		{"per cent", Percent(en, 840), "8,4\u00a0%"},
		{"whole per cent", Percent(en, 1900), "19\u00a0%"},
		{"per cent in Chinese", Percent(zh, 840), "8.4%"},
		{"kilobytes", Bytes(en, 412_300), "412\u00a0kB"},
		{"megabytes", Bytes(en, 1_449_000), "1,4\u00a0MB"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, tt.got, tt.want)
		}
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	en, es, zh := With(context.Background(), En), With(context.Background(), Es), With(context.Background(), Zh)
	at := time.Date(2026, 11, 21, 3, 4, 5, 0, time.UTC) // the evening before in Bogotá
	now := time.Date(2026, 11, 21, 4, 0, 0, 0, time.UTC)
	tests := []struct{ name, got, want string }{
		{"date", Date(en, at), "20 Nov 2026"},
		{"date in Spanish", Date(es, at), "20 nov 2026"},
		{"date in Chinese", Date(zh, at), "2026年11月20日"},
		{"moment", DateTime(en, at), "20 Nov 2026, 22:04"},
		{"moment in Chinese", DateTime(zh, at), "2026年11月20日 22:04"},
		{"today", When(en, at, now), "22:04"},
		{"this year", When(en, at, now.AddDate(0, 0, 3)), "20 Nov, 22:04"},
		{"another year", When(en, at, now.AddDate(1, 0, 0)), "20 Nov 2026, 22:04"},
		{"long", LongDate(en, at), "Friday 20 November 2026"},
		{"long in Spanish", LongDate(es, at), "viernes 20 de noviembre de 2026"},
		{"for machines", TimeISO(at), "2026-11-20T22:04:05-05:00"},
		{"UTC", TimeUTC(at), "2026-11-21 03:04:05 UTC"},
		{"ago", Ago(en, at, at.Add(9*time.Minute)), "9 min ago"},
		{"ahead", Ago(es, at, at.Add(-90*time.Minute)), "en 1 h 30 min"},
		{"days", Span(zh, 72*time.Hour), "3 天"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, tt.got, tt.want)
		}
	}
}

func BenchmarkMoney(b *testing.B) {
	ctx := With(context.Background(), Es)
	m := models.Pesos(1_234_567)
	b.ReportAllocs()
	for b.Loop() {
		_ = Money(ctx, m)
	}
}

func BenchmarkPlainSentence(b *testing.B) {
	ctx := With(context.Background(), Es)
	b.ReportAllocs()
	for b.Loop() {
		_ = T(ctx, "state.payout.sent")
	}
}
