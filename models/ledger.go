package models

import "fmt"

// AccountKind is one kind of account of the books. An account is a kind and a party.
type AccountKind string

// The accounts. Payable, held and receivable belong to a distributor; in transit, float and fees to a connection;
// the commission
// expense and the bank are the merchant's own (party 0).
const (
	AccountExpense    AccountKind = "commission_expense"
	AccountPayable    AccountKind = "payable"    // owed to the distributor
	AccountHeld       AccountKind = "held"       // owed, and set aside in a batch
	AccountInTransit  AccountKind = "in_transit" // handed to the rail, not collected yet
	AccountFloat      AccountKind = "float"      // the merchant's money at the rail; goes down when a payout is collected
	AccountFees       AccountKind = "fee_expense"
	AccountGMF        AccountKind = "gmf_expense" // the tax on bank transactions
	AccountReceivable AccountKind = "receivable"  // paid twice to the distributor, until it is taken off what they earn
	AccountBank       AccountKind = "bank"        // the merchant's own, where the float comes from
)

// AccountKinds lists every kind in the order of the trial balance.
var AccountKinds = []AccountKind{AccountExpense, AccountFees, AccountGMF, AccountPayable, AccountHeld, AccountReceivable, AccountInTransit, AccountFloat, AccountBank}

// DebitNormal answers whether the account grows on the debit side (expenses and assets).
func (k AccountKind) DebitNormal() bool {
	return k == AccountExpense || k == AccountFees || k == AccountGMF || k == AccountFloat || k == AccountBank || k == AccountReceivable
}

// Account is one account of the books.
type Account struct {
	Kind  AccountKind
	Party int64
}

// EntryKind says what a posting records.
type EntryKind string

// The kinds of posting.
const (
	EntryAccrual   EntryKind = "accrual"   // a commission line was stored
	EntryClawback  EntryKind = "clawback"  // a negative line was stored
	EntryHold      EntryKind = "hold"      // payable → held: composed into a batch
	EntryRelease   EntryKind = "release"   // held → payable: taken out of a batch before it left
	EntryDispatch  EntryKind = "dispatch"  // held → in transit: about to be sent
	EntryRecall    EntryKind = "recall"    // in transit → held: nothing was sent after all
	EntryPaid      EntryKind = "paid"      // in transit → float
	EntryFee       EntryKind = "fee"       // fee expense → float
	EntryGMF       EntryKind = "gmf"       // GMF expense → float
	EntryFailed    EntryKind = "failed"    // in transit → payable
	EntryExpired   EntryKind = "expired"   // in transit → payable
	EntryCancelled EntryKind = "cancelled" // in transit → payable
	EntryReturned  EntryKind = "returned"  // float → payable (or in transit → payable when we never saw it paid)

	EntryFeeAdjustment EntryKind = "fee_adjustment" // fee expense ↔ float: the rail charged something else than expected
	EntryTopUp         EntryKind = "topup"          // bank → float
	EntryPaidTwice     EntryKind = "paid_twice"     // receivable ↔ payable: a payee was paid the same lines by two payouts, or that was put right
	EntryMerge         EntryKind = "merge"          // payable → payable of another record of the same person, or back
)

// Source names the record a posting follows from. Step is the record's version, so that one change is posted once.
type Source struct {
	Kind string // commission, payout, topup or merge
	ID   int64
	Step int
}

// Transfer is one posting: an amount that leaves one account and arrives at another. It balances by its shape.
type Transfer struct {
	Kind          EntryKind
	Debit, Credit Account
	Amount        Money
	Source        Source
}

// Check refuses a transfer that would not mean anything.
func (t Transfer) Check() error {
	switch {
	case !t.Amount.Positive():
		return fmt.Errorf("posting %s of %s %d: amount %s is not positive", t.Kind, t.Source.Kind, t.Source.ID, t.Amount)
	case t.Debit == t.Credit:
		return fmt.Errorf("posting %s of %s %d: debit and credit are the same account", t.Kind, t.Source.Kind, t.Source.ID)
	}
	return nil
}
