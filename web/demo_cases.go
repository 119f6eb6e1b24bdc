package main

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/services/distributors"
	"pagaduria/services/documents"
	"pagaduria/services/onboarding"
	"pagaduria/services/review"
	"pagaduria/services/store"
	"pagaduria/services/vault"
)

//go:embed demodata
var demoPapers embed.FS

// What becomes of the people of the demo's cases, in their order.
const (
	demoSent    = iota // nobody has it
	demoHalf           // half filled in
	demoAsked          // the payee was asked for another picture
	demoUnder          // an officer is in the midst of it
	demoSecond         // approved by one, waits for another
	demoTwin           // sent the papers of somebody else
	demoInvited        // only invited, like those after
)

// demoCases are cases as an ordinary week leaves them. Support fills in, so that every officer may decide.
func (a *app) demoCases(ctx context.Context) error {
	by, err := a.demoActor(ctx, "support@demo.test")
	if err != nil {
		return err
	}
	people, err := store.Select[struct{ ID int64 }](ctx, a.db.Pool, `SELECT id FROM distributors WHERE verification = 'unverified' AND person_kind = 'natural' AND doc_type = 'CC' ORDER BY id LIMIT 8`)
	if err != nil {
		return err
	}
	for i, p := range people {
		id, err := a.h.Onboarding.Invite(ctx, by, p.ID)
		if err != nil {
			return err
		}
		if i >= demoInvited {
			continue
		}
		if err := a.demoCase(ctx, by, id, p.ID, i); err != nil {
			return fmt.Errorf("demo case %d: %w", id, err)
		}
		if err := a.demoWork(ctx, id, i); err != nil {
			return fmt.Errorf("demo case %d: %w", id, err)
		}
	}
	if err := a.demoCompany(ctx, by); err != nil {
		return err
	}
	return a.demoNear(ctx, by)
}

// demoWork is what officers did about a case so far.
func (a *app) demoWork(ctx context.Context, id int64, what int) error {
	officer, err := a.demoActor(ctx, "compliance@demo.test")
	if err != nil {
		return err
	}
	identity := kyc.Item(models.DocumentIdentity)
	switch what {
	case demoAsked:
		if err := a.demoVerdicts(ctx, officer, id, kyc.Decide{Verdict: kyc.AskAgain, Reason: kyc.DocSideMissing}, identity); err != nil {
			return err
		}
		now, err := a.demoVersion(ctx, id)
		if err != nil {
			return err
		}
		return a.h.Review.Ask(ctx, officer, id, now)
	case demoUnder:
		if err := a.demoVerdicts(ctx, officer, id, kyc.Decide{Verdict: kyc.Accept}, kyc.Who, kyc.Contact, kyc.Payment, identity); err != nil {
			return err
		}
		if err := a.demoVerdicts(ctx, officer, id, kyc.Decide{Verdict: kyc.AskAgain, Reason: kyc.DocUnreadable, Note: "La segunda página está cortada"}, kyc.Item(models.DocumentRUT)); err != nil {
			return err
		}
		if err := a.h.Review.Tag(ctx, officer, []int64{id}, "Feria Cali", false); err != nil {
			return err
		}
		return a.h.Review.Note(ctx, officer, id, "@Ricardo Leal, ¿la dirección es la de la bodega de la feria?")
	case demoSecond:
		other, err := a.demoActor(ctx, "compliance2@demo.test")
		if err != nil {
			return err
		}
		rows, err := store.Select[struct{ Item kyc.Item }](ctx, a.db.Pool, `SELECT item FROM kyc_items WHERE case_id = $1 AND state = 'given' AND item NOT IN ('consent','signature') ORDER BY position`, id)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if err := a.demoVerdicts(ctx, other, id, kyc.Decide{Verdict: kyc.Accept}, r.Item); err != nil {
				return err
			}
		}
		now, err := a.demoVersion(ctx, id)
		if err != nil {
			return err
		}
		_, err = a.h.Review.Judge(ctx, other, id, review.Judgement{Outcome: kyc.Approving, Note: "El cargo terminó en 2023; el origen de los fondos son sus ventas.", Seen: now})
		return err
	}
	return nil
}

func (a *app) demoVersion(ctx context.Context, id int64) (int, error) {
	now, err := store.SelectOne[struct{ Version int }](ctx, a.db.Pool, `SELECT version FROM kyc_cases WHERE id = $1`, id)
	return now.Version, err
}

// demoVerdicts has an officer say the same of several things of a case.
func (a *app) demoVerdicts(ctx context.Context, by models.Actor, id int64, d kyc.Decide, items ...kyc.Item) error {
	d.Version = 1
	for _, item := range items {
		if err := a.h.Review.Decide(ctx, by, id, item, d); err != nil {
			return err
		}
	}
	return nil
}

// demoNear is a case of somebody whose name is near one on a list.
func (a *app) demoNear(ctx context.Context, by models.Actor) error {
	near, err := store.Select[struct{ ID int64 }](ctx, a.db.Pool, `SELECT min(distributor_id) FROM screening_hits WHERE state = 'open' HAVING count(*) > 0`)
	if err != nil || len(near) == 0 {
		return err
	}
	id, err := a.h.Onboarding.OpenFor(ctx, by, near[0].ID)
	if err != nil {
		return err
	}
	return a.demoCase(ctx, by, id, near[0].ID, demoSent)
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
	if err := a.demoCase(ctx, by, id, company[0].ID, demoSent); err != nil {
		return fmt.Errorf("demo case %d: %w", id, err)
	}
	return nil
}

// demoCase fills a case in as staff do for somebody at the counter.
func (a *app) demoCase(ctx context.Context, by models.Actor, id, distributor int64, what int) error {
	d, err := a.h.Distributors.Get(ctx, distributor)
	if err != nil {
		return err
	}
	paper := distributors.Evidence{Name: "autorizacion.pdf", Mime: "application/pdf", Body: strings.NewReader("%PDF-1.4\n% signed by hand, in the demo\n")}
	if err := a.h.Onboarding.AgreePaper(ctx, by, id, onboarding.Agreement{TextVersion: kyc.ConsentVersion, Lang: "es", Sensitive: true}, paper); err != nil {
		return err
	}
	for step, form := range demoAnswers(d, what == demoSecond) {
		if err := a.h.Onboarding.FillIn(ctx, by, id, step, form); err != nil {
			return err
		}
		if what == demoHalf && step == kyc.Step(kyc.Contact) {
			return a.demoPaper(ctx, by, id, kyc.Item(models.DocumentIdentity), distributor)
		}
	}
	own := distributor // whose papers are sent
	if what == demoTwin || what == demoUnder {
		own = 0 // two people send the same ones
	}
	for _, asked := range kyc.AskedOf(d.PersonKind, a.today()) {
		if asked.Document() && asked.Required {
			if err := a.demoPaper(ctx, by, id, asked.Item, own); err != nil {
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
func demoAnswers(d models.Distributor, exposed bool) iter.Seq2[kyc.Step, kyc.Form] {
	who := kyc.Form{"person_kind": d.PersonKind, "doc_type": d.DocType, "doc_number": d.DocNumber, "first_names": d.GivenNames, "last_names": d.Surnames, "divipola": d.Divipola, "address": d.Address}
	pay, tax := kyc.Form{"payout_method": string(models.EfectyCash)}, "natural_no_declarante"
	if d.PersonKind == "juridical" {
		maps.Copy(who, kyc.Form{"doc_dv": d.DocDV, "business_name": d.BusinessName, "rep_name": "Gloria Inés Patiño Rey", "rep_doc_type": "CC", "rep_doc_number": "52123456"})
		pay, tax = kyc.Form{"payout_method": "bank", "bank_code": "007", "account_type": "S", "account_number": "23456789012"}, "juridica"
	}
	declared := kyc.Form{"pep": "no", "relative": "no", "funds": "commissions"}
	if exposed {
		maps.Copy(declared, kyc.Form{"pep": "yes", "office": "Concejal de Palmira, 2020 a 2023"})
	}
	for field, text := range map[string]string{"address": "Carrera 15 # 93-47", "divipola": "11001"} {
		who[field] = cmp.Or(who[field], text)
	}
	reach := kyc.Form{"phone": cmp.Or(d.Phone, "+573001112233"), "email": cmp.Or(d.Email, "distribuidor@example.com")}
	return func(yield func(kyc.Step, kyc.Form) bool) {
		_ = yield(kyc.Step(kyc.Who), who) && yield(kyc.Step(kyc.Contact), reach) &&
			yield(kyc.Step(kyc.Payment), pay) && yield(kyc.Step(kyc.Tax), kyc.Form{"tax_status": tax}) &&
			(d.PersonKind != "juridical" || yield(kyc.Step(kyc.Owners), kyc.Form{"owner0_name": "Gloria Inés Patiño Rey", "owner0_doc_type": "CC", "owner0_doc_number": "52123456", "owner0_share": "60",
				"owner1_name": "Rodrigo Patiño Rey", "owner1_doc_type": "CC", "owner1_doc_number": "79456123", "owner1_share": "40"})) &&
			yield(kyc.Step(kyc.Declarations), declared)
	}
}

// demoFiles are what is sent for a document; a card has two sides.
var demoFiles = map[models.DocumentKind][]string{
	models.DocumentIdentity: {"01a_cedula_frente.jpg", "01b_cedula_reverso.jpg"}, models.DocumentRepresentative: {"01a_cedula_frente.jpg", "01b_cedula_reverso.jpg"},
	models.DocumentRUT: {"14_rut_natural.pdf"}, models.DocumentBank: {"17_cert_bancaria_vigente.pdf"},
	models.DocumentChamber: {"21_camara_comercio_vigente.pdf"}, models.DocumentShareholders: {"22_camara_comercio_30_dias.pdf"},
}

// marked is a file as nobody else sends it: a comment that no reader shows, at the end of a PDF or at the beginning of a
// picture.
func marked(body []byte, owner int64) []byte {
	text := fmt.Sprintf("%020d", owner)
	if bytes.HasPrefix(body, []byte("%PDF-")) {
		return append(bytes.Clone(body), "\n% "+text+"\n"...)
	}
	comment := append([]byte{0xff, 0xfe, 0, byte(len(text) + 2)}, text...)
	return slices.Concat(body[:2], comment, body[2:])
}

// demoPaper sends one document of a case, with the mark of an owner.
func (a *app) demoPaper(ctx context.Context, by models.Actor, id int64, item kyc.Item, owner int64) error {
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
		body = marked(body, owner)
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
