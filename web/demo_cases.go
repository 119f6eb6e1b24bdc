package main

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"iter"
	"maps"
	"strings"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/services/distributors"
	"pagaduria/services/documents"
	"pagaduria/services/onboarding"
	"pagaduria/services/store"
	"pagaduria/services/vault"
)

//go:embed demodata
var demoPapers embed.FS

// demoCases are cases as an ordinary week leaves them: some invited, one half filled in, one sent, one whose payee was asked
// again, and one of a company. Support fills in, so that every officer may decide.
func (a *app) demoCases(ctx context.Context) error {
	by, err := a.demoActor(ctx, "support@demo.test")
	if err != nil {
		return err
	}
	people, err := store.Select[struct{ ID int64 }](ctx, a.db.Pool, `SELECT id FROM distributors WHERE verification = 'unverified' AND person_kind = 'natural' AND doc_type = 'CC' ORDER BY id LIMIT 5`)
	if err != nil {
		return err
	}
	for i, p := range people {
		id, err := a.h.Onboarding.Invite(ctx, by, p.ID)
		if err != nil {
			return err
		}
		if i > 2 {
			continue // invited
		}
		if err := a.demoCase(ctx, by, id, p.ID, i != 1); err != nil {
			return fmt.Errorf("demo case %d: %w", id, err)
		}
		if i == 2 {
			if err := a.demoAgain(ctx, id); err != nil {
				return fmt.Errorf("demo case %d: %w", id, err)
			}
		}
	}
	return a.demoCompany(ctx, by)
}

// demoAgain has an officer ask the payee of a case for another picture.
func (a *app) demoAgain(ctx context.Context, id int64) error {
	officer, err := a.demoActor(ctx, "compliance@demo.test")
	if err != nil {
		return err
	}
	if err := a.h.Review.Take(ctx, officer, id); err != nil {
		return err
	}
	if err := a.h.Review.Decide(ctx, officer, id, kyc.Item(models.DocumentIdentity), kyc.Decide{Verdict: kyc.AskAgain, Version: 1, Reason: kyc.DocSideMissing}); err != nil {
		return err
	}
	now, err := store.SelectOne[struct{ Version int }](ctx, a.db.Pool, `SELECT version FROM kyc_cases WHERE id = $1`, id)
	if err != nil {
		return err
	}
	return a.h.Review.Ask(ctx, officer, id, now.Version)
}

// demoCompany is a company that is known anew.
func (a *app) demoCompany(ctx context.Context, by models.Actor) error {
	company, err := store.Select[struct{ ID int64 }](ctx, a.db.Pool, `SELECT id FROM distributors d WHERE person_kind = 'juridical' AND email <> ''
		AND NOT EXISTS (SELECT 1 FROM kyc_cases c WHERE c.distributor_id = d.id) ORDER BY verification <> 'unverified', id LIMIT 1`)
	if err != nil || len(company) == 0 {
		return err
	}
	id, err := a.h.Onboarding.OpenFor(ctx, by, company[0].ID)
	if err != nil {
		return err
	}
	if err := a.demoCase(ctx, by, id, company[0].ID, true); err != nil {
		return fmt.Errorf("demo case %d: %w", id, err)
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
	for step, form := range demoAnswers(d) {
		if err := a.h.Onboarding.FillIn(ctx, by, id, step, form); err != nil {
			return err
		}
		if !whole && step == kyc.Step(kyc.Contact) {
			return a.demoPaper(ctx, by, id, kyc.Item(models.DocumentIdentity))
		}
	}
	for _, asked := range kyc.AskedOf(d.PersonKind, a.today()) {
		if asked.Document() && asked.Required {
			if err := a.demoPaper(ctx, by, id, asked.Item); err != nil {
				return err
			}
		}
	}
	st, err := a.h.Onboarding.Statement(ctx, id)
	if err != nil {
		return err
	}
	return a.h.Onboarding.SignFor(ctx, by, id, onboarding.Signing{Name: st.Signer, Seen: st.SHA256})
}

// demoAnswers are the steps in their order.
func demoAnswers(d models.Distributor) iter.Seq2[kyc.Step, kyc.Form] {
	who := kyc.Form{"person_kind": d.PersonKind, "doc_type": d.DocType, "doc_number": d.DocNumber, "first_names": d.GivenNames, "last_names": d.Surnames, "divipola": d.Divipola, "address": d.Address}
	pay, tax := kyc.Form{"payout_method": string(models.EfectyCash)}, "natural_no_declarante"
	if d.PersonKind == "juridical" {
		maps.Copy(who, kyc.Form{"doc_dv": d.DocDV, "business_name": d.BusinessName, "rep_name": "Gloria Inés Patiño Rey", "rep_doc_type": "CC", "rep_doc_number": "52123456"})
		pay, tax = kyc.Form{"payout_method": "bank", "bank_code": "007", "account_type": "S", "account_number": "23456789012"}, "juridica"
	}
	if who["address"] == "" {
		who["address"] = "Carrera 15 # 93-47"
	}
	return func(yield func(kyc.Step, kyc.Form) bool) {
		_ = yield(kyc.Step(kyc.Who), who) && yield(kyc.Step(kyc.Contact), kyc.Form{"phone": d.Phone, "email": d.Email}) &&
			yield(kyc.Step(kyc.Payment), pay) && yield(kyc.Step(kyc.Tax), kyc.Form{"tax_status": tax}) &&
			(d.PersonKind != "juridical" || yield(kyc.Step(kyc.Owners), kyc.Form{"owner0_name": "Gloria Inés Patiño Rey", "owner0_doc_type": "CC", "owner0_doc_number": "52123456", "owner0_share": "60",
				"owner1_name": "Rodrigo Patiño Rey", "owner1_doc_type": "CC", "owner1_doc_number": "79456123", "owner1_share": "40"})) &&
			yield(kyc.Step(kyc.Declarations), kyc.Form{"pep": "no", "relative": "no", "funds": "commissions"})
	}
}

// demoFiles are what is sent for a document; a card has two sides.
var demoFiles = map[models.DocumentKind][]string{
	models.DocumentIdentity: {"01a_cedula_frente.jpg", "01b_cedula_reverso.jpg"}, models.DocumentRepresentative: {"01a_cedula_frente.jpg", "01b_cedula_reverso.jpg"},
	models.DocumentRUT: {"14_rut_natural.pdf"}, models.DocumentBank: {"17_cert_bancaria_vigente.pdf"},
	models.DocumentChamber: {"21_camara_comercio_vigente.pdf"}, models.DocumentShareholders: {"22_camara_comercio_30_dias.pdf"},
}

// demoPaper sends one document of a case.
func (a *app) demoPaper(ctx context.Context, by models.Actor, id int64, item kyc.Item) error {
	in, err := a.h.Onboarding.IntakeFor(ctx, by, id)
	if err != nil {
		return err
	}
	p := onboarding.Papers{Form: fmt.Sprintf("%x", vault.Random(16))}
	names := demoFiles[item.DocumentKind()]
	if in.PersonKind == "juridical" && item.DocumentKind() == models.DocumentRUT {
		names = []string{"15_rut_juridica.pdf"}
	}
	for i, name := range names {
		body, err := demoPapers.ReadFile("demodata/" + name)
		if err != nil {
			return err
		}
		u, err := a.h.Documents.Receive(ctx, in.From, models.FileUpload{Name: name, Size: int64(len(body))}, bytes.NewReader(body))
		if err != nil {
			return err
		}
		part := documents.Part{Upload: u.ID}
		if item.Card() {
			part.Side = []models.DocumentSide{models.SideFront, models.SideBack}[i]
		}
		p.Parts = append(p.Parts, part)
	}
	return a.h.Onboarding.FillPaper(ctx, by, id, item, p)
}
