// Package providertest is what every payout rail must do, as one suite that each adapter runs against its simulator.
// Time is the rail's to inject: nothing here sleeps.
package providertest

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"pagaduria/models"
	"pagaduria/providers"
)

// Notice is a notification as the rail posted it.
type Notice struct {
	Header http.Header
	Body   []byte
}

// Rail is an adapter joined to a fresh simulator, with the strings that a test pulls.
type Rail struct {
	Provider       providers.Provider
	BadSignature   providers.Provider // same simulator, wrong signing key
	BadCredentials providers.Provider // same simulator, wrong login

	Cash      func(reference string) providers.Order // waits to be collected
	Bank      func(reference string) providers.Order // completes by itself
	Rejecting func(reference string) providers.Order // is accepted, then rejected
	Reversing func(reference string) providers.Order // is paid, then reversed

	Deliver  func() // lets time pass until a payout is with the bank or the counter
	Complete func() // lets time pass until banks have paid or rejected
	Reverse  func() // lets time pass until a reversal came
	Expire   func() // lets time pass beyond the validity of cash

	Collect    func(reference string) error // at the counter
	LoseAnswer func()                       // the next create is accepted and never answered
	FailBefore func()                       // the next create ends with a 500 and nothing accepted
	Orders     func(reference string) int   // how many orders the simulator has under it
	Notices    func() []Notice              // what it posted so far
}

// Run runs the suite; open returns a fresh rail for each test.
func Run(t *testing.T, open func(*testing.T) Rail) {
	for name, test := range map[string]func(*testing.T, Rail){
		"create": create,
		"check refuses what the rail does not take": checks,
		"duplicate reference":                       duplicate,
		"paid in cash":                              paidInCash,
		"paid by bank":                              paidByBank,
		"rejected":                                  rejected,
		"expired":                                   expired,
		"cancelled":                                 cancelled,
		"too late to cancel":                        tooLate,
		"hold and release":                          holdAndRelease,
		"bad signature":                             badSignature,
		"wrong credentials":                         badCredentials,
		"unknown reference":                         unknownReference,
		"accepted but never answered":               lostAnswer,
		"failed before it was accepted":             failedBefore,
		"authentic notification":                    authentic,
		"forged notification":                       forged,
		"reversed after paid":                       reversed,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

const reference = "PAG-2026-000001-1"

// submit hands an order over and returns how to name it.
func submit(t *testing.T, r Rail, o providers.Order) providers.Ref {
	t.Helper()
	receipt, err := r.Provider.Submit(context.Background(), o)
	if err != nil {
		t.Fatalf("submit: %v", err)
	}
	if receipt.RailID == "" {
		t.Fatal("the receipt has no id")
	}
	return providers.Ref{Reference: o.Reference, RailID: receipt.RailID, Kind: o.Destination.Kind}
}

// wantState asks by the rail's id and by our reference: both must agree.
func wantState(t *testing.T, r Rail, ref providers.Ref, want models.PayoutState) providers.Status {
	t.Helper()
	var got providers.Status
	for _, id := range []string{ref.RailID, ""} {
		var err error
		got, err = r.Provider.Status(context.Background(), providers.Ref{Reference: ref.Reference, RailID: id, Kind: ref.Kind})
		if err != nil {
			t.Fatalf("status: %v", err)
		}
		if got.State != want {
			t.Fatalf("state %s (code %q), want %s", got.State, got.Code, want)
		}
	}
	return got
}

func wantCause(t *testing.T, err error, want providers.Cause) {
	t.Helper()
	var no *providers.Rejected
	if !errors.As(err, &no) {
		t.Fatalf("got %v, want a rejection because of %s", err, want)
	}
	if no.Cause != want {
		t.Fatalf("cause %s (%s %s), want %s", no.Cause, no.Code, no.Message, want)
	}
}

// wantUnknown wants an error that leaves the outcome open: neither a refusal nor "nothing was sent".
func wantUnknown(t *testing.T, err error) {
	t.Helper()
	if err == nil || errors.As(err, new(*providers.Rejected)) || errors.Is(err, providers.ErrNotSent) || errors.Is(err, providers.ErrNotFound) {
		t.Fatalf("got %v, want an unknown outcome", err)
	}
	if !errors.As(err, new(*providers.Failed)) {
		t.Fatalf("%v does not carry its exchange", err)
	}
}

func create(t *testing.T, r Rail) {
	o := r.Cash(reference)
	receipt, err := r.Provider.Submit(context.Background(), o)
	if err != nil {
		t.Fatalf("submit: %v", err)
	}
	x := receipt.Exchange
	if x.Status != http.StatusOK || x.Request == "" || x.Response == "" || x.StartedAt.IsZero() {
		t.Errorf("the exchange is not whole: %+v", x)
	}
	if strings.Contains(x.Request, o.Payee.DocNumber) {
		t.Error("the exchange shows the whole document number")
	}
	if n := r.Orders(reference); n != 1 {
		t.Errorf("%d orders, want 1", n)
	}
	wantState(t, r, providers.Ref{Reference: reference, RailID: receipt.RailID, Kind: o.Destination.Kind}, models.PayoutSent)
}

func checks(t *testing.T, r Rail) {
	if err := r.Provider.Check(r.Cash(reference)); err != nil {
		t.Errorf("a good order: %v", err)
	}
	bad := r.Cash(reference)
	bad.Payee.DocType = "TI"
	wantCause(t, r.Provider.Check(bad), providers.CauseDocument)
	bad = r.Cash(reference)
	bad.Amount = models.Centavos(bad.Amount.Minor + 1)
	wantCause(t, r.Provider.Check(bad), providers.CauseAmount)
	if _, err := r.Provider.Submit(context.Background(), bad); err == nil || r.Orders(reference) != 0 {
		t.Errorf("what Check refuses was submitted: %v", err)
	}
}

func duplicate(t *testing.T, r Rail) {
	ref := submit(t, r, r.Cash(reference))
	_, err := r.Provider.Submit(context.Background(), r.Cash(reference))
	wantCause(t, err, providers.CauseDuplicate)
	if n := r.Orders(reference); n != 1 {
		t.Errorf("%d orders, want 1", n)
	}
	wantState(t, r, ref, models.PayoutSent)
}

func paidInCash(t *testing.T, r Rail) {
	ref := submit(t, r, r.Cash(reference))
	r.Deliver()
	wantState(t, r, ref, models.PayoutAvailable)
	if err := r.Collect(reference); err != nil {
		t.Fatalf("collect: %v", err)
	}
	wantState(t, r, ref, models.PayoutPaid)
}

func paidByBank(t *testing.T, r Rail) {
	ref := submit(t, r, r.Bank(reference))
	r.Deliver()
	wantState(t, r, ref, models.PayoutSent)
	r.Complete()
	wantState(t, r, ref, models.PayoutPaid)
}

func rejected(t *testing.T, r Rail) {
	ref := submit(t, r, r.Rejecting(reference))
	r.Deliver()
	r.Complete()
	st := wantState(t, r, ref, models.PayoutFailed)
	if st.Code == "" || st.Reason == "" {
		t.Errorf("rejected without code or reason: %+v", st)
	}
	if x := r.Provider.Explain(st.Code, true); x.Cause == "" || x.Rail == "" {
		t.Errorf("code %s is not explained: %+v", st.Code, x)
	}
}

func expired(t *testing.T, r Rail) {
	ref := submit(t, r, r.Cash(reference))
	r.Deliver()
	r.Expire()
	st := wantState(t, r, ref, models.PayoutExpired)
	if x := r.Provider.Explain(st.Code, true); x.Cause != providers.CauseExpired || !x.Retry {
		t.Errorf("explained as %+v", x)
	}
	if err := r.Collect(reference); err == nil {
		t.Error("expired cash was collected")
	}
}

func cancelled(t *testing.T, r Rail) {
	ref := submit(t, r, r.Cash(reference))
	if _, err := r.Provider.Cancel(context.Background(), ref); err != nil {
		t.Fatalf("cancel: %v", err)
	}
	r.Deliver()
	wantState(t, r, ref, models.PayoutCancelled)
}

func tooLate(t *testing.T, r Rail) {
	ref := submit(t, r, r.Cash(reference))
	r.Deliver()
	_, err := r.Provider.Cancel(context.Background(), ref)
	wantCause(t, err, providers.CauseTransition)
	_, err = r.Provider.Hold(context.Background(), ref)
	wantCause(t, err, providers.CauseTransition)
	wantState(t, r, ref, models.PayoutAvailable)
}

func holdAndRelease(t *testing.T, r Rail) {
	ref := submit(t, r, r.Cash(reference))
	if _, err := r.Provider.Hold(context.Background(), ref); err != nil {
		t.Fatalf("hold: %v", err)
	}
	r.Deliver()
	wantState(t, r, ref, models.PayoutOnHold)
	if _, err := r.Provider.Release(context.Background(), ref); err != nil {
		t.Fatalf("release: %v", err)
	}
	wantState(t, r, ref, models.PayoutSent)
	r.Deliver()
	wantState(t, r, ref, models.PayoutAvailable)
}

func badSignature(t *testing.T, r Rail) {
	_, err := r.BadSignature.Submit(context.Background(), r.Cash(reference))
	wantCause(t, err, providers.CauseBadSignature)
	if n := r.Orders(reference); n != 0 {
		t.Errorf("%d orders, want none", n)
	}
}

func badCredentials(t *testing.T, r Rail) {
	_, err := r.BadCredentials.Submit(context.Background(), r.Cash(reference))
	wantCause(t, err, providers.CauseBadSignature)
	_, err = r.BadCredentials.Status(context.Background(), providers.Ref{Reference: reference})
	wantCause(t, err, providers.CauseBadSignature)
}

func unknownReference(t *testing.T, r Rail) {
	_, err := r.Provider.Status(context.Background(), providers.Ref{Reference: "PAG-0000-000000-1"})
	if !errors.Is(err, providers.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
}

func lostAnswer(t *testing.T, r Rail) {
	r.LoseAnswer()
	o := r.Cash(reference)
	_, err := r.Provider.Submit(context.Background(), o)
	wantUnknown(t, err)
	st, err := r.Provider.Status(context.Background(), providers.Ref{Reference: reference, Kind: o.Destination.Kind})
	if err != nil || st.State != models.PayoutSent {
		t.Fatalf("look-up: %v, %v; want sent", st.State, err)
	}
	_, err = r.Provider.Submit(context.Background(), o)
	wantCause(t, err, providers.CauseDuplicate)
	if n := r.Orders(reference); n != 1 {
		t.Errorf("%d orders, want 1", n)
	}
}

func failedBefore(t *testing.T, r Rail) {
	r.FailBefore()
	_, err := r.Provider.Submit(context.Background(), r.Cash(reference))
	wantUnknown(t, err)
	_, err = r.Provider.Status(context.Background(), providers.Ref{Reference: reference})
	if !errors.Is(err, providers.ErrNotFound) {
		t.Fatalf("look-up: %v, want ErrNotFound", err)
	}
	submit(t, r, r.Cash(reference))
}

func authentic(t *testing.T, r Rail) {
	ref := submit(t, r, r.Cash(reference))
	r.Deliver()
	notices := r.Notices()
	if len(notices) == 0 {
		t.Fatal("no notification came")
	}
	n, err := r.Provider.Authenticate(notices[0].Header, notices[0].Body)
	if err != nil {
		t.Fatalf("authenticate: %v", err)
	}
	if n.Reference != reference || n.RailID != ref.RailID {
		t.Errorf("names %+v, want %+v", n, ref)
	}
}

func forged(t *testing.T, r Rail) {
	submit(t, r, r.Cash(reference))
	r.Deliver()
	for _, n := range r.Notices() {
		if _, err := r.BadSignature.Authenticate(n.Header, n.Body); err == nil {
			t.Error("a notification under another key was taken")
		}
		changed := []byte(strings.Replace(string(n.Body), reference, "PAG-2026-000002-1", 1))
		if _, err := r.Provider.Authenticate(n.Header, changed); err == nil {
			t.Error("a notification for another payout was taken")
		}
	}
}

func reversed(t *testing.T, r Rail) {
	ref := submit(t, r, r.Reversing(reference))
	r.Deliver()
	r.Complete()
	wantState(t, r, ref, models.PayoutPaid)
	r.Reverse()
	st := wantState(t, r, ref, models.PayoutReturned)
	if x := r.Provider.Explain(st.Code, true); x.Cause != providers.CauseReversed {
		t.Errorf("explained as %+v", x)
	}
}
