package tax

import (
	"time"

	"pagaduria/models"
	"pagaduria/models/colombia"
)

// Person is what kind of payee declares.
type Person string

// The kinds of payee.
const (
	Natural   Person = "natural"
	Juridical Person = "juridical"
)

// Declaration is what a payee says about taxes to who pays (Decreto 1070 of 2013): it decides what is withheld.
type Declaration struct {
	Person       Person
	Foreign      bool   // not resident in Colombia: another regime, nothing is computed
	Declarant    bool   // obliged to file income tax
	Simple       bool   // in the régimen simple
	WorkIncome   bool   // income from work and fewer than two workers hired: the table of art. 383
	ContractOver bool   // the contract alone is over 3,300 UVT in the year
	IVA          bool   // responsable de IVA
	Municipality string // DIVIPOLA of where the activity is done, "" unknown
}

// Check refuses a declaration that contradicts itself; fields are named as the form names them.
func (d Declaration) Check() error {
	refusal := models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil)
	wrong := func(when bool, field, key string) {
		if when {
			_ = refusal.WithField(field, "tax.refused."+key)
		}
	}
	wrong(d.Person != Natural && d.Person != Juridical, "person", "person")
	wrong(d.Person == Juridical && d.WorkIncome, "work_income", "company_works")
	wrong(d.Simple && d.WorkIncome, "work_income", "simple_works")
	wrong(d.Foreign && d.Simple, "simple", "foreign_simple")
	if d.Municipality != "" {
		m, ok := colombia.MunicipalityByCode(d.Municipality)
		wrong(!ok || m.Retired, "municipality", "municipality")
	}
	if len(refusal.Fields) > 0 {
		return refusal
	}
	return nil
}

// payee is what the table of parameters calls such a payee, whatever was paid before.
func (d Declaration) payee() string {
	switch {
	case d.Simple:
		return "regimen_simple"
	case d.Person == Juridical:
		return "juridica"
	case d.Declarant:
		return "natural_declarante"
	}
	return "natural_no_declarante"
}

// Profile is a declaration as it was recorded. None ever changes: a later one takes its place from its day on, of two of
// one day the one recorded later.
type Profile struct {
	ID            int64
	DistributorID int64
	From          time.Time // Bogotá date
	Declaration
	Evidence  string // what it was seen in
	StaffName string
	At        time.Time
}

// LongestEvidence is how long the text of the evidence may be.
const LongestEvidence = 1000

// Check refuses a profile that cannot be recorded on a day.
func (p Profile) Check(today time.Time) error {
	err := p.Declaration.Check()
	refusal, ok := err.(*models.Error)
	if !ok {
		refusal = models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil)
	}
	if p.From.Year() < 2000 || p.From.After(today.AddDate(1, 0, 0)) {
		_ = refusal.WithField("from", "tax.refused.from")
	}
	if n := len([]rune(p.Evidence)); n == 0 || n > LongestEvidence {
		_ = refusal.WithField("evidence", "tax.refused.evidence")
	}
	if len(refusal.Fields) > 0 {
		return refusal
	}
	return nil
}

// On finds the profile that counts on a day.
func On(list []Profile, day time.Time) (best Profile, ok bool) {
	for _, p := range list {
		if p.From.After(day) {
			continue
		}
		if !ok || p.From.After(best.From) || p.From.Equal(best.From) && p.ID > best.ID {
			best, ok = p, true
		}
	}
	return best, ok
}
