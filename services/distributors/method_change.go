package distributors

import (
	"context"
	"encoding/json"
	"fmt"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/intake"
	"pagaduria/services/audit"
	"pagaduria/services/requests"
	"pagaduria/services/store"
)

// RequestKinds are the changes of distributors that need a second person.
func (s *Service) RequestKinds() []requests.Kind {
	return []requests.Kind{
		{Name: models.RequestMethodChange, Decides: models.PermDistributorsEdit, Apply: s.applyMethod},
		{Name: models.RequestMerge, Decides: models.PermDistributorsEdit, Apply: s.applyMerge, Drop: s.dropMerge},
		{Name: models.RequestUnmerge, Decides: models.PermDistributorsEdit, Apply: s.applyUnmerge},
	}
}

// MethodPlace says where a new method would stand among the others.
type MethodPlace bool

// The places.
const (
	Preferred   MethodPlace = true
	Alternative MethodPlace = false
)

// AskMethod asks for a way of paying a distributor seen at that version, and answers the request. Until a second
// person consents nothing changes. The first one always becomes the preferred one.
func (s *Service) AskMethod(ctx context.Context, by models.Actor, id int64, seen int, d models.Destination, place MethodPlace) (request int64, err error) {
	return s.askMethod(ctx, by, id, seen, func(tx *gorm.DB, of models.Distributor) (models.MethodChange, error) {
		c := models.MethodChange{To: intake.CleanDestination(d, of.Payee()), Prefer: place == Preferred || of.MethodKind == ""}
		if faults, _ := intake.ValidateDestination(c.To, of.Payee()); len(faults) > 0 {
			return c, refuse(faults)
		}
		return c, refuseDouble(tx, id, c.To)
	})
}

// AskPreferred asks for making one of the methods the preferred one.
func (s *Service) AskPreferred(ctx context.Context, by models.Actor, id int64, seen int, method int64) (request int64, err error) {
	return s.askMethod(ctx, by, id, seen, func(tx *gorm.DB, of models.Distributor) (models.MethodChange, error) {
		m, err := s.fit(tx, of, method)
		return models.MethodChange{MethodID: method, To: m.Destination, Prefer: true}, err
	})
}

func (s *Service) askMethod(ctx context.Context, by models.Actor, id int64, seen int, judge func(*gorm.DB, models.Distributor) (models.MethodChange, error)) (request int64, err error) {
	if err := forbid(by, models.PermDistributorsEdit); err != nil {
		return 0, err
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		of, err := lock(tx, id, seen)
		if err != nil {
			return err
		}
		c, err := judge(tx, of)
		if err != nil {
			return err
		}
		request, err = s.openMethod(tx, by, of, c)
		return err
	})
	return request, err
}

// openMethod makes the request and tells the payee.
func (s *Service) openMethod(tx *gorm.DB, by models.Actor, of models.Distributor, c models.MethodChange) (int64, error) {
	was, err := preferred(tx, of.ID)
	if err != nil {
		return 0, err
	}
	c.Old = contactOf(of)
	line := models.Change{Field: "distributors.change.other", After: said(c.To)}
	if c.Prefer {
		line.Field = "distributors.change.preferred"
		if was != nil {
			line.Before = said(was.Destination)
		}
	}
	id, err := requests.Open(tx, by, requests.New{Kind: models.RequestMethodChange, SubjectType: "distributor", SubjectID: of.ID, SubjectName: of.Name(), Payload: c,
		Changes: []models.Change{line}, Decides: models.PermDistributorsEdit})
	if err != nil {
		return 0, err
	}
	return id, s.tell(tx, of.ID, c.Old, noticeAsked, said(c.To), "")
}

// said is a destination as people who may not see it whole read it: the name of the bank or wallet and its end. The
// names are the same in every language, so that nothing has to be translated here.
func said(d models.Destination) string {
	name := map[models.MethodKind]string{models.EfectyCash: "Efecty", models.PuntoredCash: "Punto Red", models.Nequi: "Nequi",
		models.Daviplata: "Daviplata", models.BreB: "Bre-B"}[d.Kind]
	if bank, ok := colombia.BankByCode(d.BankCode); ok && d.Kind == models.BankAccount {
		name = bank.Name
	}
	if to := d.Masked(); to != "" {
		name += " " + to
	}
	return name
}

// applyMethod makes the change a second person consented to.
func (s *Service) applyMethod(tx *gorm.DB, by models.Actor, r models.Request) error {
	var c models.MethodChange
	if err := json.Unmarshal(r.Payload, &c); err != nil {
		return fmt.Errorf("read request %d: %w", r.ID, err)
	}
	of, err := hold(tx, r.SubjectID)
	if err != nil {
		return err
	}
	action, before := "distributor.method_add", int64(0)
	if c.MethodID != 0 {
		action, before = "distributor.method_prefer", c.MethodID
		if _, err := s.fit(tx, of, c.MethodID); err != nil {
			return err
		}
	} else {
		if faults, _ := intake.ValidateDestination(c.To, of.Payee()); len(faults) > 0 {
			return unfit(faults[0])
		}
		if err := refuseDouble(tx, of.ID, c.To); err != nil {
			return err
		}
	}
	first, err := s.first(tx, of.ID)
	if err != nil {
		return err
	}
	if err := putMethod(tx, of.ID, before, c, r.ID); err != nil {
		return err
	}
	payable := ""
	if c.Prefer && !first {
		day := s.Today()
		payable = models.CoolsOff(day).Format("2006-01-02")
		if err := tx.Exec("UPDATE distributors SET account_changed_on = ?, payable_from = ? WHERE id = ?", day, models.CoolsOff(day), of.ID).Error; err != nil {
			return fmt.Errorf("let distributor %d wait: %w", of.ID, err)
		}
	}
	if err := followMethod(tx, of.ID); err != nil {
		return err
	}
	if err := s.tell(tx, of.ID, c.Old, noticeChanged, said(c.To), payable); err != nil {
		return err
	}
	after := maskedMethod(c.To, c.Prefer)
	after["request"] = r.ID
	if payable != "" {
		after["payable_from"] = payable
	}
	return audit.Record(tx, audit.Entry{By: by, Action: action, SubjectType: "distributor", SubjectID: of.ID, After: after})
}

// first answers whether the distributor never had a method.
func (s *Service) first(tx *gorm.DB, id int64) (bool, error) {
	rows, err := store.SelectTx[struct{ N int64 }](tx, "SELECT count(*) FROM payout_methods WHERE distributor_id = $1", id)
	if err != nil {
		return false, fmt.Errorf("count methods of distributor %d: %w", id, err)
	}
	return rows[0].N == 0, nil
}

// putMethod adds the method, or prefers the one that is there, with the request that consents to it; 0 is for the first
// one of a distributor, which needs none.
func putMethod(tx *gorm.DB, id, method int64, c models.MethodChange, consent int64) error {
	if c.Prefer {
		if err := tx.Exec("UPDATE payout_methods SET preferred = false WHERE distributor_id = ? AND preferred", id).Error; err != nil {
			return fmt.Errorf("unprefer methods of distributor %d: %w", id, err)
		}
	}
	var err error
	if method != 0 {
		err = tx.Exec("UPDATE payout_methods SET preferred = true, consent_id = ? WHERE distributor_id = ? AND id = ? AND retired_at IS NULL", consent, id, method).Error
	} else {
		err = tx.Exec(`INSERT INTO payout_methods (distributor_id, kind, bank_code, account_type, account_number, bre_b_key, bre_b_kind, preferred, consent_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, nullif(?, 0))`,
			id, c.To.Kind, c.To.BankCode, c.To.AccountType, c.To.AccountNumber, c.To.BreBKey, c.To.BreBKeyKind, c.Prefer, consent).Error
	}
	if err != nil {
		return fmt.Errorf("save method of distributor %d: %w", id, err)
	}
	return nil
}

// fit reads a method that could be preferred. It is judged again: the phone that cash needs may have gone meanwhile.
func (s *Service) fit(tx *gorm.DB, of models.Distributor, method int64) (models.PayoutMethod, error) {
	m, err := s.active(tx, of.ID, method)
	if err != nil {
		return m, err
	}
	if m.Preferred {
		return m, models.Refuse(models.Conflict, "distributors.method_already", "This is the preferred way already.", nil)
	}
	if faults, _ := intake.ValidateDestination(m.Destination, of.Payee()); len(faults) > 0 {
		return m, unfit(faults[0])
	}
	return m, nil
}

func unfit(f intake.Fault) error {
	return models.Refuse(models.Conflict, "distributors.method_unfit", "This way of being paid does not work any more: "+f.Message, map[string]any{"Why": f.Message})
}

func refuseDouble(tx *gorm.DB, id int64, d models.Destination) error {
	rows, err := store.SelectTx[struct{ ID int64 }](tx, `SELECT id FROM payout_methods WHERE distributor_id = $1 AND retired_at IS NULL
		AND (kind, bank_code, account_type, account_number, bre_b_key, bre_b_kind) = ($2, $3, $4, $5, $6, $7)`,
		id, string(d.Kind), d.BankCode, d.AccountType, d.AccountNumber, d.BreBKey, string(d.BreBKeyKind))
	if err != nil {
		return fmt.Errorf("compare methods of distributor %d: %w", id, err)
	}
	if len(rows) > 0 {
		return models.Refuse(models.Conflict, "distributors.method_double", "The distributor has this way of being paid already.", nil)
	}
	return nil
}
