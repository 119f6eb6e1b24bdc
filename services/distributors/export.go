package distributors

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/ident"
	"pagaduria/models/sheet"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

var exportColumns = []string{"distributor", "created_at", "document", "name", "phone", "city", "divipola", "method", "verification", "verified_until", "warnings"}

const exportSQL = `
SELECT d.code, d.created_at, d.doc_type, d.doc_number, d.doc_dv,
    CASE WHEN d.business_name <> '' THEN d.business_name ELSE btrim(d.given_names || ' ' || d.surnames) END,
    d.phone, d.city, d.divipola, d.method_kind, d.verification, COALESCE(to_char(d.verified_until, 'YYYY-MM-DD'), ''), d.warnings
FROM distributors d WHERE `

// Export writes all distributors that match, newest first, with documents and phones masked, and records that it did.
// It reads and writes as it goes.
func (s *Service) Export(ctx context.Context, by models.Actor, f models.DistributorFilter, out sheet.Sink) error {
	facts := f
	facts.Search = "" // may be a document
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		return audit.Record(tx, audit.Entry{By: by, Action: "distributor.export", SubjectType: "distributor",
			After: map[string]any{"filter": facts, "searched": f.Search != ""}})
	})
	if err != nil {
		return err
	}
	where, args := Conditions(f)
	rows, err := s.DB.Pool.Query(ctx, exportSQL+where+" ORDER BY d.created_at DESC, d.id DESC", args)
	if err != nil {
		return fmt.Errorf("export distributors: %w", err)
	}
	defer rows.Close()
	if err := out.Write(exportColumns...); err != nil {
		return err
	}
	var (
		code, docType, number, dv, name, phone, city, divipola, method, verification, until string
		created                                                                             time.Time
		warnings                                                                            []string
	)
	fields := []any{&code, &created, &docType, &number, &dv, &name, &phone, &city, &divipola, &method, &verification, &until, &warnings}
	_, err = pgx.ForEachRow(rows, fields, func() error {
		return out.Write(code, created.In(colombia.Bogota).Format(time.RFC3339), ident.Mask(docType, number, dv), name, ident.MaskPhone(phone),
			city, divipola, method, verification, until, strings.Join(warnings, " "))
	})
	if err != nil {
		return fmt.Errorf("export distributors: %w", err)
	}
	return out.Flush()
}

// Count is how many distributors match, to the last one.
func (s *Service) Count(ctx context.Context, f models.DistributorFilter) (int64, error) {
	where, args := Conditions(f)
	n, err := store.SelectOne[struct{ N int64 }](ctx, s.DB.Pool, "SELECT count(*) FROM distributors d WHERE "+where, args)
	if err != nil {
		return 0, fmt.Errorf("count distributors: %w", err)
	}
	return n.N, nil
}
