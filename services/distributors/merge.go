package distributors

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/ident"
	"pagaduria/models/intake"
	"pagaduria/services/audit"
	"pagaduria/services/imports"
	"pagaduria/services/ledger"
	"pagaduria/services/requests"
	"pagaduria/services/store"
)

// MergeAsk is what somebody asks for who looked at both records.
type MergeAsk struct {
	SurvivorID, AbsorbedID           int64
	SurvivorVersion, AbsorbedVersion int
	Taken                            []models.MergePart
	Reason                           string
}

const sideCounts = `
SELECT COALESCE((SELECT amount FROM carries WHERE distributor_id = $1), 0),
    (SELECT count(*) FROM commission_lines WHERE distributor_id = $1),
    (SELECT count(*) FROM payouts WHERE distributor_id = $1 AND removed_reason = ''),
    (SELECT count(*) FROM distributors WHERE upline_id = $1)`

// alike is true of a payable line l of the absorbed record $2 that says the same as one of the survivor $1.
const alike = `l.distributor_id = $2 AND l.state = 'eligible' AND EXISTS (SELECT 1 FROM commission_lines o WHERE o.distributor_id = $1
    AND (o.order_number, o.period, o.concept) = (l.order_number, l.period, l.concept))`

// openCase is true of a case c that is not over.
const openCase = `c.state NOT IN ('approved','rejected_retry','rejected_final','expired')`

// obstacles are what keeps the records $1 from being made one; $2 is the merge that is about to be made, 0 for none.
const obstacles = `
SELECT kind, who, what, subject_type, subject_id FROM (
    SELECT 1 AS rank, 'merged' AS kind, d.code AS who, '' AS what, 'distributor' AS subject_type, d.merged_into AS subject_id
    FROM distributors d WHERE d.id = ANY($1) AND d.merged_into IS NOT NULL
    UNION ALL SELECT 2, 'asked', d.code, '', 'merge', m.id FROM merges m JOIN distributors d ON d.id = CASE WHEN m.survivor_id = ANY($1) THEN m.survivor_id ELSE m.absorbed_id END
    WHERE m.state = 'asked' AND m.id <> $2 AND (m.survivor_id = ANY($1) OR m.absorbed_id = ANY($1))
    UNION ALL SELECT 3, 'method', d.code, '', 'request', r.id FROM requests r JOIN distributors d ON d.id = r.subject_id
    WHERE r.state = 'open' AND r.kind = 'method.change' AND r.subject_type = 'distributor' AND r.subject_id = ANY($1)
    UNION ALL SELECT 3, 'name', d.code, '', 'request', r.id FROM requests r JOIN payouts p ON p.id = r.subject_id JOIN distributors d ON d.id = p.distributor_id
    WHERE r.state = 'open' AND r.kind = 'payout.correct_name' AND r.subject_type = 'payout' AND p.distributor_id = ANY($1)
    UNION ALL SELECT 3, 'case', d.code, '', 'kyc_case', c.id FROM kyc_cases c JOIN distributors d ON d.id = c.distributor_id
    WHERE c.distributor_id = ANY($1) AND ` + openCase + ` AND (SELECT count(*) FROM kyc_cases c WHERE c.distributor_id = ANY($1) AND ` + openCase + `) > 1
    UNION ALL SELECT DISTINCT 4, 'batch', d.code, b.code, 'batch', b.id FROM payouts p JOIN batches b ON b.id = p.batch_id JOIN distributors d ON d.id = p.distributor_id
    WHERE p.distributor_id = ANY($1) AND p.removed_reason = '' AND b.state IN ('draft','in_approval','returned','blocked','approved','dispatching')
    UNION ALL SELECT 5, 'payout', d.code, p.code, 'payout', p.id FROM payouts p JOIN distributors d ON d.id = p.distributor_id
    WHERE p.distributor_id = ANY($1) AND p.state NOT IN ('paid','failed','expired','returned','cancelled')
) x ORDER BY rank, subject_id LIMIT 10`

// MergePlan answers what making two records one would do, and what keeps it from being done.
func (s *Service) MergePlan(ctx context.Context, survivor, absorbed int64) (p models.MergePlan, err error) {
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		p, err = s.plan(tx, survivor, absorbed, 0)
		return err
	})
	return p, err
}

func (s *Service) plan(tx *gorm.DB, survivor, absorbed, merge int64) (p models.MergePlan, err error) {
	if survivor == absorbed {
		return p, models.Refuse(models.Invalid, "merges.stop.same", "These are not two records.", nil)
	}
	for id, side := range map[int64]*models.MergeSide{survivor: &p.Survivor, absorbed: &p.Absorbed} {
		if *side, err = readSide(tx, id); err != nil {
			return p, err
		}
	}
	type sum struct {
		N     int64
		Total models.Money
	}
	same, err := store.SelectTx[sum](tx, `SELECT count(*), CAST(COALESCE(sum(l.amount), 0) AS bigint) FROM commission_lines l WHERE `+alike, survivor, absorbed)
	if err != nil {
		return p, fmt.Errorf("compare lines of %d and %d: %w", survivor, absorbed, err)
	}
	p.Alike, p.AlikeTotal = same[0].N, same[0].Total
	p.Obstacles, err = findObstacles(tx, obstacles, []int64{survivor, absorbed}, merge)
	return p, err
}

func readSide(tx *gorm.DB, id int64) (side models.MergeSide, err error) {
	rows, err := store.SelectTx[models.Distributor](tx, "SELECT "+distributorColumns+" FROM distributors d WHERE d.id = $1", id)
	if err != nil {
		return side, fmt.Errorf("read distributor %d: %w", id, err)
	}
	if len(rows) == 0 {
		return side, notFound(fmt.Errorf("read distributor %d: %w", id, gorm.ErrRecordNotFound))
	}
	side.Distributor = rows[0]
	if side.Method, err = preferred(tx, id); err != nil {
		return side, err
	}
	type counts struct {
		Carry                    models.Money
		Lines, Payouts, Downline int64
	}
	n, err := store.SelectTx[counts](tx, sideCounts, id)
	if err != nil {
		return side, fmt.Errorf("count what distributor %d has: %w", id, err)
	}
	side.Carry, side.Lines, side.Payouts, side.Downline = n[0].Carry, n[0].Lines, n[0].Payouts, n[0].Downline
	side.Owed, err = ledger.Balance(tx, models.Account{Kind: models.AccountPayable, Party: id})
	return side, err
}

func findObstacles(tx *gorm.DB, sql string, args ...any) ([]models.Obstacle, error) {
	list, err := store.SelectTx[models.Obstacle](tx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("look for obstacles: %w", err)
	}
	return list, nil
}

const insertMerge = `
INSERT INTO merges (survivor_id, absorbed_id, taken, survivor_version, absorbed_version, maker_id) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`

// AskMerge asks for making two records one, and answers the merge. Until a second person consents nothing changes.
func (s *Service) AskMerge(ctx context.Context, by models.Actor, a MergeAsk) (id int64, err error) {
	if err := forbid(by, models.PermDistributorsEdit); err != nil {
		return 0, err
	}
	if err := needReason(a.Reason); err != nil {
		return 0, err
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if _, _, err := lockPair(tx, a.SurvivorID, a.AbsorbedID); err != nil {
			return err
		}
		p, err := s.plan(tx, a.SurvivorID, a.AbsorbedID, 0)
		if err != nil {
			return err
		}
		if err := allowed(p, a.SurvivorVersion, a.AbsorbedVersion, a.Taken); err != nil {
			return err
		}
		rows, err := store.SelectTx[struct{ ID int64 }](tx, insertMerge, a.SurvivorID, a.AbsorbedID, words(a.Taken), a.SurvivorVersion, a.AbsorbedVersion, by.StaffID)
		if err != nil {
			return fmt.Errorf("ask to merge %d into %d: %w", a.AbsorbedID, a.SurvivorID, err)
		}
		id = rows[0].ID
		_, err = requests.Open(tx, by, requests.New{Kind: models.RequestMerge, SubjectType: "merge", SubjectID: id, Payload: map[string]any{},
			Changes: changes(p, a.Taken), Reason: a.Reason, Decides: models.PermDistributorsEdit})
		return err
	})
	return id, err
}

func words(parts []models.MergePart) []string {
	list := []string{}
	for _, p := range models.MergeParts {
		if slices.Contains(parts, p) {
			list = append(list, string(p))
		}
	}
	return list
}

// allowed answers the first reason why the plan cannot be carried out.
func allowed(p models.MergePlan, survivor, absorbed int, taken []models.MergePart) error {
	if len(p.Obstacles) > 0 {
		return p.Obstacles[0].Refusal()
	}
	if p.Survivor.Version != survivor || p.Absorbed.Version != absorbed {
		return models.Refuse(models.Conflict, "merges.stop.changed", "One of the two records was changed since this was prepared. Look at both again.", nil)
	}
	for _, part := range taken {
		if !p.Offers(part) {
			return models.Refuse(models.Invalid, "merges.stop.part", "There is nothing to take over there.", nil).WithField("take", "merges.stop.part")
		}
	}
	if slices.Contains(taken, models.MergeMethod) {
		if faults, _ := intake.ValidateDestination(p.Absorbed.Method.Destination, become(p, taken).Payee()); len(faults) > 0 {
			return unfit(faults[0])
		}
	}
	return nil
}

// become is the survivor with the names and the contact that it takes over.
func become(p models.MergePlan, taken []models.MergePart) models.Distributor {
	d := p.Survivor.Distributor
	if slices.Contains(taken, models.MergeNames) {
		takeNames(&d, p.Absorbed.Distributor)
	}
	if slices.Contains(taken, models.MergeContact) {
		takeContact(&d, p.Absorbed.Distributor)
	}
	return d
}

func takeNames(d *models.Distributor, from models.Distributor) {
	d.GivenNames, d.Surnames, d.BusinessName = from.GivenNames, from.Surnames, from.BusinessName
}

func takeContact(d *models.Distributor, from models.Distributor) {
	d.Phone, d.Email, d.Divipola, d.City, d.Address, d.Lang = from.Phone, from.Email, from.Divipola, from.City, from.Address, from.Lang
}

// changes are the lines that people read on the request. Values are masked.
func changes(p models.MergePlan, taken []models.MergePart) []models.Change {
	who := func(d models.Distributor) string {
		return d.Code + " " + d.Name() + ", " + ident.Mask(d.DocType, d.DocNumber, d.DocDV)
	}
	list := []models.Change{{Field: "merges.change.records", Before: who(p.Survivor.Distributor) + " + " + who(p.Absorbed.Distributor), After: who(p.Survivor.Distributor)},
		{Field: "merges.change.owed", Before: p.Survivor.Owed.String() + " + " + p.Absorbed.Owed.String(), After: p.Survivor.Owed.Add(p.Absorbed.Owed).String()}}
	for _, part := range taken {
		c := models.Change{Field: "merges.part." + string(part)}
		switch part {
		case models.MergeNames:
			c.Before, c.After = p.Survivor.Name(), p.Absorbed.Name()
		case models.MergeContact:
			c.Before, c.After = reached(p.Survivor.Distributor), reached(p.Absorbed.Distributor)
		case models.MergeMethod:
			if p.Survivor.Method != nil {
				c.Before = said(p.Survivor.Method.Destination)
			}
			c.After = said(p.Absorbed.Method.Destination)
		}
		list = append(list, c)
	}
	return list
}

func reached(d models.Distributor) string {
	return strings.Join(slices.DeleteFunc([]string{maskPhone(d.Phone), models.MaskEmail(d.Email), d.City}, func(s string) bool { return s == "" }), ", ")
}

// lockPair keeps two records still until the transaction ends, in order of id as every lock of distributors is taken.
func lockPair(tx *gorm.DB, survivor, absorbed int64) (s, a models.Distributor, err error) {
	if survivor < absorbed {
		if s, err = hold(tx, survivor); err == nil {
			a, err = hold(tx, absorbed)
		}
		return s, a, err
	}
	if a, err = hold(tx, absorbed); err == nil {
		s, err = hold(tx, survivor)
	}
	return s, a, err
}

// standStill takes the locks of everybody who brings or composes what is owed, always in this order.
func standStill(tx *gorm.DB) error {
	if err := writers(tx); err != nil {
		return err
	}
	if err := imports.Lock(tx, "commissions"); err != nil {
		return err
	}
	return ledger.LockComposing(tx)
}

const mergeColumns = `m.id, m.survivor_id, s.code, trim(s.business_name || ' ' || s.given_names || ' ' || s.surnames), m.absorbed_id, a.code,
    trim(a.business_name || ' ' || a.given_names || ' ' || a.surnames), m.state, m.taken, m.survivor_version, m.absorbed_version, m.maker_id, m.created_at,
    COALESCE(m.amount, 0), COALESCE(m.absorbed_carry, 0), m.merged_on, m.undone_on`

const mergeTables = ` FROM merges m JOIN distributors s ON s.id = m.survivor_id JOIN distributors a ON a.id = m.absorbed_id`

func lockMerge(tx *gorm.DB, id int64) (models.Merge, error) {
	rows, err := store.SelectTx[models.Merge](tx, "SELECT "+mergeColumns+mergeTables+" WHERE m.id = $1 FOR UPDATE OF m", id)
	if err != nil {
		return models.Merge{}, fmt.Errorf("lock merge %d: %w", id, err)
	}
	if len(rows) == 0 {
		return models.Merge{}, errNoMerge
	}
	return rows[0], nil
}

var errNoMerge = models.Refuse(models.NotFound, "merges.not_found", "There is no such merge.", nil)

// dropMerge is a refused or withdrawn request.
func (s *Service) dropMerge(tx *gorm.DB, _ models.Actor, r models.Request) error {
	if _, err := store.ExecTx(tx, "UPDATE merges SET state = 'dropped' WHERE id = $1", r.SubjectID); err != nil {
		return fmt.Errorf("drop merge %d: %w", r.SubjectID, err)
	}
	return nil
}

// The rows that go over, each with a note of it. $1 is the survivor, $2 the absorbed record, $3 the merge.
const (
	lockMoving  = `SELECT 1 FROM payouts WHERE distributor_id = $1 ORDER BY id FOR UPDATE`
	movePayouts = `
WITH moved AS (
    UPDATE payouts SET distributor_id = $1, merged_from = COALESCE(merged_from, $2) WHERE distributor_id = $2 RETURNING id, version
)
INSERT INTO merge_moves (merge_id, kind, row_id, version) SELECT $3, 'payout', id, version FROM moved`
	moveLines = `
WITH alike AS MATERIALIZED (SELECT l.id FROM commission_lines l WHERE ` + alike + `),
moved AS (
    UPDATE commission_lines l SET distributor_id = $1, merged_from = COALESCE(l.merged_from, $2), version = l.version + 1, updated_at = now(),
        state = CASE WHEN l.id IN (SELECT id FROM alike) THEN 'held' ELSE l.state END, reason = CASE WHEN l.id IN (SELECT id FROM alike) THEN $4 ELSE l.reason END
    WHERE l.distributor_id = $2 RETURNING l.id, l.version
)
INSERT INTO merge_moves (merge_id, kind, row_id, version) SELECT CAST($3 AS bigint), 'line', id, version FROM moved UNION ALL SELECT CAST($3 AS bigint), 'held', id, 0 FROM alike`
	moveDownline = `
WITH moved AS (UPDATE distributors SET upline_id = $1, version = version + 1, updated_at = now() WHERE upline_id = $2 AND id <> $1 RETURNING id)
INSERT INTO merge_moves (merge_id, kind, row_id) SELECT $3, 'downline', id FROM moved`
	moveMerged = `
WITH moved AS (UPDATE distributors SET merged_into = $1 WHERE merged_into = $2 RETURNING id)
INSERT INTO merge_moves (merge_id, kind, row_id) SELECT $3, 'merged', id FROM moved`
	// A case goes with the record that its payee belongs to; who of two has an open one is looked at before.
	moveCases = `
WITH moved AS (UPDATE kyc_cases SET distributor_id = $1 WHERE distributor_id = $2 RETURNING id)
INSERT INTO merge_moves (merge_id, kind, row_id) SELECT $3, 'case', id FROM moved`
	// A hit stays with the record it is about, and holds the one that this is part of.
	followHolds = `
UPDATE distributors d SET on_hold = h.held FROM (
    SELECT t.id, EXISTS (SELECT 1 FROM screening_hits h JOIN distributors m ON m.id = h.distributor_id WHERE (m.id = t.id OR m.merged_into = t.id)
        AND h.level = 'hold' AND h.state IN ('open','undecided','confirmed')) AS held FROM unnest($1::bigint[]) AS t(id)) h
WHERE d.id = h.id AND d.on_hold <> h.held`
	takeCarry = `
WITH gone AS (DELETE FROM carries WHERE distributor_id = $1 RETURNING amount) SELECT COALESCE(sum(amount), 0)::bigint FROM gone`
	addCarry = `
INSERT INTO carries AS c (distributor_id, amount) VALUES ($1, $2) ON CONFLICT (distributor_id) DO UPDATE SET amount = c.amount + EXCLUDED.amount`
)

// applyMerge makes two records one, as a second person consented to.
func (s *Service) applyMerge(tx *gorm.DB, by models.Actor, r models.Request) error {
	if err := standStill(tx); err != nil {
		return err
	}
	m, err := lockMerge(tx, r.SubjectID)
	if err != nil {
		return err
	}
	if _, _, err := lockPair(tx, m.SurvivorID, m.AbsorbedID); err != nil {
		return err
	}
	if _, err := store.ExecTx(tx, lockMoving, m.AbsorbedID); err != nil {
		return fmt.Errorf("lock payouts of distributor %d: %w", m.AbsorbedID, err)
	}
	p, err := s.plan(tx, m.SurvivorID, m.AbsorbedID, m.ID)
	if err != nil {
		return err
	}
	if err := allowed(p, m.SurvivorVersion, m.AbsorbedVersion, m.Taken); err != nil {
		return err
	}
	w := merging{Service: s, tx: tx, by: by, request: r.ID, merge: m, plan: p}
	for _, step := range []func() error{w.before, w.moveRows, w.moveOwed, w.changeSurvivor, w.closeAbsorbed, w.followHolds, w.takeMethod, w.finish} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// merging is one merge being made.
type merging struct {
	*Service
	tx      *gorm.DB
	by      models.Actor
	request int64
	merge   models.Merge
	plan    models.MergePlan

	below                     bool // the survivor stood below the absorbed record
	carry                     int64
	methodBefore, methodAfter *int64
	snapshots                 pgx.NamedArgs
}

func (w *merging) exec(what, sql string, args ...any) error {
	if _, err := store.ExecTx(w.tx, sql, args...); err != nil {
		return fmt.Errorf("merge %d: %s: %w", w.merge.ID, what, err)
	}
	return nil
}

const readSnapshots = `
SELECT CAST((SELECT to_jsonb(d) FROM distributors d WHERE d.id = $1) AS text), CAST((SELECT to_jsonb(d) FROM distributors d WHERE d.id = $2) AS text),
    (SELECT COALESCE(max(id), 0) FROM payouts)`

// before keeps both rows, and their places in the network, as they are.
func (w *merging) before() error {
	rows, err := store.SelectTx[struct {
		Survivor, Absorbed string
		LastPayout         int64
	}](w.tx, readSnapshots, w.merge.SurvivorID, w.merge.AbsorbedID)
	if err != nil {
		return fmt.Errorf("merge %d: keep both rows: %w", w.merge.ID, err)
	}
	w.snapshots = pgx.NamedArgs{"survivor": rows[0].Survivor, "absorbed": rows[0].Absorbed, "last": rows[0].LastPayout}
	w.below, err = beneath(w.tx, w.plan.Survivor.Distributor, w.merge.AbsorbedID)
	return err
}

func (w *merging) moveRows() error {
	why := fmt.Sprintf("%s has a line of the same order, period and concept, and %s became part of it: one of the two may be a double.", w.merge.SurvivorCode, w.merge.AbsorbedCode)
	for _, step := range []struct {
		what, sql string
		args      []any
	}{
		{"move payouts", movePayouts, nil},
		{"move lines", moveLines, []any{why}},
		{"move the downline", moveDownline, nil},
		{"move what was merged before", moveMerged, nil},
		{"move cases", moveCases, nil},
	} {
		if err := w.exec(step.what, step.sql, append([]any{w.merge.SurvivorID, w.merge.AbsorbedID, w.merge.ID}, step.args...)...); err != nil {
			return err
		}
	}
	return nil
}

// followHolds has both records stand still as long as a hit on one of them holds.
func (w *merging) followHolds() error {
	return w.exec("let holds follow", followHolds, []int64{w.merge.SurvivorID, w.merge.AbsorbedID})
}

// moveOwed brings what the absorbed record is owed, or owes, to the survivor: in one posting, and with what is carried.
func (w *merging) moveOwed() error {
	rows, err := store.SelectTx[struct{ Amount int64 }](w.tx, takeCarry, w.merge.AbsorbedID)
	if err != nil {
		return fmt.Errorf("merge %d: take what is carried: %w", w.merge.ID, err)
	}
	if w.carry = rows[0].Amount; w.carry != 0 {
		if err := w.exec("carry", addCarry, w.merge.SurvivorID, w.carry); err != nil {
			return err
		}
	}
	return postMerge(w.tx, w.merge, w.merge.AbsorbedID, w.merge.SurvivorID, w.plan.Absorbed.Owed, 1)
}

// postMerge moves what is payable from one distributor to another; a debt goes the other way.
func postMerge(tx *gorm.DB, m models.Merge, from, to int64, amount models.Money, step int) error {
	if amount.Minor < 0 {
		from, to, amount = to, from, amount.Neg()
	}
	if amount.Minor == 0 {
		return nil
	}
	return ledger.Post(tx, models.Transfer{Kind: models.EntryMerge, Debit: models.Account{Kind: models.AccountPayable, Party: from},
		Credit: models.Account{Kind: models.AccountPayable, Party: to}, Amount: amount, Source: models.Source{Kind: "merge", ID: m.ID, Step: step}})
}

const (
	saveRecord = `
UPDATE distributors SET given_names = $2, surnames = $3, business_name = $4, phone = $5, email = $6, divipola = $7, city = $8, address = $9, lang = $10,
    upline_id = $11, verification = $12, verified_until = $13, merged_into = $14, version = version + 1, updated_at = now()
WHERE id = $1`
	saveSearch       = `UPDATE distributor_search SET folded = $2 WHERE distributor_id = $1`
	noteVerification = `
INSERT INTO verifications (distributor_id, from_state, to_state, until, reason, staff_id, staff_name) VALUES ($1, $2, $3, $4, $5, $6, $7)`
)

// saveDistributor writes what a merge or its undoing changes of a record, with a note of another verification.
func (s *Service) saveDistributor(tx *gorm.DB, by models.Actor, was, d models.Distributor, why string) error {
	_, err := store.ExecTx(tx, saveRecord, d.ID, d.GivenNames, d.Surnames, d.BusinessName, d.Phone, d.Email, d.Divipola, d.City, d.Address, d.Lang,
		d.UplineID, d.Verification, d.VerifiedUntil, d.MergedInto)
	if store.Constraint(err) == "distributors_document_once" {
		return models.Obstacle{Kind: "document", Who: d.Code}.Refusal()
	}
	if err != nil {
		return fmt.Errorf("save distributor %d: %w", d.ID, err)
	}
	folded := models.Fold(d.Code + " " + d.Name() + " " + d.DocNumber + d.DocDV + " " + d.Phone + " " + d.Email)
	if _, err := store.ExecTx(tx, saveSearch, d.ID, folded); err != nil {
		return fmt.Errorf("save search text of distributor %d: %w", d.ID, err)
	}
	if !models.SameContact(was, d) {
		lang := language(was.Lang)
		var what []string
		for field, changed := range map[string]bool{"email": was.Email != d.Email, "phone": was.Phone != d.Phone} {
			if changed {
				what = append(what, contactWords[lang][field])
			}
		}
		slices.Sort(what)
		if len(what) > 0 {
			if err := s.tell(tx, d.ID, contactOf(was), noticeContact, strings.Join(what, ", "), ""); err != nil {
				return err
			}
		}
	}
	if was.Verification == d.Verification {
		return nil
	}
	if _, err := store.ExecTx(tx, noteVerification, d.ID, was.Verification, d.Verification, d.VerifiedUntil, why, by.StaffID, by.Name); err != nil {
		return fmt.Errorf("save verification of distributor %d: %w", d.ID, err)
	}
	return nil
}

// changeSurvivor takes over names and contact. Another name has to be looked at again, and what compliance stopped stays
// stopped. Whoever stood below the absorbed record takes its place in the network.
func (w *merging) changeSurvivor() error {
	was := w.plan.Survivor.Distributor
	d := become(w.plan, w.merge.Taken)
	if d.Verification == models.Verified && !models.SameNames(was, d) {
		d.Verification, d.VerifiedUntil = models.Unverified, nil
	}
	if w.plan.Suspends() {
		d.Verification, d.VerifiedUntil = models.Suspended, nil
	}
	if w.below {
		d.UplineID = w.plan.Absorbed.UplineID
	}
	return w.saveDistributor(w.tx, w.by, was, d, fmt.Sprintf("%s became part of this record.", w.merge.AbsorbedCode))
}

// beneath answers whether a distributor stands below another one in the network.
func beneath(tx *gorm.DB, d models.Distributor, top int64) (bool, error) {
	if d.UplineID == nil {
		return false, nil
	}
	rows, err := store.SelectTx[struct{ Yes bool }](tx, `
WITH RECURSIVE line AS (SELECT id, upline_id FROM distributors WHERE id = $1 UNION SELECT u.id, u.upline_id FROM distributors u JOIN line l ON u.id = l.upline_id)
SELECT EXISTS (SELECT 1 FROM line WHERE id = $2)`, *d.UplineID, top)
	if err != nil {
		return false, fmt.Errorf("read the line above distributor %d: %w", d.ID, err)
	}
	return rows[0].Yes, nil
}

func (w *merging) closeAbsorbed() error {
	was := w.plan.Absorbed.Distributor
	d := was
	d.Verification, d.VerifiedUntil, d.MergedInto = models.Merged, nil, &w.merge.SurvivorID
	return w.saveDistributor(w.tx, w.by, was, d, fmt.Sprintf("This record became part of %s.", w.merge.SurvivorCode))
}

// takeMethod makes the absorbed record's method the survivor's preferred one. That is a change of account like any other:
// some days pass before the survivor is paid, and the old contact is told.
func (w *merging) takeMethod() error {
	if !slices.Contains(w.merge.Taken, models.MergeMethod) {
		return nil
	}
	to := w.plan.Absorbed.Method.Destination
	if m := w.plan.Survivor.Method; m != nil {
		w.methodBefore = &m.ID
	}
	id, err := sameMethod(w.tx, w.merge.SurvivorID, to)
	if err != nil {
		return err
	}
	return w.prefer(id, to, contactOf(w.plan.Survivor.Distributor))
}

// sameMethod finds a method in use that pays to the place, 0 when there is none.
func sameMethod(tx *gorm.DB, distributor int64, d models.Destination) (int64, error) {
	rows, err := store.SelectTx[struct{ ID int64 }](tx, `SELECT id FROM payout_methods WHERE distributor_id = $1 AND retired_at IS NULL
		AND (kind, bank_code, account_type, account_number, bre_b_key, bre_b_kind) = ($2, $3, $4, $5, $6, $7) LIMIT 1`,
		distributor, string(d.Kind), d.BankCode, d.AccountType, d.AccountNumber, d.BreBKey, string(d.BreBKeyKind))
	if err != nil {
		return 0, fmt.Errorf("compare methods of distributor %d: %w", distributor, err)
	}
	if len(rows) == 0 {
		return 0, nil
	}
	return rows[0].ID, nil
}

// prefer changes the survivor's account: method 0 is a new one.
func (w *merging) prefer(method int64, to models.Destination, old models.Contact) error {
	if err := putMethod(w.tx, w.merge.SurvivorID, method, models.MethodChange{To: to, Prefer: true}, w.request); err != nil {
		return err
	}
	if err := w.coolOff(old, to); err != nil {
		return err
	}
	now, err := preferred(w.tx, w.merge.SurvivorID)
	if err == nil && now != nil {
		w.methodAfter = &now.ID
	}
	return err
}

// coolOff lets the survivor wait after its account was changed, and tells the old contact.
func (w *merging) coolOff(old models.Contact, to models.Destination) error {
	day := w.Today()
	if err := w.exec("let the survivor wait", "UPDATE distributors SET account_changed_on = $2, payable_from = $3 WHERE id = $1", w.merge.SurvivorID, day, models.CoolsOff(day)); err != nil {
		return err
	}
	if err := followMethod(w.tx, w.merge.SurvivorID); err != nil {
		return err
	}
	return w.tell(w.tx, w.merge.SurvivorID, old, noticeChanged, said(to), models.CoolsOff(day).Format(time.DateOnly))
}

const saveMerge = `
UPDATE merges SET state = 'done', merged_on = @day, survivor_before = CAST(@survivor AS jsonb), absorbed_before = CAST(@absorbed AS jsonb), last_payout = @last,
    survivor_after = (SELECT to_jsonb(d) FROM distributors d WHERE d.id = survivor_id), absorbed_carry = @carry, amount = @amount,
    method_before = @method_before, method_after = @method_after
WHERE id = @id`

func (w *merging) finish() error {
	args := w.snapshots
	args["day"], args["carry"], args["amount"], args["id"] = w.Today(), w.carry, w.plan.Absorbed.Owed.Minor, w.merge.ID
	args["method_before"], args["method_after"] = w.methodBefore, w.methodAfter
	if err := w.exec("save", saveMerge, args); err != nil {
		return err
	}
	return recordMerge(w.tx, w.by, "distributor.merge", w.merge, w.request, map[string]any{"owed": w.plan.Absorbed.Owed.String(), "lines": w.plan.Absorbed.Lines,
		"payouts": w.plan.Absorbed.Payouts, "downline": w.plan.Absorbed.Downline, "taken": w.merge.Taken})
}

// recordMerge writes one event for each of the two records.
func recordMerge(tx *gorm.DB, by models.Actor, action string, m models.Merge, request int64, facts map[string]any) error {
	facts["merge"], facts["request"], facts["survivor"], facts["absorbed"] = m.ID, request, m.SurvivorCode, m.AbsorbedCode
	for _, id := range []int64{m.SurvivorID, m.AbsorbedID} {
		if err := audit.Record(tx, audit.Entry{By: by, Action: action, SubjectType: "distributor", SubjectID: id, After: facts}); err != nil {
			return err
		}
	}
	return nil
}

// countMoves is how many rows went over, by kind.
func (s *Service) countMoves(ctx context.Context, merge int64) (map[string]int64, error) {
	type count struct {
		Kind string
		N    int64
	}
	rows, err := store.Select[count](ctx, s.DB.Pool, "SELECT kind, count(*) FROM merge_moves WHERE merge_id = $1 GROUP BY kind", merge)
	if err != nil {
		return nil, fmt.Errorf("count what merge %d moved: %w", merge, err)
	}
	moved := map[string]int64{}
	for _, r := range rows {
		moved[r.Kind] = r.N
	}
	return moved, nil
}

// Merge reads everything the page of a merge shows.
func (s *Service) Merge(ctx context.Context, id int64) (d models.MergeDetail, err error) {
	if d.Merge, err = store.SelectOne[models.Merge](ctx, s.DB.Pool, "SELECT "+mergeColumns+mergeTables+" WHERE m.id = $1", id); err != nil {
		return d, store.NotFound(fmt.Errorf("read merge %d: %w", id, err), "merges.not_found", "There is no such merge.")
	}
	if d.Requests, err = requests.OfSubject(ctx, s.DB.Pool, "merge", id); err != nil {
		return d, err
	}
	if d.Moved, err = s.countMoves(ctx, id); err != nil {
		return d, err
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		switch d.State {
		case models.MergeAsked:
			p, err := s.plan(tx, d.SurvivorID, d.AbsorbedID, id)
			d.Plan = &p
			return err
		case models.MergeDone:
			d.Obstacles, err = s.undoObstacles(tx, d.Merge)
			return err
		}
		return nil
	})
	return d, err
}
