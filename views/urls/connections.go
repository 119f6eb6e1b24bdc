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
