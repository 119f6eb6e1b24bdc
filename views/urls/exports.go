package urls

import "net/url"

// ExportLists are the lists that can be exported; each has its page, because each needs a permission of its own.
var ExportLists = []string{"payouts", "commissions", "orders", "distributors", "audit", "statement"}

// Export is where a file of a list is asked for.
func Export(list string) string { return "/exports/" + list }

// ExportWith is where a file of what matches query is asked for.
func ExportWith(list string, query url.Values) string { return withQuery(Export(list), query) }

// ExportStatement is where a file of a distributor's account is asked for.
func ExportStatement(distributorID int64) string {
	return Export("statement") + "?distributor=" + Num(distributorID)
}

// List is a list narrowed by query; its path is its name.
func List(name string, query url.Values) string { return withQuery("/"+name, query) }
