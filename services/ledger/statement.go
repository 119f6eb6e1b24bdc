package ledger

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/sheet"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

// PageSize is how many entries a page of a statement shows.
const PageSize = 50

// statementOf selects the entries of one distributor on both sides; an entry between payable and held is on both
// and counts once. %[1]s narrows by id, %[2]s orders and bounds each side.
const statementOf = `
SELECT e.id, e.at, e.kind, e.source, e.source_id, COALESCE(l.order_number, ''), COALESCE(l.concept, ''), COALESCE(p.code, ''), e.amount,
    CASE WHEN e.credit = 'payable' AND e.credit_party = @party THEN e.amount ELSE 0 END
        - CASE WHEN e.debit = 'payable' AND e.debit_party = @party THEN e.amount ELSE 0 END,
    CASE WHEN e.credit = 'held' AND e.credit_party = @party THEN e.amount ELSE 0 END
        - CASE WHEN e.debit = 'held' AND e.debit_party = @party THEN e.amount ELSE 0 END
FROM (
    (SELECT * FROM ledger_entries WHERE debit_party = @party AND debit IN ('payable', 'held') AND %[1]s %[2]s)
    UNION
    (SELECT * FROM ledger_entries WHERE credit_party = @party AND credit IN ('payable', 'held') AND %[1]s %[2]s)
) e
LEFT JOIN commission_lines l ON e.source = 'commission' AND l.id = e.source_id
LEFT JOIN payouts p ON e.source = 'payout' AND p.id = e.source_id
%[3]s`

func scanEntry(row pgx.CollectableRow) (e models.StatementEntry, err error) {
	return e, row.Scan(entryFields(&e)...)
}

func entryFields(e *models.StatementEntry) []any {
	return []any{&e.ID, &e.At, &e.Kind, &e.SourceKind, &e.SourceID, &e.Order, &e.Concept, &e.PayoutCode, &e.Amount, &e.Payable, &e.Held}
}

// standing is what payable and held come to behind an entry.
const standing = `
SELECT CAST(COALESCE(sum(CASE WHEN kind = 'payable' THEN amount END), 0) AS bigint), CAST(COALESCE(sum(CASE WHEN kind = 'held' THEN amount END), 0) AS bigint)
FROM (
    SELECT credit AS kind, amount FROM ledger_entries WHERE credit_party = $1 AND credit IN ('payable', 'held') AND id <= $2
    UNION ALL SELECT debit, -amount FROM ledger_entries WHERE debit_party = $1 AND debit IN ('payable', 'held') AND id <= $2
) x`

// Standing is what a distributor is owed: payable, and held in batches.
type Standing struct {
	Payable, Held models.Money
}

// Owed is payable and held together.
func (s Standing) Owed() models.Money { return s.Payable.Add(s.Held) }

const endOfTime = int64(1<<63 - 1)

// Owed reads what a distributor is owed now.
func Owed(ctx context.Context, db *store.DB, distributorID int64) (Standing, error) {
	s, err := store.SelectOne[Standing](ctx, db.Pool, standing, distributorID, endOfTime)
	if err != nil {
		return s, fmt.Errorf("read what distributor %d is owed: %w", distributorID, err)
	}
	return s, nil
}

// Statement is one page of a distributor's account, newest first, with the balances behind each entry.
func Statement(ctx context.Context, db *store.DB, distributorID int64, at store.Cursor) (store.Page[models.StatementEntry], error) {
	args := pgx.NamedArgs{"party": distributorID, "size": PageSize + 1}
	order := "ORDER BY " + at.Order("", "id") + " LIMIT @size"
	sql := fmt.Sprintf(statementOf, at.Where("", "id"), order, "ORDER BY "+at.Order("", "e.id")+" LIMIT @size")
	rows, err := db.Pool.Query(ctx, sql, at.Bind(args))
	if err != nil {
		return store.Page[models.StatementEntry]{}, fmt.Errorf("read statement of distributor %d: %w", distributorID, err)
	}
	entries, err := pgx.CollectRows(rows, scanEntry)
	if err != nil {
		return store.Page[models.StatementEntry]{}, fmt.Errorf("read statement of distributor %d: %w", distributorID, err)
	}
	page := store.MakePage(entries, PageSize, at, func(e models.StatementEntry) store.Cursor { return store.Cursor{ID: e.ID} })
	if len(page.Rows) == 0 {
		return page, nil
	}
	behind, err := store.SelectOne[Standing](ctx, db.Pool, standing, distributorID, page.Rows[0].ID)
	if err != nil {
		return page, fmt.Errorf("read balance of distributor %d: %w", distributorID, err)
	}
	for i := range page.Rows {
		e := &page.Rows[i]
		e.PayableNow, e.HeldNow = behind.Payable, behind.Held
		behind.Payable, behind.Held = behind.Payable.Sub(e.Payable), behind.Held.Sub(e.Held)
	}
	return page, nil
}

var statementColumns = []string{"entry", "at", "kind", "order", "concept", "payout", "payable_cop", "held_cop", "payable_balance_cop",
	"held_balance_cop", "owed_cop"}

// ExportStatement writes a distributor's whole account, oldest first, and records that it did.
func ExportStatement(ctx context.Context, db *store.DB, by models.Actor, distributorID int64, out sheet.Sink) error {
	err := db.InTx(ctx, func(tx *gorm.DB) error {
		return audit.Record(tx, audit.Entry{By: by, Action: "ledger.export", SubjectType: "distributor", SubjectID: distributorID})
	})
	if err != nil {
		return err
	}
	sql := fmt.Sprintf(statementOf, "TRUE", "", "ORDER BY e.id")
	rows, err := db.Pool.Query(ctx, sql, pgx.NamedArgs{"party": distributorID})
	if err != nil {
		return fmt.Errorf("export statement of distributor %d: %w", distributorID, err)
	}
	defer rows.Close()
	if err := out.Write(statementColumns...); err != nil {
		return err
	}
	now := Standing{models.Centavos(0), models.Centavos(0)}
	var e models.StatementEntry
	_, err = pgx.ForEachRow(rows, entryFields(&e), func() error {
		now.Payable, now.Held = now.Payable.Add(e.Payable), now.Held.Add(e.Held)
		return out.Write(strconv.FormatInt(e.ID, 10), e.At.In(colombia.Bogota).Format(time.RFC3339), string(e.Kind), e.Order, e.Concept,
			e.PayoutCode, pesos(e.Payable), pesos(e.Held), pesos(now.Payable), pesos(now.Held), pesos(now.Owed()))
	})
	if err != nil {
		return fmt.Errorf("export statement of distributor %d: %w", distributorID, err)
	}
	return out.Flush()
}

// pesos writes an amount as files have it.
func pesos(m models.Money) string {
	whole, err := m.Whole()
	if err != nil {
		return m.String()
	}
	return strconv.FormatInt(whole, 10)
}

const entriesOf = `
SELECT id, at, kind, debit, debit_party, credit, credit_party, amount FROM ledger_entries WHERE source = $1 AND source_id = $2 ORDER BY id`

// EntriesOf lists the postings that follow from one record, oldest first: kind is commission or payout.
func EntriesOf(ctx context.Context, db *store.DB, kind string, id int64) ([]models.PostedEntry, error) {
	rows, err := db.Pool.Query(ctx, entriesOf, kind, id)
	if err != nil {
		return nil, fmt.Errorf("read entries of %s %d: %w", kind, id, err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (e models.PostedEntry, err error) {
		return e, row.Scan(&e.ID, &e.At, &e.Kind, &e.Debit.Kind, &e.Debit.Party, &e.Credit.Kind, &e.Credit.Party, &e.Amount)
	})
}
