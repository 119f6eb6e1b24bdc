package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
)

// Series of orders, so that every file and every COPY brings new ones.
const (
	seriesImport = 10
	seriesCopy   = 30
	seriesUpload = 50
)

// measureImport is figures 15 and 16: the command, whole process, against COPY of the same rows.
func measureImport(ctx context.Context, b *bench) error {
	if _, err := b.db.Pool.Exec(ctx, `CREATE TABLE bench_orders (LIKE orders INCLUDING DEFAULTS INCLUDING IDENTITY, PRIMARY KEY (id))`); err != nil {
		return err
	}
	var live, preview, indexed, bare []float64
	for run := range b.scale.Runs {
		file := filepath.Join(b.folder, "orders.csv")
		if err := writeOrders(file, seriesImport+run, b.scale.Imported); err != nil {
			return err
		}
		for _, m := range []struct {
			rates *[]float64
			rate  func() (float64, error)
		}{
			{&bare, func() (float64, error) { return b.copyOrders(ctx, "bench_orders", seriesCopy+run) }},
			{&preview, func() (float64, error) { return b.importOrders(ctx, file, "--dry-run") }},
			{&indexed, func() (float64, error) { return b.copyOrders(ctx, "orders", seriesCopy+run) }},
			{&live, func() (float64, error) { return b.importOrders(ctx, file) }},
		} {
			if _, err := b.db.Pool.Exec(ctx, `CHECKPOINT`); err != nil {
				return err
			}
			rate, err := m.rate()
			if err != nil {
				return err
			}
			*m.rates = append(*m.rates, rate)
		}
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	b.add(15, middle(live), middle(indexed))
	b.add(16, middle(preview), middle(bare))
	return nil
}

// importOrders runs the command and answers rows a second.
func (b *bench) importOrders(ctx context.Context, file string, flags ...string) (float64, error) {
	out, took, err := b.command(ctx, append([]string{"import", "orders", file, "--json"}, flags...)...)
	if err != nil {
		return 0, err
	}
	var answer struct {
		Rows, Created int
		Refused       []struct{ Code string }
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		return 0, err
	}
	want := b.scale.Imported / faultEvery
	if answer.Rows != b.scale.Imported || len(answer.Refused) != want || answer.Created != b.scale.Imported-want {
		return 0, fmt.Errorf("of %d orders %d were read, %d created, %d refused; want %d refused", b.scale.Imported, answer.Rows, answer.Created, len(answer.Refused), want)
	}
	return float64(answer.Rows) / took.Seconds(), nil
}

// copyOrders is the limit: COPY of the good rows of a file.
func (b *bench) copyOrders(ctx context.Context, table string, series int) (float64, error) {
	if table != "orders" {
		if _, err := b.db.Pool.Exec(ctx, `TRUNCATE `+table); err != nil {
			return 0, err
		}
	}
	began := time.Now()
	n, err := b.db.Pool.CopyFrom(ctx, pgx.Identifier{table}, orderColumns, copyRows(series, b.scale.Imported))
	return float64(n) / time.Since(began).Seconds(), err
}
