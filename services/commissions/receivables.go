package commissions

import (
	"context"
	"fmt"
	"time"

	"pagaduria/models"
	"pagaduria/services/store"
)

// Only who has a line that takes back can owe anything; a carry alone is less than the smallest coin.
const receivables = `
WITH back AS (SELECT DISTINCT distributor_id FROM commission_lines WHERE amount < 0 AND state = 'eligible'),
owed AS (
    SELECT b.distributor_id, -(l.net + COALESCE(c.amount, 0)) AS owed FROM back b
    CROSS JOIN LATERAL (SELECT CAST(sum(amount) AS bigint) AS net FROM commission_lines WHERE distributor_id = b.distributor_id AND state = 'eligible') l
    LEFT JOIN carries c ON c.distributor_id = b.distributor_id
), debtors AS (
    SELECT *, count(*) OVER () AS n, CAST(sum(owed) OVER () AS bigint) AS total FROM owed WHERE owed > 0 ORDER BY owed DESC, distributor_id LIMIT $1
)
SELECT d.id, d.code, COALESCE(NULLIF(d.business_name, ''), btrim(d.given_names || ' ' || d.surnames)), o.owed, o.n, o.total, x.at, x.amounts
FROM debtors o JOIN distributors d ON d.id = o.distributor_id
CROSS JOIN LATERAL (SELECT array_agg(created_at) AS at, array_agg(amount) AS amounts FROM commission_lines
    WHERE distributor_id = o.distributor_id AND amount < 0 AND state = 'eligible') x
ORDER BY o.owed DESC, d.id`

// Receivables answers who owes, how much, and since when.
func (s *Service) Receivables(ctx context.Context) (r models.Receivables, err error) {
	rows, err := store.Select[struct {
		ID         int64
		Code, Name string
		Owed       models.Money
		Count      int64
		Total      models.Money
		At         []time.Time
		Amounts    []int64
	}](ctx, s.DB.Pool, receivables, models.MostReceivables)
	if err != nil {
		return r, fmt.Errorf("list receivables: %w", err)
	}
	now := s.Now()
	r.Total = models.Centavos(0)
	for i := range r.Ages {
		r.Ages[i] = models.Centavos(0)
	}
	for _, x := range rows {
		debits := make([]models.Debit, len(x.At))
		for i, at := range x.At {
			debits[i] = models.Debit{At: at, Amount: models.Centavos(x.Amounts[i])}
		}
		row := models.Receivable{DistributorID: x.ID, Code: x.Code, Name: x.Name, Owed: x.Owed}
		row.Ages, row.Since = models.AgeReceivable(x.Owed, debits, now)
		for i, m := range row.Ages {
			r.Ages[i] = r.Ages[i].Add(m)
		}
		r.Rows, r.Count, r.Total = append(r.Rows, row), x.Count, x.Total
	}
	return r, nil
}
