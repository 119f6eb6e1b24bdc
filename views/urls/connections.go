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

// The paths of the money at a rail and of the caps.
const (
	FundsPattern      = "/connections/:id/funds"
	TopUpsPattern     = "/connections/:id/topups"
	BalancesPattern   = "/connections/:id/balances"
	FloatRulesPattern = "/connections/:id/float"
	CapsPattern       = "/connections/:id/caps"
	TopUpPattern      = "/topups/:topup"
	CapPattern        = "/caps/:cap"
)

// Funds is what lies at a rail, top-ups, balances and caps.
func Funds(id int64) string { return Connection(id) + "/funds" }

// TopUps is where money sent to a rail is recorded.
func TopUps(id int64) string { return Connection(id) + "/topups" }

// Balances is where the balance that a rail reports is noted.
func Balances(id int64) string { return Connection(id) + "/balances" }

// FloatRules is where it is said how the float is watched.
func FloatRules(id int64) string { return Connection(id) + "/float" }

// Caps is where a cap is set.
func Caps(id int64) string { return Connection(id) + "/caps" }

// TopUp leads to the connection of a top-up.
func TopUp(id int64) string { return "/topups/" + Num(id) }

// Cap leads to the connection of a cap.
func Cap(id int64) string { return "/caps/" + Num(id) }
