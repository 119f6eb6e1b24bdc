package payouts

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/providers"
	"pagaduria/services/audit"
	"pagaduria/services/events"
	"pagaduria/services/ledger"
	"pagaduria/services/requests"
	"pagaduria/services/store"
)

const (
	markContradicted = `UPDATE payouts SET rail_id = $2, overdue_at = LEAST(overdue_at, $3) WHERE id = $1`
	noteContradicted = `INSERT INTO payout_events (payout_id, at, from_state, to_state, origin, note) VALUES ($1, $2, $3, $3, 'sweep', $4)`
	keepStatement    = `
INSERT INTO contradictions (payout_id, our_state, rail_state, rail_code, rail_reason, origin, url, request, response, first_at, last_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
ON CONFLICT (payout_id) WHERE state = 'open' DO UPDATE SET rail_state = EXCLUDED.rail_state, rail_code = EXCLUDED.rail_code, rail_reason = EXCLUDED.rail_reason,
    origin = EXCLUDED.origin, url = EXCLUDED.url, request = EXCLUDED.request, response = EXCLUDED.response, last_at = EXCLUDED.last_at, statements = contradictions.statements + 1
RETURNING id, statements`
	changeStatement = `
UPDATE contradictions SET rail_state = $2, rail_code = $3, rail_reason = $4, origin = $5, url = $6, request = $7, response = $8, last_at = $9, statements = statements + 1
WHERE payout_id = $1 AND state = 'open'`
)

// contradict keeps what the rail says of a payout whose money was made payable again although it pays it, and raises the
// alarm: only people can put that right. Until they did none of its money goes out by another payout.
func (s *Service) contradict(tx *gorm.DB, p models.Payout, status providers.Status, c change, note string) error {
	now, x := s.Now(), status.Exchange
	if _, err := store.ExecTx(tx, markContradicted, p.ID, p.RailID, now); err != nil {
		return fmt.Errorf("raise alarm over payout %d: %w", p.ID, err)
	}
	if _, err := store.ExecTx(tx, noteContradicted, p.ID, now, p.State, note); err != nil {
		return fmt.Errorf("note alarm over payout %d: %w", p.ID, err)
	}
	rows, err := store.SelectTx[struct {
		ID         int64
		Statements int
	}](tx, keepStatement, p.ID, p.State, status.State, status.Code, status.Reason, c.origin, x.URL, x.Request, x.Response, now)
	if err != nil {
		return fmt.Errorf("keep what the rail says of payout %d: %w", p.ID, err)
	}
	if rows[0].Statements > 1 {
		return nil
	}
	return events.Record(tx, events.Event{Kind: "contradiction.open", SubjectType: "contradiction", SubjectID: rows[0].ID, Permission: models.PermFundsEdit,
		Facts: map[string]any{"Code": p.Code, "Amount": p.Amount}})
}

// restate keeps what the rail says now of a payout that it contradicted us about, when it agrees again.
func (s *Service) restate(tx *gorm.DB, p models.Payout, status providers.Status, c change) error {
	x := status.Exchange
	_, err := store.ExecTx(tx, changeStatement, p.ID, status.State, status.Code, status.Reason, c.origin, x.URL, x.Request, x.Response, s.Now())
	if err != nil {
		return fmt.Errorf("keep what the rail says of payout %d: %w", p.ID, err)
	}
	return nil
}

const contradictionColumns = `
SELECT x.id, x.payout_id, p.code, p.payee_name, p.distributor_id, p.connection_id, p.amount, x.state, x.our_state, x.rail_state, x.rail_code, x.rail_reason,
    x.origin, x.url, x.request, x.response, x.statements, x.first_at, x.last_at, COALESCE(x.request_id, 0), x.settled_at, x.twice, x.given_up
FROM contradictions x JOIN payouts p ON p.id = x.payout_id WHERE `

// ContradictionFilter narrows the list of contradictions. The zero value is all of them.
type ContradictionFilter struct {
	State        models.ContradictionState
	ConnectionID int64
	Cursor       store.Cursor
}

// Contradictions returns one page of contradictions, newest first.
func (s *Service) Contradictions(ctx context.Context, f ContradictionFilter) (store.Page[models.Contradiction], error) {
	where, args := "TRUE", pgx.NamedArgs{}
	if f.State != "" {
		where, args["state"] = where+" AND x.state = @state", string(f.State)
	}
	if f.ConnectionID != 0 {
		where, args["connection"] = where+" AND p.connection_id = @connection", f.ConnectionID
	}
	rows, err := store.Select[models.Contradiction](ctx, s.DB.Pool, contradictionColumns+where+" AND "+f.Cursor.Where("", "x.id")+" ORDER BY "+f.Cursor.Order("", "x.id")+
		" LIMIT "+strconv.Itoa(PageSize+1), f.Cursor.Bind(args))
	if err != nil {
		return store.Page[models.Contradiction]{}, fmt.Errorf("list contradictions: %w", err)
	}
	return store.MakePage(rows, PageSize, f.Cursor, func(x models.Contradiction) store.Cursor { return store.Cursor{ID: x.ID} }), nil
}

// OpenContradictions is how many wait for people and what their payouts come to.
func (s *Service) OpenContradictions(ctx context.Context) (Sum, error) {
	sum, err := store.SelectOne[Sum](ctx, s.DB.Pool,
		`SELECT count(*), CAST(COALESCE(sum(p.amount), 0) AS bigint) FROM contradictions x JOIN payouts p ON p.id = x.payout_id WHERE x.state = 'open'`)
	if err != nil {
		return sum, fmt.Errorf("count contradictions: %w", err)
	}
	return sum, nil
}

var errNoContradiction = models.Refuse(models.NotFound, "contradictions.not_found", "There is no such contradiction.", nil)

// Contradiction reads one.
func (s *Service) Contradiction(ctx context.Context, id int64) (models.Contradiction, error) {
	return oneContradiction(store.Select[models.Contradiction](ctx, s.DB.Pool, contradictionColumns+`x.id = $1`, id))
}

func oneContradiction(list []models.Contradiction, err error) (models.Contradiction, error) {
	if err != nil {
		return models.Contradiction{}, fmt.Errorf("read contradiction: %w", err)
	}
	if len(list) == 0 {
		return models.Contradiction{}, errNoContradiction
	}
	return list[0], nil
}

// Elsewhere is what became of the lines of a contradicted payout meanwhile.
type Elsewhere struct {
	Unsent models.Money // of them in a payout that was not sent: it has to be taken out first
	Gone   models.Money // of them in a payout that was sent or paid: paid twice
	Codes  string       // of those payouts
}

const elsewhere = `
SELECT CAST(COALESCE(sum(l.amount) FILTER (WHERE q.state IN ('in_batch', 'approved')), 0) AS bigint),
    CAST(COALESCE(sum(l.amount) FILTER (WHERE q.state NOT IN ('in_batch', 'approved')), 0) AS bigint), COALESCE(string_agg(DISTINCT q.code, ', '), '')
FROM payout_lines x JOIN commission_lines l ON l.id = x.line_id JOIN payouts q ON q.id = l.payout_id WHERE x.payout_id = $1`

// ElsewhereOf reads what became of a payout's lines.
func (s *Service) ElsewhereOf(ctx context.Context, payout int64) (Elsewhere, error) {
	e, err := store.SelectOne[Elsewhere](ctx, s.DB.Pool, elsewhere, payout)
	if err != nil {
		return e, fmt.Errorf("lines of payout %d: %w", payout, err)
	}
	return e, nil
}

// Settlement is how somebody would settle a contradiction.
type Settlement struct {
	How      models.ContradictionState
	Evidence string // that who was right follows from: the rail's case number, a receipt, a statement
}

// AskSettlement asks a second person to settle a contradiction, and answers the request.
func (s *Service) AskSettlement(ctx context.Context, by models.Actor, id int64, st Settlement) (request int64, err error) {
	if !by.May(models.PermFundsEdit) {
		return 0, models.Refuse(models.Forbidden, "contradictions.refused.role", "Only finance asks for a contradiction to be settled.", nil)
	}
	if st.Evidence = strings.TrimSpace(st.Evidence); st.Evidence == "" {
		return 0, models.Refuse(models.Invalid, "contradictions.refused.evidence", "Say what proves it, so that who consents can look.", nil).
			WithField("evidence", "contradictions.refused.evidence")
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		x, err := lockContradiction(tx, id)
		if err != nil {
			return err
		}
		if err := x.SettledAs(st.How); err != nil {
			return err
		}
		after := x.OurState
		if st.How == models.ContradictionPaid {
			after = models.PayoutPaid
		}
		request, err = requests.Open(tx, by, requests.New{Kind: st.How.RequestKind(), SubjectType: "contradiction", SubjectID: id, SubjectName: x.Code,
			Payload: map[string]any{"rail_state": x.RailState}, Reason: st.Evidence, Decides: models.PermFundsConsent,
			Changes: []models.Change{{Field: "contradictions.change.amount", Will: &x.Amount}, {Field: "contradictions.change.state", Before: "state.payout." + string(x.OurState), After: "state.payout." + string(after)}}})
		return err
	})
	return request, err
}

func lockContradiction(tx *gorm.DB, id int64) (x models.Contradiction, err error) {
	return oneContradiction(store.SelectTx[models.Contradiction](tx, contradictionColumns+`x.id = $1 FOR UPDATE OF x`, id))
}

const (
	settleContradiction = `UPDATE contradictions SET state = $2, settled_at = $3, request_id = $4, twice = $5 WHERE id = $1 AND state = 'open'`
	calmContradicted    = `UPDATE payouts SET overdue_at = NULL WHERE id = $1`
	payFreeLines        = `
UPDATE commission_lines SET state = 'paid', payout_id = $1, version = version + 1, updated_at = $2
WHERE payout_id IS NULL AND id IN (SELECT line_id FROM payout_lines WHERE payout_id = $1)`
)

// settle ends a contradiction in the transaction of the consent.
func (s *Service) settle(tx *gorm.DB, by models.Actor, r models.Request, how models.ContradictionState, twice models.Money) error {
	n, err := store.ExecTx(tx, settleContradiction, r.SubjectID, how, s.Now(), r.ID, twice.Minor)
	if err != nil {
		return fmt.Errorf("settle contradiction %d: %w", r.SubjectID, err)
	}
	if n != 1 {
		return fmt.Errorf("settle contradiction %d: it is settled although it is locked", r.SubjectID)
	}
	return audit.Record(tx, audit.Entry{By: by, Action: "contradiction.settle", SubjectType: "contradiction", SubjectID: r.SubjectID, Reason: r.Reason,
		After: map[string]any{"as": how, "twice": twice.String()}})
}

// settleKept is the consent to keeping ours: the money may go out by another payout again.
func (s *Service) settleKept(tx *gorm.DB, by models.Actor, r models.Request) error {
	x, err := lockContradiction(tx, r.SubjectID)
	if err != nil {
		return err
	}
	if err := x.SettledAs(models.ContradictionKept); err != nil {
		return err
	}
	if _, err := store.ExecTx(tx, calmContradicted, x.PayoutID); err != nil {
		return fmt.Errorf("calm payout %d: %w", x.PayoutID, err)
	}
	return s.settle(tx, by, r, models.ContradictionKept, models.Pesos(0))
}

// settlePaid is the consent to taking the payout as paid. Its lines that are free are paid by it; what went out by
// another payout meanwhile is claimed back from the payee. One that waits in a batch has to be taken out first.
func (s *Service) settlePaid(tx *gorm.DB, by models.Actor, r models.Request) error {
	if err := ledger.LockComposing(tx); err != nil {
		return err
	}
	x, err := lockContradiction(tx, r.SubjectID)
	if err != nil {
		return err
	}
	if err := x.SettledAs(models.ContradictionPaid); err != nil {
		return err
	}
	p, err := loadLocked(tx, x.PayoutID)
	if err != nil {
		return err
	}
	rows, err := store.SelectTx[Elsewhere](tx, elsewhere, p.ID)
	if err != nil {
		return fmt.Errorf("lines of payout %d: %w", p.ID, err)
	}
	e := rows[0]
	if e.Unsent.Minor != 0 {
		return models.Refuse(models.Conflict, "contradictions.refused.unsent",
			"Some of this money waits in another payout that was not sent: "+e.Codes+". Take it out of its batch first.", map[string]any{"Codes": e.Codes})
	}
	if err := s.takeAsPaid(tx, &p, change{origin: "person", by: by, note: "taken as paid: the rail paid it after all"}); err != nil {
		return err
	}
	if err := s.claimBack(tx, p, e.Gone); err != nil {
		return err
	}
	return s.settle(tx, by, r, models.ContradictionPaid, e.Gone)
}

func (s *Service) takeAsPaid(tx *gorm.DB, p *models.Payout, c change) error {
	from, seen, now := p.State, p.Version, s.Now()
	p.Version++
	transfers, err := p.TakeAsPaid(now)
	if err != nil {
		return fmt.Errorf("take payout %d as paid: %w", p.ID, err)
	}
	p.NextPollAt = p.NextPoll(now)
	var saved savedColumns
	saved.add(*p, seen, nil)
	if err := saved.save(tx); err != nil {
		return err
	}
	if err := ledger.Post(tx, transfers...); err != nil {
		return err
	}
	if _, err := store.ExecTx(tx, payFreeLines, p.ID, now); err != nil {
		return fmt.Errorf("take payout %d as paid: %w", p.ID, err)
	}
	if taken := p.CarryOut.Sub(p.CarryIn); taken.Minor != 0 {
		if err := carryBack(tx, map[int64]int64{p.DistributorID: taken.Minor}); err != nil {
			return err
		}
	}
	var noted notedColumns
	noted.add(p.ID, from, p.State, c)
	return noted.write(tx, now)
}

const insertClaim = `
INSERT INTO commission_lines (distributor_id, period, concept, amount, note, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING id`

// claimBack takes an amount that a payee was paid twice off what they earn: a receivable, and a line that claws it back.
// Composing is locked. A negative amount is what they are owed.
func (s *Service) claimBack(tx *gorm.DB, p models.Payout, amount models.Money) error {
	if amount.Minor == 0 {
		return nil
	}
	now := s.Now()
	concept := "Paid twice " + p.Code
	if amount.Minor < 0 {
		concept = "Owed again " + p.Code
	}
	rows, err := store.SelectTx[struct{ ID int64 }](tx, insertClaim, p.DistributorID, now.In(colombia.Bogota).Format("2006-01"), concept+" "+now.In(colombia.Bogota).Format(time.DateTime),
		-amount.Minor, "", now)
	if err != nil {
		return fmt.Errorf("claim what payout %d paid twice: %w", p.ID, err)
	}
	payable, receivable := models.Account{Kind: models.AccountPayable, Party: p.DistributorID}, models.Account{Kind: models.AccountReceivable, Party: p.DistributorID}
	kind := models.EntryClawback
	if amount.Minor < 0 {
		payable, receivable, amount, kind = receivable, payable, amount.Neg(), models.EntryAccrual
	}
	return ledger.Post(tx,
		models.Transfer{Kind: models.EntryPaidTwice, Debit: receivable, Credit: payable, Amount: amount, Source: models.Source{Kind: "payout", ID: p.ID, Step: p.Version}},
		models.Transfer{Kind: kind, Debit: payable, Credit: receivable, Amount: amount, Source: models.Source{Kind: "commission", ID: rows[0].ID, Step: 1}})
}

const giveUpClaims = `UPDATE contradictions SET given_up = true WHERE payout_id = $1 AND state = 'paid' AND twice <> 0 AND NOT given_up RETURNING twice`

// giveUpClaim puts a claim right whose payout the rail returned after all: its money went out once.
func (s *Service) giveUpClaim(tx *gorm.DB, p models.Payout) error {
	rows, err := store.SelectTx[struct{ Twice models.Money }](tx, giveUpClaims, p.ID)
	if err != nil {
		return fmt.Errorf("give up what payout %d claims: %w", p.ID, err)
	}
	for _, r := range rows {
		if err := s.claimBack(tx, p, r.Twice.Neg()); err != nil {
			return err
		}
	}
	return nil
}
