package urls

import "net/url"

// The paths of reports of suspicious operations.
const (
	NavROS         = "/ros"
	ROSListPattern = NavROS
	NewROSPattern  = "/ros/new"
	ROSPattern     = "/ros/:id"
	FileROSPattern = "/ros/:id/file"
	DropROSPattern = "/ros/:id/drop"
	ROSPDFPattern  = "/ros/:id/report.pdf"
)

// ROSList is the list of reports; a new one is posted to it.
func ROSList() string { return NavROS }

// ROSIn is the reports in one state.
func ROSIn(state string) string { return withQuery(NavROS, url.Values{"state": {state}}) }

// NewROS is the form of a report on a payee.
func NewROS(distributor int64) string {
	return withQuery(NewROSPattern, url.Values{"distributor": {Num(distributor)}})
}

// ROS is one report.
func ROS(id int64) string { return NavROS + "/" + Num(id) }
