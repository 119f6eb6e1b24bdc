package models

import "time"

// PayoutState is where one payout stands. The words are the same in SQL, in URLs and in the catalogues.
type PayoutState string

// The states of a payout.
const (
	PayoutInBatch    PayoutState = "in_batch"   // composed, waiting for approval
	PayoutApproved   PayoutState = "approved"   // approved, waiting for hand-over; undo is possible
	PayoutSubmitting PayoutState = "submitting" // the attempt is on record, the rail may or may not have it
	PayoutUnknown    PayoutState = "unknown"    // no trustworthy answer: look up before anything else
	PayoutSent       PayoutState = "sent"       // the rail accepted it
	PayoutAvailable  PayoutState = "available"  // ready to collect (cash) or handed to the bank
	PayoutPaid       PayoutState = "paid"       // collected or credited; may still be returned
	PayoutFailed     PayoutState = "failed"     // the rail refused it; the money is payable again
	PayoutExpired    PayoutState = "expired"    // not collected in time; the money is payable again
	PayoutReturned   PayoutState = "returned"   // reversed after it was paid; the money is payable again
	PayoutCancelled  PayoutState = "cancelled"  // taken back before it was paid; the money is payable again
	PayoutOnHold     PayoutState = "on_hold"    // held at the rail
)

// PayoutStates lists every state in the order pages show them.
var PayoutStates = []PayoutState{
	PayoutInBatch, PayoutApproved, PayoutSubmitting, PayoutUnknown, PayoutSent, PayoutAvailable, PayoutOnHold,
	PayoutPaid, PayoutFailed, PayoutExpired, PayoutReturned, PayoutCancelled,
}

// payoutMoves lists, for each state, the states it may move to.
var payoutMoves = map[PayoutState][]PayoutState{
	PayoutInBatch:    {PayoutApproved, PayoutCancelled},
	PayoutApproved:   {PayoutSubmitting, PayoutCancelled, PayoutInBatch},
	PayoutSubmitting: {PayoutSent, PayoutAvailable, PayoutPaid, PayoutFailed, PayoutUnknown, PayoutExpired, PayoutReturned, PayoutCancelled, PayoutOnHold, PayoutApproved},
	PayoutUnknown:    {PayoutSent, PayoutAvailable, PayoutPaid, PayoutFailed, PayoutExpired, PayoutReturned, PayoutCancelled, PayoutOnHold, PayoutApproved},
	PayoutSent:       {PayoutAvailable, PayoutPaid, PayoutFailed, PayoutExpired, PayoutReturned, PayoutCancelled, PayoutOnHold},
	PayoutAvailable:  {PayoutPaid, PayoutFailed, PayoutExpired, PayoutReturned, PayoutCancelled, PayoutOnHold},
	PayoutOnHold:     {PayoutSent, PayoutAvailable, PayoutPaid, PayoutFailed, PayoutExpired, PayoutReturned, PayoutCancelled},
	PayoutPaid:       {PayoutReturned},
}

// Valid answers whether s is a known state.
func (s PayoutState) Valid() bool {
	for _, k := range PayoutStates {
		if k == s {
			return true
		}
	}
	return false
}

// CanMoveTo answers whether a payout may go from s to next.
func (s PayoutState) CanMoveTo(next PayoutState) bool {
	for _, n := range payoutMoves[s] {
		if n == next {
			return true
		}
	}
	return false
}

// Final answers whether the payout has come to rest. A paid one may still be returned.
func (s PayoutState) Final() bool {
	switch s {
	case PayoutPaid, PayoutFailed, PayoutExpired, PayoutReturned, PayoutCancelled:
		return true
	}
	return false
}

// AtRail answers whether the rail has it, or may have it, and its status must be asked for.
func (s PayoutState) AtRail() bool {
	switch s {
	case PayoutUnknown, PayoutSent, PayoutAvailable, PayoutOnHold:
		return true
	}
	return false
}

// Payout is one amount to one payee, as approved, with where it stands at the rail.
type Payout struct {
	ID            int64
	Code          string // ours, and the reference at the rail: unique for ever
	BatchID       int64
	DistributorID int64
	ConnectionID  int64
	State         PayoutState
	Amount        Money
	Fee           Money // expected, without IVA
	FeeIVA        Money
	GMF           Money  // expected
	FeeCharged    *Money // with IVA, as the rail really charged it; nil while not known
	CarryIn       Money
	CarryOut      Money
	Payee         Payee
	To            Destination
	RailID        string
	Cause         string
	RailCode      string
	RailReason    string
	RemovedReason string
	NextPollAt    *time.Time
	Polls         int
	OverdueAt     *time.Time
	ExpiresAt     *time.Time // expected: D24 gives no expiry date
	SubmittedAt   *time.Time
	SentAt        *time.Time
	AvailableAt   *time.Time
	PaidAt        *time.Time
	StateAt       time.Time
	Version       int
	CreatedAt     time.Time
}

// MoveTo changes the state and its times, or answers that the step is not allowed.
func (p *Payout) MoveTo(next PayoutState, now time.Time) error {
	if !p.State.CanMoveTo(next) {
		return Refuse(Conflict, "payout.refused.transition", "This payout is "+string(p.State)+" and cannot become "+string(next)+".",
			map[string]any{"From": string(p.State), "To": string(next)})
	}
	from := p.State
	p.State, p.StateAt = next, now
	p.OverdueAt = p.overdueSince(from, now)
	switch next {
	case PayoutSubmitting:
		p.SubmittedAt = &now
	case PayoutSent:
		p.SentAt = first(p.SentAt, now)
	case PayoutAvailable:
		p.SentAt, p.AvailableAt = first(p.SentAt, now), first(p.AvailableAt, now)
	case PayoutPaid:
		p.PaidAt = &now
	}
	return nil
}

func first(at *time.Time, now time.Time) *time.Time {
	if at != nil {
		return at
	}
	return &now
}

// Transfers returns what the move from one state to p's present one does to the books. The step is p's version, so
// p must already carry the version it is saved with.
func (p Payout) Transfers(from PayoutState) []Transfer {
	payable := Account{AccountPayable, p.DistributorID}
	held := Account{AccountHeld, p.DistributorID}
	transit := Account{AccountInTransit, p.ConnectionID}
	float := Account{AccountFloat, p.ConnectionID}
	post := func(kind EntryKind, debit, credit Account) Transfer {
		return Transfer{Kind: kind, Debit: debit, Credit: credit, Amount: p.Amount, Source: Source{"payout", p.ID, p.Version}}
	}
	switch {
	case p.State == PayoutSubmitting && from == PayoutApproved:
		return []Transfer{post(EntryDispatch, held, transit)}
	case p.State == PayoutApproved && (from == PayoutSubmitting || from == PayoutUnknown):
		return []Transfer{post(EntryRecall, transit, held)}
	case p.State == PayoutCancelled && (from == PayoutInBatch || from == PayoutApproved):
		return []Transfer{post(EntryRelease, held, payable)}
	case p.State == PayoutPaid:
		paid := []Transfer{post(EntryPaid, transit, float)}
		if fee := p.Fee.Add(p.FeeIVA); fee.Positive() {
			paid = append(paid, Transfer{Kind: EntryFee, Debit: Account{AccountFees, p.ConnectionID}, Credit: float, Amount: fee,
				Source: Source{"payout", p.ID, p.Version}})
		}
		if p.GMF.Positive() {
			paid = append(paid, Transfer{Kind: EntryGMF, Debit: Account{AccountGMF, p.ConnectionID}, Credit: float, Amount: p.GMF,
				Source: Source{"payout", p.ID, p.Version}})
		}
		return paid
	case p.State == PayoutReturned && from == PayoutPaid:
		return []Transfer{post(EntryReturned, float, payable)}
	case p.State == PayoutFailed, p.State == PayoutExpired, p.State == PayoutCancelled, p.State == PayoutReturned:
		kind := map[PayoutState]EntryKind{PayoutFailed: EntryFailed, PayoutExpired: EntryExpired,
			PayoutCancelled: EntryCancelled, PayoutReturned: EntryReturned}[p.State]
		return []Transfer{post(kind, transit, payable)}
	}
	return nil
}

// FeeBooked is what the books have as the fee of the payout, with IVA: what was charged, or until that is known what is
// expected, which is booked when it is paid.
func (p Payout) FeeBooked() Money {
	switch {
	case p.FeeCharged != nil:
		return *p.FeeCharged
	case p.PaidAt != nil:
		return p.Fee.Add(p.FeeIVA)
	}
	return Pesos(0)
}

// Chargeable answers whether what the rail charged may be recorded: it had the payout, and the payout came to rest.
func (p Payout) Chargeable() bool { return p.State.Final() && p.SubmittedAt != nil }

// Charge records what the rail really charged, with IVA, and returns the posting that brings the books there; there is
// none when they are there already. The step is p's version, as in Transfers.
func (p *Payout) Charge(charged Money) []Transfer {
	diff := charged.Sub(p.FeeBooked())
	p.FeeCharged = &charged
	fees, float := Account{AccountFees, p.ConnectionID}, Account{AccountFloat, p.ConnectionID}
	if diff.Minor < 0 {
		fees, float, diff = float, fees, diff.Neg()
	}
	if !diff.Positive() {
		return nil
	}
	return []Transfer{{Kind: EntryFeeAdjustment, Debit: fees, Credit: float, Amount: diff, Source: Source{"payout", p.ID, p.Version}}}
}

// Releases answers whether reaching this state makes the money payable again.
func (s PayoutState) Releases() bool {
	switch s {
	case PayoutFailed, PayoutExpired, PayoutReturned, PayoutCancelled:
		return true
	}
	return false
}

// NextPoll is when to ask the rail again: often while the payout is young, seldom when it only waits to be
// collected. A paid payout is asked about once a day for a week, since it may still be reversed.
func (p Payout) NextPoll(now time.Time) *time.Time {
	since := p.CreatedAt
	if p.SubmittedAt != nil {
		since = *p.SubmittedAt
	}
	age := now.Sub(since)
	var wait time.Duration
	switch {
	case p.State == PayoutPaid && p.PaidAt != nil && now.Sub(*p.PaidAt) < 7*24*time.Hour:
		wait = 24 * time.Hour
	case !p.State.AtRail():
		return nil
	case p.State == PayoutUnknown && age < time.Hour:
		wait = 5 * time.Second
	case age < 2*time.Minute:
		wait = 10 * time.Second
	case age < time.Hour:
		wait = time.Minute
	case age < 24*time.Hour:
		wait = 10 * time.Minute
	default:
		wait = time.Hour
	}
	at := now.Add(wait)
	return &at
}

// overdueSince keeps the alarm running while a payout goes round between approved, submitting and unknown: a rail that
// never takes it would otherwise put the alarm off with every try.
func (p Payout) overdueSince(from PayoutState, now time.Time) *time.Time {
	at := p.Overdue(now)
	if leaving(from) && leaving(p.State) && p.OverdueAt != nil && at != nil && p.OverdueAt.Before(*at) {
		return p.OverdueAt
	}
	return at
}

// leaving answers whether the payout is approved and not known to be at the rail.
func leaving(s PayoutState) bool {
	return s == PayoutApproved || s == PayoutSubmitting || s == PayoutUnknown
}

// HandOverWithin is how long an approved payout may wait, for a paused connection or behind others, before an alarm.
const HandOverWithin = 24 * time.Hour

// Overdue is when an alarm is raised if the payout has not moved on: a day for the hand-over, a quarter of an hour for
// an unknown outcome or a cash payout that is not ready to collect, a day for a bank transfer, a day after the expected
// expiry otherwise.
func (p Payout) Overdue(now time.Time) *time.Time {
	var at time.Time
	switch {
	case p.State == PayoutApproved:
		at = now.Add(HandOverWithin)
	case p.State == PayoutUnknown || p.State == PayoutSubmitting:
		at = now.Add(15 * time.Minute)
	case p.State == PayoutSent && p.To.Kind.Cash():
		at = now.Add(15 * time.Minute)
	case p.State == PayoutSent || p.State == PayoutOnHold:
		at = now.Add(24 * time.Hour)
	case p.State == PayoutAvailable && p.ExpiresAt != nil:
		at = p.ExpiresAt.Add(24 * time.Hour)
	default:
		return nil
	}
	return &at
}
