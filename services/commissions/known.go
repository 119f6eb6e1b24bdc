package commissions

import (
	"fmt"
	"strings"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/intake"
	"pagaduria/models/sheet"
	"pagaduria/services/store"
)

// known is what the books say about the people and lines of one chunk. It is an intake.CommissionBooks.
type known struct {
	payees map[string][]intake.CommissionPayee
	lines  map[intake.CommissionKey]models.Money
	given  map[gift]*models.Money
}

// gift names what claw-backs are measured against: lines of any period.
type gift struct {
	distributorID  int64
	order, concept string
}

// Payees answers everybody with a document number.
func (k *known) Payees(docNumber string) []intake.CommissionPayee { return k.payees[docNumber] }

// Line answers the amount of a stored line: the one that came under the same record, or else under another one of the
// payee.
func (k *known) Line(key intake.CommissionKey) (models.Money, bool) {
	m, ok := k.lines[key]
	if !ok {
		key.As = anyRecord
		m, ok = k.lines[key]
	}
	return m, ok
}

// anyRecord is the key of a line whatever record it came under.
const anyRecord = -1

// Given answers what stored lines gave, less what was taken back.
func (k *known) Given(distributorID int64, order, concept string) (models.Money, bool) {
	if m := k.given[gift{distributorID, order, concept}]; m != nil {
		return *m, true
	}
	return models.Centavos(0), false
}

// lookUp reads all that the judge will ask about a chunk, with three statements.
func lookUp(tx *gorm.DB, chunk []record) (*known, error) {
	k := &known{payees: map[string][]intake.CommissionPayee{}, lines: map[intake.CommissionKey]models.Money{}, given: map[gift]*models.Money{}}
	if err := k.readPayees(tx, chunk); err != nil {
		return nil, err
	}
	if err := k.readLines(tx, chunk); err != nil {
		return nil, err
	}
	return k, k.readGiven(tx, chunk)
}

// selectPayees finds who has a document number. A record that is part of another one stands for that one, by its document
// and its code in any combination; the last column tells which record a code names.
const selectPayees = `
SELECT doc_number, COALESCE(merged_into, id), doc_type, code, CASE WHEN merged_into IS NULL THEN 0 ELSE id END FROM distributors WHERE doc_number = ANY($1)
UNION ALL SELECT d.doc_number, s.id, d.doc_type, s.code, 0 FROM distributors d JOIN distributors s ON s.id = d.merged_into WHERE d.doc_number = ANY($1)
UNION ALL SELECT d.doc_number, COALESCE(d.merged_into, d.id), d.doc_type, a.code, a.id FROM distributors d
    JOIN distributors a ON a.merged_into = COALESCE(d.merged_into, d.id) AND a.id <> d.id WHERE d.doc_number = ANY($1)`

func (k *known) readPayees(tx *gorm.DB, chunk []record) error {
	seen := map[string]bool{}
	var numbers []string
	for i := range chunk {
		if n := chunk[i].row.DocNumber; n != "" && !seen[n] {
			seen[n] = true
			numbers = append(numbers, n)
		}
	}
	rows, err := store.SelectTx[struct {
		Number string
		Payee  int64
		Type   string
		Code   string
		As     int64
	}](tx, selectPayees, numbers)
	if err != nil {
		return fmt.Errorf("look up distributors: %w", err)
	}
	for _, r := range rows {
		k.payees[r.Number] = append(k.payees[r.Number], intake.CommissionPayee{ID: r.Payee, DocType: r.Type, Code: r.Code, As: r.As})
	}
	return nil
}

// owner is whom a row is for, as the judge will find; 0 when it will refuse the row.
func (k *known) owner(row *intake.CommissionRow) int64 {
	for _, p := range k.payees[row.DocNumber] {
		if p.DocType == row.DocType && strings.EqualFold(p.Code, row.Code) {
			return p.ID
		}
	}
	return 0
}

const selectLines = `
SELECT l.distributor_id, l.order_number, l.period, l.concept, l.amount, COALESCE(l.merged_from, 0)
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) u (distributor_id, order_number, period, concept)
JOIN commission_lines l USING (distributor_id, order_number, period, concept) WHERE l.accrual_id IS NULL ORDER BY l.merged_from`

func (k *known) readLines(tx *gorm.DB, chunk []record) error {
	var ids []int64
	var orders, periods, concepts []string
	for i := range chunk {
		row := &chunk[i].row
		if id := k.owner(row); id != 0 {
			ids, orders = append(ids, id), append(orders, row.Order)
			periods, concepts = append(periods, row.Period), append(concepts, row.Concept)
		}
	}
	rows, err := store.SelectTx[struct {
		Key    int64
		Order  string
		Period string
		Words  string
		Amount models.Money
		As     int64
	}](tx, selectLines, ids, orders, periods, concepts)
	if err != nil {
		return fmt.Errorf("look up commission lines: %w", err)
	}
	for _, r := range rows {
		for _, as := range []int64{r.As, anyRecord} {
			k.lines[intake.CommissionKey{DistributorID: r.Key, Order: r.Order, Period: r.Period, Concept: r.Words, As: as}] = r.Amount
		}
	}
	return nil
}

const selectGiven = `
SELECT l.distributor_id, l.order_number, l.concept, CAST(sum(l.amount) AS bigint)
FROM (SELECT DISTINCT * FROM unnest($1::bigint[], $2::text[]) u (distributor_id, order_number)) u
JOIN commission_lines l USING (distributor_id, order_number) GROUP BY 1, 2, 3`

func (k *known) readGiven(tx *gorm.DB, chunk []record) error {
	var ids []int64
	var orders []string
	for i := range chunk {
		row := &chunk[i].row
		if id := k.owner(row); id != 0 && row.Reverses != "" {
			ids, orders = append(ids, id), append(orders, row.Order)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	rows, err := store.SelectTx[struct {
		ID      int64
		Order   string
		Concept string
		Amount  models.Money
	}](tx, selectGiven, ids, orders)
	if err != nil {
		return fmt.Errorf("look up what claw-backs reverse: %w", err)
	}
	for _, r := range rows {
		if reverses(r.Concept) == "" {
			amount := r.Amount
			k.given[gift{r.ID, r.Order, r.Concept}] = &amount
		}
	}
	for _, r := range rows {
		if original := k.given[gift{r.ID, r.Order, reverses(r.Concept)}]; original != nil && reverses(r.Concept) != "" {
			*original = original.Add(r.Amount)
		}
	}
	return nil
}

// reverses is the concept that a claw-back's concept names, "" for other concepts.
func reverses(concept string) string {
	head, tail, found := strings.Cut(concept, ":")
	if !found || sheet.Key(head) != "reversion" {
		return ""
	}
	return strings.TrimSpace(tail)
}
