// Package providers says what the product needs of a payout rail, in the product's own words.
// An adapter (providers/<rail>) speaks the rail's language inside and this one outside.
package providers

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"pagaduria/models"
)

// Order is one payout as it is handed to a rail.
type Order struct {
	Reference   string // ours: deterministic, unique for ever, made before the first byte is sent
	Amount      models.Money
	Payee       models.Payee
	Destination models.Destination
}

// Ref names a payout at a rail. Reference is always set; RailID once the rail answered.
type Ref struct {
	Reference string
	RailID    string
	Kind      models.MethodKind // how the payee is paid: "delivered" means ready to collect for cash only
}

// Exchange is one request and its answer, kept for support with secrets masked. What came from the rail went through Text.
type Exchange struct {
	Method, URL string
	Request     string // body, secrets masked
	Status      int    // HTTP status, 0 when none came
	Response    string
	RequestID   string // the rail's request id header, when it sends one
	StartedAt   time.Time
	Took        time.Duration
}

// Text is what a rail wrote as it can be kept: Postgres takes neither a NUL nor bytes that are no UTF-8, and refusing to
// keep an answer would make its outcome unknown.
func Text(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// Receipt is a rail's word that it accepted an order.
type Receipt struct {
	RailID   string
	Exchange Exchange
}

// Status is what a rail says about a payout now.
type Status struct {
	State    models.PayoutState
	RailID   string
	Code     string // rejection code, when the state has one
	Reason   string // the rail's own words
	Exchange Exchange
}

// Provider is a payout rail over one connection. All methods are safe for concurrent use.
// Errors are *Rejected, ErrNotFound (Status only), or anything else, which means that the outcome is unknown
// (errors.As to *Failed gives the exchange).
type Provider interface {
	// Check answers whether the rail can take the order at all, before anything is sent: nil, or *Rejected whose
	// Code is one of ours (see the Cause constants).
	Check(Order) error
	// Submit creates the order. When the rail answers that the reference was used before, the error is *Rejected
	// with Cause CauseDuplicate: the caller must look it up, never treat it as failed.
	Submit(context.Context, Order) (Receipt, error)
	// Status asks for the state of a payout by the rail's id, else by our reference.
	Status(context.Context, Ref) (Status, error)
	// Hold and Release stop and continue a payout that has not left the rail; Cancel takes it back.
	Hold(context.Context, Ref) (Exchange, error)
	Release(context.Context, Ref) (Exchange, error)
	Cancel(context.Context, Ref) (Exchange, error)
	// Authenticate checks a notification's origin from its exact bytes, in constant time.
	Authenticate(http.Header, []byte) (Notification, error)
	// Explain turns a rail's code into cause, next step and whether a retry helps.
	Explain(code string, rejection bool) Explanation
}

// Notification is what a rail's callback names. It carries no state that may be trusted: ask for the status.
type Notification struct {
	Reference string
	RailID    string
}

// Cause is why a rail refused, in our words, shared by all rails. Catalogues explain each in three languages
// under "cause.<Cause>.what", ".next".
type Cause string

// The causes.
const (
	CauseDuplicate      Cause = "duplicate"            // our reference was used before: reconcile
	CauseBadRequest     Cause = "bad_request"          // parameters refused
	CauseBadSignature   Cause = "bad_signature"        // our credentials or signature
	CauseBadAddress     Cause = "address_not_allowed"  // our egress address is not on the rail's list
	CauseDocument       Cause = "document"             // document refused or not taken by the rail
	CauseName           Cause = "name"                 // name does not match
	CausePhone          Cause = "phone"                //
	CauseEmail          Cause = "email"                //
	CauseAccount        Cause = "account"              // account number, type, closed, blocked
	CauseBank           Cause = "bank"                 // unknown or unavailable bank
	CauseAmount         Cause = "amount"               // amount refused
	CauseBelowMinimum   Cause = "below_minimum"        //
	CauseLimit          Cause = "limit"                // limit exceeded
	CauseFunds          Cause = "insufficient_funds"   // our balance at the rail
	CauseCompliance     Cause = "compliance"           // risk policy, underage, blacklisted
	CauseMethod         Cause = "method_unavailable"   // this way of paying is not available now
	CauseExpired        Cause = "expired"              // not collected in time
	CauseReversed       Cause = "reversed"             // taken back after it was paid
	CauseTransition     Cause = "transition"           // too late, or not in a state that allows this
	CauseNotFound       Cause = "not_found"            //
	CauseCancelled      Cause = "cancelled"            // by our request
	CauseBank3rd        Cause = "bank_refused"         // refused by the receiving bank
	CauseNotEnabled     Cause = "merchant_not_enabled" // our account lacks this product
	CauseUnavailable    Cause = "rail_unavailable"     // the rail or our circuit breaker says not now; nothing was sent
	CauseSuspended      Cause = "suspended"            // by us: the payee is not verified any more
	CauseAccountChanged Cause = "account_changed"      // by us: the payee's account was changed just before
	CauseContradicted   Cause = "contradicted"         // by us: the rail pays an earlier payout of the same money after all
	CauseOther          Cause = "other"                // the rail gives no usable reason
)

// Cure is what has to happen before a payout that failed for this cause is issued again.
func (c Cause) Cure() models.Cure {
	switch c {
	case CauseExpired, CauseCancelled, CauseMethod, CauseFunds, CauseSuspended, CauseAccountChanged:
		return models.CureRetry
	case CauseName:
		return models.CureName
	case CauseDocument:
		return models.CureDocument
	case CausePhone:
		return models.CurePhone
	case CauseEmail:
		return models.CureEmail
	case CauseAccount, CauseBank, CauseBank3rd:
		return models.CureMethod
	case CauseReversed, CauseBadRequest:
		return models.CureDetails
	case CauseAmount, CauseBelowMinimum, CauseLimit:
		return models.CureAmount
	case CauseCompliance:
		return models.CureCompliance
	case CauseBadSignature, CauseBadAddress, CauseNotEnabled, CauseUnavailable:
		return models.CureConnection
	}
	return models.CureRail
}

// Explanation is a rail's code in our words.
type Explanation struct {
	Code  string
	Rail  string // the rail's own text for the code
	Cause Cause
	Retry bool // whether sending again, unchanged, may help
}

// Rejected is a definite no: the rail did not take the order and never will under this reference.
type Rejected struct {
	Code     string
	Message  string
	Cause    Cause
	RailID   string // the earlier order's id, when the answer to a duplicate names it; never guessed
	Exchange Exchange
}

func (r *Rejected) Error() string { return "rejected: " + r.Code + " " + r.Message }

// Failed wraps an error whose outcome is unknown (time-out, connection lost, 5xx), with what is known of the exchange.
type Failed struct {
	Err      error
	Exchange Exchange
}

func (f *Failed) Error() string { return f.Err.Error() }
func (f *Failed) Unwrap() error { return f.Err }

// ErrNotFound answers a Status for a payout that the rail does not know: it was never created.
var ErrNotFound = errors.New("the rail does not know this payout")

// ErrNotSent means that nothing left this machine (circuit open, rate limited, cancelled before dialling):
// the order may be submitted again under the same reference.
var ErrNotSent = errors.New("nothing was sent to the rail")
