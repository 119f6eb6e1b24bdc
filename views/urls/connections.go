package urls

// The paths of connections to rails.
const (
	ConnectionsPattern    = NavConnections
	NewConnectionPattern  = "/connections/new"
	ConnectionPattern     = "/connections/:id"
	TestConnectionPattern = "/connections/:id/test"
)

// Connections is the list of connections.
func Connections() string { return NavConnections }

// NewConnection is the empty form.
func NewConnection() string { return NewConnectionPattern }

// Connection is the settings and health of one connection; changes are posted to it.
func Connection(id int64) string { return NavConnections + "/" + Num(id) }

// TestConnection is where a connection is tried out.
func TestConnection(id int64) string { return Connection(id) + "/test" }

// The paths of what a connection charges.
const (
	FeesPattern         = "/connections/:id/fees"
	WithdrawFeesPattern = "/connections/:id/fees/:schedule/withdraw"
	GMFPattern          = "/connections/:id/gmf"
)

// Fees is what a connection charges, by date; a new version is posted to it.
func Fees(id int64) string { return Connection(id) + "/fees" }

// WithdrawFees is where a version is taken back that has not begun.
func WithdrawFees(id, schedule int64) string { return Fees(id) + "/" + Num(schedule) + "/withdraw" }

// GMF is where it is said whether the tax on bank transactions is charged.
func GMF(id int64) string { return Connection(id) + "/gmf" }
