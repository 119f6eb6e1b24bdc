package payouts

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/a-h/templ"

	"pagaduria/models/ident"
	"pagaduria/static"
	"pagaduria/views/i18n"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// rowView draws one row of the list into one buffer: this list is the busiest of all, with fifty rows a page.
type rowView struct {
	r   *Row
	now time.Time
}

func row(r *Row, now time.Time) templ.Component { return rowView{r, now} }

var rowBuffers = sync.Pool{New: func() any { b := make([]byte, 0, 2048); return &b }}

// Render writes the row.
func (v rowView) Render(ctx context.Context, w io.Writer) error {
	held := rowBuffers.Get().(*[]byte)
	defer rowBuffers.Put(held)
	r, b := v.r, (*held)[:0]
	b = append(b, `<tr><th scope="row" class="c-a"><span class="two"><a class="row-a" href="`...)
	b = append(append(b, urls.Payout(r.ID)...), `">`...)
	b = append(append(b, templ.EscapeString(r.PayeeName)...), `</a><span class="muted">`...)
	b = append(append(b, templ.EscapeString(ident.Mask(r.DocType, r.DocNumber, ""))...), `</span></span></th>`...)
	b = append(b, `<td><span class="net">`...)
	b = appendIcon(b, ui.MethodIcon(r.Method), "icon")
	b = append(append(b, templ.EscapeString(i18n.T(ctx, ui.MethodKey(r.Method)))...), `</span></td>`...)
	b = append(b, `<td class="c-no hide-md mono">`...)
	b = append(append(b, templ.EscapeString(r.Code)...), `</td><td><span class="two">`...)
	b = appendChip(ctx, b, ui.PayoutStateBy(r.State, r.Method))
	if tone, text := note(ctx, *r, v.now); text != "" {
		b = append(append(append(b, `<span class="tiny `...), toneClass(tone)...), `">`...)
		b = append(append(b, templ.EscapeString(text)...), `</span>`...)
	}
	b = append(b, `</span></td><td class="hide-md nowrap muted"><time datetime="`...)
	b = i18n.AppendISO(b, r.CreatedAt)
	b = i18n.AppendUTC(append(b, `" title="`...), r.CreatedAt)
	b = append(append(append(b, `">`...), i18n.When(ctx, r.CreatedAt, v.now)...), `</time></td><td class="num c-b">`...)
	b = append(i18n.AppendMoney(ctx, b, r.Amount), `</td></tr>`...)
	*held = b
	_, err := w.Write(b)
	return err
}

func appendIcon(b []byte, name, class string) []byte {
	b = append(append(append(b, `<svg class="`...), class...), `" aria-hidden="true"><use href="`...)
	return append(append(b, static.Icon(name)...), `"></use></svg>`...)
}

func appendChip(ctx context.Context, b []byte, l ui.Look) []byte {
	b = append(b, `<span><span class="chip`...)
	if l.Tone != "" {
		b = append(append(b, ` chip-`...), l.Tone...)
	}
	b = appendIcon(append(b, `">`...), l.Icon, "icon")
	return append(append(b, templ.EscapeString(i18n.T(ctx, l.Key))...), `</span></span>`...)
}

func toneClass(tone string) string {
	switch tone {
	case "bad":
		return "t-bad"
	case "wait":
		return "t-wait"
	}
	return "muted"
}
