package urls

import "net/url"

// The paths of screening and of the lists that payees are compared with.
const (
	NavScreening       = "/screening"
	ScreeningPattern   = NavScreening
	ListsPattern       = "/screening/lists"
	ListVersionPattern = "/screening/lists/:id"
	ListedEntryPattern = "/screening/entries/:id"
	HitsPattern        = "/screening/hits"
	ThresholdsPattern  = "/screening/thresholds"
	HitPattern         = "/screening/hits/:id"
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

// Hits is the list of payees who may be listed.
func Hits() string { return HitsIn("waiting") }

// HitsIn is the hits in one state, "" for all.
func HitsIn(state string) string { return withQuery(HitsPattern, url.Values{"state": {state}}) }

// Thresholds is where other thresholds are asked for.
func Thresholds() string { return ThresholdsPattern }

// HitsOf is the hits of one distributor.
func HitsOf(distributor int64) string {
	return withQuery(HitsPattern, url.Values{"distributor": {Num(distributor)}})
}

// Hit is one hit; a decision on it is posted to it.
func Hit(id int64) string { return HitsPattern + "/" + Num(id) }

// ListedEntry is one entry as it was published.
func ListedEntry(id int64) string { return "/screening/entries/" + Num(id) }
