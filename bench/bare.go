package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"

	"pagaduria/models"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	view "pagaduria/views/payouts"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// bareWord starts this program as the server of the page alone: the list of payouts with 50 rows that are always the
// same, rendered and compressed as the product does it, without router, session and database.
const bareWord = "bare-page"

func serveBare(addr string) error {
	page := barePage(time.Now())
	buffers := sync.Pool{New: func() any { return new(bytes.Buffer) }}
	compress, err := gzhttp.NewWrapper(gzhttp.MinSize(1024), gzhttp.CompressionLevel(gzip.BestSpeed))
	if err != nil {
		return err
	}
	err = http.ListenAndServe(addr, compress(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b := buffers.Get().(*bytes.Buffer)
		defer buffers.Put(b)
		b.Reset()
		ctx := i18n.With(r.Context(), i18n.Locale("es-CO"))
		if err := view.List(page).Render(ctx, b); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=UTF-8")
		_, _ = w.Write(b.Bytes()) // the client has gone: nothing to do about it
	})))
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func barePage(now time.Time) view.ListPage {
	ctx := i18n.With(context.Background(), i18n.Locale("es-CO"))
	p := view.ListPage{Page: layout.Page{Title: "Pagos", Active: "payouts", CSRF: strings.Repeat("x", 43), Path: urls.Payouts(), Now: now,
		Staff: layout.Viewer{ID: 1, Name: "Beatriz Banca", Initials: "BB", May: func(models.Permission) bool { return true }}},
		Any: true, Sum: "150.000 pagos", Filters: ui.Filters{Action: urls.Payouts(), Placeholder: "Buscar"}, Pages: ui.Pages{Older: urls.Payouts() + "?after=x"}}
	for _, s := range []models.PayoutState{"", models.PayoutInBatch, models.PayoutSent, models.PayoutAvailable, models.PayoutPaid, models.PayoutFailed,
		models.PayoutExpired, models.PayoutReturned} {
		look := ui.PayoutState(s)
		p.Tabs = append(p.Tabs, ui.TileData{URL: urls.PayoutsIn(string(s)), Label: i18n.T(ctx, look.Key), Icon: look.Icon, Tone: look.Tone,
			Big: "150.000", Note: "$ 60.000 M", Current: s == ""})
	}
	kinds := []models.MethodKind{models.EfectyCash, models.EfectyCash, models.BankAccount, models.Nequi, models.EfectyCash}
	for i := range 50 {
		at := now.Add(-time.Duration(i) * time.Hour)
		p.Rows = append(p.Rows, models.PayoutRow{ID: int64(1_000_000 - i), Code: fmt.Sprintf("P-2026-1120-D%03d-%04d", 700+i, i+1), BatchID: 7, DistributorID: int64(i), State: models.PayoutPaid,
			Amount: models.Pesos(int64(20_000 + i*6_350)), PayeeName: buyers[i%len(buyers)], DocType: "CC", DocNumber: fmt.Sprint(1_100_000_000 + i*37),
			Method: kinds[i%len(kinds)], RailID: fmt.Sprint(5_000_000 + i), StateAt: at, CreatedAt: at})
	}
	return p
}
