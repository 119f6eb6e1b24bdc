package distributors

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

// sideColumns are one side of a pair; %[1]s is the alias of its distributor.
const sideColumns = `%[1]s.id, %[1]s.code, %[1]s.given_names, %[1]s.surnames, %[1]s.business_name, %[1]s.verification, %[1]s.verified_until,
    CAST(COALESCE((SELECT sum(l.amount) FROM commission_lines l WHERE l.distributor_id = %[1]s.id
            AND l.state IN ('eligible','held','pending','refunded','cancelled','duplicate','fraud')), 0)
        + COALESCE((SELECT c.amount FROM carries c WHERE c.distributor_id = %[1]s.id), 0) AS bigint),
    (SELECT p.paid_at FROM payouts p WHERE p.distributor_id = %[1]s.id AND p.state = 'paid' ORDER BY p.id DESC LIMIT 1)`

var (
	bothSides = fmt.Sprintf(sideColumns, "a") + ", " + fmt.Sprintf(sideColumns, "b")

	selectPairs = `
SELECT x.id, x.shared, '', '', now(), ` + bothSides + `
FROM likenesses x JOIN distributors a ON a.id = x.first_id JOIN distributors b ON b.id = x.second_id WHERE `
	selectDistinct = `
SELECT x.id, x.shared, x.reason, x.staff_name, x.at, ` + bothSides + `
FROM distinct_distributors x JOIN distributors a ON a.id = x.first_id JOIN distributors b ON b.id = x.second_id WHERE `
)

func scanPair(row pgx.CollectableRow) (p models.Pair, err error) {
	var d models.Distinction
	fields := []any{&p.ID, &p.Shared, &d.Reason, &d.By, &d.At}
	for _, s := range []*models.PairSide{&p.First, &p.Second} {
		fields = append(fields, &s.ID, &s.Code, &s.GivenNames, &s.Surnames, &s.BusinessName, &s.Verification, &s.VerifiedUntil, &s.Owed, &s.LastPaid)
	}
	err = row.Scan(fields...)
	if d.Reason != "" {
		p.Distinct = &d
	}
	return p, err
}

// Pairs is one page of the records that share something, the newest find first, in one query.
func (s *Service) Pairs(ctx context.Context, f models.PairFilter, c store.Cursor) (store.Page[models.Pair], error) {
	where, args := []string{c.Where("", "x.id")}, pgx.NamedArgs{"size": PageSize + 1}
	if f.Shared != "" {
		where = append(where, "@shared = ANY(x.shared)")
		args["shared"] = string(f.Shared)
	}
	if f.DistributorID != 0 {
		where = append(where, "@distributor IN (x.first_id, x.second_id)")
		args["distributor"] = f.DistributorID
	}
	from := selectPairs
	if f.Distinct {
		from = selectDistinct
	}
	rows, err := s.DB.Pool.Query(ctx, from+strings.Join(where, " AND ")+" ORDER BY "+c.Order("", "x.id")+" LIMIT @size", c.Bind(args))
	if err != nil {
		return store.Page[models.Pair]{}, fmt.Errorf("list likenesses: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanPair)
	if err != nil {
		return store.Page[models.Pair]{}, fmt.Errorf("list likenesses: %w", err)
	}
	return store.MakePage(list, PageSize, c, func(p models.Pair) store.Cursor { return store.Cursor{ID: p.ID} }), nil
}

const countPairs = `
SELECT count(*), count(*) FILTER (WHERE 'document' = ANY(shared)), count(*) FILTER (WHERE 'phone' = ANY(shared)), count(*) FILTER (WHERE 'account' = ANY(shared)),
    (SELECT count(*) FROM distinct_distributors)
FROM likenesses`

// PairCounts counts the pairs by what they share.
func (s *Service) PairCounts(ctx context.Context) (models.PairCounts, error) {
	n, err := store.SelectOne[models.PairCounts](ctx, s.DB.Pool, countPairs)
	if err != nil {
		return n, fmt.Errorf("count likenesses: %w", err)
	}
	return n, nil
}

// PairCount counts the pairs that nobody has looked at, CountLimit+1 for more than CountLimit.
func (s *Service) PairCount(ctx context.Context) (int64, error) {
	n, err := store.SelectOne[struct{ N int64 }](ctx, s.DB.Pool, "SELECT count(*) FROM (SELECT 1 FROM likenesses LIMIT $1) x", CountLimit+1)
	if err != nil {
		return 0, fmt.Errorf("count likenesses: %w", err)
	}
	return n.N, nil
}

var errNoPair = models.Refuse(models.NotFound, "duplicates.gone", "These two records do not share anything that nobody has looked at.", nil)

// Pair reads what two records share; which one is named first does not matter.
func (s *Service) Pair(ctx context.Context, one, other int64) (models.Pair, error) {
	rows, err := s.DB.Pool.Query(ctx, selectPairs+"x.first_id = $1 AND x.second_id = $2", min(one, other), max(one, other))
	if err != nil {
		return models.Pair{}, fmt.Errorf("read likeness of %d and %d: %w", one, other, err)
	}
	list, err := pgx.CollectRows(rows, scanPair)
	if err != nil {
		return models.Pair{}, fmt.Errorf("read likeness of %d and %d: %w", one, other, err)
	}
	if len(list) == 0 {
		return models.Pair{}, errNoPair
	}
	return list[0], nil
}

const (
	dropPair     = `DELETE FROM likenesses WHERE first_id = $1 AND second_id = $2 RETURNING shared`
	keepDistinct = `
INSERT INTO distinct_distributors AS x (first_id, second_id, shared, reason, staff_id, staff_name) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (first_id, second_id) DO UPDATE SET shared = ARRAY(SELECT DISTINCT unnest(x.shared || EXCLUDED.shared) ORDER BY 1),
    reason = EXCLUDED.reason, staff_id = EXCLUDED.staff_id, staff_name = EXCLUDED.staff_name, at = EXCLUDED.at`
	dropDistinct = `DELETE FROM distinct_distributors WHERE first_id = $1 AND second_id = $2 RETURNING shared, reason`
)

// Distinguish records that two records are two people: the pair leaves the list until they share something else, or
// somebody takes it back.
func (s *Service) Distinguish(ctx context.Context, by models.Actor, one, other int64, reason string) error {
	if err := forbid(by, models.PermDistributorsEdit); err != nil {
		return err
	}
	if err := needReason(reason); err != nil {
		return err
	}
	first, second := min(one, other), max(one, other)
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		gone, err := store.SelectTx[struct{ Shared []string }](tx, dropPair, first, second)
		if err != nil {
			return fmt.Errorf("drop likeness of %d and %d: %w", first, second, err)
		}
		if len(gone) == 0 {
			return models.Refuse(models.Conflict, "duplicates.gone", "These two records do not share anything that nobody has looked at.", nil)
		}
		_, err = store.ExecTx(tx, keepDistinct, first, second, gone[0].Shared, reason, by.StaffID, by.Name)
		if err != nil {
			return fmt.Errorf("keep %d and %d apart: %w", first, second, err)
		}
		return recordPair(tx, by, "distributor.distinguish", first, second, reason, gone[0].Shared)
	})
}

// LikenAgain takes back that two records are two people; what they share now is listed again.
func (s *Service) LikenAgain(ctx context.Context, by models.Actor, one, other int64) error {
	if err := forbid(by, models.PermDistributorsEdit); err != nil {
		return err
	}
	first, second := min(one, other), max(one, other)
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		gone, err := store.SelectTx[struct {
			Shared []string
			Reason string
		}](tx, dropDistinct, first, second)
		if err != nil {
			return fmt.Errorf("take back that %d and %d are two: %w", first, second, err)
		}
		if len(gone) == 0 {
			return models.Refuse(models.Conflict, "duplicates.not_kept_apart", "This was taken back already.", nil)
		}
		if _, err := store.ExecTx(tx, "SELECT find_likenesses($1)", []int64{first, second}); err != nil {
			return fmt.Errorf("find likenesses of %d and %d: %w", first, second, err)
		}
		return recordPair(tx, by, "distributor.liken_again", first, second, "", gone[0].Shared)
	})
}

// recordPair writes one event for each of the two, so that both histories have it.
func recordPair(tx *gorm.DB, by models.Actor, action string, first, second int64, reason string, shared []string) error {
	for _, side := range [][2]int64{{first, second}, {second, first}} {
		err := audit.Record(tx, audit.Entry{By: by, Action: action, SubjectType: "distributor", SubjectID: side[0], Reason: reason,
			After: map[string]any{"other": side[1], "shared": shared}})
		if err != nil {
			return err
		}
	}
	return nil
}

// needReason refuses an empty or overlong reason, at its field.
func needReason(reason string) error {
	refusal := models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil)
	switch {
	case reason == "":
		return refusal.WithField("reason", "distributors.reason_needed")
	case len([]rune(reason)) > reasonLimit:
		return refusal.WithField("reason", "distributors.reason_long")
	}
	return nil
}
