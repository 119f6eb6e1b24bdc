package orders_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"pagaduria/models"
)

func TestTwoImportsAtOnceStoreEachOrderOnce(t *testing.T) {
	t.Parallel()
	s := newService(t)
	export := file(t, "orders_export.csv")
	var wait sync.WaitGroup
	for range 3 {
		wait.Go(func() {
			if _, err := s.Import(t.Context(), bytes.NewReader(export), options(false, &models.ImportFaults{})); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if n := count(t, s.DB, "SELECT count(*) FROM orders"); n != 2836 {
		t.Errorf("%d orders are stored, want 2836", n)
	}
}

// broken ends with an error instead of the end of the file.
type broken struct{ *bytes.Reader }

func (b broken) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		err = fmt.Errorf("the disk is gone")
	}
	return n, err
}

func TestAnImportThatBreaksOffLeavesNothing(t *testing.T) {
	t.Parallel()
	s := newService(t)
	_, err := s.Import(t.Context(), broken{bytes.NewReader(many(12_000))}, options(false, &models.ImportFaults{}))
	if err == nil || !strings.Contains(err.Error(), "the disk is gone") {
		t.Fatalf("got %v", err)
	}
	if n := count(t, s.DB, "SELECT count(*) FROM orders"); n != 0 {
		t.Errorf("%d orders are left", n)
	}
}

// many is an order file of n rows.
func many(n int) []byte {
	var b bytes.Buffer
	b.WriteString("Pedido;Fecha;Estado;Cliente;Tipo doc;Documento;Teléfono;Correo;Ciudad;Departamento;Dirección;Producto;SKU;Cantidad;Subtotal;Descuento;Envío;IVA;Total;Medio de pago;Transportadora;Guía;Código referido;Notas\r\n")
	cities := []string{"Medellín;Antioquia", "BOGOTA;Cundinamarca", "Barranquilla;ATLANTICO", "Cali;Valle del Cauca", "Valledupar;Cesar"}
	for i := range n {
		city := cities[i%len(cities)]
		if i%len(cities) == 1 {
			city = "Bogotá;Bogotá, D.C."
		}
		fmt.Fprintf(&b, "#%d;2026-08-%02d %02d:%02d:00;Entregado;David Alberto Medina Hernández;CC;%d;351-%03d-%04d;david.medina%d@example.org;%s;Transversal 61B # 38A-64 Apto %d;Set de ollas antiadherentes 7 piezas;OLL-AN-07;1;249900,00;0,00;18900,00;39900,00;268800,00;Pago contra entrega;Coordinadora;7%010d;REF%d;\r\n",
			1_000_000+i, 1+i%28, i%24, i%60, 1_000_000_000+i, i/10_000%1000, i%10_000, i, city, i%2000, i, i%9000)
	}
	return b.Bytes()
}

// BenchmarkImport compares taking a file with the bare COPY of the same rows: SIZE rows, 100,000 unless set.
func BenchmarkImport(b *testing.B) {
	size := 100_000
	if s := os.Getenv("SIZE"); s != "" {
		fmt.Sscan(s, &size)
	}
	path := filepath.Join(b.TempDir(), "orders.csv")
	if err := os.WriteFile(path, many(size), 0o600); err != nil {
		b.Fatal(err)
	}
	for _, dry := range []bool{true, false} {
		b.Run(map[bool]string{true: "preview", false: "take"}[dry], func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				s := newService(b)
				f, err := os.Open(path)
				if err != nil {
					b.Fatal(err)
				}
				runtime.GC()
				b.StartTimer()
				r, err := s.Import(b.Context(), f, models.ImportOptions{DryRun: dry, By: models.System("bench"), Today: today})
				b.StopTimer()
				_ = f.Close()
				if err != nil || r.Created != size {
					b.Fatalf("%+v %v", r, err)
				}
				b.StartTimer()
			}
			b.ReportMetric(float64(size)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
	b.Run("copy", func(b *testing.B) { benchmarkCopy(b, path, size) })
}

// benchmarkCopy copies what the import stored into an empty table with the same indexes.
func benchmarkCopy(b *testing.B, path string, size int) {
	s := newService(b)
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := s.Import(b.Context(), f, models.ImportOptions{By: models.System("bench"), Today: today}); err != nil {
		b.Fatal(err)
	}
	conn, err := s.DB.Pool.Acquire(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Release()
	var rows bytes.Buffer
	if _, err := conn.Conn().PgConn().CopyTo(b.Context(), &rows, "COPY orders TO STDOUT BINARY"); err != nil {
		b.Fatal(err)
	}
	for _, with := range []string{"INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES", "INCLUDING DEFAULTS"} {
		name := "indexes"
		if with == "INCLUDING DEFAULTS" {
			name = "primary key"
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				for _, sql := range []string{"DROP TABLE IF EXISTS bare", "CREATE TABLE bare (LIKE orders " + with + ")"} {
					if _, err := conn.Exec(b.Context(), sql, pgx.QueryExecModeExec); err != nil {
						b.Fatal(err)
					}
				}
				if name == "primary key" {
					if _, err := conn.Exec(b.Context(), "ALTER TABLE bare ADD PRIMARY KEY (id)", pgx.QueryExecModeExec); err != nil {
						b.Fatal(err)
					}
				}
				b.StartTimer()
				if _, err := conn.Conn().PgConn().CopyFrom(b.Context(), bytes.NewReader(rows.Bytes()), "COPY bare FROM STDIN BINARY"); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(size)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
