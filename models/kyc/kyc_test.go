package kyc

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pagaduria/models"
)

var today = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// TestWhateverHappensACaseStaysWhole makes any moves in any order.
func TestWhateverHappensACaseStaysWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, at := Case{State: Invited}, today
		for range rapid.IntRange(0, 30).Draw(t, "moves") {
			m := rapid.SampledFrom(Moves).Draw(t, "move")
			was := c
			at = at.Add(time.Minute)
			err := c.Apply(m, at)
			switch {
			case (err == nil) != was.State.Can(m):
				t.Fatalf("%s from %s: %v, Can says %v", m, was.State, err, was.State.Can(m))
			case err != nil && c != was:
				t.Fatalf("a refused %s changed the case", m)
			case err == nil && !was.State.Open():
				t.Fatalf("%s moved a case that is over: %s", m, was.State)
			case !c.State.Valid():
				t.Fatalf("%s led to %q", m, c.State)
			case !slices.Contains([]State{Invited, Started, Expired}, c.State) && c.SubmittedAt == nil:
				t.Fatalf("%s without having been sent", c.State)
			}
		}
	})
}

func TestApprovedOnlyAfterReview(t *testing.T) {
	t.Parallel()
	for _, s := range States {
		want := s == InReview || s == SecondReview
		for _, m := range []Move{Approve, RejectRetry, RejectFinal} {
			if s.Can(m) != want {
				t.Errorf("%s from %s: %v, want %v", m, s, s.Can(m), want)
			}
		}
	}
}

func TestAskedByKindOfPersonAndDay(t *testing.T) {
	t.Parallel()
	items := func(kind string, day time.Time) (list []Item) {
		for _, a := range AskedOf(kind, day) {
			list = append(list, a.Item)
		}
		return list
	}
	if got := items("natural", today); slices.Contains(got, Owners) || got[0] != Consent || got[len(got)-1] != Signature {
		t.Errorf("of a person: %v", got)
	}
	if got := items("juridical", today); !slices.Contains(got, Owners) {
		t.Errorf("of a company: %v", got)
	}
	if got := items("juridical", today.AddDate(-6, 0, 0)); slices.Contains(got, Owners) {
		t.Errorf("beneficial owners were asked for before the rule: %v", got)
	}
}

func TestReleasedTextsStayAsTheyWere(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"es", "en", "zh"} {
		text, err := ConsentIn(ConsentVersion, lang)
		if err != nil || len(text.Paragraphs) != 7 {
			t.Errorf("%s: %d paragraphs, %v", lang, len(text.Paragraphs), err)
		}
		if want := released[lang]; text.SHA256 != want {
			t.Errorf("%s %s has the hash %s, want %s: a changed text is a new version", ConsentVersion, lang, text.SHA256, want)
		}
	}
	if _, err := ConsentIn("../items", "es"); err == nil {
		t.Error("a text that does not exist was found")
	}
}

func fieldsOf(err error) map[string]string {
	if e, ok := err.(*models.Error); ok { //nolint:errorlint // nothing wraps it here
		return e.Fields
	}
	return nil
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	person := Form{"person_kind": "natural", "doc_type": "CC", "doc_number": "1.118.534.248", "first_names": "Martha Lucía", "last_names": "Ríos Peña", "divipola": "11001", "address": "Calle 1 # 2-3"}
	company := Form{"person_kind": "juridical", "doc_type": "NIT", "doc_number": "890903938", "doc_dv": "8", "business_name": "Bazar S.A.S.", "divipola": "05001", "address": "Calle 1",
		"rep_name": "Ana Rojas", "rep_doc_type": "CC", "rep_doc_number": "52123456"}
	with := func(f Form, more ...string) Form {
		g := Form{}
		for k, v := range f {
			g[k] = v
		}
		for i := 0; i < len(more); i += 2 {
			g[more[i]] = more[i+1]
		}
		return g
	}
	tests := []struct {
		name  string
		form  Form
		field string // that is refused
		key   string
	}{
		{"a person", person, "", ""},
		{"a company", company, "", ""},
		{"a wrong check digit", with(company, "doc_dv", "7"), "doc_dv", "fault.dv_mismatch"},
		{"a short cédula", with(person, "doc_number", "12"), "doc_number", "fault.doc_length"},
		{"a minor", with(person, "doc_type", "TI", "doc_number", "1118534248"), "doc_type", "fault.minor_document"},
		{"no surname", with(person, "last_names", " "), "last_names", "fault.name_missing"},
		{"no address", with(person, "address", ""), "address", "onboarding.fault.address"},
		{"no place", with(person, "divipola", ""), "divipola", "fault.divipola_missing"},
		{"issued tomorrow", with(person, "doc_issued_on", "2026-11-23"), "doc_issued_on", "fault.date_invalid"},
		{"a company without representative", with(company, "rep_name", ""), "rep_name", "onboarding.fault.name"},
		{"a representative with a NIT", with(company, "rep_doc_type", "NIT"), "rep_doc_type", "onboarding.fault.natural_document"},
	}
	for _, tt := range tests {
		i, err := ReadIdentity(tt.form, today)
		if got := fieldsOf(err)[tt.field]; got != tt.key || (tt.field == "") != (err == nil) {
			t.Errorf("%s: %v %v, want %s in %s", tt.name, fieldsOf(err), err, tt.key, tt.field)
		}
		if tt.name == "a company" && (i.Signer() != "Ana Rojas" || i.Name() != "Bazar S.A.S.") {
			t.Errorf("a company is signed for by %q", i.Signer())
		}
	}
}

func TestOwnership(t *testing.T) {
	t.Parallel()
	owner := func(n int, number, share string) Form {
		p := OwnerFields(n)
		return Form{p + "name": "Ana Rojas", p + "doc_type": "CC", p + "doc_number": number, p + "share": share}
	}
	join := func(forms ...Form) Form {
		all := Form{}
		for _, f := range forms {
			for k, v := range f {
				all[k] = v
			}
		}
		return all
	}
	tests := []struct {
		name       string
		form       Form
		field, key string
	}{
		{"two owners", join(owner(0, "52123456", "60"), owner(1, "52123457", "39,5")), "", ""},
		{"a gap between lines", join(owner(0, "52123456", "60"), owner(4, "52123457", "5")), "", ""},
		{"nobody", Form{"none": "1"}, "", ""},
		{"nothing said", Form{}, "none", "onboarding.fault.owners_none"},
		{"nobody and somebody", join(Form{"none": "1"}, owner(0, "52123456", "60")), "none", "onboarding.fault.owners_both"},
		{"too much together", join(owner(0, "52123456", "60"), owner(1, "52123457", "40.01")), "owner1_share", "onboarding.fault.owners_sum"},
		{"less than 5 %", owner(0, "52123456", "4,99"), "owner0_share", "onboarding.fault.share_small"},
		{"more than all", owner(0, "52123456", "100.5"), "owner0_share", "onboarding.fault.share"},
		{"no number", owner(0, "52123456", "half"), "owner0_share", "onboarding.fault.share"},
		{"the same twice", join(owner(0, "52123456", "50"), owner(1, "52.123.456", "50")), "owner1_doc_number", "onboarding.fault.owner_twice"},
	}
	for _, tt := range tests {
		_, err := ReadOwnership(tt.form)
		if got := fieldsOf(err)[tt.field]; got != tt.key || (tt.field == "") != (err == nil) {
			t.Errorf("%s: %v %v, want %s in %s", tt.name, fieldsOf(err), err, tt.key, tt.field)
		}
	}
}

func TestContactPaymentTaxAndDeclarations(t *testing.T) {
	t.Parallel()
	payee := models.Payee{Country: "CO", DocType: "CC", DocNumber: "52123456", GivenNames: "Ana", Surnames: "Rojas"}
	reach := func(f Form, sms bool) error { _, err := ReadReach(f, today, sms); return err }
	pay := func(f Form, p models.Payee) error { _, err := ReadPayment(f, p); return err }
	tax := func(kind, status string) error { _, err := ReadTax(Form{"tax_status": status}, kind); return err }
	exposure := func(f Form) error { _, err := ReadExposure(f); return err }
	called := payee
	called.Phone = "+573001234567"
	tests := []struct {
		name       string
		err        error
		field, key string
	}{
		{"a mail address", reach(Form{"email": "ana@example.co"}, false), "", ""},
		{"no mail address", reach(Form{"phone": "300 123 4567"}, false), "email", "onboarding.fault.email"},
		{"SMS without a gateway", reach(Form{"phone": "300 123 4567", "by": "sms"}, false), "email", "onboarding.fault.email"},
		{"SMS", reach(Form{"phone": "300 123 4567", "by": "sms"}, true), "", ""},
		{"SMS without a phone", reach(Form{"email": "ana@example.co", "by": "sms"}, true), "phone", "onboarding.fault.phone"},
		{"a broken address", reach(Form{"email": "ana@"}, false), "email", "fault.email_invalid"},
		{"cash", pay(Form{"payout_method": "efecty_cash"}, called), "", ""},
		{"cash without a phone", pay(Form{"payout_method": "efecty_cash"}, payee), "payout_method", "fault.phone_missing_for_cash"},
		{"a bank without an account", pay(Form{"payout_method": "bank", "bank_code": "007", "account_type": "S"}, payee), "account_number", "fault.account_missing"},
		{"no method", pay(Form{}, payee), "payout_method", "fault.method_unknown"},
		{"a tax status of companies", tax("natural", "juridica"), "tax_status", "onboarding.fault.choose"},
		{"a tax status of people", tax("natural", "natural_declarante"), "", ""},
		{"nothing to declare", exposure(Form{"pep": "no", "relative": "no", "funds": "commissions"}), "", ""},
		{"exposed without an office", exposure(Form{"pep": "yes", "relative": "no", "funds": "commissions"}), "office", "onboarding.fault.say"},
		{"no answer", exposure(Form{"relative": "no", "funds": "commissions"}), "pep", "onboarding.fault.choose"},
		{"other funds without words", exposure(Form{"pep": "no", "relative": "no", "funds": "other"}), "funds_of", "onboarding.fault.say"},
	}
	for _, tt := range tests {
		if got := fieldsOf(tt.err)[tt.field]; got != tt.key || (tt.field == "") != (tt.err == nil) {
			t.Errorf("%s: %v %v, want %s in %s", tt.name, fieldsOf(tt.err), tt.err, tt.key, tt.field)
		}
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	now := today
	good := Link{ExpiresAt: now.Add(time.Hour)}
	revoked, narrow := good, good
	revoked.RevokedAt, narrow.Items = &now, []string{string(Payment)}
	if good.Good(now) != nil || revoked.Good(now) == nil || good.Good(now.Add(time.Hour)) == nil {
		t.Error("a link is good until it expires or is withdrawn")
	}
	if !good.Opens(Who) || narrow.Opens(Who) || !narrow.Opens(Payment) || !narrow.Opens(Signature) {
		t.Error("a narrow link opens what it names, to be signed, and nothing else")
	}
}

func TestSameName(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]bool{"martha lucia  RIOS peña": true, "Martha Ríos": false, "": false} {
		if got := SameName(typed, "Martha Lucía Ríos Peña"); got != want {
			t.Errorf("%q: %v", typed, got)
		}
	}
	if SameName("", "") {
		t.Error("nobody signed")
	}
}

// released are the hashes of the texts that somebody may have agreed to.
var released = map[string]string{
	"es": "16f27543221ff0324f247478114e53c1946c70f08ff6b82a7c022ecc16b897f7",
	"en": "e76a08995c7e3184b54bd1b94b3db158c029663ce3cbed83288c12c3bd345224",
	"zh": "14ee6ab7932480913710224188deef35f99a4939c3810f1302400ea0aaf44d92",
}
