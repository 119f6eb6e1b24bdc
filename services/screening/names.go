package screening

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/sanctions"
	"pagaduria/services/queue"
	"pagaduria/services/store"
)

// Named is somebody by whose name a distributor is compared too: who was declared, who represents a company, who owns it.
type Named struct {
	Role     string // declared, representative or owner
	Kind     sanctions.Kind
	Name     string
	DocType  string
	Document string
}

const (
	sameNames = `
SELECT coalesce((SELECT array_agg((role, kind, name, doc_type, doc_number) ORDER BY position) FROM screened_names WHERE distributor_id = $1), '{}')
    = coalesce((SELECT array_agg((x.role, x.kind, x.name, x.doc_type, x.doc_number) ORDER BY x.n)
        FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) WITH ORDINALITY AS x(role, kind, name, doc_type, doc_number, n)), '{}')`
	dropNames = `DELETE FROM screened_names WHERE distributor_id = $1`
	addNames  = `
INSERT INTO screened_names (distributor_id, position, role, kind, name, doc_type, doc_number)
SELECT $1, x.n, x.role, x.kind, x.name, x.doc_type, x.doc_number
FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) WITH ORDINALITY AS x(role, kind, name, doc_type, doc_number, n)`
	countAnew = `UPDATE distributors SET identity = identity + 1 WHERE id = $1`
	someNames = `
SELECT distributor_id, role, kind, name, doc_type, doc_number FROM screened_names WHERE distributor_id = ANY($1) ORDER BY distributor_id, position`
)

// Name replaces the names by which a distributor is compared besides their own, in the transaction of whoever learnt
// them, and has a job compare them with the lists. The same names again do nothing. Nobody outside compliance learns what
// comes of it: a hit that holds stops the payouts of the distributor, and says why to those who may see hits.
func Name(tx *gorm.DB, distributor int64, list []Named) error {
	var roles, kinds, names, types, numbers []string
	for _, n := range list {
		roles, kinds, names = append(roles, n.Role), append(kinds, string(n.Kind)), append(names, n.Name)
		types, numbers = append(types, n.DocType), append(numbers, n.Document)
	}
	args := []any{distributor, roles, kinds, names, types, numbers}
	same, err := store.SelectTx[struct{ Same bool }](tx, sameNames, args...)
	if err != nil {
		return fmt.Errorf("compare names of distributor %d: %w", distributor, err)
	}
	if same[0].Same {
		return nil
	}
	for _, step := range []struct {
		sql  string
		args []any
	}{{dropNames, []any{distributor}}, {addNames, args}, {countAnew, []any{distributor}}} {
		if _, err := store.ExecTx(tx, step.sql, step.args...); err != nil {
			return fmt.Errorf("keep names of distributor %d: %w", distributor, err)
		}
	}
	return queue.Insert(tx, RescreenArgs{}, nil)
}

// addNamed reads the other names of subjects.
func (s *Service) addNamed(ctx context.Context, subjects []subject) error {
	at := make(map[int64]int, len(subjects))
	ids := make([]int64, len(subjects))
	for i, x := range subjects {
		at[x.ID], ids[i] = i, x.ID
	}
	rows, err := store.Select[struct {
		ID int64
		Named
	}](ctx, s.DB.Pool, someNames, ids)
	if err != nil {
		return fmt.Errorf("read names that were declared: %w", err)
	}
	for _, r := range rows {
		x := &subjects[at[r.ID]]
		x.named = append(x.named, r.Named)
	}
	return nil
}

func (n Named) asked() models.AskedOf {
	a := models.AskedOf{Name: n.Name, DocType: n.DocType, Document: n.Document, Role: n.Role}
	if n.Kind == sanctions.Company {
		a.Name, a.Business = "", n.Name
	}
	return a
}

// find is what a subject comes to under all its names: each entry once, by the name that is most like it.
func (x subject) find(l *lists, least int) []foundHit {
	var found []foundHit
	place := map[*sanctions.Entry]int{}
	add := func(hits []sanctions.Hit, asked models.AskedOf) {
		for _, h := range hits {
			at, known := place[h.Entry]
			switch {
			case !known:
				place[h.Entry] = len(found)
				found = append(found, foundHit{h, l.ids[h.Entry], asked})
			case h.Score > found[at].Score:
				found[at] = foundHit{h, l.ids[h.Entry], asked}
			}
		}
	}
	add(x.search(l.index, least), x.asked())
	for _, n := range x.named {
		add(l.index.Search(sanctions.Query{Name: n.Name, Kind: n.Kind, DocumentType: n.DocType, DocumentNumber: n.Document, Country: "CO"}, least), n.asked())
	}
	return found
}
