package kyc

import (
	"slices"
	"time"
	"unicode/utf8"

	"pagaduria/models"
)

// Verdict is what a reviewer says of one thing that was given.
type Verdict string

// The verdicts.
const (
	Accept   Verdict = "accept"
	Reject   Verdict = "reject" // for good: the payee is not asked for it again
	AskAgain Verdict = "again"  // the payee is to give it again
)

// Valid answers whether v is a known verdict.
func (v Verdict) Valid() bool { return v == Accept || v == Reject || v == AskAgain }

// Makes is the state that the verdict brings an item to.
func (v Verdict) Makes() ItemState {
	switch v {
	case Accept:
		return Accepted
	case Reject:
		return Rejected
	}
	return Again
}

// Reason is why something was not accepted, with the words of SQL and the catalogues.
type Reason string

// The reasons.
const (
	DocUnreadable      Reason = "DOC_UNREADABLE"
	DocExpired         Reason = "DOC_EXPIRED"
	DocWrongType       Reason = "DOC_WRONG_TYPE"
	DocSideMissing     Reason = "DOC_SIDE_MISSING"
	NameMismatch       Reason = "NAME_MISMATCH"
	NumberMismatch     Reason = "NUMBER_MISMATCH"
	DVInvalid          Reason = "DV_INVALID"
	SelfieMismatch     Reason = "SELFIE_MISMATCH"
	Underage           Reason = "UNDERAGE"
	DuplicatePerson    Reason = "DUPLICATE_PERSON"
	CertTooOld         Reason = "CERT_TOO_OLD"
	BankCertMismatch   Reason = "BANK_CERT_MISMATCH"
	UBOIncomplete      Reason = "UBO_INCOMPLETE"
	PEPPendingEDD      Reason = "PEP_PENDING_EDD"
	SanctionsPossible  Reason = "SANCTIONS_POSSIBLE"
	SanctionsConfirmed Reason = "SANCTIONS_CONFIRMED"
	AdverseMedia       Reason = "ADVERSE_MEDIA"
	SourceOfFunds      Reason = "SOURCE_OF_FUNDS"
	ConsentMissing     Reason = "CONSENT_MISSING"
)

// Reasons lists every reason in the order pages show them.
var Reasons = []Reason{DocUnreadable, DocExpired, DocWrongType, DocSideMissing, NameMismatch, NumberMismatch, DVInvalid, SelfieMismatch, Underage, DuplicatePerson,
	CertTooOld, BankCertMismatch, UBOIncomplete, PEPPendingEDD, SanctionsPossible, SanctionsConfirmed, AdverseMedia, SourceOfFunds, ConsentMissing}

// Silent answers whether the payee is never told of it: nobody is tipped off.
func (r Reason) Silent() bool {
	return r == SanctionsPossible || r == SanctionsConfirmed || r == AdverseMedia
}

// itemReasons are those for a thing that was given; keys 1 to 9 choose them.
var itemReasons = map[Item][]Reason{
	"identity":                {DocUnreadable, DocExpired, DocWrongType, DocSideMissing, NameMismatch, NumberMismatch, SelfieMismatch, Underage, DuplicatePerson},
	"representative_identity": {DocUnreadable, DocExpired, DocWrongType, DocSideMissing, NameMismatch, NumberMismatch, SelfieMismatch, DuplicatePerson},
	"rut":                     {DocUnreadable, DocExpired, DocWrongType, DocSideMissing, NameMismatch, NumberMismatch, DVInvalid},
	"bank_certificate":        {DocUnreadable, CertTooOld, DocWrongType, BankCertMismatch, NameMismatch, NumberMismatch},
	"chamber_certificate":     {DocUnreadable, CertTooOld, DocWrongType, DocSideMissing, NameMismatch, NumberMismatch, DVInvalid},
	"shareholders":            {DocUnreadable, CertTooOld, DocWrongType, UBOIncomplete, NameMismatch, NumberMismatch},
	"financial_statements":    {DocUnreadable, CertTooOld, DocWrongType, NameMismatch, SourceOfFunds},
	Who:                       {NameMismatch, NumberMismatch, DVInvalid, Underage, DuplicatePerson},
	Contact:                   {NumberMismatch, DuplicatePerson},
	Payment:                   {BankCertMismatch, NumberMismatch, DuplicatePerson},
	Tax:                       {DocWrongType, DVInvalid},
	Owners:                    {UBOIncomplete, NameMismatch, NumberMismatch},
	Declarations:              {PEPPendingEDD, SourceOfFunds, SanctionsPossible, AdverseMedia},
}

// ReasonsFor are the reasons that fit an item.
func ReasonsFor(i Item) []Reason {
	if list, ok := itemReasons[i]; ok {
		return list
	}
	return []Reason{DocUnreadable, DocExpired, DocWrongType, DocSideMissing, NameMismatch, NumberMismatch, CertTooOld}
}

// Judged answers whether reviewers decide on the item. The authorisation and the signature prove themselves.
func (i Item) Judged() bool { return i != Consent && i != Signature }

// Decide is a verdict about to be given, on the version that was on the screen.
type Decide struct {
	Verdict  Verdict
	Version  int   // of what was given, as it was seen
	Last     int64 // the decision on it that was seen, 0 for none
	Reason   Reason
	ToPayee  string     // what the payee reads; "" is the usual text of the reason
	Note     string     // among reviewers
	IssuedOn *time.Time // of a document that may not be older than some days
}

// DecideTextLimit is how many characters each of the two texts may have.
const DecideTextLimit = 1000

// Check answers why the verdict cannot be given on an item whose newest decision is last, nil when it can. sent is the
// Bogotá day on which the item was given, to which the age of a document is counted.
func (d Decide) Check(i CaseItem, last int64, sent time.Time) error {
	r := models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil)
	switch {
	case !i.Item.Judged():
		return models.Refuse(models.Invalid, "case.refused.not_judged", "This proves itself: there is nothing to decide about it.", nil)
	case i.State == Missing && i.InPerson && d.Verdict == Accept && d.Version == i.Version && d.Last == last:
		if d.Note == "" {
			return r.WithField("note", "case.fault.in_person") // what was looked at, where and when: there is nothing else to show
		}
	case i.State == Missing:
		return models.Refuse(models.Conflict, "case.refused.missing", "The payee did not give this, so there is nothing to decide about it.", nil)
	case d.Version != i.Version:
		return models.Refuse(models.Conflict, "case.refused.version", "The payee gave this again after you opened the page. Look at the new version before you decide.", nil)
	case d.Last != last:
		return models.Refuse(models.Conflict, "case.refused.decided", "Somebody else decided about this after you opened the page. Load it again before you decide.", nil)
	case !d.Verdict.Valid():
		_ = r.WithField("verdict", "case.fault.verdict")
	}
	if d.Verdict == Accept && d.Reason != "" || d.Verdict != Accept && !slices.Contains(ReasonsFor(i.Item), d.Reason) {
		_ = r.WithField("reason", "case.fault.reason")
	}
	if d.Verdict != AskAgain && d.ToPayee != "" || utf8.RuneCountInString(d.ToPayee) > DecideTextLimit {
		_ = r.WithField("to_payee", "case.fault.to_payee")
	}
	if d.Verdict == AskAgain && d.Reason.Silent() && d.ToPayee == "" {
		_ = r.WithField("to_payee", "case.fault.silent") // the reason has no words for the payee
	}
	if utf8.RuneCountInString(d.Note) > DecideTextLimit {
		_ = r.WithField("note", "case.fault.note")
	}
	if d.Verdict == Accept && i.MaxAgeDays > 0 {
		switch age, known := AgeOf(d.IssuedOn, sent); {
		case !known || age < 0:
			_ = r.WithField("issued_on", "case.fault.issued_on")
		case age > i.MaxAgeDays:
			_ = r.WithField("issued_on", "case.fault.too_old")
		}
	}
	if len(r.Fields) > 0 {
		return r
	}
	return nil
}

// AgeOf is how many days old a document was when it was sent.
func AgeOf(issued *time.Time, sent time.Time) (days int, known bool) {
	if issued == nil || issued.IsZero() {
		return 0, false
	}
	return int(sent.Sub(*issued).Hours() / 24), true
}

// Decided is a verdict that was given. It counts for its version alone.
type Decided struct {
	ID        int64
	Item      Item
	Version   int
	Verdict   Verdict
	Reason    Reason
	ToPayee   string
	Note      string
	IssuedOn  *time.Time
	StaffID   int64
	StaffName string
	At        time.Time
}

// LastOn is the newest decision on a version of an item, nil without one. The list is newest first.
func LastOn(list []Decided, item Item, version int) *Decided {
	for i := range list {
		if list[i].Item == item && list[i].Version == version {
			return &list[i]
		}
	}
	return nil
}

// Open are the required items that stand between a case and its approval.
func Open(items []CaseItem) (open []CaseItem) {
	for _, i := range items {
		if !i.Item.Judged() {
			if i.Required && !i.State.Done() {
				open = append(open, i)
			}
			continue
		}
		// What was not required but given, and not accepted, is in the way too: it says something that nobody looked at.
		if i.State != Accepted && (i.Required || i.State != Missing) {
			open = append(open, i)
		}
	}
	return open
}
