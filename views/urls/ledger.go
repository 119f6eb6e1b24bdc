package urls

import "net/url"

// The paths of the books.
const (
	LedgerPattern        = NavLedger
	VerifyLedgerPattern  = "/ledger/verify"
	StatementPattern     = "/distributors/:id/statement"
	StatementFilePattern = "/distributors/:id/statement.csv"
)

// Ledger is the trial balance.
func Ledger() string { return NavLedger }

// VerifyLedger is where a check of the books from the first entry on is asked for.
func VerifyLedger() string { return VerifyLedgerPattern }

// Statement is a distributor's account.
func Statement(distributorID int64) string { return Distributor(distributorID) + "/statement" }

// StatementWith is one page of it.
func StatementWith(distributorID int64, query url.Values) string {
	return withQuery(Statement(distributorID), query)
}

// StatementFile is the whole account as CSV.
func StatementFile(distributorID int64) string { return Distributor(distributorID) + "/statement.csv" }
