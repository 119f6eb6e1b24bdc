package onboarding

import (
	"encoding/json"
	"fmt"

	"gorm.io/gorm"

	"pagaduria/models/kyc"
	"pagaduria/models/sanctions"
	"pagaduria/services/screening"
)

// screen has everybody whom a case names compared with the sanctions lists: who was declared, who represents a company,
// and who owns it. It is a job of the transaction that sends the case; what it finds is for compliance alone.
func (s *Service) screen(tx *gorm.DB, c kyc.Case) error {
	answers, err := answersOf(tx, c.ID)
	if err != nil {
		return err
	}
	who, err := whoOf(answers)
	if err != nil {
		return err
	}
	kind := sanctions.Person
	if who.PersonKind == "juridical" {
		kind = sanctions.Company
	}
	list := []screening.Named{{Role: "declared", Kind: kind, Name: who.Name(), DocType: who.DocType, Document: who.DocNumber}}
	if who.Rep.Name != "" {
		list = append(list, screening.Named{Role: "representative", Kind: sanctions.Person, Name: who.Rep.Name, DocType: who.Rep.DocType, Document: who.Rep.DocNumber})
	}
	if a, ok := answers[kyc.Owners]; ok {
		var o kyc.Ownership
		if err := json.Unmarshal([]byte(a.Answer), &o); err != nil {
			return fmt.Errorf("read answer owners: %w", err)
		}
		for _, owner := range o.Owners {
			list = append(list, screening.Named{Role: "owner", Kind: sanctions.Person, Name: owner.Name, DocType: owner.DocType, Document: owner.DocNumber})
		}
	}
	return screening.Name(tx, c.DistributorID, list)
}
