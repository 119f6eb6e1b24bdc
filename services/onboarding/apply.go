package onboarding

import (
	"context"
	"encoding/json"
	"fmt"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/services/distributors"
	"pagaduria/services/store"
)

// errOwn keeps who declared something for a payee from approving it.
var errOwn = models.Refuse(models.Forbidden, "kyc.refused.own", "You filled in part of this case, so somebody else decides about it.", nil)

// Own answers whether somebody filled in part of a case, or sent it: they may not approve it.
func Own(tx *gorm.DB, by models.Actor, id int64) (bool, error) {
	rows, err := store.SelectTx[struct{ Own bool }](tx, `SELECT EXISTS (SELECT 1 FROM kyc_cases WHERE id = $1 AND submitted_by = $2)
		OR EXISTS (SELECT 1 FROM kyc_answers WHERE case_id = $1 AND staff_id = $2)`, id, by.StaffID)
	if err != nil {
		return false, fmt.Errorf("look who filled in case %d: %w", id, err)
	}
	return rows[0].Own, nil
}

// Apply writes what was declared in a case on its distributor and verifies them, in the transaction of the approval:
// call it after the case was held and judged, with the state before or after the move to Approved. The verification is
// good for kyc.GoodYears. Everything is audited with its values before and after, masked. What the rules of distributors
// refuse (a document that somebody else has, a suspension) is refused with a sentence for the reviewer, and so is
// whoever filled in part of the case. The first way of being paid is taken; another one becomes a request that a second
// person consents to. Changes says before what it will do.
func (s *Service) Apply(tx *gorm.DB, by models.Actor, id int64) error {
	c, err := hold(tx, id)
	if err != nil {
		return err
	}
	switch c.State {
	case kyc.InReview, kyc.SecondReview, kyc.Approved:
	default:
		return models.Refuse(models.Conflict, "kyc.refused.state", "This case has moved on, so that is not possible any more. Load the page again.", map[string]any{"State": string(c.State)})
	}
	own, err := Own(tx, by, id)
	if err != nil {
		return err
	}
	if own {
		return errOwn
	}
	answers, err := answersOf(tx, id)
	if err != nil {
		return err
	}
	d, err := declaration(answers)
	if err != nil {
		return err
	}
	until := s.Today().AddDate(kyc.GoodYears, 0, 0)
	return s.Distributors.Declare(tx, by, c.DistributorID, d, distributors.Decision{To: models.Verified, Until: &until, Reason: fmt.Sprintf("Approved in case %d.", id)})
}

// Changes answers what approving a case would change on its distributor, field by field: catalogue keys with the values
// now and afterwards, not masked; none when everything is as it was. Show it to who judges distributors alone. A refusal
// that stands in the way of approving comes back as the error.
func (s *Service) Changes(ctx context.Context, by models.Actor, id int64) ([]models.Change, error) {
	of, err := store.SelectOne[struct{ Distributor int64 }](ctx, s.DB.Pool, `SELECT distributor_id FROM kyc_cases WHERE id = $1`, id)
	if err != nil {
		return nil, store.NotFound(fmt.Errorf("read case %d: %w", id, err), errNoCase.Key, errNoCase.Message)
	}
	rows, err := store.Select[answer](ctx, s.DB.Pool, selectAnswers, id)
	if err != nil {
		return nil, fmt.Errorf("read answers of case %d: %w", id, err)
	}
	answers := make(map[kyc.Item]answer, len(rows))
	for _, a := range rows {
		answers[a.Item] = a
	}
	d, err := declaration(answers)
	if err != nil {
		return nil, err
	}
	return s.Distributors.Differences(ctx, by, of.Distributor, d)
}

// declaration puts what was declared into the columns of a distributor.
func declaration(answers map[kyc.Item]answer) (d distributors.Declaration, err error) {
	d.Form = distributors.Form{}
	for _, item := range []kyc.Item{kyc.Who, kyc.Contact, kyc.Tax} {
		f, err := kyc.Values(item, []byte(answers[item].Answer))
		if err != nil {
			return d, err
		}
		for column, value := range f {
			if item.Writes(column) {
				d.Form[column] = value
			}
		}
	}
	if a, ok := answers[kyc.Payment]; ok {
		if err := json.Unmarshal([]byte(a.Answer), &d.To); err != nil {
			return d, fmt.Errorf("read answer payment: %w", err)
		}
	}
	return d, nil
}
