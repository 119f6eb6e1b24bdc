package distributors

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"pagaduria/models"
	"pagaduria/services/store"
)

// PageSize is how many rows the list shows.
const PageSize = 50

const selectRows = `
SELECT d.id, d.code, d.given_names, d.surnames, d.business_name, d.doc_type, d.doc_number, d.doc_dv, d.city, d.method_kind,
    d.verification, d.verified_until, cardinality(d.warnings), d.created_at
FROM distributors d
WHERE `

// List is one page of distributors, newest first, in one query.
func (s *Service) List(ctx context.Context, f models.DistributorFilter, c store.Cursor) (store.Page[models.DistributorRow], error) {
	where, args := Conditions(f)
	args["size"] = PageSize + 1
	sql := selectRows + where + " AND " + c.Where("d.created_at", "d.id") + " ORDER BY " + c.Order("d.created_at", "d.id") + " LIMIT @size"
	rows, err := store.Select[models.DistributorRow](ctx, s.DB.Pool, sql, c.Bind(args))
	if err != nil {
		return store.Page[models.DistributorRow]{}, fmt.Errorf("list distributors: %w", err)
	}
	return store.MakePage(rows, PageSize, c, func(r models.DistributorRow) store.Cursor {
		return store.Cursor{At: r.CreatedAt, ID: r.ID}
	}), nil
}

// searchWords bounds how many words of a search are looked for.
const searchWords = 6

// Conditions are the WHERE of a filter on distributors d; every value is bound. The planner knows how
// common a word is and either walks the newest rows or takes the trigram index.
func Conditions(f models.DistributorFilter) (string, pgx.NamedArgs) {
	where, args := []string{"TRUE"}, pgx.NamedArgs{}
	and := func(condition, name string, value any) {
		where = append(where, condition)
		args[name] = value
	}
	words := strings.Fields(models.Fold(f.Search))
	for i, w := range words[:min(len(words), searchWords)] {
		name := fmt.Sprintf("word%d", i)
		and("EXISTS (SELECT 1 FROM distributor_search t WHERE t.distributor_id = d.id AND t.folded LIKE @"+name+")", name, store.Containing(w))
	}
	if f.Verification != "" {
		and("d.verification = @verification", "verification", string(f.Verification))
	}
	switch f.Method {
	case "":
	case models.NoMethod:
		where = append(where, "d.method_kind = ''")
	default:
		and("d.method_kind = @method", "method", string(f.Method))
	}
	if f.DocType != "" {
		and("d.doc_type = @doc_type", "doc_type", f.DocType)
	}
	if f.Divipola != "" {
		and("d.divipola = @divipola", "divipola", f.Divipola)
	}
	switch f.Warning {
	case "with":
		where = append(where, "d.warnings <> '{}'")
	case "without":
		where = append(where, "d.warnings = '{}'")
	}
	return strings.Join(where, " AND "), args
}

// Counts is how many distributors stand in each verification state, from the kept tallies.
func (s *Service) Counts(ctx context.Context) (map[models.Verification]int64, error) {
	type tally struct {
		Key models.Verification
		N   int64
	}
	rows, err := store.Select[tally](ctx, s.DB.Pool,
		"SELECT key, CAST(sum(n) AS bigint) FROM tallies WHERE list = 'distributors' GROUP BY key")
	if err != nil {
		return nil, fmt.Errorf("count distributors: %w", err)
	}
	counts := make(map[models.Verification]int64, len(rows))
	for _, r := range rows {
		counts[r.Key] = r.N
	}
	return counts, nil
}

// CountLimit is where counting what a filter matches stops: "1.000+".
const CountLimit = 1000

// Matching counts what a filter matches, CountLimit+1 for more than CountLimit.
func (s *Service) Matching(ctx context.Context, f models.DistributorFilter) (int64, error) {
	where, args := Conditions(f)
	args["size"] = CountLimit + 1
	n, err := store.SelectOne[struct{ N int64 }](ctx, s.DB.Pool,
		"SELECT count(*) FROM (SELECT 1 FROM distributors d WHERE "+where+" LIMIT @size) x", args)
	if err != nil {
		return 0, fmt.Errorf("count distributors: %w", err)
	}
	return n.N, nil
}

// Cities lists the municipalities in use, for the filter: code and name.
func (s *Service) Cities(ctx context.Context) ([][2]string, error) {
	type city struct{ Code, Name string }
	rows, err := store.Select[city](ctx, s.DB.Pool, citiesKnown)
	if err != nil {
		return nil, fmt.Errorf("list cities: %w", err)
	}
	cities := make([][2]string, len(rows))
	for i, r := range rows {
		cities[i] = [2]string{r.Code, r.Name}
	}
	return cities, nil
}

// citiesKnown walks the index from one municipality to the next, so that it costs as many steps as there are.
const citiesKnown = `
WITH RECURSIVE c (divipola) AS (
    (SELECT divipola FROM distributors ORDER BY divipola LIMIT 1)
    UNION ALL
    SELECT (SELECT d.divipola FROM distributors d WHERE d.divipola > c.divipola ORDER BY d.divipola LIMIT 1) FROM c WHERE c.divipola IS NOT NULL
)
SELECT c.divipola, (SELECT d.city FROM distributors d WHERE d.divipola = c.divipola LIMIT 1)
FROM c WHERE c.divipola <> '' ORDER BY 2, 1`
