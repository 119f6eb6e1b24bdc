package intake

import (
	"encoding/binary"
	"strings"

	"pagaduria/models"
)

// CommissionPayee is a distributor as the judge needs it.
type CommissionPayee struct {
	ID      int64
	DocType string
	Code    string
	As      int64 // the record that the row named, which is part of ID now; 0 for ID itself
}

// CommissionBooks is what the judge asks about lines and people of the books. The caller looks up a whole chunk
// of rows at once and answers from memory.
type CommissionBooks interface {
	// Payees returns everybody who carries the document number, whatever its type. A record that is part of another one is
	// answered as that one.
	Payees(docNumber string) []CommissionPayee
	// Line returns the amount of the line stored under key before this file, or that of another record of the same payee.
	Line(key CommissionKey) (models.Money, bool)
	// Given returns what the stored lines of a distributor, order and concept, of any period, come to, less
	// what claw-backs took; ok is false when there is no such line.
	Given(distributorID int64, order, concept string) (left models.Money, ok bool)
}

// CommissionVerdict is what becomes of a line.
type CommissionVerdict struct {
	Outcome       models.ImportOutcome // created, unchanged or refused
	DistributorID int64
	As            int64  // as in CommissionPayee
	Fault         *Fault // of a refused line
	Flagged       bool   // flag_cash_report: also among the warnings of the row
}

// CommissionJudge judges the lines of one statement in their order. It keeps about 60 bytes for each line of the file.
type CommissionJudge struct {
	columns *layout
	lines   map[uint64]int32 // keys accepted in this file: their physical line
	given   map[uint64]int64 // centavos this file gave, less what it took back, by distributor, order and concept
	hash    hasher
}

// NewCommissionJudge returns a judge for one file.
func (c *Commissions) NewCommissionJudge() *CommissionJudge {
	return &CommissionJudge{columns: &c.layout, lines: map[uint64]int32{}, given: map[uint64]int64{}, hash: newHasher()}
}

// Stored tells the judge that the lines it has accepted so far are now among those that CommissionBooks.Given
// answers for, and must not be counted twice.
func (j *CommissionJudge) Stored() { clear(j.given) }

// Judge says what becomes of a line. The checks come in the order of data/payouts/README.md and the first that
// fails is told.
func (j *CommissionJudge) Judge(row *CommissionRow, books CommissionBooks) CommissionVerdict {
	payee, fault := j.payee(row, books)
	if fault == nil {
		fault = row.late
	}
	if fault != nil {
		return CommissionVerdict{Outcome: models.RowRefused, Fault: fault}
	}
	key := row.Key(payee.ID)
	key.As = payee.As
	before, stored := books.Line(key)
	hash := j.hash.of(joined(key.DistributorID, key.Order, key.Concept, key.Period))
	own := hash // of the record that the row names
	if key.As != 0 {
		own = j.hash.of(joined(key.As, key.Order, key.Concept, key.Period))
	}
	first, doubled := j.lines[own]
	if !doubled && !stored {
		first, doubled = j.lines[hash]
	}
	if doubled {
		return j.refuse(commissionOrder, "duplicate_line", "Line %d has the same distributor, order, period and concept.", first)
	}
	verdict := CommissionVerdict{Outcome: models.RowCreated, DistributorID: payee.ID, As: payee.As, Flagged: row.Amount.Minor >= CashReport.Minor}
	if stored {
		if before != row.Amount {
			return j.refuse(commissionOrder, "duplicate_line", "An earlier import has this line with another amount: %s.", before)
		}
		verdict.Outcome = models.RowUnchanged
	} else if fault := j.give(row, payee.ID, books); fault != nil {
		return CommissionVerdict{Outcome: models.RowRefused, Fault: fault}
	}
	j.lines[hash], j.lines[own] = int32(row.Line), int32(row.Line)
	if verdict.Flagged {
		row.Warnings = append(row.Warnings, Warning(*j.columns.fault(commissionAmount, "flag_cash_report",
			"The amount is 10,000,000 pesos or more: legal, but to be reported when paid in cash.")))
	}
	return verdict
}

func (j *CommissionJudge) refuse(column int, code, format string, args ...any) CommissionVerdict {
	return CommissionVerdict{Outcome: models.RowRefused, Fault: j.columns.fault(column, code, format, args...)}
}

// payee finds who the line is for.
func (j *CommissionJudge) payee(row *CommissionRow, books CommissionBooks) (CommissionPayee, *Fault) {
	people := books.Payees(row.DocNumber)
	if len(people) == 0 || row.DocNumber == "" {
		return CommissionPayee{}, j.columns.fault(commissionDoc, "unknown_distributor", "No distributor has the document %s %s.", row.DocType, row.DocNumber)
	}
	var fault *Fault
	for _, p := range people {
		switch {
		case p.DocType != row.DocType:
		case strings.EqualFold(p.Code, row.Code):
			return p, nil
		default:
			fault = j.columns.fault(commissionCode, "document_code_mismatch", "The code %q does not belong to the document %s %s.", row.Code, row.DocType, row.DocNumber)
		}
	}
	if fault == nil {
		fault = j.columns.fault(commissionDocType, "document_type_mismatch", "The number %s is known, but not as a %s.", row.DocNumber, row.DocType)
	}
	return CommissionPayee{}, fault
}

// give books a line that is new, unless it takes back what was not given. A claw-back comes under the concept it
// reverses.
func (j *CommissionJudge) give(row *CommissionRow, distributorID int64, books CommissionBooks) *Fault {
	minor := row.Amount.Minor
	switch {
	case minor > 0 && row.Reverses != "":
		return j.columns.fault(commissionAmount, "clawback_not_negative", "A reversal takes money back: its amount must be negative.")
	case minor > 0:
		j.given[j.hash.of(joined(distributorID, row.Order, row.Concept, ""))] += minor
		return nil
	}
	key := j.hash.of(joined(distributorID, row.Order, row.Reverses, ""))
	here, ok := j.given[key]
	before, stored := books.Given(distributorID, row.Order, row.Reverses)
	if row.Reverses == "" || !ok && !stored {
		return j.columns.fault(commissionConcept, "clawback_without_original", "There is no earlier line of this distributor, order and concept to take back.")
	}
	if left := here + before.Minor; left+minor < 0 {
		return j.columns.fault(commissionAmount, "clawback_exceeds_original", "Only %s of the original line is left to take back.", models.Centavos(left))
	}
	j.given[key] = here + minor
	return nil
}

// joined makes one key of several.
func joined(id int64, order, concept, period string) string {
	var room [128]byte
	b := binary.BigEndian.AppendUint64(room[:0], uint64(id))
	for _, s := range [...]string{order, concept, period} {
		b = append(append(b, s...), 0)
	}
	return string(b)
}
