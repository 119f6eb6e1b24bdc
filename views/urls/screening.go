package urls

import "net/url"

// The paths of screening and of the lists that payees are compared with.
const (
	NavScreening       = "/screening"
	ScreeningPattern   = NavScreening
	ListsPattern       = "/screening/lists"
	ListVersionPattern = "/screening/lists/:id"
	ListedEntryPattern = "/screening/entries/:id"
)

// Screening is the form that compares one name with the lists.
func Screening() string { return NavScreening }

// ScreeningOf compares a name, and a document when there is one.
func ScreeningOf(name, kind, docType, document string) string {
	q := url.Values{"name": {name}}
	for key, value := range map[string]string{"kind": kind, "doc_type": docType, "document": document} {
		if value != "" {
			q.Set(key, value)
		}
	}
	return NavScreening + "?" + q.Encode()
}

// Lists is the versions of the lists; a new edition is posted to it.
func Lists() string { return ListsPattern }

// ListVersion is who one version added, removed or changed.
func ListVersion(id int64) string { return ListsPattern + "/" + Num(id) }

// ListVersionOnly is one kind of those changes.
func ListVersionOnly(id int64, what string) string {
	return withQuery(ListVersion(id), url.Values{"what": {what}})
}

// ListedEntry is one entry as it was published.
func ListedEntry(id int64) string { return "/screening/entries/" + Num(id) }
