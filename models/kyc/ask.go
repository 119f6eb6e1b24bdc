package kyc

import (
	"slices"
	"unicode/utf8"

	"pagaduria/models"
)

// AskMany is one thing that several payees are asked for again.
type AskMany struct {
	Item    Item
	Reason  Reason
	ToPayee string // "" is the usual text of the reason, in the language of each
}

// AskableItems are what can be asked of many at once, in the order pages show them.
func AskableItems() (list []Item) {
	for _, a := range asked {
		if a.Item.Judged() && !slices.Contains(list, a.Item) {
			list = append(list, a.Item)
		}
	}
	return list
}

// AskableReasons are those that payees are told of, for any thing.
func AskableReasons() []Reason {
	return slices.DeleteFunc(slices.Clone(Reasons), Reason.Silent)
}

// Check refuses an incomplete one, field by field.
func (q AskMany) Check() error {
	refusal := models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil)
	if !slices.Contains(AskableItems(), q.Item) {
		_ = refusal.WithField("item", "case.fault.item")
	}
	if q.Reason.Silent() || !slices.Contains(ReasonsFor(q.Item), q.Reason) {
		_ = refusal.WithField("reason", "case.fault.reason_fits")
	}
	if utf8.RuneCountInString(q.ToPayee) > DecideTextLimit {
		_ = refusal.WithField("to_payee", "case.fault.to_payee")
	}
	if len(refusal.Fields) > 0 {
		return refusal
	}
	return nil
}
