package colombia

import "time"

// Holiday is a day off by law.
type Holiday struct {
	Date   time.Time // midnight UTC of the calendar day
	NameES string
	NameEN string
	NameZH string
}

// feast is a holiday by its rule: a fixed day or a distance from Easter Sunday, moved to the next
// Monday or not (Ley 51 of 1983).
type feast struct {
	month        time.Month // 0: counted from Easter
	day          int        // of the month, or days from Easter
	toMonday     bool
	nameES, name string
	nameZH       string
}

var feasts = []feast{
	{1, 1, false, "Año Nuevo", "New Year's Day", "元旦"},
	{1, 6, true, "Reyes Magos", "Epiphany", "主显节"},
	{3, 19, true, "San José", "Saint Joseph", "圣若瑟节"},
	{0, -3, false, "Jueves Santo", "Maundy Thursday", "濯足节"},
	{0, -2, false, "Viernes Santo", "Good Friday", "耶稣受难日"},
	{5, 1, false, "Día del Trabajo", "Labour Day", "劳动节"},
	{0, 39, true, "Ascensión del Señor", "Ascension", "耶稣升天节"},
	{0, 60, true, "Corpus Christi", "Corpus Christi", "基督圣体节"},
	{0, 68, true, "Sagrado Corazón", "Sacred Heart", "圣心节"},
	{6, 29, true, "San Pedro y San Pablo", "Saints Peter and Paul", "圣彼得与圣保罗节"},
	{7, 20, false, "Día de la Independencia", "Independence Day", "独立日"},
	{8, 7, false, "Batalla de Boyacá", "Battle of Boyacá", "博亚卡战役纪念日"},
	{8, 15, true, "Asunción de la Virgen", "Assumption", "圣母升天节"},
	{10, 12, true, "Día de la Raza", "Columbus Day", "种族日"},
	{11, 1, true, "Todos los Santos", "All Saints", "诸圣节"},
	{11, 11, true, "Independencia de Cartagena", "Independence of Cartagena", "卡塔赫纳独立日"},
	{12, 8, false, "Inmaculada Concepción", "Immaculate Conception", "圣母无染原罪节"},
	{12, 25, false, "Navidad", "Christmas Day", "圣诞节"},
}

// Holidays lists a year's 18 holidays; two of them may share a day.
func Holidays(year int) []Holiday {
	list := make([]Holiday, 0, len(feasts))
	for _, f := range feasts {
		list = append(list, Holiday{Date: f.in(year), NameES: f.nameES, NameEN: f.name, NameZH: f.nameZH})
	}
	return list
}

func (f feast) in(year int) time.Time {
	date := time.Date(year, f.month, f.day, 0, 0, 0, 0, time.UTC)
	if f.month == 0 {
		date = easter(year).AddDate(0, 0, f.day)
	}
	for f.toMonday && date.Weekday() != time.Monday {
		date = date.AddDate(0, 0, 1)
	}
	return date
}

// easter is Easter Sunday of the Gregorian calendar (the anonymous computus, Meeus/Jones/Butcher).
func easter(year int) time.Time {
	a, b, c := year%19, year/100, year%100
	d, e, f := b/4, b%4, (b+8)/25
	g := (b - f + 1) / 3
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return time.Date(year, time.Month(n/31), n%31+1, 0, 0, 0, 0, time.UTC)
}

// IsHoliday answers whether the calendar day of t, in t's own zone, is a day off by law.
func IsHoliday(t time.Time) bool {
	year, month, day := t.Date()
	for _, f := range feasts {
		if h := f.in(year); h.Month() == month && h.Day() == day {
			return true
		}
	}
	return false
}

// IsBusinessDay answers whether banks work on the calendar day of t: no Saturday, Sunday or holiday.
func IsBusinessDay(t time.Time) bool {
	return t.Weekday() != time.Saturday && t.Weekday() != time.Sunday && !IsHoliday(t)
}
