package payouts

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/store"
)

// NetworkOption is one way a payout could go instead of its own.
type NetworkOption struct {
	Connection models.Connection
	To         models.Destination
	Amount     models.Money // what the payee would get; less than now where it is rounded to coins
	Cost       models.Cost
	Costs      models.Money // with taxes,
	More       models.Money // and how much more than now; negative when it is cheaper
	Why        models.Refusal
	Detail     string // the rail's own words
	Current    bool
	Short      bool        // the float does not cover it yet: it would wait
	Cap        *models.Cap // that would hold it up until tomorrow
}

// payeeNow is a distributor as a rail would name it now, with what decides whether it is paid at all.
const payeeNow = `
SELECT d.id, d.country, d.doc_type, d.doc_number, d.doc_dv, d.given_names, d.surnames, d.business_name, d.phone, d.email, d.address, d.city, d.divipola,
    d.verification, d.verified_until, d.payable_from FROM distributors d WHERE d.id = $1`

// otherMethods are the ways of paying a distributor that a payout may be switched to. An account that is not the preferred
// one has to be as old as one that became it; a counter needs no method, since whoever has the document is paid there.
const otherMethods = `
SELECT m.id, m.kind, m.bank_code, m.account_type, m.account_number, m.bre_b_key, m.bre_b_kind FROM payout_methods m
WHERE m.distributor_id = $1 AND m.retired_at IS NULL AND (m.preferred OR m.created_at < $2) ORDER BY m.preferred DESC, m.id DESC`

type ownMethod struct {
	ID int64
	To models.Destination
}

// ownMethods reads them, the preferred one first.
func ownMethods(ctx context.Context, q store.Querier, distributor int64, now time.Time) ([]ownMethod, error) {
	type row struct {
		ID                                                   int64
		Kind                                                 models.MethodKind
		BankCode, AccountType, AccountNumber, BreBKey, KeyOf string
	}
	rows, err := store.Select[row](ctx, q, otherMethods, distributor, now.AddDate(0, 0, -models.CoolingOffDays))
	if err != nil {
		return nil, fmt.Errorf("methods of distributor %d: %w", distributor, err)
	}
	list := make([]ownMethod, len(rows))
	for i, r := range rows {
		list[i] = ownMethod{r.ID, models.Destination{Kind: r.Kind, BankCode: r.BankCode, AccountType: r.AccountType, AccountNumber: r.AccountNumber, BreBKey: r.BreBKey,
			BreBKeyKind: models.BreBKeyKind(r.KeyOf)}}
	}
	return list, nil
}

// switched is how a payee with these methods is paid by kind; false when there is no such way.
func switched(own []ownMethod, kind models.MethodKind) (ownMethod, bool) {
	if i := slices.IndexFunc(own, func(m ownMethod) bool { return m.To.Kind == kind }); i >= 0 {
		return own[i], true
	}
	if kind.Cash() && len(own) > 0 {
		return ownMethod{own[0].ID, models.Destination{Kind: kind}}, true
	}
	return ownMethod{}, false
}

// switchCandidates has the payees of a composition go the way it says.
func (s *Service) switchCandidates(ctx context.Context, q store.Querier, comp models.Composition, list []models.Candidate) error {
	if comp.Switch == nil {
		return nil
	}
	for i := range list {
		own, err := ownMethods(ctx, q, list[i].DistributorID, s.Now())
		if err != nil {
			return err
		}
		m, _ := switched(own, comp.Switch.Method) // without one it is refused for having none
		list[i].MethodID, list[i].To = m.ID, m.To
	}
	return nil
}

// NetworkOptions answers every way the payee of a payout could be paid, by every live connection, with what it costs and
// what stands in the way.
func (s *Service) NetworkOptions(ctx context.Context, p models.Payout) ([]NetworkOption, error) {
	type payee struct {
		DistributorID int64
		Payee         models.Payee
		Verification  string
		Until, From   *time.Time
	}
	rows, err := s.DB.Pool.Query(ctx, payeeNow, p.DistributorID)
	if err != nil {
		return nil, fmt.Errorf("read distributor %d: %w", p.DistributorID, err)
	}
	defer rows.Close()
	var d payee
	if !rows.Next() {
		return nil, fmt.Errorf("read distributor %d: %w", p.DistributorID, rows.Err())
	}
	if err := rows.Scan(&d.DistributorID, &d.Payee.Country, &d.Payee.DocType, &d.Payee.DocNumber, &d.Payee.DocDV, &d.Payee.GivenNames, &d.Payee.Surnames,
		&d.Payee.BusinessName, &d.Payee.Phone, &d.Payee.Email, &d.Payee.Address, &d.Payee.City, &d.Payee.Divipola, &d.Verification, &d.Until, &d.From); err != nil {
		return nil, fmt.Errorf("read distributor %d: %w", p.DistributorID, err)
	}
	rows.Close()
	own, err := ownMethods(ctx, s.DB.Pool, p.DistributorID, s.Now())
	if err != nil {
		return nil, err
	}
	connections, err := s.Connections(ctx)
	if err != nil {
		return nil, err
	}
	var list []NetworkOption
	now := p.Fee.Add(p.FeeIVA).Add(p.GMF)
	for _, c := range connections {
		if !c.Live() && c.ID != p.ConnectionID {
			continue
		}
		t, err := s.terms(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		free, err := s.Float(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		for _, kind := range models.MethodKinds {
			m, ok := switched(own, kind)
			if !ok {
				continue
			}
			o := NetworkOption{Connection: c, To: m.To, Current: kind == p.To.Kind && c.ID == p.ConnectionID}
			item, why, detail := price(models.Candidate{DistributorID: d.DistributorID, Payee: d.Payee, MethodID: m.ID, To: m.To, Verification: d.Verification,
				VerifiedUntil: d.Until, PayableFrom: d.From, Net: p.Amount, CarryIn: models.Pesos(0)}, models.Day(s.Now()), t)
			o.Amount, o.Cost, o.Why, o.Detail = item.Amount, item.Cost, why, detail
			if why == "" {
				o.Costs = item.Cost.Sum()
				o.More = o.Costs.Sub(now)
				o.Short = c.FloatControl && free.Free.Minor < item.Amount.Add(o.Costs).Minor
				day := t.today
				o.Cap = day.Take(kind, d.DistributorID, item.Amount)
			} else {
				o.Costs, o.More, o.Amount = models.Pesos(0), models.Pesos(0), p.Amount
			}
			list = append(list, o)
		}
	}
	return list, nil
}

// SwitchNetwork takes a payout back, unless its money is back already, and issues it again by another way. It goes on by
// itself: the batch waits for a second person like any other, who reads the reason.
func (s *Service) SwitchNetwork(ctx context.Context, by models.Actor, payout, connection int64, method models.MethodKind, reason string) error {
	if !by.May(models.PermBatchesPrepare) {
		return errPrepare
	}
	if reason == "" {
		return models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil).WithField("reason", "payout.refused.reason")
	}
	p, err := s.Payout(ctx, payout)
	if err != nil {
		return err
	}
	options, err := s.NetworkOptions(ctx, p)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(options, func(o NetworkOption) bool { return o.Connection.ID == connection && o.To.Kind == method })
	switch {
	case i < 0:
		return models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil).WithField("to", "renewal.refused.choose")
	case options[i].Current:
		return refuseRenewal(models.RefusedNothing)
	case options[i].Why != "":
		return refuseRenewal(models.RefusedNoRail)
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		p, err := loadLocked(tx, payout)
		if err != nil {
			return err
		}
		why, err := whyNotRenewedTx(tx, s, p, models.RenewNetwork)
		if err != nil {
			return err
		}
		if why != "" {
			return refuseRenewal(why)
		}
		_, err = s.openRenewal(tx, by, models.Renewal{PayoutID: payout, Kind: models.RenewNetwork, MakerID: by.StaffID, Reason: reason, ConnectionID: connection, Method: method})
		return err
	})
	if err != nil {
		return err
	}
	_ = s.Renew(ctx) // at once, so that the page shows what came of it; the job goes on with what fails here
	return nil
}

// Switched is where a payout would have gone, and why it goes another way.
type Switched struct {
	From           models.Destination
	FromConnection string
	Reason         string
}

const switchOf = `
SELECT r.method_kind, r.bank_code, c.name, p.switch_reason FROM payouts p JOIN payouts r ON r.id = p.replaces_id JOIN connections c ON c.id = r.connection_id
WHERE p.id = $1 AND p.switch_reason <> ''`

// SwitchOf reads how a payout was switched; ok is false when it was not.
func (s *Service) SwitchOf(ctx context.Context, payout int64) (w Switched, ok bool, err error) {
	rows, err := store.Select[struct {
		Kind             models.MethodKind
		Bank, Name, Text string
	}](ctx, s.DB.Pool, switchOf, payout)
	if err != nil || len(rows) == 0 {
		return w, false, err
	}
	r := rows[0]
	return Switched{From: models.Destination{Kind: r.Kind, BankCode: r.Bank}, FromConnection: r.Name, Reason: r.Text}, true, nil
}

const switchedIn = `SELECT id FROM payouts WHERE batch_id = $1 AND switch_reason <> '' ORDER BY id`

// SwitchedIn lists the payouts of a batch that go another way than those they take the place of.
func (s *Service) SwitchedIn(ctx context.Context, batch int64) ([]models.Payout, error) {
	rows, err := store.Select[struct{ ID int64 }](ctx, s.DB.Pool, switchedIn, batch)
	if err != nil {
		return nil, fmt.Errorf("switched payouts of batch %d: %w", batch, err)
	}
	list := make([]models.Payout, len(rows))
	for i, r := range rows {
		if list[i], err = s.Payout(ctx, r.ID); err != nil {
			return nil, err
		}
	}
	return list, nil
}
