package main

import (
	"context"
	"fmt"
	"strings"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/services/distributors"
	"pagaduria/services/onboarding"
)

// demoCases invites some of the demo's unverified people, and has compliance fill two cases in: one half, one to the end.
func (a *app) demoCases(ctx context.Context) error {
	by, err := a.demoActor(ctx, "compliance@demo.test")
	if err != nil {
		return err
	}
	rows, err := a.db.Pool.Query(ctx, `SELECT id FROM distributors WHERE verification = 'unverified' AND person_kind = 'natural' AND doc_type = 'CC' ORDER BY id LIMIT 5`)
	if err != nil {
		return err
	}
	var ids []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return err
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for i, id := range ids {
		made, err := a.h.Onboarding.Invite(ctx, by, id)
		if err != nil {
			return err
		}
		if i < 2 {
			if err := a.demoCase(ctx, by, made, id, i == 0); err != nil {
				return fmt.Errorf("demo case %d: %w", made, err)
			}
		}
	}
	return nil
}

// demoCase fills a case in as staff do for somebody at the counter.
func (a *app) demoCase(ctx context.Context, by models.Actor, id, distributor int64, whole bool) error {
	d, err := a.h.Distributors.Get(ctx, distributor)
	if err != nil {
		return err
	}
	paper := distributors.Evidence{Name: "autorizacion.pdf", Mime: "application/pdf", Body: strings.NewReader("%PDF-1.4\n% signed by hand, in the demo\n")}
	if err := a.h.Onboarding.AgreePaper(ctx, by, id, onboarding.Agreement{TextVersion: kyc.ConsentVersion, Lang: "es", Sensitive: true}, paper); err != nil {
		return err
	}
	steps := []struct {
		step kyc.Step
		form kyc.Form
	}{
		{kyc.Step(kyc.Who), kyc.Form{"person_kind": d.PersonKind, "doc_type": d.DocType, "doc_number": d.DocNumber, "first_names": d.GivenNames, "last_names": d.Surnames, "divipola": d.Divipola, "address": d.Address}},
		{kyc.Step(kyc.Contact), kyc.Form{"phone": d.Phone, "email": d.Email}},
		{kyc.Step(kyc.Payment), kyc.Form{"payout_method": string(models.EfectyCash)}},
		{kyc.Step(kyc.Tax), kyc.Form{"tax_status": "natural_no_declarante"}},
		{kyc.Step(kyc.Declarations), kyc.Form{"pep": "no", "relative": "no", "funds": "commissions"}},
	}
	if !whole {
		steps = steps[:2]
	}
	for _, s := range steps {
		if err := a.h.Onboarding.FillIn(ctx, by, id, s.step, s.form); err != nil {
			return err
		}
	}
	if !whole {
		return nil
	}
	st, err := a.h.Onboarding.Statement(ctx, id)
	if err != nil {
		return err
	}
	return a.h.Onboarding.SignFor(ctx, by, id, onboarding.Signing{Name: st.Signer, Seen: st.SHA256})
}
