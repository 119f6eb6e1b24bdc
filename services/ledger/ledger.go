// Package ledger keeps the books: double entry in one append-only table. Every function that writes takes the
// caller's transaction, so that a posting and the change it follows from are one.
package ledger

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/store"
)

const insertEntries = `
INSERT INTO ledger_entries (debit, debit_party, credit, credit_party, amount, currency, kind, source, source_id, step)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::text[],
    $8::text[], $9::bigint[], $10::integer[])`

// Post writes transfers. A second posting of the same source, step and kind is refused by the database.
func Post(tx *gorm.DB, transfers ...models.Transfer) error {
	if len(transfers) == 0 {
		return nil
	}
	n := len(transfers)
	debit, credit, currency := make([]string, n), make([]string, n), make([]string, n)
	kind, source := make([]string, n), make([]string, n)
	debitParty, creditParty, amount, sourceID := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	step := make([]int32, n)
	for i, t := range transfers {
		if err := t.Check(); err != nil {
			return err
		}
		debit[i], debitParty[i] = string(t.Debit.Kind), t.Debit.Party
		credit[i], creditParty[i] = string(t.Credit.Kind), t.Credit.Party
		amount[i], currency[i], kind[i] = t.Amount.Minor, string(t.Amount.Currency), string(t.Kind)
		source[i], sourceID[i], step[i] = t.Source.Kind, t.Source.ID, int32(t.Source.Step)
	}
	_, err := store.ExecTx(tx, insertEntries, debit, debitParty, credit, creditParty, amount, currency, kind, source, sourceID, step)
	if err != nil {
		return fmt.Errorf("post %d transfers, first %s of %s %d: %w", n, kind[0], source[0], sourceID[0], err)
	}
	return nil
}

const balance = `
SELECT COALESCE((SELECT sum(amount) FROM ledger_entries WHERE debit_party = @party AND debit = @kind), 0)
     - COALESCE((SELECT sum(amount) FROM ledger_entries WHERE credit_party = @party AND credit = @kind), 0)`

// Balance returns what stands on an account, positive on its normal side: what is owed for payable and held,
// what is under way for in transit.
func Balance(tx *gorm.DB, account models.Account) (models.Money, error) {
	var debitMinusCredit int64
	err := tx.Raw(balance, map[string]any{"party": account.Party, "kind": string(account.Kind)}).Scan(&debitMinusCredit).Error
	if err != nil {
		return models.Money{}, fmt.Errorf("balance of %s %d: %w", account.Kind, account.Party, err)
	}
	if account.Kind.DebitNormal() {
		return models.Centavos(debitMinusCredit), nil
	}
	return models.Centavos(-debitMinusCredit), nil
}

// TrialLine is one kind of account in the trial balance. Sums are minor units.
type TrialLine struct {
	Account       models.AccountKind
	Currency      models.Currency
	Debit, Credit int64
}

// DebitTotal and CreditTotal are the line's sums as money.
func (l TrialLine) DebitTotal() models.Money {
	return models.Money{Minor: l.Debit, Currency: l.Currency}
}
func (l TrialLine) CreditTotal() models.Money {
	return models.Money{Minor: l.Credit, Currency: l.Currency}
}

// Balance is what stands on the line, positive on the account's normal side.
func (l TrialLine) Balance() models.Money {
	m := l.DebitTotal().Sub(l.CreditTotal())
	if !l.Account.DebitNormal() {
		m = m.Neg()
	}
	return m
}

const trial = `
SELECT account, currency, CAST(sum(debit) AS bigint) AS debit, CAST(sum(credit) AS bigint) AS credit
FROM ledger_tallies GROUP BY account, currency ORDER BY currency, account`

// Trial returns the trial balance from the running sums: debits equal credits in each currency.
func Trial(ctx context.Context, db *gorm.DB) ([]TrialLine, error) {
	var lines []TrialLine
	if err := db.WithContext(ctx).Raw(trial).Scan(&lines).Error; err != nil {
		return nil, fmt.Errorf("trial balance: %w", err)
	}
	return lines, nil
}
