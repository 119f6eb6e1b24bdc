package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"

	"pagaduria/models"
	"pagaduria/models/sanctions/excerpt"
	"pagaduria/providers/d24/sim"
	"pagaduria/services/demo"
	"pagaduria/services/distributors"
	"pagaduria/services/payouts"
	"pagaduria/services/requests"
	"pagaduria/services/screening"
	"pagaduria/services/staff"
	"pagaduria/services/store"
)

// demoRail is the short name of the demo's connection: /webhooks/d24/demo. Codes of the other one can be collected for a
// day only, so that one sees payees reminded.
const (
	demoRail  = "demo"
	demoBrief = "demo-1d"
)

// demoConnection makes sure that live connections lead to the simulator at api, and returns the first one.
func (a *app) demoConnection(ctx context.Context, api string) (models.Connection, error) {
	if _, err := a.demoConnectionTo(ctx, api, demoBrief, "D24 · simulator, one day", 1); err != nil {
		return models.Connection{}, err
	}
	return a.demoConnectionTo(ctx, api, demoRail, "D24 · simulator", 7)
}

func (a *app) demoConnectionTo(ctx context.Context, api, slug, name string, validity int) (models.Connection, error) {
	by := models.System("demo")
	c, err := a.h.Payouts.ConnectionBySlug(ctx, "d24", slug)
	switch {
	case models.KindOf(err) == models.NotFound:
		c = models.Connection{Slug: slug, Rail: "d24", Name: name, ValidityDays: validity, Rate: 2000, Concurrency: 16,
			EgressAddress: "127.0.0.1"}
	case err != nil:
		return c, err
	case c.BaseURL == api:
		return c, nil
	}
	fresh := c.ID == 0
	c.BaseURL, c.State = api, "live"
	id, err := a.h.Payouts.SaveConnection(ctx, by, c, &models.Credentials{Login: sim.DefaultLogin, Pass: sim.DefaultPass, Signature: sim.DefaultSignature})
	if err != nil {
		return c, err
	}
	if fresh {
		if err := a.demoFees(ctx, by, id); err != nil {
			return c, err
		}
	}
	return a.h.Payouts.Connection(ctx, id)
}

// demoFees are believable and invented: cash by amount, banks for less since September, everything dearer next month, and the tax on
// bank transactions charged on.
func (a *app) demoFees(ctx context.Context, by models.Actor, connection int64) error {
	today := models.Day(a.h.Now())
	up, most := models.Pesos(200_000), models.Pesos(25_000)
	nothing := models.Pesos(0)
	for _, v := range []models.FeeSchedule{
		{From: today.AddDate(-2, 0, 0), Tiers: []models.FeeTier{{UpTo: &up, Fixed: models.Pesos(4_500)}, {Fixed: models.Pesos(4_500), BPS: 60}}, Min: nothing, Max: &most, Note: "Contract of the first year"},
		{From: today.AddDate(0, -3, 0), Method: models.BankAccount, Tiers: []models.FeeTier{{Fixed: models.Pesos(1_900)}}, Min: nothing, Note: "Annex 2, banks"},
		{From: today.AddDate(0, 1, 0), Tiers: []models.FeeTier{{UpTo: &up, Fixed: models.Pesos(4_900)}, {Fixed: models.Pesos(4_900), BPS: 60}}, Min: nothing, Max: &most, Note: "Letter about next year's prices"},
	} {
		v.ConnectionID, v.IVABPS = connection, 1900
		if _, err := a.h.Payouts.AddFeeSchedule(ctx, by, v); err != nil {
			return err
		}
	}
	c, err := a.h.Payouts.Connection(ctx, connection)
	if err != nil {
		return err
	}
	return a.h.Payouts.SetGMF(ctx, by, connection, c.Version, true, "The rail charges it on, as the contract says (annex 1)")
}

// fillDemo writes the demo data, with the demo's own people as makers and checkers. api is the simulator's address.
func (a *app) fillDemo(ctx context.Context, size demo.Size, api string) (demo.Cast, error) {
	if err := a.h.Staff.EnsureDemo(ctx); err != nil {
		return demo.Cast{}, err
	}
	var cast demo.Cast
	var err error
	if cast.Connection, err = a.demoConnection(ctx, api); err != nil {
		return cast, err
	}
	if cast.Fees, err = a.h.Payouts.Fees(ctx, cast.Connection); err != nil {
		return cast, err
	}
	for email, actor := range map[string]*models.Actor{"finance@demo.test": &cast.Maker, "approver@demo.test": &cast.Checker} {
		if *actor, err = a.demoActor(ctx, email); err != nil {
			return cast, err
		}
	}
	return cast, demo.Fill(ctx, a.db.DB, size, cast, a.h.Now())
}

// demoActor is a demo account as the history names it.
func (a *app) demoActor(ctx context.Context, email string) (models.Actor, error) {
	for _, n := range staff.Demo {
		if n.Email != email {
			continue
		}
		actor := models.Actor{Name: n.Name, Roles: n.Roles}
		err := a.db.Pool.QueryRow(ctx, `SELECT id FROM staff WHERE email = $1`, email).Scan(&actor.StaffID)
		return actor, err
	}
	return models.Actor{}, fmt.Errorf("there is no demo account %s", email)
}

// openDemo prepares a database for serve --demo: once filled, it stays as people leave it.
func (a *app) openDemo(ctx context.Context, api string) error {
	there, err := demo.There(ctx, a.db.DB)
	if err != nil {
		return err
	}
	if there {
		if err := a.h.Staff.EnsureDemo(ctx); err != nil {
			return err
		}
		_, err := a.demoConnection(ctx, api)
		return err
	}
	cast, err := a.fillDemo(ctx, demo.Small, api)
	if err != nil {
		return err
	}
	if err := a.demoFunds(ctx, cast); err != nil {
		return err
	}
	if err := a.demoMerge(ctx, cast); err != nil {
		return err
	}
	if err := a.demoMessages(ctx, cast); err != nil {
		return err
	}
	if err := a.demoName(ctx, cast); err != nil {
		return err
	}
	if err := a.demoLists(ctx); err != nil {
		return err
	}
	admin, err := a.demoActor(ctx, "admin@demo.test")
	if err != nil {
		return err
	}
	if err := a.demoShop(ctx, admin); err != nil {
		return err
	}
	if err := a.demoTracking(ctx, admin); err != nil {
		return err
	}
	if err := a.demoCodes(ctx); err != nil {
		return err
	}
	if err := a.demoPlans(ctx, cast); err != nil {
		return err
	}
	if err := a.demoEarnings(ctx, cast); err != nil {
		return err
	}
	if err := a.demoCases(ctx); err != nil {
		return err
	}
	if _, err := a.h.Risk.ScoreDue(ctx); err != nil {
		return err
	}
	if _, _, err := a.h.Expiry.Tend(ctx); err != nil {
		return err
	}
	return a.startDemo(ctx, cast)
}

// A cash payout of the history that the counter did not pay because the payee's name was another one.
const misnamed = `
SELECT p.id FROM payouts p JOIN payout_lines x ON x.payout_id = p.id JOIN commission_lines l ON l.id = x.line_id AND l.state = 'eligible'
WHERE p.state = 'failed' AND p.cause = 'name' AND p.method_kind = 'efecty_cash' AND p.business_name = '' ORDER BY p.id DESC LIMIT 1`

// demoName has finance ask for the right name of a payee; compliance is to consent.
func (a *app) demoName(ctx context.Context, cast demo.Cast) error {
	var id int64
	switch err := a.db.Pool.QueryRow(ctx, misnamed).Scan(&id); {
	case errors.Is(err, pgx.ErrNoRows):
		return nil
	case err != nil:
		return err
	}
	p, err := a.h.Payouts.Payout(ctx, id)
	if err != nil {
		return err
	}
	right := p.Payee.Identity()
	right.GivenNames, right.Surnames = right.GivenNames+" José", right.Surnames+" de la Hoz"
	_, err = a.h.Payouts.AskRightName(ctx, cast.Maker, id, right, "La cajera dice que en la cédula el nombre está completo")
	return err
}

// demoNearNames are invented people whose names are near those of entries.
var demoNearNames = [][2]string{{"Oliberio", "Abril Cortéz"}, {"Nubia Elena", "Buitrago Marín"}}

const demoPayee = `
WITH d AS (INSERT INTO distributors (code, person_kind, doc_type, doc_number, given_names, surnames) VALUES ($1, 'natural', 'CC', $2, $3, $4) RETURNING id)
INSERT INTO distributor_search (distributor_id, folded) SELECT id, $5 FROM d`

// demoLists loads a few entries of the published lists and adds two people whose names come near, so that there is
// something to decide on.
func (a *app) demoLists(ctx context.Context) error {
	var l screening.Load
	for _, name := range []string{"sdn.csv", "alt.csv", "add.csv", "sdn_comments.csv", "UN.xml"} {
		l.Files = append(l.Files, screening.File{Name: name, Open: func() (io.ReadCloser, error) { return excerpt.Files.Open(name) }})
	}
	if _, err := a.h.Screening.LoadLists(ctx, models.System("demo"), l); err != nil {
		return err
	}
	for i, name := range demoNearNames {
		if _, err := a.db.Pool.Exec(ctx, demoPayee, fmt.Sprintf("D-9000%d", i+1), fmt.Sprintf("104455660%d", i+1), name[0], name[1], models.Fold(name[0]+" "+name[1])); err != nil {
			return err
		}
	}
	_, err := a.h.Screening.Rescreen(ctx)
	return err
}

// demoMerge has finance ask for the first two records that look like one person to be made one; compliance decides.
func (a *app) demoMerge(ctx context.Context, cast demo.Cast) error {
	pairs, err := a.h.Distributors.Pairs(ctx, models.PairFilter{Shared: models.SharedPhone}, store.Cursor{})
	if err != nil || len(pairs.Rows) == 0 {
		return err
	}
	p := pairs.Rows[0]
	plan, err := a.h.Distributors.MergePlan(ctx, p.First.ID, p.Second.ID)
	if err != nil || len(plan.Obstacles) > 0 {
		return err
	}
	_, err = a.h.Distributors.AskMerge(ctx, cast.Maker, distributors.MergeAsk{SurvivorID: p.First.ID, AbsorbedID: p.Second.ID, SurvivorVersion: plan.Survivor.Version,
		AbsorbedVersion: plan.Absorbed.Version, Reason: "The same person signed up twice: name and phone are the same."})
	return err
}

// demoFunds has finance send enough money to the rail for everything that was and will be paid, an approver consent to
// it, and sets a cap; then hand-over keeps to the float.
func (a *app) demoFunds(ctx context.Context, cast demo.Cast) error {
	f, err := a.h.Payouts.Float(ctx, cast.Connection.ID)
	if err != nil {
		return err
	}
	// What was paid so far, and a good deal more in round millions.
	amount := models.Pesos((-f.Free.Minor/100/1_000_000 + 900) * 1_000_000)
	request, err := a.h.Payouts.TopUp(ctx, cast.Maker, cast.Connection.ID, amount, "TRF-0001", "Money for the payouts of the year")
	if err != nil {
		return err
	}
	if err := a.h.Requests.Decide(ctx, cast.Checker, request, requests.Verdict{Grant: true, Seen: 1, FactorAt: a.h.Now()}); err != nil {
		return err
	}
	if _, err := a.h.Payouts.TopUp(ctx, cast.Maker, cast.Connection.ID, models.Pesos(50_000_000), "TRF-0002", ""); err != nil {
		return err
	}
	if err := a.h.Payouts.RecordBalance(ctx, cast.Maker, cast.Connection.ID, amount.Add(f.Free).Sub(models.Pesos(35_700)), "Merchant panel"); err != nil {
		return err
	}
	most, alarm := models.Pesos(10_000_000), models.Pesos(100_000_000)
	if _, err := a.h.Payouts.SetCap(ctx, cast.Maker, models.Cap{ConnectionID: cast.Connection.ID, Scope: models.CapPayee, Amount: &most}, ""); err != nil {
		return err
	}
	c, err := a.h.Payouts.Connection(ctx, cast.Connection.ID)
	if err != nil {
		return err
	}
	return a.h.Payouts.SetFloatRules(ctx, models.System("demo"), c.ID, c.Version, payouts.FloatRules{Control: true, Alarm: &alarm})
}

// demoMessages has payees told when cash waits for them and two days before it expires.
func (a *app) demoMessages(ctx context.Context, cast demo.Cast) error {
	seen, err := a.h.Payouts.MessageRules(ctx)
	if err != nil {
		return err
	}
	return a.h.Payouts.SetMessageRules(ctx, cast.Maker, seen.ID, models.MessageRules{Available: models.Channels, Reminder: models.Channels, DaysBefore: 2})
}

// startDemo has the demo's people send two batches through the simulator and leave a third one waiting, so that
// every state can be seen. They go the way of every batch.
func (a *app) startDemo(ctx context.Context, cast demo.Cast) error {
	brief, err := a.h.Payouts.ConnectionBySlug(ctx, "d24", demoBrief)
	if err != nil {
		return err
	}
	for _, b := range []struct {
		name       string
		methods    []models.MethodKind
		connection int64
		approve    bool
	}{
		{"Comisiones · billeteras", []models.MethodKind{models.Nequi, models.Daviplata}, cast.Connection.ID, true},
		{"Comisiones · Punto Red", []models.MethodKind{models.PuntoredCash}, brief.ID, true},
		{"Comisiones · bancos", []models.MethodKind{models.BankAccount, models.BreB}, cast.Connection.ID, false},
	} {
		comp := models.Composition{Cutoff: a.h.Now(), Methods: b.methods}
		p, err := a.h.Payouts.Preview(ctx, b.connection, comp)
		if err != nil {
			return err
		}
		if len(p.Items) == 0 {
			continue
		}
		id, err := a.h.Payouts.Create(ctx, cast.Maker, payouts.NewBatch{Name: b.name, ConnectionID: b.connection, Composition: comp,
			ExpectCount: len(p.Items), ExpectTotal: p.Total, Submit: true})
		if err != nil {
			return err
		}
		if !b.approve {
			continue
		}
		batch, err := a.h.Payouts.Batch(ctx, id)
		if err != nil {
			return err
		}
		err = a.h.Payouts.Decide(ctx, cast.Checker, id, payouts.Verdict{Decision: models.Approve, FactorAt: a.h.Now(),
			Seen: models.Seen{Version: batch.Version, Hash: batch.ContentHash}})
		if err != nil {
			return err
		}
	}
	return nil
}
