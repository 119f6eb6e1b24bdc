package payouts

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/services/store"
)

const (
	// limitsLock lets one claim at a time count against a connection's float and caps; it is held until the claim is
	// committed, so that the next one sees what this one took.
	limitsLock = `SELECT pg_advisory_xact_lock(hashtext('pagaduria.limits'), CAST($1 AS integer))`

	capsOf = `SELECT id, connection_id, scope, method_kind, amount, count, version FROM caps
WHERE connection_id = $1 AND (amount IS NOT NULL OR count IS NOT NULL) ORDER BY scope, method_kind`
	freeOf  = `SELECT CAST(COALESCE(sum(amount), 0) AS bigint) FROM float_free WHERE connection_id = $1`
	needsOf = `SELECT CAST(COALESCE(sum(amount + fee + fee_iva + gmf), 0) AS bigint), count(*) FROM payouts WHERE batch_id = $1 AND state = 'approved'`

	// What counts for a day is what was handed over on it, unless the rail never took it.
	handedOver = `connection_id = $1 AND submitted_at >= $2 AND state NOT IN ('in_batch', 'approved') AND NOT (state IN ('failed', 'cancelled') AND sent_at IS NULL)`
	usedByKind = `SELECT method_kind, count(*), CAST(sum(amount) AS bigint) FROM payouts WHERE ` + handedOver + ` GROUP BY method_kind`
	usedByWhom = `SELECT distributor_id, count(*), CAST(sum(amount) AS bigint) FROM payouts WHERE ` + handedOver + ` AND distributor_id = ANY($3) GROUP BY distributor_id`
)

// startOfDay is the first moment of the Bogotá day of now.
func startOfDay(now time.Time) time.Time {
	y, m, d := now.In(colombia.Bogota).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, colombia.Bogota)
}

// capRow is a cap as it is stored.
type capRow struct {
	ID, ConnectionID int64
	Scope            models.CapScope
	Method           models.MethodKind
	Amount           *int64
	Count            *int
	Version          int
}

func (r capRow) cap() models.Cap {
	return models.Cap{ID: r.ID, ConnectionID: r.ConnectionID, Scope: r.Scope, Method: r.Method, Amount: centavos(r.Amount), Count: r.Count, Version: r.Version}
}

func asCaps(rows []capRow) []models.Cap {
	caps := make([]models.Cap, len(rows))
	for i, r := range rows {
		caps[i] = r.cap()
	}
	return caps
}

// reader answers rows, inside a transaction or outside any.
type reader struct {
	ctx context.Context
	q   store.Querier
	tx  *gorm.DB
}

func read[T any](r reader, sql string, args ...any) ([]T, error) {
	if r.tx != nil {
		return store.SelectTx[T](r.tx, sql, args...)
	}
	return store.Select[T](r.ctx, r.q, sql, args...)
}

// usedOf is what was handed over by one method or to one payee.
type usedOf[K comparable] struct {
	Key   K
	Count int
	Total models.Money
}

// capDay reads the caps of a connection with what was handed over today, of payees only those given.
func capDay(r reader, caps []models.Cap, connection int64, now time.Time, payees []int64) (models.CapDay, error) {
	d := models.NewCapDay(caps)
	if len(caps) == 0 {
		return d, nil
	}
	kinds, err := read[usedOf[models.MethodKind]](r, usedByKind, connection, startOfDay(now))
	if err != nil {
		return d, fmt.Errorf("what connection %d handed over today: %w", connection, err)
	}
	for _, k := range kinds {
		d.Networks[k.Key] = models.Used{Total: k.Total, Count: k.Count}
		d.Connection = models.Used{Total: d.Connection.Total.Add(k.Total), Count: d.Connection.Count + k.Count}
	}
	for _, c := range caps {
		if c.Scope != models.CapPayee {
			continue
		}
		whom, err := read[usedOf[int64]](r, usedByWhom, connection, startOfDay(now), payees)
		if err != nil {
			return d, fmt.Errorf("who was paid over connection %d today: %w", connection, err)
		}
		for _, w := range whom {
			d.Payees[w.Key] = models.Used{Total: w.Total, Count: w.Count}
		}
	}
	return d, nil
}

// limits are what a claim has to keep to.
type limits struct {
	short bool // the float does not cover the batch
	caps  []models.Cap
	full  []models.MethodKind // by these nothing more can leave today
}

// limitsOf reads them under the lock that makes claims count one after the other. Without float control and caps there
// is nothing to wait for. Caps do not change meanwhile: that needs the connection's row.
func limitsOf(tx *gorm.DB, connection models.Connection, batch int64, now time.Time) (l limits, err error) {
	rows, err := store.SelectTx[capRow](tx, capsOf, connection.ID)
	if err != nil {
		return l, fmt.Errorf("caps of connection %d: %w", connection.ID, err)
	}
	if l.caps, l.full = asCaps(rows), []models.MethodKind{}; len(l.caps) == 0 && !connection.FloatControl {
		return l, nil
	}
	if _, err := store.ExecTx(tx, limitsLock, connection.ID); err != nil {
		return l, fmt.Errorf("lock limits of connection %d: %w", connection.ID, err)
	}
	if connection.FloatControl {
		short, err := shortage(reader{tx: tx}, connection.ID, batch)
		if l.short = short.Positive(); err != nil || l.short {
			return l, err
		}
	}
	d, err := capDay(reader{tx: tx}, l.caps, connection.ID, now, nil)
	l.full = d.Full()
	return l, err
}

// fit returns those of the claimed payouts that today's caps let through.
func (l limits) fit(tx *gorm.DB, connection int64, now time.Time, list []models.Payout) ([]models.Payout, error) {
	if len(l.caps) == 0 || len(list) == 0 {
		return list, nil
	}
	payees := make([]int64, len(list))
	for i, p := range list {
		payees[i] = p.DistributorID
	}
	d, err := capDay(reader{tx: tx}, l.caps, connection, now, payees)
	if err != nil {
		return nil, err
	}
	fitting := list[:0]
	for _, p := range list {
		if d.Take(p.To.Kind, p.DistributorID, p.Amount) == nil {
			fitting = append(fitting, p)
		}
	}
	return fitting, nil
}

// shortage is how much is missing at the rail for what is left of a batch, with what it costs; not positive when it fits.
func shortage(r reader, connection, batch int64) (models.Money, error) {
	free, err := read[struct{ Free models.Money }](r, freeOf, connection)
	if err != nil {
		return models.Money{}, fmt.Errorf("free float of connection %d: %w", connection, err)
	}
	needs, err := read[struct {
		Needs models.Money
		Count int64
	}](r, needsOf, batch)
	if err != nil {
		return models.Money{}, fmt.Errorf("what batch %d needs: %w", batch, err)
	}
	if needs[0].Count == 0 {
		return models.Pesos(0), nil
	}
	return needs[0].Needs.Sub(free[0].Free), nil
}

// Waits is why approved payouts of a batch are not handed over now.
type Waits struct {
	Short *models.Money // so much is missing at the rail; nothing of the batch leaves until it is there
	Caps  []CapWait     // the rest waits until tomorrow
	By    map[int64]models.Cap
}

// CapWait is how much waits for one cap.
type CapWait struct {
	Cap models.Cap
	models.Used
}

const waitingOf = `SELECT id, distributor_id, method_kind, amount FROM payouts WHERE batch_id = $1 AND state = 'approved' ORDER BY id`

// Waits answers what an approved batch waits for: nothing, when it is only its turn that has not come.
func (s *Service) Waits(ctx context.Context, b models.Batch, connection models.Connection) (w Waits, err error) {
	if b.State != models.BatchApproved && b.State != models.BatchDispatching {
		return w, nil
	}
	r := reader{ctx: ctx, q: s.DB.Pool}
	if connection.FloatControl {
		short, err := shortage(r, connection.ID, b.ID)
		if err != nil {
			return w, err
		}
		if short.Positive() {
			w.Short = &short
			return w, nil
		}
	}
	rows, err := read[capRow](r, capsOf, connection.ID)
	if err != nil || len(rows) == 0 {
		return w, err
	}
	type waiting struct {
		ID, Payee int64
		Method    models.MethodKind
		Amount    models.Money
	}
	list, err := read[waiting](r, waitingOf, b.ID)
	if err != nil {
		return w, fmt.Errorf("what waits of batch %d: %w", b.ID, err)
	}
	payees := make([]int64, len(list))
	for i, x := range list {
		payees[i] = x.Payee
	}
	d, err := capDay(r, asCaps(rows), connection.ID, s.Now(), payees)
	if err != nil {
		return w, err
	}
	w.By = map[int64]models.Cap{}
	sums := map[int64]models.Used{}
	for _, x := range list {
		c := d.Take(x.Method, x.Payee, x.Amount)
		if c == nil {
			continue
		}
		w.By[x.ID] = *c
		u, ok := sums[c.ID]
		if !ok {
			u.Total = models.Pesos(0)
		}
		sums[c.ID] = models.Used{Total: u.Total.Add(x.Amount), Count: u.Count + 1}
	}
	for _, c := range d.Caps {
		if u, ok := sums[c.ID]; ok {
			w.Caps = append(w.Caps, CapWait{c, u})
		}
	}
	return w, nil
}

// WaitingBatch is a batch that waits for float or for tomorrow.
type WaitingBatch struct {
	Batch models.Batch
	Short *models.Money
	Count int // payouts that wait for a cap
	Total models.Money
}

// WaitingBatches lists the approved batches of a connection that do not leave now, oldest first.
func (s *Service) WaitingBatches(ctx context.Context, c models.Connection) ([]WaitingBatch, error) {
	if caps, err := s.Caps(ctx, c.ID); err != nil || len(caps) == 0 && !c.FloatControl {
		return nil, err
	}
	open, err := selectBatches(ctx, s.DB.Pool, `WHERE b.connection_id = $1 AND b.state IN ('approved', 'dispatching')
    AND EXISTS (SELECT 1 FROM payouts p WHERE p.batch_id = b.id AND p.state = 'approved') ORDER BY b.id LIMIT 50`, c.ID)
	if err != nil {
		return nil, fmt.Errorf("batches that wait over connection %d: %w", c.ID, err)
	}
	var list []WaitingBatch
	for _, b := range open {
		w, err := s.Waits(ctx, b, c)
		if err != nil {
			return nil, err
		}
		x := WaitingBatch{Batch: b, Short: w.Short, Total: models.Pesos(0)}
		for _, k := range w.Caps {
			x.Count, x.Total = x.Count+k.Count, x.Total.Add(k.Total)
		}
		if x.Short != nil || x.Count > 0 {
			list = append(list, x)
		}
	}
	return list, nil
}
