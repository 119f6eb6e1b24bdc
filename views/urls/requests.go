package urls

// The paths of changes that need a second person.
const (
	NavRequests            = "/requests"
	RequestsPattern        = NavRequests
	RequestPattern         = "/requests/:id"
	GrantRequestPattern    = "/requests/:id/consent"
	RefuseRequestPattern   = "/requests/:id/refuse"
	WithdrawRequestPattern = "/requests/:id/withdraw"
	RevealRequestPattern   = "/requests/:id/reveal"
)

// Requests is the list of requests.
func Requests() string { return NavRequests }

// Request is the page of one request.
func Request(id int64) string { return NavRequests + "/" + Num(id) }

// GrantRequest is where a second person consents.
func GrantRequest(id int64) string { return Request(id) + "/consent" }

// RefuseRequest is where a second person refuses.
func RefuseRequest(id int64) string { return Request(id) + "/refuse" }

// WithdrawRequest is where its maker takes a request back.
func WithdrawRequest(id int64) string { return Request(id) + "/withdraw" }

// RevealRequest is where the numbers of a request are shown whole.
func RevealRequest(id int64) string { return Request(id) + "/reveal" }
