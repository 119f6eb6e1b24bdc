package models

import "testing"

func TestWhatIsIssuedAgain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		f    Failed
		want Refusal
	}{
		{"expired", Failed{State: PayoutExpired, Cure: CureRetry, Payable: 1}, ""},
		{"failed for the name", Failed{State: PayoutFailed, Cure: CureName, Payable: 1}, RefusedCause},
		{"the name was corrected", Failed{State: PayoutFailed, Cure: CureName, Changed: Changed{Name: true}, Payable: 1}, ""},
		{"only the phone was", Failed{State: PayoutFailed, Cure: CureName, Changed: Changed{Phone: true}, Payable: 1}, RefusedCause},
		{"another account", Failed{State: PayoutFailed, Cure: CureMethod, Changed: Changed{Method: true}, Payable: 1}, ""},
		{"returned", Failed{State: PayoutReturned, Cure: CureDetails, Payable: 1}, RefusedCause},
		{"returned, and something was corrected", Failed{State: PayoutReturned, Cure: CureDetails, Changed: Changed{Email: true}, Payable: 1}, ""},
		{"risk rules, whatever changed", Failed{State: PayoutFailed, Cure: CureCompliance, Changed: Changed{Name: true, Document: true, Method: true}, Payable: 1}, RefusedCause},
		{"unknown outcome", Failed{State: PayoutUnknown, Cure: CureRetry, Payable: 1}, RefusedAlive},
		{"paid", Failed{State: PayoutPaid, Cure: CureRetry}, RefusedAlive},
		{"ready to collect", Failed{State: PayoutAvailable, Cure: CureRetry}, RefusedAlive},
		{"paid again", Failed{State: PayoutExpired, Cure: CureRetry}, RefusedAgain},
		{"issued again and failed again", Failed{State: PayoutExpired, Cure: CureRetry, Payable: 1, Newer: true}, RefusedAgain},
		{"the rail pays it after all", Failed{State: PayoutExpired, Cure: CureRetry, Payable: 1, Contradicted: true}, RefusedContradicted},
		{"held", Failed{State: PayoutExpired, Cure: CureRetry, Held: 2}, RefusedHeld},
		{"held in part", Failed{State: PayoutExpired, Cure: CureRetry, Payable: 1, Held: 1}, ""},
	} {
		if got := tt.f.WhyNot(); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
