package intake

import (
	"slices"
	"time"

	"pagaduria/models"
)

// identityFields are the columns that say who somebody is.
var identityFields = []string{"person_kind", "doc_type", "doc_number", "doc_dv", "first_names", "last_names", "business_name"}

// ParseIdentity judges a typed name and document by the rules of a distributor's form, and writes them as they are kept.
func ParseIdentity(typed models.Identity, personKind string) (models.Identity, []Fault) {
	values := map[string]string{"person_kind": personKind, "doc_type": typed.DocType, "doc_number": typed.DocNumber, "doc_dv": typed.DocDV,
		"first_names": typed.GivenNames, "last_names": typed.Surnames, "business_name": typed.BusinessName}
	row, faults, _ := ParseDistributorForm(func(column string) string { return values[column] }, time.Time{})
	faults = slices.DeleteFunc(faults, func(f Fault) bool { return !slices.Contains(identityFields, f.Field) })
	return models.Identity{DocType: row.Document.Type, DocNumber: row.Document.Number, DocDV: row.Document.DV, GivenNames: row.GivenNames, Surnames: row.Surnames,
		BusinessName: row.BusinessName}, faults
}
