package imports

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"pagaduria/models"
	"pagaduria/services/blobs"
)

// findings takes what a run says about its rows: the first faults and rows in memory, for the page, and
// every fault in a temporary file, for the report.
type findings struct {
	shown []models.ShownFault
	rows  []models.ImportRow
	file  *os.File
	out   *csv.Writer
	n     int
}

func newFindings() (*findings, error) {
	file, err := os.CreateTemp("", "import-report-*.csv")
	if err != nil {
		return nil, fmt.Errorf("make import report: %w", err)
	}
	return &findings{file: file, out: csv.NewWriter(file), rows: []models.ImportRow{}}, nil
}

func (f *findings) close() {
	_ = f.file.Close()
	_ = os.Remove(f.file.Name())
}

func (f *findings) row(r models.ImportRow) {
	if len(f.rows) < models.PreviewRows {
		f.rows = append(f.rows, r)
	}
}

func (f *findings) fault(severity models.ImportSeverity, fault models.ImportFault) error {
	f.n++
	if len(f.shown) < models.ShownFaults {
		f.shown = append(f.shown, models.ShownFault{Severity: severity, ImportFault: fault})
	}
	return f.out.Write([]string{strconv.Itoa(fault.Line), string(severity), fault.Field, fault.Code, fault.Message})
}

// reportLimit bounds the report: an upload with a fault in every row has one some times its size.
const reportLimit = 4 * MaxBytes

// store moves the report into the blob store and answers its key, "" when there was no fault.
func (f *findings) store(ctx context.Context, b *blobs.Store) (string, error) {
	if f.n == 0 {
		return "", nil
	}
	f.out.Flush()
	if err := f.out.Error(); err != nil {
		return "", fmt.Errorf("write import report: %w", err)
	}
	if _, err := f.file.Seek(0, io.SeekStart); err != nil {
		return "", fmt.Errorf("rewind import report: %w", err)
	}
	put, err := b.Put(ctx, "import-reports", ".csv", f.file, reportLimit)
	if err != nil {
		return "", err
	}
	return put.Key, nil
}

// EachFault reads the whole report of an upload, fault by fault.
func (s *Service) EachFault(ctx context.Context, i models.Import, each func(models.ShownFault) error) error {
	if i.ReportKey == "" {
		return nil
	}
	file, err := s.Blobs.Open(ctx, i.ReportKey)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	r := csv.NewReader(file)
	r.FieldsPerRecord, r.ReuseRecord = 5, true
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read report of import %d: %w", i.ID, err)
		}
		line, err := strconv.Atoi(cells[0])
		if err != nil {
			return fmt.Errorf("read report of import %d: %w", i.ID, err)
		}
		fault := models.ShownFault{Severity: models.ImportSeverity(cells[1]),
			ImportFault: models.ImportFault{Line: line, Field: cells[2], Code: cells[3], Message: cells[4]}}
		if err := each(fault); err != nil {
			return err
		}
	}
}
