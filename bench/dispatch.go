package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"pagaduria/models"
	"pagaduria/services/payouts"
)

// periods of the statements that are paid: one a run.
var periods = []string{"2026-08", "2026-09", "2026-10"}

// measureDispatch is figure 24: from the approval of a batch until the rail has taken every payout of it and the
// product has it on record. The rail is the simulator in a process of its own.
func measureDispatch(ctx context.Context, b *bench) error {
	rail, err := b.start(ctx, "rail.log", "http://"+railAddr+"/", b.program, "sandbox", "--addr", railAddr)
	if err != nil {
		return err
	}
	err = b.with(ctx, func(*process) error {
		var rates []float64
		for run := range b.scale.Runs {
			rate, err := b.pay(ctx, periods[run%len(periods)])
			if err != nil {
				return err
			}
			rates = append(rates, rate)
		}
		b.add(24, middle(rates), 0)
		return nil
	})
	return errors.Join(err, rail.stop())
}

// pay imports a statement, has it approved by a second person and waits until everything is sent.
func (b *bench) pay(ctx context.Context, period string) (float64, error) {
	if err := b.owe(ctx, period); err != nil {
		return 0, err
	}
	maker, err := b.actor(ctx, "Marta", models.RoleFinance)
	if err != nil {
		return 0, err
	}
	checker, err := b.actor(ctx, "Carlos", models.RoleApprover)
	if err != nil {
		return 0, err
	}
	composition := models.Composition{Cutoff: time.Now(), Period: period}
	preview, err := b.payouts.Preview(ctx, b.connection.ID, composition)
	if err != nil {
		return 0, err
	}
	if len(preview.Items) < b.scale.Dispatched {
		return 0, fmt.Errorf("the batch has %d payouts, want %d", len(preview.Items), b.scale.Dispatched)
	}
	id, err := b.payouts.Create(ctx, maker, payouts.NewBatch{ConnectionID: b.connection.ID, Composition: composition, ExpectCount: len(preview.Items),
		ExpectTotal: preview.Total, Submit: true})
	if err != nil {
		return 0, err
	}
	batch, err := b.payouts.Batch(ctx, id)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	err = b.payouts.Decide(ctx, checker, id, payouts.Verdict{Decision: models.Approve, Seen: models.Seen{Version: batch.Version, Hash: batch.ContentHash}, FactorAt: began})
	if err != nil {
		return 0, err
	}
	if err := b.sent(ctx, id); err != nil {
		return 0, err
	}
	return float64(batch.Items) / time.Since(began).Seconds(), nil
}

// owe imports a statement with a line for every distributor.
func (b *bench) owe(ctx context.Context, period string) error {
	name := filepath.Join(b.folder, "statement.csv")
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(file)
	fmt.Fprintln(w, "linea,tipo_documento,documento,codigo_distribuidor,pedido,periodo,concepto,valor_cop,nota")
	rows, err := b.db.Pool.Query(ctx, `SELECT id, code, doc_type, doc_number FROM distributors ORDER BY id`)
	if err != nil {
		return err
	}
	var id int64
	var code, docType, document string
	_, err = pgx.ForEachRow(rows, []any{&id, &code, &docType, &document}, func() error {
		_, err := fmt.Fprintf(w, "%d,%s,%s,%s,B%d,%s,Comisión por venta,%d,\n", id, docType, document, code, id, period, 20_000+id%1000*50)
		return err
	})
	if err = errors.Join(err, w.Flush(), file.Close()); err != nil {
		return err
	}
	_, _, err = b.command(ctx, "import", "commissions", name, "--json")
	return err
}

// sent waits until no payout of the batch is on its way to the rail, and holds that the rail took all of them.
func (b *bench) sent(ctx context.Context, batch int64) error {
	const count = `SELECT count(*) FILTER (WHERE state IN ('in_batch', 'approved', 'submitting', 'unknown')), count(*) FILTER (WHERE sent_at IS NULL) FROM payouts WHERE batch_id = $1`
	for began := time.Now(); time.Since(began) < 10*time.Minute; {
		var open, unsent int
		if err := b.db.Pool.QueryRow(ctx, count, batch).Scan(&open, &unsent); err != nil {
			return err
		}
		if open == 0 && unsent > 0 {
			return fmt.Errorf("%d payouts of batch %d were not sent", unsent, batch)
		}
		if open == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return fmt.Errorf("batch %d was not sent in ten minutes", batch)
}
