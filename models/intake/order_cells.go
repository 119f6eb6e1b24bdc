package intake

import (
	"strings"
	"time"

	"pagaduria/models/colombia"
)

// Codes of an amount that cannot be taken.
const (
	amountFormat   = "amount_format"
	amountRange    = "amount_out_of_range"
	fractional     = "fractional_amount"
	currencyNotCOP = "currency_not_cop"
)

// parseAmount reads pesos as Colombian shops write them: "1234", "1234,00", "1.234", "$ 1.234,00". Points
// group thousands, the comma is the decimal sign. code says what is wrong, "" nothing.
func parseAmount(s string) (pesos int64, code string) {
	rest, negative := strings.CutPrefix(s, "-")
	rest = strings.TrimLeft(strings.TrimPrefix(rest, "$"), " \u00a0")
	if !negative {
		rest, negative = strings.CutPrefix(rest, "-")
	}
	digits, group, grouped, i := 0, 0, false, 0
	for ; i < len(rest) && rest[i] != ','; i++ {
		switch c := rest[i]; {
		case c >= '0' && c <= '9':
			if digits > 0 || c != '0' {
				digits++
			}
			if digits <= maxDigits {
				pesos = pesos*10 + int64(c-'0')
			}
			group++
		case c == '.' && (grouped && group == 3 || !grouped && group >= 1 && group <= 3):
			grouped, group = true, 0
		default:
			return 0, notPesos(s)
		}
	}
	if group == 0 || grouped && group != 3 {
		return 0, notPesos(s)
	}
	if code := centavos(rest[i:]); code != "" {
		return 0, code
	}
	if digits > maxDigits {
		return 0, amountRange
	}
	if negative {
		pesos = -pesos
	}
	return pesos, ""
}

// maxDigits keeps sums of amounts in centavos inside 64 bits.
const maxDigits = 15

// centavos reads ",00" or nothing.
func centavos(s string) (code string) {
	if s == "" {
		return ""
	}
	s = s[1:]
	if len(s) == 0 || len(s) > 2 || strings.Trim(s, "0123456789") != "" {
		return amountFormat
	}
	if strings.Trim(s, "0") != "" {
		return fractional
	}
	return ""
}

// notPesos tells an amount of another currency from what is no amount at all.
func notPesos(s string) (code string) {
	for _, sign := range []string{"US$", "U$", "€", "£", "¥"} {
		if strings.HasPrefix(s, sign) || strings.HasSuffix(s, sign) {
			return currencyNotCOP
		}
	}
	number := strings.Trim(s, " \u00a0$.,-0123456789")
	if len(number) == 3 && number != "COP" && strings.Trim(number, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" {
		return currencyNotCOP
	}
	return amountFormat
}

// parsePhone reads a Colombian mobile number, however it is grouped and with or without the country's
// prefix, as E.164.
func parsePhone(s string) (e164 string, ok bool) {
	var digits [16]byte
	n := 0
	for i := range len(s) {
		switch c := s[i]; c {
		case ' ', '(', ')', '-', '.', '+', '/', 0xC2, 0xA0: // the last two are a no-break blank
		default:
			if c < '0' || c > '9' || n == len(digits) {
				return "", false
			}
			digits[n] = c
			n++
		}
	}
	d := digits[:n]
	if len(d) == 14 && d[0] == '0' && d[1] == '0' {
		d = d[2:]
	}
	if len(d) == 12 && d[0] == '5' && d[1] == '7' {
		d = d[2:]
	}
	if len(d) != 10 || d[0] != '3' {
		return "", false
	}
	out := [13]byte{'+', '5', '7'}
	copy(out[3:], d)
	return string(out[:]), true
}

// parseDate reads a Bogotá time in one of the forms of shop exports: 2026-08-05 00:01:00, 20/09/2026 13:28
// (also with one digit for day and month) and 05/09/2026 03:15 p. m. The day always comes first.
func parseDate(s string) (at time.Time, ok bool) {
	if len(s) > 10 && s[4] == '-' {
		return parseISO(s)
	}
	day, rest, ok1 := number(s, '/', 2)
	month, rest, ok2 := number(rest, '/', 2)
	year, rest, ok3 := number(rest, ' ', 4)
	if !ok1 || !ok2 || !ok3 || year < 1000 {
		return at, false
	}
	hour, rest, ok1 := number(strings.TrimLeft(rest, " "), ':', 2)
	minute, half, ok2 := number(rest, ' ', 2)
	if !ok1 || !ok2 {
		return at, false
	}
	if half != "" {
		if hour < 1 || hour > 12 {
			return at, false
		}
		switch strings.ToLower(halfSigns.Replace(half)) {
		case "am":
			hour %= 12
		case "pm":
			hour = hour%12 + 12
		default:
			return at, false
		}
	}
	return moment(year, month, day, hour, minute, 0)
}

// halfSigns drops what stands around the letters of "a. m.".
var halfSigns = strings.NewReplacer(".", "", " ", "", "\u00a0", "")

func parseISO(s string) (at time.Time, ok bool) {
	year, rest, ok1 := number(s, '-', 4)
	month, rest, ok2 := number(rest, '-', 2)
	day, rest, ok3 := number(rest, ' ', 2)
	hour, rest, ok4 := number(rest, ':', 2)
	minute, rest, ok5 := number(rest, ':', 2)
	second := 0
	ok6 := true
	if rest != "" {
		second, rest, ok6 = number(rest, ' ', 2)
	}
	if !(ok1 && ok2 && ok3 && ok4 && ok5 && ok6) || rest != "" || year < 1000 {
		return at, false
	}
	return moment(year, month, day, hour, minute, second)
}

// number reads up to most digits and drops the sign behind them, which may be missing at the end.
func number(s string, sign byte, most int) (n int, rest string, ok bool) {
	i := 0
	for i < len(s) && i < most && s[i] >= '0' && s[i] <= '9' {
		n = n*10 + int(s[i]-'0')
		i++
	}
	if i == 0 || i < len(s) && s[i] != sign {
		return 0, "", false
	}
	if i < len(s) {
		i++
	}
	return n, s[i:], true
}

// moment refuses days and hours that do not exist.
func moment(year, month, day, hour, minute, second int) (time.Time, bool) {
	if month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	at := time.Date(year, time.Month(month), day, hour, minute, second, 0, colombia.Bogota)
	return at, at.Day() == day
}

// mojibake answers whether s is UTF-8 that somebody once read as Windows-1252: "MuÃ±oz", "â€œ", "�".
func mojibake(s string) bool {
	// Each of these signs has one of three bytes that hardly occur in sound text and are found fast.
	if strings.IndexByte(s, 0x82) < 0 && strings.IndexByte(s, 0x83) < 0 && strings.IndexByte(s, 0xEF) < 0 {
		return false
	}
	return strings.Contains(s, "\uFFFD") || strings.Contains(s, "â€") || before(s, "Ã") || before(s, "Â")
}

// before answers whether sign stands right before another character that is not ASCII.
func before(s, sign string) bool {
	for {
		i := strings.Index(s, sign)
		if i < 0 {
			return false
		}
		s = s[i+len(sign):]
		if s != "" && s[0] >= 0xC2 {
			return true
		}
	}
}

// runs answers whether a spreadsheet would take a text for a formula.
func runs(s string) bool { return s != "" && strings.IndexByte("=+-@", s[0]) >= 0 }
