package payouts

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/a-h/templ"

	"pagaduria/models"
	"pagaduria/models/ident"
	"pagaduria/static"
	"pagaduria/views/i18n"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// rowView draws one row of the list into one buffer: this list is the busiest of all, with fifty rows a page.
type rowView struct {
	r    *models.PayoutRow
	now  time.Time
	show columns
}

// columns says which cells a row has beside the payee.
type columns struct{ method, reference, rail, state, changed, created, amount bool }

func shownIn(c ui.Columns) columns {
	return columns{method: c.Has("method"), reference: c.Has("reference"), rail: c.Has("rail"), state: c.Has("state"), changed: c.Has("changed"),
		created: c.Has("created"), amount: c.Has("amount")}
}

func row(r *models.PayoutRow, now time.Time, show columns) templ.Component {
	return rowView{r, now, show}
}

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
	if v.show.method {
		b = appendIcon(append(b, `<td><span class="net">`...), ui.MethodIcon(r.Method), "icon")
		b = append(append(b, templ.EscapeString(i18n.T(ctx, ui.MethodKey(r.Method)))...), `</span></td>`...)
	}
	if v.show.reference {
		b = append(append(append(b, `<td class="c-no hide-md mono">`...), templ.EscapeString(r.Code)...), `</td>`...)
	}
	if v.show.rail {
		b = append(append(append(b, `<td class="c-line mono">`...), templ.EscapeString(orDash(r.RailID))...), `</td>`...)
	}
	if v.show.state {
		b = v.appendState(ctx, b)
	}
	if v.show.changed {
		b = v.appendTime(ctx, append(b, `<td class="nowrap muted">`...), r.StateAt)
	}
	if v.show.created {
		b = v.appendTime(ctx, append(b, `<td class="hide-md nowrap muted">`...), r.CreatedAt)
	}
	if v.show.amount {
		b = append(i18n.AppendMoney(ctx, append(b, `<td class="num c-b">`...), r.Amount), `</td>`...)
	}
	b = append(b, `</tr>`...)
	*held = b
	_, err := w.Write(b)
	return err
}

func (v rowView) appendState(ctx context.Context, b []byte) []byte {
	b = appendChip(ctx, append(b, `<td><span class="two">`...), ui.PayoutLook(v.r.State, v.r.Method, v.r.Cause))
	if tone, text := note(ctx, *v.r, v.now); text != "" {
		b = append(append(append(b, `<span class="tiny `...), toneClass(tone)...), `">`...)
		b = append(append(b, templ.EscapeString(text)...), `</span>`...)
	}
	return append(b, `</span></td>`...)
}

func (v rowView) appendTime(ctx context.Context, b []byte, t time.Time) []byte {
	b = i18n.AppendUTC(append(i18n.AppendISO(append(b, `<time datetime="`...), t), `" title="`...), t)
	return append(append(append(b, `">`...), i18n.When(ctx, t, v.now)...), `</time></td>`...)
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
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
