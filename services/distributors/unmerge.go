package distributors

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/ledger"
	"pagaduria/services/requests"
	"pagaduria/services/store"
)

// undoStops are what was built upon the merge $1 of the survivor $2 and the absorbed record $3, so that it cannot be undone:
// $4 are the records whose lines would go back, $5 what the absorbed one carried.
const undoStops = `
WITH m AS (SELECT * FROM merges WHERE id = $1)
SELECT kind, who, what, subject_type, subject_id FROM (
    SELECT 1 AS rank, 'merged' AS kind, d.code AS who, '' AS what, 'distributor' AS subject_type, d.merged_into AS subject_id
    FROM distributors d WHERE d.id = $2 AND d.merged_into IS NOT NULL
    UNION ALL SELECT 2, 'asked', d.code, '', 'merge', x.id FROM merges x JOIN distributors d ON d.id = $2 WHERE x.state = 'asked' AND $2 IN (x.survivor_id, x.absorbed_id)
    UNION ALL SELECT 3, 'paid_since', d.code, p.code, 'payout', p.id FROM m JOIN distributors d ON d.id = $2 JOIN payouts p ON p.distributor_id = $2 AND p.id > m.last_payout
    WHERE p.state NOT IN ('failed','expired','returned','cancelled') AND ($5 <> 0 AND (p.carry_in <> 0 OR p.carry_out <> 0)
        OR EXISTS (SELECT 1 FROM payout_lines x JOIN commission_lines l ON l.id = x.line_id WHERE x.payout_id = p.id AND l.merged_from = ANY($4)))
    UNION ALL SELECT 4, 'payout_moved', d.code, p.code, 'payout', p.id FROM merge_moves x JOIN payouts p ON p.id = x.row_id JOIN distributors d ON d.id = $2
    WHERE x.merge_id = $1 AND x.kind = 'payout' AND p.version <> x.version
    UNION ALL SELECT 5, 'document', o.code, '', 'distributor', o.id FROM distributors a JOIN distributors o
        ON (o.country, o.doc_type, o.doc_number) = (a.country, a.doc_type, a.doc_number) AND o.merged_into IS NULL AND o.id <> a.id
    WHERE a.id = $3
) x ORDER BY rank, subject_id LIMIT 10`

// cameUnder are the records whose lines and payouts went over with a merge: the absorbed one and those that it had absorbed.
const cameUnder = `SELECT $2::bigint UNION SELECT row_id FROM merge_moves WHERE merge_id = $1 AND kind = 'merged'`

func (s *Service) undoObstacles(tx *gorm.DB, m models.Merge) ([]models.Obstacle, error) {
	group, err := groupOf(tx, m)
	if err != nil {
		return nil, err
	}
	return findObstacles(tx, undoStops, m.ID, m.SurvivorID, m.AbsorbedID, group, m.Carry.Minor)
}

func groupOf(tx *gorm.DB, m models.Merge) ([]int64, error) {
	rows, err := store.SelectTx[struct{ ID int64 }](tx, cameUnder, m.ID, m.AbsorbedID)
	if err != nil {
		return nil, fmt.Errorf("read what came with merge %d: %w", m.ID, err)
	}
	group := make([]int64, len(rows))
	for i, r := range rows {
		group[i] = r.ID
	}
	return group, nil
}

// undoable answers the first reason why a merge cannot be undone now.
func (s *Service) undoable(tx *gorm.DB, m models.Merge) error {
	if err := m.Undoable(s.Today()); err != nil {
		return err
	}
	stops, err := s.undoObstacles(tx, m)
	if err == nil && len(stops) > 0 {
		err = stops[0].Refusal()
	}
	return err
}

// AskUnmerge asks for a merge to be undone. Until a second person consents nothing changes.
func (s *Service) AskUnmerge(ctx context.Context, by models.Actor, id int64, reason string) error {
	if err := forbid(by, models.PermDistributorsEdit); err != nil {
		return err
	}
	if err := needReason(reason); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		m, err := lockMerge(tx, id)
		if err != nil {
			return err
		}
		if err := s.undoable(tx, m); err != nil {
			return err
		}
		_, err = requests.Open(tx, by, requests.New{Kind: models.RequestUnmerge, SubjectType: "merge", SubjectID: id, Payload: map[string]any{}, Reason: reason,
			Decides: models.PermDistributorsEdit, Changes: []models.Change{
				{Field: "merges.change.records", Before: m.SurvivorCode + " " + m.SurvivorName, After: m.SurvivorCode + " " + m.SurvivorName + " + " + m.AbsorbedCode + " " + m.AbsorbedName}}})
		return err
	})
}

// The way back. $1 is the survivor, $2 the absorbed record, $3 the merge, $4 the records whose lines came with it. What
// came under one of them since goes back too.
const (
	lockMoved     = `SELECT 1 FROM payouts p JOIN merge_moves x ON x.kind = 'payout' AND x.row_id = p.id WHERE x.merge_id = $1 ORDER BY p.id FOR UPDATE OF p`
	unmovePayouts = `UPDATE payouts p SET distributor_id = $2, merged_from = NULLIF(merged_from, $2) FROM merge_moves x WHERE x.merge_id = $3 AND x.kind = 'payout' AND x.row_id = p.id AND p.distributor_id = $1`
	unmoveLines   = `
UPDATE commission_lines l SET distributor_id = $2, merged_from = NULLIF(l.merged_from, $2), version = l.version + 1, updated_at = now(),
    state = CASE WHEN l.state = 'held' AND x.row_id IS NOT NULL AND l.version = y.version THEN 'eligible' ELSE l.state END,
    reason = CASE WHEN l.state = 'held' AND x.row_id IS NOT NULL AND l.version = y.version THEN '' ELSE l.reason END
FROM commission_lines o
LEFT JOIN merge_moves x ON x.merge_id = $3 AND x.kind = 'held' AND x.row_id = o.id
LEFT JOIN merge_moves y ON y.merge_id = $3 AND y.kind = 'line' AND y.row_id = o.id
WHERE o.id = l.id AND o.distributor_id = $1 AND o.merged_from = ANY($4)`
	unmoveDownline = `
UPDATE distributors d SET upline_id = $2, version = d.version + 1, updated_at = now() FROM merge_moves x WHERE x.merge_id = $3 AND x.kind = 'downline' AND x.row_id = d.id AND d.upline_id = $1`
	unmoveMerged = `
UPDATE distributors d SET merged_into = $2 FROM merge_moves x WHERE x.merge_id = $3 AND x.kind = 'merged' AND x.row_id = d.id AND d.merged_into = $1`
	unmoveCases = `
UPDATE kyc_cases c SET distributor_id = $2 FROM merge_moves x WHERE x.merge_id = $3 AND x.kind = 'case' AND x.row_id = c.id AND c.distributor_id = $1`
	openOf = `SELECT CAST(COALESCE(sum(amount), 0) AS bigint) FROM commission_lines WHERE distributor_id = $1 AND state NOT IN ('in_batch', 'paid')`
)

// kept is a record as it was, of its row.
type kept struct {
	GivenNames    string              `json:"given_names"`
	Surnames      string              `json:"surnames"`
	BusinessName  string              `json:"business_name"`
	Phone         string              `json:"phone"`
	Email         string              `json:"email"`
	Divipola      string              `json:"divipola"`
	City          string              `json:"city"`
	Address       string              `json:"address"`
	Lang          string              `json:"lang"`
	UplineID      *int64              `json:"upline_id"`
	Verification  models.Verification `json:"verification"`
	VerifiedUntil *string             `json:"verified_until"`
}

func unpack(row string) (d kept, err error) {
	if err = json.Unmarshal([]byte(row), &d); err != nil {
		err = fmt.Errorf("read a record as it was: %w", err)
	}
	return d, err
}

// distributor is what a record says of itself, for comparing and taking over.
func (k kept) distributor() models.Distributor {
	d := models.Distributor{GivenNames: k.GivenNames, Surnames: k.Surnames, BusinessName: k.BusinessName, Phone: k.Phone, Email: k.Email,
		Divipola: k.Divipola, City: k.City, Address: k.Address, Lang: k.Lang, UplineID: k.UplineID, Verification: k.Verification}
	if k.VerifiedUntil != nil {
		if day, err := time.Parse(time.DateOnly, *k.VerifiedUntil); err == nil {
			d.VerifiedUntil = &day
		}
	}
	return d
}

// memory is what a merge kept for being undone.
type memory struct {
	before, after, absorbed   kept
	methodBefore, methodAfter *int64
}

func remember(tx *gorm.DB, id int64) (k memory, err error) {
	rows, err := store.SelectTx[struct {
		Before, After, Absorbed   string
		MethodBefore, MethodAfter *int64
	}](tx, `SELECT CAST(survivor_before AS text), CAST(survivor_after AS text), CAST(absorbed_before AS text), method_before, method_after FROM merges WHERE id = $1`, id)
	if err != nil || len(rows) != 1 {
		return k, fmt.Errorf("read what merge %d kept (%d rows): %w", id, len(rows), err)
	}
	k.methodBefore, k.methodAfter = rows[0].MethodBefore, rows[0].MethodAfter
	for row, into := range map[string]*kept{rows[0].Before: &k.before, rows[0].After: &k.after, rows[0].Absorbed: &k.absorbed} {
		if *into, err = unpack(row); err != nil {
			return k, err
		}
	}
	return k, nil
}

// applyUnmerge takes a merge back, as a second person consented to: everything that moved goes back. What somebody
// changed on the survivor since stays.
func (s *Service) applyUnmerge(tx *gorm.DB, by models.Actor, r models.Request) error {
	if err := standStill(tx); err != nil {
		return err
	}
	m, err := lockMerge(tx, r.SubjectID)
	if err != nil {
		return err
	}
	survivor, absorbed, err := lockPair(tx, m.SurvivorID, m.AbsorbedID)
	if err != nil {
		return err
	}
	if _, err := store.ExecTx(tx, lockMoved, m.ID); err != nil {
		return fmt.Errorf("lock payouts of merge %d: %w", m.ID, err)
	}
	if err := s.undoable(tx, m); err != nil {
		return err
	}
	k, err := remember(tx, m.ID)
	if err != nil {
		return err
	}
	w := &merging{Service: s, tx: tx, by: by, request: r.ID, merge: m}
	if err := w.moveBack(); err != nil {
		return err
	}
	if err := w.oweBack(); err != nil {
		return err
	}
	if err := w.splitAgain(k, survivor, absorbed); err != nil {
		return err
	}
	if err := w.followHolds(); err != nil {
		return err
	}
	if err := w.methodBack(k, contactOf(survivor)); err != nil {
		return err
	}
	if err := w.exec("save", "UPDATE merges SET state = 'undone', undone_on = $2 WHERE id = $1", m.ID, s.Today()); err != nil {
		return err
	}
	return recordMerge(tx, by, "distributor.unmerge", m, r.ID, map[string]any{})
}

func (w *merging) moveBack() error {
	group, err := groupOf(w.tx, w.merge)
	if err != nil {
		return err
	}
	pair := []any{w.merge.SurvivorID, w.merge.AbsorbedID, w.merge.ID}
	for _, step := range []struct {
		what, sql string
		args      []any
	}{
		{"give payouts back", unmovePayouts, pair},
		{"give lines back", unmoveLines, append(slices.Clone(pair), group)},
		{"give the downline back", unmoveDownline, pair},
		{"give back what was merged before", unmoveMerged, pair},
		{"give cases back", unmoveCases, pair},
	} {
		if err := w.exec(step.what, step.sql, step.args...); err != nil {
			return err
		}
	}
	return nil
}

// oweBack brings back what is owed for the lines that went back, and what was carried.
func (w *merging) oweBack() error {
	if carry := w.merge.Carry.Minor; carry != 0 {
		if err := w.exec("carry", addCarry, w.merge.SurvivorID, -carry); err != nil {
			return err
		}
		if err := w.exec("carry", addCarry, w.merge.AbsorbedID, carry); err != nil {
			return err
		}
	}
	rows, err := store.SelectTx[struct{ Open models.Money }](w.tx, openOf, w.merge.AbsorbedID)
	if err != nil {
		return fmt.Errorf("merge %d: add up what goes back: %w", w.merge.ID, err)
	}
	now, err := ledger.Balance(w.tx, models.Account{Kind: models.AccountPayable, Party: w.merge.AbsorbedID})
	if err != nil {
		return err
	}
	return postMerge(w.tx, w.merge, w.merge.SurvivorID, w.merge.AbsorbedID, rows[0].Open.Add(w.merge.Carry).Sub(now), 2)
}

// splitAgain gives both records what they said before. Whom compliance stopped since stays stopped, both of them.
func (w *merging) splitAgain(k memory, survivor, absorbed models.Distributor) error {
	before, after := k.before.distributor(), k.after.distributor()
	s := survivor
	if models.SameNames(survivor, after) {
		takeNames(&s, before)
	}
	if models.SameContact(survivor, after) {
		takeContact(&s, before)
	}
	if sameID(survivor.UplineID, after.UplineID) {
		s.UplineID = before.UplineID
	}
	if survivor.Verification == after.Verification && before.Verification != after.Verification {
		s.Verification, s.VerifiedUntil = before.Verification, before.VerifiedUntil
	}
	why := fmt.Sprintf("The merge of %s and %s was undone.", w.merge.SurvivorCode, w.merge.AbsorbedCode)
	if err := w.saveDistributor(w.tx, w.by, survivor, s, why); err != nil {
		return err
	}
	own := k.absorbed.distributor()
	a := absorbed
	a.Verification, a.VerifiedUntil, a.MergedInto = own.Verification, own.VerifiedUntil, nil
	if s.Verification == models.Suspended && before.Verification != models.Suspended {
		a.Verification, a.VerifiedUntil = models.Suspended, nil
	}
	if err := w.saveDistributor(w.tx, w.by, absorbed, a, why); err != nil {
		return err
	}
	for _, d := range []models.Distributor{s, a} {
		circle, err := beneath(w.tx, d, d.ID)
		if err != nil {
			return err
		}
		if circle {
			return models.Obstacle{Kind: "circle", Who: d.Code}.Refusal()
		}
	}
	return nil
}

func sameID(a, b *int64) bool { return a == b || a != nil && b != nil && *a == *b }

// methodBack prefers the survivor's earlier method again, unless another one was chosen since. That is a change of account
// too.
func (w *merging) methodBack(k memory, old models.Contact) error {
	if k.methodAfter == nil {
		return nil
	}
	now, err := preferred(w.tx, w.merge.SurvivorID)
	if err != nil || now == nil || now.ID != *k.methodAfter {
		return err
	}
	if k.methodBefore != nil {
		m, err := w.active(w.tx, w.merge.SurvivorID, *k.methodBefore)
		if err != nil {
			return err
		}
		return w.prefer(m.ID, m.Destination, old)
	}
	if err := w.exec("retire the method", "UPDATE payout_methods SET preferred = false, retired_at = now() WHERE id = $1", now.ID); err != nil {
		return err
	}
	return followMethod(w.tx, w.merge.SurvivorID)
}
