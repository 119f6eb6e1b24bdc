package i18n

import (
	"context"
	"strconv"
	"time"

	"pagaduria/models"
)

// Figures follow Colombian use in English too: a point between thousands, a comma before decimals.
// Chinese writes them the other way round.
const (
	noBreak = "\u00a0"
	minus   = "−" // U+2212, as wide as a digit
)

// Bogota is the zone every page shows. Colombia has kept UTC-5 without daylight saving since 1993.
var Bogota = time.FixedZone("America/Bogota", -5*60*60)

// Money writes an amount with its unit: "$ 1.234.567" in English and Spanish, "COP 1,234,567" in
// Chinese. Centavos are shown only when there are any.
func Money(ctx context.Context, m models.Money) string {
	var buf [40]byte
	l := From(ctx)
	return string(appendMoney(buf[:0], l, m))
}

// AppendMoney appends what Money returns.
func AppendMoney(ctx context.Context, b []byte, m models.Money) []byte {
	return appendMoney(b, From(ctx), m)
}

func appendMoney(b []byte, l Locale, m models.Money) []byte {
	n := m.Minor
	if n < 0 {
		b = append(b, minus...)
	}
	if m.Currency == models.COP && l != Zh {
		b = append(b, "$"...)
	} else {
		b = append(b, m.Currency...)
	}
	b = append(b, noBreak...)
	u := magnitude(n)
	b = appendGrouped(b, l, u/100)
	if cents := u % 100; cents != 0 {
		b = append(b, decimalMark(l), byte('0'+cents/10), byte('0'+cents%10))
	}
	return b
}

// magnitude is |n|, right for the smallest int64 too.
func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// MoneyShort writes an amount for a tile: from a million on in millions with one decimal,
// "$ 412,8 M". Tables always show the whole amount.
func MoneyShort(ctx context.Context, m models.Money) string {
	const million = 1_000_000 * 100
	u := magnitude(m.Minor)
	if u < million {
		whole := m
		whole.Minor -= whole.Minor % 100
		return Money(ctx, whole)
	}
	l := From(ctx)
	var buf [40]byte
	b := buf[:0]
	if m.Minor < 0 {
		b = append(b, minus...)
	}
	if m.Currency == models.COP && l != Zh {
		b = append(b, "$"...)
	} else {
		b = append(b, m.Currency...)
	}
	b = append(b, noBreak...)
	tenths := (u + million/20) / (million / 10)
	b = appendGrouped(b, l, tenths/10)
	b = append(b, decimalMark(l), byte('0'+tenths%10))
	return string(append(append(b, noBreak...), 'M'))
}

// Number writes a whole number with its thousands marked.
func Number(ctx context.Context, n int64) string {
	var buf [32]byte
	b := buf[:0]
	if n < 0 {
		b = append(b, minus...)
	}
	return string(appendGrouped(b, From(ctx), magnitude(n)))
}

// Percent writes basis points (hundredths of a per cent) with one decimal: 840 is "8,4 %".
func Percent(ctx context.Context, basisPoints int64) string {
	l := From(ctx)
	var buf [32]byte
	b := buf[:0]
	if basisPoints < 0 {
		b = append(b, minus...)
	}
	tenths := (magnitude(basisPoints) + 5) / 10
	b = appendGrouped(b, l, tenths/10)
	if d := tenths % 10; d != 0 {
		b = append(b, decimalMark(l), byte('0'+d))
	}
	if l == Zh {
		return string(append(b, '%'))
	}
	return string(append(append(b, noBreak...), '%'))
}

// Times writes how many times over, from tenths: "4,2 ×".
func Times(ctx context.Context, tenths int64) string {
	b := appendGrouped(nil, From(ctx), magnitude(tenths)/10)
	if rest := tenths % 10; rest != 0 {
		b = append(b, decimalMark(From(ctx)), byte('0'+rest))
	}
	return string(append(b, "\u00a0×"...))
}

// Bytes writes the size of a file: "412 kB", "1,4 MB".
func Bytes(ctx context.Context, n int64) string {
	switch {
	case n < 1000:
		return Number(ctx, n) + noBreak + "B"
	case n < 1_000_000:
		return Number(ctx, (n+500)/1000) + noBreak + "kB"
	}
	tenths := uint64(n+50_000) / 100_000
	l := From(ctx)
	b := appendGrouped(nil, l, tenths/10)
	b = append(b, decimalMark(l), byte('0'+tenths%10))
	return string(b) + noBreak + "MB"
}

func appendGrouped(b []byte, l Locale, n uint64) []byte {
	mark := byte('.')
	if l == Zh {
		mark = ','
	}
	var digits [20]byte
	d := strconv.AppendUint(digits[:0], n, 10)
	for i, c := range d {
		if i > 0 && (len(d)-i)%3 == 0 {
			b = append(b, mark)
		}
		b = append(b, c)
	}
	return b
}

func decimalMark(l Locale) byte {
	if l == Zh {
		return '.'
	}
	return ','
}

var (
	monthsEn   = [...]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}
	monthsEs   = [...]string{"ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"}
	longEn     = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	longEs     = [...]string{"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"}
	weekdaysEn = [...]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
	weekdaysEs = [...]string{"domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"}
	weekdaysZh = [...]string{"星期日", "星期一", "星期二", "星期三", "星期四", "星期五", "星期六"}
)

// Date writes "20 Nov 2026", "20 nov 2026", "2026年11月20日".
func Date(ctx context.Context, t time.Time) string {
	var buf [32]byte
	return string(appendDate(buf[:0], From(ctx), t.In(Bogota), true))
}

// Day writes a date of this year: "20 Nov", "20 nov", "11月20日".
func Day(ctx context.Context, t time.Time) string {
	var buf [32]byte
	return string(appendDate(buf[:0], From(ctx), t.In(Bogota), false))
}

// Calendar writes a date that is no moment, as it comes from SQL: midnight UTC of the day that is meant.
func Calendar(ctx context.Context, date time.Time) string {
	var buf [32]byte
	return string(appendDate(buf[:0], From(ctx), date.UTC(), true))
}

// DateTime writes "20 Nov 2026, 10:42".
func DateTime(ctx context.Context, t time.Time) string {
	var buf [40]byte
	l, t := From(ctx), t.In(Bogota)
	return string(appendClock(appendGap(appendDate(buf[:0], l, t, true), l), t))
}

// DayTime writes a moment of this year: "20 Nov, 10:42".
func DayTime(ctx context.Context, t time.Time) string {
	var buf [40]byte
	l, t := From(ctx), t.In(Bogota)
	return string(appendClock(appendGap(appendDate(buf[:0], l, t, false), l), t))
}

// Clock writes the time of day: "10:42".
func Clock(t time.Time) string {
	var buf [8]byte
	return string(appendClock(buf[:0], t.In(Bogota)))
}

// ClockSeconds writes the time of day to the second: "10:42:30".
func ClockSeconds(t time.Time) string { return t.In(Bogota).Format(time.TimeOnly) }

// When writes a moment as short as it can be read beside now: the time of day for today, without the
// year for this year, else in full.
func When(ctx context.Context, t, now time.Time) string {
	a, b := t.In(Bogota), now.In(Bogota)
	switch {
	case a.Year() == b.Year() && a.YearDay() == b.YearDay():
		return Clock(t)
	case a.Year() == b.Year():
		return DayTime(ctx, t)
	}
	return DateTime(ctx, t)
}

// LongDate writes "Friday 20 November 2026".
func LongDate(ctx context.Context, t time.Time) string {
	t = t.In(Bogota)
	y, m, d := t.Date()
	switch From(ctx) {
	case Es:
		return weekdaysEs[t.Weekday()] + " " + strconv.Itoa(d) + " de " + longEs[m-1] + " de " + strconv.Itoa(y)
	case Zh:
		return string(appendDate(nil, Zh, t, true)) + " " + weekdaysZh[t.Weekday()]
	}
	return weekdaysEn[t.Weekday()] + " " + strconv.Itoa(d) + " " + longEn[m-1] + " " + strconv.Itoa(y)
}

func appendDate(b []byte, l Locale, t time.Time, year bool) []byte {
	y, m, d := t.Date()
	if l == Zh {
		if year {
			b = append(strconv.AppendInt(b, int64(y), 10), "年"...)
		}
		b = append(strconv.AppendInt(b, int64(m), 10), "月"...)
		return append(strconv.AppendInt(b, int64(d), 10), "日"...)
	}
	b = append(strconv.AppendInt(b, int64(d), 10), ' ')
	if l == Es {
		b = append(b, monthsEs[m-1]...)
	} else {
		b = append(b, monthsEn[m-1]...)
	}
	if year {
		b = strconv.AppendInt(append(b, ' '), int64(y), 10)
	}
	return b
}

func appendGap(b []byte, l Locale) []byte {
	if l == Zh {
		return append(b, ' ')
	}
	return append(b, ',', ' ')
}

func appendClock(b []byte, t time.Time) []byte {
	h, m, _ := t.Clock()
	return append(b, byte('0'+h/10), byte('0'+h%10), ':', byte('0'+m/10), byte('0'+m%10))
}

// TimeUTC is the moment for the title of a <time>: "2026-11-20 15:42:07 UTC".
func TimeUTC(t time.Time) string { return string(AppendUTC(nil, t)) }

// AppendUTC appends what TimeUTC returns.
func AppendUTC(b []byte, t time.Time) []byte {
	return t.UTC().AppendFormat(b, "2006-01-02 15:04:05 UTC")
}

// TimeISO is the moment for datetime=: RFC 3339 with the offset of Bogotá.
func TimeISO(t time.Time) string { return string(AppendISO(nil, t)) }

// AppendISO appends what TimeISO returns.
func AppendISO(b []byte, t time.Time) []byte {
	return t.In(Bogota).AppendFormat(b, time.RFC3339)
}

// Span writes a length of time in its largest unit that fits, with the next one for hours:
// "45 s", "9 min", "1 h 30 min", "3 d".
func Span(ctx context.Context, d time.Duration) string {
	if d < 0 {
		d = -d
	}
	switch {
	case d < time.Minute:
		return T(ctx, "time.seconds", "N", Number(ctx, int64(d/time.Second)))
	case d < time.Hour:
		return T(ctx, "time.minutes", "N", Number(ctx, int64(d/time.Minute)))
	case d < 24*time.Hour:
		h := T(ctx, "time.hours", "N", Number(ctx, int64(d/time.Hour)))
		if m := d % time.Hour / time.Minute; m > 0 && d < 10*time.Hour {
			return h + " " + T(ctx, "time.minutes", "N", Number(ctx, int64(m)))
		}
		return h
	}
	return T(ctx, "time.days", "N", Number(ctx, int64(d/(24*time.Hour))))
}

// Ago writes how long before now t was: "9 min ago". Later moments read "in 9 min".
func Ago(ctx context.Context, t, now time.Time) string {
	d := now.Sub(t)
	if d < 0 {
		return T(ctx, "time.in", "Span", Span(ctx, d))
	}
	return T(ctx, "time.ago", "Span", Span(ctx, d))
}
