package ui

import (
	"context"
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/a-h/templ"

	"pagaduria/models"
	"pagaduria/static"
	"pagaduria/views/i18n"
)

// The parts of this file stand in every row of every list, fifty times a page and more. They write
// bytes themselves: the same part as a template costs five times the time and six times the memory.

// cell is a part that appends its HTML.
type cell func(ctx context.Context, b []byte) []byte

var scratch = sync.Pool{New: func() any { b := make([]byte, 0, 1024); return &b }}

// Render makes a cell a component.
func (c cell) Render(ctx context.Context, w io.Writer) error {
	p := scratch.Get().(*[]byte)
	b := c(ctx, (*p)[:0])
	_, err := w.Write(b)
	*p = b
	scratch.Put(p)
	return err
}

// esc appends text with the five characters of HTML replaced.
func esc(b []byte, s string) []byte {
	from := 0
	for i := range len(s) {
		var as string
		switch s[i] {
		case '&':
			as = "&amp;"
		case '<':
			as = "&lt;"
		case '>':
			as = "&gt;"
		case '"':
			as = "&#34;"
		case '\'':
			as = "&#39;"
		default:
			continue
		}
		b = append(append(b, s[from:i]...), as...)
		from = i + 1
	}
	return append(b, s[from:]...)
}

func appendIcon(b []byte, name, class string) []byte {
	b = append(append(append(b, `<svg class="`...), class...), `" aria-hidden="true"><use href="`...)
	return append(append(b, static.Icon(name)...), `"></use></svg>`...)
}

// Icon draws one icon of the sprite. It says nothing to a screen reader: words stand beside it.
func Icon(name string) templ.Component {
	return cell(func(_ context.Context, b []byte) []byte { return appendIcon(b, name, "icon") })
}

// ToneIcon is Icon in the colour of a state (ok wait bad info hold).
func ToneIcon(name, tone string) templ.Component {
	return cell(func(_ context.Context, b []byte) []byte { return appendIcon(b, name, "icon t-"+tone) })
}

// Chip shows a state: icon and word, never colour alone.
func Chip(l Look) templ.Component {
	return cell(func(ctx context.Context, b []byte) []byte { return appendChip(b, l, i18n.T(ctx, l.Key)) })
}

// ChipText is Chip with words of its own, e.g. "In approval, step 2 of 3".
func ChipText(l Look, text string) templ.Component {
	return cell(func(_ context.Context, b []byte) []byte { return appendChip(b, l, text) })
}

func appendChip(b []byte, l Look, text string) []byte {
	b = append(append(append(b, `<span class="chip`...), toneClass[l.Tone]...), `">`...)
	b = esc(appendIcon(b, l.Icon, "icon"), text)
	return append(b, `</span>`...)
}

// Method shows how somebody is paid: icon and name.
func Method(k models.MethodKind) templ.Component {
	return cell(func(ctx context.Context, b []byte) []byte {
		b = appendIcon(append(b, `<span class="net">`...), MethodIcon(k), "icon")
		return append(esc(b, i18n.T(ctx, MethodKey(k))), `</span>`...)
	})
}

// Money writes an amount. In a table put it into MoneyCell.
func Money(m models.Money) templ.Component {
	return cell(func(ctx context.Context, b []byte) []byte {
		return append(i18n.AppendMoney(ctx, append(b, `<span class="money">`...), m), `</span>`...)
	})
}

// MoneyCell is the amount of a row: right-aligned, end of the first line on a phone.
func MoneyCell(m models.Money) templ.Component {
	return cell(func(ctx context.Context, b []byte) []byte {
		return append(i18n.AppendMoney(ctx, append(b, `<td class="num c-b">`...), m), `</td>`...)
	})
}

// NumCell is a count in a row; label stands before it on a phone.
func NumCell(label string, n int64) templ.Component {
	return cell(func(ctx context.Context, b []byte) []byte {
		b = append(esc(append(b, `<td class="num" data-l="`...), label), `">`...)
		return append(append(b, i18n.Number(ctx, n)...), `</td>`...)
	})
}

const dash = `<span class="muted">–</span>`

// Time writes a moment in full: "20 Nov 2026, 10:42", UTC in the title. A zero time is a dash.
func Time(t time.Time) templ.Component {
	return cell(func(ctx context.Context, b []byte) []byte {
		if t.IsZero() {
			return append(b, dash...)
		}
		return append(append(openTime(b, t), i18n.DateTime(ctx, t)...), `</time>`...)
	})
}

// When writes a moment as short as it can be read beside now: today's is only a time of day.
func When(t, now time.Time) templ.Component {
	return cell(func(ctx context.Context, b []byte) []byte {
		if t.IsZero() {
			return append(b, dash...)
		}
		return append(append(openTime(b, t), i18n.When(ctx, t, now)...), `</time>`...)
	})
}

func openTime(b []byte, t time.Time) []byte {
	b = i18n.AppendISO(append(b, `<time datetime="`...), t)
	b = i18n.AppendUTC(append(b, `" title="`...), t)
	return append(b, `">`...)
}

// Date writes a day: "20 Nov 2026".
func Date(t time.Time) templ.Component {
	return cell(func(ctx context.Context, b []byte) []byte {
		if t.IsZero() {
			return append(b, dash...)
		}
		b = t.In(i18n.Bogota).AppendFormat(append(b, `<time datetime="`...), time.DateOnly)
		return append(append(append(b, `">`...), i18n.Date(ctx, t)...), `</time>`...)
	})
}

// ID shows a number or reference in full with a button that copies it. An empty one is a dash.
func ID(id string) templ.Component {
	return cell(func(ctx context.Context, b []byte) []byte {
		if id == "" {
			return append(b, dash...)
		}
		b = esc(append(b, `<span class="id">`...), id)
		return append(appendCopy(ctx, b, id, i18n.T(ctx, "ui.copy_id", "ID", id)), `</span>`...)
	})
}

// Copy is the small button that copies text; label says what, e.g. "Copy the response".
func Copy(text, label string) templ.Component {
	return cell(func(ctx context.Context, b []byte) []byte { return appendCopy(ctx, b, text, label) })
}

func appendCopy(ctx context.Context, b []byte, text, label string) []byte {
	b = esc(append(b, `<button class="copy" type="button" data-copy="`...), text)
	b = esc(append(b, `" data-copied="`...), i18n.T(ctx, "ui.copied"))
	b = esc(append(b, `" aria-label="`...), label)
	return append(appendIcon(append(b, `">`...), "copy", "icon"), `</button>`...)
}

// RowLink is the title of a row: the link to its page with a quiet second line ("" leaves it out).
func RowLink(href templ.SafeURL, text, second string) templ.Component {
	return cell(func(_ context.Context, b []byte) []byte {
		b = append(b, `<th scope="row" class="c-a">`...)
		if second != "" {
			b = append(b, `<span class="two">`...)
		}
		b = esc(append(b, `<a class="row-a" href="`...), string(href))
		b = append(esc(append(b, `">`...), text), `</a>`...)
		if second != "" {
			b = append(esc(append(b, `<span class="muted">`...), second), `</span></span>`...)
		}
		return append(b, `</th>`...)
	})
}

// PickCell is the tick box of a row: value is the id sent as name="ids", minor its amount in centavos
// for the running sum, label whose row it is. form is the id of the form that takes the ticks.
func PickCell(form, value, label string, minor int64) templ.Component {
	return cell(func(ctx context.Context, b []byte) []byte {
		b = esc(append(b, `<td class="pick"><input class="form-check-input" type="checkbox" name="ids" form="`...), form)
		b = esc(append(b, `" value="`...), value)
		b = strconv.AppendInt(append(b, `" data-sum="`...), minor/100, 10) // the script adds whole pesos
		b = esc(append(b, `" aria-label="`...), i18n.T(ctx, "ui.tick_row", "Name", label))
		return append(b, `"></td>`...)
	})
}
