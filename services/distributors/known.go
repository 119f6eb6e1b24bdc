package distributors

import (
	"fmt"

	"gorm.io/gorm"

	"pagaduria/models/intake"
	"pagaduria/services/store"
)

// known answers what is stored about the codes and documents of a file. It is asked in portions, so
// that judging a file costs two queries a portion and not two a row.
type known struct {
	tx         *gorm.DB
	byCode     map[string]knownCode
	byDocument map[string]string
}

// knownCode is what is stored under a code; found is false for one that is not.
type knownCode struct {
	document, upline string
	into             string // code of the record that it is part of, "" for one that stands by itself
	found            bool
}

func newKnown(tx *gorm.DB) *known {
	return &known{tx: tx, byCode: map[string]knownCode{}, byDocument: map[string]string{}}
}

// lookups are the answers as intake wants them. Every code asked for was learnt before, with its uplines.
func (k *known) lookups() intake.KnownDistributors {
	return intake.KnownDistributors{
		ByCode: func(code string) (document, upline string, found bool) {
			c := k.byCode[code]
			return c.document, c.upline, c.found
		},
		ByDocument: func(document string) (code string, found bool) {
			code, found = k.byDocument[document]
			return code, found
		},
	}
}

// survivor answers the code that stands for a code: another one for a record that is part of another one.
func (k *known) survivor(code string) string {
	if into := k.byCode[code].into; into != "" {
		return into
	}
	return code
}

// selectCodes finds distributors by code, what they are part of, and everybody above them.
const selectCodes = `
WITH RECURSIVE line AS (
    SELECT id, code, country, doc_type, doc_number, upline_id, merged_into FROM distributors WHERE code = ANY($1)
    UNION
    SELECT u.id, u.code, u.country, u.doc_type, u.doc_number, u.upline_id, u.merged_into FROM distributors u JOIN line l ON u.id = coalesce(l.merged_into, l.upline_id)
)
SELECT l.code, l.country || ' ' || l.doc_type || ' ' || l.doc_number, coalesce(u.code, ''), coalesce(i.code, '')
FROM line l LEFT JOIN distributors u ON u.id = l.upline_id LEFT JOIN distributors i ON i.id = l.merged_into`

const selectDocuments = `
SELECT d.country || ' ' || d.doc_type || ' ' || d.doc_number, coalesce(i.code, d.code)
FROM unnest(CAST($1 AS text[]), CAST($2 AS text[]), CAST($3 AS text[])) AS f (country, doc_type, doc_number)
JOIN distributors d ON (d.country, d.doc_type, d.doc_number) = (f.country, f.doc_type, f.doc_number)
LEFT JOIN distributors i ON i.id = d.merged_into ORDER BY d.merged_into NULLS LAST`

// learn reads what is stored about a portion of rows.
func (k *known) learn(rows []stagedRow) error {
	var codes, countries, types, numbers []string
	for _, r := range rows {
		for _, code := range []string{r.row.RefCode, r.row.UplineRef} {
			if _, asked := k.byCode[code]; !asked && code != "" {
				k.byCode[code] = knownCode{}
				codes = append(codes, code)
			}
		}
		countries = append(countries, r.row.Document.Country)
		types = append(types, r.row.Document.Type)
		numbers = append(numbers, r.row.Document.Number)
	}
	type code struct{ Code, Document, Upline, Into string }
	stored, err := store.SelectTx[code](k.tx, selectCodes, codes)
	if err != nil {
		return fmt.Errorf("look up distributors by code: %w", err)
	}
	for _, c := range stored {
		k.byCode[c.Code] = knownCode{c.Document, c.Upline, c.Into, true}
	}
	type document struct{ Key, Code string }
	documents, err := store.SelectTx[document](k.tx, selectDocuments, countries, types, numbers)
	if err != nil {
		return fmt.Errorf("look up distributors by document: %w", err)
	}
	for _, d := range documents {
		k.byDocument[d.Key] = d.Code
	}
	return nil
}
