package payouts

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/ident"
	"pagaduria/services/distributors"
	"pagaduria/services/requests"
	"pagaduria/services/store"
)

// WhyNotRenewed answers why a payout cannot be taken back and issued again, for the reason of kind, or "".
func (s *Service) WhyNotRenewed(ctx context.Context, p models.Payout, kind models.RenewalKind) (models.Refusal, error) {
	return s.whyNotRenewed(ctx, s.DB.Pool, p, kind)
}

func (s *Service) whyNotRenewed(ctx context.Context, q store.Querier, p models.Payout, kind models.RenewalKind) (models.Refusal, error) {
	if why := p.State.WhyNotTakenBack(); why != "" {
		return why, nil
	}
	open, err := store.Select[struct{ ID int64 }](ctx, q, `SELECT id FROM payout_renewals WHERE payout_id = $1 AND ended_at IS NULL`, p.ID)
	if err != nil {
		return "", fmt.Errorf("renewals of payout %d: %w", p.ID, err)
	}
	if len(open) > 0 {
		return models.RefusedRenewing, nil
	}
	if !p.State.Releases() {
		return "", nil
	}
	list, err := s.failuresOf(ctx, q, []int64{p.ID})
	if err != nil || len(list) == 0 {
		return models.RefusedAgain, err
	}
	f := list[0]
	if f.Why == models.RefusedCause && (kind == models.RenewName && f.Cure.MendedByName() || kind == models.RenewNetwork && f.Cure.MendedByNetwork()) {
		return "", nil // that is what this is for
	}
	return f.Why, nil
}

func whyNotRenewedTx(tx *gorm.DB, s *Service, p models.Payout, kind models.RenewalKind) (why models.Refusal, err error) {
	err = store.Conn(tx, func(c *pgx.Conn) error {
		why, err = s.whyNotRenewed(tx.Statement.Context, c, p, kind)
		return err
	})
	return why, err
}

func refuseRenewal(why models.Refusal) error {
	key := "renewal.refused." + string(why)
	return models.Refuse(models.Conflict, key, "The payout is not taken back: "+string(why)+".", nil)
}

// AskRightName asks for the payee of a payout to be named as the document says, and answers the request. Until a second
// person, who judges payees, consents nothing changes. The form shows the whole document, so it is for those who may see it.
func (s *Service) AskRightName(ctx context.Context, by models.Actor, payout int64, typed models.Identity, reason string) (request int64, err error) {
	if !by.May(models.PermPersonalReveal) {
		return 0, models.Refuse(models.Forbidden, "renewal.refused.ask_role", "Your role does not ask for changes.", nil)
	}
	if reason == "" {
		return 0, models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil).WithField("reason", "payout.refused.reason")
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		p, err := loadLocked(tx, payout)
		if err != nil {
			return err
		}
		why, err := whyNotRenewedTx(tx, s, p, models.RenewName)
		if err != nil {
			return err
		}
		if why != "" {
			return refuseRenewal(why)
		}
		was, right, err := distributors.CheckIdentity(tx, p.DistributorID, typed)
		if err != nil {
			return err
		}
		if right == p.Payee.Identity() && right == was {
			return refuseRenewal(models.RefusedNothing)
		}
		request, err = requests.Open(tx, by, requests.New{Kind: models.RequestCorrectName, SubjectType: "payout", SubjectID: payout,
			Payload: models.NameCorrection{Was: was, Right: right}, Changes: identityChanges(p.Payee.Identity(), right), Reason: reason, Decides: models.PermDistributorsJudge})
		return err
	})
	return request, err
}

// wholeIdentity is the lines of a request with the numbers unmasked.
func wholeIdentity(r models.Request) ([]models.Change, error) {
	var c models.NameCorrection
	if err := json.Unmarshal(r.Payload, &c); err != nil {
		return nil, fmt.Errorf("read request %d: %w", r.ID, err)
	}
	lines := slices.Clone(r.Changes)
	for i := range lines {
		if lines[i].Field == "renewal.field.document" {
			lines[i].Before, lines[i].After = whole(c.Was), whole(c.Right)
		}
	}
	return lines, nil
}

func whole(i models.Identity) string { return i.DocType + " " + i.DocNumber + i.DocDV }

// identityChanges are the lines that differ, as the second person reads them. Numbers are masked: to see them whole is
// asked for with a reason, see wholeIdentity.
func identityChanges(was, right models.Identity) []models.Change {
	var list []models.Change
	for _, l := range []struct{ field, before, after string }{
		{"given_names", was.GivenNames, right.GivenNames}, {"surnames", was.Surnames, right.Surnames}, {"business_name", was.BusinessName, right.BusinessName},
	} {
		if l.before != l.after {
			list = append(list, models.Change{Field: "renewal.field." + l.field, Before: l.before, After: l.after})
		}
	}
	if whole(was) != whole(right) {
		list = append(list, models.Change{Field: "renewal.field.document", Before: ident.Mask(was.DocType, was.DocNumber, was.DocDV), After: ident.Mask(right.DocType, right.DocNumber, right.DocDV)})
	}
	return list
}

// correctName makes the change a second person consented to: the distributor is named rightly from now on, and the
// payout is taken back and issued again by a job. What was collected meanwhile was collected: then nothing changes.
func (s *Service) correctName(tx *gorm.DB, by models.Actor, r models.Request) error {
	var c models.NameCorrection
	if err := json.Unmarshal(r.Payload, &c); err != nil {
		return fmt.Errorf("read request %d: %w", r.ID, err)
	}
	p, err := loadLocked(tx, r.SubjectID)
	if err != nil {
		return err
	}
	why, err := whyNotRenewedTx(tx, s, p, models.RenewName)
	if err != nil {
		return err
	}
	if why != "" {
		return refuseRenewal(why)
	}
	if err := distributors.CorrectIdentity(tx, by, p.DistributorID, c, r.Reason, s.Now()); err != nil {
		return err
	}
	maker, err := preparer(tx, r.MakerID, by)
	if err != nil {
		return err
	}
	_, err = s.openRenewal(tx, by, models.Renewal{PayoutID: p.ID, Kind: models.RenewName, RequestID: r.ID, MakerID: maker, Reason: r.Reason})
	return err
}

// preparer is who prepares the new batch: who asked, else who consented, 0 when neither may.
func preparer(tx *gorm.DB, asked int64, by models.Actor) (int64, error) {
	maker, ok, err := activePreparer(tx, asked)
	switch {
	case err != nil:
		return 0, err
	case ok:
		return maker.StaffID, nil
	case by.May(models.PermBatchesPrepare):
		return by.StaffID, nil
	}
	return 0, nil
}

// activePreparer reads somebody, and whether they prepare batches now.
func activePreparer(tx *gorm.DB, id int64) (models.Actor, bool, error) {
	people, err := store.SelectTx[struct {
		Name   string
		Roles  []models.Role
		Active bool
	}](tx, makerOf, id)
	if err != nil || len(people) == 0 {
		return models.Actor{}, false, err
	}
	a := models.Actor{StaffID: id, Name: people[0].Name, Roles: people[0].Roles}
	return a, people[0].Active && a.May(models.PermBatchesPrepare), nil
}
