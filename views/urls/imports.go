package urls

// ImportKinds are the kinds of files people upload; each has its pages under its own list, because each
// needs a permission of its own.
var ImportKinds = []string{"distributors", "orders", "commissions", "tracking"}

// The paths of an import below those of its kind.
const (
	ImportPattern        = "/:id"
	ImportColumnsPattern = "/:id/columns"
	ImportApplyPattern   = "/:id/apply"
	ImportDropPattern    = "/:id/drop"
	ImportReportPattern  = "/:id/report.csv"
)

// Imports is where a file of a kind is uploaded, and the list of earlier ones.
func Imports(kind string) string { return "/" + kind + "/import" }

// Import is one upload.
func Import(kind string, id int64) string { return Imports(kind) + "/" + Num(id) }

// ImportColumns is where the columns of a file are chosen.
func ImportColumns(kind string, id int64) string { return Import(kind, id) + "/columns" }

// ImportApply is where an upload is taken.
func ImportApply(kind string, id int64) string { return Import(kind, id) + "/apply" }

// ImportDrop is where an upload is thrown away.
func ImportDrop(kind string, id int64) string { return Import(kind, id) + "/drop" }

// ImportReport is every fault of an upload as CSV.
func ImportReport(kind string, id int64) string { return Import(kind, id) + "/report.csv" }
