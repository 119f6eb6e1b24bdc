package onboarding

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

// PageSize is how many cases a page of the list holds.
const PageSize = 50

const selectRows = `
SELECT c.id, d.code, trim(d.business_name || ' ' || d.given_names || ' ' || d.surnames), c.person_kind, c.state,
    (SELECT count(*) FROM kyc_items i WHERE i.case_id = c.id AND i.required AND i.state IN ('given','accepted')),
    (SELECT count(*) FROM kyc_items i WHERE i.case_id = c.id AND i.required), c.created_at, c.submitted_at, c.expires_at
FROM kyc_cases c JOIN distributors d ON d.id = c.distributor_id WHERE `

// List is one page of cases, newest first, in one query.
func (s *Service) List(ctx context.Context, by models.Actor, f kyc.Filter, c store.Cursor) (store.Page[kyc.Row], error) {
	if err := forbid(by, models.PermKYCView); err != nil {
		return store.Page[kyc.Row]{}, err
	}
	where, args := []string{c.Where("c.created_at", "c.id")}, pgx.NamedArgs{"size": PageSize + 1}
	if f.State != "" {
		where = append(where, "c.state = @state")
		args["state"] = string(f.State)
	}
	for i, w := range strings.Fields(models.Fold(f.Search)) {
		if i == 6 {
			break
		}
		name := fmt.Sprintf("word%d", i)
		where = append(where, "EXISTS (SELECT 1 FROM distributor_search t WHERE t.distributor_id = d.id AND t.folded LIKE @"+name+")")
		args[name] = store.Containing(w)
	}
	rows, err := store.Select[kyc.Row](ctx, s.DB.Pool, selectRows+strings.Join(where, " AND ")+" ORDER BY "+c.Order("c.created_at", "c.id")+" LIMIT @size", c.Bind(args))
	if err != nil {
		return store.Page[kyc.Row]{}, fmt.Errorf("list cases: %w", err)
	}
	return store.MakePage(rows, PageSize, c, func(r kyc.Row) store.Cursor { return store.Cursor{At: r.CreatedAt, ID: r.ID} }), nil
}

// Counts is how many cases stand in each state, from the kept tallies.
func (s *Service) Counts(ctx context.Context) (map[kyc.State]int64, error) {
	type tally struct {
		Key kyc.State
		N   int64
	}
	rows, err := store.Select[tally](ctx, s.DB.Pool, "SELECT key, CAST(sum(n) AS bigint) FROM tallies WHERE list = 'kyc_cases' GROUP BY key")
	if err != nil {
		return nil, fmt.Errorf("count cases: %w", err)
	}
	counts := make(map[kyc.State]int64, len(rows))
	for _, r := range rows {
		counts[r.Key] = r.N
	}
	return counts, nil
}

const (
	selectDetail = "SELECT " + caseColumns + `, d.code, trim(d.business_name || ' ' || d.given_names || ' ' || d.surnames), s.name
FROM kyc_cases c JOIN distributors d ON d.id = c.distributor_id JOIN staff s ON s.id = c.staff_id WHERE c.id = $1`
	selectLinks    = "SELECT " + linkColumns + " FROM kyc_links l JOIN staff s ON s.id = l.staff_id WHERE l.case_id = $1 ORDER BY l.id DESC"
	selectConsents = `SELECT k.text_version, k.lang, k.text_sha256, k.sensitive, k.address, k.agent, k.file_id, coalesce(f.name, ''), coalesce(s.name, ''), k.at
FROM kyc_consents k LEFT JOIN files f ON f.id = k.file_id LEFT JOIN staff s ON s.id = k.staff_id WHERE k.case_id = $1 ORDER BY k.id DESC`
)

// Detail reads everything the page of a case shows. What was declared is for those who may fill it in.
func (s *Service) Detail(ctx context.Context, by models.Actor, id int64) (d kyc.Detail, err error) {
	if err := forbid(by, models.PermKYCView); err != nil {
		return d, err
	}
	type row struct {
		kyc.Case
		Code, Name, StaffName string
	}
	r, err := store.SelectOne[row](ctx, s.DB.Pool, selectDetail, id)
	if err != nil {
		return d, store.NotFound(fmt.Errorf("read case %d: %w", id, err), errNoCase.Key, errNoCase.Message)
	}
	d.Case, d.Code, d.Name, d.StaffName = r.Case, r.Code, r.Name, r.StaffName
	if d.Items, err = store.Select[kyc.CaseItem](ctx, s.DB.Pool, selectItems, id); err != nil {
		return d, fmt.Errorf("read items of case %d: %w", id, err)
	}
	if d.Links, err = store.Select[kyc.Link](ctx, s.DB.Pool, selectLinks, id); err != nil {
		return d, fmt.Errorf("read links of case %d: %w", id, err)
	}
	if d.Consents, err = store.Select[kyc.Agreed](ctx, s.DB.Pool, selectConsents, id); err != nil {
		return d, fmt.Errorf("read consents of case %d: %w", id, err)
	}
	if d.Signatures, err = store.Select[kyc.Signed](ctx, s.DB.Pool, selectSigned, id); err != nil {
		return d, fmt.Errorf("read signatures of case %d: %w", id, err)
	}
	events, err := audit.List(ctx, s.DB, models.AuditFilter{SubjectType: "kyc_case", SubjectID: id}, store.Cursor{})
	if err != nil {
		return d, err
	}
	d.Events = events.Rows
	if !by.May(models.PermKYCFill) {
		return d, nil
	}
	answers, err := store.Select[answer](ctx, s.DB.Pool, selectAnswers, id)
	if err != nil {
		return d, fmt.Errorf("read answers of case %d: %w", id, err)
	}
	d.Answers = map[kyc.Item][]byte{}
	for _, a := range answers {
		d.Answers[a.Item] = []byte(a.Answer)
	}
	return d, nil
}

// OfDistributor is the newest case of a distributor; ok is false without one.
func (s *Service) OfDistributor(ctx context.Context, distributor int64) (c kyc.Case, ok bool, err error) {
	rows, err := store.Select[kyc.Case](ctx, s.DB.Pool, "SELECT "+caseColumns+" FROM kyc_cases c WHERE c.distributor_id = $1 ORDER BY c.id DESC LIMIT 1", distributor)
	if err != nil || len(rows) == 0 {
		return c, false, err
	}
	return rows[0], true, nil
}
