package payouts

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"pagaduria/models"
	"pagaduria/providers"
	"pagaduria/services/plans"
	"pagaduria/services/store"
)

// candidates nets the eligible lines of each payee. A claw-back counts whatever the filter, since it lowers what is
// owed; everything else must match it, and without a line that does a payee is none of the batch. The lines are read once,
// from the index of what is payable. Only the conditions that are asked for are written out: the plan is kept and must
// fit all of what it is used for.
func candidates(comp models.Composition) (sql string, args pgx.NamedArgs) {
	args = pgx.NamedArgs{"cutoff": comp.Cutoff}
	lines, matching, payees := []string{"l.state = 'eligible'", "l.created_at <= @cutoff"}, []string{}, "TRUE"
	again, code := "", "0, ''"
	add := func(when bool, list *[]string, condition, name string, value any) {
		if when {
			*list, args[name] = append(*list, condition), value
		}
	}
	add(comp.DistributorID != 0, &lines, "l.distributor_id = @distributor", "distributor", comp.DistributorID)
	add(comp.Period != "", &matching, "l.period = @period", "period", comp.Period)
	add(comp.Order != "", &matching, "l.order_number = @order", "order", comp.Order)
	add(len(comp.Reissue) > 0, &matching, ofReissued("l.id", "@reissue"), "reissue", comp.Reissue)
	if len(comp.Reissue) > 0 {
		again, code = "LEFT JOIN payouts r ON r.id = ANY(@reissue) AND r.distributor_id = d.id", "COALESCE(r.id, 0), COALESCE(r.code, '')"
	}
	if len(matching) > 0 {
		lines = append(lines, "(l.amount < 0 OR "+strings.Join(matching, " AND ")+")")
	}
	if len(comp.Methods) > 0 {
		kinds := make([]string, len(comp.Methods))
		for i, m := range comp.Methods {
			kinds[i] = string(m)
		}
		payees, args["methods"] = "m.kind = ANY(@methods)", kinds
	}
	return `
WITH net AS (
    SELECT l.distributor_id, count(*) AS lines, CAST(sum(l.amount) AS bigint) AS net, max(l.id) AS max_line
    FROM commission_lines l WHERE ` + strings.Join(lines, " AND ") + `
    GROUP BY l.distributor_id HAVING bool_or(l.amount > 0)
)
SELECT d.id, d.code, d.country, d.doc_type, d.doc_number, d.doc_dv, d.given_names, d.surnames, d.business_name, d.phone, d.email,
    d.address, d.city, d.divipola, d.verification, d.verified_until, d.warnings <> '{}', d.account_changed_on, d.payable_from, d.on_hold,
    COALESCE(m.id, 0), COALESCE(m.kind, ''), COALESCE(m.bank_code, ''), COALESCE(m.account_type, ''), COALESCE(m.account_number, ''),
    COALESCE(m.bre_b_key, ''), COALESCE(m.bre_b_kind, ''),
    n.lines, n.net, COALESCE(c.amount, 0), n.max_line, ` + code + `
FROM net n
JOIN distributors d ON d.id = n.distributor_id
` + again + `
LEFT JOIN payout_methods m ON m.distributor_id = d.id AND m.preferred
LEFT JOIN carries c ON c.distributor_id = d.id
WHERE ` + payees + `
ORDER BY n.net + COALESCE(c.amount, 0) DESC, d.id`, args
}

// ofReissued is true of every line when no payouts are to be issued again, else of theirs.
func ofReissued(line, payouts string) string {
	return `(cardinality(` + payouts + `::bigint[]) = 0 OR ` + line + ` IN (SELECT x.line_id FROM payout_lines x WHERE x.payout_id = ANY(` + payouts + `)))`
}

func scanCandidate(row pgx.CollectableRow) (c models.Candidate, err error) {
	err = row.Scan(&c.DistributorID, &c.Code, &c.Payee.Country, &c.Payee.DocType, &c.Payee.DocNumber, &c.Payee.DocDV, &c.Payee.GivenNames,
		&c.Payee.Surnames, &c.Payee.BusinessName, &c.Payee.Phone, &c.Payee.Email, &c.Payee.Address, &c.Payee.City, &c.Payee.Divipola,
		&c.Verification, &c.VerifiedUntil, &c.Warned, &c.AccountChanged, &c.PayableFrom, &c.OnHold, &c.MethodID, &c.To.Kind, &c.To.BankCode, &c.To.AccountType, &c.To.AccountNumber,
		&c.To.BreBKey, &c.To.BreBKeyKind, &c.Lines, &c.Net, &c.CarryIn, &c.MaxLineID, &c.Replaces, &c.ReplacesCode)
	return c, err
}

func selectCandidates(ctx context.Context, q store.Querier, comp models.Composition) ([]models.Candidate, error) {
	sql, args := candidates(comp)
	rows, err := q.Query(ctx, sql, args)
	if err != nil {
		return nil, fmt.Errorf("select payable lines: %w", err)
	}
	return pgx.CollectRows(rows, scanCandidate)
}

// Item is one payout a batch would hold.
type Item struct {
	models.Candidate
	Amount   models.Money // what is paid
	CarryOut models.Money // below 50 pesos, stays payable
	models.Cost
}

// LeftOut is a payee who matches but is not paid now; everything stays payable.
type LeftOut struct {
	models.Candidate
	Why    models.Refusal
	Detail string // the rail's own words, where it is the rail that refuses
}

// Split is one network's part of a batch.
type Split struct {
	Kind  models.MethodKind
	Count int
	Total models.Money
	models.Cost
}

// Preview is what a batch would be. Making one changes nothing.
type Preview struct {
	Composition models.Composition
	Connection  models.Connection
	Items       []Item
	Excluded    []Item // by hand; still payable, can be put back
	LeftOut     []LeftOut
	Total       models.Money
	Cost        models.Cost
	Splits      []Split
	Lines       int
	Days        int      // it takes until everything is handed over, by today's caps; 1 is today
	Repeats     []Repeat // same payee and amount within 30 days
}

// Repeat points at an earlier payout of the same amount to the same payee.
type Repeat struct {
	DistributorID int64
	PayoutID      int64
	Code          string
	BatchCode     string
	CreatedAt     time.Time
}

// Preview nets, checks and prices the lines that match, without changing anything.
func (s *Service) Preview(ctx context.Context, connectionID int64, comp models.Composition) (Preview, error) {
	t, err := s.terms(ctx, connectionID)
	if err != nil {
		return Preview{}, err
	}
	list, err := selectCandidates(ctx, s.DB.Pool, comp)
	if err != nil {
		return Preview{}, err
	}
	if err := s.switchCandidates(ctx, s.DB.Pool, comp, list); err != nil {
		return Preview{}, err
	}
	p := s.judge(list, comp, t)
	p.Repeats, err = s.repeats(ctx, p.Items)
	return p, err
}

// terms are what a connection takes, and for how much.
type terms struct {
	connection models.Connection
	rail       providers.Provider
	fees       models.FeeBook
	caps       []models.Cap
	today      models.CapDay
	minimum    models.Money // of the commission plan in force, zero for none
}

func (s *Service) terms(ctx context.Context, connectionID int64) (t terms, err error) {
	if t.connection, t.rail, err = s.Rail(ctx, connectionID); err != nil {
		return t, err
	}
	if t.fees, err = s.Fees(ctx, t.connection); err != nil {
		return t, err
	}
	t.today, err = s.UsedToday(ctx, connectionID)
	t.caps = t.today.Caps
	if err != nil {
		return t, err
	}
	p, err := plans.Current(ctx, s.DB.Pool, s.Now())
	t.minimum = p.Terms.Minimum
	return t, err
}

// days is how many days handing over the items takes by the caps, beginning with what is left of today.
func (t terms) days(items []Item) int {
	if len(t.caps) == 0 {
		return 1
	}
	today := t.today
	for days := 1; ; days++ {
		var rest []Item
		for _, i := range items {
			if today.Take(i.To.Kind, i.DistributorID, i.Amount) != nil {
				rest = append(rest, i)
			}
		}
		if len(rest) == 0 || days > 60 {
			return days
		}
		items, today = rest, models.NewCapDay(t.caps)
	}
}

// judge sorts candidates into those who are paid and those who are left out, and adds up.
func (s *Service) judge(list []models.Candidate, comp models.Composition, t terms) Preview {
	p := Preview{Composition: comp, Connection: t.connection, Total: models.Pesos(0), Cost: models.NoCost()}
	excluded := map[int64]bool{}
	for _, id := range comp.Excluded {
		excluded[id] = true
	}
	today := models.Day(s.Now())
	splits := map[models.MethodKind]*Split{}
	for _, c := range list {
		item, why, detail := price(c, today, t)
		if why == "" && item.Amount.Minor < smallest(comp, t).Minor {
			why = models.RefusedMinimum
		}
		switch {
		case why != "":
			p.LeftOut = append(p.LeftOut, LeftOut{c, why, detail})
			continue
		case excluded[c.DistributorID]:
			p.Excluded = append(p.Excluded, item)
			continue
		}
		p.Items = append(p.Items, item)
		p.Lines += c.Lines
		p.Total, p.Cost = p.Total.Add(item.Amount), p.Cost.Plus(item.Cost)
		sp := splits[c.To.Kind]
		if sp == nil {
			sp = &Split{Kind: c.To.Kind, Total: models.Pesos(0), Cost: models.NoCost()}
			splits[c.To.Kind] = sp
		}
		sp.Count, sp.Total, sp.Cost = sp.Count+1, sp.Total.Add(item.Amount), sp.Cost.Plus(item.Cost)
	}
	p.Days = t.days(p.Items)
	for _, k := range models.MethodKinds {
		if sp := splits[k]; sp != nil {
			p.Splits = append(p.Splits, *sp)
		}
	}
	return p
}

// smallest is the payout below which a payee waits. The plan's is for runs over everybody: who issues payouts again or pays
// one payee decided that.
func smallest(comp models.Composition, t terms) models.Money {
	if comp.DistributorID != 0 || len(comp.Reissue) > 0 || t.minimum.Minor < comp.Minimum.Minor {
		return comp.Minimum
	}
	return t.minimum
}

// price rounds to what the method can pay and asks the rail whether it takes the order at all.
func price(c models.Candidate, today time.Time, t terms) (Item, models.Refusal, string) {
	if why := c.Refused(today); why != "" {
		return Item{}, why, ""
	}
	amount, rest := c.To.Kind.Payable(c.Owed())
	if limit := t.connection.MaxAmount; limit != nil && amount.Minor > limit.Minor {
		return Item{}, models.RefusedLimit, ""
	}
	if models.Never(t.caps, c.To.Kind, amount) != nil {
		return Item{}, models.RefusedCap, ""
	}
	if why, detail := railRefusal(t.rail, providers.Order{Reference: "preview", Amount: amount, Payee: c.Payee, Destination: c.To}); why != "" {
		return Item{}, why, detail
	}
	return Item{Candidate: c, Amount: amount, CarryOut: rest, Cost: t.fees.CostOf(today, c.To.Kind, amount)}, "", ""
}

// railRefusal asks the adapter whether the rail takes the order, and turns its no into our reason.
func railRefusal(rail providers.Provider, o providers.Order) (models.Refusal, string) {
	err := rail.Check(o)
	if err == nil {
		return "", ""
	}
	r, ok := errorAs[*providers.Rejected](err)
	if !ok {
		return models.RefusedMethod, err.Error()
	}
	switch r.Cause {
	case providers.CauseDocument:
		return models.RefusedDocument, r.Message
	case providers.CauseLimit, providers.CauseAmount, providers.CauseBelowMinimum:
		return models.RefusedLimit, r.Message
	}
	return models.RefusedMethod, r.Message
}

// WhyNotByRail answers why no connection would take a payee's method, or "" when one does or none exists yet.
// Lists of commission lines show it beside the line.
func (s *Service) WhyNotByRail(ctx context.Context) (func(models.Payee, models.Destination) models.Refusal, error) {
	connections, err := s.Connections(ctx)
	if err != nil {
		return nil, err
	}
	var rails []providers.Provider
	for _, c := range connections {
		if _, rail, err := s.Rail(ctx, c.ID); err == nil {
			rails = append(rails, rail)
		}
	}
	return func(payee models.Payee, to models.Destination) (why models.Refusal) {
		for _, rail := range rails {
			why, _ = railRefusal(rail, providers.Order{Reference: "check", Amount: models.Pesos(10_000), Payee: payee, Destination: to})
			if why == "" {
				return ""
			}
		}
		return why
	}, nil
}

// The payouts of the last days are fewer than all those of the payees, and are read in one go.
const recentPayouts = `
WITH recent AS MATERIALIZED (
    SELECT p.id, p.distributor_id, p.amount, p.code, p.batch_id, p.created_at FROM payouts p
    WHERE p.created_at > $3 AND p.state NOT IN ('cancelled', 'failed', 'expired', 'returned')
)
SELECT p.distributor_id, p.id, p.code, b.code, p.created_at
FROM unnest($1::bigint[], $2::bigint[]) AS i(distributor_id, amount)
JOIN recent p ON p.distributor_id = i.distributor_id AND p.amount = i.amount JOIN batches b ON b.id = p.batch_id
ORDER BY p.id`

// repeats finds items whose payee was sent the same amount within the last 30 days.
func (s *Service) repeats(ctx context.Context, items []Item) ([]Repeat, error) {
	payees, amounts := make([]int64, len(items)), make([]int64, len(items))
	for i, item := range items {
		payees[i], amounts[i] = item.DistributorID, item.Amount.Minor
	}
	list, err := store.Select[Repeat](ctx, s.DB.Pool, recentPayouts, payees, amounts, s.Now().AddDate(0, 0, -30))
	if err != nil {
		return nil, fmt.Errorf("find repeats: %w", err)
	}
	return list, nil
}
