package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/parcel"
	"pagaduria/models/sheet"
	"pagaduria/services/store"
	"pagaduria/services/tracking"
)

// demoParcels are the newest parcels of each carrier, cash to be collected among them.
const demoParcels = `
SELECT carrier, waybill, status, CASE WHEN payment = 'cod' THEN total ELSE 0 END, row_number() OVER (PARTITION BY carrier ORDER BY placed_at DESC, id)
FROM (SELECT * FROM orders WHERE waybill <> '' AND shop_id IS NULL ORDER BY placed_at DESC, id DESC LIMIT 90) o ORDER BY carrier, 5`

type demoParcel struct {
	Carrier, Waybill string
	Status           models.OrderStatus
	Cash             models.Money
	Place            int
}

// demoWords are codes and states as each carrier writes them.
var demoWords = map[string]struct{ taken, moved, incident, delivered, back [2]string }{
	"Coordinadora":    {[2]string{"1", ""}, [2]string{"3", ""}, [2]string{"700", ""}, [2]string{"6", ""}, [2]string{"8", ""}},
	"Interrapidísimo": {[2]string{"1", ""}, [2]string{"3", ""}, [2]string{"7", ""}, [2]string{"11", ""}, [2]string{"10", ""}},
	"Servientrega":    {[2]string{"1", "EN PROCESAMIENTO"}, [2]string{"12", "EN PROCESAMIENTO"}, [2]string{"9", "EN PROCESAMIENTO"}, [2]string{"", "ENTREGADO"}, [2]string{"", "ENTREGADO A REMITENTE"}},
}

// demoTracking has the carriers tell of the newest parcels by file. One of them writes a code that nobody has explained.
func (a *app) demoTracking(ctx context.Context, by models.Actor) error {
	list, err := store.Select[demoParcel](ctx, a.db.Pool, demoParcels)
	if err != nil {
		return fmt.Errorf("the demo's parcels: %w", err)
	}
	var file bytes.Buffer
	w := sheet.NewWriter(&file, sheet.Layout{})
	if err := w.Write("carrier", "waybill", "code", "status_text", "state", "incident", "event_at", "cash_to_collect_cop"); err != nil {
		return err
	}
	for _, p := range list {
		if err := p.events(w, a.h.Now()); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err = a.h.Tracking.Import(ctx, bytes.NewReader(file.Bytes()), models.ImportOptions{By: models.System("demo"), Today: a.today()})
	if err != nil {
		return err
	}
	if err := a.demoMessage(ctx, by); err != nil {
		return err
	}
	return a.h.Tracking.Watch(ctx)
}

// demoMessage has a carrier post an event, and somebody else one in its name.
func (a *app) demoMessage(ctx context.Context, by models.Actor) error {
	id, err := store.SelectOne[struct{ ID int64 }](ctx, a.db.Pool, `SELECT id FROM carriers WHERE slug = 'coordinadora'`)
	if err != nil {
		return err
	}
	secret, err := a.h.Tracking.NewSecret(ctx, by, id.ID)
	if err != nil {
		return err
	}
	body := fmt.Appendf(nil, `{"event_id": "CO-1001", "tracking_number": "730099111501", "code": "6", "description": "ENTREGADA", "occurred_at": %q, "cash_amount": 101900}`,
		a.h.Now().Add(-2*time.Hour).Format(time.RFC3339))
	for _, signed := range []string{secret, "somebody-else"} {
		d := tracking.Delivery{Slug: "coordinadora", Header: http.Header{parcel.SignatureHeader: {parcel.Sign(signed, body)}}, Body: body, Remote: "203.0.113.30"}
		if _, err := a.h.Tracking.Receive(ctx, d); err != nil {
			return err
		}
	}
	first, err := store.SelectOne[tracking.DeliveryArgs](ctx, a.db.Pool, `SELECT min(id) FROM carrier_deliveries`)
	if err != nil {
		return err
	}
	return a.h.Tracking.WorkDelivery(ctx, first)
}

// events writes what became of a parcel: taken, moved, and how it ended as far as it has.
func (p demoParcel) events(w *sheet.Writer, now time.Time) error {
	words := demoWords[p.Carrier]
	begun := now.Add(-time.Duration(p.Place%9+3) * 24 * time.Hour)
	said := func(code [2]string, text, incident string, hours int) error {
		at := begun.Add(time.Duration(hours) * time.Hour).In(colombia.Bogota)
		return w.Write(p.Carrier, p.Waybill, code[0], text, code[1], incident, at.Format("2006-01-02 15:04:05"), strconv.FormatInt(p.Cash.Minor/100, 10))
	}
	if err := said(words.taken, "RECOGIDA", "", 0); err != nil {
		return err
	}
	if err := said(words.moved, "EN TRANSPORTE", "", 9); err != nil {
		return err
	}
	switch {
	case p.Status == models.OrderDelivered:
		return said(words.delivered, "ENTREGADA", "", 40)
	case p.Status == models.OrderReturned:
		return said(words.back, "DEVUELTA", "", 60)
	case p.Status == models.OrderIncident:
		return said(words.incident, "NOVEDAD", "REHUSADO", 30)
	case p.Carrier == "Coordinadora" && p.Place%4 == 0:
		return said([2]string{"45", ""}, "EN CUSTODIA", "", 28)
	}
	return nil
}
